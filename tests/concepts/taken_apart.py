"""Taking relevance apart, and what must then hold."""

from __future__ import annotations

import pytest
import torch
from oracles import difference
from torch import Tensor

from auricle.classifier import Classifier, Level
from auricle.concepts import two_step
from auricle.concepts.subspaces import Subspaces
from auricle.concepts.two_step import ConceptAttribution, take_apart
from auricle.errors import AuricleError
from auricle.methods import Method


def weights_of(classifier: Classifier, samples: Tensor) -> Tensor:
    """Every clip is explained for another class, or against it: deep Taylor wants a positive score."""
    weights = torch.eye(len(classifier.labels), dtype=classifier.dtype)[: len(samples)]
    return weights * (classifier.logits(samples) * weights).sum(1, keepdim=True).sign()


def apart(
    classifier: Classifier, samples: Tensor, layer: str, concepts: Subspaces, method: Method, level: Level = "features"
) -> ConceptAttribution:
    weights, each = weights_of(classifier, samples), [concepts] * len(samples)
    return take_apart(classifier, samples, weights, each, layer=layer, method=method, level=level)


def summed(found: ConceptAttribution) -> Tensor:
    total = found.shares.sum(1)
    return total if found.around is None else total + found.around


def nothing_is_lost(
    classifier: Classifier, samples: Tensor, layer: str, concepts: Subspaces, method: Method, level: Level = "features"
) -> ConceptAttribution:
    """The shares sum to the plain explanation, at the layer and at the input; biases took up what they do there."""
    found = apart(classifier, samples, layer, concepts, method, level)
    plain = method(classifier, samples, weights_of(classifier, samples), level=level)
    assert plain.relevance.abs().sum() > 0
    assert difference(summed(found), plain.relevance) < 1e-6
    assert difference(found.whole.relevance, plain.relevance) < 1e-6
    relevance = (found.activation * found.context).sum((1, 2))
    torch.testing.assert_close(found.totals.sum(1), relevance, rtol=1e-6, atol=1e-10)
    at_the_layer = concepts.shares(found.activation, found.context)  # R_k = aᵀ P_k c, also where P_k is oblique
    torch.testing.assert_close(found.latent.flatten(2), at_the_layer.transpose(1, 2), rtol=1e-6, atol=1e-10)
    assert (found.whole.absorbed is None) == (plain.absorbed is None)
    if found.whole.absorbed is not None:
        torch.testing.assert_close(found.whole.absorbed, plain.absorbed, rtol=1e-6, atol=1e-8)
    torch.testing.assert_close(found.whole.score, plain.score)
    assert (found.whole.unruled, found.whole.baseline) == (plain.unruled, plain.baseline)
    return found


def same_at_once(
    monkeypatch: pytest.MonkeyPatch,
    classifier: Classifier,
    samples: Tensor,
    layer: str,
    concepts: Subspaces,
    method: Method,
) -> None:
    """One backward pass for all concepts, as on a graphics processor, finds what one after another do."""
    one_by_one = apart(classifier, samples, layer, concepts, method)
    with monkeypatch.context() as patch:
        patch.setattr(two_step, "one_by_one", two_step.at_once)
        together = apart(classifier, samples, layer, concepts, method)
    assert difference(together.shares, one_by_one.shares) < 1e-9
    assert difference(together.whole.relevance, one_by_one.whole.relevance) < 1e-9
    if one_by_one.whole.absorbed is not None:
        torch.testing.assert_close(together.whole.absorbed, one_by_one.whole.absorbed)


def refused(
    classifier: Classifier, samples: Tensor, layer: str, concepts: Subspaces, method: Method, words: str
) -> None:
    """One sentence, with these words."""
    with pytest.raises(AuricleError, match=words) as caught:
        apart(classifier, samples, layer, concepts, method)
    assert "\n" not in str(caught.value)
