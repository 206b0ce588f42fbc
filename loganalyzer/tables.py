"""
Frames: events and incidents as Arrow tables and pandas frames.

Enters: the model. Leaves: Arrow batches, tables and frames with the schemas below, which say their
version in their metadata. Times are nanoseconds UTC with zone; one that 64 bits cannot hold (a log
can claim any year) is null. Memory: a batch of events at a time. Nothing else in the package
imports pyarrow or pandas.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from loganalyzer.model import Event, Incident, Scalar
from loganalyzer.redact import Redactor

if TYPE_CHECKING:
    import pandas as pd

BATCH_EVENTS = 8192
PLAIN = Redactor(None)

_TIME = pa.timestamp("ns", tz="UTC")

# Attributes that many event types share, as columns, so that a frame can be grouped by them.
_SHARED: tuple[tuple[str, pa.DataType], ...] = (
    ("channel", pa.string()),
    ("account", pa.string()),
    ("code", pa.int64()),
    ("attempt", pa.int64()),
    ("max_attempts", pa.int64()),
    ("delay_s", pa.float64()),
    ("duration_s", pa.float64()),
    ("reason", pa.string()),
    ("error", pa.string()),
)

_EVENT_FIELDS: list[pa.Field[Any]] = [
    pa.field("time", _TIME),
    pa.field("type", pa.string(), nullable=False),
    pa.field("source", pa.string(), nullable=False),
    pa.field("line", pa.int64(), nullable=False),
    pa.field("subsystem", pa.string()),
    pa.field("level", pa.string()),
    pa.field("host", pa.string()),
    *(pa.field(name, kind) for name, kind in _SHARED),
    # All attributes, those above included, as a JSON object.
    pa.field("attributes", pa.string(), nullable=False),
    pa.field("origin", pa.string(), nullable=False),
    pa.field("format", pa.string(), nullable=False),
    pa.field("text", pa.string(), nullable=False),
]
EVENTS = pa.schema(_EVENT_FIELDS, metadata={"schema": "loganalyzer.events/1"})

_EVIDENCE: list[pa.Field[Any]] = [
    pa.field("source", pa.string()),
    pa.field("line", pa.int64()),
    pa.field("time", _TIME),
    pa.field("event", pa.string()),
    pa.field("text", pa.string()),
]
_STEP: list[pa.Field[Any]] = [
    pa.field("text", pa.string()),
    pa.field("commands", pa.list_(pa.string())),
    pa.field("caution", pa.string()),
    pa.field("verify", pa.string()),
]
_INCIDENT_FIELDS: list[pa.Field[Any]] = [
    pa.field("id", pa.string(), nullable=False),
    pa.field("failure_mode", pa.string(), nullable=False),
    pa.field("title", pa.string(), nullable=False),
    pa.field("severity", pa.string(), nullable=False),
    pa.field("confidence", pa.float64(), nullable=False),
    pa.field("status", pa.string(), nullable=False),
    pa.field("host", pa.string()),
    pa.field("channel", pa.string()),
    pa.field("account", pa.string()),
    # The whole key, those above included, as a JSON object.
    pa.field("key", pa.string(), nullable=False),
    pa.field("first_seen", _TIME),
    pa.field("last_seen", _TIME),
    pa.field("resolved_at", _TIME),
    pa.field("count", pa.int64(), nullable=False),
    pa.field("caused_by", pa.string()),
    pa.field("summary", pa.string(), nullable=False),
    pa.field("cause", pa.string(), nullable=False),
    pa.field("evidence", pa.list_(pa.struct(_EVIDENCE)), nullable=False),
    pa.field("remediation", pa.list_(pa.struct(_STEP)), nullable=False),
    pa.field("references", pa.list_(pa.string()), nullable=False),
]
INCIDENTS = pa.schema(_INCIDENT_FIELDS, metadata={"schema": "loganalyzer.incidents/1"})

_INT64 = range(-(2**63), 2**63)


def events_to_batches(
    events: Iterable[Event], redact: Redactor = PLAIN, size: int = BATCH_EVENTS
) -> Iterator[pa.RecordBatch]:
    """Yields record batches of at most `size` events, as they come."""
    stream = iter(events)
    while part := list(islice(stream, size)):
        rows = [_event_row(event, redact) for event in part]
        yield pa.RecordBatch.from_pylist(rows, schema=EVENTS)


def events_to_reader(events: Iterable[Event], redact: Redactor = PLAIN) -> pa.RecordBatchReader:
    """Gives events as a stream of record batches; nothing is read before it is asked for."""
    return pa.RecordBatchReader.from_batches(EVENTS, events_to_batches(events, redact))


def incidents_to_table(incidents: Sequence[Incident], redact: Redactor = PLAIN) -> pa.Table:
    """Gives incidents as a table, a row each, in their order."""
    return pa.Table.from_pylist([_incident_row(i, redact) for i in incidents], schema=INCIDENTS)


def to_pandas(table: pa.Table) -> pd.DataFrame:
    """Gives a table as a pandas frame; whole numbers with gaps stay whole (`Int64`)."""
    import pandas as pd

    return table.to_pandas(types_mapper=lambda kind: pd.Int64Dtype() if kind == pa.int64() else None)


def _event_row(event: Event, redact: Redactor) -> dict[str, Any]:
    attributes = redact.attributes(event.attributes)
    row: dict[str, Any] = {
        "time": _time(event.time_ns),
        "type": event.type,
        "source": _text(event.span.source),
        "line": event.span.line,
        "subsystem": _text(event.subsystem),
        "level": event.level,
        "host": _text(event.host),
        "attributes": _json(attributes),
        "origin": event.origin.value,
        "format": event.format,
        "text": _text(redact.about(event.text, event.attributes)),
    }
    for name, kind in _SHARED:
        row[name] = _typed(attributes.get(name), kind)
    return row


def _incident_row(incident: Incident, redact: Redactor) -> dict[str, Any]:
    key = redact.key(incident.key)
    return {
        "id": incident.id,
        "failure_mode": incident.failure_mode,
        "title": incident.title,
        "severity": incident.severity.label,
        "confidence": incident.confidence,
        "status": incident.status.value,
        **{name: _text(key.get(name)) for name in ("host", "channel", "account")},
        "key": _json(key),
        "first_seen": _time(incident.first_seen_ns),
        "last_seen": _time(incident.last_seen_ns),
        "resolved_at": _time(incident.resolved_at_ns),
        "count": incident.count,
        "caused_by": incident.caused_by,
        "summary": _text(redact.about(incident.summary, incident.key)),
        "cause": _text(redact.about(incident.cause, incident.key)),
        "evidence": [
            {
                "source": _text(one.source),
                "line": one.line,
                "time": _time(one.time_ns),
                "event": one.event,
                "text": _text(redact.about(one.text, incident.key)),
            }
            for one in incident.evidence
        ],
        "remediation": [
            {
                "text": _text(step.text),
                "commands": [_text(command) for command in step.commands],
                "caution": step.caution,
                "verify": step.verify,
            }
            for step in incident.remediation
        ],
        "references": list(incident.references),
    }


def _time(time_ns: int | None) -> int | None:
    return time_ns if time_ns is not None and time_ns in _INT64 else None


def _text(text: str | None) -> str | None:
    # Arrow holds UTF-8; a lone surrogate (from undecodable bytes) has none.
    return None if text is None else text.encode("utf-8", "backslashreplace").decode("utf-8")


def _typed(value: Scalar | None, kind: pa.DataType) -> Scalar | None:
    if isinstance(value, str) and kind == pa.string():
        return _text(value)
    if isinstance(value, int) and not isinstance(value, bool) and kind == pa.int64():
        return value if value in _INT64 else None
    if isinstance(value, int | float) and not isinstance(value, bool) and kind == pa.float64():
        return float(value)
    return None


def _json(values: dict[str, Any]) -> str:
    finite = {
        name: None if isinstance(value, float) and not math.isfinite(value) else value for name, value in values.items()
    }
    return json.dumps(finite, ensure_ascii=True)
