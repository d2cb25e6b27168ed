"""The feature extractors of ``transformers`` beside their differentiable twins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from auricle.frontends import STFT, Frontend, KaldiFilterbank, Log10, MelSpectrogram, Waveform, WhisperLog
from auricle.length import Length


def whisper(n_mels: int = 80) -> MelSpectrogram:
    return MelSpectrogram(
        sample_rate=16000,
        stft_settings=STFT(n_fft=400, hop=160, padding="reflect"),
        power=2,
        n_mels=n_mels,
        fmax=8000.0,
        last_frame=False,
        compression=WhisperLog(),
        layout="plain",
    )


def clap(*, fusion: bool, fmin: float = 50.0) -> MelSpectrogram:
    return MelSpectrogram(
        sample_rate=48000,
        stft_settings=STFT(n_fft=1024, hop=480, padding="reflect", precise=True),
        power=2,
        n_mels=64,
        fmin=fmin,
        fmax=14000.0,
        scale="htk" if fusion else "slaney",
        area_norm=not fusion,
        compression=Log10(factor=10.0, floor=-100.0),
        layout="transposed",
    )


@dataclass(frozen=True)
class Twin:
    """A front-end, the length policy that goes with it, and what the extractor makes of samples ``[n]``."""

    frontend: Frontend
    length: Length
    extractor: str
    settings: dict[str, Any]
    read: Callable[[Any], Tensor]

    def extracted(self, samples: np.ndarray) -> Tensor:
        """The original's features of a whole clip ``[1, ...]``."""
        import transformers

        make = getattr(transformers, self.extractor)(**self.settings)
        return self.read(make(samples.copy(), sampling_rate=self.frontend.sample_rate, return_tensors="pt"))

    def heard(self, samples: np.ndarray) -> Tensor:
        """The twin's features of the clip's windows ``[W, ...]``."""
        windows = self.length.windows(
            torch.tensor(samples), sample_rate=self.frontend.sample_rate, hop=self.frontend.grid.hop
        )
        return self.frontend(windows.samples)


def _values(batch: Any) -> Tensor:
    found: Tensor = batch["input_values"]
    return found


def _features(batch: Any) -> Tensor:
    found: Tensor = batch["input_features"]
    return found


def _clap(padding: str, pad: Any, truncation: str) -> Twin:
    front = clap(fusion=truncation == "fusion")
    settings = {"frequency_min": 50, "padding": padding, "truncation": truncation}
    return Twin(front, Length(seconds=10.0, pad=pad), "ClapFeatureExtractor", settings, _features)


AST = KaldiFilterbank()
AST_LENGTH = Length(seconds=AST.seconds, pad="none", long="crop")
PLAIN, STANDARD = (Waveform(sample_rate=16000, normalisation=each, channel=False) for each in ("none", "standard"))

TWINS = {
    "wav2vec2": Twin(STANDARD, Length(pad="none"), "Wav2Vec2FeatureExtractor", {"do_normalize": True}, _values),
    "wav2vec2-plain": Twin(PLAIN, Length(pad="none"), "Wav2Vec2FeatureExtractor", {"do_normalize": False}, _values),
    "ast": Twin(AST, AST_LENGTH, "ASTFeatureExtractor", {}, _values),
    "ast-plain": Twin(
        KaldiFilterbank(n_mels=40, max_frames=100, standardised=False),
        Length(pad="none"),
        "ASTFeatureExtractor",
        {"num_mel_bins": 40, "max_length": 100, "do_normalize": False},
        _values,
    ),
    "whisper": Twin(whisper(), Length(seconds=30.0, long="crop"), "WhisperFeatureExtractor", {}, _features),
    "whisper-large": Twin(
        whisper(128), Length(seconds=5.0, long="crop"), "WhisperFeatureExtractor",
        {"feature_size": 128, "chunk_length": 5}, _features,
    ),
    "clap-fusion": _clap("repeatpad", "repeat", "fusion"),
    "clap": _clap("repeatpad", "repeat", "rand_trunc"),
    "clap-loop": _clap("repeat", "loop", "rand_trunc"),
    "clap-silence": _clap("pad", "end", "fusion"),
}  # fmt: skip
