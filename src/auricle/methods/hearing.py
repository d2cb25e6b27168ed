"""Which part of the input each token stands for, found by following positions back through the network.

A transformer's tokens lie on a grid that only its first layers know: patches of frequency and time, steps of a few
convolutions, a spectrogram folded into an image. Under `Hearing` the network computes what it always does, but every
function's derivative says only *from where* it took its values:

- a convolution or a pool: equally from all positions under its kernel (from the middle one, if it keeps the size);
- dense layers, norms and non-linearities: from the same position;
- attention: from the token itself, as each token stands for its own place; recurrent layers likewise;
- reshapes, sums, joints, padding: their own derivative. A class token comes from nowhere in the input.

A value of the input is given the mean of the tokens that took something from it; if none did, nothing.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from auricle.methods.derivatives import Derivatives
from auricle.methods.hearing_handlers import HANDLERS

FAINT = 1e-6
"""Less than this share of the largest weight is none: resizing may take a little off its neighbours."""


class Hearing(Derivatives):
    """Derivatives that follow positions. ``mixed`` has the values and the result of every self-attention."""

    def __init__(self) -> None:
        super().__init__(HANDLERS, own=None)
        self.mixed: list[tuple[Tensor, Tensor]] = []

    def count(self) -> int:
        return 0  # no call needs a place among the others


class _Heard(Exception):
    """The layer has spoken; what follows is not needed."""


def heard_at(network: nn.Module, module: nn.Module, x: Tensor) -> tuple[Tensor, Tensor]:
    """What a layer says of x, and that x: two ends of a graph that follows positions."""
    said: list[Tensor] = []

    def hear(module: nn.Module, inputs: Any, output: Any) -> None:
        said.append(output[0] if type(output) in (tuple, list) else output)
        raise _Heard

    x = x.detach().requires_grad_()
    handle = module.register_forward_hook(hear)
    try:
        with Hearing():
            network(x)
    except _Heard:
        pass
    finally:
        handle.remove()
    return said[0], x


def placed(said: Tensor, x: Tensor) -> Tensor:
    """Which values of ``said`` take from x anywhere at all; a class token does not."""
    along = torch.ones_like(said).requires_grad_()  # what lies above is linear in it: its derivative is the way forward
    (back,) = torch.autograd.grad(said, x, along, create_graph=True)
    (forward,) = torch.autograd.grad(back.sum(), along)
    return forward.abs() > FAINT * forward.abs().amax()


def follow(said: Tensor, x: Tensor, values: Tensor) -> Tensor:
    """Values at a tensor of the graph, expanded to its shape, at the places in x that it took its own from."""

    def back(values: Tensor) -> Tensor:
        return torch.autograd.grad(said, x, values.to(said).expand_as(said), retain_graph=True)[0]

    taken, weight = back(values), back(torch.ones_like(values))
    heard = weight > FAINT * weight.amax()
    return torch.where(heard, taken / torch.where(heard, weight, 1.0), 0.0)
