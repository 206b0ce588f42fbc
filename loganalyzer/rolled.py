"""
The files that one followed stream was read from, one after another.

Enters: where a new file begins in the stream. Leaves: file and line for a line of the stream. Inside the run a line
keeps the name and number that it has in the stream, so that rotation changes neither what is a duplicate nor an id.
"""

from __future__ import annotations

from bisect import bisect_right

MAX_FILES = 10_000
"""Files that are remembered; lines of older ones are named by the stream."""


class Rolled:
    """The files behind one stream."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._names: list[str] = []

    def begin(self, line: int, name: str) -> None:
        """Remember that a line of the stream, numbered from 1, is the first one of a file."""
        self._starts.append(line)
        self._names.append(name)
        if len(self._starts) > MAX_FILES:
            del self._starts[0], self._names[0]

    def located(self, line: int) -> tuple[str, int] | None:
        """The file that a line of the stream stands in, and its number there; None for the file it began with."""
        index = bisect_right(self._starts, line) - 1
        return None if index < 0 else (self._names[index], line - self._starts[index] + 1)
