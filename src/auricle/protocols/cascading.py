"""Cascading randomisation: do maps change when the network forgets, layer by layer, what it has learnt?

Adebayo et al., "Sanity Checks for Saliency Maps", 2018; the draw is that of L-MAC (Paissan et al. 2024):
Xavier-uniform weights and biases of 0.01, from the top layer down. Beside it stands how alike the maps of *different*
clips are: a map that is no more alike than that has nothing left of what it was.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.modules.batchnorm import _NormBase

from auricle.classifier import Classifier
from auricle.clip import Clip
from auricle.errors import AuricleError
from auricle.methods import Method
from auricle.metrics.bootstrap import Interval, bootstrap
from auricle.metrics.randomised import layer_names, similarity
from auricle.road import explain_batch

BIAS = 0.01
OTHER_CLIPS = "between clips"


@dataclass(frozen=True)
class Resemblance:
    """How alike a method's maps are to those of the trained network: ``depth`` layers from the top are random.

    Of ``layer`` "between clips" (depth 0) they are maps of the trained network for different clips. ``spearman`` is of
    signed values, ``ssim`` of amounts, each map's largest 1; None where no pair has one.
    """

    method: str
    depth: int
    layer: str
    ssim: Interval | None
    spearman: Interval | None

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


def steps_of(classifier: Classifier) -> list[list[str]]:
    """Layers from the top down; a layer with a weight matrix and the norms above it, which follow it, are a step.

    >>> from auricle.models import load_classifier
    >>> steps_of(load_classifier("digits"))[:2]
    [['head'], ['features.17', 'features.16']]
    """
    modules = dict(classifier.network.named_modules())
    steps: list[list[str]] = [[]]
    for name in layer_names(classifier):
        steps[-1].append(name)
        if any(each.ndim >= 2 for each in modules[name].parameters(recurse=False)):
            steps.append([])
    below = steps.pop()
    return [*steps[:-1], [*steps[-1], *below]] if steps else [below]


def cascade(classifier: Classifier, *, seed: int = 0) -> Iterator[tuple[str, Classifier]]:
    """Copies of the classifier with its top step randomised, then its top two, and so on, with the layer reached."""
    network = copy.deepcopy(classifier.network)
    modules = dict(network.named_modules())
    for depth, step in enumerate(steps_of(classifier)):
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(int(np.random.SeedSequence([seed, depth]).generate_state(1)[0]))
            for name in step:
                _draw(modules[name])
        yield step[-1], _around(classifier, copy.deepcopy(network))


def _draw(module: nn.Module) -> None:
    """Xavier-uniform weights, biases of 0.01; a norm begins anew, with its gains 1 and without statistics."""
    with torch.no_grad():
        if isinstance(module, _NormBase):
            module.reset_running_stats()
        for name, each in module.named_parameters(recurse=False):
            if each.ndim >= 2:
                drawn = torch.empty(each.shape, dtype=each.dtype)  # on the CPU: the same for every device
                each.copy_(nn.init.xavier_uniform_(drawn))
            else:
                each.fill_(BIAS if "bias" in name else 1.0)


def _around(classifier: Classifier, network: nn.Module) -> Classifier:
    other = copy.copy(classifier)
    other.network, other.remembered = network, {}
    other.name = f"{classifier.name}, partly random"
    return other


def cascaded(
    classifier: Classifier,
    clips: Sequence[Clip],
    methods: Mapping[str, Method],
    *,
    seed: int = 0,
    on_step: Callable[[], None] | None = None,
) -> list[Resemblance]:
    """Every method's maps at every depth against its maps of the trained network, and between different clips.

    The class explained stays the one that the trained network predicts. Learnt interpreters draw their masks from the
    randomised network, although they were not trained on it.
    """
    if len(clips) < 2:
        raise AuricleError(f"{len(clips)} clip cannot be compared with another; give at least 2")
    if not classifier.differentiable:
        raise AuricleError(f"{classifier.opaque} and shows no layers, so nothing can be drawn anew")
    targets = [classifier.predict(clip).label for clip in clips]
    first: dict[str, list[np.ndarray]] = {}
    found = []
    for name, method in methods.items():
        first[name] = _maps(classifier, clips, targets, method, seed)
        others = [*first[name][1:], first[name][0]]
        found.append(_alike(name, 0, OTHER_CLIPS, first[name], others))
        if on_step is not None:
            on_step()
    for depth, (layer, randomised) in enumerate(cascade(classifier, seed=seed), 1):
        for name, method in methods.items():
            maps = _maps(randomised, clips, targets, _unchecked(method), seed)
            found.append(_alike(name, depth, layer, first[name], maps))
            if on_step is not None:
                on_step()
    return found


def _unchecked(method: Method) -> Method:
    """A learnt method that does not refuse the network for its weights."""
    if not method.gives_mask:
        return method
    changes: dict[str, Any] = {"check_weights": False}
    return dataclasses.replace(method, **changes)  # type: ignore[type-var]


def _maps(
    classifier: Classifier, clips: Sequence[Clip], targets: Sequence[str], method: Method, seed: int
) -> list[np.ndarray]:
    return [each.map()[0] for each in explain_batch(clips, classifier, method, targets, seed=seed)]


def _alike(name: str, depth: int, layer: str, one: Sequence[np.ndarray], other: Sequence[np.ndarray]) -> Resemblance:
    pairs = [similarity(a, b) for a, b in zip(one, other, strict=True) if a.shape == b.shape]
    known = {key: [value for each in pairs if (value := each[key]) is not None] for key in ("ssim", "spearman")}
    ssim, spearman = (bootstrap(known[key]) if known[key] else None for key in ("ssim", "spearman"))
    return Resemblance(name, depth, layer, ssim, spearman)
