"""Separation takes long, so its results are kept: arrays by what they were made from.

Files lie in ``AURICLE_CACHE`` or the user's cache directory. They are only ever a shortcut: a damaged file is made
anew, and where nothing can be written nothing is kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from auricle.files import cache_folder

FORMAT = 1
"""Raised whenever a separation gives other numbers than before."""

LARGEST_BYTES = 4 * 2**30
"""When more than this is kept, what was used longest ago is removed."""

Arrays = dict[str, np.ndarray]


def kept(made_from: dict[str, Any], packages: tuple[str, ...], make: Callable[[], Arrays]) -> Arrays:
    """The arrays made from these settings by these versions of packages, made now if they are not kept yet."""
    versions = {name: _version(name) for name in packages}
    key = json.dumps({"format": FORMAT, "packages": versions, **made_from}, sort_keys=True, default=str)
    try:
        path = cache_folder() / "separation" / f"{hashlib.sha256(key.encode()).hexdigest()}.safetensors"
    except RuntimeError:  # no home directory
        return make()
    found = _read(path)
    if found is None:
        found = make()
        _write(path, found)
    return found


def _read(path: Path) -> Arrays | None:
    """None for a file that is not there or not as it was written."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
            stated = (file.metadata() or {}).get("sha256")
        if stated != _digest(arrays):
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
    except (OSError, SafetensorError, ValueError, KeyError, TypeError):
        return None
    return arrays


def _write(path: Path, arrays: Arrays) -> None:
    """Whole or not at all: other processes see the finished file only."""
    from safetensors.numpy import save

    arrays = {name: np.ascontiguousarray(values) for name, values in arrays.items()}
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
            temporary = file.name
            file.write(save(arrays, metadata={"sha256": _digest(arrays)}))
        os.replace(temporary, path)
        _trim(path.parent)
    except OSError:
        if temporary is not None:
            with contextlib.suppress(OSError):
                os.unlink(temporary)


def _trim(folder: Path) -> None:
    files = sorted(((each.stat(), each) for each in folder.glob("*.safetensors")), key=lambda pair: pair[0].st_mtime)
    total = sum(stat.st_size for stat, _ in files)
    for stat, each in files:
        if total <= LARGEST_BYTES:
            break
        each.unlink(missing_ok=True)
        total -= stat.st_size


def _digest(arrays: Arrays) -> str:
    digest = hashlib.sha256()
    for name in sorted(arrays):
        digest.update(f"{name} {arrays[name].dtype} {arrays[name].shape} ".encode())
        digest.update(np.ascontiguousarray(arrays[name]).tobytes())
    return digest.hexdigest()


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "unknown"
