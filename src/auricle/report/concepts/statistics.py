"""What is known of a concept over the clips of its class, in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from auricle.report.figures import unbroken

if TYPE_CHECKING:
    from auricle.concepts.gallery.statistics import Statistics
    from auricle.metrics.bootstrap import Interval


def hertz(value: float) -> str:
    """A frequency in two digits, or three of kilohertz.

    >>> hertz(87.4), hertz(1521.1), hertz(432.0)
    ('87 Hz', '1.52 kHz', '430 Hz')
    """
    return f"{value / 1000:.3g} kHz" if value >= 1000 else f"{float(f'{value:.2g}'):.0f} Hz"


def share(value: float) -> str:
    """A share in per cent, with a true minus.

    >>> share(0.318), share(-0.05)
    ('32 %', '−5 %')
    """
    return f"{100 * value:.0f} %".replace("-", "−")


def plain(value: float) -> str:
    """A number in three digits, with a true minus."""
    return f"{value:.3g}".replace("-", "−")


def ranged(interval: Interval, text: Callable[[float], str]) -> str:
    """A mean with its 95 % interval.

    >>> from auricle.metrics.bootstrap import Interval
    >>> ranged(Interval(0.3, 0.25, 0.36, 40), share)
    '30 % (25 to 36 %)'
    """
    mean = text(interval.mean)
    if interval.low is None or interval.high is None:
        return mean
    low, high = text(interval.low), text(interval.high)
    number, _, unit = low.rpartition(" ")
    same = bool(unit) and high.endswith(f" {unit}")
    return f"{mean} ({number if same else low} to {high})"


ROWS: tuple[tuple[str, str, Callable[[float], str], str], ...] = (
    ("class_share", "share of the class's relevance", share, ""),
    ("leads", "the most important one in", share, " of the clips"),
    ("centroid_hz", "where it lies, on average", hertz, ""),
    ("bandwidth_hz", "how broad, to either side", hertz, ""),
    ("onsets_per_second", "onsets", plain, " a second"),
    ("active_share", "how much of the time it is there", share, ""),
    ("relevance", "relevance at the layer", plain, ""),
    ("removed", "the logit falls without it by", plain, ""),
)


def told(statistics: Statistics) -> list[tuple[str, str]]:
    """Name and value with its interval; what was never found is left out."""
    found = []
    for name, title, text, unit in ROWS:
        interval = statistics.get(name)
        if interval is not None:
            found.append((title, ranged(interval, text) + unit))
    return found


def sentence(statistics: Statistics, label: str) -> str:
    """A concept in a sentence or two."""
    means: dict[str, Any] = {name: None if each is None else each.mean for name, each in statistics.items()}
    whole = means.get("class_share") or 0.0
    if whole < 0:
        text = f"Speaks against {label}: {share(whole)} of its relevance."
    else:
        leads = means.get("leads") or 0.0
        where = f"{share(leads)} of the clips" if leads > 0 else "none of the clips"
        text = f"Carries {share(whole)} of the relevance for {label}; the most important of its concepts in {where}."
    if means.get("centroid_hz") is not None:
        text += f" Heard around {hertz(means['centroid_hz'])}, spread over ± {hertz(means['bandwidth_hz'])}"
        text += f", with {plain(means['onsets_per_second'])} onsets a second."
    return unbroken(text)
