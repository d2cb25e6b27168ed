"""Estimators of scikit-learn on features of sounds are classifiers that can be asked."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neighbors import NearestCentroid
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC
from small_programs import COALITIONS, LABELS, LENGTH, RATE, alike, bands, classifier, relevance, sound
from torch import nn

import auricle
from auricle.adapters.scikit import sklearn_classifier
from auricle.classifier import Classifier
from auricle.errors import AuricleError


def levels(samples: np.ndarray) -> np.ndarray:
    """The level of each quarter of the sound."""
    return np.log1p(100 * np.abs(samples.reshape(len(samples), 4, -1)).mean(2))


DRAWN = np.random.default_rng(0)
SOUNDS = DRAWN.standard_normal((60, 2000)).astype(np.float32) * np.repeat(DRAWN.random((60, 4)), 500, axis=1)
SOUNDS = SOUNDS.astype(np.float32)
TABLE = levels(SOUNDS)
KINDS = np.array(LABELS)[TABLE[:, :3].argmax(1)]


def asked(pipeline: object, **settings: object) -> Classifier:
    settings = {"features": levels, "sample_rate": RATE, "length": LENGTH} | settings
    return sklearn_classifier(pipeline, **settings)  # type: ignore[arg-type]


def test_probabilities_come_back() -> None:
    pipeline = make_pipeline(StandardScaler(), LogisticRegression()).fit(TABLE, KINDS)
    found = asked(pipeline)
    prediction = found.predict(sound())
    expected = pipeline.predict_proba(levels(sound().samples))[0]
    np.testing.assert_allclose(prediction.probabilities, expected, atol=1e-6)
    assert (found.labels, found.name, found.differentiable) == (tuple(sorted(LABELS)), "Pipeline", False)


def test_the_part_that_is_the_cause_is_found() -> None:
    found = asked(LogisticRegression().fit(TABLE, KINDS), labels=["of 3", "of 2", "of 1"][::-1])
    assert found.labels == ("of 1", "of 2", "of 3")
    target = asked(LogisticRegression().fit(TABLE, KINDS)).predict(sound()).label
    explained = auricle.explain(
        sound(), asked(LogisticRegression().fit(TABLE, KINDS)), target=target,
        method=auricle.methods.build("exact-shap", components="time:4"),
    )
    assert explained.components().ranked()[0].start == pytest.approx(0.25)


@pytest.mark.parametrize("method", COALITIONS)
def test_a_linear_model_on_a_front_end_is_its_torch_copy(method: str) -> None:
    front = bands()
    table = front(torch.tensor(SOUNDS)).flatten(1).numpy()
    model = LogisticRegression(C=100.0, max_iter=500).fit(table, KINDS)
    network = nn.Sequential(nn.Flatten(), nn.Linear(table.shape[1], 3)).double()
    with torch.no_grad():
        network[1].weight.copy_(torch.tensor(model.coef_))
        network[1].bias.copy_(torch.tensor(model.intercept_))
    copy = classifier(network.float(), front)
    copy.labels = tuple(model.classes_)
    # Logarithms of probabilities differ from logits by the same for all classes, which a contrast does not see.
    assert alike(relevance(asked(model, features=front), method, "high-low"), relevance(copy, method, "high-low"))


def test_decisions_are_logits() -> None:
    several = LinearSVC().fit(TABLE, KINDS)
    np.testing.assert_allclose(
        asked(several).predict(sound()).logits, several.decision_function(levels(sound().samples))[0], atol=1e-6
    )
    two = SVC().fit(TABLE, KINDS == "low")
    logits = asked(two).predict(sound()).logits
    assert logits[1] - logits[0] == pytest.approx(two.decision_function(levels(sound().samples))[0], abs=1e-6)
    assert asked(two).labels == ("False", "True")


def test_a_table_of_labels_stands_each_on_its_own() -> None:
    present = (np.median(TABLE, axis=0) < TABLE)[:, :2].astype(int)
    for model in (
        OneVsRestClassifier(LogisticRegression()).fit(TABLE, present),
        RandomForestClassifier(n_estimators=9, random_state=0).fit(TABLE, present),
    ):
        found = asked(model, labels=["first", "second"])
        assert found.multi_label
        given = model.predict_proba(levels(sound().samples))
        expected = [each[0, 1] for each in given] if isinstance(given, list) else given[0]
        np.testing.assert_allclose(found.predict(sound()).probabilities, expected, atol=1e-6)


def test_labels_that_were_always_or_never_there_are_so() -> None:
    present = np.stack([np.median(TABLE[:, 0]) < TABLE[:, 0], np.zeros(60), np.ones(60)], axis=1).astype(int)
    model = RandomForestClassifier(n_estimators=9, random_state=0).fit(TABLE, present)
    found = asked(model, labels=["sometimes", "never", "always"]).predict(sound()).probabilities
    assert found[1:] == pytest.approx([0.0, 1.0], abs=1e-6)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_labels_stand_on_their_own_within_a_pipeline_and_a_search_too() -> None:
    present = (np.median(TABLE, axis=0) < TABLE)[:, :2].astype(int)
    several = OneVsRestClassifier(LogisticRegression())
    for model in (
        make_pipeline(StandardScaler(), several),
        GridSearchCV(several, {"estimator__C": [1.0]}, cv=2),
        MLPClassifier(max_iter=5, random_state=0),
    ):
        found = asked(model.fit(TABLE, present), labels=["first", "second"])
        assert found.multi_label
        expected = model.predict_proba(levels(sound().samples))[0]
        np.testing.assert_allclose(found.predict(sound()).probabilities, expected, atol=1e-6)


def test_outputs_with_classes_of_their_own_are_told() -> None:
    each = np.stack([TABLE[:, :3].argmax(1), TABLE[:, 1:].argmax(1)], axis=1)
    with pytest.raises(AuricleError, match="chooses among more than two classes for each of its outputs"):
        asked(RandomForestClassifier(n_estimators=3, random_state=0).fit(TABLE, each), labels=["a", "b"])


def test_a_regression_gives_values() -> None:
    model = LinearRegression().fit(TABLE, TABLE.sum(1))
    found = asked(model, labels=["loudness"])
    assert found.outputs == "values"
    assert found.predict(sound()).logits[0] == pytest.approx(model.predict(levels(sound().samples))[0])
    assert auricle.explain(sound(), found, method="kernel-shap").target == "loudness"


def test_what_is_wrong_is_told() -> None:
    model = LogisticRegression().fit(TABLE, KINDS)
    with pytest.raises(AuricleError, match=r"cannot be looked into \(scikit-learn has no gradient\).*kernel-shap"):
        auricle.explain(sound(), asked(model), method="lrp")
    with pytest.raises(AuricleError, match=r"raised ValueError \(X has 2 features"):
        asked(model, features=lambda x: levels(x)[:, :2]).predict(sound())
    with pytest.raises(AuricleError, match="features are dict"):
        asked(model, features={})
    with pytest.raises(AuricleError, match="has no classes_, so its outputs have no names"):
        asked(LogisticRegression())
    with pytest.raises(AuricleError, match="says no more than a class"):
        asked(NearestCentroidOnly().fit(TABLE, KINDS))
    with pytest.raises(AuricleError, match=r"returned \(1, 3\)"):
        asked(model, labels=["a", "b"]).predict(sound())


class NearestCentroidOnly(NearestCentroid):
    """As it was before it could tell probabilities."""

    def __getattribute__(self, name: str) -> object:
        if name in ("predict_proba", "decision_function"):
            raise AttributeError(name)
        return super().__getattribute__(name)
