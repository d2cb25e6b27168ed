"""What is asked of vectors before a fit, and what is told of its concepts after it."""

from __future__ import annotations

import dataclasses

import torch
from torch import Tensor

from auricle.concepts.moments import Moments
from auricle.concepts.subspaces import Subspaces, sizes_of
from auricle.errors import AuricleError

NO_RELEVANCE = "relevance is zero throughout, so there is none to share out; explain targets that depend on this layer"


def check_vectors(a: Tensor, c: Tensor) -> None:
    if a.ndim != 2 or a.shape != c.shape:
        raise AuricleError(
            f"activations of shape {tuple(a.shape)} and contexts of shape {tuple(c.shape)} are not pairs of vectors; "
            "give both as [N, channels]"
        )
    for name, values in (("activations", a), ("contexts", c)):
        if not bool(values.isfinite().all()):
            raise AuricleError(f"the {name} hold NaN or infinity; leave out the clips they come from")


def check_moments(moments: Moments) -> None:
    sizes_of(1, len(moments.a))
    if moments.count < 2:
        raise AuricleError(f"subspaces cannot be found in {moments.count} vectors; collect at least 2")
    if not all(bool(each.isfinite().all()) for each in (moments.a, moments.aa, moments.cc, moments.ac)):
        raise AuricleError("the moments hold NaN or infinity; leave out the clips they come from")
    if moments.relevance == 0.0:
        raise AuricleError(NO_RELEVANCE)


def told(found: Subspaces, moments: Moments, vectors: tuple[Tensor, Tensor] | None = None) -> Subspaces:
    """The blocks in order of expected relevance, with what `Learner` promises to tell of them."""
    each = found.projectors()
    # E[aᵀ P c] = tr(P E[c aᵀ]).
    expected = torch.einsum("kij,ij->k", each, moments.ac / moments.count)
    shares = expected / abs(moments.relevance)
    order = shares[: len(found)].argsort(descending=True, stable=True).tolist()
    ordered = found.ordered(order)
    relevance = [float(shares[k]) for k in order]
    statistics = {
        **ordered.statistics,
        "relevance": relevance,
        "garbage": [place for place, share in enumerate(relevance) if share < 0.0],
        "residual": float(shares[-1]) if found.has_residual else None,
    }
    if vectors is not None:
        statistics["negative"] = _negative(ordered, *vectors)
    return dataclasses.replace(ordered, statistics=statistics)


def _negative(found: Subspaces, a: Tensor, c: Tensor) -> list[float]:
    """Σ_n [-R_nk]₊ / Σ_n |R_nk| per concept."""
    dual, basis = found.dual.to(a), found.basis.to(a)
    sums = torch.zeros(2, len(found), dtype=torch.float64)
    for part_a, part_c in zip(a.split(4096), c.split(4096), strict=True):
        both = (part_a @ dual) * (part_c @ basis)
        shares = torch.stack([block.sum(1) for block in both.split(list(found.sizes), dim=1)], 1)
        sums += torch.stack([(-shares).relu().sum(0), shares.abs().sum(0)]).to(sums)
    return (sums[0] / sums[1].clamp_min(torch.finfo(sums.dtype).tiny)).tolist()
