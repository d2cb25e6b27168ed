"""Front-ends of published systems, by name, with their exact parameters."""

from __future__ import annotations

from collections.abc import Callable

from auricle.errors import AuricleError, nearest
from auricle.frontends.base import Frontend
from auricle.frontends.compression import Decibel, Log, Log1p
from auricle.frontends.grid import STFT
from auricle.frontends.spectrogram import MelSpectrogram, Spectrogram
from auricle.frontends.waveform import Waveform


def digits() -> Frontend:
    """8 kHz, 64 mel bands of 32 ms windows every 10 ms, log1p: silence is 0. The bundled model's front-end."""
    return MelSpectrogram(
        sample_rate=8000,
        stft_settings=STFT(n_fft=256, hop=80),
        power=2,
        n_mels=64,
        fmin=60.0,
        area_norm=False,
        compression=Log1p(gain=1000.0),
    )


def audiomnist_alexnet() -> Frontend:
    """AudioMNIST's AlexNet input: 227 × 227 dB re the clip's maximum, 0 to -80, divided by 255 (Becker et al. 2018)."""
    return Spectrogram(
        sample_rate=8000,
        stft_settings=STFT(n_fft=455, hop=35),
        compression=Decibel(of="magnitude", scale=255.0),
        rows=227,
        frames=(2, 229),
    )


def audiomnist_audionet() -> Frontend:
    """AudioMNIST's AudioNet input: 8000 samples divided by their 95th percentile + 0.001 (Becker et al. 2018)."""
    return Waveform(sample_rate=8000, normalisation="percentile")


def audiblexai_linear() -> Frontend:
    """AudibleXAI's linear spectrogram for one second at 8 kHz: 257 × 251 dB re maximum, -1 to 0."""
    return Spectrogram(
        sample_rate=8000,
        stft_settings=STFT(n_fft=512, hop=32, padding="reflect"),
        compression=Decibel(of="magnitude", scale=80.0),
    )


def audiblexai_mel() -> Frontend:
    """AudibleXAI's mel spectrogram for one second at 8 kHz: 128 × 251 dB re maximum, -1 to 0."""
    return MelSpectrogram(
        sample_rate=8000,
        stft_settings=STFT(n_fft=512, hop=32, padding="reflect"),
        power=2,
        n_mels=128,
        compression=Decibel(of="power", minimum=1e-10, scale=80.0),
    )


def yamnet() -> Frontend:
    """Log-mel patches as YAMNet eats them: 16 kHz, 64 HTK bands 125-7500 Hz, ln(x + 0.001), 96 frames a patch.

    Patches do not overlap, and the last is filled with silence (ln 0.001), not with zeros.
    """
    return MelSpectrogram(
        sample_rate=16000,
        stft_settings=STFT(n_fft=512, hop=160, window_length=400, centre=False),
        n_mels=64,
        fmin=125.0,
        fmax=7500.0,
        scale="htk",
        area_norm=False,
        triangles="mel",
        compression=Log(offset=0.001),
        layout="patches",
        patch=96,
    )


def l2i_log1p() -> Frontend:
    """Listen-to-Interpret's dictionary domain: 44.1 kHz, ln(1 + |STFT|) of 1024/512 (Parekh et al. 2022).

    The clip's level is set by its largest absolute sample (theirs used the largest signed one).
    """
    return Spectrogram(
        sample_rate=44100,
        stft_settings=STFT(n_fft=1024, hop=512),
        compression=Log1p(),
        normalisation="peak",
        layout="plain",
    )


def l2i_mel() -> Frontend:
    """Listen-to-Interpret's classifier input: 128 mel bands of the magnitude in dB, time × mel (Parekh et al. 2022)."""
    return MelSpectrogram(
        sample_rate=44100,
        stft_settings=STFT(n_fft=1024, hop=512),
        n_mels=128,
        compression=Decibel(of="power", reference=1.0, minimum=1e-10),
        normalisation="peak",
        layout="transposed",
    )


PRESETS: dict[str, Callable[[], Frontend]] = {
    "digits": digits,
    "audiomnist-alexnet": audiomnist_alexnet,
    "audiomnist-audionet": audiomnist_audionet,
    "audiblexai-linear": audiblexai_linear,
    "audiblexai-mel": audiblexai_mel,
    "yamnet": yamnet,
    "l2i-log1p": l2i_log1p,
    "l2i-mel": l2i_mel,
}


def preset(name: str) -> Frontend:
    """A published front-end by name.

    >>> preset("yamnet").sample_rate
    16000
    """
    if name not in PRESETS:
        raise AuricleError(f'no front-end preset is called "{name}"; {nearest(name, PRESETS)}')
    return PRESETS[name]()
