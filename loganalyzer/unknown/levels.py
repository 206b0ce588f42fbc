"""
How a level stands in the raw bytes of a line.

Enters: bytes. Leaves: `warn`, `error` or nothing. Refuses to decode: up to a quarter of the lines of a real gateway are
warnings (captures of 2026.9.6).
"""

from __future__ import annotations

import re
from typing import Literal

from loganalyzer.model import Record

Level = Literal["warn", "error"]
"""What is counted apart; `fatal` counts as an error."""

LEVEL_LITERALS: tuple[bytes, ...] = (
    b'logLevelName":"WARN"',
    b'logLevelName":"ERROR"',
    b'logLevelName":"FATAL"',
    b'logLevelName\\":\\"WARN\\"',
    b'logLevelName\\":\\"ERROR\\"',
    b'logLevelName\\":\\"FATAL\\"',
    b" warn ",
    b" error ",
    b" fatal ",
)
"""File log, `openclaw logs --json` and `openclaw logs`, in this order. Text of the console names no level."""

_IN_OBJECTS: dict[int, Level] = {0: "warn", 1: "error", 2: "error", 3: "warn", 4: "error", 5: "error"}
"""Levels of the literals that stand in JSON."""
_PLAIN = re.compile(rb"\S{8,40} (warn|error|fatal) ")


def level_in(data: bytes, literal: int | None = None) -> Level | None:
    """
    The level of a line that holds a level literal; None if the literal is part of its text.

    Args:
        literal: position in `LEVEL_LITERALS` of the only one in the line, if that is known; saves a search.
    """
    if data.startswith(b"{"):
        if literal is not None:
            return _IN_OBJECTS.get(literal)
        at = data.find(b"logLevelName")
        if at < 0:
            return None
        named = data[at + 12 : at + 23]  # as long as the escaped form of `":"ERROR`
        if b"WARN" in named:
            return "warn"
        return "error" if b"ERROR" in named or b"FATAL" in named else None
    match = _PLAIN.match(data)
    if match is None:
        return None
    return "warn" if match[1] == b"warn" else "error"


def level_of(record: Record) -> Level | None:
    """The level of a decoded record; a continuation line has none of its own."""
    if record.continuation or record.level not in ("warn", "error", "fatal"):
        return None
    return "warn" if record.level == "warn" else "error"
