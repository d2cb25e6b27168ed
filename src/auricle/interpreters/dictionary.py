"""A dictionary: the spectra that sounds of one kind are made of, with the STFT they were learnt on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import torch
from torch import Tensor

from auricle._version import __version__
from auricle.clip import Clip
from auricle.errors import AuricleError
from auricle.files import write_whole
from auricle.frontends.grid import STFT
from auricle.frontends.listening import spectrum_of
from auricle.interpreters.redundancy import distinct
from auricle.interpreters.sparse_nmf import SparseNMF

Domain = Literal["magnitude", "log1p"]
CARD = "dictionary.json"
WEIGHTS = "dictionary.safetensors"


@dataclass(frozen=True, eq=False)
class Dictionary:
    """columns: W ``[F, K]``, non-negative, each of norm one. groups: K names, which group each column is of.

    grid and sample_rate (hertz): of the STFT they were learnt on. domain: whether they add up to its magnitude |X| or
    to log(1 + |X|). nmf: how they were learnt. history: what a frame cost, batch by batch.
    """

    columns: Tensor
    groups: tuple[str, ...]
    grid: STFT
    sample_rate: int
    domain: Domain = "log1p"
    nmf: SparseNMF = field(default_factory=SparseNMF)
    history: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if self.domain not in get_args(Domain):
            raise AuricleError(f'no domain is called "{self.domain}"; known: {", ".join(get_args(Domain))}')
        frequencies = self.grid.n_fft // 2 + 1
        if self.columns.shape != (frequencies, len(self.groups)) or not self.groups:
            raise AuricleError(
                f"columns of shape {tuple(self.columns.shape)} do not fit {len(self.groups)} groups' names and "
                f"{frequencies} frequencies; give [{frequencies}, {len(self.groups)}]"
            )
        if not self.columns.isfinite().all() or (self.columns < 0).any():
            raise AuricleError("columns have negative values, NaN or infinity; give non-negative spectra")

    def __len__(self) -> int:
        return len(self.groups)

    @property
    def hertz(self) -> np.ndarray:
        """Frequency of each bin, ``[F]``."""
        return np.arange(len(self.columns)) * self.sample_rate / self.grid.n_fft

    def centroids(self) -> np.ndarray:
        """Mean frequency of each column in hertz, ``[K]``, weighted by its values."""
        weights = self.columns.double().cpu().numpy()
        return self.hertz @ weights / np.maximum(weights.sum(0), np.finfo(float).tiny)

    def check(self, grid: STFT, sample_rate: int) -> None:
        """Raise `AuricleError` unless sound is analysed as it was for these columns."""
        if (grid, sample_rate) != (self.grid, self.sample_rate):
            raise AuricleError(
                f"this dictionary was learnt at {self.sample_rate} Hz on {self.grid}, and is asked for sound at "
                f"{sample_rate} Hz on {grid}; learn one for these settings"
            )

    def values(self, clip: Clip) -> Tensor:
        """What the columns add up to in a clip, V ``[F, T]``, on its listening STFT at the dictionary's rate."""
        samples = torch.tensor(clip.mono(self.sample_rate))
        return in_domain(spectrum_of(samples, self.grid).abs(), self.domain).to(self.columns)

    def codes(self, clip: Clip) -> Tensor:
        """How much of each column there is in each frame of a clip, H ``[K, T]``."""
        return self.nmf.codes(self.values(clip), self.columns)

    def only(self, kept: Sequence[int]) -> Dictionary:
        """The same dictionary with some of its columns, counted from 0, in this order."""
        return replace(self, columns=self.columns[:, list(kept)], groups=tuple(self.groups[k] for k in kept))

    def without_redundant(self, threshold: float = 0.9) -> Dictionary:
        """Without the later of any two columns whose cosine is above ``threshold``, whatever their groups."""
        return self.only(distinct(self.columns, threshold))

    def save(self, folder: str | Path) -> Path:
        """Write ``dictionary.safetensors`` and ``dictionary.json``; nothing is pickled."""
        from safetensors.torch import save

        folder = Path(folder)
        card = {
            "format": 1,
            "auricle": __version__,
            "sample_rate": self.sample_rate,
            "stft": asdict(self.grid),
            "domain": self.domain,
            "groups": list(self.groups),
            "nmf": asdict(self.nmf),
            "history": list(self.history),
        }
        write_whole(folder / WEIGHTS, save({"columns": self.columns.detach().cpu().contiguous()}))
        write_whole(folder / CARD, json.dumps(card, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
        return folder


def in_domain(magnitude: Tensor, domain: Domain) -> Tensor:
    return magnitude.log1p() if domain == "log1p" else magnitude


def magnitude_of(values: Tensor, domain: Domain) -> Tensor:
    """The inverse of `in_domain`."""
    return values.expm1() if domain == "log1p" else values


def load_dictionary(folder: str | Path) -> Dictionary:
    """The dictionary that `Dictionary.save` wrote."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    folder = Path(folder)
    for name in (CARD, WEIGHTS):
        if not (folder / name).is_file():
            raise AuricleError(f"{folder} holds no {name}; give the folder of a dictionary that was saved")
    try:
        return _read(json.loads((folder / CARD).read_text()), load_file(str(folder / WEIGHTS)))
    except (ValueError, KeyError, TypeError, AttributeError, UnicodeDecodeError, SafetensorError) as error:
        raise AuricleError(f"the dictionary in {folder} is damaged ({error!r}); learn it again") from error


def _read(card: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> Dictionary:
    return Dictionary(
        columns=tensors["columns"],
        groups=tuple(str(each) for each in card["groups"]),
        grid=STFT(**card["stft"]),
        sample_rate=int(card["sample_rate"]),
        domain=card["domain"],
        nmf=SparseNMF(**card["nmf"]),
        history=tuple(float(each) for each in card["history"]),
    )


def joined(dictionaries: Sequence[Dictionary]) -> Dictionary:
    """The columns of several dictionaries side by side; their groups should be called differently.

    Raises `AuricleError` if they were not learnt on one STFT, rate and domain.
    """
    if not dictionaries:
        raise AuricleError("there are no dictionaries to join; give at least one")
    first = dictionaries[0]
    for each in dictionaries[1:]:
        first.check(each.grid, each.sample_rate)
        if each.domain != first.domain:
            raise AuricleError(f"a dictionary of {first.domain} and one of {each.domain} cannot be joined")
    columns = torch.cat([each.columns.to(first.columns) for each in dictionaries], 1)
    groups = tuple(group for each in dictionaries for group in each.groups)
    return replace(first, columns=columns, groups=groups, history=())
