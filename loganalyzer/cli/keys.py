"""
Bytes of a keyboard as names of keys.

Enters: what a terminal sends, cut anywhere. Leaves: characters as themselves, other keys by the names in `SEQUENCES`
and `NAMES`, `unknown` for what has none. Memory: the beginning of one sequence.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

ESCAPE_S = 0.05
"""Escape and nothing behind it for so long is the key itself [s]."""
SEQUENCES = {
    "[A": "up",
    "OA": "up",
    "[B": "down",
    "OB": "down",
    "[C": "right",
    "OC": "right",
    "[D": "left",
    "OD": "left",
    "[5~": "pageup",
    "[6~": "pagedown",
    "[H": "home",
    "OH": "home",
    "[1~": "home",
    "[7~": "home",
    "[F": "end",
    "OF": "end",
    "[4~": "end",
    "[8~": "end",
}
NAMES = {"\r": "enter", "\n": "enter", "\x7f": "escape", "\x08": "escape", "\x0c": "repaint"}


class Keys:
    """Bytes of a keyboard as names of keys: characters are themselves, others are called as in `SEQUENCES`."""

    def __init__(self) -> None:
        self._pending = ""
        self._since_s = 0.0

    @property
    def is_waiting(self) -> bool:
        """Has something begun that may go on?"""
        return bool(self._pending)

    def feed(self, data: bytes) -> Iterator[str]:
        """The keys that these bytes complete."""
        text = self._pending + data.decode("utf-8", "ignore")
        self._pending = ""
        while text:
            if text[0] != "\x1b":
                yield NAMES.get(text[0], text[0])
                text = text[1:]
            elif (length := _sequence(text)) is None:
                self._pending, self._since_s = text, time.monotonic()
                return
            else:
                yield SEQUENCES.get(text[1:length], "escape" if length == 1 else "unknown")
                text = text[length:]

    def rest(self) -> Iterator[str]:
        """The escape key, if that was all for long enough."""
        if self._pending and time.monotonic() - self._since_s >= ESCAPE_S:
            lone, self._pending = self._pending == "\x1b", ""
            yield "escape" if lone else "unknown"


def _sequence(text: str) -> int | None:
    """Length of the sequence that a text begins with; None if it is not complete."""
    if len(text) == 1:
        return None
    if text[1] not in "[O":
        return 1
    for index, character in enumerate(text[2:12], 2):
        if "@" <= character <= "~":
            return index + 1
    return None if len(text) < 12 else 12
