"""A classifier hears clips of any length, says what it cannot do, and opens no pickle."""

from __future__ import annotations

import json
import pickle
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from oracles import noise, seeded
from torch import Tensor, nn

import auricle
from auricle.classifier import Classifier, Length
from auricle.clip import Clip
from auricle.errors import AuricleError
from auricle.frontends import STFT, Spectrogram, Waveform
from auricle.models import BUNDLED, load_classifier

RATE = 8000


class Loudness(nn.Module):
    """Two classes: how loud it is, and how loud it is not."""

    def forward(self, samples: Tensor) -> Tensor:
        loud = samples.flatten(1).square().sum(1, keepdim=True)
        return torch.cat([loud, -loud], 1)


def of(network: nn.Module, labels: list[str] | None = None, **length: Any) -> Classifier:
    front = Waveform(sample_rate=RATE)
    return Classifier(network, frontend=front, labels=labels or ["loud", "soft"], length=Length(**length))


def click(at: float, seconds: float, rate: int = RATE) -> Clip:
    samples = np.full(round(seconds * rate), 1e-4, np.float32)
    samples[round(at * rate)] = 1.0
    return Clip(samples, rate, "click")


# --- length -------------------------------------------------------------------------------------------------------

SHORT = [{"pad": "end"}, {"pad": "centre"}, {"pad": "random"}, {"pad": "random", "seed": 5}]
LONG = [{"long": "window"}, {"long": "window", "hop_seconds": 0.25}, {"long": "crop"}, {"long": "centre"}]


@pytest.mark.parametrize("policy", SHORT, ids=str)
@pytest.mark.parametrize("rate", [8000, 44100])
def test_relevance_of_a_short_clip_lies_where_the_click_is(policy: dict[str, Any], rate: int) -> None:
    classifier = of(Loudness(), seconds=1.0, **policy)
    explanation = auricle.explain(click(0.3, 0.5, rate), classifier, method="input-x-gradient")
    axes, loudest = explanation.axes, int(explanation.relevance.argmax())
    assert len(explanation.relevance) == 8000
    assert axes.seconds[loudest] - 2 / RATE <= 0.3 <= axes.seconds[loudest + 1] + 2 / RATE
    first = -explanation.windows[0].start
    assert axes.seconds[0] == pytest.approx(-first)
    assert axes.seconds[-1] == pytest.approx(1.0 - first)
    expected = {"end": 0.0, "centre": 0.25}.get(policy["pad"], first)
    assert first == pytest.approx(expected)


def test_a_random_place_is_the_seeds() -> None:
    starts = [of(Loudness(), seconds=1.0, pad="random", seed=s).windows(click(0.3, 0.5)).starts for s in (1, 1, 2)]
    assert starts[0] == starts[1]
    assert starts[0] != starts[2]
    assert all(-4000 <= start[0] <= 0 for start in starts)


@pytest.mark.parametrize("policy", LONG, ids=str)
@pytest.mark.parametrize("at", [0.2, 0.9, 1.4, 2.15])
def test_relevance_of_a_long_clip_lies_where_the_click_is(policy: dict[str, Any], at: float) -> None:
    clip, classifier = click(at, 2.3), of(Loudness(), seconds=1.0, **policy)
    explanation = auricle.explain(clip, classifier, method="input-x-gradient", target="loud")
    axes, loudest = explanation.axes, int(explanation.relevance.argmax())
    assert explanation.relevance.shape == axes.shape
    heard = {"crop": (0.0, 1.0), "centre": (0.65, 1.65)}.get(policy["long"], (0.0, 2.3))
    if heard[0] <= at < heard[1]:
        assert axes.seconds[loudest] - 1e-6 <= at <= axes.seconds[loudest + 1] + 1e-6
    else:
        assert explanation.relevance.max() < 1e-6
    assert axes.seconds[0] == pytest.approx(heard[0], abs=1e-6)
    assert axes.seconds[-1] >= heard[1] - 1e-6


def test_windows_of_a_spectrogram_lie_on_one_raster() -> None:
    front = Spectrogram(sample_rate=RATE, stft_settings=STFT(n_fft=256, hop=96))
    network = seeded(
        lambda: nn.Sequential(
            nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(4, 2)
        )
    )
    length = Length(seconds=0.5, hop_seconds=0.3)
    classifier = Classifier(network, frontend=front, labels=["a", "b"], length=length)
    explanation = auricle.explain(click(1.1, 2.0), classifier, method="input-x-gradient", target="a")
    assert explanation.relevance.shape == explanation.axes.shape
    moment = np.abs(explanation.relevance).sum(0).argmax()
    # One of the two or three frames whose window holds the click.
    assert explanation.axes.seconds[moment] - 0.016 <= 1.1 <= explanation.axes.seconds[moment + 1] + 0.016


def test_windows_cover_the_clip_once(clips: list[Clip]) -> None:
    classifier = of(Loudness(), seconds=0.32)  # a whole number of the frames on which relevance is heard
    windows = classifier.windows(clips[1])
    joined = windows.samples.flatten()[: windows.total]
    assert torch.equal(joined, torch.tensor(clips[1].mono(RATE)))
    assert not windows.samples.flatten()[windows.total :].any()


def test_a_clip_of_exactly_the_wanted_length_is_heard_once() -> None:
    for seconds in (1.0, 2.0, 3.0):
        assert len(of(Loudness(), seconds=1.0).windows(click(0.3, seconds)).starts) == seconds


def test_the_prediction_of_windows_is_that_of_their_mean_logits(digits: Classifier, clips: list[Clip]) -> None:
    long = Clip(np.tile(np.pad(clips[1].samples[0], (0, 500)), 3), RATE)
    windows = digits.windows(long)
    assert len(windows.starts) > 1
    expected = digits.logits(windows.samples).mean(0).numpy()
    np.testing.assert_allclose(digits.predict(long).logits, expected, rtol=1e-5)
    assert digits.predict(long).probabilities.sum() == pytest.approx(1.0)


# --- targets ------------------------------------------------------------------------------------------------------


def test_contrasts_of_labels_with_hyphens() -> None:
    labels = ["a", "b", "a-b", "b-a", "c - d"]
    classifier = of(seeded(lambda: nn.Sequential(nn.Flatten(), nn.Linear(100, 5))), labels)
    logits = noise(1, 5)

    def chosen(target: str) -> dict[str, float]:
        row = classifier.target_weights(target, logits)[0]
        return {label: float(value) for label, value in zip(labels, row, strict=True) if value}

    assert chosen("a-b") == {"a-b": 1.0}, "a label goes before a contrast"
    assert chosen("b-a-a") == {"b": 1.0, "a": -1.0} or chosen("b-a-a") == {"b-a": 1.0, "a": -1.0}
    assert chosen("a-b-b-a") == {"a": 1.0, "b": -1.0} or chosen("a-b-b-a") == {"a-b": 1.0, "b-a": -1.0}
    assert chosen("a-b - c - d") == {"a-b": 1.0, "c - d": -1.0}
    assert chosen("c - d") == {"c - d": 1.0}
    assert chosen("predicted") == {labels[int(logits.argmax())]: 1.0}
    with pytest.raises(AuricleError, match="compares a label with itself"):
        chosen("a-a")
    with pytest.raises(AuricleError, match="no label"):
        chosen("a-z")


def test_a_label_may_be_called_predicted() -> None:
    classifier = of(seeded(lambda: nn.Sequential(nn.Flatten(), nn.Linear(100, 2))), ["predicted", "real"])
    weights = classifier.target_weights("predicted", torch.tensor([[0.0, 1.0]]))
    assert torch.equal(weights, torch.tensor([[1.0, 0.0]]))


def test_labels_must_be_different_words() -> None:
    for labels in (["a", "a"], []):
        with pytest.raises(AuricleError, match="labels"):
            Classifier(Loudness(), frontend=Waveform(sample_rate=RATE), labels=labels)


def test_two_rates_that_differ_are_told() -> None:
    with pytest.raises(AuricleError, match="16000 Hz but its front-end 8000 Hz"):
        Classifier(Loudness(), frontend=Waveform(sample_rate=RATE), labels=["a", "b"], sample_rate=16000)


def test_independent_labels_have_independent_probabilities() -> None:
    front = Waveform(sample_rate=RATE)
    classifier = Classifier(Loudness(), frontend=front, labels=["loud", "soft"], multi_label=True)
    probabilities = classifier.probabilities(torch.tensor([[2.0, 1.0]]))
    assert torch.allclose(probabilities, torch.sigmoid(torch.tensor([[2.0, 1.0]])))


# --- networks -----------------------------------------------------------------------------------------------------


class Returns(nn.Module):
    def __init__(self, make: Any) -> None:
        super().__init__()
        self.make = make

    def forward(self, x: Tensor) -> Any:
        return self.make(x.flatten(1))


BAD: dict[str, tuple[Any, str]] = {
    "too few columns": (lambda x: x[:, :1], r"returned \(1, 1\).*\(1, 2\)"),
    "no batch": (lambda x: x[0, :2], r"returned \(2,\)"),
    "a map": (lambda x: x[:, :2, None], r"returned \(1, 2, 1\)"),
    "a list": (lambda x: [x[:, :2]], "returned list"),
    "nothing": (lambda x: None, "returned NoneType"),
    "NaN": (lambda x: x[:, :2] * float("nan"), "NaN or infinite"),
    "infinity": (lambda x: x[:, :2] / 0.0, "NaN or infinite"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_network_that_returns_something_else(name: str) -> None:
    make, words = BAD[name]
    with pytest.raises(AuricleError, match=words):
        auricle.explain(click(0.1, 0.3), of(Returns(make)))


@pytest.mark.parametrize("wrap", [lambda y: (y, None), lambda y: {"logits": y}], ids=["tuple", "dict"])
def test_logits_may_come_wrapped(wrap: Any) -> None:
    classifier = of(Returns(lambda x: wrap(x[:, :2])))
    assert classifier.logits(torch.ones(1, 100)).tolist() == [[1.0, 1.0]]


# --- saving -------------------------------------------------------------------------------------------------------


def test_a_saved_classifier_comes_back(tmp_path: Path, digits: Classifier, heard: Tensor) -> None:
    back = load_classifier(digits.save(tmp_path / "model"))
    assert torch.equal(back.logits(heard), digits.logits(heard))
    assert (back.labels, back.length, back.frontend, back.name) == (
        digits.labels,
        digits.length,
        digits.frontend,
        digits.name,
    )
    assert {path.name for path in (tmp_path / "model").iterdir()} == {"model.safetensors", "classifier.json"}


def test_a_network_of_ones_own_comes_back(tmp_path: Path) -> None:
    classifier = of(seeded(lambda: nn.Sequential(nn.Flatten(), nn.Linear(100, 2))), seconds=0.0125, pad="centre")
    classifier.save(tmp_path)
    with pytest.raises(AuricleError, match="network=YourNetwork"):
        load_classifier(tmp_path)
    back = load_classifier(tmp_path, network=nn.Sequential(nn.Flatten(), nn.Linear(100, 2)))
    samples = noise(1, 100, dtype=torch.float32)
    assert torch.equal(back.logits(samples), classifier.logits(samples))
    assert back.length == classifier.length
    with pytest.raises(AuricleError, match="do not fit"):
        load_classifier(tmp_path, network=nn.Sequential(nn.Flatten(), nn.Linear(50, 2)))


class Bomb:
    """What a hostile checkpoint does when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


def test_a_pickle_called_safetensors_is_refused_and_never_run(tmp_path: Path) -> None:
    folder, mark = tmp_path / "model", tmp_path / "it-ran"
    shutil.copytree(BUNDLED / "digits", folder)
    for content in (pickle.dumps(Bomb(mark)), b"", b"\x80\x04" + b"x" * 100):
        (folder / "model.safetensors").write_bytes(content)
        with pytest.raises(AuricleError, match="not a safetensors file"):
            load_classifier(folder)
    torch.save({"head.weight": Bomb(mark)}, folder / "model.safetensors")
    with pytest.raises(AuricleError, match="not a safetensors file"):
        load_classifier(folder)
    assert not mark.exists()


def test_a_torch_checkpoint_is_refused_and_never_run(tmp_path: Path) -> None:
    mark = tmp_path / "it-ran"
    torch.save(Bomb(mark), tmp_path / "model.pt")
    with pytest.raises(AuricleError, match="may run code"):
        load_classifier(tmp_path / "model.pt")
    assert not mark.exists()


def test_a_folder_that_is_no_classifier(tmp_path: Path) -> None:
    with pytest.raises(AuricleError, match=r"holds no classifier\.json"):
        load_classifier(tmp_path)
    (tmp_path / "classifier.json").write_text("{}")
    with pytest.raises(AuricleError, match=r"holds no model\.safetensors"):
        load_classifier(tmp_path)


@pytest.mark.parametrize("damage", ["not json", "[]", "{}", '{"network": 3}', "\xff"])
def test_a_damaged_description(damage: str, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(BUNDLED / "digits", folder)
    (folder / "classifier.json").write_bytes(damage.encode("latin-1"))
    with pytest.raises(AuricleError):
        load_classifier(folder)


@pytest.mark.parametrize(
    ("key", "value"), [("labels", 3), ("length", {"second": 1}), ("frontend", []), ("network", {})]
)
def test_a_description_with_a_wrong_entry(key: str, value: Any, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(BUNDLED / "digits", folder)
    settings = json.loads((folder / "classifier.json").read_text())
    (folder / "classifier.json").write_text(json.dumps({**settings, key: value}))
    with pytest.raises(AuricleError):
        load_classifier(folder)


def test_an_unknown_model_names_the_nearest() -> None:
    with pytest.raises(AuricleError, match='did you mean "digits"'):
        load_classifier("digit")


def test_the_sample_rate_is_given_once_in_either_place() -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(8000, 2))
    here = Classifier(network, frontend=Waveform(), labels=["no", "yes"], sample_rate=8000)
    there = Classifier(network, frontend=Waveform(sample_rate=8000), labels=["no", "yes"])
    assert here.sample_rate == there.sample_rate == 8000
    assert here.frontend == there.frontend
    with pytest.raises(AuricleError, match="needs the sample rate"):
        Classifier(network, frontend=Waveform(), labels=["no", "yes"])
