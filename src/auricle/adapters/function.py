"""A bare Python function on samples as a classifier: it can be asked, but it has no gradient."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from auricle.adapters.outputs import Outputs
from auricle.adapters.said import check_rate
from auricle.classifier import Classifier, Length
from auricle.errors import AuricleError
from auricle.frontends import Frontend, Waveform

Function = Callable[[np.ndarray], Any]
"""Samples ``[B, n]`` (float32), or a front-end's features, in; array, tensor or nested lists ``[B, C]`` out."""


def function_classifier(
    function: Function,
    *,
    labels: Sequence[str],
    sample_rate: int,
    frontend: Frontend | None = None,
    length: Length | None = None,
    outputs: Outputs = "probabilities",
    multi_label: bool = False,
    name: str | None = None,
) -> Classifier:
    """A function from samples to scores as a classifier, for all methods that remove parts of the sound.

    ``function`` is called with float32 samples ``[B, n]`` at ``sample_rate`` and returns ``[B, C]``, one column per
    label: ``probabilities`` (that sum to 1, or each on its own with ``multi_label``), ``logits``, or ``values`` that
    are no classes, such as a regression's. With a ``frontend`` it is called with that front-end's features instead of
    samples. ``length`` is what it does with clips of other lengths; None takes any.

    >>> import auricle, auricle.demo
    >>> def loud(samples):
    ...     level = np.abs(samples).mean(1).clip(0, 1)
    ...     return np.stack([1 - level, level], axis=1)
    >>> classifier = function_classifier(loud, labels=["quiet", "loud"], sample_rate=8000)
    >>> classifier.predict(auricle.load_clip(auricle.demo.clip("seven"))).label
    'quiet'
    """
    if not callable(function):
        raise AuricleError(f"{function!r} cannot be called; give a function from samples [B, n] to scores [B, C]")
    if isinstance(function, nn.Module):
        raise AuricleError(
            f"{type(function).__name__} is a torch network, and wants tensors; make auricle.Classifier(network, …) of "
            "it, so that methods can also use its gradient"
        )
    check_rate(sample_rate)
    called = name or str(getattr(function, "__name__", type(function).__name__))
    return Classifier(
        FunctionNetwork(function, called),
        frontend=frontend or Waveform(channel=False),
        labels=labels,
        sample_rate=sample_rate,
        length=length,
        multi_label=multi_label,
        outputs=outputs,
        name=called,
    )


class FunctionNetwork(nn.Module):
    """Calls a function and says in one sentence what is wrong with its answer."""

    differentiable = False

    def __init__(self, function: Function, name: str, why_not: str | None = None) -> None:
        super().__init__()
        self.why_not = why_not
        self.function = function
        self.name = name
        self._columns: int | None = None

    def forward(self, samples: Tensor) -> Tensor:
        given = np.array(samples.detach().cpu().numpy(), dtype=np.float32)  # a copy: the function may write into it
        try:
            answer = self.function(given)
        except AuricleError:
            raise
        except (Exception, SystemExit) as error:
            raise AuricleError(
                f"{self.name} raised {type(error).__name__} ({error}) when it was called with samples of shape "
                f"{given.shape}; it must take a batch of sounds, one per row"
            ) from error
        scores = self._numbers(answer)
        self._check_shape(scores.shape, len(given))
        if not np.isfinite(scores).all():
            row = int(np.argwhere(~np.isfinite(scores))[0][0])
            level = float(np.abs(samples[row].detach().cpu().numpy()).max(initial=0.0))
            which = "a silent sound" if level == 0.0 else f"a sound with a peak of {level:.3g}"
            raise AuricleError(
                f"{self.name} returned NaN or infinity for {which}; it must give a finite number for every sound, "
                "silence included"
            )
        return torch.as_tensor(scores)

    def _numbers(self, answer: Any) -> np.ndarray:
        if isinstance(answer, Tensor):
            answer = answer.detach().cpu().double().numpy()
        try:
            numbers = np.asarray(answer)
            if answer is None or numbers.dtype.kind == "c":
                raise TypeError(answer)
            return np.array(numbers, dtype=np.float64)
        except (ValueError, TypeError) as error:
            what = "None" if answer is None else type(answer).__name__
            raise AuricleError(
                f"{self.name} returned {what}, which is no array of numbers (real ones); return [B, C], one row per "
                "sound and one column per label"
            ) from error

    def _check_shape(self, shape: tuple[int, ...], rows: int) -> None:
        many = f"{rows} sound{'' if rows == 1 else 's'}"
        if len(shape) != 2:
            raise AuricleError(
                f"{self.name} returned shape {shape} for {many}; return two dimensions, one row per sound and one "
                "column per label, also for a single sound"
            )
        if shape[0] != rows:
            raise AuricleError(
                f"{self.name} returned {shape[0]} row{'' if shape[0] == 1 else 's'} for {many}; it must answer every "
                "sound of a batch with a row of its own"
            )
        if self._columns is not None and shape[1] != self._columns:
            raise AuricleError(
                f"{self.name} returned {shape[1]} columns after {self._columns} in earlier calls; it must always "
                "return one column per label"
            )
        self._columns = shape[1]
