"""HDBSCAN on the kept cells of a map: scikit-learn's labels, with the work shared between settings.

Campello, Moulavi and Sander, "Density-based clustering based on hierarchical density estimates" (2013). Neighbours are
searched once for a set of cells, a tree is built once for each ``min_samples``, and each ``min_cluster_size`` only
condenses that tree.
"""

from __future__ import annotations

import numpy as np

from auricle.regions.lattice import Lattice


class Cells:
    """The kept cells of a map as points, and how near their neighbours are.

    >>> from auricle.axes import Axes
    >>> from auricle.regions.lattice import lattice_of
    >>> axes = Axes(np.arange(21.0), np.arange(5.0))
    >>> kept = np.zeros((4, 20), bool)
    >>> kept[:, :4] = kept[:, 15:] = True
    >>> Cells(kept, lattice_of(axes, "bins")).tree(3).labels(5)[:9]
    array([0, 0, 0, 0, 1, 1, 1, 1, 1])
    """

    def __init__(self, kept: np.ndarray, lattice: Lattice, *, neighbours: int = 30):
        """``kept [F, T]`` boolean; ``neighbours`` is the largest ``min_samples`` that will be asked for."""
        from auricle.regions.spanning import first_points

        self.lattice = lattice
        self.row, self.column, self._first = first_points(np.ascontiguousarray(kept, dtype=bool))
        self._neighbours = neighbours
        self._squares: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.row)

    def tree(self, min_samples: int) -> Tree | None:
        """The hierarchy of all points, where a point's core holds ``min_samples`` (itself too); None: too few."""
        from auricle.regions.condensing import linkage
        from auricle.regions.spanning import nearest_squares, spanning_tree

        n = len(self)
        if n < 2 or min_samples > n:
            return None
        places = (self.lattice.rows, self.lattice.columns, self.row, self.column, self._first)
        if self._squares is None or len(self._squares) < min_samples:
            self._squares = nearest_squares(*places, min(max(self._neighbours, min_samples), n))
        joined, new, squares = spanning_tree(*places, np.ascontiguousarray(self._squares[min_samples - 1]))
        distances = np.sqrt(squares.astype(np.float64)) * self.lattice.step
        # Edges of one length are merged in the order that scikit-learn's very call gives them.
        order = np.argsort(distances)
        one, other, sizes = linkage(joined[order], new[order])
        return Tree(one, other, sizes, distances[order])


class Tree:
    """A single-linkage tree of ``n`` points: ``n - 1`` merges, shortest first; clusters are some of its nodes."""

    def __init__(self, one: np.ndarray, other: np.ndarray, sizes: np.ndarray, distances: np.ndarray):
        from auricle.regions.condensing import leaves

        self._merges = (one, other, sizes, distances)
        self._order, self._begin = leaves(one, other, sizes)

    def clusters(self, min_cluster_size: int) -> list[int]:
        """The nodes that HDBSCAN selects (excess of mass, never all points), in the order of their labels."""
        from auricle.regions.condensing import condense

        return condense(*self._merges, min_cluster_size).tolist()

    def points(self, node: int) -> np.ndarray:
        """The numbers of the points below a node."""
        begin = self._begin[node]
        return self._order[begin : begin + self._merges[2][node]]

    def labels(self, min_cluster_size: int) -> np.ndarray:
        """The label of every point, from 0; -1 is noise. Equal to scikit-learn's ``HDBSCAN(...).labels_``."""
        labels = np.full(len(self._order), -1, np.int64)
        for label, node in enumerate(self.clusters(min_cluster_size)):
            labels[self.points(node)] = label
        return labels
