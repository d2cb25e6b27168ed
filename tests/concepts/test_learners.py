"""What all learners promise, and those that need no search."""

import dataclasses

import pytest
import torch
from planted_concepts import planted

from auricle.concepts.learners import LEARNERS, NMF, PCA, PRCA, GradientPCA, PositivePRCA, RandomBlocks, build_learner
from auricle.concepts.learners.orthogonal import haar
from auricle.concepts.moments import Moments
from auricle.errors import AuricleError
from auricle.settings import described


def vectors(count=500, channels=8, seed=0):
    """Non-negative activations, contexts that follow them in part."""
    generator = torch.Generator().manual_seed(seed)
    a = torch.randn(count, channels, generator=generator).relu() * torch.linspace(0.5, 2, channels)
    c = torch.randn(count, channels, generator=generator) + torch.linspace(1, -0.5, channels) * a
    return a, c


@pytest.mark.parametrize("name", LEARNERS)
def test_what_every_learner_tells(name):
    a, c = vectors()
    found = build_learner(name).fit(a, c, seed=3)
    projectors = found.projectors()
    torch.testing.assert_close(projectors.sum(0), torch.eye(8, dtype=torch.float64), atol=1e-6, rtol=0)
    expected = found.shares(a.double(), c.double()).mean(0)
    total = abs(float((a * c).sum(1).mean()))
    told = found.statistics
    assert told["relevance"] == pytest.approx((expected[:4] / total).tolist(), abs=1e-5)
    assert told["relevance"] == sorted(told["relevance"], reverse=True)
    assert told["garbage"] == [k for k, share in enumerate(told["relevance"]) if share < 0]
    if found.has_residual:
        assert told["residual"] == pytest.approx(float(expected[4]) / total, abs=1e-5)
    else:
        assert told["residual"] is None
    shares = found.shares(a.double(), c.double())[:, :4]
    assert told["negative"] == pytest.approx((-shares).relu().sum(0).div(shares.abs().sum(0)).tolist(), abs=1e-5)
    assert (told["learner"], told["seed"]) == (name, 3)
    assert told["settings"] == build_learner(name).settings()


@pytest.mark.parametrize("name", [name for name in LEARNERS if name != "nmf"])
def test_bases_are_orthonormal(name):
    basis = build_learner(name, concepts=2, size=3).fit(*vectors()).basis
    torch.testing.assert_close(basis.T @ basis, torch.eye(6, dtype=torch.float64), atol=1e-6, rtol=0)


@pytest.mark.parametrize("name", LEARNERS)
def test_the_same_seed_gives_the_same_bits(name):
    first, second = (build_learner(name).fit(*vectors(), seed=5) for _ in range(2))
    assert torch.equal(first.basis, second.basis)
    assert first.statistics == second.statistics


def test_prca_keeps_more_relevance_than_any_other_basis():
    a, c = vectors()
    moments = Moments.of(a, c)
    found = PRCA(concepts=1, size=3).fit(a, c)
    kept = found.statistics["relevance"][0] * abs(moments.relevance)
    assert sum(found.statistics["eigenvalues"][0]) / 2 == pytest.approx(kept)
    ac = moments.ac / moments.count
    others = [haar(1, 8, 3, seed)[0] for seed in range(200)]
    others += [kind(concepts=1, size=3).fit(a, c).basis for kind in (PCA, GradientPCA, PositivePRCA)]
    assert all(float((u.T @ ac @ u).trace()) < kept for u in others)


def test_half_an_eigenvalue_of_prca_is_the_relevance_of_its_direction():
    a, c = vectors()
    found = PRCA(concepts=8).fit(a, c)
    each = [values[0] / 2 for values in found.statistics["eigenvalues"]]
    assert each == pytest.approx(found.shares(a.double(), c.double()).mean(0).tolist(), abs=1e-6)
    assert each[-1] < 0
    assert 7 in found.statistics["garbage"]


def test_eigenvectors_fill_blocks_one_after_the_other():
    a, c = vectors()
    single = PRCA(concepts=6).fit(a, c)
    blocks = PRCA(sizes=(1, 3, 2)).fit(a, c)
    assert sorted(blocks.sizes) == [1, 2, 3]
    by_size = {size: blocks.block(k) for k, size in enumerate(blocks.sizes)}
    for size, first in ((1, 0), (3, 1), (2, 4)):
        torch.testing.assert_close(by_size[size], single.basis[:, first : first + size])


def test_eigenvectors_point_to_the_mean_activation():
    a, c = vectors()
    for kind in (PRCA, PositivePRCA, PCA, GradientPCA):
        assert bool((a.double().mean(0) @ kind(concepts=8).fit(a, c).basis >= 0).all())


def test_pca_and_gradient_pca_are_about_zero():
    a, c = vectors()
    for kind, x in ((PCA, a), (GradientPCA, c)):
        top = kind(concepts=1).fit(a, c).basis[:, 0]
        right = torch.linalg.svd(x.double(), full_matrices=False)[2][0]
        assert float((top @ right).abs()) == pytest.approx(1.0)


def test_positive_prca_has_positive_eigenvalues_only():
    a, c = vectors()
    assert min(values[0] for values in PositivePRCA(concepts=8).fit(a, c).statistics["eigenvalues"]) > 0
    moments = Moments.of(a, c)
    mean = a.double().mean(0)
    moved = PositivePRCA().matrix(moments).trace() - PositivePRCA(centred=True).matrix(moments).trace()
    assert float(moved) > 0
    assert float(mean.square().sum()) > 0


def test_moments_give_what_vectors_give():
    a, c = vectors()
    moments = Moments.of(a[:200], c[:200]) + Moments.of(a[200:], c[200:])
    for name, kind in LEARNERS.items():
        if kind.needs == "moments":
            learner = build_learner(name)
            torch.testing.assert_close(learner.fit_moments(moments).basis, learner.fit(a, c).basis)


def test_random_blocks_share_the_channels():
    found = RandomBlocks(concepts=4).fit(*vectors())
    assert found.sizes == (2, 2, 2, 2)
    assert not found.has_residual
    assert not torch.equal(found.basis, RandomBlocks(concepts=4).fit(*vectors(), seed=1).basis)


def test_nmf_finds_parts_that_are_not_orthogonal():
    generator = torch.Generator().manual_seed(0)
    parts = torch.tensor([[1.0, 1, 0, 0, 0], [0, 1, 1, 0, 0], [0, 0, 0, 1, 2]])
    amounts = torch.rand(400, 3, generator=generator) * (torch.rand(400, 3, generator=generator) < 0.5)
    a = amounts @ parts
    found = NMF(concepts=3).fit(a, torch.ones_like(a))
    wanted = torch.nn.functional.normalize(parts.double(), dim=1)
    assert float((found.basis.T @ wanted.T).amax(0).min()) > 0.99
    torch.testing.assert_close(found.dual.T @ found.basis, torch.eye(3, dtype=torch.float64))
    # Its amounts are read off without a neighbour's share.
    assert float(found.strength(a.double()[amounts[:, 0] == 0]).amin(1).max()) < 0.02


def test_unequal_blocks_follow_their_order():
    found = RandomBlocks(sizes=(1, 4, 2)).fit(*vectors())
    assert sorted(found.sizes) == [1, 2, 4]
    assert found.has_residual
    assert build_learner("random", sizes="1, 4,2").sizes == (1, 4, 2)  # as a command line gives them


def test_planted_subspaces_are_missed_by_what_looks_at_moments():
    a, c, basis = planted()
    for kind in (PCA, GradientPCA, PRCA, RandomBlocks):
        found = kind(size=4).fit(a, c)
        alike = [(found.block(k).T @ basis).square().view(4, 4, 4).sum((0, 2)).max() / 4 for k in range(4)]
        assert float(min(alike)) < 0.7


def test_settings_may_be_text_and_are_listed():
    assert build_learner("prca", concepts="2").settings() == {"concepts": 2, "size": 1, "sizes": None}
    for kind in LEARNERS.values():
        assert kind.summary
        assert kind.source
        assert dataclasses.is_dataclass(kind)
        assert all(each["meaning"] for each in described(kind))


A, C = vectors()
NAN = A.clone()
NAN[0, 0] = float("nan")


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: build_learner("drza"), 'no learner of concepts is called "drza"; did you mean "drsa"'),
        (lambda: build_learner("prca", concept=3), 'prca has no setting "concept"; did you mean "concepts"'),
        (lambda: build_learner("prca", concepts=0), "prca cannot use concepts=0"),
        (lambda: PRCA().fit(NAN, C), "the activations hold NaN"),
        (lambda: PRCA().fit(A, NAN), "the contexts hold NaN"),
        (lambda: PRCA().fit(A[:1], C[:1]), "cannot be found in 1 vectors"),
        (lambda: PRCA().fit(A, torch.zeros_like(C)), "relevance is zero throughout"),
        (lambda: PRCA().fit(A, C[:10]), "are not pairs of vectors"),
        (lambda: PRCA().fit(A[:, :1], C[:, :1]), "single channel"),
        (lambda: PRCA().fit_moments(Moments.empty(8)), "cannot be found in 0 vectors"),
        (lambda: PRCA().fit_moments(Moments.of(NAN, C)), "the moments hold NaN"),
        (lambda: PRCA().fit(A, C, held_out=(A[:, :4], C[:, :4])), "have 8 channels and the held-out ones 4"),
        (lambda: RandomBlocks(concepts=3).fit(A, C), "3 concepts do not share 8 channels equally"),
        (lambda: RandomBlocks(sizes=(4, 5)).fit(A, C), "do not fit 8 channels"),
        (lambda: RandomBlocks(sizes=()).fit(A, C), "do not fit 8 channels"),
        (lambda: RandomBlocks(sizes=(2, 0)).fit(A, C), "do not fit 8 channels"),
        (lambda: build_learner("drsa", sizes="2,few"), "drsa cannot use sizes=few"),
        (lambda: NMF().fit(A - 0.1, C), "nmf needs activations that are not negative"),
        (lambda: NMF(concepts=3).fit(A[:, :1].expand(-1, 8), C), "different non-negative parts"),
        (lambda: NMF().fit_moments(Moments.of(A, C)), "nmf looks at single vectors"),
    ],
)
def test_bad_input_is_told_in_a_sentence(call, sentence):
    with pytest.raises(AuricleError, match=sentence):
        call()
