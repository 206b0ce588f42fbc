"""
The lines above a candidate, cut out only when somebody asks.

A candidate may continue a record that began further up, in an earlier chunk. Blocks are immutable,
so a candidate just remembers which ones came before it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

from loganalyzer.scan.framing import Block

MAX_LINES = 200
"""How many lines a record may reach back."""
MAX_BYTES = 64 << 10
"""How far a record may reach back from the first byte of the candidate [bytes]."""


class Recent:
    """
    The blocks that the next candidates may look back into.

    Memory: at most `MAX_LINES` blocks, and of those older than the current one only the ones that
    reach into the last `MAX_BYTES`; each holds on to its chunk.
    """

    def __init__(self) -> None:
        self._blocks: deque[Block] = deque()

    def push(self, block: Block) -> None:
        """Makes `block` the current one and forgets what is out of reach from its first line."""
        blocks = self._blocks
        while blocks and (len(blocks) > MAX_LINES or blocks[0].offset + blocks[0].length <= block.offset - MAX_BYTES):
            blocks.popleft()
        blocks.append(block)

    def blocks(self) -> Sequence[Block]:
        """The blocks in reach, oldest first, the current one last."""
        return tuple(self._blocks)

    def last_lines(self) -> Iterator[bytes]:
        """
        The end of the stream so far, latest line first, blank lines left out.

        The last `MAX_LINES` lines that begin in the last `MAX_BYTES`, and the very last one
        however long it is.
        """
        if not self._blocks:
            return
        last = self._blocks[-1]
        floor = last.offset + last.length - MAX_BYTES
        for index, (offset, text) in enumerate(_backwards(self._blocks, last.stop)):
            if index == MAX_LINES or (index and offset < floor):
                break
            if text.strip():
                yield text


class Above:
    """
    The lines above one candidate: `line.above()`, oldest first.

    At most `MAX_LINES`, and only those that begin at most `MAX_BYTES` before the candidate, so that
    the answer does not depend on how the stream was cut. It may be asked at any time, repeatedly.
    Memory: it holds on to the chunks around its line; keep `Line.data` for long, not the `Line`.
    """

    __slots__ = ("_blocks", "_lacking", "_lines", "_offset", "_position")

    def __init__(self, blocks: Sequence[Block], position: int, offset: int) -> None:
        """`position`: of the candidate in the last block's data; `offset`: of it in the stream."""
        self._blocks = blocks
        self._position = position
        self._offset = offset
        self._lines: list[bytes] | None = None
        self._lacking: bytes | None = None
        """A text that none of the lines holds."""

    def __call__(self) -> list[bytes]:
        if self._lines is None:
            self._lines = self._read()
        return self._lines

    def holding(self, text: bytes) -> Iterator[bytes]:
        """The lines that hold a text, nearest first; no others are cut out."""
        if text == self._lacking:
            return
        above, found = 0, False
        pieces = list(self._pieces())
        for block, first, stop in pieces:
            data, end = block.data, stop
            above += not data.endswith(b"\n", first, stop)  # a line that was cut
            while (at := data.rfind(text, first, end)) >= 0:
                above += data.count(b"\n", at, end)
                if above > MAX_LINES:
                    return
                end = data.rfind(b"\n", first, at) + 1 or first
                found = True
                yield block.text(end, data.find(b"\n", at, stop) + 1 or stop)
            above += data.count(b"\n", first, end) if len(pieces) > 1 else 0
        if not found:
            self._lacking = text

    def may_hold(self, text: bytes) -> bool:
        """False if certainly none of the lines holds a text."""
        return any(block.data.find(text, first, stop) >= 0 for block, first, stop in self._pieces())

    def _read(self) -> list[bytes]:
        lines: list[bytes] = []
        for block, first, stop in self._pieces():
            lines = block.lines(first, stop, MAX_LINES - len(lines)) + lines
            if len(lines) == MAX_LINES:
                break
        return lines

    def _pieces(self) -> Iterator[tuple[Block, int, int]]:
        """What is in reach in each block, nearest first."""
        for block in reversed(self._blocks):
            stop = self._position if block is self._blocks[-1] else block.stop
            first = block.start + max(0, self._offset - MAX_BYTES - block.offset)
            reaches = first <= block.start
            if not reaches:  # the first line that begins in reach
                first = (block.data.find(b"\n", first - 1, stop) + 1 or stop) if first < stop else stop
            if first < stop:
                yield block, first, stop
            if not reaches:
                break


def _backwards(blocks: Sequence[Block], stop: int) -> Iterator[tuple[int, bytes]]:
    """Offset and text of the lines before `stop` in the last block, nearest first."""
    for block in reversed(blocks):
        stop = block.stop if block is not blocks[-1] else stop
        while stop > block.start:
            start = block.data.rfind(b"\n", block.start, stop - 1) + 1 or block.start
            yield block.offset + start - block.start, block.text(start, stop)
            stop = start
