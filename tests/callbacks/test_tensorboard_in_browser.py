"""Explanations in a real TensorBoard: pictures, sounds and figures are there, and the slider goes back in time."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from small_training import annotated, classifier, train

from auricle.callbacks import ExplainLogger

SECONDS = 90
"""For TensorBoard to start, and for each thing on it to appear."""

SHOWN = """
tags => {
  const shown = [...document.querySelectorAll("scalar-card")].map(e => e.innerText.replace(/\\s+/g, ""));
  return tags.every(tag => shown.some(text => text.startsWith(tag) && /Value.*[0-9]/.test(text)));
}
"""
"""Whether there are cards of these tags, with figures on them."""


@pytest.fixture
def board(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a TensorBoard that shows three epochs of a training."""
    model = classifier()
    logger = ExplainLogger(
        model, [annotated("low", 1), annotated("high", 2)], layers=["5"], targets="true", to=tmp_path
    )
    train(model, after=logger.step)
    logger.close()
    said = tmp_path_factory.mktemp("said") / "by-tensorboard.txt"
    with said.open("w") as words:
        process = subprocess.Popen(
            [sys.executable, "-m", "tensorboard.main", "--logdir", tmp_path, "--host", "127.0.0.1", "--port", "0"],
            env={**os.environ, "CUDA_VISIBLE_DEVICES": ""}, stdout=words, stderr=words,
        )  # fmt: skip
    try:
        yield _address(said, process)
    finally:
        process.terminate()
        process.wait()


def _address(said: Path, process: subprocess.Popen[bytes]) -> str:
    """Where it is, by a port that it has found itself, as soon as it has read the logs."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until and process.poll() is None:
        found = re.search(r"at (http://127\.0\.0\.1:\d+)/", said.read_text())
        try:
            if found is not None:
                with urllib.request.urlopen(f"{found[1]}/data/runs", timeout=SECONDS) as answer:
                    if b"." in answer.read():
                        return found[1]
        except OSError:
            pass
        time.sleep(0.2)
    pytest.fail(f"TensorBoard did not start: {said.read_text()[-500:]}")


@pytest.mark.slow
def test_pictures_sounds_and_figures_are_there_and_the_slider_moves(board: str, browser: Any) -> None:
    page = browser.new_page(viewport={"width": 1300, "height": 1800})
    page.set_default_timeout(1000 * SECONDS)
    try:
        _pictures(page, board)
        _sounds(page, board)
        _figures(page, board)
    finally:
        page.close()


def _pictures(page: Any, board: str) -> None:
    page.goto(f"{board}/#images")
    page.locator("button.heading", has_text="lrp").click()  # the first two groups of tags are open, the others not
    cards = page.locator("tf-image-loader")
    cards.nth(5).locator("img").wait_for()
    assert _tags(cards) == [
        f"{method}/{clip}"
        for method in ("activation-map-5", "activation-map-5-channels", "lrp")
        for clip in ("high2", "low1")
    ]
    card = cards.nth(5)
    picture = card.locator("img")
    _drawn(picture)
    card.get_by_text("step 2").wait_for()
    last = picture.get_attribute("src")
    slider = card.locator("paper-slider")
    slider.focus()
    slider.press("ArrowLeft")
    card.get_by_text("step 1").wait_for()
    _until(lambda: picture.get_attribute("src") != last)
    _drawn(picture)


def _drawn(picture: Any) -> None:
    """Until a picture is there; TensorBoard makes a new element for each step."""
    _until(lambda: picture.evaluate("e => e.complete && e.naturalWidth === 350"))


def _until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < until
        time.sleep(0.1)


def _sounds(page: Any, board: str) -> None:
    page.goto(f"{board}/#audio")
    page.reload()
    cards = page.locator("tf-audio-loader")
    cards.nth(5).locator("audio").wait_for()
    assert _tags(cards) == [
        "clip/high2", "clip/low1", "lrp/high2/kept", "lrp/high2/removed", "lrp/low1/kept", "lrp/low1/removed"
    ]  # fmt: skip
    player = cards.nth(4).locator("audio").element_handle()
    page.evaluate("e => { e.preload = 'auto'; e.load(); }", player)
    page.wait_for_function("e => Math.abs(e.duration - 0.5) < 0.01", arg=player)


def _figures(page: Any, board: str) -> None:
    page.goto(f"{board}/#timeseries")
    page.reload()
    page.locator("scalar-card").first.wait_for()
    page.get_by_role("combobox", name="Filter tags (regex)").fill("in-events|similarity")
    page.wait_for_function(SHOWN, arg=["in-events/lrp", "in-events/lrp-by-chance", "similarity/lrp"])


def _tags(cards: Any) -> list[str]:
    return [card.evaluate("e => e.tag") for card in cards.all()]
