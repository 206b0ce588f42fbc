"""
A place in a log file that is found again, whatever has become of the name of the file since.

Enters: an open file and an offset. Leaves: a `Position`, which holds no text of the log, and later the files to go on
with: the one that was read, wherever rotation has put it, and those that came after it. What tells a file is its
beginning and the bytes just before the place, so a copy (copytruncate) is as good as the file itself.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from loganalyzer.errors import SourceError
from loganalyzer.sources import names
from loganalyzer.sources.plain import head, open_plain, span

PROBE_BYTES = 1024
"""How much of the beginning, and of what stands before the place, tells a file [bytes]."""


class Position(NamedTuple):
    """A place in a file."""

    offset: int
    """[bytes]."""
    device: int
    inode: int
    beginning: bytes
    """Digest of the first bytes, `PROBE_BYTES` if there are as many before the place …"""
    before: bytes
    """… and of as many just before it."""
    time_ns: int
    """When this was so: a file that was written to since holds something new [ns, UTC]."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that is held open, so that it stays the same whoever renames it."""

    path: Path
    descriptor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What to go on with."""

    files: tuple[Opened, ...]
    """Oldest first."""
    offset: int
    """In the first of them [bytes]."""
    is_gap: bool
    """The file that was read is gone: what was written to it after the place is not among the files."""


def position(descriptor: int, offset: int, time_ns: int) -> Position:
    """Describes a place in an open file, of which at least `offset` bytes were read. Errors: OSError."""
    status = os.fstat(descriptor)
    size = min(offset, PROBE_BYTES)
    beginning, before = head(descriptor, size), span(descriptor, offset - size, size)
    return Position(offset, status.st_dev, status.st_ino, _digest(beginning), _digest(before), time_ns)


def find(path: Path, wanted: Position) -> Found:
    """
    The files that hold what was written after a place.

    Args:
        path: name of the log.

    Errors:
        SourceError: neither that file nor a later one can be opened.
    """
    chain = list(_chain(path))
    opened = [file for one in chain if (file := _opened(one)) is not None]
    fits = [index for index, file in enumerate(opened) if _is(file.descriptor, wanted)]
    # A copy is equal, but the file itself is what the writer goes on with.
    same = [index for index in fits if _inode(opened[index].descriptor) == (wanted.device, wanted.inode)]
    first = next(iter([*same, *fits]), None)
    if first is not None:
        kept = opened[first:]
    else:
        kept = [file for file in opened if os.fstat(file.descriptor).st_mtime_ns > wanted.time_ns]
    for file in opened:
        if file not in kept:
            os.close(file.descriptor)
    if not kept:
        kept = [Opened(path, open_plain(path))]
    return Found(files=tuple(kept), offset=wanted.offset if first is not None else 0, is_gap=first is None)


def above(file: Opened, offset: int, size: int) -> bytes:
    """The whole lines before an offset that begin at most `size` bytes before it. Errors: OSError."""
    start = max(0, offset - size)
    data = span(file.descriptor, start, offset - start)
    return data if not start else data.partition(b"\n")[2]


def _chain(path: Path) -> Iterator[Path]:
    """The files of one log, oldest first: rotated ones, and those of other days."""
    log = names.order(path.name)[0]
    try:
        beside = [one for one in path.parent.iterdir() if names.order(one.name)[0] == log]
    except OSError:
        beside = []
    plain = {one for one in beside if not names.is_compressed(one.name)} | {path}
    return iter(sorted(plain, key=lambda one: names.order(one.name)))


def _opened(path: Path) -> Opened | None:
    try:
        return Opened(path, open_plain(path))
    except SourceError:
        return None


def _inode(descriptor: int) -> tuple[int, int]:
    status = os.fstat(descriptor)
    return status.st_dev, status.st_ino


def _is(descriptor: int, wanted: Position) -> bool:
    size = min(wanted.offset, PROBE_BYTES)
    if not wanted.offset:  # nothing was read that could tell it
        return _inode(descriptor) == (wanted.device, wanted.inode)
    if os.fstat(descriptor).st_size < wanted.offset:
        return False
    return (
        _digest(head(descriptor, size)) == wanted.beginning
        and _digest(span(descriptor, wanted.offset - size, size)) == wanted.before
    )


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=16).digest()
