"""``auricle interpreter`` and interpreters as methods, as a person uses them: the bundled model and voices."""

from __future__ import annotations

import csv
import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
from command_line import Auricle, Ran
from typer.testing import CliRunner

from auricle import demo
from auricle.classifier import Length
from auricle.clip import load_clip
from auricle.frontends import STFT
from auricle.interpreters.dictionary import Dictionary, load_dictionary
from auricle.interpreters.learning import learn_dictionary
from auricle.interpreters.opening import load_interpreter
from auricle.interpreters.sparse_nmf import SparseNMF
from auricle.models import load_classifier
from auricle.training import interpreting

WORDS = ("five", "nine", "seven", "three")
SMALL = {
    "l2i": ("--set", "components=6", "--set", "width=8", "--set", "epochs=2", "--set", "batch=8"),
    "lmac": ("--set", "width=4", "--set", "epochs=1", "--set", "batch=8"),
}


@pytest.fixture(scope="module")
def voices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Class folders with the bundled voices, four times each, at other levels and with a little noise."""
    rng = np.random.default_rng(0)
    folder = tmp_path_factory.mktemp("voices")
    for word in WORDS:
        samples = load_clip(demo.clip(word)).mono(8000)
        (folder / word).mkdir()
        for take in range(4):
            noisy = rng.uniform(0.3, 1.0) * samples + 0.002 * rng.normal(size=len(samples))
            soundfile.write(folder / word / f"{take}.wav", noisy, 8000)
    return folder


@pytest.fixture(scope="module")
def trained(voices: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A folder for each kind, as the command leaves it."""
    from auricle.cli.commands import app

    home = tmp_path_factory.mktemp("interpreters")
    for kind, settings in SMALL.items():
        words = ["interpreter", "train", kind, "--model", "digits", "--data", voices, "--out", home / kind, *settings]
        told = CliRunner().invoke(app, list(map(str, words)), catch_exceptions=False)
        assert told.exit_code == 0
        assert f"--method {kind}:{home / kind}" in told.output
    return {kind: home / kind for kind in SMALL}


@pytest.fixture(scope="module")
def any_length(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled model, but it hears clips as long as they are."""
    classifier = load_classifier("digits")
    classifier.length = Length()
    return classifier.save(tmp_path_factory.mktemp("any length"))


@pytest.fixture
def train(auricle: Auricle, voices: Path, tmp_path: Path):
    """``auricle interpreter train`` on the voices."""

    def run(kind: str, *flags: object, model: object = "digits", data: Path = voices) -> Ran:
        out = () if "--out" in flags else ("--out", tmp_path / "out")
        return auricle("interpreter", "train", kind, "--model", model, "--data", data, *flags, *out)

    return run


def refused(ran: Ran) -> str:
    """The one sentence of a refusal."""
    assert ran.code in (1, 2)
    assert ran.out == ""
    assert len(ran.err.splitlines()) == len(ran.complaints) == 1, ran.err
    return ran.complaints[0].removeprefix("auricle: ")


def test_kinds_and_presets_are_listed_with_their_settings(auricle: Auricle) -> None:
    listed = auricle("interpreter", "kinds").out
    assert "lmac: a mask drawn from the classifier's layers" in listed
    assert "    components=100: K, columns of the dictionary" in listed
    assert "    l2i with layers=trunk.layer11,trunk.layer14,trunk.layer16, batch=32, pooling=attention" in listed
    found = {each["name"]: each for each in json.loads(auricle("interpreter", "kinds", "--json").out)}
    assert {"l2i", "flint", "lmac", "mask", "esc50-l2i", "sonyc-l2i", "esc50-lmac"} <= set(found)
    assert found["esc50-l2i"]["kind"] == "l2i"
    assert {each["name"]: each["default"] for each in found["l2i"]["settings"]}["epochs"] == 35


def test_training_says_what_it_made_and_where(trained: dict[str, Path], voices: Path) -> None:
    for kind, folder in trained.items():
        assert {path.name for path in folder.iterdir()} >= {"interpreter.json", "interpreter.safetensors"}
        assert not (folder / "training-state.pt").exists()
        facts = load_interpreter(folder).facts
        assert (facts["model_path"], facts["data"], facts["preset"]) == ("digits", str(voices), None)
        assert facts["clips"] == {"train": 14, "validate": 2}
        assert len(load_interpreter(folder).history) == (2 if kind == "l2i" else 1)


@pytest.mark.parametrize(
    ("kind", "figures"),
    [
        ("l2i", ["top-1 fidelity", "mean squared error of log(1 + |X|)"]),
        ("lmac", ["input fidelity (Fid-In)", "average increase (AI)", "faithfulness (FF)", "mean mask (MM)"]),
    ],
)
def test_judging_keeps_a_row_for_each_clip(
    auricle: Auricle, trained: dict[str, Path], kind: str, figures: list[str]
) -> None:
    ran = auricle("interpreter", "evaluate", trained[kind], "--removed", 2)
    assert ran.code == 0, ran.err
    found = json.loads((trained[kind] / "evaluation.json").read_text())
    assert (found["clips"], found["left_out"]) == (16, [])
    rows = {each["name"]: each for each in found["rows"]}
    assert set(figures) <= set(rows)
    for name in figures:
        assert rows[name]["low"] <= rows[name]["value"] <= rows[name]["high"]
        assert f"  {name}: {rows[name]['value']:.3f}" in ran.out
    with open(trained[kind] / "evaluation.csv", newline="") as file:
        clips = list(csv.DictReader(file))
    assert len(clips) == 16
    assert all(math.isclose(sum(float(each[f"p_{word}"]) for word in WORDS), 1.0, abs_tol=0.05) for each in clips)


def test_what_was_learnt_is_shown_as_a_page(auricle: Auricle, trained: dict[str, Path], tmp_path: Path) -> None:
    ran = auricle("interpreter", "show", trained["l2i"], "--per-class", 2, "--out", tmp_path / "pages")
    assert ran.code == 0, ran.err
    assert (tmp_path / "pages" / "index.html").exists()
    assert "five: " in ran.out
    assert "top-1 fidelity: " in ran.out
    assert "top_1" not in ran.out
    said = refused(auricle("interpreter", "show", trained["lmac"], "--out", tmp_path / "none"))
    assert "of kind lmac, which has no components to show" in said
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("kind", SMALL)
def test_a_clip_is_explained_and_both_parts_add_up_to_it(
    auricle: Auricle, trained: dict[str, Path], voices: Path, tmp_path: Path, kind: str
) -> None:
    clip = voices / "seven" / "0.wav"
    ran = auricle("explain", clip, "--method", f"{kind}:{trained[kind]}", "--out", tmp_path, "--no-measure")
    assert ran.code == 0, ran.err
    assert ran.out.startswith("0: seven")
    original, kept, removed = (
        soundfile.read(tmp_path / "0" / f"{name}.wav")[0] for name in ("original", "kept", "removed")
    )
    assert len(original) == len(kept) == len(removed) == load_clip(clip).samples.shape[1]
    np.testing.assert_allclose(kept + removed, original, atol=1e-3)
    record = json.loads((tmp_path / "0" / "explanation.json").read_text())
    assert record["method"]["name"] == kind


def test_an_interpreter_is_compared_with_other_methods(
    auricle: Auricle, trained: dict[str, Path], seven: Path, tmp_path: Path
) -> None:
    learnt = f"lmac:{trained['lmac']}"
    ran = auricle("compare", seven, "--methods", f"lrp,{learnt}", "--out", tmp_path / "both")
    assert ran.code == 0, ran.err
    assert "  lrp: Hearing only these" in ran.out
    assert f"  {learnt}: Hearing only these" in ran.out
    assert (tmp_path / "both" / "index.html").exists()


def test_a_model_of_any_length_learns_at_one_and_explains_all(
    auricle: Auricle, train, any_length: Path, seven: Path, tmp_path: Path
) -> None:
    said = refused(train("lmac", model=any_length))
    assert "say at which length its interpreter learns, as --seconds 2" in said
    ran = train("lmac", "--seconds", 0.5, *SMALL["lmac"], model=any_length)
    assert ran.code == 0, ran.err
    method = ("--model", any_length, "--method", f"lmac:{tmp_path / 'out'}", "--no-measure", "--out", tmp_path / "why")
    assert auricle("explain", seven, *method).code == 0
    assert soundfile.info(tmp_path / "why/seven/kept.wav").duration == load_clip(seven).seconds
    short = tmp_path / "short.wav"
    soundfile.write(short, 0.1 * np.random.default_rng(0).normal(size=160), 8000)
    assert "this sound is shorter than what one position of a layer" in refused(auricle("explain", short, *method))


@pytest.mark.parametrize("kind", SMALL)
def test_an_interrupted_training_goes_on_to_the_same_bits(
    train, trained: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Stopped after its first epoch; the dictionary of l2i is not learnt anew."""
    fit = interpreting.fit

    def stopped(*arguments, on_epoch, **settings):
        def stop(row: dict[str, float]) -> None:
            raise KeyboardInterrupt

        return fit(*arguments, on_epoch=stop, **settings)

    with monkeypatch.context() as patched:
        patched.setattr(interpreting, "fit", stopped)
        ran = train(kind, *SMALL[kind])
    assert ran.code == 130
    assert "Traceback" not in ran.err
    assert ran.complaints[-1] == "auricle: stopped; the same command goes on from the last whole epoch"
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["training-state.pt"]
    assert "holds another unfinished training" in refused(train(kind, *SMALL[kind], "--seed", 1))
    if kind == "l2i":
        monkeypatch.setattr("auricle.interpreters.l2i_training.learn_dictionary", None)
    ran = train(kind, *SMALL[kind])
    assert ran.code == 0, ran.err
    weights = [folder / "interpreter.safetensors" for folder in (trained[kind], tmp_path / "out")]
    assert weights[0].read_bytes() == weights[1].read_bytes()
    once, twice = load_interpreter(trained[kind]), load_interpreter(tmp_path / "out")
    assert once.facts.get("dictionary") == twice.facts.get("dictionary")
    assert ("dictionary" in twice.facts) == (kind == "l2i")


def test_what_was_trained_already_is_not_trained_again(
    auricle: Auricle, train, trained: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = shutil.copytree(trained["l2i"], tmp_path / "out")
    before = {path: path.read_bytes() for path in out.iterdir()}
    monkeypatch.setattr(interpreting, "fit", None)
    ran = train("l2i", *SMALL["l2i"])
    assert ran.code == 0, ran.err
    assert ran.out.startswith(f"{out} holds this training already, so nothing was trained:\nl2i for digits: ")
    for kind, flags, differing in (
        ("l2i", ("--seed", 1), "seed, clips"),  # others choose the epoch
        ("l2i", ("--set", "epochs=3", "--set", "width=4"), "epochs, width"),
        ("l2i", ("--layers", "features.6"), "layers"),
        ("lmac", (), "kind"),
    ):
        said = refused(train(kind, *SMALL[kind], *flags))
        assert said == (
            f"{out} holds the interpreter of another training (it differs in {differing}); choose another --out, or "
            "delete the folder"
        )
    assert {path: path.read_bytes() for path in out.iterdir()} == before


def test_a_window_of_another_length_is_another_training(train, any_length: Path) -> None:
    flags = (*SMALL["lmac"], "--seconds")
    assert train("lmac", *flags, 0.5, model=any_length).code == 0
    assert "differs in seconds" in refused(train("lmac", *flags, 0.6, model=any_length))


def test_a_dictionary_that_was_learnt_before_is_spoken_in(train, voices: Path, tmp_path: Path) -> None:
    saved = dictionary(voices).save(tmp_path / "columns")
    ran = train("l2i", "--dictionary", saved, *SMALL["l2i"], "--set", "components=4", "--set", "epochs=1")
    assert ran.code == 0, ran.err
    columns = load_dictionary(saved).columns
    np.testing.assert_allclose(load_interpreter(tmp_path / "out").columns, columns, atol=1e-6)


def dictionary(voices: Path, *, rate: int = 8000, n_fft: int = 256, hop: int = 80) -> Dictionary:
    clips = [load_clip(path) for path in voices.glob("*/0.wav")]
    grid = STFT(n_fft=n_fft, hop=hop)
    return learn_dictionary(clips, grid=grid, sample_rate=rate, nmf=SparseNMF(components=4, iterations=5))


def test_a_dictionary_of_another_rate_is_refused_with_both_settings(train, voices: Path, tmp_path: Path) -> None:
    saved = dictionary(voices, rate=16000, n_fft=512, hop=128).save(tmp_path / "columns")
    said = refused(train("l2i", "--dictionary", saved, *SMALL["l2i"]))
    assert "learnt at 16000 Hz on STFT(n_fft=512, hop=128" in said
    assert "asked for sound at 8000 Hz on STFT(n_fft=256, hop=80" in said
    saved = dictionary(voices).save(tmp_path / "others")
    assert "has 4 columns and the interpreter 6" in refused(train("l2i", "--dictionary", saved, *SMALL["l2i"]))


@pytest.mark.parametrize(
    ("kind", "flags", "said"),
    [
        ("l3i", (), 'no interpreter is called "l3i"; did you mean "l2i"?'),
        ("esc50-l2j", (), 'no interpreter is called "esc50-l2j"; did you mean "esc50-l2i"?'),
        ("l2i", ("--set", "component=6"), 'l2i has no setting "component"; did you mean "components"?'),
        ("l2i", ("--set", "components=0"), "cannot use components=0"),
        ("lmac", ("--set", "domain=dB"), "cannot use domain=dB: input should be 'magnitude' or 'log1p'"),
        ("lmac", ("--layers", "features.99"), 'digits has no layer "features.99" to read; it has features,'),
        ("esc50-l2i", (), 'digits has no layer "trunk.layer11" to read; it has features, features.0,'),
        ("lmac", ("--dictionary", "."), "lmac has no dictionary; leave it out"),
        ("l2i", ("--dictionary", "."), "holds no dictionary.json"),
        ("lmac", ("--seconds", 2), "digits hears 1 s, not 2 s; leave --seconds out"),
        ("lmac", ("--device", "tpu"), '"tpu" is no device; write --device auto, cpu or cuda'),
        ("lmac", ("--fold", "1"), "say so with --split"),
    ],
)
def test_what_cannot_be_trained_is_told(train, kind: str, flags: tuple[object, ...], said: str, tmp_path: Path) -> None:
    assert said in refused(train(kind, *flags))
    assert not (tmp_path / "out").exists()


def test_windows_that_are_too_short_are_told(train, any_length: Path) -> None:
    assert "shorter than what one position of a layer" in refused(train("lmac", "--seconds", 0.05, model=any_length))
    assert "windows of -1 s hold nothing" in refused(train("lmac", "--seconds", -1, model=any_length))


def test_labels_that_the_model_does_not_say_are_told(train, tmp_path: Path) -> None:
    for word in ("cat", "dog"):
        (tmp_path / "beasts" / word).mkdir(parents=True)
        shutil.copy(demo.clip("five"), tmp_path / "beasts" / word / "a.wav")
    said = refused(train("lmac", data=tmp_path / "beasts"))
    assert "the model says zero, one, two" in said
    assert "other labels (label: cat, dog)" in said


def test_a_function_has_no_layers_to_read(train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "guessing.py").write_text("def guess(samples):\n    return [[0.5, 0.5] for _ in samples]\n")
    monkeypatch.chdir(tmp_path)
    assert "guessing:guess is a function" in refused(train("lmac", model="guessing:guess"))


def test_what_is_no_interpreter_is_told(
    auricle: Auricle, trained: dict[str, Path], any_length: Path, seven: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    for command in (("interpreter", "evaluate"), ("interpreter", "show")):
        assert "holds no interpreter.json; train an interpreter" in refused(auricle(*command, tmp_path / "empty"))
    for method, said in (
        (f"lmac:{tmp_path / 'empty'}", "holds no interpreter.json"),
        ("lmac", '"lmac" names no folder; write lmac:FOLDER'),
        (f"l2i:{trained['lmac']}", f"of kind lmac; write lmac:{trained['lmac']}"),
    ):
        assert said in refused(auricle("explain", seven, "--method", method, "--out", tmp_path / "out"))
    other = ("--model", any_length, "--method", f"lmac:{trained['lmac']}", "--out", tmp_path / "out")
    assert "was trained to explain another model" in refused(auricle("explain", seven, *other))
    damaged = shutil.copytree(trained["lmac"], tmp_path / "damaged")
    (damaged / "interpreter.safetensors").write_bytes(b"nothing")
    assert "is damaged" in refused(auricle("interpreter", "evaluate", damaged))


def test_a_method_without_a_mask_gives_none(auricle: Auricle, seven: Path, tmp_path: Path) -> None:
    said = refused(auricle("explain", seven, "--method", "lrp", "--shape", "given", "--out", tmp_path / "out"))
    assert said.startswith("lrp gives relevance and no mask, so its shape cannot be given; write --shape soft or")
    assert not (tmp_path / "out").exists()


def test_a_mask_has_no_contrast(auricle: Auricle, trained: dict[str, Path], seven: Path, tmp_path: Path) -> None:
    method = ("--method", f"lmac:{trained['lmac']}", "--out", tmp_path, "--no-measure")
    said = refused(auricle("explain", seven, "--target", "seven-five", *method))
    assert said == "lmac has one mask for each class and none for a contrast; name one class, as --target zero"
    assert auricle("explain", seven, "--target", "five", *method).code == 0
