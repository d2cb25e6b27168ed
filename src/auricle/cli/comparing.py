"""One clip through several methods."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from auricle.cli.explaining import Plan, check_writable
from auricle.cli.progress import progress
from auricle.clip import Clip, load_clip
from auricle.explanation import Explanation
from auricle.methods.coalitions import watching
from auricle.report.outcome import outcome
from auricle.report.page import compare_page
from auricle.report.plot import compare_plot, png
from auricle.report.record import plain
from auricle.report.save import write_whole

if TYPE_CHECKING:
    from auricle.metrics import Scores
    from auricle.sonify import Sounds


def compare_methods(path: Path, plans: Mapping[str, Plan], out: Path) -> Path:
    """Write each named method's explanation and the page that puts them side by side."""
    return compare_clip(load_clip(path), plans, out)


def compare_clip(clip: Clip, plans: Mapping[str, Plan], out: Path) -> Path:
    """The same for a clip that is already read."""
    check_writable(out)
    explanations: list[Explanation] = []
    scores_of: list[Scores | None] = []
    sounds: list[Sounds | None] = []
    with progress(len(plans), "comparing") as bar:
        for name, plan in plans.items():
            bar.describe(name)
            with watching(bar.hears):
                explanation, scores = plan.explain(clip, bar)
            plan.save(explanation, scores, out / name)
            explanations.append(explanation)
            scores_of.append(scores)
            sounds.append(explanation.sounds(plan.masking, full_band=plan.full_band))
            bar.step()
    write_whole(out / "comparison.png", png(compare_plot(explanations)))
    record = {
        "clip": clip.name,
        "prediction": outcome(explanations[0]).label,
        "target": explanations[0].target,
        "methods": {
            name: {"settings": e.method.settings(), "scores": None if s is None else s.to_dict()}
            for name, e, s in zip(plans, explanations, scores_of, strict=True)
        },
    }
    write_whole(out / "comparison.json", json.dumps(plain(record), indent=2, allow_nan=False) + "\n")
    write_whole(out / "index.html", compare_page(explanations, scores_of, sounds))
    typer.echo(f"{clip.name}: {outcome(explanations[0])}")
    if unmeasurable := next(iter(plans.values())).unmeasurable:
        typer.echo(f"  {unmeasurable}")
    for name, explanation, scores in zip(plans, explanations, scores_of, strict=True):
        if scores is not None:
            typer.echo(f"  {name}: {scores.sentence}")
        for check in explanation.checks:
            if check.passed is False:
                typer.echo(f"  {name}, warning: {check.text}")
    typer.echo(f"  {out / 'index.html'}")
    return out / "index.html"
