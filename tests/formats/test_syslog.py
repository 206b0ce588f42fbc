"""Syslog files, `journalctl` text and `dmesg`."""

from __future__ import annotations

import pytest

from loganalyzer.formats import decode
from loganalyzer.model import Origin, Stamp

INNER = "#033[90m2026-11-20T12:30:21.540Z#033[39m #033[36m[heartbeat]#033[39m #033[36mstarted#033[39m"
NOVEMBER = Stamp(None, 11, 20, 12, 30, 21, 0, None)


@pytest.mark.parametrize(
    ("format_name", "envelope"),
    [
        ("syslog-rfc3164", "Nov 20 12:30:21 vm openclaw-gateway[8454]: "),
        ("syslog-rfc3164", "<13>Nov 20 12:30:21 vm openclaw-gateway[8454]: "),
        ("syslog-rfc3164", "Nov 20 12:30:21.541850 vm openclaw-gateway[8454]: "),
        ("syslog-rfc3164", "Fri 2026-11-20 12:30:21 CET vm openclaw-gateway[8454]: "),
        ("syslog-iso", "2026-11-20T12:30:21.541850+00:00 vm openclaw-gateway[8454]: "),
        ("syslog-iso", "2026-11-20T12:30:21+0000 vm openclaw-gateway[8454]: "),
        ("syslog-rfc5424", "<13>1 2026-11-20T12:30:21.541850+00:00 vm openclaw-gateway 8454 - -  "),
        ("syslog-rfc5424", r'<13>1 2026-11-20T12:30:21Z vm openclaw-gateway 8454 ID [a@1 k="v\"]"][b@1] '),
    ],
)
def test_envelopes(format_name: str, envelope: str) -> None:
    """The console line inside keeps its own time and subsystem; host and identifier come from the envelope."""
    found = decode((envelope + INNER).encode())
    assert (format_name, 1_795_177_821_540_000_000, 1_000_000, "vm", "openclaw-gateway", "heartbeat", "started") == (
        found.format,
        found.time_ns,
        found.resolution_ns,
        found.host,
        found.ident,
        found.subsystem,
        found.message,
    )
    assert (found.origin, found.continuation) == (Origin.GATEWAY, False)


def test_the_envelope_time_shows_the_zone() -> None:
    """A local time around a complete one stays beside it, so that the zone of the machine can be told."""
    found = decode(f"Nov 20 13:30:21 vm node[1]: {INNER}".encode())
    assert (Stamp(None, 11, 20, 13, 30, 21, 0, None), True) == (found.stamp, found.time_ns is not None)


def test_pretty_text_inside() -> None:
    """A time of day inside is less than the date outside, which wins."""
    found = decode(b"Nov 20 12:30:21 vm node[1]: 12:30:20 [gateway] ready")
    assert (found.stamp, found.subsystem, found.message) == (NOVEMBER, "gateway", "ready")
    found = decode(b"2026-11-20T12:30:21.541850+00:00 vm node[1]: 12:30:20 [gateway] ready")
    assert (found.time_ns, found.resolution_ns) == (1_795_177_821_541_850_000, 1000)


def test_continuation_inside() -> None:
    """A stack frame in an envelope belongs to the record above, and knows its own time, host and process."""
    found = decode(b"Nov 20 12:30:21 vm node[1]:     at sendRawMessage (/x/socket.js:64:19)")
    assert (
        found.continuation,
        found.stamp,
        found.host,
        found.ident,
        found.message,
    ) == (True, NOVEMBER, "vm", "node", "    at sendRawMessage (/x/socket.js:64:19)")


def test_tagged_lines_in_syslog() -> None:
    """A line that begins with a tag is a record inside syslog too, with the time of its envelope."""
    found = decode(b"Nov 20 12:30:21 vm node[1]: [whatsapp] [default] auto-restart attempt 1/10 in 5s")
    assert (found.continuation, found.stamp, found.subsystem) == (False, NOVEMBER, "whatsapp")


def test_escaped_line_ends() -> None:
    """Line ends and tabs that rsyslog wrote as octal numbers come back."""
    found = decode(b"Nov 20 12:30:21 vm node[1]: 2026-11-20T12:30:21.540Z [gateway] failed#012#011at x#012")
    assert found.message == "failed\n\tat x"


@pytest.mark.parametrize(
    ("line", "subsystem", "level", "message"),
    [
        (
            "Nov 20 12:30:21 vm kernel: [12345.678901] Out of memory: Killed process 4242 (openclaw-gatewa) total-vm:1kB",
            "kernel",
            None,
            "Out of memory: Killed process 4242 (openclaw-gatewa) total-vm:1kB",
        ),
        (
            "2026-11-20T12:30:21.541850+00:00 vm kernel: Out of memory: Killed process 4242",
            "kernel",
            None,
            "Out of memory: Killed process 4242",
        ),
        (
            "Nov 20 12:30:21 vm systemd[1]: openclaw-gateway.service: Scheduled restart job, restart counter is at 5.",
            "systemd",
            None,
            "openclaw-gateway.service: Scheduled restart job, restart counter is at 5.",
        ),
        (
            "<28>1 2026-11-20T12:30:21Z vm systemd 1 - - openclaw-gateway.service: Start request repeated too quickly.",
            "systemd",
            "warn",
            "openclaw-gateway.service: Start request repeated too quickly.",
        ),
        (
            "Nov 20 12:30:21 vm systemd-oomd[600]: Killed /user.slice due to memory pressure",
            "systemd-oomd",
            None,
            "Killed /user.slice due to memory pressure",
        ),
    ],
)
def test_system_services(line: str, subsystem: str, level: str | None, message: str) -> None:
    """kernel and systemd speak for themselves: their identifier is the subsystem."""
    found = decode(line.encode())
    assert (subsystem, subsystem, level, message, Origin.GATEWAY, False) == (
        found.subsystem,
        found.ident,
        found.level,
        found.message,
        found.origin,
        found.continuation,
    )
    assert found.time_ns is not None or found.stamp is not None


@pytest.mark.parametrize(
    ("line", "subsystem", "message"),
    [
        ("[12345.678901] Out of memory: Killed process 1 (node)", "kernel", "Out of memory: Killed process 1 (node)"),
        (
            "[Fri Nov 20 12:30:21 2026] Out of memory: Killed process 1 (node)",
            "kernel",
            "Out of memory: Killed process 1 (node)",
        ),
        ("kernel: Out of memory: Killed process 1 (node)", "kernel", "Out of memory: Killed process 1 (node)"),
        ("Out of memory: Killed process 1 (node)", "kernel", "Out of memory: Killed process 1 (node)"),
        ("node invoked oom-killer: gfp_mask=0x1", "kernel", "node invoked oom-killer: gfp_mask=0x1"),
        ("systemd[1]: Started openclaw-gateway.service.", "systemd", "Started openclaw-gateway.service."),
        (
            "openclaw-gateway.service: Main process exited, code=killed, status=9/KILL",
            "systemd",
            "openclaw-gateway.service: Main process exited, code=killed, status=9/KILL",
        ),
    ],
)
def test_quoted_system_lines(line: str, subsystem: str, message: str) -> None:
    """The ring buffer, and system lines without their header, are recognised by their first words."""
    found = decode(line.encode())
    assert ("system", subsystem, message, False) == (found.format, found.subsystem, found.message, found.continuation)


@pytest.mark.parametrize(
    "line",
    [
        "2026-11-20T12:00:00.000Z Config error: bad",
        "2026-11-20T12:00:00.000Z Gateway start blocked: existing config",
        "2026-11-20T12:00:00.000Z tslog: minLevel Infinity",
    ],
)
def test_console_text_is_no_syslog(line: str) -> None:
    """Two words and a colon after an ISO time are console text, unless the second is a process."""
    found = decode(line.encode())
    assert ("console", None, line[25:]) == (found.format, found.host, found.message)


@pytest.mark.parametrize(
    "line", ["<13>1 - - - - -", "<999", "<13>", "<13>1 2026-11-20T12:30:21Z vm app 1 - [open", "<"]
)
def test_broken_envelopes(line: str) -> None:
    """What only looks like an envelope is plain text."""
    assert decode(line.encode()).format == "plain"


def test_nil_values() -> None:
    """The dash of RFC 5424 stands for nothing."""
    found = decode(b"<13>1 - - - - - - [gateway] ready")
    assert (found.time_ns, found.stamp, found.host, found.ident, found.subsystem) == (None, None, None, None, "gateway")
