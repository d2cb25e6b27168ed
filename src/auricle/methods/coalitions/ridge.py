"""LIME's local model: a weighted linear fit of values ``[n, Q]`` to coalitions ``[n, K]``, for all Q at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from sklearn.linear_model import Lasso, lars_path
from torch import Tensor

Selection = Literal["auto", "forward", "highest", "lasso", "none"]
Penalty = Literal["ridge", "lasso"]

FEW = 6
"""Up to so many features, ``auto`` selects by ``forward``."""

SHRUNK = 0.01
"""LIME's penalty when it looks for the highest weights."""

FOLDS = 5


def cosine_distance(coalitions: Tensor, energies: Tensor | None = None) -> Tensor:
    """1 - cosine to "all present", ``[n]``: of the bits, 1 - √(|z| / K), or of the sounds, 1 - √(Σ z_k E_k / Σ E_k).

    The latter is exact for parts that do not overlap and silence as the baseline. Of nothing the distance is 1.
    """
    shares = torch.ones(coalitions.shape[1], dtype=torch.float64) if energies is None else energies.double()
    whole = shares.sum().clamp_min(1e-300)
    return 1.0 - (coalitions.double() @ shares / whole).clamp(0.0, 1.0).sqrt()


def locality(distances: Tensor, width: float) -> Tensor:
    """LIME's kernel √exp(-D² / σ²) = exp(-D² / 2σ²).

    >>> locality(torch.tensor([0.0, 1.0]), 1.0)
    tensor([1.0000, 0.6065])
    """
    return torch.exp(-(distances**2) / (2 * width**2))


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted model: coefficients and standard errors ``[K, Q]`` (0 where not selected), intercepts ``[Q]``."""

    coefficients: Tensor
    intercepts: Tensor
    errors: Tensor

    def predict(self, coalitions: Tensor) -> Tensor:
        return coalitions.double() @ self.coefficients + self.intercepts


def fit(
    coalitions: Tensor,
    values: Tensor,
    weights: Tensor,
    *,
    alpha: float = 1.0,
    features: int | None = None,
    selection: Selection = "auto",
    penalty: Penalty = "ridge",
) -> Fit:
    """Minimise Σ w (z·β + b - v)² + α |β|², with a free intercept b, on the selected features of each column.

    With ``lasso`` it is scikit-learn's Lasso: Σ w (…)² / 2Σw + α |β|₁. Errors are the sandwich estimator's
    (White 1980): they hold though the residuals are not alike, and though the model is not linear.
    """
    count, columns = coalitions.shape[1], values.shape[1]
    found = torch.zeros(count, columns, dtype=torch.float64)
    errors = torch.zeros_like(found)
    x, y = _centred(coalitions.double(), weights), _centred(values, weights)
    chosen = select(coalitions, values, weights, features, selection)
    groups: dict[tuple[int, ...], list[int]] = {}
    for column, each in enumerate(chosen):
        groups.setdefault(tuple(sorted(each)), []).append(column)
    for group, which in groups.items():
        some = x[:, list(group)]
        gram = some.T @ (weights[:, None] * some)
        inverse = torch.linalg.pinv(gram + alpha * torch.eye(len(group), dtype=torch.float64) * (penalty == "ridge"),
                                    hermitian=True, rtol=1e-13)
        if penalty == "ridge":
            solved = inverse @ (some.T @ (weights[:, None] * y[:, which]))
        else:
            model = Lasso(alpha=alpha, tol=1e-10, max_iter=100_000)
            inputs = (coalitions[:, list(group)].double().numpy(), values[:, which].numpy(), weights.numpy())
            fits = [model.fit(inputs[0], each, sample_weight=inputs[2]).coef_.copy() for each in inputs[1].T]
            solved = torch.as_tensor(np.stack(fits, 1))
        residual = (y[:, which] - some @ solved) * weights[:, None]
        spare = max(len(x) - len(group) - 1, 1)
        deviation = ((some @ inverse).square().T @ residual.square() * (len(x) / spare)).sqrt()
        where = torch.tensor(group)[:, None], torch.tensor(which)
        found[where], errors[where] = solved, deviation
    means = weights @ coalitions.double() / weights.sum()
    return Fit(found, weights @ values / weights.sum() - means @ found, errors)


def select(
    coalitions: Tensor, values: Tensor, weights: Tensor, features: int | None, selection: Selection
) -> list[list[int]]:
    """The features of each column of values, as LIME selects them; all of them where ``features`` is None.

    forward: one by one, always the one that raises the weighted R² of an unpenalised fit most. highest: those with the
    largest coefficients in a barely penalised fit with all. lasso: those that the lasso path takes up first. auto:
    forward for up to 6, else highest.
    """
    count = coalitions.shape[1]
    if features is None or selection == "none":
        return [list(range(count))] * values.shape[1]
    if selection == "auto":
        selection = "forward" if features <= FEW else "highest"
    x, y = _centred(coalitions.double(), weights), _centred(values, weights)
    gram, pull = x.T @ (weights[:, None] * x), x.T @ (weights[:, None] * y)
    features = min(features, count)
    if selection == "highest":
        solved = torch.linalg.solve(gram + SHRUNK * torch.eye(count, dtype=torch.float64), pull)
        order = solved.abs().sort(dim=0, descending=True, stable=True).indices
        return [column.tolist() for column in order[:features].T]
    if selection == "forward":
        return [_forward(gram, each, features) for each in pull.T]
    root = weights.sqrt()[:, None]
    return [_lasso((x * root).numpy(), each, features) for each in (y * root).T.numpy()]


def _forward(gram: Tensor, pull: Tensor, features: int) -> list[int]:
    """The R² gained by a feature is pull² / its own square, once what is chosen has been taken out of both."""
    gram, pull = gram.clone(), pull.clone()
    scale = gram.diagonal().clone()
    chosen: list[int] = []
    for _ in range(features):
        left = gram.diagonal()
        gain = torch.where(left > 1e-10 * scale, pull.square() / left.clamp_min(1e-300), 0.0)
        gain[chosen] = -1.0
        best = int(gain.argmax())
        chosen.append(best)
        if float(left[best]) > 1e-10 * float(scale[best]):
            column = gram[:, best] / gram[best, best]
            pull = pull - column * pull[best]
            gram = gram - torch.outer(column, gram[best])
    return chosen


def _lasso(x: np.ndarray, y: np.ndarray, features: int) -> list[int]:
    path = lars_path(x, y, method="lasso")[2].T
    for coefficients in path[:0:-1]:
        found = np.flatnonzero(coefficients)
        if len(found) <= features:
            return [int(k) for k in found]
    return list(range(x.shape[1]))


def r_squared(values: Tensor, predicted: Tensor, weights: Tensor) -> Tensor:
    """Weighted share of the variance that is predicted, ``[Q]``; NaN where nothing varies."""
    left = weights @ (values - predicted).square()
    whole = weights @ _centred(values, weights).square()
    return torch.where(whole > 1e-24, 1 - left / whole, float("nan"))


def held_out(coalitions: Tensor, values: Tensor, weights: Tensor, *, seed: int, alpha: float, features: int | None,
             selection: Selection, penalty: Penalty) -> float:
    """Weighted R² of the first column on rows that the fit has not seen: fivefold, equal coalitions together."""
    unique, which = coalitions.unique(dim=0, return_inverse=True)
    turns = torch.randperm(len(unique), generator=torch.Generator().manual_seed(seed)) % min(FOLDS, len(unique))
    folds = turns[which]
    values = values[:, :1]
    predicted = torch.empty_like(values)
    for fold in folds.unique():
        out = folds == fold
        if bool(out.all()):
            return float("nan")
        model = fit(coalitions[~out], values[~out], weights[~out], alpha=alpha, features=features,
                    selection=selection, penalty=penalty)
        predicted[out] = model.predict(coalitions[out])
    return float(r_squared(values, predicted, weights)[0])


def _centred(values: Tensor, weights: Tensor) -> Tensor:
    return values - weights @ values / weights.sum()
