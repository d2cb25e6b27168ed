"""How true an interpreter is on clips that it has not heard: what it says, and what its components are worth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from auricle.classifier import Classifier
from auricle.clip import Clip
from auricle.errors import AuricleError
from auricle.interpreters.base import Interpreter
from auricle.interpreters.componentwise import ComponentInterpreter
from auricle.interpreters.heard import Heard, hear
from auricle.interpreters.interpretation import relevance_of
from auricle.metrics.component_removal import ComponentRemoval, component_removal

AT_ONCE = 32
"""Windows that are heard in one pass."""


@dataclass(eq=False)
class Judged:
    """names: of N clips. figures: by name, one value a clip ``[N]``. outputs and scores ``[N, C]``: probabilities of
    the classifier and, of interpreters that imitate it, theirs (else empty). removal: of the first clips, where asked.
    """

    names: list[str] = field(default_factory=list)
    figures: dict[str, list[float]] = field(default_factory=dict)
    outputs: list[np.ndarray] = field(default_factory=list)
    scores: list[np.ndarray] = field(default_factory=list)
    removal: ComponentRemoval | None = None


def judge(interpreter: Interpreter, classifier: Classifier, clips: Iterable[Clip], *, removed: int = 0) -> Judged:
    """Let both hear the clips. A clip heard in several windows has the means over them.

    removed: of so many clips every component is taken out alone, to see what the class loses by it (probability); this
    is for interpreters in components, of their predicted class. Raises `AuricleError` if there are no clips.
    """
    interpreter.check(classifier)
    interpreter.to(classifier.device, classifier.dtype).eval()
    found = Judged()
    drops: list[np.ndarray] = []
    relevance: list[np.ndarray] = []
    with torch.no_grad(), classifier.inference():
        for batch in _batches(classifier, clips):
            samples = torch.cat([windows for _, windows in batch])
            heard = hear(classifier, samples, interpreter.subject.layers)
            _note(found, interpreter, heard, batch)
            if isinstance(interpreter, ComponentInterpreter):
                for row in _first_rows(batch, removed - len(drops)):
                    lost, said = _removed(interpreter, heard, row)
                    drops.append(lost)
                    relevance.append(said)
    if not found.names:
        raise AuricleError("no clip could be heard, so nothing can be judged; choose another part or data set")
    if drops:
        found.removal = component_removal(np.stack(drops), np.stack(relevance))
    return found


def _batches(classifier: Classifier, clips: Iterable[Clip]) -> Iterator[list[tuple[str, Tensor]]]:
    """Names and windows of clips, as many as are heard at once; of one length."""
    waiting: list[tuple[str, Tensor]] = []
    for clip in clips:
        windows = classifier.windows(clip).samples
        full = sum(len(each) for _, each in waiting) + len(windows) > AT_ONCE
        if waiting and (full or waiting[0][1].shape[1] != windows.shape[1]):
            yield waiting
            waiting = []
        waiting.append((clip.name, windows))
    if waiting:
        yield waiting


def _note(found: Judged, interpreter: Interpreter, heard: Heard, batch: list[tuple[str, Tensor]]) -> None:
    counts = [len(windows) for _, windows in batch]
    found.names += [name for name, _ in batch]
    found.outputs += _means(heard.classifier.probabilities(heard.logits), counts)
    for name, values in interpreter.figures(heard).items():
        found.figures.setdefault(name, []).extend(float(each) for each in _means(values.float(), counts))
    if isinstance(interpreter, ComponentInterpreter):
        _, scores = interpreter.read(interpreter.codes(heard))
        found.scores += _means(heard.classifier.probabilities(scores), counts)


def _means(values: Tensor, counts: list[int]) -> list[np.ndarray]:
    return [each.double().mean(0).cpu().numpy() for each in values.split(counts)]


def _first_rows(batch: list[tuple[str, Tensor]], wanted: int) -> list[int]:
    """The first window of each of the first clips."""
    starts = np.cumsum([0, *(len(windows) for _, windows in batch)])[:-1]
    return [int(each) for each in starts[: max(wanted, 0)]]


def _removed(interpreter: ComponentInterpreter, heard: Heard, row: int) -> tuple[np.ndarray, np.ndarray]:
    """What the predicted class of one window loses without each component ``[K]``, and their relevance ``[K]``."""
    one = Heard(
        heard.classifier,
        heard.samples[row : row + 1],
        heard.features[row : row + 1],
        heard.logits[row : row + 1],
        tuple(each[row : row + 1] for each in heard.maps),
    )
    codes = interpreter.codes(one)
    pooled, _ = interpreter.read(codes)
    target = int(one.logits.argmax())
    weights = torch.zeros_like(one.logits)
    weights[0, target] = 1.0
    relevance = relevance_of(pooled, interpreter.worth, weights, "abs")[0]
    before = float(one.probabilities[0, target])
    lost = []
    for chosen in torch.eye(codes.shape[1], dtype=torch.bool, device=codes.device).split(AT_ONCE):
        kept = one.through(interpreter.share(codes, chosen[None])[0])
        without = heard.classifier.probabilities(one.again(one.samples - kept))[:, target]
        lost.append(before - without.double().cpu().numpy())
    return np.concatenate(lost), relevance.double().cpu().numpy()
