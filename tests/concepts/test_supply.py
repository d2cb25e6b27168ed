"""Activations and contexts: relevance in gradient form, from any method that differentiates the network."""

from __future__ import annotations

import pytest
import torch
from oracles import Residual, difference, noise, on_samples, seeded
from torch import Tensor, nn

from auricle.classifier import Classifier
from auricle.concepts.supply import LayerPoint, Supplied, supply
from auricle.errors import AuricleError
from auricle.methods import (
    LRP,
    DeepLIFT,
    DeepTaylor,
    GradCAM,
    Gradient,
    InputXGradient,
    IntegratedGradients,
    KernelShap,
    Method,
    SmoothGrad,
)
from auricle.methods.point import Point
from auricle.models import load_classifier


@pytest.fixture(scope="module")
def exact() -> Classifier:
    classifier = load_classifier("digits")
    classifier.network.double()
    return classifier


def predicted(classifier: Classifier, samples: Tensor) -> Tensor:
    return classifier.target_weights("predicted", classifier.logits(samples))


def supplied(classifier: Classifier, samples: Tensor, layer: str, method: Method) -> Supplied:
    return supply(classifier, samples, predicted(classifier, samples), layer=layer, method=method)


# --- the gradient form ------------------------------------------------------------------------------------------------


def small(*, inplace: bool = False) -> nn.Module:
    return seeded(
        lambda: nn.Sequential(
            nn.Conv1d(1, 5, 3), nn.ReLU(inplace=inplace), nn.Conv1d(5, 4, 3), nn.ReLU(inplace=inplace),
            nn.Flatten(), nn.Linear(4 * 16, 3),
        )
    )


def test_the_context_is_the_derivative_also_where_the_activation_is_0() -> None:
    classifier, x = on_samples(small(), (1, 20)), noise(4, 20)
    found = supplied(classifier, x, "1.1", InputXGradient())
    layers = list(classifier.network[1])
    a = torch.relu(layers[0](x[:, None])).detach().requires_grad_()
    logits = layers[5](layers[4](layers[3](layers[2](a))))
    (derivative,) = torch.autograd.grad((logits * predicted(classifier, x)).sum(), a)
    torch.testing.assert_close(found.activation, a.detach().transpose(1, 2))
    torch.testing.assert_close(found.context, derivative.transpose(1, 2))
    silent = found.activation == 0
    assert (found.context[silent] != 0).any()
    # By division it is the same, except where there is nothing to divide by.
    divided = supplied(classifier, x, "1.1", IntegratedGradients(baseline="zero"))
    assert (divided.context[silent] == 0).all()


def test_the_context_of_lrp_by_hand() -> None:
    """logit = V relu(W x), by the 0 rule: relevance of hidden unit j is v_j a_j, so its context is v_j."""
    network = seeded(lambda: nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2, bias=False)))
    classifier, x = on_samples(network, (3,), classes=2), noise(2, 3)
    weights = torch.eye(2).double()
    found = supply(classifier, x, weights, layer="1.1", method=LRP(composite="epsilon", epsilon=0))
    torch.testing.assert_close(found.context[:, 0], network[2].weight.detach())
    assert (found.activation == 0).any()


def test_relevance_at_the_layer_is_the_score_less_what_biases_take_up(exact: Classifier, heard: Tensor) -> None:
    found = supplied(exact, heard.double(), "pool", LRP(composite="epsilon"))
    score = (exact.logits(heard.double()) * predicted(exact, heard.double())).sum(1)
    bias = predicted(exact, heard.double()) @ exact.network.head.bias.detach()
    torch.testing.assert_close(found.relevance.sum(1), score - bias, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("method", [LRP(), DeepTaylor(), InputXGradient()], ids=Method.describe)
def test_a_batch_is_its_clips(exact: Classifier, heard: Tensor, method: Method) -> None:
    together = supplied(exact, heard[:3].double(), "features.6", method)
    assert together.positions == (32, 50)
    assert together.activation.shape == together.context.shape == (3, 1600, 32)
    for row in range(3):
        alone = supplied(exact, heard[row : row + 1].double(), "features.6", method)
        assert difference(together.context[row], alone.context[0]) < 1e-9
        assert difference(together.activation[row], alone.activation[0]) < 1e-9


# --- by division ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "method",
    [IntegratedGradients(steps=16), DeepLIFT(), SmoothGrad(times_input=True, draws=4), Gradient()],
    ids=Method.describe,
)
def test_activation_times_context_is_relevance_at_the_layer(exact: Classifier, heard: Tensor, method: Method) -> None:
    samples = heard[1:3].double()
    found = supplied(exact, samples, "features.8", method)  # whose activations are never 0
    with torch.enable_grad(), exact.inference():
        above = LayerPoint(Point(exact, samples, "features"), "features.8", method.name)
        relevance = method._explain(above, predicted(exact, samples), 0).relevance
    torch.testing.assert_close(found.activation * found.context, above.tap.vectors(relevance), atol=1e-7, rtol=1e-6)


@pytest.mark.parametrize(
    ("method", "bar"), [(DeepLIFT(), 1e-6), (IntegratedGradients(steps=24), 0.02)], ids=["deeplift", "ig"]
)
@pytest.mark.parametrize("layer", ["features.16", "pool", "head"])
def test_relevance_at_the_layer_is_complete(
    exact: Classifier, heard: Tensor, layer: str, method: Method, bar: float
) -> None:
    samples = heard[1:3].double()
    found, weights = supplied(exact, samples, layer, method), predicted(exact, samples)
    change = ((exact.logits(samples) - exact.logits(torch.zeros_like(samples))) * weights).sum(1)
    assert ((found.relevance.sum(1) - change).abs() / change).max() < bar


@pytest.mark.parametrize("layer", ["1.0", "1.1", "1.2"])
def test_what_works_in_place_above_the_layer_leaves_its_activation_alone(layer: str) -> None:
    x = noise(3, 20)
    for method in (DeepLIFT(), IntegratedGradients(steps=8), InputXGradient()):
        plain, in_place = (
            supplied(on_samples(small(inplace=each), (1, 20)), x, layer, method) for each in (False, True)
        )
        torch.testing.assert_close(in_place.activation, plain.activation)
        torch.testing.assert_close(in_place.context, plain.context)


# --- what cannot be ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", [KernelShap(), GradCAM()], ids=lambda method: method.name)
def test_methods_without_relevance_in_a_layer_are_refused(exact: Classifier, heard: Tensor, method: Method) -> None:
    with pytest.raises(AuricleError, match=f"{method.name} gives no relevance to a layer's channels; use lrp"):
        supplied(exact, heard[:1], "features.6", method)


def test_what_goes_around_the_layer_is_left_out_by_lrp_and_refused_by_division() -> None:
    classifier, x = on_samples(seeded(Residual), (1, 12, 16)), noise(2, 192)
    assert supplied(classifier, x, "1.first_norm", LRP()).relevance.abs().sum() > 0
    with pytest.raises(AuricleError, match=r'goes around the layer "1.first_norm".*with ig; use lrp'):
        supplied(classifier, x, "1.first_norm", IntegratedGradients())


def test_a_layer_that_says_nothing_of_the_clip() -> None:
    class Constant(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.token, self.head = nn.Linear(1, 3), nn.Linear(4, 3)

        def forward(self, x: Tensor) -> Tensor:
            return self.head(x) + self.token(torch.ones(len(x), 1, dtype=x.dtype))

    with pytest.raises(AuricleError, match=r'"1.token" does not hear the clip'):
        supplied(on_samples(seeded(Constant), (4,)), noise(2, 4), "1.token", LRP())
