"""The published systems: which network, which settings, which front-end, which training recipe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from auricle.models.melcnn import GTZAN_6S, TOY


@dataclass(frozen=True, kw_only=True)
class Published:
    """A published system: architecture with settings, front-end preset, seconds heard, recipes, source."""

    architecture: str
    frontend: str
    seconds: float | None
    source: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    recipes: tuple[str, ...] = ()
    multi_label: bool = False


PUBLISHED: dict[str, Published] = {
    "digits": Published(
        architecture="digits-cnn",
        frontend="digits",
        seconds=1.0,
        source="the bundled model",
        settings={"classes": 10},
    ),
    "audiomnist-alexnet": Published(
        architecture="alexnet",
        frontend="audiomnist-alexnet",
        seconds=1.0,
        source="XAI_spec_AudioMNIST, after Becker et al. 2018",
        settings={"classes": 10},
        recipes=("audiomnist-alexnet-digit", "audiomnist-alexnet-gender"),
    ),
    "audiomnist-alexnet-caffe": Published(
        architecture="alexnet",
        frontend="audiomnist-alexnet-caffe",
        seconds=1.0,
        source="Becker et al. 2018",
        settings={"classes": 10, "variant": "grouped"},
        recipes=("audiomnist-alexnet-caffe-digit", "audiomnist-alexnet-caffe-gender"),
    ),
    "audiomnist-audionet": Published(
        architecture="audionet",
        frontend="audiomnist-audionet",
        seconds=1.0,
        source="Becker et al. 2018",
        settings={"classes": 10},
        recipes=("audiomnist-audionet-digit", "audiomnist-audionet-gender"),
    ),
    "audiblexai-digits": Published(
        architecture="audiblexai-cnn",
        frontend="audiblexai-mel",
        seconds=1.0,
        source="AudibleXAI",
        settings={"classes": 10},
        recipes=("audible-xai-digits",),
    ),
    "audiblexai-gender": Published(
        architecture="audiblexai-cnn",
        frontend="audiblexai-linear",
        seconds=1.0,
        source="AudibleXAI",
        settings={"classes": 2, "bands": 257},
        recipes=("audible-xai-gender",),
    ),
    "gtzan-3s": Published(
        architecture="mel-cnn",
        frontend="gtzan-mel",
        seconds=3.0,
        source="DRSA-audio",
        settings={"classes": 10},
        recipes=("gtzan-melcnn",),
    ),
    "gtzan-6s": Published(
        architecture="mel-cnn",
        frontend="gtzan-mel-6s",
        seconds=6.0,
        source="DRSA-audio",
        settings={"classes": 10, **GTZAN_6S},
        recipes=("gtzan-melcnn-6s",),
    ),
    "drsa-toy": Published(
        architecture="mel-cnn", frontend="drsa-toy", seconds=1.0, source="DRSA-audio", settings=TOY
    ),
    "l2i-esc50": Published(
        architecture="kumar-cnn",
        frontend="l2i-mel",
        seconds=5.0,
        source="Kumar et al. 2018, Parekh et al. 2022",
        settings={"classes": 50},
        recipes=("esc50-l2i",),
    ),
    "l2i-sonyc": Published(
        architecture="kumar-cnn",
        frontend="l2i-mel",
        seconds=10.0,
        source="Kumar et al. 2018, Parekh et al. 2022",
        settings={"classes": 8, "width": 512, "dropout": 0.15},
        recipes=("sonyc-l2i",),
        multi_label=True,
    ),
    "panns-cnn14": Published(
        architecture="cnn14",
        frontend="cnn14",
        seconds=None,
        source="Kong et al. 2020",
        settings={"classes": 527},
        multi_label=True,
    ),
    "speechbrain-cnn14": Published(
        architecture="cnn14",
        frontend="cnn14-speechbrain",
        seconds=5.0,
        source="SpeechBrain, ESC-50",
        settings={"classes": 50, "bands": 80, "head": "linear"},
        recipes=("esc50-cnn14",),
    ),
    "yamnet": Published(
        architecture="yamnet",
        frontend="yamnet",
        seconds=None,
        source="YAMNet",
        settings={"classes": 521},
        multi_label=True,
    ),
}
"""By the system's name. Recipes are those of `auricle.training`; one without was not trained in public."""
