"""Front-ends of published systems, by name, with their exact parameters."""

from __future__ import annotations

from collections.abc import Callable

from auricle.errors import AuricleError, nearest
from auricle.frontends.base import Frontend
from auricle.frontends.compression import Decibel, Log, Log1p, Log10
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


def audiomnist_alexnet_caffe() -> Frontend:
    """The same map in decibels, 0 to -80, which AudioMNIST's original Caffe AlexNet was given unscaled."""
    return Spectrogram(
        sample_rate=8000,
        stft_settings=STFT(n_fft=455, hop=35),
        compression=Decibel(of="magnitude"),
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


def audiblexai_gtzan_linear() -> Frontend:
    """AudibleXAI's linear spectrogram of music, for three seconds at 8 kHz: 257 × 376 dB re maximum, -1 to 0."""
    return Spectrogram(
        sample_rate=8000,
        stft_settings=STFT(n_fft=512, hop=64, padding="reflect"),
        compression=Decibel(of="magnitude", scale=80.0),
    )


def audiblexai_gtzan_mel() -> Frontend:
    """AudibleXAI's mel spectrogram of music, for three seconds at 8 kHz: 128 × 376 dB re maximum, -1 to 0."""
    return MelSpectrogram(
        sample_rate=8000,
        stft_settings=STFT(n_fft=512, hop=64, padding="reflect"),
        power=2,
        n_mels=128,
        compression=Decibel(of="power", minimum=1e-10, scale=80.0),
    )


def gtzan_mel() -> Frontend:
    """DRSA-audio's music input for three seconds at 16 kHz: 128 HTK bands × 128 frames, log10, not below -4.

    The clip is peak-normalised. The first frame is left out and 128 are kept, so three seconds give 128 × 128.
    """
    return MelSpectrogram(
        sample_rate=16000,
        stft_settings=STFT(n_fft=800, hop=360, padding="reflect"),
        n_mels=128,
        scale="htk",
        area_norm=False,
        compression=Log10(offset=1e-7, floor=-4.0),
        normalisation="peak",
        frames=(1, 129),
    )


def gtzan_mel_6s() -> Frontend:
    """DRSA-audio's larger music input for six seconds at 22.05 kHz: 128 HTK bands × 256 frames, as `gtzan_mel`."""
    return MelSpectrogram(
        sample_rate=22050,
        stft_settings=STFT(n_fft=1024, hop=512, padding="reflect"),
        n_mels=128,
        scale="htk",
        area_norm=False,
        compression=Log10(offset=1e-7, floor=-4.0),
        normalisation="peak",
        frames=(1, 257),
    )


def drsa_toy() -> Frontend:
    """DRSA-audio's input for one second of its synthetic sounds at 16 kHz: 64 HTK bands × 64 frames.

    Frames and floor are those of its explanations; its training left out the last frames instead and had no floor.
    """
    return MelSpectrogram(
        sample_rate=16000,
        stft_settings=STFT(n_fft=480, hop=240, padding="reflect"),
        n_mels=64,
        scale="htk",
        area_norm=False,
        compression=Log10(offset=1e-7, floor=-4.0),
        normalisation="peak",
        frames=(1, 65),
    )


def heart() -> Frontend:
    """Heart sounds at 4 kHz: 64 bands 25-900 Hz of 64 ms windows every 16 ms, ln(1 + 1000 x): silence is 0.

    The clip is peak-normalised, because how loud a heart is recorded says more of the stethoscope than of the heart.
    """
    return MelSpectrogram(
        sample_rate=4000,
        stft_settings=STFT(n_fft=512, hop=64, window_length=256),
        power=2,
        n_mels=64,
        fmin=25.0,
        fmax=900.0,
        area_norm=False,
        compression=Log1p(gain=1000.0),
        normalisation="peak",
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


def cnn14() -> Frontend:
    """The input of PANNs' CNN14: 32 kHz, 64 Slaney mel bands 50-14000 Hz, dB re 1 down to -100, time × mel.

    Decibels of the power of 1024 / 320, without a floor under the clip's own maximum (Kong et al. 2020).
    """
    return MelSpectrogram(
        sample_rate=32000,
        stft_settings=STFT(n_fft=1024, hop=320, padding="reflect"),
        power=2,
        n_mels=64,
        fmin=50.0,
        fmax=14000.0,
        compression=Log10(factor=10.0, floor=-100.0),
        layout="transposed",
    )


def cnn14_speechbrain() -> Frontend:
    """What SpeechBrain's CNN14 hears of ESC-50: 16 kHz, 80 mel bands of the magnitude, ln(1 + x), time × mel.

    Hamming 372 in 1024, hop 186: 431 frames for five seconds. SpeechBrain's triangles are symmetric about their
    centre, ours reach to the neighbours' centres, so weights trained there hear slightly other bands.
    """
    return MelSpectrogram(
        sample_rate=16000,
        stft_settings=STFT(n_fft=1024, hop=186, window_length=372, window="hamming"),
        n_mels=80,
        scale="htk",
        area_norm=False,
        compression=Log1p(),
        normalisation="peak",
        layout="transposed",
    )


PRESETS: dict[str, Callable[[], Frontend]] = {
    "digits": digits,
    "audiomnist-alexnet": audiomnist_alexnet,
    "audiomnist-alexnet-caffe": audiomnist_alexnet_caffe,
    "audiomnist-audionet": audiomnist_audionet,
    "audiblexai-linear": audiblexai_linear,
    "audiblexai-mel": audiblexai_mel,
    "audiblexai-gtzan-linear": audiblexai_gtzan_linear,
    "audiblexai-gtzan-mel": audiblexai_gtzan_mel,
    "gtzan-mel": gtzan_mel,
    "gtzan-mel-6s": gtzan_mel_6s,
    "drsa-toy": drsa_toy,
    "heart": heart,
    "yamnet": yamnet,
    "cnn14": cnn14,
    "cnn14-speechbrain": cnn14_speechbrain,
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
