"""``auricle recipes``, ``train`` and ``kfold``: from recordings to classifiers with their evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from auricle.cli.stopping import stoppable
from auricle.errors import AuricleError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auricle.callbacks import ExplainCallback
    from auricle.datasets import Dataset
    from auricle.training.outcome import Order, Subject

RESUMES = "the same command goes on from the last whole epoch"

Data = Annotated[
    str,
    typer.Option(
        help="NAME (as got by 'auricle data get'), NAME:FOLDER, a folder of class folders, or a table of clips",
        show_default=False,
    ),
]
Out = Annotated[Path, typer.Option(help="folder to write to; the same command goes on where it was interrupted")]
Split = Annotated[str | None, typer.Option(help="how to split, instead of the recipe's way; see docs/train-a-model.md")]
Task = Annotated[str | None, typer.Option(help="the label column to learn, instead of the recipe's")]
Seed = Annotated[int, typer.Option(help="of every random draw")]
Device = Annotated[str, typer.Option(help="auto, cpu or cuda")]
Set = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="a setting of the recipe, as training.epochs=5")
]
Leakage = Annotated[bool, typer.Option("--allow-leakage", help="train and test on the same speakers nevertheless")]


def recipes(
    show: Annotated[str | None, typer.Option(metavar="NAME", help="print a recipe in full")] = None,
) -> None:
    """List the training recipes: what each trains, on which labels, and its source."""
    from auricle.training.recipe import read_recipe
    from auricle.training.recipe import recipes as shipped

    if show is not None:
        typer.echo(read_recipe(show).as_yaml(), nl=False)
        return
    for name, recipe in shipped().items():
        typer.echo(f"{name}: {recipe.summary}")
        typer.echo(f"    learns {recipe.task}, split {recipe.split}, {recipe.training.epochs} epochs")
        typer.echo(f"    source: {recipe.source}")


def train(
    recipe: Annotated[str, typer.Argument(metavar="RECIPE", help="a name from 'auricle recipes', or a YAML file")],
    data: Data,
    fold: Annotated[str | None, typer.Option(help="which split tests: its name, or its number from 0")] = None,
    out: Out = Path("auricle-model"),
    split: Split = None,
    task: Task = None,
    seed: Seed = 0,
    device: Device = "auto",
    set_: Set = None,
    allow_leakage: Leakage = False,
    watch: Annotated[
        str | None,
        typer.Option(
            metavar="METHOD[,METHOD]", help="explain the same clips after every epoch; seen in TensorBoard, in OUT/logs"
        ),
    ] = None,
    watch_clips: Annotated[
        int | None, typer.Option(metavar="N", help="how many validation clips, by turns of each class [default: 10]")
    ] = None,
) -> None:
    """Train a classifier, evaluate it on clips it has not heard, and write both to a folder."""
    from auricle.cli.explaining import check_writable

    order = _order(recipe, data, split, task, seed, device, set_, allow_leakage)
    check_writable(out)
    from auricle.datasets import choose_split
    from auricle.report.trained import write_trained_page
    from auricle.training.outcome import train_folder

    subjects = order.subjects()
    chosen = choose_split([each.split for each in subjects], fold)
    subject = next(each for each in subjects if each.split is chosen)
    _say_notes(subject.dataset)
    explaining = _Explaining(order, subject, watch, watch_clips)
    with stoppable(RESUMES), training_bars() as told:
        evaluation, failures = train_folder(
            order,
            subject,
            out,
            watch=lambda what, done, of: told(order.recipe.name, what, done, of),
            explaining=explaining if explaining.methods else None,
        )
    if explaining.overhead:
        typer.echo(explaining.overhead)
    _say_failures(failures, out)
    page = write_trained_page(out)
    typer.echo(f"{order.recipe.name}: {evaluation.sentence}\n  {page}")


def kfold(
    recipe: Annotated[str, typer.Argument(metavar="RECIPE[,RECIPE]", help="names from 'auricle recipes', or files")],
    data: Data,
    out: Out = Path("auricle-folds"),
    split: Split = None,
    task: Task = None,
    seed: Seed = 0,
    device: Device = "auto",
    workers: Annotated[int | None, typer.Option(help="folds trained at the same time; by default one a core")] = None,
    set_: Set = None,
    allow_leakage: Leakage = False,
) -> None:
    """Train and test every fold of one or several recipes, and put the results on one page."""
    from auricle.cli.explaining import check_writable

    names = [each.strip() for each in recipe.split(",") if each.strip()]
    orders = [_order(name, data, split, task, seed, device, set_, allow_leakage) for name in names]
    check_writable(out)
    from auricle.report.trained import write_folds_page
    from auricle.training.kfold import kfold as train_folds

    _say_notes(orders[0].subjects()[0].dataset)
    with stoppable(RESUMES), training_bars() as told:
        found = train_folds(orders, out, workers=workers, told=told)
    page = write_folds_page(out, list(found))
    for order in orders:
        typer.echo(f"{order.recipe.name}: {_summary(out / order.recipe.name)}")
    typer.echo(str(page))


def needs_training() -> None:
    """Say in a sentence that the extra is missing, before any work is done."""
    try:
        import lightning.pytorch  # noqa: F401
        import tensorboard  # noqa: F401
    except ImportError as error:
        raise AuricleError(f"training needs {error.name}; install it with: pip install 'auricle[train]'") from error


class _Explaining:
    """Makes what explains validation clips beside a training, and says afterwards how long that took."""

    def __init__(self, order: Order, subject: Subject, methods: str | None, clips: int | None) -> None:
        from auricle.naming import method_named

        self.methods = [name.strip() for name in (methods or "").split(",") if name.strip()]
        if clips is not None and not self.methods:
            raise AuricleError("--watch-clips has no meaning without --watch METHOD; name a method, such as lrp")
        for name in self.methods:
            method_named(name)  # says what is wrong with it
        dataset, split, count = subject.dataset, subject.split, 10 if clips is None else clips
        if count < 1:
            raise AuricleError(f"{count} clips cannot be watched; give --watch-clips of at least 1")
        part = dataset.take(split.validate if len(split.validate) else split.train)
        self.part, self.task, self.count = part, order.recipe.task, count
        self._made: ExplainCallback | None = None

    def __call__(self, board: Any) -> ExplainCallback:
        from auricle.callbacks import ExplainCallback
        from auricle.callbacks.samples import by_turns

        rounds = -(-self.count // len(self.part.classes_of(self.task)))
        samples = by_turns(self.part, self.task, rounds)[: self.count]
        self._made = ExplainCallback(samples, methods=self.methods, to=board, quiet=True)
        return self._made

    @property
    def overhead(self) -> str:
        """How long explanations took, in words; nothing if there were none."""
        return "" if self._made is None else self._made.overhead


def _order(
    recipe: str,
    data: str,
    split: str | None,
    task: str | None,
    seed: int,
    device: str,
    set_: Sequence[str] | None,
    allow_leakage: bool,
) -> Order:
    needs_training()
    from auricle.cli.choosing import settings_of
    from auricle.training.outcome import Order
    from auricle.training.recipe import read_recipe

    changes: dict[str, Any] = settings_of(set_ or [])
    for key, value in (("split", split), ("task", task)):
        if value is not None:
            changes[key] = value
    if device not in ("auto", "cpu", "cuda"):
        raise AuricleError(f'"{device}" is no device; write --device auto, cpu or cuda')
    if device == "cuda":
        import torch

        if not torch.cuda.is_available():
            raise AuricleError("PyTorch finds no CUDA device here; leave --device out to train on the CPU")
    made = read_recipe(recipe, changes=changes)
    return Order(recipe=made, data=data, seed=seed, device=device, allow_leakage=allow_leakage)


@contextmanager
def training_bars() -> Iterator[Any]:
    """Bars on the error stream, one for each fold at work; silent unless that is a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    bars: dict[str, Any] = {}
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as shown:

        def told(name: str, what: str, done: int, of: int) -> None:
            if name not in bars:
                bars[name] = shown.add_task(name)
            if what == "done":
                shown.remove_task(bars.pop(name))
            else:
                shown.update(bars[name], description=f"{name}, {what}", completed=done, total=of)

        yield told


def _say_notes(dataset: Dataset) -> None:
    """What opening the data set left out, and what it does not say."""
    for note in dataset.notes:
        typer.echo(f"auricle: {dataset.name}: {note}", err=True)


def _say_failures(failures: dict[str, str], out: Path) -> None:
    for why in list(failures.values())[:5]:
        typer.echo(f"auricle: left out: {why}", err=True)
    if len(failures) > 5:
        typer.echo(f"auricle: {len(failures)} clips were left out, see {out / 'failures.csv'}", err=True)


def _summary(folder: Path) -> str:
    import csv

    with open(folder / "folds.csv", newline="", encoding="utf-8") as file:
        rows = {row["split"]: row for row in csv.DictReader(file)}
    mean, spread = rows["mean"], rows["std"]
    shown = [name for name in ("accuracy", "balanced_accuracy", "roc_auc", "macro_auprc") if mean.get(name)]
    said = [f"{name} {float(mean[name]):.3f}{_deviation(spread[name])}" for name in shown]
    return f"mean over {len(rows) - 2} folds: {', '.join(said)}"


def _deviation(spread: str) -> str:
    """A single fold has none."""
    return f" ± {float(spread):.3f}" if spread else ""
