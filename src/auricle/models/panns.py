"""CNN14 with weights that PANNs published, or that were saved in their layout."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from auricle.classifier import Classifier
from auricle.errors import AuricleError
from auricle.frontends.presets import preset
from auricle.frontends.spectrogram import MelSpectrogram
from auricle.models.cnn14 import Cnn14

FILTERS = "logmel_extractor.melW"
WINDOW = "spectrogram_extractor.stft.conv_real.weight"
OF_THE_FRONT_END = ("spectrogram_extractor.", "logmel_extractor.")


def load_panns(
    path: str | Path, labels: Sequence[str], *, frontend: MelSpectrogram | None = None, multi_label: bool = True
) -> Classifier:
    """CNN14 from a checkpoint in the PANNs layout, such as ``Cnn14_mAP=0.431.pth``, or from its safetensors.

    ``labels`` are the classes in the checkpoint's order (AudioSet's 527 for the published one). ``frontend`` is the
    ``cnn14`` preset unless given; where the checkpoint holds the mel filters and the window that it was trained with,
    they must be the front-end's. Only weights are read from the file, no code.

    Raises `AuricleError` for a file that is no such checkpoint, holds other layers, another front-end or another
    number of classes.
    """
    path = Path(path)
    heard = frontend or _cnn14()
    weights = _read(path)
    _check_front_end(weights, heard, path)
    kept = {key: value for key, value in weights.items() if not key.startswith(OF_THE_FRONT_END)}
    if "fc_audioset.weight" not in kept or "bn0.weight" not in kept:
        raise AuricleError(f"{path} holds no CNN14 in the layout of PANNs; its layers begin {', '.join([*kept][:3])}")
    classes, bands = len(kept["fc_audioset.weight"]), len(kept["bn0.weight"])
    if classes != len(labels):
        raise AuricleError(f"{path} tells {classes} classes apart but {len(labels)} labels were given; give one each")
    if bands != heard.n_mels:
        raise AuricleError(f"{path} hears {bands} mel bands but the front-end makes {heard.n_mels}; give frontend=")
    with torch.device("meta"):  # every weight comes from the file
        network = Cnn14(classes=classes, bands=bands, head="panns" if "fc1.weight" in kept else "linear")
    try:
        network.load_state_dict(kept, assign=True)
    except RuntimeError as error:
        raise AuricleError(f"the weights in {path} do not fit CNN14: {error}") from error
    return Classifier(
        network.float().eval(), frontend=heard, labels=labels, multi_label=multi_label, name=path.stem
    )


def _cnn14() -> MelSpectrogram:
    front = preset("cnn14")
    assert isinstance(front, MelSpectrogram)
    return front


def _read(path: Path) -> dict[str, Tensor]:
    if not path.is_file():
        raise AuricleError(f"{path} does not exist; give the checkpoint's file")
    read: Any
    if path.suffix == ".safetensors":
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        try:
            read = load_file(str(path))
        except SafetensorError as error:
            raise AuricleError(f"{path} is not a safetensors file ({error}); download it again") from error
    else:
        try:
            with torch.serialization.safe_globals(_of_numpy()):
                read = torch.load(path, map_location="cpu", weights_only=True)
        except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError) as error:
            reason = (str(error).strip() or "it ends too early").splitlines()[0].rstrip(".")
            raise AuricleError(
                f"{path} cannot be read as weights alone ({reason}); convert it in a place you trust with "
                "safetensors.torch.save_file"
            ) from error
    if isinstance(read, dict) and isinstance(read.get("model"), dict):
        read = read["model"]
    if not isinstance(read, dict) or not read or not all(isinstance(value, Tensor) for value in read.values()):
        raise AuricleError(f"{path} holds no network's weights by name; give a checkpoint in the layout of PANNs")
    return {str(key).removeprefix("module."): value for key, value in read.items()}


def _of_numpy() -> list[Any]:
    """What an array of numbers is pickled as: PANNs keep the order of their training clips beside the weights."""
    rebuild = np.empty(0).__reduce__()[0]
    kinds = [type(np.dtype(kind)) for kind in ("int32", "int64", "float32", "float64", "bool", "uint32")]
    old = [(rebuild, "numpy.core.multiarray._reconstruct")]  # its name before NumPy 2
    return [rebuild, *old, np.ndarray, np.dtype, *kinds]


def _check_front_end(weights: dict[str, Tensor], front: MelSpectrogram, path: Path) -> None:
    """The filters and the window in the checkpoint, ``[F, mels]`` and ``[F, 1, n_fft]``, are the front-end's."""
    given = {
        FILTERS: ("mel filters", front.filters(torch.empty(0)).T),
        WINDOW: ("window", _cosines(front)),
    }
    for key, (what, ours) in given.items():
        theirs = weights.get(key)
        if theirs is None:
            continue
        same = theirs.shape == ours.shape and bool((theirs.float() - ours).abs().max() <= 1e-4 * ours.abs().max())
        if not same:
            raise AuricleError(
                f"{path} was trained with other {what} {tuple(theirs.shape)} than the front-end's {tuple(ours.shape)}; "
                "give frontend= the MelSpectrogram of that checkpoint (sample rate, n_fft, hop, fmin, fmax)"
            )


def _cosines(front: MelSpectrogram) -> Tensor:
    """The real part of the windowed Fourier matrix, ``[n_fft // 2 + 1, 1, n_fft]``."""
    n = front.stft_settings.n_fft
    window = torch.zeros(n, dtype=torch.float64)
    start = (n - front.stft_settings.length) // 2
    make = torch.hann_window if front.stft_settings.window == "hann" else torch.hamming_window
    window[start : start + front.stft_settings.length] = make(front.stft_settings.length, dtype=torch.float64)
    turns = torch.outer(torch.arange(n // 2 + 1, dtype=torch.float64), torch.arange(n, dtype=torch.float64)) % n
    return (torch.cos(2 * torch.pi * turns / n) * window)[:, None].float()
