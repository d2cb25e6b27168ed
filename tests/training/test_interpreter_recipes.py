"""From a data set in its official layout to a classifier, its interpreters and their comparison, command by command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import soundfile
import torch
from layouts import FINE, write_esc50, write_sonyc, write_tone
from typer.testing import CliRunner

from auricle.classifier import Classifier
from auricle.cli.commands import app
from auricle.datasets.esc50 import CATEGORIES, ESC10
from auricle.interpreters.opening import load_interpreter
from auricle.interpreters.presets import PRESETS, kind_and_settings
from auricle.interpreters.taps import default_layers
from auricle.models import make_network
from auricle.training.interpreting import InterpreterOrder
from auricle.training.recipe import read_recipe

SAMPLE = Path(__file__).parents[2] / "../shared/data/esc50_sample/audio"
RATE, SECONDS = 44_100, 1.5
"""Just more than the 128 frames that the network needs."""
QUICK = {
    "l2i": ("--set", "epochs=1", "--set", "batch=16", "--set", "width=8"),
    "lmac": ("--set", "epochs=1", "--set", "batch=16", "--set", "width=4"),
}
LAYERS = ("trunk.layer11", "trunk.layer14", "trunk.layer16")


def run(*words: object) -> str:
    told = CliRunner().invoke(app, [str(each) for each in words], catch_exceptions=False)
    assert told.exit_code == 0, told.output
    return told.output


def trained(home: Path, recipe: str, data: str, *settings: object) -> Path:
    """The folder of a classifier by a shipped recipe, of short clips."""
    short = ("--set", f"length.seconds={SECONDS}", "--set", "training.batch=16")
    run("train", recipe, "--data", data, "--out", home / "model", "--fold", 0, *short, *settings)
    return home / "model"


def interpreted(home: Path, name: str, model: Path, *settings: object) -> Path:
    """The folder of an interpreter by a preset or kind, on the data that trained the model."""
    quick = QUICK[kind_and_settings(name)[0].kind]
    run("interpreter", "train", name, "--model", model, "--out", home / name, *quick, *settings)
    return home / name


@pytest.fixture(scope="module")
def esc50(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """ESC-50 with three folds, one clip a class in each, and what the commands make of it."""
    home = tmp_path_factory.mktemp("esc50")
    clips = [
        (fold, 100 * fold + target, "A", target, name, name in ESC10)
        for fold in (1, 2, 3)
        for target, name in enumerate(CATEGORIES)
    ]
    write_esc50(home / "data", clips)
    for fold, source, take, target, _, _ in clips:
        path = home / "data" / "audio" / f"{fold}-{source}-{take}-{target}.wav"
        write_tone(path, seconds=SECONDS, sample_rate=RATE, hertz=150 * 1.08**target)
    model = trained(home, "esc50-l2i-fast", f"esc50:{home / 'data'}", "--set", "training.epochs=1")
    return {
        "model": model,
        "l2i": interpreted(home, "esc50-l2i", model, "--set", "components=6"),
        "lmac": interpreted(home, "esc50-lmac", model),
    }


@pytest.fixture(scope="module")
def sonyc(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """SONYC-UST with every class alone and beside another, verified where it is tested."""
    home = tmp_path_factory.mktemp("sonyc")
    first = [next(code for code in FINE if code.startswith(f"{number}-")) for number in range(1, 9)]
    annotations, heard = [], {}
    for part, sensor, annotator in (("train", 1, 11), ("train", 2, 12), ("validate", 3, 0), ("test", 4, 0)):
        for number, code in enumerate(first):
            file = f"{sensor:02d}_{number:06d}.wav"
            heard[file] = number
            both = [code, first[(number + 3) % 8]]
            annotations.append((part, sensor, file, annotator, both if number % 2 else [code], []))
    write_sonyc(home / "data", annotations)
    for file, number in heard.items():
        write_tone(home / "data/audio-0" / file, seconds=SECONDS, sample_rate=RATE, hertz=200 * 1.6**number)
    model = trained(home, "sonyc-l2i-fast", f"sonyc-ust:{home / 'data'}", "--set", "training.epochs=1")
    return {
        "model": model,
        "l2i": interpreted(home, "sonyc-l2i", model, "--set", "components=16", "--set", "groups=class"),
        "lmac": interpreted(home, "lmac", model),
        "clip": home / "data/audio-0" / next(file for file in heard),
    }


def test_published_settings_by_name() -> None:
    esc50, sonyc = (InterpreterOrder(kind=name, model="").built() for name in ("esc50-l2i", "sonyc-l2i"))
    assert (esc50.components, esc50.epochs, esc50.learning_rate, esc50.batch, esc50.dropout) == (100, 35, 2e-4, 32, 0.4)
    assert (sonyc.components, sonyc.epochs, sonyc.learning_rate, sonyc.batch) == (80, 21, 5e-4, 32)
    assert (esc50.reconstruction, esc50.sparsity, esc50.fidelity, esc50.pooling) == (5.0, 0.4, 0.5, "attention")
    assert esc50.layers == sonyc.layers == LAYERS
    lmac = InterpreterOrder(kind="esc50-lmac", model="", settings={"epochs": 3}).built()
    assert (lmac.epochs, lmac.batch, lmac.weight_decay, lmac.masked_in, lmac.masked_out) == (3, 16, 2e-6, 4.0, 0.2)
    for name in PRESETS:
        assert InterpreterOrder(kind=name, model="").built()


@pytest.mark.parametrize("recipe", ["esc50-l2i", "esc50-cnn14"])
def test_blocks_of_the_networks_are_read_by_default(recipe: str) -> None:
    """The network that L-MAC was published with has one ReLU for several layers."""
    network = read_recipe(recipe).network
    made = make_network(network.architecture, classes=50, settings=network.settings).eval()
    front = read_recipe(recipe).front_end()
    classifier = Classifier(made, frontend=front, labels=list(CATEGORIES))
    layers = default_layers(classifier, front(torch.zeros(1, round(SECONDS * front.sample_rate))), 5)
    if recipe == "esc50-cnn14":
        assert layers == tuple(f"conv_block{number}" for number in range(2, 7))
    else:
        assert {f"{layer}.2" for layer in LAYERS} < set(layers)


@pytest.mark.slow
def test_esc50_from_recipe_to_interpreters(esc50: dict[str, Path]) -> None:
    l2i, lmac = load_interpreter(esc50["l2i"]), load_interpreter(esc50["lmac"])
    assert l2i.subject.labels == lmac.subject.labels == CATEGORIES
    assert l2i.subject.layers == LAYERS
    assert (l2i.kind, l2i.facts["preset"], l2i.facts["clips"]) == ("l2i", "esc50-l2i", {"train": 50, "validate": 50})
    assert (l2i.subject.grid.n_fft, l2i.subject.grid.hop, l2i.subject.sample_rate) == (1024, 512, RATE)
    assert l2i.columns.shape == (513, 6)
    run("interpreter", "evaluate", esc50["l2i"], "--removed", 2)
    found = json.loads((esc50["l2i"] / "evaluation.json").read_text())
    assert (found["split"], found["clips"]) == ("fold 1", 50)
    assert {"top-1 fidelity", "top-3 fidelity", "top-5 fidelity"} <= {row["name"] for row in found["rows"]}


def compared(made: dict[str, Path], out: Path, *flags: object) -> dict[tuple[str, str], float]:
    """Figures of the overlap protocol by explainer and column."""
    methods = f"l2i:{made['l2i']},lmac:{made['lmac']}"
    run("evaluate", made["model"], "--protocol", "overlap", "--methods", methods, "--limit", 2, "--out", out, *flags)
    assert (out / "index.html").exists()
    figures = json.loads((out / "comparison.json").read_text())["figures"]
    return {(each["explainer"], each["column"]): each["value"]["mean"] for each in figures if each["value"]}


@pytest.mark.slow
def test_esc50_interpreters_are_compared_on_two_sounds_at_once(esc50: dict[str, Path], tmp_path: Path) -> None:
    found = compared(esc50, tmp_path)
    for name in ("l2i", "lmac"):
        assert 0 <= found[f"{name}:{esc50[name]}", "Fid-In"] <= 1
    assert ("random", "Fid-In") in found


@pytest.mark.slow
def test_real_clips_of_esc50_are_explained(esc50: dict[str, Path], tmp_path: Path) -> None:
    if not SAMPLE.is_dir():
        pytest.skip(f"{SAMPLE} is not there; five clips of ESC-50 are needed for this test")
    clips = sorted(SAMPLE.glob("*.wav"))
    method = ("--method", f"l2i:{esc50['l2i']}", "--no-measure", "--out", tmp_path)
    run("explain", *clips, "--model", esc50["model"], *method)
    for clip in clips:
        assert soundfile.info(tmp_path / clip.stem / "kept.wav").frames == 5 * RATE


@pytest.mark.slow
def test_sonyc_ust_from_recipe_to_interpreters_of_several_labels(sonyc: dict[str, Path], tmp_path: Path) -> None:
    l2i = load_interpreter(sonyc["l2i"])
    assert l2i.subject.multi_label
    assert l2i.subject.layers == LAYERS
    groups = l2i.facts["dictionary"]["groups"]
    assert [groups.count(label) for label in l2i.subject.labels] == [2] * 8
    run("interpreter", "evaluate", sonyc["l2i"], "--removed", 2)
    found = json.loads((sonyc["l2i"] / "evaluation.json").read_text())
    assert {"macro-AUPRC", "micro-AUPRC", "max-F1"} <= {row["name"] for row in found["rows"]}
    method = ("--method", f"lmac:{sonyc['lmac']}", "--target", "engine", "--no-measure", "--out", tmp_path)
    run("explain", sonyc["clip"], "--model", sonyc["model"], *method)
    assert soundfile.info(tmp_path / sonyc["clip"].stem / "kept.wav").duration == SECONDS


@pytest.mark.slow
def test_sonyc_ust_interpreters_are_compared(sonyc: dict[str, Path], tmp_path: Path) -> None:
    found = compared(sonyc, tmp_path, "--explain", "first")
    assert {name for name, _ in found} >= {f"l2i:{sonyc['l2i']}", f"lmac:{sonyc['lmac']}", "random"}
