"""The rule operators and the life cycle of incidents, on constructed events."""

from __future__ import annotations

from pathlib import Path

import pytest
from judging import MODE, close, pack, up

from loganalyzer.model import Origin, Severity, Status
from loganalyzer.testing import final, judge, make_event, pack_from

REPEATED = """
evidence:
  - name: repeated
    count: 3
    of: [{event: channel.disconnected, code: 428}]
    within: 10m
    until: [{event: channel.connected}]
    confidence: 0.7
    confidence_step: 0.1
    confidence_max: 0.95
resolve:
  - on: {event: channel.connected}
    stable: 60s
"""


def kinds(transitions) -> list[str]:
    """The kinds of transitions."""
    return [transition.kind for transition in transitions]


def test_count_opens_at_the_threshold() -> None:
    """Two closes are nothing, the third opens the incident with all three as evidence."""
    rules = pack(repeated=REPEATED)
    assert judge(rules, [close(0), close(10)]) == []
    transitions = judge(rules, [close(0), close(10), close(20)])
    assert kinds(transitions) == ["opened"]
    incident = transitions[0].incident
    assert (incident.count, incident.severity, incident.confidence) == (3, Severity.ERROR, 0.7)
    assert len(incident.evidence) == 3


def test_count_needs_its_window() -> None:
    """Closes that are spread over more than the window do not add up."""
    assert judge(pack(repeated=REPEATED), [close(0), close(400), close(800)]) == []


def test_until_resets_a_count() -> None:
    """A connection in between makes the count start anew."""
    assert judge(pack(repeated=REPEATED), [close(0), close(10), up(15), close(20), close(30)]) == []


def test_conditions_on_attributes() -> None:
    """Another code does not count."""
    assert judge(pack(repeated=REPEATED), [close(0), close(10, 408), close(20), close(30, 515)]) == []


def test_confidence_grows_and_updates_only_when_it_matters() -> None:
    """Further closes raise the confidence; an update is told when its band changes or the count doubles."""
    transitions = judge(pack(repeated=REPEATED), [close(i) for i in range(7)])
    assert [(t.kind, t.incident.count, t.incident.confidence) for t in transitions] == [
        ("opened", 3, 0.7),
        ("updated", 4, 0.8),
        ("updated", 7, 0.95),
    ]


def test_resolution_needs_stability() -> None:
    """A relapse before the stable time keeps the incident; recovery lowers the severity to info."""
    events = [close(0), close(1), close(2), up(10), close(30), up(40)]
    transitions = judge(pack(repeated=REPEATED), events, end_s=200)
    assert kinds(transitions)[0] == "opened"
    assert kinds(transitions)[-1] == "resolved"
    assert len({t.incident.id for t in transitions}) == 1
    last = transitions[-1].incident
    assert (last.status, last.severity) == (Status.RESOLVED, Severity.INFO)
    assert last.resolved_at_ns == up(40).time_ns


def test_recovery_at_the_end_of_input_counts() -> None:
    """A log that ends shortly after the recovery is resolved, not open."""
    transitions = judge(pack(repeated=REPEATED), [close(0), close(1), close(2), up(10)])
    assert kinds(transitions) == ["opened", "resolved"]


def test_a_later_relapse_is_a_new_incident() -> None:
    """After a stable recovery the same failure has a new id."""
    events = [close(0), close(1), close(2), up(10), close(500), close(501), close(502)]
    assert len(final(judge(pack(repeated=REPEATED), events))) == 2


ABSENCE = """
evidence:
  - name: silent
    match: {event: channel.disconnected}
    not_followed_by: [{event: channel.connected}]
    within: 2m
    confidence: 0.6
resolve: [{on: {event: channel.connected}}]
"""


def test_absence_is_decided_by_later_time() -> None:
    """Silence past the deadline opens the incident, at the deadline."""
    transitions = judge(pack(silent=ABSENCE), [close(0), make_event("gateway.ready", 300)])
    assert kinds(transitions) == ["opened"]
    assert transitions[0].time_ns == close(120).time_ns


def test_absence_is_cancelled_by_recovery() -> None:
    """A connection in time means nothing happened."""
    assert judge(pack(silent=ABSENCE), [close(0), up(100), make_event("gateway.ready", 300)]) == []


def test_absence_at_the_end_is_undecided() -> None:
    """A log that ends before the deadline leaves the question open."""
    transitions = judge(pack(silent=ABSENCE), [close(0)], end_s=60)
    assert kinds(transitions) == ["undecided"]
    assert transitions[0].incident.status is Status.UNDECIDED


def test_absence_counts_the_silence_at_the_end() -> None:
    """Lines without events let time pass, too."""
    assert kinds(judge(pack(silent=ABSENCE), [close(0)], end_s=121)) == ["opened"]


SEQUENCE = """
evidence:
  - name: order
    sequence: [{event: config.changed}, {event: gateway.restarting}, {event: auth.device_token_mismatch}]
    within: 5m
    confidence: 0.9
"""


@pytest.mark.parametrize(
    ("order", "opens"),
    [
        (["config.changed", "gateway.restarting", "auth.device_token_mismatch"], True),
        (["gateway.restarting", "config.changed", "auth.device_token_mismatch"], False),
        (["config.changed", "config.changed", "gateway.restarting", "auth.device_token_mismatch"], True),
        (["auth.device_token_mismatch"], False),
    ],
)
def test_sequence_needs_its_order(order: list[str], opens: bool) -> None:
    """Only events in the order of the rule complete it."""
    events = [make_event(name, at) for at, name in enumerate(order)]
    assert bool(judge(pack(order=SEQUENCE), events)) is opens


def test_sequence_window_starts_with_the_latest_first_step() -> None:
    """An old first step does not spoil a new one."""
    names = [(0, "config.changed"), (400, "config.changed"), (500, "gateway.restarting")]
    events = [make_event(name, at) for at, name in names] + [make_event("auth.device_token_mismatch", 600)]
    assert judge(pack(order=SEQUENCE), events)


def test_coarse_clocks_of_two_sources_do_not_break_a_sequence() -> None:
    """A syslog second that overlaps a gateway millisecond may have been first or second."""
    events = [
        make_event("config.changed", 0.1),
        make_event("auth.device_token_mismatch", 5.2, source="b.log", resolution_ns=10**9),
        make_event("gateway.restarting", 5.4, source="a.log"),
    ]
    assert judge(pack(order=SEQUENCE), events)


ALL = """
evidence:
  - name: both
    all: [{event: gateway.event_loop_stall}, {event: channel.disconnected}]
    within: 1m
    confidence: 0.5
"""


@pytest.mark.parametrize(("gap_s", "opens"), [(30, True), (90, False)])
def test_all_takes_any_order_within_its_window(gap_s: float, opens: bool) -> None:
    """Both must be there, whichever came first."""
    events = [close(0), make_event("gateway.event_loop_stall", gap_s)]
    assert bool(judge(pack(both=ALL), events)) is opens


def test_unless_prevents() -> None:
    """What was seen shortly before can make evidence harmless."""
    body = """
evidence:
  - name: one
    match: {event: channel.restart_required}
    unless: [{event: channel.linked, within: 5m}]
    confidence: 0.9
"""
    rules = pack(one=body)
    linked = make_event("channel.linked", 0, channel="whatsapp")
    restart = make_event("channel.restart_required", 20, channel="whatsapp", code=515)
    assert judge(rules, [restart])
    assert judge(rules, [linked, restart]) == []


def test_distinct_counts_different_values() -> None:
    """Three closes of one code are not three codes."""
    body = """
evidence:
  - name: mixed
    count: 2
    of: [{event: channel.disconnected}]
    distinct: code
    within: 1h
    confidence: 0.6
"""
    rules = pack(mixed=body)
    assert judge(rules, [close(0), close(1), close(2)]) == []
    assert judge(rules, [close(0), close(1, 499)])


def test_context_names_the_trigger() -> None:
    """What came before is shown as evidence and named in the summary."""
    body = """
evidence: [{name: one, match: {event: auth.device_token_mismatch}, confidence: 0.9}]
context:
  - {event: config.changed, within: 30m, label: " after a configuration change"}
  - {event: gateway.restarting, within: 30m, label: a restart}
"""
    events = [make_event("config.changed", 0, paths="channels.whatsapp"), make_event("gateway.restarting", 5)]
    events.append(make_event("auth.device_token_mismatch", 60))
    incident = final(judge(pack(one=body), events))[0]
    assert "after a configuration change and a restart" in incident.summary
    assert [e.event for e in incident.evidence] == [
        "config.changed",
        "gateway.restarting",
        "auth.device_token_mismatch",
    ]


ONE = "evidence: [{name: one, match: {event: %s}, confidence: 0.9}]\nexplains: [%s]"


def test_causes_fold_consequences() -> None:
    """Each consequence names its nearest cause, so that the chain stays whole."""
    rules = pack(
        oom=ONE % ("system.oom_kill", "x.down, x.listener"),
        down=ONE % ("gateway.unreachable", "x.listener"),
        listener=ONE % ("channel.no_active_listener", ""),
    )
    events = [
        make_event("system.oom_kill", 0),
        make_event("gateway.unreachable", 10),
        make_event("channel.no_active_listener", 20, channel="whatsapp"),
    ]
    by_mode = {i.failure_mode: i for i in final(judge(rules, events))}
    assert by_mode["x.oom"].caused_by is None
    assert by_mode["x.down"].caused_by == by_mode["x.oom"].id
    assert by_mode["x.listener"].caused_by == by_mode["x.down"].id


def test_a_cause_found_late_adopts_its_consequences() -> None:
    """A consequence that was logged just before its cause is told again with its cause."""
    rules = pack(oom=ONE % ("system.oom_kill", "x.down"), down=ONE % ("gateway.unreachable", ""))
    transitions = judge(rules, [make_event("gateway.unreachable", 0), make_event("system.oom_kill", 3)])
    assert kinds(transitions) == ["opened", "opened", "updated"]
    assert transitions[-1].incident.caused_by == transitions[1].incident.id


def test_a_cause_of_another_host_explains_nothing() -> None:
    """Two machines in one time line do not explain each other; an unknown host fits any."""
    rules = pack(oom=ONE % ("system.oom_kill", "x.down"), down=ONE % ("gateway.unreachable", ""))
    events = [make_event("system.oom_kill", 0, host="a"), make_event("gateway.unreachable", 1, host="b")]
    assert all(i.caused_by is None for i in final(judge(rules, events)))
    events[1] = make_event("gateway.unreachable", 1)
    assert any(i.caused_by for i in final(judge(rules, events)))


def test_unknown_account_is_a_wildcard() -> None:
    """Lines with and without an account of one channel are about one incident; two named accounts are two."""
    rules = pack(repeated=REPEATED)
    found = final(judge(rules, [close(0), close(1, account="work"), close(2)]))
    assert [(i.key["account"], i.count) for i in found] == [("work", 3)]
    events = [close(t, account=name) for t in range(3) for name in ("work", "home")]
    assert {i.key["account"] for i in final(judge(rules, events))} == {"work", "home"}


def test_steps_back_in_time_count_as_nothing() -> None:
    """A clock that jumps back an hour neither breaks a window nor opens an absence."""
    assert judge(pack(repeated=REPEATED), [close(4000), close(10), close(20)])


def test_events_without_time_keep_their_order() -> None:
    """A log without any time still counts, and an absence in it stays undecided."""
    incident = final(judge(pack(repeated=REPEATED), [close(None)] * 3))[0]
    assert (incident.first_seen_ns, incident.count) == (None, 3)
    assert kinds(judge(pack(silent=ABSENCE), [close(None)])) == ["undecided"]


def test_unknown_origin_caps_confidence() -> None:
    """Text that anybody could have quoted is never more than 0.6 sure."""
    rules = pack(one=ONE % ("gateway.unreachable", ""))
    bare = make_event("gateway.unreachable", 0, origin=Origin.UNKNOWN)
    assert final(judge(rules, [bare]))[0].confidence == 0.6
    assert final(judge(rules, [bare, make_event("gateway.unreachable", 1)]))[0].confidence == 0.9


def test_evidence_is_capped() -> None:
    """First and last lines are kept, the rest is counted."""
    events = [close(i, line=i) for i in range(100)]
    incident = final(judge(pack(repeated=REPEATED), events))[0]
    lines = [e.line for e in incident.evidence]
    assert lines[:2] == [0, 1]
    assert lines[-1] == 99
    assert incident.evidence_omitted == 100 - len(lines)
    assert incident.count == 100


def test_the_last_transition_is_the_final_state() -> None:
    """Growth without an update is told once at the end of the input."""
    transitions = judge(pack(repeated=REPEATED), [close(i) for i in range(5)])
    assert transitions[-1].kind == "updated"
    assert transitions[-1].incident.count == 5


def test_ids_do_not_depend_on_place() -> None:
    """The same events from another file and line have the same id."""
    rules = pack(repeated=REPEATED)
    one = final(judge(rules, [close(i) for i in range(3)]))[0]
    other = final(judge(rules, [close(i, source="b.log", line=i + 7) for i in range(3)]))[0]
    assert one.id == other.id


def test_remediation_uses_validated_accounts_only() -> None:
    """A harmless account id stands in the command, a hostile or personal one does not."""
    rules = pack(one=ONE % ("channel.no_active_listener", ""))

    def command(account: str) -> str:
        event = make_event("channel.no_active_listener", 0, channel="whatsapp", account=account)
        return final(judge(rules, [event]))[0].remediation[0].commands[0]

    assert command("work").endswith("--account work")
    assert command("x; rm -rf /").endswith("--account <account>")
    assert command("+15551230000").endswith("--account <account>")


def test_a_cause_is_as_severe_as_what_it_left_broken() -> None:
    """A recovered cause stays loud while a consequence lasts, and calms down with it."""
    cause = """
evidence: [{name: one, match: {event: gateway.event_loop_stall}, confidence: 0.9}]
resolve: [{on: {event: gateway.ready}}]
explains: [x.repeated]
"""
    rules = pack(cause=cause, repeated=REPEATED)
    events = [make_event("gateway.event_loop_stall", 0), make_event("gateway.ready", 1), close(5), close(6), close(7)]
    by_mode = {i.failure_mode: i for i in final(judge(rules, events))}
    assert by_mode["x.repeated"].caused_by == by_mode["x.cause"].id
    assert (by_mode["x.cause"].status, by_mode["x.cause"].severity) == (Status.RESOLVED, Severity.ERROR)
    by_mode = {i.failure_mode: i for i in final(judge(rules, [*events, up(20)], end_s=900))}
    assert {i.severity for i in by_mode.values()} == {Severity.INFO}


def test_a_recovery_that_must_be_stable_for_long_is_not_believed_at_the_end() -> None:
    """A loop with short recoveries does not end because the log ends in one."""
    body = REPEATED.replace("stable: 60s", "stable: 30m").replace("    until: [{event: channel.connected}]\n", "")
    assert final(judge(pack(repeated=body), [close(0), close(1), close(2), up(10)]))[0].status is Status.OPEN


def test_unless_holds_back_an_open_incident_too() -> None:
    """Evidence that something harmless explains does not raise the severity of what is open."""
    body = """
evidence:
  - {name: low, match: {event: channel.watchdog}, severity: info, confidence: 0.5}
  - name: high
    match: {event: channel.disconnected}
    unless: [{event: channel.linked, within: 5m}]
    confidence: 0.9
"""
    events = [
        make_event("channel.watchdog", 0, channel="whatsapp"),
        make_event("channel.linked", 1, channel="whatsapp"),
    ]
    assert final(judge(pack(one=body), [*events, close(2)]))[0].severity is Severity.INFO


def test_accompanying_evidence_does_not_count() -> None:
    """A retry beside each close is evidence, but the closes are what is counted."""
    body = """
evidence:
  - {name: close, match: {event: channel.disconnected}, confidence: 0.9}
  - {name: retry, match: {event: channel.reconnect_attempt}, confidence: 0.5, counts: false}
"""
    retry = [make_event("channel.reconnect_attempt", t + 0.5, channel="whatsapp") for t in range(3)]
    events = [event for pair in zip([close(t) for t in range(3)], retry, strict=True) for event in pair]
    incident = final(judge(pack(one=body), events))[0]
    assert (incident.count, len(incident.evidence)) == (3, 6)


def test_a_cause_that_rises_above_info_takes_over_what_it_had_caused() -> None:
    """A restart that is nothing special at first explains the disconnect before it, once it is one of many."""
    cause = """
evidence:
  - {name: low, match: {event: channel.watchdog}, severity: info, confidence: 0.5}
  - {name: high, match: {event: channel.linked}, severity: error, confidence: 0.9}
explains: [x.two]
explains_within: 10m
explains_before: 10m
"""
    consequence = "evidence:\n  - {name: close, match: {event: channel.disconnected}, confidence: 0.9}\n"
    events = [make_event("channel.watchdog", 0, channel="whatsapp"), close(1)]
    loaded = pack(one=cause, two=consequence)
    assert [one.caused_by for one in final(judge(loaded, events))] == [None, None]
    risen = {
        one.failure_mode: one
        for one in final(judge(loaded, [*events, make_event("channel.linked", 2, channel="whatsapp")]))
    }
    assert risen["x.two"].caused_by == risen["x.one"].id


def test_what_gives_way_to_other_keys_is_told_as_it_stood(monkeypatch: pytest.MonkeyPatch) -> None:
    """More keys than are remembered: the report holds every incident with all its evidence, memory holds the last ones."""
    monkeypatch.setattr("loganalyzer.tracking.MAX_GROUPS", 2)
    body = "evidence:\n  - {name: close, match: {event: channel.disconnected}, confidence: 0.9}\n"
    events = [
        make_event("channel.disconnected", time, channel="whatsapp", account=account)
        for time, account in enumerate("aaabbbcccddd")
    ]
    transitions = judge(pack(one=body), events)
    assert {one.key["account"]: one.count for one in final(transitions)} == dict.fromkeys("abcd", 3)


def test_an_author_judges_a_mode_with_the_builtin_vocabulary(tmp_path: Path) -> None:
    """The builders that the package has for that."""
    rules = pack_from(tmp_path, {"x.one": MODE.format(name="one") + ONE % ("channel.logged_out", "")})
    assert kinds(judge(rules, [make_event("channel.logged_out", channel="whatsapp")])) == ["opened"]
