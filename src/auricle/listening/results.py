"""What listeners send back, checked against the key of their test."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auricle.errors import AuricleError


@dataclass(frozen=True)
class Key:
    """What the ids of a test stand for.

    clips: the clip of each item. names: ``names[item][id]`` is a condition's name. kinds: of each name, ``reference``,
    ``method``, ``random`` or ``anchor``, in the order in which the test was made. settings: how it was made.
    """

    test: str
    clips: dict[str, str]
    names: dict[str, dict[str, str]]
    kinds: dict[str, str]
    settings: dict[str, Any]

    @property
    def conditions(self) -> list[str]:
        """Names in the order in which the test was made: the reference, the methods, the controls."""
        return list(self.kinds)

    @property
    def methods(self) -> list[str]:
        return [name for name, kind in self.kinds.items() if kind == "method"]


@dataclass(frozen=True)
class Rating:
    """One sound's: 0 to 100, how often it was switched to, for how many seconds it was heard."""

    rating: float
    plays: int
    seconds: float


@dataclass(frozen=True)
class Result:
    """All of one listener: ``ratings[item][condition's name]``."""

    listener: str
    ratings: dict[str, dict[str, Rating]]


def read_key(folder: Path) -> Key:
    """The key of a test from its folder."""
    path = folder / "key.json"
    found = _json(path, "give the folder of 'auricle listening-test make'")
    try:
        items = found["items"]
        kinds = {each["name"]: each["kind"] for item in items for each in item["conditions"]}
        names = {item["id"]: {each["id"]: each["name"] for each in item["conditions"]} for item in items}
        return Key(found["test"], {item["id"]: item["clip"] for item in items}, names, kinds, found["settings"])
    except (KeyError, TypeError) as error:
        raise AuricleError(f"{path} is not the key of a listening test; make the test again") from error


def read_result(path: Path, key: Key) -> Result:
    """One listener's ratings.

    Raises `AuricleError` for another test's file, ratings that are missing, unknown or out of 0 to 100.
    """
    found = _json(path, "give a file that a listener downloaded")
    try:
        test, listener, rows = found["test"], str(found["listener"]), list(found["ratings"])
        given = {(row["item"], row["condition"]): row for row in rows}
    except (KeyError, TypeError) as error:
        raise AuricleError(f"{path} holds no ratings of a test; give a file that a listener downloaded") from error
    if test != key.test:
        raise AuricleError(f"{path} is of the test {test}, not of {key.test}; give the folder of its own test")
    wanted = {(item, identity): name for item, names in key.names.items() for identity, name in names.items()}
    for place in given:
        if place not in wanted:
            raise AuricleError(f"{path} rates a sound that the test does not have ({place[1]}); ask for the file again")
    missing = [place for place in wanted if place not in given or given[place].get("rating") is None]
    if missing:
        raise AuricleError(
            f"{path} lacks {len(missing)} of {len(wanted)} ratings, the first of {key.clips[missing[0][0]]}; "
            "ask the listener to finish the test"
        )
    ratings: dict[str, dict[str, Rating]] = {item: {} for item in key.names}
    for place, name in wanted.items():
        ratings[place[0]][name] = _rating(given[place], path)
    return Result(listener, ratings)


def read_results(paths: list[Path], key: Key) -> tuple[list[Result], list[str]]:
    """All results that count, and a sentence for each file that does not; one listener counts once."""
    results: dict[str, Result] = {}
    left_out: list[str] = []
    for path in paths:
        try:
            found = read_result(path, key)
        except AuricleError as error:
            left_out.append(str(error))
            continue
        if found.listener in results:
            left_out.append(f"{path} is by {found.listener}, of whom ratings were read already; give one file of each")
            continue
        results[found.listener] = found
    return list(results.values()), left_out


def _rating(row: dict[str, Any], path: Path) -> Rating:
    value = row["rating"]
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:
        raise AuricleError(f"{path} has a rating of {value!r}, and ratings are 0 to 100; ask for the file again")
    try:
        return Rating(float(value), int(row.get("plays", 0)), float(row.get("seconds", 0.0)))
    except (TypeError, ValueError) as error:
        raise AuricleError(f"{path} has plays or seconds that are no numbers; ask for the file again") from error


def _json(path: Path, remedy: str) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise AuricleError(f"{path} cannot be read ({error.strerror or error}); {remedy}") from error
    except ValueError as error:
        raise AuricleError(f"{path} is not JSON; {remedy}") from error
    if not isinstance(found, dict):
        raise AuricleError(f"{path} is not of a listening test; {remedy}")
    return found
