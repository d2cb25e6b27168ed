"""Which methods explain which kind of model: two columns of the table in ``docs/methods.md``, each cell tried."""

from __future__ import annotations

import base64
import json
import os
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch
from oracles import seeded, small_ast
from same_transformer import exported, in_keras, in_onnx
from small_programs import LABELS, LENGTH, RATE, OnSamples, classifier, made
from torch import Tensor, nn

import auricle
from auricle.classifier import Classifier
from auricle.frontends import STFT, MelSpectrogram
from auricle.inspection.trials import trials
from auricle.methods import METHODS

os.environ.setdefault("KERAS_BACKEND", "torch")
PAGE = Path(__file__).parents[2] / "docs" / "methods.md"
SAID = {"labels": LABELS, "sample_rate": RATE, "length": LENGTH}
BANDS = MelSpectrogram(
    sample_rate=RATE, stft_settings=STFT(n_fft=128, hop=80), power=2, n_mels=16, frames=(0, 24), layout="sequence"
)


class Recurrent(nn.Module):
    """``[B, 24, 16] -> [B, 3]``, without any convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.GRU(16, 8, batch_first=True)
        self.head = nn.Linear(8, 3)

    def forward(self, frames: Tensor) -> Tensor:
        heard, _ = self.layers(frames)
        return self.head(heard.mean(1))


def table() -> dict[str, tuple[str, ...]]:
    """The cells of each method; the first three columns, of transformers, are tested where the methods are."""
    said: dict[str, tuple[str, ...]] = {}
    for names, *cells in re.findall(r"^\| ([^|\n]+) \|" + r" (yes|no: [^|\n]+) \|" * 6 + "$", PAGE.read_text(), re.M):
        said |= dict.fromkeys(re.findall("`([^`]+)`", names), tuple(cells))
    return said


def expected(column: int) -> set[str]:
    return {name for name, cells in table().items() if cells[column] == "yes"}


def applies(model: Classifier) -> set[str]:
    return {each.name for each in trials(model) if each.applies}


def keras_cnn() -> Classifier:
    keras = pytest.importorskip("keras", reason="Keras is not installed")
    keras.utils.set_random_seed(0)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((2000, 1)), layers.Conv1D(6, 32, strides=16), layers.BatchNormalization(), layers.ReLU(),
            layers.GlobalAveragePooling1D(), layers.Dense(3, activation="softmax"),
        ]
    )  # fmt: skip
    return auricle.keras_classifier(model, labels=LABELS, sample_rate=RATE)


def onnx_cnn(folder: Path) -> Classifier:
    return auricle.onnx_classifier(exported(made(OnSamples, True), (1, 2000), folder / "cnn.onnx"), **SAID)


def onnx_recurrent(folder: Path) -> Classifier:
    """onnx2torch has no GRU, so this one is only asked."""
    return auricle.onnx_classifier(exported(made(Recurrent), (24, 16), folder / "gru.onnx"), **SAID, frontend=BANDS)


def scripted(folder: Path) -> Classifier:
    torch.jit.script(made(OnSamples, False)).save(str(folder / "net.pt"))
    return auricle.torchscript_classifier(folder / "net.pt", **SAID)


def program(folder: Path) -> Classifier:
    batch = torch.export.Dim("batch")
    found = torch.export.export(made(OnSamples, False), (torch.zeros(2, 2000),), dynamic_shapes=({0: batch},))
    torch.export.save(found, folder / "net.pt2")
    return auricle.exported_classifier(folder / "net.pt2", **SAID)


def fitted(folder: Path) -> Classifier:
    from sklearn.linear_model import LogisticRegression

    generator = np.random.default_rng(0)
    levels = generator.random((60, 4))
    pipeline = LogisticRegression().fit(levels, np.array(LABELS)[levels[:, :3].argmax(1)])

    def features(samples: np.ndarray) -> np.ndarray:
        return np.abs(samples.reshape(len(samples), 4, -1)).mean(2)

    return auricle.sklearn_classifier(pipeline, features=features, sample_rate=RATE, length=LENGTH)


def function(folder: Path) -> Classifier:
    network = made(OnSamples, False)

    def said(samples: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return network(torch.as_tensor(samples)).softmax(1).numpy()

    return auricle.function_classifier(said, labels=LABELS, sample_rate=RATE, length=LENGTH)


@contextmanager
def served(network: nn.Module) -> Iterator[str]:
    """The address at which a network answers."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            pass

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            samples = np.frombuffer(base64.b64decode(asked["samples"]), "<f4").reshape(asked["shape"])
            with torch.inference_mode():
                scores = network(torch.tensor(samples)).softmax(1).tolist()
            body = json.dumps({"scores": scores, "labels": LABELS}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


def test_every_method_is_in_the_table() -> None:
    assert sorted(table()) == sorted(METHODS)


def test_convolutions_in_torch_keras_and_onnx(tmp_path: Path) -> None:
    for model in (classifier(made(OnSamples, True)), keras_cnn(), onnx_cnn(tmp_path)):
        assert applies(model) == expected(3), model.name


def test_recurrent_layers() -> None:
    model = Classifier(made(Recurrent), frontend=BANDS, labels=LABELS, length=LENGTH)
    assert applies(model) == expected(4)


@pytest.mark.parametrize("opened", [scripted, program, fitted, function, onnx_recurrent])
def test_models_that_are_only_asked(opened: Callable[[Path], Classifier], tmp_path: Path) -> None:
    assert applies(opened(tmp_path)) == expected(5)


def test_a_model_behind_an_address() -> None:
    with served(made(OnSamples, False)) as address:
        assert applies(auricle.endpoint_classifier(address, sample_rate=RATE, length=LENGTH)) == expected(5)


def test_a_transformer_in_keras_and_onnx_is_as_in_torch(tmp_path: Path) -> None:
    network = seeded(small_ast).eval()
    about = {"labels": LABELS, "sample_rate": RATE, "length": LENGTH, "frontend": BANDS}
    assert applies(auricle.keras_classifier(in_keras(network), **about)) == expected(1)
    assert applies(auricle.onnx_classifier(in_onnx(network, tmp_path / "ast.onnx"), **about)) == expected(1)
