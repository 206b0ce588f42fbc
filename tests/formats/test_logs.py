"""What `openclaw logs` prints."""

from __future__ import annotations

import json

import pytest

from loganalyzer.formats import decode
from loganalyzer.model import Origin, Stamp


@pytest.mark.parametrize(
    ("line", "level", "subsystem", "message"),
    [
        # 2026.2.x and 2026.5.x: bindings and structured argument before the text.
        (
            '2026-11-20T12:30:21.540Z info gateway/heartbeat {"subsystem":"gateway/heartbeat"} {"intervalMs":1800000} heartbeat: started',
            "info",
            "gateway/heartbeat",
            "heartbeat: started",
        ),
        (
            '2026-11-20T12:30:22.021Z info cron {"module":"cron","storePath":"/x"} {"enabled":true,"jobs":0} cron: started',
            "info",
            "cron",
            "cron: started",
        ),
        # The client's own errors have no subsystem, even if they begin with its name.
        (
            "2026-11-20T12:36:21.707Z error gateway connect failed: Error: unauthorized",
            "error",
            None,
            "gateway connect failed: Error: unauthorized",
        ),
        (
            "2026-11-20T12:30:22.013Z warn tslog: minLevel Infinity is outside",
            "warn",
            None,
            "tslog: minLevel Infinity is outside",
        ),
        (
            "2026-11-20T12:30:22.013Z warn telegram send retry 1/3 for x in 5ms: y",
            "warn",
            None,
            "telegram send retry 1/3 for x in 5ms: y",
        ),
        (
            "2026-11-20T12:30:22.013+00:00 warn memory sync skipped (post-compaction): x",
            "warn",
            None,
            "memory sync skipped (post-compaction): x",
        ),
        # 2026.9.x.
        (
            "2026-11-20T12:30:22.013+00:00 warn gateway device token rotated device=x role=y",
            "warn",
            "gateway",
            "device token rotated device=x role=y",
        ),
        ("2026-11-20T12:14:11.712+00:00 info gateway gateway ready", "info", "gateway", "gateway ready"),
        (
            "2026-11-20T12:14:13.000+00:00 info gateway device pairing approved device=59 role=operator",
            "info",
            "gateway",
            "device pairing approved device=59 role=operator",
        ),
        (
            "2026-11-20T12:14:13.000+00:00 warn sqlite/transaction slow SQLite transaction hold",
            "warn",
            "sqlite/transaction",
            "slow SQLite transaction hold",
        ),
        ("2026-11-20T12:13:31.923+00:00 info Checking channel status…", "info", None, "Checking channel status…"),
        (
            "2026-11-20T12:34:37.456+00:00 info   Connect: ok (486ms) · RPC: failed - timeout",
            "info",
            None,
            "  Connect: ok (486ms) · RPC: failed - timeout",
        ),
        ("2026-11-20T12:13:31.923+00:00 info", "info", None, ""),
        # The argument that follows the text stays in the text.
        (
            '2026-11-20T12:06:34.207Z error gateway/channels/whatsapp {"subsystem":"gateway/channels/whatsapp"} [default] channel exited: {"error":{"data":null}}',
            "error",
            "gateway/channels/whatsapp",
            '[default] channel exited: {"error":{"data":null}}',
        ),
    ],
)
def test_plain(line: str, level: str, subsystem: str | None, message: str) -> None:
    """Level, subsystem and text of a plain line, both generations."""
    found = decode(line.encode())
    assert ("logs-plain", False, level, subsystem, message) == (
        found.format,
        found.continuation,
        found.level,
        found.subsystem,
        found.message,
    )
    assert found.time_ns is not None


@pytest.mark.parametrize(
    ("line", "stamp"),
    [
        ("12:30:21 error gateway/ws closed before connect", Stamp(None, None, None, 12, 30, 21, 0, None)),
        ("15:50:57+08:00 error gateway/ws closed before connect", Stamp(None, None, None, 15, 50, 57, 0, 28_800)),
        (
            "\x1b[90m12:30:21\x1b[39m \x1b[31merror\x1b[39m \x1b[36mgateway/ws\x1b[39m \x1b[31mclosed before connect\x1b[39m",
            Stamp(None, None, None, 12, 30, 21, 0, None),
        ),
    ],
)
def test_pretty(line: str, stamp: Stamp) -> None:
    """The form for terminals: time of day only, with or without offset and colour."""
    found = decode(line.encode())
    assert (stamp, "error", "gateway/ws", "closed before connect") == (
        found.stamp,
        found.level,
        found.subsystem,
        found.message,
    )


def test_structured_argument_of_a_plain_line() -> None:
    """The leading JSON of 2026.2.x becomes fields, exactly as in the file."""
    line = b'2026-11-20T12:14:18.150Z info web-reconnect {"module":"web-reconnect","runId":"e"} {"status":515,"delayMs":2440} web reconnect: connection closed'
    assert decode(line).fields == {"runId": "e", "status": 515, "delayMs": 2440}


def test_plain_record_without_text() -> None:
    """A record without text is printed as it stands in the file, and is read from there."""
    raw = r'{"0":"{\"subsystem\":\"gateway\"}","1":"","_meta":{"logLevelName":"INFO"},"time":"2026-11-20T12:00:00.000+00:00"}'
    found = decode(f"2026-11-20T12:00:00.000+00:00 info {raw}".encode())
    assert (found.format, found.subsystem, found.message) == ("logs-plain", "gateway", "")


@pytest.mark.parametrize(
    ("expected", "line"),
    [
        (Origin.GATEWAY, "2026-11-20T12:00:00.000Z info gateway ready"),
        (Origin.CLI_ERROR, "2026-11-20T12:00:00.000Z error Gateway not reachable at ws://127.0.0.1:1"),
        (Origin.CLI_ERROR, "2026-11-20T12:00:00.000Z warn Config observe anomaly: /x"),
        (Origin.CLI_OUTPUT, "2026-11-20T12:00:00.000Z info done with the tool"),
        # `openclaw channels logs` names no subsystem.
        (Origin.CLI_ERROR, "2026-11-20T12:00:00.000Z error [default] channel exited: x"),
    ],
)
def test_origin_of_a_plain_line(expected: Origin, line: str) -> None:
    """Lines with a subsystem are the gateway's; of the others, errors count and output does not."""
    assert expected == decode(line.encode()).origin


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ("Log file: /tmp/openclaw/openclaw-2026-11-20.log", {"file": "/tmp/openclaw/openclaw-2026-11-20.log"}),
        ("Log tail truncated (increase --max-bytes).", {"notice": True}),
        ("Log cursor reset (file rotated).", {"notice": True}),
        ("Log cursor re-anchored (skipped 4096 bytes).", {"notice": True}),
        ("Local Gateway RPC unavailable; reading configured file log instead.", {"notice": True}),
    ],
)
def test_header_and_notices(line: str, fields: dict[str, object]) -> None:
    """The header and the notices of the tailing client are records of its own."""
    found = decode(line.encode())
    assert ("logs", line, fields, False) == (found.subsystem, found.message, found.fields, found.continuation)


RAW = (
    r'{"0":"{\"subsystem\":\"gateway/heartbeat\"}","1":{"intervalMs":1800000},"2":"heartbeat: started",'
    r'"_meta":{"hostname":"vm","logLevelName":"INFO"},"time":"2026-11-20T12:30:21.540Z"}'
)


def test_json_with_raw() -> None:
    """The whole record is read back from `raw`; only the format tells that it was tailed."""
    line = json.dumps({"type": "log", "time": "x", "level": "error", "message": "no", "raw": RAW})
    assert decode(line.encode()) == decode(RAW.encode())._replace(format="logs-json", body=None)


@pytest.mark.parametrize("raw", [None, RAW[:-20], "not json"])
def test_json_without_usable_raw(raw: str | None) -> None:
    """Where `raw` is missing or cut, the other keys are used."""
    entry = {
        "type": "log",
        "time": "2026-11-20T12:30:21.540Z",
        "level": "info",
        "subsystem": "gateway/heartbeat",
        "message": '{"subsystem":"gateway/heartbeat"} {"intervalMs":1800000} heartbeat: started',
    }
    found = decode(json.dumps(entry | ({} if raw is None else {"raw": raw})).encode())
    expected = decode(RAW.encode())._replace(format="logs-json", host=None, body=None)
    assert expected == found


def test_json_of_a_module_without_raw() -> None:
    """Module loggers are named by another key."""
    line = b'{"type":"log","time":"2026-11-20T12:30:21.540+00:00","level":"warn","module":"cron","message":"cron: job failed"}'
    found = decode(line)
    assert (
        found.subsystem,
        found.message,
        found.level,
        found.origin,
    ) == ("cron", "cron: job failed", "warn", Origin.GATEWAY)


def test_json_without_level() -> None:
    """A line that names neither level nor subsystem does not tell who wrote it."""
    assert decode(b'{"type":"log","message":"x"}').origin is Origin.UNKNOWN
    assert decode(b'{"type":"log","message":{"code":7}}').message == '{"code":7}'


def test_json_of_unknown_type() -> None:
    """An object with a type of its own is not the log tailer's."""
    assert decode(b'{"type":"module","main":"x"}').format == "plain"


def test_json_notice() -> None:
    """A notice is a record of the log tailer."""
    found = decode(b'{"type":"notice","message":"Log cursor reset (file rotated)."}')
    assert (found.subsystem, found.fields, found.origin) == ("logs", {"notice": True}, Origin.GATEWAY)


def test_json_raw_line() -> None:
    """A line of the file that was no JSON is decoded as what it is."""
    found = decode(b'{"type":"raw","raw":"2026-11-20T12:00:00.000Z [whatsapp] Web connection closed"}')
    assert (found.format, found.subsystem, found.message) == ("logs-json", "whatsapp", "Web connection closed")


def test_json_error() -> None:
    """The error of a client that cannot reach the gateway, said once where message and error are the same."""
    line = {
        "type": "error",
        "message": "Gateway not reachable. Is it running and accessible?",
        "error": "gateway closed (1006): ",
        "details": {"url": "ws://127.0.0.1:18789"},
        "hint": "Hint: run `openclaw doctor`.",
    }
    found = decode(json.dumps(line).encode())
    assert (
        found.origin,
        found.level,
        found.fields,
    ) == (Origin.CLI_ERROR, "error", {"details": {"url": "ws://127.0.0.1:18789"}})
    assert found.message.split("\n") == [line["message"], line["error"], line["hint"]]
    found = decode(json.dumps(line | {"error": line["message"]}).encode())
    assert found.message.split("\n") == [line["message"], line["hint"]]


def test_json_meta() -> None:
    """The first line of `--json` says where the log is, and nothing to match."""
    found = decode(b'{"type":"meta","file":"/x/openclaw.log","sourceKind":"file","cursor":1,"size":1}')
    assert (found.message, found.continuation, found.fields["file"]) == ("", False, "/x/openclaw.log")


def test_excerpt() -> None:
    """Bindings and text as they are quoted in reports, without time and level."""
    found = decode(b'{"subsystem":"gateway/channels/whatsapp"} "Web connection closed (status 499)."')
    assert (found.subsystem, found.message) == ("gateway/channels/whatsapp", "Web connection closed (status 499).")
    found = decode(b'{"module":"web-reconnect","runId":"e"} {"status":428} web reconnect: "closed"')
    assert (found.fields, found.message) == ({"runId": "e", "status": 428}, 'web reconnect: "closed"')
