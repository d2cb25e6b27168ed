"""Does an explanation depend on what the network has learned? The same network with weights drawn anew must give
another one (Adebayo et al., "Sanity Checks for Saliency Maps", 2018; Sixt, Granz and Landgraf, "When Explanations Lie",
2020). A map that stays the same shows the sound, not the model.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Literal

import numpy as np
import torch
from torch import nn
from torch.nn.modules.batchnorm import _NormBase

from auricle.classifier import Classifier
from auricle.errors import AuricleError

SIGMA = 1.5
"""Standard deviation of the Gaussian window of SSIM, in cells (Wang et al. 2004)."""
_REACH = 3.5
_NORMS = (_NormBase, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm)
"""Layers that always begin with the same gains."""
_C1, _C2 = 0.01**2, 0.03**2


def randomised(classifier: Classifier, seed: int, *, layers: Literal["all"] | int = "all") -> Classifier:
    """A copy of the classifier whose weights are drawn anew from ``seed``; the classifier stays as it is.

    A layer that knows how to begin (``reset_parameters``) begins anew, and norms forget their running statistics; other
    parameters are drawn from a normal distribution with the standard deviation that they have. ``layers`` as a number
    randomises only so many layers from the top, in the reverse order of their definition. The draw happens on the CPU,
    so it is the same for every device; the global random state stays as it was.

    >>> from auricle.models import load_classifier
    >>> digits = load_classifier("digits")
    >>> one, again = (next(randomised(digits, 0).network.parameters()) for _ in range(2))
    >>> bool((one == again).all()), bool((one == next(digits.network.parameters())).all())
    (True, False)
    """
    names = layer_names(classifier)
    if layers != "all" and not 1 <= layers <= len(names):
        raise AuricleError(
            f'{classifier.name} has {len(names)} layers with weights, so {layers} cannot be drawn anew; give 1 to '
            f'{len(names)}, or "all"'
        )
    chosen = names if layers == "all" else names[:layers]
    network = copy.deepcopy(classifier.network)
    modules = dict(network.named_modules())
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.default_generator.manual_seed(seed)
        for name in chosen:
            _draw(modules[name])
    return _with(classifier, network)


def cascade(classifier: Classifier, seed: int) -> Iterator[tuple[str, Classifier]]:
    """The classifier with its top layer randomised, then its top two, and so on to all, each with the name of the layer
    that was reached: Adebayo's cascading randomisation. A layer keeps the weights of the step that first drew them.
    """
    for number, name in enumerate(layer_names(classifier), 1):
        yield name, randomised(classifier, seed, layers=number)


def layer_names(classifier: Classifier) -> list[str]:
    """Modules with weights (or running statistics) of their own, from the top of the network down."""
    found = [
        name
        for name, module in classifier.network.named_modules()
        if any(True for _ in module.parameters(recurse=False)) or isinstance(module, _NormBase)
    ]
    if not found:
        raise AuricleError(
            f"{classifier.name} has no weights that could be drawn anew, so that this check says nothing of it; give "
            "the network as a torch module"
        )
    return found[::-1]


def _draw(module: nn.Module) -> None:
    """New weights of one module's own, drawn on the CPU, put back to their devices."""
    own = [each for each in (*module.parameters(recurse=False), *module.buffers(recurse=False))]
    devices = [each.device for each in own]
    for each in own:
        each.data = each.data.cpu()
    before = [each.detach().clone() for each in module.parameters(recurse=False)]
    reset = getattr(module, "reset_parameters", None)
    if not (callable(reset) and _can_reset(reset)):
        for each in module.parameters(recurse=False):
            _normal(each)
    elif not isinstance(module, _NORMS) and all(map(torch.equal, before, module.parameters(recurse=False))):
        # What it resets is not its own, as a reparametrised weight.
        for each in module.parameters(recurse=False):
            _normal(each)
    for each, device in zip(own, devices, strict=True):
        each.data = each.data.to(device)


def _can_reset(reset: object) -> bool:
    try:
        reset()  # type: ignore[operator]
    except TypeError:  # it asks for something
        return False
    return True


def _normal(value: torch.Tensor) -> None:
    if not value.is_floating_point() or value.numel() == 0:
        return
    spread = float(value.double().std(correction=0)) or float(value.double().abs().mean())
    value.copy_(spread * torch.randn(value.shape, dtype=torch.float64))


def _with(classifier: Classifier, network: nn.Module) -> Classifier:
    """The same classifier around another network."""
    other = copy.copy(classifier)
    other.network = network
    other.name = f"{classifier.name} with random weights"
    other.remembered = {}
    return other


def similarity(one: np.ndarray, other: np.ndarray) -> dict[str, float | None]:
    """How alike two maps ``[F, T]`` are: ``spearman`` of their values, ``spearman_abs`` of their amounts, ``ssim`` of
    their amounts, each map's largest 1. None where a map is constant, so that nothing is ranked; SSIM always is.

    >>> found = similarity(np.array([[1.0, 2.0], [3.0, 4.0]]), -np.array([[1.0, 2.0], [3.0, 4.0]]))
    >>> round(found["spearman"], 6), round(found["spearman_abs"], 6), round(found["ssim"], 6)
    (-1.0, 1.0, 1.0)
    """
    first, second = np.asarray(one, np.float64), np.asarray(other, np.float64)
    if first.shape != second.shape:
        raise AuricleError(
            f"maps of shape {first.shape} and {second.shape} cannot be compared; explain the same clip at one level"
        )
    first, second = np.nan_to_num(first), np.nan_to_num(second)
    return {
        "spearman": _spearman(first, second),
        "spearman_abs": _spearman(np.abs(first), np.abs(second)),
        "ssim": ssim(*(np.abs(each) / (np.abs(each).max() or 1.0) for each in (first, second))),
    }


def ssim(one: np.ndarray, other: np.ndarray) -> float:
    """Structural similarity of maps from 0 to 1 (Wang et al. 2004), Gaussian window, its mean over all cells."""
    from scipy.ndimage import gaussian_filter

    def smooth(values: np.ndarray) -> np.ndarray:
        return gaussian_filter(values, SIGMA, truncate=_REACH)

    a, b = smooth(one), smooth(other)
    aa, bb, ab = smooth(one * one) - a * a, smooth(other * other) - b * b, smooth(one * other) - a * b
    alike = (2 * a * b + _C1) * (2 * ab + _C2) / ((a * a + b * b + _C1) * (aa + bb + _C2))
    return float(alike.mean())


def _spearman(one: np.ndarray, other: np.ndarray) -> float | None:
    from scipy import stats

    if np.ptp(one) == 0.0 or np.ptp(other) == 0.0:
        return None
    return float(stats.spearmanr(one.ravel(), other.ravel()).statistic)
