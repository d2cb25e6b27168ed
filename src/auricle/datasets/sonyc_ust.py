"""SONYC-UST v2: ten-second recordings of New York's streets, tagged by volunteers, some verified by experts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from auricle.datasets.csv_file import read_csv
from auricle.datasets.dataset import About, Dataset, table_of
from auricle.datasets.source import Remote, Source
from auricle.datasets.splits import Split, by_column
from auricle.errors import AuricleError, nearest

if TYPE_CHECKING:
    import pyarrow as pa

Rule = Literal["any", "majority", "verified"]
RULES: tuple[Rule, ...] = get_args(Rule)

ANNOTATIONS = ("annotations.csv", "annotations_with_test.csv")
COLUMNS = ("split", "sensor_id", "audio_filename", "annotator_id")
PLACE_AND_TIME = ("year", "week", "day", "hour", "borough", "block", "latitude", "longitude")

COARSE = re.compile(r"(\d+)_(.+)_presence")
FINE = re.compile(r"(\d+-\d+)_(.+)_presence")
UNCERTAIN = re.compile(r"(\d+)-X_(.+)_presence")
"""The coarse class was heard, but which of its fine ones could not be told."""

VERIFIED = 0
"""The annotator of the tags that the experts agreed on; volunteers are above, single experts below."""

ABOUT = About(
    title="SONYC Urban Sound Tagging (SONYC-UST), version 2",
    licence="CC BY 4.0",
    homepage="https://zenodo.org/record/3966543",
    citation="Cartwright, Cramer, Mendez Mendez, Wang, Wu, Lostanlen, Fuentes, Dove, Mydlarz, Salamon, Nov, Bello: "
    "SONYC-UST-V2: An Urban Sound Tagging Dataset with Spatiotemporal Context, DCASE 2020, arXiv:2009.05188",
)


def open_sonyc_ust(folder: Path, *, rule: Rule = "any") -> Dataset:
    """The recordings of ``folder`` with one row each, their annotators' tags made one by ``rule``.

    Recordings for validation and testing always take the tags that experts verified, and are left out without. For
    training, ``any`` takes a tag that any annotator gave (as Listen to Interpret does), ``majority`` one that more
    than half of those gave who were asked for it, ``verified`` keeps only recordings that experts verified.
    Recordings whose sound is not there are left out and counted in `Dataset.notes`.
    """
    if rule not in RULES:
        raise AuricleError(f'there is no rule "{rule}" to make many tags one; {nearest(rule, RULES)}')
    path = next((folder / each for each in ANNOTATIONS if (folder / each).is_file()), folder / ANNOTATIONS[0])
    table = read_csv(path, COLUMNS)
    coarse, fine, uncertain = (_columns(table, each) for each in (COARSE, FINE, UNCERTAIN))
    if not (coarse and fine):
        raise AuricleError(f"{path} has no columns such as 1_engine_presence; copy it again")
    files, numbers = np.unique(table["audio_filename"].to_pylist(), return_inverse=True)
    annotators = table["annotator_id"].to_numpy()
    verified = np.zeros(len(files), bool)
    verified[numbers[annotators == VERIFIED]] = True
    first = {file: row for row, file in reversed(list(enumerate(table["audio_filename"].to_pylist())))}
    parts = np.array(table["split"].to_pylist())[[first[file] for file in files]]
    by_experts = verified & ((parts != "train") | (rule == "verified"))
    tags = {
        name: _tags(table, columns, numbers, annotators, by_experts, rule)
        for name, columns in (("coarse", coarse), ("fine", fine), ("uncertain", uncertain))
    }
    known = table.select([each for each in (*COLUMNS, *PLACE_AND_TIME) if each in table.column_names]).to_pylist()
    sounds = {sound.name: sound.relative_to(folder).as_posix() for sound in sorted(folder.rglob("*.wav"))}
    rows = []
    unverified, missing = 0, 0
    for number, file in enumerate(files):
        if not verified[number] and (parts[number] != "train" or rule == "verified"):
            unverified += 1
            continue
        if file not in sounds:
            missing += 1
            continue
        entry = known[first[file]]
        rows.append({
            "id": sounds[file], "path": sounds[file], "coarse": tags["coarse"][number], "fine": tags["fine"][number],
            "uncertain": tags["uncertain"][number], "split": entry["split"], "sensor": str(entry["sensor_id"]),
            "verified": bool(verified[number]), **{each: entry[each] for each in PLACE_AND_TIME if each in entry},
        })  # fmt: skip
    if not rows:
        raise AuricleError(
            f"of {len(files)} recordings in {path}, {unverified} have no verified tags and {missing} no sound in "
            f"{folder}, so none is left; unpack audio-0.tar.gz to audio-18.tar.gz there"
        )
    notes = [
        f"left out: {count} of {len(files)} recordings, {why}"
        for count, why in ((unverified, "without verified tags"), (missing, "whose sound is not in the folder"))
        if count
    ]
    return Dataset(
        name="sonyc-ust",
        table=_lists(table_of(rows)),
        root=folder,
        classes={"coarse": tuple(coarse.values()), "fine": tuple(fine.values())},
        group="sensor",
        schemes={"official": official},
        about=ABOUT,
        notes=tuple(notes),
    )


def official(dataset: Dataset) -> list[Split]:
    """The published split: no sensor trains and validates; the test is later in time, by partly the same sensors."""
    made = by_column(dataset, "split", [("official", {"train"}, {"validate"}, {"test"})])[0]
    return [Split(name=made.name, train=made.train, validate=made.validate, test=made.test, known_groups=True)]


def _columns(table: pa.Table, pattern: re.Pattern[str]) -> dict[str, str]:
    """Columns of a level of the taxonomy, in its order, with the class that each is about."""
    found = {column: match for column in table.column_names if (match := pattern.fullmatch(column))}

    def number(column: str) -> list[int]:
        return [int(each) for each in found[column][1].split("-")]

    return {column: found[column][2] for column in sorted(found, key=number)}


def _tags(
    table: pa.Table,
    columns: dict[str, str],
    numbers: np.ndarray,
    annotators: np.ndarray,
    by_experts: np.ndarray,
    rule: Rule,
) -> list[list[str]]:
    """The classes of each recording; ``numbers`` says which recording each annotation is of.

    An annotation has 1 (present), 0 (absent) or -1 for a class that this annotator was not asked for.
    """
    votes = np.stack([table[column].to_numpy() for column in columns], axis=1) if columns else np.zeros((len(table), 0))
    counted = np.where(by_experts[numbers], annotators == VERIFIED, True)
    present = np.zeros((len(by_experts), len(columns)), np.int64)
    asked = np.zeros_like(present)
    np.add.at(present, numbers[counted], votes[counted] == 1)
    np.add.at(asked, numbers[counted], votes[counted] >= 0)
    # The experts speak with one voice, for which any and most are the same.
    positive = 2 * present > asked if rule == "majority" else present > 0
    names = list(columns.values())
    return [[names[each] for each in np.flatnonzero(row)] for row in positive]


def _lists(table: pa.Table) -> pa.Table:
    """With tags as lists of text, even where no recording has one."""
    import pyarrow as pa

    for name in ("coarse", "fine", "uncertain"):
        place = table.column_names.index(name)
        table = table.set_column(place, name, table[name].cast(pa.list_(pa.string())))
    return table


_FILES = "https://zenodo.org/records/3966543/files"
# MD5 of audio-0.tar.gz to audio-18.tar.gz, as soundata has them.
_AUDIO = """
    bbb4dbae7d2e58e18d24878b9ee1eb51 7c369ff37ac6a1fdd8493fdffe62e0a1 412241c063d7f196953d3dd1c44aeb5e
    d2a872392d95993a2c238d305b940812 b15b0e0cb3f8584259ef0d24293a9be3 de745f887067433757a2f2c8f99f99bb
    b0286c67468369d66336f6f5ddede31f ff300183ab7a9d3f2f74c3b730ffeb52 7be76b821fa6dbe20f6b50ca440e1024
    959f7edfbb26eadad9865069f38aa9dd 84e94de273666c537a3e6b709ee88d9b 44fe1f43121a7d1178aa0cdf7477793b
    a7eb21011f460b5ac289f8e285e875ab 27945a8b1008eec787f97213164951e6 fb8c7d81c3bde3a0c86c1e55e6a85a24
    f6af9b65d876ef96d199b9e5f0473cb9 e8337c61a90c30989d500f950fbe443a 3e47e85eb4564a30fe7f442ee97ec7b9
    c6b2ef4d0d5b7269d465c469cdbbdc4b
"""

SOURCE = Source(
    name="sonyc-ust",
    about=ABOUT,
    layout="annotations.csv, audio/{number}_{number}.wav (in any sub-folders)",
    open=open_sonyc_ust,
    remotes=(
        Remote(
            url=f"{_FILES}/annotations.csv?download=1",
            checksum="md5:70b507b15bb4cfcce4870925302f276b",
            name="annotations.csv",
            unpack=False,
        ),
        *(
            Remote(
                url=f"{_FILES}/audio-{number}.tar.gz?download=1", checksum=f"md5:{md5}", name=f"audio-{number}.tar.gz"
            )
            for number, md5 in enumerate(_AUDIO.split())
        ),
    ),
)
