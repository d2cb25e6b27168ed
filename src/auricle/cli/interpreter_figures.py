"""What the figures of interpreters are called for people."""

from __future__ import annotations

from auricle.metrics.registry import METRICS

OF_MASKS = {"fid_in": "Fid-In", "increase": "AI", "ff": "FF", "mean_mask": "MM"}
"""Figures of interpreters that draw masks, by the metric that each is."""


def figure_title(name: str) -> str:
    """A figure's readable name.

    >>> figure_title("ff"), figure_title("top_1"), figure_title("loss")
    ('faithfulness (FF)', 'top-1 fidelity', 'loss')
    """
    from auricle.report.interpreters.page import NAMES

    if name in OF_MASKS:
        return f"{METRICS[OF_MASKS[name]].title} ({OF_MASKS[name]})"
    return NAMES.get(name, name.replace("_", " "))
