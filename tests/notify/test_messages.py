"""What a notification says."""

from __future__ import annotations

import pytest
from incidents import evidence, incident

from loganalyzer import packs
from loganalyzer.model import Severity, Status, Step
from loganalyzer.notify import messages
from loganalyzer.outputs.base import View
from loganalyzer.redact import Redactor
from loganalyzer.remediate import ladder
from loganalyzer.testing import START_NS

VIEW = View(redact=Redactor(b"key of these tests"))


def test_the_verdict_comes_first_then_what_to_do() -> None:
    message = messages.opened(incident(), [], VIEW)
    assert message.title == "ERROR: WhatsApp ends every session at once (428)"
    assert message.body.splitlines() == [
        "The session of WhatsApp ended 2 times with 428.",
        "whatsapp.session-terminated, open since 2026-11-20 00:00:00 UTC, host vm, channel whatsapp, account default",
        "First: Look for a second gateway.",
        "$ openclaw gateway status --deep",
        "Log: session ended (428)",
    ]


def test_what_has_ended_says_since_when_and_what_lasts() -> None:
    ended = incident(status=Status.RESOLVED, resolved_at_ns=START_NS + 90 * 10**9, severity=Severity.INFO)
    message = messages.resolved(ended, [incident("gateway.down")], VIEW)
    assert message.good
    assert message.title == "Resolved: WhatsApp ends every session at once (428)"
    assert "resolved 2026-11-20 00:01:30 UTC (since 2026-11-20 00:00:00 UTC)" in message.body
    assert "Still open: gateway.down" in message.body
    assert "First:" not in message.body


@pytest.mark.parametrize("mode", packs.load().modes.values(), ids=lambda mode: mode.id)
def test_no_mode_suggests_a_step_that_needs_a_caution(mode: packs.schema.FailureMode) -> None:
    """Nothing that deletes, unlinks or resets is sent to a phone."""
    steps = ladder(mode, {}, variants=frozenset(), version=None, supervisor=None)
    body = messages.opened(incident(remediation=steps), [], VIEW).body
    harmless: set[str] = set()
    for step in steps:
        harmless |= set(step.commands if step.caution is None else ())
    assert {line[2:] for line in body.splitlines() if line.startswith("$ ")} <= harmless
    assert "rm -rf" not in body
    assert " logout" not in body


def test_a_mode_with_nothing_but_dangerous_steps_suggests_none() -> None:
    steps = (Step(text="Delete it.", commands=("rm -rf x",), caution="All is lost."),)
    assert "rm -rf" not in messages.opened(incident(remediation=steps), [], VIEW).body


def test_what_is_secret_or_personal_is_masked_in_every_part() -> None:
    found = incident(
        key={"host": "vm", "channel": "whatsapp", "account": "15551234567"},
        summary="The account 15551234567 is out, token: sk-abcdefghijklmnop0123.",
        evidence=(evidence("login +1 555 123 4567 with api_key=abcdef0123456789"),),
    )
    for message in (messages.opened(found, [], VIEW), messages.resolved(found, [], VIEW)):
        text = message.title + message.body + message.line
        for secret in ("15551234567", "555 123", "sk-abcdef", "abcdef0123456789"):
            assert secret not in text


def test_hostile_log_text_neither_calls_people_nor_moves_a_cursor_nor_floods() -> None:
    hostile = "\x1b[2J@everyone <!channel> <@U123> \u202egnp.exe\n\n# head" + "x" * 100_000
    message = messages.opened(incident(summary=hostile, evidence=(evidence(hostile),)), [], VIEW)
    text = message.title + message.body
    for bad in ("\x1b", "\u202e", "@everyone", "<!", "<@", "\n# head"):
        assert bad not in text
    assert len(message.body) < 1_800
    assert len(message.title) <= messages.TITLE_WIDTH
    assert len(message.line) <= messages.LINE_WIDTH


def test_a_command_is_sent_as_it_is_or_not_at_all() -> None:
    steps = (Step(text="Install.", commands=("npm install -g openclaw@latest", "echo " + "x" * 300)),)
    lines = messages.opened(incident(remediation=steps), [], VIEW).body.splitlines()
    assert [line for line in lines if line.startswith("$")] == ["$ npm install -g openclaw@latest"]


def test_several_are_counted_the_worst_first_and_what_ended_last() -> None:
    ended = incident("a.ended", status=Status.RESOLVED, resolved_at_ns=START_NS)
    bad = [incident(f"a.n{number}", severity=Severity.WARNING) for number in range(8)]
    worst = incident("a.worst", severity=Severity.CRITICAL)
    parts = [messages.resolved(ended, [], VIEW), *(messages.opened(one, [], VIEW) for one in (*bad, worst))]
    message = messages.together(parts, "more incidents")
    assert message.title == "10 more incidents, 1 of them resolved"
    lines = message.body.splitlines()
    assert "a.worst" in lines[0]
    assert lines[-1] == "… and 4 more"
    assert (message.severity, message.good, message.size) == (Severity.CRITICAL, False, 10)


def test_a_message_of_an_incident_without_times_is_whole() -> None:
    message = messages.opened(incident(first_seen_ns=None, evidence=()), [], VIEW)
    assert message.line.endswith("(whatsapp.session-terminated, vm)")
