"""Subspaces: how many fit a layer, and what their projectors promise."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from some_subspaces import oblique, orthonormal

from auricle.concepts.subspaces import Subspaces, sizes_of
from auricle.errors import AuricleError


def test_equal_blocks_and_a_residual() -> None:
    assert sizes_of(4, 64) == (16, 16, 16, 16)
    assert sizes_of(1, 7) == (7,)
    assert sizes_of(3, 64, 21) == (21, 21, 21)
    with pytest.raises(AuricleError, match=r"3 concepts do not share 64 .*ask for 2 or 4, or .*size=21.*leaves 1"):
        sizes_of(3, 64)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ((1, 1), "single channel"),
        ((9, 8), "cannot hold 9 concepts; ask for 1 to 8"),
        ((0, 8), "cannot hold 0 concepts"),
        ((3, 8, 3), "3 concepts of 3 directions do not fit 8 channels; take a size of 1 to 2"),
        ((3, 8, 0), "take a size of 1 to 2"),
    ],
)
def test_what_does_not_fit(asked: tuple[int, ...], words: str) -> None:
    with pytest.raises(AuricleError, match=words):
        sizes_of(*asked)


@pytest.mark.parametrize("sizes", [(8, 8, 8), (33,), (), (32, 0), (16, -1, 17)])
def test_blocks_fill_their_basis(sizes: tuple[int, ...]) -> None:
    with pytest.raises(AuricleError, match="do not fit a basis"):
        Subspaces(torch.eye(32), sizes)


@pytest.mark.parametrize("concepts", [orthonormal(12, [4, 4, 4]), orthonormal(12, [2, 5]), oblique(12, [3, 2])])
def test_projectors_are_a_resolution_of_the_space(concepts: Subspaces) -> None:
    projectors = concepts.projectors()
    torch.testing.assert_close(projectors.sum(0), torch.eye(12).double())
    for one in range(len(projectors)):
        for other in range(len(projectors)):
            expected = projectors[one] if one == other else torch.zeros(12, 12).double()
            torch.testing.assert_close(projectors[one] @ projectors[other], expected, atol=1e-12, rtol=0)
    a, c = torch.randn(2, 7, 12).double()
    torch.testing.assert_close(concepts.split(c).sum(0), c)
    torch.testing.assert_close(concepts.shares(a, c).sum(1), (a * c).sum(1))
    torch.testing.assert_close(concepts.shares(a, c), (a * concepts.split(c)).sum(-1).T)


def test_another_order_takes_everything_along() -> None:
    concepts = replace(oblique(12, [3, 2, 4]), statistics={"relevance": [0.1, 0.5, 0.2], "steps": 7})
    turned = concepts.ordered([1, 2, 0])
    assert turned.sizes == (2, 4, 3)
    assert turned.statistics == {"relevance": [0.5, 0.2, 0.1], "steps": 7}
    for k, before in enumerate([1, 2, 0]):
        assert torch.equal(turned.projectors()[k], concepts.projectors()[before])
    with pytest.raises(AuricleError, match="no order of 3 concepts"):
        concepts.ordered([0, 1, 1])
