"""
A candidate line becomes typed events.

Stateless per record: the line, the lines above it and the pack decide, nothing else, so this may run anywhere and
in any order. Times that lack a date or zone leave as they are written; `ordering` completes them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

from loganalyzer import formats, sanitize, subsystems
from loganalyzer.model import Accounting, Event, Origin, Record, Scalar, Span
from loganalyzer.packs.compile import CompiledPack, Matcher, holds
from loganalyzer.packs.schema import EventType
from loganalyzer.scan import Line

MAX_MESSAGE_LINE = 16 * 1024
"""Longest message line a pattern looks at [characters]."""
MAX_MESSAGE_LINES = 400
SELF_CONTAINED = frozenset({"gateway-json", "logs-json", "console-json", "pino", "excerpt"})
"""Formats that hold a whole record in one line."""
WEAK_FORMATS = frozenset({"tagged", "system"})
"""Formats that know a record by its tag or its words alone, without a time."""
WEAK_REACH = 50
"""Lines above such a record that are searched for one that it may be quoted in."""
MAX_CHOSEN = 10_000
"""Sets of literals whose patterns are remembered."""
MAX_RECOGNISED = 1024
"""Records whose events are remembered."""
MAX_ABOVE = 256
MAX_LINE_ABOVE = 2048
"""Lines above candidates whose records are remembered, more than a record may reach back, and the longest [bytes]."""
SYSTEM_LOGS = ("syslog", "journald")
_RUNNERS = re.compile(
    r"node|claw|molt|\bbun\b|np[mx]|yarn|pm2|docker|podman|whatsapp|baileys|gateway|MainThread|^[0-9a-f]{12}$",
    re.IGNORECASE,
)
"""Programs that may run a gateway: Node and its starters, the product under all its names, containers."""
_UNPROVED = (Origin.UNKNOWN, Origin.TOOL_OUTPUT)
"""Text that does not prove its writer: any program may print it, and it may quote any log."""
MAX_TEXT = 2000
"""Longest evidence text [characters]."""
_PLAIN_NAME = re.compile(r"[\w.@-]+", re.ASCII)
"""A name that is written in the same way on every surface."""
_TAG = re.compile(r"\s*\[([A-Za-z][\w.-]{0,63})(?::([\w.@+-]{1,64}))?\]\s?")
_ACCOUNT = re.compile(r"\(account: ([\w.@+-]{1,64})\)|--account ([\w.@+-]{1,64})|\baccountId=([\w.@+-]{1,64})")


class Header(NamedTuple):
    """What a continuation line takes over from the record it belongs to."""

    record: Record
    above: list[str]
    """Text of the record's lines above, oldest first."""


class Reading(NamedTuple):
    """What a candidate line turned out to be."""

    record: Record
    events: list[Event]
    known: bool
    """Whether a pattern knows the line; those of normal warnings give no event."""


class _Found(NamedTuple):
    """An event but for its time and place; the rest of it is that of its record."""

    type: str
    attributes: dict[str, Scalar]
    pattern: str
    text: str


class Tokenizer:
    """Turns candidate lines into events with the patterns of one pack."""

    def __init__(
        self, compiled: CompiledPack, event_types: dict[str, EventType], reports: tuple[str, ...] = ()
    ) -> None:
        """
        Make a tokenizer of a compiled pack.

        Args:
            reports: how the reports of CLI commands begin; see `Pack.cli_reports`.
        """
        self._compiled = compiled
        self._reports = reports
        self._chosen: dict[tuple[tuple[int, ...], Origin], list[Matcher]] = {}
        self._recognised: dict[tuple[object, tuple[int, ...]], tuple[bool, list[_Found]]] = {}
        self._declared = {name: frozenset(kind.attributes) for name, kind in event_types.items()}

    def literals_of(self, line: Line) -> tuple[int, ...]:
        """The literals in the text of a line whose bytes do not show it (a message written as numbers)."""
        message = formats.decode(line.data).message.encode()
        return tuple(index for index, literal in enumerate(self._compiled.literals) if literal in message)

    def record(self, line: Line) -> Record:
        """The decoded record of a line; a continuation line has the header of the record above it."""
        return self._with_header(formats.decode(line.data), line)[0]

    def events(self, line: Line, literals: tuple[int, ...], source: str, accounting: Accounting) -> Reading:
        """
        One candidate line, its events in the order of its message lines.

        Args:
            literals: ids of the pattern literals found in the line.
        """
        number, offset, data, _, _ = line
        record, above = self._with_header(formats.decode(data), line)
        records = accounting.records
        records[record.format] = records.get(record.format, 0) + 1
        accounting.undecodable += is_damaged(data) or (record.format == "plain" and data.startswith(b'{"'))
        origin = record.origin
        if origin is Origin.CARRIED or (origin in _UNPROVED and _is_foreign(record, line)):
            return Reading(record, [], known=False)
        known, found = self._remembered(record, literals, above)
        if not found:
            return Reading(record, [], known)
        span = Span(source, number, number, offset)
        return Reading(record, [_event(one, record, span) for one in found], known)

    def _remembered(
        self, record: Record, literals: tuple[int, ...], above: Callable[[], str]
    ) -> tuple[bool, list[_Found]]:
        """What `_recognise` tells; asked once for records that differ in their time only."""
        if record.body is None:
            return self._recognise(record, literals, above)
        key = record.body, literals
        answer = self._recognised.get(key)
        if answer is None:
            if len(self._recognised) >= MAX_RECOGNISED:
                self._recognised.clear()
            answer = self._recognised[key] = self._recognise(record, literals, above)
        return answer

    def _recognise(
        self, record: Record, literals: tuple[int, ...], above: Callable[[], str]
    ) -> tuple[bool, list[_Found]]:
        """Whether a pattern knows a record, and the events in it; text that is known may mean nothing."""
        known = False
        found: list[_Found] = []
        matchers = self._matchers_of(literals, record.origin)
        if not matchers:
            return known, found
        display = subsystems.display(record.subsystem) if record.subsystem else "none"
        lines = record.message.split("\n")[:MAX_MESSAGE_LINES]
        for index, text in enumerate(lines[: self._trusted_lines(record, lines, above)]):
            text = text[:MAX_MESSAGE_LINE]
            if sanitize.is_own(text):
                break  # nor is what follows in the same message looked at
            seen: set[str] = set()
            earlier = _Above(lines[:index], above)
            for matcher in matchers:
                pattern = matcher.pattern
                kind = pattern.event or ""
                if kind in seen or matcher.literal not in text:
                    continue
                match = matcher.search(text)
                if match is None or not holds(pattern.where, display, record.level, record.fields, earlier):
                    continue
                known = True
                seen.add(kind)
                if kind:
                    attributes = matcher.attributes(match, text, record.fields)
                    self._add_channel(attributes, kind, text, record)
                    found.append(_Found(kind, attributes, pattern.id, _evidence_text(text, matcher, record)))
        # What a line tells about the installation comes first: the remedies of its other events depend on it.
        if len(found) > 1:
            found.sort(key=lambda event: event.type != "gateway.version")
        return known, found

    def _trusted_lines(self, record: Record, lines: list[str], above: Callable[[], str]) -> int:
        """
        How many lines of a record may be evidence.

        What a client prints at info level is a report of its own, or the reply of an agent, which may quote any log. A
        report is known by its first line; of all else only that line itself is looked at.
        """
        if record.origin is not Origin.CLI_OUTPUT:
            return len(lines)
        first = next((text for text in (*above().split("\n"), *lines) if text.strip()), "")
        if first.startswith(self._reports):
            return len(lines)
        return 0 if record.continuation else 1

    def _matchers_of(self, literals: tuple[int, ...], origin: Origin) -> list[Matcher]:
        """The patterns that lines with these literals may fit, in order; such lines come again and again."""
        found = self._chosen.get((literals, origin))
        if found is None:
            every = (matcher for literal in literals for matcher in self._compiled.matchers[literal])
            found = sorted((m for m in every if origin in m.origins), key=lambda m: m.order)
            if len(self._chosen) >= MAX_CHOSEN:
                self._chosen.clear()
            self._chosen[literals, origin] = found
        return found

    def _add_channel(self, attributes: dict[str, Scalar], kind: str, text: str, record: Record) -> None:
        declared = self._declared.get(kind, frozenset())
        if "channel" not in declared:
            return
        tag = _TAG.match(text)
        channel, account = subsystems.channel_of(record.subsystem), None
        if tag and tag[2]:
            channel, account = subsystems.channel_of(tag[1]) or channel, tag[2]
        elif tag and subsystems.channel_of(tag[1]) is not None:
            channel = channel or subsystems.channel_of(tag[1])
        elif tag and channel is not None and tag[1] not in subsystems.PARTS:
            account = tag[1]
        channel = channel or _text_field(record, "channel")
        if channel is not None:
            attributes.setdefault("channel", channel)
        if "account" in declared and "account" not in attributes:
            named = _ACCOUNT.search(text)
            value = next(filter(None, named.groups())) if named else account or _text_field(record, "accountId")
            if value:
                attributes["account"] = value.rstrip(".")

    def _with_header(self, record: Record, line: Line) -> tuple[Record, Callable[[], str]]:
        if record.format in WEAK_FORMATS:
            return self._unless_quoted(record, line)
        if not record.continuation:
            return record, _no_text
        header = _find_header(record, line)
        if header is not None and header.record.format in WEAK_FORMATS:
            quoted, above = self._unless_quoted(header.record, line)
            if quoted.continuation:
                return record._replace(origin=quoted.origin, level=quoted.level, body=None), above
        if header is None:
            return record, lambda: "\n".join(_texts(line.above()))
        found = header.record
        merged = record._replace(host=record.host or found.host, body=None)
        if record.time_ns is None and record.stamp is None:
            merged = merged._replace(time_ns=found.time_ns, stamp=found.stamp, resolution_ns=found.resolution_ns)
        if found.format in SELF_CONTAINED:  # bare text between JSON records is nobody's continuation
            return merged, lambda: "\n".join(header.above[1:])
        merged = merged._replace(
            level=found.level,
            subsystem=found.subsystem,
            ident=record.ident or found.ident,
            origin=found.origin,
            format=found.format,
        )
        return merged, lambda: "\n".join(header.above)

    def _unless_quoted(self, record: Record, line: Line) -> tuple[Record, Callable[[], str]]:
        """A log line quoted in the output of a client, or in a reply, looks like a record of its own, but is not."""
        header = None if record.subsystem == "logs" else _find_header(None, line)
        if header is None or header.record.origin not in (Origin.CLI_OUTPUT, *_UNPROVED):
            return record, _no_text
        quoted = record._replace(origin=header.record.origin, continuation=True, body=None)
        return quoted, lambda: "\n".join(header.above)


def _event(found: _Found, record: Record, span: Span) -> Event:
    return Event(
        found.type,
        found.attributes,
        record.time_ns,
        record.resolution_ns,
        span,
        record.subsystem,
        record.level,
        record.host,
        record.origin,
        record.format,
        found.pattern,
        found.text,
        record.stamp,
    )


def is_damaged(data: bytes) -> bool:
    """Is a line no valid UTF-8? Lines with NUL are counted by the scan."""
    if data.isascii() or b"\0" in data:
        return False
    try:
        data.decode()
    except UnicodeDecodeError:
        return True
    return False


class _Above:
    """The text above a message line, put together only when a pattern asks."""

    def __init__(self, lines: list[str], earlier: Callable[[], str]) -> None:
        self._lines = lines
        self._earlier = earlier

    def __call__(self) -> str:
        return "\n".join([self._earlier(), *self._lines])


def _no_text() -> str:
    return ""


def _is_foreign(record: Record, line: Line) -> bool:
    """
    Does another program speak in a record of unknown origin?

    A system log holds the words of every program of a host. Text that names no subsystem of the gateway counts there if
    the program may run OpenClaw (units run `node` and carry any name), or has logged like a gateway shortly before.
    """
    if record.ident is None or not record.format.startswith(SYSTEM_LOGS):
        return False
    if _is_runner(record.ident):
        return False
    earlier = (_record_above(data) for data in _naming(record.ident, line))
    return not any(found.ident == record.ident and found.origin is Origin.GATEWAY for found in earlier)


@lru_cache(maxsize=256)
def _is_runner(ident: str) -> bool:
    return _RUNNERS.search(ident) is not None


def _find_header(record: Record | None, line: Line) -> Header | None:
    """
    The nearest record start above a line.

    Args:
        record: what is read of the line; its process must agree where an envelope names one. None: any record that has
            a time of its own, not far above.
    """
    above: list[str] = []
    for data in reversed(line.above()[-WEAK_REACH:]) if record is None else _naming(record.ident, line):
        candidate = _record_above(data)
        if record is not None and record.ident is not None and candidate.ident != record.ident:
            continue
        above.append(candidate.message)
        if not candidate.continuation and (record is not None or candidate.format not in WEAK_FORMATS):
            return Header(candidate, above[::-1])
    return None


def _record_above(data: bytes) -> Record:
    """The record of a line above candidates; the lines below look up at it as well."""
    return _decode_above(data) if len(data) <= MAX_LINE_ABOVE else formats.decode(data)


_decode_above = lru_cache(maxsize=MAX_ABOVE)(formats.decode)


def _naming(ident: str | None, line: Line) -> Iterator[bytes]:
    """
    The lines above a line that may be of a program, nearest first.

    Its name is in their bytes, or could hide there behind escapes.
    """
    if ident is None or not _PLAIN_NAME.fullmatch(ident):
        return reversed(line.above())
    name = ident.encode()
    if not line.above.may_hold(b"\x1b"):
        return line.above.holding(name)
    return (data for data in reversed(line.above()) if name in data or b"\x1b" in data)


def _texts(lines: list[bytes]) -> Iterator[str]:
    return (formats.decode(data).message for data in lines)


def _text_field(record: Record, name: str) -> str | None:
    value = record.fields.get(name)
    return value if isinstance(value, str) and 0 < len(value) <= 64 else None


def _evidence_text(text: str, matcher: Matcher, record: Record) -> str:
    """The matching line, with the structured values that the pattern read from beside it."""
    extra = []
    for rule in matcher.pattern.attributes.values():
        for path in rule.field:
            value = record.fields.get(path.split(".")[0])
            if isinstance(value, str | int | float) and f"{path}={value}" not in extra:
                extra.append(f"{path}={value}")
    suffix = f" ({', '.join(extra)})" if extra else ""
    return (text.strip()[:MAX_TEXT] + suffix)[: MAX_TEXT + 200]
