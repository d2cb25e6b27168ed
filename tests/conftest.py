"""What every test may ask for: the bundled classifier, its demo clips, a recording where there is one, a browser."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from threadpoolctl import threadpool_limits

from auricle import demo
from auricle.classifier import Classifier
from auricle.clip import Clip, load_clip
from auricle.models import load_classifier

FSDD = Path(__file__).parents[1] / "../shared/data/fsdd/recordings"

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
SWITCHES = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip

PATIENCE = 120_000
"""Milliseconds that a browser may take for one step on a busy machine; its own default is 30 s."""

SLOW = 1500
"""Seconds for a test that is marked as slow; one took more than 300 on a busy processor without AVX."""

torch.set_num_threads(1)  # the tests themselves run side by side
threadpool_limits(1)  # for what NumPy adds up, too: on each machine in the same order
os.environ["OMP_NUM_THREADS"] = "1"  # in what the tests start, too
os.environ["AURICLE_CACHE"] = tempfile.mkdtemp(prefix="auricle-tests-")  # not the user's
# Two processes that fill numba's cache at once can break it for good (numba issue 10128): each has its own.
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "alone")
os.environ["NUMBA_CACHE_DIR"] = str(Path(__file__).parents[1] / ".pytest_cache" / "numba" / WORKER)
for name in ("no_proxy", "NO_PROXY"):  # the servers that tests start are here, whatever is asked for the rest
    os.environ[name] = ",".join(filter(None, (os.environ.get(name), "127.0.0.1", "localhost")))
atexit.register(shutil.rmtree, os.environ["AURICLE_CACHE"], ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow tests that name no limit of their own get :data:`SLOW`, not the one of quick tests."""
    for item in items:
        if item.get_closest_marker("slow") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(SLOW))


@pytest.fixture(autouse=True)
def same_weights_every_time() -> None:
    """Layers that a test makes are the same in every run, in any order of tests."""
    torch.manual_seed(1)


@pytest.fixture(scope="session")
def digits() -> Classifier:
    return load_classifier("digits")


@pytest.fixture(scope="module", autouse=True)
def nothing_remembered(digits: Classifier) -> None:
    """What a file finds does not depend on what others have asked ``digits`` before."""
    digits.remembered.clear()


@pytest.fixture(scope="session")
def clips() -> list[Clip]:
    return [load_clip(path) for path in demo.clips()]


@pytest.fixture(scope="session")
def heard(digits: Classifier, clips: list[Clip]) -> torch.Tensor:
    """The demo clips as the bundled classifier hears them, ``[5, n]``."""
    return torch.cat([digits.windows(clip).samples for clip in clips])


@pytest.fixture(scope="session")
def fsdd() -> Clip:
    path = FSDD / "7_jackson_0.wav"
    if not path.exists():
        pytest.skip(f"{path} is not there; FSDD's recordings are needed for this test")
    return load_clip(path)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """One Chromium for all tests: Playwright cannot be started twice."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if BROWSER is None:
        pytest.skip("no Chromium found (chromium, chromium-browser or google-chrome); install one to test the page")
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=BROWSER, args=SWITCHES, timeout=PATIENCE)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def new_window(browser: Any) -> Callable[..., Any]:
    """Makes a browser context, which the caller closes; its steps may take :data:`PATIENCE`."""

    def made(**settings: Any) -> Any:
        context = browser.new_context(**settings)
        context.set_default_timeout(PATIENCE)
        return context

    return made
