"""A test of two clips and two methods."""

import pytest

import auricle
from auricle import demo
from auricle.listening import make_test, save_test
from auricle.methods import build

METHODS = ("input-x-gradient", "grad-cam")


@pytest.fixture(scope="session")
def words():
    return [auricle.load_clip(demo.clip(word)) for word in ("seven", "nine")]


@pytest.fixture(scope="session")
def made(digits, words):
    return make_test(words, digits, {name: build(name) for name in METHODS}, anchor=True)


@pytest.fixture(scope="session")
def saved(made, tmp_path_factory):
    folder = tmp_path_factory.mktemp("listening") / "test"
    save_test(made, folder)
    return folder


@pytest.fixture
def visit(new_window, saved):
    """Open the test in a fresh window; at the end there must be no complaint and no request to the network."""
    windows, complaints = [], []

    def open_page(*, width=1200, height=900, window=None, **settings):
        window = window or new_window(viewport={"width": width, "height": height}, **settings)
        windows.append(window)
        page = window.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: complaints.append(request.url) if _remote(request.url) else None)
        page.goto((saved / "index.html").as_uri())
        return page

    yield open_page
    for window in set(windows):
        window.close()
    assert complaints == []


def _remote(address):
    return not address.startswith(("file:", "data:", "blob:"))
