"""What an incident says of itself: its lines, its times, its words, and how sure it is."""

from __future__ import annotations

import pytest
from judging import Judgement, close, linked, ns, pack, seconds, up, watchdog

from loganalyzer import incident as incidents
from loganalyzer.correlate import Seen
from loganalyzer.incident import evidence_of
from loganalyzer.model import Event, Evidence, Incident, Origin, Severity, Span, Status
from loganalyzer.redact import Redactor
from loganalyzer.testing import final, make_event

ONE = "evidence: [{name: one, match: {event: channel.disconnected}, confidence: 0.9}]\n"
ENDS_AT_ONCE = "resolve: [{on: {event: channel.connected}}]\n"


def incident(body: str, *events: Event) -> Incident:
    """The only incident that the events make, at the end."""
    judgement = Judgement(pack(one=body))
    [found] = final(judgement.feed(*events) + judgement.finish())
    return found


def lines(found: Incident) -> list[int]:
    """The numbers of its lines of evidence."""
    return [evidence.line for evidence in found.evidence]


# Lines


def test_the_first_and_the_last_lines_are_kept() -> None:
    """Six of each; those between are counted."""
    closes = [close(i, line=i) for i in range(20)]
    assert (lines(incident(ONE, *closes[:12])), incident(ONE, *closes[:12]).evidence_omitted) == ([*range(12)], 0)
    found = incident(ONE, *closes)
    assert (lines(found), found.evidence_omitted, found.count) == ([*range(6), *range(14, 20)], 8, 20)


def test_a_line_is_shown_once() -> None:
    """Whatever it is evidence for, at the beginning of an incident or at its end."""
    repeated = close(0, line=1)
    last = close(9, line=9)
    found = incident(ONE, repeated, repeated, *[close(i, line=i) for i in range(2, 9)], last, last)
    assert (lines(found), found.count, found.evidence_omitted) == ([*range(1, 10)], 11, 0)


def test_lines_that_differ_in_their_place_are_different() -> None:
    """The same text at the same time in another file, line or offset is another line."""
    places = [Span("a.log", 1, 1, 0), Span("b.log", 1, 1, 0), Span("a.log", 2, 2, 0), Span("a.log", 1, 1, 80)]
    found = incident(ONE, *[close(0)._replace(span=span) for span in places])
    assert [(one.source, one.line, one.offset) for one in found.evidence] == [
        (p.source, p.line, p.offset) for p in places
    ]


def test_an_event_as_a_line_of_evidence() -> None:
    """All that is known of it."""
    event = close(3, 428, line=7, source="a.log", text="closed (428)")
    line = evidence_of(Seen(0, event))
    assert line == Evidence(
        source="a.log", line=7, time_ns=ns(3), event="channel.disconnected", text="closed (428)", offset=0
    )
    assert line.attributes == {"channel": "whatsapp", "code": 428}
    assert incident(ONE, event).evidence == (line,)


def in_a_crowd(growing: bool = True) -> tuple[Incident, Incident]:
    """
    Two incidents that got eight lines each while two were open, and more while a third one was.

    The second one has no line of its own in that time. Then the third one ends, and the first one goes on.
    """
    judgement = Judgement(pack(one=ONE + ENDS_AT_ONCE), growing=growing)
    first, second, third = ({"account": name} for name in ("first", "second", "third"))
    told = judgement.feed(
        *[close(i, line=i, **one) for i in range(8) for one in (first, second)],
        close(8, line=8, **third),
        *[close(i, line=i, **first) for i in range(9, 12)],
        up(12, line=12, **third),
        *[close(i, line=i, **first) for i in range(13, 23)],
    )
    found = {one.key["account"]: one for one in final(told + judgement.finish())}
    return found["first"], found["second"]


@pytest.mark.parametrize("growing", [True, False])
def test_in_a_crowd_an_incident_that_grows_keeps_less(growing: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two lines at either end; when the crowd is gone the end grows again, and what was given up stays counted."""
    monkeypatch.setattr(incidents, "CROWD", 2)
    first, second = in_a_crowd(growing)
    assert (lines(first), first.evidence_omitted, first.count) == ([0, 1, *range(17, 23)], 13, 21)
    assert (lines(second), second.evidence_omitted) == ([*range(8)], 0)


def test_where_there_is_no_crowd_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """So many incidents may be open."""
    monkeypatch.setattr(incidents, "CROWD", 3)
    first, _ = in_a_crowd()
    assert (lines(first), first.evidence_omitted) == ([*range(6), *range(17, 23)], 9)


def test_at_the_edge_of_a_crowd_the_ends_stay_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines that come while it lasts replace one another, two by two."""
    monkeypatch.setattr(incidents, "CROWD", 0)
    judgement = Judgement(pack(one=ONE))
    [found] = final(judgement.feed(*[close(i, line=i) for i in range(9)]) + judgement.finish())
    assert (lines(found), found.evidence_omitted) == ([0, 1, 7, 8], 5)


@pytest.mark.parametrize(
    "text",
    [
        "closed for zoo keeper 7",
        "closed for +15551234567",
        "closed for 15551234567 and zoo.keeper@example.org",
        "closed for %2B1%355551234567 of sk-ant-api03-abcdefgh0123",
        "closed\nfor 15551234567",
        "closed for \\u002b15551234567",
    ],
)
def test_a_line_is_masked_as_its_event_is(text: str) -> None:
    """Of an event evidence keeps only what tells what in the text is personal."""
    event = close(0, account="15551234567", reason="zoo.keeper@example.org", delay_s=1234567.0, text=text)
    redact = Redactor(b"test")
    [line] = incident(ONE, event).evidence
    assert redact.evidence(line) == redact.about(text, event.attributes)


def test_what_stands_in_no_text_is_not_kept_with_it() -> None:
    """Nor what is too short to be personal."""
    event = close(0, account="15551234567", reason="zoo.keeper@example.org", text="428: 15551234567 closed")
    [line] = incident(ONE, event).evidence
    assert line.attributes == {"account": "15551234567"}


# Times


def test_an_incident_lasts_from_its_earliest_line_to_its_latest() -> None:
    """Whatever the order in which they came, and lines without a time aside."""
    found = incident(ONE, close(None), close(50), close(20), close(None), close(70), close(60))
    assert (seconds(found.first_seen_ns), seconds(found.last_seen_ns), found.resolved_at_ns) == (20, 70, None)


def test_an_incident_ends_with_its_recovery() -> None:
    """That is its last line, and the time at which it was resolved."""
    found = incident(ONE + ENDS_AT_ONCE, close(1, line=1), close(2, line=2), up(5, line=3))
    assert (seconds(found.last_seen_ns), seconds(found.resolved_at_ns), lines(found)) == (5, 5, [1, 2, 3])
    assert (found.status, found.count) == (Status.RESOLVED, 2)


# Words


def test_an_incident_tells_what_its_mode_says_in_the_words_of_its_last_event() -> None:
    """Title, cause and references as they are written; the summary with the latest values and those of the key."""
    body = (
        ONE
        + """title: Closed
cause: "The server said {reason}."
summary: "{channel} of {account} on {host}: {code}, {reason}, {count} times."
references: [docs, openclaw#1]
remediation: [{text: "ask {account}", commands: ["look --account {account}"], variants: [one]}, {text: no, variants: [two]}]
"""
    )
    found = incident(body, close(0, 408, reason="late", host="vps"), close(1, 428, account="work"), close(2, None))
    assert (found.failure_mode, found.title, found.cause) == ("x.one", "Closed", "The server said late.")
    assert found.summary == "whatsapp of work on vps: 428, late, 3 times."
    assert found.references == ("docs", "openclaw#1")
    assert [(step.text, step.commands) for step in found.remediation] == [("ask work", ("look --account work",))]
    assert dict(found.key) == {"host": "vps", "channel": "whatsapp", "account": "work"}


def test_steps_for_a_way_of_failing_are_given_once_that_was_seen() -> None:
    """`variants` are the names of evidence rules."""
    body = """evidence:
  - {name: closed, match: {event: channel.disconnected}, confidence: 0.9}
  - {name: stuck, match: {event: channel.watchdog}, confidence: 0.9}
remediation: [{text: wait, variants: [closed]}, {text: kick, variants: [stuck]}, {text: look}]
"""
    steps = [
        [step.text for step in incident(body, *events).remediation] for events in ([close(0)], [close(0), watchdog(1)])
    ]
    assert steps == [["wait", "look"], ["wait", "kick", "look"]]


def test_a_trigger_is_named_once() -> None:
    """Two look-backs with one label are one reason; without any, the sentence closes up."""
    body = (
        ONE
        + """context:
  - {event: gateway.ready, within: 1m, label: a restart}
  - {event: gateway.stopped, within: 1m, label: a restart}
summary: "Closed after {trigger}."
"""
    )
    stopped, ready = make_event("gateway.stopped", 0), make_event("gateway.ready", 1)
    assert incident(body, stopped, ready, close(2)).summary == "Closed after a restart."
    assert incident(body, close(2)).summary == "Closed after."


# Severity and confidence


@pytest.mark.parametrize(
    ("severity", "recovered", "expected"),
    [
        ("error", "info", Severity.INFO),
        ("error", "warning", Severity.WARNING),
        ("warning", "error", Severity.WARNING),
        ("info", "critical", Severity.INFO),
    ],
)
def test_what_recovered_counts_at_most_as_much_as_before(severity: str, recovered: str, expected: Severity) -> None:
    """Its mode says how much that is."""
    body = ONE + ENDS_AT_ONCE + f"severity: {severity}\nrecovered_severity: {recovered}\n"
    assert incident(body, close(0), up(1)).severity is expected


@pytest.mark.parametrize(
    ("rule", "closes", "expected"),
    [
        ("confidence: 0.5", 9, 0.5),
        ("confidence: 0.5, confidence_step: 0.2", 9, 1.0),
        ("confidence: 0.5, confidence_step: 0.2, confidence_max: 0.8", 9, 0.8),
        ("confidence: 0.5, confidence_step: 0.1", 3, 0.7),
        ("confidence: 0.1, confidence_step: 0.0333", 3, 0.167),
        ("confidence: 0.5, confidence_step: 0.1, confidence_max: 0.4", 9, 0.5),
    ],
)
def test_confidence_grows_by_its_step_up_to_its_limit(rule: str, closes: int, expected: float) -> None:
    """A limit below the beginning limits nothing else; three digits are enough."""
    body = f"evidence: [{{name: one, match: {{event: channel.disconnected}}, {rule}}}]\n"
    assert incident(body, *[close(i) for i in range(closes)]).confidence == expected


def test_confirmation_raises_confidence_up_to_the_limit_too() -> None:
    """Also where events that come again are worth nothing."""
    confirmed = "confirmed_by: [{event: channel.linked, within: 1m, add: 0.4}]"
    body = "evidence: [{name: one, match: {event: channel.disconnected}, confidence: 0.5, %s%s}]\n"
    assert incident(body % (confirmed, ""), linked(0), close(1)).confidence == 0.9
    assert incident(body % (confirmed, ", confidence_max: 0.7"), linked(0), close(1)).confidence == 0.7
    assert incident(body % (confirmed, ", confidence_max: 0.7"), close(1), linked(2), close(3)).confidence == 0.7


def test_the_surest_rule_decides() -> None:
    """Whichever came first."""
    body = """evidence:
  - {name: sure, match: {event: channel.disconnected}, confidence: 0.9}
  - {name: hint, match: {event: channel.watchdog}, confidence: 0.3}
"""
    for events in ([close(0), watchdog(1)], [watchdog(0), close(1)]):
        assert incident(body, *events).confidence == 0.9


@pytest.mark.parametrize(
    ("origin", "expected"), [(Origin.UNKNOWN, 0.6), (Origin.GATEWAY, 0.9), (Origin.CLI_ERROR, 0.9)]
)
def test_what_anybody_could_have_written_is_never_very_sure(origin: Origin, expected: float) -> None:
    """Unless one line at least is the program's own."""
    quoted = close(0, origin=Origin.UNKNOWN)
    assert incident(ONE, quoted, quoted._replace(origin=origin)).confidence == expected
    assert incident(ONE.replace("0.9", "0.5"), quoted).confidence == 0.5


@pytest.mark.parametrize(
    ("first", "then", "is_news"),
    [
        (0.39, 0.4, True),
        (0.4, 0.59, False),
        (0.59, 0.6, True),
        (0.6, 0.79, False),
        (0.79, 0.8, True),
        (0.8, 1.0, False),
    ],
)
def test_a_change_of_the_band_of_confidence_is_news(first: float, then: float, is_news: bool) -> None:
    """A guess, a likelihood, a probability, a certainty; changes within one of them are not told."""
    body = f"""evidence:
  - {{name: first, match: {{event: channel.watchdog}}, confidence: {first}}}
  - {{name: then, match: {{event: channel.disconnected}}, confidence: {then}, counts: false}}
"""
    transitions = Judgement(pack(one=body)).feed(watchdog(0), close(1))
    assert [t.kind for t in transitions] == ["opened", *["updated"] * is_news]


def test_a_line_that_can_be_trusted_is_news_if_it_changes_the_band() -> None:
    """Even if it adds nothing else."""
    body = ONE + "also: [{event: channel.watchdog}]\n"
    judgement = Judgement(pack(one=body))
    judgement.feed(close(0, origin=Origin.UNKNOWN), watchdog(1))
    [updated] = judgement.feed(close(2, origin=Origin.UNKNOWN))
    assert (updated.incident.confidence, updated.incident.count) == (0.9, 2)


@pytest.mark.parametrize("text", ["1%35551234567", "1\\x35551234567", "1\x1b[0m5551234567", "1\u200b5551234567"])
def test_what_may_be_disguised_keeps_everything(text: str) -> None:
    """Whether a value stands in such a text shows only when it is masked."""
    event = close(0, 428, line=1, text=text, account="15551234567")
    assert incident(ONE, event).evidence[0].attributes == event.attributes


def test_what_is_just_long_enough_may_be_personal() -> None:
    """As long as the values that are looked for when a text is masked; a shorter one is not looked for there either."""
    event = close(0, None, line=1, text="closed for 1234567 of 123456", account="1234567", channel="123456")
    assert incident(ONE, event).evidence[0].attributes == {"account": "1234567"}


def test_text_that_no_encoding_knows_ends_like_any_other() -> None:
    """Half a pair of surrogates; and what has not changed since it was told is not told again."""
    judgement = Judgement(pack(one=ONE))
    judgement.feed(close(0, line=1, text="closed \ud800"))
    assert judgement.finish() == []


def test_names_that_no_encoding_knows_are_names() -> None:
    """Half a pair of surrogates in a key."""
    found = incident(ONE, close(0, account="\ud800"))
    assert found.id != incident(ONE, close(0, account="x")).id


def test_what_came_before_is_shown_with_what_is_personal_in_it() -> None:
    """So that its text can be masked as that of any other line."""
    before = watchdog(0, account="15551234567", text="watchdog of 15551234567")
    found = incident(ONE + "context: [{event: channel.watchdog, within: 1m}]\n", before, close(1))
    assert [dict(one.attributes) for one in found.evidence] == [{"account": "15551234567"}, {}]


def test_lines_of_a_followed_log_are_named_by_their_files() -> None:
    """A line that was read after a rotation stands in the new file."""
    judgement = Judgement(pack(one=ONE))
    judgement.classifier.surroundings.rolled.begin(10, "gateway.log.1")
    [found] = final(judgement.feed(close(0, line=9), close(1, line=12)) + judgement.finish())
    own, rolled = found.evidence
    assert (own.line, rolled.source, rolled.line, rolled.time_ns) == (9, "gateway.log.1", 3, ns(1))


# The last word


def test_one_more_line_is_told_at_the_end() -> None:
    """Even if nothing else has changed."""
    judgement = Judgement(pack(one=ONE + "also: [{event: gateway.stopped}]\n"))
    judgement.feed(close(0, line=1), make_event("gateway.stopped", 0, line=2))
    [last] = judgement.finish()
    assert (lines(last.incident), last.incident.last_seen_ns) == ([1, 2], ns(0))


def test_steps_for_a_version_that_was_learnt_late_are_told_at_the_end() -> None:
    """Nothing else has changed."""
    steps = "remediation: [{text: look}, {text: newer, versions: '>=2026.9'}]\n"
    judgement = Judgement(pack(one=ONE + steps))
    [opened] = judgement.feed(close(0), make_event("gateway.version", 1, version="2026.2.17"))
    [last] = judgement.finish()
    steps_told = [[step.text for step in one.incident.remediation] for one in (opened, last)]
    assert steps_told == [["look", "[OpenClaw >=2026.9] newer"], ["look"]]
