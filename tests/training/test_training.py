"""Training: it learns, keeps the best epoch, goes on where it was interrupted, and refuses what cannot be honest."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from words import recipe, tones

from auricle.classifier import Classifier
from auricle.datasets import Dataset, Split, splits
from auricle.errors import AuricleError
from auricle.models import load_classifier
from auricle.training.outcome import Order, Subject, train_folder
from auricle.training.recipe import read_recipe
from auricle.training.state import Epoch
from auricle.training.train import STATE, better, precision_of, train


def first_split(data: Dataset) -> Split:
    return splits(data, "leave-one-group-out", "pitch")[0]


def fingerprint(classifier: Classifier) -> str:
    weights = classifier.network.state_dict()
    return hashlib.sha256(b"".join(weights[key].numpy().tobytes() for key in sorted(weights))).hexdigest()


def test_it_learns_to_tell_high_from_low(tmp_path: Path) -> None:
    data = tones(tmp_path / "data")
    made = recipe(training={"epochs": 6})
    evaluation, failures = train_folder(
        Order(recipe=made, data="tones"), Subject(data, first_split(data)), tmp_path / "out"
    )
    assert evaluation.scores["accuracy"].value == 1.0
    assert not failures
    classifier = load_classifier(tmp_path / "out")
    assert classifier.predict(data.load(0)).label == data.row(0)["pitch"]


def test_the_folder_holds_what_it_promises(tmp_path: Path) -> None:
    data = tones(tmp_path / "data")
    train_folder(Order(recipe=recipe(), data="tones"), Subject(data, first_split(data)), tmp_path / "out")
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names >= {
        "classifier.json", "model.safetensors", "card.json", "CARD.md", "recipe.yaml", "run.json", "history.csv",
        "logs",
        "predictions.parquet", "predictions.csv", "evaluation.json", "confusion.csv", "groups.csv", "classes.csv",
    }  # fmt: skip
    assert not [name for name in names if "unfinished" in name]
    assert list((tmp_path / "out/logs").glob("events.out.tfevents*"))
    run = json.loads((tmp_path / "out/run.json").read_text())
    assert (run["split"], run["group"], run["clips"]["test"]) == ("without 0", "speaker", 12)
    assert read_recipe(tmp_path / "out/recipe.yaml") == recipe()


def test_evaluation_is_of_the_saved_classifier_on_the_clips_themselves(tmp_path: Path) -> None:
    import pyarrow.parquet as parquet

    data = tones(tmp_path / "data")
    train_folder(Order(recipe=recipe(), data="tones"), Subject(data, first_split(data)), tmp_path / "out")
    classifier = load_classifier(tmp_path / "out")
    rows = parquet.read_table(tmp_path / "out/predictions.parquet").to_pylist()
    by_id = {row["id"]: row for row in rows}
    for number in (0, 5, 11):
        clip = data.load(number)
        prediction = classifier.predict(clip)
        assert by_id[clip.name]["predicted"] == prediction.label
        assert by_id[clip.name]["p(high)"] == pytest.approx(dict(prediction.ranked())["high"], abs=1e-5)


@pytest.mark.parametrize("augment", [{}, {"shift": 0.05, "noise": [10, 20], "time_masks": 1, "stretch_time": 0.1}])
def test_interrupted_after_any_epoch_it_ends_with_the_same_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, augment: dict[str, object]
) -> None:
    data = tones(tmp_path / "data")
    made = recipe(training={"epochs": 4, "schedule": "one-cycle", "optimiser": "adamw"}, augment=augment)
    split = first_split(data)
    whole = train(made, data, split, tmp_path / "whole")
    from auricle.training import train as room

    class Stopped(Exception):
        pass

    real = room.State.write
    for _ in range(3):
        written: list[int] = []

        def write(self: room.State, path: Path, written: list[int] = written) -> None:
            real(self, path)
            written.append(1)
            if not self.finished:
                raise Stopped

        monkeypatch.setattr(room.State, "write", write)
        with pytest.raises(Stopped):
            train(made, data, split, tmp_path / "parts")
    monkeypatch.setattr(room.State, "write", real)
    resumed = train(made, data, split, tmp_path / "parts")
    assert len(resumed.history) == 4
    assert fingerprint(resumed.classifier) == fingerprint(whole.classifier)
    assert [e.validate_loss for e in resumed.history] == [e.validate_loss for e in whole.history]


def test_another_seed_ends_elsewhere(tmp_path: Path) -> None:
    data = tones(tmp_path / "data")
    found = [
        fingerprint(train(recipe(), data, first_split(data), tmp_path / str(seed), seed=seed).classifier)
        for seed in (0, 1)
    ]
    assert found[0] != found[1]


def test_a_folder_is_never_taken_up_by_another_training(tmp_path: Path) -> None:
    data = tones(tmp_path / "data")
    train(recipe(), data, first_split(data), tmp_path / "out")
    with pytest.raises(AuricleError, match="holds another training"):
        train(recipe(), data, first_split(data), tmp_path / "out", seed=1)


def test_a_damaged_state_is_told(tmp_path: Path) -> None:
    data = tones(tmp_path / "data")
    train(recipe(), data, first_split(data), tmp_path / "out")
    (tmp_path / "out" / STATE).write_bytes(b"half a state")
    with pytest.raises(AuricleError, match="is damaged"):
        train(recipe(), data, first_split(data), tmp_path / "out")


def test_the_best_epoch_is_kept_and_patience_ends_training(tmp_path: Path) -> None:
    data = tones(tmp_path / "data")
    # A learning rate that destroys what was learned: later epochs are worse, on each machine after other ones.
    made = recipe(training={"epochs": 1000, "learning_rate": 0.5, "patience": 3})
    trained = train(made, data, first_split(data), tmp_path / "out")
    losses = [epoch.validate_loss for epoch in trained.history]
    assert trained.best_epoch == int(np.argmin(losses))  # type: ignore[arg-type]
    assert len(trained.history) == trained.best_epoch + 1 + 3 < 1000


@pytest.mark.parametrize(
    ("choose", "now", "replaces"),
    [
        ("loss", (0.4, 0.9), True),
        ("loss", (0.6, 0.9), False),
        ("accuracy", (0.6, 0.9), True),
        ("accuracy", (0.4, 0.8), True),
        ("accuracy", (0.6, 0.8), False),
        ("last", (0.9, 0.1), True),
    ],
)
def test_which_epoch_is_better(choose: str, now: tuple[float, float], replaces: bool) -> None:
    def epoch(loss: float, accuracy: float) -> Epoch:
        return Epoch(0, 0.0, 0.0, loss, accuracy, 0.1, 1.0, 0.0)

    assert better(epoch(*now), epoch(0.5, 0.8), choose) is replaces


def test_a_clip_longer_than_the_recipe_allows_is_refused(tmp_path: Path) -> None:
    data = tones(tmp_path / "data", seconds=0.9)
    with pytest.raises(AuricleError, match=r"is 0\.\d+ s long, and tones hears 0.5 s; .*length.long=centre"):
        train(recipe(), data, first_split(data), tmp_path / "out")


def test_divergence_is_told(tmp_path: Path) -> None:
    data = tones(tmp_path / "data")
    made = recipe(training={"learning_rate": 1e30, "optimiser": "sgd"})
    with pytest.raises(AuricleError, match="training diverged; lower"):
        train(made, data, first_split(data), tmp_path / "out")


def test_maps_are_only_stretched_where_there_are_maps(tmp_path: Path) -> None:
    data = tones(tmp_path / "data")
    made = recipe(
        frontend="audiomnist-audionet", network={"architecture": "audionet", "settings": {"first_pool": 2}},
        length={"seconds": 1.0}, augment={"time_masks": 1},
    )  # fmt: skip
    with pytest.raises(AuricleError, match="its front-end gives samples"):
        train(made, data, first_split(data), tmp_path / "out")


def test_several_labels_a_clip(tmp_path: Path) -> None:
    data = tones(tmp_path / "data")
    import pyarrow as pa

    labels = [["low"] if each == "low" else ["high", "tone"] for each in data.column("pitch")]
    table = data.table.drop_columns(["pitch"]).append_column("pitch", pa.array(labels))
    several = Dataset(
        name="tones", table=table, root=data.root, classes={"pitch": ("low", "high", "tone")}, group="speaker"
    )
    made = recipe(training={"epochs": 6, "class_weights": "balanced"})
    evaluation, _ = train_folder(
        Order(recipe=made, data="tones"), Subject(several, first_split(several)), tmp_path / "out"
    )
    assert evaluation.scores["macro_auprc"].value > 0.9
    assert load_classifier(tmp_path / "out").multi_label


def test_bfloat16_is_used_only_where_it_is_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    training = read_recipe("heart-fast").training
    assert training.precision == "auto"
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": False})
    assert precision_of(training, "cpu") == "32-true"
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    assert precision_of(training, "cpu") == "bf16-mixed"


KILLED = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
import torch
torch.set_num_threads(1)
from words import recipe, tones
from auricle.datasets import splits
from auricle.training.train import train
data = tones(Path(sys.argv[2]))
made = recipe(training={"epochs": 12, "schedule": "cosine"}, augment={"shift": 0.05, "time_masks": 1})
train(made, data, splits(data, "leave-one-group-out", "pitch")[0], Path(sys.argv[3]))
"""


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_killed_at_five_random_moments_it_ends_with_the_same_bits(tmp_path: Path) -> None:
    tones(tmp_path / "data")
    environment = {**os.environ, "AURICLE_CACHE": str(tmp_path / "cache"), "OMP_NUM_THREADS": "1"}

    def start(out: str) -> subprocess.Popen[bytes]:
        here = str(Path(__file__).parent)
        return subprocess.Popen(
            [sys.executable, "-c", KILLED, here, str(tmp_path / "data"), str(tmp_path / out)], env=environment
        )

    begun = time.monotonic()
    assert start("whole").wait() == 0
    took = time.monotonic() - begun
    rng = np.random.default_rng(int(time.time()))
    for _ in range(5):
        process = start("parts")
        time.sleep(rng.uniform(0.3, 0.9) * took)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert start("parts").wait() == 0
    whole, parts = (
        torch.load(tmp_path / out / STATE, weights_only=True)["best"] for out in ("whole", "parts")
    )
    assert whole.keys() == parts.keys()
    assert all(torch.equal(whole[key], parts[key]) for key in whole)
