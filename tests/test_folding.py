"""A clip that is repeated to fill the network's length: its relevance and its parts are of the clip itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import auricle
from auricle.axes import Axes
from auricle.classifier import Classifier
from auricle.clip import Clip
from auricle.explanation import Explanation
from auricle.frontends import STFT, KaldiFilterbank, Log1p, Spectrogram, Waveform
from auricle.length import Length
from auricle.methods.coalitions import table
from auricle.metrics.hearing import Listener
from auricle.repeats import folded

RATE = 8000


class Loud(nn.Module):
    """Two classes: the mean of a learnt weighting of the input that grows over time, and its opposite."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.linspace(0.5, 1.5, size))

    def forward(self, x: Tensor) -> Tensor:
        score = (torch.relu(x).flatten(1) * self.weight).mean(1)
        return torch.stack([score, -score], dim=1)


def classifier(pad: Any, *, samples: bool = False, seconds: float = 1.0) -> Classifier:
    grid = STFT(n_fft=256, hop=80)
    front = Waveform(sample_rate=RATE) if samples else Spectrogram(
        sample_rate=RATE, stft_settings=grid, compression=Log1p(gain=10.0)
    )  # fmt: skip
    n = round(seconds * RATE)
    size = n if samples else 129 * grid.frames(n)
    return Classifier(Loud(size), frontend=front, labels=["a", "b"], length=Length(seconds=seconds, pad=pad))


def clip(n: int = 2477) -> Clip:
    generator = np.random.default_rng(0)
    return Clip(0.1 * generator.normal(size=(1, n)).astype(np.float32), RATE)


# --- by hand ------------------------------------------------------------------------------------------------------


def test_samples_are_summed_over_the_copies() -> None:
    values = np.arange(1.0, 11.0)
    found, axes = folded(values, Axes(np.arange(11) / 10), seconds=0.3, copies=3)
    assert found.tolist() == [1 + 4 + 7, 2 + 5 + 8, 3 + 6 + 9, 10]  # the last is padding and stays behind the clip
    assert axes.seconds.tolist() == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])


def test_a_cut_copy_is_summed_as_far_as_it_goes() -> None:
    values = np.arange(1.0, 11.0)
    found, axes = folded(values, Axes(np.arange(11) / 10), seconds=0.3, copies=4)
    assert found.tolist() == [1 + 4 + 7 + 10, 2 + 5 + 8, 3 + 6 + 9]
    assert axes.seconds[-1] == pytest.approx(0.3)


def test_frames_between_the_rasters_are_shared_by_the_nearest() -> None:
    """Copies of 2.5 frames: frame 3, half a frame into the second copy, goes to frames 0 and 1 in halves."""
    values = np.eye(6, dtype=np.float32)
    found, _ = folded(values, Axes((np.arange(7) - 0.5) / 10, np.arange(7.0)), seconds=0.25, copies=2)
    assert found[3].tolist() == pytest.approx([0.5, 0.5, 0, 0])
    assert found.sum(1).tolist() == pytest.approx([1.0] * 6)


# --- explanations -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pad", ["repeat", "loop"])
@pytest.mark.parametrize(
    ("samples", "level"), [(False, "features"), (False, "stft"), (False, "waveform"), (True, "waveform")]
)
@pytest.mark.parametrize("n", [2477, 4000, 7999])
def test_the_total_is_kept_and_lies_within_the_clip(pad: str, samples: bool, level: Any, n: int) -> None:
    model = classifier(pad, samples=samples)
    found = auricle.explain(clip(n), model, method="input-x-gradient", level=level)
    windows = model.windows(found.clip)
    unfolded = found.method(model, windows.samples, found.target, level=found.level).relevance
    assert found.relevance.sum() == pytest.approx(float(unfolded.sum()), rel=1e-4)
    sounding = found.axes.seconds[:-1] < n / RATE
    silent = RATE % n if pad == "repeat" else 0
    assert found.axes.seconds[-1] <= (n + silent) / RATE + 0.02
    behind = np.abs(found.relevance[..., ~sounding]).sum() / np.abs(found.relevance).sum()
    assert behind < (0.02 if silent else 1e-12)  # the frames around the end of the last copy hear a little of it
    assert found.relevance.shape == found.axes.shape


def test_every_copy_counts() -> None:
    """Of samples: the relevance of each sample is the sum of what it got in the three copies."""
    model = classifier("repeat", samples=True)
    found = auricle.explain(clip(), model, method="input-x-gradient")
    unfolded = found.method(model, model.windows(found.clip).samples, found.target).relevance[0].numpy()
    assert np.allclose(found.relevance[:2477], unfolded[: 3 * 2477].reshape(3, 2477).sum(0), atol=1e-9)
    assert np.allclose(found.relevance[2477:], 0)


def test_an_event_is_where_it_is_in_the_clip() -> None:
    sound = np.zeros((1, 2477), np.float32)
    sound[0, 1000:1200] = 0.5 * np.random.default_rng(0).normal(size=200)
    found = auricle.explain(Clip(sound, RATE), classifier("repeat"), method="input-x-gradient")
    amount = np.abs(found.relevance).sum(0)
    moment = (amount * found.axes.seconds_centres).sum() / amount.sum()
    assert moment == pytest.approx(1100 / RATE, abs=0.005)


# --- parts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pad", ["repeat", "loop", "none", "end"])
@pytest.mark.parametrize("components", ["time:4", "bands:3", "tiles:3x2"])
@pytest.mark.parametrize("baseline", ["silence", "noise"])
def test_what_is_removed_is_removed_from_every_copy(pad: str, components: str, baseline: str) -> None:
    sound, seconds = clip(), 1.0 if pad != "none" else 2477 / RATE
    model = classifier(pad, seconds=seconds)
    answers = table(model, sound, components, baseline)
    parts = answers.components
    coalitions = torch.rand(12, len(parts), generator=torch.Generator().manual_seed(0)) > 0.5
    mixed = parts.compose(coalitions, answers.absence.sound).float()
    expected = model.logits(model.windows(sound).of(mixed)[:, 0])
    assert torch.allclose(answers.logits(coalitions).float(), expected, atol=1e-5)


def test_removals_one_by_one_are_right_where_sharing_is_tried() -> None:
    sound, model = clip(), classifier("repeat", samples=True)
    answers = table(model, sound, "time:80")
    coalitions = ~torch.eye(80, dtype=torch.bool)
    expected = model.logits(model.windows(sound).of(answers.components.compose(coalitions).float())[:, 0])
    assert torch.allclose(answers.logits(coalitions).float(), expected, atol=1e-6)


def test_components_of_a_repeated_clip_are_explained_in_the_clip() -> None:
    found = auricle.explain(clip(), classifier("repeat"), method="occlusion")
    assert found.axes.seconds[-1] <= 2477 / RATE + 0.02
    assert np.isfinite(found.relevance).all()


@pytest.mark.parametrize("pad", ["repeat", "loop", "none", "end", "centre", "random"])
def test_a_listener_hears_the_copies_of_what_a_mask_leaves(pad: str) -> None:
    sound, model = clip(), classifier(pad, seconds=1.0 if pad != "none" else 2477 / RATE)
    listener = Listener(model, sound)
    assert np.allclose(listener.whole(), model.predict(sound).probabilities, atol=1e-6)
    mask = np.zeros((129, listener.frames), np.float32)
    mask[20:60, 5:20] = 1.0
    expected = model.logits(listener.windows.of(listener.sounds(mask[None]))[:, 0])
    assert np.allclose(listener([mask]).probabilities, model.probabilities(expected).numpy(), atol=1e-6)
    if pad == "repeat":  # each copy is masked alike
        heard = listener.windows.of(listener.sounds(mask[None]))[0, 0]
        assert torch.equal(heard[:2477], heard[2477 : 2 * 2477])


# --- padding in the front-end -------------------------------------------------------------------------------------


def explained_through_kaldi(method: Any, **asked: Any) -> Explanation:
    front = KaldiFilterbank(n_mels=40, max_frames=100)
    length = Length(seconds=front.seconds, pad="none")
    model = Classifier(Loud(100 * 40), frontend=front, labels=["a", "b"], length=length)
    sound = Clip(0.1 * np.random.default_rng(0).normal(size=(1, 8000)).astype(np.float32), 16000)
    return auricle.explain(sound, model, method=method, **asked)


def test_relevance_of_padding_lies_behind_the_clip_and_is_told() -> None:
    found = explained_through_kaldi("gradient")
    assert found.relevance.shape == (40, 100)
    behind = found.axes.seconds[:-1] >= 0.5
    assert np.abs(found.relevance[:, behind]).sum() > 0
    share = next(each for each in found.checks if each.name == "padding share")
    assert share.value == pytest.approx(
        np.abs(found.relevance[:, behind]).sum() / np.abs(found.relevance).sum(), rel=1e-6
    )


@pytest.mark.parametrize("level", ["features", "stft", "waveform"])
def test_no_relevance_is_lost_on_the_way_back_through_kaldi(level: Any) -> None:
    """Relevance and what is absorbed are the score; the padding is the same in silence and gets nothing."""
    found = explained_through_kaldi("lrp", level=level)
    conservation = next(each for each in found.checks if each.name == "conservation")
    assert conservation.passed
    share = next(each for each in found.checks if each.name == "padding share")
    assert share.value == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("level", ["features", "stft", "waveform"])
def test_integrated_gradients_add_up_through_kaldi(level: Any) -> None:
    found = explained_through_kaldi("ig", level=level)
    gap = next(each for each in found.checks if each.name == "completeness")
    assert float(gap.value) < 0.05
