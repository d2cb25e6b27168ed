"""``auricle run``: a whole data set explained, sonified and evaluated from one config."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from auricle.study.config import StudyConfig
    from auricle.study.plan import Stage
    from auricle.study.run import Study
    from auricle.study.worker import Done

File = Annotated[
    Path | None, typer.Argument(metavar="STUDY", help="a config, YAML or JSON; see --example", show_default=False)
]


def run(
    file: File = None,
    stage: Annotated[
        list[str] | None, typer.Option(help="only this stage (repeatable): predict, explain, tune, …")
    ] = None,
    reset: Annotated[
        list[str] | None, typer.Option(metavar="STAGE", help="make a stage anew, and what depends on it (repeatable)")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume/--anew", help="keep what is there and still wanted, or make everything anew")
    ] = True,
    prune: Annotated[
        bool,
        typer.Option("--prune", help="remove what the store has of clips and methods that the study no longer has"),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="only say what would be made, and what it would cost")
    ] = False,
    limit: Annotated[int | None, typer.Option(help="at most so many clips")] = None,
    model: Annotated[str | None, typer.Option(help="instead of the config's model")] = None,
    data: Annotated[str | None, typer.Option(help="instead of the config's data")] = None,
    out: Annotated[str | None, typer.Option(help="instead of the config's out")] = None,
    workers: Annotated[int | None, typer.Option(help="processes; by default one a core")] = None,
    engine: Annotated[str, typer.Option(help="local, or ray (pip install 'auricle[ray]')")] = "local",
    change: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="a key of the config, as sound.random=3")
    ] = None,
    example: Annotated[bool, typer.Option("--example", help="print a config with every key explained")] = False,
) -> None:
    """Explain a whole data set: predictions, relevance, regions, sound, faithfulness and a site of it all.

    The same command goes on where it was interrupted, and makes only what a changed config asks for.
    """
    from auricle.cli.choosing import settings_of
    from auricle.cli.stopping import stoppable
    from auricle.errors import AuricleError, nearest
    from auricle.study.engines import ENGINES

    if example:
        from auricle.study.example import example as text

        typer.echo(text(), nl=False)
        return
    if file is None:
        raise AuricleError("no config is given; write one with: auricle run --example > study.yaml")
    if engine not in ENGINES:
        raise AuricleError(f'no engine is called "{engine}"; {nearest(engine, ENGINES)}')
    changes: dict[str, Any] = settings_of(change or [])
    told = {"model": model, "data": data, "out": out, "workers": workers, "clips.limit": limit}
    changes |= {key: value for key, value in told.items() if value is not None}
    config, stages, theirs = _config(file, changes, stage)
    if dry_run:
        _print_estimate(config, stages)
        return
    with stoppable("what was made is kept; the same command goes on"):
        from auricle.study.plan import STAGES
        from auricle.study.run import run_study

        resets = [*(reset or []), *theirs] if resume else list(stages or STAGES)
        found = run_study(config, stages=stages, reset=resets, engine=engine, prune=prune, watcher=_Telling())
    _print_result(found)


def _config(
    file: Path, changes: dict[str, Any], stages: list[str] | None
) -> tuple[StudyConfig, list[str] | None, list[str]]:
    """The config, the stages to run and those to reset; of AudibleXAI's config it is told what each key became."""
    from auricle.study.reading import read_study

    read = read_study(file, changes=changes)
    if read.translation is None:
        return read.config, stages, []
    typer.echo(f"{file} is a config of AudibleXAI; its keys became:", err=True)
    for line in read.translation.said:
        typer.echo(f"  {line}", err=True)
    _warn_of_other_features(read.config.model, read.translation.frontend)
    return read.config, stages or list(read.translation.stages), list(read.translation.reset)


def _warn_of_other_features(model: str, frontend: str) -> None:
    """The file's dataset_type is a wish; which features are explained is the model's to say."""
    from auricle.frontends import preset
    from auricle.study.models import open_model
    from auricle.study.subject import models_of

    heard = open_model(models_of(model)[0], "cpu").frontend
    if heard != preset(frontend):
        typer.echo(
            f"auricle: {model} does not hear through {frontend}, as the file wants; its own features are explained",
            err=True,
        )


class _Telling:
    """A bar for each stage, with the time left; one line where nobody watches."""

    def __init__(self) -> None:
        self._shown: Any = None

    def note(self, text: str) -> None:
        typer.echo(f"auricle: {text}", err=True)

    def stage(self, stage: Stage, todo: int, kept: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self.close()
        console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._shown = Progress(*columns, console=console, disable=not console.is_terminal)
        self._shown.start()
        beside = f" ({kept} kept)" if kept else ""
        self._task = self._shown.add_task(f"{stage}{beside}", total=max(todo, 1), completed=0 if todo else 1)

    def step(self, done: Done) -> None:
        self._shown.advance(self._task)

    def close(self) -> None:
        if self._shown is not None:
            self._shown.stop()


def _print_estimate(config: StudyConfig, stages: list[str] | None) -> None:
    from auricle.cli.progress import duration_text
    from auricle.study.estimate import estimate
    from auricle.study.lengths import long_clips
    from auricle.study.run import stages_of
    from auricle.study.subject import open_subject

    begun = time.perf_counter()
    for note in long_clips(config, open_subject(config)):
        typer.echo(f"auricle: {note}", err=True)
    found = estimate(config, stages_of(stages))
    for each in found:
        kept = f", {each.kept} kept" if each.kept else ""
        size = f"{each.bytes / 2**20:.0f} MiB" if each.bytes >= 2**20 else f"{each.bytes / 2**10:.0f} KiB"
        typer.echo(f"{each.stage:9} {each.todo} shards to make{kept}: about {duration_text(each.seconds)}, {size}")
    total = duration_text(sum(each.seconds for each in found))
    typer.echo(f"in all about {total}, from a few clips that took {duration_text(time.perf_counter() - begun)}")


def _print_result(found: Study) -> None:
    from auricle.cli.progress import duration_text

    for each in found.stages:
        kept = f", {each.kept} kept" if each.kept else ""
        failed = f", {each.failures} failures" if each.failures else ""
        cost = ""
        if each.overhead is not None:
            rows = f"{each.passes.forward:,} rows forward, {each.passes.backward:,} back"
            cost = f"; {each.overhead:.2f}× its bare passes ({rows})"
        typer.echo(f"{each.stage:9} {each.made} shards in {duration_text(each.seconds)}{kept}{failed}{cost}")
    if found.overhead is not None:
        took = duration_text(sum(each.seconds for each in found.stages))
        typer.echo(f"in all {took}; {found.overhead:.2f}× the bare passes that the methods and metrics need")
    if found.failures:
        typer.echo(f"auricle: {found.failures} failures, see {found.store.path('failures')}", err=True)
    for note in found.notes:
        typer.echo(f"note: {note}", err=True)
    for line in found.sentences():
        typer.echo(line)
