"""Incidents as outputs and notifications get them."""

from __future__ import annotations

from typing import Any

from loganalyzer.model import Evidence, Incident, Severity, Status, Step, Transition
from loganalyzer.testing import START_NS

SECOND = 1_000_000_000


def evidence(text: str = "session ended (428)", *, line: int = 7, at_s: float = 0.0) -> Evidence:
    """A line of evidence, `at_s` seconds after `START_NS`."""
    return Evidence(
        source="gateway.log", line=line, time_ns=START_NS + round(at_s * SECOND), event="channel.exited", text=text
    )


def incident(name: str = "whatsapp.session-terminated", **changes: Any) -> Incident:
    """An open incident of severity error; its id is `id-NAME`."""
    values: dict[str, Any] = {
        "id": f"id-{name}",
        "failure_mode": name,
        "title": "WhatsApp ends every session at once (428)",
        "severity": Severity.ERROR,
        "confidence": 0.75,
        "status": Status.OPEN,
        "key": {"host": "vm", "channel": "whatsapp", "account": "default"},
        "first_seen_ns": START_NS,
        "last_seen_ns": START_NS + 5 * SECOND,
        "resolved_at_ns": None,
        "count": 2,
        "caused_by": None,
        "summary": "The session of WhatsApp ended 2 times with 428.",
        "cause": "The stored credentials no longer work.",
        "evidence": (evidence(),),
        "evidence_omitted": 0,
        "remediation": (
            Step(text="Look for a second gateway.", commands=("openclaw gateway status --deep",)),
            Step(
                text="Link the account again.",
                commands=("openclaw channels login --channel whatsapp",),
                caution="Ends the session of this device.",
                verify="The channel shows connected.",
            ),
        ),
        "references": ("https://docs.openclaw.ai/channels/whatsapp",),
    }
    return Incident(**(values | changes))


def step(kind: str, name: str, **changes: Any) -> Transition:
    """A transition of an incident."""
    statuses = {"resolved": Status.RESOLVED, "undecided": Status.UNDECIDED}
    if kind == "resolved":
        changes = {"resolved_at_ns": START_NS + 60 * SECOND, "severity": Severity.INFO} | changes
    found = incident(name, status=statuses.get(kind, Status.OPEN), **changes)
    return Transition(kind=kind, time_ns=START_NS, incident=found)
