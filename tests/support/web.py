"""A web server on loopback: with ranges or without, with answers that are wrong, late or torn."""

from __future__ import annotations

import base64
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Web(ThreadingHTTPServer):
    """Serves the files of a folder."""

    daemon_threads = True

    def __init__(self, folder: Path, *, ranges: bool) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.folder = folder
        self.ranges = ranges
        self.tear_at: int | None = None
        """Answers break after so many bytes …"""
        self.tears = 0
        """… this many times."""
        self.status: int | None = None
        """Answers are this error."""
        self.login: str | None = None
        """`user:password` that is asked for."""
        self.asked: list[str] = []
        """Ranges that were asked for, `all` for those without one."""

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is no news."""


class Handler(BaseHTTPRequestHandler):
    """Answers HEAD and GET."""

    server: Web
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Be quiet."""

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        web = self.server
        path = web.folder / self.path.partition("?")[0].lstrip("/")
        if web.login and self.headers.get("Authorization") != "Basic " + base64.b64encode(web.login.encode()).decode():
            return self.send_error(401)
        if web.status is not None or not path.is_file():
            return self.send_error(web.status or 404)
        data = path.read_bytes()
        found = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        start, stop = (int(found[1]), min(int(found[2]) + 1, len(data))) if found and web.ranges else (0, len(data))
        self.send_response(206 if found and web.ranges else 200)
        self.send_header("Content-Length", str(stop - start))
        self.send_header("Last-Modified", "Fri, 20 Nov 2026 12:00:00 GMT")
        if found and web.ranges:
            self.send_header("Content-Range", f"bytes {start}-{stop - 1}/{len(data)}")
        self.end_headers()
        if self.command == "HEAD":
            return None
        web.asked.append(found[0] if found else "all")
        if web.tears and web.tear_at is not None and stop - start > web.tear_at:
            web.tears -= 1
            self.wfile.write(data[start : start + web.tear_at])
            self.close_connection = True
            return None
        self.wfile.write(data[start:stop])
        return None


@contextmanager
def serving(folder: Path, *, ranges: bool) -> Iterator[Web]:
    """A server of a folder, while it is needed."""
    web = Web(folder, ranges=ranges)
    thread = threading.Thread(target=web.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield web
    finally:
        web.shutdown()
        web.server_close()
        thread.join()
