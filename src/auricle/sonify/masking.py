"""From relevance to a mask: which part of a map is kept, and how much of it."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

import numpy as np

from auricle.errors import AuricleError, nearest

Style = Literal["mask", "bandpass", "griffin-lim", "audible-heatmap"]
Shape = Literal["soft", "regions", "given"]
Sign = Literal["positive", "negative", "both"]
STYLES: tuple[Style, ...] = get_args(Style)


@dataclass(frozen=True, kw_only=True)
class Masking:
    """How relevance becomes sound.

    - ``style``: ``mask`` weights the complex STFT, with its original phase; ``bandpass`` cuts boxes out of the sound
      with linear-phase filters; ``griffin-lim`` throws the phase away and invents one; ``audible-heatmap`` weights
      the waveform itself.
    - ``shape``: ``soft`` is ``min(1, R / r*)``, ``regions`` is ``1[R >= r*]``; ``given`` takes the map for the mask
      that it is, from 0 to 1, and ``share``, ``sign`` and ``blur`` have no part in it.
    - ``share``: the strongest cells that together hold this share of all chosen relevance define ``r*``, the weakest
      relevance among them.
    - ``sign``: what is chosen: relevance for the class (``positive``), against it (``negative``), or ``both``.
    - ``blur``: Gaussian smoothing of the signed relevance beforehand, its sigma in cells (0: none).
    - ``floor_db``: the level of what is irrelevant (None: off, which is silence).
    - ``match_loudness``: bring kept and removed to the loudness of the original, for listening one against the other.

    >>> Masking(share=0.2, floor_db=-20.0).floor
    0.1
    """

    style: Style = "mask"
    shape: Shape = "soft"
    share: float = 0.5
    sign: Sign = "positive"
    blur: float = 1.0
    floor_db: float | None = None
    match_loudness: bool = False

    def __post_init__(self) -> None:
        for name, known in (("style", STYLES), ("shape", get_args(Shape)), ("sign", get_args(Sign))):
            given = getattr(self, name)
            if given not in known:
                raise AuricleError(f'no {name} of masking is called "{given}"; {nearest(str(given), known)}')
        if not 0.0 < self.share <= 1.0:
            raise AuricleError(f"share is {self.share}; give the share of relevance to keep, above 0 and at most 1")
        if not (self.blur >= 0.0 and math.isfinite(self.blur)):
            raise AuricleError(f"blur is {self.blur}; give a sigma in cells, 0 for none")
        if self.floor_db is not None and not self.floor_db <= 0.0:
            raise AuricleError(f"floor_db is {self.floor_db}; give a level below the original, for example -20")

    @property
    def floor(self) -> float:
        """What the irrelevant part is multiplied by."""
        return 0.0 if self.floor_db is None else 10.0 ** (self.floor_db / 20.0)

    def settings(self) -> dict[str, Any]:
        """All fields as plain values."""
        return {each.name: getattr(self, each.name) for each in fields(self)}


def chosen(relevance: np.ndarray, *, sign: Sign) -> np.ndarray:
    """The relevance of the chosen sign as non-negative amounts, same shape.

    >>> chosen(np.array([2.0, -3.0]), sign="negative")
    array([0., 3.])
    """
    if sign == "both":
        return np.abs(relevance)
    return np.maximum(relevance if sign == "positive" else -relevance, 0.0)


def threshold(amounts: np.ndarray, share: float) -> float:
    """``r*``: the weakest of the strongest cells that together hold ``share`` of all (0 if there is nothing).

    >>> threshold(np.array([1.0, 4.0, 2.0, 3.0]), 0.7)
    3.0
    """
    ordered = np.sort(amounts, axis=None)[::-1].astype(np.float64)
    held = np.cumsum(ordered)
    if held.size == 0 or held[-1] <= 0.0:
        return 0.0
    # The sum is rounded: a share that is reached exactly must not need one more cell.
    return float(ordered[np.searchsorted(held, share * held[-1] * (1.0 - 1e-9))])


def mask_of(relevance: np.ndarray, masking: Masking | None = None) -> np.ndarray:
    """Relevance ``[F, T]`` (or ``[N]``) to a mask of the same shape, 0 (irrelevant) to 1 (kept).

    ``given``: R itself; ``soft``: ``min(1, R / r*)``; ``regions``: ``1[R >= r*]``, where ``R`` is the smoothed
    relevance of the chosen sign and ``r*`` the value above which its cells hold ``share`` of the whole. The floor is
    not in it: `with_floor` adds it. Relevance without any cell of the chosen sign gives zeros.

    >>> mask_of(np.array([[0.0, 1.0], [-5.0, 4.0]]), Masking(blur=0.0, share=0.8))
    array([[0.  , 0.25],
           [0.  , 1.  ]])
    """
    masking = masking or Masking()
    smooth = np.asarray(relevance, dtype=np.float64)
    if masking.shape == "given":
        return np.clip(smooth, 0.0, 1.0)
    if masking.blur > 0.0:
        from scipy.ndimage import gaussian_filter

        smooth = gaussian_filter(smooth, masking.blur, mode="nearest")
    amounts = chosen(smooth, sign=masking.sign)
    limit = threshold(amounts, masking.share)
    if limit <= 0.0:
        return np.zeros_like(amounts)
    if masking.shape == "regions":
        return (amounts >= limit).astype(np.float64)
    return np.minimum(amounts / limit, 1.0)


def with_floor(kept: np.ndarray, masking: Masking, *, absent: np.ndarray | float = 1.0) -> np.ndarray:
    """``floor * absent + (1 - floor) * kept``: the irrelevant part turned down instead of off.

    ``kept`` is a mask; or a sound, and ``absent`` the original.
    """
    return masking.floor * absent + (1.0 - masking.floor) * kept
