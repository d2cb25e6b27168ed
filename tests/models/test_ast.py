"""The Audio Spectrogram Transformer: its sizes, its first weights, its recipe."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from auricle.classifier import Classifier
from auricle.errors import AuricleError
from auricle.frontends import KaldiFilterbank
from auricle.models import load_classifier
from auricle.models.ast import AST
from auricle.models.initialising import initialise
from auricle.training.recipe import read_recipe
from auricle.training.train import untrained

SMALL = {"bands": 64, "frames": 48, "patch": 8, "strides": (8, 4), "width": 16, "layers": 1, "heads": 2}


def test_it_is_the_published_network_in_the_published_size() -> None:
    with torch.device("meta"):
        network = AST()
    # 86.6 million in the paper's base network with AudioSet's 527 classes
    assert sum(value.numel() for value in network.parameters()) == pytest.approx(86.6e6, rel=1e-3)
    assert network.transformer.audio_spectrogram_transformer.embeddings.position_embeddings.shape == (1, 1214, 768)


def test_patches_overlap_as_the_strides_say() -> None:
    embeddings = AST(classes=3, **SMALL).transformer.audio_spectrogram_transformer.embeddings
    rows, columns = (64 - 8) // 8 + 1, (48 - 8) // 4 + 1
    assert embeddings.position_embeddings.shape[1] == rows * columns + 2


def test_first_weights_follow_from_the_seed_alone() -> None:
    first, again, other = (initialise(AST(classes=3, **SMALL), seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(value, again[key]) for key, value in first.items())
    same = {key for key, value in first.items() if torch.equal(value, other[key])}
    assert all(key.endswith("bias") or "layernorm" in key for key in same), same


def test_it_comes_back_from_disk(tmp_path: Path) -> None:
    saved = Classifier(
        AST(classes=2, **SMALL), frontend=KaldiFilterbank(sample_rate=8000, n_mels=64, max_frames=48), labels=["a", "b"]
    )
    loaded = load_classifier(saved.save(tmp_path / "model"))
    samples = 0.1 * torch.randn(2, 6000)
    assert torch.equal(loaded.logits(samples), saved.logits(samples))


def test_patches_that_do_not_fit_are_told() -> None:
    with pytest.raises(AuricleError, match="64 cells do not fit 32 bands"):
        AST(bands=32, patch=64)
    with pytest.raises(AuricleError, match="3 heads do not divide a width of 64"):
        AST(bands=64, width=64, heads=3)


def test_the_recipe_s_front_end_and_network_fit() -> None:
    recipe = read_recipe("ast-digits")

    class TenWords:
        def classes_of(self, task: str) -> list[str]:
            return [str(number) for number in range(10)]

        def is_multi_label(self, task: str) -> bool:
            return False

    classifier = untrained(recipe, TenWords(), seed=0)  # type: ignore[arg-type]
    assert classifier.logits(torch.randn(2, 7920)).shape == (2, 10)
    assert classifier.logits(torch.randn(2, 3000)).shape == (2, 10)  # shorter: the front-end fills up
