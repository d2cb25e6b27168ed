"""Front-ends are exactly what was published, differentiable, on true axes, and lead back to sound."""

from __future__ import annotations

from typing import Any

import librosa
import numpy as np
import pytest
import scipy.signal
import torch
from torch import Tensor

from auricle import frontends
from auricle.clip import Clip
from auricle.errors import AuricleError
from auricle.frontends import PRESETS, STFT, Decibel, Log, Log1p, MelSpectrogram, Spectrogram, Waveform, preset


@pytest.fixture(scope="module")
def second(clips: list[Clip]) -> np.ndarray:
    """One second of real speech at 8 kHz."""
    mono = clips[1].mono(8000)
    return np.pad(mono, (0, max(8000 - len(mono), 0)))[:8000].astype(np.float64)


def heard_by(name: str, samples: np.ndarray) -> np.ndarray:
    return preset(name)(torch.as_tensor(samples)[None])[0].numpy()


def at_rate(clips: list[Clip], rate: int) -> np.ndarray:
    return clips[1].mono(rate).astype(np.float64)


# --- exact --------------------------------------------------------------------------------------------------------


def test_audiblexai_linear_is_librosas(second: np.ndarray) -> None:
    magnitude = np.abs(librosa.stft(second, n_fft=512, hop_length=32, pad_mode="reflect"))
    expected = librosa.amplitude_to_db(magnitude, ref=np.max, amin=1e-5, top_db=80) / 80
    found = heard_by("audiblexai-linear", second)
    assert found.shape == (1, 257, 251)
    np.testing.assert_allclose(found[0], expected, atol=1e-9)


def test_audiblexai_mel_is_librosas(second: np.ndarray) -> None:
    mel = librosa.feature.melspectrogram(
        y=second, sr=8000, n_fft=512, hop_length=32, pad_mode="reflect", dtype=np.float64
    )
    expected = librosa.power_to_db(mel, ref=np.max) / 80
    found = heard_by("audiblexai-mel", second)
    assert found.shape == (1, 128, 251)
    np.testing.assert_allclose(found[0], expected, atol=1e-6)


def test_alexnets_is_scipys(second: np.ndarray) -> None:
    """Rows 0-226 of 228 and columns 2-228 of 230; SciPy's scaling cancels in decibels re maximum."""
    _, _, spectrum = scipy.signal.stft(second, 8000, window="hann", nperseg=455, noverlap=420)
    assert spectrum.shape == (228, 230)
    magnitude = np.abs(spectrum)
    loudest = magnitude.max()
    decibels = np.maximum(20 * np.log10(np.maximum(magnitude, 1e-12) / loudest), -80)
    found = heard_by("audiomnist-alexnet", second)
    assert found.shape == (1, 227, 227)
    np.testing.assert_allclose(found[0] * 255, decibels[:227, 2:229], atol=1e-4)


def test_audionets_is_the_signed_percentile(second: np.ndarray) -> None:
    expected = second / (np.percentile(second, 95) + 0.001)
    found = heard_by("audiomnist-audionet", second)
    assert found.shape == (1, 8000)
    np.testing.assert_allclose(found[0], expected, rtol=1e-9)


def test_yamnets_is_tensorflows(clips: list[Clip]) -> None:
    """In NumPy: periodic Hann 400, FFT 512, hop 160, HTK triangles straight in mel, ln(x + 0.001)."""
    samples = at_rate(clips, 16000)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 400)
    frames = np.stack([samples[s : s + 400] * window for s in range(0, len(samples) - 399, 160)])
    magnitude = np.abs(np.fft.rfft(frames, 512))
    mel = 1127.0 * np.log(1 + np.linspace(0, 8000, 257) / 700.0)
    edges = np.linspace(1127.0 * np.log(1 + 125.0 / 700), 1127.0 * np.log(1 + 7500.0 / 700), 66)
    weights = np.zeros((257, 64))
    for band in range(64):
        low, centre, high = edges[band : band + 3]
        weights[:, band] = np.maximum(0, np.minimum((mel - low) / (centre - low), (high - mel) / (high - centre)))
    weights[0] = 0
    expected = np.log(magnitude @ weights + 0.001)
    found = heard_by("yamnet", samples)
    assert found.shape == (-(-len(expected) // 96), 96, 64)
    flat = found.reshape(-1, 64)
    np.testing.assert_allclose(flat[: len(expected)], expected, atol=1e-4)
    np.testing.assert_allclose(flat[len(expected) :], np.log(0.001), atol=1e-9)  # filled up with silence, not with 0


def test_l2is_dictionary_is_log1p_of_the_magnitude(clips: list[Clip]) -> None:
    samples = at_rate(clips, 44100)
    expected = np.log1p(np.abs(librosa.stft(samples / np.abs(samples).max(), n_fft=1024, hop_length=512)))
    np.testing.assert_allclose(heard_by("l2i-log1p", samples), expected, atol=1e-9)


def test_l2is_classifier_hears_decibels_of_mel(clips: list[Clip]) -> None:
    samples = at_rate(clips, 44100)
    magnitude = np.abs(librosa.stft(samples / np.abs(samples).max(), n_fft=1024, hop_length=512))
    filters = librosa.filters.mel(sr=44100, n_fft=1024, n_mels=128, dtype=np.float64)
    expected = librosa.power_to_db(filters @ magnitude, ref=1.0, amin=1e-10, top_db=80)
    found = heard_by("l2i-mel", samples)
    assert found.shape == (1, expected.shape[1], 128)
    np.testing.assert_allclose(found[0].T, expected, atol=1e-6)


def test_the_bundled_models_is_librosas(second: np.ndarray) -> None:
    mel = librosa.feature.melspectrogram(
        y=second, sr=8000, n_fft=256, hop_length=80, n_mels=64, fmin=60, norm=None, dtype=np.float64
    )
    np.testing.assert_allclose(heard_by("digits", second)[0], np.log1p(1000 * mel), atol=1e-6)


@pytest.mark.parametrize("power", [1, 2])
@pytest.mark.parametrize("window", ["hann", "hamming"])
def test_any_spectrogram_is_librosas(power: Any, window: Any, second: np.ndarray) -> None:
    grid = STFT(n_fft=400, hop=100, window_length=300, window=window, centre=False)
    found = Spectrogram(sample_rate=8000, stft_settings=grid, power=power)(torch.as_tensor(second)[None])[0, 0]
    expected = np.abs(
        librosa.stft(np.pad(second, (50, 50)), n_fft=400, hop_length=100, win_length=300, window=window, center=False)
    )
    np.testing.assert_allclose(found, expected**power, atol=1e-9)


# --- silence ------------------------------------------------------------------------------------------------------

SILENCE = {
    "digits": 0.0,
    "audiomnist-alexnet": -80 / 255,
    "audiomnist-alexnet-caffe": -80.0,
    "audiomnist-audionet": 0.0,
    "audiblexai-linear": -1.0,
    "audiblexai-mel": -1.0,
    "audiblexai-gtzan-linear": -1.0,
    "audiblexai-gtzan-mel": -1.0,
    "gtzan-mel": -4.0,
    "gtzan-mel-6s": -4.0,
    "drsa-toy": -4.0,
    "heart": 0.0,
    "yamnet": float(np.log(0.001)),
    "cnn14": -100.0,
    "cnn14-speechbrain": 0.0,
    "l2i-log1p": 0.0,
    "l2i-mel": -80.0,
}


@pytest.mark.parametrize("name", PRESETS)
def test_silence_is_encoded_as_silence(name: str) -> None:
    front = preset(name)
    found = front(torch.zeros(2, front.sample_rate, dtype=torch.float64))
    assert torch.allclose(found, torch.full_like(found, SILENCE[name]), atol=1e-9)
    assert torch.isfinite(found).all()


@pytest.mark.parametrize("name", PRESETS)
def test_a_silent_clip_does_not_disturb_its_batch_mate(name: str, clips: list[Clip]) -> None:
    front = preset(name)
    sound = torch.as_tensor(at_rate(clips, front.sample_rate))
    together = front(torch.stack([sound, torch.zeros_like(sound), 0.1 * sound]))
    assert torch.allclose(together[0], front(sound[None])[0], atol=1e-9)


def test_compressions_by_hand() -> None:
    values = torch.tensor([[[1.0, 0.1], [1e-9, 0.01]]], dtype=torch.float64)
    assert torch.allclose(Decibel(of="magnitude")(values), torch.tensor([[[0.0, -20.0], [-80.0, -40.0]]]).double())
    assert torch.allclose(
        Decibel(of="power", floor=-15)(values), torch.tensor([[[0.0, -10.0], [-15.0, -15.0]]]).double()
    )
    absolute = Decibel(of="power", reference=0.1, minimum=1e-12)(values)
    assert torch.allclose(absolute, torch.tensor([[[10.0, 0.0], [-70.0, -10.0]]]).double())
    assert torch.allclose(Log(offset=0.5)(values), torch.log(values + 0.5))
    assert torch.allclose(Log1p(gain=10.0)(values), torch.log(1 + 10 * values))


# --- differentiable and invertible --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PRESETS)
def test_features_have_the_derivative_that_differences_show(name: str) -> None:
    front = preset(name)
    generator = torch.Generator().manual_seed(0)
    samples = torch.randn(1, front.sample_rate // 4, generator=generator, dtype=torch.float64)
    direction = torch.randn(samples.shape, generator=generator, dtype=torch.float64)
    toward = torch.randn(front(samples).shape, generator=generator, dtype=torch.float64)
    samples.requires_grad_()
    (gradient,) = torch.autograd.grad((front(samples) * toward).sum(), samples)
    with torch.no_grad():
        step = 1e-7
        ahead, behind = (((front(samples + s * direction)) * toward).sum() for s in (step, -step))
    assert float((gradient * direction).sum()) == pytest.approx(float((ahead - behind) / (2 * step)), rel=1e-3)


@pytest.mark.parametrize("name", PRESETS)
def test_silence_has_a_finite_derivative(name: str) -> None:
    front = preset(name)
    samples = torch.zeros(1, front.sample_rate // 4, requires_grad=True)
    (gradient,) = torch.autograd.grad(front(samples).sum(), samples)
    assert torch.isfinite(gradient).all()


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("extra", [0, 1, 13])
def test_the_listening_grid_comes_back_to_the_samples(name: str, extra: int, clips: list[Clip]) -> None:
    front = preset(name)
    samples = torch.as_tensor(at_rate(clips, front.sample_rate))[extra:][None]
    back = front.grid.inverse(front.grid(samples), length=samples.shape[-1])
    assert back.shape == samples.shape
    assert torch.allclose(back, samples, atol=1e-9)


def test_an_uncentred_stft_says_that_it_cannot_come_back() -> None:
    grid = STFT(n_fft=256, hop=64, centre=False)
    with pytest.raises(ValueError, match="centred"):
        grid.inverse(grid(torch.randn(1, 2000)), length=2000)


@pytest.mark.parametrize("name", [name for name in PRESETS if name != "audiomnist-audionet"])
def test_spread_keeps_the_total_and_the_place(name: str, clips: list[Clip]) -> None:
    front = preset(name)
    samples = torch.as_tensor(at_rate(clips, front.sample_rate))[None]
    features = front.to_map(front(samples))
    relevance = torch.randn(features.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    spectrum = front.stft(samples)
    axes = front.axes(samples.shape[-1])
    if name == "yamnet":  # what lies on the filled-up frames has no place in the sound
        relevance[..., spectrum.shape[-1] :] = 0
    spread = front.spread(relevance, spectrum)
    assert spread.shape == spectrum.shape
    assert spread.shape[1:] == front.stft_axes(samples.shape[-1]).shape
    assert torch.allclose(spread.sum(), relevance.sum(), rtol=1e-9, atol=1e-9)
    first = front.frames[0] if isinstance(front, Spectrogram) and front.frames else 0
    over_time = spread.sum(1)[0, first:][: relevance.shape[-1]]
    assert torch.allclose(over_time, relevance.sum(1)[0, : len(over_time)], atol=1e-9)
    one = torch.zeros_like(relevance)
    band = relevance.shape[1] // 2
    one[0, band, 5] = 1.0
    hertz = front.stft_axes(samples.shape[-1]).hertz_centres
    centre = float((front.spread(one, spectrum)[0].sum(1).numpy() * hertz).sum())
    width = axes.hertz[band + 1] - axes.hertz[band]
    assert abs(centre - axes.hertz_centres[band]) <= width + hertz[1] - hertz[0]


# --- axes ---------------------------------------------------------------------------------------------------------


def tone(rate: int, hertz: float, seconds: float = 1.0) -> Tensor:
    return torch.sin(2 * torch.pi * hertz * torch.arange(int(rate * seconds), dtype=torch.float64) / rate)[None]


@pytest.mark.parametrize("name", [name for name in PRESETS if name != "audiomnist-audionet"])
def test_a_tone_lies_in_the_bin_that_says_so(name: str) -> None:
    front = preset(name)
    for hertz in (100.0, 300.0, 800.0) if name == "heart" else (300.0, 1000.0, 2500.0):
        samples = tone(front.sample_rate, hertz)
        values = front.to_map(front(samples))[0].numpy()
        axes = front.axes(samples.shape[-1])
        assert values.shape == axes.shape
        assert (np.diff(axes.hertz) > 0).all()
        assert (np.diff(axes.seconds) > 0).all()
        loudest = int(np.median(values[:, 5 : min(90, values.shape[1])], axis=1).argmax())
        # Triangles overlap: a tone near the border of two bands may be louder in the neighbour.
        slack = (axes.hertz[loudest + 1] - axes.hertz[loudest]) / 2 if isinstance(front, MelSpectrogram) else 0.0
        assert axes.hertz[loudest] - slack <= hertz <= axes.hertz[loudest + 1] + slack


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("at", [0.2, 0.5, 0.7])
def test_a_click_lies_in_the_frame_that_says_so(name: str, at: float) -> None:
    front = preset(name)
    samples = torch.zeros(1, front.sample_rate, dtype=torch.float64)
    samples[0, round(at * front.sample_rate)] = 1.0
    values = front.to_map(front(samples)).numpy()
    values = values[0] if values.ndim == 3 else values
    axes = front.axes(front.sample_rate)
    assert values.shape[-1] == len(axes.seconds) - 1
    loudness = values.sum(0)
    loudest = np.flatnonzero(loudness == loudness.max())
    step = axes.seconds[1] - axes.seconds[0]
    assert axes.seconds[loudest[0]] - step / 2 <= at <= axes.seconds[loudest[-1] + 1] + step / 2


def test_linear_edges_begin_at_zero_and_end_at_half_the_rate() -> None:
    for name in ("audiblexai-linear", "l2i-log1p"):
        front = preset(name)
        hertz = front.axes(front.sample_rate).hertz
        assert hertz[0] == 0.0
        assert hertz[-1] == front.sample_rate / 2


# --- as values ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PRESETS)
def test_settings_come_back_as_they_went(name: str) -> None:
    import json

    front = preset(name)
    settings = json.loads(json.dumps(frontends.to_settings(front)))
    back = frontends.from_settings(settings)
    assert back == front
    samples = torch.randn(1, front.sample_rate // 4, generator=torch.Generator().manual_seed(0))
    assert torch.equal(back(samples), front(samples))


def test_every_setting_of_a_front_end_comes_back() -> None:
    for front in (
        Waveform(sample_rate=16000, normalisation="peak", channel=False, inspection=STFT(n_fft=64, hop=16)),
        Spectrogram(
            sample_rate=8000, stft_settings=STFT(n_fft=64, hop=16), rows=20, frames=(1, 9), layout="patches", patch=4
        ),
        MelSpectrogram(sample_rate=8000, stft_settings=STFT(n_fft=64, hop=16), n_mels=10, compression=Log(offset=0.1)),
    ):
        assert frontends.from_settings(frontends.to_settings(front)) == front


@pytest.mark.parametrize(
    ("settings", "hint"),
    [
        ({"kind": "mell"}, 'did you mean "mel"'),
        ({"kind": "waveform", "sample_rat": 8000}, 'did you mean "sample_rate"'),
    ],
)
def test_unknown_settings_name_the_nearest(settings: dict[str, Any], hint: str) -> None:
    with pytest.raises(AuricleError, match=hint):
        frontends.from_settings(settings)


def test_an_unknown_preset_names_the_nearest() -> None:
    with pytest.raises(AuricleError, match='did you mean "yamnet"'):
        preset("yamnett")


@pytest.mark.parametrize("name", PRESETS)
def test_device_and_dtype_follow_the_samples(name: str) -> None:
    front = preset(name)
    for dtype in (torch.float32, torch.float64):
        assert front(torch.randn(1, front.sample_rate // 4, dtype=dtype)).dtype == dtype
