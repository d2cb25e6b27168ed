"""The columns of every table of the store."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

MEASURED = ("p_original", "p_relevant", "p_removed", "p_random")
"""Probabilities of the true class: of the whole sound, of its relevant part, of the rest, of random parts."""
METRICS = ("AI", "AD", "AG", "FF", "Fid-In", "SPS", "COMP", "MM", "energy", "deletion", "insertion")
CONTROLS = ("random", "energy", "everything")
LOCALISATION = (
    "loc_mass", "loc_hit", "loc_iou", "loc_auc", "loc_area", "loc_true_area", "loc_energy_mass", "loc_energy_hit",
    "loc_energy_auc", "loc_rank", "loc_energy_rank",
)  # fmt: skip


@cache
def schema(stage: str) -> pa.Schema:
    """The schema of a stage's shards."""
    import pyarrow as pa

    text, number, whole, yes = pa.string(), pa.float64(), pa.int64(), pa.bool_()
    numbers, asked = pa.list_(number), {"id": text, "asked": text, "target": text}
    box = pa.struct({name: number for name in ("low", "high", "start", "end", "relevance")})
    columns: dict[str, dict[str, Any]] = {
        "predict": {
            "id": text, "key": text, "number": whole, "group": text, "actual": text, "predicted": text, "correct": yes,
            "probability": number, "probability_actual": number, "probabilities": numbers, "logits": numbers,
            "content_hash": text, "seconds": number, "sample_rate": whole,
        },
        "explain": {
            **asked, "actual": text, "predicted": text, "correct": yes, "relevance": pa.binary(), "scale": number,
            "rows": whole, "columns": whole, "hertz": numbers, "seconds": numbers, "sum": number, "expected": number,
            "gap": number, "warnings": pa.list_(text),
        },
        "components": {
            **asked, "component": text, "start": number, "end": number, "low": number, "high": number,
            "weight": number, "error": number,
        },
        "regions": {
            **asked, "boxes": pa.list_(box), "mask": pa.binary(), "rows": whole, "columns": whole, "area": number,
            "empty": yes, "notes": text,
        },
        "sonify": {
            **asked, "kind": text, "path": text, "seconds": number, "sample_rate": whole, "peak": number,
            "gain_db": number, "loudness": number, "energy": number,
        },
        "evaluate": {
            **asked, "truth": text, **dict.fromkeys(MEASURED, number), "p_randoms": numbers,
            **{f"{name}_held": number for name in MEASURED}, "p_randoms_held": numbers,
            **dict.fromkeys([f"{name} {control}".strip() for name in METRICS for control in ("", *CONTROLS)], number),
            **dict.fromkeys(LOCALISATION, number), "stability": number, "sanity": number,
        },
        "optimise": {
            "label": text, "weights": pa.binary(), "rows": whole, "columns": whole, "penalty": number,
        },
        "failures": {"id": text, "stage": text, "method": text, "asked": text, "reason": text},
    }  # fmt: skip
    return pa.schema(list(columns[stage].items()))


def table_of(stage: str, rows: list[dict[str, Any]]) -> pa.Table:
    """Rows of a stage as a table; a column that a row lacks is null."""
    import pyarrow as pa

    return pa.Table.from_pylist(rows, schema=schema(stage))
