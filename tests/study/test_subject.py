"""Which clips a study judges by, and by which model each is heard."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest

import auricle
from auricle import demo
from auricle.study.config import StudyConfig
from auricle.study.reading import read_config
from auricle.study.subject import open_subject

DIGITS = Path(auricle.__file__).parent / "models" / "bundled" / "digits"


@pytest.fixture(scope="module")
def folds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Eighteen clips of two classes in three folds, and a model for each fold, as ``auricle kfold`` leaves them."""
    root = tmp_path_factory.mktemp("folds")
    rows = []
    for number in range(18):
        word = ("seven", "nine")[number % 2]
        shutil.copy(demo.clip(word), root / f"{number}.wav")
        rows.append({"path": f"{number}.wav", "label": word, "fold": "abc"[number // 2 % 3]})
    with (root / "clips.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, ["path", "label", "fold"])
        writer.writeheader()
        writer.writerows(rows)
    for fold in "abc":
        home = root / "models" / f"fold-{fold}"
        shutil.copytree(DIGITS, home)
        run = {"data_name": "clips", "scheme": "folds", "split": f"fold {fold}", "task": "label", "seed": 0}
        (home / "run.json").write_text(json.dumps(run))
    return {"data": root / "clips.csv", "model": root / "models"}


def config(folds: dict[str, Path], **changes: object) -> StudyConfig:
    given = {"model": str(folds["model"]), "data": str(folds["data"]), "methods": ["gradient"]}
    return read_config({**given, "regions": {"tune": None}, **changes})


def heard(folds: dict[str, Path], **changes: object) -> dict[str, list[str]]:
    subject = open_subject(config(folds, **changes))
    ids = subject.dataset.column("id")
    return {Path(part.model).name: [ids[number] for number in part.numbers] for part in subject.parts}


def test_each_clip_is_heard_by_the_model_that_did_not_learn_from_it(folds: dict[str, Path]) -> None:
    rows = list(csv.DictReader(folds["data"].open()))
    found = heard(folds)
    for fold in "abc":
        assert found[f"fold-{fold}"] == [row["path"] for row in rows if row["fold"] == fold]


def test_so_many_of_each_class_are_counted_over_all_folds(folds: dict[str, Path]) -> None:
    found = heard(folds, clips={"per_class": 3})
    taken = [id for ids in found.values() for id in ids]
    assert len(taken) == len(set(taken)) == 6
    whole = heard(folds)
    assert all(set(ids) <= set(whole[fold]) for fold, ids in found.items())
    words = [("seven", "nine")[int(Path(id).stem) % 2] for id in taken]
    assert words.count("seven") == words.count("nine") == 3


def test_a_limit_is_shared_by_the_folds(folds: dict[str, Path]) -> None:
    found = heard(folds, clips={"limit": 5})
    assert {fold: len(ids) for fold, ids in found.items()} == {"fold-a": 2, "fold-b": 2, "fold-c": 1}


def test_only_clips_of_wanted_values_are_left(folds: dict[str, Path]) -> None:
    found = heard(folds, clips={"where": {"label": "nine"}})
    assert [int(Path(id).stem) % 2 for ids in found.values() for id in ids] == [1] * 9
