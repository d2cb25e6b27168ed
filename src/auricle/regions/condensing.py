"""From a spanning tree to clusters, as scikit-learn's HDBSCAN does it (excess of mass), sum for sum; compiled.

Nodes of a tree of ``n`` points: 0 … n - 1 are the points, ``n + i`` is what merge ``i`` makes. A cluster is all that
lies below a node, which is a stretch of the points in the order of the tree (`leaves`).
"""

from __future__ import annotations

import numpy as np

from auricle.regions.spanning import compiled


@compiled
def linkage(joined: np.ndarray, new: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Merges of edges that come shortest first: both children ``[n - 1]``, and the size of every node."""
    merges = len(joined)
    n = merges + 1
    one, other = np.empty(merges, np.int64), np.empty(merges, np.int64)
    above, sizes = np.arange(2 * n - 1), np.ones(2 * n - 1, np.int64)
    for i in range(merges):
        a, b = _top(above, joined[i]), _top(above, new[i])
        one[i], other[i] = a, b
        sizes[n + i] = sizes[a] + sizes[b]
        above[a] = above[b] = n + i
    return one, other, sizes


@compiled
def _top(above: np.ndarray, node: int) -> int:
    while above[node] != node:
        above[node] = above[above[node]]
        node = above[node]
    return node


@compiled
def leaves(one: np.ndarray, other: np.ndarray, sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The points in the order of the tree ``[n]``, and where in it the points below each node begin."""
    merges = len(one)
    n = merges + 1
    begin, order = np.zeros(2 * n - 1, np.int64), np.empty(n, np.int64)
    for i in range(merges - 1, -1, -1):
        begin[one[i]] = begin[n + i]
        begin[other[i]] = begin[n + i] + sizes[one[i]]
    for p in range(n):
        order[begin[p]] = p
    return order, begin


@compiled
def condense(
    one: np.ndarray, other: np.ndarray, sizes: np.ndarray, distances: np.ndarray, min_cluster_size: int
) -> np.ndarray:
    """The nodes that are clusters, in the order of their labels.

    Walks the tree from the top, level by level, along nodes of at least ``min_cluster_size`` points. Stabilities are
    summed in scikit-learn's order, one addition for each point, since rounding decides between equals.
    """
    merges = len(one)
    n = merges + 1
    most = 2 * (n // min_cluster_size) + 3
    node_of, parent = np.empty(most, np.int64), np.full(most, -1, np.int64)
    birth, stability = np.zeros(most), np.zeros(most)
    queue, cluster_of = np.empty(n, np.int64), np.empty(n, np.int64)
    queue[0], cluster_of[0], node_of[0] = 2 * n - 2, 0, 2 * n - 2
    clusters, head, tail = 1, 0, 1
    while head < tail:
        i, c = queue[head] - n, cluster_of[head]
        head += 1
        a, b = one[i], other[i]
        density = 1.0 / distances[i] if distances[i] > 0.0 else np.inf
        gained = density - birth[c]
        if sizes[a] >= min_cluster_size and sizes[b] >= min_cluster_size:
            for child in (a, b):
                stability[c] += gained * sizes[child]
                node_of[clusters], parent[clusters], birth[clusters] = child, c, density
                queue[tail], cluster_of[tail] = child, clusters
                clusters += 1
                tail += 1
        else:
            for child in (a, b):
                if sizes[child] >= min_cluster_size:
                    queue[tail], cluster_of[tail] = child, c
                    tail += 1
                else:
                    for _ in range(sizes[child]):
                        stability[c] += gained
    return _most_stable(node_of[:clusters], parent[:clusters], stability[:clusters])


@compiled
def _most_stable(node_of: np.ndarray, parent: np.ndarray, stability: np.ndarray) -> np.ndarray:
    """Excess of mass: a cluster stays whole unless its parts are together more stable; never all points at once."""
    below, stays = np.zeros(len(parent)), np.zeros(len(parent), np.bool_)
    for c in range(len(parent) - 1, 0, -1):
        stays[c] = not below[c] > stability[c]
        below[parent[c]] += stability[c] if stays[c] else below[c]
    inside = np.zeros(len(parent), np.bool_)
    chosen = 0
    nodes = np.empty(len(parent), np.int64)
    for c in range(1, len(parent)):
        inside[c] = inside[parent[c]] or stays[parent[c]]
        if stays[c] and not inside[c]:
            nodes[chosen] = node_of[c]
            chosen += 1
    return nodes[:chosen]
