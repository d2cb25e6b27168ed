"""Shapley values from few pairs of coalitions: the odd part of the game, learned with its interactions.

With ±1 for present and absent, a game is a sum of products of components: v(z) = Σ_T c_T Π_{j ∈ T} z_j. Products of an
even number of components do not change when all signs do, and add nothing to any Shapley value; a coalition and its
complement cancel them: (v(S) - v(S̄)) / 2 holds the odd ones only. Each odd product gives 2 c_T / |T| to each of its
components. The least-squares line of KernelSHAP knows the products of one component; here those of three, five, …
are known too, by a Gaussian process that goes through every value:

    var c_T ∝ Π_{j ∈ T} ρ a_j,    k(z, z') = Σ_{|T| odd} Π_{j ∈ T} ρ a_j z_j z'_j ∝ sinh(Σ_j artanh(ρ a_j) z_j z'_j).

ρ says how strong interactions are, and a_j that strong components take part in strong ones; both are chosen by the
likelihood of the values. As the coalitions become all, the values become exact. The posterior's standard deviation
is the standard error: the cost of what was not asked, if the game is as regular there as where it was.

Pairs hold the odd part: Fumagalli, Witter & Musco 2026, PolySHAP. Integrals by Gaussian processes: O'Hagan 1991,
Bayes-Hermite quadrature.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from auricle.methods.coalitions.samplers import Pairs
from auricle.methods.coalitions.shapley import constrained, settled

STRENGTHS = (0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.97)
"""ρ that are tried."""

LINEAR = 100.0
"""Variance of a single component's coefficient, beside 1 for all interactions together."""

JITTER = 1e-10
FLOOR = 0.03
"""The least a_j: a component that seems to do nothing may still interact."""

ENOUGH = 600
"""Pairs on which ρ and a are chosen; more make it slow and not better."""


@dataclass(frozen=True, eq=False)
class Prior:
    """How the coefficients of the odd products may vary: strength ρ and scales a ``[K]`` (the largest is 1)."""

    strength: float
    scales: Tensor

    @property
    def factors(self) -> Tensor:
        return self.strength * self.scales

    def kernel(self, z: Tensor) -> Tensor:
        """Covariance ``[P, P]`` of the odd part at ``z [P, K]``."""
        b = self.factors
        exponent, constant = (z * b.atanh()) @ z.T, 0.5 * torch.log1p(-(b**2)).sum()
        interactions = ((constant + exponent).exp() - (constant - exponent).exp()) / 2 - (z * b) @ z.T
        found = LINEAR * (z @ z.T) + interactions / self._total()
        found.diagonal().mul_(1 + JITTER)
        return found

    def towards_shapley(self, z: Tensor) -> Tensor:
        """Covariance ``[P, K]`` of the odd part with the Shapley values.

        Σ_{T ∋ i} 2/|T| Π ρ a_j z_j is an integral over the strength, exact by Gauss' rule as it is of a polynomial.
        """
        nodes, shares = np.polynomial.legendre.leggauss(z.shape[1] // 2 + 1)
        found = torch.zeros_like(z)
        for node, share in zip((nodes + 1) / 2 * self.strength, shares / 2 * self.strength, strict=True):
            plus, minus = 1 + node * self.scales * z, 1 - node * self.scales * z
            found += share * (plus.prod(1, keepdim=True) / plus + minus.prod(1, keepdim=True) / minus - 2)
        return 2 * LINEAR * z + found * self.scales * z / self._total()

    def of_shapley(self) -> Tensor:
        """Prior variance of the Shapley values, ``[K]``: Σ_{T ∋ i} 4/|T|² Π ρ a_j."""
        count = len(self.scales)
        found = []
        for i in range(count):
            sums = _symmetric(torch.cat([self.factors[:i], self.factors[i + 1 :]]))
            found.append(sum(4 / d**2 * self.factors[i] * sums[d - 1] for d in range(3, count + 1, 2)))
        return 4 * LINEAR + torch.stack([torch.as_tensor(each) for each in found]) / self._total()

    def _total(self) -> Tensor:
        return _symmetric(self.factors)[3::2].sum()


def _symmetric(factors: Tensor) -> Tensor:
    """Elementary symmetric polynomials e_0 … e_n."""
    found = torch.zeros(len(factors) + 1, dtype=torch.float64)
    found[0] = 1.0
    for factor in factors:
        found[1:] = found[1:] + factor * found[:-1]
    return found


def estimate(pairs: Pairs, values: Tensor, full: Tensor, empty: Tensor) -> tuple[Tensor, Tensor]:
    """Shapley values and their standard errors, ``[K, Q]`` each, of at least three components.

    values ``[2 P, Q]`` in the order of ``pairs.both()``. Column 0 gets scales of its own, the others share theirs.
    """
    count = pairs.coalitions.shape[1]
    z = torch.cat([torch.ones(1, count, dtype=torch.float64), 2.0 * pairs.coalitions - 1])
    half = len(pairs.coalitions)
    odd = torch.cat([(full - empty)[None], values[:half] - values[half:]]) / 2
    # A game without interactions is told exactly: the process learns only what the line leaves.
    line = torch.zeros(count, values.shape[1], dtype=torch.float64)
    spare = len(z) - count
    if spare > 0 and int(torch.linalg.matrix_rank(z)) == count:
        line = constrained(pairs.both(), values, pairs.weights.repeat(2), full, empty)
        odd = odd - z @ line / 2
    known = spare if spare > 0 and bool(line.any()) else len(z)

    first = _best(z, odd, [Prior(rho, torch.ones(count, dtype=torch.float64)) for rho in STRENGTHS])
    rough, spread = _posterior(z, odd, known, first)
    strong = ((rough + line) ** 2 + spread**2).sqrt()
    strong = strong / strong.amax(0).clamp_min(1e-300)
    priors = list(dict.fromkeys(first))
    for scales in (strong[:, 0], strong.square().mean(1).sqrt()):
        scales = (scales / scales.max().clamp_min(1e-300)).clamp_min(FLOOR)
        priors += [Prior(rho, scales) for rho in STRENGTHS]
    found, errors = _posterior(z, odd, known, _best(z, odd, priors))
    return settled(line + found, full - empty), errors


def _best(z: Tensor, odd: Tensor, priors: list[Prior]) -> list[Prior]:
    """The prior under which each column of ``odd [P, Q]`` is likeliest."""
    some = slice(0, ENOUGH) if len(z) <= ENOUGH else torch.linspace(0, len(z) - 1, ENOUGH).long()
    z, odd = z[some], odd[some]
    likelihoods = []
    for prior in priors:
        root = torch.linalg.cholesky(prior.kernel(z))
        energy = torch.linalg.solve_triangular(root, odd, upper=False).square().sum(0)
        spread = 0.5 * len(z) * (energy + 1e-300).log()
        likelihoods.append(-spread - root.diagonal().log().sum())
    return [priors[int(best)] for best in torch.stack(likelihoods).argmax(0)]


def _posterior(z: Tensor, odd: Tensor, known: int, chosen: list[Prior]) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of the Shapley values, ``[K, Q]``; ``chosen`` is one prior a column."""
    mean = torch.empty(z.shape[1], odd.shape[1], dtype=torch.float64)
    deviation = torch.empty_like(mean)
    for prior, columns in _grouped(chosen):
        root = torch.linalg.cholesky(prior.kernel(z))
        white = torch.linalg.solve_triangular(root, odd[:, columns], upper=False)
        towards = torch.linalg.solve_triangular(root, prior.towards_shapley(z), upper=False)
        mean[:, columns] = towards.T @ white
        unknown = (prior.of_shapley() - towards.square().sum(0)).clamp_min(0.0)
        scale = white.square().sum(0) / known
        deviation[:, columns] = (unknown[:, None] * scale).sqrt()
    return mean, deviation


def _grouped(chosen: list[Prior]) -> Iterator[tuple[Prior, list[int]]]:
    for prior in dict.fromkeys(chosen):
        yield prior, [column for column, each in enumerate(chosen) if each is prior]
