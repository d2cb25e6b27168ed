"""What an interpreter reads of a classifier: the maps of several layers, in one pass, on time and pitch."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor, nn

from auricle.classifier import Classifier
from auricle.concepts.tap import Tap, tapped
from auricle.errors import AuricleError
from auricle.frontends import Frontend, Waveform
from auricle.methods.channels import channels_of
from auricle.methods.derivatives import COMPILED

Kind = Literal["grid", "tokens"]
GRID: Kind = "grid"
TOKENS: Kind = "tokens"


@dataclass(frozen=True)
class Reading:
    """A layer that is read: its name, how many channels it has, and what its positions are.

    ``grid``: rows of pitch × frames of time (one row where there is no pitch). ``tokens``: positions in an order of
    the network's own, as of a transformer on patches of a spectrogram.
    """

    layer: str
    channels: int
    kind: Kind = GRID


def read(taps: Sequence[Tap], clips: int, frontend: Frontend) -> tuple[list[Tensor], list[Kind]]:
    """Maps ``[B, channels, rows, frames]`` of the tapped layers (tokens: one row), without gradient."""
    found: list[Tensor] = []
    kinds: list[Kind] = []
    for tap in taps:
        said = tap.said.detach()
        if len(said) % clips:
            tap.check_clips(clips)
        pieces = len(said) // clips  # a clip that the network hears in pieces: one after the other in time
        order = said.movedim(tap.axis, 1)
        kind = GRID
        if order.ndim == 4:
            values = order if _time_is_last(frontend) else order.transpose(2, 3)
        else:
            values = order.unsqueeze(-1) if order.ndim == 2 else order
            values = values.unsqueeze(2)
            if tap.axis == 2 and not isinstance(frontend, Waveform):
                kind = TOKENS
        values = values.unflatten(0, (clips, pieces)).movedim(1, 3).flatten(3, 4)
        found.append(values)
        kinds.append(kind)
    return found, kinds


def _time_is_last(frontend: Frontend) -> bool:
    """Whether time runs along the last axis of the network's input, and so of its maps."""
    return getattr(frontend, "layout", "channel") in ("channel", "plain")


class Reader:
    """Listens to some layers of a classifier while it hears clips."""

    def __init__(self, classifier: Classifier, layers: Sequence[str]) -> None:
        known = [name.replace(COMPILED, "") for name, _ in classifier.network.named_modules() if name]
        for layer in layers:
            if layer not in known:
                raise AuricleError(
                    f'{classifier.name} has no layer "{layer}" to read; it has {", ".join(known) or "none"}'
                )
        if not layers:
            raise AuricleError(f"no layers of {classifier.name} to read were named; it has {', '.join(known)}")
        self.classifier, self.layers = classifier, tuple(layers)

    def __call__(self, features: Tensor) -> tuple[Tensor, list[Tensor], list[Kind]]:
        """Logits ``[B, C]``, the maps and their kinds, from the network's input."""
        with torch.no_grad(), self.classifier.inference(), ExitStack() as stack:
            taps = [stack.enter_context(tapped(self.classifier.network, layer)) for layer in self.layers]
            logits = self.classifier.logits_from_features(features)
            maps, kinds = read(taps, len(logits), self.classifier.frontend)
        return logits, maps, kinds


def readings(classifier: Classifier, layers: Sequence[str], features: Tensor) -> tuple[Reading, ...]:
    """Sizes and kinds of the layers that are read, found by letting the network hear ``features``."""
    _, maps, kinds = Reader(classifier, layers)(features)
    return tuple(
        Reading(layer, values.shape[1], kind) for layer, values, kind in zip(layers, maps, kinds, strict=True)
    )


def default_layers(classifier: Classifier, features: Tensor, count: int) -> tuple[str, ...]:
    """The last layer of each resolution, at most the ``count`` deepest of them, in the order they are heard.

    Of a convolutional network these are the outputs of its blocks, before the pooling that ends them.
    """
    ends: dict[tuple[int, ...], list[str]] = {}
    """By size, the last layer of it, and the modules of several layers that end in it."""
    calls: dict[str, int] = {}

    def hear(name: str, module: nn.Module, inputs: Any, output: Any) -> None:
        calls[name] = calls.get(name, 0) + 1
        first = output[0] if isinstance(output, tuple | list) and output else output
        if not isinstance(first, Tensor) or first.ndim not in (3, 4) or isinstance(module, nn.Dropout | nn.Identity):
            return
        alone = not list(module.children())
        sizes = tuple(size for place, size in enumerate(first.shape) if place not in (0, channels.axis(first)))
        if max(sizes) > 1 and alone:
            ends.pop(sizes, None)
            ends[sizes] = [name]
        elif sizes in ends:
            ends[sizes].append(name)

    with torch.no_grad(), classifier.inference(), ExitStack() as stack:
        channels = stack.enter_context(channels_of(classifier.network))  # first, so that it hears a layer before `hear`
        for name, module in classifier.network.named_modules():
            if name:
                handle = module.register_forward_hook(partial(hear, name.replace(COMPILED, "")))
                stack.callback(handle.remove)
        classifier.logits_from_features(features)
    # A layer that several modules share, such as one ReLU, says several things; the module around it says one.
    found = [each[0] for names in ends.values() if (each := [name for name in names if calls[name] == 1])]
    if not found:
        raise AuricleError(f"{classifier.name} has no layer with positions in time; name some with layers=[…]")
    return tuple(found[-count:])
