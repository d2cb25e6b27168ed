"""The data sets that auricle knows, and opening any of them by one text: ``NAME:FOLDER``, a folder, or a table."""

from __future__ import annotations

import os
from pathlib import Path

from auricle.datasets import (
    audiomnist,
    audioset,
    digits_synth,
    esc50,
    folder,
    fsdd,
    gtzan,
    huggingface,
    mixtures,
    pascal,
    physionet2016,
    planted,
    sonyc_ust,
    table,
    yaseen,
)
from auricle.datasets.dataset import Dataset
from auricle.datasets.source import Source
from auricle.errors import AuricleError, nearest
from auricle.files import cache_folder

SOURCES: dict[str, Source] = {
    each.SOURCE.name: each.SOURCE
    for each in (
        audiomnist,
        fsdd,
        gtzan,
        esc50,
        sonyc_ust,
        audioset,
        pascal,
        physionet2016,
        yaseen,
        digits_synth,
        planted,
        mixtures,
        folder,
        table,
        huggingface,
    )
}


def home() -> Path:
    """Where data sets are kept unless told otherwise: ``AURICLE_DATA``, or auricle's folder in the user's cache."""
    chosen = os.environ.get("AURICLE_DATA")
    return Path(chosen).expanduser() if chosen else cache_folder() / "data"


def open_dataset(text: str | Path) -> Dataset:
    """A data set by ``NAME`` (where `auricle data get` put it), ``NAME:FOLDER``, a folder of class folders, or a table.

    Raises `AuricleError` for an unknown name and for a folder that is not in the data set's layout.
    """
    name, colon, place = str(text).partition(":")
    if name in SOURCES and (colon or not Path(text).exists()):
        source = SOURCES[name]
        folder = Path(place).expanduser() if place else home() / name
        if not folder.exists():
            hint = "check the folder" if place else f"get it with 'auricle data get {name}', or give {name}:FOLDER"
            raise AuricleError(f"{name} is not at {folder}; {hint}")
        return source.open(folder)
    path = Path(text).expanduser()
    if not path.exists():
        raise AuricleError(
            f'"{text}" is neither a file or folder nor a data set; give NAME:FOLDER, a folder of class folders, or a '
            f"table of clips ({nearest(name, SOURCES)})"
        )
    return SOURCES["folder" if path.is_dir() else "table"].open(path)
