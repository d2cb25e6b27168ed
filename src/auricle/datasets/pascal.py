"""PASCAL heart sound challenge: set A from a telephone app, set B from a digital stethoscope, with S1 and S2 times."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

from auricle.datasets.dataset import About, Dataset, Row, table_of
from auricle.datasets.source import Source
from auricle.errors import AuricleError

SOUNDS = ("normal", "murmur", "extrahls", "artifact", "extrastole")
"""The classes of both sets; set A has no extrasystoles, set B has neither extra heart sounds nor artifacts."""
TIMING_RATE = 44_100
"""The times of set A are sample numbers at this rate in hertz, whatever the rate of the files at hand."""

NOTES = ("set A does not say who was recorded; its recordings of one day are kept together",)

ABOUT = About(
    title="PASCAL Classifying Heart Sounds Challenge",
    licence="public challenge data without a named licence; its authors ask to be cited",
    homepage="http://www.peterjbentley.com/heartchallenge/",
    citation="Bentley, Nordehn, Coimbra, Mannor: The PASCAL Classifying Heart Sounds Challenge 2011 (CHSC2011), 2011",
)


def open_pascal(folder: Path, *, unlabelled: bool = False) -> Dataset:
    """The labelled recordings of ``folder``, which holds set_a.csv, set_b.csv and the folders set_a and set_b.

    Give the folder of one set (``…/set_b``) for that set alone. Tasks: ``sound`` (the classes that the sets have) and
    ``condition`` (normal, abnormal; an artifact is no heart and has none, so filter it out for this task). ``subject``
    keeps the recordings of one person together, see `_subject`. With ``unlabelled``, the challenge's test recordings
    come too, with the labels null.
    """
    root, sets = folder, [each for each in "ab" if (folder / f"set_{each}.csv").is_file()]
    if not sets and folder.name in ("set_a", "set_b") and (folder.parent / f"{folder.name}.csv").is_file():
        root, sets = folder.parent, [folder.name[-1]]
    if not sets:
        raise AuricleError(
            f"{folder} holds neither set_a.csv nor set_b.csv; give the folder that holds them and the folders of the "
            "sounds, or one of these folders"
        )
    rows = [row for each in sets for row in _rows(root, each) if unlabelled or row["sound"] is not None]
    if not rows:
        raise AuricleError(f"{folder} has no labelled recordings; check that set_a.csv or set_b.csv is whole")
    present = {row["sound"] for row in rows}
    return Dataset(
        name="pascal" if len(sets) == 2 else f"pascal-{sets[0]}",
        table=table_of(rows),
        root=root,
        classes={"sound": tuple(each for each in SOUNDS if each in present), "condition": ("normal", "abnormal")},
        group="subject",
        about=ABOUT,
        notes=NOTES if "a" in sets else (),
    )


def times(dataset: Dataset, row: Row) -> list[tuple[float, str]]:
    """When the heart sounds of a row are, as (seconds, ``"S1"`` or ``"S2"``), in order; empty where nobody marked them.

    21 of set A's normal recordings are marked. Sample numbers are counted from 0 at `TIMING_RATE`. As published, the
    eighth S2 of normal__201105011626 stands after the S1 that follows it.
    """
    file = dataset.root / "set_a_timing.csv"
    if row["set"] != "a" or not file.is_file():
        return []
    wanted = Path(row["path"]).stem
    return sorted(
        (int(line["location"]) / TIMING_RATE, line["sound"])
        for line in _lines(file, ("fname", "sound", "location"))
        if Path(line["fname"]).stem == wanted
    )


def _rows(root: Path, which: str) -> Iterator[dict[str, str | bool | None]]:
    file, sounds = root / f"set_{which}.csv", root / f"set_{which}"
    files = {path.stem: path for path in sorted(sounds.glob("*")) if path.suffix.lower() in (".wav", ".flac")}
    missing = []
    for line in _lines(file, ("fname", "label")):
        stem, label, sublabel = Path(line["fname"]).stem, line["label"], line.get("sublabel") or ""
        rest = re.sub(r"^\D*", "", stem)
        path = next((files[each] for each in _names(stem, which, label, sublabel, rest) if each in files), None)
        if path is None:
            missing.append(line["fname"])
            continue
        relative = path.relative_to(root).as_posix()
        yield {
            "id": relative,
            "path": relative,
            "set": which,
            "sound": label or None,
            "condition": None if label in ("", "artifact") else "normal" if label == "normal" else "abnormal",
            "noisy": sublabel.startswith("noisy"),
            "subject": _subject(which, rest),
        }
    if missing:
        raise AuricleError(
            f"{len(missing)} of the recordings that {file} lists are not in {sounds}, {missing[0]} among them; "
            "copy the sounds there as WAV or FLAC"
        )


def _names(stem: str, which: str, label: str, sublabel: str, rest: str) -> Iterator[str]:
    """What a recording's file may be called: the tables name most of set B, and unlabelled ones, in another way."""
    yield stem
    yield f"{label}_{sublabel}_{rest}" if label else f"{which.upper()}unlabelledtest__{rest}"


def _subject(which: str, rest: str) -> str:
    """Who may be recorded. Set B's files begin with the subject's number.

    Set A's carry only the minute in which a recording was sent; those of one day stay together, as they may be of one
    person.
    """
    return f"b{rest.split('_')[0]}" if which == "b" else f"a{rest[:8]}"


def _lines(file: Path, needed: tuple[str, ...]) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8-sig") as opened:
        reader = csv.DictReader(opened)
        missing = [each for each in needed if each not in (reader.fieldnames or [])]
        if missing:
            raise AuricleError(f"{file} has no column {', '.join(missing)}; download the challenge's table again")
        return list(reader)


SOURCE = Source(
    name="pascal",
    about=ABOUT,
    layout="set_a.csv, set_b.csv, set_a_timing.csv, set_a/*.wav, set_b/*.wav",
    open=open_pascal,
    by_hand=(
        "download the sounds and tables of both sets from the homepage, unpack them into one folder as set_a/, set_b/, "
        "set_a.csv, set_b.csv, set_a_timing.csv, and give it as pascal:FOLDER"
    ),
)
