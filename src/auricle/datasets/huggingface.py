"""Hugging Face data sets with a column of audio, decoded by soundfile, so that nothing but `datasets` is needed."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auricle.clip import Clip, load_clip
from auricle.datasets.dataset import About, Dataset, Row
from auricle.datasets.folder import in_order
from auricle.datasets.source import Source
from auricle.datasets.table import GROUPS, LABELS
from auricle.errors import AuricleError, nearest

if TYPE_CHECKING:
    import datasets


def from_datasets(
    dataset: datasets.Dataset | datasets.DatasetDict,
    audio: str = "audio",
    *,
    label: str = "label",
    group: str | None = None,
    name: str = "huggingface",
) -> Dataset:
    """A data set of the library `datasets`, whose rows are decoded when they are loaded.

    ``audio`` is a column of its feature ``Audio``, ``label`` one of ``ClassLabel``, text or whole numbers, or of lists
    of these (multi-label), ``group`` one that says who is heard. The parts of a ``DatasetDict`` are put together, with
    their names in the column ``split``. Other columns of single values are kept.
    """
    parts = dict(dataset) if isinstance(dataset, Mapping) else {"": dataset}
    return _from_parts(parts, audio, label=label, group=group, name=name)


def open_saved(folder: Path) -> Dataset:
    """A folder that ``save_to_disk`` wrote: its first column of audio; its label and its group by their usual names."""
    try:
        import datasets
    except ImportError as error:
        raise AuricleError(
            f"{folder} is read with the library datasets, which is not installed; pip install 'auricle[hf]'"
        ) from error
    try:
        loaded = datasets.load_from_disk(str(folder))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise AuricleError(f"{folder} is no folder that save_to_disk of datasets wrote; give one") from error
    features = (next(iter(loaded.values())) if isinstance(loaded, Mapping) else loaded).features
    audio = next((each for each, kind in features.items() if isinstance(kind, datasets.Audio)), "audio")
    label = next((each for each in LABELS if each in features), None) or next(
        (each for each, kind in features.items() if isinstance(kind, datasets.ClassLabel)), LABELS[0]
    )
    group = next((each for each in GROUPS if each in features), None)
    return from_datasets(loaded, audio, label=label, group=group, name=folder.resolve().name)


def _from_parts(parts: dict[str, datasets.Dataset], audio: str, *, label: str, group: str | None, name: str) -> Dataset:
    import datasets
    import pyarrow as pa

    if not parts:
        raise AuricleError(f"{name} holds no part; give a data set with clips")
    features = next(iter(parts.values())).features
    for column in (audio, label, *([group] if group else [])):
        if column not in features:
            raise AuricleError(f'{name} has no column "{column}"; {nearest(column, features)}')
    if not isinstance(features[audio], datasets.Audio):
        raise AuricleError(
            f'the column "{audio}" of {name} is no audio; cast it with cast_column and the feature Audio'
        )
    raw = {key: part.cast_column(audio, datasets.Audio(decode=False)) for key, part in parts.items()}
    kind, classes = _classes(features[label], parts, label)

    tables = []
    for key, part in parts.items():
        kept = [
            each
            for each, feature in features.items()
            if each not in (audio, label, "id", "path") and isinstance(feature, datasets.Value | datasets.ClassLabel)
        ]
        # Positions count from the part's beginning, as its rows do.
        columns: dict[str, Any] = {
            "id": [f"{key}/{number}" if key else str(number) for number in range(len(part))],
            "path": [f"{key}/{number}" if key else str(number) for number in range(len(part))],
            label: [_named(each, kind, classes) for each in part[label]],
        }
        for each in kept:
            values, feature = list(part[each]), features[each]
            if isinstance(feature, datasets.ClassLabel):
                values = [None if value is None or value < 0 else feature.names[value] for value in values]
            columns[each] = [None if value is None else str(value) for value in values] if each == group else values
        if key:
            columns["split"] = [key] * len(part)
        tables.append(pa.table(columns))

    def sound_of(row: Row) -> Clip:
        key, _, number = row["path"].rpartition("/")
        return _decoded(raw[key][int(number)][audio], row["id"])

    return Dataset(
        name=name,
        table=pa.concat_tables(tables, promote_options="permissive"),
        root=Path(),
        classes={label: classes},
        group=group,
        about=_about(next(iter(parts.values()))),
        sound_of=sound_of,
    )


def _classes(feature: Any, parts: dict[str, datasets.Dataset], label: str) -> tuple[Any, tuple[str, ...]]:
    """The feature of one label, and the classes in the order of a ``ClassLabel``, else of their names."""
    import datasets

    inner = getattr(feature, "feature", feature)
    if isinstance(inner, datasets.ClassLabel):
        return inner, tuple(inner.names)
    found: set[str] = set()
    for part in parts.values():
        for value in part[label]:
            found |= {str(each) for each in (value if isinstance(value, list) else [value]) if each is not None}
    return inner, in_order(found)


def _named(value: Any, feature: Any, classes: tuple[str, ...]) -> Any:
    import datasets

    if isinstance(value, list):
        return [_named(each, feature, classes) for each in value]
    if isinstance(feature, datasets.ClassLabel):
        return None if value is None or value < 0 else classes[value]
    return None if value is None else str(value)


def _decoded(value: dict[str, Any], name: str) -> Clip:
    import soundfile

    if value.get("bytes") is None:
        return load_clip(value["path"], name=name)
    try:
        samples, rate = soundfile.read(io.BytesIO(value["bytes"]), dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise AuricleError(f"the audio of row {name} cannot be decoded ({error}); store it as WAV or FLAC") from error
    return Clip(samples.T, sample_rate=rate, name=name, source=value.get("path"))


def _about(part: datasets.Dataset) -> About:
    info = part.info
    return About(
        title=(info.description or "").strip() or "A Hugging Face data set",
        licence=(info.license or "").strip() or "see the data set's card",
        homepage=info.homepage or "",
        citation=(info.citation or "").strip(),
    )


SOURCE = Source(
    name="hf",
    about=About(
        title="A Hugging Face data set that save_to_disk wrote",
        licence="see the data set's card",
        homepage="https://huggingface.co/docs/datasets",
        citation="",
    ),
    layout="a folder that save_to_disk of the library datasets wrote, with a column of audio",
    open=open_saved,
    by_hand="save a data set with its save_to_disk(FOLDER), and give it as hf:FOLDER",
)
