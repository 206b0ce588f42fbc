"""
A file that is written to: its bytes as they come, through every way in which logs are rotated.

- Renamed, or its name given to another file (a new one, a link that was turned): read to its end, then on with what
  stands under the name.
- Cut and written anew (copytruncate): read from its start again. What was written between the last look and the cut is
  lost; that is noted, and a gap.
- Rolled by date: when `openclaw-2026-11-20.log` has ended and a file of a later day stands beside it, on with that.
- Gone for a while: on when it is back.
- Not there yet (network file systems show the new size before the bytes): zeros at the end are read again until they
  are bytes, for `PATIENCE_S`.
- Unreadable (a failing disk, a stale handle): opened and read again, for `PATIENCE_S`; then what cannot be read is
  passed over, which is noted, and a gap.

A torn last line of one file is ended before the next begins. Memory: one chunk.
"""

from __future__ import annotations

import errno
import os
import time
from collections import deque
from datetime import date
from pathlib import Path
from typing import NamedTuple

from loganalyzer.errors import SourceError
from loganalyzer.sources import names
from loganalyzer.sources.plain import head, open_plain
from loganalyzer.sources.position import Found, Opened, Position, position

CHUNK_BYTES = 1 << 18
FINGERPRINT_BYTES = 256
"""How much of the start of a file tells it from what is written over it [bytes]."""
PATIENCE_S = 5.0
BLOCK_BYTES = 4096
"""What cannot be read is passed over in such steps [bytes]."""
MAX_NOTES = 100


class Turn(NamedTuple):
    """The bytes that follow do not simply go on from those before."""

    path: Path | None
    """The file that they are the first ones of; None if it is still the same."""
    lost: str
    """Why lines between may be missing; empty if none are."""


class GrowingFile:
    """
    The bytes of a file that grows. It never ends by itself.

    Args:
        found: where to go on; None for the beginning of the file.

    Errors:
        SourceError: the file cannot be opened at first.
    """

    def __init__(self, path: Path, found: Found | None = None) -> None:
        self.notes: list[str] = []
        """What went otherwise than one would wish; at most `MAX_NOTES`."""
        self.turns: list[Turn] = []
        """What happened right before the bytes that were read last."""
        self._coming: list[Turn] = []
        """What happens right before those that are read next."""
        self._waiting = deque(found.files if found is not None else (Opened(path, open_plain(path)),))
        """Files to be read before the one that grows is looked for by its name."""
        latest = self._waiting[-1].path
        self.path = latest if names.day(latest.name) else path
        """Where it is read from at the moment."""
        first = self._waiting.popleft()
        self._descriptor = first.descriptor
        self._offset = found.offset if found is not None else 0
        self._start = head(self._descriptor, min(self._offset, FINGERPRINT_BYTES))
        os.lseek(self._descriptor, self._offset, os.SEEK_SET)
        if found is not None and found.is_gap:
            self.notes.append(f"what was read of {path} last is gone: lines after that may be missing")
            self._coming.append(Turn(first.path, "what was read last is gone"))
        self._torn = False
        self._zeros_since = 0.0
        self._fails_since = 0.0
        self._passing = False
        """Is what cannot be read being passed over?"""

    def read(self) -> bytes:
        """Gives what was appended, at most a chunk; b"" if there is nothing at the moment."""
        self.turns, self._coming = self._coming, []
        return self._read()

    def _read(self) -> bytes:
        try:
            if self._overwritten():
                self._note("was cut and written anew: lines before the cut may be missing")
                if self._begin(self.path, "cut and written anew"):
                    return b"\n"
            data = self._held_back(os.read(self._descriptor, CHUNK_BYTES))
            self._fails_since, self._passing = 0.0, False
            if not data and not self._zeros_since:
                return self._next_file()
        except SourceError:
            return b""  # between two files: look again later
        except OSError as error:
            return self._failed(error)
        if self._offset == len(self._start) < FINGERPRINT_BYTES:
            self._start += data[: FINGERPRINT_BYTES - len(self._start)]
        self._offset += len(data)
        self._torn = not data.endswith(b"\n") if data else self._torn
        return data

    def position(self, back: int) -> Position | None:
        """The place `back` bytes before the end of what was read; None if it cannot be told at the moment."""
        try:
            cut = self._overwritten()
            return None if cut else position(self._descriptor, self._offset - back, time.time_ns())
        except OSError:
            return None

    def close(self) -> None:
        """Closes the file."""
        os.close(self._descriptor)
        for file in self._waiting:
            os.close(file.descriptor)

    def _begin(self, path: Path, lost: str) -> bool:
        """Starts over with the first byte; is there a torn line to be ended before that?"""
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        self._offset = 0
        self._start = b""
        self._zeros_since = self._fails_since = 0.0
        return self._turn(Turn(path, lost))

    def _turn(self, turn: Turn) -> bool:
        torn, self._torn = self._torn, False
        (self._coming if torn else self.turns).append(turn)
        return torn

    def _note(self, text: str) -> None:
        if len(self.notes) < MAX_NOTES:
            self.notes.append(f"{self.path} {text}")

    def _failed(self, error: OSError) -> bytes:
        """
        Reading has failed, or there is no file for now.

        The file is opened anew, since a handle may go stale. What still cannot be read after a while is passed over.
        """
        if error.errno not in (errno.EIO, errno.ESTALE):
            return b""
        now = time.monotonic()
        self._fails_since = self._fails_since or now
        reason = error.strerror or "read error"
        if self._waiting:  # it was rotated away, and what came after it is there
            self._note(f"could not be read to its end ({reason}): lines are missing")
            return b"\n" if self._go_on(self._waiting.popleft(), "could not be read") else b""
        try:
            fresh = open_plain(self.path)
            os.close(self._descriptor)
            self._descriptor = fresh
            if self._overwritten():
                self._note(f"could not be read to its end ({reason}): lines may be missing")
                return b"\n" if self._begin(self.path, "could not be read") else b""
            size = os.fstat(fresh).st_size
            os.lseek(fresh, self._offset, os.SEEK_SET)
        except (OSError, SourceError):
            return b""
        if now - self._fails_since < PATIENCE_S:
            return b""
        self._offset = max(self._offset, min(size, (self._offset // BLOCK_BYTES + 1) * BLOCK_BYTES))
        os.lseek(fresh, self._offset, os.SEEK_SET)
        if self._passing:  # all of it is one gap, until something can be read again
            return b""
        self._passing = True
        self._note(f"cannot be read before byte {self._offset:,} ({reason}): lines are missing")
        return b"\n" if self._turn(Turn(None, "could not be read")) else b""

    def _overwritten(self) -> bool:
        if os.fstat(self._descriptor).st_size < self._offset:
            return True
        try:
            return bool(self._start) and head(self._descriptor, len(self._start)) != self._start
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            return False  # a bad block at its start says nothing about the rest

    def _held_back(self, data: bytes) -> bytes:
        """What has really been written: zeros at the end wait for their bytes."""
        if not data.endswith(b"\0"):
            self._zeros_since = 0.0
            return data
        self._zeros_since = self._zeros_since or time.monotonic()
        if time.monotonic() - self._zeros_since > PATIENCE_S:
            self._zeros_since = 0.0
            return data
        written = data.rstrip(b"\0")
        os.lseek(self._descriptor, self._offset + len(written), os.SEEK_SET)
        return written

    def _next_file(self) -> bytes:
        """Goes on with the file that follows, if there is one; ends a torn line first."""
        path = None if self._waiting else self.path if self._replaced() else later_day(self.path)
        if path is None and not self._waiting:
            return b""
        # Between the last read and now the old file may have got its last lines.
        data = os.read(self._descriptor, CHUNK_BYTES)
        if data:
            self._offset += len(data)
            self._torn = not data.endswith(b"\n")
            return data
        fresh = self._waiting.popleft() if path is None else Opened(path, open_plain(path))
        self.path = path or self.path
        return b"\n" if self._go_on(fresh, "") else self._read()

    def _go_on(self, fresh: Opened, lost: str) -> bool:
        """Leaves the file for another one; is there a torn line to be ended before that?"""
        os.close(self._descriptor)
        self._descriptor = fresh.descriptor
        return self._begin(fresh.path, lost)

    def _replaced(self) -> bool:
        here, there = os.fstat(self._descriptor), os.stat(self.path)
        return (here.st_ino, here.st_dev) != (there.st_ino, there.st_dev)


def later_day(path: Path) -> Path | None:
    """
    The log of the next day that has one, beside a log whose name holds a day.

    Returns:
        None if the name holds no day, or no later log is there.
    """
    today = names.day(path.name)
    if today is None:
        return None
    stem = names.without_day(path.name)
    found: list[tuple[date, Path]] = []
    for other in path.parent.iterdir():
        day = names.day(other.name)
        if day is not None and day > today and names.without_day(other.name) == stem:
            found.append((day, other))
    return min(found)[1] if found else None
