"""What every measured column is called on the site, what it means, and which end is better."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from auricle.metrics.registry import METRICS
from auricle.study.tables.columns import HIGHER_IS_BETTER

PLAIN = {
    "p_original": ("whole sound", "probability of the true class when the model hears the whole sound"),
    "p_relevant": ("relevant only", "probability of the true class when the model hears the relevant part alone"),
    "p_random": ("random only", "probability of the true class when it hears random parts of the same "
        "sizes alone, on average"),
    "p_removed": ("relevant removed", "probability of the true class when the relevant part is taken out of the sound"),
    "relevant-random": ("relevant − random", "how much more the relevant part tells the model than "
        "random parts of the same sizes"),
    "area": ("area", "share of the clip's plane of frequency and time that lies in a region"),
    "loc_mass": ("mass inside", "share of the positive relevance that lies where the true cause is"),
    "loc_hit": ("pointing game", "whether the strongest relevance lies where the true cause is"),
    "loc_iou": ("region IoU", "overlap of the region with the place of the true cause: 0 none, 1 the same"),
    "loc_auc": ("place AUC", "how well relevance tells places of the true cause from all others; 0.5 is chance"),
    "loc_rank": ("rank accuracy", "share of the K highest cells that are the true cause's, which has K"),
    "loc_area": ("chance", "share of the plane that the true cause fills: what relevance spread evenly "
        "would have inside"),
    "loc_energy_mass": ("loudness: mass", "share of the sound's energy where the true cause is: what "
        "showing the loudest places would have"),
    "loc_energy_hit": ("loudness: hit", "whether the loudest place lies where the true cause is"),
    "stability": ("stability", "rank correlation of the map with that of the clip under a little noise; 1 is stable"),
    "sanity": ("sanity", "rank correlation of the map with that of a network of random weights; near 0 "
        "is good, because relevance must depend on what was learnt"),
}  # fmt: skip
CONTROLLED = {
    "random": "the same for a random mask of equal area",
    "energy": "the same for a mask of the loudest places",
    "everything": "the same when everything is kept",
}


def word(name: str) -> dict[str, Any]:
    """A column's ``title``, ``tip`` and ``better`` (1: higher, -1: lower, 0: neither).

    >>> word("p_relevant_held")["title"], word("AD")["better"], word("AD random")["better"]
    ('relevant only, level held', -1, 0)
    """
    if name in METRICS:
        facts = METRICS[name]
        unit = f", in {facts.unit}" if facts.unit else ""
        return {"title": name, "tip": f"{facts.title}: {facts.meaning}{unit}", "better": _sign(name)}
    if name.endswith("_held"):
        plain = word(name.removesuffix("_held"))
        return {
            **plain,
            "title": f"{plain['title']}, level held",
            "tip": f"{plain['tip']}; at the level that it has within the whole sound",
        }
    if is_control(name):
        first, _, control = name.rpartition(" ")
        return {"title": name, "tip": f"{METRICS[first].title}: {CONTROLLED[control]}", "better": 0}
    title, tip = PLAIN.get(name, (name, ""))
    return {"title": title, "tip": tip, "better": _sign(name)}


def is_control(name: str) -> bool:
    """Whether a column is that of a mask which knows nothing.

    >>> is_control("AD random"), is_control("p_random")
    (True, False)
    """
    first, _, control = name.rpartition(" ")
    return control in CONTROLLED and first in METRICS


def words(names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Of several columns."""
    return {name: word(name) for name in names}


def _sign(name: str) -> int:
    return {True: 1, False: -1, None: 0}[HIGHER_IS_BETTER.get(name)]
