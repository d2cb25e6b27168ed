"""Concepts against planted objects: a perfect match is perfect, a swapped one is found, noise is chance."""

import numpy as np
import pytest
import torch
from torch import nn

from auricle.classifier import Classifier, Length
from auricle.concepts.evaluation import (
    MEASURES,
    PlantedClip,
    masked_sounds,
    match_table,
    object_masks,
    planted_clips,
    planted_match,
    si_sdr,
)
from auricle.concepts.evaluation.match_scores import LIMIT
from auricle.datasets.planted import make_planted, open_planted
from auricle.errors import AuricleError
from auricle.frontends import Waveform, preset

FRONT = preset("drsa-toy")
OBJECTS = ("rhythm", "envelope", "melody", "tremolo")


def model(**settings):
    network = nn.Sequential(nn.Flatten(), nn.Linear(64 * 64, 2))
    return Classifier(network, frontend=FRONT, labels=["class 1", "class 2"], name="toy", **settings)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("planted")
    make_planted(folder, preset="drsa", clips=40)
    return open_planted(folder)


@pytest.fixture(scope="module")
def clips(corpus):
    return planted_clips(corpus, model())


@pytest.fixture(scope="module")
def truth(clips):
    """Maps that are the objects themselves, in the order of `OBJECTS`; for class 2 in reverse."""
    maps = torch.zeros(len(clips), 4, 64, 64)
    for row, clip in enumerate(clips):
        for name, mask in zip(clip.objects, object_masks(clip, FRONT), strict=True):
            place = OBJECTS.index(name)
            maps[row, 3 - place if clip.label == "class 2" else place] = torch.as_tensor(mask, dtype=torch.float32)
    return maps


# --- SI-SDR -------------------------------------------------------------------------------------------------


def test_si_sdr_by_hand():
    true = np.array([1.0, -1.0, 1.0, -1.0])
    noise = np.array([1.0, 1.0, -1.0, -1.0])  # at right angles to the truth, and of its energy
    assert si_sdr(true + noise, true) == pytest.approx(0.0)
    assert si_sdr(true + 0.1 * noise, true) == pytest.approx(20.0)
    # Level, sign and offset are of no account.
    assert si_sdr(-3 * (true + 0.1 * noise) + 7, true - 2) == pytest.approx(20.0)
    assert si_sdr(2 * true, true) > 200
    assert si_sdr(noise, true) == -np.inf
    assert si_sdr(np.zeros(4), true) == -np.inf
    assert np.isnan(si_sdr(true, np.zeros(4)))
    assert si_sdr(np.stack([true + noise, true + 0.1 * noise])[:, None], true[None]).shape == (2, 1)


# --- clips and masks ----------------------------------------------------------------------------------------


def test_stems_lie_where_the_classifier_hears_them(corpus, clips):
    late = planted_clips(corpus, model(length=Length(seconds=1.5, pad="centre")), rows=[3])[0]
    assert late.stems.shape == (len(late.objects), 24000)
    assert torch.equal(late.stems[:, 4000:20000], clips[3].stems)
    assert float(late.stems[:, :4000].abs().max()) == 0
    with pytest.raises(AuricleError, match="in parts"):
        planted_clips(corpus, model(length=Length(seconds=0.5)), rows=[0])


def test_masks_hold_the_objects(clips):
    for clip in clips[:8]:
        masks = object_masks(clip, FRONT)
        # Two things hold more than half of a cell only where they cancel each other.
        assert (masks.sum(0) > 1).mean() < 1e-3
        assert (masks.any((1, 2))).all()
        assert masks.mean() < 0.2
    tremolo = next(clip for clip in clips if "tremolo" in clip.objects)
    mask = object_masks(tremolo, FRONT)[tremolo.objects.index("tremolo")]
    low, high = FRONT.axes(16000).hertz[:-1], FRONT.axes(16000).hertz[1:]
    rows = mask.any(1)
    assert (high[rows] > 3300).all()
    assert (low[rows] < 4700).all()
    assert mask.mean(1).max() > 0.8  # it sounds from beginning to end


def test_a_stem_alone_has_all_that_is_audible_of_it():
    at = torch.arange(16000) / 16000
    stem = torch.sin(2 * torch.pi * 1000 * at)[None]
    clip = PlantedClip("tone", "class 1", stem[0], ("tone",), stem)
    mask = object_masks(clip, FRONT)[0]
    edges = FRONT.axes(16000).hertz
    row = int(np.searchsorted(edges, 1000)) - 1
    assert mask[row].all()
    assert not mask[: row - 8].any()
    assert not mask[row + 8 :].any()


def test_samples_have_no_masks(clips):
    with pytest.raises(AuricleError, match="spectrogram"):
        object_masks(clips[0], Waveform(sample_rate=16000))


# --- the match ----------------------------------------------------------------------------------------------


def test_the_objects_themselves_match_perfectly_in_whatever_order(clips, truth):
    found = planted_match(clips, truth, FRONT)
    assert found.assignment["class 1"] == {name: k for k, name in enumerate(OBJECTS)}
    assert found.assignment["class 2"] == {name: 3 - k for k, name in enumerate(OBJECTS)}
    for measure in ("iou", "mass", "purity"):
        assert np.allclose(found.of_clips(measure), 1.0)
    assert found.mean("si_sdr").low > 12
    assert found.mean("si_sdr_gain").low > 12
    assert found.chance("iou").mean() == pytest.approx(0.25, abs=1e-3)
    rows = {(row["class"], row["object"]): row for row in found.by_object()}
    assert len(rows) == 8
    assert rows["class 2", "rhythm"]["concept"] == 3
    there = sum("rhythm" in clip.objects and clip.label == "class 2" for clip in clips)
    assert rows["class 2", "rhythm"]["iou"].clips == there


def test_a_concept_with_some_of_another_is_less_pure(clips, truth):
    mixed = truth + 0.1 * truth.flip(1)
    pure, less = planted_match(clips, truth, FRONT), planted_match(clips, mixed, FRONT)
    several = np.array([len(clip.objects) > 2 for clip in clips])
    assert (less.of_clips("purity") < pure.of_clips("purity") - 0.02)[several].all()
    assert less.assignment == pure.assignment


def test_negative_relevance_is_no_match(clips, truth):
    found = planted_match(clips[:6], -truth[:6], FRONT)
    for measure in ("iou", "mass", "purity"):
        assert np.allclose(found.of_clips(measure), 0.0)
    assert np.allclose(found.of_clips("si_sdr"), -LIMIT)


def test_maps_that_know_nothing_are_at_chance_and_far_from_the_truth(clips, truth):
    draws = [planted_match(clips, torch.rand(truth.shape, generator=torch.manual_seed(seed)), FRONT) for seed in (0, 1)]
    right = planted_match(clips, truth, FRONT)
    rows = {(row["measure"], row["method"]): row for row in match_table({"right": right, "noise": draws}, "right")}
    assert len(rows) == 3 * len(MEASURES)
    assert rows["iou", "right"]["mean"] == pytest.approx(1.0)
    assert rows["iou", "noise"]["mean"] == pytest.approx(np.mean([each.of_clips("iou").mean() for each in draws]))
    for measure in MEASURES:
        assert rows[measure, "noise"]["difference_low"] > 0
        assert rows[measure, "chance"]["difference_low"] > 0
    assert abs(draws[0].of_clips("iou").mean() - draws[0].chance("iou").mean()) < 0.02
    area = np.mean([object_masks(clip, FRONT).mean() for clip in clips])
    assert draws[0].of_clips("mass").mean() == pytest.approx(area, abs=0.02)


def test_fewer_concepts_than_objects_leave_some_unmatched(clips, truth):
    found = planted_match(clips, truth[:, :2], FRONT)
    rows = {(row["class"], row["object"]): row for row in found.by_object()}
    assert rows["class 1", "rhythm"]["iou"].mean == pytest.approx(1.0)
    assert rows["class 1", "tremolo"]["iou"].mean == 0.0
    assert rows["class 1", "tremolo"]["si_sdr"].mean == -LIMIT


def test_an_assignment_can_be_learned_on_other_clips(clips, truth):
    learned = planted_match(clips, truth, FRONT).assignment
    few = planted_match(clips[:4], truth[:4], FRONT, assignment=learned)
    assert few.assignment == learned
    assert np.allclose(few.of_clips("iou"), 1.0)
    with pytest.raises(AuricleError, match="assignment has no concept"):
        planted_match(clips[:4], truth[:4], FRONT, assignment={"class 1": {}, "class 2": {}})


def test_a_share_of_one_asks_for_every_cell(clips):
    mask = torch.as_tensor(object_masks(clips[0], FRONT)[:1], dtype=torch.float32)
    fading = (mask * torch.linspace(1.0, 0.1, 64))[None]
    iou = {
        share: planted_match(clips[:1], fading, FRONT, share=share).scores["iou"][0, 0, 0] for share in (0.5, 0.9, 1.0)
    }
    assert iou[0.5] < iou[0.9] < iou[1.0] == pytest.approx(1.0)


def test_concepts_are_heard_through_their_masks_or_as_one_likes(clips, truth):
    clip, maps = clips[0], truth[0].numpy().astype(np.float64)
    heard = masked_sounds(clip.samples, np.concatenate([maps, np.ones((1, 64, 64))]), FRONT)
    assert heard.shape == (5, 16000)
    inner = slice(240, 15120)  # the first and last frames are none of the features'
    assert np.allclose(heard[4][inner], clip.samples[inner], atol=2e-2)
    stems = {c.samples.data_ptr(): c.stems for c in clips}

    def perfect(samples, maps):
        sounds = np.zeros((4, 16000))
        sounds[: len(stems[samples.data_ptr()])] = stems[samples.data_ptr()]
        return sounds

    one = [clip for clip in clips if clip.objects == ("rhythm",) and clip.label == "class 1"][:1]
    rows = [clips.index(one[0])]
    found = planted_match(one, truth[rows], FRONT, sounds_of=perfect)
    assert found.of_clips("si_sdr") == pytest.approx([LIMIT])


def test_maps_that_do_not_fit_say_so(clips, truth):
    with pytest.raises(AuricleError, match="one for each clip"):
        planted_match(clips, truth[:3], FRONT)
    with pytest.raises(AuricleError, match="do not lie on"):
        planted_match(clips[:2], truth[:2, ..., 1:], FRONT)
    with pytest.raises(AuricleError, match='no measure "iuo"'):
        planted_match(clips[:2], truth[:2], FRONT).of_clips("iuo")
