"""Cascading randomisation: from the top down, on a copy, and maps that know the network change."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
import torch
from low_and_high import Masking, Pointing, classifier, tone

from auricle import demo
from auricle.clip import load_clip
from auricle.errors import AuricleError
from auricle.methods import build
from auricle.models import load_classifier
from auricle.protocols.cascading import OTHER_CLIPS, cascade, cascaded, steps_of
from auricle.report.compared.randomised import write_randomised


def weights(model):
    return {name: value.clone() for name, value in model.network.state_dict().items()}


def test_layers_are_randomised_from_the_top_down_on_a_copy() -> None:
    digits = load_classifier("digits")
    before = weights(digits)
    found = list(cascade(digits, seed=1))
    assert [name for name, _ in found] == [each[-1] for each in steps_of(digits)]
    assert found[0][0].startswith("head")
    for name, value in weights(digits).items():
        assert torch.equal(value, before[name])
    changed = [
        {name for name, value in weights(each).items() if not torch.equal(value, before[name])} for _, each in found
    ]
    assert all(one < other for one, other in pairwise(changed))
    first = {name.rpartition(".")[0] for name in changed[0]}
    assert first == {"head"}


def test_the_draw_is_xavier_uniform_with_small_biases_and_stays_what_it_was() -> None:
    digits = load_classifier("digits")
    *_, (_, last) = cascade(digits, seed=1)
    *_, (_, again) = cascade(digits, seed=1)
    *_, (_, other) = cascade(digits, seed=2)
    assert all(torch.equal(a, b) for a, b in zip(weights(last).values(), weights(again).values(), strict=True))
    for name, value in last.network.state_dict(keep_vars=False).items():
        if value.ndim >= 2:
            fan_in, fan_out = torch.nn.init._calculate_fan_in_and_fan_out(value)
            bound = (6 / (fan_in + fan_out)) ** 0.5
            assert float(value.abs().max()) <= bound
            assert float(value.std()) == pytest.approx(bound / 3**0.5, rel=0.15), name
            assert not torch.equal(value, other.network.state_dict()[name])
        elif name.endswith("bias"):
            assert bool((value == 0.01).all())
    before = load_classifier("digits").network
    _, top = next(iter(cascade(digits, seed=1)))
    heads = [dict(each.network.named_parameters())["head.weight"] for each in (top, last)]
    assert torch.equal(*heads)  # a layer keeps the weights of the step that first drew them
    assert not torch.equal(heads[0], dict(before.named_parameters())["head.weight"])


def test_a_map_of_the_network_changes_and_one_that_ignores_it_does_not() -> None:
    digits = load_classifier("digits")
    clips = [load_clip(path) for path in demo.clips()[:3]]
    found = cascaded(digits, clips, {"gradient": build("gradient")}, seed=0)
    by_depth = {row.depth: row for row in found}
    assert by_depth[0].layer == OTHER_CLIPS
    assert len(found) == len(steps_of(digits)) + 1
    assert by_depth[len(found) - 1].ssim.mean < 0.5
    assert abs(by_depth[len(found) - 1].spearman.mean) < 0.2
    bands = classifier()
    blind = cascaded(bands, [tone(500), tone(3000)], {"blind": Pointing()}, seed=0)
    assert all(row.ssim.mean == pytest.approx(1.0) for row in blind if row.depth)
    assert next(row for row in blind if not row.depth).ssim.mean < 0.5


def test_learnt_masks_are_drawn_from_the_random_network_deliberately() -> None:
    bands, mask = classifier(), Masking()
    random = next(iter(cascade(bands)))[1]
    with pytest.raises(AuricleError, match="learnt for another network"):
        mask.check(random)
    found = cascaded(bands, [tone(500), tone(3000)], {"mask": mask})
    assert [row.depth for row in found] == [0, 1]
    assert dataclasses.asdict(mask)["check_weights"]


def test_one_clip_has_none_to_be_compared_with() -> None:
    with pytest.raises(AuricleError, match="give at least 2"):
        cascaded(classifier(), [tone(500)], {"blind": Pointing()})


def test_the_page_has_a_line_for_each_method(tmp_path) -> None:
    found = cascaded(classifier(), [tone(500), tone(3000)], {"one": Pointing(), "two": Masking()})
    facts = {"model": "two bands", "source": "a paper", "protocol": "randomisation"}
    page = write_randomised(tmp_path, found, facts).read_text()
    assert page.count("<polyline class=\"line-") == 2 * 2 * 2  # two charts, each line and its key
    assert "between clips" in page
    depths = np.genfromtxt(tmp_path / "randomisation.csv", delimiter=",", skip_header=1, usecols=1)
    assert depths.tolist() == [0, 0, 1, 1]
