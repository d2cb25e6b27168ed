"""Clips far longer than the others: what they cost is told before the work begins, and what is too long is left out."""

from __future__ import annotations

import statistics

from auricle.clip import duration
from auricle.datasets import Dataset
from auricle.datasets.dataset import Row
from auricle.errors import AuricleError
from auricle.length import Length
from auricle.study.config import StudyConfig
from auricle.study.subject import Subject

REMARKABLE = 60.0
"""Seconds up to which a clip is nothing special, whatever the others are."""
TIMES = 10
"""How many times the work of the usual clip (the median) is worth a sentence."""
REMEDY = "cut it into parts in the table of clips (columns start and seconds)"


def seconds_of(dataset: Dataset, row: Row) -> float | None:
    """How long a clip is, from its file's header; None where only reading it would tell."""
    if row.get("seconds") is not None:
        return float(row["seconds"])
    if dataset.sound_of is not None:
        return None
    try:
        return duration(dataset.root / row["path"])
    except AuricleError:  # told when it is read
        return None


def is_too_long(seconds: float | None, longest: float | None) -> bool:
    """Whether a study leaves a clip out for its length (``clips.longest``)."""
    return longest is not None and seconds is not None and seconds > longest


def refuse_too_long(id: str, seconds: float | None, longest: float | None) -> None:
    """Raises `AuricleError` for a clip that is too long, with what to do."""
    if seconds is not None and longest is not None and is_too_long(seconds, longest):
        raise AuricleError(
            f"{id} is {length_text(seconds)} long and clips.longest is {length_text(longest)}; {REMEDY}, or raise "
            "clips.longest"
        )


def work_of(config: StudyConfig, subject: Subject) -> dict[int, int]:
    """By its number, about how many windows of each clip the network hears; too long clips are none.

    Of a network that hears clips of any length a window is a second. A clip whose length only reading would tell counts
    for one.
    """
    found = {}
    for part in subject.parts:
        for number in part.numbers:
            seconds = seconds_of(subject.dataset, subject.dataset.row(int(number)))
            too_long = is_too_long(seconds, config.clips.longest)
            found[int(number)] = 0 if too_long else 1 if seconds is None else _windows(seconds, part.length)
    return found


def long_clips(config: StudyConfig, subject: Subject) -> list[str]:
    """Sentences about clips that are left out for their length, and about those that cost far more than the others."""
    longest = config.clips.longest
    work = work_of(config, subject)
    told = []
    left_out = [number for number, windows in work.items() if not windows]
    if left_out and longest is not None:
        many = "is" if len(left_out) == 1 else f"and {len(left_out) - 1} more are"
        told.append(
            f"{_heard(subject, left_out[0])} {many} longer than clips.longest ({length_text(longest)}) and left out; "
            f"{REMEDY}, or raise clips.longest"
        )
    costliest = max(work, key=lambda number: work[number])
    usual = statistics.median(windows for windows in work.values() if windows) if work[costliest] else 0
    seconds = seconds_of(subject.dataset, subject.dataset.row(costliest)) or 0.0
    if seconds > REMARKABLE and work[costliest] > TIMES * usual:
        share = work[costliest] / sum(work.values())
        told.append(
            f"{_heard(subject, costliest)} makes about {100 * share:.0f} % of the work; {REMEDY}, or leave it out with "
            "a smaller clips.longest"
        )
    return told


def remarkable_seconds(config: StudyConfig, subject: Subject) -> float:
    """Seconds from which on a clip takes far more work than the usual one, at most ``clips.longest``."""
    rows = (subject.dataset.row(int(number)) for part in subject.parts for number in part.numbers)
    known = [seconds for seconds in (seconds_of(subject.dataset, row) for row in rows) if seconds is not None]
    limit = max(REMARKABLE, TIMES * statistics.median(known)) if known else REMARKABLE
    return limit if config.clips.longest is None else min(limit, config.clips.longest)


def length_text(seconds: float) -> str:
    """A length as people say it.

    >>> length_text(3600), length_text(90), length_text(7.25)
    ('60 min', '90 s', '7.25 s')
    """
    return f"{seconds / 60:.3g} min" if seconds > 100 else f"{seconds:.3g} s"


def _windows(seconds: float, length: Length) -> int:
    return length.count(seconds) if length.seconds is not None else max(round(seconds), 1)


def _heard(subject: Subject, number: int) -> str:
    """A clip with its length, and how much of it is heard at a time."""
    row = subject.dataset.row(number)
    seconds = seconds_of(subject.dataset, row) or 0.0
    length = next(part.length for part in subject.parts if number in part.numbers)
    windows = length.count(seconds)
    beside = f", {windows:,} windows of {length.seconds:g} s" if windows > 1 else ""
    return f"{row['id']} ({length_text(seconds)}{beside})"
