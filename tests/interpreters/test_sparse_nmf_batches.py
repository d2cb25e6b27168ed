"""Batches, groups and redundancy."""

from __future__ import annotations

import pytest
import torch
from planted_spectra import columns_of_bumps, few_codes, magnitudes

from auricle.errors import AuricleError
from auricle.interpreters import SparseNMF, codes, cosines, distinct, fit_batches, fit_distinct, fit_groups
from auricle.interpreters.sparse_nmf import problem_of

BETAS = (0, 1, 2)


@pytest.mark.parametrize("beta", BETAS)
def test_batches_find_nearly_what_all_frames_together_do(beta: int) -> None:
    v = columns_of_bumps() @ few_codes(frames=1200) + 0.02 * magnitudes(40, 1200) + 1e-3
    nmf = SparseNMF(components=5, beta=beta, sparsity=0.01)
    learnt = fit_batches(nmf, v.split(100, dim=1))
    costs = []
    for columns in (nmf.fit(v).columns, learnt.columns, nmf.fit(v[:, :100]).columns):
        h = codes(v, columns, beta=beta, sparsity=0.01, iterations=300)
        costs.append(problem_of(v, beta, 0.01, 5).sweep(columns, h, guarded=True).cost)
    together, in_batches, of_one_batch = costs
    assert in_batches < 1.05 * together
    assert in_batches < of_one_batch
    torch.testing.assert_close(learnt.columns.norm(dim=0), torch.ones(5, dtype=torch.float64))
    assert len(learnt.history) == 12


@pytest.mark.parametrize("beta", BETAS)
def test_batches_keep_fixed_columns_and_pass_over_silence(beta: int) -> None:
    planted = columns_of_bumps()
    v = planted @ few_codes() + 1e-3
    silence = torch.zeros(40, 10, dtype=torch.float64)
    nmf = SparseNMF(components=3, beta=beta)
    learnt = fit_batches(nmf, [silence, v[:, :150], silence, v[:, 150:]], fixed=planted[:, :2])
    assert len(learnt.history) == 2
    assert torch.equal(learnt.columns[:, :2], planted[:, :2])
    with pytest.raises(AuricleError, match="no clip sounds"):
        fit_batches(nmf, [silence])


def test_groups_learn_their_own_and_leave_noise_to_noise() -> None:
    planted, h = columns_of_bumps(), few_codes()
    noise = planted[:, :1] @ h[:1] + 1e-4
    frames = {
        "low": planted[:, :3] @ h[:3] + 1e-4,
        "high": planted[:, [0, 3, 4]] @ h[[0, 3, 4]] + 1e-4,
    }
    nmf = SparseNMF(components=2, sparsity=0.01, iterations=500, tolerance=1e-6)
    found = fit_groups(frames, nmf, noise=noise, noise_components=1)
    assert found.groups == ("low", "low", "high", "high", "noise")
    assert found.columns.shape == (40, 5)
    assert set(found.history) == {"low", "high", "noise"}
    alike = planted.T @ found.columns
    assert float(alike[0, 4]) > 0.99
    for first, columns in ((1, slice(0, 2)), (3, slice(2, 4))):
        assert float(alike[first : first + 2, columns].max(1).values.min()) > 0.97
        assert float(alike[0, columns].max()) < 0.5


def test_groups_say_what_is_wrong() -> None:
    nmf = SparseNMF(components=2)
    with pytest.raises(AuricleError, match="no groups"):
        fit_groups({}, nmf)
    with pytest.raises(AuricleError, match='"dog" cannot be learnt: V is zero'):
        fit_groups({"dog": torch.zeros(3, 4)}, nmf)
    with pytest.raises(AuricleError, match="rename"):
        fit_groups({"noise": torch.rand(3, 4)}, nmf, noise=torch.rand(3, 4))


def test_cosines_and_the_more_important_of_two_alike() -> None:
    columns = torch.tensor([[1.0, 0.0, 2.0], [0.0, 3.0, 0.2]])
    torch.testing.assert_close(cosines(columns), torch.tensor([0.0, 2 / 4.04**0.5, 0.2 / 4.04**0.5]))
    assert distinct(columns, 0.9) == [0, 1]
    assert distinct(columns, 0.9, torch.tensor([1.0, 1.0, 5.0])) == [1, 2]
    assert distinct(columns, 1.0) == [0, 1, 2]
    with pytest.raises(AuricleError, match="threshold is 0"):
        distinct(columns, 0)


def test_columns_that_say_the_same_make_room_for_others() -> None:
    v = columns_of_bumps() @ few_codes() + 0.05 * magnitudes(40, 300)
    nmf = SparseNMF(components=8, beta=2, sparsity=1.0)
    plain, found = nmf.fit(v), fit_distinct(nmf, v, 0.6)
    assert float(cosines(plain.columns).max()) > 0.6
    assert float(cosines(found.columns).max()) <= 0.6
    assert found.columns.shape[1] == found.codes.shape[0] <= 8


def test_what_cannot_differ_is_left_out() -> None:
    v = torch.ones(6, 20, dtype=torch.float64) * torch.linspace(1, 2, 20, dtype=torch.float64)
    found = fit_distinct(SparseNMF(components=4, beta=2, sparsity=0), v, 0.5)
    assert found.columns.shape[1] < 4
    torch.testing.assert_close(found.columns @ found.codes, v, rtol=0.05, atol=0.05)
