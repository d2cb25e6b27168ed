"""DRSA and DSA on vectors whose subspaces are known."""

from itertools import permutations

import pytest
import torch
from planted_concepts import planted

from auricle.concepts.learners import DRSA, DSA, PRCA, build_learner
from auricle.concepts.learners.concept_count import choose_concepts, information
from auricle.concepts.learners.grouping import grouped_start, partition
from auricle.concepts.learners.objective import Objective, scaled
from auricle.concepts.similarity import match
from auricle.concepts.subspaces import Subspaces
from auricle.errors import AuricleError

PUBLISHED = {"optimiser": "ascent", "steps": 2000, "tolerance": 0}


def truth(basis, sizes=(4, 4, 4, 4)):
    return Subspaces(basis[:, : sum(sizes)], sizes)


def heavy(count=1500, channels=12, seed=0):
    """Rectified activations and contexts with heavy tails and without any plan."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(count, 9, generator=generator) * (0.7 * torch.randn(count, 9, generator=generator)).exp()
    a = (x @ torch.randn(9, channels, generator=generator) / 3 - 0.3).relu()
    weight = torch.randn(channels, 20, generator=generator)
    return a, (a @ weight > 0.2).float() @ weight.abs().T - 1.0


def with_garbage(count=1200):
    """Three planted concepts, the third rarely and strongly for the target, and mostly against it."""
    a, c, basis = planted(count, (3, 3, 3), 9)
    third = torch.arange(2, count, 3)
    weight = torch.where(torch.arange(len(third)) % 8 == 0, 3.0, -1.0)
    c[third] *= weight[:, None]
    return a, c, truth(basis, (3, 3, 3))


@pytest.mark.parametrize("settings", [{}, {"orthogonality": "matrix-exp"}, {"signed": True}, {"softmin_order": 1}])
def test_planted_subspaces_are_found(settings):
    a, c, basis = planted()
    assert min(match(truth(basis), DRSA(**settings).fit(a, c))[1]) > 0.99


def test_planted_subspaces_of_unequal_size_beside_a_residual_are_found():
    sizes = (2, 3, 5)
    a, c, basis = planted(1500, sizes, 14)
    found = DRSA(sizes=sizes).fit(a, c)
    assert sorted(found.sizes) == [2, 3, 5]
    assert found.has_residual
    assert min(match(truth(basis, sizes), found)[1]) > 0.99
    # The residual holds noise only.
    assert abs(found.statistics["residual"]) < 0.02


def test_what_the_fit_reaches_is_at_least_what_the_published_loop_does():
    for a, c in (planted(1000)[:2], heavy()):
        published = DRSA(**PUBLISHED).fit(a, c)
        assert published.statistics["history"]["step"][-1] == 2000
        assert DRSA().fit(a, c).statistics["objective"] >= published.statistics["objective"] - 1e-4
        # From the same random starts too.
        climbed = DRSA(grouped=False).fit(a, c)
        assert climbed.statistics["history"]["step"][-1] < 500
        assert climbed.statistics["objective"] >= 0.99 * published.statistics["objective"]


def test_adam_climbs_too_with_and_without_batches():
    a, c, _ = planted(2000, (2, 2), 4)
    best = DRSA(concepts=2).fit(a, c).statistics["objective"]
    for settings in ({"rate": 0.05}, {"batch": 250, "steps": 150, "rate": 0.03}):
        assert DRSA(concepts=2, optimiser="adam", **settings).fit(a, c).statistics["objective"] > 0.98 * best


def test_the_objective_that_is_told_is_that_of_the_basis():
    a, c = heavy()
    for learner in (DRSA(), DRSA(signed=True), DRSA(optimiser="ascent", steps=5, starts=2)):
        found = learner.fit(a, c)
        j = Objective(*scaled(a, c), found.sizes, signed=learner.signed)
        told = found.statistics
        assert told["objective"] == pytest.approx(float(j(found.basis[None])), rel=1e-5)
        assert told["objective"] == max(told["history"]["starts"])
        assert told["history"]["objective"][-1] == pytest.approx(told["objective"], rel=1e-5)
        assert told["history"]["step"][0] == 0


def test_vectors_of_half_and_double_precision_are_welcome():
    a, c, basis = planted()
    for kind in (torch.float16, torch.float64):
        assert min(match(truth(basis), DRSA(starts=1).fit(a.to(kind), c.to(kind)))[1]) > 0.99


def test_a_concept_that_mostly_speaks_against_is_told_of():
    a, c, plan = with_garbage()
    found = DRSA(concepts=3).fit(a, c)
    assert min(match(plan, found)[1]) > 0.95
    assert found.statistics["garbage"] == [2]
    assert found.statistics["relevance"][2] < 0
    assert found.statistics["negative"][2] > 0.5
    assert max(found.statistics["negative"][:2]) < 0.1
    assert match(plan, found)[0][2] == 2


def test_signed_leaves_less_negative_relevance():
    a, c = heavy()
    c = c - 3.0  # much speaks against
    losses = []
    for signed in (False, True):
        found = DRSA(concepts=3, signed=signed).fit(a, c)
        shares = found.shares(a.double(), c.double())
        losses.append(float((-shares).relu().square().mean()))
    assert losses[1] < 0.9 * losses[0]


def test_dsa_sees_what_is_active_and_not_what_is_used():
    a, c, basis = planted()
    # Contexts tell which concepts the model uses; dsa does not look at them.
    found, other = DSA().fit(a, c), DSA().fit(a, torch.rand_like(c))
    assert min(match(truth(basis), found)[1]) > 0.99
    assert found.statistics["objective"] == other.statistics["objective"]


def test_held_out_vectors_choose_and_stop():
    a, c, _ = planted(2060, noise=0.5)
    a, c, other = a[:60], c[:60], (a[60:], c[60:])
    slow = DRSA(optimiser="ascent", patience=2, tolerance=0)
    found, plain = slow.fit(a, c, held_out=other), slow.fit(a, c)
    seen = Objective(*scaled(*other, like=(a, c)), found.sizes)
    assert found.statistics["held_out"] == pytest.approx(float(seen(found.basis[None])), rel=1e-5)
    assert float(seen(found.basis[None])) > float(seen(plain.basis[None]))
    assert found.statistics["history"]["step"][-1] < plain.statistics["history"]["step"][-1]


def test_one_concept_of_all_channels_is_the_plain_explanation():
    a, c = heavy(100)
    found = DRSA(concepts=1).fit(a, c)
    assert found.statistics["relevance"] == pytest.approx([1.0 if float((a * c).sum()) > 0 else -1.0])


def test_a_start_put_together_from_directions_is_where_the_maximum_is():
    a, c, basis = planted()
    j = Objective(*scaled(a, c), (4, 4, 4, 4))
    start = grouped_start(j, seed=0)
    assert min(match(truth(basis), Subspaces(start[0], j.sizes))[1]) > 0.95
    # From random starts, neither optimiser gets there.
    assert DRSA(grouped=False).fit(a, c).statistics["objective"] < 0.9 * float(j(start))
    assert DRSA(**PUBLISHED).fit(a, c).statistics["objective"] < 0.9 * float(j(start))


def test_directions_that_are_relevant_together_are_grouped():
    label = torch.tensor([0, 1, 2, 0, 1, 1, 0, 2])  # 2 takes little part
    together = (label[:, None] == label[None, :]).double() * torch.tensor([1.0, 1.0, 0.05])[label][:, None]
    order = partition(together + 0.01, (3, 3), 2.0, seed=0)
    groups = {frozenset(order[:3].tolist()), frozenset(order[3:6].tolist())}
    assert groups == {frozenset({0, 3, 6}), frozenset({1, 4, 5})}


def test_exchanges_find_the_best_of_all_partitions():
    generator = torch.Generator().manual_seed(0)
    for sizes in ((2, 2), (2, 2, 2), (1, 3)):
        s = torch.randn(50, 6, generator=generator, dtype=torch.float64)
        together = s.T @ s

        def value(order, together=together, sizes=sizes):
            blocks = torch.tensor(order)[: sum(sizes)].split(list(sizes))
            return sum(float(together[block][:, block].sum()) ** 0.25 for block in blocks)

        best = max(value(order) for order in permutations(range(6)))
        assert value(partition(together, sizes, 2.0, seed=0).tolist()) == pytest.approx(best)


def test_the_number_of_concepts_is_found_on_held_out_vectors():
    a, c, _ = planted(2000, (3, 3, 3, 3), 12, noise=0.1)
    chosen = choose_concepts(a[:1200], c[:1200], (2, 3, 4, 6, 12), held_out=(a[1200:], c[1200:]))
    assert chosen.concepts == 4
    assert chosen.information[4] > 0.9 * torch.tensor(4.0).log()
    assert all(chosen.random[k] < chosen.information[k] for k in chosen.fits)
    assert chosen.fits[3].sizes == (4, 4, 4)


def test_information_is_that_of_the_joint_distribution():
    a, basis = torch.eye(4, dtype=torch.float64), torch.eye(4, dtype=torch.float64)
    plain = Subspaces(basis, (1, 1, 1, 1))
    assert information(plain, a, a) == pytest.approx(float(torch.tensor(4.0).log()))
    assert information(plain, torch.ones(5, 4).double(), torch.ones(5, 4).double()) == pytest.approx(0.0, abs=1e-12)
    assert information(plain, a, -a) == 0.0


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: DRSA(batch=10), "lbfgs has no use for batch"),
        (lambda: DRSA(rate=0.1), "lbfgs has no use for rate"),
        (lambda: build_learner("drsa", optimiser="sgd"), "drsa cannot use optimiser=sgd"),
        (lambda: DRSA().fit_moments(PRCA), "drsa looks at single vectors"),
        (lambda: DRSA(concepts=5).fit(*heavy()), "5 concepts do not share 12 channels equally; ask for 4 or 6"),
        (lambda: choose_concepts(*heavy(), (), held_out=heavy()), "no number of concepts was given"),
        (lambda: choose_concepts(*heavy(), (20,), held_out=heavy()), "12 channels cannot hold 20 concepts"),
    ],
)
def test_bad_settings_are_told_in_a_sentence(call, sentence):
    with pytest.raises(AuricleError, match=sentence):
        call()
