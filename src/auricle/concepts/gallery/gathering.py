"""One pass over labelled clips, in which every concept of their classes is met."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, get_args

import numpy as np

from auricle.classifier import Classifier
from auricle.clip import Clip
from auricle.concepts.collecting import Labelled
from auricle.concepts.concepts import Concepts
from auricle.concepts.gallery.clip_shares import AT_ONCE, ClipShares, Heard, clip_shares, shares_of
from auricle.concepts.gallery.gallery import Gallery, fingerprint, table_of
from auricle.concepts.gallery.prototypes import Rank, choose_prototypes
from auricle.concepts.gallery.statistics import AVERAGED, class_statistics
from auricle.concepts.two_step import one_pass_method
from auricle.errors import AuricleError, nearest

Row = dict[str, Any]


class _Pass:
    """What is kept of the clips that went by."""

    def __init__(self, concepts: Concepts, group_of: Callable[[Clip], object] | None, correct: bool) -> None:
        self.concepts, self.group_of, self.correct = concepts, group_of, correct
        self.rows: dict[str, list[list[Row]]] = {}  # by label: of each clip one row a concept
        self.sums: dict[str, dict[str, np.ndarray]] = {}
        self.skipped: dict[str, int] = {}
        self.wrong: dict[str, int] = {}
        self.failed = 0

    def take(self, found: ClipShares) -> None:
        label = found.heard.label
        if self.correct and not found.right:
            self.wrong[label] = self.wrong.get(label, 0) + 1
            return
        self.rows.setdefault(label, []).append(self._rows(found))
        sums = self.sums.setdefault(label, {each: np.zeros(len(shares)) for each, shares in found.across.items()})
        for each, shares in found.across.items():
            sums[each] += shares

    def _rows(self, found: ClipShares) -> list[Row]:
        clip = found.heard.clip
        group = None if self.group_of is None else self.group_of(clip)
        shares = shares_of(found.relevance)
        return [
            {
                "label": found.heard.label,
                "predicted": found.predicted,
                "clip": clip.name,
                "source": clip.source,
                "group": clip.source or clip.name if group is None else str(group),
                "concept": k + 1,
                "relevance": float(found.relevance[k]),
                "share": float(shares[k]),
                "strength": float(found.strength[k]),
                "negative_share": float(found.negative[k]),
                "removed": float(found.removed[k]),
                **vars(found.maps[k]),
            }
            for k in range(len(found.relevance))
        ]


def gather(
    classifier: Classifier,
    concepts: Concepts,
    clips: Iterable[Labelled],
    *,
    rank: Rank = "relevance",
    prototypes: int = 8,
    correct: bool = True,
    seed: int = 0,
    group_of: Callable[[Clip], object] | None = None,
    on_clip: Callable[[Clip], None] | None = None,
    on_failure: Callable[[str, AuricleError], None] | None = None,
) -> Gallery:
    """Each clip explained for its own label by that label's concepts; their numbers, and the best examples of each.

    clips: pairs of a clip and its label, read one after another; only numbers of them are kept. rank: what a prototype
    is best in, see `Rank`; at most ``prototypes`` of each concept. correct: clips that the classifier takes for
    something else are counted and left out, as they do not show how it knows their class. group_of: the speaker,
    patient or the like of a clip, so that prototypes come from different ones and intervals are over them; by default
    (or where it gives None) the clip's file. seed: of the intervals. Where ``on_failure`` is given, a clip that cannot
    be heard is told to it, counted and left out. Clips of a class without concepts are counted. Raises `AuricleError`
    for concepts of another classifier, or when no clip is left.
    """
    concepts.check(classifier)
    one_pass_method(concepts.method).check(classifier)
    if rank not in get_args(Rank):
        raise AuricleError(f'prototypes cannot be ranked by "{rank}"; {nearest(rank, get_args(Rank))}')
    if prototypes < 1:
        raise AuricleError(f"a concept cannot be shown by {prototypes} prototypes; ask for 1 or more")
    kept = _Pass(concepts, group_of, correct)
    waiting: list[Heard] = []

    def failed(clip: Clip, error: AuricleError) -> None:
        if on_failure is None:
            raise error
        kept.failed += 1
        on_failure(clip.name, error)

    def explain(some: Sequence[Heard]) -> None:
        try:
            found = list(clip_shares(classifier, concepts, some))
        except AuricleError as error:
            if len(some) == 1:
                failed(some[0].clip, error)
                return
            for heard in some:  # one of them spoils it for all
                explain([heard])
            return
        for each in found:
            kept.take(each)
            if on_clip is not None:
                on_clip(each.heard.clip)

    for clip, label in clips:
        if label not in concepts.subspaces:
            kept.skipped[label] = kept.skipped.get(label, 0) + 1
            continue
        try:
            heard = Heard(clip, label, classifier.windows(clip))
        except AuricleError as error:
            failed(clip, error)
            continue
        if waiting and _shape(concepts, heard) != _shape(concepts, waiting[0]):
            explain(waiting)
            waiting = []
        waiting.append(heard)
        if sum(len(each.windows.samples) for each in waiting) >= AT_ONCE:
            explain(waiting)
            waiting = []
    if waiting:
        explain(waiting)
    return _gallery(kept, rank, prototypes, seed)


def _shape(concepts: Concepts, heard: Heard) -> tuple[int, int]:
    """What clips that are explained together must have in common: samples, and concepts with the rest."""
    own = concepts[heard.label]
    return heard.windows.samples.shape[1], len(own) + own.has_residual


def _gallery(kept: _Pass, rank: Rank, count: int, seed: int) -> Gallery:
    if not kept.rows:
        raise AuricleError(
            f"no clip shows these concepts ({sum(kept.skipped.values())} of classes without concepts, "
            f"{sum(kept.wrong.values())} taken for something else, {kept.failed} could not be heard); give clips "
            f"labelled {', '.join(kept.concepts)}"
        )
    labels = tuple(label for label in kept.concepts if label in kept.rows)
    prototypes, statistics, table = {}, {}, {}
    for label in labels:
        of_clips = sorted(kept.rows[label], key=lambda rows: (rows[0]["clip"], rows[0]["source"] or ""))
        kept.rows[label] = of_clips
        prototypes[label] = tuple(choose_prototypes(rows, rank, count) for rows in zip(*of_clips, strict=True))
        values = {name: np.array([[row[name] for row in rows] for rows in of_clips], float) for name in AVERAGED}
        statistics[label] = class_statistics(values, [rows[0]["group"] for rows in of_clips], seed=seed)
        table[label] = np.stack([kept.sums[other][label] / len(kept.rows[other]) for other in labels], 1)
    return Gallery(
        concepts=fingerprint(kept.concepts),
        rank=rank,
        labels=labels,
        rows=table_of(row for label in labels for rows in kept.rows[label] for row in rows),
        prototypes=prototypes,
        statistics=statistics,
        table=table,
        skipped=kept.skipped,
        wrong=kept.wrong,
        failed=kept.failed,
    )
