"""Relevance on a clip that the network heard several times over, on the clip's own seconds."""

from __future__ import annotations

import numpy as np

from auricle.axes import Axes


def folded(values: np.ndarray, axes: Axes, *, seconds: float, copies: int) -> tuple[np.ndarray, Axes]:
    """``values [..., T]`` on ``copies`` of a clip of ``seconds``, one after the other, summed onto the first of them.

    A bin goes to the moment of the clip that it is centred on, shared between the two nearest bins, for copies need
    not begin on the raster. What lies after the last copy is no sound and stays as far behind the clip's end as it was.
    The total is preserved.
    """
    step = axes.seconds[1] - axes.seconds[0]
    centres = axes.seconds_centres
    copy = np.clip(np.floor(centres / seconds + 1e-9), 0, copies - 1)
    moment = centres - copy * seconds
    # Rounded, because samples lie exactly on the raster.
    place = np.maximum(np.round((moment - centres[0]) / step, 6), 0.0)
    lower = place.astype(int)
    upper_share = place - lower
    last = int(np.searchsorted(axes.seconds, seconds * (1 - 1e-12))) - 1
    within = moment < seconds
    # Sound stays sound: the clip's last bin takes what would be shared with the first one behind it.
    lower, upper = (np.where(within, np.minimum(each, last), each) for each in (lower, lower + (upper_share > 0)))
    width = int(upper.max()) + 1
    total = np.zeros((width, *values.shape[:-1]))
    over_time = np.moveaxis(values, -1, 0)
    share = upper_share.reshape(-1, *[1] * (values.ndim - 1))
    np.add.at(total, lower, over_time * (1 - share))
    np.add.at(total, upper, over_time * share)
    return np.moveaxis(total, 0, -1).astype(values.dtype), Axes(axes.seconds[: width + 1], axes.hertz)
