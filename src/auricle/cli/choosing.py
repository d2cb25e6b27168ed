"""Methods from their names, ``--set`` and the shortcuts ``--components`` and ``--baseline``."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any

from auricle.errors import AuricleError, nearest
from auricle.methods import METHODS, PRESETS, Method
from auricle.naming import method_named


def settings_of(texts: Sequence[str]) -> dict[str, Any]:
    """``key=value`` texts as settings; those that look like JSON are read as such, and so is None.

    >>> settings_of(["steps=32", 'rules={"head": "zero"}', "baseline=noise", "size=None"])
    {'steps': 32, 'rules': {'head': 'zero'}, 'baseline': 'noise', 'size': None}
    """
    settings: dict[str, Any] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise AuricleError(f'"{text}" is not a setting; write KEY=VALUE, for example steps=32')
        try:
            settings[key] = json.loads(value)
        except ValueError:
            settings[key] = None if value == "None" else value
    return settings


def method_of(name: str, settings: Sequence[str], shortcuts: Mapping[str, str | None]) -> Method:
    """One method with its settings; ``shortcuts`` are flags of the same name as a setting."""
    chosen = settings_of(settings)
    for key, value in shortcuts.items():
        if value is None:
            continue
        if not has(name, key):
            raise AuricleError(f"{name} has no {key}; --{key} is for {_who_has(key)}")
        if key in chosen:
            raise AuricleError(f"{key} was given twice, as --{key} and with --set; give it once")
        chosen[key] = value
    return method_named(name, **chosen)


def methods_of(
    names: str, settings: Sequence[str], shortcuts: Mapping[str, str | None] | None = None
) -> dict[str, Method]:
    """Methods by the names of ``lrp,ig``, with settings like ``lrp.composite=epsilon``; a shortcut goes to all that
    have it, but ``components`` not to presets.

    >>> found = methods_of("gradient,deep-taylor", ["deep-taylor.input_rule=w-square"])
    >>> [method.describe() for method in found.values()]
    ['gradient (absolute=False)', 'deep-taylor (input_rule=w-square, baseline=silence)']
    """
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    if not wanted:
        raise AuricleError('no methods were given; write for example --methods "lrp,ig"')
    if len(set(wanted)) < len(wanted):
        raise AuricleError(f"{names} names a method twice; give each once")
    own: dict[str, dict[str, Any]] = {name: {} for name in wanted}
    for key, value in settings_of(settings).items():
        method = next((name for name in sorted(own, key=len, reverse=True) if key.startswith(f"{name}.")), None)
        if method is None:
            raise AuricleError(f'"{key}" does not name one of the methods compared; {nearest(key.split(".")[0], own)}')
        setting = key.removeprefix(f"{method}.")
        own[method][setting] = value
    for key, value in (shortcuts or {}).items():
        if value is None:
            continue
        # What a preset is called is what its paper took apart.
        takers = [name for name in wanted if has(name, key) and not (key == "components" and name in PRESETS)]
        if not takers:
            raise AuricleError(f"none of {names} has {key}; --{key} is for {_who_has(key)}")
        for name in takers:
            own[name].setdefault(key, value)  # what was set for one method alone stays
    return {name: method_named(name, **chosen) for name, chosen in own.items()}


def has(name: str, setting: str) -> bool:
    """Whether a method, or the method behind a preset, has a setting; an unknown name is `build`'s to tell."""
    return setting in {each.name for each in dataclasses.fields(method_named(name))}  # type: ignore[arg-type]


def _who_has(setting: str) -> str:
    return ", ".join(name for name in METHODS if has(name, setting)) or "no method"
