"""Photograph TensorBoard for ``docs/watch-while-you-train.md``.

    python scripts/watch_figures.py LOGS

LOGS is the folder ``logs`` that the page's ``auricle train … --watch`` wrote. The picture goes to ``docs/images``.
"""

from __future__ import annotations

import argparse
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from docs_figures import CHROMIUM_FLAGS, COLOURS, IMAGES

NAME = "watch.png"
METHOD = "lrp"
WIDTH, HEIGHT = 1160, 560


@contextmanager
def tensorboard(logs: Path) -> Iterator[str]:
    """The address of a TensorBoard that shows these logs."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["--logdir", str(logs), "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen([sys.executable, "-m", "tensorboard.main", *words], stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        while process.poll() is None:
            try:
                urllib.request.urlopen(f"{address}/data/plugin/images/tags", timeout=5).read()
                break
            except OSError:
                time.sleep(0.3)
        yield address
    finally:
        process.terminate()
        process.wait()


def photograph(logs: Path, made: Path) -> None:
    """The images of one method: the same clips, at an early epoch and at the last one."""
    from playwright.sync_api import sync_playwright

    with tensorboard(logs) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_FLAGS)
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.set_default_timeout(120_000)
        page.goto(f"{address}/#images&tagFilter={METHOD}%2F")
        page.locator("tf-image-loader img").first.wait_for()
        first = page.locator("tf-image-loader").first
        first.locator("paper-slider").focus()
        for _ in range(6):
            first.locator("paper-slider").press("ArrowLeft")
        page.wait_for_timeout(5000)
        page.screenshot(path=made)
        browser.close()


def main() -> None:
    from PIL import Image

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("logs", type=Path, help="folder of TensorBoard logs")
    logs = parser.parse_args().logs
    with tempfile.TemporaryDirectory() as place:
        photograph(logs, Path(place) / NAME)
        picture = Image.open(Path(place) / NAME).convert("RGB")
    picture.quantize(COLOURS, kmeans=2, dither=Image.Dither.NONE).save(IMAGES / NAME, optimize=True)
    print(f"{NAME}: {picture.width} x {picture.height}, {(IMAGES / NAME).stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
