"""The page of a checked data set, and its files: findings first, then how long and at which rate its clips are."""

from __future__ import annotations

import csv
import io
import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from auricle.files import write_whole
from auricle.report.page import render

if TYPE_CHECKING:
    from auricle.datasets.checking import Checked

FILES = ("index.html", "check.csv", "findings.csv")
BINS = 24
SHOWN = 300
"""So many clips are listed on the page, those with findings first; all are in ``check.csv``."""


@dataclass(frozen=True)
class Bar:
    """One bar of a histogram: what it counts, how many, and its height as a share of the highest."""

    name: str
    count: int
    share: float


def dataset_page(checked: Checked) -> str:
    """Findings, histograms and a table of clips as an HTML page that needs nothing else, not even the network."""
    heard = [each for each in checked.facts if each.rate is not None]
    return render(
        "dataset.html.j2",
        name=checked.dataset.name,
        title=checked.dataset.about.title if checked.dataset.about else "",
        headline=_headline(checked),
        findings=checked.findings,
        facts=_overview(checked),
        lengths=_histogram([float(each.seconds or 0) for each in heard], "s"),
        levels=_histogram([max(float(each.rms_db or 0), -100.0) for each in heard], "dB"),
        rates=_tally(f"{each.rate:,} Hz" for each in heard),
        channels=_tally("mono" if each.channels == 1 else f"{each.channels} channels" for each in heard),
        labels={task: _labels(checked, task) for task in checked.dataset.classes},
        rows=_rows(checked),
        left_out=max(len(checked.facts) - SHOWN, 0),
    )


def write_check(folder: Path, checked: Checked) -> Path:
    """Write ``index.html``, ``check.csv`` (a row a clip) and ``findings.csv``; returns the page."""
    names = checked.table.column_names
    _csv(folder / "check.csv", names, ([getattr(each, name) for name in names] for each in checked.facts))
    told = ([each.severity, each.kind, each.sentence, " ".join(each.ids)] for each in checked.findings)
    _csv(folder / "findings.csv", ["severity", "kind", "sentence", "ids"], told)
    return write_whole(folder / "index.html", dataset_page(checked))


def _csv(path: Path, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(["" if value is None else value for value in row] for row in rows)
    write_whole(path, text.getvalue())


def _headline(checked: Checked) -> str:
    errors, warnings = len(checked.errors), sum(each.severity == "warning" for each in checked.findings)
    if not errors and not warnings:
        return "nothing wrong was found"
    parts = [(errors, "error"), (warnings, "warning")]
    return " and ".join(f"{count} {what}{'' if count == 1 else 's'}" for count, what in parts if count)


def _overview(checked: Checked) -> list[tuple[str, str]]:
    heard = [each for each in checked.facts if each.rate is not None]
    seconds = sum(float(each.seconds or 0) for each in heard)
    dataset = checked.dataset
    told = [
        ("clips", f"{len(checked.facts):,}, of which {len(heard):,} can be heard"),
        ("together", f"{seconds / 3600:.2f} h" if seconds >= 3600 else f"{seconds / 60:.1f} min"),
    ]
    for task, classes in dataset.classes.items():
        told.append((task, f"{len(classes)} labels"))
    if dataset.group is not None:
        told.append((dataset.group, f"{len(set(dataset.column(dataset.group)))} different"))
    return told


def _histogram(values: Sequence[float], unit: str) -> list[Bar]:
    """Up to `BINS` bars of equal width; a single one where all values are the same."""
    if not values:
        return []
    low, high = min(values), max(values)
    if high - low < 1e-6 * max(abs(high), 1.0):
        return [Bar(f"{low:.3g} {unit}", len(values), 1.0)]
    counts, edges = np.histogram(values, bins=BINS, range=(low, high))
    names = [f"{a:.3g} to {b:.3g} {unit}".replace("-", "−") for a, b in itertools.pairwise(edges)]
    return [Bar(name, int(count), count / counts.max()) for name, count in zip(names, counts, strict=True)]


def _tally(names: Iterable[str]) -> list[Bar]:
    counts = Counter(names).most_common()
    return [Bar(name, count, count / counts[0][1]) for name, count in counts]


def _labels(checked: Checked, task: str) -> list[Bar]:
    """How many readable clips each label has, in the order of the classes."""
    values = checked.dataset.column(task)
    counts: Counter[str] = Counter()
    for fact, value in zip(checked.facts, values, strict=True):
        if fact.rate is not None:
            counts.update(value if isinstance(value, list) else [value])
    most = max(counts.values(), default=1)
    return [Bar(each, counts[each], counts[each] / most) for each in checked.dataset.classes[task]]


def _rows(checked: Checked) -> list[dict[str, Any]]:
    kinds: dict[str, list[str]] = {}
    for finding in checked.findings:
        # A finding about a whole speaker or rate says nothing about the single clip.
        if finding.kind not in ("group in several parts", "rates", "numbers of channels"):
            for identity in finding.ids:
                kinds.setdefault(identity, []).append(finding.kind)
    order = sorted(range(len(checked.facts)), key=lambda number: checked.facts[number].id not in kinds)
    chosen = [checked.facts[number] for number in order[:SHOWN]]
    return [{"fact": each, "kinds": list(dict.fromkeys(kinds.get(each.id, ())))} for each in chosen]
