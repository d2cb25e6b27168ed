"""Does the kept part carry the decision (sufficiency), and does it fail without it (comprehensiveness)?

Conventions: ``p``, ``o`` and ``q`` are probabilities ``[..., C]`` of the original, the kept and the removed sound;
``c`` is the class explained (``[...]``, by default the original's most probable class); the result is one number per
clip ``[...]``, and the mean over clips is the published metric. AI, AD and AG are in percent.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from auricle.errors import AuricleError

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
    p: ArrayLike, o: ArrayLike, *, c: ArrayLike | None = None, legacy: bool = False
) -> np.ndarray:
    """AD: ``100 · max(0, p_c - o_c) / p_c``; lower is better (Chattopadhay et al. 2018).

    ``legacy`` first takes the softmax of both probabilities once more, as SpeechBrain and the tables of the L-MAC
    family do: with 50 classes a drop to nothing then reads 62.7 %.

    >>> average_drop([0.8, 0.2], [0.2, 0.8]).round(9).item()
    75.0
    """
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


def faithfulness(p: ArrayLike, q: ArrayLike, *, c: ArrayLike | None = None) -> np.ndarray:
    """FF: ``p_c - q_c``, what the class loses without the kept part; higher is better (Parekh et al. 2022).

    >>> faithfulness([0.9, 0.1], [0.2, 0.8]).round(9).item()
    0.7
    """
    before, without = _of_class(p, q, c)
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


def _classes(p: ArrayLike, c: ArrayLike | None) -> np.ndarray:
    return np.asarray(np.asarray(p).argmax(-1) if c is None else c)


def _of_class(p: ArrayLike, other: ArrayLike, c: ArrayLike | None) -> tuple[np.ndarray, np.ndarray]:
    first, second = np.asarray(p, dtype=np.float64), np.asarray(other, dtype=np.float64)
    if first.shape[-1] != second.shape[-1]:
        raise AuricleError(
            f"probabilities of shape {first.shape} and {second.shape} are of different classes; give the same labels"
        )
    chosen = _classes(first, c)[..., None]
    first, second = np.broadcast_arrays(first, second)
    chosen = np.broadcast_to(chosen, (*first.shape[:-1], 1))
    return np.take_along_axis(first, chosen, -1)[..., 0], np.take_along_axis(second, chosen, -1)[..., 0]


def _softmax(p: ArrayLike) -> np.ndarray:
    raised = np.exp(np.asarray(p, dtype=np.float64))
    return raised / raised.sum(-1, keepdims=True)
