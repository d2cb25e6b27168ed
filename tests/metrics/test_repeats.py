"""U_n, rank agreement, sample size and baselines, by hand and on real sound."""

import numpy as np
import pytest
import torch
from slices import explanation, pulses

import auricle
from auricle.errors import AuricleError
from auricle.methods.coalitions.method import CoalitionMethod, Weighed
from auricle.methods.rise import Rise
from auricle.methods.shap import ExactShap, KernelShap
from auricle.metrics import baseline_sensitivity, repeats, sample_size

TIRED = ([4, 3, 2, 1, 0], [4, 3, 1, 2, 0], [4, 3, 2, 1, 0])


class Wavering(CoalitionMethod):
    """Says something else with every seed, and listens to one coalition more each time."""

    name, summary, source = "wavering", "", ""

    def _weigh(self, game, seed):
        game((torch.arange(2**game.count)[seed + 1, None] >> torch.arange(game.count) & 1).bool()[None])
        weights = torch.tensor(TIRED[seed % 3], dtype=torch.float64)
        return Weighed(weights[:, None].expand(-1, 3), None, additive=False)


def test_union_and_agreement_by_hand():
    """The top 3 are {0, 1, 2}, {0, 1, 3}, {0, 1, 2}: U_3 = 4. Spearman of the first two: 1 - 6·2 / (5·24) = .9."""
    found = repeats(explanation([1.0] * 5, method=Wavering), count=3)
    assert found.union == 4
    assert found.spearman == pytest.approx((0.9 + 0.9 + 1.0) / 3)
    assert not found.fixed
    assert repeats(explanation([1.0] * 5, method=Wavering), count=3, top=2).union == 2


def test_free_repeats_hear_nothing():
    one = explanation([1.0] * 5, method=Wavering)
    table = one.contributions.tables[0]
    before = table.forwards
    assert repeats(one, free=True) is None
    assert table.forwards == before
    exact = explanation([4.0, 2.0, -1.0, -3.0])
    found = repeats(exact, free=True)
    assert found.union == 3
    assert found.spearman == 1.0
    assert found.fixed


def test_repeats_of_kernel_shap_share_what_was_heard(digits, clips):
    one = auricle.explain(clips[0], digits, method=KernelShap(components="time:10", budget=100, seed=3))
    table = one.contributions.tables[0]
    found = repeats(one)
    np.testing.assert_array_equal(found.weights[0], one.contributions.weights[:, 0])
    assert found.weights.std(0).max() > 0.0  # a seed in the method does not make all repeats the same
    assert 3 <= found.union <= 10
    heard = table.forwards
    repeats(one)
    assert table.forwards == heard


def test_sample_size(digits, clips):
    one = auricle.explain(clips[0], digits, method=KernelShap(components="time:10", budget=320))
    found = sample_size(one, repeats=3)
    assert found.rule == 3000
    assert list(found.unions) == [40, 80, 160, 320]
    assert found.needed is None or found.unions[found.needed] == 3
    assert found.unions[40] >= found.unions[320]
    exact = auricle.explain(clips[0], digits, method=ExactShap(components="time:4"))
    assert sample_size(exact) is None


def test_baselines_by_hand():
    """With a baseline that has the first pulse itself, the first slice is worth 0, not 4; the largest mean is 3."""
    found = baseline_sensitivity(explanation([4.0, 2.0, -1.0, -3.0]), ["silence", pulses([1, 0, 0, 0])])
    np.testing.assert_allclose(found.weights, [[4, 2, -1, -3], [0, 2, -1, -3]], atol=1e-5)
    assert found.change == pytest.approx(4 / 3, abs=1e-5)
    assert found.agreement == pytest.approx(1 - 6 * 2 / (4 * 15))
    assert not found.same_top


def test_baselines_of_the_explanation_cost_nothing():
    one = explanation([4.0, 2.0, -1.0, -3.0], baseline="silence,noise")
    before = [table.forwards for table in one.contributions.tables]
    found = baseline_sensitivity(one)
    assert found.names == ("silence", "noise")
    assert [table.forwards for table in one.contributions.tables] == before
    np.testing.assert_allclose(found.weights.mean(0), one.contributions.weights[:, 0])
    assert baseline_sensitivity(explanation([4.0, 2.0])).names == ("silence", "noise", "mean")


def test_bad_input(digits, clips):
    one = explanation([4.0, 2.0])
    with pytest.raises(AuricleError, match="1 repeats cannot be compared"):
        repeats(one, count=1)
    with pytest.raises(AuricleError, match="one baseline"):
        baseline_sensitivity(one, "silence")
    with pytest.raises(AuricleError, match="lrp has no components"):
        repeats(auricle.explain(clips[0], digits))


def test_samples_too_few_for_the_method_count_as_not_settled(digits, clips):
    found = auricle.explain(clips[3], digits, method=Rise(components="time:12", keep=0.1, samples=1000))
    settled = sample_size(found)
    assert settled is not None
    assert settled.unions[min(settled.unions)] == 12
    assert found.measure(repeats=3, curves=False).row("U_n").value >= 3
