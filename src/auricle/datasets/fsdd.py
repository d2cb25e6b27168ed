"""The Free Spoken Digit Dataset: English digits by six speakers, 50 takes each."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from auricle.datasets.dataset import About, Dataset, table_of
from auricle.datasets.source import Remote, Source
from auricle.datasets.splits import Split
from auricle.errors import AuricleError

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
TEST_TAKES = range(5)
"""Reserved for testing: 5 takes × 6 speakers × 10 digits = 300 recordings."""

ABOUT = About(
    title="Free Spoken Digit Dataset (FSDD)",
    licence="CC BY-SA 4.0",
    homepage="https://github.com/Jakobovski/free-spoken-digit-dataset",
    citation="Jackson, Souza, Flaks, Pan, Nicolas, Thite: Jakobovski/free-spoken-digit-dataset v1.0.8, 2018",
)


def open_fsdd(folder: Path) -> Dataset:
    """The recordings of ``folder`` (the repository, or its folder ``recordings``)."""
    recordings = folder / "recordings" if (folder / "recordings").is_dir() else folder
    rows = []
    for path in sorted(recordings.glob("*.wav")):
        parts = path.stem.split("_")
        if len(parts) != 3 or not (parts[0] in "0123456789" and len(parts[0]) == 1 and parts[2].isdigit()):
            raise AuricleError(f"{path} is not named as FSDD names recordings, DIGIT_SPEAKER_TAKE.wav; take it out")
        digit, speaker, take = parts
        relative = path.relative_to(folder).as_posix()
        rows.append({
            "id": relative, "path": relative, "digit": DIGITS[int(digit)], "speaker": speaker, "take": int(take),
        })  # fmt: skip
    if not rows:
        raise AuricleError(f"{folder} holds no recordings of FSDD; give the folder that holds recordings/*.wav")
    return Dataset(
        name="fsdd",
        table=table_of(rows),
        root=folder,
        classes={"digit": DIGITS},
        group="speaker",
        schemes={"official": official},
        about=ABOUT,
    )


def official(dataset: Dataset) -> list[Split]:
    """The split of the data set's authors: takes 0 to 4 of every speaker test, 5 to 9 validate, the others train.

    All speakers are in all parts: it measures new takes of known voices, and says so by ``shared``.
    """
    take = np.array(dataset.column("take"))
    first = len(TEST_TAKES)
    return [
        Split(
            name="official",
            train=np.flatnonzero(take >= 2 * first),
            validate=np.flatnonzero((take >= first) & (take < 2 * first)),
            test=np.flatnonzero(take < first),
            shared=True,
            known_groups=True,
        )
    ]


SOURCE = Source(
    name="fsdd",
    about=ABOUT,
    layout="recordings/{digit}_{speaker}_{take}.wav",
    open=open_fsdd,
    remotes=(
        Remote(
            url="https://github.com/Jakobovski/free-spoken-digit-dataset/archive/refs/tags/v1.0.10.tar.gz",
            checksum="",
            name="fsdd.tar.gz",
        ),
    ),
)
