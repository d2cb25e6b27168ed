"""Concept flipping does what it says, on a model whose truth is known and on one that was trained."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from linear_concepts import FRONT, N, classifier, of_class, relevance, sounds
from torch import nn

from auricle.axes import Axes
from auricle.classifier import Classifier
from auricle.concepts.evaluation.fills import inpainted
from auricle.concepts.evaluation.flipped_curves import aupc
from auricle.concepts.evaluation.flipping import ConceptFlipping
from auricle.concepts.evaluation.orders import counts_of, places_of, together
from auricle.concepts.evaluation.patches import Cells, Patch, patch_scores
from auricle.errors import AuricleError
from auricle.frontends import Waveform, preset
from auricle.methods.lrp import LRP

CELLS = Cells(4, 4)


@pytest.fixture
def signed():
    """A linear model of cells that count for the class and cells that count against it."""
    return classifier(torch.randn(2, 16, 17, dtype=torch.float64))


@pytest.fixture
def positive():
    return classifier(torch.rand(2, 16, 17, dtype=torch.float64) ** 4)


# --- patches ------------------------------------------------------------------------------------------------


def test_patches_are_of_the_milliseconds_and_hertz_asked_for():
    labels = Patch(100.0, 500.0).lay(preset("digits").axes(8000))
    axes = preset("digits").axes(8000)
    for patch in range(labels.max() + 1):
        rows, columns = np.nonzero(labels == patch)
        seconds, hertz = axes.seconds_centres[columns], axes.hertz_centres[rows]
        assert np.ptp(seconds) < 0.1
        assert np.ptp(hertz) < 500.0
        assert (labels[np.ix_(np.unique(rows), np.unique(columns))] == patch).all()
    assert np.unique(labels[0], return_counts=True)[1].tolist() == [10] * 10 + [1]  # 101 frames of 10 ms
    assert len(np.unique(labels[:, 0])) == 8  # 60 to 4,000 Hz


@pytest.mark.parametrize("size", [Patch(35.0, 7.0), Patch(5.0, 5000.0), Cells(5, 3)])
def test_every_cell_is_in_one_patch_and_no_patch_is_empty(size):
    labels = size.lay(FRONT.axes(N))
    assert labels.shape == FRONT.axes(N).shape
    assert set(np.unique(labels)) == set(range(labels.max() + 1))


def test_patches_of_samples_have_no_frequency():
    axes = Axes(seconds=np.arange(101) / 1000)
    assert Patch(20.0, 1.0).lay(axes).max() == 4
    assert np.bincount(Cells(9, 30).lay(axes)).tolist() == [30, 30, 30, 10]
    # Every third centre lies on the edge of two patches, and rounding does not decide to which it belongs.
    assert np.bincount(Patch(1.5).lay(axes)).tolist() == [1, 2] * 33 + [1]


def test_a_patch_scores_what_speaks_for_the_class_only():
    maps = torch.randn(2, 3, 4, 6)
    scores = patch_scores(maps, Cells(2, 3).lay(Axes(seconds=np.arange(7.0), hertz=np.arange(5.0))))
    assert scores.shape == (2, 3, 4)
    assert scores[1, 2, 1] == pytest.approx(float(maps[1, 2, :2, 3:].clamp_min(0).sum()))


# --- orders -------------------------------------------------------------------------------------------------


def test_the_published_schedules():
    flips = {count: counts_of(count, "squares", 0).diff().tolist() for count in (64, 256, 16)}
    assert flips == {64: [1, 4, 9, 16, 25, 9], 256: [1, 4, 9, 16, 25, 36, 49, 64, 52], 16: [1, 4, 9, 2]}


@pytest.mark.parametrize(("patches", "steps"), [(10, 4), (3, 16), (100, 7)])
def test_an_even_schedule_is_even(patches, steps):
    flips = counts_of(patches, "even", steps).diff()
    assert int(flips.sum()) == patches
    assert int(flips.max() - flips.min()) <= 1


@pytest.mark.parametrize("order", ["most", "least", "random"])
@pytest.mark.parametrize("budget", ["union", "matched"])
def test_flips_are_a_partition(order, budget):
    places = together(places_of(torch.rand(3, 4, 30), order, 0), budget)
    counts = counts_of(30, "squares", 0)
    gone = places[:, None] < counts[:, None]
    assert not gone[:, 0].any()
    assert gone[:, -1].all()
    assert (gone[:, 1:] | ~gone[:, :-1]).all()  # what is gone stays gone
    if budget == "matched":
        assert torch.equal(gone.sum(-1), counts.expand(3, -1))


def test_the_union_holds_each_concepts_own_next_patches():
    scores = torch.tensor([[[9.0, 8, 1, 0], [0, 9, 1, 8]]])
    union = together(places_of(scores, "most", 0), "union")
    assert (union < 1)[0].tolist() == [True, True, False, False]
    assert (union < 2)[0].tolist() == [True, True, False, True]
    matched = together(places_of(scores, "most", 0), "matched")
    assert matched[0].tolist() == [0, 1, 3, 2]  # the second's first comes before the first's second


def test_with_a_matched_budget_concepts_take_turns():
    scores = torch.rand(5, 3, 40)
    places, matched = places_of(scores, "most", 0), together(places_of(scores, "most", 0), "matched")
    for clip in range(5):
        taken = []
        for turn in range(40):
            for concept in range(3):
                patch = int((places[clip, concept] == turn).nonzero())
                if patch not in taken:
                    taken.append(patch)
        assert matched[clip].argsort().tolist() == taken


def test_equal_patches_have_no_fixed_order():
    first = {int(places_of(torch.zeros(1, 1, 50), "most", seed).argmin()) for seed in range(20)}
    assert len(first) > 5
    places = places_of(torch.zeros(2, 3, 50), "most", 0)
    assert (places == places[0, 0]).all()


# --- curves -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("budget", ["union", "matched"])
def test_identical_maps_are_one_map(signed, budget):
    samples = sounds(3)
    maps = relevance(signed, samples, 0)
    flip = ConceptFlipping(patch=CELLS, budget=budget)
    one = flip(signed, samples, maps, of_class(signed, 3))
    four = flip(signed, samples, maps.expand(-1, 4, -1, -1), of_class(signed, 3))
    np.testing.assert_allclose(four.values, one.values, rtol=1e-12, atol=1e-12)
    assert np.array_equal(four.gone[0], four.fractions)


def test_curves_begin_with_the_clip_and_end_with_silence(signed):
    samples = sounds(3)
    found = ConceptFlipping(patch=CELLS)(signed, samples, relevance(signed, samples, 0), of_class(signed, 3))
    assert np.allclose(found.values[:, 0], signed.logits(samples)[:, 0])
    silence = signed.logits(torch.zeros(1, N))[0, 0]
    assert np.allclose(found.values[:, -1], silence, atol=1e-9)


def test_a_linear_models_curve_is_what_its_patches_add(signed):
    samples = sounds(4)
    maps = relevance(signed, samples, 0)
    found = ConceptFlipping(patch=Cells(1, 1), schedule="even", steps=9)(signed, samples, maps, of_class(signed, 4))
    counts = np.rint(found.fractions * maps[0].numel()).astype(int)
    for clip in range(4):
        cells = maps[clip].flatten()
        ordered = cells[cells.clamp_min(0).argsort(descending=True)].numpy()
        above = (ordered > 0).sum()
        for count, value in zip(counts, found.values[clip], strict=True):
            if count <= above:
                assert value == pytest.approx(ordered[count:].sum())


def test_most_relevant_first_falls_faster_than_random_and_least(positive):
    samples = sounds(6)
    maps = relevance(positive, samples, 0)
    area = {
        order: ConceptFlipping(patch=CELLS, order=order)(positive, samples, maps, of_class(positive, 6)).aupc()
        for order in ("most", "random", "least")
    }
    assert (area["most"] < area["random"]).all()
    assert (area["random"] < area["least"]).all()


def test_concepts_that_differ_take_more_away_but_not_with_a_matched_budget(positive):
    samples = sounds(3)
    maps = relevance(positive, samples, 0)
    half = maps.clone()
    half[..., 8:, :] = 0
    parts = torch.cat([half, maps - half], 1)
    curves = {
        budget: ConceptFlipping(patch=CELLS, budget=budget)(positive, samples, parts, of_class(positive, 3))
        for budget in ("union", "matched")
    }
    assert (curves["union"].gone[:, 1:-1] > curves["union"].fractions[1:-1]).all()
    assert np.allclose(curves["matched"].gone, curves["matched"].fractions)
    assert (curves["union"].aupc() < curves["matched"].aupc()).all()


def test_all_layouts_flip_the_same_cells():
    class Plain(nn.Module):
        def __init__(self, weights, layout):
            super().__init__()
            self.weights, self.layout = nn.Parameter(weights), layout

        def forward(self, x):
            front = replace(FRONT, layout=self.layout, patch=17)
            return torch.einsum("bft,cft->bc", front.to_map(x) + 4.0, self.weights)

    samples, weights = sounds(2), torch.rand(2, 16, 17, dtype=torch.float64)
    maps = torch.rand(2, 3, 16, 17)
    found = []
    for layout in ("channel", "plain", "transposed", "patches"):
        front = replace(FRONT, layout=layout, patch=17)
        model = Classifier(Plain(weights, layout), frontend=front, labels=["a", "b"])
        found.append(ConceptFlipping(patch=CELLS)(model, samples, maps, of_class(model, 2)).values)
    assert np.allclose(found, found[0])
    assert np.ptp(found[0]) > 1


def test_samples_can_be_flipped_too():
    network = nn.Sequential(nn.Flatten(), nn.Linear(N, 2, bias=False)).double()
    model = Classifier(network, frontend=Waveform(sample_rate=1000), labels=["a", "b"])
    samples = sounds(2)
    maps = (samples * network[1].weight[0]).detach()[:, None]
    found = ConceptFlipping(patch=Patch(30.0))(model, samples, maps, of_class(model, 2))
    assert np.allclose(found.values[:, -1], 0.0)
    assert (found.values.min(1) < found.values[:, 0] - 0.1).all()
    with pytest.raises(AuricleError, match="in-painting"):
        ConceptFlipping(fill="inpainting")(model, samples, maps, of_class(model, 2))


def test_results_do_not_depend_on_what_else_is_in_the_batch(signed, monkeypatch):
    samples = sounds(5)
    maps = relevance(signed, samples, 0)
    flip = ConceptFlipping(patch=CELLS, fill="noise", order="random")
    whole = flip(signed, samples, maps, of_class(signed, 5))
    first = flip(signed, samples[:2], maps[:2], of_class(signed, 2))
    assert np.allclose(whole.values[:2], first.values)
    monkeypatch.setattr("auricle.concepts.evaluation.flipping.NUMBERS_AT_ONCE", {"cpu": 1})
    assert np.allclose(flip(signed, samples, maps, of_class(signed, 5)).values, whole.values)


def test_logit_differences_and_probabilities_are_watched(signed):
    samples = sounds(3)
    maps = relevance(signed, samples, 0)
    contrast = torch.tensor([[1.0, -1.0]], dtype=torch.float64).expand(3, 2)
    logits = signed.logits(samples)
    found = ConceptFlipping(patch=CELLS)(signed, samples, maps, contrast)
    assert np.allclose(found.values[:, 0], logits[:, 0] - logits[:, 1])
    found = ConceptFlipping(patch=CELLS, score="probability")(signed, samples, maps, of_class(signed, 3))
    assert np.allclose(found.values[:, 0], torch.softmax(logits, 1)[:, 0])


# --- areas --------------------------------------------------------------------------------------------------


def test_area_of_a_linear_curve():
    at = np.array([0.0, 0.1, 0.35, 1.0])
    assert aupc([5.0 - 3.0 * at], at) == pytest.approx([(5.0 + 2.0) / 2])
    assert aupc([5.0 - 3.0 * at], at, normalised=True) == pytest.approx([0.7])


def test_the_published_area_is_half_of_left_rectangles_above_the_end():
    at = np.array([0.0, 0.2, 0.5, 1.0])
    heights = np.array([[3.0, 2.5, -1.0, -2.0], [4.0, 1.0, 2.0, 0.5]])
    clipped = heights.clip(0)
    left = (clipped[:, :-1] * np.diff(at)).sum(1)
    assert aupc(heights, at, legacy=True) == pytest.approx((left - clipped[:, -1]) / 2)


def test_areas_of_clips_without_a_positive_score_are_left_out(signed):
    assert np.isnan(aupc([[-1.0, -2.0]], [0.0, 1.0], normalised=True)).all()
    samples = sounds(12)
    weights = of_class(signed, 12)
    weights[::3] *= -1  # what speaks against the class
    found = ConceptFlipping(patch=CELLS)(signed, samples, relevance(signed, samples, 0), weights)
    some = int((found.values[:, 0] > 0).sum())
    assert 0 < some < 12
    assert found.mean(normalised=True).clips == some
    assert found.mean().clips == 12
    curve = found.mean_curve()
    assert [each.mean for each in curve] == pytest.approx(found.values.mean(0).tolist())


# --- fills --------------------------------------------------------------------------------------------------


def test_inpainting_is_harmonic():
    rows, columns = np.mgrid[0:24, 0:33].astype(np.float64)
    plane = torch.as_tensor(0.5 * rows - 0.25 * columns + 3)[None]
    missing = torch.zeros_like(plane, dtype=torch.bool)
    missing[:, 3:17, 5:21] = True
    found = inpainted(plane, missing)
    assert torch.equal(found[~missing], plane[~missing])
    assert float((found - plane).abs().max()) < 0.02 * float(plane.max() - plane.min())


def test_inpainting_stays_between_its_surroundings():
    maps = torch.randn(3, 9, 14)
    missing = torch.rand(3, 9, 14) < 0.7
    found = inpainted(maps, missing)
    for clip in range(3):
        known = maps[clip][~missing[clip]]
        assert known.min() <= found[clip].min()
        assert found[clip].max() <= known.max()


@pytest.mark.parametrize("fill", ["silence", "mean", "noise", "inpainting"])
def test_fills_leave_what_is_not_flipped_and_end_as_they_should(signed, fill):
    samples = sounds(3)
    maps = relevance(signed, samples, 0)
    found = ConceptFlipping(patch=CELLS, fill=fill)(signed, samples, maps, of_class(signed, 3))
    assert np.allclose(found.values[:, 0], signed.logits(samples)[:, 0])
    ends = found.values[:, -1]
    if fill in ("silence", "inpainting"):
        assert np.allclose(ends, 0.0, atol=1e-9)
    if fill == "mean":
        front = signed.frontend.to_map(signed.frontend(samples)).mean(-1, keepdim=True) + 4.0
        assert np.allclose(ends, (front * signed.network.weights[0]).sum((1, 2)).detach())
    if fill == "noise":
        assert np.ptp(ends) > 0


# --- a trained model ----------------------------------------------------------------------------------------


def test_relevance_of_the_bundled_model_beats_chance(digits, heard):
    with torch.no_grad():
        weights = digits.target_weights("predicted", digits.logits(heard))
    maps = LRP()(digits, heard, weights).relevance[:, None]
    area = {
        order: ConceptFlipping(order=order, schedule="even", steps=8)(digits, heard, maps, weights).aupc()
        for order in ("most", "random", "least")
    }
    assert area["most"].mean() < area["random"].mean() < area["least"].mean()
    assert not digits.network.training


# --- bad input ----------------------------------------------------------------------------------------------


def test_bad_input_says_so(signed):
    samples = sounds(2)
    maps, weights = relevance(signed, samples, 0), of_class(signed, 2)
    flip = ConceptFlipping()
    with pytest.raises(AuricleError, match="maps of shape"):
        flip(signed, samples, maps[:, 0], weights)
    with pytest.raises(AuricleError, match="maps of shape"):
        flip(signed, samples, maps[..., :-1], weights)
    with pytest.raises(AuricleError, match="weights of shape"):
        flip(signed, samples, maps, weights[:1])
    with pytest.raises(AuricleError, match="NaN"):
        flip(signed, samples, maps * float("nan"), weights)
    with pytest.raises(AuricleError, match="smaller patches"):
        ConceptFlipping(patch=Cells(100, 100))(signed, samples, maps, weights)
    with pytest.raises(AuricleError, match="milliseconds"):
        Patch(-1.0)
    with pytest.raises(AuricleError, match="do not fit"):
        aupc([1.0, 2.0], [0.0, 1.0])
