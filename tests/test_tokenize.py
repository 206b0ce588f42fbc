"""From candidate lines to events: headers of continuation lines, accounts, and text that hides from the scan."""

from __future__ import annotations

import json

import pytest

from loganalyzer.model import Accounting, Event
from loganalyzer.packs import load
from loganalyzer.packs.examples import events_of
from loganalyzer.pipeline import Options, Plan, Reader
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
