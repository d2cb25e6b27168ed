"""One forward pass after which relevance is handed down as often as one likes, in as many shares."""

from __future__ import annotations

import pytest
import torch
from oracles import difference
from torch import Tensor

from auricle.classifier import Classifier
from auricle.methods import COMPOSITES, LRP, DeepTaylor, InputXGradient
from auricle.methods.one_pass import OnePass, OnePassMethod
from auricle.methods.point import Point
from auricle.models import load_classifier

METHODS = [*[LRP(composite=name) for name in COMPOSITES], LRP(baseline="zero"), DeepTaylor(), InputXGradient()]


@pytest.fixture(scope="module")
def exact() -> Classifier:
    classifier = load_classifier("digits")
    classifier.network.double()
    return classifier


def finished(method: OnePassMethod, classifier: Classifier, samples: Tensor) -> OnePass:
    weights = classifier.target_weights("predicted", classifier.logits(samples))
    with classifier.inference():
        return method.one_pass(Point(classifier, samples, "features"), weights)


def gradient(run: OnePass, seeds: Tensor) -> Tensor:
    (found,) = torch.autograd.grad(run.value, run.x, seeds, retain_graph=True)
    return found


@pytest.mark.parametrize("method", METHODS, ids=OnePassMethod.describe)
def test_its_attribution_is_the_methods_own(exact: Classifier, heard: Tensor, method: OnePassMethod) -> None:
    samples = heard[:2].double()
    found, expected = finished(method, exact, samples).attribution(), method(exact, samples)
    assert difference(found.relevance, expected.relevance) < 1e-9
    torch.testing.assert_close(found.score, expected.score)
    assert (found.expected is None) == (expected.expected is None)
    assert found.baseline == expected.baseline
    if expected.absorbed is not None:
        torch.testing.assert_close(found.absorbed, expected.absorbed)
        assert found.gap().max() < 1e-5


@pytest.mark.parametrize("method", METHODS, ids=OnePassMethod.describe)
def test_shares_of_the_seeds_sum_however_often_they_come(
    exact: Classifier, heard: Tensor, method: OnePassMethod
) -> None:
    """What passes have in common is computed once, and no pass spoils it for the next."""
    run = finished(method, exact, heard[:2].double())
    whole = gradient(run, run.seeds)
    run.keep()
    parts = torch.stack([gradient(run, share * run.seeds) for share in (0.25, -0.5, 1.25)])
    assert difference(parts.sum(0), whole) < 1e-9
    assert difference(parts[1], -0.5 * whole) < 1e-9
    assert difference(gradient(run, run.seeds), whole) < 1e-9
    several = run.relevance(parts)
    assert several.shape == (2, 3, 64, 101)
    for k in range(3):
        assert torch.equal(several[:, k], run.relevance(parts[k]))


@pytest.mark.parametrize("method", METHODS[:-1], ids=OnePassMethod.describe)
def test_what_biases_take_up_is_booked_for_every_pass_until_it_is_forgotten(
    exact: Classifier, heard: Tensor, method: OnePassMethod
) -> None:
    run = finished(method, exact, heard[:2].double())
    whole = gradient(run, run.seeds)
    once = run.of(whole).absorbed
    assert once is not None
    assert once.abs().max() > 0 or isinstance(method, DeepTaylor)
    run.keep()
    gradient(run, run.seeds)
    torch.testing.assert_close(run.of(whole).absorbed, 2 * once)
    run.forget()
    for share in (0.25, 0.75):
        gradient(run, share * run.seeds)
    torch.testing.assert_close(run.of(whole).absorbed, once)
