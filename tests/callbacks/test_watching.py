"""Watching a plain loop: what is written, that training does not notice, and what is refused."""

from __future__ import annotations

import csv
import logging
import random
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from small_training import annotated, classifier, events, tone, tones, train

from auricle.callbacks import ExplainLogger, Files, Sample
from auricle.callbacks.undisturbed import undisturbed
from auricle.clip import Clip
from auricle.errors import AuricleError

TF_EXPLAIN = ["gradient", "input-x-gradient", "occlusion", "grad-cam", "smoothgrad", "ig"]
"""Six of tf-explain's methods; the seventh, activations, is asked for by layers."""


def test_training_ends_with_the_same_bits_with_and_without(tmp_path: Path) -> None:
    alone = train(classifier())
    model = classifier()
    logger = ExplainLogger(
        model, tones(1), methods=["lrp", "smoothgrad", "grad-cam", "occlusion"], layers=["0"], to=Files(tmp_path)
    )
    assert train(model, after=logger.step) == alone


def test_everything_is_put_back_even_if_explaining_fails() -> None:
    model = classifier()
    network = model.network
    network[1].eval()  # a frozen batch norm in a network that trains
    network[0].weight.requires_grad_(False)
    network[9].weight.grad = torch.ones(2, 64)
    gradient = network[9].weight.grad
    random.seed(5)
    drawn = random.getstate(), torch.get_rng_state()

    def disturb() -> None:
        with undisturbed(network):
            assert network[9].weight.grad is None
            network.eval()
            network.requires_grad_(True)
            torch.set_grad_enabled(False)
            torch.rand(3), random.random(), np.random.rand()  # noqa: NPY002
            torch.backends.cudnn.benchmark = True
            raise RuntimeError

    with pytest.raises(RuntimeError):
        disturb()
    assert torch.is_grad_enabled()
    assert network.training
    assert not network[1].training
    assert not network[0].weight.requires_grad
    assert network[9].weight.grad is gradient
    assert not torch.backends.cudnn.benchmark
    assert random.getstate() == drawn[0]
    assert torch.equal(torch.get_rng_state(), drawn[1])


def test_tensorboard_gets_one_run_with_the_same_tags_in_every_epoch(tmp_path: Path) -> None:
    model = classifier()
    samples = [annotated("low", 30), annotated("high", 31)]
    logger = ExplainLogger(model, samples, methods=["lrp"], layers=["5"], targets="true", to=str(tmp_path))
    train(model, after=logger.step)
    logger.close()
    found = events(tmp_path)
    tags = found.Tags()
    shown = ("lrp", "activation-map-5", "activation-map-5-channels")
    assert set(tags["images"]) == {f"{method}/{clip}" for method in shown for clip in ("low30", "high31")}
    assert set(tags["audio"]) == {
        "clip/low30", "clip/high31", *(f"lrp/{c}/{p}" for c in ("low30", "high31") for p in ("kept", "removed"))
    }  # fmt: skip
    assert set(tags["scalars"]) == {
        "FF/lrp", "FF/lrp-random", "Fid-In/lrp", "similarity/lrp", "in-events/lrp", "in-events/lrp-by-chance",
        "explaining/seconds",
    }  # fmt: skip
    assert [each.step for each in found.Images("lrp/low30")] == [0, 1, 2]
    assert [each.step for each in found.Scalars("similarity/lrp")] == [1, 2]
    assert [each.step for each in found.Audio("clip/low30")] == [0]
    assert found.Audio("lrp/low30/kept")[0].sample_rate == 8000
    assert found.Images("lrp/low30")[0].width == 350
    first, last = found.Images("lrp/low30")[0], found.Images("lrp/low30")[-1]
    assert first.encoded_image_string != last.encoded_image_string
    assert len(list(tmp_path.glob("events.out*"))) == 1


def test_figures_mean_what_they_say(tmp_path: Path) -> None:
    """A network that has learned finds its tones: relevance lies where they are, and without it the class is lost."""
    model = classifier()
    train(model, epochs=25)
    logger = ExplainLogger(
        model, [annotated("low", 40), annotated("high", 41)], methods=["input-x-gradient"], to=Files(tmp_path)
    )
    logger.step(0)
    logger.step(1)
    found = {(row["tag"], int(row["epoch"])): float(row["value"]) for row in _table(tmp_path)}
    assert found["similarity/input-x-gradient", 1] == pytest.approx(1.0)
    assert ("similarity/input-x-gradient", 0) not in found
    assert found["in-events/input-x-gradient-by-chance", 0] == pytest.approx(0.3, abs=0.05)
    assert found["in-events/input-x-gradient", 0] > 0.5
    assert found["FF/input-x-gradient", 0] > found["FF/input-x-gradient-random", 0]
    assert found["Fid-In/input-x-gradient", 0] == 1.0


def test_files_hold_pictures_sounds_and_a_table(tmp_path: Path) -> None:
    model = classifier()
    logger = ExplainLogger(model, [(tone("low", 1), "low")], to=Files(tmp_path / "new" / "folder"))
    logger.step(0)
    logger.step(7)
    folder = tmp_path / "new" / "folder"
    assert sorted(path.name for path in (folder / "lrp/low1").glob("*.png")) == ["0000.png", "0007.png"]
    original = soundfile.read(folder / "clip/low1/0000.wav")[0]
    kept, removed = (soundfile.read(folder / f"lrp/low1/{part}/0000.wav")[0] for part in ("kept", "removed"))
    assert np.abs(kept + removed - original).max() < 1e-5
    assert {int(row["epoch"]) for row in _table(folder)} == {0, 7}


def test_all_methods_of_tf_explain_are_there(tmp_path: Path) -> None:
    logger = ExplainLogger(
        classifier(), [tone("low", 1)], methods=TF_EXPLAIN, layers=["0", "5"], log_audio=False, log_scalars=False,
        to=Files(tmp_path),
    )  # fmt: skip
    logger.step(0)
    shown = {path.parent.parent.name for path in tmp_path.rglob("*.png")}
    maps = {f"activation-map-{layer}{kind}" for layer in (0, 5) for kind in ("", "-channels")}
    assert shown == {*TF_EXPLAIN, *maps}
    assert not list(tmp_path.rglob("*.wav"))
    assert not (tmp_path / "scalars.csv").exists()


def test_epochs_are_left_out_as_asked(tmp_path: Path) -> None:
    logger = ExplainLogger(classifier(), [tone("low", 1)], every_n_epochs=2, log_scalars=False, to=Files(tmp_path))
    for epoch in range(5):
        logger.step(epoch)
    assert sorted(path.stem for path in tmp_path.rglob("*.png")) == ["0000", "0002", "0004"]
    assert "explanations took" in logger.overhead


def test_time_is_up_after_the_clip_at_hand_and_it_says_so_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    logger = ExplainLogger(classifier(), tones(2), max_seconds=1e-6, log_audio=False, to=Files(tmp_path))
    with caplog.at_level(logging.WARNING):
        logger.step(0)
        logger.step(1)
    assert [path.parent.name for path in tmp_path.rglob("0000.png")] == ["low0"]
    (said,) = [each.message for each in caplog.records]
    assert "3 of 4 clips are left out" in said
    assert [row["value"] for row in _table(tmp_path) if row["tag"] == "explaining/left-out"] == ["3", "3"]


def test_an_explanation_that_fails_does_not_end_training(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    model = classifier()
    logger = ExplainLogger(model, tones(1), to=Files(tmp_path))

    def spoil(epoch: int) -> None:
        if epoch == 1:
            with torch.no_grad():
                model.network[9].bias.fill_(float("nan"))
        logger.step(epoch)

    with caplog.at_level(logging.WARNING):
        assert len(train(model, after=spoil)) == 3
    said = [each.message for each in caplog.records]
    assert len(said) == len(set(said)) == 2  # one for each clip
    assert all("NaN" in each for each in said)
    assert {path.stem for path in tmp_path.rglob("*.png")} == {"0000"}


def test_a_full_disk_does_not_end_training(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    class Full(Files):
        def image(self, tag: str, picture: np.ndarray, epoch: int) -> None:
            raise OSError("No space left on device")

        def scalar(self, tag: str, value: float, epoch: int) -> None:
            raise OSError("No space left on device")

    logger = ExplainLogger(classifier(), tones(1), to=Full(tmp_path))
    with caplog.at_level(logging.WARNING):
        logger.step(0)
        logger.step(1)
    assert len(caplog.records) == 3
    assert all("No space left" in each.message for each in caplog.records)


def test_clips_of_one_name_get_tags_of_their_own(tmp_path: Path) -> None:
    clip = tone("low", 1)
    odd = Clip(clip.samples, clip.sample_rate, "a/b c")
    logger = ExplainLogger(classifier(), [clip, tone("low", 1), odd], log_audio=False, to=Files(tmp_path))
    logger.step(0)
    assert {path.parent.name for path in tmp_path.rglob("*.png")} == {"low1", "low1-2", "a-b-c"}


def test_so_many_of_each_class_are_taken(tmp_path: Path) -> None:
    logger = ExplainLogger(classifier(), tones(3), n_per_class=2, to=Files(tmp_path))
    assert [each.label for each in logger.samples] == ["low", "low", "high", "high"]


SILENT = Clip(np.zeros(4000, np.float32), 8000, "hush")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"methods": ["lpr"]}, 'did you mean "lrp"'),
        ({"methods": "lrp"}, 'methods=["lrp"]'),
        ({"methods": [], "layers": []}, "nothing to explain with"),
        ({"methods": ["lrp", None]}, "NoneType is no method; give its name"),
        ({"layers": "conv"}, 'layers is a list of names; write layers=["conv"]'),
        ({"layers": ["conv7"]}, 'no layer "conv7"'),
        ({"targets": "mid"}, 'no label "mid"'),
        ({"targets": ["low", "high", "low"]}, "3 targets were given for 2 clips"),
        ({"samples": [tone("low", 1)], "targets": "true"}, 'targets="true" has no class to explain'),
        ({"samples": [SILENT]}, "hush is silent"),
        ({"samples": []}, "no clips to watch"),
        ({"samples": "low.wav"}, "a list of clips, not one str; write samples=[…]"),
        ({"samples": tone("low", 1)}, "a list of clips, not one Clip"),
        ({"samples": Sample(tone("low", 1))}, "a list of clips, not one Sample"),
        ({"samples": None}, "a list of clips, not one NoneType"),
        ({"samples": [tone("low", 1).samples]}, "given as ndarray; give a Clip, a sound file, (clip, label)"),
        ({"samples": [(tone("low", 1), "low", 3)]}, "given as tuple; give a Clip"),
        ({"samples": [(tone("low", 1), "mid")]}, 'labelled "mid"'),
        ({"samples": [Sample(tone("low", 1), "low", events=[(0.3, 0.9)])]}, "does not lie in its 0.5 s"),
        ({"samples": ["nowhere.wav"]}, "nowhere.wav does not exist"),
        ({"samples": [tone("low", 1)], "n_per_class": 1}, "has no label, so n_per_class cannot choose"),
        ({"n_per_class": 0}, "n_per_class=0 counts nothing"),
        ({"every_n_epochs": 0}, "every_n_epochs=0 counts nothing"),
        ({"every_n_epochs": 2.5}, "every_n_epochs=2.5 counts nothing"),
        ({"max_seconds": 0}, "no time to explain in"),
        ({"to": 7}, "cannot be written to int"),
        ({"to": []}, "cannot be written to an empty list"),
        ({"seed": -1}, "-1 is no seed"),
        ({"methods": ["attention-rollout"]}, "attention"),
    ],
)
def test_wrong_settings_are_told_at_the_start(tmp_path: Path, settings: dict[str, Any], said: str) -> None:
    given: dict[str, Any] = {"samples": tones(1), "to": Files(tmp_path), **settings}
    with pytest.raises(AuricleError, match=re.escape(said)) as error:
        ExplainLogger(classifier(), given.pop("samples"), **given)
    assert "\n" not in str(error.value)


def test_a_folder_that_cannot_be_written_to_is_told_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for to in (tmp_path / "file" / "logs", str(tmp_path / "file" / "logs")):
        with pytest.raises(AuricleError, match="cannot be made"):
            ExplainLogger(classifier(), tones(1), to=to)


def test_without_tensorboard_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(AuricleError, match=r"pip install 'auricle\[train\]'"):
        ExplainLogger(classifier(), tones(1), to=tmp_path)


def _table(folder: Path) -> list[dict[str, str]]:
    with open(folder / "scalars.csv", newline="") as file:
        return list(csv.DictReader(file))
