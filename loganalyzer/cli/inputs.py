"""
Live bytes: a stream that ends, or a file that grows.

Enters: a path or standard input. Leaves: chunks of bytes, b"" when nothing has come in time, None
at the end. Refuses to block longer than asked, so that deadlines and signals are served in time.
A growing file is looked at ten times a second: that works on every file system (notifications do
not cross network and container mounts) and costs a few system calls.
"""

from __future__ import annotations

import os
import select
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from loganalyzer.errors import SourceError, UsageError

CHUNK_BYTES = 1 << 18
POLL_S = 0.1
COMPRESSED = (".gz", ".bz2", ".xz", ".zst", ".zip", ".tgz", ".tar")


class LiveInput(Protocol):
    """Bytes as they arrive."""

    name: str

    def read(self, timeout_s: float) -> bytes | None:
        """Gives what has arrived, b"" after `timeout_s` without anything, None at the end."""


class Stream:
    """
    A pipe, a terminal or a redirected file: read until it ends.

    Args:
        wakes: Descriptors that become readable when waiting should end (a signal, a key).
    """

    def __init__(self, name: str, descriptor: int, wakes: Sequence[int]) -> None:
        self.name = name
        self._descriptor = descriptor
        self._wakes = wakes

    def read(self, timeout_s: float) -> bytes | None:
        """Gives what has arrived; see `LiveInput`."""
        if os.name != "nt":  # Windows can wait for sockets only; there a read just blocks
            ready, _, _ = select.select([self._descriptor, *self._wakes], [], [], timeout_s)
            if self._descriptor not in ready:
                return b""
        try:
            return os.read(self._descriptor, CHUNK_BYTES) or None
        except BlockingIOError:
            return b""
        except OSError as error:
            raise SourceError(f"{self.name}: {error.strerror or error}") from error


class GrowingFile:
    """
    A file that is written to: read to its end, then on as it grows. It never ends by itself.

    A file that shrank is read from its start again; one that was replaced under the same name is
    read to its end first.
    """

    def __init__(self, path: Path, wakes: Sequence[int]) -> None:
        self.name = str(path)
        self._path = path
        self._wakes = wakes
        self._descriptor = _open(path)
        self._offset = 0

    def read(self, timeout_s: float) -> bytes | None:
        """Gives what was appended; see `LiveInput`. Never None."""
        data = self._read()
        if data:
            return data
        select.select(self._wakes if os.name != "nt" else [], [], [], min(timeout_s, POLL_S))
        return b""

    def _read(self) -> bytes:
        try:
            if os.fstat(self._descriptor).st_size < self._offset:
                os.lseek(self._descriptor, 0, os.SEEK_SET)
                self._offset = 0
            data = os.read(self._descriptor, CHUNK_BYTES)
            if not data and self._replaced():
                fresh = _open(self._path)
                os.close(self._descriptor)
                self._descriptor, self._offset = fresh, 0
                data = os.read(self._descriptor, CHUNK_BYTES)
            self._offset += len(data)
        except (OSError, SourceError):
            return b""  # between two files, or gone for now: look again later
        return data

    def _replaced(self) -> bool:
        here, there = os.fstat(self._descriptor), os.stat(self._path)
        return (here.st_ino, here.st_dev) != (there.st_ino, there.st_dev)


def open_input(path: str, wakes: Sequence[int]) -> LiveInput:
    """
    Opens what to follow.

    Args:
        path: `-` for standard input, else a file, named pipe or device.
        wakes: Descriptors that become readable when waiting should end.

    Errors:
        SourceError: it cannot be opened.
        UsageError: it is nothing that grows.
    """
    if path == "-":
        return Stream("-", 0, wakes)
    if path.lower().endswith(COMPRESSED):
        raise UsageError(f"{path}: a compressed file does not grow. Use: loganalyzer analyze {path}")
    place = Path(path)
    if place.is_dir():
        raise UsageError(f"{path}: a folder cannot be followed; {_newest(place)}.")
    if place.exists() and not place.is_file():
        return Stream(path, _open(place), wakes)
    return GrowingFile(place, wakes)


def _open(path: Path) -> int:
    try:
        # Without O_NONBLOCK a named pipe would hang here until somebody writes to it.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror or error}") from error
    if stat.S_ISDIR(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise SourceError(f"{path}: is a folder")
    return descriptor


def _newest(folder: Path) -> str:
    files = [p for p in folder.iterdir() if p.is_file() and not p.name.endswith(COMPRESSED)]
    if not files:
        return "name a file in it"
    return f"name a file in it, such as {max(files, key=lambda p: p.stat().st_mtime)}"
