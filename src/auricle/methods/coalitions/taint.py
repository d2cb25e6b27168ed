"""Following NaN through a network, call by call, and noticing where it could get lost."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor

from auricle.methods.coalitions.replay import Reached
from auricle.methods.coalitions.tape import Listener, Slot, leaves, name_of, tensors

READING = frozenset(
    "item tolist numpy __array__ __float__ __int__ __bool__ __index__ is_nonzero equal allclose".split()
)
"""Calls that hand numbers to Python, where nothing can follow them."""
IGNORING = frozenset("nan_to_num fmax fmin nanmean nansum nanmedian nanquantile".split())
"""Calls that go round NaN."""


class Taint(Listener):
    """Which positions of each call's output are NaN: ``masks[call][axis]`` is bool ``[rows, size of the axis]``.

    ``only`` limits it to some calls and one axis of each, and leaves the network after the last of them.
    ``hidden`` is the first call from which on NaN does not tell everything, because it decided a comparison there or
    was ignored; ``read`` names the call by which it got into Python, ``mixing`` the first whose output is all NaN.
    """

    def __init__(self, samples: Tensor, only: Mapping[int, int] | None = None) -> None:
        super().__init__(samples)
        self.rows, self.only = len(samples), only
        self.masks: dict[int, dict[int, np.ndarray]] = {}
        self.sizes: dict[int, int] = {}
        self.hidden = math.inf
        self.read = self.mixing = ""
        self._tainted = {Slot(-1)}
        self._hiding: set[Slot] = set()

    def heard(
        self, index: int, func: Callable[..., Any], inputs: Any, args: tuple[Any, ...], result: Any, seconds: float
    ) -> None:
        if self.only is not None:
            if index in self.only:
                self.masks[index] = {self.only[index]: _mask(result.isnan(), self.only[index])}
            if index >= max(self.only):
                raise Reached
            return
        name, given = name_of(func), {leaf for leaf in leaves(inputs) if isinstance(leaf, Slot)}
        if given & (self._tainted | self._hiding) and name in READING:
            self.read = self.read or name
        if result is None and args and isinstance(args[0], Tensor):  # written into, as by x[...] = y
            result = args[0]
        made = tensors(result)
        if made and (given & self._hiding or (given & self._tainted and name.rstrip("_") in IGNORING)):
            self.hidden = min(self.hidden, index)
        for tensor in made:
            slot = self.slot(tensor)
            if slot is None:
                continue
            if not (tensor.is_floating_point() or tensor.is_complex()):
                if given & (self._tainted | self._hiding):
                    self._hiding.add(slot)
                continue
            nan = tensor.isnan()
            if not nan.any():
                continue
            self._tainted.add(slot)
            self.mixing = self.mixing or (name.strip("_") if nan.all() else "")
            if tensor is result and tensor.dim() > 1 and len(tensor) == self.rows:
                self.masks[index] = {axis: _mask(nan, axis) for axis in range(1, tensor.dim())}
                self.sizes[index] = tensor.numel() // self.rows * tensor.element_size()


def _mask(nan: Tensor, axis: int) -> np.ndarray:
    return np.asarray(nan.movedim(axis, 1).flatten(2).any(2).cpu() if nan.dim() > 2 else nan.cpu())


def time_axis(masks: Mapping[int, np.ndarray]) -> int | None:
    """The axis along which NaN in samples at a quarter, a half and three quarters stays around there, if there is one.

    >>> rows = np.eye(5, dtype=bool)[1:4]
    >>> time_axis({1: np.ones((3, 5), bool), 2: rows})
    2
    """
    found: dict[int, float] = {}
    for axis, mask in masks.items():
        if not mask.any(1).all():
            continue
        spans = np.array([np.flatnonzero(row)[[0, -1]] for row in mask])
        if spans[0, 1] == mask.shape[1] - 1 or spans[2, 0] == 0 or (np.ptp(spans, axis=1) == mask.shape[1] - 1).any():
            continue
        moved = (spans[2] - spans[0]).mean() / (mask.shape[1] / 2)
        if (np.diff(spans, axis=0) >= 0).all() and 0.5 <= moved <= 4.0:
            found[axis] = float(mask.mean())
    return min(found, key=lambda axis: found[axis]) if found else None


@contextmanager
def structural() -> Iterator[None]:
    """Convolutions computed sum by sum: faster algorithms mix neighbours and would spread NaN further."""
    with ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings(action="ignore"))  # these flags speak of other machines
        stack.enter_context(torch.backends.nnpack.flags(enabled=False))
        stack.enter_context(torch.backends.cudnn.flags(enabled=False))
        yield
