"""The callback of Keras 3: it explains the weights of this epoch, and leaves no trace in training."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_training import LABELS, RATE, SECONDS, batches, classifier, events, tones

from auricle.errors import AuricleError
from auricle.length import Length

os.environ.setdefault("KERAS_BACKEND", "torch")
keras = pytest.importorskip("keras")

from auricle.adapters.keras import keras_classifier  # noqa: E402
from auricle.callbacks import KerasExplainCallback  # noqa: E402

FRONT = classifier().frontend


def network() -> Any:
    keras.utils.set_random_seed(4)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((32, 32, 1)),
            layers.Conv2D(6, 3, padding="same"),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Dropout(0.3),
            layers.MaxPooling2D(4),
            layers.Flatten(),
            layers.Dense(2, activation="softmax"),
        ]
    )
    model.compile(optimizer=keras.optimizers.SGD(0.001), loss="sparse_categorical_crossentropy")
    return model


def wrapped(model: Any) -> Any:
    length = Length(seconds=SECONDS)
    return keras_classifier(model, labels=LABELS, sample_rate=RATE, frontend=FRONT, length=length)


def fit(model: Any, callbacks: list[Any], *, epochs: int = 2) -> list[np.ndarray]:
    x, y = batches(classifier())
    keras.utils.set_random_seed(5)
    inputs = x.movedim(1, -1).numpy()
    model.fit(inputs, y.numpy(), batch_size=4, epochs=epochs, verbose=0, callbacks=callbacks)
    return [np.array(each) for each in model.get_weights()]


def test_training_ends_with_the_same_bits_with_and_without(tmp_path: Path) -> None:
    alone = fit(network(), [])
    model = network()
    watching = KerasExplainCallback(
        tones(1), classifier=wrapped(model), methods=["lrp", "smoothgrad"], to=tmp_path, quiet=True
    )
    watched = fit(model, [watching])
    assert all(np.array_equal(one, other) for one, other in zip(alone, watched, strict=True))


def test_it_explains_the_weights_of_this_epoch(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = network()
    explained = wrapped(model)
    said: list[np.ndarray] = []

    class Listening(keras.callbacks.Callback):  # type: ignore[misc]
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            clip = tones(1)[0][0]
            features = explained.frontend(explained.windows(clip).samples).movedim(1, -1).numpy()
            said.append(np.array(self.model.predict_on_batch(features))[0])
            assert explained.predict(clip).probabilities == pytest.approx(said[-1], abs=1e-5)

    watching = KerasExplainCallback(tones(1), classifier=explained, to=tmp_path, targets="true")
    fit(model, [watching, Listening()])
    assert not np.allclose(said[0], said[1])
    found = events(tmp_path)
    assert [each.step for each in found.Images("lrp/low0")] == [0, 1]
    assert {"FF/lrp", "explaining/seconds"} <= set(found.Tags()["scalars"])
    assert "auricle: explanations took" in capsys.readouterr().out


def test_wrong_settings_end_training_before_it_begins(tmp_path: Path) -> None:
    model = network()
    with pytest.raises(AuricleError, match='did you mean "lrp"'):
        fit(model, [KerasExplainCallback(tones(1), classifier=wrapped(model), methods=["lpr"], to=tmp_path)])


def test_a_setting_that_is_not_there_is_told_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(AuricleError, match='no setting "max_second"; did you mean "max_seconds"'):
        KerasExplainCallback(tones(1), classifier=wrapped(network()), to=tmp_path, max_second=3)  # type: ignore[call-arg]
