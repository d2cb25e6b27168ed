"""Training starts from the published weights' distributions, the same for a seed, and disturbs nobody's randomness."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from auricle.models.alexnet import AlexNet
from auricle.models.audiblexai import AudibleXAICNN
from auricle.models.audionet import AudioNet
from auricle.models.digits import DigitsCNN
from auricle.models.initialising import initialise
from auricle.models.melcnn import GTZAN_6S, MelCNN
from auricle.models.yamnet import Yamnet


def weighted(network: nn.Module) -> list[nn.Conv2d]:
    return [layer for layer in network.modules() if isinstance(layer, nn.Conv1d | nn.Conv2d | nn.Linear)]  # type: ignore[misc]


def is_gaussian(values: Tensor, std: float) -> bool:
    values = values.detach().double().flatten()
    inside = float((values.abs() < std).double().mean())
    tolerance = 5 / len(values) ** 0.5
    return (
        abs(float(values.mean())) < tolerance * std
        and abs(float(values.std()) / std - 1) < tolerance
        and abs(inside - 0.6827) < tolerance
    )


def is_uniform(values: Tensor, bound: float) -> bool:
    values = values.detach().double().flatten()
    tolerance = 5 / len(values) ** 0.5
    inside = float((values.abs() < bound / 2).double().mean())
    return float(values.abs().max()) <= bound * (1 + 1e-6) and abs(inside - 0.5) < tolerance


def test_grouped_alexnet_begins_as_in_caffe() -> None:
    layers = weighted(initialise(AlexNet(variant="grouped"), 0))
    assert len(layers) == 8
    for number, layer in enumerate(layers, 1):
        assert is_gaussian(layer.weight, 0.005 if number in (6, 7) else 0.01), number
        assert layer.bias is not None
        assert (layer.bias == (0.0 if number in (1, 3, 8) else 0.1)).all(), number


def test_audionet_begins_with_gaussians_of_a_tenth() -> None:
    for layer in weighted(initialise(AudioNet(), 0)):
        assert is_gaussian(layer.weight, 0.1)
        assert layer.bias is not None
        assert not layer.bias.any()


@pytest.mark.parametrize(
    "network", [AlexNet(), AudibleXAICNN(), Yamnet(classes=5)], ids=["alexnet", "audiblexai", "yamnet"]
)
def test_keras_networks_begin_with_glorots_uniform(network: nn.Module) -> None:
    for layer in weighted(initialise(network, 0)):
        cells = layer.weight[0, 0].numel()
        fans = (layer.weight.shape[0] + layer.weight.shape[1]) * cells
        assert is_uniform(layer.weight, (6 / fans) ** 0.5), layer
        assert layer.bias is None or not layer.bias.any()


def test_other_networks_begin_as_pytorch_does() -> None:
    for layer in weighted(initialise(MelCNN(), 0)):
        bound = layer.weight[0].numel() ** -0.5
        assert is_uniform(layer.weight, bound)
        assert layer.bias is not None
        assert layer.bias.any()
        assert bool((layer.bias.abs() <= bound).all())


def test_a_seed_is_a_network_whatever_it_was_before() -> None:
    torch.manual_seed(3)
    used = MelCNN(classes=2, **GTZAN_6S)  # type: ignore[arg-type]
    used.train()(torch.randn(2, 1, 128, 256))  # its batch norms have heard something
    torch.manual_seed(4)
    fresh = MelCNN(classes=2, **GTZAN_6S)  # type: ignore[arg-type]
    for key, value in initialise(used, 7).state_dict().items():
        assert torch.equal(value, initialise(fresh, 7).state_dict()[key]), key
    first = next(initialise(fresh, 8).parameters())
    assert not torch.equal(first, next(initialise(used, 7).parameters()))


def test_the_global_random_state_stays_as_it_was() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    initialise(DigitsCNN(), 1)
    torch.manual_seed(5)
    before = torch.get_rng_state()
    network = MelCNN()
    after_making = torch.get_rng_state()
    initialise(network, 1)
    assert torch.equal(torch.get_rng_state(), after_making)
    torch.set_rng_state(before)
    assert torch.equal(torch.rand(3), expected)


def test_precision_and_frozen_weights_stay_as_they_were() -> None:
    network = AudibleXAICNN(classes=2).double()
    network.features[0].weight.requires_grad_(False)
    parameters = list(network.parameters())
    initialise(network, 0)
    assert all(new is old for new, old in zip(network.parameters(), parameters, strict=True))
    assert network.classifier[1].weight.dtype == torch.float64
    assert not network.features[0].weight.requires_grad
    assert network.classifier[1].weight.requires_grad
