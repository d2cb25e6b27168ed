"""Your own recordings in a folder of class folders: what lies in a folder is of that class."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

from auricle.datasets.dataset import About, Dataset, table_of
from auricle.datasets.source import Source
from auricle.errors import AuricleError

SOUNDS = frozenset(
    ".wav .flac .ogg .oga .opus .mp3 .aif .aiff .aifc .au .snd .caf .w64 .rf64 .wve .voc .sph .nist".split()
)
"""Endings of files that libsndfile reads; files with other endings are counted and left out."""


def open_folder(folder: Path) -> Dataset:
    """The sound files of ``folder``'s sub-folders, each of which is a class; deeper folders belong to their class.

    The task is ``label``, its classes in the order of their names (numbers in their order). Hidden files and folders
    are passed over; files that are no sound or in no class folder are left out and counted in `Dataset.notes`. Raises
    `AuricleError` where there is no class folder with sound.
    """
    if not folder.is_dir():
        raise AuricleError(f"{folder} is no folder; give the folder that holds one folder for each class")
    rows, left_out = _look_through(folder)
    if not rows:
        loose = sum(path.suffix.lower() in SOUNDS for path in folder.iterdir() if not path.name.startswith("."))
        found = f"{loose} sound files lie in it without a class folder" if loose else "no class folder holds sound"
        raise AuricleError(
            f"{folder} is no folder of class folders: {found}; move the recordings of each class into a folder "
            f"with its name, as {folder}/dog/1.wav"
        )
    return Dataset(
        name=folder.resolve().name,
        table=table_of(rows),
        root=folder,
        classes={"label": in_order({row["label"] for row in rows})},
        about=SOURCE.about,
        notes=tuple(f"files left out because they are {what}: {count}" for what, count in left_out.items()),
    )


def in_order(labels: set[str]) -> tuple[str, ...]:
    """Classes sorted by name, numbers in their order.

    >>> in_order({"10", "9", "b", "a"})
    ('9', '10', 'a', 'b')
    """
    return tuple(sorted(labels, key=lambda each: (int(each), "") if each.isdecimal() else (2**63, each)))


def _look_through(folder: Path) -> tuple[list[dict[str, str]], Counter[str]]:
    rows, left_out = [], Counter[str]()
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        within = Path(place).relative_to(folder)
        for name in sorted(each for each in files if not each.startswith(".")):
            if Path(name).suffix.lower() not in SOUNDS:
                left_out["no sound"] += 1
            elif not within.parts:
                left_out["in no class folder"] += 1
            else:
                relative = (within / name).as_posix()
                rows.append({"id": relative, "path": relative, "label": within.parts[0]})
    return rows, left_out


SOURCE = Source(
    name="folder",
    about=About(
        title="Your recordings, in a folder of class folders",
        licence="as you have agreed with those recorded",
        homepage="",
        citation="",
    ),
    layout="{label}/**/*.{wav,flac,ogg,mp3,…}",
    open=open_folder,
    by_hand="give your own folder, which holds one folder of sound files for each class",
)
