"""What `auricle.inspection` finds out about models whose properties are known."""

from __future__ import annotations

import json
import re
from typing import Any, get_args, get_type_hints

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import auricle
from auricle.frontends import Waveform
from auricle.inspection import Inspection, inspect
from auricle.inspection.facts import facts_of
from auricle.methods import METHODS

RATE = 8000


class Two(nn.Module):
    """``[B, 1, n] -> [B, 2]``: a convolution, rectified, averaged; `wrong` spoils it in a known way."""

    def __init__(self, wrong: str = "") -> None:
        super().__init__()
        torch.manual_seed(0)
        self.filters = nn.Conv1d(1, 2, 33, stride=8)
        self.wrong = wrong

    def forward(self, samples: Tensor) -> Tensor:
        if self.wrong == "cut off":
            samples = samples.detach().round(decimals=2)
        logits = self.filters(samples).relu().mean(2)
        if self.wrong == "mixes":
            logits = logits - logits.mean(0)
        if self.wrong == "random":
            logits = logits + torch.randn_like(logits)
        return logits


def classifier(wrong: str = "", **settings: object) -> auricle.Classifier:
    labels = ["low", "high"]
    return auricle.Classifier(Two(wrong), frontend=Waveform(), labels=labels, sample_rate=RATE, **settings)  # type: ignore[arg-type]


def result_of(found: Inspection, name: str) -> bool | None:
    return next(each.passed for each in found.tests if each.name == name)


def test_facts_say_rate_labels_length_and_axes() -> None:
    facts = {each.name: each.text for each in inspect(classifier(length=auricle.Length(seconds=0.5))).facts}
    assert facts["rate"].startswith("8000 Hz")
    assert facts["labels"] == "2: low, high"
    assert facts["length"].startswith("0.5 s; shorter clips followed by silence, longer ones heard in windows")
    assert facts["axes"].startswith("129 rows from 0 to 4000 Hz, 63 frames of 8 ms")
    assert facts["network"].startswith("Two, 68 weights (float32)")


@pytest.mark.parametrize("pad", get_args(get_type_hints(auricle.Length)["pad"]))
def test_what_becomes_of_short_clips_is_said_for_every_policy(pad: Any) -> None:
    facts = {each.name: each.text for each in facts_of(classifier(length=auricle.Length(seconds=0.5, pad=pad)))}
    assert re.match(r"0\.5 s; shorter clips \w", facts["length"])


def test_a_sound_network_passes_and_every_method_is_tried() -> None:
    found = inspect(classifier())
    assert [each.name for each in found.tests if each.passed is False] == []
    assert [each.name for each in found.methods] == list(METHODS)
    assert {each.name for each in found.methods if not each.applies} == {"attention-rollout"}
    assert [each.name for each in found.layers] == ["filters"]  # type: ignore[union-attr]
    assert found.layers[0].seconds == pytest.approx(33 / RATE, rel=0.3)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("wrong", "fails"), [("mixes", "batch"), ("random", "deterministic"), ("cut off", "gradient")]
)
def test_what_is_wrong_with_a_network_is_found(wrong: str, fails: str) -> None:
    assert result_of(inspect(classifier(wrong)), fails) is False
    assert result_of(inspect(classifier()), fails) is True


def test_of_a_function_only_what_removes_parts_applies() -> None:
    def loud(samples: np.ndarray) -> np.ndarray:
        level = np.abs(samples).mean(1).clip(0, 1)
        return np.stack([1 - level, level], 1)

    found = inspect(auricle.function_classifier(loud, labels=["quiet", "loud"], sample_rate=RATE))
    applies = {each.name for each in found.methods if each.applies}
    assert applies == {name for name, kind in METHODS.items() if not kind.needs_gradient}
    assert isinstance(found.layers, str)
    assert all(each.note for each in found.methods if not each.applies)


def test_nothing_about_the_model_is_changed() -> None:
    before = classifier()
    before.network.train()
    weights = {key: value.clone() for key, value in before.network.state_dict().items()}
    inspect(before)
    assert before.network.training
    assert all(torch.equal(weights[key], value) for key, value in before.network.state_dict().items())
    assert all(value.grad is None for value in before.network.parameters())


def test_as_json() -> None:
    told = json.loads(json.dumps(inspect(classifier()).to_dict()))
    assert {each["name"] for each in told["methods"]} == set(METHODS)
    assert told["layers"][0]["name"] == "filters"


def test_a_network_that_raises_anything_is_a_finding_and_no_traceback() -> None:
    class Broken(Two):
        def forward(self, samples: Tensor) -> Tensor:
            if samples.requires_grad:
                raise KeyError("no gradient here")
            return super().forward(samples)

    found = inspect(
        auricle.Classifier(Broken(), frontend=Waveform(), labels=["low", "high"], sample_rate=RATE)
    )
    assert result_of(found, "gradient") is False
    notes = {each.name: each.note for each in found.methods if not each.applies}
    assert notes["gradient"] == "KeyError: 'no gradient here'"
    assert "kernel-shap" not in notes
