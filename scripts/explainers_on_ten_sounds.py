"""Which explainer finds the sound that decided? ``docs/explainers_on_ten_sounds.md``.

``python scripts/explainers_on_ten_sounds.py FOLDER`` takes a folder with the corpus (``data``), the model (``model``) and
interpreters (``lmac``, ``lmac-published``, ``mask``, ``l2i``, ``l2i-max``, ``l2i-input``, ``flint``) made by the commands
of that page, judges them on the test clips, and puts the tables into the page, between ``<!-- table NAME -->`` and
``<!-- end -->``. Comparisons that are there already are kept; delete their folder to make them anew.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reproduced_tables import replaced, table

from auricle.interpreters.base import CARD

PAGE = Path(__file__).parents[1] / "docs" / "explainers_on_ten_sounds.md"
COLUMNS = ("AI", "AD", "AG", "FF", "Fid-In", "SPS", "COMP", "MM", "SI-SDRi", "IoU", "mass", "rank")
LEARNT = ("lmac", "lmac-published", "mask", "l2i", "flint")
MAPS = "lrp,ig,grad-cam,gradient-shap,kernel-shap"
NAMES = {
    "lmac": "L-MAC",
    "lmac-published": "L-MAC, published weights",
    "mask": "amortised mask",
    "l2i": "L2I",
    "l2i-max": "L2I, maximum over time",
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


def compared(folder: Path, protocol: str, methods: Sequence[str], *more: str) -> list[dict[str, str]]:
    """The summary of a comparison, which is made unless it is there."""
    out = folder / f"compared-{protocol}"
    if not (out / "summary.csv").exists():
        words = ["evaluate", folder / "model", "--protocol", protocol, "--methods", ",".join(methods), *more]
        auricle(*words, "--out", out)
    with open(out / "summary.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def figure(row: dict[str, str], *, interval: bool = True) -> str:
    """A mean with its interval; short, as a table has many."""
    mean, low, high = (float(row[name]) if row[name] else None for name in ("mean", "low", "high"))
    if mean is None:
        return "–"
    digits = 0 if row["column"] in ("AI", "AD", "AG") else 1 if row["column"] in ("SI-SDRi", "COMP") else 2
    if row["column"] == "MM":
        digits = 3
    text = f"{mean:.{digits}f}"
    return text if low is None or high is None or not interval else f"{text} ({low:.{digits}f}–{high:.{digits}f})"


def main_table(rows: list[dict[str, str]]) -> str:
    """One row an explainer, controls last."""
    by: dict[str, dict[str, dict[str, str]]] = {}
    for row in rows:
        by.setdefault(row["explainer"], {})[row["column"]] = row
    lines = []
    for explainer, columns in by.items():
        kind = next(iter(columns.values()))["kind"]
        name = name_of(explainer)
        shown = f"*{name}*" if kind == "control" else name
        lines.append([shown, *(figure(columns[name]) if name in columns else "–" for name in COLUMNS)])
    return table(["", *COLUMNS], lines)


def noise_table(rows: list[dict[str, str]]) -> str:
    """AI, Fid-In and FF at both levels of noise."""
    wanted = ("AI", "Fid-In", "FF")
    conditions = list(dict.fromkeys(row["condition"] for row in rows))
    by = {(row["explainer"], row["condition"], row["column"]): row for row in rows}
    lines = [
        [name_of(explainer), *(figure(by[explainer, each, name]) for each in conditions for name in wanted)]
        for explainer in dict.fromkeys(row["explainer"] for row in rows)
    ]
    return table(["", *(f"{name}, {each}" for each in conditions for name in wanted)], lines)


def card_of(folder: Path, name: str) -> dict[str, Any]:
    return dict(json.loads((folder / name / CARD).read_text()))


def training_table(folder: Path, names: Sequence[str]) -> str:
    """What was trained, and how long it took."""
    lines = []
    for name in names:
        card = card_of(folder, name)
        lines.append([
            NAMES[name], f"{card['parameters']:,}", str(len(card["history"])), f"{card['seconds'] / 60:.0f} min",
            ", ".join(each["layer"] for each in card["subject"]["readings"]),
        ])  # fmt: skip
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
    learnt = [f"{each.partition('-')[0]}:{folder / each}" for each in LEARNT]
    controls = [f"l2i-random:{folder / 'l2i'}", f"l2i-energy:{folder / 'l2i'}"]
    sets = ("--set", "kernel-shap.components=tiles:8x6", "--set", "kernel-shap.budget=256")
    rows = compared(folder, "clean", [*learnt, *controls, *MAPS.split(",")], "--limit", given.limit, "--legacy", *sets)
    few = [*learnt[:1], *learnt[2:4], "lrp", "ig", "grad-cam"]
    noisy = compared(folder, "noise", few, "--limit", "60")
    page = PAGE.read_text()
    tables = {
        "compared": main_table([row for row in rows if row["column"] in COLUMNS]),
        "pitfalls": pitfalls(folder),
        "training": training_table(folder, [each for each in NAMES if (folder / each / CARD).exists()]),
        "fidelity": fidelity_table(folder, ("l2i", "l2i-max", "l2i-input", "flint")),
        "noise": noise_table(noisy),
    }
    for name, text in tables.items():
        page = replaced(page, name, text)
    PAGE.write_text(page)


if __name__ == "__main__":
    main()
