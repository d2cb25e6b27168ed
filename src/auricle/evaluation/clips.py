"""From rows of a predictions table back to their sound, and to the model that heard it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from auricle.classifier import Classifier
from auricle.clip import Clip
from auricle.datasets import Dataset, open_dataset
from auricle.errors import AuricleError, nearest
from auricle.evaluation.predictions import facts_of, read_predictions
from auricle.models import bundled, load_classifier

if TYPE_CHECKING:
    import pyarrow as pa

    from auricle.datasets.dataset import Row

OnFailure = Callable[[str, AuricleError], None]


class Example(NamedTuple):
    """A row of a predictions table, its sound, and the classifier whose prediction it is."""

    row: Row
    clip: Clip
    classifier: Classifier


def clips_of(
    folder: str | Path,
    table: pa.Table | None = None,
    *,
    data: str | None = None,
    on_failure: OnFailure | None = None,
) -> Iterator[Example]:
    """The clips that a trained model was tested on, one after another, each with the model that was tested on it.

    ``folder`` is a trained or evaluated folder, or one of several folds, where each row is heard by its own fold's
    model. ``table`` are the wanted rows of its predictions (by default all), ``data`` the data set if it has moved.
    ``on_failure`` is told the id of a clip that cannot be read, and why; without it the error is raised.
    """
    folder = Path(folder)
    table = read_predictions(folder) if table is None else table
    facts = facts_of(table)
    models = _Models(folder, facts.model)
    opened: dict[str, tuple[Dataset, dict[str, int]]] = {}
    for batch in table.to_batches(max_chunksize=1024):
        for row in batch.to_pylist():
            home = models.home(row)
            text = data or str(run_of(Path(home)).get("data") or facts.data)
            if text not in opened:
                dataset = _opened(text, home, moved=data is not None)
                opened[text] = dataset, {each: number for number, each in enumerate(dataset.column("id"))}
            dataset, numbers = opened[text]
            try:
                if row["id"] not in numbers:
                    raise AuricleError(
                        f"{row['id']}, which {folder} was tested on, is not in {text}; say with --data where it is"
                    )
                clip = dataset.load(numbers[row["id"]])
            except AuricleError as error:
                if on_failure is None:
                    raise
                on_failure(row["id"], error)
                continue
            yield Example(row, clip, models.of(home))


def first_of_each(table: pa.Table, column: str, count: int) -> pa.Table:
    """The first ``count`` rows of each value of a column, in the table's order.

    >>> import pyarrow as pa
    >>> first_of_each(pa.table({"id": [1, 2, 3, 4], "digit": ["a", "a", "a", "b"]}), "digit", 2)["id"].to_pylist()
    [1, 2, 4]
    """
    import pyarrow as pa

    if column not in table.column_names:
        raise AuricleError(f'the predictions have no column "{column}"; {nearest(column, table.column_names)}')
    if count < 1:
        raise AuricleError(f"{count} clips of each {column} cannot be chosen; give at least 1")
    seen: dict[str, int] = {}
    wanted = []
    for number, value in enumerate(map(str, table[column].to_pylist())):
        seen[value] = seen.get(value, 0) + 1
        if seen[value] <= count:
            wanted.append(number)
    return table.take(pa.array(wanted, pa.int64()))


class _Models:
    """The model of each row: the folder's own, or its fold's. One is kept in memory at a time."""

    def __init__(self, folder: Path, model: str) -> None:
        self.folder = folder
        self._homes = homes_of(folder)
        # An evaluated folder has no model of its own, but its predictions name one.
        self._only = model if not self._homes and _named(model) else None
        if not self._homes and self._only is None:
            raise AuricleError(
                f"{folder} holds no trained model; give a folder that 'auricle train' wrote, or a recipe's folder that "
                "'auricle kfold' wrote"
            )
        self._last: tuple[str, Classifier] | None = None

    def home(self, row: Mapping[str, Any]) -> str:
        """The trained folder (or the name of the model) that a row's prediction is from."""
        if self._only is not None:
            return self._only
        if None in self._homes:
            return str(self._homes[None])
        split = str(row.get("split"))
        if split not in self._homes:
            known = [each for each in self._homes if each is not None]
            raise AuricleError(
                f'{self.folder} has predictions of the split "{split}" but no model of it; {nearest(split, known)}. '
                "Train that fold again"
            )
        return str(self._homes[split])

    def of(self, home: str) -> Classifier:
        if self._last is None or self._last[0] != home:
            self._last = home, load_classifier(home)
        return self._last[1]


def _is_trained(folder: Path) -> bool:
    return (folder / "classifier.json").exists()


def _named(model: str) -> bool:
    return bool(model) and (model in bundled() or _is_trained(Path(model)))


def homes_of(folder: Path) -> dict[str | None, Path]:
    """Trained folders by the name of their split; by None where the folder itself is one."""
    if _is_trained(folder):
        return {None: folder}
    homes: dict[str | None, Path] = {}
    for each in sorted(folder.iterdir()) if folder.is_dir() else ():
        if _is_trained(each):
            homes[str(run_of(each).get("split"))] = each
    return homes


def run_of(home: Path) -> dict[str, Any]:
    """What ``run.json`` says of a training; nothing where there is none."""
    path = home / "run.json"
    if not path.exists():
        return {}
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise AuricleError(f"{path} is damaged ({error}); train or evaluate the model again") from error


def _opened(text: str, home: str, *, moved: bool) -> Dataset:
    try:
        return open_dataset(text)
    except AuricleError as error:
        if moved:
            raise
        raise AuricleError(
            f"the data of {home} cannot be opened ({error}); if they are elsewhere now, say so with --data"
        ) from error
