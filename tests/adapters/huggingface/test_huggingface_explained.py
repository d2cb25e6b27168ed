"""Methods on every family, heard through the twin of its extractor: right slopes, and sums that hold."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from oracles import without_biases
from small_checkpoints import LABELS, MAKERS, made

import auricle
from auricle.adapters.huggingface import huggingface_classifier
from auricle.classifier import Classifier
from auricle.errors import AuricleError
from auricle.methods import LRP

FAMILIES = list(MAKERS)


def opened(family: str) -> Classifier:
    network, extractor = made(family)
    words = LABELS if family.startswith("clap") else None
    return huggingface_classifier(network, extractor=extractor, labels=words)


def double(classifier: Classifier, network: torch.nn.Module) -> Classifier:
    return Classifier(
        network.double(), frontend=classifier.frontend, labels=classifier.labels, length=classifier.length
    )


@pytest.mark.parametrize("family", FAMILIES)
def test_the_gradient_is_the_slope(family, clips):
    # Of CLAP's first batch norm, torch gave on the CPU the gradient of other cells where the memory layout was another.
    classifier = opened(family)
    classifier = double(classifier, classifier.network)
    features = classifier.frontend(classifier.windows(clips[0]).samples).requires_grad_()
    direction = torch.randn(features.shape, generator=torch.Generator().manual_seed(0), dtype=features.dtype)
    with classifier.inference():
        (gradient,) = torch.autograd.grad(classifier.logits_from_features(features)[0, 0], features)
        with torch.no_grad():
            up, down = (classifier.logits_from_features(features + h * direction)[0, 0] for h in (1e-6, -1e-6))
    assert float((gradient * direction).sum()) == pytest.approx(float((up - down) / 2e-6), rel=1e-4)


@pytest.mark.parametrize("family", FAMILIES)
def test_without_biases_lrp_hands_back_the_logit(family, clips):
    classifier = opened(family)
    classifier = double(classifier, without_biases(classifier.network))
    found = LRP(baseline="zero")(classifier, classifier.windows(clips[0]).samples)
    assert not found.unruled
    gap = found.gap()
    assert gap is not None
    assert float(gap) < 1e-4
    total = found.relevance.flatten(1).sum(1)
    assert float((total - found.score).abs() / found.score.abs()) < 1e-4


@pytest.mark.parametrize("family", FAMILIES)
def test_lrp_is_laid_on_hertz_and_seconds_with_its_total_kept(family, clips):
    classifier = opened(family)
    explanation = auricle.explain(clips[0], classifier, level="stft")
    values, axes = explanation.map()
    assert values.shape == axes.shape
    assert axes.hertz is not None
    assert np.isfinite(values).all()
    assert np.any(values != 0)
    conservation = next(check for check in explanation.checks if check.name == "conservation")
    assert conservation.passed


@pytest.mark.parametrize("family", ["wav2vec2-layer", "ast", "whisper", "clap"])
@pytest.mark.parametrize("method", ["ig", "grad-cam", "attention-rollout", "occlusion", "owen"])
def test_other_methods_explain_a_family_too(family, method, clips):
    classifier = opened(family)
    if (family, method) == ("clap", "attention-rollout"):
        with pytest.raises(AuricleError, match="attends within windows"):
            auricle.explain(clips[0], classifier, method=method)
        return
    values, axes = auricle.explain(clips[0], classifier, method=method).map()
    assert values.shape == axes.shape
    assert np.isfinite(values).all()
    assert np.any(values != 0) or method == "grad-cam"  # which keeps what speaks for the target, here perhaps nothing


def test_a_short_sound_is_not_explained_by_the_silence_that_whisper_adds(clips):
    explanation = auricle.explain(clips[0], opened("whisper"), method="kernel-shap")
    _, axes = explanation.map()
    assert axes.seconds[-1] <= clips[0].seconds + 0.02


def test_from_silence_a_network_that_levels_its_sound_leaves_nothing_on_the_path(clips):
    # wav2vec 2.0's first norm takes the level away, so along a straight line from silence the logit jumps at its start.
    completeness = {}
    for method in ("ig", "deeplift"):
        explanation = auricle.explain(clips[0], opened("wav2vec2-group"), method=method)
        completeness[method] = next(check for check in explanation.checks if check.name == "completeness")
    assert not completeness["ig"].passed
    assert completeness["deeplift"].passed
