"""LRP hands back the whole score: relevance and what biases absorb add up to the explained logit."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from oracles import Residual, Tokens, noise, on_samples, seeded, small_ast, without_biases
from torch import Tensor

import auricle
from auricle.classifier import Classifier, Level
from auricle.clip import Clip
from auricle.frontends import Waveform, preset
from auricle.methods import COMPOSITES, LRP, DeepTaylor
from auricle.models.alexnet import AlexNet
from auricle.models.audionet import AudioNet

LEVELS: tuple[Level, ...] = ("features", "stft", "waveform")
EXACT = [name for name in COMPOSITES if not name.startswith("preset")]
"""The presets have ε = 0.1, which is meant to absorb."""

Case = tuple[Classifier, Tensor]


def bundled(digits: Classifier, clips: list[Clip]) -> Case:
    return digits, torch.cat([digits.windows(clip).samples for clip in clips[:2]])


def alexnet(digits: Classifier, clips: list[Clip]) -> Case:
    labels = [str(i) for i in range(10)]
    classifier = Classifier(seeded(AlexNet), frontend=preset("audiomnist-alexnet"), labels=labels)
    return classifier, bundled(digits, clips)[1][:1]


def audionet(digits: Classifier, clips: list[Clip]) -> Case:
    labels = [str(i) for i in range(10)]
    classifier = Classifier(seeded(AudioNet), frontend=preset("audiomnist-audionet"), labels=labels)
    return classifier, bundled(digits, clips)[1][:1]


def residual(digits: Classifier, clips: list[Clip]) -> Case:
    return on_samples(seeded(Residual), (1, 12, 10)), noise(2, 120)


def transformer(digits: Classifier, clips: list[Clip]) -> Case:
    network = Tokens(seeded(small_ast), 24, 16).double()
    front = Waveform(sample_rate=8000, channel=False)
    return Classifier(network, frontend=front, labels=["a", "b", "c"]), noise(2, 24 * 16)


CASES: list[Callable[..., Case]] = [bundled, alexnet, audionet, residual, transformer]


def unbiased(case: Case) -> Case:
    """The same without biases, in double precision: what is measured is the rule, not the rounding."""
    classifier, samples = case
    network = without_biases(classifier.network).double()
    return Classifier(network, frontend=classifier.frontend, labels=classifier.labels), samples.double()


@pytest.mark.parametrize("composite", EXACT)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_without_biases_relevance_sums_to_the_logit(
    case: Callable[..., Case], composite: str, digits: Classifier, clips: list[Clip]
) -> None:
    classifier, samples = unbiased(case(digits, clips))
    # What silence says, where it is not zero, is a bias; so without biases is from zero.
    found = LRP(composite=composite, baseline="zero")(classifier, samples)
    total = found.relevance.flatten(1).sum(1)
    assert ((total - found.score).abs() / found.score.abs()).max() < 1e-4
    assert not found.unruled


@pytest.mark.parametrize(
    "composite", ["epsilon", "epsilon-gamma", "epsilon-plus", "epsilon-alpha2-beta1", "epsilon-gamma-box"]
)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_with_biases_relevance_and_what_they_absorb_sum_to_the_logit(
    case: Callable[..., Case], composite: str, digits: Classifier, clips: list[Clip]
) -> None:
    classifier, samples = case(digits, clips)
    classifier = Classifier(classifier.network.double(), frontend=classifier.frontend, labels=classifier.labels)
    found = LRP(composite=composite)(classifier, samples.double())
    classifier.network.to(samples.dtype)
    assert found.absorbed is not None
    total = found.relevance.flatten(1).sum(1) + found.absorbed
    assert ((total - found.score).abs() / found.score.abs()).max() < 1e-4
    assert (found.absorbed.abs() > 1e-6).all()
    assert torch.equal(found.gap(), (total - found.score).abs() / found.score.abs())


def test_the_float32_bundled_model_conserves_too(digits: Classifier, heard: Tensor) -> None:
    for composite in EXACT:
        found = LRP(composite=composite)(digits, heard)
        assert found.gap().max() < 1e-4, composite


@pytest.mark.parametrize("name", ["preset-a", "preset-b"])
def test_what_a_large_epsilon_absorbs_is_booked(name: str, digits: Classifier, heard: Tensor) -> None:
    assert LRP(composite=name)(digits, heard).gap().max() < 1e-4


@pytest.mark.parametrize("name", ["digits", "audiomnist-audionet"])
def test_every_level_hands_back_the_same_total(name: str, digits: Classifier, heard: Tensor) -> None:
    if name != "digits":
        network = seeded(AudioNet)
        digits = Classifier(network, frontend=preset(name), labels=[str(i) for i in range(10)])
    found = [LRP(composite="epsilon")(digits, heard[:2], level=level) for level in LEVELS]
    totals = torch.stack([each.relevance.flatten(1).sum(1) for each in found])
    assert ((totals - totals[0]).abs() / totals[0].abs()).max() < 1e-3
    assert all(each.gap().max() < 1e-3 and not each.unruled for each in found)


def test_the_virtual_inspection_layer_preserves_the_total() -> None:
    """Relevance on samples, passed through the STFT, is laid on other axes and keeps its sum."""
    network = seeded(AudioNet).double()
    classifier = Classifier(network, frontend=preset("audiomnist-audionet"), labels=[str(i) for i in range(10)])
    samples = 0.1 * noise(1, 8000)
    for composite in ("epsilon", "epsilon-gamma-box"):
        on_samples = LRP(composite=composite)(classifier, samples, level="features")
        on_stft = LRP(composite=composite)(classifier, samples, level="stft")
        assert on_stft.relevance.shape == (1, *classifier.frontend.stft_axes(8000).shape)
        if composite == "epsilon":  # the box rule's bounds lie in samples, and give relevance to silent ones
            assert torch.allclose(on_stft.relevance.sum(), on_samples.relevance.sum(), rtol=1e-8)


def test_an_explanation_on_samples_shows_its_total_on_hertz_and_seconds(clips: list[Clip]) -> None:
    front = preset("audiomnist-audionet")
    length = auricle.Length(seconds=1.0)
    classifier = Classifier(seeded(AudioNet), frontend=front, labels=[str(i) for i in range(10)], length=length)
    explanation = auricle.explain(clips[0], classifier, method=LRP(composite="epsilon"))
    values, axes = explanation.map()
    assert explanation.relevance.ndim == 1
    assert values.shape == axes.shape
    assert values.sum() == pytest.approx(explanation.relevance.sum(), rel=1e-3)


def test_what_biases_absorb_is_in_the_checks(digits: Classifier, clips: list[Clip]) -> None:
    explanation = auricle.explain(clips[0], digits)
    checks = {check.name: check for check in explanation.checks}
    attribution = LRP()(digits, digits.windows(clips[0]).samples)
    share = float(attribution.absorbed / attribution.score)
    assert checks["bias share"].value == pytest.approx(share, rel=1e-4)
    assert f"{100 * share:.3g} %" in checks["bias share"].text
    assert checks["conservation"].passed
    assert float(checks["conservation"].value) < 1e-4
    assert checks["functions without a rule"].value == "none"


def test_absorbed_relevance_is_booked_to_its_own_clip(digits: Classifier, heard: Tensor) -> None:
    together = LRP()(digits, heard)
    for index in range(len(heard)):
        alone = LRP()(digits, heard[index : index + 1])
        assert torch.allclose(alone.absorbed, together.absorbed[index], rtol=1e-3, atol=1e-5)


def test_deep_taylor_decomposes_only_a_positive_score() -> None:
    classifier, samples = unbiased((on_samples(seeded(Residual), (1, 12, 10)), noise(4, 120)))
    logits = classifier.network(samples)
    for label, column in zip(classifier.labels, logits.T, strict=True):
        for kind in ("box", "w-square", "z-plus"):
            found = DeepTaylor(input_rule=kind)(classifier, samples, label)
            quiet = column <= 0
            assert not found.relevance[quiet].any()
            assert torch.equal(found.score[quiet], torch.zeros(int(quiet.sum())).double())


def test_deep_taylor_relevance_is_positive_and_sums_to_the_score() -> None:
    network = torch.nn.Sequential(
        torch.nn.Conv1d(1, 8, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(8 * 38, 3)
    )
    classifier, samples = unbiased((on_samples(seeded(lambda: network), (1, 40)), noise(4, 40)))
    for kind in ("box", "w-square"):
        found = DeepTaylor(input_rule=kind)(classifier, samples, "class1")
        assert (found.relevance >= -1e-9).all()
        assert ((found.relevance.sum(1) - found.score).abs() < 1e-6 * found.score.abs() + 1e-12).all()
