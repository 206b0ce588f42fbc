"""
The JSON forms of incidents, transitions, events and the accounting, written out key by key.

Enters: the model. Leaves: plain objects, masked, and their text in ASCII: `json` escapes every
other character, so that no control or bidi character reaches a terminal raw. The forms are a
promise to other programs: keys are added under a new schema number only.
"""

from __future__ import annotations

import json
import math
from typing import Any

from loganalyzer.activity import Activity
from loganalyzer.model import Accounting, Event, Incident, Scalar, Transition, UnknownGroup
from loganalyzer.outputs.base import NS, iso
from loganalyzer.redact import Redactor

INCIDENT = "loganalyzer.incident/1"
TRANSITION = "loganalyzer.transition/1"
EVENT = "loganalyzer.event/1"
REPORT = "loganalyzer.report/2"
UNKNOWN = "loganalyzer.unknown/1"
UNKNOWN_REPORT = "loganalyzer.unknown-report/1"
# None of the objects holds itself: looking for that is left out.
_ENCODER = json.JSONEncoder(ensure_ascii=True, allow_nan=False, check_circular=False, separators=(",", ":"))


def dumps(value: dict[str, Any]) -> str:
    """Writes an object on one line of ASCII."""
    return _ENCODER.encode(value)


def incident_object(incident: Incident, redact: Redactor) -> dict[str, Any]:
    """Gives the JSON form of an incident."""
    key = {"host": None, "channel": None, "account": None} | redact.key(incident.key)
    return {
        "schema": INCIDENT,
        "id": incident.id,
        "failure_mode": incident.failure_mode,
        "title": incident.title,
        "severity": incident.severity.label,
        "confidence": round(incident.confidence, 4),
        "status": incident.status.value,
        "key": key,
        "first_seen": iso(incident.first_seen_ns),
        "last_seen": iso(incident.last_seen_ns),
        "resolved_at": iso(incident.resolved_at_ns),
        "count": incident.count,
        "caused_by": incident.caused_by,
        "summary": redact.about(incident.summary, incident.key),
        "evidence": [
            {
                "source": redact(evidence.source),
                "line": evidence.line,
                "time": iso(evidence.time_ns),
                "event": evidence.event,
                "text": redact.evidence(evidence, incident.key),
            }
            for evidence in incident.evidence
        ],
        "remediation": [
            {
                "text": step.text,
                "commands": list(step.commands),
                "caution": step.caution,
                "verify": step.verify,
            }
            for step in (redact.step(step, incident.key) for step in incident.remediation)
        ],
        "references": list(incident.references),
    }


def transition_object(transition: Transition, redact: Redactor) -> dict[str, Any]:
    """Gives the JSON form of a transition; `repeated` is there only if it may have been told before."""
    return {
        "schema": TRANSITION,
        "transition": transition.kind,
        "time": iso(transition.time_ns),
        **({"repeated": True} if transition.repeated else {}),
        "incident": incident_object(transition.incident, redact),
    }


def event_object(event: Event, redact: Redactor) -> dict[str, Any]:
    """Gives the JSON form of an event."""
    attributes = redact.attributes(event.attributes)
    return {
        "schema": EVENT,
        "type": event.type,
        "time": iso(event.time_ns),
        "source": redact(event.span.source),
        "line": event.span.line,
        "subsystem": _masked(event.subsystem, redact),
        "level": event.level,
        "host": _masked(event.host, redact),
        "attributes": {name: _finite(value) for name, value in attributes.items()},
        "text": redact.about(event.text, event.attributes),
    }


def unknown_object(number: int, group: UnknownGroup, redact: Redactor) -> dict[str, Any]:
    """Gives the JSON form of a group of unknown lines."""
    return {
        "schema": UNKNOWN,
        "number": number,
        "level": group.level,
        "subsystem": _masked(group.subsystem, redact),
        "count": group.count,
        "first_seen": iso(group.first_seen_ns),
        "last_seen": iso(group.last_seen_ns),
        "template": redact(group.template),
        "examples": [
            {"source": redact(one.source), "line": one.line, "time": iso(one.time_ns), "text": redact(one.text)}
            for one in group.examples
        ],
    }


def accounting_object(accounting: Accounting, redact: Redactor) -> dict[str, Any]:
    """Gives the JSON form of what a run read, understood, assumed, and masked so far."""
    return {
        "sources": [redact(name) for name in accounting.sources],
        "bytes": accounting.bytes,
        "lines": accounting.lines,
        "candidates": accounting.candidates,
        "records": dict(sorted(accounting.records.items())),
        "events": accounting.events,
        "explained": accounting.explained,
        "unknown_warnings": accounting.unknown_warnings,
        "unknown_errors": accounting.unknown_errors,
        "unknown_kinds": len(accounting.unknown_kinds),
        "outside": accounting.outside,
        "out_of_order": accounting.out_of_order,
        "truncated": accounting.truncated,
        "undecodable": accounting.undecodable,
        "duplicates": accounting.duplicates,
        "gaps": accounting.gaps,
        "evicted": accounting.evicted,
        "regex_timeouts": accounting.regex_timeouts,
        "masked": redact.masked,
        "assumptions": [redact(text) for text in accounting.assumptions],
        "problems": [redact(text) for text in accounting.problems],
    }


def _masked(text: str | None, redact: Redactor) -> str | None:
    return None if text is None else redact(text)


def activity_object(activity: Activity, redact: Redactor) -> dict[str, Any]:
    """Gives the JSON form of what went on beside the incidents; the last state of a channel lasts to the end."""
    return {
        "first_event": iso(activity.first_ns),
        "last_event": iso(activity.last_ns),
        "hosts": [redact(host) for host in activity.hosts],
        "versions": [redact(version) for version in activity.versions],
        "channels": [
            {
                **redact.key(lane.channel._asdict()),
                "states": [
                    {"from": iso(s.start_ns), "state": s.state.value, "code": s.code, "changes": s.changes}
                    for s in lane.spells
                ],
            }
            for lane in activity.lanes
        ],
        "disconnects": {
            "bucket_s": activity.bucket_ns / NS,
            "counts": [
                {"from": iso(c.start_ns), "channel": redact(c.channel), "code": c.code, "count": c.times}
                for c in activity.closes
            ],
        },
        "actions": [
            {
                "time": iso(action.time_ns),
                "event": action.event,
                "attributes": {n: _finite(v) for n, v in redact.attributes(action.attributes).items()},
                "count": action.times,
            }
            for action in activity.actions
        ],
        "actions_omitted": activity.actions_omitted,
    }


def _finite(value: Scalar) -> Scalar | None:
    # JSON has no word for infinity, and a log can hold a number of any length.
    return None if isinstance(value, float) and not math.isfinite(value) else value
