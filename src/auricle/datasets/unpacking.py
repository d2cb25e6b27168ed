"""Unpacking archives that others made: nothing is written outside the folder, links and devices are passed over."""

from __future__ import annotations

import lzma
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO

from auricle.datasets.downloading import bytes_text
from auricle.errors import AuricleError

_CHUNK = 1 << 18
_DAMAGED = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError, NotImplementedError)


class Damaged(AuricleError):
    """An archive that cannot be read to its end."""


def unpack(archive: Path, folder: Path, *, without_root: bool = False) -> list[str]:
    """Write the files of a zip or tar archive (compressed or not) to ``folder``, over what is there.

    Returns what now stands in ``folder``, by its first names. ``without_root`` takes off the folder that holds all.
    Raises `AuricleError` for a member whose name leads out of the folder and for too small a disk; `Damaged` for an
    archive that breaks off or fails its checksums.
    """
    if zipfile.is_zipfile(archive):
        members = _of_zip(archive, folder)
    elif tarfile.is_tarfile(archive):
        members = _of_tar(archive)
    else:
        raise Damaged(f"{archive} is no zip or tar archive")
    top: dict[str, None] = {}
    for name, file in members:
        parts = _safe(name, archive)
        parts = parts[1:] if without_root else parts
        if not parts or parts[0] == "__MACOSX":
            continue
        target = folder.joinpath(*parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.parent.resolve().is_relative_to(folder.resolve()) or target.is_symlink():
            raise AuricleError(f"{target} leads out of {folder} by a link; remove the link, and try again")
        with target.open("wb") as out:
            _copy(file, out, archive)
        top[parts[0]] = None
    if not top:
        raise Damaged(f"{archive} holds no files")
    return list(top)


def _of_zip(archive: Path, folder: Path) -> Iterator[tuple[str, IO[bytes]]]:
    try:
        with zipfile.ZipFile(archive) as opened:
            infos = [each for each in opened.infolist() if not each.is_dir()]
            for each in infos:
                _safe(each.filename, archive)
            needed, free = sum(each.file_size for each in infos), shutil.disk_usage(folder).free
            if needed > free:
                raise AuricleError(
                    f"{folder} has {bytes_text(free)} free, but {archive.name} unpacks to {bytes_text(needed)}; free "
                    "some space, and the same command goes on"
                )
            for each in infos:
                with opened.open(each) as file:
                    yield each.filename, file
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise Damaged(f"{archive} is damaged ({_reason(error)})") from error


def _of_tar(archive: Path) -> Iterator[tuple[str, IO[bytes]]]:
    try:
        with tarfile.open(archive) as opened:
            for member in opened:
                _safe(member.name, archive)
                file = opened.extractfile(member) if member.isreg() else None
                if file is not None:
                    yield member.name, file
            # The checksum of what is compressed stands at its end, which tarfile does not read.
            while opened.fileobj is not None and opened.fileobj.read(_CHUNK):
                pass
    except (tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError) as error:
        raise Damaged(f"{archive} is damaged ({_reason(error)})") from error


def _copy(file: IO[bytes], out: IO[bytes], archive: Path) -> None:
    """Reading and writing fail for different reasons: a damaged archive, a full disk."""
    while True:
        try:
            chunk = file.read(_CHUNK)
        except _DAMAGED as error:
            raise Damaged(f"{archive} is damaged ({_reason(error)})") from error
        if not chunk:
            return
        out.write(chunk)


def _safe(name: str, archive: Path) -> tuple[str, ...]:
    """The parts of a member's name, which must stay where it is unpacked."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or PureWindowsPath(name).drive or "\0" in name:
        raise AuricleError(
            f'{archive} holds a file "{name}", which would be written outside its folder; nobody honest makes such an '
            "archive, so delete it"
        )
    return path.parts


def _reason(error: Exception) -> str:
    return str(error).rstrip(".") or type(error).__name__
