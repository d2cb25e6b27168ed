"""Each contest: what auricle computes, and how the peers compute the same thing."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from auricle.classifier import Classifier
from auricle.methods import Method, build

Run = Callable[[], Tensor]
CHUNKS = (None, 16, 32, 64)


@dataclass(frozen=True)
class Contest:
    """auricle's run and every setting of a peer's; the peer's fastest setting counts."""

    method: str
    peer: str
    ours: Run
    theirs: dict[str, Run]


def contests(classifier: Classifier, samples: Tensor, steps: int) -> Iterator[Contest]:
    """All contests on one network and one batch of clips."""
    network = classifier.network
    logits = classifier.logits(samples)
    labels = logits.argmax(1)
    weights = torch.zeros_like(logits).scatter_(1, labels[:, None], 1.0)

    def hear() -> Tensor:
        """Everyone starts from samples, as auricle does."""
        return classifier.frontend(samples)

    def hush() -> Tensor:
        return classifier.frontend(torch.zeros_like(samples[:1]))

    def ours(method: Method) -> Run:
        return lambda: method(classifier, samples, weights).relevance

    lrp = ours(build("lrp", composite="epsilon-gamma-box"))
    yield Contest("lrp ε-γ-box", "zennit", lrp, {"": _zennit(network, hear, weights)})
    yield Contest("lrp ε-γ-box", "plain gradient", lrp, {"": ours(build("gradient"))})
    yield from _captum(network, hear, hush, labels, steps, ours)


def _captum(
    network: nn.Module, hear: Run, hush: Run, labels: Tensor, steps: int, ours: Callable[[Method], Run]
) -> Iterator[Contest]:
    from captum.attr import DeepLift, GradientShap, IntegratedGradients, LayerAttribution, LayerGradCam

    ig = IntegratedGradients(network)
    yield Contest(
        "ig",
        "captum",
        ours(build("ig", steps=steps, rule="gauss-legendre")),
        {
            f"internal_batch_size={size}": (
                lambda size=size: ig.attribute(
                    (x := hear()),
                    hush().expand_as(x),
                    target=labels,
                    n_steps=steps,
                    internal_batch_size=size,
                    return_convergence_delta=True,
                )[0]
            )
            for size in CHUNKS
            if size is None or size >= len(labels)
        },
    )
    shap = GradientShap(network)
    yield Contest(
        "gradient-shap",
        "captum",
        ours(build("gradient-shap", draws=steps)),
        {
            "": lambda: shap.attribute(
                hear(), hush(), n_samples=steps, stdevs=0.0, target=labels, return_convergence_delta=True
            )[0]
        },
    )
    lift = DeepLift(network)
    yield Contest(
        "deeplift",
        "captum",
        ours(build("deeplift")),
        {
            "": lambda: lift.attribute(
                (x := hear()), hush().expand_as(x), target=labels, return_convergence_delta=True
            )[0]
        },
    )
    layer = [module for module in network.modules() if isinstance(module, nn.Conv1d | nn.Conv2d)][-1]
    cam = LayerGradCam(network, layer)

    def grad_cam() -> Tensor:
        features = hear()
        maps = cam.attribute(features, target=labels, relu_attributions=True)
        mode = "bilinear" if features.ndim == 4 else "linear"
        return LayerAttribution.interpolate(maps, features.shape[2:], mode)

    yield Contest("grad-cam", "captum", ours(build("grad-cam")), {"": grad_cam})


def _zennit(network: nn.Module, hear: Run, weights: Tensor) -> Run:
    _without_torchvision()
    from zennit.attribution import Gradient
    from zennit.canonizers import SequentialMergeBatchNorm
    from zennit.composites import EpsilonGammaBox

    def run() -> Tensor:
        features = hear()
        low = features.flatten(1).amin(1).reshape(-1, *[1] * (features.ndim - 1)).expand_as(features)
        high = features.flatten(1).amax(1).reshape(-1, *[1] * (features.ndim - 1)).expand_as(features)
        composite = EpsilonGammaBox(
            low=low, high=high, epsilon=1e-9, stabilizer=1e-9, canonizers=[SequentialMergeBatchNorm()]
        )
        with Gradient(model=network, composite=composite) as attributor:
            return attributor(features, lambda logits: logits * weights)[1]

    return run


def _without_torchvision() -> None:
    """zennit asks torchvision for nothing but class names; a stand-in spares its wheel, which must match torch."""
    if "torchvision" in sys.modules:
        return
    stand_in = types.ModuleType("torchvision")
    models = types.ModuleType("torchvision.models")
    for name in ("vgg", "resnet"):
        module = types.ModuleType(f"torchvision.models.{name}")
        for kind in ("VGG", "ResNet", "BasicBlock", "Bottleneck"):
            setattr(module, kind, type(kind, (), {}))
        setattr(models, name, module)
        sys.modules[module.__name__] = module
    stand_in.models = models  # type: ignore[attr-defined]
    sys.modules |= {"torchvision": stand_in, "torchvision.models": models}
