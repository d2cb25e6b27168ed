"""Axes are physical: edges in hertz and seconds, and laying values from one grid on another moves nothing."""

from __future__ import annotations

import numpy as np
import pytest

from auricle.axes import Axes, frame_edges, linear_edges, mel_edges


def test_frames_are_centred_on_their_samples() -> None:
    edges = frame_edges(n_frames=5, hop=100, sample_rate=1000, first_centre=0.0)
    np.testing.assert_allclose((edges[1:] + edges[:-1]) / 2, [0.0, 0.1, 0.2, 0.3, 0.4])


def test_linear_bins_are_centred_on_their_frequencies() -> None:
    edges = linear_edges(n_fft=8, sample_rate=8000)
    assert edges[0] == 0
    assert edges[-1] == 4000
    np.testing.assert_allclose((edges[1:-2] + edges[2:-1]) / 2, [1000, 2000, 3000])


@pytest.mark.parametrize("htk", [False, True])
def test_mel_bands_meet_half_way_between_their_centres(htk: bool) -> None:
    import librosa

    edges = mel_edges(n_mels=10, fmin=100, fmax=3000, htk=htk)
    mel = librosa.hz_to_mel(edges, htk=htk)
    centres = librosa.hz_to_mel(librosa.mel_frequencies(n_mels=12, fmin=100, fmax=3000, htk=htk), htk=htk)[1:-1]
    np.testing.assert_allclose((mel[1:] + mel[:-1]) / 2, centres)
    assert (np.diff(edges) > 0).all()


def grid(rows: int, columns: int) -> Axes:
    return Axes(np.linspace(0, 1, columns + 1), np.linspace(0, 4000, rows + 1))


def test_resampling_onto_the_same_grid_changes_nothing() -> None:
    values = np.random.default_rng(0).normal(size=(6, 9)).astype(np.float32)
    np.testing.assert_allclose(grid(6, 9).resample(values, grid(6, 9)), values, atol=1e-6)


def test_resampling_keeps_a_slope_and_its_place() -> None:
    coarse, fine = grid(8, 10), grid(32, 40)
    slope = coarse.hertz_centres[:, None] + 1000 * coarse.seconds_centres
    found = coarse.resample(slope, fine)
    inside = (slice(4, -4), slice(4, -4))
    expected = fine.hertz_centres[:, None] + 1000 * fine.seconds_centres
    np.testing.assert_allclose(found[inside], expected[inside])


def test_nothing_is_known_beyond_the_axes() -> None:
    found = grid(4, 4).resample(np.ones((4, 4)), Axes(np.linspace(-1, 2, 13), np.linspace(0, 8000, 9)))
    assert found[:4, 4:8].all()
    assert not found[4:].any()
    assert not found[:, :4].any()
    assert not found[:, 8:].any()


def test_shifting_moves_time_only() -> None:
    axes = grid(3, 4).shifted(-0.25)
    np.testing.assert_allclose(axes.seconds, np.linspace(-0.25, 0.75, 5))
    assert axes.shape == (3, 4)


def test_axes_of_samples_have_no_frequency() -> None:
    axes = Axes(np.arange(5) / 4)
    assert axes.shape == (4,)
    with pytest.raises(ValueError, match="no frequency"):
        _ = axes.hertz_centres
