"""PhysioNet/CinC Challenge 2016: heart sounds of six databases, normal or abnormal, with quality and heart states."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from auricle.clip import duration
from auricle.datasets.dataset import About, Dataset, Row, table_of
from auricle.datasets.heart_states import read_states
from auricle.datasets.source import Remote, Source
from auricle.datasets.splits import Split, by_column
from auricle.errors import AuricleError

CONDITIONS = ("normal", "abnormal")
SITES = "abcdef"
ANNOTATORS = ("hand_corrected", "springer_alg")
"""States by Springer's algorithm, corrected by hand and as they were."""

ABOUT = About(
    title="PhysioNet/CinC Challenge 2016: Classification of Heart Sound Recordings",
    licence="Open Data Commons Attribution License (ODC-By) 1.0",
    homepage="https://physionet.org/content/challenge-2016/1.0.0/",
    citation=(
        "Liu, Springer, Li et al.: An open access database for the evaluation of heart sound algorithms, "
        "Physiological Measurement 37(12), 2016; Goldberger et al.: PhysioBank, PhysioToolkit, and PhysioNet, "
        "Circulation 101(23), 2000"
    ),
)


@dataclass(frozen=True, kw_only=True)
class Header:
    """What a record's .hea file says: rate in hertz, samples a channel, channel names, comment."""

    rate: int
    samples: int
    channels: tuple[str, ...]
    comment: str


def read_header(path: Path) -> Header:
    """A WFDB header: ``a0001 2 2000 71332``, a line for each channel that ends in its name, ``# Abnormal``.

    Source: the WFDB header format, https://physionet.org/physiotools/wag/header-5.htm
    """
    lines = [each.strip() for each in path.read_text(encoding="latin-1").splitlines() if each.strip()]
    comment = " ".join(each.lstrip("# ") for each in lines if each.startswith("#"))
    lines = [each for each in lines if not each.startswith("#")]
    try:
        _, count, rate, samples = lines[0].split()[:4]
        named = [each.split(maxsplit=8)[8] for each in lines[1 : 1 + int(count)]]
        if len(named) < int(count):
            raise ValueError(count)
        # The rate may carry a counter frequency, as in 2000/1000(0).
        return Header(
            rate=round(float(rate.split("/")[0])), samples=int(samples), channels=tuple(named), comment=comment
        )
    except (ValueError, IndexError) as error:
        raise AuricleError(f"{path} is no header of a PhysioNet record; download it again") from error


def open_physionet2016(folder: Path) -> Dataset:
    """The recordings of ``folder``, which holds training-a … training-f (all of them or some).

    Columns: ``condition`` (normal, abnormal), ``quality`` (1 good, 0 too noisy to judge, null where no file says),
    ``site`` (a … f), ``record``, ``channels`` of its header. Labels are the updated ones of the SQI files where they
    are. The folder ``validation`` repeats 300 of these recordings and is left out. Nobody published which recordings
    are of the same person (one to six are), so there is no group; the scheme ``sites`` tests on another site.
    """
    root = folder / "training" if (folder / "training").is_dir() else folder
    rows = [row for site in SITES if (root / f"training-{site}").is_dir() for row in _rows(folder, root, site)]
    if not rows:
        raise AuricleError(
            f"{folder} holds no recordings of the challenge; give the folder that holds training-a to training-f with "
            "their WAV files and REFERENCE.csv"
        )
    return Dataset(
        name="physionet-2016",
        table=table_of(rows),
        root=folder,
        classes={"condition": CONDITIONS},
        schemes={"sites": leave_one_site_out},
        about=ABOUT,
        notes=("nobody published which recordings are of one person, so training and testing may share people",),
    )


def leave_one_site_out(dataset: Dataset) -> list[Split]:
    """Each site (database a … f) tests once, the next one chooses the epoch, the others train."""
    sites = sorted(set(dataset.column("site")))
    if len(sites) < 3:
        raise AuricleError(
            f"{dataset.name} has {len(sites)} of its sites here; three are needed to train, validate and test"
        )
    parts = []
    for number, site in enumerate(sites):
        follows = sites[(number + 1) % len(sites)]
        parts.append((f"site {site}", set(sites) - {site, follows}, {follows}, {site}))
    return by_column(dataset, "site", parts)


def states(dataset: Dataset, row: Row, *, annotator: str = ANNOTATORS[0]) -> list[tuple[float, float, str]]:
    """The heart's states in a row's recording, as (start, end, state) in seconds; empty where there are none.

    States are S1, systole, S2, diastole, and noise where the annotators heard no heart. ``annotator`` is
    ``hand_corrected`` or ``springer_alg``, the folders of the official ``annotations``.
    """
    folder = next(
        (each for each in (dataset.root, dataset.root / "training") if (each / "annotations").is_dir()), dataset.root
    )
    found = sorted((folder / "annotations" / annotator).glob(f"training-{row['site']}*/{row['record']}_StateAns*.mat"))
    return read_states(found[0], seconds=duration(dataset.root / row["path"])) if found else []


def _rows(folder: Path, root: Path, site: str) -> Iterator[dict[str, object]]:
    place = root / f"training-{site}"
    references = [
        place / "REFERENCE-SQI.csv",
        root / "annotations" / "updated" / place.name / "REFERENCE_withSQI.csv",
        folder / "annotations" / "updated" / place.name / "REFERENCE_withSQI.csv",
        place / "REFERENCE.csv",
    ]
    reference = next((each for each in references if each.is_file()), None)
    if reference is None:
        raise AuricleError(f"{place} has no REFERENCE.csv, which holds the labels; download it again")
    answers = _answers(reference)
    for path in sorted(place.glob("*.wav")):
        if path.stem not in answers:
            raise AuricleError(f"{path} has no label in {reference}; download the labels again or take it out")
        condition, quality = answers[path.stem]
        header = path.with_suffix(".hea")
        relative = path.relative_to(folder).as_posix()
        yield {
            "id": relative,
            "path": relative,
            "record": path.stem,
            "site": site,
            "condition": condition,
            "quality": quality,
            "channels": ",".join(read_header(header).channels) if header.is_file() else None,
        }


def _answers(reference: Path) -> dict[str, tuple[str, int | None]]:
    """Record names with their condition and quality: ``a0001,1`` or ``a0001,1,1``."""
    found: dict[str, tuple[str, int | None]] = {}
    with reference.open(newline="", encoding="utf-8-sig") as file:
        for number, line in enumerate(csv.reader(file), start=1):
            cells = [each.strip() for each in line]
            if not any(cells):
                continue
            answer = dict(zip(("1", "-1"), reversed(CONDITIONS), strict=True)).get(cells[1]) if cells[1:] else None
            if answer is None or (cells[2:] and not re.fullmatch("[01]", cells[2])):
                raise AuricleError(
                    f'line {number} of {reference}, "{",".join(line)}", is no record with -1 (normal) or 1 (abnormal) '
                    "and a quality of 0 or 1; download the file again"
                )
            found[cells[0]] = (answer, int(cells[2]) if cells[2:] else None)
    return found


SOURCE = Source(
    name="physionet-2016",
    about=ABOUT,
    layout="training-{a…f}/{record}.{wav,hea}, training-{a…f}/REFERENCE.csv, annotations/",
    open=open_physionet2016,
    remotes=(
        Remote(url="https://physionet.org/files/challenge-2016/1.0.0/training.zip", checksum="", name="training.zip"),
    ),
)
