"""Physical axes: the hertz and seconds at the *edges* of every bin.

Conventions: frequency runs up the rows, time along the columns; an axis of ``n`` bins has ``n + 1`` edges;
time zero is the first sample of the clip, so bins that lie on padding have edges before 0 or after its end.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Axes:
    """Bin edges of a map ``[F, T]``; ``hertz`` is None for relevance on samples ``[N]``.

    >>> axes = Axes(seconds=np.array([0.0, 0.5, 1.0]), hertz=np.array([0.0, 100.0, 200.0, 400.0]))
    >>> axes.shape
    (3, 2)
    """

    seconds: np.ndarray
    hertz: np.ndarray | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        time = (len(self.seconds) - 1,)
        return time if self.hertz is None else (len(self.hertz) - 1, *time)

    @property
    def seconds_centres(self) -> np.ndarray:
        return (self.seconds[:-1] + self.seconds[1:]) / 2

    @property
    def hertz_centres(self) -> np.ndarray:
        if self.hertz is None:
            raise ValueError("these axes have no frequency")
        return (self.hertz[:-1] + self.hertz[1:]) / 2

    def shifted(self, seconds: float) -> Axes:
        """The same axes, later by ``seconds``."""
        return Axes(self.seconds + seconds, self.hertz)

    def resample(self, values: np.ndarray, onto: Axes) -> np.ndarray:
        """Lay ``values [F, T]`` onto another grid by linear interpolation between bin centres.

        Bins of ``onto`` whose centre lies outside these axes get 0: nothing is known there. On the same
        grid this is the identity. Values are treated as a density (a mask, a shade), not as amounts.
        """
        rows = interpolation(self.hertz_centres, self.hertz, onto.hertz_centres)
        columns = interpolation(self.seconds_centres, self.seconds, onto.seconds_centres)
        return _along(_along(values, rows, axis=0), columns, axis=1)


def interpolation(
    centres: np.ndarray, edges: np.ndarray | None, at: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each point ``at``: lower index among ``centres``, weight of the upper neighbour, whether it lies within."""
    assert edges is not None
    position = np.interp(at, centres, np.arange(len(centres), dtype=float))
    lower = np.minimum(position.astype(int), max(len(centres) - 2, 0))
    slack = 1e-9 * max(abs(edges[-1]), 1.0)
    inside = (at >= edges[0] - slack) & (at <= edges[-1] + slack)
    return lower, position - lower, inside


def _along(
    values: np.ndarray, plan: tuple[np.ndarray, np.ndarray, np.ndarray], axis: int
) -> np.ndarray:
    lower, weight, inside = plan
    upper = np.minimum(lower + 1, values.shape[axis] - 1)
    shape = [1] * values.ndim
    shape[axis] = -1
    weight, inside = weight.reshape(shape), inside.reshape(shape)
    mixed = (1 - weight) * values.take(lower, axis) + weight * values.take(upper, axis)
    return np.where(inside, mixed, 0.0).astype(values.dtype)


def linear_edges(*, n_fft: int, sample_rate: float) -> np.ndarray:
    """Edges in hertz of the ``n_fft // 2 + 1`` bins of a real Fourier transform, within 0…Nyquist.

    >>> linear_edges(n_fft=4, sample_rate=8.0)
    array([0., 1., 3., 4.])
    """
    edges = (np.arange(n_fft // 2 + 2) - 0.5) * sample_rate / n_fft
    return np.clip(edges, 0.0, sample_rate / 2)


def mel_edges(*, n_mels: int, fmin: float, fmax: float, htk: bool) -> np.ndarray:
    """Edges in hertz of overlapping mel bands, cut half-way (in mel) between neighbouring centres."""
    import librosa

    low, high = librosa.hz_to_mel([fmin, fmax], htk=htk)
    step = (high - low) / (n_mels + 1)
    return np.asarray(librosa.mel_to_hz(low + step * (np.arange(n_mels + 1) + 0.5), htk=htk))


def frame_edges(
    *, n_frames: int, hop: int, sample_rate: float, first_centre: float = 0.0
) -> np.ndarray:
    """Edges in seconds of frames whose centres are ``hop`` samples apart.

    ``first_centre`` is the sample at the centre of the first frame.

    >>> frame_edges(n_frames=2, hop=80, sample_rate=8000)
    array([-0.005,  0.005,  0.015])
    """
    return (first_centre + (np.arange(n_frames + 1) - 0.5) * hop) / sample_rate
