"""GTZAN: 1,000 excerpts of music in ten genres, half a minute each, cut into slices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from auricle.clip import duration
from auricle.datasets.dataset import About, Dataset, table_of
from auricle.datasets.source import Source
from auricle.datasets.splits import Split, by_column
from auricle.errors import AuricleError

GENRES = ("pop", "metal", "disco", "blues", "reggae", "classical", "rock", "hiphop", "country", "jazz")
"""In the order of DRSA-audio's networks, not by the alphabet."""

LEFT_OUT = {"jazz.00054": "its file is damaged in most copies of the data set"}
"""Tracks that are never opened, and why."""

LEFT_OUT_BY_DRSA = ("blues.00032", "hiphop.00036", "hiphop.00038")
"""Tracks that DRSA-audio skipped beside; they are in no fold here."""

SLICE_SECONDS = 3.0

SHORTEST_SLICE = 0.9
"""A last slice counts if the track fills this share of it: some tracks end a tenth of a second before 30 s."""

FILTERED = {"train": "train_filtered.txt", "validate": "valid_filtered.txt", "test": "test_filtered.txt"}
"""Lists of the tracks without faults, no artist in two of them (Kereliuk, Sturm, Larsen 2015)."""

ABOUT = About(
    title="GTZAN Genre Collection",
    licence="none stated; made for research, the music belongs to its owners",
    homepage="http://marsyas.info/downloads/datasets.html",
    citation="Tzanetakis, Cook: Musical Genre Classification of Audio Signals, IEEE Transactions on Speech and Audio "
    "Processing 10(5), 2002",
)


def open_gtzan(folder: Path, *, seconds: float = SLICE_SECONDS) -> Dataset:
    """The tracks of ``folder/genres_original`` (or ``genres``), cut into slices of ``seconds``; a row is a slice.

    The column ``fold`` is there if DRSA-audio's lists ``5folds/fold_1.txt`` … (or ``10folds``) are, and ``filtered``
    if the fault-filtered lists are. Slices of a track share its ``track``, the group.
    """
    if seconds <= 0:
        raise AuricleError(f"slices of {seconds:g} s cannot be cut; give a length above 0, for example {SLICE_SECONDS}")
    music = next((folder / each for each in ("genres_original", "genres") if (folder / each).is_dir()), folder)
    files = {path.stem: path for path in sorted(music.glob("*/*")) if path.suffix in (".wav", ".au")}
    if not files:
        raise AuricleError(f"{folder} holds no tracks of GTZAN; give the folder that holds genres_original/blues/*.wav")
    wrong = [path for name, path in files.items() if path.parent.name not in GENRES or _number(name) is None]
    if wrong:
        raise AuricleError(f"{wrong[0]} is not named as GTZAN names tracks, GENRE/GENRE.00000.wav; take it out")
    folds, filtered = _folds(folder), _filtered(folder)
    rows = []
    for name, path in files.items():
        if name in LEFT_OUT:
            continue
        relative, length = path.relative_to(folder).as_posix(), duration(path)
        extra: dict[str, Any] = {"fold": folds.get(name)} if folds else {}
        extra |= {"filtered": filtered.get(name)} if filtered else {}
        for slice_number in range(int(length / seconds + 1 - SHORTEST_SLICE)):
            start = slice_number * seconds
            rows.append({
                "id": f"{relative}@{start:g}s", "path": relative, "start": start,
                "seconds": min(seconds, length - start), "genre": path.parent.name, "track": name,
                "number": _number(name), "slice": slice_number, **extra,
            })  # fmt: skip
    if not rows:
        raise AuricleError(f"no track of {folder} is {seconds:g} s long; ask for shorter slices")
    schemes = {"tracks-75-5-20": tracks_75_5_20}
    if filtered:
        schemes["fault-filtered"] = fault_filtered
    return Dataset(
        name="gtzan",
        table=table_of(rows),
        root=folder,
        classes={"genre": GENRES},
        group="track",
        schemes=schemes,
        about=ABOUT,
        notes=tuple(f"{name} is left out: {reason}" for name, reason in LEFT_OUT.items() if name in files),
    )


def tracks_75_5_20(dataset: Dataset) -> list[Split]:
    """AudibleXAI's split: of each genre tracks 0 to 74 train, 75 to 79 validate, 80 to 99 test."""
    number = np.array(dataset.column("number"))
    return [
        Split(
            name="tracks 75-5-20",
            train=np.flatnonzero(number < 75),
            validate=np.flatnonzero((number >= 75) & (number < 80)),
            test=np.flatnonzero(number >= 80),
        )
    ]


def fault_filtered(dataset: Dataset) -> list[Split]:
    """The published split without repeated and distorted tracks, and with no artist in two parts."""
    return by_column(dataset, "filtered", [("fault-filtered", {"train"}, {"validate"}, {"test"})])


def _folds(folder: Path) -> dict[str, int]:
    """The fold of each track, from DRSA-audio's lists where they are."""
    lists = sorted((folder / "5folds").glob("fold_*.txt")) or sorted((folder / "10folds").glob("fold_*.txt"))
    found: dict[str, int] = {}
    for path in lists:
        number = path.stem.removeprefix("fold_")
        if not number.isdigit():
            raise AuricleError(f"{path} is not named fold_NUMBER.txt; rename it or take it out")
        for name in _listed(path):
            if found.setdefault(name, int(number)) != int(number):
                raise AuricleError(f"{name} is in fold {found[name]} and in fold {number} of {path.parent}; correct it")
    return {name: fold for name, fold in found.items() if name not in LEFT_OUT_BY_DRSA}


def _filtered(folder: Path) -> dict[str, str]:
    """The part of each track by the fault-filtered lists, where all three are there."""
    paths = {part: folder / name for part, name in FILTERED.items()}
    if not all(path.is_file() for path in paths.values()):
        return {}
    return {name: part for part, path in paths.items() for name in _listed(path)}


def _listed(path: Path) -> list[str]:
    """Names of tracks in a list, one a line: ``blues/blues.00029.wav``, or its number from 1 to 1000 as published.

    Numbers count through the genres by the alphabet.
    """
    names = []
    for line in path.read_text(encoding="utf-8").splitlines():
        entry = line.strip()
        if entry.isdigit() and 1 <= int(entry) <= 1000:
            genre, number = divmod(int(entry) - 1, 100)
            names.append(f"{sorted(GENRES)[genre]}.{number:05d}")
        elif entry:
            name = Path(entry).stem
            if _number(name) is None:
                raise AuricleError(
                    f'{path} lists "{entry}", which is no track of GTZAN; one like blues/blues.00029.wav'
                )
            names.append(name)
    return names


def _number(name: str) -> int | None:
    """The number of a track within its genre: 29 of ``blues.00029``."""
    genre, _, number = name.partition(".")
    return int(number) if genre in GENRES and number.isdigit() else None


SOURCE = Source(
    name="gtzan",
    about=ABOUT,
    layout="genres_original/{genre}/{genre}.{track}.wav, perhaps {5,10}folds/fold_{n}.txt, train_filtered.txt …",
    open=open_gtzan,
    by_hand="the original address is gone; get a copy with the folder genres_original (mirrors are on Kaggle and "
    "Hugging Face; the original genres.tar.gz has the MD5 5b3d6dddb579ab49814ab86dba69e7c7, as mirdata and torchaudio "
    "have it), and give its folder as gtzan:FOLDER",
)
