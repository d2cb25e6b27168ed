"""A game in the sense of Shapley: the value of every coalition, for the target and for every class."""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor

from auricle.components import Components
from auricle.errors import AuricleError
from auricle.methods.coalitions.table import Table

Score = Literal["logit", "probability", "log-odds"]
SCORES: tuple[Score, ...] = get_args(Score)


class Game:
    """Coalitions ``[N, K]`` in, values ``[N, Q]`` out: column 0 is the explained target, the others are the classes.

    score: what a value is: the ``logit``, the ``probability``, or its ``log-odds`` log(p / (1 - p)). The target's
    weights ``[C]`` are applied to these, so that a contrast is a difference of scores.
    """

    def __init__(self, table: Table, weights: Tensor, score: Score = "logit") -> None:
        self.table = table
        self.weights = weights.double().cpu()
        self.score = score
        ends = torch.stack([torch.ones(self.count, dtype=torch.bool), torch.zeros(self.count, dtype=torch.bool)])
        self.full, self.empty = self(ends)

    @property
    def components(self) -> Components:
        return self.table.components

    @property
    def count(self) -> int:
        """How many components there are."""
        return len(self.table.components)

    def __call__(self, coalitions: Tensor) -> Tensor:
        scores = self._scores(self.table.logits(coalitions))
        return torch.cat([(scores @ self.weights)[:, None], scores], dim=1)

    def energies(self) -> Tensor:
        """The energy of each component's sound, ``[K]``."""
        return self.components.energies()

    def _scores(self, logits: Tensor) -> Tensor:
        if self.score == "logit":
            return logits
        classifier = self.table.classifier
        if self.score == "probability":
            return classifier.probabilities(logits)
        if classifier.multi_label:
            return logits  # independent outputs: the logit is the log-odds
        if logits.shape[1] == 1:
            raise AuricleError(f"{classifier.name} has one output and no others to set it against; use score=logit")
        # log p - log(1 - p), where 1 - p is the sum of all others: exact also where p rounds to 1.
        others = [torch.cat([logits[:, :c], logits[:, c + 1 :]], 1).logsumexp(1) for c in range(logits.shape[1])]
        return logits - torch.stack(others, 1)
