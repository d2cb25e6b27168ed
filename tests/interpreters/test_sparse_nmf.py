"""The factorisation itself: its objective, its constraint, its answers where they are known."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from planted_spectra import columns_of_bumps, few_codes, magnitudes
from torch import Tensor

from auricle.errors import AuricleError
from auricle.interpreters import SparseNMF, codes
from auricle.interpreters.hals import rows_in_turn
from auricle.interpreters.multiplicative import Multiplicative, factor_on_the_sphere
from auricle.interpreters.starts import first_codes

BETAS = (0, 1, 2)


def divergence(v: Tensor, model: Tensor, beta: int) -> float:
    """D_β by the book, for values above zero."""
    if beta == 2:
        return float(0.5 * (v - model).square().sum())
    if beta == 1:
        return float((torch.xlogy(v, v / model) - v + model).sum())
    return float((v / model - (v / model).log() - 1).sum())


@pytest.mark.parametrize("beta", BETAS)
@pytest.mark.parametrize("start", ["singular", "frames"])
def test_the_cost_never_rises_and_is_the_one_promised(beta: int, start: str) -> None:
    v = magnitudes() + 1e-3
    nmf = SparseNMF(components=6, beta=beta, sparsity=0.3, start=start, iterations=150, tolerance=0)
    found = nmf.fit(v)
    steps = np.diff(found.history)
    assert (steps <= 0).all()
    assert len(found.history) > 20
    floor = 1e-4 * v.mean() if beta == 0 else 0.0
    promised = divergence(v + floor, found.columns @ found.codes + floor, beta) + 0.3 * float(found.codes.sum())
    assert found.history[-1] == pytest.approx(promised, rel=1e-6)


@pytest.mark.parametrize("beta", BETAS)
def test_every_column_has_norm_one_and_nothing_is_negative(beta: int) -> None:
    found = SparseNMF(components=6, beta=beta, sparsity=0.5).fit(magnitudes())
    torch.testing.assert_close(found.columns.norm(dim=0), torch.ones(6, dtype=torch.float64))
    assert (found.columns >= 0).all()
    assert (found.codes >= 0).all()


@pytest.mark.parametrize(("beta", "loss"), [(1, "kullback-leibler"), (2, "frobenius")])
def test_without_sparsity_it_is_as_good_as_scikit_learn_from_the_same_start(beta: int, loss: str) -> None:
    from sklearn.decomposition import non_negative_factorization

    v = columns_of_bumps() @ few_codes() + 0.02 * magnitudes(40, 300)
    start = torch.rand(40, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    start = start / start.norm(dim=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs, their_codes, _ = non_negative_factorization(
            v.numpy(), W=start.numpy().copy(), H=first_codes(v, start).numpy(), n_components=5, init="custom",
            solver="mu", beta_loss=loss, max_iter=2000, tol=0,
        )  # fmt: skip
    found = SparseNMF(components=5, beta=beta, sparsity=0, iterations=2000, tolerance=0).fit(v, start=start)
    expected = divergence(v, torch.from_numpy(theirs @ their_codes), beta)
    assert divergence(v, found.columns @ found.codes, beta) <= 1.01 * expected


def test_one_update_of_codes_by_hand() -> None:
    # One column (0.6, 0.8), one frame (1, 2), h = 2, so λ = (1.2, 1.6).
    # β = 1: h ← 2 (0.6 · 1 / 1.2 + 0.8 · 2 / 1.6) / (1.4 + 0.1).
    v = torch.tensor([[1.0], [2.0]], dtype=torch.float64)
    columns = torch.tensor([[0.6], [0.8]], dtype=torch.float64)
    once = Multiplicative(v, 1, 0.1, fixed=1).sweep(columns, torch.full((1, 1), 2.0, dtype=torch.float64), guarded=True)
    assert float(once.codes) == pytest.approx(2 * 1.5 / 1.5)
    # β = 0: the root of (0.6 / 1.44 + 0.8 · 2 / 2.56) / (0.6 / 1.2 + 0.8 / 1.6 + 0.1).
    once = Multiplicative(v, 0, 0.1, fixed=1).sweep(columns, torch.full((1, 1), 2.0, dtype=torch.float64), guarded=True)
    assert float(once.codes) == pytest.approx(2 * ((0.6 / 1.44 + 1.6 / 2.56) / 1.1) ** 0.5, rel=1e-3)
    # β = 2: w·v - µ.
    best = rows_in_turn(torch.full((1, 1), 2.0, dtype=torch.float64), columns.T @ columns, columns.T @ v - 0.1)
    assert float(best) == pytest.approx(0.6 + 1.6 - 0.1)


def test_the_update_of_columns_follows_the_gradient_through_the_norm() -> None:
    """Where the factor is above one, the cost of normalised columns falls with that value, and the other way round."""
    generator = torch.Generator().manual_seed(0)
    v, raw = (torch.rand(6, n, generator=generator, dtype=torch.float64) + 0.1 for n in (9, 2))
    h = torch.rand(2, 9, generator=generator, dtype=torch.float64) + 0.1
    columns = (raw / raw.norm(dim=0)).requires_grad_()
    model = columns / columns.norm(dim=0) @ h
    (gradient,) = torch.autograd.grad((torch.xlogy(v, v / model) - v + model).sum(), columns)
    columns = columns.detach()
    more, less = (v / model.detach()) @ h.T, h.sum(1).expand(6, 2)
    factor = factor_on_the_sphere(columns, more, less)
    assert ((factor > 1) == (gradient < 0)).all()


@pytest.mark.parametrize("beta", BETAS)
def test_planted_columns_are_found(beta: int) -> None:
    planted = columns_of_bumps()
    v = planted @ few_codes() + 1e-3
    found = SparseNMF(components=5, beta=beta, sparsity=0.01, iterations=500, tolerance=1e-6).fit(v)
    alike = planted.T @ found.columns
    assert sorted(alike.argmax(1).tolist()) == list(range(5))
    assert float(alike.max(1).values.min()) > 0.98


@pytest.mark.parametrize("beta", BETAS)
def test_codes_of_known_columns_are_found(beta: int) -> None:
    planted, h = columns_of_bumps(), few_codes(frames=60)
    h[:, 7] = 0
    found = codes(planted @ h, planted, beta=beta, iterations=3000)
    torch.testing.assert_close(found, h, atol=0.02, rtol=0.02)
    assert not found[:, 7].any()


def test_sparser_codes_for_a_higher_price() -> None:
    v = magnitudes()
    few, fewer = (SparseNMF(components=6, beta=2, sparsity=each).fit(v).codes for each in (0.0, 3.0))
    assert float((fewer == 0).double().mean()) > float((few == 0).double().mean()) + 0.1


def test_a_seed_gives_the_same_columns_again_and_another_one_others() -> None:
    v = magnitudes()
    first, again, other = (SparseNMF(components=4, start="frames", seed=each).fit(v).columns for each in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.allclose(first, other)


@pytest.mark.parametrize("beta", [1, 2])
def test_a_warm_start_begins_where_the_other_ended(beta: int) -> None:
    v = magnitudes()
    nmf = SparseNMF(components=4, beta=beta, iterations=300, tolerance=1e-5)
    found = nmf.fit(v)
    again = nmf.fit(v, start=found.columns)
    cold = nmf.fit(v, start=torch.rand(30, 4, dtype=torch.float64))
    assert again.history[5] < cold.history[5]
    assert again.history[-1] == pytest.approx(found.history[-1], rel=5e-3)


@pytest.mark.parametrize("beta", BETAS)
def test_fixed_columns_stay_and_come_first(beta: int) -> None:
    planted = columns_of_bumps()
    v = planted @ few_codes() + 1e-3
    nmf = SparseNMF(components=3, beta=beta, sparsity=0.01, iterations=500, tolerance=1e-6)
    found = nmf.fit(v, fixed=planted[:, :2])
    assert torch.equal(found.columns[:, :2], planted[:, :2])
    assert (np.diff(found.history) <= 0).all()
    assert float((planted[:, 2:].T @ found.columns[:, 2:]).max(1).values.min()) > 0.95


@pytest.mark.parametrize("beta", BETAS)
@pytest.mark.parametrize(("frames", "components"), [(1, 1), (1, 4), (3, 8)])
def test_more_components_than_frames(beta: int, frames: int, components: int) -> None:
    v = magnitudes(12, frames) + 0.1
    found = SparseNMF(components=components, beta=beta, sparsity=0, iterations=500, tolerance=0).fit(v)
    assert found.columns.shape == (12, components)
    torch.testing.assert_close(found.columns @ found.codes, v, rtol=0.05, atol=0.05)


@pytest.mark.parametrize(
    ("v", "said"),
    [
        (torch.zeros(5, 4), "zero everywhere"),
        (torch.tensor([[1.0, float("nan")]]), "1 values of NaN or infinity"),
        (-torch.ones(5, 4), "negative values.*not decibels"),
        (torch.ones(5), "shape \\(5,\\)"),
        (torch.ones(5, 0), "shape \\(5, 0\\)"),
        (torch.ones(5, 4, dtype=torch.int64), "int64"),
    ],
)
def test_what_cannot_be_factorised_is_told(v: Tensor, said: str) -> None:
    with pytest.raises(AuricleError, match=said):
        SparseNMF(components=2).fit(v)


def test_other_bad_input_is_told() -> None:
    v = torch.rand(5, 4)
    with pytest.raises(AuricleError, match="beta=3"):
        SparseNMF(beta=3)  # type: ignore[arg-type]
    with pytest.raises(AuricleError, match=r"give \[5, 2\]"):
        SparseNMF(components=2).fit(v, start=torch.rand(5, 3))
    with pytest.raises(AuricleError, match="same frequencies"):
        codes(v, torch.rand(6, 2))
    with pytest.raises(AuricleError, match="columns have negative"):
        codes(v, -torch.rand(5, 2))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("beta", BETAS)
def test_a_gpu_finds_as_good_a_solution(beta: int) -> None:
    v = magnitudes().float()
    nmf = SparseNMF(components=6, beta=beta)
    here, there = nmf.fit(v), nmf.fit(v.cuda())
    assert there.columns.is_cuda
    assert there.history[-1] == pytest.approx(here.history[-1], rel=0.05)
