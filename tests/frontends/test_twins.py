"""The twins of feature extractors give what the extractors give, and their traps are known."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from twins import AST, TWINS, Twin, whisper

from auricle import frontends
from auricle.clip import Clip, load_clip
from auricle.errors import AuricleError
from auricle.frontends import Frontend, KaldiFilterbank, Log, Waveform, WhisperLog

pytest.importorskip("transformers", reason="transformers is not installed; its extractors are what is compared with")

pytestmark = pytest.mark.filterwarnings("ignore:At least one mel filter has all zero values")  # the extractor's

SHARED = Path(__file__).parents[2] / "../shared/data"
RECORDINGS = (
    "fsdd/recordings/7_jackson_0.wav",
    "esc50_sample/audio/1-100032-A-0.wav",
    "esc50_sample/audio/3-103051-C-19.wav",
)


@pytest.fixture(params=TWINS)
def twin(request: pytest.FixtureRequest) -> Twin:
    return TWINS[request.param]


def assert_alike(twin: Twin, samples: np.ndarray) -> None:
    found, expected = twin.heard(samples), twin.extracted(samples)
    if expected.ndim == 4:  # CLAP's fusion has four equal copies of a short clip
        assert expected.shape[1] in (1, 4)
        found = found.expand(-1, expected.shape[1], -1, -1)
    assert found.dtype == expected.dtype == torch.float32
    assert found.shape == expected.shape
    assert float((found - expected).abs().max()) < 1e-4


def at_rate(clip: Clip, twin: Twin) -> np.ndarray:
    return np.array(clip.mono(twin.frontend.sample_rate), dtype=np.float32)


# --- exact --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("which", [0, 3])
def test_the_demo_clips_are_heard_alike(twin: Twin, which: int, clips: list[Clip]) -> None:
    assert_alike(twin, at_rate(clips[which], twin))


@pytest.mark.parametrize("name", RECORDINGS)
def test_recordings_are_heard_alike(twin: Twin, name: str) -> None:
    if not (SHARED / name).exists():
        pytest.skip(f"{SHARED / name} is not there; this recording is needed for this test")
    assert_alike(twin, at_rate(load_clip(SHARED / name), twin))


@pytest.mark.parametrize("name", ["wav2vec2", "ast", "ast-plain", "whisper-large"])
def test_longer_clips_than_the_limit_are_heard_alike(name: str, clips: list[Clip]) -> None:
    twin = TWINS[name]
    spoken = at_rate(clips[1], twin)
    assert_alike(twin, np.tile(spoken, 11 * 16000 // len(spoken) + 1))


def test_a_window_of_a_long_clip_is_what_clap_hears_of_it(clips: list[Clip]) -> None:
    twin = TWINS["clap"]
    spoken = at_rate(clips[1], twin)
    spoken = np.tile(spoken, 11 * 48000 // len(spoken) + 1)
    found = twin.heard(spoken)
    assert len(found) == 2
    assert float((found[0] - twin.extracted(spoken[: 10 * 48000])[0]).abs().max()) < 1e-4


def test_silence_is_heard_alike(twin: Twin) -> None:
    assert_alike(twin, np.zeros(twin.frontend.sample_rate // 2, np.float32))


def test_an_offset_is_heard_alike(twin: Twin, clips: list[Clip]) -> None:
    assert_alike(twin, 0.3 * at_rate(clips[0], twin) + 0.2)


# --- traps --------------------------------------------------------------------------------------------------------


def test_one_sample_changes_everything_that_wav2vec2_hears(clips: list[Clip]) -> None:
    twin = TWINS["wav2vec2"]
    samples = torch.tensor(at_rate(clips[0], twin))[None]
    other = samples.clone()
    other[0, 100] += 0.5
    assert (twin.frontend(samples) != twin.frontend(other)).all()
    assert ((TWINS["wav2vec2-plain"].frontend(samples) != TWINS["wav2vec2-plain"].frontend(other)).sum()) == 1


def test_what_ast_is_padded_with_is_no_silence() -> None:
    silence = AST(torch.zeros(1, 16000))[0]
    assert torch.allclose(silence[:98], torch.tensor((np.log(2**-23) - AST.mean) / (2 * AST.std)).float())
    assert torch.allclose(silence[98:], torch.tensor(-AST.mean / (2 * AST.std)))
    longer = AST(torch.zeros(1, 32000))[0]
    assert not torch.allclose(silence, longer)  # the same silence, a second more of it


def test_whispers_floor_follows_the_loudest_moment() -> None:
    generator = torch.Generator().manual_seed(0)
    samples = 1e-5 * torch.randn(1, 16000, generator=generator)
    loud = samples.clone()
    loud[0, 12000:12400] = torch.randn(400, generator=generator)
    quiet, with_burst = (whisper()(each)[..., :70] for each in (samples, loud))  # up to 50 ms before the burst
    assert with_burst.unique().numel() == 1  # all of it at the floor
    assert (with_burst > quiet).all()
    assert float(whisper()(loud).amax() - with_burst[0, 0, 0]) == pytest.approx(2.0)


def test_whispers_loudest_moment_is_not_in_the_frame_that_it_drops() -> None:
    twin = TWINS["whisper-large"]
    samples = 1e-5 * np.random.default_rng(0).normal(size=5 * 16000).astype(np.float32)
    samples[-4:] = (0.9, -0.9, 0.9, -0.9)  # heard best in the frame at the very end
    assert_alike(twin, samples)
    assert twin.frontend.axes(80000).shape == (128, 500)
    assert twin.frontend.stft_axes(80000).shape == (201, 500)


def test_decibels_of_what_is_nearly_silent_are_not_rounding(clips: list[Clip]) -> None:
    """Speech of 8 kHz at 48 kHz has almost nothing above 4 kHz: in single precision that would be off by decibels."""
    from dataclasses import replace

    twin = TWINS["clap"]
    rough = replace(twin.frontend, stft_settings=replace(twin.frontend.stft_settings, precise=False))
    samples = at_rate(clips[0], twin)
    samples = np.pad(samples, (0, 480000 - len(samples)))
    assert float((rough(torch.tensor(samples)[None]) - twin.extracted(samples)).abs().max()) > 1e-3
    assert_alike(twin, samples)


def test_less_than_a_frame_is_refused() -> None:
    with pytest.raises(AuricleError, match="shorter than one frame, 25 ms"):
        AST(torch.zeros(1, 399))


# --- differentiable -----------------------------------------------------------------------------------------------


def test_the_gradient_reaches_the_samples(twin: Twin, clips: list[Clip]) -> None:
    samples = torch.tensor(at_rate(clips[0], twin))[None].requires_grad_()
    found = twin.frontend(samples)
    toward = torch.randn(found.shape, generator=torch.Generator().manual_seed(0))
    (gradient,) = torch.autograd.grad((found * toward).sum(), samples)
    assert torch.isfinite(gradient).all()
    assert (gradient != 0)[samples != 0].float().mean() > 0.9  # the clip begins and ends with digital silence


def test_silence_has_a_finite_gradient(twin: Twin) -> None:
    samples = torch.zeros(1, twin.frontend.sample_rate // 2, requires_grad=True)
    (gradient,) = torch.autograd.grad(twin.frontend(samples).sum(), samples)
    assert torch.isfinite(gradient).all()


def test_the_gradient_is_what_differences_show(twin: Twin) -> None:
    generator = torch.Generator().manual_seed(0)
    samples = torch.randn(1, twin.frontend.sample_rate // 4, generator=generator, dtype=torch.float64)
    direction = torch.randn(samples.shape, generator=generator, dtype=torch.float64)
    toward = torch.randn(twin.frontend(samples).shape, generator=generator, dtype=torch.float64)
    samples.requires_grad_()
    (gradient,) = torch.autograd.grad((twin.frontend(samples) * toward).sum(), samples)
    with torch.no_grad():
        ahead, behind = ((twin.frontend(samples + s * direction) * toward).sum() for s in (1e-7, -1e-7))
    assert float((gradient * direction).sum()) == pytest.approx(float((ahead - behind) / 2e-7), rel=1e-3)


# --- the front-end's own promises ---------------------------------------------------------------------------------


def test_the_parts_are_the_whole(twin: Twin, clips: list[Clip]) -> None:
    front = twin.frontend
    assert isinstance(front, Frontend)
    samples = torch.tensor(at_rate(clips[0], twin))[None]
    parts = front.features(front.stft(front.normalise(samples)), length=samples.shape[-1])
    assert torch.allclose(parts, front(samples), atol=1e-5)


def test_kaldis_stft_is_linear() -> None:
    generator = torch.Generator().manual_seed(0)
    one, other = torch.randn(2, 1, 4000, generator=generator, dtype=torch.float64)
    assert AST.stft(one).dtype == torch.complex128
    assert AST.stft(one.float()).dtype == torch.complex64
    assert torch.allclose(AST.stft(2 * one - 3 * other), 2 * AST.stft(one) - 3 * AST.stft(other), atol=1e-9)


@pytest.mark.parametrize("hertz", [300.0, 1000.0, 2500.0])
def test_a_tone_lies_in_kaldis_band_that_says_so(hertz: float) -> None:
    samples = torch.sin(2 * torch.pi * hertz * torch.arange(16000) / 16000)[None]
    values = AST.to_map(AST(samples))[0, :, 40].numpy()
    axes = AST.axes(16000)
    loudest = int(values.argmax())
    slack = max((axes.hertz[loudest + 1] - axes.hertz[loudest]) / 2, 16000 / 512)  # low bands are narrower than a bin
    assert axes.hertz[loudest] - slack <= hertz <= axes.hertz[loudest + 1] + slack


def test_a_click_lies_in_kaldis_frame_that_says_so_and_the_padding_behind_the_clip() -> None:
    samples = torch.zeros(1, 16000)
    samples[0, 8000] = 1.0
    loudness = AST.to_map(AST(samples))[0, :, :98].sum(0).numpy()
    axes = AST.axes(16000)
    assert axes.shape == (128, 1024)
    loudest = int(loudness.argmax())
    assert axes.seconds[loudest] - 0.005 <= 0.5 <= axes.seconds[loudest + 1] + 0.005
    assert axes.seconds[98] <= 1.0  # the clip's last frame ends within it
    assert (axes.seconds[100:] > 1.0).all()


def test_kaldis_relevance_goes_back_to_its_bins_but_for_what_hears_nothing() -> None:
    """That is the padding, and bands so low and narrow that no bin lies in them: no sound has ever changed those."""
    samples = torch.randn(1, 16000, generator=torch.Generator().manual_seed(0))
    spectrum = AST.stft(samples)
    relevance = torch.rand(1, 128, 1024, generator=torch.Generator().manual_seed(1))
    spread = AST.spread(relevance, spectrum)
    assert spread.shape[1:] == spectrum.shape[1:] == AST.stft_axes(16000).shape
    hears = AST.filters(samples).any(1)
    assert 0 < (~hears).sum() < 5
    assert AST.to_map(AST(samples))[:, ~hears, :98].unique().numel() == 1
    assert torch.allclose(spread.sum(1), relevance[:, hears, :98].sum(1), rtol=1e-4)


def test_settings_come_back(twin: Twin) -> None:
    settings = json.loads(json.dumps(frontends.to_settings(twin.frontend)))
    assert frontends.from_settings(settings) == twin.frontend


def test_every_setting_of_kaldis_comes_back() -> None:
    front = KaldiFilterbank(n_mels=64, max_frames=None, mean=1.0, std=2.0, compression=Log(offset=0.0, minimum=1e-9))
    assert frontends.from_settings(frontends.to_settings(front)) == front
    assert front.seconds is None
    assert front(torch.zeros(1, 16000)).shape == (1, 98, 64)


def test_the_longest_clip_that_is_heard_whole() -> None:
    n = round(AST.seconds * 16000)
    assert AST.stft_settings.frames(n) == 1024
    assert AST.stft_settings.frames(n - 1) == 1023


def test_a_silent_clip_does_not_disturb_its_batch_mate(twin: Twin, clips: list[Clip]) -> None:
    sound = torch.tensor(at_rate(clips[0], twin))
    together = twin.frontend(torch.stack([sound, torch.zeros_like(sound), 0.1 * sound]))
    assert torch.allclose(together[0], twin.frontend(sound[None])[0], atol=1e-4)


def test_normalised_sound_by_hand() -> None:
    samples = torch.tensor([[1.0, 2.0, 3.0, 6.0]], dtype=torch.float64)
    found = Waveform(sample_rate=8000, normalisation="standard", channel=False)(samples)
    assert torch.allclose(found, (samples - 3.0) / np.sqrt(3.5 + 1e-7))
    assert WhisperLog()(torch.zeros(1, 2, 2)).unique().tolist() == [-1.5]
