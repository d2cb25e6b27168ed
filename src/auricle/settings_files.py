"""Settings in files: YAML, or JSON with comments, checked by a pydantic schema that answers in sentences."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator
from pydantic.fields import FieldInfo

from auricle.errors import AuricleError, nearest

_TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|//[^\n]*|/\*.*?\*/', re.DOTALL)
_COMMA = re.compile(r'"(?:\\.|[^"\\])*"|,(?=\s*[\]}])')
LONGEST = 80
"""Letters of a wrong value that an error repeats."""


class Part(BaseModel):
    """A group of settings: unchangeable, no unknown key, no infinite number, no ``true`` where a number belongs."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _is_no_switch(cls, value: Any, info: ValidationInfo) -> Any:
        kind = cls.model_fields[str(info.field_name)].annotation
        if isinstance(value, bool) and {int, float} & {kind, *get_args(kind)}:
            raise ValueError("a number is wanted, not true or false")
        return value


def group(schema: type[Part], meaning: str | None = None) -> Any:
    """A key with keys of its own that all have defaults, so that it may be left out."""
    return Field(default_factory=lambda: schema.model_validate({}), description=meaning)


def read_settings(path: Path, what: str) -> dict[str, Any]:
    """The keys and values of a file: JSON where its name or its first brace says so, YAML otherwise.

    ``what`` is what the file should be, as "a recipe". Raises `AuricleError` for a file that cannot be read, and for
    a key that is given twice.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise AuricleError(f"{path} does not exist; give the file of {what}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise AuricleError(f"{path} cannot be read as text ({error}); give the file of {what}") from error
    braced = path.suffix not in (".yaml", ".yml") and without_comments(text).lstrip().startswith("{")
    found = _json(text, path) if braced or path.suffix.startswith(".json") else _yaml(text, path)
    if not isinstance(found, dict):
        raise AuricleError(f"{path} is not {what}; it must be keys with values")
    return found


def without_comments(text: str) -> str:
    """JSON without its comments and trailing commas, every other letter in its place.

    >>> without_comments('{"url": "http://a", // where' + chr(10) + ' "n": [1, 2,], /* last */ }').split()
    ['{"url":', '"http://a",', '"n":', '[1,', '2', ']', '}']
    """
    bare = _TOKEN.sub(lambda each: each[0] if each[0][0] == '"' else re.sub(r"[^\n]", " ", each[0]), text)
    return _COMMA.sub(lambda each: each[0] if each[0][0] == '"' else " ", bare)


def laid_over(settings: Mapping[str, Any], changes: Mapping[str, Any] | None, what: str) -> dict[str, Any]:
    """Settings with ``changes`` by dotted key; the given ones stay as they are.

    >>> laid_over({"training": {"epochs": 9, "batch": 8}}, {"training.epochs": 5}, "a recipe")
    {'training': {'epochs': 5, 'batch': 8}}
    """
    changed = copy.deepcopy(dict(settings))
    for key, value in (changes or {}).items():
        *parts, last = key.split(".")
        place = changed
        for part in parts:
            if place.get(part) is None:
                place[part] = {}
            place = place[part]
            if not isinstance(place, dict):
                raise AuricleError(f'"{key}" is no setting of {what}, because {part} has no parts')
        place[last] = copy.deepcopy(value)
    return changed


def reason(error: ValidationError, schema: type[BaseModel]) -> str:
    """The first thing wrong, as the end of a sentence; an unknown key comes before all others and names the nearest."""
    errors = error.errors()
    first = next((each for each in errors if each["type"] == "extra_forbidden"), errors[0])
    place = [str(each) for each in first["loc"]]
    where = ".".join(place)
    if first["type"] == "extra_forbidden":
        return f'has an unknown key "{where}"; {_hint(place, schema)}'
    if first["type"] == "missing":
        return f'lacks the key "{where}"; add it'
    inner = first.get("ctx", {}).get("error")
    said = str(inner) if isinstance(inner, ValueError) else first["msg"][:1].lower() + first["msg"][1:]
    if first["type"] in ("model_type", "dict_type"):
        said = "keys with values are wanted"
    if isinstance(inner, AuricleError):
        return f"cannot use {where}: {said}" if where else f"cannot be used: {said}"
    given = repr(first["input"])
    return f"cannot use {where}={given if len(given) <= LONGEST else given[:LONGEST] + '…'}: {said}"


def keys(schema: type[BaseModel], before: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Every key of a schema with its field, dotted, each group before its parts."""
    for name, field in schema.model_fields.items():
        yield before + name, field
        if (inner := part_of(field)) is not None:
            yield from keys(inner, f"{before}{name}.")


def part_of(field: FieldInfo) -> type[BaseModel] | None:
    """The schema of a key that has keys of its own."""
    kinds = [field.annotation, *get_args(field.annotation)]
    return next((each for each in kinds if isinstance(each, type) and issubclass(each, BaseModel)), None)


def _hint(place: list[str], schema: type[BaseModel]) -> str:
    """The place of a key that belongs elsewhere, or the nearest of those that belong here."""
    elsewhere = [key for key, _ in keys(schema) if key.split(".")[-1] == place[-1]]
    if elsewhere:
        return f'did you mean "{elsewhere[0]}"?'
    known: type[BaseModel] = schema
    for part in place[:-1]:
        known = (part in known.model_fields and part_of(known.model_fields[part])) or known
    return nearest(place[-1], known.model_fields)


def _json(text: str, path: Path) -> Any:
    try:
        return json.loads(without_comments(text), object_pairs_hook=lambda pairs: _once(pairs, path))
    except json.JSONDecodeError as error:
        raise AuricleError(f"{path} is not readable JSON ({error}); correct it") from error


def _yaml(text: str, path: Path) -> Any:
    import yaml

    class Loader(yaml.SafeLoader):
        """The safe loader, which says that a key is given twice instead of forgetting the first."""

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
            given = [each.value for each, _ in node.value if each.tag == "tag:yaml.org,2002:str"]
            _once([(each, None) for each in given], path)
            return dict(super().construct_mapping(node, deep=deep))

    try:
        return yaml.load(text, Loader)  # safe: a SafeLoader
    except yaml.YAMLError as error:
        raise AuricleError(f"{path} is not readable YAML ({' '.join(str(error).split())}); correct it") from error


def _once(pairs: list[tuple[str, Any]], path: Path) -> dict[str, Any]:
    seen: dict[str, Any] = {}
    for key, value in pairs:
        if key in seen:
            raise AuricleError(f'{path} gives the key "{key}" twice in one place; give it once')
        seen[key] = value
    return seen
