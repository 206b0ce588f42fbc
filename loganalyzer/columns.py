"""
The columns of tables: their names, kinds and meaning, and what stands in them.

Enters: events and incidents. Leaves: a list of plain values for each column, masked, in the order of
`EVENT_COLUMNS` and `INCIDENT_COLUMNS`. Arrow, Parquet, CSV and `docs/schema.md` are all made from these, so
that a column is named, typed and explained once. Refuses to know any library of tables.

The columns are a promise to other programs: changed or removed only under a new schema number.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from loganalyzer.model import Event, Incident, Scalar
from loganalyzer.redact import Redactor

EVENT_SCHEMA = "loganalyzer.events/1"
INCIDENT_SCHEMA = "loganalyzer.incidents/1"

Kind = Literal["time", "text", "integer", "number", "json", "texts", "list"]
"""`time` is int [ns, UTC]; `json` is the text of an object; `texts` a list of texts; `list` one of objects."""
Clean = Callable[[str], str]
PLAIN = Redactor(None)


@dataclass(frozen=True, slots=True)
class Column:
    """One column, or one part of the objects in a `list`."""

    name: str
    kind: Kind
    meaning: str
    """One sentence without a full stop; says the unit."""
    nullable: bool = False
    parts: tuple[Column, ...] = ()


# Attributes that many event types share, as columns, so that a frame can be grouped by them.
_SHARED = (
    Column("channel", "text", "`whatsapp`, `telegram` …", nullable=True),
    Column("account", "text", "Account of the channel", nullable=True),
    Column("code", "integer", "Status or exit code, such as 428", nullable=True),
    Column("attempt", "integer", "Which attempt, from 1", nullable=True),
    Column("max_attempts", "integer", "Attempts until it gives up", nullable=True),
    Column("delay_s", "number", "Wait until the next attempt [s]", nullable=True),
    Column("duration_s", "number", "How long something took [s]", nullable=True),
    Column("reason", "text", "Why, as the log says it", nullable=True),
    Column("error", "text", "Text of an error", nullable=True),
)

EVENT_COLUMNS = (
    Column("time", "time", "When; null without a time, and for a year that 64 bits cannot hold", nullable=True),
    Column("type", "text", "Event type, such as `channel.disconnected`"),
    Column("source", "text", "File, archive member or `-` for standard input"),
    Column("line", "integer", "Line in the source, from 1"),
    Column("subsystem", "text", "Who wrote the record", nullable=True),
    Column("level", "text", "`trace`, `debug`, `info`, `warn`, `error` or `fatal`", nullable=True),
    Column("host", "text", "Host, if the line names one", nullable=True),
    *_SHARED,
    Column("attributes", "json", "All attributes of the event, those above included"),
    Column("origin", "text", "Who speaks: `gateway`, `cli-error`, `cli-output`, `tool-output`, `carried` or `unknown`"),
    Column("format", "text", "Surface the record was read from, such as `gateway-json`"),
    Column("text", "text", "The record up to and including the line that matched"),
)

_EVIDENCE = (
    Column("source", "text", "As for events"),
    Column("line", "integer", "As for events"),
    Column("time", "time", "As for events", nullable=True),
    Column("event", "text", "Event type"),
    Column("text", "text", "The line"),
)
_STEP = (
    Column("text", "text", "What to do and why"),
    Column("commands", "texts", "Shell commands, in order"),
    Column("caution", "text", "What may be lost", nullable=True),
    Column("verify", "text", "How to see that it helped", nullable=True),
)

INCIDENT_COLUMNS = (
    Column("id", "text", "The same for the same outage, in every run and every copy of the log"),
    Column("failure_mode", "text", "Such as `whatsapp.logged-out`"),
    Column("title", "text", "The failure mode in words"),
    Column("severity", "text", "`info`, `warning`, `error` or `critical`"),
    Column("confidence", "number", "0 to 1"),
    Column("status", "text", "`open`, `resolved` or `undecided`"),
    Column("host", "text", "From the key", nullable=True),
    Column("channel", "text", "From the key", nullable=True),
    Column("account", "text", "From the key", nullable=True),
    Column("key", "json", "The whole key, those above included"),
    Column("first_seen", "time", "First evidence", nullable=True),
    Column("last_seen", "time", "Last evidence", nullable=True),
    Column("resolved_at", "time", "When it ended, if it did", nullable=True),
    Column("count", "integer", "How often it was seen"),
    Column("caused_by", "text", "`id` of the incident that it follows from", nullable=True),
    Column("summary", "text", "What happened"),
    Column("cause", "text", "Why it usually happens"),
    Column("evidence", "list", "Lines that speak for it", parts=_EVIDENCE),
    Column("remediation", "list", "Steps, in order", parts=_STEP),
    Column("references", "texts", "Where this is documented"),
)

_INT64 = range(-(2**63), 2**63)


def valid(text: str) -> str:
    """Makes text that UTF-8 can hold: a lone surrogate (from undecodable bytes) becomes its escape."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def event_columns(events: Sequence[Event], redact: Redactor = PLAIN, clean: Clean = valid) -> dict[str, list[Any]]:
    """
    Gives the columns of events.

    Args:
        redact: Masks texts and attributes.
        clean: Applied to every text from the log; must leave valid UTF-8.
    """

    def masked(text: str) -> str:
        return clean(redact(text))

    attributes = [redact.attributes(event.attributes) for event in events]
    return {
        "time": [_time(event.time_ns) for event in events],
        "type": [event.type for event in events],
        "source": [clean(redact(event.span.source)) for event in events],
        "line": [event.span.line for event in events],
        "subsystem": [_text(event.subsystem, masked) for event in events],
        "level": [event.level for event in events],
        "host": [_text(event.host, masked) for event in events],
        **{column.name: _attribute(column, attributes, clean) for column in _SHARED},
        "attributes": [_json(values) for values in attributes],
        "origin": [event.origin.value for event in events],
        "format": [event.format for event in events],
        "text": [clean(redact.about(event.text, event.attributes)) for event in events],
    }


def incident_columns(
    incidents: Sequence[Incident], redact: Redactor = PLAIN, clean: Clean = valid
) -> dict[str, list[Any]]:
    """Gives the columns of incidents; arguments as for `event_columns`."""
    rows = [_incident(incident, redact, clean) for incident in incidents]
    return {column.name: [row[column.name] for row in rows] for column in INCIDENT_COLUMNS}


def _incident(incident: Incident, redact: Redactor, clean: Clean) -> dict[str, Any]:
    key = redact.key(incident.key)
    return {
        "id": incident.id,
        "failure_mode": incident.failure_mode,
        "title": incident.title,
        "severity": incident.severity.label,
        "confidence": round(incident.confidence, 4),
        "status": incident.status.value,
        **{name: _text(key.get(name), clean) for name in ("host", "channel", "account")},
        "key": _json(key),
        "first_seen": _time(incident.first_seen_ns),
        "last_seen": _time(incident.last_seen_ns),
        "resolved_at": _time(incident.resolved_at_ns),
        "count": incident.count,
        "caused_by": incident.caused_by,
        "summary": clean(redact.about(incident.summary, incident.key)),
        "cause": clean(redact.about(incident.cause, incident.key)),
        "evidence": [
            {
                "source": clean(redact(one.source)),
                "line": one.line,
                "time": _time(one.time_ns),
                "event": one.event,
                "text": clean(redact.evidence(one, incident.key)),
            }
            for one in incident.evidence
        ],
        "remediation": [
            {
                "text": clean(step.text),
                "commands": [clean(command) for command in step.commands],
                "caution": _text(step.caution, clean),
                "verify": _text(step.verify, clean),
            }
            for step in (redact.step(step, incident.key) for step in incident.remediation)
        ],
        "references": list(incident.references),
    }


def _time(time_ns: int | None) -> int | None:
    return time_ns if time_ns is not None and time_ns in _INT64 else None


def _text(text: str | None, clean: Clean) -> str | None:
    return None if text is None else clean(text)


# A type may use the name of a shared attribute for something else (`code: "overloaded"`): then it stands in
# `attributes` only.
def _as_text(value: Scalar, clean: Clean) -> str | None:
    return clean(value) if isinstance(value, str) else None


def _as_integer(value: Scalar, _clean: Clean) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value in _INT64 else None


def _as_number(value: Scalar, _clean: Clean) -> float | None:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    whole = _as_integer(value, _clean)
    return None if whole is None else float(whole)


_TAKE: dict[str, Callable[[Scalar, Clean], Scalar | None]] = {
    "text": _as_text,
    "integer": _as_integer,
    "number": _as_number,
}


def _attribute(column: Column, attributes: Sequence[Mapping[str, Scalar]], clean: Clean) -> list[Scalar | None]:
    name, take = column.name, _TAKE[column.kind]
    return [take(values[name], clean) if name in values else None for values in attributes]


_ENCODER = json.JSONEncoder(allow_nan=False)


def _json(values: Mapping[str, Any]) -> str:
    try:
        return _ENCODER.encode(values)
    except ValueError:  # JSON has no word for infinity
        return _ENCODER.encode(
            {name: None if isinstance(v, float) and not math.isfinite(v) else v for name, v in values.items()}
        )
