"""What a study measures: the model's answers to exactly the sounds that are written."""

from unittest.mock import patch

import numpy as np
import pytest
import torch
from torch import nn

from auricle.classifier import Classifier
from auricle.clip import Clip
from auricle.errors import AuricleError
from auricle.frontends import STFT, Spectrogram
from auricle.frontends.compression import Decibel
from auricle.metrics import energy_mask, measure
from auricle.metrics.hearing import Listener
from auricle.regions.base import Regions, drawn
from auricle.sonify import Masking, mask_on_grid
from auricle.sonify.boxes import Box
from auricle.study.config import Evaluating, Sound
from auricle.study.curves import curve_areas
from auricle.study.scoring import Scored, empty_row, score_many, score_regions
from auricle.study.sounds import sounds_of

BOXES = (Box(200, 900, 0.1, 0.3), Box(1000, 1600, 0.45, 0.6))
SOUND = Sound(random=3, write=["relevant", "removed", "random"])
PLAIN = Evaluating(steps=4)


@pytest.fixture(scope="module")
def seven(clips):
    return next(clip for clip in clips if clip.name == "seven")


@pytest.fixture(scope="module")
def found(digits, seven):
    axes = digits.frontend.axes(len(seven.mono(8000)))
    return Regions(drawn(BOXES, axes), axes, BOXES)


@pytest.fixture(scope="module")
def relevance(found):
    return found.mask - 0.1 + 0.01 * np.random.default_rng(0).normal(size=found.mask.shape)


class Level(nn.Module):
    """Logits from the mean of the map below and above half its rows."""

    def __init__(self):
        super().__init__()
        self.sharpness = nn.Parameter(torch.tensor(4.0))

    def forward(self, features):
        low, high = features.squeeze(1).mean(-1).chunk(2, dim=-1)
        return self.sharpness * torch.stack([low.mean(-1), high[:, : low.shape[-1]].mean(-1)], -1)


@pytest.fixture(scope="module")
def by_decibel():
    front = Spectrogram(
        sample_rate=8000, stft_settings=STFT(n_fft=256, hop=80), compression=Decibel(of="magnitude", scale=80.0)
    )
    return Classifier(Level(), frontend=front, labels=["low", "high"])


def score(clip, model, found, relevance, *, sound=SOUND, how=PLAIN, target="seven", truth="seven", seed=0, **settings):
    return score_regions(clip, model, found, relevance, found.axes, truth, target, sound, how, seed=seed, **settings)


def same(one, other, tolerance=2e-5):
    assert list(one) == list(other)
    for name, value in one.items():
        assert value == (None if other[name] is None else pytest.approx(other[name], abs=tolerance)), name


@pytest.mark.parametrize("style", ["mask", "identification", "reconstruction"])
def test_what_is_scored_is_what_is_heard(style, digits, seven, found, relevance):
    """The network's answers to the written sounds, as clips of their own."""
    sound = SOUND.model_copy(update={"style": style})
    row = score(seven, digits, found, relevance, sound=sound)
    sounds = sounds_of(seven, digits, found, sound, seed=0)
    seventh = digits.labels.index("seven")
    said = {kind: digits.predict(each).probabilities[seventh] for kind, each in sounds.items()}
    assert row["p_original"] == pytest.approx(digits.predict(seven).probabilities[seventh], abs=1e-5)
    assert row["p_relevant"] == pytest.approx(said["relevant"], abs=1e-4)
    assert row["p_removed"] == pytest.approx(said["removed"], abs=1e-4)
    np.testing.assert_allclose(row["p_randoms"], [said[f"random-{k}"] for k in (1, 2, 3)], atol=1e-4)
    assert row["p_random"] == pytest.approx(np.mean(row["p_randoms"]))
    whole = (seven.mono(8000) ** 2).sum()
    assert row["energy"] == pytest.approx((sounds["relevant"].samples ** 2).sum() / whole, rel=1e-3)


def test_metrics_are_those_of_measure(digits, seven, found, relevance):
    """A 0/1 map kept whole is the same mask, so `measure` on it gives the same numbers, but for the random draws."""
    import auricle

    explanation = auricle.explain(seven, digits, method="gradient", target="nine")
    object.__setattr__(explanation, "relevance", found.mask)
    object.__setattr__(explanation, "axes", found.axes)
    masking = Masking(shape="regions", share=1.0, blur=0.0)
    scores = measure(explanation, masking=masking, curves=False)
    row = score(seven, digits, found, relevance, target="nine")
    for each in scores.rows:
        tolerance = dict(rel=1e-4, abs=1e-3)
        assert row[each.name] == pytest.approx(each.value, **tolerance), each.name
        for whose in ("energy", "everything"):
            assert row[f"{each.name} {whose}"] == pytest.approx(each.controls[whose], **tolerance), (each.name, whose)


def test_controls_have_the_energys_mask_and_equal_area(digits, seven, found, relevance):
    listener = Listener(digits, seven)
    mask = mask_on_grid(
        seven, digits.frontend, found.mask, found.axes, Masking(shape="regions", share=1.0, blur=0.0)
    )[0][:, : listener.frames]
    row = score(seven, digits, found, relevance)
    loudest = listener([energy_mask(mask, listener.power)])
    assert row["energy energy"] == pytest.approx(loudest.energy[0], rel=1e-4)
    assert row["MM"] == row["MM energy"] == pytest.approx(mask.mean(), rel=1e-5)
    assert row["MM everything"] == 1.0


def test_a_contrast_is_measured_by_its_first_label_and_followed_by_its_truth(digits, seven, found, relevance):
    contrast = score(seven, digits, found, relevance, target="nine-seven", truth="seven")
    single = score(seven, digits, found, relevance, target="nine", truth="seven")
    truth = score(seven, digits, found, relevance, target="seven", truth="seven")
    assert contrast == single
    assert contrast["p_relevant"] == truth["p_relevant"]
    assert contrast["FF"] != truth["FF"]


def test_nothing_relevant_is_none(digits, seven, found, relevance):
    nothing = Regions(np.zeros_like(found.mask), found.axes)
    row = score(seven, digits, nothing, relevance, curves=True)
    assert row["p_original"] > 0.0
    assert all(row[f"p_{part}{level}"] is None for part in ("relevant", "removed", "random") for level in ("", "_held"))
    assert row["AD"] is row["MM"] is row["AD random"] is None
    assert row["deletion"] is not None
    assert list(row) == list(empty_row())


def test_unknown_truth_and_no_randoms_are_none(digits, seven, found, relevance):
    row = score(seven, digits, found, relevance, truth=None, sound=Sound(random=0))
    assert row["p_original"] is row["p_relevant"] is row["p_random"] is None
    assert row["AD"] is not None
    assert row["AD random"] is None
    with pytest.raises(AuricleError, match="no label"):
        score(seven, digits, found, relevance, truth="eleventy")


def test_only_probabilities_where_no_metrics_are_wanted(digits, seven, found, relevance):
    row = score(seven, digits, found, relevance, how=Evaluating(metrics=False))
    full = score(seven, digits, found, relevance)
    assert row["p_random"] == pytest.approx(full["p_random"], abs=1e-6)
    assert row["AD"] is row["AD energy"] is None


def test_held_is_own_where_no_level_is_set(digits, seven, found, relevance):
    row = score(seven, digits, found, relevance)
    for part in ("original", "relevant", "removed", "random", "randoms"):
        assert row[f"p_{part}_held"] == row[f"p_{part}"]


def test_held_is_another_number_where_the_level_is_set(by_decibel):
    at = np.arange(8000) / 8000
    clip = Clip(0.5 * np.sin(2 * np.pi * 700 * at) + 0.005 * np.sin(2 * np.pi * 3000 * at), 8000)
    axes = by_decibel.frontend.axes(8000)
    boxes = (Box(2500, 3500, 0.0, 1.0),)
    found = Regions(drawn(boxes, axes), axes, boxes)
    row = score(clip, by_decibel, found, found.mask, target="high", truth="high")
    assert row["p_original_held"] == row["p_original"]
    # By its own level the faint tone is as loud as the whole was; held it lies 40 dB down.
    assert row["p_relevant_held"] < row["p_relevant"] - 0.02
    listener = Listener(by_decibel, clip)
    sounds = sounds_of(clip, by_decibel, found, SOUND, seed=0)
    heard = torch.tensor(np.concatenate([sounds[kind].samples for kind in ("relevant", "removed")]))
    expected = listener.to_sounds(heard, held=True).probabilities[:, 1]
    np.testing.assert_allclose([row["p_relevant_held"], row["p_removed_held"]], expected, atol=1e-4)


def test_many_are_scored_as_one_by_one(digits, seven, found, relevance):
    axes = found.axes
    other = (Box(300, 2000, 0.2, 0.8),)
    nothing, more = Regions(np.zeros_like(found.mask), axes), Regions(drawn(other, axes), axes, other)
    asked = [
        Scored(found, relevance, axes, "seven", "seven", curves=True),
        Scored(nothing, relevance, axes, "nine", "seven"),
        Scored(more, relevance, axes, "nine-seven", "seven"),
    ]
    rows = score_many(seven, digits, asked, SOUND, PLAIN, seed=0)
    for each, row in zip(asked, rows, strict=True):
        alone = score(seven, digits, each.regions, relevance, target=each.target, curves=each.curves)
        same(row, alone)


def test_few_calls_of_the_network(digits, seven, found, relevance):
    """One for the clip itself and silence, and one for everything else of all explanations."""
    calls = []
    original = Classifier.logits

    def counted(self, samples):
        calls.append(len(samples))
        return original(self, samples)

    asked = [Scored(found, relevance, found.axes, "seven", "seven")] * 3
    with patch.object(Classifier, "logits", counted):
        score_many(seven, digits, asked, SOUND, PLAIN, seed=0)
    assert sorted(calls) == [2, 3 * 2 * (1 + 3 + 1)]


def test_curves_are_those_of_measure(digits, seven, found, relevance):
    import auricle

    explanation = auricle.explain(seven, digits, method="gradient", target="seven")
    scores = measure(explanation, steps=4, draws=3, seed=5)
    values, axes = explanation.map()
    c = digits.labels.index("seven")
    areas = curve_areas(Listener(digits, seven), values, axes, c, steps=4, draws=3, seed=5)
    for name in ("deletion", "insertion"):
        one = scores.row(name)
        assert areas[name] == pytest.approx(one.value, abs=1e-5)
        for whose in ("random", "energy"):
            assert areas[f"{name} {whose}"] == pytest.approx(one.controls[whose], abs=1e-5)


def test_same_seed_same_row(digits, seven, found, relevance):
    first, again = (score(seven, digits, found, relevance, seed=4) for _ in range(2))
    assert first == again
    assert score(seven, digits, found, relevance, seed=5)["p_randoms"] != first["p_randoms"]


def test_values_are_refused(seven, found, relevance):
    model = Classifier(
        Level(), frontend=Spectrogram(sample_rate=8000, stft_settings=STFT(n_fft=256, hop=80)),
        labels=["low", "high"], outputs="values",
    )  # fmt: skip
    with pytest.raises(AuricleError, match="not probabilities"):
        score(seven, model, found, relevance, target="low", truth="low")
