"""Sounds whose parts are known."""

from __future__ import annotations

import numpy as np
import torch

from auricle.clip import Clip
from auricle.components import Components
from auricle.frontends.grid import STFT

RATE = 8000
GRID = STFT(n_fft=256, hop=80)


def noise(n: int = RATE, *, channels: int = 1, rate: int = RATE, seed: int = 0) -> Clip:
    values = np.random.default_rng(seed).normal(size=(channels, n)) * 0.1
    return Clip(values.astype(np.float32), rate, "noise")


def tone(hertz: float, seconds: float = 1.0, *, rate: int = RATE, fade: float = 0.05) -> Clip:
    t = np.arange(round(seconds * rate)) / rate
    edge = np.clip(np.minimum(t, seconds - t) / fade, 0, 1)
    samples = 0.5 * np.sin(2 * np.pi * hertz * t) * np.sin(0.5 * np.pi * edge) ** 2
    return Clip(samples.astype(np.float32), rate, "tone")


def clicks(*seconds: float, length: float = 1.0, rate: int = RATE, level: float = 0.0) -> Clip:
    samples = np.random.default_rng(0).normal(size=round(length * rate)) * level
    for each in seconds:
        at = round(each * rate)
        samples[at : at + 40] += np.exp(-np.arange(40) / 8) * np.cos(np.arange(40) * 1.1)
    return Clip(samples.astype(np.float32), rate, "clicks")


def words(*spans: tuple[float, float], length: float, rate: int = RATE) -> Clip:
    samples = np.random.default_rng(0).normal(size=round(length * rate)) * 1e-4
    for a, b in spans:
        samples[round(a * rate) : round(b * rate)] += 0.3 * np.sin(np.arange(round(b * rate) - round(a * rate)) * 0.5)
    return Clip(samples.astype(np.float32), rate, "words")


def parts(components: Components) -> torch.Tensor:
    """Every part over the whole clip, ``[K, n]``."""
    found = torch.zeros(len(components), components.samples.shape[-1], dtype=torch.float64)
    for block in components.own:
        found[list(block.which), block.start : block.stop] += block.values.double()
    return found


def assert_whole(components: Components) -> None:
    """All present is the clip; and, with any baseline, all absent is the baseline; weights keep their sum."""
    count, n = len(components), components.samples.shape[-1]
    everything, nothing = torch.ones(1, count), torch.zeros(1, count)
    torch.testing.assert_close(components.compose(everything)[0], components.samples, rtol=0, atol=1e-9)
    other = torch.randn(n, dtype=torch.float64)
    torch.testing.assert_close(components.compose(everything, other)[0], components.samples, rtol=0, atol=1e-9)
    weights = np.random.default_rng(1).normal(size=count)
    painted = components.paint(weights)
    assert painted.shape == components.axes.shape
    if components.disjoint:
        torch.testing.assert_close(parts(components).sum(0), components.samples, rtol=0, atol=1e-9)
        torch.testing.assert_close(components.compose(nothing, other)[0], other, rtol=0, atol=1e-9)
        np.testing.assert_allclose(painted.sum(), weights.sum(), atol=1e-9 * max(count, 1))
    else:
        np.testing.assert_allclose(components.paint(np.ones(count)), 1.0, atol=1e-9)
    assert len(set(components.names)) == count
    for each in components.each:
        assert 0 <= each.start < each.end <= n / components.sample_rate + 1e-9


def decibels(energies: torch.Tensor) -> torch.Tensor:
    return 10 * torch.log10(energies / energies.sum() + 1e-30)
