"""Weights & Biases, by a module that stands in for it: one row an epoch, pictures and sounds as its media."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from small_training import classifier, tones

from auricle.callbacks import ExplainLogger, WeightsAndBiases
from auricle.errors import AuricleError


class Run:
    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def log(self, row: dict[str, Any]) -> None:
        self.rows.append(row)


@pytest.fixture
def wandb(monkeypatch: pytest.MonkeyPatch) -> Any:
    module: Any = ModuleType("wandb")
    module.run = None
    module.Image = lambda picture: SimpleNamespace(kind="image", picture=picture)
    module.Audio = lambda samples, sample_rate: SimpleNamespace(kind="audio", samples=samples, rate=sample_rate)
    monkeypatch.setitem(sys.modules, "wandb", module)
    return module


def test_a_row_an_epoch_with_pictures_sounds_and_figures(wandb: Any) -> None:
    run = Run()
    logger = ExplainLogger(classifier(), tones(1), to=run)
    logger.step(0)
    logger.step(1)
    assert [row["epoch"] for row in run.rows] == [0, 1]
    picture, kept = run.rows[1]["lrp/low0"], run.rows[1]["lrp/low0/kept"]
    assert (picture.kind, picture.picture.shape, picture.picture.dtype) == ("image", (270, 350, 3), np.uint8)
    assert (kept.kind, kept.rate, kept.samples.shape) == ("audio", 8000, (4000,))
    assert isinstance(run.rows[1]["similarity/lrp"], float)


def test_the_run_that_is_going_on_is_found(wandb: Any) -> None:
    with pytest.raises(AuricleError, match=r"call wandb.init\(\) before"):
        WeightsAndBiases()
    wandb.run = Run()
    assert WeightsAndBiases().run is wandb.run


def test_without_it_the_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(AuricleError, match="pip install wandb"):
        ExplainLogger(classifier(), tones(1), to=Run())
