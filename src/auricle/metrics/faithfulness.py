"""Does the kept part carry the decision (sufficiency), and does it fail without it (comprehensiveness)?

Conventions: ``p``, ``o`` and ``q`` are probabilities ``[..., C]`` of the original, the kept and the removed sound;
``c`` is the class explained (``[...]``, by default the original's most probable class); the result is one number per
clip ``[...]``, and the mean over clips is the published metric. AI, AD and AG are in percent. Of independent labels
(multi-label) probabilities are sigmoids, and each class that the model finds (p_c ≥ ½) is a case of its own.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from auricle.errors import AuricleError

Of = Literal["probability", "logit"]
TINY = 1e-10
"""Keeps a quotient finite, as in the published code."""


def average_increase(p: ArrayLike, o: ArrayLike, *, c: ArrayLike | None = None) -> np.ndarray:
    """AI: ``100 · 1[o_c > p_c]``; higher is better (Chattopadhay et al. 2018).

    >>> average_increase([0.6, 0.4], [0.7, 0.3]).item()
    100.0
    """
    before, after = _of_class(p, o, c)
    return 100.0 * (after > before)


def average_drop(
    p: ArrayLike, o: ArrayLike, *, c: ArrayLike | None = None, legacy: bool = False, multi_label: bool = False
) -> np.ndarray:
    """AD: ``100 · max(0, p_c - o_c) / p_c``; lower is better (Chattopadhay et al. 2018).

    ``legacy`` first takes the softmax of both probabilities once more, as SpeechBrain and the tables of the L-MAC
    family do: with 50 classes a drop to nothing then reads 62.7 %. With ``multi_label``, independent labels, there is
    no published variant, and it is refused.

    >>> average_drop([0.8, 0.2], [0.2, 0.8]).round(9).item()
    75.0
    """
    if legacy and multi_label:
        raise AuricleError(
            "the published average drop takes a softmax over all classes, which independent labels do not have; "
            "measure it without legacy"
        )
    if legacy:
        c = _classes(p, c)
        p, o = _softmax(p), _softmax(o)
    before, after = _of_class(p, o, c)
    return 100.0 * np.maximum(before - after, 0.0) / np.maximum(before, TINY)


def average_gain(p: ArrayLike, o: ArrayLike, *, c: ArrayLike | None = None) -> np.ndarray:
    """AG: ``100 · max(0, o_c - p_c) / (1 - p_c)``; higher is better (Zhang et al. 2024).

    >>> average_gain([0.6, 0.4], [0.8, 0.2]).round(9).item()
    50.0
    """
    before, after = _of_class(p, o, c)
    return 100.0 * np.maximum(after - before, 0.0) / np.maximum(1.0 - before, TINY)


def faithfulness(
    p: ArrayLike, q: ArrayLike, *, c: ArrayLike | None = None, of: Of = "probability"
) -> np.ndarray:
    """FF: ``p_c - q_c``, what the class loses without the kept part; higher is better (Parekh et al. 2022).

    ``of``: what p and q are. Listen to Interpret takes logits and the median over clips (`bootstrap.median`), the
    L-MAC family probabilities and the mean; only the latter lie within -1 and 1, whatever the model. PIQ and AMT call
    ``p_c - o_c`` faithfulness, what is lost with the kept part *alone*, of which less is better: pass o for q.

    >>> faithfulness([0.9, 0.1], [0.2, 0.8]).round(9).item()
    0.7
    >>> faithfulness([4.0, -1.0], [1.5, 0.0], of="logit").item()
    2.5
    """
    if of not in get_args(Of):
        raise AuricleError(f'the faithfulness of "{of}" is not known; known: {", ".join(get_args(Of))}')
    before, without = _of_class(p, q, c)
    outside = np.maximum(np.abs(before - 0.5), np.abs(without - 0.5)).max(initial=0.0) > 0.5 + 1e-6
    if of == "probability" and outside:
        raise AuricleError('values outside 0 to 1 are no probabilities; say of="logit" if they are logits')
    return before - without


def fidelity_in(
    p: ArrayLike, o: ArrayLike, *, c: ArrayLike | None = None, multi_label: bool = False
) -> np.ndarray:
    """Fid-In: ``1[argmax o = c]``, the kept part alone is named as the class (Paissan et al. 2024).

    With ``multi_label``, where several classes may be present, ``1[o_c >= 1/2]``.

    >>> fidelity_in([0.9, 0.1], [0.6, 0.4]).item()
    1.0
    """
    chosen = _classes(p, c)
    if multi_label:
        return (_of_class(p, o, chosen)[1] >= 0.5).astype(np.float64)
    return (np.asarray(o).argmax(-1) == chosen).astype(np.float64)


def legacy_in_domain(values: ArrayLike) -> float:
    """Σ values / 2N: the mean over N clips as the in-domain tables of L-MAC very probably have it, half of what it is.

    Their evaluation divides by twice the number of clips, which is right for its two contaminated versions of each clip
    and wrong for the one version in domain. AI, AD, AG, FF, Fid-In, SPS and COMP are all halved.

    >>> legacy_in_domain([1.0, 1.0, 0.0, 1.0])
    0.375
    """
    sample = np.asarray(values, dtype=np.float64).ravel()
    if sample.size == 0:
        raise AuricleError("no clips were measured, so there is nothing to average")
    return float(sample.sum() / (2 * sample.size))


def _classes(p: ArrayLike, c: ArrayLike | None) -> np.ndarray:
    return np.asarray(np.asarray(p).argmax(-1) if c is None else c)


def _of_class(p: ArrayLike, other: ArrayLike, c: ArrayLike | None) -> tuple[np.ndarray, np.ndarray]:
    first, second = np.asarray(p, dtype=np.float64), np.asarray(other, dtype=np.float64)
    if first.shape[-1] != second.shape[-1]:
        raise AuricleError(
            f"probabilities of shape {first.shape} and {second.shape} are of different classes; give the same labels"
        )
    chosen = _classes(first, c)[..., None]
    clips = np.broadcast_shapes(first.shape[:-1], second.shape[:-1], chosen.shape[:-1])
    first, second = (np.broadcast_to(each, (*clips, first.shape[-1])) for each in (first, second))
    chosen = np.broadcast_to(chosen, (*clips, 1))
    return np.take_along_axis(first, chosen, -1)[..., 0], np.take_along_axis(second, chosen, -1)[..., 0]


def _softmax(p: ArrayLike) -> np.ndarray:
    raised = np.exp(np.asarray(p, dtype=np.float64))
    return raised / raised.sum(-1, keepdims=True)
