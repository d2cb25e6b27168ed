"""Attention rollout: by hand, however attention is computed, and where it cannot be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from families import FAMILIES, family, sound
from oracles import Residual, noise, on_samples, seeded
from test_lrp_structures import Lambda
from torch import Tensor, nn
from torch.nn import functional as F

from auricle.classifier import Classifier
from auricle.errors import AuricleError
from auricle.methods import AttentionRollout

Attend = Callable[[Tensor, Tensor, Tensor], Tensor]


def by_softmax(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return F.dropout((q @ k.transpose(-1, -2) / 2.0).softmax(-1), 0.1, training=False) @ v


def by_einsum(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    weights = torch.softmax(torch.einsum("bhqd,bhkd->bhqk", q, k) / 2.0, dim=-1)
    return torch.einsum("bhqk,bhkd->bhqd", weights, v)


def by_bmm(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    flat = [each.flatten(0, 1) for each in (q, k, v)]
    return torch.bmm(F.softmax(torch.bmm(flat[0], flat[1].transpose(1, 2)) / 2.0, -1), flat[2]).view_as(q)


class Attention(nn.Module):
    """Two heads of four channels, whose attention is computed by a function."""

    def __init__(self, attend: Attend) -> None:
        super().__init__()
        self.attend = attend
        self.project, self.out = nn.Linear(8, 24), nn.Linear(8, 8)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (each.unflatten(-1, (2, 4)).transpose(1, 2) for each in self.project(x).chunk(3, -1))
        return self.out(self.attend(q, k, v).transpose(1, 2).flatten(-2))


class Torch(nn.Module):
    """The same by torch's own module."""

    def __init__(self, attention: Attention) -> None:
        super().__init__()
        self.own = nn.MultiheadAttention(8, 2, batch_first=True)
        self.own.in_proj_weight.data, self.own.in_proj_bias.data = (p.data for p in attention.project.parameters())
        self.own.out_proj.weight.data, self.own.out_proj.bias.data = (p.data for p in attention.out.parameters())

    def forward(self, x: Tensor) -> Tensor:
        return self.own(x, x, x, need_weights=False)[0]


def network(attend: Attend = by_softmax, *, token: bool = False, torchs: bool = False) -> nn.Module:
    def forward(n: Any, x: Tensor) -> Tensor:
        if token:
            x = torch.cat([n.token.weight.expand(len(x), 1, -1), x], 1)
        x = x + n.a(x)
        x = x + n.b(n.norm(x))
        return n.head(x[:, 0] if token else x.mean(1))

    def make() -> nn.Module:
        layers: dict[str, nn.Module] = {"a": Attention(attend), "b": Attention(attend)}
        rest = {"norm": nn.LayerNorm(8), "head": nn.Linear(8, 3), "token": nn.Embedding(1, 8)}
        if torchs:
            layers = {key: Torch(each) for key, each in layers.items()}  # type: ignore[arg-type]
        return Lambda(forward, **layers, **rest)

    made = seeded(make)
    for parameter in made.parameters():  # attention that is sharp enough to differ
        parameter.data *= 2.0
    return made


def attentions(n: Any, x: Tensor, *, token: bool) -> tuple[list[Tensor], Tensor]:
    """Both layers' attention ``[B, heads, tokens, tokens]``, and the logits."""
    if token:
        x = torch.cat([n.token.weight.expand(len(x), 1, -1), x], 1)
    found = []
    for layer, heard in ((n.a, lambda x: x), (n.b, n.norm)):
        q, k, v = (each.unflatten(-1, (2, 4)).transpose(1, 2) for each in layer.project(heard(x)).chunk(3, -1))
        found.append((q @ k.transpose(-1, -2) / 2.0).softmax(-1))
        x = x + layer.out((found[-1] @ v).transpose(1, 2).flatten(-2))
    return found, n.head(x[:, 0] if token else x.mean(1))


def tokens_of(classifier: Classifier, samples: Tensor, target: str = "class0", **settings: Any) -> Tensor:
    relevance = AttentionRollout(**settings)(classifier, samples, target).relevance.reshape(len(samples), 5, 8)
    assert torch.allclose(relevance, relevance[..., :1].expand_as(relevance))  # all of a token's inputs alike
    return relevance[..., 0]


@pytest.mark.parametrize("token", [False, True], ids=["pooled", "class token"])
def test_by_hand(token: bool) -> None:
    classifier, samples = on_samples(network(token=token), (5, 8)), noise(3, 40)
    (a, b), _ = attentions(classifier.network[1], samples.reshape(3, 5, 8), token=token)
    identity = torch.eye(5 + token).double()
    flow = ((b.mean(1) + identity) / 2) @ ((a.mean(1) + identity) / 2)
    expected = flow[:, 0, 1:] if token else flow.mean(1)
    assert torch.allclose(tokens_of(classifier, samples), expected)
    assert torch.equal(tokens_of(classifier, samples), tokens_of(classifier, samples, "class1"))


@pytest.mark.parametrize("token", [False, True], ids=["pooled", "class token"])
def test_weighted_by_the_gradient_by_hand(token: bool) -> None:
    classifier, samples = on_samples(network(token=token), (5, 8)), noise(3, 40)
    found, logits = attentions(classifier.network[1], samples.reshape(3, 5, 8), token=token)
    gradients = torch.autograd.grad(logits[:, 1].sum(), found)
    a, b = ((each * g).clamp(min=0).mean(1) for each, g in zip(found, gradients, strict=True))
    identity = torch.eye(5 + token).double()
    flow = (b + identity) @ (a + identity) - identity
    expected = flow[:, 0, 1:] if token else flow.mean(1)
    assert torch.allclose(tokens_of(classifier, samples, "class1", heads="gradient"), expected.detach())


@pytest.mark.parametrize("heads", ["mean", "gradient"])
@pytest.mark.parametrize("attend", [F.scaled_dot_product_attention, by_einsum, by_bmm, "nn.MultiheadAttention"])
def test_it_does_not_matter_how_attention_is_computed(attend: Any, heads: str) -> None:
    samples = noise(3, 40)
    other = network(torchs=True) if isinstance(attend, str) else network(attend)
    found, expected = (tokens_of(on_samples(n, (5, 8)), samples, heads=heads) for n in (other, network()))
    assert torch.allclose(found, expected)


@pytest.mark.parametrize("name", [name for name in FAMILIES if name != "clap"])
def test_on_every_family(name: str) -> None:
    classifier, samples = family(name), sound(name, 3)
    for heads in ("mean", "gradient"):
        together = AttentionRollout(heads=heads)(classifier, samples, ["a", "b", "c"]).relevance
        assert (together >= 0).all()
        assert together.any(1).all()
        alone = AttentionRollout(heads=heads)(classifier, samples[1:2], "b").relevance
        assert torch.allclose(together[1], alone[0])


def test_eager_attention_says_the_same_as_the_fused_one() -> None:
    """What the library computes itself, and what it leaves to torch."""
    classifier, samples = family("ast"), sound("ast")
    config = classifier.network.network.config
    expected = AttentionRollout()(classifier, samples).relevance
    before = config._attn_implementation
    try:
        config._attn_implementation = "eager" if before != "eager" else "sdpa"
        assert torch.allclose(AttentionRollout()(classifier, samples).relevance, expected, atol=1e-6)  # float32 softmax
    finally:
        config._attn_implementation = before


def test_what_cannot_be_rolled_out_is_refused() -> None:
    with pytest.raises(AuricleError, match="attends within windows"):
        AttentionRollout()(family("clap"), sound("clap"))
    with pytest.raises(AuricleError, match="no self-attention"):
        AttentionRollout()(on_samples(seeded(Residual), (1, 12, 10)), noise(1, 120))

    def merging(n: Any, x: Tensor) -> Tensor:
        x = x + n.a(x)
        x = x.unflatten(1, (3, 2)).mean(2)
        return n.head((x + n.b(x)).mean(1))

    layers = {"a": Attention(by_softmax), "b": Attention(by_softmax), "head": nn.Linear(8, 3)}
    with pytest.raises(AuricleError, match="merges tokens"):
        AttentionRollout()(on_samples(seeded(lambda: Lambda(merging, **layers)), (6, 8)), noise(2, 48))
