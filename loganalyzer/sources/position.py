"""
A place in a log file that is found again, whatever has become of the name of the file since.

Enters: an open file and an offset. Leaves: a `Position`, which holds no text of the log, and later the files to go on
with: the one that was read, wherever rotation has put it, and those that came after it. What tells a file is its
beginning and the bytes just before the place, so a copy (copytruncate) is as good as the file itself.
"""

from __future__ import annotations

import hashlib
import os
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
    probed: int
    """How many bytes there were at the beginning, at most `PROBE_BYTES` …"""
    beginning: bytes
    """… and their digest; they need not have been read."""
    before: bytes
    """Digest of the bytes just before the place, at most `PROBE_BYTES`."""
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
    beginning = head(descriptor, PROBE_BYTES)
    return Position(
        offset, *_inode(descriptor), len(beginning), _digest(beginning), _digest(_before(descriptor, offset)), time_ns
    )


def find(path: Path, wanted: Position) -> Found:
    """
    The files that hold what was written after a place.

    Args:
        path: name of the log.

    Errors:
        SourceError: neither that file nor a later one can be opened.
    """
    opened = _each_once([file for one in _chain(path) if (file := _opened(one)) is not None])
    fresh = [file for file in opened if os.fstat(file.descriptor).st_mtime_ns > wanted.time_ns]
    fits = [file for file in opened if _is(file.descriptor, wanted)]
    # A copy is equal, but the file itself is what the writer goes on with.
    same = [file for file in fits if _inode(file.descriptor) == (wanted.device, wanted.inode)]
    first = next(iter([*same, *fits]), None)
    if first is None:
        kept = fresh
    elif wanted.probed:
        kept = opened[opened.index(first) :]
    else:  # it was empty, and if its place has been taken since, what was in it is in a copy
        kept = [file for file in opened if file is first or file in fresh]
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


def _chain(path: Path) -> list[Path]:
    """
    The files of one log, oldest first: rotated ones, and those of other days.

    What a link leads to may be rotated where it lies, under its own name; the link then says which file is the last.
    """
    target = Path(os.path.realpath(path))
    if not path.is_symlink():
        return _beside(path)
    there = _beside(target)
    return [*(one for one in _beside(path) if one != path), *there[: there.index(target)], path]


def _beside(path: Path) -> list[Path]:
    """A file and those in its folder whose names say that they are of the same log, oldest first."""
    log = names.order(path.name)[0]
    try:
        beside = [one for one in path.parent.iterdir() if names.order(one.name)[0] == log]
    except OSError:
        beside = []
    plain = {one for one in beside if not names.is_compressed(one.name)} | {path}
    return sorted(plain, key=lambda one: names.order(one.name))


def _each_once(files: list[Opened]) -> list[Opened]:
    """Of a file that has several names only the last one; closes the others."""
    by_inode: dict[tuple[int, int], Opened] = {}
    for file in files:
        if (other := by_inode.pop(_inode(file.descriptor), None)) is not None:
            os.close(other.descriptor)
        by_inode[_inode(file.descriptor)] = file
    return list(by_inode.values())


def _opened(path: Path) -> Opened | None:
    try:
        return Opened(path, open_plain(path))
    except SourceError:
        return None


def _inode(descriptor: int) -> tuple[int, int]:
    status = os.fstat(descriptor)
    return status.st_dev, status.st_ino


def _is(descriptor: int, wanted: Position) -> bool:
    if not wanted.probed:  # there is nothing else that could tell it
        return _inode(descriptor) == (wanted.device, wanted.inode)
    return (
        os.fstat(descriptor).st_size >= wanted.offset
        and _digest(head(descriptor, wanted.probed)) == wanted.beginning
        and _digest(_before(descriptor, wanted.offset)) == wanted.before
    )


def _before(descriptor: int, offset: int) -> bytes:
    size = min(offset, PROBE_BYTES)
    return span(descriptor, offset - size, size)


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=16).digest()
