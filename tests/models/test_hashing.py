"""What changes a classifier's hash, and what does not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import nn

from auricle.classifier import Classifier, Length
from auricle.frontends import Waveform
from auricle.models.hashing import weights_hash


def hashed(frontend: Waveform, length: Length | None = None) -> str:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(800, 2))
    return weights_hash(Classifier(network, frontend=frontend, labels=["no", "yes"], length=length))


def test_settings_that_were_chosen_count() -> None:
    plain = Waveform(sample_rate=8000)
    found = [
        hashed(plain),
        hashed(Waveform(sample_rate=8000, normalisation="peak")),
        hashed(Waveform(sample_rate=4000)),
        hashed(plain, Length(seconds=0.1)),
        hashed(plain, Length(seconds=0.1, pad="centre")),
    ]
    assert len(set(found)) == len(found)
    assert hashed(plain) == hashed(Waveform(sample_rate=8000, normalisation="none"))


def test_a_setting_that_a_front_end_gains_later_changes_no_hash() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Later(Waveform):
        kind: ClassVar[str] = "waveform"
        new: bool = False

    Later.__name__ = "Waveform"  # as the next version of it
    assert hashed(Later(sample_rate=8000)) == hashed(Waveform(sample_rate=8000))
    assert hashed(Later(sample_rate=8000, new=True)) != hashed(Waveform(sample_rate=8000))
