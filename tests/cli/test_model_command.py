"""Models of every kind on the command line: a compiled one, one behind an address, one of scikit-learn."""

from __future__ import annotations

import base64
import csv
import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch
from command_line import Auricle

from auricle import load_classifier

MODULE = """
import numpy as np
from sklearn.linear_model import LogisticRegression
from auricle.adapters.scikit import sklearn_classifier

def levels(samples):
    return np.abs(samples).mean(axis=1, keepdims=True)

estimator = LogisticRegression(C=1e4).fit([[0.0], [0.01], [0.2], [0.3]], ["quiet", "quiet", "loud", "loud"])
classifier = sklearn_classifier(estimator, features=levels, sample_rate=8000)
"""
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

PARTS = ("--method", "exact-shap", "--components", "time:4", "--no-measure")
LABELS = "zero,one,two,three,four,five,six,seven,eight,nine"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the bundled network as TorchScript and as an exported program, and a module."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    digits = load_classifier("digits")
    torch.jit.script(digits.network).save(str(tmp_path / "digits.pt"))
    (tmp_path / "own_estimators.py").write_text(MODULE)
    return tmp_path


@pytest.fixture
def address() -> Iterator[str]:
    """The bundled model behind an address."""
    digits = load_classifier("digits")

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            samples = np.frombuffer(base64.b64decode(asked["samples"]), "<f4").reshape(asked["shape"])
            scores = digits.logits(torch.tensor(samples)).softmax(1)
            body = json.dumps({"scores": scores.tolist(), "labels": list(digits.labels)}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=lambda: server.serve_forever(poll_interval=0.02), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def weights(folder: Path) -> list[float]:
    """Of the parts; the map below differs for models that hear samples instead of bands."""
    told = json.loads((folder / "seven" / "explanation.json").read_text())
    assert told["prediction"]["label"] == "seven"
    with (folder / "seven" / "components.csv").open(newline="") as file:
        return [float(row["weight"]) for row in csv.DictReader(file)]


def test_compiled_and_distant_copies_are_explained_as_the_bundled_model(
    auricle: Auricle, seven: Path, folder: Path, address: str
) -> None:
    digits = load_classifier("digits")
    front = digits.frontend
    example = front(torch.zeros(2, 8000) + 0.01)
    program = torch.export.export(digits.network, (example,), dynamic_shapes=({0: torch.export.Dim.DYNAMIC},))
    torch.export.save(program, folder / "digits.pt2")
    said = ("--labels", LABELS, "--frontend", "digits", "--seconds", 1)
    ran = auricle("explain", seven, *PARTS, "--target", "seven-five", "--out", "bundled")
    assert ran.code == 0
    for model, flags in {"digits.pt": said, "digits.pt2": said, address: ("--rate", 8000, "--seconds", 1)}.items():
        ran = auricle("explain", seven, "--model", model, *flags, *PARTS, "--target", "seven-five", "--out", "copy")
        assert (ran.code, ran.complaints) == (0, []), model
        assert weights(folder / "copy") == pytest.approx(weights(folder / "bundled"), rel=1e-4)


def test_an_estimator_and_a_comparison(auricle: Auricle, seven: Path, folder: Path) -> None:
    ran = auricle("explain", seven, "--model", "own_estimators:classifier", *PARTS, "--out", "out")
    assert (ran.code, ran.complaints) == (0, [])
    flags = ("--labels", LABELS, "--frontend", "digits", "--rate", 8000, "--seconds", 1)
    methods = ("--methods", "exact-shap,occlusion", "--components", "time:4", "--no-measure")
    ran = auricle("compare", seven, "--model", "digits.pt", *flags, *methods, "--out", "both")
    assert (ran.code, ran.complaints) == (0, [])


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (("--labels", LABELS, "--frontend", "digits", "--method", "lrp"), "TorchScript hides its functions"),
        (("--labels", LABELS, "--frontend", "digit", *PARTS), 'did you mean "digits"'),
        (("--labels", LABELS, *PARTS), "say at which sample rate it hears"),
        (("--rate", 8000, *PARTS), "say what its outputs are called"),
        (("--labels", LABELS, "--rate", 8000, "--frontend", "yamnet", *PARTS), "give both the same sample rate"),
    ],
)
def test_what_does_not_fit_ends_before_the_work(
    auricle: Auricle, seven: Path, folder: Path, flags: tuple[object, ...], sentence: str
) -> None:
    ran = auricle("explain", seven, "--model", "digits.pt", *flags, "--out", "out")
    assert (ran.code, len(ran.complaints)) == (2, 1), ran
    assert sentence in ran.complaints[0]
    assert not (folder / "out").exists()


def test_a_pickle_and_an_address_where_nobody_is(auricle: Auricle, seven: Path, folder: Path) -> None:
    torch.save({}, folder / "weights.pth")
    ran = auricle("explain", seven, "--model", "weights.pth", *PARTS)
    assert (ran.code, "may run code when opened" in ran.complaints[0]) == (2, True)
    ran = auricle("explain", seven, "--model", "http://", "--rate", 8000, *PARTS)
    assert (ran.code, "is no address" in ran.complaints[0]) == (2, True)
