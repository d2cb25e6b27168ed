"""One kind of error, one clear sentence: what was given, what is wrong, what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class AuricleError(ValueError):
    """Input that auricle cannot use; its message is meant for a person and is shown without a traceback."""


def told(error: Exception) -> str:
    """An error in one line: the sentence of an `AuricleError`, of any other its kind and first line.

    >>> told(AuricleError("too short; give more")), told(KeyError("x"))
    ('too short; give more', "KeyError: 'x'")
    """
    lines = str(error).strip().splitlines() or [""]
    return lines[0] if isinstance(error, AuricleError) else f"{type(error).__name__}: {lines[0]}".removesuffix(": ")


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint that names the closest known word, or lists what there is.

    >>> nearest("lpr", ["lrp", "gradient"])
    'did you mean "lrp"?'
    >>> nearest("xyz", ["lrp", "gradient"])
    'known: gradient, lrp'
    """
    known = sorted(known)
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f'did you mean "{close[0]}"?' if close else f"known: {', '.join(known)}"
