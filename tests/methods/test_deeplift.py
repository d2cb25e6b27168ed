"""DeepLIFT hands back exactly the difference from the reference, and agrees with Captum where Captum is right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from oracles import Tokens, captum_module, difference, noise, on_samples, seeded, small_ast
from test_lrp_structures import Lambda, attention_networks, matrix, tensor
from torch import Tensor, nn
from torch.nn import functional as F

from auricle.classifier import Classifier
from auricle.clip import Clip
from auricle.errors import AuricleError
from auricle.frontends import Waveform
from auricle.methods import DeepLIFT, DeepSHAP

VARIANTS = ("rescale", "reveal-cancel", "mix")


def adds_up(network: nn.Module, shape: tuple[int, ...], *, bar: float = 1e-9, variant: str = "rescale") -> None:
    """Σ relevance = logit - logit of the reference, for every clip of a batch with mixed targets."""
    size = int(torch.tensor(shape).prod())
    classifier = on_samples(network, shape)
    for baseline in ("silence", "noise"):
        samples = noise(3, size)
        found = DeepLIFT(variant=variant, baseline=baseline)(classifier, samples, ["class0", "class1", "class2"])
        assert not found.unruled
        scale = classifier.network(samples).abs().max()
        assert ((found.relevance.sum(1) - found.expected).abs() / scale).max() < bar
    silence = DeepLIFT(variant=variant)(classifier, samples, "class1")
    reference = classifier.network(torch.zeros(1, size).double())[0, 1]
    assert torch.allclose(silence.expected, classifier.network(samples)[:, 1] - reference)


def test_rescale_agrees_with_captum() -> None:
    """Batch 1, convolutions over time, every ReLU a module of its own: there Captum is right."""
    network = seeded(
        lambda: nn.Sequential(
            nn.Conv1d(2, 8, 5, padding=2), nn.BatchNorm1d(8), nn.ReLU(), nn.Conv1d(8, 8, 3, stride=2), nn.ReLU(),
            nn.AvgPool1d(2), nn.Flatten(), nn.Linear(56, 16), nn.ReLU(), nn.Linear(16, 3),
        )
    )  # fmt: skip
    classifier = on_samples(network, (2, 30))
    for seed in range(4):
        samples, baseline = noise(1, 60, seed=seed), torch.zeros(1, 60).double()
        for target, label in enumerate(classifier.labels):
            theirs = captum_module().DeepLift(classifier.network).attribute(samples.clone(), baseline, target)
            ours = DeepLIFT()(classifier, samples, label).relevance
            assert difference(ours, theirs.detach()) < 1e-5


def test_rescale_by_hand() -> None:
    """relu(2 x0 - x1 + 1): from 1 to 3 with Δ = (2, 1): slope 2 / 3 on the linear contributions 4 and -1."""
    network = Lambda(lambda n, x: F.relu(n.w(x) + 1.0), w=matrix((2.0, -1.0)))
    network_at = on_samples(network, (2,), classes=1)
    found = DeepLIFT()(network_at, tensor((2.0, 1.0)), tensor((1.0,)))
    assert torch.allclose(found.relevance, tensor((4.0, -1.0)))
    found = DeepLIFT()(network_at, tensor((-2.0, 1.0)), tensor((1.0,)))  # from 1 to relu(-4) = 0, Δ = -5
    assert torch.allclose(found.relevance, tensor((-4.0, -1.0)) * (-1.0 / -5.0))


def test_the_smaller_of_three_and_one() -> None:
    """min(i1, i2) = i1 - relu(i1 - i2): Rescale credits i2 alone, RevealCancel both (Shrikumar et al. 2017)."""
    network = Lambda(lambda n, x: x[:, :1] - F.relu(n.less(x)), less=matrix((1.0, -1.0)))
    classifier = on_samples(network, (2,), classes=1)
    expected = {"rescale": (0.0, 1.0), "reveal-cancel": (0.5, 0.5), "mix": (0.5, 0.5)}
    for variant, values in expected.items():
        found = DeepLIFT(variant=variant)(classifier, tensor((3.0, 1.0), (1.0, 3.0)), torch.ones(2, 1).double())
        assert torch.allclose(found.relevance[0], tensor(values))
        if variant != "rescale":
            assert torch.allclose(found.relevance[1], tensor((0.5, 0.5)))


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("dimensions", [1, 2])
def test_convolutions_and_max_pools_add_up_in_a_batch(dimensions: int, stride: int, variant: str) -> None:
    conv, pool = (nn.Conv1d, nn.MaxPool1d) if dimensions == 1 else (nn.Conv2d, nn.MaxPool2d)

    def make() -> nn.Module:
        network = nn.Sequential(
            conv(1, 4, 3, padding=1), nn.ReLU(), pool(3, stride), conv(4, 6, 2), nn.ReLU(), pool(2, stride),
            nn.Flatten(), nn.LazyLinear(8), nn.ReLU(), nn.Linear(8, 3),
        )  # fmt: skip
        network(torch.zeros(1, *shape))
        return network

    shape = (1, 30) if dimensions == 1 else (1, 15, 14)
    adds_up(seeded(make), shape, variant=variant)


def test_the_mix_treats_dense_layers_by_reveal_cancel_and_convolutions_by_rescale() -> None:
    dense = seeded(lambda: nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 3)))
    conv = seeded(lambda: nn.Sequential(nn.Conv1d(1, 5, 6), nn.ReLU(), nn.Flatten(), nn.Linear(5, 3)))
    for network, shape, twin, other in (
        (dense, (6,), VARIANTS[1], VARIANTS[0]),
        (conv, (1, 6), VARIANTS[0], VARIANTS[1]),
    ):
        found = {v: DeepLIFT(variant=v)(on_samples(network, shape), noise(2, 6), "class0").relevance for v in VARIANTS}
        assert torch.equal(found["mix"], found[twin])
        assert not torch.allclose(found["mix"], found[other])


@pytest.mark.parametrize("name", attention_networks())
def test_attention_adds_up(name: str) -> None:
    adds_up(seeded(lambda: attention_networks()[name]), (6, 8))


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
def test_recurrent_layers_add_up(kind: type[nn.RNNBase]) -> None:
    layers = {"memory": kind(5, 4, batch_first=True, bidirectional=True, num_layers=2), "head": nn.Linear(8, 3)}
    adds_up(seeded(lambda: Lambda(lambda n, x: n.head(n.memory(x)[0].mean(1)), **layers)), (6, 5))


def several(n: Any, x: Tensor) -> Tensor:
    a, b = n.a(x), n.b(x)
    quotient = a / (1 + b.square())
    norm = F.group_norm(F.layer_norm(a * b, (6,)).unsqueeze(-1).expand(-1, -1, 2), 3).mean(-1)
    return n.head(torch.sigmoid(quotient) * F.gelu(norm) + F.log_softmax(b, -1) + torch.tanh(a).pow(3))


def test_products_quotients_norms_and_gates_add_up() -> None:
    layers = {"a": nn.Linear(6, 6), "b": nn.Linear(6, 6), "head": nn.Linear(6, 3)}
    adds_up(seeded(lambda: Lambda(several, **layers)), (6,))


@pytest.mark.parametrize("norm", [nn.RMSNorm(6), nn.RMSNorm((2, 3), eps=0.1), nn.LayerNorm(6)])
def test_norms_add_up(norm: nn.Module) -> None:
    def forward(n: Any, x: Tensor) -> Tensor:
        y = n.a(x)
        return n.head(n.norm(y.unflatten(-1, n.norm.normalized_shape)).flatten(1))

    adds_up(seeded(lambda: Lambda(forward, a=nn.Linear(6, 6), norm=norm, head=nn.Linear(6, 3))), (6,))


LENGTHS: dict[str, Callable[[Tensor], Tensor]] = {
    "Tensor.norm": lambda y: y / y.norm(p=2, dim=-1, keepdim=True),
    "torch.norm": lambda y: y / torch.norm(y, dim=(1,), keepdim=True),
    "linalg.norm": lambda y: y / torch.linalg.norm(y, ord=2, dim=1, keepdim=True),
    "linalg.vector_norm": lambda y: y / torch.linalg.vector_norm(y, 2, -1).unsqueeze(-1),
    "normalize": lambda y: F.normalize(y),
    "normalize, bounded": lambda y: F.normalize(y, dim=-1, eps=2.0),
}


@pytest.mark.parametrize("name", LENGTHS)
def test_a_signal_over_its_length_adds_up(name: str) -> None:
    layers = {"a": nn.Linear(6, 6), "head": nn.Linear(6, 3)}
    network = seeded(lambda: Lambda(lambda n, x: n.head(torch.tanh(LENGTHS[name](n.a(x)))), **layers))
    adds_up(network, (6,))


def test_the_length_of_nothing_is_not_not_a_number() -> None:
    """Where both clip and reference are silent a root has no slope."""
    network = Lambda(lambda n, x: n.head(x.norm(dim=-1)), head=matrix((2.0, 1.0)))
    found = DeepLIFT()(on_samples(network, (2, 3), classes=1), tensor((0.0, 0.0, 0.0, 3.0, 0.0, 4.0)), torch.ones(1, 1))
    assert torch.allclose(found.relevance, tensor((0.0, 0.0, 0.0, 9 / 5, 0.0, 16 / 5)))


@pytest.mark.parametrize("order", [1, 3, float("inf")])
def test_other_lengths_are_named(order: float) -> None:
    network = seeded(lambda: Lambda(lambda n, x: n.a(x / (1 + x.norm(order, dim=-1, keepdim=True))), a=nn.Linear(6, 3)))
    assert set(DeepLIFT()(on_samples(network, (6,)), noise(2, 6)).unruled) == {"norm"}


@pytest.mark.parametrize("axis", [1, -1])
def test_a_gated_linear_unit_adds_up_and_is_the_product_it_stands_for(axis: int) -> None:
    def written_out(x: Tensor) -> Tensor:
        first, second = x.chunk(2, axis)
        return first * torch.sigmoid(second)

    found = []
    layers = {"conv": nn.Conv1d(2, 6, 3), "flat": nn.Flatten(), "head": nn.Linear(30, 3)}
    for function in (nn.GLU(axis), written_out):
        network = Lambda(lambda n, x, f=function: n.head(n.flat(f(n.conv(x)))), **layers)
        adds_up(network, (2, 12))
        found.append(DeepLIFT()(on_samples(network, (2, 12)), noise(3, 24)).relevance)
    assert torch.allclose(*found)


def test_an_audio_transformer_adds_up() -> None:
    front = Waveform(sample_rate=8000, channel=False)
    network = Tokens(seeded(small_ast), 24, 16).double()
    classifier = Classifier(network, frontend=front, labels=["a", "b", "c"])
    found = DeepLIFT()(classifier, noise(2, 24 * 16))
    assert not found.unruled
    assert found.gap().max() < 1e-8


def test_clips_folded_into_the_batch_keep_their_own_reference() -> None:
    """A network that hears patches folds them into the batch: [B, P, n] -> [B P, n]."""
    layers = {"a": nn.Linear(5, 6), "head": nn.Linear(6, 3)}
    network = Lambda(lambda n, x: n.head(F.relu(n.a(x.flatten(0, 1)))).unflatten(0, (-1, 4)).mean(1), **layers)
    adds_up(seeded(lambda: network), (4, 5))


def test_the_bundled_model_adds_up(digits: Classifier, heard: Tensor) -> None:
    for level in ("features", "stft", "waveform"):
        found = DeepLIFT()(digits, heard[:2], level=level)
        assert found.gap().max() < 1e-3, level
        assert not found.unruled


def test_deepshap_is_the_mean_over_its_references(digits: Classifier, heard: Tensor, clips: list[Any]) -> None:
    by_default = DeepSHAP()(digits, heard[:2])
    each = [DeepLIFT(baseline=name)(digits, heard[:2]) for name in ("silence", "noise", "blur", "mean")]
    assert torch.allclose(by_default.relevance, torch.stack([e.relevance for e in each]).mean(0), atol=1e-6)
    of_a_set = DeepSHAP(baseline=clips[2:4])(digits, heard[:2])
    each = [DeepLIFT(baseline=clip)(digits, heard[:2]) for clip in clips[2:4]]
    assert torch.allclose(of_a_set.relevance, torch.stack([e.relevance for e in each]).mean(0), atol=1e-6)
    assert of_a_set.gap().max() < 1e-3


def test_a_network_that_takes_another_path_for_silence_is_told() -> None:
    network = Lambda(lambda n, x: n.a(F.relu(x) if x.abs().sum() > 0 else torch.tanh(x).exp()), a=nn.Linear(4, 3))
    with pytest.raises(AuricleError, match="another path"):
        DeepLIFT()(on_samples(network, (4,)), noise(1, 4))


def test_stacked_pools_agree_with_a_calculation_by_hand() -> None:
    """Two convolutions, each with ReLU and max-pooling: multipliers worked out window by window (Captum differs)."""
    generator = torch.Generator().manual_seed(0)
    torch.manual_seed(0)
    first, second, head = nn.Conv1d(1, 3, 3, padding=1), nn.Conv1d(3, 4, 3, padding=1), nn.Linear(40, 2)
    layers = (first, nn.ReLU(), nn.MaxPool1d(2), second, nn.ReLU(), nn.MaxPool1d(2), nn.Flatten(), head)
    network = nn.Sequential(*layers).double().eval()
    classifier = Classifier(network, frontend=Waveform(sample_rate=8000), labels=["a", "b"])
    x, x0 = (torch.randn(1, 40, generator=generator).double() for _ in range(2))

    def values(samples: Tensor) -> list[Tensor]:
        found = [samples[:, None]]
        for layer in layers[:6]:
            found.append(layer(found[-1]))
        return found

    def below_relu(m: Tensor, z: Tensor, z0: Tensor) -> Tensor:
        return m * (z.relu() - z0.relu()) / (z - z0)

    def below_pool(m: Tensor, z: Tensor, z0: Tensor) -> Tensor:
        below = torch.zeros_like(z)
        for channel, window in np.ndindex(m.shape[1:]):
            place = slice(2 * window, 2 * window + 2)
            now, then = z[0, channel, place], z0[0, channel, place]
            change = now.max() - then.max()
            winner = int(now.argmax() if change >= 0 else then.argmax())
            if change != 0:
                below[0, channel, 2 * window + winner] = m[0, channel, window] * change / (now - then)[winner]
        return below

    with torch.no_grad():
        z, z0 = values(x), values(x0)
        m = head.weight[0].reshape(1, 4, 10)
        m = below_relu(below_pool(m, z[5], z0[5]), z[4], z0[4])
        m = nn.functional.conv_transpose1d(m, second.weight, padding=1)
        m = below_relu(below_pool(m, z[2], z0[2]), z[1], z0[1])
        m = nn.functional.conv_transpose1d(m, first.weight, padding=1)
        by_hand = m[:, 0] * (x - x0)
    reference = Clip(x0.numpy(), 8000)
    found = DeepLIFT(baseline=reference)(classifier, x, "a").relevance
    # The reference clip holds single-precision samples.
    assert torch.allclose(found, by_hand, atol=1e-5 * float(by_hand.abs().max()))
