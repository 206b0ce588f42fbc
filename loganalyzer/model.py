"""
The nouns of loganalyzer: what the stages hand to one another.

Flow: bytes become a `Line` (scan), a line becomes a `Record` (formats), a record yields `Event`s
(tokenize), events complete a rule (correlate), a completed rule is an `Incident` (classify).
This module imports nothing of the package (but in a notebook, to show itself) and refuses to do any work.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from typing import Any, NamedTuple

MAX_UNKNOWN_HEADS = 1000
"""Beginnings of unknown warnings and errors that are told apart in a run."""
GAP = "log.gap"
"""Type of the event that lines are missing; see `gaps`."""
READER = "reader"
"""Format of such an event if whoever read the source tells it, at the very place."""
Scalar = str | int | float | bool
Attributes = Mapping[str, Scalar]


class Severity(IntEnum):
    """How much an operator should care; ordered, so that `>=` reads naturally."""

    INFO = 0
    WARNING = 1
    ERROR = 2
    CRITICAL = 3

    @property
    def label(self) -> str:
        """The lower-case word of every output."""
        return self.name.lower()


class Origin(Enum):
    """Who speaks in a record; decided by the table in `formats.origin`."""

    GATEWAY = "gateway"
    """The gateway process, or a system service (kernel, systemd) that speaks for itself."""
    CLI_ERROR = "cli-error"
    """A console error of a client, captured into the gateway's file or read directly. Counts."""
    CLI_OUTPUT = "cli-output"
    """Status tables and other console text at level info. Counts only for patterns that ask for it."""
    TOOL_OUTPUT = "tool-output"
    """What an agent's tool ended with: words of any program or page. Counts only for patterns that ask for it."""
    CARRIED = "carried"
    """Chat messages and agent replies: text written by strangers. Never opens an incident."""
    UNKNOWN = "unknown"
    """The surface cannot tell (plain console text). Counts, with confidence capped at 0.6."""


class Stamp(NamedTuple):
    """A time as written, with parts missing; `clock.Clock` completes it. Seconds resolution parts are ints."""

    year: int | None
    month: int | None
    day: int | None
    hour: int
    minute: int
    second: int
    nanosecond: int
    offset_s: int | None
    """Zone offset east of UTC [s], None if the text names no zone."""


class Record(NamedTuple):
    """One decoded log entry, or one line that continues the entry above it."""

    time_ns: int | None
    """[ns, UTC]; None when the text has no complete time of its own."""
    stamp: Stamp | None
    """The incomplete time; beside a complete one it is that of an envelope, and tells the zone of the machine."""
    resolution_ns: int
    """What the last digit of the time is worth: 1_000_000 for milliseconds, 1_000_000_000 for syslog."""
    level: str | None
    """trace, debug, info, warn, error or fatal."""
    subsystem: str | None
    """As the record spells it: `gateway/channels/whatsapp` (file), `whatsapp` (console), `web-reconnect` (module)."""
    host: str | None
    ident: str | None
    """syslog identifier or container name: `kernel`, `systemd`, `node`."""
    message: str
    """Text without envelope, prefix and colour; may hold several lines."""
    fields: Mapping[str, Any]
    """Structured arguments of the entry (`status`, `delayMs`, `error` …), later ones winning."""
    origin: Origin
    format: str
    """Key of `formats.FORMATS`: which surface the record was read from."""
    continuation: bool
    """True when the line has no header of its own and belongs to the record above it."""
    body: object = None
    """Records with the same body differ in nothing but their time; None where nobody looked."""


class Span(NamedTuple):
    """Where something stands: everything shown to a user can name its span."""

    source: str
    line: int
    """First line, counted from 1."""
    last_line: int
    offset: int
    """Of the first byte of the first line [bytes], in the decompressed stream."""


class Event(NamedTuple):
    """A typed occurrence in a record."""

    type: str
    attributes: Attributes
    time_ns: int | None
    """[ns, UTC], completed by the ordered stage; None for a stream without any time."""
    resolution_ns: int
    span: Span
    subsystem: str | None
    level: str | None
    host: str | None
    origin: Origin
    format: str
    pattern: str
    """Id of the event pattern that recognised it."""
    text: str
    """The record's text up to and including the line that matched; raw, not yet redacted."""
    stamp: Stamp | None = None
    """The incomplete time until the ordered stage has completed it."""


class Status(Enum):
    """Where an incident is in its life."""

    OPEN = "open"
    RESOLVED = "resolved"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One line that speaks for an incident."""

    source: str
    line: int
    time_ns: int | None
    event: str
    text: str
    attributes: Attributes = field(default_factory=dict, compare=False)
    """Of the event, those that tell what in the text is personal."""
    offset: int | None = None
    """Of the line in the decompressed stream [bytes]; lets a report read the lines around it."""


class NearbyLine(NamedTuple):
    """A line above or below a line of evidence."""

    number: int
    time_ns: int | None
    """[ns, UTC]; None where the line itself names no complete time."""
    level: str | None
    text: str
    """First line of its message; raw, not yet redacted."""


class Nearby(NamedTuple):
    """The lines around a line of evidence, in the order of the log."""

    above: tuple[NearbyLine, ...]
    below: tuple[NearbyLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One rung of a remediation ladder. Nothing in it is ever executed by this program."""

    text: str
    commands: tuple[str, ...] = ()
    caution: str | None = None
    verify: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One occurrence of a failure mode, as it stands at the moment of a transition."""

    id: str
    failure_mode: str
    title: str
    severity: Severity
    confidence: float
    status: Status
    key: Mapping[str, str | None]
    first_seen_ns: int | None
    last_seen_ns: int | None
    resolved_at_ns: int | None
    count: int
    caused_by: str | None
    summary: str
    cause: str
    evidence: tuple[Evidence, ...]
    evidence_omitted: int
    remediation: tuple[Step, ...]
    references: tuple[str, ...]

    def _repr_html_(self) -> str:
        """The incident in a notebook, masked."""
        from loganalyzer.outputs import notebook

        return notebook.incident(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """A step in the life of an incident: opened, updated, resolved or undecided."""

    kind: str
    time_ns: int | None
    incident: Incident
    repeated: bool = False
    """It may have been shown before: a run that was killed had begun to, and nobody knows whether it was done."""


class UnknownLine(NamedTuple):
    """A warning or an error that no pattern knows."""

    source: str
    line: int
    time_ns: int | None
    """[ns, UTC], completed by the ordered stage."""
    level: str
    """warn or error; fatal counts as error."""
    subsystem: str | None
    """Display name."""
    text: str
    """First line of the message; raw, not yet redacted."""
    stamp: Stamp | None = None
    """The incomplete time until the ordered stage has completed it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownGroup:
    """Unknown lines that are alike."""

    level: str
    subsystem: str | None
    count: int
    first_seen_ns: int | None
    last_seen_ns: int | None
    template: str
    """What their texts have in common; `<number>`, `<path>` and so on stand for what varies, `<*>` for any word."""
    examples: tuple[UnknownLine, ...]


@dataclass(slots=True, kw_only=True)
class Accounting:
    """What a run read, understood and assumed; every run ends by showing it."""

    bytes: int = 0
    lines: int = 0
    candidates: int = 0
    records: dict[str, int] = field(default_factory=dict)
    """Records decoded, by format."""
    events: int = 0
    explained: int = 0
    """Warnings and errors that an event or a pattern of normal warnings knows."""
    unknown_warnings: int = 0
    unknown_errors: int = 0
    """The rest of them, fatal ones included. Lines of the console name no level and are in none of the three."""
    unknown_heads: dict[str, str] = field(default_factory=dict)
    """By source and beginning of a line: subsystem and masked text of the first of the unknown ones that begins so; at
    most `MAX_UNKNOWN_HEADS`."""
    outside: int = 0
    """Events that are not judged since they lie before `since` or after `until`."""
    out_of_order: int = 0
    truncated: int = 0
    """Lines longer than the cap, cut."""
    undecodable: int = 0
    """Lines with NUL bytes, and lines that were looked at with invalid UTF-8 or broken JSON."""
    duplicates: int = 0
    """Records seen twice (two sinks, replay after a reconnect) and counted once."""
    gaps: int = 0
    """Places where a log or its reader says that lines are missing."""
    evicted: int = 0
    """Groups dropped because a rule held too many keys at once."""
    regex_timeouts: int = 0
    assumptions: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    """Sources that could not be read (to the end), each with its reason."""
    sources: list[str] = field(default_factory=list)

    @property
    def unknown_kinds(self) -> set[str]:
        """What the unknown warnings and errors are about: subsystem and masked text; see `unknown.kinds`."""
        return set(self.unknown_heads.values())
