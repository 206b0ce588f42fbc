"""
How many warnings and errors are explained, and of how many kinds the others are.

Enters: lines that hold a level, with what is known of them. Leaves: counters. Lines of one kind begin alike, so a line
whose beginning was seen before costs a look into a dictionary; only the first of them is decoded and masked. Memory:
`MAX_HEADS` beginnings a source and a run; what comes after that is counted, but no longer told apart.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from loganalyzer import formats, subsystems
from loganalyzer.model import MAX_UNKNOWN_HEADS, Accounting, Record
from loganalyzer.unknown.levels import Level, level_in, level_of
from loganalyzer.unknown.masks import mask

HEAD = 128
"""How much of a line is compared: in the file log bindings and eighty characters of text, without values [bytes]."""
WINDOW = 240
"""Where that is taken from: leaves room for the values [bytes]."""
MAX_HEADS = MAX_UNKNOWN_HEADS
MAX_KIND = 160
"""How much of a text decides its kind [characters]."""
MAX_LINE = 2000
"""Longest first line of a message that is handed on [characters]."""
_VARYING = b"0123456789abcdefABCDEF"
"""Characters of values: numbers, times and hexadecimal ids make no difference."""


class Heads:
    """Beginnings of lines that were seen in a source, and what they turned out to be."""

    def __init__(self) -> None:
        self.levels: dict[Level, dict[bytes, bool]] = {"warn": {}, "error": {}}
        """By level: is it a warning or error at all?"""
        self.normal: dict[tuple[tuple[int, ...], bytes], bool] = {}
        """By literals of normal warnings: does it match one?"""


class Tally:
    """
    Counts the warnings and errors of one source in the accounting of the run.

    Args:
        source: name of the source.
        first: number of the first of `LEVEL_LITERALS` among the literals that are scanned for.
        heads: what was learnt in earlier pieces of the source; its kinds stand in their accounting.
    """

    def __init__(self, accounting: Accounting, source: str = "", first: int = 0, heads: Heads | None = None) -> None:
        self._accounting = accounting
        self._source = source
        self._first_literal = first
        self._heads = heads or Heads()

    def unknown(self, data: bytes, literals: Collection[int] = (), record: Record | None = None) -> None:
        """
        Count a line with a level literal that no pattern knows.

        Args:
            literals: all that are in the line, if they are known.
            record: the line decoded, if somebody did.
        """
        if record is not None:
            level = level_of(record)
        elif len(literals) == 1:
            (literal,) = literals
            level = level_in(data, literal - self._first_literal)
        else:
            level = level_in(data)
        if level is None:
            return
        head = data[:WINDOW].translate(None, _VARYING)[:HEAD]
        heads = self._heads.levels[level]
        counts = heads.get(head)
        if counts is None:
            counts = self._first(data, record, head, heads)
        if not counts:
            return
        if level == "warn":
            self._accounting.unknown_warnings += 1
        else:
            self._accounting.unknown_errors += 1

    def known(self, record: Record) -> None:
        """Count a record that a pattern knows, if it is a warning or an error."""
        self._accounting.explained += level_of(record) is not None

    def is_normal(self, line: bytes, literals: tuple[int, ...], matches: Callable[[], bool]) -> bool:
        """
        Does a line with a literal of normal warnings match one? Then it is counted as explained.

        Args:
            matches: finds out; asked for the first line with a beginning.
        """
        key = (literals, line[:WINDOW].translate(None, _VARYING)[:HEAD])
        normal = self._heads.normal.get(key)
        if normal is None:
            normal = matches()
            if len(self._heads.normal) < MAX_HEADS:
                self._heads.normal[key] = normal
        self._accounting.explained += normal and level_in(line) is not None
        return normal

    def _first(self, data: bytes, record: Record | None, head: bytes, heads: dict[bytes, bool]) -> bool:
        """Look at the first line with this beginning: does it count, and is its kind a new one?"""
        if len(heads) >= MAX_HEADS:
            return True
        record = record or formats.decode(data)
        counts = heads[head] = level_of(record) is not None
        found = self._accounting.unknown_heads
        if counts and len(found) < MAX_HEADS:
            found[f"{self._source}\0{head.decode('latin-1')}"] = kind_of(record)
        return counts


def kind_of(record: Record) -> str:
    """What lines of one kind have in common: the subsystem and the beginning of the masked text."""
    subsystem = subsystems.display(record.subsystem) if record.subsystem else ""
    return f"{subsystem} {mask(first_line(record)[:MAX_KIND])}"


def first_line(record: Record) -> str:
    """The first line of a message that is not blank; stacks and details follow it."""
    return record.message.lstrip().partition("\n")[0].rstrip()[:MAX_LINE]
