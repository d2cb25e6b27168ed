"""Weights in the layout of PANNs load, sound as published, and only with the front-end they were trained with."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import librosa
import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional as F

from auricle import demo
from auricle.clip import load_clip
from auricle.errors import AuricleError
from auricle.frontends import STFT, MelSpectrogram
from auricle.frontends.compression import Log10
from auricle.models import cnn14
from auricle.models.panns import load_panns

LABELS = ["speech", "music", "bird"]


def front_end_weights(rate: int = 32000, n_fft: int = 1024, fmax: float = 14000.0) -> dict[str, Tensor]:
    """What PANNs keep of their front-end: the windowed Fourier matrix and librosa's mel filters."""
    matrix = np.exp(-2j * np.pi * np.outer(np.arange(n_fft), np.arange(n_fft // 2 + 1)) / n_fft)
    matrix *= librosa.filters.get_window("hann", n_fft, fftbins=True)[:, None]
    mel = librosa.filters.mel(sr=rate, n_fft=n_fft, n_mels=64, fmin=50, fmax=fmax).T
    return {
        "spectrogram_extractor.stft.conv_real.weight": torch.tensor(matrix.real.T[:, None], dtype=torch.float32),
        "spectrogram_extractor.stft.conv_imag.weight": torch.tensor(matrix.imag.T[:, None], dtype=torch.float32),
        "logmel_extractor.melW": torch.tensor(mel, dtype=torch.float32),
    }


@pytest.fixture(scope="module")
def weights() -> Iterator[dict[str, Tensor]]:
    """CNN14's layers, but narrow, so that nobody waits."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cnn14, "WIDTHS", (2, 3, 4, 5, 6, 7))
        torch.manual_seed(0)
        network = cnn14.Cnn14(classes=3).train()
        with torch.no_grad():
            network(30 * torch.randn(4, 1, 64, 64) - 40)  # statistics that are not 0 and 1
        yield {key: value.clone() for key, value in network.state_dict().items()}


@pytest.fixture(scope="module")
def checkpoint(weights: dict[str, Tensor], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("panns") / "Cnn14_mAP=0.431.pth"
    sampler = {"indexes": np.arange(10), "pointer": 3}
    torch.save({"iteration": 600000, "model": front_end_weights() | weights, "sampler": sampler}, path)
    return path


def published_scores(samples: np.ndarray, weights: dict[str, Tensor]) -> Tensor:
    """CNN14 as the paper describes it, on librosa's decibels of power."""
    power = np.abs(librosa.stft(samples, n_fft=1024, hop_length=320, pad_mode="reflect")) ** 2
    mel = librosa.filters.mel(sr=32000, n_fft=1024, n_mels=64, fmin=50, fmax=14000) @ power
    decibels = librosa.power_to_db(mel, ref=1.0, amin=1e-10, top_db=None)
    maps = torch.tensor(decibels.T, dtype=torch.float32)[None, None]

    def norm(name: str, values: Tensor, axis: int = 1) -> Tensor:
        shape = [-1 if i == axis else 1 for i in range(4)]
        mean, var, scale, shift = (
            weights[f"{name}.{key}"].reshape(shape) for key in ("running_mean", "running_var", "weight", "bias")
        )
        return (values - mean) / (var + 1e-5).sqrt() * scale + shift

    maps = norm("bn0", maps, axis=3)
    for block in range(1, 7):
        for half in (1, 2):
            maps = F.conv2d(maps, weights[f"conv_block{block}.conv{half}.weight"], padding=1)
            maps = norm(f"conv_block{block}.bn{half}", maps).relu()
        maps = maps if block == 6 else F.avg_pool2d(maps, 2)
    frames = maps.mean(3)
    hidden = frames.max(2).values + frames.mean(2)
    hidden = F.linear(hidden, weights["fc1.weight"], weights["fc1.bias"]).relu()
    return torch.sigmoid(F.linear(hidden, weights["fc_audioset.weight"], weights["fc_audioset.bias"]))


def test_a_checkpoint_sounds_as_the_paper_says(checkpoint: Path, weights: dict[str, Tensor]) -> None:
    classifier = load_panns(checkpoint, LABELS)
    assert classifier.multi_label
    assert classifier.name == "Cnn14_mAP=0.431"
    assert not classifier.network.training
    clip = load_clip(demo.clip("five"))
    expected = published_scores(np.array(clip.mono(32000)), weights)[0]
    found = classifier.predict(clip).probabilities
    assert expected.std() > 0.01
    np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize("n", [16000, 32000, 100000])
def test_clips_may_have_any_length(n: int, checkpoint: Path) -> None:
    assert load_panns(checkpoint, LABELS).logits(torch.randn(2, n)).shape == (2, 3)


def test_safetensors_and_bare_weights_are_the_same_network(
    checkpoint: Path, weights: dict[str, Tensor], tmp_path: Path
) -> None:
    save_file(weights, str(tmp_path / "cnn14.safetensors"))
    torch.save({f"module.{key}": value for key, value in weights.items()}, tmp_path / "parallel.pth")
    sound = torch.randn(1, 16000)
    expected = load_panns(checkpoint, LABELS).logits(sound)
    for name in ("cnn14.safetensors", "parallel.pth"):
        assert torch.equal(load_panns(tmp_path / name, LABELS).logits(sound), expected)


@pytest.mark.parametrize(
    "theirs", [front_end_weights(rate=16000, n_fft=512, fmax=8000.0), front_end_weights(fmax=16000.0)]
)
def test_another_front_end_is_refused(theirs: dict[str, Tensor], weights: dict[str, Tensor], tmp_path: Path) -> None:
    torch.save({"model": theirs | weights}, tmp_path / "other.pth")
    with pytest.raises(AuricleError, match=r"other mel filters .* give frontend="):
        load_panns(tmp_path / "other.pth", LABELS)


def test_another_window_is_refused(weights: dict[str, Tensor], tmp_path: Path) -> None:
    theirs = front_end_weights()
    theirs["spectrogram_extractor.stft.conv_real.weight"] *= 0.5
    torch.save({"model": theirs | weights}, tmp_path / "other.pth")
    with pytest.raises(AuricleError, match="other window"):
        load_panns(tmp_path / "other.pth", LABELS)


def test_the_16_khz_variant_loads_with_its_own_front_end(weights: dict[str, Tensor], tmp_path: Path) -> None:
    path = tmp_path / "Cnn14_16k.pth"
    torch.save({"model": front_end_weights(rate=16000, n_fft=512, fmax=8000.0) | weights}, path)
    front = MelSpectrogram(
        sample_rate=16000,
        stft_settings=STFT(n_fft=512, hop=160, padding="reflect"),
        power=2,
        n_mels=64,
        fmin=50.0,
        fmax=8000.0,
        compression=Log10(factor=10.0, floor=-100.0),
        layout="transposed",
    )
    classifier = load_panns(path, LABELS, frontend=front)
    assert classifier.sample_rate == 16000
    assert torch.isfinite(classifier.logits(torch.randn(1, 16000))).all()


class Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return print, ("this must never be printed",)


def test_a_checkpoint_that_would_run_code_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.save({"model": {}, "sampler": Evil()}, tmp_path / "evil.pth")
    (tmp_path / "bare.pth").write_bytes(pickle.dumps(Evil()))
    for name in ("evil.pth", "bare.pth"):
        with pytest.raises(AuricleError, match="cannot be read as weights alone"):
            load_panns(tmp_path / name, LABELS)
    assert capsys.readouterr().out == ""


def test_what_is_wrong_with_a_file_is_told(weights: dict[str, Tensor], checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(AuricleError, match="tells 3 classes apart but 2 labels"):
        load_panns(checkpoint, ["speech", "music"])
    with pytest.raises(AuricleError, match="does not exist"):
        load_panns(tmp_path / "none.pth", LABELS)
    torch.save({"layer.weight": torch.zeros(2)}, tmp_path / "other.pth")
    with pytest.raises(AuricleError, match=r"no CNN14 in the layout of PANNs; its layers begin layer\.weight"):
        load_panns(tmp_path / "other.pth", LABELS)
    torch.save([1, 2], tmp_path / "list.pth")
    with pytest.raises(AuricleError, match="no network's weights by name"):
        load_panns(tmp_path / "list.pth", LABELS)
    (tmp_path / "broken.safetensors").write_bytes(b"not at all")
    with pytest.raises(AuricleError, match="not a safetensors file"):
        load_panns(tmp_path / "broken.safetensors", LABELS)
    (tmp_path / "broken.pth").write_bytes(b"")
    with pytest.raises(AuricleError, match="cannot be read as weights alone"):
        load_panns(tmp_path / "broken.pth", LABELS)
    torch.save({key: value for key, value in weights.items() if "block3" not in key}, tmp_path / "short.pth")
    with pytest.raises(AuricleError, match="do not fit CNN14"):
        load_panns(tmp_path / "short.pth", LABELS)
