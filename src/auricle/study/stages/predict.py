"""What the model says of each clip."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from auricle.errors import AuricleError
from auricle.study.naming import clip_key

if TYPE_CHECKING:
    from auricle.study.worker import Shard, Worker


def make(worker: Worker, shard: Shard) -> None:
    """Predictions of a block's clips, with their content hashes; a clip that cannot be heard is a failure."""
    assert shard.task.block is not None
    block = worker.plan.blocks[shard.task.block]
    subject, classifier = worker.subject, worker.classifier(block.part)
    shard.facts = {"labels": list(classifier.labels), "task": subject.task, "multi_label": subject.multi_label}
    for number in block.numbers:
        row = subject.dataset.row(number)
        id = str(row["id"])
        with shard.guarding(id):
            clip = worker.load(id)
            said = classifier.predict(clip)
            actual = _actual(row[subject.task], said.labels, said.probabilities)
            place = said.labels.index(actual)
            group = row.get(subject.dataset.group) if subject.dataset.group else None
            shard.rows.append(
                {
                    "id": id,
                    "key": clip_key(id),
                    "number": number,
                    "group": None if group is None else str(group),
                    "actual": actual,
                    "predicted": said.label,
                    "correct": _correct(row[subject.task], said.label),
                    "probability": said.probability,
                    "probability_actual": float(said.probabilities[place]),
                    "probabilities": said.probabilities.tolist(),
                    "logits": said.logits.tolist(),
                    "content_hash": clip.content_hash,
                    "seconds": clip.seconds,
                    "sample_rate": clip.sample_rate,
                }
            )


def _actual(labels: Any, known: tuple[str, ...], probabilities: np.ndarray) -> str:
    """The true class; of several the one that the model gives most, so that there is one thing to explain."""
    unknown = [str(each) for each in (labels if isinstance(labels, list) else [labels]) if str(each) not in known]
    if unknown:
        raise AuricleError(f'the model does not know the label "{unknown[0]}"; leave the clip out with clips.where')
    if not isinstance(labels, list):
        return str(labels)
    if not labels:
        raise AuricleError("the clip has no label, so there is no true class to follow; leave it out with clips.where")
    return max((str(each) for each in labels), key=lambda label: float(probabilities[known.index(label)]))


def _correct(labels: Any, predicted: str) -> bool:
    return predicted in labels if isinstance(labels, list) else predicted == labels
