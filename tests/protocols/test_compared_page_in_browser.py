"""The page of a comparison in a headless Chromium: it fits, and what each explainer keeps can be played."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from low_and_high import Masking, Pointing, choice

from auricle.protocols import compare, scenes, summarise
from auricle.report.compared.page import write_compared_page

FACTS = {
    "protocol": "overlap",
    "summary": "two clips at once",
    "source": "a paper",
    "model": "two bands",
    "data": "tones",
    "split": "all clips",
    "explain": "predicted",
    "multi_label": False,
    "methods": {"a/very/long/folder/of/a/mask:mask": "masking", "right": "pointing"},
}


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compared")
    chosen = choice(folder)
    methods = {"a/very/long/folder/of/a/mask:mask": Masking(), "right": Pointing()}
    found = compare(chosen.classifier, scenes(chosen, "overlap", limit=3), methods, legacy=True)
    return write_compared_page(folder / "out", found, summarise(found.rows), FACTS)


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1200, "light")])
def test_the_page_fits_and_its_sounds_play(page: Path, new_window: Any, width: int, scheme: str) -> None:
    window = new_window(viewport={"width": width, "height": 900}, color_scheme=scheme).new_page()
    complaints: list[str] = []
    window.on("console", lambda each: complaints.append(each.text) if each.type == "error" else None)
    window.on("pageerror", lambda each: complaints.append(str(each)))
    window.goto(page.as_uri())
    assert window.evaluate("document.documentElement.scrollWidth") <= width
    lengths = window.evaluate(
        """Promise.all([...document.querySelectorAll('audio')].map((sound) => new Promise((done) => {
          sound.addEventListener('loadedmetadata', () => done(sound.duration));
          sound.addEventListener('error', () => done(-1));
          sound.preload = 'auto';
          sound.load();
        })))"""
    )
    assert len(lengths) == 3 * 8
    assert all(each == pytest.approx(0.5, abs=0.01) for each in lengths)
    assert window.locator("tbody.control tr").count() >= 5
    assert window.locator("td.best").count() >= 1
    assert not complaints
    window.context.close()
