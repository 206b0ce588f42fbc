"""What the gateway prints on stdout and stderr."""

from __future__ import annotations

import pytest

from loganalyzer.formats import decode
from loganalyzer.model import Origin, Stamp

CLOSED = "Web connection closed (status 515). Retry 1/12 in 2.44s…"


@pytest.mark.parametrize(
    "line",
    [
        f"2026-11-20T12:14:18.148+00:00 [whatsapp] {CLOSED}",
        f"2026-11-20T12:14:18.148Z [whatsapp] {CLOSED}",
        f"\x1b[90m2026-11-20T12:14:18.148+00:00\x1b[39m \x1b[35m[whatsapp]\x1b[39m \x1b[31m{CLOSED}\x1b[39m",
        f"[90m2026-11-20T12:14:18.148+00:00[39m [35m[whatsapp][39m [31m{CLOSED}[39m",
        f"^[[90m2026-11-20T12:14:18.148+00:00^[[39m ^[[35m[whatsapp]^[[39m ^[[31m{CLOSED}^[[39m",
        f"\ufeff2026-11-20T12:14:18.148+00:00 [whatsapp] {CLOSED}\r\n",
    ],
)
def test_compact(line: str) -> None:
    """The form of services, both generations of time; colour goes, even where only its remains were copied."""
    found = decode(line.encode())
    assert (
        found.format,
        found.time_ns,
        found.subsystem,
        found.message,
        found.origin,
        found.continuation,
    ) == ("console", 1_795_176_858_148_000_000, "whatsapp", CLOSED, Origin.GATEWAY, False)


def test_pretty() -> None:
    """The form of terminals has the time of day only."""
    found = decode(b"22:00:17 [diagnostic] liveness warning: reasons=event_loop_delay")
    assert (Stamp(None, None, None, 22, 0, 17, 0, None), "diagnostic") == (found.stamp, found.subsystem)


@pytest.mark.parametrize(
    ("line", "subsystem", "message"),
    [
        ("[whatsapp] [default] starting provider", "whatsapp", "[default] starting provider"),
        ("[telegram] [diag] isolated polling", "telegram", "[diag] isolated polling"),
        ("[telegram][diag] isolated polling", "telegram", "[diag] isolated polling"),
        ("[gateway] [plugins] weather-bot failed", "gateway", "[plugins] weather-bot failed"),
        ("[plugins] memory-core: created", "plugins", "memory-core: created"),
        ("[browser/service] ready", "browser/service", "ready"),
        ("[hooks:loader] no hooks", "hooks:loader", "no hooks"),
        ("[default] starting provider", None, "[default] starting provider"),
        ("[openclaw] Unhandled promise rejection: Error", None, "[openclaw] Unhandled promise rejection: Error"),
        ("[tools] message failed: x", None, "[tools] message failed: x"),
        ("[whatsapp:default] health-monitor: restarting", None, "[whatsapp:default] health-monitor: restarting"),
        ("Port 19070 is already in use.", None, "Port 19070 is already in use."),
        ("", None, ""),
    ],
)
def test_tags(line: str, subsystem: str | None, message: str) -> None:
    """The first tag straight after the time is the subsystem; accounts, the product and later tags are text."""
    found = decode(f"2026-11-20T12:14:18.148Z {line}".encode())
    assert (subsystem, message) == (found.subsystem, found.message)
    assert found.origin is (Origin.GATEWAY if subsystem else Origin.UNKNOWN)


@pytest.mark.parametrize(
    ("line", "subsystem", "level", "message"),
    [
        (
            "2026-11-20T10:00:00.250+01:00 | web reconnect: connection closed",
            None,
            None,
            "web reconnect: connection closed",
        ),
        ("15:23:04 - Auto-replied to +15550000000", None, None, "Auto-replied to +15550000000"),
        ("14:19:40   ⇄ res ✗ send 462ms", None, None, "⇄ res ✗ send 462ms"),
        ("2026-11-20T12:00:00: gateway ready", None, None, "gateway ready"),
        ("[2026-11-20T12:00:00.000Z] openclaw gateway lifecycle", None, None, "openclaw gateway lifecycle"),
        ("[2026-11-20 12:00:00 GMT+8] [whatsapp] connected", "whatsapp", None, "connected"),
        (
            "System: [2026-11-20 10:00:00 GMT+1] WhatsApp gateway disconnected",
            None,
            None,
            "WhatsApp gateway disconnected",
        ),
        ("Feb 18 17:08:12.601Z [whatsapp] Auto-replied", "whatsapp", None, "Auto-replied"),
        ("2026-11-20 12:00:00,123 ERROR [whatsapp] closed", "whatsapp", "error", "closed"),
        ("2026-11-20 12:00:00 [WARN] closed", None, "warn", "closed"),
        ("2026-11-20T12:00:00Z FATAL ERROR: Reached heap limit", None, "fatal", "FATAL ERROR: Reached heap limit"),
    ],
)
def test_quoted_forms(line: str, subsystem: str | None, level: str | None, message: str) -> None:
    """Times in brackets, separators and levels, as other loggers and people put them."""
    found = decode(line.encode())
    assert ("console", subsystem, level, message, False) == (
        found.format,
        found.subsystem,
        found.level,
        found.message,
        found.continuation,
    )


@pytest.mark.parametrize(
    ("line", "subsystem", "message"),
    [
        (
            "[openclaw:whatsapp] Connection closed. Reason: 408 (Connection timed out)",
            "whatsapp",
            "Connection closed. Reason: 408 (Connection timed out)",
        ),
        (
            "[openclaw:whatsapp] Reconnecting in 5s... (attempt 3/10)",
            "whatsapp",
            "Reconnecting in 5s... (attempt 3/10)",
        ),
        (
            "[whatsapp] [default] auto-restart attempt 1/10 in 5s",
            "whatsapp",
            "[default] auto-restart attempt 1/10 in 5s",
        ),
        ("[state/sqlite] SQLite read-only snapshot", "state/sqlite", "SQLite read-only snapshot"),
        ("[logs] gateway disconnected, reconnecting in 1s...", "logs", "gateway disconnected, reconnecting in 1s..."),
        ("[openclaw] Failed to start CLI: Error: x", None, "[openclaw] Failed to start CLI: Error: x"),
        ("gateway/channels/whatsapp: Retry 1/12...", "gateway/channels/whatsapp", "Retry 1/12..."),
        ("baileys: connected to WA", "baileys", "connected to WA"),
        ("web-reconnect: closed", "web-reconnect", "closed"),
    ],
)
def test_without_time(line: str, subsystem: str | None, message: str) -> None:
    """Lines that begin with the tag or name of a known subsystem are records of their own."""
    found = decode(line.encode())
    assert ("tagged", subsystem, message, False) == (found.format, found.subsystem, found.message, found.continuation)
    assert found.origin is (Origin.GATEWAY if subsystem else Origin.UNKNOWN)


@pytest.mark.parametrize(
    "line",
    [
        "    at WebSocket.emit (node:events:514:28)",
        "If the gateway is supervised, stop it with: openclaw gateway stop",
        "- plugins.allow: plugin not found: ghost",
        "█ ▄▄▄▄▄ █ ▀▀  ██ █▀▄█",
        "<--- Last few GCs --->",
        "[18277:0x36e1d000]     3215 ms: Scavenge (interleaved) 66.0",
        "[default] starting provider (+15550000000)",
        "[WA] Session live",
        "Gateway target: ws://127.0.0.1:18789",
        "gateway closed (1008): unauthorized",
        "cron: started",
        "https://docs.openclaw.ai: see there",
        "etc/passwd: no such file",
        "  12:30:21 [gateway] ready",
        "Node.js v24.21.0",
        "at Object.<anonymous> (/x.js:1:1)",
        "}",
        "12:34:56:78:9a:bc is a hardware address",
    ],
)
def test_continuation(line: str) -> None:
    """Stacks, hints, QR blocks and bare text belong to the record above them."""
    found = decode(line.encode())
    assert ("plain", True, line, Origin.UNKNOWN) == (found.format, found.continuation, found.message, found.origin)


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        (
            '{"time":"2026-11-20T11:42:01.562Z","level":"info","subsystem":"gateway","message":"remote model catalog refresh failed","error":"E"}',
            {"error": "E"},
        ),
        (
            '{"error":"E","time":"2026-11-20T11:42:01.562+00:00","level":"info","subsystem":"gateway","message":"remote model catalog refresh failed"}',
            {"error": "E"},
        ),
    ],
)
def test_json_style(line: str, fields: dict[str, str]) -> None:
    """The JSON style, with the structured argument after or before the other keys."""
    found = decode(line.encode())
    assert ("console-json", 1_795_174_921_562_000_000, "info", "gateway", Origin.GATEWAY, fields) == (
        found.format,
        found.time_ns,
        found.level,
        found.subsystem,
        found.origin,
        found.fields,
    )


def test_json_style_of_captured_lines() -> None:
    """2026.9.x prints captured console calls in JSON style too, without a subsystem."""
    line = b'{"time":"2026-11-20T11:42:01.562+00:00","level":"%s","message":"Port 1 is already in use."}'
    assert decode(line % b"error").origin is Origin.CLI_ERROR
    assert decode(line % b"info").origin is Origin.CLI_OUTPUT


def test_json_style_with_an_object_as_message() -> None:
    """A message that is an object gives its own message, and the rest as fields."""
    found = decode(b'{"level":"error","subsystem":"gateway","message":{"message":"boom","code":7}}')
    assert (found.message, found.fields["code"]) == ("boom", 7)
    assert decode(b'{"level":"error","message":{"code":7}}').message == '{"code":7}'


def test_json_of_another_make() -> None:
    """A message with a level that no logger has is JSON of unknown make, hence plain."""
    assert decode(b'{"level":"loud","message":"x"}').format == "plain"


def test_json_style_without_time() -> None:
    """Subsystem and message alone, as reports quote them, are enough."""
    found = decode(b'{"subsystem":"gateway/health-monitor","message":"[whatsapp:default] restarting"}')
    assert (found.subsystem, found.message) == ("gateway/health-monitor", "[whatsapp:default] restarting")


def test_literal_newlines() -> None:
    """2026.2.x prints a backslash and an n inside some texts."""
    found = decode(rb"2026-11-20T12:00:00.000Z Invalid config at /x/openclaw.json:\n- plugins.allow: x")
    assert found.message.split("\n") == ["Invalid config at /x/openclaw.json:", "- plugins.allow: x"]
