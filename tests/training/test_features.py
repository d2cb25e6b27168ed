"""The feature store: what the network would hear, computed once, whatever happens in between."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from words import RATE, recipe, tones

from auricle.classifier import Classifier
from auricle.datasets import Dataset, table_of
from auricle.errors import AuricleError
from auricle.training.batches import Batches
from auricle.training.features import FeatureStore
from auricle.training.train import untrained


def classifier_for(data: Dataset) -> Classifier:
    return untrained(recipe(), data, seed=0)


def test_stored_features_are_what_the_classifier_hears(tmp_path: Path) -> None:
    data = tones(tmp_path / "data")
    classifier = classifier_for(data)
    store = FeatureStore(tmp_path / "store", classifier)
    stored = store.prepare(data)
    for number in (0, 7, 20):
        windows = classifier.windows(data.load(number)).samples
        found = store.read(stored.first[number] + np.arange(stored.count[number]))
        torch.testing.assert_close(found, classifier.frontend(windows), rtol=0, atol=0)


def test_nothing_is_computed_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tones(tmp_path / "data")
    classifier = classifier_for(data)
    first = FeatureStore(tmp_path / "store", classifier).prepare(data)
    monkeypatch.setattr(Dataset, "load", lambda *_: pytest.fail("a file was read again"))
    again = FeatureStore(tmp_path / "store", classifier).prepare(data)
    assert (again.first == first.first).all()


def test_the_same_sound_under_another_name_is_stored_once(tmp_path: Path) -> None:
    data = tones(tmp_path / "data")
    classifier = classifier_for(data)
    store = FeatureStore(tmp_path / "store", classifier)
    first = store.prepare(data)
    size = (store.folder / "rows.f32").stat().st_size
    shutil.copytree(tmp_path / "data", tmp_path / "moved")
    moved = Dataset(name="moved", table=data.table, root=tmp_path / "moved", classes=data.classes)
    assert (store.prepare(moved).first == first.first).all()
    assert (store.folder / "rows.f32").stat().st_size == size


def test_a_changed_file_is_heard_anew(tmp_path: Path) -> None:
    data = tones(tmp_path / "data")
    store = FeatureStore(tmp_path / "store", classifier_for(data))
    before = store.prepare(data).first[0]
    path = tmp_path / "data" / data.row(0)["path"]
    soundfile.write(path, 0.1 * np.ones(2000), RATE)
    os.utime(path, (1, 1))
    assert store.prepare(data).first[0] != before


def test_other_settings_are_another_store(tmp_path: Path) -> None:
    data = tones(tmp_path / "data")
    one = FeatureStore(tmp_path, untrained(recipe(), data, seed=0))
    other = FeatureStore(tmp_path, untrained(recipe(length={"seconds": 0.6}), data, seed=0))
    assert one.folder != other.folder


def test_what_a_killed_run_left_unfinished_is_dropped(tmp_path: Path) -> None:
    data = tones(tmp_path / "data")
    classifier = classifier_for(data)
    store = FeatureStore(tmp_path / "store", classifier)
    stored = store.prepare(data.take(range(10)))
    with open(store.folder / "rows.f32", "ab") as rows:
        rows.write(b"half a row")
    with open(store.folder / "index.jsonl", "a") as index:
        index.write('["half a li')
    whole = FeatureStore(tmp_path / "store", classifier)
    again = whole.prepare(data)
    assert (again.first[:10] == stored.first).all()
    torch.testing.assert_close(
        whole.read([again.first[30]])[0], classifier.frontend(classifier.windows(data.load(30)).samples)[0]
    )


def test_lost_rows_are_made_again(tmp_path: Path) -> None:
    data = tones(tmp_path / "data")
    classifier = classifier_for(data)
    store = FeatureStore(tmp_path / "store", classifier)
    store.prepare(data)
    os.truncate(store.folder / "rows.f32", 1000)
    whole = FeatureStore(tmp_path / "store", classifier)
    stored = whole.prepare(data)
    torch.testing.assert_close(
        whole.read([stored.first[5]])[0], classifier.frontend(classifier.windows(data.load(5)).samples)[0]
    )


def test_a_clip_that_cannot_be_heard_is_left_out_with_its_reason(tmp_path: Path) -> None:
    data = tones(tmp_path / "data")
    silent = tmp_path / "data" / data.row(3)["path"]
    soundfile.write(silent, np.zeros(2000), RATE)
    (tmp_path / "data" / data.row(4)["path"]).write_text("no sound")
    stored = FeatureStore(tmp_path / "store", classifier_for(data)).prepare(data)
    assert set(stored.failures) == {3, 4}
    assert "is silent" in stored.failures[3]
    assert "cannot be read as sound" in stored.failures[4]
    assert stored.count[3] == 0
    assert stored.count[5] == 1


def test_a_full_disk_is_told_and_what_was_written_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tones(tmp_path / "data")
    classifier = classifier_for(data)
    store = FeatureStore(tmp_path / "store", classifier)
    real, heard = FeatureStore._features, []

    def features(self: FeatureStore, clip: object) -> np.ndarray:
        heard.append(clip)
        if len(heard) > 12:
            raise OSError(28, "No space left on device")
        return real(self, clip)  # type: ignore[arg-type]

    monkeypatch.setattr(FeatureStore, "_features", features)
    with pytest.raises(AuricleError, match=r"No space left on device.*AURICLE_CACHE"):
        store.prepare(data)
    monkeypatch.setattr(FeatureStore, "_features", real)
    loaded: list[object] = []
    monkeypatch.setattr(Dataset, "load", lambda self, row, load=Dataset.load: loaded.append(row) or load(self, row))
    store.prepare(data)
    assert len(loaded) == len(data) - 12


def test_long_clips_become_windows_and_share_their_label(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "long.wav", np.random.default_rng(0).normal(size=RATE) * 0.1, RATE)
    soundfile.write(tmp_path / "short.wav", np.random.default_rng(1).normal(size=2000) * 0.1, RATE)
    rows = [{"id": name, "path": name, "pitch": label} for name, label in (("long.wav", "low"), ("short.wav", "high"))]
    data = Dataset(name="two", table=table_of(rows), root=tmp_path, classes={"pitch": ("low", "high")})
    store = FeatureStore(tmp_path / "store", untrained(recipe(length={"long": "window"}), data, seed=0))
    stored = store.prepare(data)
    assert stored.count.tolist() == [2, 1]
    batches = Batches(store, stored, np.arange(2), data.targets("pitch"), batch=8, seed=None)
    (features, targets), = list(batches)
    assert features.shape[0] == 3
    assert targets.tolist() == [0, 0, 1]


def test_every_epoch_hears_everything_once_in_another_order(tmp_path: Path) -> None:
    data = tones(tmp_path / "data")
    store = FeatureStore(tmp_path / "store", classifier_for(data))
    stored = store.prepare(data)
    batches = Batches(store, stored, np.arange(len(data)), np.arange(len(data)), batch=5, seed=3)
    orders = []
    for epoch in (0, 1, 0):
        batches.epoch = epoch
        orders.append(torch.cat([targets for _, targets in batches]).tolist())
    assert sorted(orders[0]) == list(range(len(data)))
    assert orders[0] == orders[2] != orders[1]


def test_no_batch_of_one(tmp_path: Path) -> None:
    data = tones(tmp_path / "data")
    store = FeatureStore(tmp_path / "store", classifier_for(data))
    stored = store.prepare(data)
    batches = Batches(store, stored, np.arange(11), np.arange(48), batch=5, seed=0)
    assert [len(targets) for _, targets in batches] == [5, 6]
    assert len(batches) == 2


def test_clips_that_stay_short_are_not_kept_as_if_they_were_long(tmp_path: Path) -> None:
    data = tones(tmp_path / "data")
    classifier = untrained(recipe(length={"pad": "none"}), data, seed=0)
    stored = FeatureStore(tmp_path / "samples", classifier, samples=True).prepare(data)
    assert set(stored.failures) == set(range(len(data)))
    assert "length.pad=end" in stored.failures[0]


def test_a_front_end_that_fills_up_may_be_given_clips_as_they_are(tmp_path: Path) -> None:
    data = tones(tmp_path / "data")
    frontend = {"kind": "kaldi", "sample_rate": RATE, "n_mels": 16, "max_frames": 24}
    small = {"bands": 16, "frames": 24, "patch": 8, "strides": [8, 8], "width": 8, "layers": 1, "heads": 1}
    network = {"architecture": "ast", "settings": small}
    pytest.importorskip("transformers", reason="transformers is not installed")
    classifier = untrained(recipe(frontend=frontend, network=network, length={"pad": "none"}), data, seed=0)
    store = FeatureStore(tmp_path / "store", classifier)
    stored = store.prepare(data)
    assert not stored.failures
    for number in (3, 11):
        heard = classifier.frontend(classifier.windows(data.load(number)).samples)
        torch.testing.assert_close(store.read([stored.first[number]]), heard, rtol=0, atol=0)
