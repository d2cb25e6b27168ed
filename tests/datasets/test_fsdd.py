"""FSDD: digits, speakers and takes from the names of files, the official split, and the real recordings."""

from pathlib import Path

import numpy as np
import pytest
from layouts import write_tone

from auricle.datasets import Dataset, open_dataset, splits
from auricle.datasets.fsdd import DIGITS, open_fsdd
from auricle.errors import AuricleError

FSDD = Path(__file__).parents[2] / "../shared/data/fsdd"


@pytest.fixture(scope="module")
def real() -> Dataset:
    if not FSDD.is_dir():
        pytest.skip(f"{FSDD} is not there; FSDD's recordings are needed for this test")
    return open_dataset(f"fsdd:{FSDD}")


def test_names_become_labels(tmp_path):
    write_tone(tmp_path / "recordings" / "7_jackson_32.wav", seconds=0.4)
    data = open_fsdd(tmp_path)
    assert data.row(0) == {
        "id": "recordings/7_jackson_32.wav", "path": "recordings/7_jackson_32.wav", "digit": "seven",
        "speaker": "jackson", "take": 32,
    }  # fmt: skip
    assert data.load(0).seconds == pytest.approx(0.4)
    assert open_fsdd(tmp_path / "recordings").column("path") == ["7_jackson_32.wav"]


def test_the_real_recordings(real):
    assert len(real) == 3000
    assert sorted(set(real.column("speaker"))) == "george jackson lucas nicolas theo yweweler".split()
    np.testing.assert_array_equal(np.bincount(real.targets("digit")), [300] * 10)
    seven = real.filter(digit="seven", speaker="jackson", take=0)
    clip = seven.load(0)
    assert (clip.sample_rate, clip.channels, clip.name) == (8000, 1, "recordings/7_jackson_0.wav")
    assert 0.2 < clip.seconds < 1.0


def test_the_official_split_tests_new_takes_of_known_voices(real):
    (split,) = splits(real, "official", "digit")
    assert [len(part) for part in (split.train, split.validate, split.test)] == [2400, 300, 300]
    take = np.array(real.column("take"))
    assert set(take[split.test]) == {0, 1, 2, 3, 4}
    assert set(take[split.validate]) == {5, 6, 7, 8, 9}
    assert split.known_groups


def test_each_speaker_is_tested_once_by_a_model_that_never_heard_them(real):
    made = splits(real, "leave-one-group-out", "digit")
    speaker = np.array(real.column("speaker"))
    assert [split.name for split in made][:2] == ["without george", "without jackson"]
    for split in made:
        (tested,) = set(speaker[split.test])
        assert split.name == f"without {tested}"
        assert len(split.test) == 500
        assert tested not in speaker[np.concatenate([split.train, split.validate])]
        np.testing.assert_array_equal(np.bincount(real.targets("digit")[split.validate]), [25] * 10)


def test_bad_input(tmp_path):
    with pytest.raises(AuricleError, match="holds no recordings of FSDD"):
        open_fsdd(tmp_path)
    for name in ("seven.wav", "12_theo_0.wav", "7_theo_x.wav"):
        write_tone(tmp_path / name)
        with pytest.raises(AuricleError, match="not named as FSDD"):
            open_fsdd(tmp_path)
        (tmp_path / name).unlink()
    assert len(DIGITS) == 10
