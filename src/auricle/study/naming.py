"""Names of clips and methods that are safe in file names and unique."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any


def clip_key(id: str) -> str:
    """A file name for a clip: readable, and unique because it ends with a hash of the whole id.

    >>> clip_key("56/7_56_3.wav")
    '56-7_56_3.wav-4223e9c5'
    """
    readable = re.sub(r"[^\w.\-]+", "-", id).strip("-.")[:80]
    return f"{readable}-{hashlib.sha256(id.encode()).hexdigest()[:8]}"


def digest(*parts: Any) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of values, as JSON: the same values, the same digest.

    >>> digest("predict", {"seed": 0}) == digest("predict", {"seed": 0})
    True
    """
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
