"""A scikit-learn pipeline on features of sounds as a classifier."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from auricle.adapters.function import FunctionNetwork
from auricle.adapters.outputs import Outputs
from auricle.adapters.said import check_rate
from auricle.classifier import Classifier, Length
from auricle.errors import AuricleError
from auricle.frontends import Frontend, Waveform

Describe = Callable[[np.ndarray], Any]
"""Samples ``[B, n]`` (float32) in, features ``[B, d]`` (or more dimensions, which are flattened) out."""


def sklearn_classifier(
    pipeline: Any,
    *,
    features: Describe | Frontend,
    sample_rate: int,
    labels: Sequence[str] | None = None,
    length: Length | None = None,
    name: str | None = None,
) -> Classifier:
    """A fitted estimator or pipeline as a classifier, for all methods that remove parts of the sound.

    ``features`` makes of samples ``[B, n]`` at ``sample_rate`` what the pipeline was fitted on: a function, or a
    front-end whose output is flattened. It is then asked for ``predict_proba``, else for ``decision_function``
    (logits), and a regressor for ``predict`` (values). ``labels`` are by default its ``classes_``; columns of a table
    of labels (multi-label) stand each on its own. ``length`` is what is done with clips of other lengths.

    A pickled pipeline is not read, as it may run code: load it in a module of your own.

    >>> from sklearn.linear_model import LogisticRegression
    >>> level = lambda samples: samples.std(axis=1, keepdims=True)
    >>> model = LogisticRegression(C=1e6).fit([[0.0], [0.1], [0.9], [1.0]], ["quiet", "quiet", "loud", "loud"])
    >>> classifier = sklearn_classifier(model, features=level, sample_rate=8000)
    >>> classifier.labels, classifier.name
    (('loud', 'quiet'), 'LogisticRegression')
    """
    check_rate(sample_rate)
    if not callable(features):
        raise AuricleError(
            f"features are {type(features).__name__}; give a function from samples [B, n], or a front-end"
        )
    called = name or type(pipeline).__name__
    ask, outputs, multi_label = _question(pipeline, called)
    found = list(labels) if labels is not None else _labels(pipeline, called)
    frontend = features if isinstance(features, Frontend) else None

    def scores(given: np.ndarray) -> Any:
        described = given if frontend is not None else np.asarray(features(given))  # type: ignore[arg-type]
        return ask(described.reshape(len(described), -1))

    return Classifier(
        FunctionNetwork(scores, called, why_not="scikit-learn has no gradient"),
        frontend=frontend or Waveform(channel=False),
        labels=found,
        sample_rate=sample_rate,
        length=length,
        multi_label=multi_label,
        outputs=outputs,
        name=called,
    )


def _question(pipeline: Any, name: str) -> tuple[Callable[[np.ndarray], Any], Outputs, bool]:
    """What is asked of a pipeline, what the answers are, and whether each column stands on its own."""
    several = _is_multi_label(pipeline)
    if hasattr(pipeline, "predict_proba"):
        classes = getattr(pipeline, "classes_", None)
        if isinstance(classes, list) and any(len(each) > 2 for each in classes):
            raise AuricleError(
                f"{name} chooses among more than two classes for each of its outputs, which are no labels that are "
                "there or not; fit an estimator for one output"
            )
        return lambda table: _present(pipeline.predict_proba(table), classes), "probabilities", several
    if hasattr(pipeline, "decision_function"):
        return lambda table: _two_sided(pipeline.decision_function(table)), "logits", several
    if hasattr(pipeline, "predict") and not hasattr(pipeline, "classes_"):
        return lambda table: _columns(pipeline.predict(table)), "values", False
    raise AuricleError(
        f"{name} has neither predict_proba nor decision_function, so it says no more than a class; fit an estimator "
        "that has one of them, for example with CalibratedClassifierCV"
    )


def _present(answer: Any, classes: Any) -> np.ndarray:
    """Probabilities ``[B, C]``, also of estimators that give a table ``[B, 2]`` (absent, present) for each label.

    A label that was always there, or never, when they were fitted has a table ``[B, 1]``.
    """
    if not isinstance(answer, list):
        return np.asarray(answer)
    columns = [
        table[:, -1] if len(known) == 2 else np.full(len(table), float(known[0] == 1))
        for table, known in zip(answer, classes, strict=True)
    ]
    return np.stack(columns, axis=1)


def _two_sided(answer: Any) -> np.ndarray:
    """Logits ``[B, C]``; one number for two classes is what speaks for the second rather than the first."""
    answer = np.asarray(answer)
    return np.stack([-answer / 2, answer / 2], axis=1) if answer.ndim == 1 else answer


def _columns(answer: Any) -> np.ndarray:
    answer = np.asarray(answer)
    return answer[:, None] if answer.ndim == 1 else answer


def _is_multi_label(pipeline: Any) -> bool:
    while True:  # what is around an estimator does not say it
        inner = pipeline[-1] if hasattr(pipeline, "steps") else getattr(pipeline, "best_estimator_", None)
        if inner is None:
            break
        pipeline = inner
    if isinstance(getattr(pipeline, "classes_", None), list) or getattr(pipeline, "multilabel_", False):
        return True
    # of neural networks
    return getattr(pipeline, "out_activation_", "") == "logistic" and getattr(pipeline, "n_outputs_", 1) > 1


def _labels(pipeline: Any, name: str) -> list[str]:
    classes = getattr(pipeline, "classes_", None)
    if classes is None or isinstance(classes, list):
        raise AuricleError(
            f"{name} has no classes_, so its outputs have no names; give labels=[…], and fit it if that was forgotten"
        )
    return [str(each) for each in classes]
