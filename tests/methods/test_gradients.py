"""Gradient methods agree with Captum, with closed forms, and add up where they promise it."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import torch
from oracles import captum_module, difference, noise, on_samples, seeded
from torch import Tensor, nn
from torch.nn import functional as F

import auricle
from auricle.classifier import Classifier
from auricle.clip import Clip
from auricle.methods import (
    ActivationMap,
    Deconvnet,
    GradCAM,
    GradCAMPlusPlus,
    Gradient,
    GradientSHAP,
    GuidedBackprop,
    GuidedGradCAM,
    InputXGradient,
    IntegratedGradients,
    LayerCAM,
    SmoothGrad,
)
from auricle.methods.point import LEVELS, Point

LAYER = "features.8"
"""The bundled network's third convolution."""


@pytest.fixture(scope="module")
def double(digits: Classifier) -> Classifier:
    """The bundled classifier in double precision."""
    network = copy.deepcopy(digits.network).double()
    return Classifier(network, frontend=digits.frontend, labels=digits.labels, length=digits.length)


@pytest.fixture(scope="module")
def sound(heard: Tensor) -> Tensor:
    return heard.double()


@pytest.fixture(scope="module")
def features(double: Classifier, sound: Tensor) -> Tensor:
    return double.frontend(sound)


@pytest.fixture(scope="module")
def classes(double: Classifier, sound: Tensor) -> Tensor:
    return double.logits(sound).argmax(1)


def flat(theirs: Tensor) -> Tensor:
    return theirs.detach().squeeze(1)


def test_the_gradient_agrees_with_captum(double: Classifier, sound: Tensor, features: Tensor, classes: Tensor) -> None:
    saliency = captum_module().Saliency(double.network)
    theirs = flat(saliency.attribute(features, target=classes, abs=False))
    assert difference(Gradient()(double, sound).relevance, theirs) < 1e-5
    assert difference(Gradient(absolute=True)(double, sound).relevance, theirs.abs()) < 1e-5


def test_input_x_gradient_agrees_with_captum(
    double: Classifier, sound: Tensor, features: Tensor, classes: Tensor
) -> None:
    theirs = flat(captum_module().InputXGradient(double.network).attribute(features, target=classes))
    assert difference(InputXGradient(baseline="zero")(double, sound).relevance, theirs) < 1e-5


@pytest.mark.parametrize(("rule", "theirs"), [("gauss-legendre", "gausslegendre"), ("trapezoid", "riemann_trapezoid")])
def test_integrated_gradients_agree_with_captum(
    rule: Any, theirs: str, double: Classifier, sound: Tensor, features: Tensor, classes: Tensor
) -> None:
    captum = captum_module().IntegratedGradients(double.network)
    expected = flat(captum.attribute(features[:3], 0.0, target=classes[:3], n_steps=16, method=theirs))
    if rule == "trapezoid":  # Captum gives its 16 points shares of 1/16, though there are 15 steps between them
        expected = expected * 16 / 15
    found = IntegratedGradients(steps=16, rule=rule)(double, sound[:3])
    assert difference(found.relevance, expected) < 1e-5


def test_integrated_gradients_are_complete_on_real_clips(digits: Classifier, clips: list[Clip]) -> None:
    for explanation in auricle.explain_batch(clips, digits, IntegratedGradients(steps=64)):
        checks = {check.name: check for check in explanation.checks}
        assert float(checks["completeness"].value) < 0.01
        assert checks["completeness"].passed
        assert checks["baseline"].value == "silence"


def test_integrated_gradients_are_complete_on_a_recording(digits: Classifier, fsdd: Clip) -> None:
    explanation = auricle.explain(fsdd, digits, method="ig")
    assert explanation.prediction.label == "seven"
    assert float(next(c.value for c in explanation.checks if c.name == "completeness")) < 0.01


def test_integrated_gradients_of_a_linear_model_are_its_contributions() -> None:
    network = seeded(lambda: nn.Linear(20, 3))
    samples = noise(2, 20)
    for method in (IntegratedGradients(steps=2), GradientSHAP(draws=1), InputXGradient()):
        found = method(on_samples(network, (20,)), samples, "class2").relevance
        assert torch.allclose(found, samples * network.weight[2])


def test_gradient_shap_is_its_formula_on_its_draws(double: Classifier, sound: Tensor, clips: list[Clip]) -> None:
    method = GradientSHAP(draws=7, noise=0.1, baseline=clips[3:5])
    x = double.frontend(sound[:2])
    chosen, positions, noises = method.draw(2, x.shape[1:], 5)
    baselines = double.frontend(torch.stack([double.windows(clip).samples[0] for clip in clips[3:5]]))
    spread = 0.1 * (x.amax((1, 2, 3), keepdim=True) - x.amin((1, 2, 3), keepdim=True))
    total = torch.zeros_like(x)
    for draw in range(7):
        noisy = x + spread * noises(slice(draw, draw + 1)).double()
        base = baselines[chosen[draw]]
        between = (base + positions[draw] * (noisy - base)).requires_grad_()
        (gradient,) = torch.autograd.grad(double.network(between)[:, 3].sum(), between)
        total += gradient * (noisy - base)
    found = method(double, sound[:2], "three", seed=5)
    assert difference(found.relevance, flat(total / 7)) < 1e-5
    mean = double.network(baselines)[:, 3].mean()
    assert torch.allclose(found.expected, double.network(x)[:, 3] - mean)


def test_gradient_shap_agrees_with_captum_on_the_same_draws(
    double: Classifier, sound: Tensor, features: Tensor, classes: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    captum_module()
    from captum.attr._core import gradient_shap

    method = GradientSHAP(draws=8)
    _, positions, _ = method.draw(1, features.shape[1:], 0)
    monkeypatch.setattr(gradient_shap.np.random, "uniform", lambda *_: positions.numpy())
    captum = gradient_shap.InputBaselineXGradient(double.network)
    x = features[:1].repeat(8, 1, 1, 1)
    theirs = captum.attribute(x, torch.zeros_like(x), target=int(classes[0])).mean(0, keepdim=True)
    assert difference(method(double, sound[:1]).relevance, flat(theirs)) < 1e-5


def test_gradient_shap_of_many_draws_adds_up(digits: Classifier, heard: Tensor) -> None:
    few, many = (GradientSHAP(draws=n)(digits, heard[:1]).gap().item() for n in (2, 256))
    assert many < 0.05
    assert many < few


@pytest.mark.parametrize(("ours", "theirs"), [(GuidedBackprop, "GuidedBackprop"), (Deconvnet, "Deconvolution")])
@pytest.mark.filterwarnings("ignore:Setting backward hooks")
def test_rectified_gradients_agree_with_captum(
    ours: Any, theirs: str, double: Classifier, sound: Tensor, features: Tensor, classes: Tensor
) -> None:
    captum = getattr(captum_module(), theirs)(copy.deepcopy(double.network))
    expected = flat(captum.attribute(features, target=classes))
    assert difference(ours()(double, sound).relevance, expected) < 1e-5


def test_rectified_gradients_hear_functional_relus() -> None:
    """relu(W x), with V = (1, -1): the negative signal is stopped, by hand."""

    class Functional(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.w, self.v = nn.Linear(2, 2, bias=False), nn.Linear(2, 1, bias=False)
            self.w.weight.data = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
            self.v.weight.data = torch.tensor([[1.0, -1.0]])

        def forward(self, x: Tensor) -> Tensor:
            return self.v(F.relu(self.w(x)).clamp_min(0.0))

    classifier = on_samples(Functional(), (2,), classes=1)
    samples = torch.tensor([[1.0, 1.0], [-1.0, 0.2]], dtype=torch.float64)
    found = GuidedBackprop()(classifier, samples).relevance
    assert torch.equal(found, torch.tensor([[1.0, 2.0], [0.0, 0.0]], dtype=torch.float64))
    found = Deconvnet()(classifier, torch.tensor([[1.0, 1.0]], dtype=torch.float64)).relevance
    assert torch.equal(found, torch.tensor([[1.0, 2.0]], dtype=torch.float64))


def layer_of(classifier: Classifier, name: str) -> nn.Module:
    return dict(classifier.network.named_modules())[name]


def test_grad_cam_agrees_with_captum(double: Classifier, sound: Tensor, features: Tensor, classes: Tensor) -> None:
    captum = captum_module()
    gradcam = captum.LayerGradCam(double.network, layer_of(double, LAYER))
    for rectify in (True, False):
        cam = gradcam.attribute(features, target=classes, relu_attributions=rectify)
        expected = captum.LayerAttribution.interpolate(cam, features.shape[-2:], "bilinear")
        found = GradCAM(layer=LAYER, rectify=rectify)(double, sound).relevance
        assert difference(found, flat(expected)) < 1e-5


def test_guided_grad_cam_is_the_product(double: Classifier, sound: Tensor) -> None:
    found = GuidedGradCAM(layer=LAYER)(double, sound).relevance
    cam, guided = GradCAM(layer=LAYER)(double, sound).relevance, GuidedBackprop()(double, sound).relevance
    assert difference(found, cam * guided) < 1e-12


def pieces(double: Classifier, features: Tensor, classes: Tensor) -> tuple[Tensor, Tensor]:
    """A layer's activation and gradient, by Captum."""
    captum_module()
    from captum._utils.gradient import compute_layer_gradients_and_eval

    gradients, activations = compute_layer_gradients_and_eval(
        double.network, layer_of(double, LAYER), features.clone().requires_grad_(), classes
    )
    return activations[0].detach(), gradients[0].detach()


def enlarged(cam: Tensor, features: Tensor) -> Tensor:
    return captum_module().LayerAttribution.interpolate(cam.unsqueeze(1), features.shape[-2:], "bilinear").squeeze(1)


def test_layer_cam_agrees_with_captums_pieces(
    double: Classifier, sound: Tensor, features: Tensor, classes: Tensor
) -> None:
    activation, gradient = pieces(double, features, classes)
    expected = enlarged((gradient.relu() * activation).sum(1).relu(), features)
    assert difference(LayerCAM(layer=LAYER)(double, sound).relevance, expected) < 1e-5


def test_grad_cam_plus_plus_is_its_formula(
    double: Classifier, sound: Tensor, features: Tensor, classes: Tensor
) -> None:
    activation, gradient = pieces(double, features, classes)
    below = 2 * gradient**2 + activation.sum((2, 3), keepdim=True) * gradient**3
    alpha = torch.where(gradient == 0, 0.0, gradient**2 / below)
    weights = (alpha * gradient.relu()).sum((2, 3), keepdim=True)
    expected = enlarged((weights * activation).sum(1).relu(), features)
    assert difference(GradCAMPlusPlus(layer=LAYER)(double, sound).relevance, expected) < 1e-5


@pytest.mark.parametrize("channel", ["mean", "max", 5])
def test_activation_maps_are_the_layers_own(
    channel: Any, double: Classifier, sound: Tensor, features: Tensor, classes: Tensor
) -> None:
    activation, _ = pieces(double, features, classes)
    chosen = {"mean": activation.mean(1), "max": activation.amax(1), 5: activation[:, 5]}[channel]
    found = ActivationMap(layer=LAYER, channel=channel)(double, sound)
    assert difference(found.relevance, enlarged(chosen, features)) < 1e-12
    other = ActivationMap(layer=LAYER, channel=channel)(double, sound, "zero")
    assert torch.equal(other.relevance, found.relevance)


def test_layer_methods_lie_on_raw_samples_too() -> None:
    network = seeded(
        lambda: nn.Sequential(
            nn.Conv1d(1, 4, 9, stride=4), nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(4, 3)
        )
    )
    front = auricle.frontends.Waveform(sample_rate=8000)
    classifier = Classifier(network.double(), frontend=front, labels=["a", "b", "c"])
    samples = noise(2, 800)
    samples[:, :400] *= 1e-3
    for method in (GradCAM(rectify=False), LayerCAM(), ActivationMap(), GuidedGradCAM()):
        found = method(classifier, samples).relevance
        assert found.shape == (2, 800)
    heard = LayerCAM()(classifier, samples).relevance.abs()
    assert heard[:, 420:].mean() > heard[:, :380].mean()


def test_smoothgrad_is_the_mean_over_its_draws(double: Classifier, sound: Tensor, features: Tensor) -> None:
    x = features[:2]
    generator = torch.Generator().manual_seed(3)
    spread = 0.1 * (x.amax((1, 2, 3), keepdim=True) - x.amin((1, 2, 3), keepdim=True))
    gradients = []
    for _ in range(4):
        noisy = x + spread * torch.randn(x.shape[1:], generator=generator, dtype=torch.float64)
        noisy.requires_grad_()
        gradients.append(torch.autograd.grad(double.network(noisy)[:, 7].sum(), noisy)[0])
    stack = torch.stack(gradients)
    expected = {"mean": stack.mean(0), "square": stack.square().mean(0), "variance": stack.var(0, unbiased=False)}
    for statistic, values in expected.items():
        found = SmoothGrad(statistic=statistic, draws=4)(double, sound[:2], "seven", seed=3)  # type: ignore[arg-type]
        assert difference(found.relevance, flat(values)) < 1e-9
    times = SmoothGrad(draws=4, times_input=True)(double, sound[:2], "seven", seed=3).relevance
    assert difference(times, flat(expected["mean"] * x)) < 1e-9


def test_a_contrast_is_the_difference_of_gradients(double: Classifier, sound: Tensor) -> None:
    for method in (
        Gradient(),
        InputXGradient(),
        IntegratedGradients(steps=8),
        GradientSHAP(draws=4),
        SmoothGrad(draws=3),
    ):
        seven, one, both = (method(double, sound[:2], t).relevance for t in ("seven", "one", "seven-one"))
        assert difference(both, seven - one) < 1e-9, method.name


def test_gradients_are_derivatives_at_every_level(double: Classifier, sound: Tensor) -> None:
    """A small step along the gradient changes the score by the step times the gradient's square."""
    sound = sound + 0.01 * noise(*sound.shape)  # in true silence the max pools have ties, and no derivative
    for level in LEVELS:
        point = Point(double, sound[:1], level)
        weights = double.target_weights("seven", double.logits(sound[:1]))
        x = point.x.requires_grad_()
        (gradient,) = torch.autograd.grad(point.score(x, weights).sum(), x)
        step = 1e-9 / gradient.abs().max()
        change = (point.score(x + step * gradient, weights) - point.score(x - step * gradient, weights)).detach()
        assert float(change / 2) == pytest.approx(float(step * gradient.square().sum()), rel=1e-3)
        assert np.isfinite(Gradient()(double, sound[:1], "seven", level=level).relevance).all()
