"""The demo: bundled clips, the bundled model, several methods, and a clip whose cause is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import typer

from auricle import demo
from auricle.cli.comparing import compare_clip
from auricle.cli.explaining import Plan, explain_files
from auricle.clip import load_clip
from auricle.explanation import Explanation
from auricle.methods import build
from auricle.models import load_classifier
from auricle.road import explain
from auricle.sonify import Masking

METHODS = ("lrp", "ig", "deeplift", "grad-cam", "kernel-shap")


def demonstrate(out: Path) -> Path:
    """Explain the bundled clips, compare methods on the one with a known cause; returns the page to open first."""
    classifier, masking = load_classifier("digits"), Masking()
    plans = {
        name: Plan(classifier, build(name), "predicted", "features", 0, masking, False, True) for name in METHODS
    }
    explain_files(demo.clips(), plans[METHODS[0]], out)
    planted = load_clip(demo.clip("planted"))
    comparison = compare_clip(planted, plans, out / "planted-methods")
    truth = demo.planted()
    start, end = truth["digit"]
    typer.echo(f'In planted.wav "{truth["says"]}" is spoken from {start:g} to {end:g} s, between a tone and a burst.')
    for plan in plans.values():
        explanation = explain(planted, classifier, method=plan.method)
        found = share_within(explanation, start, end)
        typer.echo(f"  {plan.method.name} puts {100 * found:.0f} % of its positive relevance there.")
    typer.echo(f"Open {out / 'index.html'} first, then {comparison}.")
    return out / "index.html"


def share_within(explanation: Explanation, start: float, end: float) -> float:
    """The share of positive relevance that lies between two moments of the clip, in seconds."""
    values, axes = explanation.map()
    positive = np.maximum(values, 0.0)
    inside = (axes.seconds_centres >= start) & (axes.seconds_centres <= end)
    total = positive.sum()
    return float(positive[:, inside].sum() / total) if total > 0 else 0.0
