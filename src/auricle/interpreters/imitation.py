"""How well scores imitate a classifier: the loss that makes them do so, and the figures that tell."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from auricle.errors import AuricleError
from auricle.interpreters.heard import Heard

RANKS = (1, 3, 5)


def imitation_loss(scores: Tensor, heard: Heard) -> Tensor:
    """Cross-entropy between what the classifier says and what scores ``[B, C]`` say, both as probabilities; with
    several labels the mean binary cross-entropy of clips and classes. Raises `AuricleError` for values."""
    classifier = heard.classifier
    if classifier.outputs == "values":
        raise AuricleError(
            f"{classifier.name} gives values, not classes, which this interpreter cannot imitate; use lrp or ig"
        )
    if classifier.multi_label:
        return F.binary_cross_entropy_with_logits(scores, heard.probabilities)
    return F.cross_entropy(scores, heard.probabilities)


def imitation_figures(scores: Tensor, heard: Heard) -> dict[str, Tensor]:
    """Clip by clip ``[B]``: whether the classifier's class is among the 1, 3 and 5 highest scores (top-k fidelity).

    With several labels: ``agreement``, the share of labels about which both decide alike, and ``overlap``, how many of
    those that either finds both find (NaN where neither finds any).
    """
    if heard.classifier.multi_label:
        ours, theirs = scores >= 0, heard.logits >= 0
        both, either = (ours & theirs).sum(1), (ours | theirs).sum(1)
        return {"agreement": (ours == theirs).float().mean(1), "overlap": both / either}
    said = heard.logits.argmax(1)
    rank = (scores > scores.gather(1, said.unsqueeze(1))).sum(1)
    return {f"top_{k}": (rank < k).float() for k in RANKS if k < scores.shape[1]}
