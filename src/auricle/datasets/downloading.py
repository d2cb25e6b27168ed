"""Downloading a file over HTTP so that a broken connection costs nothing: what has arrived is kept and continued."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auricle.errors import AuricleError

if TYPE_CHECKING:
    import requests

TRIES = 3
"""How often a broken connection is taken up again before the user is asked to."""
PAUSE = 1.0
"""Seconds before that."""
TIMEOUT = (15, 60)
"""Seconds to wait for a connection, and for the next bytes."""
CHUNK = 1 << 14
"""Bytes that are kept at once: when a connection breaks, at most as many are asked for again."""

Progress = Callable[[int, int | None], None]
"""Told how many bytes have arrived, and how many there are (None where the server does not say)."""


class Resuming:
    """A downloader for pooch that keeps what has arrived in ``part``, and asks the server for the rest only.

    A server that ignores the request for a range sends the whole file, and one whose file has changed since (by its
    ETag) does too; both begin anew. The next bytes are asked for with ``Range``, see RFC 9110, section 14.
    """

    def __init__(self, part: Path, on_progress: Progress) -> None:
        self._part = part
        self._etag = part.with_name(f"{part.name}.etag")
        self._on_progress = on_progress

    def __call__(self, url: str, output_file: str, pooch: Any) -> None:
        import requests

        for attempt in range(1, TRIES + 1):
            try:
                self._receive(url)
                break
            except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError):
                if attempt == TRIES:
                    raise
                time.sleep(PAUSE)
        os.replace(self._part, output_file)
        self._etag.unlink(missing_ok=True)

    def _receive(self, url: str) -> None:
        import requests

        have = self._part.stat().st_size if self._part.exists() else 0
        # Compressed on the way, the lengths would not be those of the file.
        headers = {"Accept-Encoding": "identity"}
        if have:
            headers["Range"] = f"bytes={have}-"
            if self._etag.exists():
                headers["If-Range"] = self._etag.read_text(encoding="latin-1")
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
            if response.status_code == requests.codes.requested_range_not_satisfiable and have:
                if _whole(response) == have:
                    return
                self._part.unlink()
                raise requests.ConnectionError("the file on the server has changed")
            response.raise_for_status()
            if response.status_code != requests.codes.partial_content or _first(response) != have:
                have = 0
            length = response.headers.get("Content-Length")
            total = have + int(length) if length else None
            self._check_space(0 if total is None else total - have)
            self._remember(response)
            self._write(response, have, total)

    def _write(self, response: requests.Response, have: int, total: int | None) -> None:
        import requests

        with self._part.open("r+b" if have else "wb") as file:
            file.seek(have)
            self._on_progress(have, total)
            for chunk in response.iter_content(CHUNK):
                file.write(chunk)
                have += len(chunk)
                self._on_progress(have, total)
        if total is not None and have < total:
            raise requests.ConnectionError(f"{have:,} of {total:,} bytes arrived")

    def _remember(self, response: requests.Response) -> None:
        etag = response.headers.get("ETag", "")
        # A weak ETag does not promise the same bytes.
        if etag.startswith('"'):
            self._etag.write_text(etag, encoding="latin-1")
        else:
            self._etag.unlink(missing_ok=True)

    def _check_space(self, needed: int) -> None:
        free = shutil.disk_usage(self._part.parent).free
        if needed > free:
            raise AuricleError(
                f"{self._part.parent} has {bytes_text(free)} free, but {bytes_text(needed)} are still to be "
                "downloaded; free some space, or choose another folder"
            )


def announced_size(url: str) -> int | None:
    """Bytes that a server says a file has; None where it does not say or cannot be reached."""
    import requests

    try:
        headers = {"Accept-Encoding": "identity"}
        response = requests.head(url, headers=headers, allow_redirects=True, timeout=TIMEOUT)
    except requests.RequestException:
        return None
    length = response.headers.get("Content-Length") if response.ok else None
    return int(length) if length else None


def bytes_text(count: int) -> str:
    """A number of bytes for a person.

    >>> bytes_text(12), bytes_text(1_234_000), bytes_text(12_300_000_000)
    ('12 bytes', '1.2 MB', '12.3 GB')
    """
    for size, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} bytes"


def _first(response: requests.Response) -> int | None:
    """Where a partial answer begins: of ``bytes 5-9/10``, 5."""
    said = response.headers.get("Content-Range", "").removeprefix("bytes ").split("-")[0]
    return int(said) if said.isdecimal() else None


def _whole(response: requests.Response) -> int | None:
    """How long the file is that has no such range: of ``bytes */10``, 10."""
    said = response.headers.get("Content-Range", "").rpartition("/")[2]
    return int(said) if said.isdecimal() else None
