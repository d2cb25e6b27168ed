"""What a model returns: logits, probabilities, or values that are no classes."""

from __future__ import annotations

from typing import Literal, get_args

from torch import Tensor

from auricle.errors import AuricleError, nearest

Outputs = Literal["logits", "probabilities", "values"]
OUTPUTS: tuple[Outputs, ...] = get_args(Outputs)

SMALLEST = 1e-12
"""A smaller probability counts as this one, so that its logarithm is finite."""
TOLERANCE = 1e-3
"""How far probabilities may be from a sum of 1, or beyond 0 and 1."""


def check_outputs(outputs: str, *, multi_label: bool) -> None:
    """Say what is wrong with a kind of outputs."""
    if outputs not in OUTPUTS:
        raise AuricleError(f'no outputs are called "{outputs}"; {nearest(outputs, OUTPUTS)}')
    if outputs == "values" and multi_label:
        raise AuricleError("values are no classes, so they are neither multi-label nor single-label; leave that out")


def logits_of(probabilities: Tensor, *, multi_label: bool, name: str) -> Tensor:
    """``[B, C]``: logits of which softmax (sigmoid, for independent labels) gives the probabilities back.

    >>> import torch
    >>> logits_of(torch.tensor([[0.25, 0.75]]), multi_label=False, name="model").softmax(1)
    tensor([[0.2500, 0.7500]])
    """
    told = probabilities.detach().double()
    least, most = float(told.min()), float(told.max())
    if least < -TOLERANCE or most > 1 + TOLERANCE:
        wrong = least if least < -TOLERANCE else most
        raise AuricleError(
            f"{name} returned {wrong:.4g} as a probability, which must lie between 0 and 1; say outputs=logits or "
            "outputs=values if these are no probabilities"
        )
    p = probabilities.double()
    if multi_label:
        return (p.clamp_min(SMALLEST).log() - (1.0 - p).clamp_min(SMALLEST).log()).to(probabilities.dtype)
    sums = told.sum(-1)
    furthest = float(sums.flatten()[(sums - 1.0).abs().argmax()])
    if abs(furthest - 1.0) > TOLERANCE:
        raise AuricleError(
            f"{name} returned probabilities that sum to {furthest:.4g} instead of 1; say outputs=logits if they are "
            "logits, or multi-label if each label stands on its own"
        )
    return p.clamp_min(SMALLEST).log().to(probabilities.dtype)
