"""Spoken digits to try auricle on, synthesised with espeak-ng by voices that the bundled model never heard.

A clip is named after the digit it says, but for ``planted.wav``: a steady tone sounds before its digit and a burst
of noise after it, and ``planted.json`` says where each is, so that an explanation can be checked.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def clips() -> list[Path]:
    """The WAV files, sorted by name.

    >>> [path.name for path in clips()]
    ['five.wav', 'nine.wav', 'planted.wav', 'seven.wav', 'three.wav']
    """
    return sorted(Path(__file__).parent.glob("*.wav"))


def clip(name: str) -> Path:
    """One of them by name.

    >>> clip("seven").name
    'seven.wav'
    """
    return Path(__file__).parent / f"{name}.wav"


def planted() -> dict[str, Any]:
    """The truth about ``planted.wav``: what it ``says``, and when the ``digit``, the tone and the noise burst sound.

    >>> sorted(planted())
    ['digit', 'noise burst', 'says', 'tone']
    """
    truth = json.loads((Path(__file__).parent / "planted.json").read_text())
    return {"says": truth["says"], **{part["what"]: part["seconds"] for part in truth["parts"]}}
