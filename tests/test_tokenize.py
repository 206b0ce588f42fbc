"""From candidate lines to events: headers of continuation lines, accounts, and text that hides from the scan."""

from __future__ import annotations

import json

import pytest

from loganalyzer.model import Accounting, Event, Origin
from loganalyzer.packs import load
from loganalyzer.packs.examples import events_of
from loganalyzer.pipeline import Options, Plan, Reader
from loganalyzer.scan import Scanner
from loganalyzer.sources import Source
from loganalyzer.testing import START_NS

EXITED = "[default] auto-restart attempt 2/10 in 10s"


@pytest.fixture(scope="module")
def plan() -> Plan:
    """The built-in pack, compiled once."""
    return Plan(Options(reference_ns=START_NS), load())


def only(events: list[Event]) -> Event:
    """The one event there is."""
    (event,) = events
    return event


def test_a_message_of_byte_values_is_read(plan: Plan) -> None:
    """journalctl writes coloured lines as lists of numbers, in which no literal stands."""
    message = f"\x1b[90m2026-11-20T11:50:20.665Z\x1b[39m \x1b[35m[whatsapp]\x1b[39m \x1b[36m{EXITED}\x1b[39m"
    for separators in ((",", ":"), (", ", ": ")):
        entry = {"__REALTIME_TIMESTAMP": "1795175420665000", "_HOSTNAME": "vm", "MESSAGE": list(message.encode())}
        event = only(events_of(plan, json.dumps(entry, separators=separators) + "\n"))
        assert event.type == "channel.restart_attempt"
        assert (event.host, event.attributes["account"], event.attributes["attempt"]) == ("vm", "default", 2)


def test_a_continuation_line_has_the_header_above_it(plan: Plan) -> None:
    """Lines without a time of their own take time and subsystem from the record they belong to."""
    text = "2026-11-20T11:50:20.665Z [whatsapp] something happened\n    " + EXITED + "\n"
    event = only(events_of(plan, text))
    assert (event.subsystem, event.attributes["channel"]) == ("whatsapp", "whatsapp")
    assert event.time_ns is not None


def test_bare_text_between_json_records_is_nobodys_continuation(plan: Plan) -> None:
    """What a client prints between the records of the file log speaks for itself."""
    record = json.dumps({"0": '{"subsystem":"gateway/ws"}', "1": "x", "time": "2026-11-20T11:50:20.665Z"})
    event = only(events_of(plan, record + "\nGateway not reachable. Is it running and accessible?\n"))
    assert event.subsystem is None
    assert event.type == "gateway.unreachable"


def test_chat_text_in_structured_arguments_is_never_matched(plan: Plan) -> None:
    """A message that quotes a log line is carried beside the gateway's own words, not in them."""
    body = "gateway closed (1008): unauthorized: device token mismatch (rotate/reissue device token)"
    record = {"0": '{"module":"web-inbound"}', "1": {"from": "x", "body": body}, "2": "inbound message"}
    record["_meta"] = {"logLevelName": "INFO"}
    events = events_of(plan, json.dumps(record) + "\n")
    assert not [event for event in events if event.type.startswith("auth.")]


@pytest.mark.parametrize("where", ["", "[openclaw] Uncaught exception: ", "[plugins] ", "[whatsapp] [plugins] "])
def test_what_stands_in_brackets_elsewhere_is_no_account(plan: Plan, where: str) -> None:
    """Parts of the product do; only behind the name of a channel it is an account."""
    line = f"2026-11-20T12:00:00.000+00:00 {where}Error: WebSocket Error (ECONNREFUSED)\n"
    found = [event for event in events_of(plan, line) if "account" in event.attributes]
    assert found == []


@pytest.mark.parametrize(("tag", "account"), [("[default] ", "default"), ("[whatsapp:work] ", "work"), ("", None)])
def test_accounts_come_from_tags(plan: Plan, tag: str, account: str | None) -> None:
    """`[account]` and `[channel:account]` in front of a message name the account; nothing else is guessed."""
    line = f"2026-11-20T11:50:20.665Z [whatsapp] {tag}auto-restart attempt 2/10 in 10s\n"
    assert only(events_of(plan, line)).attributes.get("account") == account


def test_damaged_lines_are_counted(plan: Plan) -> None:
    """NUL bytes, invalid UTF-8 and broken JSON are no error, but they are told."""
    accounting = Accounting()
    reader = Reader(plan, Source(name="x", parts=(), mtime_ns=None, file_date=None), accounting)
    list(reader.feed(b'good\n\0\0\0\nbad \xff\xfe\n{"0":"listening on ws://127.0.0.1:1 (PID 1)","_me\n'))
    list(reader.finish())
    assert accounting.undecodable == 3
    assert accounting.lines == 4


QUOTES = (
    "gateway closed (1008): unauthorized: device token mismatch (rotate/reissue device token)",
    "[whatsapp] session logged out. Run openclaw channels login",
    "Out of memory: Killed process 1 (openclaw-gatewa)",
    "Error: No active WhatsApp Web listener (account: default).",
    "Gateway not reachable. Is it running and accessible?",
    "WhatsApp: not linked",
)


@pytest.mark.parametrize("method", ["console.log", "console.forwardedConsoleCall [as log]"])
def test_a_reply_that_quotes_a_log_opens_nothing_in_the_file_log(plan: Plan, method: str) -> None:
    """The reply of an agent is captured console text at level info; a report of a command is known by its first line."""
    record = {
        "0": "\n".join(["Your log says:", *QUOTES]),
        "_meta": {"logLevelName": "INFO", "path": {"method": method}},
        "time": "2026-11-20T12:00:00.000Z",
    }
    assert events_of(plan, json.dumps(record) + "\n") == []
    record["0"] = "Gateway reachable.\n- WhatsApp default: enabled, configured, not linked"
    assert only(events_of(plan, json.dumps(record) + "\n")).type == "channel.not_linked"


def test_a_reply_that_quotes_a_log_opens_nothing_in_openclaw_logs(plan: Plan) -> None:
    """Lines below a console record belong to it, even if they look like log lines of their own."""
    text = "\n".join(["2026-11-20T12:00:00.000Z info Your log says:", *QUOTES, ""])
    assert events_of(plan, text) == []


def test_quoted_lines_on_the_console_are_never_trusted(plan: Plan) -> None:
    """The console cannot tell who speaks; what could be a quotation has an unknown origin, which caps the confidence."""
    text = "\n".join(["2026-11-20T12:00:00.000+00:00 Your log says:", *QUOTES, ""])
    assert {event.origin for event in events_of(plan, text)} == {Origin.UNKNOWN}


def test_the_log_follower_speaks_for_itself(plan: Plan) -> None:
    """What `openclaw logs --follow` says on standard error is no part of the record that it interrupts."""
    text = "2026-11-20T12:00:00.000Z info Your log says:\n[logs] gateway disconnected, reconnecting in 1s...\n"
    assert only(events_of(plan, text)).type == "gateway.unreachable"


@pytest.mark.parametrize(
    "text",
    [
        "Error: listen EADDRINUSE: address already in use :::3000",
        "ENOSPC: no space left on device, write",
        "TypeError: fetch failed",
    ],
)
def test_other_programs_of_a_host_do_not_speak_for_the_gateway(plan: Plan, text: str) -> None:
    """A system log holds the words of every program; only one that may run OpenClaw, or has shown that it does, counts."""
    assert events_of(plan, f"Nov 20 12:00:00 vm myapp[12]: {text}\n") == []
    assert events_of(plan, f"Nov 20 12:00:00 vm node[12]: {text}\n")


def test_a_program_that_logs_like_a_gateway_is_one(plan: Plan) -> None:
    """Units carry any name; a line with a subsystem shows what runs behind it."""
    start = "Nov 20 12:00:00 vm assistant[12]: [whatsapp] [default] starting provider (x)\n"
    fault = "Nov 20 12:00:01 vm assistant[12]: Error: ENOSPC: no space left on device, write\n"
    assert "storage.error" in {event.type for event in events_of(plan, start + fault)}


def test_records_that_differ_in_their_time_give_events_of_their_own(plan: Plan) -> None:
    """The second one is not recognised again, but its event has its own time and place."""
    text = "".join(
        json.dumps(
            {
                "0": '{"subsystem":"gateway/channels/whatsapp"}',
                "1": EXITED,
                "_meta": {"logLevelName": "WARN"},
                "time": f"2026-11-20T11:50:2{second}.665Z",
            }
        )
        + "\n"
        for second in range(3)
    )
    first, second, third = events_of(plan, text)
    assert [event.span.line for event in (first, second, third)] == [1, 2, 3]
    assert [(event.time_ns or 0) - (first.time_ns or 0) for event in (second, third)] == [10**9, 2 * 10**9]
    assert first == third._replace(time_ns=first.time_ns, span=first.span)
    assert first.attributes == {
        "channel": "whatsapp",
        "account": "default",
        "attempt": 2,
        "max_attempts": 10,
        "delay_s": 10.0,
    }


def test_what_the_scan_saw_decides_although_the_record_is_the_same(plan: Plan) -> None:
    """A text is recognised by the literals of its line, whatever was recognised in the same text before."""
    entry = {"0": "x", "1": EXITED, "_meta": {"logLevelName": "WARN"}, "time": "2026-11-20T11:50:20.665Z"}
    [line] = Scanner(plan.literals[: plan.known]).lines([json.dumps(entry).encode()])
    asked = [(), line.literals, ()]
    readings = [plan.tokenizer.events(line, literals, "x", Accounting()) for literals in asked]
    assert [reading.known for reading in readings] == [False, True, False]
