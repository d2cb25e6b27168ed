"""What a layer says as vectors: the right numbers, the right axis, and nothing left behind in the network."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from oracles import noise
from torch import Tensor, nn

from auricle.classifier import Classifier
from auricle.concepts.tap import tapped
from auricle.errors import AuricleError

LAYERS = {
    "2-D convolution": (nn.Conv2d(1, 5, 3), (1, 8, 9), (6, 7)),
    "1-D convolution": (nn.Conv1d(2, 5, 3), (2, 9), (7,)),
    "dense on tokens": (nn.Linear(4, 5), (9, 4), (9,)),
    "dense on tokens of two axes": (nn.Linear(4, 5), (3, 6, 4), (3, 6)),
    "dense": (nn.Linear(4, 5), (4,), ()),
    "attention": (nn.MultiheadAttention(5, 1, batch_first=True), (9, 5), (9,)),
    "recurrent": (nn.GRU(4, 5, batch_first=True), (9, 4), (9,)),
    "behind a layer norm": (nn.Sequential(nn.Linear(4, 5), nn.LayerNorm(5), nn.GELU()), (9, 4), (9,)),
    "behind a batch norm": (nn.Sequential(nn.Conv1d(2, 5, 3), nn.BatchNorm1d(5), nn.ReLU()), (2, 9), (7,)),
}


class One(nn.Module):
    """A network of one layer."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        said = self.layer(x, x, x) if isinstance(self.layer, nn.MultiheadAttention) else self.layer(x)
        return said[0] if isinstance(said, tuple) else said


@pytest.mark.parametrize("name", LAYERS)
def test_vectors_are_the_channels_at_each_position(name: str) -> None:
    layer, shape, positions = LAYERS[name]
    network = One(layer.eval()).float()
    with tapped(network, "layer") as tap:
        said = network(noise(3, *shape).float())
    assert tap.positions == positions
    vectors = tap.activation
    assert vectors.shape == (3, math.prod(positions), 5)
    last = isinstance(layer, nn.Linear | nn.MultiheadAttention | nn.GRU) or "layer norm" in name
    for clip in range(3):
        for place, at in enumerate(np.ndindex(*positions)):
            expected = said[(clip, *at)] if last else said[(clip, slice(None), *at)]
            assert torch.equal(vectors[clip, place], expected)


@pytest.mark.parametrize("name", LAYERS)
def test_vectors_find_their_way_back(name: str) -> None:
    layer, shape, _ = LAYERS[name]
    network = One(layer.eval()).float()
    with tapped(network, "layer") as tap:
        said = network(noise(3, *shape).float())
    assert torch.equal(tap.shaped(tap.vectors(said)), said)
    several = torch.stack([said, 2 * said])  # of concepts, say
    assert torch.equal(tap.vectors(several)[1], tap.vectors(2 * said))
    assert torch.equal(tap.shaped(tap.vectors(several)), several)


@pytest.mark.parametrize("name", LAYERS)
def test_a_change_is_what_the_rest_hears(name: str) -> None:
    layer, shape, _ = LAYERS[name]
    network, x = One(layer.eval()).float(), noise(3, *shape).float()
    with tapped(network, "layer", change=lambda vectors: vectors * torch.arange(5.0)) as tap:
        heard = network(x)
    torch.testing.assert_close(heard, tap.shaped(tap.vectors(tap.said) * torch.arange(5.0)))
    torch.testing.assert_close(tap.said, network(x))


def test_no_hook_is_left_after_an_error(digits: Classifier) -> None:
    def looking(network: nn.Module) -> None:
        with tapped(network, "features.6"):
            network(torch.zeros(1, 3, 64, 101))  # three channels where there is one

    with pytest.raises(RuntimeError):
        looking(digits.network)
    assert not any(module._forward_hooks for module in digits.network.modules())


class Calls(nn.Module):
    """Layers that are called never and twice, and one that gives no vectors."""

    def __init__(self) -> None:
        super().__init__()
        self.never, self.twice, self.deep = nn.Linear(4, 4), nn.Linear(4, 4), nn.Unflatten(1, (1, 1, 2, 2))

    def forward(self, x: Tensor) -> Tensor:
        self.deep(x)
        return self.twice(self.twice(x))


@pytest.mark.parametrize(("layer", "words"), [("never", "called 0 times"), ("twice", "called 2 times")])
def test_a_layer_is_called_once(layer: str, words: str) -> None:
    network = Calls()
    with tapped(network, layer) as tap:
        network(torch.zeros(2, 4))
    with pytest.raises(AuricleError, match=f'"{layer}" was {words}'):
        _ = tap.said


def test_a_layer_gives_channels_at_positions() -> None:
    network = Calls()
    words = r'"deep" gives shape \(2, 1, 1, 2, 2\); choose one'
    with tapped(network, "deep"), pytest.raises(AuricleError, match=words):
        network(torch.zeros(2, 4))


def test_an_unknown_layer_gets_the_nearest_name(digits: Classifier) -> None:
    with pytest.raises(AuricleError, match=r'no layer "feature.6".*features.6'), tapped(digits.network, "feature.6"):
        pass
