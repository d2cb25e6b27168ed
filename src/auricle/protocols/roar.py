"""ROAR, remove and retrain: if the cells that an explainer calls relevant are, a network without them learns less.

Hooker et al., "A Benchmark for Interpretability Methods in Deep Neural Networks", 2019. The most relevant cells of
every clip, trained or tested on, are removed; the model's own recipe is trained anew on what is left; its accuracy is
compared with that after as many random cells were removed. A fall below random says that the explainer found what
matters.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from auricle.datasets import choose_split, splits
from auricle.errors import AuricleError
from auricle.evaluation.clips import run_of
from auricle.evaluation.tested import Choice
from auricle.evaluation.writing import json_bytes
from auricle.files import write_whole
from auricle.methods import Method
from auricle.protocols.masks import RANDOM
from auricle.protocols.removing import Remover, write_removed

SHARES = (0.2, 0.4, 0.6, 0.8)
NOTHING = "nothing removed"


@dataclass(frozen=True, kw_only=True)
class Roar:
    """What is removed by whom and how it is trained: ``changes`` to the recipe are like ``{"training.epochs": 5}``."""

    methods: Mapping[str, Method]
    changes: Mapping[str, Any] = field(default_factory=dict)
    shares: tuple[float, ...] = SHARES
    seeds: int = 3
    seed: int = 0


@dataclass(frozen=True)
class Point:
    """One training: the ``score`` on test clips from which the ``share`` of cells was removed as well."""

    explainer: str
    share: float
    seed: int
    score: float
    measure: str


def run_roar(
    choice: Choice, home: Path, order: Roar, out: Path, *, told: Callable[[str], None], on_step: Callable[[], None]
) -> list[Point]:
    """Every point of every curve; each result is a file, and what is there already is not trained again.

    ``home`` is the folder of ``auricle train`` that the model is from; its recipe is trained anew on the same split.
    Clips are explained for their most probable class. ``told`` hears what is being done, ``on_step`` of every clip
    whose cells were removed. Raises `AuricleError` for a folder without a recipe.
    """
    from auricle.training.outcome import Order, Subject, train_folder
    from auricle.training.recipe import read_recipe

    run = run_of(home)
    if not (home / "recipe.yaml").is_file() or not run.get("scheme"):
        raise AuricleError(
            f"{home} has no recipe.yaml, so it cannot be trained anew; give a folder that 'auricle train' wrote"
        )
    if order.seeds < 1:
        raise AuricleError(f"{order.seeds} trainings give no curve; write --seeds 1 or more")
    recipe = read_recipe(home / "recipe.yaml", changes=dict(order.changes))
    dataset = choice.dataset.labelled(choice.task)
    found = splits(dataset, run["scheme"], choice.task, seed=int(run.get("seed", 0)), allow_leakage=True)
    split = choose_split(found, run.get("split"))
    numbers = np.unique(np.concatenate([split.train, split.validate, split.test])).tolist()
    removers = [*(Remover(name, each) for name, each in order.methods.items()), Remover(RANDOM, None)]
    points = []

    def point(explainer: str, share: float, subject: Subject, seed: int, settings: str) -> Point:
        place = f"{safe(explainer)}-{share:g}-seed{seed}"
        path = out / "results" / f"{place}.json"
        key = hashlib.sha256(f"{recipe.as_yaml()} {settings} {choice.data} {order.seed}".encode()).hexdigest()[:16]
        if path.is_file() and (known := json.loads(path.read_text(encoding="utf-8"))).get("key") == key:
            return Point(**known["point"])
        told(f"training without {share:.0%} by {explainer}, seed {seed}" if share else f"training, seed {seed}")
        wanted = Order(recipe=recipe, data=choice.data, seed=seed, device="auto", allow_leakage=True)
        evaluation, _ = train_folder(wanted, subject, out / "trained" / f"{place}-{key[:6]}")
        name = evaluation.headline
        made = Point(explainer, share, seed, float(evaluation.scores[name].value), name)
        write_whole(path, json_bytes({"key": key, "point": vars(made)}))
        return made

    for seed in range(order.seeds):
        points.append(point(NOTHING, 0.0, Subject(dataset, split), order.seed + seed, ""))
    for remover in removers:
        settings = "" if remover.method is None else remover.method.describe()
        told(f"removing cells by {remover.name}")
        removed = write_removed(
            out / "data" / safe(f"{remover.name} {hashlib.sha256(settings.encode()).hexdigest()[:6]}"),
            dataset,
            numbers,
            choice.classifier,
            remover,
            order.shares,
            seed=order.seed,
            on_step=on_step,
        )
        for share, part in removed.items():
            for seed in range(order.seeds):
                points.append(point(remover.name, share, Subject(part, split), order.seed + seed, settings))
    return points


def safe(name: str) -> str:
    """A name that can be a file's.

    >>> safe("lmac:runs/a b")
    'lmac_runs_a_b'
    """
    return "_".join("".join(letter if letter.isalnum() or letter in "-." else " " for letter in name).split())

