"""Methods by the names that a person writes: built in, or learnt and kept in a folder."""

from __future__ import annotations

from typing import Any

from auricle.errors import AuricleError, nearest
from auricle.methods import METHODS, PRESETS, Method, build


def method_named(name: str, **settings: Any) -> Method:
    """``lrp`` or any other built-in method or preset; ``KIND:FOLDER`` is an interpreter that was trained.

    >>> method_named("ig", steps="32").settings()["steps"]
    32
    """
    if name in METHODS or name in PRESETS:
        return build(name, **settings)
    kind, _, folder = name.partition(":")
    from auricle.interpreters.methods import LEARNT

    if kind not in LEARNT:
        raise AuricleError(f'no method is called "{name}"; {nearest(kind, [*LEARNT, *METHODS, *PRESETS])}')
    if not folder:
        raise AuricleError(f'"{name}" names no folder; write {kind}:FOLDER, the folder of auricle interpreter train')
    return LEARNT[kind](folder=folder, **settings)
