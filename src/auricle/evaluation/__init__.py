"""Evaluation: what a model says of clips it was not trained on, scored, by group, over folds, with intervals.

>>> from auricle.evaluation.measures import SINGLE
>>> SINGLE["kappa"].source
'Cohen 1960'
"""

from __future__ import annotations

from auricle.evaluation.choosing import choose
from auricle.evaluation.clips import clips_of, first_of_each
from auricle.evaluation.folds import FoldSummary, over_folds
from auricle.evaluation.physionet import official_score
from auricle.evaluation.predictions import (
    Facts,
    Failure,
    facts_of,
    logits_of,
    predictions_table,
    read_predictions,
    write_predictions,
)
from auricle.evaluation.scores import Evaluation, Score, evaluate
from auricle.evaluation.write import write_evaluation, write_folds

__all__ = [
    "Evaluation",
    "Facts",
    "Failure",
    "FoldSummary",
    "Score",
    "choose",
    "clips_of",
    "evaluate",
    "facts_of",
    "first_of_each",
    "logits_of",
    "official_score",
    "over_folds",
    "predictions_table",
    "read_predictions",
    "write_evaluation",
    "write_folds",
    "write_predictions",
]
