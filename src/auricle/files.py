"""Files that are there whole or not at all, and where auricle keeps what it has worked out."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

from auricle.errors import AuricleError


def write_whole(path: Path, content: str | bytes) -> Path:
    """Write a file and its folders, beside its place first, so that no reader ever finds half of it.

    Raises `AuricleError` where that is impossible, as on a full disk.
    """
    draft = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(content.encode() if isinstance(content, str) else content)
        os.replace(draft, path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        reason = error.strerror or error
        raise AuricleError(f"{path} cannot be written ({reason}); free its place, or choose another folder") from error
    return path


def make_folder(folder: Path) -> Path:
    """Make a folder with those above it, unless it is there; raises `AuricleError` where that is impossible."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AuricleError(
            f"{folder} cannot be made ({error.strerror or error}); free its place, or choose another folder"
        ) from error
    return folder


def cache_folder() -> Path:
    """``AURICLE_CACHE``, or auricle's folder in the user's cache."""
    if chosen := os.environ.get("AURICLE_CACHE"):
        return Path(chosen).expanduser()
    if base := os.environ.get("XDG_CACHE_HOME"):
        return Path(base) / "auricle"
    if sys.platform == "win32" and (base := os.environ.get("LOCALAPPDATA")):
        return Path(base) / "auricle" / "cache"
    return Path("~/Library/Caches/auricle" if sys.platform == "darwin" else "~/.cache/auricle").expanduser()
