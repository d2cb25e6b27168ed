"""Where a layer's channels lie is one answer, whoever asks: concepts, the list of layers, interpreters."""

from __future__ import annotations

import torch
from oracles import noise, on_samples, seeded
from torch import Tensor, nn

from auricle.concepts.layers import layers
from auricle.concepts.tap import tapped
from auricle.interpreters.taps import default_layers, readings

TOKENS, WIDTH = 6, 8


class Placed(nn.Module):
    """Tokens, a convolution over their places as in wav2vec 2.0, and tokens again."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(5, WIDTH)
        self.place = nn.Conv1d(WIDTH, WIDTH, 3, padding=1)
        self.over_places, self.over_tokens = nn.GELU(), nn.GELU()
        self.head = nn.Linear(WIDTH, 3)

    def forward(self, x: Tensor) -> Tensor:
        places = self.over_places(self.place(self.embed(x).transpose(1, 2)))
        return self.head(self.over_tokens(places.transpose(1, 2)).mean(1))


AXES = {"1.embed": 2, "1.place": 1, "1.over_places": 1, "1.over_tokens": 2}


def test_channels_are_found_behind_a_transposition_whoever_asks() -> None:
    classifier = on_samples(seeded(Placed), (TOKENS, 5))
    features = classifier.frontend(noise(1, TOKENS * 5))
    for name, axis in AXES.items():
        with torch.no_grad(), tapped(classifier.network, name) as tap:
            classifier.network(features)
        assert tap.axis == axis, name
        assert tap.said.shape[axis] == WIDTH
    known = {each.name: each for each in layers(classifier, seconds=TOKENS * 5 / classifier.sample_rate)}
    for name in AXES:
        assert (known[name].channels, known[name].positions) == (WIDTH, (TOKENS,)), name
        assert [each.channels for each in readings(classifier, [name], features)] == [WIDTH]
    # All have one position a token, so they are of one resolution, of which the last is read.
    assert default_layers(classifier, features, 1) == ("1.over_tokens",)
    assert "1.over_places" not in default_layers(classifier, features, 3)
