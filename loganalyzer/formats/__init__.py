"""
Decodes one line of any surface into a `Record`.

Enters: the bytes of one line. Leaves: a record, always; plain text is the last resort. No line changes what another one
is, so mixed streams are no special case. Envelopes (syslog, journal, containers) are peeled by decoding what they carry
with the same formats, a few levels deep.
"""

from __future__ import annotations

import re

from loganalyzer import timestamps
from loganalyzer.formats import console, containers, gateway, journald, logs, origin, pino, plain, repeats, syslog
from loganalyzer.formats.bodies import MAX_BODY, Bodies
from loganalyzer.formats.line import Format, Inner, Line, When, split
from loganalyzer.model import Record, Stamp

MAX_DEPTH = 4
"""Envelopes within envelopes that are peeled; what lies deeper is plain text."""

_JSON: dict[str, Format] = {
    "gateway-json": gateway.file_record,
    "logs-json": logs.tailed_json,
    "docker-json": containers.docker_json,
    "journald-json": journald.entry,
    "pino": pino.pino,
    "console-json": console.json_style,
    "excerpt": logs.excerpt,
}
_TEXT: dict[str, Format] = {
    "syslog-rfc5424": syslog.rfc5424,
    "syslog-rfc3164": syslog.rfc3164,
    "pm2": containers.pm2,
    "cri": containers.cri,
    "syslog-iso": syslog.iso,
    "logs-plain": logs.plain,
    "pino": pino.pino,
    "system": syslog.quoted,
    "console": console.timed,
    "journald-export": journald.export_field,
    "compose": containers.compose,
    "tagged": console.tagged,
}
FORMATS: dict[str, Format] = _JSON | _TEXT | {"plain": plain.anything}
"""Every surface by the name that its records carry: first those of lines that begin with a brace, in order of trial."""

_JSON_TRIALS, _TEXT_TRIALS = tuple(_JSON.values()), tuple(_TEXT.values())
_TIMED_TRIALS = tuple(_TEXT[name] for name in ("syslog-rfc3164", "cri", "syslog-iso", "logs-plain", "console"))
"""Those of text that may begin with a time."""
BEFORE_TRIAL = 2
"""How often a line comes before what it depends on is tried, which takes another decoding."""
_lines, _bodies = Bodies(), Bodies()
"""Of lines by their pieces, and of others and text that envelopes carried."""
_DIGITS = str.maketrans("123456789", "000000000")

_CARRIED = re.compile(
    r"((?:\binbound|\bpostback): [^\n]{0,400}? preview=\""
    r"|stored for context \(no mention detected\) in \S{1,200}?: "
    r"|\btool loop: sessionId=[^\n]{0,400}? message=\""
    r"| raw_params=).+"
)
"""
Lines that print what others wrote behind their own words: verbose ones the beginning of a chat message, those about
tools what a tool was called with or what it returned (2026.2.17 to 2026.9.6).
"""
TOOL_TAG_WITHIN = 40
"""Where the tag of tools may stand: at the start, or behind a level [characters]."""


def decode(line: bytes) -> Record:
    """
    The record of one line, without its line end. Never raises; what lies behind 1 MiB is not looked at.

    Chat text and what tools were called with are left out: whoever may write to the agent may write what looks like a
    fault.
    """
    apart = repeats.taken_apart(line) if len(line) <= MAX_BODY else None
    if apart is None:
        return _decoded(line, 0)
    pieces, outer, inner = apart
    body = _lines.get(pieces)
    if body:
        when = repeats.when(outer, inner)
        if when is not None:
            return Record(*when, *body)
    levels = 2 if inner else 1
    record = _decoded(line, levels)
    if body is None and _lines.came(pieces) >= BEFORE_TRIAL:
        return _remembered(pieces, record, repeats.when(outer, inner), levels)
    return record


def _decoded(line: bytes, levels: int) -> Record:
    """`levels`: of envelopes, whose records are remembered together as that of the line."""
    record = _read(Line(line, remembered=levels > 0), 0, levels)
    message = record.message
    if origin.TOOL_TAG in message[:TOOL_TAG_WITHIN]:
        record = record._replace(origin=origin.of_tool(record.origin, message))
    if (
        " raw_params=" in message
        or ' preview="' in message
        or "stored for context" in message
        or "tool loop: " in message
    ):
        return record._replace(message=_CARRIED.sub(r"\1…", message))
    return record


def _remembered(pieces: repeats.Pieces, record: Record, when: When | None, levels: int) -> Record:
    """A record with a mark, if the pieces of its line decide it; that they do not is remembered as well."""
    line, *times = repeats.another_time(pieces)
    other, other_when = _decoded(line, levels), repeats.when(*times)
    same = record[:3] == when != other_when == other[:3] and record[3:-1] == other[3:-1]
    mark = _lines.keep(pieces, record[3:-1] if same else ())
    return record._replace(body=mark) if same else record


def has_header(line: bytes) -> bool:
    """Does this line start a record of its own? The contrary of `continuation`; cheap for the lines of `time_of`."""
    if line[:1] in (b"", b" ", b"\t") and b"\0" not in line[:8]:
        return False
    read = Line(line)
    if _starts_with_clock(read):
        return console.is_separated(read)
    return not _read(read, 0).continuation


def time_of(line: bytes) -> int | Stamp | None:
    """The time that `decode` gives a line, [ns, UTC] or a stamp; cheap for `HH:MM:SS` and indented lines."""
    read = Line(line)
    if read.head in ("", " ", "\t"):
        return None
    if _starts_with_clock(read):
        return read.time[0] if read.time is not None and console.is_separated(read) else None
    record = _read(read, 0)
    return record.stamp if record.time_ns is None else record.time_ns


def _starts_with_clock(line: Line) -> bool:
    """Is this a line of the two surfaces whose times may lack a date? No envelope begins like them."""
    return line.text[2:3] == ":" and line.time is not None


def _read(line: Line, depth: int, levels: int = 0) -> Record:
    if line.head == "{":
        return _tried(_JSON_TRIALS, line, depth, levels)
    if line.time is None:
        return _tried(_TEXT_TRIALS, line, depth, levels)
    return _timed(line, line.time, depth, levels)


def _timed(line: Line, time: timestamps.Parsed, depth: int, levels: int) -> Record:
    """A line that begins with a time; what follows decides the rest of its record, as long as that time is its own."""
    text, end = line.text, time[2]
    if line.remembered or len(text) > MAX_BODY:
        return _tried(_TIMED_TRIALS, line, depth, levels)
    key = depth, text[:end].translate(_DIGITS), text[end:]
    body = _bodies.get(key)
    if body is not None:
        return Record(*split(time), *body)
    record = _tried(_TIMED_TRIALS, line, depth, levels)
    own = record.stamp if record.time_ns is None else record.time_ns
    if own is not time[0] or record.continuation:
        return record
    return record._replace(body=_bodies.keep(key, record[3:-1])) if _bodies.came(key) else record


def _tried(trials: tuple[Format, ...], line: Line, depth: int, levels: int) -> Record:
    inner = _INNER[levels][depth]
    for trial in trials:
        record = trial(line, inner)
        if record is not None:
            return record
    return plain.anything(line, inner)


def _inner(depth: int, levels: int) -> Inner:
    if depth >= MAX_DEPTH:
        return lambda text: plain.anything(Line(text), _inner(depth, levels))
    return lambda text: _read(Line(text, remembered=depth + 1 < levels), depth + 1, levels)


_INNER = tuple(tuple(_inner(depth, levels) for depth in range(MAX_DEPTH + 1)) for levels in range(3))
