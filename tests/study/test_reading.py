"""Configs as files: YAML, JSON with comments, and the commented example, which holds every default."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from auricle.datasets import SOURCES
from auricle.errors import AuricleError
from auricle.models import load_classifier
from auricle.settings_files import keys, part_of, without_comments
from auricle.study.config import Optimising, StudyConfig
from auricle.study.example import example
from auricle.study.reading import read_config

JSON = """{
  // what is explained
  "model": "digits", /* bundled,
  with ten classes */ "data": "http://where//it/is", // "data": "no"
  "methods": ["lrp", {"name": "ig", "steps": 8,},],
  "clips": {"where": {"note": "a // b, ] and /* c */"}, "limit": 5,},
}
"""
YAML = """
model: digits     # bundled
data: fsdd
methods: [lrp, {name: ig, steps: 8}]
targets: [predicted, true]
clips: {fold: 0, limit: 5}
"""


def test_json_may_have_comments_and_trailing_commas(tmp_path: Path) -> None:
    for name in ("study.json", "study.conf"):
        (tmp_path / name).write_text(JSON)
        config = read_config(tmp_path / name)
        assert config.data == "http://where//it/is"
        assert config.clips.where == {"note": "a // b, ] and /* c */"}
        assert config.clips.limit == 5
        assert list(config.method_plan()) == ["lrp", "ig"]


def test_places_in_json_stay_where_they_were() -> None:
    assert len(without_comments(JSON)) == len(JSON)
    assert without_comments(JSON).count("\n") == JSON.count("\n")


def test_yaml_says_the_same(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(YAML)
    config = read_config(tmp_path / "study.yaml", changes={"clips.limit": 7, "regions.tune.clips": 9})
    assert (config.clips.fold, config.clips.limit) == ("0", 7)
    assert config.targets == ["predicted", "true"]  # YAML reads true as a switch
    assert config.regions.tune is not None
    assert config.regions.tune.clips == 9


def test_changes_leave_what_was_given_as_it_was() -> None:
    given: dict[str, Any] = {"model": "digits", "data": "fsdd", "methods": ["lrp"], "clips": {"limit": 3}}
    assert read_config(given, changes={"clips.limit": 5}).clips.limit == 5
    assert given["clips"] == {"limit": 3}


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.yaml", "model: digits\nmodel: heart\n", 'gives the key "model" twice in one place'),
        ("a.json", '{"model": "digits", "model": "heart"}', 'gives the key "model" twice in one place'),
        ("a.yaml", "model: [", "is not readable YAML"),
        ("a.json", '{"model": }', "is not readable JSON (Expecting value: line 1 column 11"),
        ("a.yaml", "- lrp", "is not a study's config; it must be keys with values"),
        ("a.yaml", "", "is not a study's config"),
        ("a.yaml", "data: fsdd\nmethods: [lrp]", 'lacks the key "model"; add it'),
        ("a.yaml", "model: digits\nmetods: [lrp]", 'has an unknown key "metods"; did you mean "methods"?'),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_the_reason(tmp_path: Path, name: str, text: str, said: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(AuricleError) as caught:
        read_config(tmp_path / name)
    assert str(caught.value).startswith(str(tmp_path / name))
    assert said in str(caught.value)


def test_a_missing_file_is_said() -> None:
    with pytest.raises(AuricleError, match="does not exist; give the file of a study's config"):
        read_config("nowhere/study.yaml")


def test_the_example_has_every_key_with_its_default_and_something_that_is_there() -> None:
    written = yaml.safe_load(example())
    given = {key: written[key] for key in ("model", "data", "methods")} | {"clips": {"split": "official"}}
    config = read_config(written)
    assert config == read_config(given)
    absent = [key for key, field in keys(StudyConfig) if not _has(written, key) and part_of(field) is None]
    assert absent == ["regions.optimise.penalties", "regions.optimise.by"]  # that section is commented out
    lines = [line.removeprefix("  #") for line in example().splitlines() if line.startswith("  #   ")]
    assert Optimising.model_validate(yaml.safe_load("\n".join(lines))) == Optimising()
    load_classifier(config.model)
    assert config.data in SOURCES


def _has(written: Any, key: str) -> bool:
    for part in key.split("."):
        if not isinstance(written, dict) or part not in written:
            return False
        written = written[part]
    return True
