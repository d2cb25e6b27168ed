"""JSON posted to an address, again where what is wrong may pass."""

from __future__ import annotations

import http.client
import os
import socket
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from auricle.errors import AuricleError

TOKEN = "AURICLE_ENDPOINT_TOKEN"
"""The environment variable whose text is sent as ``Authorization: Bearer …``."""
FIRST_PAUSE = 0.5
"""Seconds before the first retry; each further one waits twice as long."""
MOST_BYTES = 64_000_000
"""Of an answer."""
PASSING = (408, 425, 429, 500, 502, 503, 504)
"""States of a server that may pass."""


class Post:
    """Posts JSON to an address and returns the answer; ``retried`` counts the requests that were sent again."""

    def __init__(self, url: str, timeout: float, retries: int) -> None:
        parts = _parts(url)
        self.url, self.timeout, self.retries = url, timeout, retries
        self.retried = 0
        self._headers = {"Content-Type": "application/json", "Accept": "application/json"}
        token = os.environ.get(TOKEN)
        if token:
            if parts.scheme.lower() == "http" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
                raise AuricleError(f"{TOKEN} is set, and a token is sent over https only; give https://, or unset it")
            self._headers["Authorization"] = f"Bearer {token}"
        self._opener = urllib.request.build_opener(_Straight)

    def __call__(self, body: bytes) -> bytes:
        """The answer to a request."""
        for attempt in range(self.retries + 1):
            if attempt:
                self.retried += 1
                time.sleep(FIRST_PAUSE * 2 ** (attempt - 1))
            request = urllib.request.Request(self.url, data=body, headers=self._headers, method="POST")
            try:
                with self._opener.open(request, timeout=self.timeout) as response:
                    content = _read(response, time.monotonic() + self.timeout)
            except urllib.error.HTTPError as error:
                error.close()
                reason = f"answered {error.code} ({error.reason})"
                if error.code in PASSING:
                    continue
                raise AuricleError(f"{self.url} {reason}{_remedy(error)}") from error
            except (OSError, http.client.HTTPException) as error:
                cause = error.reason if isinstance(error, urllib.error.URLError) else error
                if isinstance(cause, TimeoutError):
                    reason = f"did not answer within {self.timeout:g} s"
                    if attempt:  # a server that hangs twice hangs
                        break
                elif isinstance(cause, socket.gaierror):
                    raise AuricleError(f"{self.url} is not reachable ({cause}); check its name") from error
                else:
                    reason = f"could not be reached ({cause})"
                continue
            if len(content) > MOST_BYTES:
                raise AuricleError(f"{self.url} answered with more than {MOST_BYTES // 10**6} MB; these are no scores")
            return content
        times = f"{attempt + 1} times" if attempt else "once"
        raise AuricleError(f"{self.url} {reason}; it was asked {times}. Check that the model runs there")


def _read(response: Any, until: float) -> bytes:
    """The whole answer, or its first ``MOST_BYTES`` and more; raises where it ends too early or takes too long."""
    parts: list[bytes] = []
    size = 0
    while size <= MOST_BYTES and (part := response.read1()):
        if time.monotonic() > until:  # a socket's own timeout begins anew with each byte
            raise TimeoutError
        parts.append(part)
        size += len(part)
    if size <= MOST_BYTES and response.length:
        raise http.client.IncompleteRead(b"", response.length)
    return b"".join(parts)


def _parts(url: str) -> urllib.parse.SplitResult:
    try:
        parts = urllib.parse.urlsplit(url)
        wrong = parts.scheme.lower() not in ("http", "https") or not parts.hostname
        _ = parts.port  # which says what is no number
    except ValueError as error:
        raise AuricleError(f"{url} is no address ({error}); give http://… or https://…") from error
    if wrong:
        raise AuricleError(f"{url} is no address; give http://… or https://…")
    return parts


class _Straight(urllib.request.HTTPRedirectHandler):
    """Samples and token go to the given address only."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


def _remedy(error: urllib.error.HTTPError) -> str:
    if error.code in (401, 403):
        return f"; put a valid token into the environment variable {TOKEN}"
    if 300 <= error.code < 400:
        return f"; give the address itself, perhaps {error.headers.get('Location', 'another')}"
    return "; give the address that takes POST requests with samples"
