"""What one line says in several ways happened once."""

from __future__ import annotations

import pytest

from loganalyzer import packs
from loganalyzer.packs import examples
from loganalyzer.pipeline import Options, Plan

BOOM = '[default] channel exited: {{"error":{{"isBoom":true,"output":{{"statusCode":{0}}}}}}}'
RETRY = "Web connection closed (status {0}). Retry 1/12 in 2.44s… (status={0} {1})"


@pytest.fixture(scope="module")
def plan() -> Plan:
    """The built-in pack, ready to run."""
    return Plan(Options(reference_ns=examples.REFERENCE_NS), packs.load())


@pytest.mark.parametrize(
    ("mode", "text"),
    [
        ("whatsapp.restart-required", RETRY.format(515, "Unknown Stream Errored (restart required)")),
        ("whatsapp.session-conflict", RETRY.format(440, "Unknown Stream Errored (conflict)")),
        ("whatsapp.forbidden", RETRY.format(403, "Connection Failure")),
        ("whatsapp.client-rejected", RETRY.format(405, "Connection Failure")),
        ("whatsapp.logged-out", RETRY.format(401, "Unauthorized Connection Failure")),
        ("whatsapp.dns-network", RETRY.format(408, "WebSocket Error (getaddrinfo ENOTFOUND web.whatsapp.com)")),
        ("whatsapp.restart-required", BOOM.format(515)),
        ("whatsapp.session-conflict", BOOM.format(440)),
        ("whatsapp.logged-out", BOOM.format(401)),
    ],
)
def test_a_close_counts_once(plan: Plan, mode: str, text: str) -> None:
    """It gives its code, the name of what happened, and that the connection is tried again; the next one counts."""
    lines = [f"2026-11-20T12:{minute}:18.148+00:00 [whatsapp] {text}" for minute in (14, 15, 16)]
    for many in (1, 3):
        found = examples.incidents_of(plan, "\n".join(lines[:many]))
        assert [incident.count for incident in found if incident.failure_mode == mode] == [many]
