"""What a model is, is decided by its name in one place; what is said of it and not taken is refused."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from small_programs import LABELS, OnBands, bands, classifier, made, sound

import auricle
from auricle.adapters.opening import FORMS, open_model
from auricle.adapters.said import Said, frontend_of, labels_of
from auricle.classifier import Length
from auricle.errors import AuricleError
from auricle.frontends import PRESETS, Waveform, preset, to_settings

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def stand_in(monkeypatch: pytest.MonkeyPatch, module: str, name: str) -> list[tuple[Any, dict[str, Any]]]:
    """In place of an adapter: what it was called with."""
    called: list[tuple[Any, dict[str, Any]]] = []
    found = ModuleType(module)
    setattr(found, name, lambda model, **told: called.append((model, told)))
    monkeypatch.setitem(sys.modules, module, found)
    return called


def test_bundled_models_and_folders(here: Path) -> None:
    assert open_model("digits").name == "digits"
    folder = auricle.load_classifier("digits").save(here / "mine")
    clip = auricle.load_clip(auricle.demo.clip("seven"))
    assert open_model("mine").predict(clip).label == auricle.load_classifier(folder).predict(clip).label == "seven"
    classifier(made(OnBands), bands()).save(here / "digits")  # a folder here comes before what is bundled
    assert open_model("digits", network=made(OnBands, seed=1)).labels == tuple(LABELS)


def test_hugging_face_by_prefix_and_by_folder(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    called = stand_in(monkeypatch, "auricle.adapters.huggingface", "huggingface_classifier")
    (here / "checkpoint").mkdir()
    (here / "checkpoint" / "config.json").write_text("{}")
    open_model("hf:org/name")
    open_model("hf:name", Said(labels="a dog, a cat", seconds=2.0))
    open_model("checkpoint")
    auricle.load_classifier("hf:name")
    assert called == [
        ("org/name", {}),
        ("name", {"labels": ["a dog", "a cat"], "seconds": 2.0}),
        ("checkpoint", {}),
        ("name", {}),
    ]
    with pytest.raises(AuricleError, match=r"--rate is for models that do not say .*a Hugging Face model"):
        open_model("hf:org/name", Said(rate=8000))


@pytest.mark.parametrize(("suffix", "module"), [("keras", "keras"), ("onnx", "onnx"), ("KERAS", "keras")])
def test_files_by_their_ending(suffix: str, module: str, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    called = stand_in(monkeypatch, f"auricle.adapters.{module}", f"{module}_classifier")
    (here / f"net.{suffix}").write_bytes(b"")
    said = Said(labels="a,b", rate=8000, outputs="values", multi_label=True, seconds=1, frontend="digits")
    open_model(f"net.{suffix}", said)
    told = {
        "labels": ["a", "b"], "sample_rate": 8000, "outputs": "values", "multi_label": True,
        "length": Length(seconds=1), "frontend": preset("digits"),
    }
    assert called == [(f"net.{suffix}", told)]


def test_an_onnx_file_may_say_its_labels_itself(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    called = stand_in(monkeypatch, "auricle.adapters.onnx", "onnx_classifier")
    (here / "net.onnx").write_bytes(b"")
    open_model("net.onnx")
    assert called == [("net.onnx", {"labels": None, "sample_rate": None})]


def test_torchscript_and_a_front_end_of_a_file(here: Path) -> None:
    torch.jit.script(made(OnBands)).save(str(here / "net.ts"))
    (here / "bands.json").write_text(json.dumps(to_settings(bands())))
    found = open_model("net.ts", Said(labels=",".join(LABELS), frontend="bands.json", seconds=0.5))
    expected = classifier(made(OnBands), bands()).predict(sound())
    assert found.frontend == bands()
    assert found.predict(sound()).logits == pytest.approx(expected.logits, abs=1e-5)


def test_functions_get_what_a_front_end_makes(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "named_for_opening.py").write_text(
        "import numpy as np\ndef shape(given):\n    return np.tile(np.array(given.shape[1:], float), (len(given), 1))\n"
    )
    said = Said(labels="a,b,c", frontend="digits", outputs="values")
    found = open_model("named_for_opening:shape", said)
    clip = auricle.load_clip(auricle.demo.clip("seven"))
    assert found.predict(clip).logits[:2].tolist() == [1, 64]


REFUSED = {
    "labels of a function": ("mine_to_open:f", Said(rate=8000), r"is a function; say what .*--labels a,b,c.*function"),
    "labels, to a command without the flag": ("net.pt", None, "made in a module of your own is named module:name"),
    "rate of a function": ("mine_to_open:f", Said(labels="a"), "say at which sample rate it hears.*--rate 16000"),
    "labels of TorchScript": ("net.pt", Said(), r"is a TorchScript model; say .*auricle\.torchscript_classifier\(path"),
    "rate of an endpoint": ("http://127.0.0.1:9", Said(), "is an endpoint; say at which sample rate"),
    "front-end of an endpoint": ("http://x", Said(frontend="digits"), "--frontend is for .*it is an endpoint"),
    "labels of bundled": ("digits", Said(labels="a"), "digits brings its own labels and rate"),
    "labels of a classifier": ("mine_to_open:c", Said(labels="a"), "is a classifier with its own labels"),
    "length": ("net.pt", Said(labels="a", rate=8000, seconds=-1), "-1 seconds is no length"),
    "rate": ("net.pt", Said(labels="a", rate=8), "8 Hz is too low for sound"),
    "preset": ("net.pt", Said(labels="a", rate=8000, frontend="yamnt"), 'called "yamnt"; did you mean "yamnet"'),
    "front-end file": ("net.pt", Said(labels="a", rate=8000, frontend="none.json"), "there is no file none.json"),
    "no front-end": ("net.pt", Said(labels="a", rate=8000, frontend="list.json"), "list.json describes no front-end"),
    "wrong front-end": ("net.pt", Said(labels="a", rate=8000, frontend="bad.json"), "bad.json: no front-end is of"),
    "rate nowhere": ("net.pt", Said(labels="a", frontend="rateless.json"), "does not say its sample rate; give"),
    "two rates": ("net.pt", Said(labels="a", rate=8000, frontend="yamnet"), "8000 Hz but its front-end 16000 Hz"),
    "missing": ("none.onnx", Said(), "there is no file none.onnx, so an ONNX model cannot be opened"),
    "pickled": ("weights.ckpt", Said(), "in pickle format may run code when opened.*module:name"),
    "unknown file": ("notes.txt", Said(), r"is a file of no kind that can be opened; give a bundled model .*\*\.keras"),
    "nothing": ("digit", Said(), 'no model or folder is called "digit"; did you mean "digits".*hf:NAME'),
    "estimator": ("mine_to_open:estimator", Said(), r"make auricle\.sklearn_classifier\(…, features=…"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_does_not_fit_is_one_sentence(kind: str, here: Path) -> None:
    (here / "mine_to_open.py").write_text(
        "import auricle\nclass Estimator:\n    predict = 3\nestimator = Estimator()\ndef f(samples):\n    1 / 0\n"
        'c = auricle.function_classifier(f, labels=["a"], sample_rate=8000)\n'
    )
    torch.jit.script(made(OnBands)).save(str(here / "net.pt"))
    (here / "weights.ckpt").write_bytes(b"")
    (here / "notes.txt").write_text("")
    (here / "list.json").write_text("[]")
    (here / "bad.json").write_text('{"kind": "wave"}')
    (here / "rateless.json").write_text(json.dumps(to_settings(Waveform())))
    text, said, sentence = REFUSED[kind]
    with pytest.raises(AuricleError, match=sentence):
        open_model(text, said)


def test_a_network_goes_with_a_folder_only(here: Path) -> None:
    with pytest.raises(AuricleError, match=r"is an endpoint, which brings its network; leave out network="):
        open_model("http://127.0.0.1:9", network=made(OnBands))


def test_a_checkpoint_is_refused_before_anything_is_asked_of_the_caller(here: Path) -> None:
    torch.save(made(OnBands).state_dict(), here / "model.pth")
    with pytest.raises(AuricleError, match=r"is a checkpoint of torch\.save, which may run code"):
        auricle.load_classifier("model.pth")


def test_labels_and_front_ends_as_texts(here: Path) -> None:
    (here / "labels.txt").write_text("one\n\n two \n")
    assert labels_of("labels.txt") == ["one", "two"]
    assert all(frontend_of(name) == preset(name) for name in PRESETS)


def test_every_form_is_named() -> None:
    assert all(form in FORMS for form in ("*.keras", "*.onnx", "*.pt ", "*.pt2", "http://", "module:name", "hf:NAME"))
