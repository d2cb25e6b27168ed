"""Concepts judged on clips that did not make them: do they take the score down, keep to their class, differ?"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from auricle.classifier import Classifier
from auricle.clip import Clip
from auricle.concepts.concepts import Concepts
from auricle.concepts.evaluation.disentangled import Disentangled, disentangled
from auricle.concepts.evaluation.flipping import ConceptFlipping
from auricle.concepts.evaluation.inter_class import InterClass, inter_class
from auricle.concepts.learners import build_learner
from auricle.concepts.subspaces import Subspaces
from auricle.concepts.two_step import take_apart
from auricle.errors import AuricleError

AT_ONCE = 32
PLAIN = "plain explanation"
RANDOM = "random"


@dataclass(frozen=True, eq=False)
class Heard:
    """Clips as the network hears them, all equally long: ``samples [N, n]``, the class of each, and its group."""

    samples: Tensor
    labels: tuple[str, ...]
    names: tuple[str, ...]
    groups: tuple[Hashable, ...] | None = None

    def rows(self, label: str) -> np.ndarray:
        return np.flatnonzero(np.array(self.labels) == label)


def hear(
    classifier: Classifier,
    clips: Sequence[tuple[Clip, str]],
    *,
    groups: Sequence[Hashable] | None = None,
    correct: bool = True,
    on_failure: Callable[[str, AuricleError], None] | None = None,
) -> Heard:
    """The loudest window of each clip, of clips that the classifier gets right (unless told otherwise).

    groups: of each of ``clips``. Where ``on_failure`` is given, a clip that cannot be heard is told to it and left out.
    Curves can only be compared between sounds of one length; a classifier that hears any length hears every clip as
    long as the longest, silence after it.
    """
    kept, labels, names, of = [], [], [], []
    for number, (clip, label) in enumerate(clips):
        try:
            windows = classifier.windows(clip).samples
            window = windows[windows.square().sum(1).argmax()]
            said = classifier.prediction(classifier.logits(window[None]))
        except AuricleError as error:
            if on_failure is None:
                raise
            on_failure(clip.name, error)
            continue
        if correct and not classifier.recognises(said, label):
            continue
        kept.append(window)
        labels.append(label)
        names.append(clip.name)
        of.append(None if groups is None else groups[number])
    if not kept:
        raise AuricleError("the model gets none of these clips right, so there is nothing to judge concepts by")
    longest = max(len(each) for each in kept)
    samples = torch.stack([torch.nn.functional.pad(each, (0, longest - len(each))) for each in kept])
    return Heard(samples, tuple(labels), tuple(names), None if groups is None else tuple(of))


def shares_of(
    classifier: Classifier, concepts: Concepts, samples: Tensor, label: str, subspaces: Subspaces
) -> tuple[Tensor, Tensor]:
    """Maps ``[B, K, F, T]`` of the concepts alone, without the residual, and the plain explanation ``[B, F, T]``.

    ``label`` is explained, whosever the subspaces are. A residual would be one more map, and more maps take more away.
    """
    shares, whole = [], []
    weights = classifier.target_weights(label, torch.zeros(1, len(classifier.labels)))
    for some in samples.split(AT_ONCE):
        parts = take_apart(
            classifier,
            some,
            weights.expand(len(some), -1),
            [subspaces] * len(some),
            layer=concepts.layer,
            method=concepts.method,
        )
        shares.append(parts.shares[:, : len(subspaces)].detach().cpu())
        whole.append(parts.whole.relevance.detach().cpu())
    return torch.cat(shares), torch.cat(whole)


def random_like(concepts: Concepts, *, draws: int, seed: int = 0) -> list[Concepts]:
    """Random subspaces with as many concepts of the same sizes, ``draws`` times: the control of all that is learned."""
    found = []
    for draw in range(draws):
        subspaces = {}
        for number, (label, each) in enumerate(concepts.subspaces.items()):
            learner = build_learner("random", sizes=each.sizes)
            vectors = torch.eye(each.channels).repeat(2, 1)  # random subspaces do not look at them
            subspaces[label] = learner.fit(vectors, vectors, seed=seed + 1000 * draw + number)
        found.append(Concepts(concepts.model, concepts.model_name, concepts.layer, concepts.method, subspaces))
    return found


def flipped(
    classifier: Classifier,
    heard: Heard,
    several: Mapping[str, Concepts],
    *,
    draws: int = 3,
    flipping: ConceptFlipping | None = None,
    legacy: bool = False,
    seed: int = 0,
    on_step: Callable[[str], None] | None = None,
) -> dict[str, np.ndarray]:
    """AUPC of every clip under each of ``several`` concepts, of random ones and of the plain explanation.

    By name ``[N]``, of ``random`` ``[draws, N]``. Ready for `compare`; lower is better.
    """
    flip = flipping or ConceptFlipping()
    first = next(iter(several.values()))
    found = {name: np.zeros(len(heard.labels)) for name in (*several, PLAIN)}
    found[RANDOM] = np.zeros((draws, len(heard.labels)))
    controls = random_like(first, draws=draws, seed=seed)
    for label in dict.fromkeys(heard.labels):
        rows = heard.rows(label)
        samples = heard.samples[torch.as_tensor(rows)]
        weights = classifier.target_weights(label, torch.zeros(len(rows), len(classifier.labels)))
        asked = [(found[name], each) for name, each in several.items()]
        asked += [(found[RANDOM][draw], each) for draw, each in enumerate(controls)]
        for into, concepts in asked:
            maps, whole = shares_of(classifier, concepts, samples, label, concepts[label])
            into[rows] = flip(classifier, samples, maps, weights).aupc(legacy=legacy)
        found[PLAIN][rows] = flip(classifier, samples, whole[:, None], weights).aupc(legacy=legacy)
        if on_step is not None:
            on_step(label)
    return found


def unequal(concepts: Concepts, labels: Iterable[str]) -> str:
    """Why the concepts of these classes cannot be compared with one another, in a sentence; nothing where they can."""
    heard = set(labels)
    counts = {label: len(found) for label, found in concepts.subspaces.items() if label in heard}
    if len(set(counts.values())) < 2:
        return ""
    listed = ", ".join(f"{label} {count}" for label, count in counts.items())
    return (
        f"classes have different numbers of concepts ({listed}), and more maps take more away, whatever they show, so "
        "classes cannot be compared; fit them again with one number"
    )


def between_classes(
    classifier: Classifier,
    heard: Heard,
    concepts: Concepts,
    *,
    draws: int = 3,
    flipping: ConceptFlipping | None = None,
    seed: int = 0,
) -> InterClass:
    """`inter_class` of the classes' concepts, beside ``draws`` random ones.

    Raises `AuricleError` where classes have different numbers of concepts.
    """
    if reason := unequal(concepts, heard.labels):
        raise AuricleError(reason)
    controls = {f"{RANDOM} {draw + 1}": each for draw, each in enumerate(random_like(concepts, draws=draws, seed=seed))}
    labels = np.array(heard.labels)

    def samples_of(rows: np.ndarray) -> Tensor:
        return heard.samples[torch.as_tensor(rows)]

    def maps_of(rows: np.ndarray, name: str) -> Tensor:
        own = str(labels[rows[0]])
        subspaces = controls[name][own] if name in controls else concepts[name]
        return shares_of(classifier, concepts, samples_of(rows), own, subspaces)[0]

    def plain(rows: np.ndarray) -> Tensor:
        own = str(labels[rows[0]])
        return shares_of(classifier, concepts, samples_of(rows), own, concepts[own])[1][:, None]

    return inter_class(
        classifier, heard.samples, heard.labels, maps_of, plain, random=tuple(controls), flipping=flipping
    )


def told_apart(classifier: Classifier, heard: Heard, concepts: Concepts) -> Disentangled:
    """`disentangled` over all clips, each under its own class's concepts, as shares of the clip's relevance."""
    parts = [
        disentangled(
            shares_of(classifier, concepts, heard.samples[torch.as_tensor(rows)], label, concepts[label])[0],
            normalised=True,
        )
        for label in dict.fromkeys(heard.labels)
        for rows in [heard.rows(label)]
    ]
    return Disentangled(
        np.concatenate([each.separability for each in parts]),
        np.concatenate([each.peakness for each in parts]),
        np.concatenate([each.frobenius for each in parts]),
    )
