"""
A worker that is a fork of the calling process: it knows the run already, so it starts in no time.

Only where that is safe: on Linux, and in a process of one thread, since what other threads had locked would stay locked
in the child. Everywhere else, and to replace a worker, `pool` starts a program.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable
from typing import BinaryIO

from loganalyzer.engines.worker import serve
from loganalyzer.extract import Plan


def is_safe() -> bool:
    """May this process be forked?"""
    try:
        return sys.platform == "linux" and len(os.listdir("/proc/self/task")) == 1
    except OSError:
        return False


class Fork:
    """A child of this process that answers tasks; has what `pool` needs of `subprocess.Popen`."""

    stdin: BinaryIO
    stdout: BinaryIO

    def __init__(self, plan: Plan, others: Iterable[Fork] = ()) -> None:
        """
        Fork.

        Args:
            others: forks made before, whose pipes the child must not hold open.

        Errors: OSError if there can be no more processes.
        """
        requests, asking = os.pipe()
        answers, replies = os.pipe()
        try:
            self._pid = os.fork()
        except OSError:
            for file in (requests, asking, answers, replies):
                os.close(file)
            raise
        if not self._pid:
            try:
                for file in (asking, answers):
                    os.close(file)
                for other in others:
                    other.stdin.close()
                    other.stdout.close()
                _live(plan, requests, replies)
            finally:
                os._exit(0)  # nothing of the caller's that waits to be done at the end is done here
        for file in (requests, replies):
            os.close(file)
        self.stdin = open(asking, "wb")  # noqa: SIM115 - as long as the child lives
        self.stdout = open(answers, "rb")  # noqa: SIM115

    def kill(self) -> None:
        """End it, whatever it does."""
        os.kill(self._pid, signal.SIGKILL)

    def wait(self) -> None:
        """Until it has ended; to be called once."""
        os.waitpid(self._pid, 0)


def _live(plan: Plan, requests: int, replies: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the caller ends its workers itself
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)  # what anything prints goes to standard error
    with open(requests, "rb") as asked, open(replies, "wb") as told:
        serve(plan, asked, told)
