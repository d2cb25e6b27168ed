"""Write what was measured into ``docs/reproduced.md``, beside what was published.

``python scripts/reproduced_tables.py --fsdd DIR --yaseen DIR …`` takes folders of ``auricle kfold`` (which hold a
folder for each recipe), of ``auricle manipulate zeroing`` and of ``auricle run``, and rewrites the tables of that name,
which stand between ``<!-- table NAME -->`` and ``<!-- end -->``. Tables that are not asked for stay as they are.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[1] / "docs" / "reproduced.md"
MARKED = re.compile(r"(<!-- table ([\w-]+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)

PUBLISHED = {
    "audiomnist-alexnet-digit": "95.82 ± 1.49",
    "audiomnist-alexnet-gender": "95.87 ± 2.85",
    "audiomnist-audionet-digit": "92.53 ± 2.04",
    "audiomnist-audionet-gender": "91.74 ± 8.60",
}
"""Accuracy in per cent over the folds of AudioMNIST, as quoted from Becker et al. 2018; of fast variants as well."""


def folds_of(recipe: Path) -> tuple[dict[str, dict[str, float]], dict[str, dict[str, float]]]:
    """Scores of each fold of a recipe's folder, and those of the rows ``mean`` and ``std`` over them."""
    with open(recipe / "folds.csv", newline="", encoding="utf-8") as file:
        rows = {
            row["split"]: {name: float(text) for name, text in row.items() if name != "split" and text}
            for row in csv.DictReader(file)
        }
    over = {name: rows.pop(name) for name in ("mean", "std")}
    return rows, over


def pooled_of(recipe: Path) -> dict[str, Any]:
    """The evaluation of all test clips of a recipe's folds together."""
    return dict(json.loads((recipe / "evaluation.json").read_text(encoding="utf-8"))["pooled"])


def recipes_of(folder: Path) -> list[Path]:
    """The folders of recipes in a folder of ``auricle kfold``."""
    found = sorted(path.parent for path in folder.glob("*/folds.csv"))
    if not found:
        raise SystemExit(f"{folder} holds no recipe with folds.csv; give a folder that 'auricle kfold' wrote")
    return found


def percent(value: float) -> str:
    """A share as per cent with one decimal.

    >>> percent(0.9754)
    '97.5'
    """
    return f"{100 * value:.1f}"


def spread(over: Mapping[str, Mapping[str, float]], score: str, show: Callable[[float], str] = percent) -> str:
    """Mean ± standard deviation over folds; of one fold only its value."""
    mean, deviation = over["mean"][score], over["std"].get(score)
    return show(mean) if deviation is None else f"{show(mean)} ± {show(deviation)}"


def interval(score: Mapping[str, Any], show: Callable[[float], str] = percent) -> str:
    """A score with its interval.

    >>> interval({"value": 0.9, "low": 0.8, "high": 0.95})
    '90.0 (80.0 to 95.0)'
    """
    if score["low"] is None:  # of a single speaker
        return show(score["value"])
    return f"{show(score['value'])} ({show(score['low'])} to {show(score['high'])})"


def area(value: float) -> str:
    """An area between 0 and 1."""
    return f"{value:.3f}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of Markdown."""
    lines = [f"| {' | '.join(cells)} |" for cells in (head, *rows)]
    return "\n".join([lines[0], f"|{'---|' * len(head)}", *lines[1:]])


def speakers(folder: Path) -> str:
    """Accuracy on each speaker that was left out, a column for each recipe."""
    recipes = {recipe.name: folds_of(recipe) for recipe in recipes_of(folder)}
    names = list(dict.fromkeys(split for folds, _ in recipes.values() for split in folds))
    rows = [
        [
            name.removeprefix("without "),
            *(percent(folds[name]["accuracy"]) if name in folds else "–" for folds, _ in recipes.values()),
        ]
        for name in names
    ]
    over = [f"**{spread(over, 'accuracy')}**" for _, over in recipes.values()]
    return table(["tested on", *(f"`{name}`" for name in recipes)], [*rows, ["**mean ± std**", *over]])


def official(folder: Path) -> str:
    """One test of each recipe, with the interval."""
    rows = []
    for path in sorted(folder.glob("*/card.json")):
        found = json.loads((path.parent / "evaluation.json").read_text(encoding="utf-8"))
        rows.append([f"`{path.parent.name}`", str(found["clips"]), interval(found["scores"]["accuracy"])])
    return table(["recipe", "test clips", "accuracy, % (95 % interval)"], rows)


def nine(folder: Path) -> str:
    """Every fold of each recipe, and beside it the published mean."""
    rows = []
    for recipe in recipes_of(folder):
        folds, over = folds_of(recipe)
        each = ", ".join(percent(fold["accuracy"]) for fold in folds.values())
        published = PUBLISHED.get(recipe.name.removesuffix("-fast"), "–")
        rows.append([f"`{recipe.name}`", pooled_of(recipe)["task"], each, spread(over, "accuracy"), published])
    return table(["recipe", "task", "each fold, %", "mean ± std, %", "published, on AudioMNIST, %"], rows)


def yaseen(folder: Path) -> str:
    """Accuracy over folds, and of all clips together."""
    rows = []
    for recipe in recipes_of(folder):
        folds, over = folds_of(recipe)
        together = interval(pooled_of(recipe)["scores"]["accuracy"])
        rows.append([f"`{recipe.name}`", str(len(folds)), spread(over, "accuracy"), together])
    return table(["recipe", "folds", "accuracy, %, mean ± std", "all folds together, % (95 % interval)"], rows)


def pascal(folder: Path) -> str:
    """AUROC over folds and of all clips together, with the accuracy that chance cannot lift."""
    rows = []
    for recipe in recipes_of(folder):
        folds, over = folds_of(recipe)
        pooled = pooled_of(recipe)["scores"]
        rows.append(
            [
                f"`{recipe.name}`",
                str(len(folds)),
                spread(over, "roc_auc", area),
                interval(pooled["roc_auc"], area),
                interval(pooled["balanced_accuracy"]),
            ]
        )
    head = ["recipe", "folds", "AUROC, mean ± std", "AUROC, all folds together", "balanced accuracy, all together, %"]
    return table(head, rows)


def zeroing(folder: Path) -> str:
    """Area under the curve of the true class's probability by each order, and how much lower relevance's is."""
    alone = (folder / "zeroing.json").exists()
    found = [folder] if alone else sorted(each.parent for each in folder.glob("*/zeroing.json"))
    if not found:
        raise SystemExit(f"{folder} holds no zeroing.json; give a folder that 'auricle manipulate zeroing' wrote")
    rows = []
    for each in found:
        record = json.loads((each / "zeroing.json").read_text(encoding="utf-8"))
        areas = [area(record["area"][order]["mean"]) for order in ("relevance", "loudness", "random")]
        less = [interval(_valued(record["relevance_minus"][order]), signed) for order in ("loudness", "random")]
        rows.append([each.name, *areas, *less])
    head = ["experiment", "relevance", "loudness", "random", "relevance − loudness", "relevance − random"]
    return table(head, rows)


def study(folder: Path) -> str:
    """What right decisions rest on: the probability of the true class in parts of the sound, for each method."""
    import pyarrow.parquet as parquet

    found = parquet.read_table(folder / "tables" / "faithfulness.parquet").to_pylist()
    told = [row for row in found if row["by"] == "all" and row["level"] == "own" and row["right"]]
    rows = []
    for row in sorted(told, key=lambda row: -row["difference"]):
        parts = [f"{row[name]:.2f}" for name in ("p_original", "p_relevant", "p_random", "p_removed")]
        difference = {"value": row["difference"], "low": row["difference_low"], "high": row["difference_high"]}
        rows.append([f"`{row['method']}`", str(row["clips"]), *parts, interval(difference, signed), row["outcome"]])
    head = ["method", "clips", "whole", "relevant", "random", "removed", "relevant − random", "chance"]
    return table(head, rows) + "\n\n" + _costs(folder)


def _costs(folder: Path) -> str:
    """How long each stage took, and the share that is not the network's, as sentences."""
    stages = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["stages"]
    took = ", ".join(f"{name} {told['seconds']:.0f}" for name, told in stages.items())
    worked, bare = (sum(told[key] for told in stages.values()) for key in ("worked_seconds", "bare_seconds"))
    return f"Seconds of each stage on two cores: {took}. In all {worked / bare:.2f} times the bare passes."


def signed(value: float) -> str:
    """A difference of areas, with its sign."""
    return f"{value:+.3f}".replace("-", "−")


def _valued(found: Mapping[str, Any]) -> dict[str, Any]:
    """An interval of the manipulation experiments under the names that evaluations have."""
    return {"value": found["mean"], "low": found["low"], "high": found["high"]}


TABLES: dict[str, Callable[[Path], str]] = {
    "fsdd": speakers,
    "fsdd-official": official,
    "nine": nine,
    "yaseen": yaseen,
    "pascal": pascal,
    "zeroing": zeroing,
    "study-fsdd": study,
    "study-digits-synth": study,
    "study-yaseen": study,
}


def marked(page: str) -> list[str]:
    """The names of the tables that a page has room for."""
    return [found[1] for found in re.findall(MARKED, page)]


def replaced(page: str, name: str, new: str) -> str:
    """The page with another table of this name."""
    return MARKED.sub(lambda found: f"{found[1]}{new}\n{found[4]}" if found[2] == name else found[0], page)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, make in TABLES.items():
        parser.add_argument(f"--{name}", type=Path, metavar="DIR", help=(make.__doc__ or "").splitlines()[0])
    given = {name.replace("_", "-"): folder for name, folder in vars(parser.parse_args()).items() if folder is not None}
    page = PAGE.read_text(encoding="utf-8")
    for name, folder in given.items():
        page = replaced(page, name, TABLES[name](folder))
        print(f"{name}: {folder}")
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
