"""A terminal window for tests: a pseudo-terminal with a program in it, and pyte as the screen."""

from __future__ import annotations

import fcntl
import os
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping

import pyte

PATIENCE_S = 60.0
"""The first start may read all patterns anew, on a busy machine."""
# Makes the terminal on standard output the controlling one, as a shell would have it.
_CONTROL = "import fcntl, os, sys, termios; fcntl.ioctl(1, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"


class Window:
    """Runs a Python program in a terminal, its standard input being a pipe."""

    def __init__(self, arguments: list[str], environment: Mapping[str, str], width: int = 80, height: int = 24) -> None:
        self._screen = pyte.Screen(width, height)
        self._stream = pyte.ByteStream(self._screen)
        self.raw = b""
        self._master, self.slave = os.openpty()
        self.resize(width, height)
        self.state = termios.tcgetattr(self.slave)
        self.process = subprocess.Popen(
            [sys.executable, "-c", _CONTROL, sys.executable, *arguments],
            stdin=subprocess.PIPE,
            stdout=self.slave,
            stderr=self.slave,
            env=dict(environment),
            start_new_session=True,
        )

    def send(self, data: bytes) -> None:
        """Writes to the standard input of the program."""
        assert self.process.stdin
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def end_input(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()

    def press(self, keys: str | bytes) -> None:
        """Types on the keyboard."""
        os.write(self._master, keys.encode() if isinstance(keys, str) else keys)

    def resize(self, width: int, height: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        self._screen.resize(height, width)

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self._screen.display)

    def wait_for(self, wanted: str | Callable[[str], bool], timeout_s: float = PATIENCE_S) -> str:
        """The screen, as soon as it shows a text or fulfils a condition."""
        deadline = time.monotonic() + timeout_s
        shows = wanted if callable(wanted) else lambda text: wanted in text
        while not shows(self.text):
            assert time.monotonic() < deadline, f"not on the screen: {wanted}\n{self.text}"
            self._read(0.05)
        return self.text

    def wait(self, timeout_s: float = PATIENCE_S) -> int:
        """The exit code, once the program has ended."""
        deadline = time.monotonic() + timeout_s
        while self.process.poll() is None:
            assert time.monotonic() < deadline, f"still running\n{self.text}"
            self._read(0.05)
        while self._read(0.0):
            pass
        return self.process.returncode

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self.process.stdin:
            self.process.stdin.close()
        os.close(self._master)
        os.close(self.slave)

    def _read(self, timeout_s: float) -> bool:
        if not select.select([self._master], [], [], timeout_s)[0]:
            return False
        data = os.read(self._master, 65536)
        self.raw += data
        self._stream.feed(data)
        return True
