"""The same concepts and the same shares on a GPU, unchanged."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from some_subspaces import orthonormal

from auricle import demo, load_classifier, load_clip
from auricle.concepts import Concepts, explain_concepts, fit_concepts
from auricle.methods import build

LAYER = "features.14"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_clip_has_the_same_shares_on_a_gpu() -> None:
    classifier = load_classifier("digits")
    concepts = Concepts.of(classifier, LAYER, build("lrp"), {"nine": orthonormal(160, (40,) * 4, 0)})
    clip = load_clip(demo.clip("nine"))
    here = explain_concepts(clip, classifier, concepts)
    classifier.network.to("cuda")
    there = explain_concepts(clip, classifier, concepts)
    scale = np.abs(here.maps).max()
    np.testing.assert_allclose(there.maps, here.maps, atol=1e-3 * scale)
    np.testing.assert_allclose(there.totals, here.totals, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(there.removed, here.removed, rtol=1e-3, atol=1e-3)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_concepts_are_found_on_a_gpu() -> None:
    classifier = load_classifier("digits")
    classifier.network.to("cuda")
    clips = [(load_clip(demo.clip("nine")), "nine")] * 5
    found = fit_concepts(classifier, clips, layer=LAYER)
    assert len(found["nine"]) == 4
