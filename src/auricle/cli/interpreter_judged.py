"""``auricle interpreter evaluate``: how far an interpreter says what the model says, on clips it has not heard."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import typer

from auricle.cli.interpreter_figures import figure_title
from auricle.cli.model import classifier_of
from auricle.cli.progress import progress
from auricle.cli.stopping import stoppable
from auricle.clip import Clip
from auricle.datasets import table_of
from auricle.errors import AuricleError
from auricle.evaluation.tested import Choice, choose_clips
from auricle.evaluation.writing import csv_bytes
from auricle.files import write_whole
from auricle.interpreters.base import Interpreter
from auricle.interpreters.judging import Judged, judge
from auricle.interpreters.opening import load_interpreter
from auricle.metrics.bootstrap import Interval, bootstrap
from auricle.metrics.fidelity import TOP_K, multi_label_fidelity, top_k_fidelity
from auricle.report.record import plain

EVALUATION, CLIPS = "evaluation.json", "evaluation.csv"


def opened(folder: Path, model: str | None) -> tuple[Interpreter, str]:
    """An interpreter and where its model is; raises `AuricleError` where that is not told."""
    interpreter = load_interpreter(folder)
    place = model or interpreter.facts.get("model_path")
    if place is None:
        raise AuricleError(f"{folder} does not say where its model is; name it with --model")
    return interpreter, str(place)


def chosen(
    interpreter: Interpreter,
    place: str,
    data: str | None,
    task: str | None,
    split: str | None,
    fold: str | None,
    part: str,
    seed: int,
) -> Choice:
    """The clips of a part: of the data that the interpreter learnt from, unless others are named."""
    facts = interpreter.facts
    return choose_clips(
        place,
        data=data or facts.get("data"),
        task=task or facts.get("task"),
        scheme=split or (facts.get("scheme") if data is None else None),
        fold=fold or (facts.get("fold") if data is None else None),
        part=part,
        seed=seed,
        classifier=classifier_of(place),
    )


def judge_interpreter(
    folder: Path,
    *,
    model: str | None,
    data: str | None,
    task: str | None,
    split: str | None,
    fold: str | None,
    part: str,
    removed: int,
    legacy: bool,
    seed: int,
) -> None:
    """Judge an interpreter, print what was found, and keep it beside the interpreter."""
    interpreter, place = opened(folder, model)
    choice = chosen(interpreter, place, data, task, split, fold, part, seed)
    interpreter.check(choice.classifier)
    failures: list[str] = []
    with stoppable(), progress(len(choice.numbers), "hearing clips") as bar:
        found = judge(interpreter, choice.classifier, _clips(choice, failures, bar.step), removed=removed)
    rows = _rows(interpreter, found, legacy=legacy, seed=seed)
    told = {
        "kind": interpreter.kind,
        "data": choice.data,
        "split": choice.split,
        "clips": len(found.names),
        "left_out": failures,
        "legacy": legacy,
        "rows": rows,
    }
    write_whole(folder / EVALUATION, json.dumps(plain(told), indent=2, allow_nan=False) + "\n")
    write_whole(folder / CLIPS, csv_bytes(_table(interpreter, found)))
    typer.echo(f"{interpreter.kind} for {interpreter.subject.name}, {len(found.names)} clips of {choice.split}:")
    for row in rows:
        interval = "" if row["low"] is None else f" ({row['low']:.3f} to {row['high']:.3f})"
        typer.echo(f"  {row['name']}: {row['value']:.3f}{interval}{row['note']}")
    for text in failures[:5]:
        typer.echo(f"auricle: left out: {text}", err=True)
    typer.echo(f"  {folder / EVALUATION}, {folder / CLIPS}")


def _clips(choice: Choice, failures: list[str], step: Any) -> Iterator[Clip]:
    for number in np.asarray(choice.numbers).tolist():
        step()
        try:
            clip = choice.dataset.load(number)
            choice.classifier.windows(clip)
        except AuricleError as error:
            failures.append(str(error))
            continue
        yield clip


def _rows(interpreter: Interpreter, found: Judged, *, legacy: bool, seed: int) -> list[dict[str, Any]]:
    """Name, value and interval of each figure."""
    rows = []
    if found.scores:
        scores, outputs = np.stack(found.scores), np.stack(found.outputs)
        if interpreter.subject.multi_label:
            fidelity = multi_label_fidelity(scores, outputs, legacy=legacy, seed=seed)
            chance = f"; by chance {fidelity.chance:.3f}"
            for name, each, note in (
                ("macro-AUPRC", fidelity.macro_auprc, chance),
                ("micro-AUPRC", fidelity.micro_auprc, ""),
                ("max-F1", fidelity.max_f1, ""),
            ):
                rows.append({"name": name, "value": each.value, "low": each.low, "high": each.high, "note": note})
        classes = scores.shape[1]
        for k in (each for each in TOP_K if each < classes):  # with several labels, of the most probable one
            mean = bootstrap(top_k_fidelity(scores, outputs, k=k), seed=seed)
            rows.append(_row(f"top-{k} fidelity", mean, f"; by chance {k / classes:.3f}"))
    for name, values in found.figures.items():
        if name.startswith("top_"):
            continue
        known = np.array([each for each in values if np.isfinite(each)])
        if len(known):
            rows.append(_row(figure_title(name), bootstrap(known, seed=seed)))
    if found.removal is not None:
        rows.append(
            _row(
                "loss by a relevant component less that by another",
                found.removal.paired(seed=seed),
                f"; {found.removal.used.mean():.1f} relevant a clip",
            )
        )
    return rows


def _row(name: str, mean: Interval, note: str = "") -> dict[str, Any]:
    return {"name": name, "value": mean.mean, "low": mean.low, "high": mean.high, "note": note}


def _table(interpreter: Interpreter, found: Judged) -> Any:
    rows = []
    for number, name in enumerate(found.names):
        row: dict[str, Any] = {"id": name, **{key: values[number] for key, values in found.figures.items()}}
        row |= {f"p_{label}": p for label, p in zip(interpreter.subject.labels, found.outputs[number], strict=True)}
        if found.scores:
            said = zip(interpreter.subject.labels, found.scores[number], strict=True)
            row |= {f"interpreter_{label}": p for label, p in said}
        rows.append(row)
    return table_of(rows)
