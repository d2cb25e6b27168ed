"""A bare function is a classifier that can be asked; what is wrong with its answers is said in one sentence."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import auricle
from auricle.adapters.named import named
from auricle.classifier import Classifier, Length
from auricle.clip import Clip
from auricle.errors import AuricleError
from auricle.methods.shap import KernelShap

LABELS = ["low", "middle", "high"]


def bands(samples: np.ndarray) -> np.ndarray:
    """Shares of energy in three bands: probabilities that know their cause."""
    assert samples.dtype == np.float32
    assert samples.ndim == 2
    energy = np.abs(np.fft.rfft(samples, axis=1)) ** 2
    hertz = np.fft.rfftfreq(samples.shape[1], 1 / 8000)
    edges = ((0, 500), (500, 1500), (1500, 4001))
    shares = np.stack([energy[:, (hertz >= low) & (hertz < high)].sum(1) for low, high in edges], axis=1) + 1e-6
    return shares / shares.sum(1, keepdims=True)


def beep() -> Clip:
    """Half a second of 200 Hz with a beep of 2 kHz in its third quarter."""
    time = np.arange(4000) / 8000
    sound = 0.1 * np.sin(2 * np.pi * 200 * time) + 0.01 * np.random.default_rng(0).standard_normal(4000)
    sound[2000:3000] += 0.5 * np.sin(2 * np.pi * 2000 * time[2000:3000])
    return Clip(sound.astype(np.float32), 8000, "beep")


def heard(function: object, **settings: object) -> Classifier:
    settings = {"labels": LABELS, "sample_rate": 8000} | settings
    return auricle.function_classifier(function, **settings)  # type: ignore[arg-type]


def test_its_probabilities_come_back() -> None:
    classifier, clip = heard(bands), beep()
    prediction = classifier.predict(clip)
    np.testing.assert_allclose(prediction.probabilities, bands(clip.samples)[0], atol=1e-6)
    assert (prediction.label, classifier.name, classifier.differentiable) == ("high", "bands", False)


def test_independent_labels_come_back_through_the_sigmoid() -> None:
    classifier = heard(lambda x: np.tile([0.0, 0.9, 1.0], (len(x), 1)), multi_label=True)
    assert classifier.predict(beep()).probabilities == pytest.approx([0.0, 0.9, 1.0], abs=1e-6)


def test_the_part_that_is_the_cause_is_found() -> None:
    explanation = auricle.explain(beep(), heard(bands), method=KernelShap(components="time:4"), target="high")
    assert explanation.components().ranked()[0].start == pytest.approx(0.25)
    assert explanation.measure().sentence


def test_logits_tensors_lists_and_a_length_will_do() -> None:
    def answer(samples: np.ndarray) -> torch.Tensor:
        assert samples.shape[1] == 8000
        samples[:] = 0  # it may write into what it gets
        return torch.tensor([[1.0, 2.0, 3.0]] * len(samples), requires_grad=True)

    classifier = heard(answer, outputs="logits", length=Length(seconds=1.0))
    assert classifier.predict(beep()).logits.tolist() == [1.0, 2.0, 3.0]
    assert heard(lambda x: [[0.2, 0.3, 0.5]] * len(x)).predict(beep()).label == "high"


def test_values_stay_values() -> None:
    classifier = heard(lambda x: np.stack([x.std(1), -20 * x.std(1)], 1), labels=["loud", "calm"], outputs="values")
    prediction = classifier.predict(beep())
    assert prediction.probabilities.tolist() == prediction.logits.tolist()
    with pytest.raises(AuricleError, match="none is predicted; name the target, one of: loud, calm"):
        auricle.explain(beep(), classifier, method=KernelShap(components="time:4"))
    method = KernelShap(components="time:4")
    explanation = auricle.explain(beep(), classifier, method=method, target="calm")
    assert explanation.components().ranked()[-1].start == pytest.approx(0.25)
    with pytest.raises(AuricleError, match="gives values, not probabilities"):
        explanation.measure()
    with pytest.raises(AuricleError, match="have no probability"):
        auricle.explain(beep(), classifier, method=KernelShap(score="probability"), target="calm")


def test_a_single_value_needs_no_name() -> None:
    classifier = heard(lambda x: x.std(1, keepdims=True), labels=["loud"], outputs="values")
    assert auricle.explain(beep(), classifier, method=KernelShap(components="time:4")).target == "loud"


BROKEN = {
    "raises": (lambda x: 1 / 0, r"raised ZeroDivisionError \(division by zero\).* \(1, 4000\)"),
    "NaN": (lambda x: np.full((len(x), 3), np.nan), "NaN or infinity for a sound with a peak of"),
    "infinite": (lambda x: np.full((len(x), 3), np.inf), "NaN or infinity"),
    "columns": (lambda x: np.ones((len(x), 4)) / 4, r"returned \(1, 4\).*probabilities of shape \(1, 3\)"),
    "one dimension": (lambda x: np.ones(3) / 3, r"shape \(3,\) for 1 sound; return two dimensions"),
    "a number": (lambda x: 0.5, r"shape \(\) for 1 sound"),
    "words": (lambda x: ["low"], "no array of numbers"),
    "nothing": (lambda x: None, r"shape \(\)|no array of numbers"),
    "negative": (lambda x: np.tile([-0.5, 0.5, 1.0], (len(x), 1)), "returned -0.5 as a probability"),
    "logits": (lambda x: np.tile([0.1, 0.2, 0.3], (len(x), 1)), "sum to 0.6 instead of 1; say outputs=logits"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_what_is_wrong_with_an_answer_is_one_sentence(kind: str) -> None:
    function, sentence = BROKEN[kind]
    with pytest.raises(AuricleError, match=sentence) as caught:
        heard(function, name="mine").predict(beep())
    assert str(caught.value).startswith("mine ")


def test_a_function_for_single_sounds_only_is_told() -> None:
    with pytest.raises(AuricleError, match=r"returned 1 row for .* sounds; it must answer every sound"):
        auricle.explain(beep(), heard(lambda x: bands(x)[:1]), method=KernelShap(components="time:4"))


def test_a_shape_that_changes_is_told() -> None:
    def fickle(samples: np.ndarray) -> np.ndarray:
        return bands(samples) if len(samples) == 1 else np.ones((len(samples), 2)) / 2

    with pytest.raises(AuricleError, match=r"returned 2 columns after 3 in earlier calls.*parts removed"):
        auricle.explain(beep(), heard(fickle), method=KernelShap(components="time:4"))


def test_nan_on_silence_is_told_as_such() -> None:
    def level(samples: np.ndarray) -> np.ndarray:
        peak = np.abs(samples).max(1, keepdims=True)
        with np.errstate(invalid="ignore"):
            return bands(samples / peak)

    with pytest.raises(AuricleError, match="NaN or infinity for a silent sound"):
        auricle.explain(beep(), heard(level), method=KernelShap(components="time:4"))


@pytest.mark.parametrize("name", ["lrp", "ig", "grad-cam", "activation-map"])
def test_methods_that_need_a_gradient_say_so_before_any_work(name: str) -> None:
    def never(samples: np.ndarray) -> np.ndarray:
        raise AssertionError("was called")

    with pytest.raises(AuricleError, match=r"is a function, so it has no gradient.*kernel-shap"):
        auricle.explain(beep(), heard(never), method=name)


def test_what_is_no_function_is_refused(tmp_path, monkeypatch) -> None:
    with pytest.raises(AuricleError, match="cannot be called"):
        heard(3)
    with pytest.raises(AuricleError, match="is a torch network"):
        heard(torch.nn.Linear(3, 3))
    with pytest.raises(AuricleError, match='did you mean "values"'):
        heard(bands, outputs="value")
    with pytest.raises(AuricleError, match="neither multi-label"):
        heard(bands, outputs="values", multi_label=True)
    with pytest.raises(AuricleError, match=r"cannot be saved|no weights to save"):
        heard(bands).save(tmp_path / "model")
    (tmp_path / "mine_to_load.py").write_text("def predict(samples):\n    return [[1.0] for _ in samples]\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(AuricleError, match=r"is a function; say what its outputs are called.*function_classifier"):
        auricle.load_classifier("mine_to_load:predict")


def test_a_network_may_end_in_a_softmax() -> None:
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(80, 3), torch.nn.Softmax(1))
    front, length = auricle.frontends.Waveform(sample_rate=8000), Length(seconds=0.01)
    classifier = Classifier(network, frontend=front, labels=LABELS, length=length, outputs="probabilities")
    samples = torch.randn(2, 80)
    assert torch.allclose(classifier.logits(samples).softmax(1), network(samples[:, None]), atol=1e-6)


def test_outputs_are_saved(tmp_path) -> None:
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(80, 3))
    front, length = auricle.frontends.Waveform(sample_rate=8000), Length(seconds=0.01)
    Classifier(network, frontend=front, labels=LABELS, length=length, outputs="values").save(tmp_path / "m")
    assert auricle.load_classifier(tmp_path / "m", network=network).outputs == "values"


def test_names_lead_to_functions(tmp_path, monkeypatch) -> None:
    (tmp_path / "made_for_names.py").write_text("class Box:\n    run = staticmethod(len)\nnumber = 3\n")
    (tmp_path / "broken_for_names.py").write_text("1 / 0\n")
    (tmp_path / "script_for_names.py").write_text("raise SystemExit(3)\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert named("made_for_names:Box.run") is len
    for text, sentence in {
        "made_for_names:bix": 'no function "bix"; did you mean "Box"|known: Box',
        "made_for_names:number": "is int, which cannot be called",
        "made_for_names:number.run": 'has no function or classifier "number.run"; int holds none',
        "script_for_names:x": r"cannot be imported: SystemExit \(3\)",
        "broken_for_names:x": "cannot be imported: ZeroDivisionError",
        "nowhere_for_names:x": 'no Python module is called "nowhere_for_names"',
    }.items():
        with pytest.raises(AuricleError, match=sentence):
            named(text)


def leaves(samples: np.ndarray) -> None:
    raise SystemExit(3)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (leaves, "leaves raised SystemExit"),
        (lambda samples: None, "returned None, which is no array of numbers"),
        (lambda samples: np.full((len(samples), 3), 1j), "returned ndarray, which is no array of numbers"),
    ],
)
def test_answers_that_are_no_numbers_are_told(function: object, said: str) -> None:
    with pytest.raises(AuricleError, match=said):
        heard(function).predict(beep())


def test_a_rate_that_is_none_of_sound_is_told_before_anything_is_heard() -> None:
    with pytest.raises(AuricleError, match=r"16000\.5 Hz is no whole number"):
        heard(bands, sample_rate=16000.5)
    assert heard(bands, sample_rate=np.int64(16000)).sample_rate == 16000
    with pytest.raises(AuricleError, match="100 Hz is too low for sound"):
        heard(bands, sample_rate=100)


def test_the_folder_that_a_function_came_from_shadows_nothing_afterwards(tmp_path, monkeypatch):
    import sys

    from auricle.adapters.named import named

    (tmp_path / "mine_for_a_moment.py").write_text("def predict(samples):\n    return samples[:, :2]\n")
    monkeypatch.chdir(tmp_path)
    assert named("mine_for_a_moment:predict").__name__ == "predict"
    assert str(tmp_path) not in sys.path
