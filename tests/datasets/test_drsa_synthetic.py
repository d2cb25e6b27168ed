"""DRSA-audio's synthetic sounds have the published frequencies, envelopes, numbers and distractors."""

from collections import Counter

import numpy as np
import pytest

from auricle.datasets import open_dataset
from auricle.datasets.drsa_synthetic import AWAY, CONCEPTS, FUNDAMENTALS, LABELS, SOUNDING, drsa_batch
from auricle.datasets.planted import causes, make_planted

N = 16_000


@pytest.fixture(scope="module")
def batches():
    return [drsa_batch(label, 150, np.random.default_rng(label)) for label in range(2)]


def spectrum(sound):
    return np.abs(np.fft.rfft(sound))


def envelope(sound, smooth=400):
    return np.sqrt(np.convolve(sound**2, np.ones(smooth) / smooth, "same"))


def stems(batch, concept):
    return batch.stems[batch.present[:, concept], concept]


def test_clips_are_the_sum_of_their_parts_with_a_peak_of_one(batches):
    for batch in batches:
        whole = batch.stems.sum(1) + batch.background
        np.testing.assert_allclose(np.abs(whole).max(1), 1.0)
        assert (np.abs(batch.stems).max(2) > 0).tolist() == batch.present.tolist()


@pytest.mark.parametrize("label", [0, 1])
@pytest.mark.parametrize("concept", range(4))
def test_the_strongest_frequency_is_in_its_range_and_the_energy_in_its_box(batches, label, concept):
    low, high = FUNDAMENTALS[label][concept]
    high += 600 if (label, concept) == (1, 2) else 0  # the steps of the arpeggio
    batch = batches[label]
    for number in np.flatnonzero(batch.present[:, concept]):
        power = spectrum(batch.stems[number, concept]) ** 2
        assert low - 20 <= power.argmax() <= high + 20
        hertz = np.arange(len(power))
        inside = (hertz >= batch.low[number, concept]) & (hertz <= batch.high[number, concept])
        assert power[inside].sum() > 0.95 * power.sum()


def test_the_number_of_concepts_is_drawn_as_published():
    generator = np.random.default_rng(3)
    present = np.concatenate([drsa_batch(0, 100, generator).present for _ in range(6)])
    counts = Counter(present.sum(1).tolist())
    for count, share in zip((1, 2, 3, 4), (0.5, 0.2, 0.2, 0.1), strict=True):
        assert counts[count] / 600 == pytest.approx(share, abs=0.07)
    assert np.ptp(present.mean(0)) < 0.12  # no concept is rarer than another


def test_one_class_swells_where_the_other_fades(batches):
    """Between their jumps, envelopes of class 1 rise and those of class 2 fall."""
    for batch, sign in zip(batches, (1, -1), strict=True):
        for sound in stems(batch, 1):
            change = np.diff(envelope(sound)[::800])
            assert (np.sign(change) == sign).mean() > 0.6


@pytest.mark.parametrize(("label", "concept", "hertz"), [(0, 0, {16}), (1, 0, {4, 5}), (0, 3, {20}), (1, 3, {10})])
def test_tremolos_have_their_rates(batches, label, concept, hertz):
    for sound in stems(batches[label], concept):
        pulse = spectrum(sound**2)[3:60]
        assert {int(pulse.argmax()) + 3} <= hertz | {each + 2 for each in hertz} | {each - 2 for each in hertz}


def test_the_low_rhythm_of_class_1_comes_in_groups_with_pauses(batches):
    for sound in stems(batches[0], 0):
        quiet = envelope(sound) < 0.02 * envelope(sound).max()
        runs = np.diff(np.flatnonzero(np.diff(quiet.astype(int), prepend=0, append=0)))[::2]
        assert runs.max() > 0.15 * N  # of the quarter of a second


def test_distractors_keep_away_from_all_that_can_be_a_cause(batches):
    for batch in batches:
        hertz = batch.distractors[:, 1]
        assert set(Counter(batch.distractors[:, 0]).values()) <= {3, 4, 5}
        assert hertz.min() >= 1
        assert hertz.max() < 8000
        for low, high in SOUNDING:
            assert not ((hertz >= low - AWAY) & (hertz <= high + AWAY)).any()


def test_as_published_they_keep_away_from_their_own_class_only():
    batch = drsa_batch(0, 300, np.random.default_rng(0), published=True)
    hertz = batch.distractors[:, 1]
    assert set(Counter(batch.distractors[:, 0]).values()) == {3, 4, 5, 6}
    assert ((hertz > 4060) & (hertz < 4500)).any()
    for low, high in FUNDAMENTALS[0]:
        assert not ((hertz >= low - AWAY) & (hertz <= high + 1 + AWAY)).any()


def test_the_chord_has_three_partials_and_as_published_two():
    for published, expected in ((False, 3), (True, 2)):
        batch = drsa_batch(0, 20, np.random.default_rng(1), published=published)
        for number in np.flatnonzero(batch.present[:, 2]):
            power = spectrum(batch.stems[number, 2]) ** 2
            first = int(power[700:1100].argmax()) + 700
            strong = [power[k * first - 8 : k * first + 9].sum() > 1e-3 * power.sum() for k in (1, 2, 3)]
            assert sum(strong) == expected


def test_the_noise_is_as_loud_as_asked():
    quiet, loud = (drsa_batch(0, 20, np.random.default_rng(2), noise=noise) for noise in (0.01, 0.8))

    def above(batch):
        """Where no concept and hardly a distractor is."""
        return np.median(spectrum(batch.background)[:, 7000:]) / np.median(np.abs(batch.stems).max((1, 2)))

    assert above(loud) / above(quiet) == pytest.approx(80, rel=0.3)


def test_the_corpus_has_the_truth_of_every_concept(tmp_path):
    make_planted(tmp_path, preset="drsa", clips=40, seed=1)
    data = open_dataset(f"planted:{tmp_path}")
    assert dict(data.classes) == {"label": LABELS}
    assert Counter(data.column("label")) == {"class 1": 20, "class 2": 20}
    for row in data.rows():
        planted = causes(data, row)
        assert [each.kind for each in planted] == [CONCEPTS[int(each) - 1] for each in row["concepts"].split()]
        clip = data.load(row)
        behind = clip.samples[0] - np.sum([each.sound.samples[0] for each in planted], axis=0)
        np.testing.assert_array_equal(np.round(behind * 32768), behind * 32768)
        for each in planted:
            sounding = np.flatnonzero(each.sound.samples[0]) / N
            assert each.start - 0.01 <= sounding[0]
            assert sounding[-1] <= each.end + 1e-6
