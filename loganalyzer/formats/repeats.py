"""
What varies in lines that say the same at another time.

Enters: the bytes of a line. Leaves: its times and what is around them, cut where surfaces write a time: at the start,
behind the identifier in a system log, as date and time of a record in JSON. A process number is cut out as well.
Refuses to say that a record depends on nothing else: the caller tries that, with the same line at `another_time`.
"""

from __future__ import annotations

import re

from loganalyzer import timestamps
from loganalyzer.formats.line import When, finer, split

_TIME = rb"(?:[A-Z][a-z]{2} [ \d]\d |\d{4}-\d\d-\d\d[T ])?\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:\d\d)?"
_COLOUR = rb"(?:(?:\x1b|#033)\[\d\dm)?"
_TEXT = re.compile(
    rb"(" + _COLOUR + rb"|<\d{1,3}>)(" + _TIME + rb")"
    rb"(?:( \S{1,255} [^\s\[\]:]{1,128}\[?)(\d{1,10})?(\]?: " + _COLOUR + rb")(" + _TIME + rb")?)?"
)
"""Colour or priority, time; host and identifier, process number, colour, time."""
_IN_JSON = re.compile(rb'(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(?:Z|[+-]\d\d:\d\d))"')
_ONES = bytes.maketrans(b"023456789", b"111111111")

Pieces = tuple[bytes, ...]
"""What is the same in lines that differ in their times only: their text in turn with the forms of what varies."""


def taken_apart(line: bytes) -> tuple[Pieces, bytes, bytes] | None:
    """The pieces of a line, its time, and the time of the text in its envelope, if any; None if there is no time."""
    if line.startswith(b"{"):
        return _record_apart(line)
    found = _TEXT.match(line)
    if found is None:
        return None
    before, outer, name, process, middle, inner = found.groups(b"")
    rest = line[found.end() :]
    pieces = before, outer.translate(_ONES), name, process and b"1", middle, inner.translate(_ONES), rest
    return pieces, outer, inner


def _record_apart(line: bytes) -> tuple[Pieces, bytes, bytes] | None:
    time_at = line.rfind(b'"time":"') + 8
    time = _IN_JSON.match(line, time_at) if time_at > 7 else None
    if time is None:
        return None
    text = time[1]
    end, form = time_at + len(text), text.translate(_ONES)
    date_at = line.find(b'"date":"', 0, time_at) + 8
    date = _IN_JSON.match(line, date_at) if date_at > 7 else None
    if date is None:
        return (line[:time_at], form, line[end:]), text, b""
    date_end = date_at + len(date[1])
    return (line[:date_at], date[1].translate(_ONES), line[date_end:time_at], form, line[end:]), text, b""


def another_time(pieces: Pieces) -> tuple[bytes, bytes, bytes]:
    """A line of these pieces at another time, with that time and the one in its envelope."""
    parts = list(pieces)
    for index in range(1, len(parts), 2):
        # All ones are a time, but for the year.
        parts[index] = parts[index].replace(b"1111-", b"%d-" % (1990 + index))
    return b"".join(parts), parts[1 if len(parts) == 7 else -2], parts[5] if len(parts) == 7 else b""


def when(outer: bytes, inner: bytes) -> When | None:
    """The time of a record, as its envelope and the text in it tell; None if one of them cannot be."""
    found = _parsed(outer)
    if found is None or not inner:
        return found
    own = _parsed(inner)
    return None if own is None else finer(own, found)


def _parsed(time: bytes) -> When | None:
    text = time.decode()
    size = len(text)
    if size in (24, 29):
        time_ns = timestamps.milliseconds(text)
        if time_ns is not None:
            return time_ns, None, 1_000_000
    elif size == 15 and text[3] == " ":
        stamp = timestamps.syslog(text)
        return None if stamp is None else (None, stamp, timestamps.SECOND)
    parsed = timestamps.parse(text)
    return None if parsed is None or parsed[2] != size else split(parsed)
