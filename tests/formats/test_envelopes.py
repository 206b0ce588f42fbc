"""The journal, containers, process managers, and pino."""

from __future__ import annotations

import json

import pytest

from loganalyzer.formats import MAX_DEPTH, decode
from loganalyzer.model import Origin, Stamp

READY = "2026-11-20T12:30:21.540+00:00 [gateway] ready"
READY_NS = 1_795_177_821_540_000_000


def journal(message: object, **fields: str) -> bytes:
    entry = {
        "__CURSOR": "s=1;i=2",
        "__REALTIME_TIMESTAMP": "1795177821541850",
        "__MONOTONIC_TIMESTAMP": "12345678",
        "_BOOT_ID": "b",
        "PRIORITY": "6",
        "_HOSTNAME": "vm",
        "SYSLOG_IDENTIFIER": "node",
        "_COMM": "openclaw-gatewa",
        "_PID": "8454",
        "_TRANSPORT": "stdout",
        "MESSAGE": message,
    }
    return json.dumps(entry | fields).encode()


@pytest.mark.parametrize(
    "message",
    [
        READY,
        list(f"\x1b[90m{READY[:29]}\x1b[39m \x1b[36m[gateway]\x1b[39m \x1b[36mready\x1b[39m".encode()),
        [READY],
    ],
)
def test_journal_json(message: object) -> None:
    """The text of an entry is decoded, be it text or a list of bytes, which coloured lines become."""
    found = decode(journal(message))
    assert (
        found.format,
        found.time_ns,
        found.host,
        found.ident,
        found.subsystem,
        found.message,
        found.level,
        found.continuation,
    ) == ("journald-json", READY_NS, "vm", "node", "gateway", "ready", None, False)


def test_journal_json_of_systemd() -> None:
    """systemd's own entries have the time of the journal and the level of their priority."""
    text = "openclaw-gateway.service: Failed with result 'oom-kill'."
    found = decode(journal(text, SYSLOG_IDENTIFIER="systemd", PRIORITY="4"))
    assert ("systemd", text, "warn", 1_795_177_821_541_850_000, 1000) == (
        found.subsystem,
        found.message,
        found.level,
        found.time_ns,
        found.resolution_ns,
    )


@pytest.mark.parametrize("message", [None, {"x": 1}, [300], [], [1.5], 7])
def test_journal_json_without_text(message: object) -> None:
    """An entry whose text is missing or nonsense is an empty one."""
    assert decode(journal(message)).message == ""


def test_journal_export() -> None:
    """Of an entry of `-o export` the line with the time starts the record, and text without header continues it."""
    lines = [
        b"__CURSOR=s=1;i=2",
        b"__REALTIME_TIMESTAMP=1795177821541850",
        b"_HOSTNAME=vm",
        b"MESSAGE=openclaw gateway stopped",
        b"MESSAGE=" + READY.encode(),
    ]
    found = [decode(line) for line in lines]
    assert [record.continuation for record in found] == [True, False, True, True, False]
    assert (found[1].time_ns, found[1].message) == (1_795_177_821_541_850_000, "")
    assert found[3].message == "openclaw gateway stopped"
    assert (
        found[4].format,
        found[4].time_ns,
        found[4].subsystem,
        found[4].message,
    ) == ("journald-export", READY_NS, "gateway", "ready")


def test_journal_export_of_a_unit() -> None:
    """What systemd says about a unit is known by its first word where its identifier stands on another line."""
    found = decode(b"MESSAGE=openclaw-gateway.service: Main process exited, code=exited, status=78/CONFIG")
    assert (found.subsystem, found.continuation) == ("systemd", False)


def test_journal_export_binary_field() -> None:
    """A field with control characters is written as eight bytes of length and the data."""
    text = f"\x1b[90m{READY[:29]}\x1b[39m [gateway] ready".encode()
    found = decode(len(text).to_bytes(8, "little") + text)
    assert (found.time_ns, found.subsystem) == (READY_NS, "gateway")


def test_docker_json() -> None:
    """The json-file driver of Docker adds its time and stream; the line's own time wins."""
    found = decode(
        json.dumps({"log": READY + "\n", "stream": "stderr", "time": "2026-11-20T12:30:21.999999999Z"}).encode()
    )
    assert (
        found.format,
        found.time_ns,
        found.subsystem,
        found.message,
    ) == ("docker-json", READY_NS, "gateway", "ready")
    found = decode(json.dumps({"log": "    at x\r\n", "stream": "stderr", "time": "2026-11-20T12:30:21.5Z"}).encode())
    assert (found.continuation, found.message, found.time_ns) == (True, "    at x", READY_NS - 40_000_000)


def test_docker_json_around_a_file_record() -> None:
    """A file record on a container's stdout is read through the envelope."""
    inner = r'{"0":"{\"subsystem\":\"gateway\"}","1":{"code":7},"2":"text","_meta":{"logLevelName":"WARN"}}'
    found = decode(json.dumps({"log": inner, "stream": "stdout", "time": "2026-11-20T12:30:21.54Z"}).encode())
    assert (
        found.format,
        found.time_ns,
        found.subsystem,
        found.fields,
        found.level,
    ) == ("docker-json", READY_NS, "gateway", {"code": 7}, "warn")


@pytest.mark.parametrize(
    ("format_name", "ident", "line"),
    [
        ("cri", None, f"2026-11-20T12:30:21.541850123Z stdout F {READY}"),
        ("cri", None, f"2026-11-20T12:30:21.541850123+00:00 stderr P {READY}"),
        ("compose", "openclaw-gateway-1", f"openclaw-gateway-1  | {READY}"),
        ("compose", "gw", f"\x1b[36mgw      |\x1b[0m 2026-11-20T12:30:21.541850123Z {READY}"),
        ("pm2", "openclaw", f"0|openclaw  | {READY}"),
        ("pm2", "my bot", f"12|my bot | 2026-11-20T12:30:21: {READY}"),
        ("console", None, f"2026-11-20T12:30:21.541850123Z {READY}"),
    ],
)
def test_prefixes(format_name: str, ident: str | None, line: str) -> None:
    """Kubernetes, Compose and PM2 put a prefix before the console line, with or without a time of their own."""
    found = decode(line.encode())
    assert (format_name, ident) == (found.format, found.ident)
    assert found.message.endswith("ready")
    assert (found.time_ns, found.subsystem) == (READY_NS, "gateway")


def test_a_time_before_what_only_looks_like_one() -> None:
    """A line with a time is a record, even if its text begins with digits that are no header."""
    found = decode(b"2026-11-20T12:30:21.540Z 2026-11-20T12:00:00Z,7,failed")
    assert (found.time_ns, found.message, found.continuation) == (READY_NS, "2026-11-20T12:00:00Z,7,failed", False)


def test_prefixed_continuation() -> None:
    """A dump behind a prefix continues the record above of the same process."""
    found = decode(b"0|bot  |     statusCode: 428,")
    assert (found.continuation, found.ident, found.message) == (True, "bot", "    statusCode: 428,")


def test_pm2_itself() -> None:
    """PM2's own words are records."""
    found = decode(b"PM2      | App [openclaw:0] exited with code [1] via signal [SIGINT]")
    assert (
        found.subsystem,
        found.message,
        found.continuation,
    ) == ("pm2", "App [openclaw:0] exited with code [1] via signal [SIGINT]", False)


def test_depth() -> None:
    """Envelopes in envelopes are peeled to a fixed depth; what lies deeper is text."""
    line = READY
    for _ in range(MAX_DEPTH):
        line = f"a  | {line}"
    assert decode(line.encode()).subsystem == "gateway"
    assert decode(f"a  | {line}".encode()).subsystem is None


@pytest.mark.parametrize(
    ("line", "level", "subsystem", "message", "fields"),
    [
        (
            '{"level":30,"time":1645707162680,"pid":12226,"hostname":"h.local","msg":"connected to WA Web"}',
            "info",
            None,
            "connected to WA Web",
            {},
        ),
        (
            '{"level":50,"time":"2022-02-24T12:52:42.680Z","pid":1,"hostname":"h.local","class":"baileys","error":{"x":1},"msg":"closed"}',
            "error",
            "baileys",
            "closed",
            {"class": "baileys", "error": {"x": 1}},
        ),
        (
            '{"level":50,"time":1645707162680,"hostname":"h.local","trace":"Error\\n    at /x/@whiskeysockets/baileys/lib/a.js:1"}',
            "error",
            "baileys",
            "",
            {"trace": "Error\n    at /x/@whiskeysockets/baileys/lib/a.js:1"},
        ),
        (
            '{"level":60,"time":1645707162680,"hostname":"h.local","err":{"message":"boom","stack":"Error"}}',
            "fatal",
            None,
            "boom",
            {"err": {"message": "boom", "stack": "Error"}},
        ),
        (
            '{"level":"warn","time":1645707162680,"hostname":"h.local","module":"net","msg":"slow"}',
            "warn",
            "net",
            "slow",
            {"module": "net"},
        ),
    ],
)
def test_pino_json(line: str, level: str, subsystem: str | None, message: str, fields: dict[str, object]) -> None:
    """Lines of pino: numeric levels, time as number or text, all else in the fields."""
    found = decode(line.encode())
    assert ("pino", 1_645_707_162_680_000_000, level, subsystem, "h.local", message, fields, Origin.GATEWAY) == (
        found.format,
        found.time_ns,
        found.level,
        found.subsystem,
        found.host,
        found.message,
        found.fields,
        found.origin,
    )


@pytest.mark.parametrize(
    ("line", "level", "message"),
    [
        ("[17:26:01.689] INFO (48102): pairing configured", "info", "pairing configured"),
        ("[2025-10-14 20:10:02.520 +0700] ERROR (894350): stream errored", "error", "stream errored"),
        ("INFO [2021-09-09 23:06:26.112 +0000] (7608): connected", "info", "connected"),
        ("WARN  [2021-09-09 23:06:26.112 +0000] (baileys/7608 on host): slow", "warn", "slow"),
    ],
)
def test_pino_pretty(line: str, level: str, message: str) -> None:
    """Both generations of pino-pretty."""
    found = decode(line.encode())
    assert ("pino", level, message, False) == (found.format, found.level, found.message, found.continuation)
    assert found.time_ns is not None or found.stamp == Stamp(None, None, None, 17, 26, 1, 689_000_000, None)
