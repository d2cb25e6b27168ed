"""A mean over time right after a cut: then frames need not be put together, only their sums.

What a stretch of frames adds to the mean is known for every design; so a coalition's mean is a sum over a few
stretches, whatever the number of frames.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from auricle.methods.coalitions.tape import Call, Slot, Tape

ADAPTIVE = {"adaptive_avg_pool1d": 1, "adaptive_avg_pool2d": 2, "adaptive_avg_pool3d": 3}


@dataclass(frozen=True, eq=False)
class Pooling:
    """Call number ``call`` takes the mean of a cut's output over ``dims``, time (``axis``) among them.

    ``shape`` is what it returns for one row.
    """

    call: int
    dims: tuple[int, ...]
    axis: int
    shape: tuple[int, ...]

    @property
    def numbers(self) -> int:
        """How many numbers one row's mean has."""
        return math.prod(self.shape)

    def over_frames(self, features: Tensor) -> Tensor:
        """``[D, ...]`` at the cut, averaged over all but time: ``[D, frames, R]`` in double precision."""
        others = [dim for dim in self.dims if dim != self.axis]
        flat = features.mean(others, keepdim=True) if others else features
        return flat.movedim(self.axis, 1).flatten(2).double()

    def pooled(self, sums: Tensor, frames: int, like: Tensor) -> Tensor:
        """Sums over all frames ``[N, R]`` as the call would return them, ``[N, *shape]``."""
        return (sums / frames).to(like.dtype).reshape(len(sums), *self.shape)


def pooling(tape: Tape, cut: int, axis: int) -> Pooling | None:
    """The mean over time that alone uses the output of call ``cut``, if there is one."""
    users = [
        (index, call) for index, call in enumerate(tape.calls) if call.kept and Slot(cut) in call.slots()
    ]
    if len(users) != 1:
        return None
    index, call = users[0]
    dims = _dims(call, len(tape.calls[cut].shapes[0]), cut)
    if not call.single or dims is None or axis not in dims:
        return None
    return Pooling(index, dims, axis, call.shapes[0][1:])


def _dims(call: Call, count: int, cut: int) -> tuple[int, ...] | None:
    """The dimensions of which a call takes the plain mean; None if it does anything else."""
    args, kwargs = call.inputs
    if not args or args[0] != Slot(cut) or "dtype" in kwargs:
        return None
    if call.name in ADAPTIVE:
        last = ADAPTIVE[call.name]
        whole = call.shapes[0][-last:] == (1,) * last
        return tuple(range(count - last, count)) if whole else None
    given: Any = args[1] if len(args) > 1 else kwargs.get("dim")
    if call.name != "mean" or given is None:
        return None
    dims = tuple(dim % count for dim in ((given,) if isinstance(given, int) else given))
    return None if 0 in dims else dims


def running(values: Tensor) -> Tensor:
    """Running sums over frames ``[D, frames, R] -> [D, frames + 1, R]``: a stretch's sum is a difference of two."""
    return torch.cat([values.new_zeros(len(values), 1, values.shape[2]), values.cumsum(1)], dim=1)
