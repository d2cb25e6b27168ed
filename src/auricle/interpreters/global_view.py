"""An interpreter in components seen over many clips: which components speak for which class, and how clips differ."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from auricle.classifier import Classifier
from auricle.clip import Clip
from auricle.errors import AuricleError
from auricle.interpreters.componentwise import ComponentInterpreter
from auricle.interpreters.heard import Heard, hear

FEWEST = 10
"""Rows of which t-SNE can make a picture; of fewer their principal components are shown."""


@dataclass(frozen=True, eq=False)
class GlobalView:
    """What an interpreter says of clips, each explained for every class that the classifier hears in it.

    mean: relevance of each component for each class, ``[C, K]``, over the clips in which the class is heard; NaN for a
    class that is in none. vectors: each explanation's relevance ``[N, K]``, of the class ``classes [N]`` in the clip
    ``names [N]``. places: vectors in two dimensions, ``[N, 2]``. figures: means of how well it imitates and rebuilds.
    empty: share of explanations in which no component is relevant enough to be heard, at the usual threshold.
    """

    labels: tuple[str, ...]
    worth: np.ndarray
    mean: np.ndarray
    vectors: np.ndarray
    classes: np.ndarray
    names: tuple[str, ...]
    places: np.ndarray
    figures: dict[str, float]
    empty: float

    @property
    def counts(self) -> np.ndarray:
        """In how many clips each class is heard, ``[C]``."""
        return np.bincount(self.classes, minlength=len(self.labels))

    def best(self, label: int, count: int = 5) -> list[int]:
        """The components that speak most for a class, counted from 0, the strongest first."""
        if not self.counts[label]:
            return []
        order = np.argsort(-self.mean[label], kind="stable")[:count]
        return [int(k) for k in order if self.mean[label, k] > 0]


def global_view(
    interpreter: ComponentInterpreter, classifier: Classifier, clips: Iterable[Clip], *, seed: int = 0
) -> GlobalView:
    """Explain clips and gather what is said; raises `AuricleError` for clips in which no class is heard.

    Relevance is divided by its largest magnitude in each explanation, so loud and quiet clips count alike; of a clip
    that is heard in several windows each window counts. With several labels a clip is explained for each that is heard.
    """
    interpreter.check(classifier)
    interpreter.eval()
    vectors, classes, names, figures, empty = [], list[int](), list[str](), list[dict[str, Tensor]](), list[bool]()
    targets = torch.eye(len(classifier.labels), device=classifier.device, dtype=classifier.dtype)
    for clip in clips:
        with torch.no_grad():
            heard = hear(classifier, classifier.windows(clip).samples, interpreter.subject.layers)
            found = interpreter.interpretation(heard, targets.expand(len(heard.samples), -1, -1))
            told = interpreter.figures(heard)
        figures.append({name: value.float().cpu() for name, value in told.items()})
        for window, label in _said(heard):
            vectors.append(found.relevance[window, label].cpu().double().numpy())
            empty.append(bool(found.empty[window, label]))
            classes.append(label)
            names.append(clip.name)
    if not vectors:
        raise AuricleError("no class is heard in any of these clips, so there is nothing to see; choose others")
    rows, kinds = np.stack(vectors), np.array(classes)
    mean = np.full((len(classifier.labels), rows.shape[1]), np.nan)
    for label in np.unique(kinds):
        mean[label] = rows[kinds == label].mean(0)
    return GlobalView(
        labels=classifier.labels,
        worth=interpreter.worth.detach().cpu().double().numpy(),
        mean=mean,
        vectors=rows,
        classes=kinds,
        names=tuple(names),
        places=in_two_dimensions(rows, seed=seed),
        figures={name: float(torch.cat([each[name] for each in figures]).detach().nanmean()) for name in figures[0]},
        empty=float(np.mean(empty)),
    )


def _said(heard: Heard) -> list[tuple[int, int]]:
    """Window and class of everything that the classifier hears."""
    if heard.classifier.multi_label:
        return [(int(window), int(label)) for window, label in (heard.logits >= 0).nonzero().tolist()]
    return list(enumerate(heard.logits.argmax(1).tolist()))


def in_two_dimensions(vectors: np.ndarray, *, seed: int = 0) -> np.ndarray:
    """Rows ``[N, K]`` as points ``[N, 2]``: neighbours stay neighbours (t-SNE, van der Maaten and Hinton 2008)."""
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE

    if not vectors.std(0).any():
        return np.zeros((len(vectors), 2))
    if len(vectors) < FEWEST:
        points = PCA(min(2, *vectors.shape)).fit_transform(vectors)
        return np.pad(points, ((0, 0), (0, 2 - points.shape[1])))
    perplexity = min(30.0, (len(vectors) - 1) / 3)
    found = TSNE(2, perplexity=perplexity, init="pca", random_state=seed).fit_transform(vectors)
    return np.asarray(found, dtype=float)
