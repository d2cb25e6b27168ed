"""Networks that auricle knows by name, and the models that come with it."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import nn

from auricle.errors import AuricleError, nearest
from auricle.models.alexnet import AlexNet
from auricle.models.ast import AST
from auricle.models.audiblexai import AudibleXAICNN
from auricle.models.audionet import AudioNet
from auricle.models.cnn14 import Cnn14
from auricle.models.digits import DigitsCNN
from auricle.models.kumar import KumarCNN
from auricle.models.melcnn import MelCNN
from auricle.models.yamnet import Yamnet

if TYPE_CHECKING:
    from auricle.classifier import Classifier

ARCHITECTURES: dict[str, Callable[..., nn.Module]] = {
    each.architecture: each
    for each in (DigitsCNN, AlexNet, AudioNet, AudibleXAICNN, MelCNN, KumarCNN, Cnn14, Yamnet, AST)
}
BUNDLED = Path(__file__).parent / "bundled"


def make_network(architecture: str, *, classes: int, settings: Mapping[str, Any] | None = None) -> nn.Module:
    """A network by its architecture's name, for so many classes; raises `AuricleError` for a setting it has not.

    >>> make_network("mel-cnn", classes=3, settings={"dropout": 0.1}).settings["classes"]
    3
    """
    if architecture not in ARCHITECTURES:
        raise AuricleError(f'no network is called "{architecture}"; {nearest(architecture, ARCHITECTURES)}')
    known = [name for name in inspect.signature(ARCHITECTURES[architecture]).parameters if name != "classes"]
    for name in settings or {}:
        if name not in known:
            raise AuricleError(f'{architecture} has no setting "{name}"; {nearest(name, known)}')
    return ARCHITECTURES[architecture](classes=classes, **(settings or {}))


def bundled() -> dict[str, dict[str, str]]:
    """The models that come with auricle: their names and cards."""
    return {
        folder.name: json.loads((folder / "card.json").read_text())
        for folder in sorted(BUNDLED.iterdir())
        if (folder / "card.json").exists()
    }


def load_classifier(name_or_folder: str | Path, *, network: nn.Module | None = None) -> Classifier:
    """A classifier by the name of a bundled model, from a folder of `Classifier.save`, ``hf:NAME`` or ``module:name``.

    ``network`` takes the weights when the saved network is of your own making. Models that say neither labels nor rate
    have functions of their own: `auricle.keras_classifier`, `auricle.function_classifier` and so on.
    """
    from auricle.adapters.opening import open_model

    return open_model(str(name_or_folder), network=network)
