"""What the network hears for a training's figures, all clips together: the numbers of the metrics room."""

from __future__ import annotations

import numpy as np
import pytest
from small_training import RATE, classifier, tone, train

import auricle
from auricle.callbacks.scalars import faithfulness_of
from auricle.classifier import Classifier
from auricle.clip import Clip


@pytest.fixture(scope="module")
def model() -> Classifier:
    found = classifier()
    train(found, epochs=8)
    return found


def clips() -> list[Clip]:
    """Of several lengths, one of them longer than the network hears at once."""
    low, high = tone("low", 1), tone("high", 2)
    return [
        low,
        Clip(high.samples[:, 1000:3500], RATE, "short"),
        Clip(np.concatenate([low.samples, high.samples, low.samples], axis=1), RATE, "long"),
        high,
    ]


def test_all_together_are_as_the_metrics_room_has_each(model: Classifier) -> None:
    explained = [(each, each.sounds()) for each in auricle.explain_batch(clips(), model, "lrp")]
    for (explanation, _), found in zip(explained, faithfulness_of(explained, seed=3), strict=True):
        scores = explanation.measure(draws=1, seed=3, curves=False)
        assert found["FF/{}"] == pytest.approx(scores.row("FF").value, abs=1e-5)
        assert found["FF/{}-random"] == pytest.approx(scores.row("FF").controls["random"], abs=1e-5)
        assert found["Fid-In/{}"] == scores.row("Fid-In").value


def test_how_many_are_heard_together_changes_nothing(model: Classifier, monkeypatch: pytest.MonkeyPatch) -> None:
    explained = [(each, each.sounds()) for each in auricle.explain_batch(clips(), model, "lrp")]
    together = faithfulness_of(explained)
    monkeypatch.setattr("auricle.callbacks.scalars.CHUNK", 4)
    for whole, few, alone in zip(together, faithfulness_of(explained), explained, strict=True):
        assert few == pytest.approx(whole, abs=1e-5)
        assert faithfulness_of([alone])[0] == pytest.approx(whole, abs=1e-5)


def test_the_network_is_asked_once(model: Classifier, monkeypatch: pytest.MonkeyPatch) -> None:
    explained = [(each, each.sounds()) for each in auricle.explain_batch(clips()[::3], model, "lrp")]
    asked: list[int] = []
    plain = Classifier.logits

    def logits(self, samples):  # type: ignore[no-untyped-def]
        asked.append(len(samples))
        return plain(self, samples)

    monkeypatch.setattr(Classifier, "logits", logits)
    faithfulness_of(explained)
    assert asked == [6]


def test_of_nothing_there_is_nothing() -> None:
    assert faithfulness_of([]) == []
