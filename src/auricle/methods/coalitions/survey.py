"""Where a network can be cut in time: recorded, probed and remembered once for each length of sound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from auricle.methods.coalitions.locality import Cut, colouring
from auricle.methods.coalitions.pooling import pooling
from auricle.methods.coalitions.replay import Reached, divides
from auricle.methods.coalitions.taint import Taint, structural, time_axis
from auricle.methods.coalitions.tape import Tape, merged, record

if TYPE_CHECKING:
    from auricle.classifier import Classifier

QUICK = 0.3
"""Seconds; what takes less is timed more than once."""
LEAST_SHARE = 0.3
"""Of a network's time, before a cut, below which sharing cannot pay."""
KEPT = 16
"""Lengths of sound for which a classifier's survey is remembered."""
MARGIN = 1.25
"""Distance of NaN samples in one row, relative to the longest stretch that one of them reaches."""
MOST_ROWS = 48
"""Rows that may be spent on one set of supports."""
ENOUGH = 128
"""Samples spread evenly after which asking about more would tell little."""


class Survey:
    """The cuts of a classifier for sounds of ``length`` samples; ``reason`` says in a sentence why there are none.

    ``probes`` counts the rows that went through the network to find out; ``full`` is the time of one row in seconds.
    """

    def __init__(self, classifier: Classifier, length: int) -> None:
        self.length, self.probes = length, 0
        self._observed: set[int] = set()
        self._spread = 0
        self.tape = self._recorded(classifier)
        self.full = self.tape.seconds / self.tape.rows
        self.cuts, self.reason = self._found(classifier)

    def _noise(self, classifier: Classifier, rows: int) -> Tensor:
        generator = torch.Generator().manual_seed(rows)
        self.probes += rows
        return 0.1 * torch.randn(rows, self.length, generator=generator).to(classifier.device, classifier.dtype)

    def _recorded(self, classifier: Classifier) -> Tape:
        classifier.logits(self._noise(classifier, 1))  # so that what is made only once is not recorded
        small, *large = (record(classifier, self._noise(classifier, rows)) for rows in (2, 3))
        if small.seconds + large[0].seconds < QUICK:  # then times are uncertain, and the first time takes longer
            large += [record(classifier, self._noise(classifier, 3)) for _ in range(3)]
        tape = merged(small, large[-1])
        times = zip(*([call.seconds for call in each.calls] for each in large), strict=False)
        calls = [replace(call, seconds=min(time)) for call, time in zip(tape.calls, times, strict=False)]
        return replace(tape, calls=calls)

    def _found(self, classifier: Classifier) -> tuple[list[Cut], str]:
        places = np.array([self.length // 4, self.length // 2, 3 * self.length // 4])
        taint = self._tainted(classifier, [[place] for place in places], None)
        if taint.read:
            return [], f"{classifier.name} reads its own numbers back into Python ({taint.read})"
        begin = np.cumsum([call.seconds for call in self.tape.calls]) / self.tape.rows
        cuts: list[Cut] = []
        share = 0.0
        for index in (each for each in taint.masks if each < min(taint.hidden, self.tape.output.call)):
            axis = time_axis(taint.masks[index])
            if axis is None or not divides(self.tape, index):
                continue
            share = begin[index] / self.full
            if share >= LEAST_SHARE:
                pool = pooling(self.tape, index, axis)
                after = index if pool is None else pool.call
                later = [shape for call in self.tape.calls[after:] for shape in call.shapes]
                reached, size = taint.masks[index][axis], taint.sizes[index]
                if cuts and cuts[-1].bytes >= size and np.array_equal(cuts[-1].reached, reached):
                    cuts.pop()  # the later one spares more and is told apart by nothing
                cuts.append(
                    Cut(
                        call=index,
                        axis=axis,
                        samples=self.length,
                        begin=float(begin[index]),
                        end=float(self.full - begin[after]),
                        bytes=size,
                        largest=max(8 * int(np.prod(shape)) // self.tape.rows for shape in later),
                        places=places,
                        reached=reached,
                        pooling=pool,
                    )
                )
        if cuts:
            return cuts, ""
        by = taint.mixing or "recurrence"
        return [], (
            f"in {classifier.name} every moment of the sound reaches every other by its {by}, and only {share:.0%} of "
            "the work before could be shared"
        )

    def learn(self, classifier: Classifier, supports: Sequence[tuple[int, int]], rows: int, at_once: int) -> None:
        """Finds out which frames samples reach that matter to ``supports``, by about ``rows`` rows, at least 4.

        Where these are enough, it asks about the supports' own ends, else about samples spread evenly.
        """
        rows = min(max(rows, 4), MOST_ROWS)
        combs = self._combs({place for start, stop in supports if stop > start for place in (start, stop - 1)})
        if len(combs) > rows:
            teeth = max(self.length // self._gap, 1)
            count = min(teeth * min(rows, -(-ENOUGH // teeth)), self.length)
            places = (np.random.default_rng(0).uniform(0.0, 1.0, count) + np.arange(count)) * self.length / count
            combs = self._combs(set(places.astype(int).tolist())) if count > self._spread else []
            self._spread = max(count, self._spread)
        for start in range(0, len(combs), at_once):
            batch = combs[start : start + at_once]
            taint = self._tainted(classifier, batch, {cut.call: cut.axis for cut in self.cuts})
            for cut in self.cuts:
                for comb, frames in zip(batch, taint.masks[cut.call][cut.axis], strict=True):
                    cut.note(comb, frames)
        self._observed |= {place for comb in combs for place in comb}
        for cut in self.cuts if combs else ():
            cut.settle()

    @property
    def _gap(self) -> int:
        return int(MARGIN * max(cut.reach for cut in self.cuts)) + 2

    def _combs(self, places: set[int]) -> list[list[int]]:
        """Samples not asked about yet, in rows in which they are far apart."""
        new, combs = sorted(places - self._observed), dict[int, list[int]]()
        for place, colour in zip(new, colouring([(place, place + self._gap) for place in new]), strict=True):
            combs.setdefault(colour, []).append(place)
        return list(combs.values())

    def _tainted(self, classifier: Classifier, rows: Sequence[Any], only: dict[int, int] | None) -> Taint:
        samples = self._noise(classifier, len(rows))
        for row, places in zip(samples, rows, strict=True):
            row[places] = torch.nan
        taint = Taint(samples, only)
        with torch.inference_mode(), classifier.inference(), structural():
            try:
                with taint:
                    classifier.network(classifier.frontend(samples))
            except Reached:
                pass
        return taint


def surveyed(classifier: Classifier, length: int) -> Survey:
    """The survey of a classifier for sounds of ``length`` samples, made once."""
    known: dict[tuple[Any, ...], Survey] = classifier.remembered.setdefault("surveys", {})
    key = length, classifier.dtype, classifier.device, id(classifier.network), id(classifier.frontend)
    if key not in known:
        if len(known) >= KEPT:
            del known[next(iter(known))]
        known[key] = Survey(classifier, length)
    return known[key]
