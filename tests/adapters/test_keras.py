"""A Keras model or file as a classifier: what it hears, how its outputs are read, what is refused in one sentence."""

from __future__ import annotations

import copy
import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from small_keras import keras, keras_layers, with_statistics

import auricle
from auricle.adapters.keras import keras_classifier
from auricle.cli import main
from auricle.clip import Clip, write_sound
from auricle.errors import AuricleError
from auricle.frontends import MelSpectrogram, Spectrogram, preset
from auricle.frontends.grid import STFT

L = keras_layers
LABELS = ["a", "b", "c"]
MAP = Spectrogram(sample_rate=8000, stft_settings=STFT(n_fft=30, hop=20))
"""16 rows."""


def clip(seconds: float = 0.05) -> Clip:
    samples = 0.3 * np.random.default_rng(0).standard_normal(round(8000 * seconds))
    return Clip(samples.astype(np.float32), 8000, "noise")


def on_samples(*last: Any, shape: tuple[int | None, ...] = (400, 1)) -> Any:
    keras.utils.set_random_seed(0)
    model = keras.Sequential([
        keras.Input(shape), L.Reshape((-1, 1)), L.Conv1D(4, 9, strides=4, activation="relu"),
        L.GlobalAveragePooling1D(), *(last or [L.Dense(3)]),
    ])  # fmt: skip
    with_statistics(model)
    return model


def heard(model: Any, **settings: Any) -> auricle.Classifier:
    return keras_classifier(model, **({"labels": LABELS, "sample_rate": 8000} | settings))


# --- what it hears ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(400,), (400, 1), (1, 400)])
def test_samples_are_found_by_the_shape(shape: tuple[int, ...]) -> None:
    model = on_samples(shape=shape)
    classifier = heard(model)
    assert classifier.length.seconds == pytest.approx(0.05)
    given = clip().samples.reshape(1, *shape)
    np.testing.assert_allclose(classifier.predict(clip()).logits, model(given).detach().cpu()[0], atol=1e-5)


def test_any_length_stays_any_length() -> None:
    classifier = heard(on_samples(shape=(None, 1)))
    assert classifier.length.seconds is None
    assert len(classifier.predict(clip(0.3)).probabilities) == 3


@pytest.mark.parametrize(
    ("shape", "layout"),
    [((16, 21, 1), "channel"), ((21, 16, 1), "channel"), ((1, 16, 21), "channel"), ((21, 16), "channel"),
     ((16, 21), "plain"), ((None, 16), "plain"), ((16, None, 1), "transposed"), ((None, 16, 1), "sequence")],
)  # fmt: skip
def test_a_map_is_laid_as_the_model_wants_it(shape: tuple[int | None, ...], layout: Any) -> None:
    """Each row of the map has a weight of its own, so that another order gives another score."""
    front = Spectrogram(sample_rate=8000, stft_settings=STFT(n_fft=30, hop=20), layout=layout)
    row_axis = shape.index(16)
    weights = np.arange(16.0, dtype=np.float32).reshape([16 if i == row_axis else 1 for i in range(len(shape))])
    sound = keras.Input(shape)
    summed = keras.ops.sum(sound * weights, axis=tuple(range(1, len(shape) + 1)), keepdims=False)
    classifier = heard(keras.Model(sound, L.Reshape((1,))(summed)), frontend=front, labels=["x"], outputs="values")
    samples = classifier.windows(clip()).samples
    wanted = (MAP(samples)[0, 0] * torch.arange(16.0)[:, None]).sum()
    assert float(classifier.logits(samples)) == pytest.approx(float(wanted), rel=1e-5)
    assert classifier.length.seconds == (None if None in shape else pytest.approx(0.05))


def test_what_no_front_end_makes_is_told() -> None:
    model = keras.Sequential([keras.Input((64, 101, 1)), L.Flatten(), L.Dense(3)])
    with pytest.raises(AuricleError, match=r"shape 64 × 101 × 1, which are no samples; say which front-end"):
        heard(model)
    with pytest.raises(AuricleError, match=r"shape 64 × 101 × 1, but the front-end makes 16 × 401 of 1 s"):
        heard(model, frontend=MAP)
    with pytest.raises(AuricleError, match=r"64 × 101 × 1, but the front-end makes 64 × 51 of 0\.5 s"):
        heard(model, frontend=preset("digits"), length=auricle.Length(seconds=0.5))
    assert heard(model, frontend=preset("digits")).length.seconds == 1.0


def test_a_front_end_without_a_rate_gets_the_models() -> None:
    front = MelSpectrogram(stft_settings=STFT(n_fft=256, hop=80), n_mels=16, layout="transposed")
    model = keras.Sequential([keras.Input((None, 16)), L.GRU(4), L.Dense(3)])
    assert heard(model, frontend=front).frontend.sample_rate == 8000


# --- how its outputs are read -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "last",
    [lambda: [L.Dense(3, activation="softmax")], lambda: [L.Dense(3), L.Softmax()],
     lambda: [L.Dense(3), L.Activation("softmax")]],
)  # fmt: skip
def test_a_last_softmax_is_taken_by_the_classifier(last: Any) -> None:
    model = on_samples(*last())
    classifier = heard(model)
    truth = model(clip().samples.reshape(1, 400, 1)).detach().cpu()[0]
    np.testing.assert_allclose(classifier.predict(clip()).probabilities, truth, atol=1e-6)
    assert classifier.outputs == "logits"
    logits = classifier.predict(clip()).logits
    assert np.abs(np.log(truth.numpy()) - logits).max() > 1e-3  # the dense layer's own, not made of probabilities
    again = model(clip().samples.reshape(1, 400, 1)).detach().cpu()[0]
    assert torch.equal(again, truth)  # the model itself is as it was


def test_independent_labels_end_in_a_sigmoid() -> None:
    model = on_samples(L.Dense(3, activation="sigmoid"))
    truth = model(clip().samples.reshape(1, 400, 1)).detach().cpu()[0]
    np.testing.assert_allclose(heard(model, multi_label=True).predict(clip()).probabilities, truth, atol=1e-6)
    with pytest.raises(AuricleError, match="ends in a sigmoid, so its labels stand on their own"):
        heard(model)


def test_one_sigmoid_tells_two_labels() -> None:
    model = on_samples(L.Dense(1, activation="sigmoid"))
    classifier = heard(model, labels=["absent", "present"])
    truth = float(model(clip().samples.reshape(1, 400, 1)).detach())
    assert classifier.predict(clip()).probabilities == pytest.approx([1 - truth, truth], abs=1e-6)
    explanation = auricle.explain(clip(), classifier, method="lrp", target="present-absent")
    assert {each.name: each for each in explanation.checks}["conservation"].passed
    with pytest.raises(AuricleError, match="or name two labels: absent and present"):
        heard(model, labels=["present"])


def test_what_is_said_of_outputs_must_be_so() -> None:
    with pytest.raises(AuricleError, match="ends without softmax or sigmoid, so its outputs are no probabilities"):
        heard(on_samples(), outputs="probabilities")
    with pytest.raises(AuricleError, match="its outputs are probabilities, not logits"):
        heard(on_samples(L.Dense(3, activation="softmax")), outputs="logits")
    with pytest.raises(AuricleError, match="one of its labels excludes the others"):
        heard(on_samples(L.Dense(3, activation="softmax")), multi_label=True)
    with pytest.raises(AuricleError, match="gives 3 scores, but 2 labels were named"):
        heard(on_samples(), labels=["a", "b"])
    sound = keras.Input((None, 1))
    frames = keras.Model(sound, L.Conv1D(4, 9)(sound))
    with pytest.raises(AuricleError, match="gives any × 4 for each clip"):
        heard(frames)


def test_values_keep_their_activation() -> None:
    model = on_samples(L.Dense(3, activation="sigmoid"))
    truth = model(clip().samples.reshape(1, 400, 1)).detach().cpu()[0]
    np.testing.assert_allclose(heard(model, outputs="values").predict(clip()).logits, truth, atol=1e-6)


# --- whose weights ------------------------------------------------------------------------------------------------


def test_the_weights_are_the_models_own() -> None:
    """What Keras learns, the classifier knows; a copy has weights of its own; names are Keras's."""
    model = on_samples()
    classifier = heard(model)
    aside = copy.deepcopy(classifier.network)
    before = classifier.predict(clip()).logits
    model.compile(optimizer=keras.optimizers.SGD(0.5), loss="mse")
    model.fit(clip().samples.reshape(1, 400, 1), np.ones((1, 3)), epochs=2, verbose=0)
    after = classifier.predict(clip()).logits
    np.testing.assert_allclose(after, model(clip().samples.reshape(1, 400, 1)).detach().cpu()[0], atol=1e-5)
    assert abs(after - before).max() > 1e-3
    with torch.no_grad():
        samples = classifier.windows(clip()).samples
        np.testing.assert_allclose(aside(classifier.frontend(samples))[0].cpu(), before, atol=1e-5)
        for parameter in aside.parameters():
            parameter.zero_()
        assert not aside(classifier.frontend(samples)).any()
    np.testing.assert_allclose(classifier.predict(clip()).logits, after, atol=1e-6)
    names = {name for name, _ in classifier.network.named_parameters()}
    first, dense = model.layers[1].name, model.layers[-1].name
    assert names == {f"{layer}.{each}" for layer in (first, dense) for each in ("weight", "bias")}


def test_explaining_leaves_the_model_as_it_was() -> None:
    model = on_samples(L.Dropout(0.5), L.Dense(3))
    weights = [each.copy() for each in model.get_weights()]
    settings = [dict(vars(layer)) for layer in model.layers]
    auricle.explain(clip(), heard(model), method="lrp", target="a")
    assert all(np.array_equal(a, b) for a, b in zip(weights, model.get_weights(), strict=True))
    for layer, before in zip(model.layers, settings, strict=True):
        after = vars(layer)
        assert after.keys() == before.keys()
        assert all(after[name] is value for name, value in before.items() if name in ("activation", "call"))
    assert all(each.value.grad is None for each in model.trainable_variables)


# --- files --------------------------------------------------------------------------------------------------------


def test_a_file_is_the_model(tmp_path: Path) -> None:
    model = on_samples(L.Dense(3, activation="softmax"))
    model.save(tmp_path / "mine.keras")
    classifier = heard(tmp_path / "mine.keras")
    assert classifier.name == "mine"
    original = heard(model).predict(clip()).probabilities
    np.testing.assert_allclose(classifier.predict(clip()).probabilities, original, atol=1e-6)


def test_files_that_are_refused(tmp_path: Path) -> None:
    with pytest.raises(AuricleError, match="there is no file"):
        heard(tmp_path / "none.keras")
    (tmp_path / "text.keras").write_text("no zip")
    with pytest.raises(AuricleError, match=r"is no \.keras file of Keras 3"):
        heard(tmp_path / "text.keras")
    with zipfile.ZipFile(tmp_path / "half.keras", "w") as archive:
        archive.writestr("metadata.json", "{}")
    with pytest.raises(AuricleError, match=r"is no complete \.keras file"):
        heard(tmp_path / "half.keras")
    with zipfile.ZipFile(tmp_path / "deep.keras", "w") as archive:
        archive.writestr("config.json", "[" * 100_000 + "]" * 100_000)
    with pytest.raises(AuricleError, match=r"is no complete \.keras file"):
        heard(tmp_path / "deep.keras")


def test_an_error_of_keras_without_words_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on_samples().save(tmp_path / "mine.keras")

    def fails(*_: Any, **__: Any) -> None:
        raise AssertionError

    monkeypatch.setattr(keras.saving, "load_model", fails)
    with pytest.raises(AuricleError, match="cannot be opened: AssertionError; if it has layers"):
        heard(tmp_path / "mine.keras")


def test_a_rate_too_low_for_sound_is_told() -> None:
    for rate in (0, -8000, 100):
        with pytest.raises(AuricleError, match=f"{rate} Hz is too low for sound"):
            heard(on_samples(), sample_rate=rate)


def test_code_in_a_file_is_not_run(tmp_path: Path) -> None:
    sound = keras.Input((400, 1))
    model = keras.Model(sound, L.Dense(3)(L.Flatten()(L.Lambda(lambda x: x * 2)(sound))))
    model.save(tmp_path / "lambda.keras")
    with pytest.raises(AuricleError, match="has a Lambda layer, whose code would run when it is opened"):
        heard(tmp_path / "lambda.keras")
    assert heard(model).predict(clip()).label in LABELS  # the object has run already


def called(kind: str, path: Path, **changes: str) -> Path:
    """A file in which a convolution says that it is a layer of another kind."""
    on_samples().save(path.parent / "known.keras")
    with zipfile.ZipFile(path.parent / "known.keras") as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "config.json":
                config = json.loads(content)
                layer = next(each for each in config["config"]["layers"] if each["class_name"] == "Conv1D")
                layer |= {"class_name": kind, **changes}
                content = json.dumps(config).encode()
            new.writestr(name, content)
    return path


def test_a_pickled_torch_module_in_a_file_is_not_opened(tmp_path: Path) -> None:
    with pytest.raises(AuricleError, match="has a TorchModuleWrapper layer, whose code would run"):
        heard(called("TorchModuleWrapper", tmp_path / "wrapped.keras"))


def test_an_unknown_layer_asks_for_the_object(tmp_path: Path) -> None:
    path = called("Mine", tmp_path / "own.keras", module="nowhere", registered_name="mine>Mine")
    with pytest.raises(AuricleError, match=r"cannot be opened: .*load it yourself with custom_objects"):
        heard(path)


def test_models_that_are_refused() -> None:
    with pytest.raises(AuricleError, match=r"Linear is no keras\.Model"):
        heard(torch.nn.Linear(2, 2))
    first, second = keras.Input((400, 1)), keras.Input((400, 1))
    with pytest.raises(AuricleError, match="has 2 inputs; a classifier of sound has one"):
        heard(keras.Model([first, second], L.Dense(3)(L.Flatten()(first + second))))
    words = keras.Input((40,), dtype="int32")
    with pytest.raises(AuricleError, match="takes int32, not floating-point numbers"):
        heard(keras.Model(words, L.Dense(3)(L.Flatten()(L.Embedding(5, 2)(words)))))

    class Mine(keras.Model):
        def call(self, x: Any) -> Any:
            return x

    with pytest.raises(AuricleError, match=r"wrap it: keras\.Sequential\(\[keras\.Input\(shape\), model\]\)"):
        heard(Mine())


@pytest.mark.filterwarnings("ignore:Converting a tensor with requires_grad")
def test_a_model_of_ones_own_class_is_wrapped() -> None:
    class Mine(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.dense = L.Conv1D(4, 9, strides=4, activation="relu"), L.Dense(3, activation="softmax")
            self.pool = L.GlobalAveragePooling1D()

        def call(self, x: Any) -> Any:
            return self.dense(self.pool(self.first(x)))

    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((400, 1)), Mine()])
    classifier = heard(model, outputs="probabilities")
    truth = model(clip().samples.reshape(1, 400, 1)).detach().cpu()[0]
    np.testing.assert_allclose(classifier.predict(clip()).probabilities, truth, atol=1e-5)
    assert auricle.explain(clip(), classifier, method="ig", target="a").relevance.any()


def test_another_backend_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keras.config, "backend", lambda: "jax")
    with pytest.raises(AuricleError, match="imported with another backend than torch"):
        heard(on_samples())
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    monkeypatch.delitem(sys.modules, "keras")
    with pytest.raises(AuricleError, match="Keras is told to use tensorflow"):
        heard("model.keras")


def test_without_keras_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keras", None)
    with pytest.raises(AuricleError, match=r"pip install 'auricle\[keras\]'"):
        heard("model.keras")


def test_from_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on_samples(L.Dense(3, activation="softmax")).save(tmp_path / "mine.keras")
    write_sound(tmp_path / "noise.wav", clip().samples, 8000)
    command = ["explain", "noise.wav", "--model", "mine.keras", "--labels", "a,b,c", "--rate", "8000"]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["auricle", *command, "--method", "lrp", "--out", "made"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code in (0, None)
    assert list((tmp_path / "made").rglob("*.html"))
