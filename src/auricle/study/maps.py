"""Maps as they lie in the store: relevance as float16 beside its scale, masks as bytes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from auricle.axes import Axes


def relevance_columns(relevance: np.ndarray, axes: Axes) -> dict[str, Any]:
    """``relevance [F, T]`` as columns of a row.

    Its largest amount becomes 1, so that float16 keeps three digits of it whatever the network's logits are like; the
    ``scale`` multiplies it back.
    """
    assert axes.hertz is not None
    scale = float(np.abs(relevance).max())
    values = relevance / scale if scale > 0 else relevance
    return {
        "relevance": np.ascontiguousarray(values, "<f2").tobytes(),
        "scale": scale,
        "rows": relevance.shape[0],
        "columns": relevance.shape[1],
        "hertz": [float(each) for each in axes.hertz],
        "seconds": [float(each) for each in axes.seconds],
    }


def map_of(row: Mapping[str, Any]) -> tuple[np.ndarray, Axes]:
    """Relevance ``[F, T]`` (float32) and its axes, from a row of ``explain``."""
    values = np.frombuffer(row["relevance"], "<f2").reshape(row["rows"], row["columns"])
    return values.astype(np.float32) * np.float32(row["scale"]), axes_of(row)


def axes_of(row: Mapping[str, Any]) -> Axes:
    """The axes of a row of ``explain``."""
    return Axes(np.asarray(row["seconds"], np.float64), np.asarray(row["hertz"], np.float64))


def mask_bytes(mask: np.ndarray) -> bytes:
    """A mask ``[F, T]``, 0 to 1, as one byte a cell."""
    return np.ascontiguousarray(np.rint(255.0 * mask), np.uint8).tobytes()


def mask_of(row: Mapping[str, Any]) -> np.ndarray:
    """The mask ``[F, T]`` (float32), from a row of ``regions``."""
    values = np.frombuffer(row["mask"], np.uint8).reshape(row["rows"], row["columns"])
    return values.astype(np.float32) / np.float32(255.0)
