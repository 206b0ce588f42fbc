"""
Live bytes: a stream that ends, or a file that grows.

Enters: a path or standard input. Leaves: chunks of bytes, b"" when nothing has come in time, None
at the end. Refuses to block longer than asked, so that deadlines and signals are served in time.
"""

from __future__ import annotations

import contextlib
import os
import select
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from loganalyzer.errors import SourceError, UsageError
from loganalyzer.scan.context import MAX_BYTES
from loganalyzer.sources.growing import GrowingFile, Turn
from loganalyzer.sources.plain import open_plain
from loganalyzer.sources.position import Position, above, find

CHUNK_BYTES = 1 << 18
LOOK_AGAIN_S = 1.0
COMPRESSED = (".gz", ".bz2", ".xz", ".zst", ".zip", ".tgz", ".tar")


class LiveInput(Protocol):
    """Bytes as they arrive."""

    name: str
    notes: Sequence[str]
    """What went otherwise than one would wish, so far."""
    turns: Sequence[Turn]
    """What happened right before the bytes that `read` gave last."""
    above: bytes
    """Whole lines before the first byte that is read."""

    def read(self, timeout_s: float) -> bytes | None:
        """Gives what has arrived, b"" after `timeout_s` without anything, None at the end."""

    def position(self, back: int) -> Position | None:
        """Where to go on, `back` bytes before the end of what was read; None where nobody can tell."""


class Stream:
    """
    A pipe, a terminal or a redirected file: read until it ends.

    Args:
        wakes: Descriptors that become readable when waiting should end (a signal, a key).
    """

    def __init__(self, name: str, descriptor: int, wakes: Sequence[int]) -> None:
        self.name = name
        self.notes: Sequence[str] = ()
        self.turns: Sequence[Turn] = ()
        self.above = b""
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

    def position(self, back: int) -> None:
        """Bytes of a stream come once."""


class Followed:
    """
    A file that is written to: read to its end, then on as it grows. It never ends by itself.

    The system tells when something in the folder has changed. Since that does not cross every network and container
    mount, the file is also looked at once a second.

    Args:
        start: where to go on, in the file or in what has become of it.
    """

    def __init__(self, path: Path, wakes: Sequence[int], start: Position | None = None) -> None:
        self.name = str(path)
        found = None if start is None else find(path, start)
        self.above = b"" if found is None else above(found.files[0], found.offset, MAX_BYTES)
        self._file = GrowingFile(path, found)
        self.notes: Sequence[str] = self._file.notes
        self.turns: Sequence[Turn] = ()
        self._wakes = wakes
        self._changed, changed = os.pipe()
        os.set_blocking(self._changed, False)
        # A daemon, since it may be waiting when the program ends.
        threading.Thread(target=_tell_changes, args=(path.absolute().parent, changed), daemon=True).start()

    def read(self, timeout_s: float) -> bytes | None:
        """Gives what was appended; see `LiveInput`. Never None."""
        with contextlib.suppress(BlockingIOError):
            os.read(self._changed, CHUNK_BYTES)  # from here on, only later changes matter
        data = self._file.read()
        self.turns = self._file.turns
        if not data:
            timeout_s = min(timeout_s, LOOK_AGAIN_S)
            if os.name == "nt":  # cannot wait for pipes
                time.sleep(min(timeout_s, 0.1))
            else:
                select.select([self._changed, *self._wakes], [], [], timeout_s)
        return data

    def position(self, back: int) -> Position | None:
        """Where to go on; see `LiveInput`."""
        return self._file.position(back)


def _tell_changes(folder: Path, changed: int) -> None:
    """Writes a byte whenever something in a folder changes, for as long as the program runs."""
    import watchfiles

    with contextlib.suppress(OSError, RuntimeError):  # no notifications here: once a second must do
        for _ in watchfiles.watch(
            folder, watch_filter=None, step=1, debounce=1, recursive=False, raise_interrupt=False
        ):
            os.write(changed, b"!")


def open_input(path: str, wakes: Sequence[int], start: Position | None = None) -> LiveInput:
    """
    Opens what to follow.

    Args:
        path: `-` for standard input, else a file, named pipe or device.
        wakes: Descriptors that become readable when waiting should end.
        start: Where an earlier run has ended, for a file.

    Errors:
        SourceError: it cannot be opened.
        UsageError: it is nothing that grows.
    """
    if path == "-":
        return Stream("-", 0, wakes)
    if "://" in path:
        raise UsageError(f"{path}: follow reads files and pipes, no URLs. Those are read by: loganalyzer analyze URL")
    if path.lower().endswith(COMPRESSED):
        raise UsageError(f"{path}: a compressed file does not grow. Use: loganalyzer analyze {path}")
    place = Path(path)
    if place.is_dir():
        raise UsageError(f"{path}: a folder cannot be followed; {_newest(place)}.")
    if place.exists() and not place.is_file():
        return Stream(path, open_plain(place), wakes)
    return Followed(place, wakes, start)


def _newest(folder: Path) -> str:
    files = [p for p in folder.iterdir() if p.is_file() and not p.name.endswith(COMPRESSED)]
    if not files:
        return "name a file in it"
    return f"name a file in it, such as {max(files, key=lambda p: p.stat().st_mtime)}"
