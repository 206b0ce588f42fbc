"""
What the gateway prints on stdout and stderr: pretty, compact and JSON style, and the tags that people quote.

Compact is `{ISO time} [{display subsystem}] {text}`, pretty the same with `HH:MM:SS`; a captured `console.*` call has
no tag. The first tag straight after the time is the subsystem; later ones (`[default]`, `[telegram][diag]`) are text.
Lines may also come without time: `[state/sqlite] …` (styles other than pretty of 2026.9.x), `[openclaw:whatsapp] …`
(an older form), `gateway/channels/whatsapp: …`.
"""

from __future__ import annotations

import re

from loganalyzer import subsystems, timestamps
from loganalyzer.formats import origin
from loganalyzer.formats.line import (
    NO_TIME,
    Inner,
    Line,
    clean,
    compact,
    enveloped,
    level_of,
    name_of,
    split,
    time_fields,
)
from loganalyzer.model import Origin, Record, Stamp

_SEPARATOR = re.compile(r"(?:[ \t]*(?:[|–—-][ \t]+|:(?:[ \t]+|$))|[ \t]+|$)")
"""What may stand between time and text: the console prints a space, quotes and PM2 `|`, `-` and `:`."""
_TAG = re.compile(r"\[([A-Za-z][\w./@{}+:-]{0,127})\][ \t]?", re.ASCII)
_LEVEL = re.compile(r"(\[)?(TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL)(?(1)\][ \t:]*|\b:?[ \t]*)")
_BRACKETED = re.compile(r"(?:System: )?\[")
_OLD_TAG = re.compile(r"\[openclaw:([a-z][\w-]{0,63})\][ \t]?")
_NAMED = re.compile(r"([a-z][a-z0-9-]*(?:/[a-z0-9-]+)*): ", re.ASCII)
NOT_SUBSYSTEMS = frozenset({"openclaw", "default", "tools", "routing", "warning", "state-migrations"})
"""Tags that texts begin with: the product, the usual account id, and loggers of their own without a subsystem."""
_OWN_STARTS = ("[openclaw] ", "[tools] ", "[routing] ")


def timed(line: Line, inner: Inner) -> Record | None:
    """A line of text that begins with a time, be it in brackets."""
    text, parsed, start = line.text, line.time, 0
    if parsed is None:
        bracket = _BRACKETED.match(text)
        if bracket is None:
            return None
        start = bracket.end()
        # 64 characters hold the longest form of a time.
        parsed = timestamps.parse(text[start : start + 64])
        if parsed is None or not text.startswith("]", start + parsed[2]):
            return None
        start += 1
    separator = _SEPARATOR.match(text, start + parsed[2])
    if separator is None:
        return None
    text = text[separator.end() :]
    if text[:1].isdecimal() and timestamps.parse(text) is not None and _has_date(parsed[0]):
        # `docker logs -t` and `kubectl logs --timestamps` put a time before the line's own.
        found = inner(text)
        if not found.continuation:
            return enveloped(found, "console", split(parsed))
    level = _LEVEL.match(text)
    tag = _TAG.match(text, level.end() if level is not None else 0)
    subsystem = tag[1] if tag is not None and _is_subsystem(tag[1]) else None
    if tag is not None and subsystem is not None:
        text = text[tag.end() :]
    elif level is not None and level[1]:
        text = text[level.end() :]
    return Record(
        *split(parsed),
        level_of(level[2]) if level is not None else None,
        subsystem,
        None,
        None,
        clean(text),
        {},
        origin.of_console(subsystem),
        "console",
        False,
    )


def is_separated(line: Line) -> bool:
    """Does the time at the start of a line end where text may begin?"""
    return line.time is not None and _SEPARATOR.match(line.text, line.time[2]) is not None


def _has_date(time: int | Stamp) -> bool:
    return isinstance(time, int) or time.month is not None


def _is_subsystem(tag: str) -> bool:
    if tag in NOT_SUBSYSTEMS:
        return False
    # `[whatsapp:default]` is a channel and an account; few subsystems have a colon of their own.
    return ":" not in tag or subsystems.is_known(tag)


def tagged(line: Line, _inner: Inner) -> Record | None:
    """A line that begins with the tag or the name of a subsystem that is known."""
    text = line.text
    if line.head == "[":
        old = _OLD_TAG.match(text)
        if old is not None:
            return _tagged(old[1], text[old.end() :])
        tag = _TAG.match(text)
        if tag is None:
            return None
        if subsystems.is_known(tag[1]):
            return _tagged(tag[1], text[tag.end() :])
        if text.startswith(_OWN_STARTS):
            return _tagged(None, text)
    elif line.head.islower():
        named = _NAMED.match(text)
        if named is not None and (named[1] in subsystems.MODULES or _is_path(named[1])):
            return _tagged(named[1], text[named.end() :])
    return None


def _is_path(name: str) -> bool:
    """Is this a subsystem with a slash? Any path may precede a colon, so its display name must be known."""
    shown = subsystems.display(name)
    return "/" in name and (name.startswith("gateway/") or shown in subsystems.CHANNELS or shown in subsystems.NAMES)


def _tagged(subsystem: str | None, text: str) -> Record:
    found = origin.of_console(subsystem)
    return Record(*NO_TIME, None, subsystem, None, None, clean(text), {}, found, "tagged", False)


def json_style(line: Line, _inner: Inner) -> Record | None:
    """`{time, level, subsystem, message, …meta}`; the meta fields come first in 2026.9.x, last before."""
    found = line.object
    if found is None or "message" not in found or not found.keys() & {"level", "subsystem", "module"}:
        return None
    message, level = found["message"], level_of(found.get("level"))
    if level is None and "subsystem" not in found and "module" not in found:
        return None
    subsystem = name_of(found.get("subsystem") or found.get("module") or found.get("plugin"))
    fields = {k: v for k, v in found.items() if k not in ("time", "level", "subsystem", "message")}
    if isinstance(message, dict):
        fields |= message
        message = message.get("message", message)
    return Record(
        *time_fields(found.get("time")),
        level,
        subsystem,
        name_of(found.get("hostname")),
        None,
        clean(message if isinstance(message, str) else compact(message)),
        fields,
        Origin.GATEWAY if subsystem is not None else origin.of_tailed(subsystem, level),
        "console-json",
        False,
    )
