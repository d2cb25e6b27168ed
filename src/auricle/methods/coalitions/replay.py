"""The two halves of a network's road, cut after one call: its beginning from samples, its end from what it had then."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from auricle.methods.coalitions.tape import (
    Call,
    Listener,
    NotLocal,
    PerRow,
    Slot,
    Tape,
    mapped,
    name_of,
    tensors,
)

if TYPE_CHECKING:
    from auricle.classifier import Classifier


class Reached(BaseException):
    """Leaves the network's forward pass at the cut; no network catches it."""


class _Until(Listener):
    def __init__(self, samples: Tensor, cut: int, name: str) -> None:
        super().__init__(samples)
        self.cut, self.name = cut, name
        self.reached: Tensor | None = None

    def heard(
        self, index: int, func: Callable[..., Any], inputs: Any, args: tuple[Any, ...], result: Any, seconds: float
    ) -> None:
        if index == self.cut:
            if name_of(func) == self.name and isinstance(result, Tensor):
                self.reached = result
            raise Reached


def begun(classifier: Classifier, samples: Tensor, tape: Tape, cut: int) -> Tensor:
    """What call ``cut`` returns for ``samples [B, n]``; nothing after it is run."""
    call = tape.calls[cut]
    with torch.inference_mode(), classifier.inference():
        until = _Until(samples, cut, call.name)
        try:
            with until:
                classifier.network(classifier.frontend(samples))
        except Reached:
            pass
    if until.reached is None or tuple(until.reached.shape) != (len(samples), *call.shapes[0][1:]):
        raise NotLocal("the network no longer takes the steps that it took before")
    return until.reached


def divides(tape: Tape, cut: int) -> bool:
    """Whether everything after call ``cut`` comes from its one output: nothing made before it is used again."""
    call = tape.calls[cut]
    return call.single and not call.constant and cut < tape.output.call and _steps(tape, cut) is not None


def _steps(tape: Tape, cut: int) -> list[tuple[int, Call]] | None:
    """The calls after a cut, and what they may need of those before that do not depend on the samples."""
    known, steps = {Slot(cut)}, []
    for index, call in enumerate(tape.calls):
        if not call.kept or (index <= cut and not call.constant):
            continue
        if known.issuperset(call.slots()):
            known |= {Slot(index, place) for place in range(len(call.shapes))}
            steps.append((index, call))
        elif index > cut:
            return None
    return steps


class End:
    """Runs the calls after ``cut`` on features ``[N, ...]``, which they may overwrite: ``-> [N, C]``."""

    def __init__(self, tape: Tape, cut: int) -> None:
        self.cut, self.output = cut, tape.output
        steps = _steps(tape, cut)
        assert steps is not None, "a cut divides its network"
        self.steps = steps
        last: dict[Slot, int] = {}
        for index, call in self.steps:
            last |= dict.fromkeys(call.slots(), index)
        self.spent: dict[int, list[Slot]] = {}
        for slot, index in last.items():
            self.spent.setdefault(index, []).append(slot)

    def __call__(self, features: Tensor) -> Tensor:
        rows = len(features)
        values: dict[Slot, Tensor] = {Slot(self.cut): features}

        def given(leaf: Any) -> Any:
            if isinstance(leaf, Slot):
                return values[leaf]
            return leaf.each * rows + leaf.plus if isinstance(leaf, PerRow) else leaf

        for index, call in self.steps:
            args, kwargs = mapped(call.inputs, given)
            for place, tensor in enumerate(tensors(call.func(*args, **kwargs))):
                values[Slot(index, place)] = tensor
            for slot in self.spent.get(index, ()):
                if slot != self.output:
                    values.pop(slot, None)
        return values[self.output]
