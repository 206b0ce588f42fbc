"""
Worker processes and who asks them: a thread for each, because waiting for several pipes differs between systems.

A worker that dies is replaced and its shard done again; one that kills its workers again and again is given up.
"""

from __future__ import annotations

import os
import pickle
import queue
import subprocess
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from types import TracebackType
from typing import Self

from loganalyzer.engines.fork import Fork, is_safe
from loganalyzer.engines.worker import PROTOCOL, Result, Task, setup_of
from loganalyzer.errors import SourceError
from loganalyzer.extract import Plan

ATTEMPTS = 3
"""How often a shard is tried before it is given up."""
_PROGRAM = """
import signal
signal.signal(signal.SIGINT, signal.SIG_IGN)  # the caller ends its workers itself
from loganalyzer.engines.worker import main
main()
"""
_DIED = (EOFError, OSError, ValueError, pickle.UnpicklingError)
"""What is raised at this end of the pipes when a worker is gone."""


class Worker:
    """One process at a time: a fork if there is one, else and after it programs, started when they are needed."""

    def __init__(self, plan: Plan, fork: Fork | None = None) -> None:
        self._plan = plan
        self._process: subprocess.Popen[bytes] | Fork | None = fork

    def ask(self, task: Task) -> Result:
        """
        Let the process do a task.

        Errors: one of `_DIED`.
        """
        process = self._process
        is_new = process is None
        if process is None:
            self._process = process = start(_PROGRAM)
        assert process.stdin is not None, "is a pipe"
        assert process.stdout is not None, "is a pipe"
        if is_new:
            pickle.dump(setup_of(self._plan), process.stdin, PROTOCOL)
        pickle.dump(task, process.stdin, PROTOCOL)  # large bytes are written from where they lie
        process.stdin.flush()
        result: Result = pickle.load(process.stdout)  # noqa: S301 - from a process of our own
        return result

    def kill(self) -> None:
        """End the process, whatever it does; the next task gets a new one."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with suppress(OSError):  # what was not taken any more
                        pipe.close()


def start(program: str) -> subprocess.Popen[bytes]:
    """A Python process that runs a program text, with pipes to talk to it."""
    # The packages are found where this process found them; `-P` keeps the current folder out.
    places = os.pathsep.join(place for place in sys.path if place)
    return subprocess.Popen(  # noqa: S603 - this very program
        [sys.executable, "-P", "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": places},
    )


class Pool:
    """So many workers, and their answers in any order."""

    are_near = True
    """See `processes.Workers`: a pipe carries some gigabytes a second."""

    def __init__(self, workers: int, plan: Plan) -> None:
        forks: list[Fork] = []
        with suppress(OSError):  # no more processes are to be had now
            while len(forks) < workers and is_safe():
                forks.append(Fork(plan, forks))
        self._workers = [Worker(plan, fork) for fork in forks]
        self._workers += [Worker(plan) for _ in range(len(forks), workers)]
        self._idle: queue.SimpleQueue[Worker] = queue.SimpleQueue()
        for worker in self._workers:
            self._idle.put(worker)
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="worker")
        self._closing = threading.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._closing.set()
        self._threads.shutdown(wait=False, cancel_futures=True)
        for worker in self._workers:
            worker.kill()
        self._threads.shutdown(wait=True)
        for worker in self._workers:
            worker.kill()

    def submit(self, task: Task) -> Future[Result]:
        """The answer, once there is one. Errors: SourceError if the task kills workers."""
        return self._threads.submit(self._run, task)

    def _run(self, task: Task) -> Result:
        worker = self._idle.get()
        try:
            for _ in range(ATTEMPTS):
                if self._closing.is_set():
                    break
                try:
                    return worker.ask(task)
                except _DIED:
                    worker.kill()
        finally:
            self._idle.put(worker)
        place = f"around byte {task.shard.start}"
        raise SourceError(f"{task.name}: {ATTEMPTS} worker processes were killed {place}, not read any further")
