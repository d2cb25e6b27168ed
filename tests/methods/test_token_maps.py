"""Maps of a transformer's tokens lie where in the sound the tokens come from."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from families import family, sound
from oracles import noise, on_samples, seeded
from test_lrp_structures import Lambda
from torch import Tensor, nn

from auricle.classifier import Classifier
from auricle.errors import AuricleError
from auricle.frontends import STFT, Spectrogram
from auricle.methods import build
from auricle.methods.inside import look_inside
from auricle.methods.point import Point

CAMS = ["grad-cam", "grad-cam++", "layer-cam", "guided-grad-cam", "activation-map"]
BEFORE = {
    "wav2vec2 (group norm)": "network.wav2vec2.encoder.layers.0.final_layer_norm",
    "wav2vec2 (layer norm)": "network.wav2vec2.encoder.layers.1.layer_norm",
    "ast": "network.audio_spectrogram_transformer.layers.1.layernorm_before",
    "whisper": "network.encoder.layers.1.self_attn_layer_norm",
    "clap": "body.audio_encoder.layers.1.blocks.1.layernorm_before",
}
"""What the last attention reads."""


def inside_of(classifier: Classifier, samples: Tensor, layer: str | None) -> Any:
    with torch.enable_grad(), classifier.inference():
        weights = torch.tensor([[1.0, 0.0, 0.0]]).to(samples).expand(len(samples), -1)
        return look_inside(Point(classifier, samples, "features"), weights, layer)


def said_by(classifier: Classifier, samples: Tensor, layer: str) -> Tensor:
    said: list[Tensor] = []
    module = dict(classifier.network.named_modules())[layer]
    handle = module.register_forward_hook(lambda module, inputs, output: said.append(output))
    try:
        classifier.logits(samples)
    finally:
        handle.remove()
    return said[0]


def layer_called(classifier: Classifier, ending: str) -> str:
    return next(name for name, _ in classifier.network.named_modules() if name.endswith(ending))


def test_patches_of_frequency_and_time_lie_on_the_spectrogram() -> None:
    """AST, 8 × 8 patches every 4, behind two other tokens: a cell has the mean of the patches that cover it."""
    classifier, samples = family("ast"), sound("ast")
    layer = layer_called(classifier, "layers.1.layernorm_before")
    tokens = said_by(classifier, samples, layer)[:, 2:, 5].reshape(2, 3, 7)  # frequency × time
    found = build("activation-map", layer=layer, channel=5)(classifier, samples).relevance
    total, count = torch.zeros(2, 32, 16).double(), torch.zeros(32, 16).double()
    for low in range(3):
        for start in range(7):
            cells = (slice(4 * start, 4 * start + 8), slice(4 * low, 4 * low + 8))  # the network hears time × frequency
            total[:, *cells] += tokens[:, low, start, None, None]
            count[cells] += 1
    assert torch.allclose(found.reshape(2, 32, 16), total / count)


def test_steps_of_a_waveform_network_lie_on_the_samples_they_hear() -> None:
    """Kernels of 10 and 4 with strides of 5 and 4: 25 samples every 20; none hears the last ones."""
    classifier, samples = family("wav2vec2 (layer norm)"), sound("wav2vec2 (layer norm)")
    layer = layer_called(classifier, "layers.1.layer_norm")
    tokens = said_by(classifier, samples, layer)[:, :, 3]
    assert tokens.shape == (2, 19)
    found = build("activation-map", layer=layer, channel=3)(classifier, samples).relevance
    for index in range(19):
        alone = slice(20 * index + 5, 20 * index + 20)  # its neighbours' begin 20 later, and end 5 into its own
        assert torch.allclose(found[:, alone], tokens[:, index, None].expand(2, 15))
        if index:
            edge = found[:, 20 * index + 2]
            pair = tokens[:, index - 1 : index + 1]
            assert ((edge > pair.amin(1) - 1e-9) & (edge < pair.amax(1) + 1e-9)).all()
    assert not found[:, 385:].any()


def test_steps_of_a_spectrogram_network_lie_on_all_bands() -> None:
    classifier, samples = family("whisper"), sound("whisper")
    layer = layer_called(classifier, "layers.1.self_attn_layer_norm")
    tokens = said_by(classifier, samples, layer)[:, :, 7]
    found = build("activation-map", layer=layer, channel=7)(classifier, samples).relevance.reshape(2, 8, 40)
    assert torch.allclose(found, found[:, :1].expand_as(found))
    assert torch.allclose(found[:, 0, 0::2], tokens)  # the middle of each token's kernel
    assert torch.allclose(found[:, 0, 1:-1:2], (tokens[:, 1:] + tokens[:, :-1]) / 2)


@pytest.mark.parametrize("name", ["ast", "clap", "whisper", "wav2vec2 (layer norm)"])
def test_a_token_lies_on_nothing_that_it_does_not_hear(name: str) -> None:
    """Against the network's own derivative, at a layer that no attention precedes; CLAP folds time into an image."""
    layers = {
        "ast": "transformer.layers.0.layernorm_before", "clap": "layers.0.blocks.0.layernorm_before",
        "whisper": "encoder.layers.0.self_attn_layer_norm", "wav2vec2 (layer norm)": "feature_projection.layer_norm",
    }  # fmt: skip
    classifier, samples = family(name), sound(name, 1)
    layer = layer_called(classifier, layers[name])
    inside = inside_of(classifier, samples, layer)
    module = dict(classifier.network.named_modules())[layer]
    said: list[Tensor] = []
    x = samples.clone().requires_grad_()
    handle = module.register_forward_hook(lambda module, inputs, output: said.append(output))
    classifier.network(x)
    handle.remove()
    count = inside.activation.shape[2]
    other = said[0].shape[1] - count
    assert other == (2 if name == "ast" else 0)
    for token in (0, 1, count // 2, count - 1):
        (own,) = torch.autograd.grad(said[0][0, token + other].square().sum(), x, retain_graph=True)
        laid = inside.lay(torch.eye(count)[token][None].double()) > 0
        hears = own != 0
        assert laid.any()
        assert not (laid & ~hears).any()
        assert laid.sum() >= 0.4 * hears.sum()  # a convolution that keeps the size is followed through its middle


@pytest.mark.parametrize("name", BEFORE)
def test_by_default_a_transformer_is_looked_into_before_its_last_attention(name: str) -> None:
    classifier, samples = family(name), sound(name)
    expected = build("layer-cam", layer=BEFORE[name])(classifier, samples).relevance
    assert torch.equal(build("layer-cam")(classifier, samples).relevance, expected)
    assert expected.any()


def test_a_network_that_does_not_attend_is_looked_into_at_its_last_convolution() -> None:
    layers = {"a": nn.Conv1d(1, 4, 5), "b": nn.Conv1d(4, 4, 5), "norm": nn.LayerNorm(4), "head": nn.Linear(4, 3)}
    network = seeded(lambda: Lambda(lambda n, x: n.head(n.norm(n.b(n.a(x)).relu().mean(-1))), **layers))
    classifier, samples = on_samples(network, (1, 40)), noise(2, 40)
    expected = build("grad-cam", layer="1.b")(classifier, samples).relevance
    assert torch.equal(build("grad-cam")(classifier, samples).relevance, expected)


@pytest.mark.parametrize("method", CAMS)
def test_class_tokens_take_no_part(method: str) -> None:
    """Channel weights are means over the patches; what is at the other tokens changes nothing."""
    classifier, samples = family("ast"), sound("ast")
    inside = inside_of(classifier, samples, layer_called(classifier, "layers.1.layernorm_before"))
    assert inside.activation.shape == inside.gradient.shape == (2, 16, 21)
    if method == "grad-cam":
        expected = inside.lay((inside.gradient.mean(2, keepdim=True) * inside.activation).sum(1).clamp(min=0))
        assert torch.allclose(build(method)(classifier, samples, "a").relevance, expected)
    together = build(method)(classifier, samples, ["a", "b"])
    alone = build(method)(classifier, samples[1:], "b")
    assert torch.allclose(together.relevance[1], alone.relevance[0])
    assert torch.isfinite(together.relevance).all()


def test_a_block_that_returns_several_things_is_looked_into_at_the_first() -> None:
    class Block(nn.TransformerEncoderLayer):
        def forward(self, x: Tensor) -> Any:  # type: ignore[override]
            return super().forward(x), None

    block = Block(8, 2, 16, batch_first=True)
    network = seeded(lambda: Lambda(lambda n, x: n.head(n.block(x)[0]).mean(1), block=block, head=nn.Linear(8, 3)))
    found = build("grad-cam", layer="1.block", rectify=False)(on_samples(network, (6, 8)), noise(2, 48), "class1")
    classifier = on_samples(network, (6, 8))
    tokens = classifier.network[1].block(noise(2, 48).reshape(2, 6, 8))[0]
    expected = (tokens * classifier.network[1].head.weight[1] / 6).sum(-1)
    assert torch.allclose(found.relevance.reshape(2, 6, 8), expected[..., None].expand(2, 6, 8).detach())


def test_steps_of_a_recurrent_layer_lie_on_their_frames() -> None:
    memory = nn.LSTM(5, 4, batch_first=True, bidirectional=True)
    network = seeded(lambda: Lambda(lambda n, x: n.head(n.memory(x)[0].mean(1)), memory=memory, head=nn.Linear(8, 3)))
    classifier, samples = on_samples(network, (6, 5)), noise(2, 30)
    found = build("activation-map", layer="1.memory", channel=2)(classifier, samples).relevance.reshape(2, 6, 5)
    expected = classifier.network[1].memory(samples.reshape(2, 6, 5))[0][..., 2].detach()
    assert torch.allclose(found, expected[..., None].expand(2, 6, 5))


def test_a_convolution_over_time_that_hears_all_bands_lies_on_all_bands() -> None:
    network = seeded(
        lambda: nn.Sequential(nn.Conv1d(33, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(4, 3))
    )
    front = Spectrogram(sample_rate=8000, stft_settings=STFT(n_fft=64, hop=32), layout="plain")
    classifier = Classifier(network, frontend=front, labels=["a", "b", "c"])
    found = build("layer-cam")(classifier, noise(2, 640, dtype=torch.float32)).relevance
    assert found.any()
    assert torch.allclose(found, found[:, :1].expand_as(found))


def test_a_layer_that_hears_no_place_is_refused() -> None:
    class Position(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding, self.head = nn.Embedding(6, 8), nn.Linear(8, 3)

        def forward(self, x: Tensor) -> Tensor:
            places = self.embedding(torch.arange(6)[None].expand(len(x), -1))
            return self.head((x + places).relu().mean(1))

    with pytest.raises(AuricleError, match="can be followed back to the input"):
        build("grad-cam", layer="1.embedding")(on_samples(seeded(Position), (6, 8)), noise(2, 48))
