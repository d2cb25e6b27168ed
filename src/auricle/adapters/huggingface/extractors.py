"""From a feature extractor's settings to its differentiable twin, and to what becomes of short and long clips."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from auricle.classifier import Length
from auricle.clip import LOWEST_RATE
from auricle.errors import AuricleError, nearest
from auricle.frontends import STFT, Frontend, KaldiFilterbank, Log10, MelSpectrogram, Waveform, WhisperLog


@dataclass(frozen=True)
class Hearing:
    """How a model hears: its front-end, its policy for lengths, and by which name it takes its input."""

    frontend: Frontend
    length: Length
    input_name: str


def hearing_of(extractor: Any, config: Any, name: str, seconds: float | None) -> Hearing:
    """The twin of a feature extractor of transformers, with its settings; ``seconds`` cuts long clips.

    Raises `AuricleError` for an extractor that has no twin, and for one that does not fit the model's config.
    """
    if seconds is not None and seconds <= 0:
        raise AuricleError(f"{seconds:g} seconds is no length; give for example seconds=10")
    kind = next((each.__name__ for each in type(extractor).__mro__ if each.__name__ in EXTRACTORS), None)
    if type(extractor).__name__ == "SeamlessM4TFeatureExtractor":
        raise AuricleError(
            f"{name} hears through SeamlessM4TFeatureExtractor (wav2vec2-bert), which scales each band by the whole "
            "clip and stacks frames in pairs, and has no twin; make a function of extractor and model, and explain it "
            "through auricle.function_classifier with a method that removes parts of the sound"
        )
    if kind is None:
        given = type(extractor).__name__
        raise AuricleError(f"{name} hears through {given}, which has no twin; {nearest(given, EXTRACTORS)}")
    wanted = OF_MODEL.get(config.model_type, "Wav2Vec2FeatureExtractor")
    if kind != wanted:
        raise AuricleError(
            f"{type(extractor).__name__} is not what models of type {config.model_type} hear through; give {name} the "
            f"{wanted} that belongs to it"
        )
    rate = extractor.sampling_rate
    if not isinstance(rate, int) or rate < LOWEST_RATE:
        raise AuricleError(
            f"the feature extractor of {name} hears at a sampling_rate of {rate!r}, which is no rate of sound in Hz; "
            "write the one that the model was trained with into its preprocessor_config.json, for example 16000"
        )
    return EXTRACTORS[kind](extractor, config, name, seconds)


def _waveform(extractor: Any, config: Any, name: str, seconds: float | None) -> Hearing:
    del config, name
    front = Waveform(
        sample_rate=extractor.sampling_rate,
        normalisation="standard" if extractor.do_normalize else "none",
        channel=False,
    )
    return Hearing(front, Length(seconds=seconds, pad="none"), "input_values")


def _ast(extractor: Any, config: Any, name: str, seconds: float | None) -> Hearing:
    _check_fit(name, "frames", extractor.max_length, config.max_length)
    _check_fit(name, "bands", extractor.num_mel_bins, config.num_mel_bins)
    front = KaldiFilterbank(
        sample_rate=extractor.sampling_rate,
        n_mels=extractor.num_mel_bins,
        max_frames=extractor.max_length,
        standardised=bool(extractor.do_normalize),
        mean=extractor.mean,
        std=extractor.std,
    )
    longest = front.seconds
    assert longest is not None  # with max_frames there is one
    return Hearing(front, Length(seconds=min(seconds or longest, longest), pad="none"), "input_values")


def _whisper(extractor: Any, config: Any, name: str, seconds: float | None) -> Hearing:
    _check_seconds(name, extractor.chunk_length, seconds)
    if getattr(extractor, "dither", 0.0):
        raise AuricleError(f"the feature extractor of {name} adds noise to the sound (dither); set its dither to 0")
    _check_fit(name, "frames", extractor.nb_max_frames, 2 * config.max_source_positions)
    _check_fit(name, "bands", extractor.feature_size, config.num_mel_bins)
    front = MelSpectrogram(
        sample_rate=extractor.sampling_rate,
        stft_settings=STFT(n_fft=extractor.n_fft, hop=extractor.hop_length, padding="reflect"),
        power=2,
        n_mels=extractor.feature_size,
        fmax=8000.0,
        compression=WhisperLog(),
        last_frame=False,
        layout="plain",
    )
    return Hearing(front, Length(seconds=float(extractor.chunk_length)), "input_features")


def _clap(extractor: Any, config: Any, name: str, seconds: float | None) -> Hearing:
    _check_seconds(name, extractor.max_length_s, seconds)
    _check_fit(name, "bands", extractor.feature_size, config.audio_config.num_mel_bins)
    fusion = extractor.truncation == "fusion"
    _check_fit(name, "copies of the sound", 4 if fusion else 1, 4 if config.audio_config.enable_fusion else 1)
    front = MelSpectrogram(
        sample_rate=extractor.sampling_rate,
        stft_settings=STFT(n_fft=extractor.fft_window_size, hop=extractor.hop_length, padding="reflect", precise=True),
        power=2,
        n_mels=extractor.feature_size,
        fmin=float(extractor.frequency_min),
        fmax=float(extractor.frequency_max),
        scale="htk" if fusion else "slaney",
        area_norm=not fusion,
        compression=Log10(factor=10.0, floor=-100.0),
        layout="transposed",
    )
    pad: dict[str, Literal["repeat", "loop", "end"]] = {"repeatpad": "repeat", "repeat": "loop", "pad": "end"}
    return Hearing(
        front, Length(seconds=float(extractor.max_length_s), pad=pad[extractor.padding]), "input_features"
    )


def _check_fit(name: str, what: str, given: int, wanted: int) -> None:
    if given != wanted:
        raise AuricleError(
            f"{name} hears {wanted} {what}, but its feature extractor makes {given}; use the preprocessor_config.json "
            "of the model that it was fine-tuned from"
        )


def _check_seconds(name: str, always: float, seconds: float | None) -> None:
    if seconds is not None and seconds != always:
        raise AuricleError(f"{name} always hears {always:g} s at once, not {seconds:g} s; leave seconds out")


EXTRACTORS: dict[str, Callable[[Any, Any, str, float | None], Hearing]] = {
    "Wav2Vec2FeatureExtractor": _waveform,
    "ASTFeatureExtractor": _ast,
    "WhisperFeatureExtractor": _whisper,
    "ClapFeatureExtractor": _clap,
}
OF_MODEL = {
    "audio-spectrogram-transformer": "ASTFeatureExtractor",
    "whisper": "WhisperFeatureExtractor",
    "clap": "ClapFeatureExtractor",
    "wav2vec2-bert": "SeamlessM4TFeatureExtractor",
}
"""Which extractor a kind of model hears through; all others hear normalised samples."""
