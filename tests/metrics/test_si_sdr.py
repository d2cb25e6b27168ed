"""SI-SDR and how much a mask improves it."""

import numpy as np
import pytest

from auricle.metrics import oracle_mask, si_sdr, si_sdr_improvement

GENERATOR = np.random.default_rng(0)
TRUTH, OTHER = GENERATOR.normal(size=(2, 4000))
OTHER -= TRUTH * (OTHER @ TRUTH) / (TRUTH @ TRUTH)


def test_what_was_taken_away_is_the_improvement():
    mixture = TRUTH + OTHER
    assert si_sdr_improvement(mixture, mixture, TRUTH) == 0.0
    assert si_sdr_improvement(TRUTH + 0.1 * OTHER, mixture, TRUTH) == pytest.approx(20.0, abs=0.01)
    assert si_sdr_improvement(-3 * TRUTH - 0.3 * OTHER, 2 * mixture, TRUTH) == pytest.approx(20.0, abs=0.01)
    assert si_sdr_improvement(OTHER, mixture, TRUTH) < -20.0


def test_silence_and_perfection_are_no_numbers_to_average():
    mixture = TRUTH + OTHER
    assert si_sdr_improvement(np.zeros(4000), mixture, TRUTH) == -np.inf
    assert np.isnan(si_sdr_improvement(mixture, mixture, np.zeros(4000)))
    assert si_sdr_improvement(np.stack([mixture, TRUTH + 0.1 * OTHER]), mixture, TRUTH).shape == (2,)


def test_the_oracle_mask_improves_a_mixture():
    """Two sources in different bands, and an oracle that knows them on the plane of hertz."""
    whole = np.fft.rfft(np.stack([TRUTH, OTHER]))
    hertz = np.linspace(0, 1, whole.shape[1])
    whole *= np.stack([1 / (1 + (5 * hertz) ** 4), 1 / (1 + (5 * (1 - hertz)) ** 4)])
    sources = np.fft.irfft(whole, 4000)
    mask = oracle_mask(*np.abs(whole) ** 2)
    kept = np.fft.irfft(mask * whole.sum(0), 4000)
    assert si_sdr_improvement(kept, sources.sum(0), sources[0]) > 5.0
    for gain in (1.0 - mask, np.roll(mask, 300), np.full_like(mask, mask.mean())):
        other = np.fft.irfft(gain * whole.sum(0), 4000)
        assert si_sdr(other, sources[0]) < si_sdr(kept, sources[0])
