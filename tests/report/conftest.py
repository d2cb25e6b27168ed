import numpy as np
import pytest
import torch
from torch import nn
from two_tones import ATTACK, tones

import auricle
from auricle.methods.shap import KernelShap
from auricle.metrics import Curve, Scores
from auricle.metrics.scores import row
from auricle.report import save


@pytest.fixture
def visit(new_window):
    """Open a file in a fresh window; at the end there must be no complaint and no request to the network."""
    windows, complaints = [], []

    def open_page(path, *, width=1200, height=900, **settings):
        window = new_window(viewport={"width": width, "height": height}, **settings)
        windows.append(window)
        page = window.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: complaints.append(request.url) if _remote(request.url) else None)
        page.goto(path.as_uri())
        page.wait_for_function("document.querySelector('.auricle').dataset.started !== undefined")
        return page

    yield open_page
    for window in windows:
        window.close()
    assert complaints == []


def _remote(address: str) -> bool:
    return not address.startswith(("file:", "data:", "blob:"))


@pytest.fixture(scope="session")
def classifier():
    return auricle.load_classifier("digits")


@pytest.fixture(scope="session")
def explanation(classifier):
    return auricle.explain(tones(), classifier, method="lrp", target="seven")


@pytest.fixture(scope="session")
def parts(classifier):
    """An explanation by parts: more of them than a page plays."""
    method = KernelShap(components="time:15", budget=200)
    return auricle.explain(tones(), classifier, method=method, target="seven")


@pytest.fixture(scope="session")
def on_samples():
    """Why a raw-waveform network decided as it did about a 44.1 kHz stereo clip."""
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv1d(1, 4, 9, stride=4), nn.ReLU(), nn.AdaptiveAvgPool1d(8), nn.Flatten(), nn.Linear(32, 3)
    )
    front = auricle.frontends.Waveform(sample_rate=8000)
    model = auricle.Classifier(
        network, frontend=front, labels=["no", "yes", "maybe"], length=auricle.Length(seconds=1.5)
    )
    return auricle.explain(tones(rate=44100, channels=2), model, method="gradient")


@pytest.fixture(scope="session")
def hostile():
    """A clip and labels whose names try to break out of every place where they are written."""
    torch.manual_seed(0)
    network = nn.Sequential(nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(16, 13))
    labels = [ATTACK, "$\\frac{1", "a & b", *"0123456789"]
    model = auricle.Classifier(network, frontend=auricle.frontends.preset("digits"), labels=labels, name=ATTACK)
    return auricle.explain(tones(name=ATTACK), model, method="gradient", target=ATTACK)


@pytest.fixture(scope="session")
def scores():
    """Scores as they might be, with a figure that is missing."""
    fractions = np.linspace(0, 1, 11)
    falling = {
        name: Curve(fractions, np.exp(-speed * fractions)) for name, speed in (("explanation", 9), ("random", 2))
    }
    rows = [
        row("AD", 2.1, {"random": 86.0, "energy": 1.0, "everything": 0.0}),
        row("COMP", 6.1, {"random": 6.1, "energy": 6.1, "everything": float("nan")}),
    ]
    sentence = "Hearing only these 9 % of the sound, the model still says seven with 0.97."
    return Scores(rows, {"deletion": falling}, sentence, {"original": 0.99}, {"steps": 10})


@pytest.fixture(scope="session")
def saved(explanation, scores, tmp_path_factory):
    return save(explanation, tmp_path_factory.mktemp("report") / "two tones", scores=scores)
