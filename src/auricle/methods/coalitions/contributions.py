"""What each component contributed, and what is needed to judge it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from auricle.components import Components
from auricle.methods.base import Attribution, Check
from auricle.methods.coalitions.table import Table


@dataclass(frozen=True, eq=False)
class Contributions:
    """Weights of the components of one clip.

    weights, errors: ``[K, 1 + C]`` (float64), column 0 for the target, the others for every class; errors are standard
    errors, or None. full, empty: the scores ``[1 + C]`` with everything present and absent. additive: whether the
    weights promise to sum to their difference. forwards: rows the network heard for it. tables: to ask more.
    """

    components: Components
    labels: tuple[str, ...]
    weights: Tensor
    errors: Tensor | None
    full: Tensor
    empty: Tensor
    additive: bool
    baseline: str
    forwards: int
    checks: tuple[Check, ...]
    tables: tuple[Table, ...]

    def attribution(self) -> Attribution:
        """The target's weights laid onto hertz and seconds ``[1, F, T]``, as other methods give their relevance."""
        relevance = torch.as_tensor(self.components.paint(self.weights[:, 0].numpy()))[None]
        expected = (self.full - self.empty)[:1] if self.additive else None
        return Attribution(relevance, self.full[:1], expected=expected, baseline=self.baseline)


def dependence(weights: Tensor, names: Sequence[str]) -> Check:
    """How much the weights ``[B, K]`` depend on which of B baselines is used."""
    spread = float((weights.amax(0) - weights.amin(0)).max())
    size = float(weights.mean(0).abs().max())
    share = spread / size if size > 0 else float("inf")
    tops = weights.argmax(1)
    same = bool((tops == tops[0]).all())
    kinds = ", ".join(names)
    text = (
        f"Between the baselines ({kinds}) a component's weight changes by up to {100 * share:.0f} % of the largest "
        f"weight, and the most important component is {'the same' if same else 'not the same'}."
    )
    return Check("baseline dependence", share, None if same and share < 1 else False, text)
