"""The torch calls of a network written down, so that its beginning or its end can be run alone.

`record` notes every call on the road from samples to logits, as a ``TorchFunctionMode`` hears them. What depends on
the number of rows is learnt by recording twice with different numbers of rows (`merged`).
"""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

if TYPE_CHECKING:
    from auricle.classifier import Classifier


class NotLocal(Exception):
    """Parts of a network's work cannot be shared between coalitions; the message says why in one sentence."""


@dataclass(frozen=True)
class Slot:
    """A tensor that call number ``call`` returned, in the order of its outputs. The samples are call -1."""

    call: int
    place: int = 0


@dataclass(frozen=True)
class PerRow:
    """A whole number among a call's arguments that grows with the number of rows."""

    each: int
    plus: int


UNCLEAR = Slot(-2)
"""An argument that differs between two recordings in a way nobody can continue."""


@dataclass(frozen=True, eq=False)
class Call:
    """One call: ``inputs`` is ``(args, kwargs)`` with a `Slot` in place of every tensor made on the way.

    ``shapes`` are its output tensors' shapes; ``seconds`` how long it took for all rows; ``constant`` says that
    nothing in it comes from the samples; ``kept`` that running it again matters.
    """

    name: str
    func: Callable[..., Any]
    inputs: Any
    shapes: tuple[tuple[int, ...], ...]
    single: bool
    seconds: float
    constant: bool
    kept: bool

    def slots(self) -> list[Slot]:
        return [leaf for leaf in leaves(self.inputs) if isinstance(leaf, Slot)]


@dataclass(frozen=True, eq=False)
class Tape:
    """All calls up to the one that made the logits, which are ``output``."""

    rows: int
    calls: list[Call]
    output: Slot

    @property
    def seconds(self) -> float:
        return sum(call.seconds for call in self.calls)


# --- trees of arguments -------------------------------------------------------------------------------------------


def mapped(tree: Any, change: Callable[[Any], Any]) -> Any:
    """The same nesting of tuples, lists, dicts and slices with every leaf changed; sizes become tuples."""
    if isinstance(tree, torch.Size):
        return tuple(change(each) for each in tree)
    if isinstance(tree, tuple | list):
        parts = [mapped(each, change) for each in tree]
        return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)
    if isinstance(tree, dict):
        return {key: mapped(each, change) for key, each in tree.items()}
    if isinstance(tree, slice):
        return slice(*(mapped(each, change) for each in (tree.start, tree.stop, tree.step)))
    return change(tree)


def leaves(tree: Any) -> Iterator[Any]:
    """Every leaf of such a nesting, in order."""
    if isinstance(tree, slice):
        tree = (tree.start, tree.stop, tree.step)
    if isinstance(tree, dict):
        tree = tuple(tree.values())
    if isinstance(tree, tuple | list):
        for each in tree:
            yield from leaves(each)
    else:
        yield tree


def tensors(tree: Any) -> list[Tensor]:
    return [leaf for leaf in leaves(tree) if isinstance(leaf, Tensor)]


# --- listening ----------------------------------------------------------------------------------------------------


class Listener(TorchFunctionMode):
    """Hears every torch call and remembers which call made which tensor."""

    def __init__(self, samples: Tensor) -> None:
        super().__init__()
        self.count = 0
        self.timed = samples.is_cuda
        self._made: dict[int, tuple[weakref.ref[Tensor], Slot]] = {}
        self.remember(samples, Slot(-1))

    def remember(self, tensor: Tensor, slot: Slot) -> None:
        self._made[id(tensor)] = (weakref.ref(tensor), slot)

    def slot(self, tensor: Tensor) -> Slot | None:
        """Where the tensor came from; None for parameters, buffers and anything else from outside."""
        entry = self._made.get(id(tensor))
        return entry[1] if entry is not None and entry[0]() is tensor else None

    def __torch_function__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        index, kwargs = self.count, kwargs or {}
        self.count += 1
        start = time.perf_counter()
        result = func(*args, **kwargs)
        if self.timed:
            torch.cuda.synchronize()
        seconds = time.perf_counter() - start
        inputs = mapped((tuple(args), kwargs), lambda leaf: (isinstance(leaf, Tensor) and self.slot(leaf)) or leaf)
        given = {id(each) for each in tensors((args, kwargs))}
        for place, tensor in enumerate(tensors(result)):
            if id(tensor) not in given or self.slot(tensor) is not None:  # a parameter handed back stays a parameter
                self.remember(tensor, Slot(index, place))
        self.heard(index, func, inputs, args, result, seconds)
        return result

    def heard(
        self, index: int, func: Callable[..., Any], inputs: Any, args: tuple[Any, ...], result: Any, seconds: float
    ) -> None:
        raise NotImplementedError


class _Recorder(Listener):
    def __init__(self, samples: Tensor) -> None:
        super().__init__(samples)
        self.calls: list[Call] = []
        self.varying = {Slot(-1)}

    def heard(
        self, index: int, func: Callable[..., Any], inputs: Any, args: tuple[Any, ...], result: Any, seconds: float
    ) -> None:
        made = tensors(result)
        constant = not any(leaf in self.varying for leaf in leaves(inputs) if isinstance(leaf, Slot))
        if not constant:
            self.varying |= {Slot(index, place) for place in range(len(made))}
            if result is None and args and isinstance(args[0], Tensor):  # written into, as by x[...] = y
                self.varying |= {slot for slot in [self.slot(args[0])] if slot is not None}
        shapes = tuple(tuple(each.shape) for each in made)
        single, kept = isinstance(result, Tensor), result is None or bool(made)
        self.calls.append(Call(name_of(func), func, inputs, shapes, single, seconds, constant, kept))


def name_of(func: Callable[..., Any]) -> str:
    return str(getattr(func, "__name__", type(func).__name__))


def record(classifier: Classifier, samples: Tensor) -> Tape:
    """The calls on the road from ``samples [B, n]`` to the logits."""
    with torch.inference_mode(), classifier.inference(), _Recorder(samples) as recorder:
        output = classifier.logits_from_features(classifier.frontend(samples))
    slot = recorder.slot(output)
    if slot is None or slot not in recorder.varying:
        raise NotLocal(f"{classifier.name} computes its logits out of sight of PyTorch's functions, as scripts do")
    return Tape(len(samples), recorder.calls[: slot.call + 1], slot)


def merged(small: Tape, large: Tape) -> Tape:
    """The tape for any number of rows, from two recordings with different numbers of rows."""
    if [call.name for call in small.calls] != [call.name for call in large.calls]:
        raise NotLocal("the network takes other steps for another number of clips")

    def merge(first: Any, second: Any) -> Any:
        if isinstance(first, Tensor) or isinstance(second, Tensor):
            return first if _same(first, second) else UNCLEAR
        if type(first) is int and type(second) is int and first != second:
            each, rest = divmod(second - first, large.rows - small.rows)
            return UNCLEAR if rest else PerRow(each, first - each * small.rows)
        return first if first is second or (type(first) is type(second) and first == second) else UNCLEAR

    calls = []
    for one, other in zip(small.calls, large.calls, strict=True):
        second = iter(leaves(other.inputs))
        alike = len(list(leaves(one.inputs))) == len(list(leaves(other.inputs)))
        inputs = mapped(one.inputs, lambda leaf, second=second: merge(leaf, next(second))) if alike else (UNCLEAR,)  # type: ignore[misc]
        calls.append(replace(other, inputs=inputs))
    return Tape(large.rows, calls, large.output)


def _same(first: Any, second: Any) -> bool:
    if first is second:
        return True
    both = isinstance(first, Tensor) and isinstance(second, Tensor)
    return both and first.shape == second.shape and first.dtype == second.dtype and torch.equal(first, second)
