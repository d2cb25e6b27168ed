"""What is kept of a clip, ready to be laid onto any STFT, any moments, or to be cut into boxes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from auricle.axes import Axes
from auricle.clip import Clip
from auricle.errors import AuricleError
from auricle.frontends import STFT, Frontend
from auricle.frontends.listening import listening_axes, spectrum_of
from auricle.sonify import heatmap
from auricle.sonify.boxes import Box, Slice, boxes_of, slices_of
from auricle.sonify.laying import in_clip, lay, within
from auricle.sonify.masking import Masking, mask_of, with_floor


@dataclass(frozen=True, eq=False)
class Placed:
    """A clip with something that says which part of it is kept, and how that is to be heard."""

    clip: Clip
    frontend: Frontend
    masking: Masking

    @property
    def reach(self) -> float:
        """Half a window of the front-end, in seconds."""
        return self.frontend.grid.length / 2 / self.frontend.sample_rate

    @property
    def heard(self) -> np.ndarray:
        """What the model heard, ``[n]`` float64."""
        return self.clip.mono(self.frontend.sample_rate).astype(np.float64)

    def listening_axes(self) -> Axes:
        """Axes of the front-end's listening STFT over the whole clip."""
        rate = self.frontend.sample_rate
        return listening_axes(len(self.clip.mono(rate)), self.frontend.grid, rate)

    def settings(self) -> dict[str, Any]:
        """How it is heard, in plain values for the notes."""
        return self.masking.settings()

    def mask(self, onto: Axes) -> np.ndarray:
        """The mask ``[F, T]``, 0 to 1, on the bins of ``onto``."""
        raise NotImplementedError

    def slices(self) -> tuple[list[Box], list[Slice]]:
        """The boxes that are kept, and the clip cut into spans of constant bands."""
        raise NotImplementedError

    def weights(self, at: np.ndarray) -> np.ndarray:
        """The mask of an audible heat-map at the seconds ``at``."""
        raise NotImplementedError

    def gain(self, grid: STFT, sample_rate: int) -> np.ndarray:
        """What the clip's listening STFT at ``sample_rate`` is multiplied by, ``[F, T]``, floor included.

        Above half the model's rate each moment gets the gain that keeps as much of its energy as the mask keeps
        of what the model heard then.
        """
        n = len(self.heard) if sample_rate == self.frontend.sample_rate else self.clip.samples.shape[-1]
        onto = listening_axes(n, grid, sample_rate)
        gain = with_floor(self.mask(onto), self.masking)
        above = onto.hertz_centres > self.frontend.sample_rate / 2
        if above.any():
            own = self.listening_axes()
            share = kept_over_time(self.heard, with_floor(self.mask(own), self.masking), self.frontend.grid)
            gain[above] = np.interp(onto.seconds_centres, own.seconds_centres, share)
        return gain


@dataclass(frozen=True, eq=False)
class PlacedMap(Placed):
    """Relevance ``values`` on ``axes`` of a clip, ready to become a mask."""

    values: np.ndarray
    axes: Axes

    def mask(self, onto: Axes) -> np.ndarray:
        if self.masking.style == "audible-heatmap":
            column = self.weights(onto.seconds_centres)
            return np.broadcast_to(column, onto.shape).copy()
        if self.masking.style == "bandpass":
            return drawn_slices(self.slices()[1], onto)
        values, axes = self._map()
        return lay(mask_of(values, self.masking), axes, onto, reach=self.reach)

    def weights(self, at: np.ndarray) -> np.ndarray:
        values, axes = heatmap.over_time(np.asarray(self.values, dtype=np.float64), self.axes)
        values, axes = within(values, axes, self.clip.seconds)
        return heatmap.weights(values, axes, self.masking, at=at, reach=self.reach)

    def slices(self) -> tuple[list[Box], list[Slice]]:
        """The boxes around the regions of relevance, and the clip cut into spans of constant bands."""
        values, axes = self._map()
        regions = mask_of(values, replace(self.masking, shape="regions"))
        boxes = boxes_of(regions, axes, seconds=self.clip.seconds)
        return boxes, slices_of(boxes, seconds=self.clip.seconds)

    def _map(self) -> tuple[np.ndarray, Axes]:
        values = np.asarray(self.values, dtype=np.float64)
        if self.axes.hertz is None or values.ndim != 2:
            raise AuricleError(
                f"relevance of shape {values.shape} has no frequency; give a map [F, T] with axes in hertz and "
                'seconds (explanation.map()), or use style="audible-heatmap"'
            )
        return within(values, self.axes, self.clip.seconds)


def mask_on_grid(
    clip: Clip, frontend: Frontend, map: np.ndarray, map_axes: Axes, masking: Masking | None = None
) -> tuple[np.ndarray, Axes]:
    """The mask ``[F, T]``, 0 to 1, on the front-end's `grid` over the whole clip at the model's rate, with its axes.

    Bins of the map on padding, outside the clip, are ignored, and the floor is not in it. ``bandpass`` gives its
    boxes, ``audible-heatmap`` its weight over time at every frequency.

    >>> from auricle.frontends import preset
    >>> clip, front = Clip(np.ones(4000), 8000), preset("digits")
    >>> mask, axes = mask_on_grid(clip, front, np.ones((64, 51)), front.axes(4000))
    >>> mask.shape == axes.shape
    True
    """
    placed = PlacedMap(clip, frontend, masking or Masking(), map, map_axes)
    onto = placed.listening_axes()
    return placed.mask(onto), onto


def area(mask: np.ndarray, axes: Axes, *, seconds: float) -> float:
    """Mean of a mask ``[F, T]`` over the frames within the clip: the share of the plane that it keeps."""
    return float(mask[:, in_clip(axes, seconds)].mean())


def kept_over_time(samples: np.ndarray, gain: np.ndarray, grid: STFT) -> np.ndarray:
    """``sqrt(sum_f g² |X|² / sum_f |X|²)``, ``[T]``: the one gain that keeps as much of each moment's energy."""
    power = spectrum_of(torch.as_tensor(samples), grid).abs().square().numpy()
    total = power.sum(axis=0)
    quiet = total <= 1e-12 * max(float(total.max()), 1e-300)
    share = (gain**2 * power).sum(axis=0) / np.where(quiet, 1.0, total)
    # Where the model heard nothing there is no energy to follow; the mean of the mask is the neutral answer.
    return np.where(quiet, gain.mean(axis=0), np.sqrt(share))


def drawn_slices(slices: list[Slice], onto: Axes) -> np.ndarray:
    """Slices as a mask ``[F, T]`` of 0 and 1 on the bins of ``onto``."""
    mask = np.zeros(onto.shape)
    for each in slices:
        # The outermost frames are centred on the clip's very ends, or beyond.
        start = -np.inf if each is slices[0] else each.start
        end = np.inf if each is slices[-1] else each.end
        frames = (onto.seconds_centres >= start) & (onto.seconds_centres < end)
        for low, high in each.bands:
            bins = (onto.hertz_centres >= low) & (onto.hertz_centres <= high)
            mask[np.ix_(bins, frames)] = 1.0
    return mask
