"""A clip explained in concepts: parts that sum, on the clip's own axes, for any length, and as sound."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from oracles import on_samples, seeded
from some_subspaces import axes, orthonormal
from torch import Tensor, nn
from torch.nn import functional as F

import auricle
from auricle.classifier import Classifier, Length
from auricle.clip import Clip
from auricle.concepts.concepts import REST, Concepts
from auricle.concepts.explained import AROUND, ConceptExplanation, explain_concepts
from auricle.concepts.removing import without_each
from auricle.concepts.two_step import take_apart
from auricle.errors import AuricleError
from auricle.methods import LRP, InputXGradient, Method

LAYER = "features.6"
SIZES = {"nine": (8, 8, 8, 8), "seven": (10, 4)}


def of(classifier: Classifier, method: Method | None = None, **sizes: tuple[int, ...]) -> Concepts:
    subspaces = {label: orthonormal(32, each, seed) for seed, (label, each) in enumerate((sizes or SIZES).items())}
    return Concepts.of(classifier, LAYER, method or LRP(), subspaces)


@pytest.fixture(scope="module")
def concepts(digits: Classifier) -> Concepts:
    return of(digits).named("nine", 2, "glide")


@pytest.fixture(scope="module")
def nine(digits: Classifier, clips: list[Clip], concepts: Concepts) -> ConceptExplanation:
    return explain_concepts(clips[1], digits, concepts)


def joined(*clips: Clip) -> Clip:
    """Padded to a second each, so that every window is one of them."""
    return Clip(np.concatenate([np.resize(np.append(c.mono(8000), np.zeros(8000)), 8000) for c in clips]), 8000, "long")


def close(maps: np.ndarray, whole: np.ndarray, bar: float = 1e-4) -> None:
    assert maps.sum(0).shape == whole.shape
    assert np.abs(maps.sum(0) - whole).max() < bar * np.abs(whole).max()


# --- one clip ---------------------------------------------------------------------------------------------------------


def test_it_is_the_plain_explanation_in_parts(
    digits: Classifier, clips: list[Clip], concepts: Concepts, nine: ConceptExplanation
) -> None:
    plain = auricle.explain(clips[1], digits, method=concepts.method)
    assert nine.whole.prediction.label == nine.label == nine.whole.target == "nine"
    np.testing.assert_allclose(nine.whole.relevance, plain.relevance, atol=1e-5)
    np.testing.assert_array_equal(nine.axes.seconds, plain.axes.seconds)
    assert [check.name for check in nine.whole.checks] == [check.name for check in plain.checks]
    assert [check.passed for check in nine.whole.checks] == [check.passed for check in plain.checks]
    assert nine.names == ("concept 1", "glide", "concept 3", "concept 4")
    assert len(nine) == len(nine.maps) == len(nine.totals) == len(nine.removed) == 4
    close(nine.maps, plain.relevance)
    np.testing.assert_allclose(nine.sums, nine.maps.sum((1, 2)))


def test_totals_are_relevance_at_the_layer_and_removed_the_fall_of_the_logit(
    digits: Classifier, clips: list[Clip], concepts: Concepts, nine: ConceptExplanation
) -> None:
    samples = digits.windows(clips[1]).samples
    own, weights = [concepts["nine"]], digits.target_weights("nine", torch.zeros(1, 10))
    found = take_apart(digits, samples, weights, own, layer=LAYER, method=LRP())
    np.testing.assert_allclose(nine.totals, found.totals[0].numpy(), rtol=1e-3, atol=1e-4)
    before, after = without_each(digits, samples, own, layer=LAYER)
    index = digits.target_index("nine")
    np.testing.assert_allclose(nine.removed, (before[:, index, None] - after[:, :, index])[0], rtol=1e-3, atol=1e-3)


def test_a_part_is_an_explanation_of_its_own(nine: ConceptExplanation) -> None:
    part = nine.part(1)
    values, on = part.map()
    np.testing.assert_array_equal(values, nine.maps[1])
    np.testing.assert_array_equal(on.hertz, nine.axes.hertz)
    assert part.clip is nine.clip
    assert part.kept().samples.shape == nine.whole.kept().samples.shape
    assert not np.allclose(part.kept().samples, nine.whole.kept().samples)


def test_a_residual_is_a_part(digits: Classifier, clips: list[Clip], concepts: Concepts) -> None:
    found = explain_concepts(clips[3], digits, concepts)
    assert found.label == "seven"
    assert found.names == ("concept 1", "concept 2", REST)
    assert len(found.maps) == len(found.totals) == len(found.removed) == 3
    close(found.maps, found.whole.relevance)


def test_a_path_will_do(digits: Classifier, clips: list[Clip], concepts: Concepts, nine: ConceptExplanation) -> None:
    assert clips[1].source is not None
    np.testing.assert_array_equal(explain_concepts(clips[1].source, digits, concepts).maps, nine.maps)


# --- what is explained, in whose concepts -----------------------------------------------------------------------------


def test_another_target_is_explained_in_its_own_concepts(
    digits: Classifier, clips: list[Clip], concepts: Concepts
) -> None:
    found = explain_concepts(clips[1], digits, concepts, target="seven")
    assert (found.label, found.whole.target, found.whole.prediction.label) == ("seven", "seven", "nine")
    plain = auricle.explain(clips[1], digits, method=LRP(), target="seven")
    np.testing.assert_allclose(found.whole.relevance, plain.relevance, atol=1e-5)
    close(found.maps, plain.relevance)


def test_a_contrast_may_be_explained_in_a_classs_concepts(
    digits: Classifier, clips: list[Clip], concepts: Concepts
) -> None:
    found = explain_concepts(clips[1], digits, concepts, target="nine-five", label="nine")
    assert found.names == ("concept 1", "glide", "concept 3", "concept 4")
    close(found.maps, auricle.explain(clips[1], digits, method=LRP(), target="nine-five").relevance)
    score = digits.logits(digits.windows(clips[1]).samples)[0]
    removed_all = np.abs(found.removed).max()
    assert 0 < removed_all < 10 * float(score.abs().max())
    with pytest.raises(AuricleError, match='no concepts were fitted for "nine-five"'):
        explain_concepts(clips[1], digits, concepts, target="nine-five")


def test_a_class_without_concepts_and_another_model(
    digits: Classifier, clips: list[Clip], concepts: Concepts
) -> None:
    with pytest.raises(AuricleError, match=r'"five", which has no concepts; .* concepts to take: nine, seven'):
        explain_concepts(clips[0], digits, concepts)
    other = Classifier(digits.network, frontend=digits.frontend, labels=[*digits.labels[::-1]], length=digits.length)
    with pytest.raises(AuricleError, match="found in another model"):
        explain_concepts(clips[1], other, concepts)


# --- long clips -------------------------------------------------------------------------------------------------------


def test_windows_of_a_long_clip_lie_one_behind_another(
    digits: Classifier, clips: list[Clip], concepts: Concepts, nine: ConceptExplanation
) -> None:
    long = joined(clips[1], clips[1], clips[3])
    found = explain_concepts(long, digits, concepts, target="nine")
    assert len(found.whole.windows) == 3
    assert found.axes.seconds[-1] == pytest.approx(3.0, abs=0.05)
    close(found.maps, found.whole.relevance)
    first = found.axes.seconds_centres < 0.9
    own = nine.axes.seconds_centres < 0.9
    np.testing.assert_allclose(found.maps[:, :, first], nine.maps[:, :, own], atol=1e-4)
    plain = auricle.explain(long, digits, method=LRP(), target="nine")
    np.testing.assert_allclose(found.whole.relevance, plain.relevance, atol=1e-5)
    alone = [explain_concepts(clip, digits, concepts, target="nine") for clip in (clips[1], clips[1], clips[3])]
    np.testing.assert_allclose(found.totals, np.mean([each.totals for each in alone], 0), rtol=1e-2, atol=1e-2)
    np.testing.assert_allclose(found.removed, np.mean([each.removed for each in alone], 0), rtol=1e-2, atol=1e-2)


def test_all_windows_are_explained_for_the_clips_own_prediction(
    digits: Classifier, clips: list[Clip], concepts: Concepts
) -> None:
    found = explain_concepts(joined(clips[1], clips[1], clips[3]), digits, concepts)
    assert found.label == found.whole.prediction.label
    assert {window.target for window in found.whole.windows} == {found.label}


def test_more_windows_than_go_into_one_pass_and_that_overlap(digits: Classifier, clips: list[Clip]) -> None:
    length = Length(seconds=1.0, hop_seconds=0.25)
    overlapping = Classifier(digits.network, frontend=digits.frontend, labels=digits.labels, length=length)
    concepts, long = of(overlapping), joined(clips[1], clips[3], clips[1], clips[4])
    found = explain_concepts(long, overlapping, concepts, target="nine")
    assert len(found.whole.windows) > 8
    close(found.maps, found.whole.relevance)
    np.testing.assert_allclose(
        found.whole.relevance, auricle.explain(long, overlapping, method=LRP(), target="nine").relevance, atol=1e-5
    )
    heard, index = overlapping.windows(long).samples, overlapping.target_index("nine")
    before, after = without_each(overlapping, heard, [concepts["nine"]] * len(heard), layer=LAYER)
    fall = (before[:, None, index] - after[:, :, index]).mean(0)
    np.testing.assert_allclose(found.removed, fall.numpy(), rtol=1e-3, atol=1e-3)


# --- other networks ---------------------------------------------------------------------------------------------------


def test_a_network_on_samples_is_explained_on_hertz_and_seconds() -> None:
    network = seeded(lambda: nn.Sequential(nn.Conv1d(1, 32, 9, 4), nn.ReLU(), Pooled(32)))
    classifier = on_samples(network, (1, 4000))
    clip = Clip(np.random.default_rng(0).uniform(-0.3, 0.3, (1, 4000)).astype(np.float32), 8000, "noise")
    concepts = Concepts.of(classifier, "1.1", LRP(), {label: orthonormal(32, [8] * 4) for label in classifier.labels})
    found = explain_concepts(clip, classifier, concepts)
    assert found.axes.hertz is not None
    assert found.maps.shape == (4, *found.axes.shape)
    plain = auricle.explain(clip, classifier, method=LRP(), target=found.label, level="stft")
    close(found.maps, plain.relevance)
    np.testing.assert_allclose(found.whole.relevance, plain.relevance, atol=1e-6)
    sounds = found.sounds()
    together = np.sum([each.kept.samples for each in sounds], 0) + found.rest(sounds).samples
    np.testing.assert_allclose(together, clip.samples, atol=1e-6)


class Pooled(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.head = nn.Linear(channels, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(x.mean(-1))


class Skip(nn.Module):
    """A branch with a layer, and a way around it."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.branch = nn.Conv2d(1, 6, 3, padding=1), nn.Conv2d(6, 6, 3, padding=1)
        self.head = nn.Linear(6, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.stem(x))
        return self.head((F.relu(self.branch(x)) + x).mean((2, 3)))


def test_what_goes_around_the_layer_is_a_part_with_its_own_name(digits: Classifier, clips: list[Clip]) -> None:
    classifier = Classifier(seeded(Skip), frontend=digits.frontend, labels=digits.labels, length=digits.length)
    concepts = Concepts.of(classifier, "branch", LRP(), {label: axes(6) for label in classifier.labels})
    found = explain_concepts(clips[1], classifier, concepts)
    assert found.names[-1] == AROUND
    assert len(found) == len(found.maps) == 7
    close(found.maps, found.whole.relevance)
    assert np.abs(found.maps[-1]).sum() > 0
    assert len(found.totals) == len(found.removed) == 6


@pytest.mark.parametrize("method", [InputXGradient(), LRP(composite="epsilon-plus-flat", baseline="zero")])
def test_the_method_is_that_of_the_concepts(digits: Classifier, clips: list[Clip], method: Method) -> None:
    found = explain_concepts(clips[1], digits, of(digits, method))
    assert found.whole.method == method
    close(found.maps, auricle.explain(clips[1], digits, method=method).relevance)


# --- sound ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("full_band", [False, True])
@pytest.mark.parametrize("which", [0, 1])
def test_sounds_of_all_parts_and_the_rest_are_the_clip(
    digits: Classifier, clips: list[Clip], concepts: Concepts, which: int, full_band: bool
) -> None:
    """One clip has two channels at 44.1 kHz."""
    clip = clips[which]
    found = explain_concepts(clip, digits, concepts, target="nine")
    sounds = found.sounds(full_band=full_band)
    rest = found.rest(sounds)
    original = clip.samples if full_band else clip.mono(8000)[None]
    assert rest.samples.shape == original.shape
    assert rest.sample_rate == (clip.sample_rate if full_band else 8000)
    together = np.sum([each.kept.samples for each in sounds], 0) + rest.samples
    np.testing.assert_allclose(together, original, atol=1e-6)


def test_equal_loudness_makes_the_faint_loud(nine: ConceptExplanation) -> None:
    by_relevance, equal = nine.sounds(), nine.sounds(loudness="equal")
    spread = [
        np.ptp([20 * np.log10(np.sqrt(np.square(s.kept.samples).mean()) + 1e-9) for s in each])
        for each in (by_relevance, equal)
    ]
    assert spread[1] < spread[0]
