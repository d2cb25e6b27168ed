"""Many coalitions for few forward passes, exactly: moments of a network out of earshot of each other share a pass.

Up to a `Cut`, each frame inside a network depends only on the components that it hears. So the network's beginning
runs for a few designed coalitions; the frames of every other are gathered from those that agree with it within earshot,
and only the network's end runs for each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from auricle.methods.coalitions.locality import Cut, colouring
from auricle.methods.coalitions.pooling import running
from auricle.methods.coalitions.replay import End, begun
from auricle.methods.coalitions.survey import surveyed
from auricle.methods.coalitions.tape import NotLocal

if TYPE_CHECKING:
    from auricle.classifier import Classifier

__all__ = ["Multiplexer", "NotLocal"]

Sounds = Callable[[Tensor], Tensor]
"""Coalitions, bool ``[B, K]``, to their sounds, ``[B, n]``."""

MOST_BITS = 14
"""Components that one frame may hear: each of their 2 ** 14 coalitions is a design."""
MOST_BYTES = 2**30
"""Memory for what the network's beginning says to all designs."""
CHUNK_BYTES = 2**26
"""Memory for the rows that go through the network's end together."""
WORTH = 0.7
"""Of the direct way's time, above which the direct way is taken."""
COPYING = 5e-10
"""Seconds that it takes to gather a byte."""
FEW_PROBES = 4
"""Rows that may be spent on finding out what hears what before parts are taken away one by one."""
CHECKED = 4
"""Rows that are compared with the direct way."""
TOLERANCE = 1e-4
"""Largest accepted difference, relative to the spread of the logits."""


@dataclass(frozen=True, eq=False)
class _Plan:
    cut: Cut
    spans: np.ndarray
    designs: int
    seconds: float


class Multiplexer:
    """Logits of coalitions of components that can change samples ``supports[k] = (start, stop)`` of ``length``.

    ``forwards`` counts designs, the rows that went through the network's beginning; ``checks`` rows heard directly to
    verify them; ``probes`` rows to find out what hears what, which is remembered with the classifier. ``reason`` says
    in a sentence why the direct way is better, when `plan` says so.

    >>> from auricle import load_classifier
    >>> parts = [(500 * k, 500 * k + 500) for k in range(16)]
    >>> Multiplexer(load_classifier("digits"), 8000, parts).plan(2**16) <= 1024
    True
    """

    def __init__(
        self, classifier: Classifier, length: int, supports: Sequence[tuple[int, int]], *, at_once: int = 8
    ) -> None:
        self.classifier, self.length, self.at_once = classifier, length, at_once
        self.supports = [(int(start), int(stop)) for start, stop in supports]
        self.forwards = self.checks = self.probes = 0
        self.reason = ""
        self._verified: set[tuple[str, int]] = set()

    # --- what it would take ---------------------------------------------------------------------------------

    def plan(self, rows: int) -> int | None:
        """Designs that ``rows`` coalitions take at most; None if sharing does not pay, and then ``reason`` says why."""
        best = self._best(rows, self.supports, removals=False)
        return None if best is None else best.designs

    def plan_removals(self, rows: int) -> int | None:
        """The same for ``rows`` coalitions that each miss one component."""
        best = self._best(rows, self.supports, removals=True)
        return None if best is None else best.designs

    def _best(self, rows: int, supports: list[tuple[int, int]], *, removals: bool) -> _Plan | None:
        try:
            survey = surveyed(self.classifier, self.length)
        except NotLocal as error:
            self.reason = str(error)
            return None
        self.reason = survey.reason
        if not survey.cuts:
            return None
        before = survey.probes
        # Removals are read from few designs, and a looser knowledge of what hears what costs them little.
        survey.learn(self.classifier, supports, FEW_PROBES if removals else rows // 16, self.at_once)
        self.probes += survey.probes - before
        direct = rows * survey.full
        plans, together = [], []
        for cut in survey.cuts:
            spans = cut.touched(supports)
            deepest = _deepest(spans, cut.frames)
            designs = deepest + 1 if removals else 2 ** min(deepest, 62)
            seconds = designs * cut.begin + rows * (cut.end + cut.copied * COPYING) + CHECKED * survey.full
            together.append(deepest)
            if designs * cut.bytes <= MOST_BYTES and (removals or (deepest <= MOST_BITS and designs <= rows / 2)):
                plans.append(_Plan(cut, spans, designs, seconds))
        best = min(plans, key=lambda each: each.seconds, default=None)
        if best is not None and best.seconds < WORTH * direct:
            return best
        name = self.classifier.name
        if best is None:
            self.reason = (
                f"one moment inside {name} hears at least {min(together)} components at once, too many for {rows} rows"
            )
        else:
            share = best.seconds / direct
            self.reason = f"sharing what {name} computes would take {share:.0%} of the direct way's time"
        return None

    # --- answers --------------------------------------------------------------------------------------------

    def coalitions(self, coalitions: Tensor, compose: Sounds) -> Tensor:
        """Bool ``[N, K]`` to logits ``[N, C]``; raises `NotLocal` where `plan` says None."""
        plan = self._best(len(coalitions), self.supports, removals=False)
        if plan is None:
            raise NotLocal(self.reason)
        present = coalitions.to(self.classifier.device)
        colours = torch.tensor(colouring([(first, last + 1) for first, last in plan.spans]), device=present.device)
        groups = _groups(plan.spans, plan.cut.frames)
        # Frames that hear the components `which` are read from the design with exactly these bits.
        wanted = [
            (present[:, which].long() << colours[which]).sum(1)
            for which in (torch.tensor(each, dtype=torch.long, device=present.device) for _, _, each in groups)
        ]
        used, inverse = torch.unique(torch.stack(wanted), return_inverse=True)
        designs = (used[:, None] >> colours[None]) & 1
        features = self._designs(designs.bool().to(coalitions.device), compose, plan.cut)
        assembled = _from_groups(plan.cut, features, groups, inverse)
        del features
        logits = self._ended(len(coalitions), plan.cut, assembled)
        self._verify("coalitions", plan.cut, logits, lambda rows: compose(coalitions[rows]))
        return logits

    def removals(self, removed: Sequence[int], compose: Sounds) -> Tensor:
        """Logits ``[N, C]`` of all components but ``removed[i]``; raises `NotLocal` if sharing does not pay."""
        removed = [int(which) for which in removed]
        plan = self._best(len(removed), [self.supports[which] for which in removed], removals=True)
        if plan is None:
            raise NotLocal(self.reason)
        colours = colouring([(first, last + 1) for first, last in plan.spans])
        designs = torch.ones(1 + max(colours), len(self.supports), dtype=torch.bool)
        designs[colours, removed] = False
        whole = torch.ones(1, len(self.supports), dtype=torch.bool)
        features = self._designs(torch.cat([whole, designs]), compose, plan.cut)
        assembled = _without(plan.cut, features, colours, plan.spans)
        def sounds(rows: Tensor) -> Tensor:
            missing = whole.repeat(len(rows), 1)
            missing[torch.arange(len(rows)), [removed[row] for row in rows.tolist()]] = False
            return compose(missing)

        logits = self._ended(len(removed), plan.cut, assembled)
        self._verify("removals", plan.cut, logits, sounds)
        return logits

    # --- running --------------------------------------------------------------------------------------------

    def _designs(self, designs: Tensor, compose: Sounds, cut: Cut) -> Tensor:
        """What the network's beginning says to coalitions: ``[D, ...]``."""
        tape = surveyed(self.classifier, self.length).tape
        features: Tensor | None = None
        with torch.inference_mode():
            for start in range(0, len(designs), self.at_once):
                sounds = compose(designs[start : start + self.at_once])
                sounds = sounds.to(self.classifier.device, self.classifier.dtype)
                batch = begun(self.classifier, sounds, tape, cut.call)
                if features is None:
                    features = batch.new_empty(len(designs), *batch.shape[1:])
                features[start : start + len(batch)] = batch
                self.forwards += len(batch)
        assert features is not None
        return features

    def _ended(self, rows: int, cut: Cut, assembled: Callable[[int, int], Tensor]) -> Tensor:
        """Logits of ``rows`` rows whose features ``assembled(first, last)`` gives."""
        end = End(surveyed(self.classifier, self.length).tape, cut.call if cut.pooling is None else cut.pooling.call)
        size = max(CHUNK_BYTES // (cut.copied + 2 * cut.largest), 1)
        with torch.inference_mode(), self.classifier.inference():
            logits = torch.cat([end(assembled(at, min(at + size, rows))) for at in range(0, rows, size)])
        if not torch.isfinite(logits).all():
            raise NotLocal(f"{self.classifier.name} returns logits that are not finite")
        return logits

    def _verify(self, kind: str, cut: Cut, logits: Tensor, sounds: Sounds) -> None:
        """Compares a few rows, the first time, with the direct way."""
        if (kind, cut.call) in self._verified:
            return
        rows = torch.randperm(len(logits), generator=torch.Generator().manual_seed(0))[:CHECKED]
        direct = torch.cat([self.classifier.logits(sounds(some)) for some in rows.split(self.at_once)])
        self.checks += len(rows)
        spread = max(float(direct.max() - direct.min()), torch.finfo(direct.dtype).tiny)
        worst = float((logits[rows.to(logits.device)] - direct).abs().max()) / spread
        if worst > TOLERANCE:
            raise NotLocal(
                f"{self.classifier.name} mixes distant moments of the sound in a way that cannot be seen in advance: "
                f"shared passes differ from direct ones by {worst:.1e} of the spread of the logits"
            )
        self._verified.add((kind, cut.call))


def _from_groups(
    cut: Cut, features: Tensor, groups: Sequence[tuple[int, int, list[int]]], designs: Tensor
) -> Callable[[int, int], Tensor]:
    """Rows put together from stretches of frames: group g of row i is that of design ``designs[g, i]``."""
    if cut.pooling is None:
        parts = [features.narrow(cut.axis, start, stop - start).contiguous() for start, stop, _ in groups]

        def assembled(first: int, last: int) -> Tensor:
            rows = (part.index_select(0, index[first:last]) for part, index in zip(parts, designs, strict=True))
            return torch.cat(list(rows), dim=cut.axis)

        return assembled
    pool, frames = cut.pooling, cut.pooling.over_frames(features)
    sums = [frames[:, start:stop].sum(1) for start, stop, _ in groups]
    like = features[:0]

    def pooled(first: int, last: int) -> Tensor:
        rows = sum(each.index_select(0, index[first:last]) for each, index in zip(sums, designs, strict=True))
        assert isinstance(rows, Tensor)
        return pool.pooled(rows, cut.frames, like)

    return pooled


def _without(
    cut: Cut, features: Tensor, colours: Sequence[int], spans: np.ndarray
) -> Callable[[int, int], Tensor]:
    """Rows that are the clip (design 0) but for a stretch of frames, which is that of design ``1 + colour``."""
    if cut.pooling is None:

        def assembled(first: int, last: int) -> Tensor:
            rows = features[:1].repeat(last - first, *[1] * (features.dim() - 1))
            for row, colour, (start, stop) in zip(rows, colours[first:last], spans[first:last], strict=True):
                if stop >= start:
                    reached = features[1 + colour].narrow(cut.axis - 1, int(start), int(stop - start + 1))
                    row.narrow(cut.axis - 1, int(start), int(stop - start + 1)).copy_(reached)
            return rows

        return assembled
    pool, sums = cut.pooling, running(cut.pooling.over_frames(features))
    design = 1 + torch.as_tensor(colours, device=features.device)
    start = torch.as_tensor(spans[:, 0].copy(), device=features.device)
    stop = torch.maximum(torch.as_tensor(spans[:, 1] + 1, device=features.device), start)

    def pooled(first: int, last: int) -> Tensor:
        here = slice(first, last)
        its = sums[design[here], stop[here]] - sums[design[here], start[here]]
        whole = sums[0, -1] - (sums[0, stop[here]] - sums[0, start[here]])
        return pool.pooled(whole + its, cut.frames, features)

    return pooled


def _deepest(spans: np.ndarray, frames: int) -> int:
    """The most components that reach one frame."""
    spans = spans[spans[:, 1] >= spans[:, 0]]
    steps = np.bincount(spans[:, 0], minlength=frames + 1) - np.bincount(spans[:, 1] + 1, minlength=frames + 1)
    return int(np.cumsum(steps).max())


def _groups(spans: np.ndarray, frames: int) -> list[tuple[int, int, list[int]]]:
    """Stretches of frames ``(start, stop)`` that hear the same components, and which."""
    edges = sorted({0, frames, *np.clip([spans[:, 0], spans[:, 1] + 1], 0, frames).ravel().tolist()})
    return [
        (start, stop, np.flatnonzero((spans[:, 0] <= start) & (spans[:, 1] >= start)).tolist())
        for start, stop in pairwise(edges)
    ]
