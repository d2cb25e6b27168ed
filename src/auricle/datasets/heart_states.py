"""State annotations of heart sounds: which of S1, systole, S2 and diastole the heart is in, from MATLAB files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from auricle.errors import AuricleError

STATE_RATE = 2000
"""Starts of states are sample numbers at this rate, counted from 1 as MATLAB does."""
NOISE = "noise"

_STATES = {"s1": "S1", "systole": "systole", "s2": "S2", "diastole": "diastole", "(n": NOISE}
_NOISE_ENDS = "n)"


def read_states(path: Path, *, seconds: float) -> list[tuple[float, float, str]]:
    """The states of a file of PhysioNet 2016 as (start, end, state) in seconds; the last lasts to the end, ``seconds``.

    The file holds one cell array, ``state_ans`` or ``state_ans0``, of rows of a start and the name of a state; ``(N``
    and ``N)`` enclose noise, in which no heart was heard. A name that is none of these stays as it is written.
    """
    rows = _cells(path)
    found = []
    for number, (start, name) in enumerate(rows):
        end = rows[number + 1][0] if number + 1 < len(rows) else seconds
        if name.lower() != _NOISE_ENDS and end > start:
            found.append((start, end, _STATES.get(name.lower(), name)))
    return found


def _cells(path: Path) -> list[tuple[float, str]]:
    from scipy.io import loadmat

    try:
        variables = loadmat(path)
        name = next(each for each in variables if each.startswith("state_ans"))
        return [((float(_inner(start)) - 1) / STATE_RATE, str(_inner(state))) for start, state in variables[name]]
    except Exception as error:  # a damaged file raises errors of many kinds in scipy
        raise AuricleError(f"{path} is no table of heart states that can be read; download it again") from error


def _inner(cell: Any) -> Any:
    """What stands in cells within cells."""
    while isinstance(cell, np.ndarray):
        cell = cell.ravel()[0]
    return cell
