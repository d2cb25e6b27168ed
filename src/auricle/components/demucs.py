"""Music sources by the models of the ``demucs`` package (Rouard, Massa and Défossez, ICASSP 2023)."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from auricle.errors import AuricleError


class Demucs:
    """A separator for `Sources` around any model of demucs: stems such as drums, bass, other and vocals.

    model: a name that demucs knows (its weights are downloaded once, by demucs), or a model with ``samplerate``,
    ``audio_channels`` and ``sources`` that takes ``[B, channels, n]``. Mono is given to a stereo model twice; the
    stems are the means of their channels. device: where it runs; None: on a GPU if there is one.
    """

    def __init__(self, model: str | torch.nn.Module = "htdemucs", *, device: str | None = None):
        self.device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        self.name = model if isinstance(model, str) else type(model).__name__
        self._model = None if isinstance(model, str) else model
        # Only a model known by its name is the same one tomorrow.
        self.version = f"demucs {model}" if isinstance(model, str) else None
        self.settings = {"model": self.name}
        self.packages = ("demucs", "torch")

    @property
    def model(self) -> Any:
        if self._model is None:
            self._model = load(self.name)
        return self._model

    @property
    def sample_rate(self) -> int:
        return int(self.model.samplerate)

    def __call__(self, samples: np.ndarray, sample_rate: int) -> dict[str, np.ndarray]:
        """Stems ``[n]`` by name of samples ``[n]`` at the model's rate."""
        model = self.model
        mix = torch.from_numpy(np.array(samples, np.float32)).expand(int(model.audio_channels), -1)[None]
        # Demucs is trained on sound of a common level; the stems get the clip's own level back.
        level, mean = mix.std().clamp_min(1e-8), mix.mean()
        stems = _apply(model, (mix - mean) / level, self.device)[0].mean(1).cpu() * level
        return {str(name): stem.numpy() for name, stem in zip(model.sources, stems, strict=True)}


def load(name: str) -> Any:
    """A pretrained model of demucs."""
    try:
        from demucs.pretrained import get_model
    except ImportError as error:
        raise AuricleError(
            f"sources:demucs needs the demucs package ({error}); install it with: pip install 'auricle[sources]'"
        ) from error
    try:
        return get_model(name).eval()
    except (Exception, SystemExit) as error:  # demucs leaves with SystemExit, and downloads fail in many ways
        raise AuricleError(
            f'the weights of demucs "{name}" cannot be loaded ({_first_line(error)}); check the name and, for the '
            "first download, the connection"
        ) from error


def _apply(model: Any, mix: torch.Tensor, device: str) -> torch.Tensor:
    """``[B, channels, n] -> [B, sources, channels, n]``; demucs' own models hear it in pieces that overlap."""
    if not type(model).__module__.startswith("demucs."):
        with torch.no_grad():
            return model.to(device)(mix.to(device))
    from demucs.apply import apply_model

    # The shift trick draws at random; without it the same clip gives the same stems.
    with torch.no_grad():
        return apply_model(model, mix, shifts=0, split=True, overlap=0.25, progress=False, device=device)


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
