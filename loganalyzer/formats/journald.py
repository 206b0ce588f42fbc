"""
The journal as `journalctl -o json` and `-o export` print it.

JSON: one object per entry; `MESSAGE` is text, or a list of byte values when it holds control characters (a coloured
console line does). Export: one field per line. Formats know one line at a time, so `__REALTIME_TIMESTAMP=` is a record
without text, and `MESSAGE=` one of its own if it begins with a header; otherwise it continues the entry above it.
"""

from __future__ import annotations

from typing import Any

from loganalyzer import timestamps
from loganalyzer.formats.line import NO_TIME, Inner, Line, When, enveloped, name_of
from loganalyzer.formats.syslog import said
from loganalyzer.model import Origin, Record

_REALTIME = "__REALTIME_TIMESTAMP"
BYTE_MESSAGES = (b'"MESSAGE":[', b'"MESSAGE" : [', b'"MESSAGE": [')
"""How a line begins its message when that is a list of byte values, in which no literal can be found."""


def entry(line: Line, inner: Inner) -> Record | None:
    """An entry of `journalctl -o json`."""
    found = line.object
    if found is None or not ("MESSAGE" in found or _REALTIME in found):
        return None
    when: When = NO_TIME
    for key in ("_SOURCE_REALTIME_TIMESTAMP", _REALTIME):
        epoch = timestamps.from_epoch(found.get(key))
        if epoch is not None:
            when = (epoch[0], None, 1000)
            break
    ident = name_of(found.get("SYSLOG_IDENTIFIER")) or name_of(found.get("_COMM"))
    priority = found.get("PRIORITY")
    level = int(priority) if isinstance(priority, str) and priority in "01234567" and priority else None
    text = _message(found.get("MESSAGE"))
    return said(text, inner, "journald-json", when, host=name_of(found.get("_HOSTNAME")), ident=ident, priority=level)


def _message(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        if value and all(isinstance(item, str) for item in value):
            return "\n".join(value)
        try:
            return bytes(value).decode("utf-8", "replace")
        except (TypeError, ValueError):
            return ""
    return ""


def export_field(line: Line, inner: Inner) -> Record | None:
    """A field of `journalctl -o export` that says when something happened, or what."""
    text = line.text
    if text.startswith("MESSAGE="):
        return enveloped(inner(text[8:]), "journald-export")
    if text.startswith(_REALTIME + "="):
        epoch = timestamps.from_epoch(text[len(_REALTIME) + 1 :].strip())
        if epoch is not None:
            return Record(
                epoch[0], None, 1000, None, None, None, None, "", {}, Origin.UNKNOWN, "journald-export", False
            )
    return None
