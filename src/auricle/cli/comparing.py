"""One clip through several methods."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from auricle.cli.explaining import Plan, check_writable, settings_of
from auricle.cli.progress import progress
from auricle.clip import Clip, load_clip
from auricle.errors import AuricleError, nearest
from auricle.explanation import Explanation
from auricle.methods import Method, build
from auricle.report.page import compare_page
from auricle.report.plot import compare_plot, png
from auricle.report.record import plain
from auricle.report.save import write_whole

if TYPE_CHECKING:
    from auricle.metrics import Scores
    from auricle.sonify import Sounds


def methods_of(names: str, settings: Sequence[str]) -> list[Method]:
    """Methods from ``lrp,ig`` and settings like ``lrp.composite=epsilon``.

    >>> [method.describe() for method in methods_of("gradient,deep-taylor", ["deep-taylor.input_rule=w-square"])]
    ['gradient (absolute=False)', 'deep-taylor (input_rule=w-square)']
    """
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    if not wanted:
        raise AuricleError('no methods were given; write for example --methods "lrp,ig"')
    if len(set(wanted)) < len(wanted):
        raise AuricleError(f"{names} names a method twice; give each once")
    own: dict[str, dict[str, Any]] = {name: {} for name in wanted}
    for key, value in settings_of(settings).items():
        method, dot, setting = key.partition(".")
        if not dot or method not in own:
            raise AuricleError(f'"{key}" does not name one of the methods compared; {nearest(method, own)}')
        own[method][setting] = value
    return [build(name, **chosen) for name, chosen in own.items()]


def compare_methods(path: Path, plans: Sequence[Plan], out: Path) -> Path:
    """Write each method's explanation and the page that puts them side by side."""
    return compare_clip(load_clip(path), plans, out)


def compare_clip(clip: Clip, plans: Sequence[Plan], out: Path) -> Path:
    """The same for a clip that is already read."""
    check_writable(out)
    explanations: list[Explanation] = []
    scores_of: list[Scores | None] = []
    sounds: list[Sounds | None] = []
    with progress(len(plans), "comparing") as bar:
        for plan in plans:
            bar.describe(plan.method.name)
            explanation, scores = plan.explain(clip)
            plan.save(explanation, scores, out / plan.method.name)
            explanations.append(explanation)
            scores_of.append(scores)
            sounds.append(explanation.sounds(plan.masking, full_band=plan.full_band))
            bar.step()
    write_whole(out / "comparison.png", png(compare_plot(explanations)))
    record = {
        "clip": clip.name,
        "prediction": explanations[0].prediction.label,
        "target": explanations[0].target,
        "methods": {
            e.method.name: {"settings": e.method.settings(), "scores": None if s is None else s.to_dict()}
            for e, s in zip(explanations, scores_of, strict=True)
        },
    }
    write_whole(out / "comparison.json", json.dumps(plain(record), indent=2, allow_nan=False) + "\n")
    write_whole(out / "index.html", compare_page(explanations, scores_of, sounds))
    typer.echo(f"{clip.name}: {explanations[0].prediction.label} {explanations[0].prediction.probability:.2f}")
    for explanation, scores in zip(explanations, scores_of, strict=True):
        if scores is not None:
            typer.echo(f"  {explanation.method.name}: {scores.sentence}")
        for check in explanation.checks:
            if check.passed is False:
                typer.echo(f"  {explanation.method.name}, warning: {check.text}")
    typer.echo(f"  {out / 'index.html'}")
    return out / "index.html"
