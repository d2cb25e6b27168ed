"""The shares of an explanation as a page tells them: name, colour, key and figures of each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from auricle.concepts.explained import ConceptExplanation
    from auricle.sonify import Sounds

Colour = tuple[str, str]
"""On light and on dark paper."""
PALETTE: tuple[Colour, ...] = (
    ("#00796b", "#4fc3b0"), ("#7b3fa8", "#c99af0"), ("#8a6d00", "#e0c04a"), ("#b3236d", "#ff86bd"),
    ("#4b7a1f", "#a5d46a"), ("#0e6b8f", "#6fc8ec"), ("#8b4a2f", "#dfa183"), ("#4a4fb5", "#a3a8ff"),
)  # fmt: skip
"""Colours of concepts, apart from those of relevance for and against."""
OTHER: Colour = ("#6d7178", "#9a9ea6")
"""What is no concept: the residual, and what goes around the layer."""


@dataclass(frozen=True)
class Share:
    """One share: Σ of its map (``sum``), relevance at the layer (``total``), how far the logit falls without it
    (``removed``), and the share of the sound's energy that is kept for it (``energy``); None where unknown."""

    id: str
    key: str
    name: str
    colour: Colour
    sum: float
    total: float | None
    removed: float | None
    energy: float | None

    @property
    def against(self) -> bool:
        """Whether as a whole it speaks against the class."""
        return self.sum < 0


def shares_of(explained: ConceptExplanation, sounds: Sequence[Sounds] | None = None) -> list[Share]:
    """The shares in their own order; ``sounds`` of loudness ``relevance`` tell the energy of each."""
    known = len(explained.totals)
    concepts = len(explained.concepts[explained.label])
    return [
        Share(
            id=f"concept-{k + 1}",
            key=str(k + 1) if k < 9 else "",
            name=name,
            colour=colour_of(k, concepts),
            sum=float(explained.sums[k]),
            total=float(explained.totals[k]) if k < known else None,
            removed=float(explained.removed[k]) if k < known else None,
            energy=None if sounds is None else float(sounds[k].notes["energy"]),
        )
        for k, name in enumerate(explained.names)
    ]


def colour_of(number: int, concepts: int) -> Colour:
    """The colour of share ``number``, counted from 0; those after the last concept are grey."""
    return PALETTE[number % len(PALETTE)] if number < concepts else OTHER


def alike(values: Sequence[float]) -> list[str]:
    """Figures that are read beside each other: as many decimals for all, a true minus.

    >>> alike([15.372, -0.281]), alike([0.01234, 0.5]), alike([12345.6, 2.0])
    (['15.37', '−0.28'], ['0.012', '0.500'], ['12,346', '2'])
    """
    largest = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
    power = math.floor(math.log10(largest)) if largest > 0 else 0
    decimals = 0 if power >= 3 else 2 if power >= 0 else 2 - power
    texts = [f"{value:,.{decimals}f}".replace("-", "−") for value in values]
    return [text[1:] if text.startswith("−") and not text.strip("−0.") else text for text in texts]


def equation(total: float, parts: Sequence[float]) -> str:
    """A sum and its terms.

    >>> equation(12.18, [6.1, 7.1, -1.02])
    '12.18 = 6.10 + 7.10 − 1.02'
    """
    first, *texts = alike([total, *parts])
    terms = "".join(f" − {text[1:]}" if text.startswith("−") else f" + {text}" for text in texts)
    return f"{first} ={terms[2:] if terms.startswith(' +') else terms}"
