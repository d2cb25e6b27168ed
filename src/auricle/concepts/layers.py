"""The layers of a network at which concepts can be looked for: their shapes, and how much sound one position hears."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from auricle.classifier import Classifier
from auricle.errors import AuricleError
from auricle.methods import build
from auricle.methods.channels import channels_of
from auricle.methods.coalitions.taint import structural
from auricle.methods.derivatives import COMPILED
from auricle.methods.one_pass import OnePassMethod
from auricle.methods.point import Point

BRANCHES = 32
"""Into how many parts the input is cut to find the edges of a receptive field; then the outermost again."""
ROWS = 16


@dataclass(frozen=True)
class Layer:
    """A layer: its module's name and kind, ``channels`` d, ``positions`` (height, width), (length,) or ().

    seconds, hertz: what one position in the middle hears at most, None where that is everything. note: why it cannot
    serve, else "".
    """

    name: str
    kind: str
    channels: int
    positions: tuple[int, ...]
    seconds: float | None
    hertz: float | None
    note: str

    @property
    def shape(self) -> str:
        return " × ".join(str(size) for size in (self.channels, *self.positions))

    @property
    def field(self) -> str:
        """The receptive field, in words."""
        time = "all the time" if self.seconds is None else f"{1000 * self.seconds:.0f} ms"
        pitch = "all frequencies" if self.hertz is None else f"{self.hertz:.0f} Hz"
        return f"{time} × {pitch}"


def layers(classifier: Classifier, *, seconds: float | None = None) -> list[Layer]:
    """Every layer of the network that gives one tensor of channels once, in the order in which they are heard.

    ``seconds`` is how long a sound they hear (by default what the classifier wants, or one second). The receptive field
    is measured: NaN is put into parts of the features, and where it arrives is looked up. Raises `AuricleError` for a
    classifier without layers, or for no sound.
    """
    if not classifier.differentiable:
        raise AuricleError(f"{classifier.opaque}; it has no layers to look into")
    if seconds is not None and not (1 <= seconds * classifier.sample_rate < math.inf):
        raise AuricleError(f"layers cannot hear {seconds:g} s of sound; give them some, for example 1 s")
    count = round((seconds or classifier.length.seconds or 1.0) * classifier.sample_rate)
    noise = 0.1 * torch.randn(1, count, generator=torch.Generator().manual_seed(0))
    samples = noise.to(classifier.device, classifier.dtype)
    with torch.inference_mode(False), classifier.inference():
        features = classifier.frontend(samples).detach()
        found = _found(classifier, features)
        used = _passed(classifier, samples, [name for name, _, _ in found])
        fields = _Fields(classifier, features, count, [(name, axis) for name, axis, _ in found])
        modules = _modules(classifier)
        return [
            Layer(
                name,
                type(modules[name]).__name__,
                output.shape[axis],
                tuple(size for place, size in enumerate(output.shape) if place not in (0, axis)),
                *fields.of(name),
                "" if name in used else "relevance passes it by: the batch norm after it is folded into it",
            )
            for name, axis, output in found
        ]


def _modules(classifier: Classifier) -> dict[str, nn.Module]:
    return {name.replace(COMPILED, ""): module for name, module in classifier.network.named_modules() if name}


@contextmanager
def _hearing(classifier: Classifier, hear: Any) -> Iterator[None]:
    handles = [
        module.register_forward_hook(lambda module, inputs, output, name=name: hear(name, module, output))
        for name, module in _modules(classifier).items()
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _first(output: Any) -> Tensor | None:
    first = output[0] if isinstance(output, tuple | list) and output else output
    return first if isinstance(first, Tensor) and first.ndim in (2, 3, 4) and first.is_floating_point() else None


def _found(classifier: Classifier, features: Tensor) -> list[tuple[str, int, Tensor]]:
    """Names, channel axes and outputs of the layers that are called once and give one map."""
    heard: list[tuple[str, int, Tensor]] = []
    calls: dict[str, int] = {}

    def hear(name: str, module: nn.Module, output: Any) -> None:
        calls[name] = calls.get(name, 0) + 1
        first = _first(output)
        if first is not None and first.shape[0] == 1 and not isinstance(module, nn.Dropout | nn.Identity):
            heard.append((name, 1 if first.ndim == 2 else channels.axis(first), first))

    with torch.no_grad(), channels_of(classifier.network) as channels, _hearing(classifier, hear):
        classifier.logits_from_features(features)
    return [each for each in heard if calls[each[0]] == 1 and each[2].shape[each[1]] > 1]


def _passed(classifier: Classifier, samples: Tensor, names: list[str]) -> set[str]:
    """The layers that relevance passes through, by LRP."""
    outputs: dict[str, Tensor] = {}

    def hear(name: str, module: nn.Module, output: Any) -> None:
        first = _first(output)
        if name in names and first is not None:
            outputs[name] = first

    method = build("lrp")
    assert isinstance(method, OnePassMethod)
    with torch.enable_grad(), _hearing(classifier, hear):
        run = method.one_pass(Point(classifier, samples, "features"), torch.ones(1, len(classifier.labels)).to(samples))
    known = {name: each for name, each in outputs.items() if each.requires_grad}
    gradients = torch.autograd.grad(run.value, list(known.values()), run.seeds, allow_unused=True)
    return {name for name, each in zip(known, gradients, strict=True) if each is not None}


class _Fields:
    """Receptive fields of the middle position of every layer, by putting NaN into ranges of the features."""

    def __init__(self, classifier: Classifier, features: Tensor, count: int, found: list[tuple[str, int]]) -> None:
        self.classifier, self.features, self.axis = classifier, features, dict(found)
        numbers = torch.arange(features.numel()).reshape(features.shape)
        self.places = classifier.frontend.to_map(numbers)[0]  # where on hertz × seconds each number of x lies
        self.axes = classifier.frontend.axes(count)
        self._known: dict[tuple[int, int, int], set[str]] = {}

    def of(self, name: str) -> tuple[float | None, float | None]:
        """Seconds and hertz, None for everything."""
        seconds = self._extent(name, self.places.ndim - 1)
        time = None if seconds is None else float(self.axes.seconds[seconds[1]] - self.axes.seconds[seconds[0]])
        if self.places.ndim == 1 or self.axes.hertz is None:
            return time, None
        pitch = self._extent(name, 0)
        return time, None if pitch is None else float(self.axes.hertz[pitch[1]] - self.axes.hertz[pitch[0]])

    def _extent(self, name: str, axis: int) -> tuple[int, int] | None:
        size = self.places.shape[axis]
        first = self._edge(name, axis, 0, size, last=False)
        end = self._edge(name, axis, 0, size, last=True)
        if first is None or end is None or (first == 0 and end == size - 1):
            return None
        return first, end + 1

    def _edge(self, name: str, axis: int, start: int, stop: int, *, last: bool) -> int | None:
        """The first, or last, column within a range that the middle of a layer hears."""
        cuts = np.unique(np.linspace(start, stop, min(BRANCHES, stop - start) + 1).astype(int))
        ranges = [(int(a), int(b)) for a, b in pairwise(cuts)]
        self._ask(axis, ranges)
        hit = [each for each in ranges if name in self._known[(axis, *each)]]
        if not hit:
            return None
        low, high = hit[-1 if last else 0]
        return low if high - low == 1 else self._edge(name, axis, low, high, last=last)

    def _ask(self, axis: int, ranges: list[tuple[int, int]]) -> None:
        new = [each for each in ranges if (axis, *each) not in self._known]
        for begin in range(0, len(new), ROWS):
            some = new[begin : begin + ROWS]
            rows = self.features.repeat(len(some), *[1] * (self.features.ndim - 1))
            for row, (low, high) in enumerate(some):
                self._known[(axis, low, high)] = set()
                rows[row].view(-1)[self.places.narrow(axis, low, high - low).flatten()] = torch.nan

            def hear(name: str, module: nn.Module, output: Any, some: list[tuple[int, int]] = some) -> None:
                first = _first(output)
                if name not in self.axis or first is None or len(first) != len(some):
                    return
                middle = first.movedim(self.axis[name], 1)
                for place in range(2, first.ndim):
                    middle = middle.select(2, first.movedim(self.axis[name], 1).shape[place] // 2)
                for each, nan in zip(some, middle.isnan().flatten(1).any(1).tolist(), strict=True):
                    if nan:
                        self._known[(axis, *each)].add(name)

            with torch.no_grad(), structural(), _hearing(self.classifier, hear):
                self.classifier.network(rows)
