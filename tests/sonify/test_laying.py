"""Laying a mask onto the STFT on which it is heard, once or many times."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from auricle.axes import Axes, frame_edges, linear_edges, mel_edges
from auricle.sonify.laying import Laying, lay

RATE = 8000


def axes_of(frames: int, hop: int) -> tuple[Axes, Axes]:
    """Mel bands of a clip in frames of ``hop`` samples, and the STFT in frames of 64 that reaches beyond it."""
    mel = mel_edges(n_mels=40, fmin=60.0, fmax=3800.0, htk=False)
    own = Axes(frame_edges(n_frames=frames, hop=hop, sample_rate=RATE, first_centre=100), mel)
    count = frames * hop // 64 + 8
    heard = frame_edges(n_frames=count, hop=64, sample_rate=RATE, first_centre=-128)
    return own, Axes(heard, linear_edges(n_fft=256, sample_rate=RATE))


@pytest.mark.parametrize("frames", [1, 2, 101])
def test_many_masks_are_laid_as_one_is(frames: int) -> None:
    axes, onto = axes_of(frames, hop=80)
    laying = Laying(axes, onto, reach=0.016)
    for seed in range(3):
        mask = np.random.default_rng(seed).random(axes.shape).astype(np.float32)
        assert np.allclose(laying(mask), lay(mask, axes, onto, reach=0.016), atol=1e-6)


def test_outside_of_the_map_and_its_reach_nothing_is_laid() -> None:
    axes, onto = axes_of(50, hop=80)
    laid = Laying(axes, onto, reach=0.016)(np.ones(axes.shape, np.float32))
    early = onto.seconds_centres < axes.seconds[0] - 0.016
    assert early.any()
    assert not laid[:, early].any()
    assert not laid[onto.hertz_centres > axes.hertz[-1]].any()


def test_memory_grows_with_the_length_of_the_recording_and_not_with_its_square() -> None:
    axes, onto = axes_of(360_000, hop=80)  # an hour; the square would be 10^12 bytes
    tracemalloc.start()
    try:
        Laying(axes, onto, reach=0.016)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 200e6
