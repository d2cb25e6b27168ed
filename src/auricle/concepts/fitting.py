"""Finding the concepts of every class: vectors collected once, subspaces learned, and how far they can be relied on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial

from torch import Tensor

from auricle.classifier import Classifier
from auricle.clip import Clip
from auricle.concepts.collecting import Collected, Labelled, collect
from auricle.concepts.concepts import Concepts
from auricle.concepts.learners import build_learner
from auricle.concepts.learners.base import Learner
from auricle.concepts.learners.concept_count import choose_concepts
from auricle.concepts.learners.drsa import DRSA
from auricle.concepts.sampling import Sampling
from auricle.concepts.similarity import stability
from auricle.concepts.subspaces import Subspaces, sizes_of
from auricle.errors import AuricleError
from auricle.methods import Method, build
from auricle.methods.one_pass import OnePassMethod

HELD_OUT = 5
"""Every so-manieth clip is held out: its vectors do not fit, but choose."""


def fit_concepts(
    classifier: Classifier,
    clips: Iterable[Labelled],
    *,
    layer: str,
    learner: str | Learner = "drsa",
    method: str | Method = "lrp",
    sampling: Sampling | None = None,
    labels: Iterable[str] | None = None,
    correct: bool = True,
    choose: Sequence[int] = (),
    repeats: int = 1,
    seed: int = 0,
    data: str | None = None,
    on_clip: Callable[[Clip], None] | None = None,
    on_class: Callable[[str], None] | None = None,
    on_failure: Callable[[str, AuricleError], None] | None = None,
) -> Concepts:
    """The concepts of each class at a layer, from labelled clips.

    clips: pairs of a clip and its label. labels: the classes (by default all that occur). correct: learn only from
    clips that the classifier gets right. choose: numbers of concepts from which each class's is chosen by held-out
    score (`choose_concepts`; DRSA and DSA only), those left out that the layer has too few channels for. repeats: fits
    with further seeds, by whose likeness ``stability`` is told (with 1, by that of the starts of a learner that has
    several; not for those that need second moments only). data: what the clips are, for the card. on_class: told each
    class when its search, which may take minutes, begins. Clips are explained in these concepts with the same
    ``method`` or, where it does not hand relevance down linearly, with LRP. Learners for which second moments are
    enough take those of all positions, the others drawn vectors, of which a fifth of the clips is held out.
    """
    learner = build_learner(learner) if isinstance(learner, str) else learner
    method = build(method) if isinstance(method, str) else method
    sampling = sampling or Sampling()
    if repeats < 1:
        raise AuricleError(f"{repeats} repeats find nothing; give at least 1")
    if repeats > 1 and learner.needs == "moments":
        raise AuricleError(f"repeats tell how stable a search is, and {learner.name} does not search; leave them out")
    if choose:
        _check_choice(learner)
    collected = collect(
        classifier,
        clips,
        layer=layer,
        method=method,
        sampling=sampling,
        labels=labels,
        correct=correct,
        seed=seed,
        check_channels=partial(sizes_of, 1) if choose else learner.check_channels,
        on_clip=on_clip,
        on_failure=on_failure,
    )
    subspaces = {}
    for label, each in collected.items():
        if on_class is not None:
            on_class(label)
        subspaces[label] = _fit(learner, each, choose, repeats, seed)
    hands_down = method if isinstance(method, OnePassMethod) else build("lrp")
    return Concepts.of(
        classifier,
        layer,
        hands_down,
        subspaces,
        found_with={"name": method.name, "settings": method.settings()},
        learner={"name": learner.name, "settings": learner.settings()},
        sampling={"positions": sampling.positions, "per_clip": sampling.per_clip, "vectors": sampling.vectors},
        fitted_on={
            "data": data,
            "clips": {label: each.clips for label, each in collected.items()},
            "wrong": {label: each.wrong for label, each in collected.items()} if correct else None,
            "seed": seed,
        },
    )


def _fit(learner: Learner, collected: Collected, choose: Sequence[int], repeats: int, seed: int) -> Subspaces:
    chosen: dict[str, object] = {}
    try:
        if choose and isinstance(learner, DRSA):
            learner, chosen = _chosen(learner, collected, choose, seed)
        if learner.needs == "moments":
            found = learner.fit_moments(collected.moments, seed=seed)
            return replace(found, statistics={**found.statistics, **_told(collected)})
        fitting, held_out = _apart(collected)
        fits = [learner.fit(*fitting, held_out=held_out, seed=seed + number) for number in range(repeats)]
    except AuricleError as error:
        raise AuricleError(f"{collected.label}: {error}") from error
    more = _told(collected) | chosen
    if repeats > 1:
        agreement = stability(fits, seed=seed)
        more["stability"] = agreement.mean
        more["stability_by_chance"] = agreement.chance
        more["stabilities"] = list(agreement.concepts)
    return replace(fits[0], statistics={**fits[0].statistics, **more})


def _check_choice(learner: Learner) -> None:
    """Raise `AuricleError` if the number of concepts cannot be chosen for this learner."""
    if not isinstance(learner, DRSA):
        raise AuricleError(f"the number of concepts is chosen for drsa and dsa only, not for {learner.name}; give one")
    for setting in ("size", "sizes"):
        if getattr(learner, setting) is not None:
            raise AuricleError(
                f"{setting} says how large concepts are, which follows from their number; leave it out, or give the "
                "number"
            )


def _chosen(
    learner: DRSA, collected: Collected, choose: Sequence[int], seed: int
) -> tuple[Learner, dict[str, object]]:
    """The learner with the best number of concepts, and what each number would tell."""
    fitting, held_out = _apart(collected)
    if held_out is None:
        raise AuricleError(
            f"{collected.clips} clips are too few to choose the number of concepts by held-out ones; give "
            f"{2 * HELD_OUT}, or the number"
        )
    channels = collected.a.shape[1]
    possible = [count for count in choose if count <= channels] or choose  # else the learner says what is possible
    found = choose_concepts(*fitting, possible, held_out=held_out, learner=learner, seed=seed)
    size = max(channels // found.concepts, 1)
    gains = {str(count): found.information[count] - found.random[count] for count in found.information}
    return replace(learner, concepts=found.concepts, size=size, sizes=None), {"information_above_random": gains}


def _told(collected: Collected) -> dict[str, object]:
    return {"clips": collected.clips, "vectors": len(collected.a), "mean_relevance": collected.moments.relevance}


def _apart(collected: Collected) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor] | None]:
    """Vectors to fit and, where there are enough clips, held-out ones of other clips."""
    held = collected.source % HELD_OUT == HELD_OUT - 1
    a, c = collected.a, collected.c
    if collected.clips < 2 * HELD_OUT or not bool(held.any()):
        return (a, c), None
    return (a[~held], c[~held]), (a[held], c[held])
