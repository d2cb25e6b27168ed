"""Which vectors are kept: as many of every clip, without replacement, the same in any order."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from held_memory import held_bytes
from torch import Tensor

from auricle.concepts.sampling import Reservoir, Sampling, grid
from auricle.errors import AuricleError

KINDS = ["random", "grid", "relevance"]


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("positions", [(6, 7), (42,), ()])
def test_positions_are_distinct_and_at_most_as_many_as_asked(kind: str, positions: tuple[int, ...]) -> None:
    relevance = torch.rand(2, max(1, int(np.prod(positions))))
    for count in (1, 5, 84, 200):
        found = Sampling(positions=kind, per_clip=count).choose(relevance, positions, generator())
        assert 1 <= len(found) <= min(count, relevance.numel())
        assert len(set(found.tolist())) == len(found)
        assert found.min() >= 0
        assert found.max() < relevance.numel()
        if kind != "grid" or count >= relevance.numel():
            assert len(found) == min(count, relevance.numel())


def test_random_positions_are_all_as_likely() -> None:
    counts = np.zeros(12)
    for seed in range(2000):
        counts[Sampling(per_clip=3).choose(torch.zeros(2, 6), (6,), generator(seed))] += 1
    assert np.abs(counts / 2000 - 3 / 12).max() < 0.04  # 4 standard errors


def test_relevance_draws_in_proportion_to_its_magnitude() -> None:
    weight = torch.tensor([[0.0, -1.0, 2.0, 1.0], [0.0, -4.0, 0.0, 0.0]])
    sampling, counts = Sampling(positions="relevance", per_clip=1), np.zeros(8)
    for seed in range(4000):
        counts[sampling.choose(weight, (4,), generator(seed))] += 1
    np.testing.assert_allclose(counts / 4000, weight.abs().flatten() / 8, atol=0.032)


def test_relevance_takes_nothing_where_there_is_none() -> None:
    weight = torch.tensor([[0.0, 3.0, 0.0, -1.0]])
    sampling = Sampling(positions="relevance", per_clip=4)
    assert sampling.choose(weight, (4,), generator()).tolist() == [1, 3]
    assert len(sampling.choose(torch.zeros(1, 4), (4,), generator())) == 1  # a clip without any still gives one


@pytest.mark.parametrize(("shape", "count"), [((1, 32, 50), 20), ((3, 8, 12), 20), ((1, 1000), 20), ((40,), 20)])
def test_a_grid_has_even_distances_on_every_axis(shape: tuple[int, ...], count: int) -> None:
    found = np.array(np.unravel_index(grid(shape, count), shape))
    assert count / 2 < found.shape[1] <= count
    for places, size in zip(found, shape, strict=True):
        steps = np.diff(np.unique(places))
        if len(steps):
            assert steps.max() - steps.min() <= 1
            assert abs((places.min() + 1) - (size - places.max())) <= steps.max()  # as far from either end
    lines = [np.unique(places) for places in found]
    assert found.shape[1] == len(list(itertools.product(*lines)))


def offered(order: list[int], size: int) -> list[Tensor]:
    reservoir = Reservoir(size)
    for clip in order:
        numbers = torch.arange(10) + 10 * clip
        reservoir.offer(numbers[:, None].float(), numbers, generator=generator(clip))
    return reservoir.rows()


def test_rows_stay_together_and_do_not_depend_on_their_order() -> None:
    first, second = offered(list(range(30)), 40), offered(list(range(30))[::-1], 40)
    for vectors, numbers in (first, second):
        assert len(vectors) == len(numbers) == 40
        assert torch.equal(vectors[:, 0].long(), numbers)
    assert set(first[1].tolist()) == set(second[1].tolist())
    assert len(set(first[1].tolist())) == 40


def test_fewer_rows_than_there_is_room_for_are_all_kept() -> None:
    assert offered([0, 1], 40)[1].tolist() == list(range(20))


def test_every_row_is_as_likely() -> None:
    counts = np.zeros(50)
    for seed in range(1500):
        reservoir = Reservoir(10)
        draws = generator(seed)
        for start in range(0, 50, 5):
            reservoir.offer(torch.arange(start, start + 5), generator=draws)
        counts[reservoir.rows()[0].numpy()] += 1
    assert np.abs(counts / 1500 - 10 / 50).max() < 0.042


def test_a_reservoir_holds_little_however_much_is_offered() -> None:
    def held(clips: int) -> int:
        before, reservoir = held_bytes(), Reservoir(100)
        for clip in range(clips):
            reservoir.offer(torch.zeros(20, 50), generator=generator(clip))
        found = held_bytes() - before
        assert len(reservoir.rows()[0]) == 100
        return found

    assert held(2000) <= held(50) + 20 * 50 * 4 * 10


@pytest.mark.parametrize(
    "settings", [{"positions": "everywhere"}, {"per_clip": 0}, {"vectors": 1}, {"position": "grid"}], ids=str
)
def test_settings_that_mean_nothing(settings: dict[str, object]) -> None:
    with pytest.raises(AuricleError) as caught:
        Sampling(**settings)
    assert "\n" not in str(caught.value)
    assert next(iter(settings)) in str(caught.value)
