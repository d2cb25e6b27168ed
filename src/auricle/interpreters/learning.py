"""Learning a dictionary from clips, however many there are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import torch
from torch import Tensor

from auricle.clip import Clip
from auricle.errors import AuricleError
from auricle.frontends.grid import STFT
from auricle.frontends.listening import spectrum_of
from auricle.interpreters.dictionary import Dictionary, Domain, in_domain
from auricle.interpreters.online import fit_batches
from auricle.interpreters.sparse_nmf import SparseNMF


def learn_dictionary(
    clips: Iterable[Clip],
    *,
    grid: STFT,
    sample_rate: int,
    nmf: SparseNMF | None = None,
    domain: Domain = "log1p",
    group: str = "all",
    beside: Dictionary | None = None,
    frames: int = 8192,
    device: str = "cpu",
    on_clip: Callable[[Clip], None] | None = None,
) -> Dictionary:
    """A dictionary with columns of one ``group``, from clips that are heard once, one after the other.

    grid: STFT; it is centred for this, as for listening. nmf: how columns are learnt, and how many (100 by default).
    domain: they add up to |X| or to log(1 + |X|). beside: columns that are there already, such as those of noise, which
    need not be learnt again; `joined` puts both side by side. frames: how many are factorised at a time, which bounds
    memory. on_clip is told of each clip that was heard.

    Give clips in random order where there are more frames than one batch holds. Silent frames are left out. Raises
    `AuricleError` if there are no clips, or no sound in them.
    """
    grid = grid.centred()
    nmf = nmf or SparseNMF()
    if beside is not None:
        beside.check(grid, sample_rate)
        if beside.domain != domain:
            raise AuricleError(f"beside is a dictionary of {beside.domain}, and this one is of {domain}; take the same")
    fixed = None if beside is None else beside.columns.to(device)
    batches = _batches(clips, grid, sample_rate, domain, frames, device, on_clip)
    found = fit_batches(nmf, batches, fixed=fixed)
    columns = found.columns[:, -nmf.components :].cpu()
    return Dictionary(columns, (group,) * nmf.components, grid, sample_rate, domain, nmf, tuple(found.history))


def _batches(
    clips: Iterable[Clip],
    grid: STFT,
    sample_rate: int,
    domain: Domain,
    frames: int,
    device: str,
    on_clip: Callable[[Clip], None] | None,
) -> Iterator[Tensor]:
    """Values ``[F, frames]``; the last batch may hold up to twice as many, so that none is tiny."""
    waiting: list[Tensor] = []
    for clip in clips:
        samples = torch.tensor(clip.mono(sample_rate), device=device)
        values = in_domain(spectrum_of(samples, grid).abs(), domain)
        waiting.append(values[:, values.any(0)])
        if on_clip is not None:
            on_clip(clip)
        while sum(each.shape[1] for each in waiting) >= 2 * frames:
            together = torch.cat(waiting, 1)
            yield together[:, :frames]
            waiting = [together[:, frames:]]
    if sum(each.shape[1] for each in waiting):
        yield torch.cat(waiting, 1)
