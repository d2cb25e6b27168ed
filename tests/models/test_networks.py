"""Published networks have their published sizes, and a classifier comes back from disk as it went."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from auricle import frontends
from auricle.classifier import Classifier, Length
from auricle.errors import AuricleError
from auricle.models import ARCHITECTURES, load_classifier
from auricle.models.alexnet import AlexNet
from auricle.models.audionet import AudioNet
from auricle.models.digits import DigitsCNN


def count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def test_alexnet_has_its_published_size() -> None:
    network = AlexNet()  # the published figure counts the batch norms' means and variances
    statistics = sum(buffer.numel() for name, buffer in network.named_buffers() if "running" in name)
    assert count(network) == 14_224_778
    assert count(network) + statistics == 14_227_530


def test_audionet_has_its_published_size() -> None:
    assert count(AudioNet()) == 17_107_162


@pytest.mark.parametrize(
    ("network", "shape"),
    [
        (AlexNet(), (1, 227, 227)),
        (AudioNet(), (1, 8000)),
        (DigitsCNN(), (1, 64, 101)),
        (DigitsCNN(), (1, 64, 60)),
    ],
    ids=["alexnet", "audionet", "digits", "digits, shorter"],
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
