"""Samplers: the same seed gives the same bits, and the bits are distributed as promised."""

from __future__ import annotations

import math

import pytest
import torch

from auricle.methods.coalitions.samplers import (
    bernoulli,
    everything,
    kernel_pairs,
    permutations,
    subsets,
    uniform_size,
)


def test_the_same_seed_gives_the_same_bits() -> None:
    for draw in (
        lambda seed: bernoulli(50, 9, seed),
        lambda seed: uniform_size(50, 9, seed),
        lambda seed: permutations(20, 9, seed),
        lambda seed: kernel_pairs(60, 9, seed).coalitions,
    ):
        assert torch.equal(draw(3), draw(3))
        assert torch.equal(draw(3), draw(torch.Generator().manual_seed(3)))
        assert not torch.equal(draw(3), draw(4))


def test_everything_is_every_coalition_once() -> None:
    rows = everything(5)
    assert rows.shape == (32, 5)
    assert len(rows.unique(dim=0)) == 32
    assert (rows.long() @ (2 ** torch.arange(5))).tolist() == list(range(32))


def test_bernoulli_keeps_its_share() -> None:
    assert float(bernoulli(20_000, 6, 0, keep=0.3).double().mean()) == pytest.approx(0.3, abs=0.01)


def test_uniform_size_draws_every_size_alike() -> None:
    sizes = uniform_size(20_000, 5, 0).sum(1)
    shares = torch.bincount(sizes, minlength=6).double() / 20_000
    assert shares[5] == 0
    assert torch.allclose(shares[:5], torch.full((5,), 0.2, dtype=torch.float64), atol=0.015)
    assert torch.allclose(uniform_size(20_000, 5, 0).double().mean(0), torch.full((5,), 0.4).double(), atol=0.02)


def test_orders_come_with_their_reverse() -> None:
    orders = permutations(30, 7, 0)
    assert torch.equal(orders[1::2], orders[::2].flip(1))
    assert torch.equal(orders.sort(1).values, torch.arange(7).expand(60, 7))


@pytest.mark.parametrize("count", [3, 4, 7, 8, 12, 30])
@pytest.mark.parametrize("share", [0.2, 0.6, 1.0])
def test_pairs_are_different_and_small_sizes_complete(count: int, share: float) -> None:
    most = 2 ** (count - 1) - 1
    wanted = max(1, min(int(share * most), 300))
    pairs = kernel_pairs(wanted, count, 0)
    assert len(pairs.coalitions) == wanted
    assert len(pairs.both().unique(dim=0)) == 2 * wanted
    sizes = pairs.coalitions.sum(1)
    assert int(sizes.min()) >= 1
    assert int(sizes.max()) <= count // 2
    for size in sizes.unique().tolist():
        here = sizes == size
        limit = math.comb(count, size) // (2 if 2 * size == count else 1)
        assert bool(pairs.sampled[here].all() if int(here.sum()) < limit else (~pairs.sampled[here]).all())
        mass = (count - 1) / (size * (count - size)) * (1 if 2 * size == count else 2)
        assert float(pairs.weights[here].sum()) == pytest.approx(mass)
    if wanted > 2 * count:
        assert int((sizes == 1).sum()) == count


def test_pairs_beyond_all_are_all() -> None:
    assert len(kernel_pairs(10_000, 6, 0).coalitions) == 2**5 - 1


@pytest.mark.parametrize(("count", "size"), [(6, 3), (6, 2), (20, 10), (20, 3)])
def test_random_subsets_are_even(count: int, size: int) -> None:
    generator = torch.Generator().manual_seed(0)
    limit = math.comb(count, size) // (2 if 2 * size == count else 1)
    drawn = torch.cat([subsets(min(8, limit), size, count, generator) for _ in range(600)])
    assert bool((drawn.sum(1) == size).all())
    shares = drawn.double().mean(0)
    if 2 * size == count:  # halves with the first component stand for the others
        assert float(shares[0]) == 1
        assert torch.allclose(shares[1:], torch.full_like(shares[1:], (size - 1) / (count - 1)), atol=0.03)
    else:
        assert torch.allclose(shares, torch.full_like(shares, size / count), atol=0.03)
