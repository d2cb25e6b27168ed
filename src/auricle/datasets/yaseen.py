"""Yaseen heart sounds: 1,000 short recordings of five conditions of the valves."""

from __future__ import annotations

import re
from pathlib import Path

from auricle.datasets.dataset import About, Dataset, table_of
from auricle.datasets.source import Source
from auricle.errors import AuricleError

CONDITIONS = ("N", "MVP", "MS", "MR", "AS")
"""Normal, mitral valve prolapse, mitral stenosis, mitral regurgitation, aortic stenosis."""

ABOUT = About(
    title="Yaseen heart sounds (five classes, 1,000 recordings)",
    licence="none is stated; published for research with the article, so cite it and ask before other uses",
    homepage="https://github.com/yaseen21khan/Classification-of-Heart-Sound-Signal-Using-Multiple-Features-",
    citation=(
        "Yaseen, Son, Kwon: Classification of Heart Sound Signal Using Multiple Features, Applied Sciences 8(12), 2018"
    ),
)

# The folders of the published archives have a suffix, as AS_New_3주기.
_FOLDER = re.compile(rf"({'|'.join(CONDITIONS)})(_.*)?")
_SOUNDS = (".wav", ".flac")


def open_yaseen(folder: Path) -> Dataset:
    """The recordings of ``folder``, which holds one folder for each condition: N, MVP, MS, MR and AS.

    Tasks: ``condition`` (the five), ``abnormal`` (normal, abnormal). Nobody published who was recorded, so several
    recordings of one patient may be in training and in testing: accuracies on new patients are lower than measured.
    """
    rows = []
    for place in sorted(folder.iterdir() if folder.is_dir() else []):
        named = _FOLDER.fullmatch(place.name)
        if named is None or not place.is_dir():
            continue
        for path in sorted(place.iterdir()):
            if path.suffix.lower() in _SOUNDS and not path.name.startswith("."):
                relative = path.relative_to(folder).as_posix()
                abnormal = "normal" if named[1] == "N" else "abnormal"
                rows.append({"id": relative, "path": relative, "condition": named[1], "abnormal": abnormal})
    missing = [each for each in CONDITIONS if each not in {row["condition"] for row in rows}]
    if missing:
        raise AuricleError(
            f"{folder} has no recordings of {', '.join(missing)}; give the folder that holds the folders "
            f"{', '.join(CONDITIONS)} with WAV or FLAC files"
        )
    return Dataset(
        name="yaseen",
        table=table_of(rows),
        root=folder,
        classes={"condition": CONDITIONS, "abnormal": ("normal", "abnormal")},
        about=ABOUT,
        notes=("nobody published who was recorded, so training and testing may share patients",),
    )


SOURCE = Source(
    name="yaseen",
    about=ABOUT,
    layout="{N,MVP,MS,MR,AS}/New_{condition}_{number}.wav",
    open=open_yaseen,
    by_hand=(
        "download the five archives (N, MVP, MS, MR, AS) from the homepage, unpack them side by side in one folder, "
        "and give it as yaseen:FOLDER"
    ),
)
