"""Several maps of one clip made audible at once: each its own share of what is kept, all on one scale."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from auricle.axes import Axes
from auricle.clip import Clip
from auricle.errors import AuricleError, nearest
from auricle.frontends import STFT, Frontend
from auricle.frontends.listening import listening_axes
from auricle.sonify.laying import lay, within
from auricle.sonify.masking import Masking, chosen, mask_of, with_floor
from auricle.sonify.placed import Placed, kept_over_time
from auricle.sonify.sounds import Sounds, apart

Loudness = Literal["relevance", "equal"]


def sonify_shares(
    clip: Clip,
    frontend: Frontend,
    maps: np.ndarray,
    axes: Axes,
    masking: Masking | None = None,
    *,
    loudness: Loudness = "relevance",
    full_band: bool = False,
) -> list[Sounds]:
    """Each of ``maps [K, F, T]`` as sound, with the clip's own phase and exactly its length.

    With loudness ``relevance`` one mask of all relevance of the chosen sign is shared out, cell by cell, in proportion
    to the maps: m_k = m R_k⁺ / Σ_j R_j⁺. Louder is then more relevant, and what the maps keep and the rest, 1 - m, add
    up to the clip. With ``equal`` every map has a mask of its own and is brought to the original's loudness, so that
    also those of little relevance can be heard.
    """
    if loudness not in get_args(Loudness):
        raise AuricleError(f'no loudness is called "{loudness}"; {nearest(str(loudness), get_args(Loudness))}')
    masking = masking or Masking()
    if masking.style != "mask":
        raise AuricleError(f'several maps are heard together through masks only, not with style="{masking.style}"')
    masking = replace(masking, match_loudness=loudness == "equal")
    maps, axes = within(np.asarray(maps, dtype=np.float64), axes, clip.seconds)
    masks = shared_masks(maps, masking) if loudness == "relevance" else np.stack([mask_of(m, masking) for m in maps])
    return [
        apart(PlacedMask(clip, frontend, masking, mask, axes), full_band=full_band, seed=0)
        for mask in masks
    ]


def shared_masks(maps: np.ndarray, masking: Masking) -> np.ndarray:
    """The mask of all maps together, shared out in proportion to each one's relevance of the sign, ``[K, F, T]``.

    >>> shared_masks(np.array([[[3.0, 0.0]], [[1.0, 2.0]]]), Masking(blur=0.0, share=1.0))
    array([[[0.75, 0.  ]],
    <BLANKLINE>
           [[0.25, 1.  ]]])
    """
    if masking.blur > 0.0:
        from scipy.ndimage import gaussian_filter

        maps = np.stack([gaussian_filter(each, masking.blur, mode="nearest") for each in maps])
    amounts = chosen(maps, sign=masking.sign)
    total = amounts.sum(0)
    whole = mask_of(total, replace(masking, blur=0.0, sign="positive"))
    return whole * np.divide(amounts, total, out=np.zeros_like(amounts, dtype=float), where=total > 0)


@dataclass(frozen=True, eq=False)
class PlacedMask(Placed):
    """A mask ``values`` of 0 to 1 on ``axes`` of a clip, one of several that sum to at most 1."""

    values: np.ndarray
    axes: Axes

    def mask(self, onto: Axes) -> np.ndarray:
        return np.clip(lay(self.values, self.axes, onto, reach=self.reach), 0.0, 1.0)

    def gain(self, grid: STFT, sample_rate: int) -> np.ndarray:
        """As every `Placed`, but above half the model's rate, too, the gains of several masks sum as these do.

        There each moment gets the mean of the mask over what the model heard then, by its energy.
        """
        gain = super().gain(grid, sample_rate)
        onto = listening_axes(self.clip.samples.shape[-1], grid, sample_rate)
        above = onto.hertz_centres > self.frontend.sample_rate / 2
        if above.any():
            own = self.listening_axes()
            mean = kept_over_time(self.heard, np.sqrt(self.mask(own)), self.frontend.grid) ** 2
            gain[above] = np.interp(onto.seconds_centres, own.seconds_centres, with_floor(mean, self.masking))
        return gain
