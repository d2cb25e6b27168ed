"""What of a map is not sound at all: padding around the clip, and the flat end that some methods give silence."""

from __future__ import annotations

import numpy as np

from auricle.axes import Axes
from auricle.errors import AuricleError

SLACK = 1e-9
"""Seconds by which a frame's centre may miss the clip's end; what rounding does to it is less."""


def columns_in_clip(axes: Axes, seconds: float | None) -> slice:
    """The columns whose centres lie in the clip, from 0 to ``seconds`` (None: all columns).

    >>> columns_in_clip(Axes(np.array([-0.1, 0.1, 0.3, 0.5, 0.7])), 0.4)
    slice(0, 3, None)
    """
    centres = axes.seconds_centres
    if seconds is None:
        return slice(0, len(centres))
    inside = np.flatnonzero((centres >= -SLACK) & (centres <= seconds + SLACK))
    return slice(int(inside[0]), int(inside[-1]) + 1) if len(inside) else slice(0, 0)


def within_clip(start: float, end: float, seconds: float | None) -> tuple[float, float]:
    """Edges of bins as a stretch of the clip: a first frame is centred on time 0, and half of it lies before."""
    return max(start, 0.0), end if seconds is None else min(end, seconds)


def flat_end(relevance: np.ndarray) -> int:
    """The column from which on ``[F, T]`` is one value in every column (T: none).

    Such columns are how Grad-CAM and LIME show padded silence (AudibleXAI's "remove_silence", every one of them).

    >>> flat_end(np.array([[1.0, 2.0, 3.0, 3.0], [1.0, 0.0, 3.0, 3.0]]))
    2
    """
    varies = np.flatnonzero((relevance != relevance[:1]).any(axis=0))
    return int(varies[-1]) + 1 if len(varies) else 0


def positive(relevance: np.ndarray, axes: Axes, *, seconds: float | None, drop_trailing: bool = False) -> np.ndarray:
    """The positive part of relevance ``[F, T]`` in float64, with 0 on all that is padding."""
    if relevance.shape != axes.shape:
        raise AuricleError(
            f"the relevance is {list(relevance.shape)} and its axes are {list(axes.shape)}; regions are found on a map "
            "of frequency and time with axes of its own"
        )
    if not np.isfinite(relevance).all():
        raise AuricleError("the relevance is not finite (NaN or infinity), so that no part of it stands out")
    amounts = np.zeros(relevance.shape)
    inside = columns_in_clip(axes, seconds)
    amounts[:, inside] = np.maximum(relevance[:, inside], 0.0)
    if drop_trailing:
        amounts[:, flat_end(relevance) :] = 0.0
    return amounts
