"""Explanations at the edge: of nothing, of broken numbers, of the shortest sound."""

import json
from dataclasses import replace

import numpy as np
import pytest

import auricle
from auricle.report import page, plot
from auricle.report.plot import png


@pytest.mark.parametrize("value", [0.0, np.nan, np.inf])
def test_empty_or_broken_relevance_is_still_shown(explanation, visit, tmp_path, value):
    relevance = np.array(explanation.relevance)
    relevance[:] = value
    broken = replace(explanation, relevance=relevance)
    assert png(plot(broken))
    path = tmp_path / "broken.html"
    path.write_text(page(broken, None, explanation.sounds()))
    window = visit(path)
    data = json.loads(window.locator("script[data-auricle]").text_content())
    assert data["maps"][0]["strongest"] == 1.0


def test_the_shortest_sound(classifier, visit, tmp_path):
    clip = auricle.Clip(0.1 * np.sin(np.arange(100)), 8000, "click")
    explanation = auricle.explain(clip, classifier, method="gradient")
    assert png(plot(explanation))
    path = tmp_path / "click.html"
    path.write_text(page(explanation))
    window = visit(path)
    window.keyboard.press("End")
    window.keyboard.press("2")
    window.wait_for_function("document.querySelector('[role=status]').textContent === 'Paused: kept'")
