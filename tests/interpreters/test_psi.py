"""Ψ, Θ and tokens: shapes on any network and length, and what each part of them does."""

import pytest
import torch
from small_tasks import classifier, sounds
from torch.testing import assert_close

from auricle.errors import AuricleError
from auricle.interpreters.base import subject_of
from auricle.interpreters.heard import hear
from auricle.interpreters.psi import Psi
from auricle.interpreters.taps import Reading
from auricle.interpreters.theta import Theta
from auricle.interpreters.tokens import TokensToGrid


@pytest.mark.parametrize("kind", ["maps", "transposed", "samples", "tokens"])
@pytest.mark.parametrize("n", [600, 4000, 9999])
def test_codes_are_non_negative_and_have_the_frames_that_are_asked_for(kind, n):
    model = classifier(kind)
    subject = subject_of(model, (), reads=3, n=4000)
    psi = Psi(subject.readings, components=5, width=8).eval()
    heard = hear(model, sounds(2, n=n), subject.layers)
    frames = heard.spectrum.shape[-1]
    codes = psi(heard.maps, frames)
    assert codes.shape == (2, 5, frames)
    assert codes.min() >= 0
    assert codes.max() > 0


def test_transposed_maps_are_read_as_the_others():
    upright, lying = classifier("maps"), classifier("transposed")
    kernels = [each for each in upright.network.features if hasattr(each, "weight")]
    for one, other in zip(kernels, [e for e in lying.network.features if hasattr(e, "weight")], strict=True):
        other.weight.data = one.weight.data.transpose(2, 3).clone()
        other.bias.data = one.bias.data
    subject = subject_of(upright, (), reads=3, n=4000)
    psi = Psi(subject.readings, components=5, width=8).eval()
    x = sounds(2)
    first, second = (psi(hear(m, x, subject.layers).maps, 64) for m in (upright, lying))
    assert_close(first, second, atol=1e-4, rtol=1e-4)


def test_what_sounds_late_has_late_codes():
    """Time is kept: a burst moves the codes that it changes with it."""
    model = classifier("maps")
    subject = subject_of(model, (), reads=3, n=8000)
    psi = Psi(subject.readings, components=5, width=8).eval()
    tone = sounds(1, n=8000)
    places = []
    for start in (1000, 5000):
        quiet = torch.zeros_like(tone)
        quiet[:, start : start + 2000] = tone[:, start : start + 2000]
        with torch.no_grad():
            found, silent = (psi(hear(model, each, subject.layers).maps, 126) for each in (quiet, 0 * quiet))
        change = (found - silent).abs().sum((0, 1))
        places.append(float((change * torch.arange(126)).sum() / change.sum()) * 64)
    assert places[0] == pytest.approx(2000, abs=500)
    assert places[1] == pytest.approx(6000, abs=500)


def test_published_layers_take_at_most_three_million_parameters():
    blocks = [Reading("4", 128), Reading("5", 256), Reading("6", 512)]
    assert sum(each.numel() for each in Psi(blocks, components=100, width=64).parameters()) < 3e6


def test_a_clip_of_which_a_layer_makes_nothing_is_refused_in_a_sentence():
    psi = Psi([Reading("deep", 4)], components=5, width=8)
    with pytest.raises(AuricleError, match=r'"deep".*too short'):
        psi([torch.zeros(1, 4, 2, 0)], 3)


def test_cells_attend_to_the_tokens_of_their_place():
    """Which of 12 tokens in a shuffled order is loud is learnt to be told at its own cell of a grid of 3 × 4."""
    torch.manual_seed(0)
    order = torch.randperm(12)
    grid = TokensToGrid(channels=6, width=32)
    read = torch.nn.Conv2d(32, 1, 1)
    optimiser = torch.optim.Adam([*grid.parameters(), *read.parameters()], lr=3e-3)
    plain, marked = torch.randn(6), torch.randn(6)
    for _ in range(200):
        there = torch.rand(64, 12) < 0.3
        tokens = torch.where(there[:, order, None], marked, plain).transpose(1, 2).unsqueeze(2)
        said = read(grid(tokens, 3, 4)).flatten(1)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(said, there.float())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert float(((said > 0) == there).float().mean()) > 0.85  # 0.7 is had for nothing


@pytest.mark.parametrize(("pooling", "expected"), [("max", [3.0, 4.0]), ("mean", [2.0, 2.0])])
def test_pooling_by_hand(pooling, expected):
    codes = torch.tensor([[[1.0, 3.0], [0.0, 4.0]]])
    theta = Theta(2, 3, pooling=pooling, dropout=0.5).eval()
    pooled, scores = theta(codes)
    assert pooled.tolist() == [expected]
    assert_close(scores, pooled @ theta.weight.T)


def test_attention_is_a_mean_weighted_by_a_softmax_over_time():
    theta = Theta(2, 3, pooling="attention", dropout=0.5).eval()
    codes = torch.rand(4, 2, 9)
    weights = theta.attention(codes)
    assert weights.shape == (4, 1, 9)
    assert_close(weights.sum(2), torch.ones(4, 1))
    v, u = theta.attention.content, theta.attention.gate
    h = codes[0].T
    by_hand = ((h @ v.weight.T + v.bias).tanh() * (h @ u.weight.T + u.bias).relu()) @ theta.attention.score.weight.T
    assert_close(weights[0, 0], by_hand[:, 0].softmax(0))
    assert_close(theta(codes)[0], (weights * codes).sum(2))


def test_dropout_touches_what_the_attention_reads_and_not_what_it_pools():
    theta = Theta(2, 3, pooling="attention", dropout=0.9).train()
    constant = torch.ones(1, 2, 5)
    assert_close(theta(constant)[0], torch.ones(1, 2))
    assert theta.linear.bias is None
    assert theta.attention.score.bias is None


def test_components_are_weighed_by_their_usual_strength():
    """Faint components can speak as soon as loud ones: weights are of strengths, and say what they are worth."""
    theta = Theta(2, 3, pooling="mean", dropout=0.0).train()
    codes = torch.rand(8, 2, 5) * torch.tensor([0.01, 10.0])[None, :, None]
    for _ in range(200):
        theta(codes)
    usual = codes.mean(2).square().mean(0).sqrt()
    assert_close(theta.strength[1], usual[1], rtol=1e-3, atol=0)
    assert_close(theta.strength[0], 0.1 * usual.mean(), rtol=1e-3, atol=0)  # but not any faint one
    pooled, scores = theta.eval()(codes)
    assert_close(scores, pooled @ theta.weight.T)
