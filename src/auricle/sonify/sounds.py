"""Explanations made audible: the kept and the removed part of a clip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from auricle.axes import Axes
from auricle.clip import Clip
from auricle.frontends import STFT, Frontend
from auricle.frontends.listening import sound_of, spectrum_of
from auricle.sonify.bandpass import cut_out
from auricle.sonify.boxes import Slice, area_of
from auricle.sonify.griffin_lim import ITERATIONS, griffin_lim
from auricle.sonify.loudness import matching_gain_db
from auricle.sonify.masking import Masking, with_floor
from auricle.sonify.placed import Placed, PlacedMap, area, kept_over_time


@dataclass(frozen=True, eq=False)
class Sounds:
    """Both parts of a clip, the mask that parts them, and ``notes``: what was done, in plain values for JSON.

    ``mask [F, T]``, 0 to 1 on ``axes``, lies on the front-end's `grid` over the whole clip at the model's rate; the
    floor is not in it. ``notes`` has the settings of the masking, ``sample_rate``, ``full_band``, ``area`` (the share
    of the plane of hertz and seconds that is kept), ``energy`` (the share of the sound's energy that is kept), and
    where they apply ``boxes``, ``seed``, ``iterations``, ``kept_gain_db`` and ``removed_gain_db``.
    """

    kept: Clip
    removed: Clip
    notes: dict[str, Any]
    mask: np.ndarray
    axes: Axes


def sonify(
    clip: Clip,
    frontend: Frontend,
    map: np.ndarray,
    map_axes: Axes,
    masking: Masking | None = None,
    *,
    full_band: bool = False,
    seed: int = 0,
) -> Sounds:
    """What of a clip is relevant (kept) and what is not (removed), as sound.

    ``map`` is relevance ``[F, T]`` on ``map_axes`` (``[N]`` on seconds alone for ``audible-heatmap``). Both sounds
    have exactly the clip's length and nothing is delayed. For all styles but ``griffin-lim`` they add up to the
    original, unless ``match_loudness`` changed their levels.

    The sounds are mono at the model's rate; with ``full_band`` they have the clip's own rate and channels, through
    the same mask on an STFT of the same window in seconds. The model never heard what lies above half its rate:
    there each moment follows the share of that moment's energy that was kept below. ``seed`` draws the phases of
    ``griffin-lim``.

    >>> from auricle.frontends import preset
    >>> clip, front = Clip(np.ones(4000), 8000), preset("digits")
    >>> axes = front.axes(4000)
    >>> sounds = sonify(clip, front, np.ones(axes.shape), axes)
    >>> sounds.kept.samples.shape, sounds.notes["style"]
    ((1, 4000), 'mask')
    """
    return apart(PlacedMap(clip, frontend, masking or Masking(), map, map_axes), full_band=full_band, seed=seed)


def apart(placed: Placed, *, full_band: bool, seed: int) -> Sounds:
    """The kept and the removed part of whatever is placed: the one body of `sonify` and `sonify_regions`."""
    clip, frontend, masking = placed.clip, placed.frontend, placed.masking
    rate = clip.sample_rate if full_band else frontend.sample_rate
    original = clip.samples.astype(np.float64) if full_band else placed.heard[None]
    axes = placed.listening_axes()
    mask = placed.mask(axes)
    notes: dict[str, Any] = {**placed.settings(), "full_band": full_band, "sample_rate": rate}
    notes["area"] = area(mask, axes, seconds=len(placed.heard) / frontend.sample_rate)

    if masking.style == "bandpass":
        boxes, slices = placed.slices()
        notes["boxes"] = [box.to_dict() for box in boxes]
        notes["area"] = area_of(slices, seconds=clip.seconds, top=frontend.sample_rate / 2)
        kept = with_floor(_cut(placed, slices, original, rate), masking, absent=original)
        removed = original - kept
    elif masking.style == "audible-heatmap":
        moments = (np.arange(original.shape[-1]) + 0.5) / rate
        kept = with_floor(placed.weights(moments), masking) * original
        removed = original - kept
    else:
        grid = frontend.grid
        if rate != frontend.sample_rate:
            grid = grid.scaled(rate / frontend.sample_rate)
            gain = placed.gain(grid, rate)
        else:
            gain = with_floor(mask, masking)
        if masking.style == "griffin-lim":
            notes |= {"seed": seed, "iterations": ITERATIONS}
            kept = _through(original, gain, grid, seed=seed)
            removed = _through(original, 1.0 - gain, grid, seed=seed)
        else:
            kept = _through(original, gain, grid, seed=None)
            # The inverse is linear: what is not kept is what 1 - gain would have kept.
            removed = original - kept

    energy = float(np.square(original).sum())
    notes["energy"] = float(np.square(kept).sum()) / energy if energy > 0.0 else 0.0
    if masking.match_loudness:
        for name, part in (("kept", kept), ("removed", removed)):
            notes[f"{name}_gain_db"] = matching_gain_db(part, original, rate)
            part *= 10.0 ** (notes[f"{name}_gain_db"] / 20.0)
    return Sounds(_clip(clip, kept, rate, "kept"), _clip(clip, removed, rate, "removed"), notes, mask, axes)


def _through(original: np.ndarray, gain: np.ndarray, grid: STFT, *, seed: int | None) -> np.ndarray:
    """``[channels, n]`` through a gain ``[F, T]``; with a seed the phase is invented instead of kept.

    One channel after another, because the spectrum of a long recording is large.
    """
    weight, length = torch.as_tensor(gain), original.shape[-1]
    parts = []
    for channel in original:
        spectrum = weight * spectrum_of(torch.as_tensor(channel), grid)
        if seed is None:
            parts.append(sound_of(spectrum, grid, length=length))
        else:
            parts.append(griffin_lim(spectrum.abs(), grid, length=length, seed=seed))
    return torch.stack(parts).numpy()


def _cut(placed: Placed, slices: list[Slice], original: np.ndarray, rate: int) -> np.ndarray:
    """The slices' bands of ``[channels, n]``; above half the model's rate, the share of energy kept below."""
    front = placed.frontend
    top = front.sample_rate / 2
    kept = cut_out(original, slices, sample_rate=rate)
    if rate / 2 <= top:
        return kept
    own = placed.listening_axes()
    share = kept_over_time(placed.heard, placed.mask(own), front.grid)
    everything = [Slice(0.0, placed.clip.seconds, ((0.0, top),))]
    above = original - cut_out(original, everything, sample_rate=rate)
    moments = (np.arange(original.shape[-1]) + 0.5) / rate
    return kept + np.interp(moments, own.seconds_centres, share) * above


def _clip(clip: Clip, samples: np.ndarray, rate: int, part: str) -> Clip:
    return Clip(
        samples.astype(np.float32),
        rate,
        f"{clip.name}-{part}",
        source=clip.source,
        start_seconds=clip.start_seconds,
    )
