"""Which explainer finds the sound that decided? ``docs/explainers_on_ten_sounds.md``.

``python scripts/explainers_on_ten_sounds.py FOLDER`` takes a folder with the corpus (``data``), the model (``model``)
and interpreters (``lmac``, ``lmac-published``, ``mask``, ``l2i``, ``l2i-attention``, ``l2i-input``, ``flint``) made by
the commands of that page, judges them on the test clips, and puts the tables into the page, between
``<!-- table NAME -->`` and ``<!-- end -->``. Comparisons that are there are kept; delete their folder to renew them.
"""

from __future__ import annotations

import argparse
import csv
import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reproduced_tables import replaced, table

from auricle.interpreters.base import CARD
from auricle.protocols import summarise
from auricle.protocols.summary import Figure

PAGE = Path(__file__).parents[1] / "docs" / "explainers_on_ten_sounds.md"
DIGITS = {"AI": 0, "AD": 1, "AG": 0, "SI-SDRi": 1, "COMP": 1, "MM": 3}
COLUMNS = ("AI", "AD", "AG", "FF", "Fid-In", "SPS", "COMP", "MM", "SI-SDRi", "IoU", "mass", "rank")
LEARNT = ("lmac", "lmac-published", "mask", "l2i", "l2i-all", "flint")
TRAINED = ("lmac", "lmac-published", "mask", "l2i", "l2i-attention", "l2i-input", "flint")
MAPS = "lrp,ig,grad-cam,gradient-shap,kernel-shap"
NAMES = {
    "lmac": "L-MAC",
    "lmac-published": "L-MAC, published weights",
    "mask": "amortised mask",
    "l2i": "L2I",
    "l2i-all": "L2I, all components above 0.1",
    "l2i-attention": "L2I, attention over time",
    "l2i-input": "L2I that reads the spectrogram",
    "l2i-random": "— as many components, at random",
    "l2i-energy": "— as many components, the loudest",
    "flint": "FLINT",
    "lrp": "LRP",
    "ig": "integrated gradients",
    "grad-cam": "Grad-CAM",
    "gradient-shap": "GradientSHAP",
    "kernel-shap": "KernelSHAP, 48 tiles",
}


def auricle(*words: str | Path) -> None:
    """Run a command of auricle, and stop where it does."""
    subprocess.run([Path(sys.executable).parent / "auricle", *map(str, words)], check=True)


def name_of(explainer: str) -> str:
    """What an explainer is called on the page.

    >>> name_of("lmac:runs/lmac-published"), name_of("random")
    ('L-MAC, published weights', 'random')
    """
    kind, colon, folder = explainer.partition(":")
    if not colon:
        return NAMES.get(explainer, explainer)
    own = Path(folder).name
    return NAMES[kind] if kind in ("l2i-random", "l2i-energy") else NAMES.get(own, NAMES.get(kind, explainer))


def compared(folder: Path, protocol: str, methods: Sequence[str], *more: str) -> list[dict[str, Any]]:
    """The cases of a comparison, which is made unless it is there."""
    import pyarrow.parquet as parquet

    out = folder / f"compared-{protocol}"
    if not (out / "cases.parquet").exists():
        words = ["evaluate", folder / "model", "--protocol", protocol, "--methods", ",".join(methods), *more]
        auricle(*words, "--out", out)
    return list(parquet.read_table(out / "cases.parquet").to_pylist())


def figure(found: Figure) -> str:
    """A mean with its interval; short, as a table has many."""
    value = found.value
    digits = DIGITS.get(found.column, 2)
    text = f"{value.mean:.{digits}f}"
    if value.low is None or value.high is None or f"{value.low:.{digits}f}" == f"{value.high:.{digits}f}":
        return text
    return f"{text} ({value.low:.{digits}f} to {value.high:.{digits}f})"


def compared_table(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> str:
    """One row an explainer and condition, controls last and in italics."""
    figures = [each for each in summarise(rows) if each.column in columns]
    conditions = list(dict.fromkeys(each.condition for each in figures))
    by = {(each.explainer, each.condition, each.column): each for each in figures}
    lines = []
    for explainer, kind in dict.fromkeys((each.explainer, each.kind) for each in figures):
        shown = f"*{name_of(explainer)}*" if kind == "control" else name_of(explainer)
        cells = [by.get((explainer, condition, name)) for condition in conditions for name in columns]
        lines.append([shown, *("–" if each is None else figure(each) for each in cells)])
    if len(conditions) == 1:
        return table(["", *columns], lines)
    return table(["", *(f"{name}, {each}" for each in conditions for name in columns)], lines)


def difference_table(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> str:
    """The learnt masks less the best map of each column, case by case."""
    figures = [each for each in summarise(rows) if each.column in columns and each.kind == "mask"]
    lines = []
    for explainer in dict.fromkeys(each.explainer for each in figures):
        cells = []
        for name in columns:
            found = next(each for each in figures if each.explainer == explainer and each.column == name)
            over = found.over_best_map
            assert over is not None
            digits = DIGITS.get(name, 2)
            low, high = f"{over.low:+.{digits}f}", f"{over.high:+.{digits}f}"
            cells.append(f"{over.mean:+.{digits}f} ({low} to {high}), {name_of(found.best_map or '')}")
        lines.append([name_of(explainer), *cells])
    return table(["", *columns], lines)


def labels_of(row: dict[str, Any]) -> list[str]:
    """The labels of a case's clip."""
    said = row["labels"]
    return said.split(";") if isinstance(said, str) else list(said)


def card_of(folder: Path, name: str) -> dict[str, Any]:
    return dict(json.loads((folder / name / CARD).read_text()))


def training_table(folder: Path, names: Sequence[str]) -> str:
    """What was trained, and how long it took."""
    lines = []
    for name in names:
        card = card_of(folder, name)
        layers = ", ".join(f"`{each['layer']}`" for each in card["subject"]["readings"])
        if name == "mask" or card["settings"].get("reads") == "input":
            layers = "no layer"
        minutes = f"{card['seconds'] / 60:.0f} min"
        lines.append([NAMES[name], f"{card['parameters']:,}", str(len(card["history"])), minutes, layers])
    return table(["", "parameters", "epochs", "time", "layers it reads"], lines)


def fidelity_table(folder: Path, names: Sequence[str]) -> str:
    """Does θ z say what f says? On all test clips."""
    wanted = ("top-1 fidelity", "top-3 fidelity", "top-5 fidelity", "macro-AUPRC", "micro-AUPRC", "max-F1")
    extra = "loss by a relevant component less that by another"
    lines = []
    for name in names:
        if not (folder / name / "evaluation.json").exists():
            auricle("interpreter", "evaluate", folder / name, "--removed", "100")
        found = {row["name"]: row for row in json.loads((folder / name / "evaluation.json").read_text())["rows"]}
        cells = []
        for each in (*wanted, extra):
            row = found[each]
            scale, digits = (1, 3) if each == extra else (100, 1)
            low, high = scale * row["low"], scale * row["high"]
            cells.append(f"{scale * row['value']:.{digits}f} ({low:.{digits}f}–{high:.{digits}f})")
        lines.append([NAMES[name], *cells])
    return table(["", *(f"{each} %" for each in wanted), "relevant component’s loss − another’s"], lines)


def randomised_table(folder: Path, methods: Sequence[str]) -> str:
    """How alike maps stay while the network forgets, layer by layer from the top."""
    out = folder / "compared-randomisation"
    if not (out / "randomisation.csv").exists():
        words = ("--protocol", "randomisation", "--methods", ",".join(methods), "--limit", "15")
        auricle("evaluate", folder / "model", *words, "--out", out)
    with open(out / "randomisation.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    layers = list(dict.fromkeys((int(row["depth"]), row["layer"]) for row in rows))
    by = {(row["method"], int(row["depth"])): row for row in rows}
    lines = []
    for method in dict.fromkeys(row["method"] for row in rows):
        cells = [by[method, depth] for depth, _ in layers]
        lines.append([name_of(method), *(f"{_short(each, 'spearman')} / {_short(each, 'ssim')}" for each in cells)])
    return table(["", *("between clips" if depth == 0 else f"down to `{layer}`" for depth, layer in layers)], lines)


def _short(row: dict[str, str], name: str) -> str:
    text = row[f"{name} mean"]
    return f"{float(text):.2f}" if text else "–"


def roar_table(folder: Path) -> str:
    """Scores after retraining without the most relevant cells, where ``compared-roar`` is there."""
    with open(folder / "compared-roar" / "roar.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    shares = sorted({float(row["share"]) for row in rows})
    found: dict[tuple[str, float], list[float]] = {}
    for row in rows:
        found.setdefault((row["explainer"], float(row["share"])), []).append(float(row["score"]))
    names = list(dict.fromkeys(row["explainer"] for row in rows))
    lines = [[name_of(name), *(_mean(found.get((name, share))) for share in shares)] for name in names]
    return table(["", *(f"{100 * share:.0f} % removed" for share in shares)], lines)


def _mean(scores: list[float] | None) -> str:
    return "–" if not scores else f"{sum(scores) / len(scores):.3f}"


def pitfalls(folder: Path) -> str:
    """The mistakes that are measured, as sentences."""
    told = json.loads((folder / "compared-clean" / "comparison.json").read_text())
    return "\n".join(f"- {sentence}" for sentence in told["pitfalls"].values())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limit", default="200", help="recordings of the test part that are compared")
    given = parser.parse_args()
    folder: Path = given.folder
    if not (folder / "l2i-all").exists():  # the same interpreter, to be read in another way
        shutil.copytree(folder / "l2i", folder / "l2i-all")
    learnt = [f"{each.partition('-')[0]}:{folder / each}" for each in LEARNT]
    controls = [f"l2i-random:{folder / 'l2i'}", f"l2i-energy:{folder / 'l2i'}"]
    chosen = {
        "kernel-shap.components": "tiles:8x6",
        "kernel-shap.budget": "256",
        f"l2i:{folder / 'l2i-all'}.top": "null",
        f"l2i:{folder / 'l2i-all'}.threshold": "0.1",
    }
    sets = [word for key, value in chosen.items() for word in ("--set", f"{key}={value}")]
    rows = compared(folder, "clean", [*learnt, *controls, *MAPS.split(",")], "--limit", given.limit, "--legacy", *sets)
    rows = [row for row in rows if row["kind"] != "legacy"]
    two, one = ([row for row in rows if (len(labels_of(row)) > 1) == several] for several in (True, False))
    few = [learnt[0], learnt[2], learnt[4], "lrp", "ig", "grad-cam"]
    noisy = compared(folder, "noise", few, "--limit", "60")
    page = PAGE.read_text()
    tables = {
        "compared": compared_table(two, COLUMNS),
        "differences": difference_table(two, ("AI", "FF", "Fid-In", "SI-SDRi", "rank")),
        "alone": compared_table(one, ("AI", "AD", "AG", "FF", "Fid-In", "MM")),
        "pitfalls": pitfalls(folder),
        "training": training_table(folder, TRAINED),
        "fidelity": fidelity_table(folder, ("l2i", "l2i-attention", "l2i-input", "flint")),
        "noise": compared_table(noisy, ("AI", "Fid-In", "FF", "SI-SDRi")),
        "randomised": randomised_table(folder, [learnt[0], learnt[2], "lrp", "ig", "grad-cam"]),
    }
    if (folder / "compared-roar" / "roar.csv").exists():
        tables["roar"] = roar_table(folder)
    for name, text in tables.items():
        page = replaced(page, name, text)
    PAGE.write_text(page)


if __name__ == "__main__":
    main()
