"""A start for DRSA near its best: single directions first, then which of them belong together.

J has many local maxima in which concepts have swapped a direction, and no small step leaves them. Directions alone have
few; if those of one concept are relevant at the same time, exchanging them between blocks finds the blocks (as
independent subspaces are found by way of independent components: Cardoso 1998, Szabó et al. 2007).
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from auricle.concepts.learners.climbing import lbfgs
from auricle.concepts.learners.objective import Objective
from auricle.concepts.learners.orthogonal import haar, polar_step
from auricle.concepts.learners.search import Stop, climb

STEPS = 60
PARTITIONS = 5
"""Random partitions from which directions are exchanged."""


def grouped_start(objective: Objective, seed: int) -> Tensor:
    """A basis ``[1, d, m]`` on the device of the vectors."""
    d = objective.a.shape[1]
    start = haar(1, d, d, seed).to(objective.a.device, objective.working_type)
    alone = replace(objective, sizes=(1,) * d, softmin_order=1.0, signed=False)
    basis = climb(lbfgs(alone, start, polar_step), Stop(STEPS, 1e-3, 1), None).bases[0]
    together = torch.zeros_like(basis)
    for a, c in zip(objective.a.split(8192), objective.c.split(8192), strict=True):
        shares = (a @ basis.to(a)) * (c @ basis.to(c))
        together += (shares.T @ shares).to(basis)
    order = partition(together / len(objective.a), objective.sizes, objective.softmin_order, seed)
    return basis[:, order][None, :, : sum(objective.sizes)]


def partition(together: Tensor, sizes: tuple[int, ...], softmin_order: float, seed: int) -> Tensor:
    """An order of directions ``[d]``, block after block and the residual last, from E[s_i s_j] ``[d, d]``.

    The soft minimum over blocks of √ Σ_ij∈k E[s_i s_j], which is J but for the rectifier, grows by the best exchange of
    two directions until none helps.
    """
    d, generator = len(together), torch.Generator().manual_seed(seed)
    blocks = torch.repeat_interleave(torch.arange(len(sizes) + 1), torch.tensor([*sizes, d - sum(sizes)]))
    starts = [blocks[torch.randperm(d, generator=generator)].to(together.device) for _ in range(PARTITIONS)]
    # The residual does not count.
    counts = (torch.arange(len(sizes) + 1) < len(sizes)).to(together)
    tries = [_exchanged(together, label, counts, 0.5 / softmin_order) for label in starts]
    return max(tries, key=lambda each: each[1])[0].argsort(stable=True)


def _exchanged(together: Tensor, label: Tensor, counts: Tensor, power: float) -> tuple[Tensor, float]:
    """Exchange as long as it helps: the block of each direction ``[d]``, and Σ_k (Σ_ij∈k E[s_i s_j])^power."""
    diagonal = together.diagonal()
    twice = diagonal[:, None] + diagonal[None, :] - 2 * together
    while True:
        member = torch.nn.functional.one_hot(label, len(counts)).to(together)
        with_block = together @ member
        sums = (with_block * member).sum(0).clamp_min(0)
        now = counts * sums.pow(power)
        # Where direction i leaves its block and j enters it:
        own = (sums[label] - 2 * with_block.gather(1, label[:, None])[:, 0])[:, None]
        after = (own + 2 * with_block[:, label].T + twice).clamp_min(0).pow(power)
        gain = counts[label][:, None] * after - now[label][:, None]
        gain = (gain + gain.T).masked_fill(label[:, None] == label[None, :], 0.0)
        place = int(gain.argmax())
        if float(gain.view(-1)[place]) <= 1e-9 * float(now.sum()):
            return label, float(now.sum())
        i, j = divmod(place, len(label))
        label[[i, j]] = label[[j, i]]
