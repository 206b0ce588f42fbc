"""
Sources cut into shards: pieces of whole lines, each with the lines above it that its records may have begun in.

A shard of plain files names its range, and the worker reads it; of anything else it holds the bytes, which the
calling process had to decompress.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from loganalyzer.errors import SourceError
from loganalyzer.scan import LOOK_BACK, MAX_LINE
from loganalyzer.sources import Extent, Missing


class Shard(Protocol):
    """A piece of a source that a worker can read."""

    @property
    def start(self) -> int:
        """Of its first byte in the source [bytes]."""

    @property
    def is_last(self) -> bool:
        """Does the source end with it?"""

    @property
    def dropped(self) -> int:
        """What is missing of its last line [bytes]."""

    def above(self) -> bytes:
        """Whole lines before it, as far as a record may reach back."""

    def chunks(self, problems: list[str]) -> Iterator[bytes]:
        """Its bytes; what could not be read is added to `problems`."""


TOO_LONG = MAX_LINE + 2
"""A line longer than this is cut however it goes on [bytes]."""


class FileShard(NamedTuple):
    """A range of files."""

    extent: Extent
    start: int
    stop: int | None
    """None if the source ends with it."""
    dropped: int = 0

    @property
    def is_last(self) -> bool:
        """See `Shard`."""
        return self.stop is None

    def above(self) -> bytes:
        """See `Shard`."""
        if not self.start:
            return b""
        first = max(0, self.start - LOOK_BACK - 1)
        return whole_lines(b"".join(self.extent.read(first, self.start, [])), is_beginning=first == 0)

    def chunks(self, problems: list[str]) -> Iterator[bytes]:
        """See `Shard`."""
        return self.extent.read(self.start, self.stop, problems)


class DataShard(NamedTuple):
    """Bytes that were read already."""

    start: int
    before: bytes
    data: tuple[bytes, ...]
    """In pieces, cut anywhere."""
    dropped: int
    """Of its last line, which is too long [bytes]."""
    is_last: bool
    lost: str = ""
    """Why lines are missing behind it; empty if none are."""

    def above(self) -> bytes:
        """See `Shard`."""
        return self.before

    def chunks(self, problems: list[str]) -> Iterator[bytes]:
        """See `Shard`."""
        yield from self.data
        if self.lost:
            yield Missing(self.lost)


def whole_lines(data: bytes, *, is_beginning: bool) -> bytes:
    """Bytes up to a line start without the rest of a line that begins further up."""
    return data if is_beginning else data[data.find(b"\n") + 1 :]


def file_shards(extent: Extent, size: int) -> Iterator[FileShard]:
    """Shards of about `size` bytes, never less; longer if a line is."""
    start = 0
    while extent.size - start > size:
        cut = extent.line_start(start + size)
        if cut is None or cut >= extent.size:
            break
        yield FileShard(extent, start, cut)
        start = cut
    yield FileShard(extent, start, None)


def data_shards(chunks: Iterator[bytes], size: int) -> Iterator[DataShard]:
    """
    Shards of at least `size` bytes from a stream, as they become complete.

    Errors: SourceError from `chunks`, after everything before it.
    Memory: a shard and a chunk. What nobody looks at, far behind the beginning of a long line, is dropped and counted.
    """
    gathered, lost = _Gathered(), ""
    problem: SourceError | None = None
    try:
        for chunk in chunks:
            if isinstance(chunk, Missing):
                lost = chunk.reason
                if not gathered.unfinished:  # else the stream ends with a torn line
                    yield gathered.shard(lost=lost)
                    lost = ""
                continue
            if gathered.unfinished >= TOO_LONG:
                rest = chunk.find(b"\n")
                gathered.dropped += len(chunk) if rest < 0 else rest
                if rest < 0:
                    continue
                chunk = chunk[rest:]
            # Behind dropped bytes offsets would be wrong, so the shard ends with the line.
            stop = 1 if gathered.dropped else 0
            if not stop and gathered.size + len(chunk) >= size:
                stop = chunk.rfind(b"\n") + 1
            if stop:
                gathered.add(chunk[:stop])
                yield gathered.shard()
                chunk = chunk[stop:]
            gathered.add(chunk)
    except SourceError as error:
        problem = error
    yield gathered.shard(is_last=True, lost=lost)
    if problem is not None:
        raise problem


class _Gathered:
    """The shard that grows; its bytes stay in the pieces as which they came: copying costs as much as sending."""

    def __init__(self) -> None:
        self._start = 0
        self._above = b""
        self._pieces: list[bytes] = []
        self.size = 0
        """So far [bytes]."""
        self.unfinished = 0
        """Of these, in a line that goes on [bytes]."""
        self.dropped = 0
        """See `DataShard`."""

    def add(self, data: bytes) -> None:
        """Its next bytes."""
        if data:
            self._pieces.append(data)
            self.size += len(data)
            stop = data.rfind(b"\n") + 1
            self.unfinished = len(data) - stop if stop else self.unfinished + len(data)

    def shard(self, *, is_last: bool = False, lost: str = "") -> DataShard:
        """What was gathered; the next one begins behind it."""
        found = DataShard(self._start, self._above, tuple(self._pieces), self.dropped, is_last, lost)
        self._start += self.size + self.dropped
        self._above = _tail([self._above, *self._pieces])
        self._pieces.clear()
        self.size = self.unfinished = self.dropped = 0
        return found


def _tail(pieces: Sequence[bytes]) -> bytes:
    """What records behind some whole lines may have begun in."""
    tail = b""
    for piece in reversed(pieces):
        tail = piece[-(LOOK_BACK + 1 - len(tail)) :] + tail
        if len(tail) > LOOK_BACK:
            return whole_lines(tail, is_beginning=False)
    return tail
