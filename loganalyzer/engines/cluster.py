"""
A Dask cluster for one run: the scheduler in this process, workers as programs of their own that end with it.

Dask's own local cluster starts its workers from the main module of the caller, which fails in a script without a guard,
and lets Ctrl-C print what each of them was doing. These are started like those of `pool`. Everything between them goes
through TLS with keys made for the run: what reaches a scheduler can run code, and every user of a machine can reach its
loopback.
"""

from __future__ import annotations

import asyncio
import logging
import os
import pickle
import subprocess
import sys
import threading
from contextlib import suppress
from tempfile import TemporaryDirectory

import dask
from distributed import LocalCluster, Security, Worker

from loganalyzer.engines.pool import start
from loganalyzer.engines.worker import PROTOCOL
from loganalyzer.errors import SourceError

MAX_DEATHS = 20
"""So many workers are replaced; Dask gives up a task after the fourth that it kills."""
_PLAIN: dict[str, object] = {
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    "distributed.worker.profile.enabled": False,
}
"""No pages of Dask's own, which would be served beside TLS, and nothing that samples every ten milliseconds."""
_PROGRAM = """
import signal
signal.signal(signal.SIGINT, signal.SIG_IGN)  # the caller ends its workers itself
from loganalyzer.engines.cluster import main
main()
"""


class Cluster:
    """A scheduler and workers on this machine, one thread each."""

    def __init__(self, workers: int) -> None:
        self.security = Security.temporary()
        self._folder = TemporaryDirectory(prefix="loganalyzer-dask-")
        with dask.config.set(_PLAIN | {"temporary-directory": self._folder.name}):
            self._scheduler = LocalCluster(
                n_workers=0,
                host="127.0.0.1",
                dashboard_address=None,
                scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},
                security=self.security,
                silence_logs=logging.CRITICAL,
            )
        self.address: str = self._scheduler.scheduler_address
        self._deaths = 0
        self._workers = [self._start() for _ in range(workers)]

    def tend(self) -> None:
        """
        Replaces workers that died.

        Errors: SourceError if they die again and again.
        """
        for place, worker in enumerate(self._workers):
            if worker.poll() is not None:
                self._deaths += 1
                if self._deaths > MAX_DEATHS:
                    raise SourceError(f"{MAX_DEATHS} worker processes died, not read any further")
                _end(worker)
                self._workers[place] = self._start()

    def close(self) -> None:
        """Ends everything at once, whatever it does."""
        for worker in self._workers:
            _end(worker)
        self._scheduler.close(timeout=5)
        self._folder.cleanup()

    def _start(self) -> subprocess.Popen[bytes]:
        worker = start(_PROGRAM)
        assert worker.stdin is not None, "is a pipe"
        with suppress(OSError):  # it died at once
            pickle.dump((self.address, self.security, self._folder.name), worker.stdin, PROTOCOL)
            worker.stdin.flush()
        return worker


def _end(worker: subprocess.Popen[bytes]) -> None:
    worker.kill()
    worker.wait()
    for pipe in (worker.stdin, worker.stdout):
        if pipe is not None:
            with suppress(OSError):  # what was not taken any more
                pipe.close()


def main() -> None:
    """A worker: works until standard input ends, which it does with the process at its other end."""
    os.dup2(2, 1)
    address, security, folder = pickle.load(sys.stdin.buffer)  # noqa: S301 - from the process that started this one
    logging.getLogger("distributed").setLevel(logging.CRITICAL)

    def watch() -> None:
        sys.stdin.buffer.read()
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()
    asyncio.run(_work(address, security, folder))


async def _work(address: str, security: Security, folder: str) -> None:
    # What a task holds is bounded by the size of a shard; Dask's own limits would only pause it.
    with dask.config.set(_PLAIN):
        worker = Worker(address, nthreads=1, security=security, local_directory=folder, memory_limit=0, dashboard=False)
        async with worker:
            await worker.finished()
