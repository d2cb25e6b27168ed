"""Is a data set as it should be? Every clip is heard once, and what is wrong is told in sentences."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from auricle.datasets.checking_clips import ClipFacts, hear
from auricle.datasets.checking_findings import Finding, findings
from auricle.datasets.dataset import About, Dataset, Row, table_of
from auricle.errors import AuricleError

if TYPE_CHECKING:
    import pyarrow as pa

AT_ONCE = 256
"""Clips given to the threads together, so that memory does not grow with the data set's sounds."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Checked:
    """The outcome: the data set, one fact sheet a clip, and findings (errors first)."""

    dataset: Dataset
    facts: list[ClipFacts]
    findings: list[Finding]

    @property
    def errors(self) -> list[Finding]:
        return [each for each in self.findings if each.severity == "error"]

    @property
    def table(self) -> pa.Table:
        """One row a clip (pyarrow), with the fields of `ClipFacts` as columns."""
        import pyarrow as pa

        types = {"str": pa.string(), "int": pa.int64(), "float": pa.float64(), "bool": pa.bool_()}
        columns = {
            each.name: pa.array([getattr(fact, each.name) for fact in self.facts], types[str(each.type).split(" ")[0]])
            for each in fields(ClipFacts)
        }
        return pa.table(columns)


def check_dataset(
    dataset: Dataset, *, threads: int | None = None, on_step: Callable[[int, int], None] | None = None
) -> Checked:
    """Hear every clip of a data set, in ``threads`` threads (one a core), and say what is wrong with it.

    Told are files that cannot be read, are cut short or hold NaN; clips that are silent, clipped or there twice; rows
    without a file and sound files without a row; labels with few clips; groups in more than one part of a split.
    ``on_step(done, total)`` is called after each clip. Only blocks of sound are held in memory.
    """
    rows, heard = dataset.rows(), []
    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        while batch := list(islice(rows, AT_ONCE)):
            for facts in pool.map(lambda row: hear(dataset, row), batch):
                heard.append(facts)
                if on_step is not None:
                    on_step(len(heard), len(dataset))
    return Checked(dataset=dataset, facts=heard, findings=findings(dataset, heard, _strangers(dataset)))


def open_to_check(text: str | Path) -> Dataset:
    """A data set by name, table or folder as `open_dataset` takes it, or any folder of sound files, without labels."""
    from auricle.datasets.catalogue import open_dataset

    path = Path(text).expanduser()
    if not path.is_dir():
        return open_dataset(text)
    rows = list(_sounds_below(path))
    if not rows:
        raise AuricleError(
            f"{path} holds no sound files; give a folder of recordings, a table of clips, or NAME:FOLDER"
        )
    if all("/" in row["path"] for row in rows):
        return open_dataset(path)
    return Dataset(
        name=path.resolve().name,
        table=table_of(rows),
        root=path,
        classes={},
        about=About(title=f"{len(rows)} sound files without labels", licence="", homepage="", citation=""),
    )


def _sounds_below(folder: Path) -> Iterator[Row]:
    from auricle.datasets.folder import SOUNDS

    for place, folders, files in os.walk(folder):
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        for name in sorted(files):
            if not name.startswith(".") and Path(name).suffix.lower() in SOUNDS:
                relative = (Path(place) / name).relative_to(folder).as_posix()
                yield {"id": relative, "path": relative}


def _strangers(dataset: Dataset) -> list[str]:
    """Sound files that no row lists, in folders of which some row lists one."""
    from auricle.datasets.folder import SOUNDS

    if dataset.sound_of is not None:
        return []
    listed = {str(each) for each in dataset.column("path")}
    found = []
    for place in sorted({os.path.dirname(each) for each in listed}):
        if os.path.isdir(dataset.root / place):
            for name in sorted(os.listdir(dataset.root / place)):
                relative = f"{place}/{name}" if place else name
                hidden = name.startswith(".") or Path(name).suffix.lower() not in SOUNDS
                if not hidden and relative not in listed:
                    found.append(relative)
    return found
