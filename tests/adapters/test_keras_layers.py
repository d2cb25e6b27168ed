"""Every kind of Keras layer explains like the same torch layer with the same weights, and conserves relevance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from small_keras import keras, keras_layers, with_statistics
from torch import Tensor, nn
from torch.nn import functional as F

import auricle
from auricle.adapters.keras import keras_classifier
from auricle.classifier import Classifier
from auricle.clip import Clip
from auricle.errors import AuricleError
from auricle.frontends import Frontend, Spectrogram, Waveform
from auricle.frontends.grid import STFT
from auricle.methods import Method
from auricle.methods.deeplift import DeepLIFT
from auricle.methods.gradients import Gradient, IntegratedGradients
from auricle.methods.lrp import LRP

L = keras_layers
LABELS = ["a", "b", "c"]
SAMPLES = Waveform(sample_rate=8000)
MAP = Spectrogram(sample_rate=8000, stft_settings=STFT(n_fft=30, hop=20))
"""16 rows, and 21 frames of the clip."""
METHODS: list[Method] = [
    LRP(), LRP(composite="epsilon-alpha2-beta1"), Gradient(), DeepLIFT(), IntegratedGradients(steps=4),
]  # fmt: skip


def clip() -> Clip:
    return Clip((0.3 * np.random.default_rng(0).standard_normal(400)).astype(np.float32), 8000, "noise")


def weights(layer: Any) -> list[Tensor]:
    return [torch.as_tensor(each) for each in layer.get_weights()]


def filled(module: nn.Module, layer: Any) -> nn.Module:
    """The torch layer with the Keras layer's weights."""
    values = weights(layer)
    with torch.no_grad():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            for own, value in zip(
                (module.weight, module.bias, module.running_mean, module.running_var), values, strict=True
            ):
                own.copy_(value)
            return module.eval()
        kernel = values[0]
        if isinstance(module, nn.Conv1d | nn.Conv2d):
            axes = kernel.ndim - 2
            if kernel.shape[-1] == 1 and module.groups > 1:  # depthwise
                kernel = kernel.transpose(-1, -2)
            kernel = kernel.permute(axes + 1, axes, *range(axes))
        elif isinstance(module, nn.Linear):
            kernel = kernel.T
        module.weight.copy_(kernel)
        module.bias.copy_(values[1])
    return module.eval()


def recurrent(layer: Any) -> nn.RNNBase:
    """A torch LSTM or GRU with the weights of Keras's."""
    kernel, inner, bias = weights(layer.cell)
    is_lstm = isinstance(layer, L.LSTM)
    module = (nn.LSTM if is_lstm else nn.GRU)(kernel.shape[0], layer.units, batch_first=True)

    def order(each: Tensor) -> Tensor:
        if is_lstm:
            return each
        z, r, new = each.chunk(3)
        return torch.cat([r, z, new])

    with torch.no_grad():
        module.weight_ih_l0.copy_(order(kernel.T))
        module.weight_hh_l0.copy_(order(inner.T))
        module.bias_ih_l0.copy_(order(bias if is_lstm else bias[0]))
        module.bias_hh_l0.copy_(torch.zeros_like(bias) if is_lstm else order(bias[1]))
    return module.eval()


class Written(nn.Module):
    def __init__(self, forward: Callable[..., Tensor], **modules: nn.Module) -> None:
        super().__init__()
        self.written = forward
        for name, module in modules.items():
            self.add_module(name, module)

    def forward(self, x: Tensor) -> Tensor:
        return self.written(self, x)


Pair = tuple[Any, nn.Module, Frontend]


def convolutions_on_samples() -> Pair:
    first = L.Conv1D(6, 9, strides=3, padding="same", activation="relu")
    norm, second = L.BatchNormalization(), L.Conv1D(5, 3, dilation_rate=2, padding="causal")
    third = L.Conv1D(4, 4, padding="same", strides=2)
    dense = L.Dense(3)
    model = keras.Sequential([
        keras.Input((400, 1)), first, norm, second, L.Activation("tanh"), L.MaxPooling1D(2), third, L.ReLU(),
        L.GlobalAveragePooling1D(), L.Dropout(0.5), dense,
    ])  # fmt: skip
    with_statistics(model)

    def forward(net: Any, x: Tensor) -> Tensor:
        x = net.norm(F.relu(net.first(F.pad(x, (4, 4)))))  # 400 → 134 frames: (134 - 1) * 3 + 9 - 400 = 8
        x = F.max_pool1d(torch.tanh(net.second(F.pad(x, (4, 0)))), 2)
        x = F.relu(net.third(F.pad(x, (1, 2))))  # 67 → 34: 3
        return net.dense(x.mean(2))

    return model, Written(
        forward, first=filled(nn.Conv1d(1, 6, 9, stride=3), first), norm=filled(nn.BatchNorm1d(6, eps=1e-3), norm),
        second=filled(nn.Conv1d(6, 5, 3, dilation=2), second), third=filled(nn.Conv1d(5, 4, 4, stride=2), third),
        dense=filled(nn.Linear(4, 3), dense),
    ), SAMPLES  # fmt: skip


def convolutions_on_a_map() -> Pair:
    first, norm = L.Conv2D(6, 3, padding="same"), L.BatchNormalization()
    depthwise, second = L.DepthwiseConv2D(3, padding="same"), L.Conv2D(4, 1, activation="gelu")
    hidden, dense = L.Dense(8, activation="relu"), L.Dense(3)
    model = keras.Sequential([
        keras.Input((16, 21, 1)), first, norm, L.ReLU(), L.AveragePooling2D(2), depthwise, L.LeakyReLU(), second,
        L.MaxPooling2D((2, 1)), L.Flatten(), hidden, L.Dropout(0.3), dense,
    ])  # fmt: skip
    with_statistics(model)

    def forward(net: Any, x: Tensor) -> Tensor:
        x = F.avg_pool2d(F.relu(net.norm(net.first(x))), 2)
        x = F.gelu(net.second(F.leaky_relu(net.depthwise(x), 0.3)))
        x = F.max_pool2d(x, (2, 1)).permute(0, 2, 3, 1).flatten(1)  # channels last
        return net.dense(F.relu(net.hidden(x)))

    return model, Written(
        forward, first=filled(nn.Conv2d(1, 6, 3, padding=1), first), norm=filled(nn.BatchNorm2d(6, eps=1e-3), norm),
        depthwise=filled(nn.Conv2d(6, 6, 3, padding=1, groups=6), depthwise), second=filled(nn.Conv2d(6, 4, 1), second),
        hidden=filled(nn.Linear(160, 8), hidden), dense=filled(nn.Linear(8, 3), dense),
    ), MAP  # fmt: skip


def recurrent_layers() -> Pair:
    lstm, gru, dense = L.LSTM(5, return_sequences=True), L.Bidirectional(L.GRU(4)), L.Dense(3)
    model = keras.Sequential([keras.Input((21, 16)), lstm, gru, dense])

    def forward(net: Any, x: Tensor) -> Tensor:
        x, _ = net.lstm(x.squeeze(1).transpose(1, 2))
        ends = net.there(x)[0][:, -1], net.back(x.flip(1))[0][:, -1]
        return net.dense(torch.cat(ends, -1))

    return model, Written(
        forward, lstm=recurrent(lstm), there=recurrent(gru.forward_layer), back=recurrent(gru.backward_layer),
        dense=filled(nn.Linear(8, 3), dense),
    ), MAP  # fmt: skip


def norms_and_attention() -> Pair:
    """A layer with dropout takes Keras's other road to attention; group and layer norm."""
    convolution, group, layer = L.Conv1D(8, 20, strides=20), L.GroupNormalization(2), L.LayerNormalization()
    attention, dense = L.MultiHeadAttention(2, 4, dropout=0.1), L.Dense(3)
    sound = keras.Input((400, 1))
    x = layer(group(convolution(sound)))
    x = L.Add()([attention(x, x), x])
    model = keras.Model(sound, dense(L.GlobalAveragePooling1D()(x)))
    with_statistics(model)

    def forward(net: Any, x: Tensor) -> Tensor:
        x = net.layer(net.group(net.convolution(x)).transpose(1, 2))
        x = net.attention(x, x, x, need_weights=False)[0] + x
        return net.dense(x.mean(1))

    q, q_bias, k, k_bias, v, v_bias, o, o_bias = weights(attention)
    other = nn.MultiheadAttention(8, 2, batch_first=True)
    with torch.no_grad():
        other.in_proj_weight.copy_(torch.cat([each.flatten(1).T for each in (q, k, v)]))
        other.in_proj_bias.copy_(torch.cat([each.flatten() for each in (q_bias, k_bias, v_bias)]))
        other.out_proj.weight.copy_(o.flatten(0, 1).T)
        other.out_proj.bias.copy_(o_bias)
    return model, Written(
        forward, convolution=filled(nn.Conv1d(1, 8, 20, stride=20), convolution), attention=other.eval(),
        group=filled(nn.GroupNorm(2, 8, eps=1e-3), group), layer=filled(nn.LayerNorm(8, eps=1e-3), layer),
        dense=filled(nn.Linear(8, 3), dense),
    ), SAMPLES  # fmt: skip


PAIRS = [convolutions_on_samples, convolutions_on_a_map, recurrent_layers, norms_and_attention]


@pytest.fixture(scope="module", params=PAIRS, ids=lambda each: each.__name__)
def pair(request: pytest.FixtureRequest) -> tuple[Classifier, Classifier]:
    keras.utils.set_random_seed(0)
    model, network, front = request.param()
    ours = keras_classifier(model, labels=LABELS, sample_rate=8000, frontend=front)
    length = auricle.Length(seconds=0.05)
    return ours, Classifier(network.eval(), frontend=front, labels=LABELS, length=length, name="torch")


def test_scores_are_those_of_keras_and_of_torch(pair: tuple[Classifier, Classifier]) -> None:
    ours, theirs = pair
    assert ours.length.seconds == pytest.approx(0.05)
    found = ours.predict(clip()).logits
    np.testing.assert_allclose(found, theirs.predict(clip()).logits, atol=1e-5)
    network: Any = ours.network
    x = ours.frontend(ours.windows(clip()).samples)
    with torch.no_grad():
        alone = network.plan.model(network.arrangement(x), training=False)
    np.testing.assert_allclose(found, alone[0].cpu(), atol=1e-5)


@pytest.mark.parametrize("method", METHODS, ids=lambda each: f"{each.name}-{getattr(each, 'composite', '')}")
def test_relevance_is_that_of_torch(pair: tuple[Classifier, Classifier], method: Method) -> None:
    ours, theirs = (auricle.explain(clip(), each, method=method, target="b") for each in pair)
    scale = np.abs(theirs.relevance).max()
    np.testing.assert_allclose(ours.relevance, theirs.relevance, atol=1e-4 * scale)
    assert scale > 0
    checks = {each.name: each for each in ours.checks}
    if isinstance(method, LRP):
        assert checks["functions without a rule"].value == "none"
        assert float(checks["conservation"].value) < 1e-3
    same = {each.name: each.value for each in theirs.checks}
    assert checks["values"].passed
    assert set(checks) == set(same)


def test_grad_cam_finds_the_last_convolution(pair: tuple[Classifier, Classifier]) -> None:
    ours, theirs = pair
    if not any(isinstance(each, nn.Conv1d | nn.Conv2d) for each in ours.network.modules()):
        for each in pair:
            with pytest.raises(AuricleError, match="no convolution to look at"):
                auricle.explain(clip(), each, method="grad-cam", target="b")
        return
    found, wanted = (auricle.explain(clip(), each, method="grad-cam", target="b").relevance for each in (ours, theirs))
    np.testing.assert_allclose(found, wanted, atol=1e-4 * np.abs(wanted).max())


def test_layers_without_a_twin_have_rules_too() -> None:
    """What Keras takes apart, out of functions: no rule lacks, and relevance is conserved."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential([
        keras.Input((400, 1)), L.SeparableConv1D(6, 9, strides=4, padding="same"),
        L.Conv1DTranspose(4, 3, strides=2), L.SpatialDropout1D(0.2), L.ZeroPadding1D(1), L.Cropping1D(1),
        L.AveragePooling1D(3, padding="same"), L.RMSNormalization(), L.PReLU(), L.GlobalMaxPooling1D(),
        L.RepeatVector(3), L.SimpleRNN(4), L.Reshape((4, 1)), L.Permute((2, 1)), L.Flatten(), L.Dense(3),
    ])  # fmt: skip
    ours = keras_classifier(model, labels=LABELS, sample_rate=8000)
    explanation = auricle.explain(clip(), ours, method="lrp", target="c")
    checks = {each.name: each.value for each in explanation.checks}
    assert checks["functions without a rule"] == "none"
    assert float(checks["conservation"]) < 1e-3
