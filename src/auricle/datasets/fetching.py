"""Fetching a data set: download (again from where it broke off), verify, unpack, remember what was fetched."""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from auricle.datasets.downloading import Resuming
from auricle.datasets.source import Remote, Source
from auricle.datasets.unpacking import Damaged, unpack
from auricle.errors import AuricleError

if TYPE_CHECKING:
    import requests

MEMORY = "downloads.json"
"""Beside the data: which files were fetched, with their checksums, so that a later download is compared with them."""


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """A file of a data set that is now there; ``checked`` says what its ``checksum`` was compared with."""

    name: str
    checksum: str
    checked: str
    """``published``, ``remembered`` (of the first download), or ``nothing``, the first time without a published one."""
    new: bool


def fetch(
    source: Source, folder: Path, *, on_progress: Callable[[str, int, int | None], None] | None = None
) -> list[Fetched]:
    """Download the files of a data set into ``folder``, verify and unpack them; what is there already is kept.

    ``on_progress`` is told a file's name, how many bytes of it have arrived, and how many there are. A file without a
    published checksum is taken as it comes and its SHA-256 remembered. Interrupted at any moment, the same call goes
    on. Raises `AuricleError`: not to be had by download, no connection, wrong checksum, damaged archive, full disk.
    """
    if not source.remotes:
        how = source.by_hand or f"make it with 'auricle data make {source.name}'"
        raise AuricleError(f"{source.name} cannot be downloaded by auricle; {how}")
    with _plain_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        return [_fetch_one(each, folder, on_progress or (lambda name, done, total: None)) for each in source.remotes]


def _fetch_one(remote: Remote, folder: Path, on_progress: Callable[[str, int, int | None], None]) -> Fetched:
    import pooch

    memory = _recall(folder)
    before = memory.get(remote.name, {})
    if before.get("url") != remote.url or (remote.checksum and before.get("checksum") != remote.checksum):
        before = {}
    known, checked = remote.checksum, "published"
    if not known:
        known, checked = before.get("checksum", ""), "remembered" if before else "nothing"
    if before and remote.unpack and all((folder / each).exists() for each in before["holds"]):
        return Fetched(name=remote.name, checksum=before["checksum"], checked=checked, new=False)

    there = (folder / remote.name).exists()
    file = _retrieve(remote, folder, known or None, on_progress)
    checksum = known or f"sha256:{pooch.file_hash(str(file))}"
    if remote.unpack:
        try:
            holds = unpack(file, folder, without_root=_has_root(remote.url))
        except Damaged as error:
            file.unlink()
            raise AuricleError(f"{error}; it was removed, so that the same command downloads it again") from error
        file.unlink()
    else:
        holds = [remote.name]
    _remember(folder, memory | {remote.name: {"url": remote.url, "checksum": checksum, "holds": holds}})
    return Fetched(name=remote.name, checksum=checksum, checked=checked, new=remote.unpack or not there)


def _retrieve(
    remote: Remote, folder: Path, known: str | None, on_progress: Callable[[str, int, int | None], None]
) -> Path:
    import pooch
    import requests

    def tell(done: int, total: int | None) -> None:
        on_progress(remote.name, done, total)

    pooch.get_logger().setLevel(logging.WARNING)
    downloader = Resuming(folder / f"{remote.name}.part", tell)
    try:
        return Path(pooch.retrieve(remote.url, known, fname=remote.name, path=folder, downloader=downloader))
    except requests.HTTPError as error:
        raise AuricleError(
            f"{remote.url} cannot be downloaded (the server answers {_status(error)}); look at the data set's homepage "
            "for another address"
        ) from error
    except requests.RequestException as error:
        raise AuricleError(
            f"the download of {remote.url} broke off ({_innermost(error)}); check the connection: what has arrived is "
            "kept, and the same command goes on from there"
        ) from error
    except AuricleError:
        raise
    except ValueError as error:
        # Of pooch, which has removed the file by then.
        found = re.search(r"expected (\S+) but got (\w+)", str(error))
        told = f"{found[2]}, not {found[1]}" if found else "another than it should have"
        whose = "is published" if remote.checksum else "an earlier download had"
        raise AuricleError(
            f"{remote.name} from {remote.url} has the checksum {told} as {whose}; it was removed, so try again, and if "
            f"that does not help, the file there has changed{'' if remote.checksum else f': delete {folder / MEMORY}'}"
        ) from error


def _has_root(url: str) -> bool:
    """GitHub puts what an archive of a repository holds into one folder named after the repository and the version."""
    return "/archive/" in urlsplit(url).path


def _recall(folder: Path) -> dict[str, Any]:
    try:
        return json.loads((folder / MEMORY).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise AuricleError(f"{folder / MEMORY} is damaged; delete it, and the data set is fetched anew") from error


def _remember(folder: Path, memory: dict[str, Any]) -> None:
    beside = folder / f".{MEMORY}.part"
    beside.write_text(json.dumps(memory, indent=2) + "\n", encoding="utf-8")
    os.replace(beside, folder / MEMORY)


@contextlib.contextmanager
def _plain_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise AuricleError(
                f"the disk of {folder} is full; free some space, and the same command goes on where it stopped"
            ) from error
        raise AuricleError(
            f"{folder} cannot be written to ({error.strerror or error}); choose another folder"
        ) from error


def _status(error: requests.HTTPError) -> int:
    assert error.response is not None  # raised of a response
    return error.response.status_code


def _innermost(error: BaseException) -> str:
    """What happened, without the names of the layers it came through."""
    while error.__context__ is not None:
        error = error.__context__
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return said.strip().rstrip(".") or type(error).__name__
