"""Everything measured on explanations whose truth is known: a model that compares the energy of two bands."""

import json
from unittest.mock import patch

import numpy as np
import pytest
import torch
from two_bands import RATE, classifier, explanation, tone

from auricle.classifier import Classifier, Length
from auricle.errors import AuricleError
from auricle.metrics import METRICS, measure, metric, summarise
from auricle.metrics.hearing import Listener
from auricle.sonify import STYLES, Masking, sonify

OF_MAPS = {name for name, facts in METRICS.items() if facts.needs == "map"}
MIXED = tone(700) + tone(3000, amplitude=0.4)
REGIONS = Masking(shape="regions", share=1.0, blur=0.0)


def right(**settings):
    """The model says low, because of the 700 Hz tone."""
    return explanation(MIXED, lambda hertz, seconds: (hertz > 500) & (hertz < 900), **settings)


def wrong(**settings):
    return explanation(MIXED, lambda hertz, seconds: (hertz > 2800) & (hertz < 3200), **settings)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_oracle_hears_power():
    """A tone of amplitude A gives a mean power of A² in units of a tone of amplitude 1."""
    model = classifier(sharpness=4.0)
    logits = model.predict(explanation(tone(700, amplitude=0.5), lambda h, s: h > 0).clip).logits
    assert logits[0] == pytest.approx(4.0 * 0.25, rel=0.02)
    assert logits[1] == pytest.approx(0.0, abs=0.01)


def test_probabilities_by_hand():
    scores = measure(right(), masking=REGIONS, curves=False)
    told = scores.probabilities
    assert told["original"] == pytest.approx(sigmoid(20 * (0.25 - 0.16)), abs=0.02)
    assert told["kept"] == pytest.approx(sigmoid(20 * 0.25), abs=0.01)
    assert told["removed"] == pytest.approx(sigmoid(-20 * 0.16), abs=0.01)
    assert told["everything kept"] == told["original"]
    assert told["everything removed"] == pytest.approx(0.5)  # silence


def test_rows_of_a_right_explanation():
    scores = measure(right(), masking=REGIONS, curves=False)
    told = scores.probabilities
    assert scores.row("AI").value == 100.0
    assert scores.row("AD").value == 0.0
    gain = 100 * (told["kept"] - told["original"]) / (1 - told["original"])
    assert scores.row("AG").value == pytest.approx(gain)
    assert scores.row("FF").value == pytest.approx(told["original"] - told["removed"])
    assert scores.row("Fid-In").value == 1.0
    assert scores.row("energy").value == pytest.approx(0.25 / (0.25 + 0.16), rel=0.01)
    assert scores.row("energy").controls["everything"] == pytest.approx(1.0, abs=1e-5)
    assert scores.row("FF").controls["random"] < scores.row("FF").value
    assert scores.sentence.startswith("Hearing only these 9 % of the sound, the model still says low with 0.99;")


def test_rows_of_a_wrong_explanation():
    scores = measure(wrong(), masking=REGIONS, curves=False)
    assert scores.row("Fid-In").value == 0.0
    assert scores.row("AD").value > 90.0
    assert scores.row("FF").value < 0.0
    assert "no longer says low (0.04) but high (0.96)" in scores.sentence


def test_curves_of_right_and_wrong():
    good, bad = measure(right(), steps=10, draws=2), measure(wrong(), steps=10, draws=2)
    for scores in (good, bad):
        told = scores.probabilities
        for whose in ("explanation", "random", "energy"):
            deletion, insertion = (scores.curves[name][whose] for name in ("deletion", "insertion"))
            assert deletion.values[0] == insertion.values[-1] == pytest.approx(told["original"], abs=1e-5)
            assert deletion.values[-1] == insertion.values[0] == pytest.approx(0.5)
    assert good.row("deletion").value < bad.row("deletion").value
    assert good.row("insertion").value > bad.row("insertion").value
    assert good.row("deletion").value == good.curves["deletion"]["explanation"].auc
    assert set(good.row("deletion").controls) == {"random", "energy"}


def test_controls_have_equal_area():
    row = measure(right(), masking=Masking(), curves=False).row("MM")
    assert row.value == row.controls["random"] == row.controls["energy"]
    assert row.controls["everything"] == 1.0
    sparse = measure(right(), curves=False).row("SPS")
    assert sparse.value == pytest.approx(sparse.controls["random"])
    assert sparse.controls["everything"] == pytest.approx(0.0)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("sign", ["positive", "negative", "both"])
def test_every_style_and_sign_is_measured(style, sign):
    scores = measure(right(), masking=Masking(style=style, sign=sign), steps=2, draws=2)
    assert {row.name for row in scores.rows} == OF_MAPS
    assert all(np.isfinite(row.value) for row in scores.rows)
    assert json.loads(json.dumps(scores.to_dict(), allow_nan=False))["sentence"] == scores.sentence


def test_griffin_lim_is_measured_as_it_is_heard():
    masking = Masking(style="griffin-lim", shape="regions", share=1.0, blur=0.0)
    told = measure(right(), masking=masking, curves=False, draws=1).probabilities
    assert told["kept"] == pytest.approx(sigmoid(20 * 0.25), abs=0.02)


def test_nothing_relevant_is_measured_and_said():
    one = explanation(MIXED, lambda hertz, seconds: hertz < -1)
    scores = measure(one, steps=2, draws=2)
    assert scores.row("MM").value == scores.row("energy").value == 0.0
    assert scores.probabilities["kept"] == pytest.approx(0.5)
    assert scores.sentence == "Nothing in this sound speaks for low, so there is no part of it to hear."


def test_contrast_is_measured_by_its_first_label():
    plain, contrast = measure(right(), curves=False), measure(right(target="low-high"), curves=False)
    assert contrast.settings["class"] == "low"
    assert contrast.probabilities == plain.probabilities
    other = measure(wrong(target="high-low"), masking=REGIONS, curves=False)
    assert other.settings["class"] == "high"
    assert other.row("Fid-In").value == 1.0
    assert "the model says high with 0.96" in other.sentence


def test_independent_labels_have_no_published_drop():
    with pytest.raises(AuricleError, match="without legacy"):
        measure(right(multi_label=True), curves=False, legacy=True)


def test_multi_label():
    scores = measure(right(multi_label=True), masking=REGIONS, curves=False)
    assert scores.probabilities["original"] == pytest.approx(sigmoid(20 * 0.25), abs=0.01)
    assert scores.row("Fid-In").value == 1.0
    assert scores.probabilities["removed"] == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(
    "length",
    [
        Length(seconds=1.5, pad="centre"),
        Length(seconds=0.4),
        Length(seconds=0.4, hop_seconds=0.2),
        Length(seconds=0.4, long="crop"),
        Length(seconds=0.4, long="centre"),
    ],
)
def test_every_length_policy_hears_the_whole_as_the_classifier_did(length):
    one = right(length=length)
    expected = one.classifier.predict(one.clip).probabilities
    listener = Listener(one.classifier, one.clip)
    np.testing.assert_allclose(listener.whole(), expected, atol=1e-5)
    ones = np.ones((129, listener.frames))
    np.testing.assert_allclose(listener([ones]).probabilities[0], expected, atol=1e-5)
    scores = measure(one, masking=REGIONS, curves=False)
    assert scores.row("Fid-In").value == 1.0


@pytest.mark.parametrize("length", [None, Length(seconds=0.4, hop_seconds=0.2)])
def test_logits_are_what_probabilities_are_made_of(length):
    one = right(length=length)
    listener = Listener(one.classifier, one.clip)
    masks = np.random.default_rng(0).uniform(size=(3, 129, listener.frames))
    answers = listener(masks)
    windows = one.classifier.windows(one.clip)
    assert answers.logits.shape == answers.probabilities.shape == (3, 2)
    made = one.classifier.probabilities(torch.from_numpy(answers.logits)).numpy()
    np.testing.assert_allclose(made, answers.probabilities, atol=1e-6)
    heard = one.classifier.logits(windows.samples).mean(0).numpy()
    np.testing.assert_allclose(listener.to_sounds(listener.samples[None]).logits[0], heard, atol=1e-4)


def test_mean_over_windows_by_hand():
    """A low tone in the first half only; two windows; the mean of their logits."""
    half = explanation(
        tone(700, end=0.5), lambda hertz, seconds: (hertz > 500) & (hertz < 900), length=Length(seconds=0.5)
    )
    scores = measure(half, masking=REGIONS, curves=False)
    assert scores.probabilities["original"] == pytest.approx(sigmoid(20 * 0.25 / 2), abs=0.02)


def test_same_seed_same_bits():
    first, second = (measure(right(), steps=3, draws=3, seed=5).to_dict() for _ in range(2))
    assert first == second
    assert measure(right(), steps=3, draws=3, seed=6).to_dict() != first


def test_answers_do_not_depend_on_the_batch():
    one = right()
    listener = Listener(one.classifier, one.clip)
    masks = np.random.default_rng(0).uniform(size=(5, 129, listener.frames))
    together = listener(masks).probabilities
    alone = np.concatenate([listener([mask]).probabilities for mask in masks])
    np.testing.assert_allclose(together, alone, atol=1e-6)


def test_number_of_sounds_heard():
    """One pass for the clip, 2 sounds a mask (1 + draws + 2 controls), 2 curves of steps + 1 for each order."""
    heard = []
    original = Classifier.logits

    def counted(self, samples):
        heard.append(len(samples))
        return original(self, samples)

    one = right()
    prediction = one.prediction
    with patch.object(Classifier, "logits", counted), patch.object(type(one), "prediction", prediction):
        measure(one, steps=5, draws=3)
    assert sum(heard) == 1 + 2 * (1 + 3 + 2) + 2 * 6 * (1 + 3 + 1)
    assert max(heard) <= 32
    assert len(heard) == 1 + 1 + 2 * 1


def test_legacy_changes_only_the_drop():
    plain, legacy = measure(wrong(), curves=False), measure(wrong(), curves=False, legacy=True)
    changed = {row.name for row in plain.rows if row.value != legacy.row(row.name).value}
    assert changed == {"AD"}


@pytest.mark.parametrize("style", STYLES)
def test_what_is_measured_is_what_is_heard(style):
    """The network's answers to the sounds as clips of their own are the measured ones."""
    one, masking = right(), Masking(style=style, floor_db=-30.0)
    sounds = sonify(one.clip, one.classifier.frontend, one.relevance, one.axes, masking)
    scores = measure(one, masking=masking, curves=False)
    for name, part in (("kept", sounds.kept), ("removed", sounds.removed)):
        answer = one.classifier.predict(part).probabilities[0]
        assert scores.probabilities[name] == pytest.approx(answer, abs=1e-4)
    assert scores.row("MM").value == pytest.approx(sounds.notes["area"], rel=0.05)
    assert scores.row("energy").value == pytest.approx(sounds.notes["energy"], rel=1e-3)


def test_summary_over_clips():
    each = [measure(right(sharpness=s), steps=2, draws=2) for s in (10.0, 15.0, 20.0, 25.0)]
    table = {row.name: row for row in summarise(each)}
    assert set(table) == OF_MAPS
    values = [one.row("FF").value for one in each]
    row = table["FF"]
    assert row.value.mean == pytest.approx(np.mean(values))
    assert row.value.low < row.value.mean < row.value.high
    assert row.differences["random"].low > 0.0
    difference = np.mean(values) - np.mean([one.row("FF").controls["random"] for one in each])
    assert row.differences["random"].mean == pytest.approx(difference)
    json.dumps([one.to_dict() for one in table.values()])


def test_metrics_declare_their_facts():
    for name, facts in METRICS.items():
        assert facts.name == name
        assert facts.meaning
        assert facts.formula
        assert facts.source
        assert facts.to_dict()["title"] == facts.title


def test_unknown_names_get_a_hint():
    with pytest.raises(AuricleError, match='did you mean "Fid-In"'):
        metric("Fid-in")
    with pytest.raises(AuricleError, match="was not measured"):
        measure(right(), curves=False).row("deletion")
    with pytest.raises(AuricleError, match="draws"):
        measure(right(), draws=0)


def test_short_clip():
    short = explanation(MIXED[: RATE // 50 + 7], lambda hertz, seconds: (hertz > 500) & (hertz < 900))
    assert len(measure(short, steps=2, draws=1).rows) == len(OF_MAPS)
