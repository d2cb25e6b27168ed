"""Figures and settings written for a person."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

import numpy as np


def number(value: object, digits: int = 3) -> str:
    """A figure for a person: three significant digits, a true minus, a dash for nothing.

    >>> number(0.97321), number(-12345.0), number(None), number(3), number(0.00001234)
    ('0.973', '−12,345', '–', '3', '1.23 × 10⁻⁵')
    """
    if value is None or (isinstance(value, float | np.floating) and not math.isfinite(value)):
        return "–"
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        return str(value)
    size = abs(float(value))
    if isinstance(value, int | np.integer) or size >= 1000:
        text = f"{value:,.0f}"
    elif size == 0:
        text = "0"
    elif size < 0.001:
        mantissa, power = f"{value:.{digits - 1}e}".split("e")
        text = f"{mantissa} × 10{str(int(power)).translate(str.maketrans('-0123456789', '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'))}"
    else:
        text = f"{value:.{max(digits - 1 - math.floor(math.log10(size)), 0)}f}" if size >= 1 else f"{value:.{digits}f}"
    return text.replace("-", "−")


def setting(value: object) -> str:
    """A setting for reading.

    >>> setting(0.25), setting(None), setting(True), setting(["a", 1e-6])
    ('0.25', 'none', 'yes', 'a, 1e-06')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or value in ((), [], {}, ""):
        return "none"
    if isinstance(value, list | tuple):
        return ", ".join(setting(each) for each in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {setting(each)}" for key, each in value.items())
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def unbroken(text: str) -> str:
    """Figures stay with their units.

    >>> unbroken("0.26–0.35 s of 9 %") == "0.26–0.35\\u00a0s of 9\\u00a0%"
    True
    """
    return re.sub(r"(?<=\d) (?=(?:%|s|Hz|kHz)(?!\w))", "\u00a0", text)


def percent(value: float) -> str:
    """A probability as per cent.

    >>> percent(0.9731), percent(0.0004)
    ('97.3 %', '< 0.1 %')
    """
    return "< 0.1 %" if 0 < value < 0.001 else f"{100 * value:.1f} %"
