"""Occlusion: how much the score falls when one part of the sound is taken out."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from auricle.components import Kind, Patch, kind_of
from auricle.components.base import Component
from auricle.components.scales import Scales
from auricle.errors import AuricleError
from auricle.methods.base import Check
from auricle.methods.coalitions.game import Game
from auricle.methods.coalitions.method import CoalitionMethod, Weighed
from auricle.methods.coalitions.searching import search
from auricle.settings import settings


@dataclass(frozen=True, kw_only=True, config=settings)
class Occlusion(CoalitionMethod):
    """The fall of the score when one component is absent: score(all) − score(all but this one).

    Over windows that overlap, a cell's relevance is the mean over the windows that cover it. Several ``scales`` hear
    windows of the given size, twice it, four times it…, and average what each says. ``adaptive`` hears windows far
    apart first and goes on only where the strongest may lie, until none that was not heard is expected to be stronger
    than the strongest heard by more than ``tolerance``, a share of the score's whole fall, or a fifth is heard.
    """

    name: ClassVar[str] = "occlusion"
    summary: ClassVar[str] = "how much the score falls when one window or component is taken out"
    source: ClassVar[str] = "Zeiler & Fergus 2014, Visualizing and Understanding Convolutional Networks"

    takes_windows: ClassVar[bool] = True

    components: str | Kind = Field("patch:100", description="windows (patch), or any other components, one at a time")
    scales: int = Field(1, ge=1, le=8, description="window sizes that are combined, each twice the one before")
    adaptive: bool = Field(False, description="coarse first, then only where it matters")
    tolerance: float = Field(0.01, ge=0, le=1, description="of adaptive: how much stronger an unheard window may be")

    def _kind(self) -> Kind:
        kind = kind_of(self.components)
        if self.scales == 1 and not self.adaptive:
            return kind
        if not isinstance(kind, Patch):
            what = "several scales" if self.scales > 1 else "adaptive occlusion"
            raise AuricleError(f'{what} needs windows, not "{kind.text()}"; write for example components=patch:100x500')
        if self.scales > 1 and self.adaptive:
            raise AuricleError("occlusion is either adaptive or of several scales; choose one")
        return kind if self.scales == 1 else Scales(tuple(_larger(kind, 2**i) for i in range(self.scales)))

    def _weigh(self, game: Game, seed: int) -> Weighed:
        if self.adaptive:
            return _adaptive(game, self.tolerance)
        falls = fall(game, range(game.count))
        checks = []
        if self.scales > 1:
            kind = self._kind()
            assert isinstance(kind, Scales)
            checks.append(_profile(kind.sizes(game.components), falls[:, 0], game.components.each))
        return Weighed(falls, None, additive=False, checks=tuple(checks))


def _larger(kind: Patch, factor: int) -> Patch:
    hertz = None if kind.hertz is None else kind.hertz * factor
    return dataclasses.replace(kind, milliseconds=kind.milliseconds * factor, hertz=hertz)


def fall(game: Game, which: list[int] | range) -> Tensor:
    """``full - v(all but k)`` for each of the components, ``[len(which), Q]``."""
    rows = torch.ones(len(which), game.count, dtype=torch.bool)
    rows[torch.arange(len(which)), torch.as_tensor(which)] = False
    return game.full - game(rows)


def _profile(sizes: list[Tensor], falls: Tensor, each: tuple[Component, ...]) -> Check:
    """The scale profile: the largest fall at every window size, and where it is."""
    told, strongest = [], []
    for members in sizes:
        best = int(members[falls[members].argmax()])
        width = 1000 * (each[best].end - each[best].start)
        strongest.append(float(falls[best]))
        told.append(f"{width:.0f} ms: {strongest[-1]:+.3g} at {each[best].name}")
    return Check("scale profile", max(strongest), None, f"The largest fall by window size: {'; '.join(told)}.")


def _adaptive(game: Game, tolerance: float) -> Weighed:
    """The strongest windows, found without hearing all (see ``coalitions/searching.py``)."""
    whole = abs(float(game.full[0] - game.empty[0]))
    found = search(game.components.each, lambda which: fall(game, which), tolerance * whole)
    settled = found.margin <= tolerance * whole
    text = f"{len(found.heard)} of {game.count} windows were heard; what the others would say is inferred from these."
    if not settled:
        text += f" One of them may still say up to {found.margin:.2g} more than the strongest heard."
    check = Check("windows heard", len(found.heard) / game.count, None if settled else False, text)
    return Weighed(found.values, None, additive=False, checks=(check,))
