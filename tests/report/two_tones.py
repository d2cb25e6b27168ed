"""A clip for pages, and a name that tries to break out of every place where it is written."""

import numpy as np

import auricle

ATTACK = '</script><img src=x onerror="window.broken=1"><b>\'{{7*7}}'


def tones(*, seconds=1.2, rate=8000, channels=1, name="two tones"):
    """A low tone, then a higher one, with a little noise."""
    time = np.arange(int(seconds * rate)) / rate
    low = 0.4 * np.sin(2 * np.pi * 400 * time) * np.exp(-(((time / seconds - 0.25) / 0.1) ** 2))
    high = 0.4 * np.sin(2 * np.pi * 1500 * time) * np.exp(-(((time / seconds - 0.7) / 0.1) ** 2))
    noise = 0.003 * np.random.default_rng(0).normal(size=len(time))
    return auricle.Clip(np.tile(low + high + noise, (channels, 1)), rate, name)
