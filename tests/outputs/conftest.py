from collections.abc import Callable
from typing import Any

import pytest

from loganalyzer.model import Evidence, Incident, Severity, Status, Step
from loganalyzer.testing import START_NS

SECOND = 1_000_000_000


@pytest.fixture
def make_evidence() -> Callable[..., Evidence]:
    def build(text: str = "session ended (428)", *, line: int = 7, at_s: float = 0.0) -> Evidence:
        return Evidence(
            source="gateway.log",
            line=line,
            time_ns=START_NS + round(at_s * SECOND),
            event="channel.exited",
            text=text,
        )

    return build


@pytest.fixture
def make_incident(make_evidence: Callable[..., Evidence]) -> Callable[..., Incident]:
    def build(name: str = "whatsapp.session-terminated", **changes: Any) -> Incident:
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
            "evidence": (make_evidence(),),
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

    return build
