"""The level held, for front-ends of Hugging Face's models: by the whole clip's mean and variance, or its maximum."""

import pytest
import torch

from auricle.frontends import STFT, KaldiFilterbank, MelSpectrogram, Waveform, WhisperLog
from auricle.metrics.held import HeldLevel, normalises

STANDARD = Waveform(sample_rate=16000, normalisation="standard", channel=False)
WHISPER = MelSpectrogram(
    sample_rate=16000, stft_settings=STFT(n_fft=400, hop=160), power=2, n_mels=80, compression=WhisperLog()
)


def noise(n=16000):
    return 0.1 * torch.randn(1, n, generator=torch.Generator().manual_seed(0)) + 0.05


@pytest.mark.parametrize("front", [STANDARD, WHISPER], ids=["standard", "whisper"])
def test_the_original_is_heard_as_it_was(front):
    assert normalises(front)
    held = HeldLevel(front, noise())(noise(), torch.tensor([0]))
    torch.testing.assert_close(held, front(noise()), rtol=1e-4, atol=1e-5)


def test_a_part_is_compared_with_the_mean_and_deviation_of_the_whole():
    part = noise()
    part[:, 4000:] = 0
    held = HeldLevel(STANDARD, noise())(part, torch.tensor([0]))
    torch.testing.assert_close(held[:, :4000], STANDARD(noise())[:, :4000], rtol=1e-4, atol=1e-5)
    assert not torch.allclose(STANDARD(part)[:, :4000], held[:, :4000], atol=0.1)


def test_a_faint_rest_does_not_lower_whispers_floor():
    loud = noise()
    rest = 1e-5 * loud
    held = HeldLevel(WHISPER, loud)(rest, torch.tensor([0]))
    floor = WHISPER(loud).amax() - 2.0
    assert float(held.min()) == pytest.approx(float(floor), abs=1e-5)
    assert float(WHISPER(rest).min()) < float(floor) - 0.1


def test_kaldis_filter_bank_sets_no_level():
    assert not normalises(KaldiFilterbank())
