"""Which strategies does the model have? Clips are clustered by where their relevance lies (SpRAy: Lapuschkin et al.,
"Unmasking Clever Hans predictors", 2019), within each class and over all; a small, sharp, pure cluster is a suspect.

Every map is pooled to a small grid of hertz and seconds, so that only 512 numbers a clip are kept. Distances are
Hellinger's: between the roots of distributions, so that one high peak does not decide alone.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from auricle.axes import Axes
from auricle.errors import AuricleError
from auricle.study.tables.columns import as_table
from auricle.study.tables.spectral import embedded, neighbours, partition

if TYPE_CHECKING:
    import pyarrow as pa

ALL = "all"
BANDS, COLUMNS = 16, 32
FEWEST = 8
"""With fewer clips than this nothing is clustered: all are one."""
TYPICAL = 5
REACH = 0.8
"""A cluster's range holds this share of its relevance, from (1 - REACH) / 2 on."""
MOST_BY_TSNE = 2000
"""More clips than this are placed by eigenvectors: t-SNE would take minutes, and they take seconds."""


@dataclass(frozen=True, eq=False)
class Grid:
    """The common grid: edges in hertz, evenly spaced in mel, and in seconds.

    >>> Grid.of(low=0.0, high=4000.0, seconds=1.0).hertz[:3].round()
    array([  0.,  88., 188.])
    """

    hertz: np.ndarray
    seconds: np.ndarray

    @classmethod
    def of(
        cls, *, low: float = 0.0, high: float, seconds: float, bands: int = BANDS, columns: int = COLUMNS
    ) -> Grid:
        """Between two frequencies, over the seconds of the longest clip."""
        mel = np.linspace(_mel(low), _mel(high), bands + 1)
        return cls(700.0 * (10.0 ** (mel / 2595.0) - 1.0), np.linspace(0.0, seconds, columns + 1))

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.hertz) - 1, len(self.seconds) - 1

    def pool(self, relevance: np.ndarray, axes: Axes) -> np.ndarray:
        """Positive relevance ``[F, T]`` as shares of the grid's cells, ``[bands · columns]``; zeros where none is.

        A bin is shared out by how much of its area lies in each cell; what lies outside the grid is left out.
        """
        if axes.hertz is None or relevance.shape != axes.shape:
            raise AuricleError(f"relevance of shape {relevance.shape} does not fit axes of {axes.shape}; give its map")
        positive = np.nan_to_num(np.maximum(np.asarray(relevance, np.float64), 0.0))
        rows, columns = _overlap(self.hertz, axes.hertz), _overlap(self.seconds, axes.seconds)
        pooled = (rows @ positive @ columns.T).ravel()
        total = pooled.sum()
        return pooled / total if total > 0.0 else pooled


@dataclass(eq=False)
class Pooled:
    """What is kept of every clip; clips without positive relevance are counted, and left out.

    >>> kept = Pooled(Grid.of(high=4000.0, seconds=1.0))
    >>> kept.add("a.wav", "seven", np.ones((2, 1)), Axes(np.array([0.0, 1.0]), np.array([0.0, 1000.0, 4000.0])))
    >>> len(kept)
    1
    """

    grid: Grid
    ids: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    vectors: list[np.ndarray] = field(default_factory=list)
    empty: int = 0

    def add(self, clip: str, label: str, relevance: np.ndarray, axes: Axes) -> None:
        """One clip; its label is the class whose relevance it is."""
        vector = self.grid.pool(relevance, axes)
        if not vector.any():
            self.empty += 1
            return
        self.ids.append(clip)
        self.labels.append(label)
        self.vectors.append(vector.astype(np.float32))

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, eq=False)
class Clusters:
    """The clusters of one ``scope``: a class, or ``all``.

    numbers ``[N]`` is each clip's cluster, from 0, the largest first; places ``[N, 2]`` where it is drawn; silhouettes
    ``[N]`` how much better it fits there than elsewhere (-1 to 1, NaN for a single cluster). eigenvalues: the lowest of
    the graph's Laplacian; eigengap: the relative gap after the last cluster's, 0 to 1.
    """

    scope: str
    rows: np.ndarray
    numbers: np.ndarray
    places: np.ndarray
    silhouettes: np.ndarray
    eigenvalues: np.ndarray
    eigengap: float

    @property
    def count(self) -> int:
        return int(self.numbers.max()) + 1


def cluster(
    kept: Pooled,
    *,
    scope: str = ALL,
    clusters: int | None = None,
    most: int = 8,
    nearest: int | None = None,
    embedding: Literal["tsne", "spectral"] | None = None,
    places: np.ndarray | None = None,
    seed: int = 0,
) -> Clusters:
    """The clusters of a class, or of all clips.

    Spectral clustering (Ng, Jordan and Weiss 2002) on the graph of ``nearest`` neighbours (by default
    `spectral.neighbours`), made symmetric. ``clusters`` is how many there are; None finds the number, 1 to ``most``
    (`spectral.partition`). One cluster is an answer, too: no strategy stands apart. ``embedding`` places clips on a
    plane; None is t-SNE up to 2,000 clips, and the graph's eigenvectors for more. ``places`` are those of all clips
    kept, where they have been drawn before.
    """
    rows = np.array([row for row, label in enumerate(kept.labels) if scope in (ALL, label)], np.int64)
    n = len(rows)
    if n == 0:
        known = sorted(set(kept.labels))
        raise AuricleError(f'no clip of "{scope}" has positive relevance, so nothing is clustered; known: {known}')
    if clusters is not None and not 1 <= clusters <= n:
        raise AuricleError(f"{n} clips cannot be {clusters} clusters; ask for 1 to {n}")
    roots = np.sqrt(np.stack([kept.vectors[row] for row in rows]).astype(np.float64))
    if n < FEWEST and clusters is None:
        numbers, eigenvalues, gap = np.zeros(n, np.int64), np.zeros(0), 0.0
    else:
        numbers, eigenvalues, gap = partition(
            roots, clusters=clusters, most=most, nearest=nearest or neighbours(n), seed=seed
        )
    return Clusters(
        scope=scope,
        rows=rows,
        numbers=numbers,
        places=embedded(roots, embedding or _embedding(n), seed=seed) if places is None else places[rows],
        silhouettes=_silhouettes(roots, numbers),
        eigenvalues=eigenvalues,
        eigengap=gap,
    )


def all_clusters(kept: Pooled, **settings: Any) -> list[Clusters]:
    """Those over all clips, then those of every class, on one map; settings as of `cluster` (``clusters``: of all)."""
    whole = cluster(kept, **settings)
    within = {name: value for name, value in settings.items() if name not in ("clusters", "places")}
    classes = sorted(set(kept.labels))
    own = [cluster(kept, scope=label, places=whole.places, **within) for label in classes] if len(classes) > 1 else []
    return [whole, *own]


def cluster_table(kept: Pooled, found: Sequence[Clusters]) -> pa.Table:
    """One row a cluster, the most suspicious of each scope first.

    ``clips`` and ``share`` (of the scope); ``class`` the most frequent one, ``purity`` its share of the cluster and
    ``coverage`` the cluster's share of it, ``classes`` all counts as JSON; ``low`` to ``high`` hertz and ``start`` to
    ``end`` seconds hold 80 % of its relevance; ``mean`` is the mean map ``[rows · columns]`` on the edges ``hertz`` and
    ``seconds``; ``typical`` the ids nearest to it. ``silhouette`` is the mean of its clips'. ``fisher``: how far the
    cluster and the rest of its scope lie apart along the line through their means, (m₁ - m₂)² / (s₁² + s₂²).
    ``suspicion`` = max(silhouette, 0) · fisher / (1 + fisher) · purity, 0 to 1, orders what to listen to first; it is
    no test: a cluster that is sharp, of one class and unlike the others may well be right. ``eigengap`` is the scope's.
    """
    rows: list[dict[str, Any]] = []
    for each in found:
        rows += sorted((_row(kept, each, number) for number in range(each.count)), key=lambda row: -row["suspicion"])
    return as_table(rows)


def clip_table(kept: Pooled, found: Sequence[Clusters]) -> pa.Table:
    """One row a clip and scope: id, class, scope, cluster, x, y, silhouette."""
    return as_table([
        {
            "id": kept.ids[row], "class": kept.labels[row], "scope": each.scope, "cluster": int(each.numbers[place]),
            "x": float(each.places[place, 0]), "y": float(each.places[place, 1]),
            "silhouette": _or_none(each.silhouettes[place]),
        }
        for each in found
        for place, row in enumerate(each.rows)
    ])  # fmt: skip


def _row(kept: Pooled, found: Clusters, number: int) -> dict[str, Any]:
    held = found.numbers == number
    members, clips = found.rows[held], np.stack([kept.vectors[row] for row in found.rows]).astype(np.float64)
    mine = clips[held]
    mean = mine.mean(0)
    counts = Counter(kept.labels[row] for row in members)
    label, most = counts.most_common(1)[0]
    shape = kept.grid.shape
    low, high = _range(mean.reshape(shape).sum(1), kept.grid.hertz)
    start, end = _range(mean.reshape(shape).sum(0), kept.grid.seconds)
    apart = np.linalg.norm(np.sqrt(mine) - np.sqrt(mine).mean(0), axis=1)
    silhouette = float(found.silhouettes[held].mean())
    fisher = _fisher(np.sqrt(mine), np.sqrt(clips[~held]))
    purity = most / len(members)
    certain = 0.0 if not np.isfinite(silhouette) else max(silhouette, 0.0)
    # Of clusters without any spread Fisher's score is infinite.
    separable = 0.0 if fisher is None else fisher / (1.0 + fisher) if np.isfinite(fisher) else 1.0
    return {
        "scope": found.scope, "cluster": number, "clips": len(members), "share": len(members) / len(found.rows),
        "class": label, "purity": purity,
        "coverage": most / sum(1 for each in found.rows if kept.labels[each] == label),
        "classes": json.dumps(dict(counts.most_common())), "low": low, "high": high, "start": start, "end": end,
        "silhouette": _or_none(silhouette), "fisher": None if fisher is None else _or_none(fisher),
        "suspicion": certain * separable * purity, "eigengap": found.eigengap,
        "typical": [kept.ids[members[place]] for place in np.argsort(apart, kind="stable")[:TYPICAL]],
        "rows": shape[0], "columns": shape[1], "mean": mean.tolist(), "hertz": kept.grid.hertz.tolist(),
        "seconds": kept.grid.seconds.tolist(),
    }  # fmt: skip


def _embedding(clips: int) -> Literal["tsne", "spectral"]:
    return "tsne" if clips <= MOST_BY_TSNE else "spectral"


def _fisher(mine: np.ndarray, others: np.ndarray) -> float | None:
    if len(others) == 0:
        return None
    line = mine.mean(0) - others.mean(0)
    length = float(np.linalg.norm(line))
    if length == 0.0:
        return 0.0
    spread = sum(float((each @ line / length).var()) for each in (mine, others))
    return length**2 / spread if spread > 1e-12 * length**2 else np.inf


def _silhouettes(roots: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    from sklearn.metrics import silhouette_samples

    several = 1 < len(np.unique(numbers)) < len(numbers)
    return silhouette_samples(roots, numbers) if several else np.full(len(numbers), np.nan)


def _range(profile: np.ndarray, edges: np.ndarray) -> tuple[float, float]:
    """Between which edges the middle ``REACH`` of a profile lies, as if it were even within each bin."""
    reached = np.concatenate([[0.0], np.cumsum(profile)]) / profile.sum()
    tail = (1.0 - REACH) / 2.0
    low = edges[0] + _crossing(reached, edges, tail)
    return float(low), float(edges[0] + _crossing(reached, edges, 1.0 - tail))


def _crossing(reached: np.ndarray, edges: np.ndarray, share: float) -> float:
    upper = min(int(np.searchsorted(reached, share, side="left")), len(edges) - 1)
    lower = max(upper - 1, 0)
    step = reached[upper] - reached[lower]
    within = (share - reached[lower]) / step if step > 0 else 0.0
    return float(edges[lower] + within * (edges[upper] - edges[lower]) - edges[0])


def _overlap(grid: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """The share of each bin (columns) that lies in each cell of the grid (rows)."""
    low = np.maximum(grid[:-1, None], edges[None, :-1])
    high = np.minimum(grid[1:, None], edges[None, 1:])
    return np.maximum(high - low, 0.0) / np.maximum(np.diff(edges), 1e-12)[None]


def _mel(hertz: float) -> float:
    return float(2595.0 * np.log10(1.0 + hertz / 700.0))


def _or_none(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
