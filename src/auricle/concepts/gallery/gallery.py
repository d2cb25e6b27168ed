"""What was gathered of concepts, and its files beside theirs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from auricle._version import __version__
from auricle.concepts.concepts import Concepts
from auricle.concepts.gallery.prototypes import Prototype, Rank
from auricle.concepts.gallery.statistics import Statistics
from auricle.errors import AuricleError
from auricle.evaluation.writing import json_bytes, parquet_bytes
from auricle.files import write_whole
from auricle.metrics.bootstrap import Interval

if TYPE_CHECKING:
    import pyarrow as pa

CARD = "gallery.json"
ROWS = "gallery.parquet"


@dataclass(frozen=True, eq=False)
class Gallery:
    """Concepts as met in clips, by class; a residual, where there is one, comes as one more concept.

    concepts: fingerprint of the subspaces. labels: the C classes with concepts and clips. rows: a table (pyarrow), one
    row a clip and concept, the latter counted from 1: ``label``, ``predicted``, ``clip``, ``source``, ``group``,
    ``concept``; Σ R_k at the layer as ``relevance``; ``share`` = R_k / Σ_j |R_j|; ``strength``, mean ‖V_kᵀ a‖ over
    positions; ``negative_share``, Σ max(-R_k, 0) / Σ |R_k| over positions; ``removed``, by how much the label's logit
    falls without the concept; and the fields of `MapStatistics`, null where it has no positive relevance. prototypes,
    statistics: ``[label][k]``, k from 0; see `Prototype` and `Statistics`. table: ``[label]`` is ``[K, C]``, the mean
    share that the label's concepts have of the relevance of the clips of each of ``labels``, explained as what they
    are. skipped: clips of classes without concepts, by label. wrong: clips left out because the classifier takes them
    for something else, by label. failed: clips that could not be heard.
    """

    concepts: str
    rank: Rank
    labels: tuple[str, ...]
    rows: pa.Table
    prototypes: Mapping[str, tuple[tuple[Prototype, ...], ...]]
    statistics: Mapping[str, tuple[Statistics, ...]]
    table: Mapping[str, np.ndarray]
    skipped: Mapping[str, int]
    wrong: Mapping[str, int]
    failed: int

    def check(self, concepts: Concepts) -> None:
        """Raise `AuricleError` if it was gathered with other subspaces; names may have changed."""
        if fingerprint(concepts) != self.concepts:
            raise AuricleError(
                "the gallery was gathered with other concepts than these, which were fitted again since; gather it anew"
            )

    def save(self, folder: str | Path) -> Path:
        """Write ``gallery.parquet``, the rows, and ``gallery.json``, all else; nothing is pickled."""
        folder = Path(folder)
        write_whole(folder / ROWS, parquet_bytes(self.rows))
        write_whole(folder / CARD, json_bytes(self.card()))
        return folder

    def card(self) -> dict[str, Any]:
        """All but the rows, as plain values."""
        return {
            "format": 1,
            "auricle": __version__,
            "concepts": self.concepts,
            "rank": self.rank,
            "skipped": dict(self.skipped),
            "wrong": dict(self.wrong),
            "failed": self.failed,
            "classes": [
                {
                    "label": label,
                    "table": self.table[label].tolist(),
                    "concepts": [
                        {
                            "statistics": {name: each and each.to_dict() for name, each in statistics.items()},
                            "prototypes": [asdict(each) for each in prototypes],
                        }
                        for statistics, prototypes in zip(
                            self.statistics[label], self.prototypes[label], strict=True
                        )
                    ],
                }
                for label in self.labels
            ],
        }


def load_gallery(folder: str | Path, concepts: Concepts | None = None) -> Gallery:
    """The gallery that `Gallery.save` wrote; with ``concepts``, only if it was gathered with them."""
    import pyarrow as pa
    import pyarrow.parquet as parquet

    folder = Path(folder)
    for name in (CARD, ROWS):
        if not (folder / name).is_file():
            raise AuricleError(f"{folder} holds no {name}; gather the gallery of these concepts first")
    try:
        rows = parquet.ParquetFile(folder / ROWS).read()
        found = _read(json.loads((folder / CARD).read_text("utf-8")), rows)
    except (ValueError, KeyError, TypeError, AttributeError, OSError, pa.ArrowException) as error:
        raise AuricleError(f"the gallery in {folder} is damaged ({error!r}); gather it anew") from error
    if concepts is not None:
        found.check(concepts)
    return found


def fingerprint(concepts: Concepts) -> str:
    """First 16 hexadecimal digits of the SHA-256 of the layer and of what the subspaces are."""
    found = hashlib.sha256(f"{concepts.model} {concepts.layer}".encode())
    for label, subspaces in concepts.subspaces.items():
        found.update(f"{label} {subspaces.sizes}".encode())
        for each in (subspaces.basis, subspaces.dual):
            found.update(each.detach().cpu().contiguous().numpy().tobytes())
    return found.hexdigest()[:16]


def table_of(rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Rows as a table, its columns of one kind also where all of them are null."""
    import pyarrow as pa

    kinds = {name: pa.string() for name in ("label", "predicted", "clip", "source", "group")}
    listed = list(rows)
    names = list(listed[0])
    schema = pa.schema([(name, pa.int32() if name == "concept" else kinds.get(name, pa.float64())) for name in names])
    return pa.Table.from_pylist(listed, schema=schema)


def _read(card: Mapping[str, Any], rows: pa.Table) -> Gallery:
    classes = {str(each["label"]): each for each in card["classes"]}
    return Gallery(
        concepts=str(card["concepts"]),
        rank=card["rank"],
        labels=tuple(classes),
        rows=rows,
        prototypes={
            label: tuple(tuple(Prototype(**one) for one in concept["prototypes"]) for concept in each["concepts"])
            for label, each in classes.items()
        },
        statistics={
            label: tuple(
                {name: value and Interval(**value) for name, value in concept["statistics"].items()}
                for concept in each["concepts"]
            )
            for label, each in classes.items()
        },
        table={label: np.array(each["table"], dtype=np.float64) for label, each in classes.items()},
        skipped=card["skipped"],
        wrong=card["wrong"],
        failed=card["failed"],
    )
