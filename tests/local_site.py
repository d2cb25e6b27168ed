"""A server of files on this machine that can break connections, ignore ranges and change its files."""

from __future__ import annotations

import hashlib
import http.server
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from auricle.datasets.dataset import About
from auricle.datasets.source import Remote, Source

ABOUT = About(title="Test", licence="none", homepage="", citation="")


@dataclass
class Site:
    """What the server has, how it misbehaves, and what was asked of it."""

    address: str
    files: dict[str, bytes] = field(default_factory=dict)
    cut: dict[str, list[int]] = field(default_factory=dict)
    """After how many bytes of the body the connection breaks, one number an answer."""
    knows_ranges: bool = True
    asked: list[tuple[str, str | None]] = field(default_factory=list)

    def source(
        self, *names: str, checksum: str = "", unpack: bool = True, opened: Callable[[Path], Any] = Path
    ) -> Source:
        """A data set of these files."""
        remotes = tuple(
            Remote(url=f"{self.address}/{name}", checksum=checksum, name=name.rpartition("/")[2], unpack=unpack)
            for name in names
        )
        return Source(name="test", about=ABOUT, layout="", open=opened, remotes=remotes)


class _Answers(http.server.BaseHTTPRequestHandler):
    site: Site

    def do_GET(self) -> None:
        name = self.path.lstrip("/")
        ranged = self.headers.get("Range")
        self.site.asked.append((name, ranged))
        body = self.site.files.get(name)
        if body is None:
            self.send_error(404)
            return
        etag = f'"{hashlib.md5(body).hexdigest()}"'
        first = 0
        if ranged and self.site.knows_ranges and self.headers.get("If-Range", etag) == etag:
            first = int(re.fullmatch(r"bytes=(\d+)-", ranged)[1])  # type: ignore[index]
        if first and first >= len(body):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(body)}")
            self.end_headers()
            return
        self.send_response(206 if first else 200)
        if first:
            self.send_header("Content-Range", f"bytes {first}-{len(body) - 1}/{len(body)}")
        self.send_header("Content-Length", str(len(body) - first))
        self.send_header("ETag", etag)
        self.end_headers()
        cuts = self.site.cut.get(name, [])
        end = first + cuts.pop(0) if cuts else len(body)
        self.wfile.write(body[first:end])
        self.close_connection = True

    def do_HEAD(self) -> None:
        body = self.site.files.get(self.path.lstrip("/"))
        self.send_response(404 if body is None else 200)
        if body is not None:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()

    def log_message(self, *what: object) -> None:
        pass


@contextmanager
def serving() -> Iterator[Site]:
    handler = type("Answers", (_Answers,), {})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    handler.site = Site(f"http://127.0.0.1:{server.server_port}")  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield handler.site  # type: ignore[attr-defined]
    server.shutdown()
    server.server_close()
