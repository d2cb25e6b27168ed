"""``auricle models`` and ``auricle models inspect``."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from auricle.cli.commands import app


def told(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["models", *arguments])
    assert result.exit_code == 0, result.output
    return result.output


def test_without_a_model_the_bundled_ones_are_listed() -> None:
    assert "digits:" in told()
    assert "digits" in [each["name"] for each in json.loads(told("--json"))]


def test_inspect_tells_what_a_model_is_and_what_explains_it() -> None:
    text = told("inspect", "digits")
    assert "8000 Hz" in text
    assert "10: zero, one, two" in text
    assert "lrp                applies; its relevance adds up" in text
    assert "features.14" in text
    found = json.loads(told("inspect", "digits", "--json"))
    assert next(each for each in found["methods"] if each["name"] == "lrp")["applies"] is True
    assert next(each for each in found["layers"] if each["name"] == "features.14")["channels"] == 160


def test_what_is_no_model_is_told_in_a_sentence() -> None:
    result = CliRunner().invoke(app, ["models", "inspect", "nowhere"])
    assert result.exit_code != 0
    assert "nowhere" in (result.output + str(result.exception))
