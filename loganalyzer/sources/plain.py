"""Plain files, opened and read at any place without moving the place where they are read on."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from loganalyzer.errors import SourceError


def open_plain(path: Path) -> int:
    """
    Opens a file for reading, without waiting for a writer of a named pipe.

    Errors:
        SourceError: it cannot be opened, or is a folder.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror or error}") from error
    if stat.S_ISDIR(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise SourceError(f"{path}: is a folder")
    return descriptor


def head(descriptor: int, size: int) -> bytes:
    """The first bytes, at most `size`. Errors: OSError."""
    return span(descriptor, 0, size)


def span(descriptor: int, start: int, size: int) -> bytes:
    """What stands at a place, at most `size` bytes. Errors: OSError."""
    if hasattr(os, "pread"):
        return os.pread(descriptor, size, start)
    place = os.lseek(descriptor, 0, os.SEEK_CUR)
    os.lseek(descriptor, start, os.SEEK_SET)
    data = os.read(descriptor, size)
    os.lseek(descriptor, place, os.SEEK_SET)
    return data
