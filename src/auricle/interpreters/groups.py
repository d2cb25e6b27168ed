"""Columns learnt for each class by itself, with noise kept apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from auricle.errors import AuricleError
from auricle.interpreters.sparse_nmf import SparseNMF

NOISE = "noise"
"""The group of noise's columns."""


@dataclass(frozen=True, eq=False)
class Grouped:
    """columns: W ``[F, K]``. groups: K names, which group each column is of. history: costs, by group."""

    columns: Tensor
    groups: tuple[str, ...]
    history: Mapping[str, list[float]]


def fit_groups(
    frames: Mapping[str, Tensor],
    nmf: SparseNMF,
    *,
    noise: Tensor | None = None,
    noise_components: int = 10,
) -> Grouped:
    """The columns of each group's frames ``[F, T]``, ``nmf.components`` of them, one group after the other.

    Columns of ``noise`` ``[F, T]`` are learnt first; while a group's are learnt they stand beside them, fixed, so that
    no group has to spend its own on noise. They come last, as the group "noise".
    """
    if not frames:
        raise AuricleError("there are no groups to learn from; give frames by label")
    if noise is not None and NOISE in frames:
        raise AuricleError(f'a group is called "{NOISE}", as that of noise is; rename it')
    beside, columns, groups, history = None, [], list[str](), dict[str, list[float]]()
    if noise is not None:
        found = replace(nmf, components=noise_components).fit(noise)
        beside, history[NOISE] = found.columns, found.history
    for label, v in frames.items():
        try:
            found = nmf.fit(v, fixed=beside)
        except AuricleError as error:
            raise AuricleError(f'the group "{label}" cannot be learnt: {error}') from error
        columns.append(found.columns[:, -nmf.components :])
        groups += [label] * nmf.components
        history[label] = found.history
    if beside is not None:
        columns.append(beside.to(columns[0]))
        groups += [NOISE] * noise_components
    return Grouped(torch.cat(columns, 1), tuple(groups), history)
