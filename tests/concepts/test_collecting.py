"""Vectors of many clips: the layer's own numbers, drawn alike in any order, of the right clips, in constant memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest
import torch
from held_memory import held_bytes
from oracles import noise, on_samples, seeded
from torch import Tensor, nn

from auricle.classifier import Classifier, Length
from auricle.clip import Clip
from auricle.concepts.collecting import Collected, collect
from auricle.concepts.moments import Moments
from auricle.concepts.sampling import Sampling
from auricle.concepts.supply import supply
from auricle.errors import AuricleError
from auricle.methods import LRP, DeepLIFT
from auricle.models import load_classifier

LAYER = "features.10"


@pytest.fixture(scope="module")
def exact() -> Classifier:
    """The bundled model in double precision: an activation that is nearly zero is rectified alike in every batch."""
    classifier = load_classifier("digits")
    classifier.network.double()
    return classifier


@pytest.fixture(scope="module")
def labelled(clips: list[Clip], digits: Classifier) -> list[tuple[Clip, str]]:
    """The demo clips, each with what the model hears."""
    return [(clip, digits.predict(clip).label) for clip in clips]


def varied(labelled: Sequence[tuple[Clip, str]], count: int) -> list[tuple[Clip, str]]:
    """The demo clips, and softer ones, all different."""
    found = []
    for gain in np.linspace(1.0, 0.5, -(-count // len(labelled))):
        for clip, label in labelled:
            found.append((Clip(clip.samples * gain, clip.sample_rate, f"{clip.name} at {gain:.2f}"), label))
    return found[:count]


def joined(clips: Sequence[Clip]) -> Clip:
    return Clip(np.concatenate([clip.mono(8000) for clip in clips]), 8000, "long")


def gathered(digits: Classifier, clips: Sequence[tuple[Clip, str]], **settings: object) -> dict[str, Collected]:
    return collect(digits, clips, **{"layer": LAYER, "method": LRP(), "correct": False, **settings})


# --- rows are A[b, :, y, x] -------------------------------------------------------------------------------------------


class Tokens(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.patch, self.body = nn.Conv1d(1, 6, 10, stride=10), nn.TransformerEncoderLayer(6, 2, 8, batch_first=True)
        self.head = nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(self.patch(x).transpose(1, 2)).mean(1))


def images() -> nn.Module:
    return nn.Sequential(nn.Conv2d(1, 6, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 3))


def waves() -> nn.Module:
    return nn.Sequential(nn.Conv1d(1, 6, 5), nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(6, 3))


@pytest.mark.parametrize(
    ("network", "shape", "layer", "tokens"),
    [(images, (1, 10, 16), "1.1", False), (waves, (1, 160), "1.1", False), (Tokens, (1, 160), "1.body", True)],
    ids=["2-D convolution", "1-D convolution", "tokens"],
)
def test_a_row_is_the_layers_vector_at_its_place(
    network: type, shape: tuple[int, ...], layer: str, tokens: bool
) -> None:
    classifier = on_samples(seeded(network), shape)
    clips = [(Clip(noise(160, seed=seed).numpy(), 8000, str(seed)), f"class{seed % 3}") for seed in range(6)]
    module = classifier.network.get_submodule(layer)
    for label, found in collect(classifier, clips, layer=layer, method=LRP(), correct=False).items():
        own = [clip for clip, of in clips if of == label]
        assert set(found.source.tolist()) == {0, 1}
        for a, source, place in zip(found.a, found.source, found.place, strict=True):
            said: list[Tensor] = []
            with torch.no_grad():
                handle = module.register_forward_hook(lambda *heard, said=said: said.append(heard[2]))
                classifier.logits(classifier.windows(own[int(source)]).samples)
                handle.remove()
            if tokens:
                expected = said[0][0, place]
            elif said[0].ndim == 3:
                expected = said[0][0, :, place]
            else:
                y, x = divmod(int(place), said[0].shape[-1])
                expected = said[0][0, :, y, x]
            torch.testing.assert_close(a, expected, rtol=1e-6, atol=1e-9)


def test_contexts_belong_to_their_activations(exact: Classifier, labelled: list[tuple[Clip, str]]) -> None:
    for label, found in gathered(exact, labelled).items():
        own = [clip for clip, of in labelled if of == label]
        for number, clip in enumerate(own):
            weights = torch.zeros(1, 10, dtype=torch.float64)
            weights[0, exact.target_index(label)] = 1.0
            whole = supply(exact, exact.windows(clip).samples.double(), weights, layer=LAYER, method=LRP())
            rows = found.source == number
            torch.testing.assert_close(found.a[rows], whole.activation[0, found.place[rows]], atol=1e-5, rtol=1e-4)
            torch.testing.assert_close(found.c[rows], whole.context[0, found.place[rows]], atol=1e-5, rtol=1e-4)


def test_windows_of_a_long_clip_count_as_one_clip(digits: Classifier, clips: list[Clip]) -> None:
    long = joined(clips)
    heard = digits.windows(long).samples
    assert len(heard) > 2
    (found,) = gathered(digits, [(long, "nine")], sampling=Sampling(per_clip=200)).values()
    assert found.clips == 1
    assert len(found.a) == 200
    per_window = found.moments.count // len(heard)
    assert len(torch.unique(found.place // per_window)) == len(heard)
    weights = digits.target_weights("nine", digits.logits(heard))
    whole = supply(digits, heard, weights, layer=LAYER, method=LRP()).activation.flatten(0, 1)
    torch.testing.assert_close(found.a, whole[found.place], atol=1e-5, rtol=1e-4)


# --- moments ----------------------------------------------------------------------------------------------------------


def test_moments_are_those_of_all_vectors_at_once(digits: Classifier, labelled: list[tuple[Clip, str]]) -> None:
    clips = [(clip, "nine") for clip, _ in varied(labelled, 20)]
    found = gathered(digits, clips)["nine"]
    weights = torch.zeros(20, 10)
    weights[:, digits.target_index("nine")] = 1.0
    samples = torch.cat([digits.windows(clip).samples for clip, _ in clips])
    whole = supply(digits, samples, weights, layer=LAYER, method=LRP())
    expected = Moments.of(whole.activation.flatten(0, 1), whole.context.flatten(0, 1))
    assert found.moments.count == expected.count == 20 * 16 * 25
    for name in ("a", "aa", "cc", "ac"):
        ours, theirs = getattr(found.moments, name), getattr(expected, name)
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-6 * float(theirs.abs().max()))
    assert found.moments.relevance == pytest.approx(float(whole.relevance.mean()), rel=1e-4)


def test_moments_of_two_data_sets_add() -> None:
    a, c = torch.randn(40, 5), torch.randn(40, 5)
    both, whole = Moments.of(a[:13], c[:13]) + Moments.of(a[13:], c[13:]), Moments.of(a, c)
    assert both.count == whole.count == 40
    for name in ("a", "aa", "cc", "ac"):
        torch.testing.assert_close(getattr(both, name), getattr(whole, name))
    torch.testing.assert_close(whole.ac, (a.T.double() @ c.double()))


def test_memory_does_not_grow_with_the_clips() -> None:
    """After four hundred clips no more is held than after forty, once the reservoir is full."""
    network = nn.Sequential(nn.Conv1d(1, 6, 5), nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(6, 3))
    classifier, held = on_samples(seeded(lambda: network), (1, 2000)), []

    def stream() -> Iterator[tuple[Clip, str]]:
        for number in range(400):
            yield Clip(noise(2000, seed=number).numpy(), 8000, str(number)), "class0"
            if number in (40, 399):
                held.append(held_bytes())

    sampling = Sampling(vectors=100, per_clip=20)
    found = collect(classifier, stream(), layer="1.1", method=LRP(), correct=False, sampling=sampling)["class0"]
    assert found.moments.count == 400 * 1996
    assert len(found.a) == 100
    assert found.moments.aa.shape == (6, 6)
    # What is held goes up and down by a batch of windows and half a reservoir; all vectors are 38 MB more.
    assert held[1] < held[0] + 3_000_000


# --- draws ------------------------------------------------------------------------------------------------------------


def rows_of(found: Collected, clips: Sequence[tuple[Clip, str]], label: str) -> set[tuple[str, int]]:
    own = [clip.name for clip, of in clips if of == label]
    return {(own[int(source)], int(place)) for source, place in zip(found.source, found.place, strict=True)}


@pytest.mark.parametrize("positions", ["random", "grid", "relevance"])
def test_draws_do_not_depend_on_order_or_company(
    exact: Classifier, labelled: list[tuple[Clip, str]], positions: str
) -> None:
    sampling = Sampling(positions=positions, per_clip=15, vectors=30)
    forward = [(clip, "nine") for clip, _ in varied(labelled, 7)]
    backward = forward[::-1]
    mixed = [each for pair in zip(forward, [(clip, "two") for clip, _ in forward], strict=True) for each in pair]
    draws = [
        rows_of(gathered(exact, clips, sampling=sampling)["nine"], clips, "nine")
        for clips in (forward, backward, mixed)
    ]
    assert len(draws[0]) == 30
    assert draws[0] == draws[1] == draws[2]


def test_seeds_decide(digits: Classifier, labelled: list[tuple[Clip, str]]) -> None:
    first, again, other = (gathered(digits, labelled, seed=seed) for seed in (0, 0, 1))
    for label in first:
        assert torch.equal(first[label].a, again[label].a)
        assert torch.equal(first[label].c, again[label].c)
        assert not torch.equal(first[label].place, other[label].place)


def test_every_clip_gives_as_many_however_long(digits: Classifier, clips: list[Clip]) -> None:
    long = joined(clips)
    found = gathered(digits, [(long, "nine"), (clips[0], "nine")], sampling=Sampling(per_clip=12))["nine"]
    assert torch.bincount(found.source).tolist() == [12, 12]


def test_drawn_by_relevance_they_hold_more_of_it(digits: Classifier, labelled: list[tuple[Clip, str]]) -> None:
    clips = [(clip, "nine") for clip, _ in labelled]
    held = {}
    for positions in ("random", "relevance"):
        found = gathered(digits, clips, sampling=Sampling(positions=positions, per_clip=40))["nine"]
        held[positions] = float((found.a * found.c).sum(1).abs().mean())
    assert held["relevance"] > 2 * held["random"]


# --- which clips ------------------------------------------------------------------------------------------------------


def test_only_clips_that_the_model_gets_right(digits: Classifier, labelled: list[tuple[Clip, str]]) -> None:
    label = labelled[1][1]
    wrong = [(clip, label) for clip, of in labelled if of != label]
    heard: list[Clip] = []
    every = [*labelled, *wrong]
    found = collect(digits, every, layer=LAYER, method=LRP(), labels=[label], on_clip=heard.append)
    assert list(found) == [label]
    right = [clip.name for clip, of in labelled if of == label]
    assert (found[label].clips, found[label].wrong) == (len(right), len(wrong))
    assert [clip.name for clip in heard] == right


def test_a_class_without_a_clip_that_is_right(digits: Classifier, labelled: list[tuple[Clip, str]]) -> None:
    missing = next(label for label in digits.labels if label not in {of for _, of in labelled})
    with pytest.raises(AuricleError, match=f'"{missing}" has no clip that the model gets right') as caught:
        collect(digits, labelled, layer=LAYER, method=LRP(), labels=[missing])
    assert "\n" not in str(caught.value)
    with pytest.raises(AuricleError, match="all 5 were taken for something else"):
        collect(digits, [(clip, missing) for clip, _ in labelled], layer=LAYER, method=LRP())


def test_an_unknown_class_is_named(digits: Classifier, labelled: list[tuple[Clip, str]]) -> None:
    for settings in ({"labels": ["nien"]}, {}):
        with pytest.raises(AuricleError, match=r'no label "nien".*nine'):
            collect(digits, [(labelled[0][0], "nien")], layer=LAYER, method=LRP(), **settings)


def test_clips_that_cannot_be_heard_are_told_and_left_out(
    digits: Classifier, labelled: list[tuple[Clip, str]]
) -> None:
    silent = Clip(np.zeros(8000, np.float32), 8000, "nothing")
    told: list[tuple[str, str]] = []
    found = gathered(
        digits, [(silent, labelled[0][1]), *labelled], on_failure=lambda name, why: told.append((name, str(why)))
    )
    assert [name for name, _ in told] == ["nothing"]
    assert "silent" in told[0][1]
    assert sum(each.clips for each in found.values()) == len(labelled)
    with pytest.raises(AuricleError, match="nothing is silent"):
        gathered(digits, [(silent, labelled[0][1])])


def test_clips_of_any_length_where_the_network_takes_any(digits: Classifier, clips: list[Clip]) -> None:
    anylength = Classifier(digits.network, frontend=digits.frontend, labels=digits.labels, length=Length())
    found = gathered(anylength, [(clip, "nine") for clip in clips])["nine"]
    assert found.clips == len(clips)
    assert len(found.a) == 20 * len(clips)


def test_any_method_can_supply_them(digits: Classifier, labelled: list[tuple[Clip, str]]) -> None:
    found = gathered(digits, labelled[:2], layer="features.16", method=DeepLIFT())
    for each in found.values():
        assert (each.a * each.c).sum() != 0
