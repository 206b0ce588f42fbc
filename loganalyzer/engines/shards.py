"""
Sources cut into shards: pieces of whole lines, each with the lines above it that its records may have begun in.

A shard of plain files names its range, and the worker reads it; of anything else it holds the bytes, which the
calling process had to decompress.
"""

from __future__ import annotations

from collections.abc import Iterator
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
    data: bytes
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
        yield self.data
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
    start, above, data, dropped, lost = 0, b"", bytearray(), 0, ""
    problem: SourceError | None = None
    try:
        for chunk in chunks:
            if isinstance(chunk, Missing):
                lost = chunk.reason
                if data and not data.endswith(b"\n"):
                    continue  # the stream ends with a torn line
                whole = bytes(data)
                data.clear()
                yield DataShard(start, above, whole, dropped, False, lost)
                start += len(whole) + dropped
                above, dropped, lost = _tail(above + whole), 0, ""
                continue
            if len(data) > TOO_LONG and data.find(b"\n", len(data) - TOO_LONG) < 0:
                rest = chunk.find(b"\n")
                dropped += len(chunk) if rest < 0 else rest
                if rest < 0:
                    continue
                chunk = chunk[rest:]
            # Behind dropped bytes offsets would be wrong, so the shard ends with the line.
            stop = len(data) + 1 if dropped else 0
            data += chunk
            stop = stop or (data.rfind(b"\n") + 1 if len(data) >= size else 0)
            if stop:
                whole = bytes(data[:stop])
                del data[:stop]
                yield DataShard(start, above, whole, dropped, False)
                start += stop + dropped
                above, dropped = _tail(above + whole), 0
    except SourceError as error:
        problem = error
    yield DataShard(start, above, bytes(data), dropped, True, lost)
    if problem is not None:
        raise problem


def _tail(lines: bytes) -> bytes:
    """What records behind some whole lines may have begun in."""
    return lines if len(lines) <= LOOK_BACK else whole_lines(lines[-LOOK_BACK - 1 :], is_beginning=False)
