"""An explanation says what it found, where, and how far it can be trusted."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from oracles import noise, seeded
from torch import nn

import auricle
from auricle.classifier import Classifier, Length
from auricle.clip import Clip
from auricle.frontends import Waveform
from auricle.methods import LRP


def test_the_three_ways_to_ask_agree(digits: Classifier, clips: list[Clip]) -> None:
    path = str(clips[1].source)
    by_name = auricle.explain(path, "digits", method="lrp", target="nine")
    by_object = auricle.explain(clips[1], digits, method=LRP(), target="nine")
    batched = auricle.explain_batch(clips[:2], digits, "lrp", ["five", "nine"])[1]
    assert np.array_equal(by_name.relevance, by_object.relevance)
    rounding = 1e-3 * np.abs(by_object.relevance).max()  # of single precision
    np.testing.assert_allclose(batched.relevance, by_object.relevance, atol=rounding)
    assert by_name.target == batched.target == "nine"
    assert by_name.prediction.label == "nine"


def test_it_knows_its_clip_its_axes_and_its_prediction(digits: Classifier, fsdd: Clip) -> None:
    explanation = auricle.explain(fsdd, digits, target="seven-one")
    assert explanation.clip is fsdd
    assert explanation.relevance.shape == explanation.axes.shape == (64, len(explanation.axes.seconds) - 1)
    assert explanation.prediction.label == "seven"
    assert explanation.target == "seven-one"
    ranked = explanation.prediction.ranked()
    assert ranked[0] == ("seven", explanation.prediction.probability)
    assert sum(probability for _, probability in ranked) == pytest.approx(1.0)


def test_the_predicted_target_is_named(digits: Classifier, clips: list[Clip]) -> None:
    assert auricle.explain(clips[3], digits).target == "seven"


def test_relevance_lies_on_the_digit_and_not_on_the_silence_around_it(digits: Classifier, clips: list[Clip]) -> None:
    planted = clips[2]
    explanation = auricle.explain(planted, digits, method=LRP(composite="epsilon-plus"))
    assert explanation.prediction.label == "four"
    centres = explanation.axes.seconds_centres
    share = np.abs(explanation.relevance).sum(0) / np.abs(explanation.relevance).sum()
    assert share[(centres > 0.03) & (centres < 0.98)].sum() > 0.95


def test_each_window_has_its_own_prediction_and_target(digits: Classifier, clips: list[Clip]) -> None:
    words = [np.pad(clip.mono(8000), (0, 8000 - len(clip.mono(8000)))) for clip in (clips[1], clips[3])]
    explanation = auricle.explain(Clip(np.concatenate(words), 8000), digits)
    assert [window.target for window in explanation.windows] == ["nine", "seven"]
    assert [(window.start, window.end) for window in explanation.windows] == [(0.0, 1.0), (1.0, 2.0)]
    assert explanation.axes.seconds[-1] == pytest.approx(2.0, abs=0.05)
    alone = auricle.explain(Clip(words[1], 8000), digits)
    second = explanation.relevance[:, explanation.axes.seconds_centres > 1.055]
    expected = alone.relevance[:, alone.axes.seconds_centres > 0.055]
    np.testing.assert_allclose(second, expected[:, : second.shape[1]], atol=1e-3 * np.abs(second).max())


def test_overlapping_windows_are_averaged() -> None:
    network = seeded(lambda: nn.Sequential(nn.Flatten(), nn.Linear(4000, 2, bias=False)))
    network[1].weight.data[:] = 1.0
    length = Length(seconds=0.5, hop_seconds=0.25)
    classifier = Classifier(network, frontend=Waveform(sample_rate=8000), labels=["a", "b"], length=length)
    samples = noise(8000, dtype=torch.float32).numpy()
    explanation = auricle.explain(Clip(samples, 8000), classifier, method="input-x-gradient", target="a")
    np.testing.assert_allclose(explanation.relevance[:8000], samples, atol=1e-6)


def test_a_failed_promise_is_a_warning(clips: list[Clip]) -> None:
    """Two steps are too few for a network as bent as this one, and the explanation says so."""

    class Bent(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            loud = x.flatten(1).square().sum(1, keepdim=True) / 40
            return torch.cat([loud.pow(3), torch.zeros_like(loud)], 1)

    classifier = Classifier(Bent(), frontend=Waveform(sample_rate=8000), labels=["a", "b"])
    method = auricle.methods.IntegratedGradients(steps=2)
    explanation = auricle.explain(clips[0], classifier, method=method, target="a")
    check = next(check for check in explanation.checks if check.name == "completeness")
    assert check.passed is False
    assert "Read the picture with care" in check.text


def test_relevance_on_padding_is_reported(digits: Classifier) -> None:
    network = seeded(lambda: nn.Sequential(nn.Flatten(), nn.Linear(8000, 2)))
    front, length = Waveform(sample_rate=8000), Length(seconds=1.0, pad="centre")
    classifier = Classifier(network, frontend=front, labels=["a", "b"], length=length)
    clip = Clip(noise(2000, dtype=torch.float32).numpy(), 8000)
    explanation = auricle.explain(clip, classifier, method="gradient", target="a")
    share = next(check for check in explanation.checks if check.name == "padding share")
    assert float(share.value) == pytest.approx(0.75, abs=0.02)  # three quarters of what the network hears is padding
    assert share.passed is False


def test_relevance_that_is_all_zero_is_a_warning(clips: list[Clip]) -> None:
    class Deaf(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.flatten(1)[:, :2] * 0.0 + 1.0

    classifier = Classifier(Deaf(), frontend=Waveform(sample_rate=8000), labels=["a", "b"])
    for method in ("gradient", "lrp", "ig"):
        check = auricle.explain(clips[0], classifier, method=method).checks[-1]
        assert check.passed is False
        assert "zero" in check.text


def test_clips_of_several_lengths_and_rates_make_one_batch(digits: Classifier, clips: list[Clip]) -> None:
    fast = Clip(np.repeat(clips[1].samples, 2, axis=1), 16000, "fast")
    long = Clip(np.tile(clips[3].mono(8000), 3), 8000, "long")
    found = auricle.explain_batch([clips[0], fast, long], digits, "input-x-gradient")
    assert [each.clip.name for each in found] == [clips[0].name, "fast", "long"]
    for each in found:
        alone = auricle.explain(each.clip, digits, method="input-x-gradient")
        np.testing.assert_allclose(each.relevance, alone.relevance, rtol=1e-3, atol=1e-5)


def test_an_explanation_made_from_another_has_a_map_of_its_own(clips: list[Clip]) -> None:
    """Of a network that hears samples; their relevance is laid on hertz and seconds when it is asked for."""
    network = nn.Sequential(nn.Conv1d(1, 4, 64, stride=8), nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten())
    heard = Classifier(seeded(lambda: network), frontend=Waveform(sample_rate=8000), labels=list("abcd"))
    first = auricle.explain(clips[0], heard, method="gradient", target="a")
    assert first.map()[0].shape
    second = dataclasses.replace(first, clip=clips[1])
    wanted = auricle.explain(clips[1], heard, method="gradient", target="a").map()[0]
    np.testing.assert_array_equal(second.map()[0], wanted)
