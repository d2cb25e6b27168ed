"""Networks eat their front-ends, say what is wrong with settings, and come back from disk as they went."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from auricle import frontends
from auricle.classifier import Classifier, Length
from auricle.errors import AuricleError
from auricle.models import ARCHITECTURES, load_classifier, make_network
from auricle.models.alexnet import AlexNet
from auricle.models.audionet import AudioNet
from auricle.models.digits import DigitsCNN


@pytest.mark.parametrize(
    ("network", "shape"),
    [
        (AlexNet(), (1, 227, 227)),
        (AlexNet(variant="grouped"), (1, 227, 227)),
        (AudioNet(), (1, 8000)),
        (AudioNet(first_pool=3), (1, 8000)),
        (DigitsCNN(), (1, 64, 101)),
        (DigitsCNN(), (1, 64, 60)),
    ],
    ids=["alexnet", "alexnet, grouped", "audionet", "audionet, first pool 3", "digits", "digits, shorter"],
)
@torch.inference_mode()
def test_one_row_of_logits_per_clip(network: nn.Module, shape: tuple[int, ...]) -> None:
    assert network.eval()(torch.zeros(2, *shape)).shape == (2, 10)


@pytest.mark.parametrize(
    ("architecture", "preset"),
    [("alexnet", "audiomnist-alexnet"), ("audionet", "audiomnist-audionet"), ("digits-cnn", "digits")],
)
def test_each_network_eats_its_front_end(architecture: str, preset: str) -> None:
    classifier = Classifier(
        ARCHITECTURES[architecture](), frontend=frontends.preset(preset), labels=[str(i) for i in range(10)]
    )
    assert classifier.logits(torch.randn(2, 8000)).shape == (2, 10)


def test_a_classifier_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    torch.manual_seed(0)
    saved = Classifier(
        DigitsCNN(classes=3, channels=(8, 16)),
        frontend=frontends.preset("digits"),
        labels=["a", "b", "c"],
        length=Length(seconds=0.5, pad="centre", long="crop"),
        multi_label=True,
        name="three letters",
    )
    loaded = load_classifier(saved.save(tmp_path / "model"))
    for name in ("labels", "length", "multi_label", "name", "frontend"):
        assert getattr(loaded, name) == getattr(saved, name)
    sound = torch.randn(2, 4000)
    assert torch.equal(loaded.logits(sound), saved.logits(sound))


def test_a_network_of_your_own_comes_back_with_network(tmp_path: Path) -> None:
    def own() -> nn.Module:
        return nn.Sequential(nn.Flatten(), nn.Linear(8000, 2))

    saved = Classifier(own(), frontend=frontends.Waveform(sample_rate=8000), labels=["no", "yes"])
    folder = saved.save(tmp_path / "own")
    sound = torch.randn(3, 8000)
    assert torch.equal(load_classifier(folder, network=own()).logits(sound), saved.logits(sound))
    with pytest.raises(AuricleError, match="network=YourNetwork"):
        load_classifier(folder)


def test_weights_that_do_not_fit_are_named(tmp_path: Path) -> None:
    classifier = Classifier(
        DigitsCNN(), frontend=frontends.preset("digits"), labels=[str(i) for i in range(10)]
    )
    with pytest.raises(AuricleError, match="do not fit"):
        load_classifier(classifier.save(tmp_path), network=DigitsCNN(channels=(4, 8, 8, 8)))


@pytest.mark.parametrize(
    ("architecture", "settings", "hint"),
    [
        ("alexnett", {}, 'did you mean "alexnet"'),
        ("alexnet", {"varient": "grouped"}, 'alexnet has no setting "varient"; did you mean "variant"'),
        ("alexnet", {"variant": "groups"}, 'did you mean "grouped"'),
        ("cnn14", {"head": "pann"}, 'did you mean "panns"'),
        ("yamnet", {"pooling": "score"}, 'did you mean "scores"'),
        ("mel-cnn", {"filters": [8, 8]}, "2 filters and 5 pools"),
        ("mel-cnn", {"frames": 16}, "0 frames; pool less"),
    ],
)
def test_settings_that_cannot_be_are_told(architecture: str, settings: dict[str, Any], hint: str) -> None:
    with torch.device("meta"), pytest.raises(AuricleError, match=hint):
        make_network(architecture, classes=2, settings=settings)


@pytest.mark.parametrize(("architecture", "bands", "frames"), [("cnn14", 64, 32), ("kumar-cnn", 128, 128)])
def test_a_clip_too_short_for_the_poolings_is_told(architecture: str, bands: int, frames: int) -> None:
    with torch.device("meta"):
        network = make_network(architecture, classes=2).eval()
        assert network(torch.zeros(1, 1, frames, bands)).shape == (1, 2)
        with pytest.raises(AuricleError, match=f"needs {frames} frames and was given {frames - 1}; give a longer clip"):
            network(torch.zeros(1, 1, frames - 1, bands))
