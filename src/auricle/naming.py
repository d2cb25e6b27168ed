"""Methods by the names that a person writes: built in, or learnt and kept in a folder."""

from __future__ import annotations

import re
from pathlib import Path
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


def short_name(name: str) -> str:
    """A method's name that can be part of a file's: of one that was learnt, its kind and the last part of its folder.

    >>> short_name("lmac:runs/my masks"), short_name("grad-cam")
    ('lmac-my-masks', 'grad-cam')
    """
    kind, colon, folder = name.partition(":")
    if not colon:
        return name
    own = re.sub(r"[^\w.\-]+", "-", Path(folder).resolve().name).strip("-.")
    return f"{kind}-{own}" if own else kind
