"""Interpreters as they were published for a data set: a kind with its settings, by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from auricle.errors import AuricleError, nearest
from auricle.interpreters.base import Interpreter
from auricle.interpreters.opening import kind_named, kinds
from auricle.models.kumar import TAPS

KUMAR = tuple(f"trunk.layer{number}" for number in TAPS)
"""The layers of the network ``kumar-cnn`` that Listen to Interpret reads."""
L2I: Mapping[str, Any] = {
    "layers": KUMAR,
    "batch": 32,
    "pooling": "attention",
    "dropout": 0.4,
    "reconstruction": 5.0,
    "sparsity": 0.4,
    "fidelity": 0.5,
}
"""What both data sets have in common."""


@dataclass(frozen=True)
class Preset:
    """A kind of interpreter, and what is set of it; what is not keeps the kind's default."""

    kind: str
    summary: str
    source: str
    settings: Mapping[str, Any]


PRESETS = {
    "esc50-l2i": Preset(
        "l2i",
        "Listen to Interpret for ESC-50, of a model by the recipe esc50-l2i; best there was pooling=max with "
        "dropout=0.3",
        "Parekh et al. 2022: 100 components, Adam 0.0002 for 35 epochs, batch 32",
        {**L2I, "components": 100, "epochs": 35, "learning_rate": 2e-4},
    ),
    "sonyc-l2i": Preset(
        "l2i",
        "Listen to Interpret for SONYC-UST, of a model by the recipe sonyc-l2i; there each group of sounds had ten "
        "columns of its own, here all are learnt together",
        "Parekh et al. 2022: 80 components, Adam 0.0005 for 21 epochs, batch 32",
        {**L2I, "components": 80, "epochs": 21, "learning_rate": 5e-4},
    ),
    "esc50-flint": Preset(
        "flint",
        "FLINT for ESC-50 as Listen to Interpret compares itself with it, of a model by the recipe esc50-l2i",
        "Parekh et al. 2022: 80 attributes on the same layers; weights of the losses are ours",
        {"layers": KUMAR, "attributes": 80, "epochs": 35, "batch": 32, "learning_rate": 2e-4},
    ),
    "esc50-lmac": Preset(
        "lmac",
        "L-MAC for ESC-50, of a model by the recipe esc50-cnn14 or esc50-l2i; masks weigh |X|, as published with "
        "domain=log1p",
        "Paissan et al. 2024: Adam 0.0002, weight decay 0.000002, 200 epochs, batch 16",
        {"epochs": 200, "batch": 16, "learning_rate": 2e-4, "weight_decay": 2e-6},
    ),
}


def kind_and_settings(name: str) -> tuple[type[Interpreter], dict[str, Any]]:
    """What a name stands for: a kind as it is, or a preset's kind with what it sets.

    >>> kind, settings = kind_and_settings("sonyc-l2i")
    >>> kind.kind, settings["components"], settings["layers"]
    ('l2i', 80, ('trunk.layer11', 'trunk.layer14', 'trunk.layer16'))
    """
    if name in PRESETS:
        preset = PRESETS[name]
        return kind_named(preset.kind), dict(preset.settings)
    known = kinds()
    if name not in known:
        raise AuricleError(f'no interpreter is called "{name}"; {nearest(name, [*known, *PRESETS])}')
    return known[name], {}
