"""What a trained model was tested on, explained: its mistakes, one clip, or so many of each class."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from auricle.classifier import Classifier
from auricle.cli.comparing import compare_in
from auricle.cli.explaining import Plan, check_writable, folder_names, one_line
from auricle.cli.progress import Bar, progress
from auricle.errors import AuricleError
from auricle.evaluation.choosing import choose, conditions, flags
from auricle.evaluation.clips import Example, clips_of, first_of_each
from auricle.evaluation.predictions import read_predictions
from auricle.files import write_whole
from auricle.methods.coalitions import watching
from auricle.report.page import Entry, index_page

if TYPE_CHECKING:
    import pyarrow as pa

Plans = Callable[[Classifier, str], dict[str, Plan]]
"""The plan of each method, for a classifier and a target."""


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """Which rows of a folder's predictions are explained, and what is said of them."""

    folder: Path
    table: pa.Table
    data: str | None
    wrong: bool | None

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def title(self, count: int) -> str:
        kind = {True: "wrong prediction", False: "right prediction", None: "prediction"}[self.wrong]
        return f"{count} {kind}{'' if count == 1 else 's'} explained"


def choose_from(
    folder: Path,
    *,
    data: str | None = None,
    wrong: bool | None = None,
    where: Sequence[str] = (),
    columns: Sequence[str] = (),
    per: tuple[str, int] | None = None,
    limit: int | None = None,
) -> Chosen:
    """The rows that the flags ask for; ``columns`` are flags named like columns, as ``--speaker 56``."""
    table = read_predictions(folder)
    wanted = conditions(where, table)
    for column, values in flags(columns, table).items():
        wanted.setdefault(column, []).extend(values)
    table = choose(table, wrong=wrong, where=wanted)
    if per is not None:
        table = first_of_each(table, *per)
    table = choose(table, limit=limit)
    if table.num_rows == 0:
        raise AuricleError(f"{folder} has no prediction like that; 'auricle predictions {folder}' shows what there is")
    return Chosen(folder=folder, table=table, data=data, wrong=wrong)


def target_of(row: Mapping[str, Any], classifier: Classifier, asked: str) -> str:
    """The target of a row, where ``actual`` and ``predicted`` (as in ``actual-predicted``) stand for its own labels.

    A label of the model that is itself called so comes first.
    """
    if asked == "predicted" or asked in classifier.labels:
        return asked
    parts = asked.split("-") if asked.count("-") == 1 else [asked]
    if not {"actual", "predicted"} & set(parts):
        return asked
    said = []
    for part in parts:
        value = row[part] if part in ("actual", "predicted") and part not in classifier.labels else part
        if isinstance(value, list):
            if len(value) != 1:
                raise AuricleError(f"{row['id']} has {len(value)} {part} labels; name the one meant with --target")
            value = value[0]
        said.append(str(value))
    if len(said) == 2 and said[0] == said[1]:
        raise AuricleError(f'{row["id"]} was rightly heard as {said[0]}, so there is no "{asked}"; choose --wrong')
    return "-".join(said)


def check(chosen: Chosen, plans: Plans, target: str) -> None:
    """Find out on the first clip that can be read what could not work with any."""
    first = next(clips_of(chosen.folder, chosen.table, data=chosen.data, on_failure=lambda name, error: None), None)
    if first is None:
        return
    own = {"actual", "predicted"} & set(target.split("-"))
    plans(first.classifier, "predicted" if own else target)


def explain_chosen(chosen: Chosen, plans: Plans, target: str, out: Path) -> list[str]:
    """Explain (or compare methods on) every chosen clip in a folder of its own; returns one line per failure."""
    check_writable(out)
    ids = [str(each) for each in chosen.table["id"].to_pylist()]
    names = dict(zip(ids, folder_names([Path(each) for each in ids]), strict=True))
    entries: list[Entry] = []
    failures: list[str] = []

    with progress(len(ids), "explaining") as bar, watching(bar.hears):

        def failed(name: str, error: AuricleError) -> None:
            failures.append(f"{one_line(error)}" if name in str(error) else f"{name}: {one_line(error)}")
            bar.say(f"auricle: {failures[-1]}", err=True)
            bar.step()

        for example in clips_of(chosen.folder, chosen.table, data=chosen.data, on_failure=failed):
            name = str(example.row["id"])
            try:
                own = plans(example.classifier, target_of(example.row, example.classifier, target))
                entries.append(_one(example, own, out / names[name], names[name], bar))
            except AuricleError as error:
                failed(name, error)
                continue
            bar.step()
            gc.collect()  # figures are full of cycles; many clips must not pile them up
    if entries:
        write_whole(out / "index.html", index_page(entries, title=chosen.title(len(entries)), failures=failures))
        typer.echo(f"{len(entries)} of {len(ids)} clips explained: {out / 'index.html'}")
    return failures


def _one(example: Example, plans: Mapping[str, Plan], folder: Path, name: str, bar: Bar) -> Entry:
    actual = _text(example.row["actual"])
    if len(plans) > 1:
        first, scores = compare_in(example.clip, plans, folder, bar)[0], None
    else:
        plan = next(iter(plans.values()))
        first, scores, line = plan.into(folder, example.clip, bar)
        bar.say(line)
    bar.say(f"  actually {actual}, predicted {_text(example.row['predicted'])}")
    return Entry.of(first, f"{name}/index.html", scores, actual=actual)


def _text(label: Any) -> str:
    """A label, or several, in words."""
    return ", ".join(map(str, label)) or "nothing" if isinstance(label, list) else str(label)
