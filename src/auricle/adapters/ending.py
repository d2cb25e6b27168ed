"""What a network from elsewhere does last, and so what its outputs are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from auricle.adapters.outputs import Outputs, check_outputs
from auricle.errors import AuricleError

Ending = Literal["softmax", "sigmoid", "nothing", "unknown"]


@dataclass(frozen=True)
class Reading:
    """How a network's outputs are read.

    stripped: its last softmax or sigmoid is left out, and the classifier takes it. both: its one score z stands for two
    labels, absent and present. outputs: what comes out then.
    """

    stripped: bool
    both: bool
    outputs: Outputs

    def scores(self, y: Tensor) -> Tensor:
        """One column per label; softmax of -z/2 and z/2 is the sigmoid of z."""
        return torch.cat([-y / 2, y / 2], dim=-1) if self.both else y


def reading_of(
    outputs: Outputs | None,
    ending: Ending,
    *,
    labels: Sequence[str],
    columns: int | None,
    multi_label: bool,
    name: str,
) -> Reading:
    """What is said of the outputs, or found out, of a network with so many ``columns`` (None: it does not say).

    Raises `AuricleError` where what is said cannot be, and where labels and columns are not equally many.
    """
    read: Outputs = outputs or ("probabilities" if ending in ("softmax", "sigmoid") else "logits")
    check_outputs(read, multi_label=multi_label)
    if read == "probabilities" and ending == "nothing":
        raise AuricleError(f"{name} ends without softmax or sigmoid, so its outputs are no probabilities; say logits")
    if read == "logits" and ending in ("softmax", "sigmoid"):
        raise AuricleError(f"{name} ends in a {ending}: its outputs are probabilities, not logits; leave outputs out")
    stripped = read == "probabilities" and ending in ("softmax", "sigmoid")
    both = stripped and ending == "sigmoid" and columns == 1 and len(labels) == 2 and not multi_label
    if columns not in (None, len(labels)) and not both:
        many = "1 score" if columns == 1 else f"{columns} scores"
        raise AuricleError(f"{name} gives {many}, but {len(labels)} labels were named; name one per score")
    if stripped and ending == "softmax" and multi_label:
        raise AuricleError(f"{name} ends in a softmax: one of its labels excludes the others; leave multi_label out")
    if stripped and ending == "sigmoid" and not both and not multi_label:
        raise AuricleError(
            f"{name} ends in a sigmoid, so its labels stand on their own; say so: multi_label=True (--multi-label)"
            + (", or name two labels: absent and present" if columns == 1 else "")
        )
    return Reading(stripped, both, "logits" if stripped else read)
