"""A model behind an address: samples are posted to it, scores come back."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from auricle.adapters.function import FunctionNetwork
from auricle.adapters.outputs import Outputs
from auricle.adapters.posting import Post
from auricle.adapters.said import check_rate
from auricle.classifier import Classifier, Length
from auricle.errors import AuricleError
from auricle.frontends import Waveform

MOST_SAMPLES = 4_000_000
"""In one request, so that it stays below 22 MB."""


def endpoint_classifier(
    url: str,
    *,
    sample_rate: int,
    labels: Sequence[str] | None = None,
    length: Length | None = None,
    outputs: Outputs = "probabilities",
    multi_label: bool = False,
    rows: int = 32,
    timeout: float = 30.0,
    retries: int = 4,
    name: str | None = None,
) -> Classifier:
    """A model behind an HTTP address as a classifier, for all methods that remove parts of the sound.

    A request is a POST of JSON with at most ``rows`` sounds, ``{"sample_rate": 16000, "shape": [B, n], "samples": …}``,
    where ``samples`` are the float32 values, little-endian, row by row, as a text in base64. The answer is JSON,
    ``{"scores": [[…], …], "labels": […]}``: a row per sound, a column per label, as ``outputs`` says. ``labels`` may be
    left out of the answer if they are given here, and here if they are in the answer.

    An answer may take ``timeout`` seconds; after that the request is sent once more. After a broken connection or a
    server's error it is sent up to ``retries`` times, 0.5, 1, 2, … seconds later. Redirects are not followed. The
    environment variable AURICLE_ENDPOINT_TOKEN is sent as a bearer token, over https or to this machine only.
    """
    check_rate(sample_rate)
    called = name or url
    endpoint = Endpoint(url, sample_rate, None if labels is None else list(labels), rows, timeout, retries)
    if labels is None:
        count = round((length.seconds if length and length.seconds else 1.0) * sample_rate)
        noise = 0.01 * np.random.default_rng(0).standard_normal((1, count))
        endpoint(noise.astype(np.float32))
        if endpoint.labels is None:
            raise AuricleError(f"{url} does not say its labels; give --labels a,b,c, or let it answer with labels")
    return Classifier(
        FunctionNetwork(endpoint, called, why_not="only its scores come over the network"),
        frontend=Waveform(channel=False),
        labels=endpoint.labels or [],
        sample_rate=sample_rate,
        length=length,
        multi_label=multi_label,
        outputs=outputs,
        name=called,
    )


class Endpoint:
    """Samples ``[B, n]`` to scores ``[B, C]``, by requests to an address."""

    def __init__(
        self, url: str, sample_rate: int, labels: list[str] | None, rows: int, timeout: float, retries: int
    ) -> None:
        if rows < 1 or retries < 0 or not timeout > 0:
            raise AuricleError(
                f"rows={rows}, timeout={timeout:g} and retries={retries} cannot be; a request has at least one row and "
                "some time"
            )
        self.url, self.sample_rate, self.labels, self.rows = url, sample_rate, labels, rows
        self.post = Post(url, timeout, retries)

    def __call__(self, samples: np.ndarray) -> np.ndarray:
        step = max(min(self.rows, MOST_SAMPLES // max(samples.shape[1], 1)), 1)
        return np.concatenate([self._scores(samples[k : k + step]) for k in range(0, len(samples), step)])

    def _scores(self, samples: np.ndarray) -> np.ndarray:
        content = np.ascontiguousarray(samples, dtype="<f4").tobytes()
        asked = {
            "sample_rate": self.sample_rate,
            "shape": list(samples.shape),
            "samples": base64.b64encode(content).decode("ascii"),
        }
        answer = self._read(self.post(json.dumps(asked).encode()))
        self._check_labels(answer.get("labels"))
        try:
            scores = np.array(answer["scores"], dtype=np.float64)
        except (ValueError, TypeError, OverflowError) as error:
            raise AuricleError(
                f"{self.url} answered with scores that are no rows of numbers; they must be [[…], …], a row per sound"
            ) from error
        if scores.ndim != 2 or len(scores) != len(samples):
            raise AuricleError(
                f"{self.url} answered {len(samples)} sound{'s' if len(samples) > 1 else ''} with scores of shape "
                f"{scores.shape}; it must give a row per sound and a column per label"
            )
        if self.labels is not None and scores.shape[1] != len(self.labels):
            raise AuricleError(
                f"{self.url} gives {scores.shape[1]} scores for each sound, and there are {len(self.labels)} labels "
                f"({', '.join(self.labels[:5])}{' …' if len(self.labels) > 5 else ''}); give one label per score"
            )
        return scores

    def _check_labels(self, said: Any) -> None:
        if said is None:
            return
        if not isinstance(said, list) or not all(isinstance(each, str) for each in said):
            raise AuricleError(f"{self.url} answered with labels that are no list of words")
        if self.labels is None:
            self.labels = said
        elif said != self.labels:
            raise AuricleError(
                f"{self.url} calls its scores {', '.join(said[:8])}, but the labels are {', '.join(self.labels[:8])}; "
                "give the same labels in the same order, or none"
            )

    def _read(self, content: bytes) -> dict[str, Any]:
        try:
            answer = json.loads(content)
        except (ValueError, RecursionError) as error:
            page = content.lstrip()[:1] == b"<"
            raise AuricleError(
                f"{self.url} answered with {'a web page (HTML)' if page else 'what is no JSON'} instead of scores; "
                'give the address that takes POST requests and answers {"scores": [[…]]}'
            ) from error
        if not isinstance(answer, dict) or "scores" not in answer:
            raise AuricleError(f'{self.url} answered without scores; it must answer {{"scores": [[…]]}}')
        return answer
