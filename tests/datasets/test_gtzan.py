"""GTZAN: tracks become slices that stay together, by the published splits and lists."""

import numpy as np
import pytest
import soundfile
from layouts import write_gtzan

from auricle.datasets import open_dataset, splits
from auricle.datasets.gtzan import GENRES, open_gtzan
from auricle.errors import AuricleError


def test_a_track_becomes_ten_slices(tmp_path):
    data = open_dataset(f"gtzan:{write_gtzan(tmp_path, {'blues.00000': 30.0})}")
    assert len(data) == 10
    row = data.row(4)
    assert row["id"] == "genres_original/blues/blues.00000.wav@12s"
    assert (row["genre"], row["track"], row["number"], row["slice"]) == ("blues", "blues.00000", 0, 4)
    whole = np.concatenate([data.load(number).samples[0] for number in range(10)])
    clip = data.load(4)
    assert (clip.seconds, clip.start_seconds, clip.name) == (3.0, 12.0, row["id"])
    samples, _ = soundfile.read(tmp_path / row["path"], dtype="float32")
    np.testing.assert_array_equal(whole, samples)


@pytest.mark.parametrize(
    ("length", "seconds", "count", "last"),
    [(30.01, 3.0, 10, 3.0), (29.93, 3.0, 10, 2.93), (29.3, 3.0, 9, 3.0), (29.3, 6.0, 4, 6.0), (30.0, 5.0, 6, 5.0)],
)
def test_slices_fill_the_track(tmp_path, length, seconds, count, last):
    """A last slice counts from nine tenths of its length on."""
    data = open_gtzan(write_gtzan(tmp_path, {"jazz.00001": length}), seconds=seconds)
    assert data.column("start") == [number * seconds for number in range(count)]
    assert data.column("seconds")[-1] == pytest.approx(last)
    assert data.load(count - 1).seconds == pytest.approx(last)


def test_classes_are_in_the_order_of_the_reference(tmp_path):
    data = open_gtzan(write_gtzan(tmp_path, {f"{genre}.00000": 3.0 for genre in GENRES}))
    assert data.classes_of("genre") == tuple("pop metal disco blues reggae classical rock hiphop country jazz".split())
    assert data.targets("genre")[data.column("genre").index("jazz")] == 9


def test_the_damaged_track_is_left_out_with_its_reason(tmp_path):
    write_gtzan(tmp_path, {"jazz.00053": 3.0, "jazz.00054": 3.0})
    (tmp_path / "genres_original" / "jazz" / "jazz.00054.wav").write_bytes(b"not sound")
    data = open_gtzan(tmp_path)
    assert data.column("track") == ["jazz.00053"]
    (note,) = data.notes
    assert note.startswith("jazz.00054 is left out: its file is damaged")


def test_another_damaged_track_is_an_error(tmp_path):
    write_gtzan(tmp_path, {"jazz.00053": 3.0})
    (tmp_path / "genres_original" / "jazz" / "jazz.00055.wav").write_bytes(b"not sound")
    with pytest.raises(AuricleError, match=r"jazz\.00055\.wav cannot be read as sound"):
        open_gtzan(tmp_path)


def test_tracks_75_5_20(tmp_path):
    numbers = (0, 74, 75, 79, 80, 99)
    data = open_gtzan(write_gtzan(tmp_path, {f"{genre}.{n:05d}": 6.0 for genre in GENRES for n in numbers}))
    (split,) = splits(data, "tracks-75-5-20", "genre")
    number = np.array(data.column("number"))
    assert [set(number[part]) for part in (split.train, split.validate, split.test)] == [{0, 74}, {75, 79}, {80, 99}]
    assert len(split.train) == 10 * 2 * 2


def test_slices_of_a_track_stay_together(tmp_path):
    data = open_gtzan(write_gtzan(tmp_path, {f"{genre}.{n:05d}": 6.0 for genre in GENRES for n in range(6)}))
    track = np.array(data.column("track"))
    for split in splits(data, "kfold:3", "genre"):
        assert not set(track[split.train]) & set(track[split.test])
        np.testing.assert_array_equal(np.bincount(data.targets("genre")[split.test]), [4] * 10)


def test_fold_lists_of_drsa(tmp_path):
    write_gtzan(tmp_path, {f"{genre}.{n:05d}": 3.0 for genre in GENRES for n in range(3)})
    write_gtzan(tmp_path, {"blues.00032": 3.0, "blues.00040": 3.0})
    (tmp_path / "5folds").mkdir()
    for fold in (1, 2, 3):
        lines = [f"{genre}/{genre}.{fold - 1:05d}.wav" for genre in GENRES]
        lines += ["blues/blues.00032.wav"] if fold == 2 else []
        (tmp_path / "5folds" / f"fold_{fold}.txt").write_text("\n".join(lines))
    data = open_gtzan(tmp_path)
    folds = dict(zip(data.column("track"), data.column("fold"), strict=True))
    assert (folds["pop.00000"], folds["pop.00002"]) == (1, 3)
    assert folds["blues.00032"] is None  # skipped by DRSA-audio
    assert folds["blues.00040"] is None  # in no list
    made = splits(data, "folds", "genre")
    assert [split.name for split in made] == ["fold 1", "fold 2", "fold 3"]
    assert [len(part) for part in (made[0].train, made[0].validate, made[0].test)] == [10, 10, 10]
    (tmp_path / "5folds" / "fold_3.txt").write_text("pop/pop.00000.wav")
    with pytest.raises(AuricleError, match=r"pop\.00000 is in fold 1 and in fold 3"):
        open_gtzan(tmp_path)


@pytest.mark.parametrize("published", [True, False])
def test_fault_filtered_lists(tmp_path, published):
    """Both forms that are about: names, and numbers from 1 through the genres by the alphabet."""
    write_gtzan(tmp_path, {f"{genre}.{n:05d}": 3.0 for genre in GENRES for n in (0, 29, 50, 99)})
    for part, number in (("train", 29), ("valid", 0), ("test", 99)):
        lines = [f"{genre}/{genre}.{number:05d}.wav" for genre in GENRES]
        if published:
            lines = [f"{100 * place + number + 1:>12}" for place in range(10)]
        (tmp_path / f"{part}_filtered.txt").write_text("\n".join(lines))
    data = open_gtzan(tmp_path)
    (split,) = splits(data, "fault-filtered", "genre")
    number = np.array(data.column("number"))
    assert [set(number[part]) for part in (split.train, split.validate, split.test)] == [{29}, {0}, {99}]
    assert len(split.test) == 10
    assert data.filter(number=50).column("filtered") == [None] * 10


def test_bad_input(tmp_path):
    with pytest.raises(AuricleError, match="holds no tracks of GTZAN"):
        open_gtzan(tmp_path)
    write_gtzan(tmp_path, {"blues.00000": 3.0})
    with pytest.raises(AuricleError, match="slices of 0 s"):
        open_gtzan(tmp_path, seconds=0)
    with pytest.raises(AuricleError, match=r"no track of .* is 30 s long"):
        open_gtzan(tmp_path, seconds=30)
    with pytest.raises(AuricleError, match=r"has no split .* known: .*tracks-75-5-20"):
        splits(open_gtzan(tmp_path), "xyz", "genre")
    (tmp_path / "5folds").mkdir()
    (tmp_path / "5folds" / "fold_1.txt").write_text("polka/polka.00001.wav")
    with pytest.raises(AuricleError, match="which is no track of GTZAN"):
        open_gtzan(tmp_path)
    (tmp_path / "genres_original" / "blues" / "song.wav").touch()
    with pytest.raises(AuricleError, match=r"song\.wav is not named as GTZAN"):
        open_gtzan(tmp_path)
