"""One clip through several methods."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from auricle.cli.explaining import Plan, check_writable
from auricle.cli.progress import Bar, progress
from auricle.clip import Clip, load_clip
from auricle.explanation import Explanation
from auricle.files import write_whole
from auricle.methods.coalitions import watching
from auricle.naming import short_name
from auricle.report.outcome import outcome
from auricle.report.page import compare_page
from auricle.report.plot import compare_plot, png
from auricle.report.record import plain

if TYPE_CHECKING:
    from auricle.metrics import Scores
    from auricle.sonify import Sounds


def compare_methods(path: Path, plans: Mapping[str, Plan], out: Path) -> Path:
    """Write each named method's explanation and the page that puts them side by side."""
    return compare_clip(load_clip(path), plans, out)


def compare_clip(clip: Clip, plans: Mapping[str, Plan], out: Path) -> Path:
    """The same for a clip that is already read."""
    check_writable(out)
    with progress(len(plans), "comparing") as bar, watching(bar.hears):
        compare_in(clip, plans, out, bar, each=bar.step)
    return out / "index.html"


def compare_in(
    clip: Clip, plans: Mapping[str, Plan], out: Path, bar: Bar, *, each: Callable[[], None] = lambda: None
) -> list[Explanation]:
    """The same under a bar that is already shown; ``each`` is called after every method."""
    explanations: list[Explanation] = []
    scores_of: list[Scores | None] = []
    sounds: list[Sounds | None] = []
    for folder, (name, plan) in zip(_folders(plans), plans.items(), strict=True):
        bar.describe(name)
        explanation, scores = plan.explain(clip, bar)
        plan.save(explanation, scores, out / folder)
        explanations.append(explanation)
        scores_of.append(scores)
        sounds.append(explanation.sounds(plan.masking, full_band=plan.full_band))
        each()
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
    bar.say(_lines(clip, plans, explanations, scores_of, out / "index.html"))
    return explanations


def _folders(names: Iterable[str]) -> list[str]:
    """A folder for each method; two of one kind from folders of one name are numbered.

    >>> _folders(["lrp", "lmac:a/masks", "lmac:b/masks"])
    ['lrp', 'lmac-masks', 'lmac-masks-2']
    """
    found: list[str] = []
    for name in names:
        own, number = short_name(name), 1
        while (own if number == 1 else f"{own}-{number}") in found:
            number += 1
        found.append(own if number == 1 else f"{own}-{number}")
    return found


def _lines(
    clip: Clip, plans: Mapping[str, Plan], explanations: list[Explanation], scores_of: list[Scores | None], page: Path
) -> str:
    """What was heard, what each method is worth, what to mind, and where the page is."""
    lines = [f"{clip.name}: {outcome(explanations[0])}"]
    if unmeasurable := next(iter(plans.values())).unmeasurable:
        lines.append(f"  {unmeasurable}")
    for name, explanation, scores in zip(plans, explanations, scores_of, strict=True):
        if scores is not None:
            lines.append(f"  {name}: {scores.sentence}")
        lines += [f"  {name}, warning: {check.text}" for check in explanation.checks if check.passed is False]
    return "\n".join([*lines, f"  {page}"])
