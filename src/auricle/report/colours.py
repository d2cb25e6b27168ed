"""The colours of sound and relevance, the same in plots and on pages.

Sound is grey, from the paper's colour (quiet) to dark (loud). Relevance is orange where it speaks for the
target and blue where it speaks against it: a pair that stays apart in every common colour-vision deficiency.
Zero is transparent, and strength is shown as opacity, ``|R| ** RAMP`` of the strongest cell, so that weak
relevance can be seen at all.
"""

from __future__ import annotations

import numpy as np

FOR, AGAINST = "#d4500a", "#0b66b5"
QUIET, LOUD = "#ffffff", "#74777d"
RAMP = 0.6


def shade(share: np.ndarray, opacity: float = 0.9) -> np.ndarray:
    """Signed shares of the strongest cell, ``[...]`` in -1 to 1, as colours with opacity, ``[..., 4]``.

    >>> shade(np.array([0.0, 1.0, -1.0])).round(2).tolist()[0][3]
    0.0
    """
    share = np.clip(share, -1.0, 1.0)
    colour = np.where((share >= 0)[..., None], _rgb(FOR), _rgb(AGAINST))
    return np.concatenate([colour, (opacity * np.abs(share) ** RAMP)[..., None]], axis=-1)


def _rgb(text: str) -> np.ndarray:
    return np.array([int(text[i : i + 2], 16) / 255 for i in (1, 3, 5)])
