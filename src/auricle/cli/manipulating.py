"""The command ``auricle manipulate``: experiments that change what a model hears."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from auricle.cli.stopping import stoppable
from auricle.errors import AuricleError

if TYPE_CHECKING:
    from auricle.cli.progress import Bar
    from auricle.evaluation.manipulation import Examples

manipulate_app = typer.Typer(
    help="Change what a model hears, to learn what it listens to: zeroing, frequency-scaling.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Model = Annotated[
    str, typer.Argument(metavar="DIR", help="a trained (or kfold recipe's) folder, or a model", show_default=False)
]
Data = Annotated[
    str | None,
    typer.Option(help="the clips of a model without predictions; else only where the data set is now, if it has moved"),
]
Task = Annotated[str | None, typer.Option(help="which labels of --data the model says; by default those that fit")]
Where = Annotated[
    list[str] | None, typer.Option(metavar="COLUMN=VALUE", help="only clips with this value (repeatable)")
]
Settings = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="a setting of the method")]
Limit = Annotated[int | None, typer.Option(help="at most so many clips, drawn at random")]
Out = Annotated[Path, typer.Option(help="folder to write to")]
Seed = Annotated[int, typer.Option(help="of every random draw")]


@manipulate_app.command("zeroing")
def zeroing_command(
    model: Model,
    data: Data = None,
    task: Task = None,
    method: Annotated[str, typer.Option(help="whose relevance, see 'auricle methods'")] = "lrp",
    set_: Settings = None,
    steps: Annotated[str, typer.Option(metavar="A,B,C", help="per cent of each clip")] = "0,0.5,1,2,5,10,20,50",
    level: Annotated[str, typer.Option(help="what is silenced: features (the model's input) or waveform")] = "features",
    draws: Annotated[int, typer.Option(help="random orders to average")] = 5,
    where: Where = None,
    limit: Limit = None,
    out: Out = Path("auricle-zeroing"),
    seed: Seed = 0,
) -> None:
    """Silence the most relevant, the loudest and random samples: how soon does the model lose the class?"""
    from auricle.cli.choosing import method_of
    from auricle.evaluation.manipulation import ORDERS, zeroing
    from auricle.report.manipulation import save_zeroing

    chosen, shares = method_of(method, set_ or [], {}), _numbers(steps)
    examples = _examples(model, data, task=task, where=where, limit=limit, seed=seed, out=out)
    with _watched(len(examples), "silencing") as bar:
        found = zeroing(
            examples,
            method=chosen,
            steps=shares,
            level=level,  # type: ignore[arg-type]
            draws=draws,
            seed=seed,
            group=examples.group,
            on_step=bar.step,
            failures=examples.failures,
        )
    page = save_zeroing(found, out, name=_name(model), chance=1 / examples.classes)
    typer.echo(found.sentence)
    for order in ORDERS:
        said = ", ".join(
            f"{share:g} %: {100 * each.mean:.1f}"
            for share, each in zip(found.shares, found.curve(order), strict=True)
        )
        typer.echo(f"  accuracy by {order}: {said}")
    _tell(found.failures)
    typer.echo(f"  {page}")


@manipulate_app.command("frequency-scaling")
def frequency_scaling_command(
    model: Model,
    data: Data = None,
    task: Task = None,
    by: Annotated[str, typer.Option(help="column of the data whose values have a factor each")] = "gender",
    factors: Annotated[str, typer.Option(metavar="VALUE=FACTOR,…", help="above 1 is up")] = "male=1.5,female=0.66",
    where: Where = None,
    limit: Limit = None,
    out: Out = Path("auricle-frequency-scaling"),
    seed: Seed = 0,
) -> None:
    """Scale the frequency axis so that male voices have the pitch of female ones and the other way round."""
    from auricle.evaluation.manipulation import frequency_scaling
    from auricle.report.manipulation import save_scaling

    each = _factors(factors)
    examples = _examples(model, data, task=task, where=where, limit=limit, seed=seed, out=out)
    with _watched(len(examples), "scaling") as bar:
        found = frequency_scaling(
            examples,
            by=by,
            factors=each,
            group=examples.group,
            on_step=bar.step,
            failures=examples.failures,
        )
    page = save_scaling(found, out, name=_name(model))
    typer.echo(found.sentence)
    for value, factor in found.factors.items():
        before, after = found.accuracy("before", value).mean, found.accuracy("after", value).mean
        typer.echo(f"  {by} {value} × {factor:g}: {100 * before:.1f} % before, {100 * after:.1f} % after")
    typer.echo(f"  control, everything × 1: the largest difference of any logit is {found.control:g}")
    _tell(found.failures)
    typer.echo(f"  {page}")


def _examples(
    model: str, data: str | None, *, task: str | None, where: list[str] | None, limit: int | None, seed: int, out: Path
) -> Examples:
    from auricle.cli.explaining import check_writable
    from auricle.evaluation.manipulation import Examples

    check_writable(out)
    return Examples(model, data, task=task, where=where or (), limit=limit, seed=seed)


def _numbers(text: str) -> list[float]:
    """Numbers of ``0,0.5,1``."""
    try:
        return [float(each) for each in text.split(",")]
    except ValueError as error:
        raise AuricleError(f"--steps {text} are not numbers; write per cents with commas, as 0,1,5,10") from error


def _factors(text: str) -> dict[str, float]:
    """Factors of ``male=1.5,female=0.66``."""
    found: dict[str, float] = {}
    for each in text.split(","):
        value, equals, factor = each.partition("=")
        try:
            found[value.strip()] = float(factor)
        except ValueError:
            equals = ""
        if not equals or not value.strip():
            raise AuricleError(f'"{each}" is not VALUE=FACTOR; write for example --factors male=1.5,female=0.66')
    return found


def _name(model: str) -> str:
    """What a model is called on the page."""
    path = Path(model)
    return path.resolve().name if path.is_dir() else model


def _tell(failures: Mapping[str, str]) -> None:
    for name, reason in failures.items():
        typer.echo(f"auricle: {name} was left out: {' '.join(str(reason).split())}", err=True)


@contextmanager
def _watched(total: int, what: str) -> Iterator[Bar]:
    """A bar; Ctrl-C ends the work with one line, and nothing is written."""
    from auricle.cli.progress import progress

    with stoppable("nothing was written"), progress(total, what) as bar:
        yield bar
