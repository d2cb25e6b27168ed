"""The bundled model `heart` is what its card says."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch

from auricle.datasets import open_dataset, splits
from auricle.evaluation import logits_of
from auricle.models import BUNDLED, bundled, load_classifier
from auricle.road import explain

YASEEN = Path(__file__).parents[2] / "../shared/data/heart/yaseen"


def test_it_is_small_and_complete() -> None:
    heart = load_classifier("heart")
    assert sum(path.stat().st_size for path in (BUNDLED / "heart").iterdir()) <= 2_000_000
    assert heart.labels == ("N", "MVP", "MS", "MR", "AS")
    assert heart.frontend.sample_rate == 4000
    assert not heart.network.training


def test_its_card_earns_its_place() -> None:
    found = re.match(r"mean ([\d.]+) ±", bundled()["heart"]["accuracy_of_ten_folds"][0])
    assert found is not None
    assert float(found[1]) >= 97


def test_on_the_recordings_it_has_not_heard_it_is_as_right_as_its_card_says() -> None:
    if not YASEEN.is_dir():
        pytest.skip(f"{YASEEN} is not there; Yaseen's recordings are needed for this test")
    heart, data = load_classifier("heart"), open_dataset(f"yaseen:{YASEEN}")
    test = splits(data, "kfold:10", "condition")[0].test
    right = logits_of(heart, data, test).argmax(1) == data.targets("condition")[test]
    said = bundled()["heart"]["accuracy_of_this_network"]
    assert f"{100 * right.mean():.1f} % of {len(test)} " in said


def test_silence_is_the_lowest_value_of_its_features() -> None:
    heart = load_classifier("heart")
    assert heart.frontend(torch.zeros(1, 12000)).abs().max() == 0


def test_a_heart_sound_is_explained_between_25_and_900_hertz() -> None:
    if not YASEEN.is_dir():
        pytest.skip(f"{YASEEN} is not there; Yaseen's recordings are needed for this test")
    data = open_dataset(f"yaseen:{YASEEN}")
    explanation = explain(data.load(0), load_classifier("heart"), method="lrp")
    hertz = explanation.axes.hertz
    assert hertz is not None
    assert 0 <= hertz[0] < 40
    assert 850 < hertz[-1] < 950
    assert np.abs(explanation.relevance).max() > 0
