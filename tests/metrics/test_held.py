"""The level held: a part is heard at the level that it has in the original."""

import numpy as np
import pytest
import torch
from torch import nn

from auricle.classifier import Classifier, Length
from auricle.clip import Clip
from auricle.frontends import PRESETS, STFT, MelSpectrogram, Spectrogram, Waveform, preset
from auricle.frontends.compression import Decibel
from auricle.metrics.hearing import Listener
from auricle.metrics.held import HeldLevel, normalises

HELD = [name for name in PRESETS if normalises(preset(name))]
FREE = [name for name in PRESETS if name not in HELD]


class Mean(nn.Module):
    """Logits: the mean of the network's input and its negative."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, features):
        mean = features.flatten(1).mean(1)
        return self.scale * torch.stack([mean, -mean], -1)


def sound(n, amplitude=0.1):
    return amplitude * np.random.default_rng(0).normal(size=n).astype(np.float32)


def level_of(front, part, original):
    return HeldLevel(front, torch.tensor(original)[None])(torch.tensor(part)[None], torch.tensor([0]))


def test_which_front_ends_set_a_level():
    assert {"digits", "yamnet", "cnn14", "audiomnist-alexnet"} - set(HELD) == {"digits", "yamnet", "cnn14"}
    assert {"heart", "gtzan-mel", "audiblexai-mel", "audiomnist-audionet", "l2i-mel"} <= set(HELD)


@pytest.mark.parametrize("name", HELD)
def test_the_original_is_heard_as_it_was(name):
    front = preset(name)
    original = sound(front.sample_rate)
    held = level_of(front, original, original)
    torch.testing.assert_close(held, front(torch.tensor(original)[None]), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", HELD)
def test_a_fainter_sound_is_fainter(name):
    """By its own level 20 dB less are the same input; held they are not."""
    front = preset(name)
    original = sound(front.sample_rate)
    own = front(torch.tensor(0.1 * original)[None])
    held = level_of(front, 0.1 * original, original)
    assert not torch.allclose(own, held, atol=1e-2)
    compression = getattr(front, "compression", None)
    if isinstance(compression, Decibel):
        shift = (own - held).median() * compression.scale
        assert shift == pytest.approx(20.0 if compression.of == "magnitude" or front.power == 2 else 10.0, abs=0.1)


def test_decibels_by_hand():
    """Two tones 30 dB apart: what is left of the loud one's removal lies 30 dB down if held, at 0 dB by itself."""
    front = preset("audiblexai-linear")
    at = np.arange(8000) / 8000
    loud, faint = np.sin(2 * np.pi * 1000 * at), 10 ** (-30 / 20) * np.sin(2 * np.pi * 3000 * at)
    original, part = (each.astype(np.float32) for each in (loud + faint, faint))
    held = 80 * level_of(front, part, original)
    own = 80 * front(torch.tensor(part)[None])
    assert own.max() == 0.0
    assert held.max() == pytest.approx(-30.0, abs=0.2)
    assert held.min() == own.min() == -80.0


@pytest.mark.parametrize("name", HELD)
def test_silence_is_the_floor_never_the_loudest(name):
    front = preset(name)
    original, silence = sound(front.sample_rate), np.zeros(front.sample_rate, np.float32)
    own, held = front(torch.tensor(silence)[None]), level_of(front, silence, original)
    if isinstance(getattr(front, "compression", None), Decibel):
        floor = front.compression.floor / front.compression.scale
        assert (own == floor).all()
        assert (held == floor).all()
    else:
        torch.testing.assert_close(own, held)
        assert own.abs().unique().numel() == 1
    assert held.max() < front(torch.tensor(original)[None]).max()


def test_a_quiet_recording_keeps_silence_at_the_floor():
    """The original's peak lies 20 dB over the smallest magnitude that decibels know."""
    front = preset("audiblexai-linear")
    original = sound(8000)
    original *= 1e-4 / front.stft(torch.tensor(original)[None]).abs().max().item()
    assert (level_of(front, np.zeros(8000, np.float32), original) == -1.0).all()


@pytest.mark.parametrize("name", FREE)
def test_other_front_ends_hear_the_same(name):
    front = preset(name)
    model = Classifier(Mean(), frontend=front, labels=["up", "down"])
    clip = Clip(sound(front.sample_rate), front.sample_rate)
    listener = Listener(model, clip)
    parts = torch.tensor(np.stack([0.1 * clip.samples[0], np.zeros(len(clip.samples[0]), np.float32)]))
    own, held = listener.to_sounds(parts), listener.to_sounds(parts, held=True)
    assert not listener.normalises
    np.testing.assert_array_equal(own.probabilities, held.probabilities)


@pytest.mark.parametrize(
    "front",
    [
        MelSpectrogram(
            sample_rate=8000, stft_settings=STFT(n_fft=256, hop=80), compression=Decibel(of="power"), power=2,
            layout="patches", patch=30,
        ),
        Spectrogram(
            sample_rate=8000, stft_settings=STFT(n_fft=256, hop=80), compression=Decibel(of="magnitude"),
            normalisation="peak", frames=(3, 20), rows=50,
        ),
        Waveform(sample_rate=8000, normalisation="percentile", channel=False),
    ],
    ids=["patches", "frames", "waveform"],
)  # fmt: skip
def test_each_window_has_its_own_reference(front):
    """Windows of a sound whose second half is 40 dB fainter; each part is compared with its own."""
    original = sound(8000)
    original[4000:] *= 0.01
    model = Classifier(Mean(), frontend=front, labels=["up", "down"], length=Length(seconds=0.5))
    listener = Listener(model, Clip(original, 8000))
    whole = torch.tensor(original)[None]
    held = listener.to_sounds(torch.cat([whole, 0.1 * whole]), held=True).probabilities
    np.testing.assert_allclose(held[0], listener.whole(), atol=1e-5)
    windows = listener.windows.samples
    by_hand = torch.stack([
        model.logits_from_features(HeldLevel(front, windows[w : w + 1])(0.1 * windows[w : w + 1], torch.tensor([0])))[0]
        for w in range(len(windows))
    ]).mean(0)
    np.testing.assert_allclose(held[1], model.probabilities(by_hand).detach(), atol=1e-5)


def test_gain_does_not_change_what_is_held():
    """The whole road at another recording level: the same answers."""
    front = preset("audiblexai-mel")
    model = Classifier(Mean(), frontend=front, labels=["up", "down"])
    answers = []
    for gain in (1.0, 0.25):
        clip = Clip(gain * sound(8000), 8000)
        listener = Listener(model, clip)
        masks = np.random.default_rng(1).uniform(size=(3, 257, listener.frames)) ** 8
        answers.append(listener.to_sounds(listener.sounds(masks), held=True).probabilities)
    np.testing.assert_allclose(answers[0], answers[1], atol=1e-5)
