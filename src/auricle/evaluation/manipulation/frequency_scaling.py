"""Frequency scaling: does a model of speakers' gender hear pitch?

The first manipulation experiment of Becker et al. (2018): the frequency axis of the spectrogram is scaled so that the
fundamental and the harmonics of each gender lie where the other's are (male × 1.5, female × 0.66); a model that hears
pitch then says the other gender. Conventions: a factor above 1 moves sound upwards; what would come from above the
highest frequency is silence. Magnitudes are scaled on the front-end's linear STFT, before mel bands and logarithm, by
straight interpolation between neighbouring bins; each bin keeps its own phase.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from auricle.classifier import Classifier
from auricle.errors import AuricleError, nearest
from auricle.evaluation.clips import Example
from auricle.evaluation.manipulation.examples import Heard, heard
from auricle.evaluation.manipulation.scaling import Scaling
from auricle.frontends import Waveform

FACTORS = {"male": 1.5, "female": 0.66}
"""Of Becker et al. (2018)."""
ROWS = 64
"""Windows of one forward pass."""


def scaled(stft: Tensor, factors: Tensor) -> Tensor:
    """``[B, F, T] -> [B, F, T]``, complex: what was at ``f`` hertz is at ``factor × f``; ``factors [B]``.

    A factor of 1 gives back the same bits.

    >>> stft = torch.zeros(1, 9, 1, dtype=torch.complex64)
    >>> stft[0, 4] = 1j
    >>> scaled(stft, torch.tensor([2.0])).abs()[0, :, 0].tolist()
    [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.5, 1.0]
    """
    magnitude = stft.abs()
    rows = stft.shape[-2]
    places = torch.arange(rows, device=stft.device, dtype=torch.float64) / factors.to(stft.device).double()[:, None]
    lower = places.floor().clamp(max=rows - 1).long()
    upper = (lower + 1).clamp(max=rows - 1)
    weight = (places - lower)[..., None].to(magnitude.dtype)
    within = (places <= rows - 1)[..., None]

    def at(index: Tensor) -> Tensor:
        return magnitude.gather(1, index[..., None].expand_as(magnitude))

    wanted = torch.where(within, (1 - weight) * at(lower) + weight * at(upper), 0.0)
    # A gain, because magnitude / magnitude is exactly 1; where there was nothing, there is no phase to keep.
    empty = magnitude < torch.finfo(magnitude.dtype).tiny
    gain = wanted / torch.where(empty, 1.0, magnitude)
    return torch.where(empty, torch.complex(wanted, torch.zeros_like(wanted)), stft * gain)


def frequency_scaling(
    examples: Iterable[Example],
    *,
    by: str = "gender",
    factors: Mapping[str, float] = FACTORS,
    group: str | None = None,
    on_step: Callable[[int], None] | None = None,
    failures: dict[str, str] | None = None,
) -> Scaling:
    """What the model says when each clip's frequency axis is scaled by the factor of its value in the column ``by``.

    ``examples`` are clips with rows that hold ``id``, ``actual`` and ``by``, see `Examples`; clips of other values are
    left out. Works for models that hear spectrograms. Clips that cannot be heard are put into ``failures``.
    """
    wrong = next((f"{name}={each}" for name, each in factors.items() if not 0.1 <= each <= 10), None)
    if wrong is not None or not factors:
        raise AuricleError(
            f"{wrong or 'no factor'} cannot scale a frequency axis; give factors such as male=1.5,female=0.66"
        )
    failures = {} if failures is None else failures
    rows: list[dict[str, Any]] = []
    before, after, control = [], [], 0.0
    labels: tuple[str, ...] = ()
    wanted = (example for example in examples if _value(example, by) in factors)
    for batch in heard(wanted, on_failure=lambda name, error: failures.update({name: str(error)})):
        if labels not in ((), batch.classifier.labels):
            raise AuricleError(f"the folds' models know different classes: {labels} and {batch.classifier.labels}")
        labels = batch.classifier.labels
        own = torch.tensor([factors[str(row[by])] for row in batch.rows], dtype=torch.float64)
        plain = _said(batch, None)
        control = max(control, float((_said(batch, torch.ones_like(own)) - plain).abs().max()))
        before.append(plain.argmax(1).cpu().numpy())
        after.append(_said(batch, own).argmax(1).cpu().numpy())
        rows += [dict(row) for row in batch.rows]
        if on_step is not None:
            on_step(len(batch.rows))
    if not rows:
        why = next(iter(failures.values()), f"none has {by} of {', '.join(factors)}")
        raise AuricleError(f"no clip could be heard: {why}")
    present = {str(row[by]) for row in rows}
    return Scaling(
        labels=labels,
        by=by,
        factors={name: each for name, each in factors.items() if name in present},
        rows=rows,
        before=np.concatenate(before),
        after=np.concatenate(after),
        control=control,
        group=group,
        failures=failures,
    )


def _value(example: Example, by: str) -> str:
    if by not in example.row:
        known = [each for each in example.row if not each.startswith(("p(", "logit("))]
        raise AuricleError(f'the clips have no column "{by}" to scale by; {nearest(by, known)}')
    if isinstance(example.classifier.frontend, Waveform):
        raise AuricleError(
            f"{example.classifier.name} hears samples, and only a spectrogram has a frequency axis to scale; use a "
            "model that hears spectrograms"
        )
    return str(example.row[by])


def _said(batch: Heard, factors: Tensor | None) -> Tensor:
    """Logits ``[B, C]``, the mean over windows; with factors from scaled spectrograms."""
    clips, width, n = batch.samples.shape
    samples = batch.samples.reshape(clips * width, n)
    each = None if factors is None else factors.repeat_interleave(width)
    said = []
    with torch.inference_mode(), batch.classifier.inference():
        for start in range(0, len(samples), ROWS):
            some = samples[start : start + ROWS]
            said.append(_logits(batch.classifier, some, None if each is None else each[start : start + ROWS]))
    return torch.cat(said).reshape(clips, width, -1).mean(1)


def _logits(classifier: Classifier, samples: Tensor, factors: Tensor | None) -> Tensor:
    front = classifier.frontend
    stft = front.stft(front.normalise(samples))
    stft = stft if factors is None else scaled(stft, factors)
    return classifier.logits_from_features(front.features(stft, length=samples.shape[-1]))
