"""Intervals, comparisons, the inter-class matrix and how far maps are apart, against what can be worked out by hand."""

import numpy as np
import pytest
import torch
from linear_concepts import classifier, of_class, relevance, sounds

from auricle.concepts.evaluation import (
    Cells,
    ConceptFlipping,
    Setting,
    compare,
    comparison_table,
    difference,
    disentangled,
    inter_class,
    interval,
)
from auricle.errors import AuricleError
from auricle.methods.lrp import LRP
from auricle.metrics import bootstrap

# --- intervals ----------------------------------------------------------------------------------------------


def test_intervals_over_clips_are_those_of_the_metrics():
    values = np.random.default_rng(0).normal(size=80)
    mine, theirs = interval(values), bootstrap(values)
    assert mine.mean == theirs.mean
    assert mine.high - mine.low == pytest.approx(theirs.high - theirs.low, rel=0.1)


def test_clips_that_are_alike_within_groups_are_less_sure():
    generator = np.random.default_rng(0)
    speakers = np.repeat(np.arange(12), 20)
    values = generator.normal(size=12)[speakers] + 0.1 * generator.normal(size=240)
    grouped, single = interval(values, speakers.tolist()), interval(values)
    assert grouped.mean == single.mean
    assert grouped.high - grouped.low > 3 * (single.high - single.low)
    assert interval(values, ["one"] * 240) == single  # a single group says nothing of others, so clips are drawn


def test_what_was_not_measured_is_left_out_with_its_group():
    values, groups = [1.0, np.nan, 3.0, 5.0], ["a", "a", "b", "b"]
    assert interval(values, groups) == interval([1.0, 3.0, 5.0], ["a", "b", "b"])
    assert interval([2.0]).low is None
    with pytest.raises(AuricleError, match="no clips"):
        interval([np.nan])
    with pytest.raises(AuricleError, match="groups"):
        interval([1.0, 2.0], ["a"])
    with pytest.raises(AuricleError, match="paired"):
        difference([1.0, 2.0], [1.0])


# --- comparison ---------------------------------------------------------------------------------------------


def test_all_draws_count_and_each_clip_once():
    generator = np.random.default_rng(0)
    hardness = generator.normal(scale=20, size=30)
    drsa = hardness - 1 + 0.1 * generator.normal(size=30)
    random = hardness + generator.normal(scale=0.1, size=(5, 30)) + np.arange(5)[:, None]
    own, against = compare({"drsa": drsa, "random": random}, "drsa")
    assert own.difference is None
    assert own.draws == (pytest.approx(drsa.mean()),)
    assert against.draws == pytest.approx(random.mean(1).tolist())
    assert against.mean.mean == pytest.approx(random.mean())
    assert against.mean.clips == 30
    assert against.difference.mean == pytest.approx(drsa.mean() - random.mean())
    assert against.difference.high < -2.8  # pairing takes out how hard a clip is
    assert against.apart is False  # which the two intervals alone do not


def test_a_subject_of_several_draws_is_their_mean():
    own, against = compare({"random": [[1.0, 2.0], [3.0, 6.0]], "plain": [1.0, 1.0]}, "random")
    assert own.mean.mean == pytest.approx(3.0)
    assert own.draws == (1.5, 4.5)
    assert against.difference.mean == pytest.approx(2.0)


def test_intervals_that_do_not_overlap_are_told():
    rows = compare({"a": [1.0, 1.1, 0.9], "b": [2.0, 2.1, 1.9], "c": [0.9, 1.0, 1.1]}, "a")
    assert [row.apart for row in rows] == [None, True, False]


def test_groups_are_drawn_whole():
    speakers = np.repeat(np.arange(6), 10)
    gain = np.random.default_rng(1).normal(size=6)[speakers]
    alone, grouped = (compare({"a": gain, "b": np.zeros(60)}, "a", groups)[1] for groups in (None, speakers.tolist()))
    assert grouped.difference.high - grouped.difference.low > 2 * (alone.difference.high - alone.difference.low)


def test_a_table_has_a_row_for_every_layer_number_of_concepts_and_method():
    methods = {"drsa": [1.0, 2.0], "random": [[2.0, 3.0], [3.0, 4.0]]}
    rows = comparison_table({Setting("conv3", 4): methods, Setting("conv2", 8): methods}, "drsa")
    assert [(row["layer"], row["concepts"], row["method"]) for row in rows] == [
        ("conv3", 4, "drsa"), ("conv3", 4, "random"), ("conv2", 8, "drsa"), ("conv2", 8, "random"),
    ]  # fmt: skip
    assert rows[1]["draws"] == 2
    assert (rows[1]["lowest_draw"], rows[1]["highest_draw"]) == (2.5, 3.5)
    assert rows[1]["difference"] == pytest.approx(-1.5)
    assert rows[0]["difference"] is None


def test_comparisons_that_cannot_be_made_say_so():
    with pytest.raises(AuricleError, match="did you mean"):
        compare({"drsa": [1.0]}, "drse")
    with pytest.raises(AuricleError, match="different numbers of clips"):
        compare({"a": [1.0, 2.0], "b": [1.0]}, "a")
    with pytest.raises(AuricleError, match="one a clip"):
        compare({"a": []}, "a")


# --- inter-class --------------------------------------------------------------------------------------------


def parts_of_classes():
    """Three classes, each heard by two patches of its own; ``[3, 2, 16, 17]``."""
    parts = torch.zeros(3, 2, 16, 17, dtype=torch.float64)
    for number in range(3):
        for part in range(2):
            parts[number, part, 4 * number : 4 * number + 4, 4 + 8 * part : 8 + 8 * part] = 1.0
    return parts


def test_a_class_is_best_explained_by_its_own_subspaces():
    parts = parts_of_classes()
    model = classifier(parts.sum(1))
    labels = [model.labels[number % 3] for number in range(12)]  # no class's clips lie together
    samples = sounds(12)
    asked = []

    def plain(rows):
        return relevance(model, samples[rows], model.labels.index(labels[rows[0]]))

    def maps_of(rows, subspaces):
        asked.append((tuple(labels[row] for row in rows), subspaces))
        whole = plain(rows)
        if subspaces.startswith("random"):
            return torch.cat([whole / 2, whole / 2], 1)
        mine = parts[model.labels.index(subspaces)]
        return torch.cat([whole * mine, whole * (1 - mine.sum(0))], 1)

    flip = ConceptFlipping(patch=Cells(4, 4), schedule="even", steps=20)
    random = ("random 1", "random 2")
    found = inter_class(model, samples, labels, maps_of, plain, random=random, flipping=flip)
    assert found.matrix.shape == (3, 3)
    assert found.diagonal_is_row_maximum.all()
    assert np.allclose(found.control_column, 0.0)  # the same map twice is the plain one
    assert found.random.shape == (12, 2)

    # Every cell has the clips of its row, whichever subspaces split them.
    assert all(len(set(rows)) == 1 for rows, _ in asked)
    assert {(rows[0], subspaces) for rows, subspaces in asked} == {
        (label, subspaces) for label in model.labels for subspaces in (*model.labels, *random)
    }
    rows = np.arange(1, 12, 3)
    weights = of_class(model, 4, 1)
    standard = flip(model, samples[rows], plain(rows), weights).aupc()
    split = flip(model, samples[rows], maps_of(rows, "class 2"), weights).aupc()
    assert found.matrix[1, 2] == pytest.approx((standard - split).mean())
    assert found.cells()[1][2].mean == pytest.approx(found.matrix[1, 2])

    said = found.summary()
    assert (said["row_maxima"], said["classes"]) == (3, 3)
    assert said["diagonal"].mean == pytest.approx(np.diag(found.matrix).mean())
    others = (found.matrix.sum(1) - np.diag(found.matrix)) / 2
    assert said["off_diagonal"].mean == pytest.approx(others.mean())
    assert said["own_minus_random"].low > 0
    column = (found.matrix.sum(0) - np.diag(found.matrix)) / 2
    assert found.control_row == pytest.approx(column)


def test_a_random_subspace_that_wins_is_noticed():
    parts = parts_of_classes()
    model = classifier(parts.sum(1))
    labels, samples = [model.labels[number % 3] for number in range(6)], sounds(6)

    def plain(rows):
        return relevance(model, samples[rows], model.labels.index(labels[rows[0]]))

    def maps_of(rows, subspaces):
        whole, own = plain(rows), labels[rows[0]]
        if subspaces == "random":
            return whole * parts[model.labels.index(own)]
        return whole if subspaces == own else -whole

    found = inter_class(model, samples, labels, maps_of, plain, flipping=ConceptFlipping(patch=Cells(4, 4)))
    assert (found.matrix.argmax(1) == np.arange(3)).all()
    assert not found.diagonal_is_row_maximum.any()


def test_an_inter_class_matrix_needs_classes():
    model = classifier(parts_of_classes().sum(1))
    samples = sounds(2)

    def nothing(*asked):
        raise AssertionError

    with pytest.raises(AuricleError, match="two classes"):
        inter_class(model, samples, ["class 0", "class 0"], nothing, nothing)
    with pytest.raises(AuricleError, match="'class 7'"):
        inter_class(model, samples, ["class 0", "class 7"], nothing, nothing)


# --- how far maps are apart ---------------------------------------------------------------------------------


def test_distances_by_hand():
    maps = torch.tensor([[[[3.0, 0.0], [0.0, -1.0]], [[0.0, 4.0], [0.0, 1.0]]]])
    found = disentangled(maps)
    assert found.separability == pytest.approx([(3 + 4 + 0 + 1) - 5])
    assert found.peakness == pytest.approx([3 + 4])
    assert found.frobenius == pytest.approx([np.sqrt(9 + 16 + 0 + 4)])
    assert disentangled(maps, normalised=True).peakness == pytest.approx([(3 + 4) / (3 + 4 + 0 + 0)])


def test_identical_maps_are_not_apart_and_three_have_three_pairs():
    same = torch.rand(2, 1, 4, 5).expand(-1, 3, -1, -1)
    found = disentangled(same)
    assert np.allclose(found.separability, 0)
    assert np.allclose(found.frobenius, 0)
    maps = torch.randn(2, 3, 4, 5).double()
    pairs = [(maps[:, k] - maps[:, j]).flatten(1).norm(dim=1) for k, j in ((0, 1), (0, 2), (1, 2))]
    assert disentangled(maps).frobenius == pytest.approx((sum(pairs) / 3).numpy())


def test_normalised_distances_do_not_know_how_strong_relevance_is():
    maps = torch.randn(3, 4, 6, 6)
    plain, strong = disentangled(maps, normalised=True), disentangled(100 * maps, normalised=True)
    for name, values in vars(plain).items():
        assert getattr(strong, name) == pytest.approx(values, rel=1e-5)


def test_standard_errors_are_sd_over_root_n():
    maps = torch.randn(9, 2, 5, 5)
    values, said = disentangled(maps).peakness, disentangled(maps).means()["peakness"]
    assert said.mean == pytest.approx(values.mean())
    assert said.standard_error == pytest.approx(values.std(ddof=1) / 3)
    assert disentangled(maps[:1]).means()["peakness"].standard_error is None
    maps[0] = 0
    assert disentangled(maps, normalised=True).means()["separability"].clips == 8


def test_one_concept_cannot_be_told_apart():
    with pytest.raises(AuricleError, match="no two concepts"):
        disentangled(torch.rand(2, 1, 4, 4))
    with pytest.raises(AuricleError, match="no clip has any relevance"):
        disentangled(torch.zeros(2, 2, 4, 4), normalised=True).means()


def test_halves_of_a_real_explanation_are_apart_and_flip_more(digits, heard):
    weights = digits.target_weights("predicted", digits.logits(heard))
    whole = LRP()(digits, heard, weights).relevance[:, None].detach()
    low = whole.clone()
    low[:, :, 24:] = 0
    parts = torch.cat([low, whole - low], 1)
    assert (disentangled(parts).separability > disentangled(whole.expand(-1, 2, -1, -1) / 2).separability + 0.1).all()
    flip = ConceptFlipping(schedule="even", steps=8)
    one, two = (flip(digits, heard, maps, weights) for maps in (whole, parts))
    assert np.allclose(one.values[:, [0, -1]], two.values[:, [0, -1]], atol=1e-4)
    assert (two.gone[:, 1:4] > one.gone[:, 1:4]).all()
    assert (two.values[:, 1] < one.values[:, 0]).all()
