"""Batches from a feature store, in an order that follows from seed and epoch."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from auricle.training.features import FeatureStore, Stored
from auricle.training.learner import derived


class Batches(IterableDataset[tuple[Tensor, Tensor]]):
    """All windows of some clips with their targets, batch by batch; shuffled anew for every epoch when training.

    ``waited`` is how many seconds reading has taken so far. A last batch of a single window is joined to the one
    before, because batch norm cannot learn from one.
    """

    def __init__(
        self,
        store: FeatureStore,
        stored: Stored,
        numbers: np.ndarray,
        targets: np.ndarray,
        *,
        batch: int,
        seed: int | None,
    ) -> None:
        kept = [number for number in numbers if stored.count[number]]
        self.rows = np.concatenate(
            [stored.first[n] + np.arange(stored.count[n]) for n in kept] or [np.zeros(0, np.int64)]
        )
        self.targets = torch.from_numpy(np.repeat(targets[kept], stored.count[kept], axis=0))
        self.store, self.seed, self.epoch, self.waited = store, seed, 0, 0.0
        edges = list(range(0, len(self.rows), batch))
        if len(edges) > 1 and len(self.rows) - edges[-1] == 1:
            edges.pop()
        self._edges = [*edges, len(self.rows)]

    def __len__(self) -> int:
        return len(self._edges) - 1

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        order = torch.arange(len(self.rows))
        if self.seed is not None:
            generator = torch.Generator().manual_seed(derived(self.seed, self.epoch, 0))
            order = torch.randperm(len(self.rows), generator=generator)
        for start, end in zip(self._edges, self._edges[1:], strict=False):
            begun = time.perf_counter()
            chosen = order[start:end]
            batch = self.store.read(self.rows[chosen.numpy()]), self.targets[chosen]
            self.waited += time.perf_counter() - begun
            yield batch

    def loader(self) -> DataLoader[tuple[Tensor, Tensor]]:
        """For Lightning. Reading is a copy from the disk's cache, faster than a worker process could hand it over."""
        # With a generator of its own, a loader takes no draw from the one that decides about dropout.
        return DataLoader(self, batch_size=None, num_workers=0, generator=torch.Generator())
