"""One Audio Spectrogram Transformer of ``transformers`` in three frames: as it is, in Keras 3 layers, and in ONNX."""

from __future__ import annotations

import copy
import os
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

os.environ.setdefault("KERAS_BACKEND", "torch")


class Logits(nn.Module):
    """``[B, T, F] -> [B, C]``: the logits alone."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network

    def forward(self, features: Tensor) -> Tensor:
        logits: Tensor = self.network(features).logits
        return logits


def in_keras(network: Any) -> Any:
    """The same transformer in layers of Keras, with copies of its weights: input ``[B, T, F]``, output logits."""
    keras = pytest.importorskip("keras", reason="Keras is not installed")
    layers, config, weights = keras.layers, network.config, network.state_dict()
    width, patch = config.hidden_size, config.patch_size

    def of(name: str) -> Tensor:
        return weights[name if name.startswith("classifier") else f"audio_spectrogram_transformer.{name}"]

    copies: list[tuple[Any, list[Tensor]]] = []

    def made(layer: Any, *values: Tensor) -> Any:
        copies.append((layer, list(values)))
        return layer

    def norm(name: str) -> Any:
        layer = layers.LayerNormalization(epsilon=config.layer_norm_eps)
        return made(layer, of(f"{name}.weight"), of(f"{name}.bias"))

    def dense(name: str, activation: str | None = None) -> Any:
        weight = of(f"{name}.weight")
        return made(layers.Dense(len(weight), activation=activation), weight.T, of(f"{name}.bias"))

    features = keras.Input((config.max_length, config.num_mel_bins))
    x = layers.Reshape((config.num_mel_bins, config.max_length, 1))(layers.Permute((2, 1))(features))
    projection = layers.Conv2D(width, patch, strides=(config.frequency_stride, config.time_stride))
    kernel = of("embeddings.patch_embeddings.projection.weight").permute(2, 3, 1, 0)
    x = made(projection, kernel, of("embeddings.patch_embeddings.projection.bias"))(x)
    x = layers.Reshape((-1, width))(x)
    tokens = ("cls_token", "distillation_token", "position_embeddings")
    x = made(_with_tokens(keras)(name="tokens"), *(of(f"embeddings.{each}") for each in tokens))(x)
    for number in range(config.num_hidden_layers):
        block = f"layers.{number}"
        heads = config.num_attention_heads
        split = (heads, width // heads)
        attention = layers.MultiHeadAttention(heads, width // heads)
        values = []
        for each in ("q_proj", "k_proj", "v_proj"):
            name = f"{block}.attention.{each}"
            values += [of(f"{name}.weight").T.reshape(width, *split), of(f"{name}.bias").reshape(split)]
        name = f"{block}.attention.o_proj"
        values += [of(f"{name}.weight").T.reshape(*split, width), of(f"{name}.bias")]
        y = norm(f"{block}.layernorm_before")(x)
        x = layers.Add()([made(attention, *values)(y, y), x])
        y = norm(f"{block}.layernorm_after")(x)
        y = dense(f"{block}.mlp.fc2")(dense(f"{block}.mlp.fc1", activation="gelu")(y))
        x = layers.Add()([y, x])
    x = norm("layernorm")(x)
    x = layers.Average()([x[:, 0], x[:, 1]])
    model = keras.Model(features, dense("classifier.dense")(norm("classifier.layernorm")(x)))
    for layer, values in copies:
        layer.set_weights([each.detach().numpy() for each in values])
    return model


def _with_tokens(keras: Any) -> Any:
    @keras.saving.register_keras_serializable(package="auricle-tests")
    class Tokens(keras.layers.Layer):  # type: ignore[misc]
        """A class and a distillation token before the patches, and a position added to each."""

        def build(self, shape: Any) -> None:
            width = shape[-1]
            self.cls = self.add_weight(shape=(1, 1, width), name="cls")
            self.distillation = self.add_weight(shape=(1, 1, width), name="distillation")
            self.positions = self.add_weight(shape=(1, shape[1] + 2, width), name="positions")

        def call(self, patches: Any) -> Any:
            ops = keras.ops
            size = (ops.shape(patches)[0], 1, patches.shape[-1])
            tokens = [ops.broadcast_to(each, size) for each in (self.cls, self.distillation)]
            return ops.concatenate([*tokens, patches], axis=1) + self.positions

    return Tokens


def in_onnx(network: Any, path: Path, *, opset: int = 17) -> Path:
    """The same transformer in an ONNX file, whose batch size is open: input ``[B, T, F]``, output logits."""
    network = copy.deepcopy(network).eval()
    network.set_attn_implementation("eager")
    config = network.config
    return exported(Logits(network), (config.max_length, config.num_mel_bins), path, opset=opset)


def exported(network: nn.Module, shape: tuple[int, ...], path: Path, *, opset: int = 17, **settings: Any) -> Path:
    """A network with inputs of ``shape`` in an ONNX file, of an open batch size, unless ``dynamic_axes`` says else."""
    pytest.importorskip("onnx", reason="onnx is not installed")
    settings = {"dynamic_axes": {"x": {0: "batch"}, "scores": {0: "batch"}}} | settings
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network.eval(), (torch.randn(1, *shape),), str(path), dynamo=False, opset_version=opset,
            input_names=["x"], output_names=["scores"], **settings,
        )  # fmt: skip
    return path
