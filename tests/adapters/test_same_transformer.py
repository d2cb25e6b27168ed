"""One small transformer in three frames of equal weights, transformers, Keras and ONNX: one explanation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from oracles import seeded, small_ast
from same_transformer import Logits, in_keras, in_onnx

import auricle
from auricle.adapters.keras import keras_classifier
from auricle.adapters.onnx import onnx_classifier
from auricle.classifier import Classifier
from auricle.clip import Clip
from auricle.frontends import KaldiFilterbank
from auricle.methods import Method
from auricle.methods.deeplift import DeepLIFT
from auricle.methods.gradients import IntegratedGradients
from auricle.methods.lrp import LRP
from auricle.methods.shap import ExactShap

FRONT = KaldiFilterbank(sample_rate=8000, n_mels=16, max_frames=24, mean=-4.0, std=4.0)
LABELS = ["a", "b", "c"]


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Classifier]:
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    network = seeded(small_ast)
    folder: Path = tmp_path_factory.mktemp("same")
    in_keras(network).save(folder / "same.keras")
    length = auricle.Length(seconds=FRONT.seconds, pad="none")
    told = {"labels": LABELS, "sample_rate": 8000, "frontend": FRONT}  # the front-end tells the length
    return {
        "torch": Classifier(Logits(network).eval(), frontend=FRONT, labels=LABELS, length=length),
        "keras": keras_classifier(folder / "same.keras", **told),  # type: ignore[arg-type]
        "onnx": onnx_classifier(in_onnx(network, folder / "same.onnx"), **told),  # type: ignore[arg-type]
    }


def test_it_gives_the_same_scores(three: dict[str, Classifier], clips: list[Clip]) -> None:
    assert all(each.differentiable for each in three.values())
    assert len({each.length for each in three.values()}) == 1
    for clip in clips:
        wanted = three["torch"].predict(clip).logits
        for name in ("keras", "onnx"):
            np.testing.assert_allclose(three[name].predict(clip).logits, wanted, atol=1e-4 * np.abs(wanted).max())


@pytest.mark.parametrize(
    "method", [LRP(), LRP(composite="epsilon-alpha2-beta1"), IntegratedGradients(steps=4), DeepLIFT()],
    ids=lambda each: f"{each.name}-{getattr(each, 'composite', '')}",
)  # fmt: skip
def test_it_gives_the_same_relevance(three: dict[str, Classifier], clips: list[Clip], method: Method) -> None:
    found = {name: auricle.explain(clips[0], each, method=method, target="b") for name, each in three.items()}
    wanted = found["torch"].relevance
    for explanation in found.values():
        np.testing.assert_allclose(explanation.relevance, wanted, atol=1e-4 * np.abs(wanted).max())
        if isinstance(method, LRP):
            checks = {each.name: each.value for each in explanation.checks}
            assert checks["functions without a rule"] == "none"
            assert float(checks["conservation"]) < 1e-3


def test_it_gives_the_same_shapley_values(three: dict[str, Classifier], clips: list[Clip]) -> None:
    method = ExactShap(components="time:6")
    found = {
        name: np.array([row.weight for row in auricle.explain(clips[0], each, method=method).components()])
        for name, each in three.items()
    }
    for values in found.values():
        np.testing.assert_allclose(values, found["torch"], atol=1e-5 * np.abs(found["torch"]).max())


def test_its_tokens_are_weights_that_a_copy_has_too(three: dict[str, Classifier]) -> None:
    names = {name for name, _ in three["keras"].network.named_parameters()}
    assert {"tokens.cls", "tokens.distillation", "tokens.positions"} <= names
    assert torch.equal(
        three["keras"].network.get_parameter("tokens.cls").cpu(),
        three["torch"].network.network.audio_spectrogram_transformer.embeddings.cls_token,  # type: ignore[union-attr]
    )
