"""Splits: every clip where it belongs, classes balanced, nobody trained and tested on, refusals that say why."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from auricle.datasets import SCHEMES, Dataset, Split, splits, table_of
from auricle.errors import AuricleError

WORDS = ("yes", "no", "stop")


def words(speakers: int = 12, takes: int = 4, *, group: str | None = "speaker", **columns: object) -> Dataset:
    """Every speaker says every word so often; ``columns`` make a value of speaker, word and take."""
    rows = [
        {"id": f"{speaker}-{word}-{take}", "path": "x.wav", "word": word, "speaker": f"s{speaker}",
         **{name: make(speaker, word, take) for name, make in columns.items()}}
        for speaker in range(speakers) for word in WORDS for take in range(takes)
    ]  # fmt: skip
    return Dataset(name="words", table=table_of(rows), root=Path(), classes={"word": WORDS}, group=group)


def sizes(split: Split) -> tuple[int, int, int]:
    return len(split.train), len(split.validate), len(split.test)


def apart(data: Dataset, split: Split) -> bool:
    """No clip is in two parts, and nobody tested was heard before."""
    parts = [split.train, split.validate, split.test]
    assert len(np.unique(np.concatenate(parts))) == sum(map(len, parts))
    speaker = np.array(data.column("speaker"))
    return not set(speaker[split.test]) & set(speaker[np.concatenate(parts[:2])])


# --- schemes ----------------------------------------------------------------------------------------------------


def test_folds():
    data = words(fold=lambda speaker, word, take: (2, 10, 1)[speaker % 3])
    made = splits(data, "folds", "word")
    assert [split.name for split in made] == ["fold 1", "fold 2", "fold 10"]
    fold = np.array(data.column("fold"))
    parts = [(set(fold[split.train]), set(fold[split.validate]), set(fold[split.test])) for split in made]
    assert parts == [({10}, {2}, {1}), ({1}, {10}, {2}), ({2}, {1}, {10})]
    assert all(apart(data, split) for split in made)


def test_clips_without_a_fold_are_in_no_part():
    data = words(fold=lambda speaker, word, take: (1, 2, 3, None)[speaker % 4])
    made = splits(data, "folds", "word")
    assert [split.name for split in made] == ["fold 1", "fold 2", "fold 3"]
    assert [sizes(split) for split in made] == [(36, 36, 36)] * 3


def test_a_split_column():
    data = words(split=lambda speaker, word, take: {0: "test", 1: "dev"}.get(speaker, "train"))
    (split,) = splits(data, "split", "word")
    assert sizes(split) == (120, 12, 12)
    assert not split.shared


def test_a_split_column_without_validation_takes_a_tenth_of_training():
    data = words(takes=10, split=lambda speaker, word, take: "testing" if speaker == 0 else "training")
    (split,) = splits(data, "split", "word")
    assert sizes(split) == (297, 33, 30)
    assert split.shared
    np.testing.assert_array_equal(np.bincount(data.targets("word")[split.validate]), [11, 11, 11])


def test_leave_one_group_out():
    data = words(takes=10)
    made = splits(data, "leave-one-group-out", "word")
    assert [split.name for split in made][-2:] == ["without s8", "without s9"]
    assert len(made) == 12
    assert all(apart(data, split) for split in made)
    assert sum(len(split.test) for split in made) == len(data)


@pytest.mark.parametrize("group", ["speaker", None])
@pytest.mark.parametrize("count", [2, 4, 12])
def test_kfold(count, group):
    data = words(takes=10, group=group)
    made = splits(data, f"kfold:{count}", "word")
    assert len(made) == count
    assert sorted(np.concatenate([split.test for split in made])) == list(range(len(data)))
    for split in made:
        np.testing.assert_array_equal(np.bincount(data.targets("word")[split.test]), [120 // count] * 3)
        assert len(split.train) + len(split.validate) + len(split.test) == len(data)
        assert group is None or apart(data, split)


def test_kfold_of_few_clips_still_balances_classes():
    """Five clips of each of three words in ten folds: no fold has two of a word."""
    data = words(speakers=5, takes=1, group=None)
    for split in splits(data, "kfold:10", "word"):
        assert np.bincount(data.targets("word")[split.test]).max() == 1


def test_seeds():
    data = words(group=None)
    first, again, other = (splits(data, "kfold:3", "word", seed=seed)[0] for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.test, again.test)
    np.testing.assert_array_equal(first.validate, again.validate)
    assert set(first.test) != set(other.test)


@pytest.mark.parametrize(
    ("scheme", "shares"),
    [("holdout", (70, 15, 15)), ("holdout:80/10/10", (80, 10, 10)), ("holdout:60/0/40", (60, 0, 40))],
)
@pytest.mark.parametrize("group", ["speaker", None])
def test_holdout(scheme, shares, group):
    data = words(speakers=20, takes=10, group=group)
    (split,) = splits(data, scheme, "word")
    assert sizes(split) == tuple(6 * share for share in shares)
    for part in (split.train, split.validate, split.test):
        counts = np.bincount(data.targets("word")[part], minlength=3)
        assert len(set(counts)) == 1
    assert group is None or apart(data, split)


def test_holdout_of_few_speakers():
    data = words(speakers=6)
    (split,) = splits(data, "holdout:70/15/15", "word")
    assert sizes(split) == (48, 12, 12)
    assert apart(data, split)


def test_holdout_of_few_clips_tests_every_class():
    data = words(speakers=1, takes=3, group=None)
    (split,) = splits(data, "holdout:80/10/10", "word")
    for part in (split.train, split.validate, split.test):
        np.testing.assert_array_equal(np.bincount(data.targets("word")[part]), [1, 1, 1])


@pytest.mark.filterwarnings("error")
def test_several_labels_are_balanced_by_their_rarest():
    """Everything hums; a bell is rare, and in every fold. One class is never heard."""
    rows = [
        {"id": str(n), "path": "x.wav", "sounds": ["hum", "bell"] if n % 10 == 0 else ["hum"] if n % 3 else []}
        for n in range(120)
    ]
    classes = ("hum", "bell")
    data = Dataset(name="street", table=table_of(rows), root=Path(), classes={"sounds": classes})
    for split in splits(data, "kfold:4", "sounds"):
        assert data.targets("sounds")[split.test][:, 1].sum() == 3
    unheard = replace(data, classes={"sounds": (*classes, "whale")})
    with pytest.raises(AuricleError, match="trains without a clip of whale"):
        splits(unheard, "kfold:4", "sounds")


def test_schemes_of_the_data_set_itself():
    def halves(data):
        return [Split(name="halves", train=np.arange(72), validate=np.arange(0), test=np.arange(72, 144))]

    data = replace(words(), schemes={"halves": halves})
    assert splits(data, "halves", "word")[0].name == "halves"
    with pytest.raises(AuricleError, match='no split "halfs"; did you mean "halves"'):
        splits(data, "halfs", "word")


# --- refusals ---------------------------------------------------------------------------------------------------


def test_nobody_is_trained_and_tested_on():
    data = words(split=lambda speaker, word, take: "test" if take == 0 else "train")
    with pytest.raises(AuricleError, match="has speaker s0, s1, s10, s11, s2 and 7 others in both train and test"):
        splits(data, "split", "word")
    (split,) = splits(data, "split", "word", allow_leakage=True)
    assert sizes(split) == (99, 9, 36)
    known = replace(data, schemes={"official": lambda data: [replace(split, known_groups=True)]})
    assert splits(known, "official", "word")[0].known_groups


def test_nobody_validates_who_is_tested():
    data = words(split=lambda speaker, word, take: {0: "test", 1: "valid"}.get(speaker, "train"))
    numbers = np.array(data.column("speaker"))
    validate = np.flatnonzero((numbers == "s0") | (numbers == "s1"))
    split = Split(
        name="odd", train=np.flatnonzero((numbers != "s0") & (numbers != "s1")), validate=validate[:12],
        test=validate[6:],
    )  # fmt: skip
    with pytest.raises(AuricleError, match="speaker s0 in both validate and test"):
        splits(replace(data, schemes={"odd": lambda data: [split]}), "odd", "word")


def test_a_missing_fold():
    with pytest.raises(AuricleError, match="has 2 folds; three are needed"):
        splits(words(fold=lambda speaker, word, take: speaker % 2), "folds", "word")
    with pytest.raises(AuricleError, match=r'no column "fold" to split by; .* with kfold:10'):
        splits(words(), "folds", "word")
    with pytest.raises(AuricleError, match="has no clips to test with; check that all folds are there"):
        splits(words(split=lambda speaker, word, take: "train"), "split", "word")


@pytest.mark.parametrize("scheme", ["kfold:3", "holdout"])
def test_a_class_with_one_clip(scheme):
    data = words(group=None)
    lonely = data.take([n for n, word in enumerate(data.column("word")) if word != "stop"] + [8])
    assert lonely.column("word").count("stop") == 1
    with pytest.raises(AuricleError, match="has a single clip of stop"):
        splits(lonely, scheme, "word")


def test_a_class_that_is_only_tested():
    data = words(split=lambda speaker, word, take: "test" if word == "stop" else "train")
    with pytest.raises(AuricleError, match="trains without a clip of stop"):
        splits(replace(data, group=None), "split", "word")


def test_many_missing_classes_are_counted():
    data = replace(words(group=None), classes={"word": (*WORDS, *(f"w{n}" for n in range(500)))})
    with pytest.raises(AuricleError, match=r"without a clip of w0, w1, w2, w3, w4 and 495 others"):
        splits(data, "kfold:3", "word")


@pytest.mark.parametrize(
    ("scheme", "message"),
    [
        ("kfold:13", "has 12 different speakers, too few for 13 parts"),
        ("kfold:1", "kfold:1 is no number of folds"),
        ("kfold:x", "kfold:x is no number of folds"),
        ("holdout:70/30", "not three shares that make 100"),
        ("holdout:50/20/20", "not three shares that make 100"),
        ("holdout:100/0/0", "not three shares that make 100"),
        ("kfolds", "did you mean"),
    ],
)
def test_schemes_that_cannot_be(scheme, message):
    with pytest.raises(AuricleError, match=message):
        splits(words(), scheme, "word")


def test_too_few_speakers():
    with pytest.raises(AuricleError, match="has 2 different speakers, too few for 3 parts"):
        splits(words(speakers=2), "holdout", "word")
    with pytest.raises(AuricleError, match="names no group"):
        splits(words(group=None), "leave-one-group-out", "word")


def test_every_scheme_is_described():
    assert {name.partition(":")[0] for name in SCHEMES} == {"folds", "split", "leave-one-group-out", "kfold", "holdout"}
