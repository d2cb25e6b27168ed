"""The folder that a test results in, which is one that `auricle explain --from` takes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from auricle.errors import AuricleError
from auricle.evaluation import Evaluation, Failure, predictions_table, write_evaluation
from auricle.evaluation.tested import Choice
from auricle.evaluation.writing import json_bytes
from auricle.files import write_whole
from auricle.report.trained import write_trained_page


@dataclass(frozen=True, eq=False)
class Heard:
    """What a model said: its logits ``[N, C]``, and what it could not hear."""

    choice: Choice
    logits: np.ndarray
    failures: tuple[Failure, ...]


def write_tested(folder: Path, heard: Heard) -> tuple[Evaluation, Path]:
    """Write classifier, predictions, evaluation and page to a folder of their own; returns evaluation and page."""
    choice, classifier = heard.choice, heard.choice.classifier
    table = predictions_table(
        choice.dataset,
        choice.numbers,
        choice.task,
        heard.logits,
        split=choice.split,
        labels=classifier.labels,
        data=choice.data,
        model=choice.name,
    )
    if (folder / "history.csv").exists():
        raise AuricleError(f"{folder} holds a trained model with the test of its training; write to another folder")
    classifier.save(folder)
    run = {
        "recipe": choice.name,
        "data": choice.data,
        "data_name": choice.dataset.name,
        "task": choice.task,
        "split": choice.split,
        "scheme": choice.scheme,
        "group": choice.dataset.group,
        "multi_label": classifier.multi_label,
        "labels": list(classifier.labels),
        "seed": choice.seed,
        "test_shares_groups": choice.known_groups,
    }
    write_whole(folder / "run.json", json_bytes(run))
    if not heard.failures:
        (folder / "failures.csv").unlink(missing_ok=True)  # of an earlier test
    reference = choice.dataset.take(choice.numbers).table
    found = write_evaluation(folder, table, failures=heard.failures, reference=reference)
    return found, write_trained_page(folder, found)
