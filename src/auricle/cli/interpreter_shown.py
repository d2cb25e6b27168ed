"""``auricle interpreter show``: what an interpreter in components has learnt, as a page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import typer

from auricle.cli.clips_of_classes import choose, clips_of_rows, rows_of
from auricle.cli.interpreter_figures import figure_title
from auricle.cli.progress import progress
from auricle.cli.stopping import stoppable
from auricle.clip import Clip
from auricle.errors import AuricleError
from auricle.interpreters.componentwise import ComponentInterpreter
from auricle.interpreters.global_view import global_view
from auricle.interpreters.opening import load_interpreter

LISTED = 3


def show_interpreter(
    folder: Path,
    *,
    model: str | None,
    data: str | None,
    task: str | None,
    split: str | None,
    fold: str | None,
    part: str | None,
    per_class: int | None,
    out: Path | None,
    seed: int,
) -> None:
    """Explain clips with the interpreter of a folder, and write its page; what is not given is that of its training."""
    from auricle.report.interpreters import write_page

    interpreter = load_interpreter(folder)
    if not isinstance(interpreter, ComponentInterpreter):
        raise AuricleError(
            f"{folder} holds an interpreter of kind {interpreter.kind}, which has no components to show; hear it with: "
            f"auricle explain CLIP --method {interpreter.kind}:{folder}"
        )
    facts = interpreter.facts
    path = model or facts.get("model_path")
    if path is None:
        raise AuricleError(f"{folder} does not say where its model is; give it with --model")
    same = data is None  # other data has tasks and splits of its own
    choice = choose(
        path,
        data or facts.get("data"),
        task or (facts.get("task") if same else None),
        split or (facts.get("scheme") if same else None),
        fold or (facts.get("fold") if same else None),
        part,
        default="test",
    )
    rows = rows_of(choice, None, per_class, seed)
    failures: list[str] = []

    with stoppable(), progress(len(rows), "hearing") as bar:

        def clips() -> Iterator[Clip]:
            for clip, _ in clips_of_rows(choice, rows, failures, bar.step):
                yield clip

        view = global_view(interpreter, choice.classifier, clips(), seed=seed)
        bar.describe("writing")
        page = write_page(interpreter, view, out or folder / "pages", of=f"{choice.dataset.name}, {choice.split}")
    for text in failures:
        typer.echo(f"left out: {text}", err=True)
    for name, value in view.figures.items():
        typer.echo(f"{figure_title(name)}: {value:.3f}")
    for row, label in enumerate(view.labels):
        parts = ", ".join(f"{k} ({view.mean[row, k]:.2f})" for k in view.best(row, LISTED))
        typer.echo(f"{label}: components {parts}" if parts else f"{label}: no component speaks for it")
    typer.echo(str(page))
