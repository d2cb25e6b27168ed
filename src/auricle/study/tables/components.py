"""What parts of the sound a class depends on: weights of components, gathered over clips by their names.

Components of different clips can be compared only where the same name means the same: slices of time, bands, sources
of a separator. Superpixels and onsets are numbered anew in every clip, and a table of them says nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from auricle.errors import AuricleError
from auricle.study.tables.columns import as_table

if TYPE_CHECKING:
    import pyarrow as pa


def component_table(
    components: pa.Table,
    *,
    asked: str = "predicted",
    classes: Mapping[str, str] | None = None,
    positive: bool = False,
) -> pa.Table:
    """One row a class and component name, from a table of ``components`` of one method; the most important first.

    The class is what was explained (``target``), or ``classes[id]`` where given (clips that it lacks are left out).
    ``mean``, ``std`` and ``clips``: of the signed weight, over the class's clips that have the component.
    Global LIME, for the weights ``W_ij`` of component ``j`` in the class's clips ``i`` (``positive``: their positive
    part only, as MusicLIME, arXiv 2409.10496, does):

    - ``mean_absolute``: Σ_i |W_ij| / number of clips with W_ij ≠ 0 (average importance)
    - ``lime``: I_cj = √(Σ_i |W_ij|), the importance of LIME's submodular pick (Ribeiro et al. 2016)
    - ``homogeneity``: (1 - (H_j - H_min) / (H_max - H_min)) · I_cj, where H_j is the entropy (in bits) of
      p_cj = I_cj / Σ_c I_cj over classes, and H_min, H_max its ends over components: what matters to one class only
      counts most (van der Linden, Haned and Kanoulas, "Global Aggregations of Local Explanations for Black Box models",
      2019). If every component has the same entropy, nothing is taken off.
    - ``entropy``: H_j

    √Σ grows with the number of clips, so classes with as many clips can be compared.
    """
    weights = _weights(components, asked, classes)
    if not weights:
        raise AuricleError(
            f'no components were weighed for "{asked}"; take a method that removes parts of the sound, as lime'
        )
    labels, names = ({pair[place]: None for pair in weights} for place in range(2))
    importance = {pair: _importance(each, positive) for pair, each in weights.items()}
    entropy = {name: _entropy([importance.get((label, name), 0.0) for label in labels]) for name in names}
    low, high = min(entropy.values()), max(entropy.values())
    rows: list[dict[str, Any]] = []
    for label in sorted(labels):
        mine = []
        for name in names:
            if (label, name) not in weights:
                continue
            values = np.array(weights[label, name])
            amounts = np.maximum(values, 0.0) if positive else np.abs(values)
            spread = (entropy[name] - low) / (high - low) if high > low else 0.0
            mine.append({
                "class": label, "component": name, "clips": len(values), "mean": float(values.mean()),
                "std": float(values.std(ddof=1)) if len(values) > 1 else None,
                "mean_absolute": float(amounts.sum() / max(np.count_nonzero(amounts), 1)),
                "lime": importance[label, name], "homogeneity": (1.0 - spread) * importance[label, name],
                "entropy": entropy[name],
            })  # fmt: skip
        rows += sorted(mine, key=lambda row: -row["lime"])
    return as_table(rows)


def _weights(
    components: pa.Table, asked: str, classes: Mapping[str, str] | None
) -> dict[tuple[str, str], list[float]]:
    """Weights by class and name; of parts of one clip with the same name, their sum."""
    summed: dict[tuple[str, str, str], float] = {}
    columns = (components[name].to_pylist() for name in ("id", "asked", "target", "component", "weight"))
    for clip, ask, target, name, weight in zip(*columns, strict=True):
        label = target if classes is None else classes.get(clip)
        if ask == asked and label is not None and weight is not None:
            summed[label, name, clip] = summed.get((label, name, clip), 0.0) + weight
    found: dict[tuple[str, str], list[float]] = {}
    for (label, name, _), weight in summed.items():
        found.setdefault((label, name), []).append(weight)
    return found


def _importance(weights: list[float], positive: bool) -> float:
    values = np.array(weights)
    return float(np.sqrt((np.maximum(values, 0.0) if positive else np.abs(values)).sum()))


def _entropy(importances: list[float]) -> float:
    values = np.array(importances)
    total = values.sum()
    if total <= 0.0:
        return 0.0
    shares = values[values > 0.0] / total
    return float(-(shares * np.log2(shares)).sum()) + 0.0
