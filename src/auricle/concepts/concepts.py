"""Concepts of a classifier: for each class the subspaces of one layer, with their names, kept beside the classifier."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from auricle._version import __version__
from auricle.classifier import Classifier
from auricle.concepts.subspaces import Subspaces
from auricle.errors import AuricleError, nearest
from auricle.files import write_whole
from auricle.methods import Method, build
from auricle.models.hashing import weights_hash

CARD = "concepts.json"
WEIGHTS = "concepts.safetensors"
REST = "the rest"
"""What the residual block is called."""


@dataclass(frozen=True, eq=False)
class Concepts:
    """The concepts of one layer, found class by class.

    model: hash of the classifier's weights. layer: module name. method: how relevance came to the layer. subspaces and
    names: by class, names of its concepts in order. facts: how they were found, as plain values.
    """

    model: str
    model_name: str
    layer: str
    method: Method
    subspaces: Mapping[str, Subspaces]
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        classifier: Classifier,
        layer: str,
        method: Method,
        subspaces: Mapping[str, Subspaces],
        **facts: Any,
    ) -> Concepts:
        """Concepts without names yet, found in this classifier."""
        return cls(weights_hash(classifier), classifier.name, layer, method, dict(subspaces), {}, facts)

    def __iter__(self) -> Iterator[str]:
        return iter(self.subspaces)

    def __len__(self) -> int:
        return len(self.subspaces)

    def __getitem__(self, label: str) -> Subspaces:
        if label not in self.subspaces:
            raise AuricleError(
                f'no concepts were fitted for "{label}"; {nearest(label, list(self.subspaces))}, or fit them for it too'
            )
        return self.subspaces[label]

    def names_of(self, label: str) -> tuple[str, ...]:
        """The names of a class's concepts, as they are shown; the residual's last, where there is one."""
        found = self[label]
        given = self.names.get(label, ())
        names = [given[k] if k < len(given) and given[k] else f"concept {k + 1}" for k in range(len(found))]
        return (*names, REST) if found.has_residual else tuple(names)

    def named(self, label: str, concept: int, name: str) -> Concepts:
        """With a name for a concept, counted from 1; an empty name takes it off again."""
        count = len(self[label])
        if not 1 <= concept <= count:
            raise AuricleError(f"{label} has concepts 1 to {count}, not {concept}")
        names = [*self.names.get(label, ()), *[""] * count][:count]
        names[concept - 1] = " ".join(name.split())
        return replace(self, names={**self.names, label: tuple(names)})

    def check(self, classifier: Classifier) -> None:
        """Raise `AuricleError` if these are not concepts of this classifier."""
        this = weights_hash(classifier)
        if this != self.model:
            raise AuricleError(
                f"these concepts were found in another model ({self.model_name}, hash {self.model}) than this "
                f"({classifier.name}, hash {this}: weights, layers or front end differ), so they mean nothing here; "
                "fit them again with: auricle concepts fit"
            )

    # --- saving ---------------------------------------------------------------------------------------------

    def save(self, folder: str | Path) -> Path:
        """Write ``concepts.safetensors`` and ``concepts.json``; nothing is pickled."""
        from safetensors.torch import save

        folder = Path(folder)
        tensors = {}
        for number, found in enumerate(self.subspaces.values()):
            tensors[f"{number}.basis"] = found.basis.detach().cpu().contiguous()
            if found.analysis is not None:
                tensors[f"{number}.analysis"] = found.analysis.detach().cpu().contiguous()
        write_whole(folder / WEIGHTS, save(tensors))
        write_whole(folder / CARD, json.dumps(self.card(), indent=2, ensure_ascii=False, allow_nan=False) + "\n")
        return folder

    def card(self) -> dict[str, Any]:
        """All but the bases, as plain values."""
        return {
            "format": 1,
            "auricle": __version__,
            "model": {"name": self.model_name, "weights": self.model},
            "layer": self.layer,
            "method": {"name": self.method.name, "settings": self.method.settings()},
            **self.facts,
            "classes": [
                {
                    "label": label,
                    "names": list(self.names_of(label)[: len(found)]),
                    "sizes": list(found.sizes),
                    "statistics": found.statistics,
                }
                for label, found in self.subspaces.items()
            ],
        }


def load_concepts(folder: str | Path, classifier: Classifier | None = None) -> Concepts:
    """The concepts that `Concepts.save` wrote; with a ``classifier``, only if they are of it."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    folder = Path(folder)
    for name in (CARD, WEIGHTS):
        if not (folder / name).is_file():
            raise AuricleError(f"{folder} holds no {name}; find concepts with: auricle concepts fit --out {folder}")
    try:
        card = json.loads((folder / CARD).read_text("utf-8"))
        tensors = load_file(str(folder / WEIGHTS))
        found = _read(card, tensors)
    except (ValueError, KeyError, TypeError, AttributeError, UnicodeDecodeError, SafetensorError) as error:
        if isinstance(error, AuricleError):
            raise
        raise AuricleError(f"the concepts in {folder} are damaged ({error!r}); fit them again") from error
    if classifier is not None:
        found.check(classifier)
    return found


KNOWN = {"format", "auricle", "model", "layer", "method", "classes"}


def _read(card: Mapping[str, Any], tensors: Mapping[str, torch.Tensor]) -> Concepts:
    subspaces, names = {}, {}
    for number, each in enumerate(card["classes"]):
        label = str(each["label"])
        if not all(bool(tensors[name].isfinite().all()) for name in tensors if name.split(".")[0] == str(number)):
            raise ValueError(f"the directions of {label} are not finite")
        subspaces[label] = Subspaces(
            tensors[f"{number}.basis"],
            tuple(int(size) for size in each["sizes"]),
            tensors.get(f"{number}.analysis"),
            dict(each["statistics"]),
        )
        plain = [f"concept {k + 1}" for k in range(len(subspaces[label]))]
        given = [str(name) for name in each["names"]]
        names[label] = tuple("" if one == other else one for one, other in zip(given, plain, strict=True))
    method = build(card["method"]["name"], **card["method"]["settings"])
    facts = {key: value for key, value in card.items() if key not in KNOWN}
    model = card["model"]
    return Concepts(str(model["weights"]), str(model["name"]), str(card["layer"]), method, subspaces, names, facts)
