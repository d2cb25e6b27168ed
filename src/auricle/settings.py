"""Classes whose fields are settings: wrong ones are told in a sentence, all of them can be listed."""

from __future__ import annotations

import dataclasses
from abc import ABCMeta
from typing import Any

from pydantic import ConfigDict, ValidationError
from pydantic.fields import FieldInfo

from auricle.errors import AuricleError

settings = ConfigDict(extra="forbid", arbitrary_types_allowed=True)
"""For pydantic dataclasses: an unknown setting is an error."""


class Readable(ABCMeta):
    """Wrong settings are told in a sentence, in Python as on the command line."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().__call__(*args, **kwargs)
        except ValidationError as error:
            raise _sentence(cls, error) from error


def _sentence(kind: type, error: ValidationError) -> AuricleError:
    first = error.errors()[0]
    reason = first.get("ctx", {}).get("error")
    if isinstance(reason, AuricleError):
        return reason
    # Settings given by their place are numbered.
    names = [each.name for each in dataclasses.fields(kind)]
    place = first["loc"][0] if first["loc"] else ""
    key = names[place] if isinstance(place, int) and place < len(names) else place
    given, said = first["input"], first["msg"][:1].lower() + first["msg"][1:]
    shown = given if isinstance(given, str) else repr(given)
    known = f"; its settings are {', '.join(names)}" if first["type"] == "unexpected_keyword_argument" else ""
    called = getattr(kind, "name", kind.__name__.removesuffix("Settings"))
    return AuricleError(f"{called} cannot use {key}={shown}: {said}{known}")


def described(kind: type) -> list[dict[str, Any]]:
    """The settings of a class: name, default and meaning of each, as plain values."""
    return [_described(each) for each in dataclasses.fields(kind)]


def _described(field: dataclasses.Field[Any]) -> dict[str, Any]:
    info = field.default
    if not isinstance(info, FieldInfo):
        return {"name": field.name, "default": info, "meaning": ""}
    default = info.get_default(call_default_factory=True, validated_data={})
    return {"name": field.name, "default": default, "meaning": info.description or ""}
