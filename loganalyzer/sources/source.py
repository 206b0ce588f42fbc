"""What a source is: one stream of bytes, made of parts that are opened one after another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Self

from loganalyzer.errors import SourceError
from loganalyzer.sources.compression import READ_ERRORS, Decompressing
from loganalyzer.sources.reader import Opener


class Missing(bytes):
    """No bytes, but the news that lines are missing before the next ones."""

    reason: str

    def __new__(cls, reason: str) -> Self:
        """`reason`: why, in a few words."""
        found = super().__new__(cls)
        found.reason = reason
        return found

    def __reduce__(self) -> tuple[type[Missing], tuple[str]]:
        """As what it was made of."""
        return Missing, (self.reason,)


UNREADABLE = Missing("could not be read")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One file, member or pipe of a source."""

    name: str
    """What a user sees; free of control characters."""
    opener: Opener
    size: int | None
    """Decompressed [bytes], if it is known without reading."""
    mtime_ns: int | None
    file_date: date | None
    """From the name: `openclaw-2026-11-20.log`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One logical stream: a file, a pipe, an archive member, or a rotation chain, oldest part first."""

    name: str
    """What a user sees: `-`, `gateway.log`, `support.zip!logs/gateway.log`, `gateway.log (+2 rotated)`."""
    parts: tuple[Part, ...]
    mtime_ns: int | None
    file_date: date | None

    @property
    def is_live(self) -> bool:
        """Is a part of it a pipe or terminal, read as it is written?"""
        return not all(isinstance(part.opener, Decompressing) for part in self.parts)

    def chunks(self, size: int = 1 << 20) -> Iterator[bytes]:
        """
        Read the stream, decompressed; from a pipe or terminal what is there, at once.

        Between parts a missing newline is added, so that a torn end cannot swallow the line after it.

        Args:
            size: of the largest chunk [bytes].

        Errors:
            SourceError: at the end, if parts could not be read (to their end), naming each; what
                could be read of them and the other parts have been delivered before.
        """
        return (chunk for chunk in self.pieces(size) if chunk)

    def pieces(self, size: int = 1 << 20) -> Iterator[bytes]:
        """As `chunks`, but where a part could not be read, `Missing` takes the place of what is not there."""
        problems: list[str] = []
        torn = False
        missing: list[Missing] = []
        for part in self.parts:
            join = torn
            for chunk in _read(part, size, problems):
                if isinstance(chunk, Missing):
                    missing = [chunk]
                    continue
                if join:
                    yield b"\n"
                yield from missing
                yield chunk
                join, missing, torn = False, [], not chunk.endswith(b"\n")
        yield from missing
        if problems:
            raise SourceError("; ".join(problems))


def _read(part: Part, size: int, problems: list[str]) -> Iterator[bytes]:
    """What can be read of a part; the reason for stopping early goes into `problems`."""
    try:
        reader = part.opener()
    except READ_ERRORS as error:
        problems.append(f"{part.name}: {reason(error)}")
        yield UNREADABLE
        return
    try:
        while True:
            try:
                chunk = reader.read(size)
            except READ_ERRORS as error:
                problems.append(f"{part.name}: {reason(error)}")
                yield UNREADABLE
                return
            if not chunk:
                return
            yield chunk
    finally:
        reader.close()


def reason(error: Exception) -> str:
    """An error of the operating system or a decoder in a few words."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, EOFError):
        return "ends in the middle"
    return str(error) or type(error).__name__


def total_size(sources: Sequence[Source]) -> int | None:
    """Decompressed size of everything [bytes]; None if it is not known of some part."""
    sizes = [part.size for source in sources for part in source.parts]
    known = [size for size in sizes if size is not None]
    return sum(known) if len(known) == len(sizes) else None
