"""An HTTP server on this machine that takes notifications: it answers, refuses or hangs, as told."""

from __future__ import annotations

import http.server
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Receiver:
    """What has arrived, and how to answer."""

    port: int = 0
    got: list[dict[str, Any]] = field(default_factory=list)
    refuse: int = 0
    """So many requests are answered with 503."""
    hang: threading.Event | None = None
    """Requests are answered once this is set."""
    asked: int = 0

    @property
    def url(self) -> str:
        """The address, with a password that must not show anywhere."""
        return f"json://keeper:hunter2secret@127.0.0.1:{self.port}/T0PSECRETPATH"

    @property
    def titles(self) -> list[str]:
        """Titles in the order of their arrival."""
        return [one["title"] for one in self.got]

    def wait(self, count: int, patience_s: float = 20.0) -> None:
        """Waits until so many notifications have arrived."""
        end = time.monotonic() + patience_s
        while len(self.got) < count:
            assert time.monotonic() < end, f"{len(self.got)} of {count} arrived: {self.titles}"
            time.sleep(0.01)


@contextmanager
def receiving(receiver: Receiver) -> Iterator[Receiver]:
    """Serves on the port of the receiver, any free one if it is 0."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.asked += 1
            if receiver.hang is not None:
                receiver.hang.wait(60)
            refused = receiver.refuse > 0
            receiver.refuse -= refused
            if not refused:
                receiver.got.append(json.loads(body))
            self.send_response(503 if refused else 200)
            self.end_headers()

        def log_message(self, *words: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", receiver.port), Handler)
    server.daemon_threads = True
    receiver.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield receiver
    finally:
        if receiver.hang is not None:
            receiver.hang.set()
        server.shutdown()
        thread.join()
        server.server_close()
