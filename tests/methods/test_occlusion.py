"""Occlusion says how much the score falls without a window, and finds the window that matters without hearing all."""

from __future__ import annotations

from pathlib import Path
from unittest import mock

import numpy as np
import pytest
import torch
from oracles_of_parts import hard_edges
from torch import Tensor, nn

from auricle import explain
from auricle.classifier import Classifier, Length
from auricle.clip import Clip, load_clip
from auricle.components import Patch, kind_of
from auricle.components.base import Component
from auricle.errors import AuricleError
from auricle.frontends import Waveform
from auricle.methods import Occlusion, build
from auricle.methods.coalitions.searching import expectation, overlap_of, search

FSDD = Path(__file__).parents[2] / "../shared/data/fsdd/recordings"
RATE = 8000


class Block(nn.Module):
    """Sees 256 samples as 32 columns of 8 numbers and hears only columns 24 to 27."""

    def forward(self, samples: Tensor) -> Tensor:
        picture = samples.unflatten(1, (32, 8)).transpose(1, 2)  # [B, 8, 32]
        block = picture[:, :, 24:28].sum((1, 2))
        return torch.stack([block, -block], dim=1)


def on_samples(network: nn.Module, **settings: object) -> Classifier:
    front = Waveform(sample_rate=RATE, channel=False)
    return Classifier(network, frontend=front, labels=["yes", "no"], **settings)  # type: ignore[arg-type]


def test_it_finds_a_planted_block_of_a_picture_that_is_not_square():
    classifier = on_samples(Block())
    clip = Clip(np.ones(256, np.float32), RATE)
    # Windows of 4 columns = 32 samples = 4 ms, one column apart.
    with hard_edges():
        found = explain(clip, classifier, method=Occlusion(components="patch:4:0.75"), target="yes")
    table = found.components()
    assert len(table) == 29
    best = table.ranked()[0]
    assert (best.start, best.end) == (24 * 8 / RATE, 28 * 8 / RATE)
    assert best.weight == pytest.approx(32.0)
    others = [abs(row.weight) for row in table if row.end <= 24 * 8 / RATE or row.start >= 28 * 8 / RATE]
    assert max(others) == 0.0


@pytest.mark.parametrize(("milliseconds", "overlap"), [(100.0, 0.75), (62.5, 0.5), (50.0, 0.0)])
def test_it_is_captums_occlusion_for_equal_windows(milliseconds, overlap, digits, clips):
    captum = pytest.importorskip("captum.attr", reason="captum is not installed; it is one of the oracles")
    clip = Clip(digits.windows(clips[3]).samples[0].numpy(), RATE)
    method = Occlusion(components=Patch(milliseconds=milliseconds, overlap=overlap))
    with hard_edges():
        found = explain(clip, digits, method=method)
    width, stride = round(milliseconds * 8), round(milliseconds * 8 * (1 - overlap))
    c = found.prediction.index
    theirs = captum.Occlusion(lambda x: digits.logits(x)).attribute(
        torch.tensor(clip.samples), target=c, sliding_window_shapes=(width,), strides=(stride,)
    )[0]
    components = found.contributions.components
    total, cover = torch.zeros(8000, dtype=torch.float64), torch.zeros(8000)
    for (start, stop), weight in zip(components.supports(), found.contributions.weights[:, 0], strict=True):
        total[start:stop] += weight
        cover[start:stop] += 1
    assert float((total / cover - theirs).abs().max() / theirs.abs().max()) < 1e-6


def test_forwards_do_not_grow_with_the_clip(digits):
    """⌈(window + what one moment hears) / stride⌉ designs, the clip, and rows that verify it, for any length."""
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Unflatten(1, (1, -1)), nn.Conv1d(1, 8, 80, stride=20), nn.ReLU(), nn.Conv1d(8, 8, 3), nn.ReLU(),
        nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(8, 2),
    )  # fmt: skip
    classifier = on_samples(network, length=Length(seconds=None))
    hears = 80 + 2 * 20  # samples that one output of the second convolution hears
    forwards = {}
    for seconds in (4, 12):
        clip = Clip(0.1 * torch.randn(RATE * seconds, generator=torch.Generator().manual_seed(0)).numpy(), RATE)
        found = explain(clip, classifier, method=Occlusion(components="patch:100:0.9"), target="yes")
        forwards[seconds] = found.contributions.forwards
        assert not [check for check in found.checks if check.name == "multiplexing"]
        x = torch.tensor(clip.mono(RATE))
        for k in (0, 17, len(found.components()) - 1):
            without = found.contributions.components.compose(~torch.eye(len(found.components()), dtype=torch.bool)[[k]])
            fall = classifier.logits(x[None])[0, 0] - classifier.logits(without.float())[0, 0]
            assert found.components()[k].weight == pytest.approx(float(fall), abs=1e-5)
    designs = -(-(800 + hears) // 80)
    assert forwards[4] == forwards[12] <= designs + 2 + 1 + 4 + 1


def test_several_scales_agree_on_a_click_and_tell_their_profile():
    class Click(nn.Module):
        def forward(self, samples: Tensor) -> Tensor:
            loud = samples.square().unflatten(1, (-1, 100)).sum(2).amax(1)
            return torch.stack([loud, -loud], dim=1)

    sound = np.zeros(RATE, np.float32)
    sound[5210:5250] = 1.0
    found = explain(Clip(sound, RATE), on_samples(Click()), method=Occlusion(components="patch:50", scales=4))
    relevance, axes = found.map()
    peak = axes.seconds_centres[relevance.sum(0).argmax()]
    assert abs(peak - 5230 / RATE) < 0.0125
    profile = next(check for check in found.checks if check.name == "scale profile")
    for size in ("50 ms", "100 ms", "200 ms", "400 ms"):
        assert f"{size}: +40" in profile.text
    assert len({round(row.end - row.start, 4) for row in found.components()}) == 4


def test_any_components_can_be_left_out_one_by_one(digits, clips):
    found = explain(clips[3], digits, method=build("occlusion", components="time:6"))
    table, samples = found.contributions.tables[0], digits.windows(clips[3]).samples
    full = digits.logits(samples)[0, found.prediction.index]
    without = table.logits(~torch.eye(6, dtype=torch.bool))[:, found.prediction.index]
    torch.testing.assert_close(found.contributions.weights[:, 0], full.double() - without, rtol=1e-5, atol=1e-5)


def test_windows_are_needed_for_scales_and_for_searching(digits, clips):
    for settings in ({"scales": 2}, {"adaptive": True}):
        with pytest.raises(AuricleError, match=r"needs windows, not \"time:6\""):
            explain(clips[0], digits, method=Occlusion(components="time:6", **settings))
    with pytest.raises(AuricleError, match="either adaptive or of several scales"):
        explain(clips[0], digits, method=Occlusion(scales=2, adaptive=True))


def windows(columns: int, rows: int) -> list[Component]:
    """Windows of 4 × 4 steps, one step apart."""
    return [Component("", j, j + 4.0, i, i + 4.0) for j in range(columns) for i in range(rows)]


def test_windows_are_alike_by_the_area_they_share():
    shared = overlap_of([Component("", 0, 4, 0, 4), Component("", 1, 5, 2, 6), Component("", 4, 8, 0, 4)], [0, 1, 2])
    torch.testing.assert_close(shared[0], torch.tensor([1.0, 0.75 * 0.5, 0.0], dtype=torch.float64))


def test_the_search_ends_at_the_strongest_window_and_says_what_it_expects():
    each = windows(40, 24)
    field = torch.zeros(43, 27, dtype=torch.float64)
    field[20:23, 9:12] = 1.0
    field[33, 3] = 2.0
    says = torch.stack([field[int(w.start) : int(w.end), int(w.low) : int(w.high)].sum() for w in each])[:, None]
    asked: list[int] = []

    def hear(which: list[int]) -> Tensor:
        asked.extend(which)
        return says[which]

    found = search(each, hear, tolerance=0.0)
    assert len(asked) == len(set(asked)) == len(found.heard) <= 0.2 * len(each)
    assert found.values.max() == says.max() == 9.0
    assert torch.equal(found.values[found.heard], says[found.heard])
    assert float(np.corrcoef(found.values[:, 0], says[:, 0])[0, 1]) > 0.8


def test_what_was_heard_is_expected_again():
    each = windows(12, 1)
    values = torch.randn(4, 2, dtype=torch.float64)
    expected, deviation = expectation(overlap_of(each, [0, 4, 8, 11]), [0, 4, 8, 11], values)
    torch.testing.assert_close(expected[[0, 4, 8, 11]], values, rtol=1e-2, atol=1e-2)
    assert float(deviation[[0, 4, 8, 11]].max()) < 0.05 < float(deviation[6])


def official_test_recordings(step: int) -> list[Path]:
    paths = sorted(FSDD.glob("*_[0-4].wav"))[::step]
    if not paths:
        pytest.skip(f"{FSDD} is not there; FSDD's recordings are needed for this test")
    return paths


@pytest.mark.slow
def test_adaptive_occlusion_finds_the_same_region_with_a_fifth_of_the_windows(digits):
    """On at least 90 % of FSDD's test recordings the strongest window shares half its area with the true one."""
    same = []
    for path in official_test_recordings(2):
        clip = load_clip(path)
        every = explain(clip, digits, method=Occlusion(components="patch:100x500"))
        some = explain(clip, digits, method=Occlusion(components="patch:100x500", adaptive=True))
        heard = next(check.value for check in some.checks if check.name == "windows heard")
        assert float(heard) <= 0.2
        best, found = every.contributions.weights[:, 0].argmax(), some.contributions.weights[:, 0].argmax()
        windows = [every.contributions.components.each[k] for k in (best, found)]
        same.append(float(overlap_of(windows, [0])[1, 0]) >= 0.5)
    assert np.mean(same) >= 0.9


def test_adaptive_occlusion_on_a_recording(digits, fsdd):
    with mock.patch("auricle.methods.coalitions.ear.FEW", 10**9):
        some = explain(fsdd, digits, method=Occlusion(components="patch:100x500", adaptive=True))
    count = len(kind_of("patch:100x500")(fsdd, RATE, digits.frontend.grid))
    assert some.contributions.forwards <= 0.2 * count + 2
    every = explain(fsdd, digits, method=Occlusion(components="patch:100x500"))
    best, found = every.components().ranked()[0], some.components().ranked()[0]
    assert best.name == found.name
    assert best.weight == pytest.approx(found.weight, abs=1e-4)
