"""The channels of a layer side by side: each where it belongs, all on one scale, and how many are left out is said."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from small_training import LABELS, RATE, SECONDS, classifier, tone
from torch import nn

import auricle
from auricle.callbacks.channels import GROUND, MOST, TOP, WIDTH, channel_grid, side_by_side
from auricle.classifier import Classifier
from auricle.clip import Clip
from auricle.frontends import STFT, MelSpectrogram
from auricle.frontends.compression import Log1p
from auricle.length import Length
from auricle.methods import build


class Wide(nn.Module):
    """A layer whose channels are known multiples of the input."""

    def __init__(self, gains: list[float]) -> None:
        super().__init__()
        self.layer = nn.Conv2d(1, len(gains), 1, bias=False)
        self.layer.weight = nn.Parameter(torch.tensor(gains)[:, None, None, None])
        self.last = nn.Linear(len(gains), 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.last(self.layer(x).mean((2, 3)))


def wide(gains: list[float]) -> Classifier:
    front = MelSpectrogram(
        sample_rate=RATE, stft_settings=STFT(n_fft=256, hop=128), n_mels=32, area_norm=False,
        compression=Log1p(gain=10.0),
    )  # fmt: skip
    return Classifier(Wide(gains), frontend=front, labels=LABELS, length=Length(seconds=SECONDS), name="wide")


def coloured(picture: np.ndarray) -> np.ndarray:
    """Where there is orange or blue rather than grey, left of the colour bar."""
    part = picture[TOP:, : WIDTH - 70].astype(int)
    return part.max(-1) - part.min(-1)


@pytest.mark.parametrize("layer", ["0", "5"])
def test_each_channel_is_the_activation_map_of_that_channel(layer: str) -> None:
    model, clip = classifier(), tone("low", 1)
    found = side_by_side(model, clip, layer)
    assert found.total == len(found.maps) == {"0": 6, "5": 8}[layer]
    for channel, values in enumerate(found.maps):
        alone = auricle.explain(clip, model, method=build("activation-map", layer=layer, channel=channel))
        np.testing.assert_allclose(values, alone.relevance, atol=1e-5)
        np.testing.assert_array_equal(found.axes.seconds, alone.axes.seconds)


def test_a_clip_of_several_windows_is_shown_whole() -> None:
    model = classifier()
    clip = Clip(np.concatenate([tone("low", seed).samples[0] for seed in range(3)]), RATE, "long")
    found = side_by_side(model, clip, "0")
    alone = auricle.explain(clip, model, method=build("activation-map", layer="0", channel=2))
    np.testing.assert_allclose(found.maps[2], alone.relevance, atol=1e-5)
    assert found.axes.seconds[-1] >= 1.5 - 1e-6


def test_all_channels_have_one_scale() -> None:
    """The second channel is a tenth of the first, so it is paler; the third says nothing."""
    picture = channel_grid(wide([1.0, 0.1, 0.0, -1.0]), tone("low", 1), "layer")
    assert picture.dtype == np.uint8
    assert picture.shape[1:] == (WIDTH, 3)
    strength = coloured(picture)
    high, across = strength.shape[0] // 2, strength.shape[1] // 2
    first, second = strength[:high, :across].max(), strength[:high, across + 20 :].max()
    assert first > 150
    assert 10 < second < 0.5 * first
    assert strength[high + 10 :, :across].max() == 0  # its ground is a plain grey
    assert (picture == GROUND).all(-1).any()
    red, blue = picture[TOP + high + 10 :, across + 20 : WIDTH - 75, 0], picture[TOP:, across + 20 : WIDTH - 75, 2]
    assert red.min() < 100  # a negative channel is blue
    assert blue.max() > 200


def test_low_frequencies_are_below_and_time_runs_to_the_right() -> None:
    clip = tone("low", 1)  # 400 Hz of 4000, from 0.2 to 0.35 of 0.5 s
    strength = coloured(channel_grid(wide([1.0]), clip, "layer")).astype(float)
    strength = np.where(strength > 0.8 * strength.max(), strength, 0.0)
    rows, columns = (np.flatnonzero(strength.sum(axis)) for axis in (1, 0))
    assert rows.min() > strength.shape[0] * 0.4
    assert columns.min() > strength.shape[1] * 0.3
    assert columns.max() < strength.shape[1] * 0.8


def test_of_more_channels_the_first_are_drawn_and_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    import auricle.callbacks.channels as drawn

    said: list[str] = []
    plain = drawn.write
    monkeypatch.setattr(
        drawn, "write", lambda picture, x, y, text, **how: (said.append(text), plain(picture, x, y, text, **how))
    )
    model = wide([float(gain) for gain in range(1, 101)])
    assert side_by_side(model, tone("low", 1), "layer").maps.shape[0] == MOST == 64
    picture = channel_grid(model, tone("low", 1), "layer")
    assert picture.shape[0] < 600
    assert said[0] == "the first 64 of 100 channels of layer"
    assert {"0", "63"} <= set(said)
    assert "64" not in said
    said.clear()
    channel_grid(wide([1.0, 2.0]), tone("low", 1), "layer")
    assert said[0] == "2 channels of layer"
