"""A model behind an address is explained as the network is; what goes wrong on the way is told in a sentence."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest
import torch
from small_programs import COALITIONS, LABELS, LENGTH, RATE, OnSamples, alike, classifier, made, relevance, sound

import auricle
from auricle.adapters import posting
from auricle.adapters.endpoint import endpoint_classifier
from auricle.classifier import Classifier
from auricle.errors import AuricleError

Answer = Callable[[BaseHTTPRequestHandler, dict[str, Any]], Any]


class Server(ThreadingHTTPServer):
    """Answers each request by the next of ``answers``, the last for all that follow; ``asked`` holds the requests.

    ``over`` is set when the test is over: answers that never come wait for it.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.over = threading.Event()
        self.answers: list[Answer] = []
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # who hung up is looked at by the tests

    def says(self, *answers: Answer) -> str:
        self.answers = list(answers)
        return f"http://127.0.0.1:{self.server_port}/predict"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *args: Any) -> None:
        pass

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(asked)
        self.server.headers.append(dict(self.headers))
        answer = self.server.answers[min(len(self.server.asked), len(self.server.answers)) - 1]
        content = answer(self, asked)
        if content is None:
            return
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(posting, "FIRST_PAUSE", 0.01)
    monkeypatch.delenv(posting.TOKEN, raising=False)
    found = Server()
    thread = threading.Thread(target=lambda: found.serve_forever(poll_interval=0.02), daemon=True)
    thread.start()
    yield found
    found.over.set()
    found.shutdown()
    found.server_close()


NETWORK = made(OnSamples, False)
PATIENCE = 120.0
"""Seconds that a server in this process may take on a busy machine."""


def scores(handler: BaseHTTPRequestHandler, asked: dict[str, Any]) -> dict[str, Any]:
    """What a server does: read the samples, ask the network."""
    samples = np.frombuffer(base64.b64decode(asked["samples"]), "<f4").reshape(asked["shape"])
    assert asked["sample_rate"] == RATE
    with torch.inference_mode():
        return {"scores": NETWORK(torch.tensor(samples)).tolist(), "labels": LABELS}


def opened(url: str, **settings: Any) -> Classifier:
    said = {"sample_rate": RATE, "length": LENGTH, "outputs": "logits", "timeout": PATIENCE}
    return endpoint_classifier(url, **(said | settings))


@pytest.mark.parametrize("method", COALITIONS)
def test_it_is_explained_as_the_original(method: str, server: Server) -> None:
    copy = opened(server.says(scores))
    theirs, ours = relevance(copy, method), relevance(classifier(NETWORK), method)
    assert alike(theirs, ours)
    assert (copy.labels, copy.differentiable) == (tuple(LABELS), False)


def test_sounds_go_in_batches(server: Server) -> None:
    copy, samples = opened(server.says(scores), labels=LABELS, rows=4), torch.randn(10, 2000)
    assert server.asked == []  # labels were given, so there is nothing to ask for
    assert torch.allclose(copy.logits(samples).float(), classifier(NETWORK).logits(samples), atol=1e-6)
    assert [each["shape"] for each in server.asked] == [[4, 2000], [4, 2000], [2, 2000]]


def drops(handler: BaseHTTPRequestHandler, asked: dict[str, Any]) -> None:
    handler.connection.close()


def fails(code: int) -> Answer:
    def answer(handler: BaseHTTPRequestHandler, asked: dict[str, Any]) -> None:
        handler.send_error(code)

    return answer


@pytest.mark.parametrize("broken", [drops, fails(500), fails(503), fails(429)])
def test_what_passes_is_asked_again(broken: Answer, server: Server) -> None:
    copy = opened(server.says(broken, broken, scores), labels=LABELS)
    expected = classifier(NETWORK).predict(sound()).logits
    np.testing.assert_allclose(copy.predict(sound()).logits, expected, atol=1e-6)
    assert len(server.asked) == 3
    assert copy.network.function.post.retried == 2


def test_pauses_grow(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(posting.time, "sleep", pauses.append)
    monkeypatch.setattr(posting, "FIRST_PAUSE", 0.5)
    with pytest.raises(AuricleError, match=r"answered 500 .*; it was asked 4 times\. Check that the model runs"):
        opened(server.says(fails(500)), labels=LABELS, retries=3).predict(sound())
    assert pauses == [0.5, 1.0, 2.0]


def never(handler: Handler, asked: dict[str, Any]) -> None:
    handler.server.over.wait()


def drips(handler: Handler, asked: dict[str, Any]) -> None:
    """A byte now and then, so that the connection is never idle."""
    handler.send_response(200)
    handler.end_headers()
    while not handler.server.over.wait(0.01):
        handler.wfile.write(b" ")


def stops(handler: BaseHTTPRequestHandler, asked: dict[str, Any]) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "100")
    handler.end_headers()
    handler.wfile.write(b'{"scores": [[1, ')


def elsewhere(handler: BaseHTTPRequestHandler, asked: dict[str, Any]) -> None:
    handler.send_response(302)
    handler.send_header("Location", "http://example.org/predict")
    handler.end_headers()


def says(answer: Any) -> Answer:
    return lambda handler, asked: answer


WRONG: dict[str, tuple[Answer, str, int]] = {
    "stops halfway": (stops, r"could not be reached \(IncompleteRead.* asked 2 times", 2),
    "hangs up": (drops, "could not be reached .* asked 2 times", 2),
    "web page": (says(b"<!doctype html><p>Welcome"), r"a web page \(HTML\) instead of scores", 1),
    "no JSON": (says(b"scores: 1 2 3"), "what is no JSON instead of scores", 1),
    "not found": (fails(404), r"answered 404 \(Not Found\); give the address that takes POST", 1),
    "no token": (fails(401), "answered 401 .*AURICLE_ENDPOINT_TOKEN", 1),
    "redirect": (elsewhere, r"answered 302 .*perhaps http://example\.org/predict", 1),
    "no scores": (says({"probabilities": [[1, 2, 3]]}), r'must answer {"scores": \[\[…\]\]}', 1),
    "a list": (says([[1, 2, 3]]), "answered without scores", 1),
    "one row flat": (says({"scores": [1, 2, 3]}), r"1 sound with scores of shape \(3,\)", 1),
    "two rows": (says({"scores": [[1, 2, 3]] * 2}), r"1 sound with scores of shape \(2, 3\)", 1),
    "ragged": (says({"scores": [[1, 2], [3]]}), "no rows of numbers", 1),
    "too large a number": (says({"scores": [[10**400, 2, 3]]}), "no rows of numbers", 1),
    "nested": (says(b"[" * 100_000), "what is no JSON instead of scores", 1),
    "words": (says({"scores": [["low", "b", "c"]]}), "no rows of numbers", 1),
    "NaN": (says({"scores": [[1, float("nan"), 3]]}), "returned NaN or infinity for a sound with a peak", 1),
    "columns": (says({"scores": [[1, 2]]}), r"gives 2 scores for each sound, and there are 3 labels", 1),
    "other labels": (says({"scores": [[1, 2, 3]], "labels": ["a", "b", "c"]}), "calls its scores a, b, c, but", 1),
    "labels turned": (says({"scores": [[1, 2, 3]], "labels": LABELS[::-1]}), "in the same order", 1),
    "labels no list": (says({"scores": [[1, 2, 3]], "labels": "low"}), "labels that are no list of words", 1),
}


@pytest.mark.parametrize("kind", WRONG)
def test_what_is_wrong_is_one_sentence(kind: str, server: Server) -> None:
    answer, sentence, requests = WRONG[kind]
    copy = opened(server.says(answer), labels=LABELS, retries=1)
    with pytest.raises(AuricleError, match=sentence) as caught:
        copy.predict(sound())
    assert "raised" not in str(caught.value)
    assert len(server.asked) == requests


@pytest.mark.parametrize("answer", [never, drips])
def test_an_answer_that_does_not_end_is_waited_for_twice(answer: Answer, server: Server) -> None:
    copy = opened(server.says(answer), labels=LABELS, timeout=0.2, retries=4)
    with pytest.raises(AuricleError, match=r"did not answer within 0\.2 s; it was asked 2 times") as caught:
        copy.predict(sound())
    assert "raised" not in str(caught.value)
    until = time.monotonic() + PATIENCE
    while len(server.asked) < 2 and time.monotonic() < until:  # it may read a request after nobody waits for it
        time.sleep(0.01)
    assert len(server.asked) == 2


def test_nobody_there(server: Server) -> None:
    url = server.says(scores)
    server.shutdown()
    server.server_close()
    with pytest.raises(AuricleError, match=r"could not be reached .*refused"):
        opened(url, retries=1)


def test_labels_must_come_from_somewhere(server: Server) -> None:
    with pytest.raises(AuricleError, match="does not say its labels; give --labels"):
        opened(server.says(says({"scores": [[1, 2, 3]]})))


def test_a_token_is_sent_where_it_is_safe(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(posting.TOKEN, "secret")
    opened(server.says(scores))
    assert server.headers[0]["Authorization"] == "Bearer secret"
    with pytest.raises(AuricleError, match="a token is sent over https only"):
        opened("http://example.org/predict", labels=LABELS)


def test_settings_that_make_no_sense() -> None:
    for url in (
        "ftp://example.org",
        "http://",
        "example.org",
        "http://[half/",
        "http://host:port/",
        "http://host:99999",
    ):
        with pytest.raises(AuricleError, match="is no address"):
            opened(url, labels=LABELS)
    for setting in ({"rows": 0}, {"timeout": 0}, {"retries": -1}):
        with pytest.raises(AuricleError, match="cannot be; a request has at least one row"):
            opened("http://127.0.0.1:9", labels=LABELS, **setting)


def test_gradients_do_not_come_over_the_network(server: Server) -> None:
    with pytest.raises(AuricleError, match=r"cannot be looked into \(only its scores come .*kernel-shap"):
        auricle.explain(sound(), opened(server.says(scores), name="mine"), method="gradient")
