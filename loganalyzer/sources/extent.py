"""A source of plain files, here or remote, as one range of bytes; any process can read any piece of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from loganalyzer.sources.compression import Decompressing
from loganalyzer.sources.reader import RawFile
from loganalyzer.sources.remote_file import RemoteFile
from loganalyzer.sources.source import UNREADABLE, Missing, Source, reason

NEAR = 1 << 14
"""Bytes read at a time to find the next line start."""


class Stretch(NamedTuple):
    """One file and its place in the stream."""

    name: str
    opener: RawFile | RemoteFile
    start: int
    """Of its first byte in the stream [bytes]."""
    stop: int


@dataclass(frozen=True, slots=True)
class Extent:
    """The files of a source, oldest first; where one ends in the middle of a line, a newline stands between two."""

    stretches: tuple[Stretch, ...]

    @property
    def size(self) -> int:
        """All of it, as it was when it was looked at [bytes]."""
        return self.stretches[-1].stop

    def read(self, start: int, stop: int | None, problems: list[str], size: int = 1 << 20) -> Iterator[bytes]:
        """
        The bytes from `start` to `stop`, in chunks.

        Args:
            stop: None for everything, also what was written to the last file since.
            problems: takes what cannot be read, and why; the other files go on, behind a `Missing`.
            size: of the largest chunk [bytes].
        """
        before, torn = 0, False
        missing: list[Missing] = []
        for stretch in self.stretches:
            joined = start <= before < stretch.start and (stop is None or before < stop)
            if torn if missing else joined:
                yield b"\n"
            yield from missing
            before, torn, missing = stretch.stop, False, []
            is_last = stretch is self.stretches[-1]
            first = max(start - stretch.start, 0)
            last = None if stop is None and is_last else min(stop or self.size, stretch.stop) - stretch.start
            if last is not None and first >= last:
                continue
            try:
                for chunk in _read(stretch.opener, first, last, size):
                    torn = not chunk.endswith(b"\n")
                    yield chunk
            except OSError as error:
                problems.append(f"{stretch.name}: {reason(error)}")
                missing = [UNREADABLE]
        yield from missing

    def line_start(self, position: int) -> int | None:
        """The first place from `position` on where a line begins; None if the rest is one line."""
        seen = position - 1
        for chunk in self.read(seen, None, [], NEAR):
            found = chunk.find(b"\n")
            if found >= 0:
                return seen + found + 1
            seen += len(chunk)
        return None


def _read(opener: RawFile | RemoteFile, start: int, stop: int | None, size: int) -> Iterator[bytes]:
    reader = opener.at(start, stop)
    try:
        while stop is None or start < stop:
            data = reader.read(size if stop is None else min(size, stop - start))
            if not data:
                return
            start += len(data)
            yield data
    finally:
        reader.close()


def extent_of(source: Source) -> Extent | None:
    """The extent of a source of plain, readable files that hold something; None for every other source."""
    stretches: list[Stretch] = []
    position, torn = 0, False
    for part in source.parts:
        opener = part.opener.raw if isinstance(part.opener, Decompressing) else None
        if isinstance(opener, RawFile):
            opener = RawFile(os.path.abspath(opener.path))  # for processes in other folders
        if not (isinstance(opener, RawFile | RemoteFile) and part.size):
            return None
        if isinstance(opener, RemoteFile) and opener.size is None:
            return None
        try:
            size = os.stat(opener.path).st_size if isinstance(opener, RawFile) else part.size
            last = b"".join(_read(opener, size - 1, size, 1))
        except OSError:
            return None
        position += torn
        stretches.append(Stretch(part.name, opener, position, position + size))
        position, torn = position + size, last != b"\n"
    return Extent(tuple(stretches)) if stretches else None
