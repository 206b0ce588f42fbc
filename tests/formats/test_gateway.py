"""Records of the gateway's file log."""

from __future__ import annotations

import json
from typing import Any

import pytest

from loganalyzer.formats import decode
from loganalyzer.formats.line import MAX_NESTING
from loganalyzer.model import Origin, Record
from loganalyzer.timestamps import parse

V2 = (
    r'{"0":"{\"module\":\"web-reconnect\",\"runId\":\"0f2877ae-0deb-4338-a5bb-bdb04044ea0d\"}",'
    r'"1":{"connectionId":"a05605d9-7af0-4d8e-bbde-e3f5748823f4","status":503,"loggedOut":false,"reconnectAttempts":0,'
    r'"error":"status=503 Service Unavailable Stream Errored (unknown)"},"2":"web reconnect: connection closed",'
    r'"_meta":{"runtime":"node","runtimeVersion":"24.21.0","hostname":"unknown",'
    r'"name":"{\"module\":\"web-reconnect\",\"runId\":\"0f2877ae-0deb-4338-a5bb-bdb04044ea0d\"}",'
    r'"parentNames":["openclaw"],"date":"2026-11-20T12:43:17.820Z","logLevelId":3,"logLevelName":"INFO",'
    r'"path":{"fileName":"web-DX0V5uv6.js","method":"monitorWebChannel"}},"time":"2026-11-20T12:43:17.821Z"}'
)
V9 = (
    r'{"0":"{\"module\":\"web-outbound\",\"to\":\"sha256:c3e94083b66a\"}","1":{"err":"Error: All encryptions failed",'
    r'"to":"sha256:c3e94083b66a","hasMedia":false},"2":"failed to send via web session","_meta":{"runtime":"node",'
    r'"hostname":"vm","date":"2026-11-20T12:27:10.776Z","logLevelId":5,"logLevelName":"ERROR",'
    r'"name":"{\"module\":\"web-outbound\",\"to\":\"sha256:c3e94083b66a\"}","parentNames":["openclaw"],'
    r'"path":{"method":"sendMessageWhatsAppInActivityScope"}},"time":"2026-11-20T14:27:10.776+02:00","hostname":"vm",'
    r'"message":"failed to send via web session","traceId":"fd07cc60ed1843ee1b17ad62bc2265c6","traceFlags":"01"}'
)


def record(*args: Any, level: str | None = "INFO", method: str | None = None, **top: Any) -> Record:
    meta: dict[str, Any] = {"date": "2026-11-20T12:00:00.000Z"}
    if level is not None:
        meta["logLevelName"] = level
    if method is not None:
        meta["path"] = {"method": method}
    entry = {str(index): arg for index, arg in enumerate(args)} | {"_meta": meta} | top
    return decode(json.dumps(entry).encode())


def test_2026_2() -> None:
    """A record of 2026.2.x: bindings, structured argument and text; its host name "unknown" is none."""
    assert Record(
        time_ns=1_795_178_597_821_000_000,
        stamp=None,
        resolution_ns=1_000_000,
        level="info",
        subsystem="web-reconnect",
        host=None,
        ident=None,
        message="web reconnect: connection closed",
        fields={
            "runId": "0f2877ae-0deb-4338-a5bb-bdb04044ea0d",
            "connectionId": "a05605d9-7af0-4d8e-bbde-e3f5748823f4",
            "status": 503,
            "loggedOut": False,
            "reconnectAttempts": 0,
            "error": "status=503 Service Unavailable Stream Errored (unknown)",
        },
        origin=Origin.GATEWAY,
        format="gateway-json",
        continuation=False,
    ) == decode(V2.encode())._replace(body=None)


def test_2026_9() -> None:
    """A record of 2026.9.x: local time with offset, a host, trace ids that nobody needs."""
    found = decode(V9.encode())
    assert (
        found.time_ns,
        found.level,
        found.subsystem,
        found.host,
    ) == (1_795_177_630_776_000_000, "error", "web-outbound", "vm")
    assert found.message == "failed to send via web session"
    assert found.fields == {"to": "sha256:c3e94083b66a", "err": "Error: All encryptions failed", "hasMedia": False}


@pytest.mark.parametrize("line", [V2, V9])
def test_spacing_and_order_do_not_matter(line: str) -> None:
    """A record that went through another tool reads the same: spaces, other order of keys, a carriage return."""
    entry = json.loads(line)
    rewritten = json.dumps(dict(reversed(entry.items())), ensure_ascii=True, indent=None) + "\r\n"
    assert decode(line.encode())._replace(body=None) == decode(rewritten.encode())._replace(body=None)


def test_the_typed_way_equals_the_lenient_way() -> None:
    """A record that only the slow decoder can read gives the same record, but for what was broken."""
    broken = V9.replace('"hasMedia":false', r'"hasMedia":false,"emoji":"\ud83d"').encode()
    whole = decode(V9.encode())
    found = decode(broken)
    assert whole._replace(fields={**whole.fields, "emoji": "?"}, body=found.body) == found


def test_records_that_differ_in_their_time_only_share_a_body() -> None:
    """From the third time on the body tells it, whatever the time says; any other difference makes another one."""
    for _ in range(2):
        decode(V9.encode())
    later = V9.replace("2026-11-20T14:27:10.776", "2026-11-20T15:00:00.001").replace("T12:27:10.776", "T13:00:00.001")
    first, second = decode(V9.encode()), decode(later.encode())
    assert first.body is second.body is not None
    assert (second.time_ns or 0) - (first.time_ns or 0) == 1_969_225_000_000
    assert first == second._replace(time_ns=first.time_ns)
    for old, new in [
        ('"hasMedia":false', '"hasMedia":true'),
        ('"hasMedia":false', '"hasMedia":0'),
        ('"2":"failed', '"3":"failed'),
        ('"logLevelName":"ERROR"', '"logLevelName":"WARN"'),
        ('},"time":', '},"4":"more","time":'),
        ('"hostname":"vm","message"', '"hostname":"other","message"'),
        ("sendMessageWhatsAppInActivityScope", "another"),
    ]:
        changed = [decode(V9.replace(old, new).encode()).body for _ in range(3)]
        assert first.body not in changed


def test_what_an_envelope_adds_makes_another_body() -> None:
    """The same record below two hosts has two bodies, since it is not the same; below one host it has one."""
    bodies = []
    for host in ("one", "two") * 4:
        found = decode(f"2026-11-20T12:30:21.377887+00:00 {host} openclaw[7]: {V9}".encode())
        assert (found.host, found.level) == (host, "error")
        bodies.append(found.body)
    assert bodies[-1] == bodies[-3] != bodies[-2] == bodies[-4]


def test_the_flattened_message_is_not_trusted() -> None:
    """A `message` that was cut at 4096 characters does not replace the arguments."""
    found = record('{"subsystem":"gateway"}', "x" * 5000, message="x" * 4096 + "...(truncated)")
    assert found.message == "x" * 5000


def test_the_flattened_message_without_arguments() -> None:
    """Where the arguments hold no text, the flattened message is all there is."""
    assert record(message="gateway ready").message == "gateway ready"
    assert record('{"subsystem":"gateway"}', {"a": 1}, message="ready").message == "ready"
    assert record(message={"message": "ready", "code": 1}).fields == {"message": "ready", "code": 1}


def test_object_first_adds_its_message() -> None:
    """What `logVerbose` writes, an object with a message and a word, reads as 2026.9.x flattens it."""
    found = record({"message": "Registered plugin command: /pair (plugin: device-pair)"}, "verbose", level="DEBUG")
    assert found.message == "Registered plugin command: /pair (plugin: device-pair) verbose"
    assert found.subsystem is None


def test_objects_are_merged() -> None:
    """All structured arguments are merged, later ones winning; other values join the text."""
    found = record('{"subsystem":"gateway"}', {"a": 1, "b": 1}, "text", {"b": 2}, 3, True, None, [1, 2])
    assert found.fields == {"a": 1, "b": 2}
    assert found.message == "text 3 true [1,2]"


def test_error_argument() -> None:
    """An Error among the arguments keeps its message and stack in the fields."""
    error = {"name": "Error", "message": "connect ECONNREFUSED", "stack": [{"method": "connect"}]}
    found = record('{"subsystem":"gateway/channels/whatsapp"}', "channel exited", error, level="ERROR")
    assert found.message == "channel exited"
    assert (found.fields["message"], found.fields["stack"]) == ("connect ECONNREFUSED", [{"method": "connect"}])
    assert record('{"subsystem":"gateway"}', error).message == "connect ECONNREFUSED"


@pytest.mark.parametrize(
    ("expected", "bindings"),
    [
        ("gateway/ws", '{"subsystem":"gateway/ws"}'),
        ("cron", '{"module":"cron","storePath":"/x"}'),
        ("weather-bot", '{"plugin":"weather-bot"}'),
        ("gateway/ws", {"subsystem": "gateway/ws"}),
        (None, '{"other":"x"}'),
        (None, '{"subsystem":5}'),
        (None, '{"subsystem"'),
        (None, "gateway"),
    ],
)
def test_bindings(expected: str | None, bindings: Any) -> None:
    """The subsystem comes from the bindings, as text or object; what is no binding is an argument."""
    assert expected == record(bindings, "text").subsystem


def test_bindings_from_the_logger_name() -> None:
    """Bindings that stand in the name of the logger only are found there."""
    line = r'{"0":"text","_meta":{"name":"{\"subsystem\":\"gateway\"}","logLevelName":"INFO"}}'
    assert decode(line.encode()).subsystem == "gateway"


@pytest.mark.parametrize(
    "line",
    [
        r'{"0":"{\"subsystem\":\"gateway/channels/whatsapp\"}","1":"Retry 1/12"}',
        r'{ "0" : "{\"subsystem\":\"gateway/channels/whatsapp\"}" , "1" : "Retry 1/12" }',
    ],
)
def test_excerpt(line: str) -> None:
    """A record that was cut out without `_meta` and `time` keeps subsystem and text."""
    found = decode(line.encode())
    assert (
        found.time_ns,
        found.level,
        found.subsystem,
        found.message,
        found.origin,
        found.continuation,
    ) == (None, None, "gateway/channels/whatsapp", "Retry 1/12", Origin.GATEWAY, False)


@pytest.mark.parametrize(
    ("expected", "bindings", "method", "level"),
    [
        (Origin.GATEWAY, '{"subsystem":"gateway"}', "logToFile", "ERROR"),
        (Origin.GATEWAY, '{"module":"web-inbound"}', "EventEmitter.handleMessagesUpsert", "INFO"),
        (Origin.CLI_ERROR, None, "console.error", "ERROR"),
        (Origin.CLI_ERROR, None, "console.forwardedConsoleCall [as warn]", "WARN"),
        (Origin.CLI_OUTPUT, None, "console.log", "INFO"),
        (Origin.CLI_OUTPUT, None, "console.forwardedConsoleCall [as log]", "INFO"),
        (Origin.CLI_ERROR, None, "logError", "ERROR"),
        (Origin.GATEWAY, None, "logInfo", "INFO"),
        (Origin.GATEWAY, None, None, "INFO"),
        (Origin.UNKNOWN, None, None, None),
    ],
)
def test_origin(expected: Origin, bindings: str | None, method: str | None, level: str | None) -> None:
    """The table of origins: loggers with a name are the gateway's, console calls are the client's."""
    args = [bindings, "text"] if bindings else ["text"]
    assert expected == record(*args, level=level, method=method).origin


@pytest.mark.parametrize(
    ("expected", "name"),
    [("trace", "SILLY"), ("debug", "DEBUG"), ("warn", "WARN"), ("fatal", "FATAL"), ("error", "error"), (None, "LOUD")],
)
def test_level(expected: str | None, name: str) -> None:
    """Levels of tslog become the six levels of the model."""
    assert expected == record("text", level=name).level


def test_time_from_meta() -> None:
    """A record without `time` has that of `_meta.date`."""
    parsed = parse("2026-11-20T12:00:00.000Z")
    assert parsed is not None
    assert parsed[0] == record("text").time_ns


def test_written_line_ends() -> None:
    """A backslash and an n that were written into a text end a line like a real one; Windows paths stay whole."""
    found = record("Invalid config at /x/openclaw.json:\\n- plugins.allow: plugin not found: a\n- again")
    assert found.message.split("\n") == [
        "Invalid config at /x/openclaw.json:",
        "- plugins.allow: plugin not found: a",
        "- again",
    ]
    found = record("at C:\\app\\node_modules\\x.js:1:2 in C:\\openclaw.json:\\n- plugins")
    assert found.message.split("\n") == ["at C:\\app\\node_modules\\x.js:1:2 in C:\\openclaw.json:", "- plugins"]


def test_colour_inside_a_message() -> None:
    """Escape sequences inside a JSON string are gone."""
    assert record("\x1b[31mfailed\x1b[39m \x1b]8;;https://x\x07link\x1b]8;;\x07").message == "failed link"


@pytest.mark.parametrize(
    "line",
    [
        b'{"0":"text","_meta":{"logLevelName":"INFO"},"time":"2026-11-20T12:0',
        b'{"0":"text",}',
        b'{"0":"text"} trailing',
        b"{",
        b"{}",
        b'{"statusCode": 428}',
    ],
)
def test_not_a_record(line: bytes) -> None:
    """A record that was cut, and JSON of unknown make, is plain text that belongs to the record above."""
    found = decode(line)
    assert ("plain", True, line.decode()) == (found.format, found.continuation, found.message)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b'{"0":"caf\xe9","_meta":{"logLevelName":"WARN"}}', "caf\ufffd"),
        (rb'{"0":"\ud83d lone","_meta":{"logLevelName":"WARN"}}', "? lone"),
        (b'{"0":"text","1":{"x":NaN},"_meta":{"logLevelName":"WARN"}}', "text"),
        (b'{"0":"text","_meta":{"logLevelName":"WARN"},"time":5,"hostname":[],"message":{}}', "text"),
        (b'{"0":"text","_meta":{"logLevelName":"WARN","path":"x","name":7,"date":false}}', "text"),
        (b'\xef\xbb\xbf{"0":"text","_meta":{"logLevelName":"WARN"}}\r\n', "text"),
        (b'\0\0\0\0{"0":"text","_meta":{"logLevelName":"WARN"}}', "text"),
        (b'\x1b[0m{"0":"text","_meta":{"logLevelName":"WARN"}}\x1b[0m', "text"),
    ],
)
def test_damaged_record(line: bytes, message: str) -> None:
    """Invalid UTF-8, lone surrogates, wrong types, a byte order mark and a hole of NULs lose no record."""
    found = decode(line)
    assert ("gateway-json", message, "warn") == (found.format, found.message, found.level)


def test_many_arguments() -> None:
    """More arguments than the typed decoder knows are read in numeric order."""
    assert record(*[f"a{index}" for index in range(12)]).message == " ".join(f"a{index}" for index in range(12))


@pytest.mark.parametrize("depth", [MAX_NESTING, 900, 100_000])
def test_deep_nesting(depth: int) -> None:
    """Objects nested beyond a fixed depth make a line plain text, whoever calls and however deep the stack is."""
    line = b'{"0":"text","1":' + b'{"a":' * depth + b"1" + b"}" * depth + b',"_meta":{}}'
    assert decode(line).format == "plain"
    assert decode(rb'{"0":"\ud800","1":' + b"[" * depth + b"]" * depth + b"}").format == "plain"
    assert decode(b"2026-11-20T12:00:00Z info gateway " + line[16:-1]).fields == {}


def test_wide_records_are_not_deep() -> None:
    """Many objects side by side, and brackets inside text, are no nesting."""
    found = record('{"subsystem":"gateway"}', {"items": [{"a": [1]}] * 200, "text": '[{\\"' * 200}, "text")
    assert (found.format, len(found.fields["items"])) == ("gateway-json", 200)
    found = record("[" * MAX_NESTING * 2)
    assert found.format == "gateway-json"


def test_numbers_beyond_64_bits() -> None:
    """A number of any size among the arguments is text like any other."""
    assert decode(rb'{"0":[1180591620717411303424],"1":"\ud800"}').message == "[1180591620717411303424] ?"
