"""The objective of DRSA, its gradient in closed form, and steps that keep a basis orthonormal."""

from itertools import pairwise

import pytest
import torch
from planted_concepts import planted

from auricle.concepts.learners import drsa, objective
from auricle.concepts.learners.climbing import ascent, lbfgs
from auricle.concepts.learners.objective import Objective, scaled
from auricle.concepts.learners.orthogonal import RETRACTIONS, exponential_step, haar, polar, polar_step, tangent

SIZES = (2, 3, 5)


def vectors(count=300, channels=12):
    a, c = torch.randn(2, count, channels, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    return a.relu(), c + 0.3 * a


def by_hand(a, c, u, sizes, order=2.0, signed=False):
    shares = [((a @ x) * (c @ x)).sum(1) for x in u.split(list(sizes), dim=1)]
    gain = torch.stack([s.clamp_min(0).square().mean().sqrt() for s in shares]).pow(1 / order).mean() ** order
    loss = torch.stack(shares).clamp_max(0).square().mean().sqrt()
    return gain - loss if signed else gain


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("order", [1.0, 2.0, 3.0])
def test_value_and_gradient_are_those_of_the_formula(signed, order, monkeypatch):
    monkeypatch.setitem(objective.CHUNK, "cpu", 1000)  # several visits
    a, c = vectors()
    bases = haar(2, 12, 10, 3)
    value, gradient = Objective(a, c, SIZES, order, signed).value_and_gradient(bases)
    for i, u in enumerate(bases):
        u = u.clone().requires_grad_()
        expected = by_hand(a, c, u, SIZES, order, signed)
        torch.testing.assert_close(value[i], expected.detach())
        torch.testing.assert_close(gradient[i], torch.autograd.grad(expected, u)[0])


def test_value_alone_is_the_same_value():
    a, c = vectors()
    j, bases = Objective(a, c, SIZES, signed=True), haar(4, 12, 10, 0)
    torch.testing.assert_close(j(bases), j.value_and_gradient(bases)[0])


def test_nothing_depends_on_rotations_within_concepts_or_on_their_order():
    a, c = vectors()
    u = haar(1, 12, 12, 0)[0]
    turned = u @ torch.block_diag(*[haar(1, 4, 4, 7 + k)[0] for k in range(3)])
    swapped = turned[:, [4, 5, 6, 7, 8, 9, 10, 11, 0, 1, 2, 3]]
    for signed in (False, True):
        values = Objective(a, c, (4, 4, 4), signed=signed)(torch.stack([u, turned, swapped]))
        torch.testing.assert_close(values, values[:1].expand(3))


def test_a_concept_without_positive_relevance_breaks_nothing():
    a = torch.eye(4, dtype=torch.float64)
    c = torch.diag(torch.tensor([1.0, 1.0, -1.0, -1.0], dtype=torch.float64))
    value, gradient = Objective(a, c, (2, 2)).value_and_gradient(torch.eye(4, dtype=torch.float64)[None])
    # Soft minimum of √½ and 0: (½ · (½)^¼)².
    assert float(value) == pytest.approx(0.25 * 0.5**0.5, rel=1e-3)
    assert bool(gradient.isfinite().all())


def test_scaling_makes_vectors_of_one_size():
    a, c = vectors()
    for each in scaled(100 * a, 1e-3 * c):
        assert float(each.square().mean()) == pytest.approx(12**-0.5)
    # Held-out vectors are measured with the same rule as those of the fit.
    torch.testing.assert_close(scaled(a[:5], c[:5], like=(a, c))[0], scaled(a, c)[0][:5])


def test_the_first_published_step_is_the_gradient_and_the_polar_projection():
    a, c = scaled(*vectors())
    start = haar(1, 12, 12, 0)[0]
    u = start.clone().requires_grad_()
    wanted = start + torch.autograd.grad(by_hand(a, c, u, (4, 4, 4)), u)[0]
    left, _, right = torch.linalg.svd(wanted)
    path = ascent(Objective(a, c, (4, 4, 4)), start[None], polar_step, 1.0, None)
    next(path)
    torch.testing.assert_close(next(path)[0][0], left @ right)


@pytest.mark.parametrize("name", RETRACTIONS)
@pytest.mark.parametrize("directions", [5, 8])
def test_steps_stay_orthonormal_and_follow_the_tangent(name, directions):
    u = haar(2, 8, directions, 0)
    step = tangent(u, torch.randn(u.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0)))
    there = RETRACTIONS[name](u, step)
    torch.testing.assert_close(there.mT @ there, torch.eye(directions, dtype=torch.float64).expand(2, -1, -1))
    near = (RETRACTIONS[name](u, 1e-5 * step) - u) / 1e-5
    torch.testing.assert_close(near, step, atol=1e-3, rtol=1e-3)


def test_the_matrix_exponential_turns_by_the_angle_of_the_step():
    u = torch.eye(3, 1, dtype=torch.float64)
    there = exponential_step(u, torch.tensor([[0.0], [torch.pi / 6], [0.0]], dtype=torch.float64))
    torch.testing.assert_close(there[:, 0], torch.tensor([3**0.5 / 2, 0.5, 0.0], dtype=torch.float64))


def test_polar_is_the_nearest_orthonormal_basis():
    w = torch.randn(6, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    left, _, right = torch.linalg.svd(w, full_matrices=False)
    torch.testing.assert_close(polar(w), left @ right)


def test_haar_bases_favour_no_direction():
    drawn = haar(4000, 3, 2, 0)
    assert float(drawn.mean(0).abs().max()) < 0.04
    assert float((drawn.square().mean(0) - 1 / 3).abs().max()) < 0.02


def test_lbfgs_never_falls_and_rises_far_faster_than_the_published_ascent():
    a, c, _ = planted(1000)
    j, start = Objective(*scaled(a, c), (4,) * 4), haar(3, 16, 16, 0)
    values = [value for _, (_, value) in zip(range(40), lbfgs(j, start, polar_step), strict=False)]
    assert all(bool((late >= early).all()) for early, late in pairwise(values))
    published = [value for _, (_, value) in zip(range(120), ascent(j, start, polar_step, 1.0, None), strict=False)]
    assert float(values[-1].mean()) > float(published[-1].mean())


def test_batches_are_full_and_show_every_vector_once_a_round():
    batches = drsa._batches(torch.zeros(12, 2), 4, seed=0)
    assert sorted(torch.cat([next(batches) for _ in range(3)]).tolist()) == list(range(12))
    batches = drsa._batches(torch.zeros(10, 2), 4, seed=0)
    assert [len(next(batches)) for _ in range(5)] == [4] * 5
    assert len(next(drsa._batches(torch.zeros(3, 2), 4, seed=0))) == 3
