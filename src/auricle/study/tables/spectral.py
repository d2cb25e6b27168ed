"""Spectral clustering on the graph of nearest neighbours, the eigengap that says how many clusters there are, and
places on a plane. Deterministic for a seed.
"""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np

NEIGHBOURS = 10
OWN = 5
"""The distance to this neighbour is a point's own scale; clusters of more points than this can stand apart."""
FLOOR = 0.05
"""An eigenvalue well below this counts as none when gaps are compared."""
CLOUDS = 19
"""Clouds without groups that eigenvalues are compared with: to be the lowest of 20 is to be in the lowest 5 %."""
ROUNDING = 1e-9
"""Eigenvalues as close as this are equal: of several unconnected parts each has a 0, give or take the last bit."""
_DIRECTIONS = 50
_SLOW = 12
"""Eigenvectors that a diffusion map is made of."""
_DENSE = 500
"""Up to so many points all eigenvalues are computed; of more, the lowest by Lanczos' method."""


def neighbours(points: int) -> int:
    """Neighbours of a point in the graph: √N, but at least 10, and fewer where few points are.

    >>> neighbours(2500), neighbours(90), neighbours(12)
    (50, 10, 4)
    """
    return max(min(max(NEIGHBOURS, math.isqrt(points)), points // 3), 2)


def partition(
    points: np.ndarray, *, clusters: int | None, most: int, nearest: int, seed: int
) -> tuple[np.ndarray, np.ndarray, float]:
    """Clusters ``[N]`` of ``points [N, D]`` from 0 (the largest first), the Laplacian's lowest eigenvalues, the gap.

    The Laplacian is normalised, I - D^-½ W D^-½, see `affinity` for W. Without ``clusters``, their number is found in
    two steps. Are there groups? Eigenvalues are compared with those of 19 clouds that have none, as many normal points
    of the same covariance; leading ones that are lower than in all of them, at most ``most``, may stand for groups
    (one such cloud in twenty is taken for two; the idea is that of the gap statistic, Tibshirani, Walther and Hastie
    2001). How many? The k > 1 among these with the largest relative gap ``(λ_{k+1} - λ_k) / (λ_{k+1} + λ_k + 0.05)``.
    """
    from sklearn.cluster import KMeans

    n = len(points)
    asked = min(max(most, clusters or 0) + 1, n)
    values, vectors = _lowest(affinity(points, nearest), asked, seed)
    gaps = np.diff(values) / (values[1:] + values[:-1] + FLOOR)
    count = clusters or _lower_than_clouds(values[: most + 1], points, nearest, seed)
    if clusters is None and count > 1:
        count = 2 + int(gaps[1:count].argmax())
    gap = float(gaps[count - 1]) if count <= len(gaps) else 0.0
    if count == 1:
        return np.zeros(n, np.int64), values, gap
    directions = vectors[:, :count]
    directions = directions / np.maximum(np.linalg.norm(directions, axis=1, keepdims=True), 1e-12)
    found = KMeans(count, n_init=10, random_state=seed).fit_predict(directions)
    return _largest_first(found), values, gap


def _lower_than_clouds(values: np.ndarray, points: np.ndarray, nearest: int, seed: int) -> int:
    """How many of the leading eigenvalues are lower than in any cloud; the first, 0 in every graph, always counts."""
    rng = np.random.default_rng(seed)
    _, spread, directions = np.linalg.svd(points - points.mean(0), full_matrices=False)
    count, most = len(values) - 1, len(values) - 1
    for _ in range(CLOUDS):
        cloud = rng.normal(size=(len(points), len(spread))) * spread @ directions / np.sqrt(len(points) - 1)
        others, _ = _lowest(affinity(cloud, nearest), len(values), seed)
        below = values[1:most] < others[1:most] - ROUNDING
        count = min(count, 1 + int(below.argmin() if not below.all() else len(below)))
        if count == 1:
            break
    return max(count, 1)


def affinity(points: np.ndarray, nearest: int) -> Any:
    """The sparse matrix ``[N, N]`` of exp(-d² / (s_i s_j) · 5 / nearest) between points of which either is among the
    ``nearest`` of the other, s being the distance to a point's fifth neighbour.

    Own scales (Zelnik-Manor and Perona 2004) let a tight cluster stand apart even if it has fewer points than
    ``nearest``, so that some of their neighbours are far away; on a plane, the farthest neighbour of an even cloud
    weighs 1/e.
    """
    from sklearn.neighbors import NearestNeighbors

    n = len(points)
    nearest = min(nearest, n - 1)
    distances = NearestNeighbors(n_neighbors=nearest).fit(points).kneighbors_graph(mode="distance").tocsr()
    distances.sort_indices()
    each = np.sort(distances.data.reshape(n, nearest), axis=1)
    scale = each[:, min(OWN, nearest) - 1]
    scale = np.maximum(scale, 1e-6 * (scale.max() or 1.0))
    rows = np.repeat(np.arange(n), nearest)
    squared = np.square(distances.data) / (scale[rows] * scale[distances.indices])
    distances.data = np.exp(-squared * min(OWN / nearest, 1.0))
    return distances.maximum(distances.T)


def embedded(points: np.ndarray, kind: Literal["tsne", "spectral"], *, seed: int) -> np.ndarray:
    """Points on a plane ``[N, 2]``: by t-SNE (van der Maaten and Hinton 2008), or by the graph's eigenvectors."""
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE

    n = len(points)
    if n < 4:
        return np.stack([np.arange(n, dtype=np.float64), np.zeros(n)], axis=1)
    if kind == "tsne":
        if min(points.shape) > _DIRECTIONS:  # as is usual before t-SNE; of pooled maps they hold nearly all
            points = PCA(_DIRECTIONS, random_state=seed).fit_transform(points)
        start = PCA(2, random_state=seed).fit_transform(points)
        # Equal points have no directions of their own; t-SNE's usual first spread is 1e-4.
        start = 1e-4 * start / (start[:, 0].std() or 1.0)
        start += 1e-8 * np.random.default_rng(seed).normal(size=start.shape)
        near = min(30.0, (n - 1) / 3)
        model = TSNE(2, perplexity=near, init=start, random_state=seed)
        return np.asarray(model.fit_transform(points), np.float64)
    return _by_diffusion(affinity(points, neighbours(n)), seed)


def _by_diffusion(graph: Any, seed: int) -> np.ndarray:
    """The principal plane ``[N, 2]`` of a diffusion map (Coifman and Lafon 2006).

    Two eigenvectors alone would draw several unconnected groups onto the same point; all the slow ones together give
    each group a place of its own.
    """
    from sklearn.decomposition import PCA

    values, vectors = _lowest(graph, min(_SLOW, graph.shape[0]), seed)
    degrees = np.asarray(graph.sum(axis=1)).ravel()
    slow = vectors / np.sqrt(np.maximum(degrees, 1e-12))[:, None] / np.sqrt(values + FLOOR)
    return np.asarray(PCA(2, random_state=seed).fit_transform(slow), np.float64)


def _lowest(graph: Any, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The lowest eigenvalues of the graph's normalised Laplacian, rising, with their vectors (of a fixed sign).

    Each connected part is taken by itself: Lanczos' method would miss some of several equal eigenvalues, and every part
    has a 0.
    """
    from scipy.sparse import csgraph

    n = graph.shape[0]
    parts, part_of = csgraph.connected_components(graph, directed=False)
    values, vectors = [], []
    for part in range(parts):
        rows = np.flatnonzero(part_of == part)
        own_values, own_vectors = _of_part(graph[rows][:, rows], min(count, len(rows)), seed)
        values.append(own_values)
        vectors.append(np.zeros((n, len(own_values))))
        vectors[-1][rows] = own_vectors
    together = np.concatenate(values)
    order = np.argsort(together, kind="stable")[:count]
    lowest, chosen = np.maximum(together[order], 0.0), np.concatenate(vectors, axis=1)[:, order]
    peaks = chosen[np.abs(chosen).argmax(0), np.arange(len(order))]
    return lowest, chosen * np.where(peaks < 0, -1.0, 1.0)


def _of_part(graph: Any, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    from scipy.sparse import csgraph, identity
    from scipy.sparse.linalg import eigsh

    n = graph.shape[0]
    if n == 1:
        return np.zeros(1), np.ones((1, 1))
    laplacian = csgraph.laplacian(graph, normed=True)
    if n <= max(_DENSE, 2 * count):
        values, vectors = np.linalg.eigh(laplacian.toarray())
        return values[:count], vectors[:, :count]
    # The lowest of L are the highest of 2I - L, which Lanczos finds without factorising anything.
    start = np.random.default_rng(seed).normal(size=n)
    values, vectors = eigsh(2.0 * identity(n) - laplacian, k=count, which="LA", v0=start)
    order = np.argsort(2.0 - values, kind="stable")
    return (2.0 - values)[order], vectors[:, order]


def _largest_first(numbers: np.ndarray) -> np.ndarray:
    names, counts = np.unique(numbers, return_counts=True)
    place = {int(names[each]): rank for rank, each in enumerate(np.argsort(-counts, kind="stable"))}
    return np.array([place[int(each)] for each in numbers], np.int64)
