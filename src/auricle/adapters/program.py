"""A compiled network, TorchScript or an exported program: it can be asked, but not looked into."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from auricle.errors import AuricleError


@dataclass(frozen=True)
class Manner:
    """How a program wants to be called: with a channel dimension added, and at least and at most so many rows."""

    channel: bool
    least: int = 1
    most: int | None = None


class Program(nn.Module):
    """Calls a program in the manner that it takes, which the first input shows.

    Samples are given as ``[B, n]`` or, if it does not take these, ``[B, 1, n]``. A program that takes only one row at a
    time, or that lets the rows of a batch disturb each other, gets them one by one. ``shape`` is the input's, where it
    is known: a fixed number of rows is filled up, and what has other sizes is told. ``samples`` says that there is no
    front-end. The program is kept out of ``modules()``, because frozen ones lack what every module has.
    """

    differentiable = False

    def __init__(
        self,
        program: nn.Module,
        *,
        name: str,
        classes: int,
        why_not: str,
        samples: bool,
        shape: tuple[int | None, ...] | None = None,
    ) -> None:
        super().__init__()
        self.why_not = why_not
        self._held = (program,)
        self._name = name
        self._classes = classes
        self._samples = samples
        self._shape = shape
        self._manner: Manner | None = None

    def parameters(self, recurse: bool = True) -> Iterator[nn.Parameter]:
        return self._held[0].parameters(recurse)

    def state_dict(self, *args: Any, **kwargs: Any) -> dict[str, Any]:  # type: ignore[override]
        return self._held[0].state_dict(*args, **kwargs)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Program:
        self._held[0]._apply(fn, recurse)
        return self

    def extra_repr(self) -> str:
        return self._name

    def forward(self, features: Tensor) -> Tensor:
        if self._manner is None:
            self._manner = self._found(features)
        return self._called(features, self._manner)

    def _called(self, features: Tensor, manner: Manner) -> Tensor:
        given = features.unsqueeze(1) if manner.channel else features
        self._check_shape(given)
        try:
            step = manner.most or len(given)
            return torch.cat([self._filled(part, manner.least) for part in given.split(step)])
        except AuricleError:
            raise
        except Exception as error:  # a program raises what its maker's code raised
            raise AuricleError(
                f"{self._name} failed with an input of shape {tuple(given.shape)}: {_last_line(error)}; check the "
                "front-end, the sample rate and the length that it wants"
            ) from error

    def _filled(self, part: Tensor, least: int) -> Tensor:
        """The answer to some rows, repeated where they are too few."""
        lacking = max(least - len(part), 0)
        given = torch.cat([part, part[:1].expand(lacking, *part.shape[1:])]) if lacking else part
        return _tensor(self._held[0](given))[: len(part)]

    def _check_shape(self, given: Tensor) -> None:
        if self._shape is None:
            return
        wanted, got = self._shape[1:], tuple(given.shape[1:])
        if len(wanted) != len(got) or any(size not in (None, had) for size, had in zip(wanted, got, strict=True)):
            said = ", ".join("any" if size is None else str(size) for size in wanted)
            raise AuricleError(
                f"{self._name} was exported for inputs of shape [batch, {said}] and gets "
                f"[batch, {', '.join(map(str, got))}]; give the front-end, the sample rate and the length (seconds) "
                "that it was exported with"
            )

    def _found(self, features: Tensor) -> Manner:
        """The first manner that answers two different inputs, each as if it were alone."""
        first = features[:1]
        pair = torch.cat([first, 0.5 * first.flip(-1)])
        reasons: list[str] = []
        for channel in (False, True) if self._samples else (False,):
            try:
                return self._of_shape(pair, channel)
            except AuricleError as error:
                reasons.append(str(error))
        raise AuricleError("; and ".join(dict.fromkeys(reasons)))

    def _of_shape(self, pair: Tensor, channel: bool) -> Manner:
        fixed = self._shape[0] if self._shape else None
        single = Manner(channel, least=fixed or 1, most=fixed or 1)
        try:
            alone = torch.cat([self._checked(pair[k : k + 1], single) for k in range(2)])
        except AuricleError as error:
            if fixed is not None:
                raise
            several = Manner(channel, least=2)  # exported for more rows than one
            try:
                self._checked(pair, several)
            except AuricleError:
                raise error from None
            return several
        if not _same(alone[:1], self._checked(pair[:1], single)):
            raise AuricleError(
                f"{self._name} gives another answer each time; export it in evaluation mode, after network.eval()"
            )
        try:
            together = Manner(channel)
            return together if fixed is None and _same(self._checked(pair, together), alone) else single
        except AuricleError:
            return single

    def _checked(self, features: Tensor, manner: Manner) -> Tensor:
        answer = self._called(features, manner)
        wanted = (len(features), self._classes)
        if tuple(answer.shape) != wanted:
            raise AuricleError(
                f"{self._name} returned shape {tuple(answer.shape)} for {len(features)} "
                f"input{'s' if len(features) > 1 else ''}; it must be {wanted}, one column for each of the "
                f"{self._classes} labels"
            )
        return answer


def _tensor(output: Any) -> Tensor:
    if isinstance(output, tuple | list) and output:
        output = output[0]
    elif isinstance(output, dict):
        output = output.get("logits")
    elif hasattr(output, "logits"):
        output = output.logits
    if not isinstance(output, Tensor):
        raise AuricleError(f"a model returned {type(output).__name__} instead of a tensor of scores [B, C]")
    return output


def _same(one: Tensor, other: Tensor) -> bool:
    scale = float(one.detach().abs().nan_to_num().max())
    return torch.allclose(one, other, rtol=1e-3, atol=1e-4 * scale, equal_nan=True)


def _last_line(error: Exception) -> str:
    """What went wrong, without the traceback that TorchScript writes before it."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1].rstrip(".") if lines else type(error).__name__
