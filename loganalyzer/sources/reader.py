"""
Open streams of bytes, and files, pipes and standard input as such: one system call per read.

An opener is called to get a `Reader`. Openers are values that can be pickled, so that a source can
be read in another process; readers are not.
"""

from __future__ import annotations

import io
import select
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, Protocol


class Reader(Protocol):
    """An open stream of bytes."""

    @property
    def taken(self) -> int:
        """Bytes read from the file below so far, before decompression."""

    def read(self, size: int, /) -> bytes:
        """What is there, at most `size` bytes; waits only for the first of them. Empty at the end."""

    def close(self) -> None:
        """Gives everything back; may be called again."""


Opener = Callable[[], Reader]


class FileReader:
    """Reads a descriptor."""

    def __init__(self, file: io.FileIO) -> None:
        self._file = file
        self.taken = 0

    def read(self, size: int, /) -> bytes:
        """What one `read` of the operating system gives."""
        data: bytes | None = self._file.read(size)
        while data is None:  # somebody has made the terminal or pipe non-blocking
            select.select([self._file], [], [])
            data = self._file.read(size)
        self.taken += len(data)
        return data

    def close(self) -> None:
        """Closes the descriptor, unless it is standard input."""
        self._file.close()


class BufferReader:
    """Reads a standard input that was replaced by an object of Python."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.taken = 0

    def read(self, size: int, /) -> bytes:
        """What is there."""
        data = self._file.read(size)
        self.taken += len(data)
        return data

    def close(self) -> None:
        """Leaves it open: it belongs to somebody else."""


@dataclass(frozen=True, slots=True)
class RawFile:
    """Opens a path; of a FIFO it waits for the writer."""

    path: str

    def __call__(self) -> Reader:
        return FileReader(io.FileIO(self.path))

    def at(self, start: int, _stop: int | None) -> Reader:
        """Opens a regular file at a place. Errors: OSError."""
        file = io.FileIO(self.path)
        file.seek(start)
        return FileReader(file)


@dataclass(frozen=True, slots=True)
class StandardInput:
    """Opens standard input."""

    def __call__(self) -> Reader:
        if sys.stdin is None:
            raise ValueError("there is no standard input")
        try:
            return FileReader(io.FileIO(sys.stdin.fileno(), closefd=False))
        except io.UnsupportedOperation:
            return BufferReader(sys.stdin.buffer)
