"""Typical chains of faults as whole logs: the cause stands on top, its consequences are folded under it."""

from __future__ import annotations

import pytest

from loganalyzer import packs
from loganalyzer.model import Incident, Severity
from loganalyzer.packs import examples
from loganalyzer.pipeline import Options, Plan

DISK_FULL = """\
2026-11-20T12:20:41.963+00:00 [gateway] parse/handle error: Error: ENOSPC: no space left on device, write
2026-11-20T12:20:43.100+00:00 [gateway] session store write failed: database or disk is full
2026-11-20T12:20:50.100+00:00 [diagnostic] lane task error: lane=main durationMs=834 error="SqliteError: database is full"
2026-11-20T12:20:50.200+00:00 ⚠️ Agent failed before reply: database or disk is full
"""
BILLING = """\
2026-11-20T12:20:41.963+00:00 [model-fetch] response provider=openai api=responses model=gpt-5.4 status=402 elapsedMs=300
2026-11-20T12:20:42.100+00:00 [agent/embedded] embedded run agent end: runId=a1 isError=true model=gpt-5.4 provider=openai \
error=⚠️ openai returned a billing error — your API key has run out of credits rawError=402 insufficient credits
2026-11-20T12:20:43.100+00:00 [agent/embedded] All models failed (2): openai/gpt-5.4: insufficient credits (billing) | \
openai/gpt-5.4-mini: insufficient credits (billing)
2026-11-20T12:20:44.100+00:00 [agent/embedded] incomplete turn detected: runId=a1 sessionId=s1 stopReason=error payloads=0
"""
PLUGIN = """\
2026-11-20T12:20:41.963+00:00 [plugins] whatsapp failed to load from /home/demo/.openclaw/plugins/whatsapp/index.js: \
Error: Cannot find module 'baileys'
2026-11-20T12:20:45.963+00:00 Error: Channel login failed: Error: Unsupported channel: whatsapp
"""
INVALID_CONFIG = """\
Nov 20 12:09:06 vm node[9]: OpenClaw config is invalid
Nov 20 12:09:06 vm node[9]:   × openclaw.json:4 — agents.defaults: Unrecognized key: "tempreature"
Nov 20 12:09:06 vm systemd[812]: openclaw-gateway.service: Main process exited, code=exited, status=78/CONFIG
Nov 20 12:09:06 vm systemd[812]: openclaw-gateway.service: Failed with result 'exit-code'.
Nov 20 12:09:30 vm node[12]: Gateway not reachable. Is it running and accessible?
"""
STALL = """\
2026-11-20T12:30:00.273+00:00 [whatsapp] Listening for personal WhatsApp inbound messages.
2026-11-20T12:35:58.273+00:00 [diagnostic] liveness heartbeat delayed: overdue=48675ms elapsed=78675ms; deferring recovery decisions
2026-11-20T12:35:58.573+00:00 [whatsapp] Web connection closed (status 408). Retry 1/12 in 2.44s… (Request Time-out)
2026-11-20T12:36:58.573+00:00 [whatsapp] Web connection closed (status 408). Retry 2/12 in 4.44s… (Request Time-out)
2026-11-20T12:37:58.573+00:00 [whatsapp] Web connection closed (status 408). Retry 3/12 in 4.44s… (Request Time-out)
"""
PORT_ROUND = """\
Nov 20 12:09:{start:02} vm node[9]: Gateway failed to start: another gateway instance is already listening on \
ws://127.0.0.1:18789 | listen EADDRINUSE: address already in use 127.0.0.1:18789
Nov 20 12:09:{start:02} vm systemd[812]: openclaw-gateway.service: Main process exited, code=exited, status=1/FAILURE
Nov 20 12:09:{again:02} vm systemd[812]: openclaw-gateway.service: Scheduled restart job, restart counter is at {count}.
"""
PORT = "".join(PORT_ROUND.format(start=6 + 6 * n, again=11 + 6 * n, count=n + 1) for n in range(4))
DOWN_FOR_HOURS = """\
Nov 20 02:10:00 vm node[2314]: 2026-11-20T02:10:00.000+00:00 [gateway] http server listening (7 plugins: a; 0.9s)
Nov 20 02:49:18 vm kernel: [123.4] Out of memory: Killed process 2314 (openclaw-gatewa) total-vm:24012345kB, \
anon-rss:1812345kB, file-rss:0kB, shmem-rss:0kB, UID:1000 pgtables:9000kB oom_score_adj:0
Nov 20 02:49:18 vm systemd[812]: openclaw-gateway.service: Main process exited, code=killed, status=9/KILL
Nov 20 02:55:00 vm node[99]: Error: gateway closed (1006 abnormal closure (no close frame)): no close reason
Nov 20 08:11:30 vm node[199]: Error: gateway closed (1006 abnormal closure (no close frame)): no close reason
Nov 20 08:11:40 vm node[199]: Error: No active WhatsApp Web listener (account: default). Start the gateway, then link \
WhatsApp with: openclaw channels login --channel whatsapp --account default.
"""
FALLBACK = """\
2026-11-20T12:20:41.963+00:00 [model-fetch] response provider=openai api=responses model=gpt-5.4 status=429 elapsedMs=300
2026-11-20T12:20:42.100+00:00 [model-fallback/decision] model fallback decision: decision=candidate_failed \
requested=openai/gpt-5.4 candidate=openai/gpt-5.4 reason=rate_limit next=anthropic/claude-sonnet-4.6 detail=429
2026-11-20T12:20:44.100+00:00 [model-fallback/decision] model fallback decision: decision=candidate_succeeded \
requested=openai/gpt-5.4 candidate=anthropic/claude-sonnet-4.6 reason=unknown next=none
"""
AFTER_A_RESTART = """\
2026-11-20T12:20:41.963+00:00 Gateway not reachable. Is it running and accessible?
2026-11-20T12:20:50.100+00:00 [gateway] http server listening (7 plugins: a; 0.9s)
2026-11-20T12:20:52.100+00:00 [gateway] ready
2026-11-20T12:22:02.100+00:00 [provider-transport-fetch] [model-fetch] response provider=openai api=responses \
model=gpt-5.4 status=401 elapsedMs=300
"""


@pytest.fixture(scope="module")
def plan() -> Plan:
    """The built-in pack, with a date for lines that have none."""
    return Plan(Options(reference_ns=examples.REFERENCE_NS), packs.load())


def root_of(incident: Incident, incidents: list[Incident]) -> str:
    """The mode at the top of the chain of an incident."""
    by_id = {other.id: other for other in incidents}
    while incident.caused_by is not None:
        incident = by_id[incident.caused_by]
    return incident.failure_mode


@pytest.mark.parametrize(
    ("log", "root", "consequences"),
    [
        pytest.param(DISK_FULL, "gateway.storage", {"agent.run-failed"}, id="disk full"),
        pytest.param(BILLING, "provider.billing", {"agent.incomplete-turn"}, id="billing"),
        pytest.param(PLUGIN, "gateway.plugin-load-failed", {"whatsapp.plugin-missing"}, id="plugin"),
        pytest.param(INVALID_CONFIG, "gateway.invalid-config", {"gateway.not-running"}, id="invalid config"),
        pytest.param(STALL, "gateway.event-loop-stall", {"whatsapp.timeout-loop"}, id="stall"),
        pytest.param(PORT, "gateway.port-conflict", {"gateway.crash-loop"}, id="port"),
        pytest.param(
            DOWN_FOR_HOURS, "gateway.oom", {"gateway.not-running", "whatsapp.no-active-listener"}, id="down for hours"
        ),
    ],
)
def test_consequences_are_folded_under_their_cause(plan: Plan, log: str, root: str, consequences: set[str]) -> None:
    """One problem is left at warning or above, and everything else leads up to it."""
    incidents = examples.incidents_of(plan, log)
    assert examples.primary(incidents) == [root]
    assert consequences <= {incident.failure_mode for incident in incidents}
    assert {root_of(i, incidents) for i in incidents if i.severity >= Severity.WARNING} == {root}


def test_a_fallback_that_answers_is_only_information(plan: Plan) -> None:
    """A rate limit that the next model made good disturbs nobody."""
    incidents = examples.incidents_of(plan, FALLBACK)
    assert [i.failure_mode for i in incidents] == ["provider.rate-limited"]
    assert max(i.severity for i in incidents) is Severity.INFO


def test_a_gateway_that_is_back_explains_no_refusal(plan: Plan) -> None:
    """A provider that refuses the key a minute after a restart has a fault of its own."""
    incidents = {incident.failure_mode: incident for incident in examples.incidents_of(plan, AFTER_A_RESTART)}
    assert incidents["provider.auth"].caused_by is None
    assert "gateway.not-running" in incidents


def test_what_happened_once_is_counted_once(plan: Plan) -> None:
    """Lines that accompany an occurrence (unit failed, restart scheduled, run ended) are evidence, but no further one."""
    counts = {
        incident.failure_mode: incident.count
        for log in (DISK_FULL, PORT, DOWN_FOR_HOURS)
        for incident in examples.incidents_of(plan, log)
    }
    assert counts["gateway.storage"] == 3
    assert counts["gateway.port-conflict"] == counts["gateway.crash-loop"] == PORT.count("Main process exited")
    assert counts["gateway.oom"] == 1
