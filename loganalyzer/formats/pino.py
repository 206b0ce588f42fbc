"""
Lines of the pino logger, which Baileys uses when it is given no other: JSON, or what pino-pretty makes of it.
"""

from __future__ import annotations

import re
from typing import Any

from loganalyzer import timestamps
from loganalyzer.formats.line import (
    MAX_NAME,
    Inner,
    Line,
    clean,
    compact,
    level_of,
    name_of,
    split,
    time_fields,
)
from loganalyzer.model import Origin, Record

_LEVELS = {10: "trace", 20: "debug", 30: "info", 40: "warn", 50: "error", 60: "fatal"}
_PRETTY_LEVEL = re.compile(r" ?(TRACE|DEBUG|INFO|WARN|ERROR|FATAL)(?: \([^()]{1,255}\))?: ?")
_LEVEL_FIRST = re.compile(r"(TRACE|DEBUG|INFO|WARN|ERROR|FATAL) +\[")
_AFTER_LEVEL = re.compile(r"\](?: \([^()]{1,255}\))?: ?")
# Field names that only Baileys' own log calls use.
_BAILEYS_FIELDS = frozenset({"fullErrorNode", "helloMsg", "unhandled", "xmlStreamEnd", "frame"})


def pino(line: Line, _inner: Inner) -> Record | None:
    """A line of pino or pino-pretty."""
    return _json(line.object) if line.head == "{" else _pretty_line(line)


def _json(found: dict[str, Any] | None) -> Record | None:
    """`{"level":30,"time":1645707162680,"pid":1,"hostname":"h","class":"baileys","msg":"connected to WA"}`."""
    if found is None:
        return None
    level = found.get("level")
    numeric = isinstance(level, int) and not isinstance(level, bool) and level in _LEVELS
    if not (numeric and ("time" in found or "msg" in found)) and not ("msg" in found and level_of(level)):
        return None
    fields = {k: v for k, v in found.items() if k not in ("level", "time", "pid", "hostname", "msg", "v")}
    message = found.get("msg", found.get("message"))
    if message is None:
        message = _error_text(fields)
    return Record(
        *time_fields(found.get("time")),
        _LEVELS[level] if numeric and isinstance(level, int) else level_of(level),
        _subsystem(found),
        name_of(found.get("hostname")),
        None,
        clean(message if isinstance(message, str) else compact(message)),
        fields,
        Origin.GATEWAY,
        "pino",
        False,
    )


def _error_text(fields: dict[str, Any]) -> object:
    for key in ("err", "error"):
        error = fields.get(key)
        if isinstance(error, dict) and isinstance(error.get("message"), str):
            return error["message"]
    return ""


def _subsystem(found: dict[str, Any]) -> str | None:
    for key in ("subsystem", "module"):
        name = found.get(key)
        if isinstance(name, str) and name:
            return name[:MAX_NAME]
    named = found.get("class")
    if isinstance(named, str) and named.lower() == "baileys":
        return "baileys"
    traces = (found.get("trace"), _stack(found.get("err")), _stack(found.get("error")))
    if any(isinstance(trace, str) and "baileys" in trace.lower() for trace in traces):
        return "baileys"
    return "baileys" if found.keys() & _BAILEYS_FIELDS else None


def _stack(error: object) -> object:
    return error.get("stack") if isinstance(error, dict) else None


def _pretty_line(line: Line) -> Record | None:
    """`[17:26:01.689] INFO (48102): text`, and the older `INFO [2021-09-09 23:06:26.112 +0000] (7608): text`."""
    text = line.text
    if line.head == "[":
        parsed = timestamps.parse(text[1:64])
        if parsed is None or not text.startswith("]", 1 + parsed[2]):
            return None
        level = _PRETTY_LEVEL.match(text, 2 + parsed[2])
        return None if level is None else _pretty(parsed, level[1], text[level.end() :])
    if not line.head.isupper():
        return None
    level = _LEVEL_FIRST.match(text)
    if level is None:
        return None
    parsed = timestamps.parse(text[level.end() : level.end() + 64])
    after = None if parsed is None else _AFTER_LEVEL.match(text, level.end() + parsed[2])
    return None if parsed is None or after is None else _pretty(parsed, level[1], text[after.end() :])


def _pretty(parsed: timestamps.Parsed, level: str, text: str) -> Record:
    return Record(*split(parsed), level_of(level), None, None, None, clean(text), {}, Origin.GATEWAY, "pino", False)
