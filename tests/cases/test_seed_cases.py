"""
The situations this program was written for, by number, in the words that people see.

1 repeated 408, 2 a 515 that ends the session, 3 repeated 428 with restart attempts (syslog and `openclaw logs`), 4 the same
with recovery, 5 a refused device token, 6 the same after a configuration change, 7 not linked, 8 linked but disconnected,
9 no active listener, 10 the gateway is down, 11 killed for memory, 12 dropped group and direct messages.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from sample_cases import case, primary

from loganalyzer import Options, analyze
from loganalyzer.model import Incident, Severity

REFERENCE = Options(reference_ns=1_795_183_200_000_000_000)  # 2026-11-20T14:00:00Z
EXITED = (
    '[whatsapp] [default] channel exited: {"error":{"data":null,"isBoom":true,"isServer":false,"output":{"statusCode":428,'
    '"payload":{"statusCode":428,"error":"Precondition Required","message":"Connection Terminated"},"headers":{}}}}'
)
FILE_EXITED = EXITED.removeprefix("[whatsapp] ")

SEED_1 = """
[openclaw:whatsapp] Connection closed. Reason: 408 (Connection timed out)
[openclaw:whatsapp] Reconnecting in 5s... (attempt 3/10)
"""
SEED_2 = """
[openclaw:whatsapp] Connection closed. Reason: 515 (Stream error)
[openclaw:whatsapp] Session invalidated. Please re-scan QR code.
"""
SEED_3_SYSLOG = f"""
Nov 20 03:12:01 vps node[812]: {EXITED}
Nov 20 03:12:01 vps node[812]: [whatsapp] [default] auto-restart attempt 1/10 in 5s
Nov 20 03:12:07 vps node[812]: {EXITED}
Nov 20 03:12:07 vps node[812]: [whatsapp] [default] auto-restart attempt 2/10 in 10s
"""
SEED_3_LOGS = f"""
Log file: /tmp/openclaw/openclaw-2026-11-20.log
2026-11-20T03:12:01.204Z error gateway/channels/whatsapp {{"subsystem":"gateway/channels/whatsapp"}} {FILE_EXITED}
2026-11-20T03:12:01.205Z info gateway/channels/whatsapp {{"subsystem":"gateway/channels/whatsapp"}} [default] auto-restart attempt 1/10 in 5s
2026-11-20T03:12:07.310Z error gateway/channels/whatsapp {{"subsystem":"gateway/channels/whatsapp"}} {FILE_EXITED}
2026-11-20T03:12:07.311Z info gateway/channels/whatsapp {{"subsystem":"gateway/channels/whatsapp"}} [default] auto-restart attempt 2/10 in 10s
"""
RECOVERED_SYSLOG = """
Nov 20 03:12:18 vps node[812]: [whatsapp] [default] starting provider (+15551230000)
Nov 20 03:12:19 vps node[812]: [whatsapp] Listening for personal WhatsApp inbound messages.
Nov 20 03:20:00 vps node[812]: [gateway] agent model: anthropic/claude-opus-4-6
"""
RECOVERED_LOGS = """
2026-11-20T03:12:18.002Z info gateway/channels/whatsapp {"subsystem":"gateway/channels/whatsapp"} [default] starting provider (+15551230000)
2026-11-20T03:12:19.660Z info gateway/channels/whatsapp {"subsystem":"gateway/channels/whatsapp"} Listening for personal WhatsApp inbound messages.
2026-11-20T03:20:00.000Z info gateway {"subsystem":"gateway"} agent model: anthropic/claude-opus-4-6
"""
SEED_5 = """
gateway closed (1008): unauthorized: device token mismatch (rotate/reissue device token)
Gateway target: ws://127.0.0.1:18789
Source: local loopback
"""
SEED_7_LOGIN = """
- WhatsApp default: enabled, configured, not linked, stopped, disconnected, dm:pairing, error:not linked
- whatsapp default: Not linked (no WhatsApp Web session). (Run: openclaw channels login (scan QR on the gateway host).)
"""
SEED_8 = """
- WhatsApp default: enabled, configured, linked, running, disconnected, dm:pairing
- whatsapp default: Linked but disconnected (reconnectAttempts=0). (Run: openclaw doctor (or restart the gateway). If it persists, relink via channels login and check logs.)
"""
SEED_9 = """
2026-11-20T03:12:01.204+00:00 Error: No active WhatsApp Web listener (account: default). Start the gateway, then link WhatsApp with: openclaw channels login --channel whatsapp --account default.
"""
SEED_10 = """
[openclaw] Failed to start CLI: Error: gateway closed (1006 abnormal closure (no close frame)): no close reason
Gateway target: ws://127.0.0.1:18789
Source: local loopback
"""
SEED_11 = """
Nov 20 03:12:00 vps kernel: [912345.678901] Out of memory: Killed process 812 (openclaw-gatewa) total-vm:22735288kB, anon-rss:1493204kB, file-rss:0kB, shmem-rss:0kB, UID:1000 pgtables:7896kB oom_score_adj:0
Nov 20 03:12:00 vps systemd[991]: openclaw-gateway.service: Main process exited, code=killed, status=9/KILL
Nov 20 03:12:00 vps systemd[991]: openclaw-gateway.service: Failed with result 'oom-kill'.
"""
SEED_12_GROUP = """
2026-11-20T03:12:01.204+00:00 info Blocked group message from +15557770000 (groupPolicy: allowlist)
"""
SEED_12_DIRECT = """
2026-11-20T03:12:01.204+00:00 info Blocked unauthorized sender +15557770000 (dmPolicy=allowlist)
"""


def incidents(tmp_path: Path, text: str) -> list[Incident]:
    """What a log of these lines gives."""
    path = tmp_path / "log.txt"
    path.write_text(text.lstrip("\n"), encoding="utf-8")
    return list(analyze([str(path)], REFERENCE).incidents)


@pytest.mark.parametrize(
    ("number", "text", "mode"),
    [
        pytest.param(1, SEED_1, "whatsapp.timeout-loop", id="1-408-reconnecting"),
        pytest.param(2, SEED_2, "whatsapp.logged-out", id="2-515-session-invalidated"),
        pytest.param(3, SEED_3_SYSLOG, "whatsapp.session-terminated", id="3-428-auto-restart-syslog"),
        pytest.param(3, SEED_3_LOGS, "whatsapp.session-terminated", id="3-428-auto-restart-openclaw-logs"),
        pytest.param(5, SEED_5, "gateway.device-token-mismatch", id="5-device-token-block"),
        pytest.param(7, SEED_7_LOGIN, "whatsapp.not-linked", id="7-not-linked"),
        pytest.param(8, SEED_8, "whatsapp.disconnected", id="8-linked-but-disconnected"),
        pytest.param(9, SEED_9, "whatsapp.no-active-listener", id="9-no-active-listener"),
        pytest.param(10, SEED_10, "gateway.not-running", id="10-gateway-down"),
        pytest.param(11, SEED_11, "gateway.oom", id="11-oom-kill"),
        pytest.param(12, SEED_12_GROUP, "whatsapp.group-ignored", id="12-group-dropped"),
        pytest.param(12, SEED_12_DIRECT, "whatsapp.dm-blocked", id="12-direct-message-dropped"),
    ],
)
def test_seed_case(tmp_path: Path, number: int, text: str, mode: str) -> None:
    """The failure mode of each situation comes first, with steps that help."""
    found = incidents(tmp_path, text)
    assert primary(found)[:1] == [mode], (number, [(i.failure_mode, i.severity.label) for i in found])
    assert found[0].remediation


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(SEED_3_SYSLOG + RECOVERED_SYSLOG.lstrip(), id="4-recovers-syslog"),
        pytest.param(SEED_3_LOGS + RECOVERED_LOGS.lstrip(), id="4-recovers-openclaw-logs"),
    ],
)
def test_seed_case_4(tmp_path: Path, text: str) -> None:
    """The restart attempts of case 3, followed by a connection: nothing at warning or above."""
    found = incidents(tmp_path, text)
    assert [i.failure_mode for i in found if i.severity >= Severity.WARNING] == []


@pytest.mark.parametrize("form", ["", "-syslog", "-syslog-5424"])
def test_seed_case_6(form: str) -> None:
    """A configuration change, a restart, WhatsApp back, then refused clients: one incident that names its trigger."""
    sample = case(f"gateway.device-token-mismatch/after-config-change{form}")
    found = sample.run()
    assert primary(found) == ["gateway.device-token-mismatch"]
    first = found[0]
    types = {evidence.event for evidence in first.evidence}
    assert "config.changed" in types or "config.restart_required" in types, types
    commands = [command for step in first.remediation for command in step.commands]
    assert any("devices list" in command for command in commands), commands
    assert any("devices rotate" in command for command in commands), commands


def test_seed_case_6_keeps_inbound_apart() -> None:
    """WhatsApp itself works in case 6: nothing of it stands at warning or above."""
    found = case("gateway.device-token-mismatch/after-config-change").run()
    assert not [i for i in found if i.failure_mode.startswith("whatsapp.") and i.severity >= Severity.WARNING]
