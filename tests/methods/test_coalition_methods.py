"""What all methods that remove parts of the sound have in common: one table, names, sums, sounds, any function."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import auricle
from auricle import explain, explain_batch
from auricle.classifier import Classifier
from auricle.clip import Clip
from auricle.errors import AuricleError
from auricle.methods import METHODS, PRESETS, ExactShap, KernelShap, Lime, Occlusion, build
from auricle.methods.coalitions import Game, table
from auricle.methods.coalitions.method import CoalitionMethod

ALL = [name for name, kind in METHODS.items() if issubclass(kind, CoalitionMethod)]
SHAPLEY = ["kernel-shap", "permutation-shap", "exact-shap", "owen"]


@pytest.mark.parametrize("name", ALL)
def test_components_are_a_table_with_the_weight_of_every_class_for_the_price_of_one(name, digits, clips):
    found = explain(clips[3], digits, method=build(name, components="time:5"))
    forwards = found.contributions.forwards
    rows = found.components(all_classes=True)
    assert found.contributions.forwards == forwards
    assert len(rows) == 5
    for row in rows:
        assert row.classes.keys() == set(digits.labels)
        assert row.weight == pytest.approx(row.classes["seven"])
        assert row.name.endswith(" s")
    assert [row.weight for row in rows.ranked()] == sorted((row.weight for row in rows), reverse=True)
    assert str(rows).splitlines()[0].split()[:2] == ["component", "weight"]


@pytest.mark.parametrize("name", SHAPLEY)
@pytest.mark.parametrize("score", ["logit", "probability", "log-odds"])
def test_shapley_values_share_out_the_whole_difference_for_every_class(name, score, digits, clips):
    settings = {} if name == "exact-shap" else {"budget": 60}
    found = explain(clips[1], digits, method=build(name, components="time:7", score=score, **settings)).contributions
    torch.testing.assert_close(found.weights.sum(0), found.full - found.empty, rtol=0, atol=1e-9)
    logits = digits.logits(digits.windows(clips[1]).samples)[0].double()
    if score == "probability":
        torch.testing.assert_close(found.full[1:], torch.softmax(logits, 0), rtol=1e-4, atol=1e-6)


def test_a_contrast_is_the_difference_of_two_classes(digits, clips):
    found = explain(clips[3], digits, method=ExactShap(components="time:6"), target="seven-nine")
    for row in found.components(all_classes=True):
        assert row.weight == pytest.approx(row.classes["seven"] - row.classes["nine"])
    assert found.target == "seven-nine"


def test_all_methods_and_metrics_on_one_clip_pay_once(digits, clips):
    clip = Clip(clips[2].samples * 0.9, clips[2].sample_rate, "a clip nobody has asked about")
    exact = explain(clip, digits, method=ExactShap(components="time:8"))
    assert 0 < exact.contributions.forwards <= 256
    paid = table(digits, clip, "time:8").forwards
    for name, settings in {"kernel-shap": {"budget": 100}, "lime": {}, "occlusion": {}, "rise": {}}.items():
        method = build(name, components="time:8", **settings)
        assert explain(clip, digits, method=method).contributions.forwards == 0
    exact.measure(curves=False)
    assert table(digits, clip, "time:8").forwards == paid


def test_several_baselines_are_averaged_and_their_disagreement_is_told(digits, clips):
    names = ("silence", "noise", "mean")
    alone = [explain(clips[3], digits, method=ExactShap(components="time:5", baseline=name)) for name in names]
    both = explain(clips[3], digits, method=ExactShap(components="time:5", baseline=",".join(names)))
    weights = torch.stack([each.contributions.weights for each in alone])
    torch.testing.assert_close(both.contributions.weights, weights.mean(0))
    check = next(check for check in both.checks if check.name == "baseline dependence")
    spread = weights[..., 0].amax(0) - weights[..., 0].amin(0)
    assert check.value == pytest.approx(float(spread.max() / weights[..., 0].mean(0).abs().max()))
    listed = explain(clips[3], digits, method=ExactShap(components="time:5", baseline=list(names)))
    torch.testing.assert_close(listed.contributions.weights, both.contributions.weights)


def test_a_batch_is_explained_clip_by_clip_each_for_its_own_target(digits, clips):
    batch = explain_batch(clips[:3], digits, ExactShap(components="time:4"), ["one", "predicted", "six-two"])
    for clip, target, found in zip(clips, ["one", "predicted", "six-two"], batch, strict=False):
        alone = explain(clip, digits, method=ExactShap(components="time:4"), target=target)
        torch.testing.assert_close(found.contributions.weights, alone.contributions.weights)


def test_components_are_of_the_whole_clip_also_when_it_is_heard_in_windows(digits, clips):
    long = Clip(np.concatenate([clip.mono(8000) for clip in clips[:3]]), 8000, "three words")
    found = explain(long, digits, method=ExactShap(components="time:6"))
    logits = digits.logits(digits.windows(long).samples).double().mean(0)
    assert found.components()[-1].end == pytest.approx(long.seconds)
    torch.testing.assert_close(found.contributions.full[1:], logits, rtol=1e-5, atol=1e-5)
    assert found.relevance.shape == found.axes.shape


# --- listening ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("components", ["time:6", "tiles:4x3", "sources:nmf:4", "patch:100", "patch:80x700"])
def test_the_top_alone_and_the_clip_without_it_add_up(components, digits, clips):
    found = explain(clips[3], digits, method=Occlusion(components=components))
    only, without = found.listen(top=2), found.listen(top=2, mode="without")
    mono = clips[3].mono(8000)
    assert only.samples.shape == without.samples.shape == (1, len(mono))
    assert np.abs(only.samples[0] + without.samples[0] - mono).max() < 1e-6
    assert only.peak <= 1.3 * np.abs(mono).max()
    assert 0 < np.square(only.samples).sum() < np.square(mono).sum()


def test_the_top_components_carry_the_class_and_weighted_ones_are_as_loud_as_they_matter(digits, clips):
    found = explain(clips[3], digits, method=ExactShap(components="time:6"))
    assert digits.predict(found.listen(top=2)).label == "seven"
    assert digits.predict(found.listen(top=2, mode="without")).probability < 0.9
    first, second = found.components().ranked()[:2]
    weighted, only = found.listen(top=2, mode="weighted").samples[0], found.listen(top=2).samples[0]
    middle = round((second.start + second.end) / 2 * 8000)
    part = slice(middle - 100, middle + 100)
    gain = np.dot(weighted[part], only[part]) / np.dot(only[part], only[part])
    assert gain == pytest.approx(second.weight / first.weight, rel=1e-3)


def test_there_is_something_to_say_about_listening_that_makes_no_sense(digits, clips):
    found = explain(clips[3], digits, method=ExactShap(components="time:4"))
    with pytest.raises(AuricleError, match='did you mean "without"'):
        found.listen(mode="withou")  # type: ignore[arg-type]
    with pytest.raises(AuricleError, match="at least 1"):
        found.listen(top=0)
    with pytest.raises(AuricleError, match="has no components; use a method that removes parts"):
        explain(clips[3], digits).listen()


# --- any function -------------------------------------------------------------------------------------------------


def loudness_of_halves(samples: np.ndarray) -> np.ndarray:
    """Knows nothing of PyTorch: how loud are the first and the second half?"""
    first, second = np.array_split(samples, 2, axis=1)
    return np.stack([np.square(first).sum(1), np.square(second).sum(1)], axis=1)


@pytest.mark.parametrize("name", [*ALL, *PRESETS])
def test_a_bare_function_is_explained_by_every_method(name, clips):
    classifier = auricle.function_classifier(
        loudness_of_halves, labels=["first", "second"], sample_rate=8000, outputs="values"
    )
    own = name.startswith(("image", "audiolime"))  # what they are is their components
    method = build(name) if own else build(name, components="time:6")
    found = explain(clips[4], classifier, method=method, target="second")
    assert found.components().ranked()[0].end > clips[4].seconds / 2


def test_an_additive_function_gives_back_what_each_part_adds(clips):
    classifier = auricle.function_classifier(
        lambda samples: samples.sum(1, keepdims=True), labels=["sum"], sample_rate=8000, outputs="values"
    )
    clip = Clip(clips[0].mono(8000), 8000)
    for method in (ExactShap(components="time:7"), KernelShap(components="tiles:4x3"), Occlusion(components="time:7")):
        found = explain(clip, classifier, method=method, target="sum").contributions
        parts = torch.stack([sound.sum() for sound in found.components.compose(torch.eye(len(found.components)))])
        torch.testing.assert_close(found.weights[:, 0], parts, rtol=1e-3, atol=1e-4)


# --- memory -------------------------------------------------------------------------------------------------------

HEAVY = """
import resource, sys, torch
from torch import nn
from auricle import Classifier, Clip, explain, frontends
from auricle.methods import Lime
torch.manual_seed(0); torch.set_num_threads(1)
front = frontends.MelSpectrogram(sample_rate=44100, stft_settings=frontends.STFT(n_fft=2048, hop=512), n_mels=128)
network = nn.Sequential(
    nn.Conv2d(1, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(4),
    nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 50))
classifier = Classifier(network, frontend=front, labels=[str(i) for i in range(50)])
clip = Clip(0.1 * torch.randn(5 * 44100).numpy(), 44100)
found = explain(clip, classifier, method=Lime(components="tiles:8x8", samples=2000))
assert found.contributions.forwards >= 1998, found.contributions.forwards
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


@pytest.mark.slow
def test_five_seconds_at_44100_hz_with_64_components_and_2000_coalitions_stay_within_2_gb():
    done = subprocess.run([sys.executable, "-c", HEAVY], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 2048


# --- what cannot be -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("kernel-shap", {"budget": 13}, "budget of 13 is too small for 12 components: give at least 14"),
        ("permutation-shap", {"budget": 14}, "too small for 12 components"),
        ("exact-shap", {"components": "time:17"}, "at most 16 components, or use kernel-shap"),
        ("lime", {"samples": 12}, "12 samples are too few for 12 components"),
        ("occlusion", {"components": "time:100000"}, "of a clip of"),
    ],
)
def test_what_cannot_be_answered_is_said_in_one_sentence(name, settings, message, digits, clips):
    with pytest.raises(AuricleError, match=message):
        explain(clips[0], digits, method=build(name, **settings))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"components": "tim:5"}, 'did you mean "time"'),
        ({"components": "time:5,onsets"}, "cross one kind that cuts time"),
        ({"components": "patch:100"}, "windows that overlap cannot be combined"),
        ({"baseline": "silense"}, 'did you mean "silence"'),
        ({"score": "logits"}, "score=logits"),
        ({"component": "time:5"}, 'did you mean "components"'),
    ],
)
def test_wrong_settings_are_refused_before_any_work(settings, message):
    with pytest.raises(AuricleError, match=message):
        build("kernel-shap", **settings)


def test_a_game_is_what_is_asked(digits, clips):
    weights = torch.zeros(10)
    weights[7] = 1.0
    game = Game(table(digits, clips[3], "time:3"), weights)
    ends = game(torch.tensor([[True] * 3, [False] * 3]))
    torch.testing.assert_close(ends, torch.stack([game.full, game.empty]))
    assert game.count == 3


def test_a_preset_is_lime_with_the_settings_of_its_paper():
    assert build("slime-tiles") == Lime(components="tiles:6x4", samples=2000, sampler="uniform-size", baseline="mean")
    assert build("audiolime", components="sources:hpss,time:3").components == "sources:hpss,time:3"
    with pytest.raises(AuricleError, match='did you mean "audiolime"'):
        build("audiolim")


class Nothing(nn.Module):
    def forward(self, samples: Tensor) -> Tensor:
        return samples.new_zeros(len(samples), 2)


def test_a_model_that_hears_nothing_gives_no_weight_to_anything(clips):
    classifier = Classifier(Nothing(), frontend=auricle.frontends.Waveform(sample_rate=8000), labels=["a", "b"])
    for name in ALL:
        found = explain(clips[0], classifier, method=build(name, components="time:4"), target="a")
        assert all(row.weight == pytest.approx(0.0, abs=1e-9) for row in found.components())
        assert any(check.name == "values" and check.passed is False for check in found.checks)


def surely_silent(samples: np.ndarray) -> np.ndarray:
    """Probabilities that are exactly 0 and 1 for silence."""
    loud = np.minimum(np.square(samples).sum(1), 1.0)
    return np.stack([loud, 1.0 - loud], axis=1)


def test_the_logarithm_of_a_probability_of_zero_is_a_warning(clips):
    classifier = auricle.function_classifier(surely_silent, labels=["sound", "silence"], sample_rate=8000)
    for score, warned in (("logit", True), ("probability", False)):
        found = explain(clips[4], classifier, method=ExactShap(components="time:4", score=score), target="sound")
        assert any(check.name == "score" and check.passed is False for check in found.checks) is warned
