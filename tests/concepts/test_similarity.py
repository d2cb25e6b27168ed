from itertools import permutations

import pytest
import torch

from auricle.concepts.learners.orthogonal import haar
from auricle.concepts.similarity import consensus, match, similarity, stability
from auricle.concepts.subspaces import Subspaces
from auricle.errors import AuricleError


def some(sizes=(3, 3, 3), channels=12, seed=0):
    return Subspaces(haar(1, channels, sum(sizes), seed)[0], sizes)


def turned(subspaces, seed):
    """The same blocks, each with another basis."""
    turns = [haar(1, size, size, seed + k)[0] for k, size in enumerate(subspaces.sizes)]
    return Subspaces(subspaces.basis @ torch.block_diag(*turns), subspaces.sizes)


def shaken(subspaces, seed, noise=0.15):
    drawn = torch.randn(subspaces.basis.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    return Subspaces(torch.linalg.qr(subspaces.basis + noise * drawn)[0], subspaces.sizes)


def test_a_concept_is_its_subspace_and_not_its_basis():
    first = some()
    torch.testing.assert_close(similarity(first, turned(first, 5)), torch.eye(3, dtype=torch.float64))


def test_similarity_is_the_trace_of_the_product_of_projectors():
    first, second = some((2, 5)), some((4, 3), seed=1)
    expected = torch.stack(
        [
            torch.stack([(p @ q).trace() / (a * b) ** 0.5 for q, b in zip(second.projectors(), (4, 3), strict=False)])
            for p, a in zip(first.projectors()[:2], (2, 5), strict=True)
        ]
    )
    torch.testing.assert_close(similarity(first, second), expected)


def test_similarity_of_oblique_concepts_is_that_of_their_spans():
    basis = torch.tensor([[1.0, 0.6], [0.0, 0.8], [0.0, 0.0]], dtype=torch.float64)
    oblique = Subspaces(basis, (1, 1), torch.linalg.pinv(basis).T)
    torch.testing.assert_close(similarity(oblique, oblique)[0, 1], torch.tensor(0.36, dtype=torch.float64))


def test_the_best_matching_is_found_among_all():
    for seed in range(10):
        first, second = some((2,) * 5, seed=seed), some((2,) * 5, seed=seed + 50)
        each = similarity(first, second)
        best = max(permutations(range(5)), key=lambda order: sum(float(each[k, order[k]]) for k in range(5)))
        order, alike = match(first, second)
        assert tuple(order) == best
        assert alike == [float(each[k, best[k]]) for k in range(5)]


def test_matching_undoes_a_permutation():
    first = some((2, 3, 4))
    order, alike = match(first, turned(first.ordered([2, 0, 1]), 3))
    assert order == [1, 2, 0]
    assert alike == pytest.approx([1.0] * 3)


def test_stability_is_one_for_copies_and_chance_for_random_subspaces():
    first = some()
    same = stability([first, turned(first.ordered([1, 2, 0]), 1), turned(first, 9)])
    assert same.mean == pytest.approx(1.0)
    assert same.concepts == pytest.approx([1.0] * 3)
    unrelated = stability([some(seed=seed) for seed in range(8)])
    assert unrelated.mean == pytest.approx(unrelated.chance, abs=0.04)
    # Random subspaces overlap by 3/12; matching picks the best of what there is.
    assert unrelated.chance > 3 / 12


def test_stability_of_each_concept():
    first = some((2, 2, 2), 6)
    basis = first.basis.clone()
    basis[:, 2:] = basis[:, 2:] @ haar(1, 4, 4, 3)[0]
    found = stability([first, Subspaces(basis, (2, 2, 2))])
    assert found.concepts[0] == pytest.approx(1.0)
    assert max(found.concepts[1:]) < 0.95


def test_the_consensus_of_turned_copies_is_the_original():
    first = some((2, 3, 4))
    found = consensus([first, turned(first.ordered([2, 1, 0]), 1), turned(first.ordered([1, 2, 0]), 2)])
    _, alike = match(first, found)
    assert alike == pytest.approx([1.0] * 3)
    assert found.statistics["agreement"] == pytest.approx([1.0] * 3)
    torch.testing.assert_close(found.basis.T @ found.basis, torch.eye(9, dtype=torch.float64))


def test_the_consensus_is_nearer_to_the_truth_than_the_fits():
    truth = some()
    fits = [shaken(truth, 500 + seed) for seed in range(9)]
    nearness = [sum(match(truth, each)[1]) for each in fits]
    assert sum(match(truth, consensus(fits))[1]) > max(nearness)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: similarity(some(), some(channels=10)), "12 and of 10 channels cannot be compared"),
        (lambda: match(some(), some((3, 3))), "3 concepts cannot be matched with 2"),
        (lambda: stability([some()]), "1 fit cannot be compared"),
        (lambda: consensus([]), "give at least 2"),
    ],
)
def test_what_cannot_be_compared(call, sentence):
    with pytest.raises(AuricleError, match=sentence):
        call()
