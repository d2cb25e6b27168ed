"""Why the model says so: relevance of every clip for what is asked about it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from auricle.clip import Clip
from auricle.errors import AuricleError
from auricle.explanation import Explanation
from auricle.road import explain_batch
from auricle.study.config import Target
from auricle.study.maps import relevance_columns

if TYPE_CHECKING:
    from auricle.classifier import Classifier
    from auricle.study.worker import Shard, Worker


TOGETHER = 600.0
"""Seconds of sound that are explained in one batch at most."""


class Question(NamedTuple):
    """What is asked about a clip: the row of its prediction, which of the targets, and the label (or contrast)."""

    row: dict[str, Any]
    asked: Target
    target: str


def make(worker: Worker, shard: Shard) -> None:
    """Relevance of a block's clips by one method; the parts of methods that have parts are laid beside it."""
    assert shard.task.method is not None
    assert shard.task.block is not None
    block = worker.plan.blocks[shard.task.block]
    classifier = worker.classifier(block.part)
    rows = worker.store.read_table(f"predict/part-{block.number:05d}.parquet").to_pylist()
    for together in _bounded(rows):
        questions, clips = [], []
        for row in together:
            with shard.guarding(row["id"]):
                clip = worker.load(row["id"])
                if clip.content_hash != row["content_hash"]:
                    raise AuricleError(
                        f"{row['id']} is another sound than when it was predicted; reset the stage predict"
                    )
                asked = questions_of(row, worker.config.targets)
                questions += asked
                clips += [clip] * len(asked)
        for question, found in explanations(worker, shard, classifier, questions, clips):
            with shard.guarding(question.row["id"], question.asked):
                shard.rows.append(row_of(question, found))
                if found.contributions is not None:
                    shard.beside.setdefault("components", []).extend(_parts(question, found))


def _bounded(rows: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Clips in order, of at most `TOGETHER` seconds in all (or a single one), so that memory does not grow with them.

    >>> [len(each) for each in _bounded([{"seconds": seconds} for seconds in (5.0, 590.0, 8.0, 900.0, 5.0)])]
    [2, 1, 1, 1]
    """
    group: list[dict[str, Any]] = []
    for row in rows:
        if group and sum(each["seconds"] for each in group) + row["seconds"] > TOGETHER:
            yield group
            group = []
        group.append(row)
    if group:
        yield group


def questions_of(row: dict[str, Any], targets: list[Target]) -> list[Question]:
    """A right prediction is explained once; a wrong one for what was said, what is true, and one against the other."""
    said, true = row["predicted"], row["actual"]
    if row["correct"]:
        return [Question(row, "predicted", said)]
    labels = {"predicted": said, "true": true, "contrast": f"{said}-{true}"}
    return [Question(row, each, labels[each]) for each in targets]


def explanations(
    worker: Worker, shard: Shard, classifier: Classifier, questions: list[Question], clips: list[Clip]
) -> list[tuple[Question, Explanation]]:
    """All in one batch; where that fails, one by one, so that one clip does not take the others with it."""
    assert shard.task.method is not None
    if not questions:
        return []
    method = worker.plan.methods[shard.task.method]
    how: dict[str, Any] = {"level": worker.config.level, "seed": worker.config.seed}
    try:
        found = explain_batch(clips, classifier, method, [each.target for each in questions], **how)
        return list(zip(questions, found, strict=True))
    except Exception:  # told below, of the clip that is to blame
        pass
    single = []
    for question, clip in zip(questions, clips, strict=True):
        with shard.guarding(question.row["id"], question.asked):
            single.append((question, explain_batch([clip], classifier, method, question.target, **how)[0]))
    return single


def row_of(question: Question, found: Explanation) -> dict[str, Any]:
    """An explanation as a row."""
    relevance, axes = found.map()
    if not np.isfinite(relevance).all():
        raise AuricleError(f"{found.method.name} gives relevance of {found.clip.name} that is NaN or infinite")
    checks = {check.name: check for check in found.checks}
    told = checks.get("conservation") or checks.get("completeness")
    row, asked, target = question
    return {
        "id": row["id"],
        "asked": asked,
        "target": target,
        "actual": row["actual"],
        "predicted": row["predicted"],
        "correct": row["correct"],
        **relevance_columns(relevance, axes),
        "sum": float(relevance.sum(dtype=np.float64)),
        "gap": None if told is None else float(told.value),
        "warnings": [check.text for check in found.checks if check.passed is False],
    }


def _parts(question: Question, found: Explanation) -> list[dict[str, Any]]:
    parts = found.contributions
    assert parts is not None
    return [
        {
            "id": question.row["id"],
            "asked": question.asked,
            "target": question.target,
            "component": each.name,
            "start": each.start,
            "end": each.end,
            "low": each.low,
            "high": each.high,
            "weight": float(parts.weights[place, 0]),
            "error": None if parts.errors is None else float(parts.errors[place, 0]),
        }
        for place, each in enumerate(parts.components.each)
    ]
