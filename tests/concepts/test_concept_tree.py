"""Concepts of a late layer, made of those of an early one."""

from __future__ import annotations

import pytest
import torch
from some_subspaces import orthonormal

from auricle.classifier import Classifier
from auricle.concepts.subspaces import Subspaces
from auricle.concepts.tree import concept_tree
from auricle.concepts.two_step import take_apart
from auricle.errors import AuricleError
from auricle.methods import build

LATE, EARLY = "features.14", "features.6"


@pytest.fixture(scope="module")
def weights(digits: Classifier, heard: torch.Tensor) -> torch.Tensor:
    return digits.target_weights("predicted", digits.logits(heard).clone())


@pytest.mark.parametrize("method", ["lrp", "deep-taylor", "input-x-gradient"])
def test_branches_sum_to_both_layers_and_to_the_whole(
    method: str, digits: Classifier, heard: torch.Tensor, weights: torch.Tensor
) -> None:
    late, early = orthonormal(160, (40,) * 4, 0), orthonormal(32, (16, 16), 1)
    asked = {"method": build(method)}
    tree = concept_tree(digits, heard, weights, [late] * 5, [early] * 5, layers=(LATE, EARLY), **asked)
    above = take_apart(digits, heard, weights, [late] * 5, layer=LATE, **asked)
    below = take_apart(digits, heard, weights, [early] * 5, layer=EARLY, **asked)
    assert tree.shares.shape == (5, 4, 2)
    torch.testing.assert_close(tree.late, above.totals, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(tree.shares.sum(1), below.totals, rtol=1e-3, atol=1e-3)
    scale = float(above.whole.relevance.abs().max())
    torch.testing.assert_close(tree.maps.sum(2), above.shares, rtol=0, atol=1e-4 * scale)
    torch.testing.assert_close(tree.maps.sum(1), below.shares, rtol=0, atol=1e-4 * scale)


def test_of_a_late_concept_nothing_is_lost_where_no_bias_takes_it_up(
    digits: Classifier, heard: torch.Tensor, weights: torch.Tensor
) -> None:
    everything = Subspaces(torch.eye(160), (160,))
    early = Subspaces(torch.eye(32), (32,))
    tree = concept_tree(
        digits, heard, weights, [everything] * 5, [early] * 5, layers=(LATE, EARLY), method=build("deep-taylor")
    )
    # Deep Taylor leaves biases out, but for outputs that nothing else made positive.
    assert float((tree.shares.sum((1, 2)) / tree.late.sum(1)).min()) > 0.95


def test_layers_in_the_wrong_order_are_told(digits: Classifier, heard: torch.Tensor, weights: torch.Tensor) -> None:
    late, early = orthonormal(160, (40,) * 4, 0), orthonormal(32, (16, 16), 1)
    with pytest.raises(AuricleError, match="name the late layer first"):
        concept_tree(
            digits, heard, weights, [early] * 5, [late] * 5, layers=(EARLY, LATE), method=build("lrp")
        )
