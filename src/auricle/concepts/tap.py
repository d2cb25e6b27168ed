"""Looking at, or replacing, what one layer of a network says, as vectors of its channels at its positions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from auricle.errors import AuricleError
from auricle.methods.channels import Channels, channels_of
from auricle.methods.inside import layer_of
from auricle.methods.measured import measure_of


@dataclass(eq=False)
class Tap:
    """What a layer said: its ``output`` (in the graph) and on which ``axis`` its channels lie."""

    name: str
    output: Tensor | None = None
    axis: int = 1
    calls: int = 0
    change: Callable[[Tensor], Tensor] | None = None
    """Vectors ``[B, L, d]`` in, what the rest of the network hears instead out."""
    _channels: Channels = field(default_factory=Channels)

    @property
    def said(self) -> Tensor:
        if self.calls != 1 or self.output is None:
            raise AuricleError(
                f'the layer "{self.name}" was called {self.calls} times for one input; choose one that is called once'
            )
        return self.output

    @property
    def carrier(self) -> Tensor:
        """What carries relevance here: the output or, where a batch norm has added to it, what it was added to."""
        measure = measure_of(self.said)
        return self.said if measure is None else measure.deviation

    @property
    def activation(self) -> Tensor:
        """What relevance at the layer is a multiple of, as vectors ``[B, L, d]``: R = a ⊙ c."""
        return self.vectors(self.carrier.detach())

    def check_clips(self, clips: int) -> None:
        """Raise `AuricleError` unless the layer's first axis is that of the clips."""
        if len(self.said) != clips:
            raise AuricleError(
                f'the layer "{self.name}" gives shape {tuple(self.said.shape)} for {clips} clips, so that its first '
                "axis is not that of the clips; choose a layer where it is (batch_first)"
            )

    @property
    def positions(self) -> tuple[int, ...]:
        """The sizes of the axes on which positions lie: ``(height, width)``, ``(length,)`` or ``()``."""
        sizes = list(self.said.shape[1:])
        del sizes[self.axis - 1]
        return tuple(sizes)

    def vectors(self, values: Tensor) -> Tensor:
        """Values in the layer's shape ``[…, B, d, *positions]`` as ``[…, B, L, d]``."""
        more = values.ndim - self.said.ndim
        values = values.movedim(self.axis + more, -1)
        return values.flatten(more + 1, -2) if values.ndim > more + 2 else values.unsqueeze(-2)

    def shaped(self, vectors: Tensor) -> Tensor:
        """The way back from ``[…, B, L, d]`` to the layer's shape."""
        more = vectors.ndim - 3
        if not self.positions:
            return vectors.squeeze(-2)
        return vectors.unflatten(-2, self.positions).movedim(-1, self.axis + more)

    def _hear(self, module: nn.Module, inputs: Any, output: Any) -> Any:
        first = output[0] if isinstance(output, tuple | list) and output else output
        if not isinstance(first, Tensor) or first.ndim not in (2, 3, 4):
            shape = f"shape {tuple(first.shape)}" if isinstance(first, Tensor) else f"a {type(first).__name__}"
            raise AuricleError(
                f'the layer "{self.name}" gives {shape}; choose one that gives [B, channels, …] or '
                "[B, tokens, channels]"
            )
        self.calls += 1
        self.output = first
        self.axis = 1 if first.ndim == 2 else self._channels.axis(first)
        if self.change is None:
            return None
        changed = self.shaped(self.change(self.vectors(first)))
        return changed if first is output else type(output)((changed, *output[1:]))


@contextmanager
def tapped(network: nn.Module, layer: str, change: Callable[[Tensor], Tensor] | None = None) -> Iterator[Tap]:
    """While active, the network's next pass is listened to at ``layer``, or changed there.

    Channels are the last axis behind a dense layer or layer norm (tokens) and the second elsewhere.
    """
    name, module = layer_of(network, layer)
    with channels_of(network) as channels:
        tap = Tap(name, change=change, _channels=channels)
        # The tap hears last, after what the layer itself is made of.
        handle = module.register_forward_hook(tap._hear)
        try:
            yield tap
        finally:
            handle.remove()


def context_of(tap: Tap, value: Tensor, seeds: Tensor) -> Tensor:
    """The gradient form of relevance at the layer, in its own shape; the graph is kept."""
    tap.check_clips(len(value))
    if not tap.carrier.requires_grad:
        raise AuricleError(f'the layer "{tap.name}" does not hear the clip; choose another')
    (context,) = torch.autograd.grad(value, tap.carrier, seeds, retain_graph=True, allow_unused=True)
    if context is None:
        raise AuricleError(
            f'relevance does not pass through the layer "{tap.name}": a batch norm behind it is folded into it, or the '
            "score does not depend on it; choose the layer after it, for example its ReLU"
        )
    return context.detach()
