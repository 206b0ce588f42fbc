"""Missing lines: what needed them is undecided, what did not stands."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sample_cases import case

import loganalyzer
from loganalyzer import Analyzer
from loganalyzer.gaps import ANSWER_LINES, ANSWER_RECORDS
from loganalyzer.model import GAP, READER, Event, Incident, Status, Transition
from loganalyzer.packs.schema import Pack
from loganalyzer.testing import final, judge, make_event, pack_from

MODE = """
id: x.{id}
title: A title
tier: 1
severity: error
meaning: m
cause: c
key: [channel]
{body}
summary: "{{count}} times"
remediation: [{{text: look}}]
references: [docs]
examples: [{{name: e, lines: x}}]
near_misses: [{{name: n, lines: x}}]
"""
SILENT = """
evidence:
  - name: silent
    match: {event: channel.disconnected}
    not_followed_by: [{event: channel.connected}]
    within: 2m
    confidence: 0.6
  - name: logged out
    match: {event: channel.logged_out}
    confidence: 0.9
resolve:
  - on: {event: channel.connected}
    stable: 60s
"""
COUNTED = """
evidence:
  - name: repeated
    count: 3
    of: [{event: channel.disconnected}]
    within: 10m
    until: [{event: channel.connected}]
    confidence: 0.7
"""
ENDLESS = """
evidence:
  - name: ever
    count: 3
    of: [{event: channel.disconnected}]
    within: 10m
    confidence: 0.7
"""
CHAIN = """
evidence:
  - name: chain
    sequence: [{event: channel.disconnected}, {event: channel.exited}]
    within: 10m
    until: [{event: channel.connected}]
    confidence: 0.7
"""


def log(*events: tuple[str, float | None], **more: object) -> list[Event]:
    """Events of one source, a line each."""
    names = {"down": "channel.disconnected", "up": "channel.connected", "out": "channel.logged_out"}
    names |= {"exit": "channel.exited", "tick": "gateway.ready"}
    found = []
    for line, (name, at_s) in enumerate(events, start=1):
        if name == "gap":
            found.append(make_event(GAP, at_s, line=line, format=READER, reason="cut and written anew"))
        else:
            found.append(make_event(names[name], at_s, line=line, channel="whatsapp", **more))  # type: ignore[arg-type]
    return found


def notice(line: int, reason: str = "log rotated") -> Event:
    """What `openclaw logs` tells of a gap."""
    return make_event(GAP, None, line=line, format="logs-json", reason=reason)


def pack(folder: Path, body: str) -> Pack:
    return pack_from(folder, {"x.mode": MODE.format(id="mode", body=body)})


def story(transitions: Sequence[Transition]) -> list[str]:
    return [transition.kind for transition in transitions]


def test_silence_across_a_gap_is_undecided(tmp_path: Path) -> None:
    """The awaited line may be among the lost ones; without the gap the same silence is an incident."""
    rules = pack(tmp_path, SILENT)
    assert story(judge(rules, log(("down", 0), ("tick", 200)))) == ["opened"]
    transitions = judge(rules, log(("down", 0), ("gap", None), ("tick", 200)))
    assert story(transitions) == ["undecided"]
    assert transitions[0].incident.status is Status.UNDECIDED


def test_it_is_undecided_when_its_time_is_up_and_not_before(tmp_path: Path) -> None:
    """The awaited line may still come behind the gap."""
    rules = pack(tmp_path, SILENT)
    assert judge(rules, log(("down", 0), ("gap", None), ("up", 60), ("tick", 200))) == []
    [told] = judge(rules, log(("down", 0), ("gap", None), ("tick", 60), ("tick", 200)))
    assert told.time_ns == make_event("x", 120).time_ns


def test_a_gap_beside_the_window_changes_nothing(tmp_path: Path) -> None:
    """Lines that are missing before the first event, or after the decision, were not needed."""
    rules = pack(tmp_path, SILENT)
    assert story(judge(rules, log(("tick", 0), ("gap", None), ("down", 1), ("tick", 200)))) == ["opened"]
    assert story(judge(rules, log(("down", 0), ("tick", 200), ("gap", None), ("tick", 300)))) == ["opened"]


def test_a_gap_of_another_source_changes_nothing(tmp_path: Path) -> None:
    """The lines of this source are all there."""
    first, last = log(("down", 0), ("tick", 200))
    other = make_event(GAP, None, source="other.log", line=9, format=READER, reason="log rotated")
    assert story(judge(pack(tmp_path, SILENT), [first, other, last])) == ["opened"]


def test_full_evidence_opens_what_was_undecided(tmp_path: Path) -> None:
    """It keeps its id, and is an open incident like any other from then on."""
    events = log(("down", 0), ("gap", None), ("tick", 200), ("out", 210), ("up", 300), ("tick", 400))
    transitions = judge(pack(tmp_path, SILENT), events)
    assert story(transitions) == ["undecided", "opened", "resolved"]
    assert len({transition.incident.id for transition in transitions}) == 1
    assert transitions[1].incident.confidence == 0.9


def test_a_second_silence_opens_what_was_undecided(tmp_path: Path) -> None:
    """The gap lies above its first line."""
    events = log(("down", 0), ("gap", None), ("tick", 200), ("down", 210), ("tick", 400))
    transitions = judge(pack(tmp_path, SILENT), events)
    assert story(transitions) == ["undecided", "opened"]
    assert [t.incident.count for t in transitions] == [1, 2]


def test_recovery_ends_what_was_undecided_without_a_word(tmp_path: Path) -> None:
    """It was perhaps never there, so it is not called resolved; what comes next is another incident."""
    events = log(("down", 0), ("gap", None), ("tick", 200), ("up", 300), ("down", 500), ("tick", 700))
    first, second = final(judge(pack(tmp_path, SILENT), events))
    assert (first.status, second.status) == (Status.UNDECIDED, Status.OPEN)
    assert first.id != second.id


def test_what_is_doubtful_adds_nothing_to_what_is_certain(tmp_path: Path) -> None:
    """An open incident is not made undecided by a silence across a gap."""
    events = log(("out", 0), ("down", 1), ("gap", None), ("tick", 200))
    [incident] = final(judge(pack(tmp_path, SILENT), events))
    assert (incident.status, incident.confidence) == (Status.OPEN, 0.9)


@pytest.mark.parametrize("body", [COUNTED, CHAIN])
def test_a_lost_reset_makes_a_count_and_a_sequence_undecided(body: str, tmp_path: Path) -> None:
    """Between the events the connection may have been back."""
    rules = pack(tmp_path, body)
    assert story(judge(rules, log(("down", 0), ("down", 1), ("down", 2), ("exit", 3)))) == ["opened"]
    assert story(judge(rules, log(("down", 0), ("down", 1), ("gap", None), ("exit", 2), ("down", 3)))) == ["undecided"]


def test_events_behind_the_gap_count_alone(tmp_path: Path) -> None:
    """Three of them are enough, whatever was lost before."""
    events = log(("down", 0), ("down", 1), ("gap", None), ("down", 2), ("down", 3), ("down", 4))
    assert story(judge(pack(tmp_path, COUNTED), events)) == ["undecided", "opened"]


def test_what_nothing_resets_needs_no_lost_line(tmp_path: Path) -> None:
    """More events could only make it more certain."""
    events = log(("down", 0), ("down", 1), ("gap", None), ("down", 2))
    assert story(judge(pack(tmp_path, ENDLESS), events)) == ["opened"]


def test_the_stable_time_of_a_recovery_starts_anew(tmp_path: Path) -> None:
    """A relapse may be lost: the incident is not resolved before it was calm for so long behind the gap."""
    rules = pack(tmp_path, SILENT)
    start = [("out", 0.0), ("up", 10.0), ("tick", 60.0)]
    resolved = [t.time_ns for t in judge(rules, log(*start, ("tick", 200))) if t.kind == "resolved"]
    later = [t.time_ns for t in judge(rules, log(*start, ("gap", None), ("tick", 200))) if t.kind == "resolved"]
    assert resolved == [make_event("x", 70).time_ns]
    assert later == [make_event("x", 120).time_ns]
    relapse = judge(rules, log(*start, ("gap", None), ("down", 100), ("tick", 300)))
    assert "resolved" not in story(relapse)


def test_the_client_tells_below_its_answer(tmp_path: Path) -> None:
    """The lost lines stood above the lines that `openclaw logs` printed before its notice, and silence decided there."""
    rules = pack(tmp_path, SILENT)
    transitions = judge(rules, [*log(("down", 0), ("tick", 200)), notice(3)])
    assert story(transitions) == ["opened", "undecided"]
    far = [*log(("down", 0), ("tick", 200)), make_event("gateway.ready", 201, line=3), notice(ANSWER_LINES + 3)]
    assert story(judge(rules, far)) == ["opened"]


def test_what_a_line_has_decided_stays_decided(tmp_path: Path) -> None:
    """Only silence is taken back."""
    transitions = judge(pack(tmp_path, SILENT), [*log(("out", 0), ("down", 1), ("tick", 200)), notice(4)])
    assert "undecided" not in story(transitions)


def test_the_first_answer_has_no_gap_in_it(tmp_path: Path) -> None:
    """That the log is longer than the first answer is no news: what is missing stood above everything."""
    rules = pack(tmp_path, SILENT)
    down = log(("down", 0))
    late = make_event("gateway.ready", 200, line=ANSWER_RECORDS + 50)
    assert story(judge(rules, [*down, notice(ANSWER_RECORDS + 2, "tail truncated"), late])) == ["opened"]
    assert story(judge(rules, [*down, notice(20, "tail truncated"), late])) == ["undecided"]
    assert story(judge(rules, [*down, notice(ANSWER_RECORDS + 2, "log rotated"), late])) == ["undecided"]


def test_a_clock_that_was_wrong_for_a_while_decides_nothing(tmp_path: Path) -> None:
    """Three hours ahead and back again: that was no silence of three hours."""
    rules = pack(tmp_path, SILENT)
    wrong = log(("down", 0), ("tick", 10_800), ("tick", 10), ("up", 20))
    assert story(judge(rules, wrong)) == ["opened", "undecided"]
    assert [i.status for i in final(judge(rules, log(("down", 0), ("tick", 10_800), ("tick", 10_790))))] == [
        Status.OPEN
    ]


STEPS = st.lists(st.sampled_from(["down", "up", "out", "tick", "gap"]), min_size=1, max_size=12)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_a_gap_only_ever_makes_less_certain(tmp_path_factory: pytest.TempPathFactory, steps: list[str]) -> None:
    """Without its gaps a log has at least the same open and resolved incidents; each id has one last state."""
    folder = tmp_path_factory.mktemp("pack")
    rules = pack(folder, SILENT)
    events = log(*((name, None if name == "gap" else 90.0 * at) for at, name in enumerate(steps)))
    transitions = judge(rules, events)
    sure = {i.first_seen_ns for i in final(transitions) if i.status is not Status.UNDECIDED}
    calm = {
        i.first_seen_ns
        for i in final(judge(rules, [e for e in events if e.type != GAP]))
        if i.status is not Status.UNDECIDED
    }
    assert len(sure) <= len(calm) + steps.count("gap")
    for one in final(transitions):
        last = [t for t in transitions if t.incident.id == one.id][-1]
        assert (last.kind == "undecided") == (one.status is Status.UNDECIDED)


DOWN = (
    '{"type":"log","time":"2026-11-20T12:00:00.000Z","level":"error","subsystem":"gateway/channels/whatsapp",'
    '"message":"WhatsApp Web connection closed (status 428). Retry 1/12 in 2.5s… (Connection Terminated)"}'
)
LATER = (
    '{"type":"log","time":"2026-11-20T12:09:00.000Z","level":"info","subsystem":"gateway","message":"gateway ready"}'
)
MEANWHILE = LATER.replace("12:09:00", "12:00:30").replace("gateway ready", "log level is info")
NOTICES = {
    "rotated": '{"type":"notice","message":"Log cursor reset (file rotated)."}',
    "truncated": '{"type":"notice","message":"Log tail truncated (increase --limit or --max-bytes)."}',
    "truncated, older": '{"type":"notice","message":"Log tail truncated (increase --max-bytes)."}',
    "re-anchored": '{"type":"notice","message":"Log cursor re-anchored (skipped 149698 bytes)."}',
    "plain": "Log cursor re-anchored (skipped 149698 bytes).",
    "overflow": '{"0":"[openclaw] file log queue overflow; dropped 37 oldest records","_meta":{"logLevelName":"WARN",'
    '"name":"openclaw","date":"2026-11-20T12:00:31.000Z"},"time":"2026-11-20T12:00:31.000Z"}',
    "journald": "Nov 20 12:00:31 vm systemd-journald[213]: Suppressed 1183 messages from openclaw-gateway.service",
}


def found(path: Path, lines: Sequence[str]) -> tuple[list[Incident], int]:
    """Incidents about the connection in a log of these lines, and the gaps that are accounted for."""
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    options = loganalyzer.Options(reference_ns=1_795_185_600_000_000_000)
    report = loganalyzer.analyze(path, options)
    return [i for i in report.incidents if i.failure_mode == "whatsapp.disconnected"], report.accounting.gaps


@pytest.mark.parametrize("name", NOTICES)
@pytest.mark.parametrize("below", [False, True])
def test_every_notice_is_a_gap(name: str, below: bool, tmp_path: Path) -> None:
    """Wherever it stands, it is counted, and the silence beside it is undecided; without it, it is an incident."""
    lines = [DOWN, MEANWHILE, LATER]
    [incident], gaps = found(tmp_path / "calm.log", lines)
    assert (incident.status, gaps) == (Status.OPEN, 0)
    lines.insert(3 if below else 2, NOTICES[name])
    [incident], gaps = found(tmp_path / "gap.log", lines)
    assert (incident.status, gaps) == (Status.UNDECIDED, 1)


def test_the_words_of_a_notice_in_a_message_are_no_gap(tmp_path: Path) -> None:
    """Somebody may quote one."""
    quoted = LATER.replace("gateway ready", "Log cursor reset (file rotated).").replace("12:09", "12:01")
    [incident], gaps = found(tmp_path / "x.log", [DOWN, quoted, LATER])
    assert (incident.status, gaps) == (Status.OPEN, 0)


@pytest.mark.parametrize("size", [1, 7, 64, 1 << 16])
def test_live_and_batch_agree_about_gaps(size: int, tmp_path: Path) -> None:
    """The last transition of an incident is its object in a report, however the bytes are cut."""
    lines = [
        DOWN,
        MEANWHILE,
        NOTICES["rotated"],
        LATER,
        DOWN.replace("12:00", "12:20"),
        LATER.replace("12:09", "12:30"),
    ]
    [batch], _ = found(tmp_path / "x.log", lines)
    assert batch.status is Status.OPEN
    analyzer = Analyzer(loganalyzer.Options(), str(tmp_path / "x.log"))
    data = ("\n".join(lines) + "\n").encode()
    transitions = [t for at in range(0, len(data), size) for t in analyzer.feed(data[at : at + size])]
    transitions = [t for t in [*transitions, *analyzer.finish()] if t.incident.failure_mode == "whatsapp.disconnected"]
    assert story(transitions)[:2] == ["undecided", "opened"]
    assert transitions[-1].incident == batch
    assert json.dumps(analyzer.accounting.gaps) == "1"


def test_a_real_tail_across_restarts() -> None:
    """A restart alone is no gap, since the client goes on where it was; a log that was cut or renamed is one."""
    report = loganalyzer.analyze(case("healthy/logs-follow-restarts").inputs[0])
    assert report.accounting.gaps == 2
    assert [i.status for i in report.incidents] == [Status.RESOLVED] * 2
    assert any("log rotated 2×; first at line 23" in text for text in report.accounting.assumptions)
