"""
A file that is written to: its bytes as they come, through every way in which logs are rotated.

- Renamed, or its name given to another file (a new one, a link that was turned): read to its end, then on with what
  stands under the name. As long as nothing stands there, what still comes to the old file is read.
- Cut and written anew (copytruncate): read from its start again. What was written between the last look and the cut is
  lost; that is noted, and a gap.
- Rolled by date: when `openclaw-2026-11-20.log` has ended and a log of a later day stands beside it, on with that. A
  clock that was wrong for a while dates logs far ahead, and around midnight some lines may still go to the old day: so
  of all logs from the first day on, the earliest that holds something new is read, as far as it goes.
- Gone for a while: on when it is back, or with the log of a later day.
- Not there yet (network file systems show the new size before the bytes): zeros at the end are read again until they
  are bytes, for `PATIENCE_S`.
- Unreadable (a failing disk, a stale handle): opened and read again, for `PATIENCE_S`; then what cannot be read is
  passed over, which is noted, and a gap.

A torn last line of one file is ended before the next begins. Memory: one chunk, and a place for each log of a day.
"""

from __future__ import annotations

import errno
import os
import time
from collections import deque
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import NamedTuple

from loganalyzer.errors import SourceError
from loganalyzer.sources import names
from loganalyzer.sources.plain import head, open_plain, span
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


class Left(NamedTuple):
    """How far the log of a day was read before that of another day was."""

    start: bytes
    """Its first bytes."""
    offset: int
    """[bytes]."""


class Next(NamedTuple):
    """A file to go on with."""

    file: Opened
    offset: int
    """[bytes]."""


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
        self._log = path
        self._stem = names.without_day(path.name) if names.day(path.name) is not None else None
        files = found.files if found is not None else (Opened(path, open_plain(path)),)
        self._file = first = files[0]
        self._first_day = self._day(self.path.name)
        """Where this run begins, if there is one log a day; earlier ones are not read."""
        self._waiting = deque(Next(file, 0) for file in files[1:])
        """Files to be read before others are looked for by their names."""
        self._left: dict[Path, Left] = {}
        """Logs of days from the first one on, as far as they were read; one more each day."""
        self._offset = found.offset if found is not None else 0
        self._start = head(first.descriptor, min(self._offset, FINGERPRINT_BYTES))
        os.lseek(first.descriptor, self._offset, os.SEEK_SET)
        if found is not None and found.is_gap:
            self.notes.append(f"what was read of {path} last is gone: lines after that may be missing")
            self._coming.append(Turn(first.path, "what was read last is gone"))
        self._torn = False
        self._zeros_since = 0.0
        self._zeros_until = 0
        """Zeros before this place are no longer waited for [bytes]."""
        self._fails_since = 0.0
        self._passing = False
        """Is what cannot be read being passed over?"""

    @property
    def path(self) -> Path:
        """The name of the log that is read at the moment, which may be that of another file by now."""
        return self._name(self._file)

    def read(self) -> bytes:
        """Gives what was appended, at most a chunk; b"" if there is nothing at the moment."""
        self.turns, self._coming = self._coming, []
        return self._read()

    def _read(self) -> bytes:
        try:
            if self._overwritten():
                self._note("was cut and written anew: lines before the cut may be missing")
                if self._begin("cut and written anew"):
                    return b"\n"
            data = self._held_back(self._appended())
            self._fails_since, self._passing = 0.0, False
            if not data and not self._zeros_since:
                return self._next_file()
        except SourceError:
            return b""  # between two files: look again later
        except OSError as error:
            return self._failed(error)
        return self._taken(data)

    def _appended(self) -> bytes:
        return os.read(self._file.descriptor, CHUNK_BYTES)

    def _taken(self, data: bytes) -> bytes:
        if self._offset == len(self._start) < FINGERPRINT_BYTES:
            self._start += data[: FINGERPRINT_BYTES - len(self._start)]
        self._offset += len(data)
        self._torn = not data.endswith(b"\n") if data else self._torn
        return data

    def position(self, back: int) -> Position | None:
        """The place `back` bytes before the end of what was read; None if it cannot be told at the moment."""
        try:
            cut = self._overwritten()
            return None if cut else position(self._file.descriptor, self._offset - back, time.time_ns())
        except OSError:
            return None

    def close(self) -> None:
        """Closes the file."""
        for file in (self._file, *(coming.file for coming in self._waiting)):
            os.close(file.descriptor)

    def _begin(self, lost: str, offset: int = 0) -> bool:
        """Starts over at a place, usually the first byte; is there a torn line to be ended before that?"""
        os.lseek(self._file.descriptor, offset, os.SEEK_SET)
        self._offset = offset
        self._start = head(self._file.descriptor, min(offset, FINGERPRINT_BYTES))
        self._zeros_since = self._fails_since = 0.0
        self._zeros_until = 0
        return self._turn(Turn(self._file.path, lost))

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
            os.close(self._file.descriptor)
            self._file = Opened(self.path, fresh)
            if self._overwritten():
                self._note(f"could not be read to its end ({reason}): lines may be missing")
                return b"\n" if self._begin("could not be read") else b""
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
        if _size(self._file) < self._offset:
            return True
        try:
            return bool(self._start) and head(self._file.descriptor, len(self._start)) != self._start
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            return False  # a bad block at its start says nothing about the rest

    def _held_back(self, data: bytes) -> bytes:
        """What has really been written: zeros at the end of the file wait for their bytes, all of them together."""
        size = _size(self._file)
        is_pending = data.endswith(b"\0") and self._offset + len(data) > self._zeros_until
        if not is_pending or span(self._file.descriptor, size - 1, 1) != b"\0":
            self._zeros_since = 0.0
            return data
        self._zeros_since = self._zeros_since or time.monotonic()
        if time.monotonic() - self._zeros_since > PATIENCE_S:
            self._zeros_since = 0.0
            self._zeros_until = size
            return data
        written = data.rstrip(b"\0")
        os.lseek(self._file.descriptor, self._offset + len(written), os.SEEK_SET)
        return written

    def _next_file(self) -> bytes:
        """Goes on with the file that follows, if there is something in it; ends a torn line first."""
        if self._is_at_last() and (found := self._following()) is not None:
            self._waiting.append(found)
        if not self._waiting or (self._is_at_last() and os.fstat(self._file.descriptor).st_nlink):
            return b""
        # Between the last read and now the old file may have got its last lines.
        if data := self._appended():
            return self._taken(data)
        return b"\n" if self._go_on(self._waiting.popleft(), "") else self._read()

    def _is_at_last(self) -> bool:
        """Is nothing known to come after the file, but perhaps one that is empty?"""
        return len(self._waiting) < 2 and not any(_size(coming.file) for coming in self._waiting)

    def _go_on(self, coming: Next, lost: str) -> bool:
        """Leaves the file for another one; is there a torn line to be ended before that?"""
        if self._day(self._file.path.name) is not None and self._file.path != coming.file.path:
            self._left[self._file.path] = Left(self._start, self._offset)
        os.close(self._file.descriptor)
        self._file = coming.file
        return self._begin(lost, coming.offset)

    def _following(self) -> Next | None:
        """What is read after all that is known of: another file of that name, else the log of another day."""
        last = self._waiting[-1].file if self._waiting else self._file
        here = os.fstat(last.descriptor)
        name = self._name(last)
        with suppress(FileNotFoundError):
            there = os.stat(name)
            if (here.st_ino, here.st_dev) != (there.st_ino, there.st_dev):
                return Next(Opened(name, open_plain(name)), 0)
        first = self._first_day
        if first is None:
            return None
        known = {self._file.path.name, *(coming.file.path.name for coming in self._waiting)}
        days = ((self._day(name), name) for name in os.listdir(self._log.parent) if name not in known)
        later = sorted((day, name) for day, name in days if day is not None and day >= first)
        looked = (self._unread(self._log.with_name(name)) for _, name in later)
        return next((found for found in looked if found is not None), None)

    def _unread(self, path: Path) -> Next | None:
        """The place in the log of a day up to which it was read; None if nothing stands behind it."""
        left = self._left.get(path, Left(b"", 0))
        try:
            size = os.stat(path).st_size
            if size in (0, left.offset):
                return None
            file = Opened(path, open_plain(path))
        except (OSError, SourceError):
            return None
        with suppress(OSError):
            offset = left.offset if head(file.descriptor, len(left.start)) == left.start else 0
            if size > offset:
                return Next(file, offset)
        os.close(file.descriptor)
        return None

    def _name(self, file: Opened) -> Path:
        """Under which name the file that follows is looked for."""
        for name in (file.path.name, names.unrotated(file.path.name)):
            if self._day(name) is not None:
                return file.path.with_name(name)
        return self._log

    def _day(self, name: str) -> date | None:
        """The day that a log has in its name, if there is one log a day and this is one of them."""
        return names.day(name) if self._stem is not None and names.without_day(name) == self._stem else None


def _size(file: Opened) -> int:
    return os.fstat(file.descriptor).st_size
