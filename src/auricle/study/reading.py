"""Reading a study's config: YAML, JSON with comments, plain values, or AudibleXAI's own run configuration."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Lt
from pydantic import BaseModel, ValidationError

from auricle.errors import AuricleError
from auricle.settings_files import keys, laid_over, part_of, read_settings, reason
from auricle.study.audiblexai import Translation, is_audiblexai, translate
from auricle.study.config import StudyConfig


@dataclass(frozen=True)
class Read:
    """A config, and what was said of it where it was AudibleXAI's."""

    config: StudyConfig
    translation: Translation | None = None


def read_config(given: str | Path | Mapping[str, Any], *, changes: Mapping[str, Any] | None = None) -> StudyConfig:
    """The config of a file or of plain values; ``changes`` by dotted key, as ``{"clips.limit": 5}``, go over it.

    Raises `AuricleError` for an unknown key, naming the nearest, and for a value that cannot be.

    >>> read_config({"model": "digits", "data": "fsdd", "methods": ["lrp"]}, changes={"clips.limit": 5}).clips.limit
    5
    """
    return read_study(given, changes=changes).config


def read_study(given: str | Path | Mapping[str, Any], *, changes: Mapping[str, Any] | None = None) -> Read:
    """As `read_config`, with what became of each key where the config is AudibleXAI's ``run_configuration.json``."""
    if isinstance(given, Mapping):
        settings, what, folder = dict(given), "the config", Path()
    else:
        path = Path(given)
        settings, what, folder = read_settings(path, "a study's config"), str(path), path.parent
    translation = None
    if is_audiblexai(settings):
        translation = translate(settings, folder=folder, what=what)
        settings = translation.settings
    settings = laid_over(settings, changes, "a study")
    if translation is not None:
        translation.check(settings)
    try:
        return Read(StudyConfig.model_validate(settings), translation)
    except ValidationError as error:
        raise AuricleError(f"{what} {reason(error, StudyConfig)}") from error


def as_yaml(config: StudyConfig) -> str:
    """The config in full, as YAML that reads back the same."""
    import yaml

    plain = config.model_dump(mode="json")
    return yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=120, default_flow_style=None)


@dataclass(frozen=True)
class Key:
    """One key of the config: its dotted name, what it takes, its default as YAML ("" if it must be given), meaning."""

    key: str
    type: str
    default: str
    meaning: str


def describe_config() -> list[Key]:
    """Every key of the config, groups before their parts.

    >>> described = {each.key: each for each in describe_config()}
    >>> described["clips.limit"].type, described["clips.limit"].default
    ('whole number from 1, or null', 'null')
    """
    found = []
    for name, field in keys(StudyConfig):
        group = part_of(field)
        if group is not None:
            optional = type(None) in get_args(field.annotation)
            default = "null" if optional and field.default is None else ""
            told = Key(name, "keys, or null" if optional else "keys", default, field.description or "")
        else:
            default = "" if field.is_required() else _yaml(field.get_default(call_default_factory=True))
            told = Key(name, _type(field.annotation, field.metadata), default, field.description or "")
        found.append(told)
    return found


def _yaml(value: Any) -> str:
    """A default as it is written on one line of YAML."""
    import yaml

    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json")
    return yaml.safe_dump(value, default_flow_style=True, width=10_000).removesuffix("\n...\n").strip()


_NAMES = {str: "text", int: "whole number", float: "number", bool: "true or false", Any: "any value"}


def _type(kind: Any, metadata: list[Any] | None = None) -> str:
    """What a key takes, in words."""
    bounds = "".join(_bound(each) for each in metadata or [])
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _type(inner[0], [mark for each in inner[1:] for mark in (getattr(each, "metadata", None) or [each])])
    if origin is Literal:
        return " | ".join(str(each) for each in inner)
    if origin in (Union, types.UnionType):
        told = [_type(each) for each in inner if each is not type(None)]
        return " or ".join(told) + bounds + (", or null" if type(None) in inner else "")
    if origin is list:
        return f"list of {_type(inner[0])}"
    if origin is dict:
        return "keys with values"
    return _NAMES.get(kind, str(kind)) + bounds


def _bound(mark: Any) -> str:
    if isinstance(mark, Ge):
        return f" from {mark.ge:g}"
    if isinstance(mark, Gt):
        return f" above {mark.gt:g}"
    return f" below {mark.lt:g}" if isinstance(mark, Lt) else ""
