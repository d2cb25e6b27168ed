"""What there is to know of a metric before reading its number."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Needs = Literal["map", "components", "events", "plants", "interpreter", "sources"]


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A metric's declared facts: what it means, how it is computed, and who made it.

    ``higher_is_better`` is None where neither is better, and an end of ``range`` where there is none. ``settings``
    names the arguments of `measure`, or of the metric's own function, that change it.
    ``needs``: a relevance map, which every explanation has; ``components``, which methods have that remove parts of the
    sound; annotated ``events``; clips with ``plants``, causes that are known because they were put there; an
    ``interpreter`` that was trained, with classes or components of its own; or the true ``sources`` of a mixture.
    """

    name: str
    title: str
    meaning: str
    formula: str
    unit: str
    range: tuple[float | None, float | None]
    higher_is_better: bool | None
    source: str
    settings: dict[str, str] = field(default_factory=dict)
    needs: Needs = "map"

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)
