"""
Chunks of bytes -> blocks of whole lines.

Chunks enter as a source delivers them, cut anywhere. Blocks leave: a block is a piece of one chunk
that holds whole lines only (nothing is copied), or one line that was pieced together from several
chunks. No line in a block is longer than `MAX_LINE`: a longer one comes alone, cut. Framing knows
nothing of what is searched for.

Offsets count bytes of the decompressed stream. A UTF-8 byte order mark is dropped but counted, so
that offsets still slice the file. UTF-16 (what PowerShell writes with `>`) is recognised by its
mark and transcoded; offsets then count bytes of the UTF-8 form.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import NamedTuple

from loganalyzer.model import Accounting

MAX_LINE = 1 << 20
"""Longest text of a line that is looked at [bytes]. It is also the longest block, so that a line
that is longer can never hide inside one."""

_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_MARKS = (codecs.BOM_UTF8, *_UTF16_MARKS)


class Block(NamedTuple):
    """Whole lines: `data[start:stop]`, with the last newline unless the stream ends there."""

    data: bytes
    start: int
    stop: int
    offset: int
    """Of `data[start]` in the stream [bytes]."""
    length: int
    """What it takes in the stream [bytes]; more than `stop - start` if its only line was cut."""

    def text(self, first: int, last: int) -> bytes:
        """The line `data[first:last]` without its newline and the carriage return before it."""
        text = self.data[first:last].removesuffix(b"\n")
        cut = self.length > self.stop - self.start
        return text if cut else text.removesuffix(b"\r")

    def lines(self, first: int, last: int, most: int) -> list[bytes]:
        """The lines in `data[first:last]`, each as `text` gives it; the last ones if there are more than `most`."""
        text = self.data[first : last - self.data.endswith(b"\n", first, last)]
        lines = text.rsplit(b"\n", most)[-most:]
        if b"\r" not in text or self.length > self.stop - self.start:
            return lines
        return [line.removesuffix(b"\r") for line in lines]


class Framer:
    """
    Cuts one stream into blocks of whole lines, each as soon as its last newline has arrived.

    Blocks come in stream order without gaps (a byte order mark and the rest of a cut line apart).
    Memory: one chunk and two `MAX_LINE`, however long a line is.
    """

    def __init__(self, counters: Accounting, offset: int = 0) -> None:
        """
        Begin at a line start.

        Args:
            counters: its `bytes`, `truncated` and `assumptions` are kept up to date.
            offset: of the first byte in the stream [bytes]; a byte order mark is looked for at 0 only.
        """
        self._counters = counters
        self._head: bytes | None = None if offset else b""
        """The first bytes, as long as they may become a byte order mark."""
        self._decoder: codecs.IncrementalDecoder | None = None
        self._carry = bytearray()
        """The beginning of the unfinished line."""
        self._length = 0
        """Of the unfinished line so far, kept or not [bytes]."""
        self._offset = offset

    @property
    def unfinished(self) -> int | None:
        """How much of what was fed is no whole line yet [bytes]; None where that is not known (UTF-16)."""
        return None if self._decoder is not None else len(self._head or b"") + self._length

    def feed(self, chunk: bytes) -> Iterator[Block]:
        """The blocks that this chunk completes; take them all before the next call."""
        self._counters.bytes += len(chunk)
        if self._head is not None:
            chunk = self._open(chunk)
        if self._decoder is not None:
            chunk = self._decoder.decode(chunk).encode()
        return self._blocks(chunk)

    def finish(self) -> Iterator[Block]:
        """What is left at the end of the stream: a last line without newline."""
        if self._head is not None:
            yield from self._blocks(self._open(b"", final=True))
        if self._decoder is not None:
            yield from self._blocks(self._decoder.decode(b"", final=True).encode())
        if self._length:
            yield self._carried()

    def _blocks(self, chunk: bytes) -> Iterator[Block]:
        position, size = 0, len(chunk)
        while position < size:
            limit = min(position + MAX_LINE, size)
            if not self._length and (stop := chunk.rfind(b"\n", position, limit) + 1):
                yield Block(chunk, position, stop, self._offset, stop - position)
                self._offset += stop - position
                position = stop
                continue
            stop = chunk.find(b"\n", position, limit) + 1 if self._length else 0
            whole = stop > 0
            stop = stop or limit
            # With two bytes more than the cap, `\r\n` after a text of just that length is no cut.
            room = MAX_LINE + 2 - len(self._carry)
            self._carry += chunk[position : min(stop, position + room)]
            self._length += stop - position
            position = stop
            if whole:
                yield self._carried()

    def _carried(self) -> Block:
        """The block of the carried line, cut if it is too long; begins the next line."""
        data, length, offset = bytes(self._carry), self._length, self._offset
        self._carry.clear()
        self._length = 0
        self._offset += length
        if len(data.removesuffix(b"\n").removesuffix(b"\r")) > MAX_LINE:
            self._counters.truncated += 1
            data = data[:MAX_LINE]
        return Block(data, 0, len(data), offset, length)

    def _open(self, chunk: bytes, *, final: bool = False) -> bytes:
        """The beginning of the stream without byte order mark, once it is clear."""
        head = (self._head or b"") + chunk
        if not final and any(mark.startswith(head) for mark in _MARKS):
            self._head = head
            return b""
        self._head = None
        if head.startswith(codecs.BOM_UTF8):
            self._offset = len(codecs.BOM_UTF8)
            return head[self._offset :]
        if head.startswith(_UTF16_MARKS):
            self._decoder = codecs.getincrementaldecoder("utf-16")(errors="replace")
            self._counters.assumptions.append("input with a UTF-16 byte order mark is UTF-16")
            return head if not final else b""
        return head
