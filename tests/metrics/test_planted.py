"""Causes that are known: what is planted is there, and methods that remove parts of the sound find it."""

import numpy as np
import pytest
import torch
from planted_model import RATE, detector, plants

from auricle.clip import Clip
from auricle.components import Time
from auricle.errors import AuricleError
from auricle.frontends import STFT
from auricle.methods.coalitions.method import CoalitionMethod, Weighed
from auricle.methods.shap import ExactShap, KernelShap
from auricle.metrics import PLANTS, Plant, noise_background, plant, planted_hits
from auricle.metrics.planted_hits import causes

CLIPS = 30


class Guess(CoalitionMethod):
    """Random weights."""

    name, summary, source = "guess", "", ""

    def _weigh(self, game, seed):
        weights = torch.rand(game.count, 1 + len(game.table.classifier.labels), dtype=torch.float64)
        return Weighed(weights, None, additive=False)


@pytest.mark.parametrize("kind", PLANTS)
def test_the_plant_is_where_the_truth_says(kind):
    for seed in range(20):
        clip, truth = plant(kind, 1.5, RATE, seed)
        sound = truth.sound.samples[0].astype(float)
        at = np.arange(len(sound)) / RATE
        assert not sound[(at < truth.start) | (at >= truth.end)].any()
        power = np.abs(np.fft.rfft(sound)) ** 2
        hertz = np.fft.rfftfreq(len(sound), 1 / RATE)
        assert power[(hertz >= truth.low) & (hertz <= truth.high)].sum() > 0.95 * power.sum()
        background = noise_background(1.5, RATE, seed).samples[0]
        np.testing.assert_allclose(clip.samples[0] - background, sound, atol=1e-6)
        assert clip.peak < 1.0


def test_places_are_random_and_seeded():
    starts = {plant("tone", seed=seed)[1].start for seed in range(10)}
    assert len(starts) == 10
    first, again = plant("noise", seed=3), plant("noise", seed=3)
    assert first[0].content_hash == again[0].content_hash
    assert plant("noise", seed=4)[0].content_hash != first[0].content_hash


def test_in_speech(clips):
    speech = clips[0]
    clip, truth = plant("click", speech.seconds, speech.sample_rate, 0, background=speech)
    np.testing.assert_allclose(clip.samples[0] - truth.sound.samples[0], speech.mono(speech.sample_rate), atol=1e-6)


@pytest.mark.parametrize(
    ("start", "end", "held"),
    [
        (0.3, 0.4, [0, 1, 0, 0]),
        (0.2, 0.3, [1, 1, 0, 0]),
        (0.22, 0.3, [1, 1, 0, 0]),
        (0.24, 0.3, [0, 1, 0, 0]),
        (0.1, 0.27, [1, 0, 0, 0]),
    ],
)
def test_causes_by_energy(start, end, held):
    """Quarters of a second that hold at least half as much of the plant as the one that holds most of it."""
    at = np.arange(RATE) / RATE
    sound = Clip(np.where((at >= start) & (at < end), 0.1, 0.0), RATE)
    truth = Plant("noise", start, end, 0.0, RATE / 2, sound)
    components = Time(count=4)(noise_background(1.0, RATE), RATE, STFT(n_fft=256, hop=80))
    np.testing.assert_array_equal(causes(components, truth), np.array(held, bool))


@pytest.mark.parametrize(
    ("kind", "method"),
    [
        ("tone", KernelShap(components="tiles:4x4", budget=160)),
        ("noise", KernelShap(components="tiles:4x4", budget=160)),
        ("tone", ExactShap(components="time:8")),
        ("noise", ExactShap(components="tiles:3x3")),
        ("click", ExactShap(components="time:8")),
        ("click", KernelShap(components="time:12", budget=160)),
    ],
)
def test_the_planted_cause_is_found(kind, method):
    found = planted_hits(detector(), method, plants(kind, CLIPS))
    assert found.unheard <= CLIPS // 10
    assert found.rate.mean >= 0.9
    assert found.chance.mean() < 0.2
    assert found.auc.mean() > 0.8


def test_guesses_find_it_by_chance():
    found = planted_hits(detector(), Guess(components="tiles:4x4"), plants("tone", 60))
    assert found.rate.mean == pytest.approx(found.chance.mean(), abs=0.12)
    assert found.auc.mean() == pytest.approx(0.5, abs=0.1)


def test_a_method_without_components_is_judged_by_its_top_frame():
    found = planted_hits(detector(), "lrp", plants("tone", 10))
    assert found.rate.mean >= 0.9
    assert found.auc.mean() > 0.9


def test_bad_input(digits):
    with pytest.raises(AuricleError, match="did you mean"):
        plant("tones")
    with pytest.raises(AuricleError, match="too short"):
        plant("tone", 0.1)
    with pytest.raises(AuricleError, match="names none of the 2 clips"):
        planted_hits(digits, ExactShap(components="time:4"), plants("tone", 2))
