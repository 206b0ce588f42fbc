"""
Warnings and errors that no pattern knows: found in the same scan, counted by a cheap key, never decoded for it.

Up to a quarter of the lines of a real gateway are warnings (captures of 2026.9.6), so this must cost next to
nothing.
"""

from __future__ import annotations

import re

from loganalyzer.model import Accounting

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
"""How a level stands in the raw bytes of file log, `openclaw logs --json` and `openclaw logs`; the console has none."""

_JSON_WARNING = re.compile(rb'logLevelName\\?":\\?"WARN')
_PLAIN = re.compile(rb"\S{8,40} (warn|error|fatal) ")


def count(data: bytes, accounting: Accounting) -> None:
    """Count a line that holds a level literal and no known text."""
    if data.startswith(b"{"):
        if _JSON_WARNING.search(data):
            accounting.unknown_warnings += 1
        elif b"logLevelName" in data:
            accounting.unknown_errors += 1
        return
    match = _PLAIN.match(data)
    if match is None:
        return
    if match[1] == b"warn":
        accounting.unknown_warnings += 1
    else:
        accounting.unknown_errors += 1
