"""The life of an incident: what opens, raises, ends and revives it, and what is told of that."""

from __future__ import annotations

import pytest
from judging import Judgement, close, lines, linked, pack, seconds, told, up, watchdog

from loganalyzer.model import Event, Incident, Severity, Status, Transition
from loganalyzer.testing import final, make_event

ONE = "evidence: [{name: one, match: {event: channel.disconnected}, confidence: 0.9}]\n"
TWO = "evidence: [{name: two, count: 2, of: [{event: channel.disconnected}], within: 1m, confidence: 0.5%s}]\n"
ENDS = "resolve: [{on: {event: channel.connected}, stable: 60s}]\n"
ENDS_AT_ONCE = "resolve: [{on: {event: channel.connected}}]\n"
SILENCE = """evidence:
  - name: silence
    match: {event: channel.watchdog}
    not_followed_by: [{event: channel.connected}]
    within: 10s
    confidence: 0.6
"""
READY = "gateway.ready"


def last(transitions: list[Transition]) -> Incident:
    """The only incident, as it was told last."""
    [incident] = final(transitions)
    return incident


def counts(transitions: list[Transition]) -> list[tuple[str, int]]:
    """(kind, count) of transitions."""
    return [(transition.kind, transition.incident.count) for transition in transitions]


# Opening and growing


def test_an_update_is_told_when_the_count_has_doubled() -> None:
    """Not for each further event, so that a storm of thousands is a few lines; and once more at the end."""
    judgement = Judgement(pack(one=ONE))
    transitions = judgement.feed(*[close(i) for i in range(9)])
    assert counts(transitions) == [("opened", 1), ("updated", 2), ("updated", 4), ("updated", 8)]
    assert counts(judgement.finish()) == [("updated", 9)]


def test_what_has_not_grown_since_is_not_told_again() -> None:
    """The end of the input is no news."""
    judgement = Judgement(pack(one=ONE))
    judgement.feed(close(0), close(1))
    assert judgement.finish() == []


def test_an_update_is_told_when_silence_makes_it_worse() -> None:
    """Not with the next line, which may be hours away."""
    body = SILENCE + "  - {name: low, match: {event: channel.watchdog}, severity: warning, confidence: 0.5}\n"
    judgement = Judgement(pack(one=body))
    assert [one.incident.severity for one in judgement.feed(watchdog(0))] == [Severity.WARNING]
    assert [(one.kind, one.incident.severity) for one in judgement.until(11)] == [("updated", Severity.ERROR)]


def test_one_event_that_feeds_two_rules_is_one_update() -> None:
    """What both make of it is told together."""
    body = """evidence:
  - {name: first, count: 2, of: [{event: channel.disconnected}], within: 1m, confidence: 0.5}
  - {name: low, match: {event: channel.disconnected}, severity: warning, confidence: 0.3}
  - {name: second, count: 2, of: [{event: channel.disconnected}], within: 1m, severity: critical, confidence: 0.9}
"""
    judgement = Judgement(pack(one=body))
    judgement.feed(close(0))
    assert [(one.kind, one.incident.severity) for one in judgement.feed(close(1))] == [("updated", Severity.CRITICAL)]


def test_an_update_is_told_when_the_severity_rises() -> None:
    """An incident has the highest severity that one of its rules has reached; lower ones change nothing after that."""
    body = """evidence:
  - {name: low, match: {event: channel.watchdog}, severity: info, confidence: 0.5}
  - {name: high, match: {event: channel.disconnected}, severity: critical, confidence: 0.5}
"""
    transitions = Judgement(pack(one=body)).feed(watchdog(0), watchdog(1), watchdog(2), close(3), watchdog(4))
    assert [(t.kind, t.incident.severity, t.incident.count) for t in transitions] == [
        ("opened", Severity.INFO, 1),
        ("updated", Severity.INFO, 2),
        ("updated", Severity.CRITICAL, 4),
    ]


def test_each_further_event_is_worth_a_step_of_confidence() -> None:
    """Counted from those that the rule asks for, up to its limit."""
    rules = pack(two=TWO % ", confidence_step: 0.1, confidence_max: 0.75")
    for closes, confidence in [(2, 0.5), (3, 0.6), (4, 0.7), (5, 0.75), (6, 0.75)]:
        judgement = Judgement(rules)
        transitions = judgement.feed(*[close(at_s) for at_s in range(closes)]) + judgement.finish()
        assert last(transitions).confidence == confidence


def test_a_rule_without_a_count_grows_from_its_second_event() -> None:
    """One event is what it asks for."""
    body = "evidence: [{name: one, match: {event: channel.disconnected}, confidence: 0.5, confidence_step: 0.1}]"
    transitions = Judgement(pack(one=body)).feed(close(0), close(1), close(2))
    assert [t.incident.confidence for t in transitions] == [0.5, 0.6]


def test_confirmation_is_worth_what_the_rule_says() -> None:
    """What was seen within the window before the evidence makes it surer; what was seen earlier does not."""
    body = """evidence:
  - name: one
    match: {event: channel.disconnected}
    confidence: 0.5
    confirmed_by:
      - {event: channel.watchdog, within: 10s, add: 0.1}
      - {event: channel.linked, within: 1m, add: 0.25}
"""

    def confidence(*before: Event) -> float:
        return last(Judgement(pack(one=body)).feed(*before, close(100))).confidence

    assert confidence() == 0.5
    assert confidence(watchdog(90)) == 0.6
    assert confidence(watchdog(89)) == 0.5
    assert confidence(linked(40)) == 0.75
    assert confidence(linked(40), watchdog(95)) == 0.85
    assert confidence(watchdog(95, account="work")) == 0.6
    assert confidence(watchdog(95, channel="telegram")) == 0.5


def test_confirmation_counts_for_a_silence_when_it_is_decided() -> None:
    """The window reaches back from the deadline."""
    body = SILENCE + "    confirmed_by: [{event: channel.linked, within: 5s, add: 0.2}]\n"
    rules = pack(one=body)
    early, late = Judgement(rules), Judgement(rules)
    early.feed(watchdog(0), linked(4))
    late.feed(watchdog(0), linked(6))
    assert [last(judgement.until(20)).confidence for judgement in (early, late)] == [0.6, 0.8]


def test_unless_looks_back_as_far_as_it_says() -> None:
    """What explains the evidence holds it back for exactly its window, and only for the same key."""
    body = """evidence:
  - name: one
    match: {event: channel.disconnected}
    unless: [{event: channel.linked, within: 10s}]
    confidence: 0.9
"""

    def opens(before: Event) -> bool:
        return bool(Judgement(pack(one=body)).feed(before, close(100, account="work")))

    assert [opens(linked(at_s, account="work")) for at_s in (89.999, 90, 100)] == [True, False, False]
    assert not opens(linked(95))
    assert opens(linked(95, account="home"))


def test_what_is_held_back_by_one_rule_is_still_seen_by_others() -> None:
    """`unless` belongs to its rule, and so does what came before the harmless event."""
    body = """evidence:
  - {name: one, match: {event: channel.disconnected}, unless: [{event: channel.linked, within: 10s}], confidence: 0.9}
  - {name: two, count: 2, of: [{event: channel.disconnected}], within: 1m, confidence: 0.4}
"""
    transitions = Judgement(pack(one=body)).feed(linked(0), close(1), close(2), close(20))
    assert [(t.kind, t.incident.confidence) for t in transitions] == [("opened", 0.4), ("updated", 0.9)]


def test_context_is_told_in_the_order_of_time() -> None:
    """The latest of each look-back, as evidence before all else, and in words."""
    body = (
        ONE
        + """context:
  - {event: gateway.ready, within: 1m, label: a start}
  - {event: config.changed, within: 1m, label: a change}
  - {event: channel.linked, within: 1m}
  - {event: channel.watchdog, within: 5s, label: never}
summary: "After {trigger}."
"""
    )
    before = [make_event("config.changed", 10, line=1), watchdog(11, line=2), make_event("config.changed", 12, line=3)]
    before += [make_event(READY, 20, line=4), linked(21, line=5)]
    incident = last(Judgement(pack(one=body)).feed(*before, close(30, line=6)))
    assert (lines(incident), incident.count) == ([3, 4, 5, 6], 1)
    assert incident.summary == "After a change and a start."


def test_context_of_the_same_moment_stands_in_the_order_of_the_rule() -> None:
    """Two events of one time and one type are no trouble."""
    body = (
        ONE
        + """context:
  - {event: channel.linked, account: a, within: 1m}
  - {event: channel.linked, account: b, within: 1m}
key: [channel]
"""
    )
    before = [linked(10, account="b", line=2), linked(10, account="a", line=1)]
    assert lines(last(Judgement(pack(one=body)).feed(*before, close(30, line=3)))) == [1, 2, 3]


def test_what_accompanies_an_incident_is_evidence_and_counts_nothing() -> None:
    """`also` begins nothing: before the incident and after its end such events are not looked at."""
    body = ONE + ENDS_AT_ONCE + "also: [{event: channel.watchdog}]\n"
    judgement = Judgement(pack(one=body))
    judgement.feed(watchdog(0, line=1), close(1, line=2), watchdog(2, line=3), watchdog(3, line=4))
    [resolved] = judgement.feed(up(4, line=5))
    judgement.feed(watchdog(5, line=6))
    assert (lines(resolved.incident), resolved.incident.count) == ([2, 3, 4, 5], 1)
    assert judgement.finish() == []


def test_an_event_that_plays_two_roles_counts_once() -> None:
    """A close that fits two rules of a mode is one close."""
    body = """evidence:
  - {name: any, match: {event: channel.disconnected}, confidence: 0.5}
  - {name: this, match: {event: channel.disconnected, code: 428}, confidence: 0.8}
"""
    judgement = Judgement(pack(one=body))
    judgement.feed(close(0), close(1), close(2))
    assert counts(judgement.finish()) == [("updated", 3)]


def test_an_event_counts_if_one_of_its_roles_does() -> None:
    """The rule for what accompanies does not keep a close from being counted, whichever is written first."""
    accompanies = "  - {name: with, match: {event: channel.disconnected}, confidence: 0.5, counts: false}\n"
    counted = "  - {name: own, match: {event: channel.disconnected}, confidence: 0.5}\n"
    for body in (accompanies + counted, counted + accompanies):
        judgement = Judgement(pack(one="evidence:\n" + body))
        transitions = judgement.feed(close(0), close(1), close(2)) + judgement.finish()
        assert last(transitions).count == 3


def test_a_rule_that_is_complete_at_last_does_not_keep_its_event_from_being_counted() -> None:
    """It accompanies; another rule counts the same event."""
    body = """evidence:
  - {name: with, count: 3, of: [{event: channel.disconnected}], within: 1m, confidence: 0.9, counts: false}
  - {name: own, match: {event: channel.disconnected}, confidence: 0.5}
"""
    judgement = Judgement(pack(one=body))
    incident = last(judgement.feed(close(0), close(1), close(2)) + judgement.finish())
    assert (incident.count, incident.confidence) == (3, 0.9)


def test_the_events_that_open_an_incident_all_count_unless_the_rule_says_otherwise() -> None:
    """Of a rule that only accompanies, the last event counts, so that no incident was seen no times."""
    assert last(Judgement(pack(two=TWO % "")).feed(close(0), close(1))).count == 2
    assert last(Judgement(pack(two=TWO % ", counts: false")).feed(close(0), close(1))).count == 1


def test_steps_on_the_way_neither_count_nor_revive() -> None:
    """Only the last step of a sequence says that it happened again."""
    body = """evidence:
  - {name: s, sequence: [{event: channel.watchdog}, {event: channel.disconnected}], within: 1m, confidence: 0.9}
"""
    judgement = Judgement(pack(one=body + ENDS))
    judgement.feed(watchdog(0), close(1), up(2), watchdog(3))
    [resolved] = judgement.until(100)
    assert (resolved.kind, resolved.incident.count, seconds(resolved.time_ns)) == ("resolved", 1, 62)


# Ending


def test_recovery_is_proved_by_its_stable_time() -> None:
    """It is told when that has passed, and dated by the event that began it, which is the last line of evidence."""
    judgement = Judgement(pack(one=ONE + ENDS))
    judgement.feed(close(0, line=1), up(5, line=2))
    assert judgement.until(65) == []
    [resolved] = judgement.until(66)
    assert told([resolved]) == [("resolved", "one", 65)]
    assert seconds(resolved.incident.resolved_at_ns) == 5
    assert (resolved.incident.status, lines(resolved.incident)) == (Status.RESOLVED, [1, 2])


def test_the_first_sign_of_recovery_starts_the_stable_time() -> None:
    """Further ones do not put it off."""
    judgement = Judgement(pack(one=ONE + ENDS))
    judgement.feed(close(0), up(5), up(30), up(60))
    assert told(judgement.until(66)) == [("resolved", "one", 65)]


def test_a_relapse_starts_the_stable_time_anew() -> None:
    """The old recovery does not end what has come back."""
    judgement = Judgement(pack(one=ONE + ENDS))
    judgement.feed(close(0), up(5), close(20), up(50))
    assert judgement.until(110) == []
    [resolved] = judgement.until(111)
    assert (told([resolved]), resolved.incident.count) == ([("resolved", "one", 110)], 2)
    assert seconds(resolved.incident.resolved_at_ns) == 50


def test_a_relapse_without_another_recovery_stays_open() -> None:
    """Neither time nor the end of the input resolves it."""
    judgement = Judgement(pack(one=ONE + ENDS))
    transitions = judgement.feed(close(0), up(5), close(20))
    assert judgement.until(1000) == []
    assert judgement.finish() == []
    assert last(transitions).status is Status.OPEN


def test_without_a_stable_time_recovery_is_told_at_once() -> None:
    """The event itself ends the incident; what comes later is a new one, with an id of its own."""
    judgement = Judgement(pack(one=ONE + ENDS_AT_ONCE))
    transitions = judgement.feed(close(0), up(5), up(6), close(7))
    assert told(transitions) == [("opened", "one", 0), ("resolved", "one", 5), ("opened", "one", 7)]
    assert len(final(transitions)) == 2


def test_incidents_of_one_moment_have_ids_of_their_own() -> None:
    """The same event twice in one millisecond, with a recovery in between, is two incidents."""
    judgement = Judgement(pack(one=ONE + ENDS_AT_ONCE))
    assert len(final(judgement.feed(close(0), up(0), close(0), up(0), close(0)))) == 3


def test_ids_stay_what_they_are_from_release_to_release() -> None:
    """Histories and notifications know incidents by them."""
    judgement = Judgement(pack(one=ONE + ENDS_AT_ONCE))
    events = [close(0, host="vps", account="work"), up(1), close(2), up(3), close(3, account="work", host="vps")]
    ids = [incident.id for incident in final(judgement.feed(*events))]
    assert ids == ["073bc0219e1abf9d", "f4e848a69a8a51fc", "1a211295af27c6d8"]


def test_a_key_that_is_no_text_has_an_id_as_well() -> None:
    """Half a character, as broken JSON leaves it behind."""
    assert len(last(Judgement(pack(one=ONE)).feed(close(0, account="\ud83d"))).id) == 16


def test_each_way_to_recover_has_its_own_stable_time() -> None:
    """One sign may be believed at once where another has to last."""
    body = ONE + "resolve:\n  - {on: {event: channel.connected}, stable: 60s}\n  - on: {event: channel.linked}\n"
    judgement = Judgement(pack(one=body))
    assert told(judgement.feed(close(0), linked(1))) == [("opened", "one", 0), ("resolved", "one", 1)]
    assert told(judgement.feed(close(2), up(3)) + judgement.until(64)) == [
        ("opened", "one", 2),
        ("resolved", "one", 63),
    ]


def test_after_a_recovery_rules_begin_with_nothing() -> None:
    """What was counted before does not help to open the next incident."""
    judgement = Judgement(pack(two=TWO % "" + ENDS_AT_ONCE))
    assert told(judgement.feed(close(0), close(1), up(2), close(3))) == [("opened", "two", 1), ("resolved", "two", 2)]
    assert told(judgement.feed(close(4))) == [("opened", "two", 4)]


def test_recovery_of_nothing_is_nothing() -> None:
    """A connection alone neither opens nor ends anything, nor is it remembered."""
    judgement = Judgement(pack(one=ONE + ENDS))
    assert judgement.feed(up(0), close(1)) != []
    assert judgement.until(1000) == []


def test_a_recovery_ends_whatever_it_may_be_about() -> None:
    """A connection that names no account ends the incidents of all accounts; one that names one, only that."""
    rules = pack(one=ONE + ENDS_AT_ONCE)
    events = [close(0, account="work"), close(1, account="home")]
    assert {i.status for i in final(Judgement(rules).feed(*events, up(2)))} == {Status.RESOLVED}
    [work, home] = final(Judgement(rules).feed(*events, up(2, account="home")))
    assert (work.status, home.status) == (Status.OPEN, Status.RESOLVED)


def test_an_event_may_end_one_incident_and_begin_another() -> None:
    """Of what a mode says about one event, the end comes first."""
    body = "evidence: [{name: one, match: {event: [channel.disconnected, channel.connected]}, confidence: 0.9}]\n"
    judgement = Judgement(pack(one=body + ENDS_AT_ONCE))
    assert told(judgement.feed(close(0), up(1))) == [("opened", "one", 0), ("resolved", "one", 1), ("opened", "one", 1)]


def test_a_reset_comes_before_what_the_same_event_counts() -> None:
    """An event that resets a rule and is counted by it is the first of the new count."""
    body = """evidence:
  - {name: n, count: 2, of: [{event: channel.disconnected}], until: [{event: channel.disconnected, code: 515}],
     within: 1m, confidence: 0.9}
"""
    judgement = Judgement(pack(one=body))
    assert judgement.feed(close(0), close(1, 515)) == []
    assert told(judgement.feed(close(2))) == [("opened", "one", 2)]


# The end of the input


@pytest.mark.parametrize(("stable", "ends"), [("120s", True), ("121s", False)])
def test_a_recovery_at_the_end_is_believed_if_it_need_not_last_long(stable: str, ends: bool) -> None:
    """Two minutes are taken on trust, more are not."""
    judgement = Judgement(pack(one=ONE + ENDS.replace("60s", stable)))
    judgement.feed(close(0), up(5))
    assert [t.kind for t in judgement.finish()] == (["resolved"] if ends else [])


def test_what_grew_after_its_last_transition_is_told_at_the_end() -> None:
    """Evidence that is not counted is growth, too; a recovery that is not believed is none."""
    judgement = Judgement(pack(one=ONE + ENDS.replace("60s", "1h") + "also: [{event: channel.watchdog}]"))
    judgement.feed(close(0, line=1), watchdog(1, line=2), up(5, line=3))
    [updated] = judgement.finish()
    assert (updated.kind, lines(updated.incident), updated.incident.status) == ("updated", [1, 2], Status.OPEN)


def test_silence_that_the_end_cuts_short_is_undecided_for_each_key() -> None:
    """Nobody knows what came next; what was decided before the end is not asked again."""
    judgement = Judgement(pack(one=SILENCE))
    judgement.feed(watchdog(0, account="a"), watchdog(20, account="b"), watchdog(21, account="c"))
    transitions = judgement.finish()
    assert [(t.kind, t.incident.key["account"], t.incident.status) for t in transitions] == [
        ("undecided", "b", Status.UNDECIDED),
        ("undecided", "c", Status.UNDECIDED),
    ]
    assert seconds(transitions[0].incident.first_seen_ns) == 20


def test_an_open_incident_is_not_undecided_by_another_of_its_rules() -> None:
    """What is known to be wrong stays known."""
    body = SILENCE + "  - {name: one, match: {event: channel.disconnected}, confidence: 0.9}\n"
    judgement = Judgement(pack(one=body))
    judgement.feed(close(0), watchdog(1))
    assert {t.incident.status for t in judgement.finish()} <= {Status.OPEN}


def test_of_two_silences_of_one_key_the_first_rule_is_told() -> None:
    """One incident is enough to say that something is undecided."""
    body = SILENCE + SILENCE.removeprefix("evidence:\n").replace("silence", "other").replace("0.6", "0.3")
    judgement = Judgement(pack(one=body))
    judgement.feed(watchdog(0))
    assert [(t.kind, t.incident.confidence) for t in judgement.finish()] == [("undecided", 0.6)]


def test_only_the_last_state_matters_where_nobody_looks_on() -> None:
    """Without `growing` an incident is told when it ends, or at the end of the input, and as the same."""
    rules = pack(one=ONE + ENDS_AT_ONCE, two=TWO % "", silence=SILENCE)
    events = [close(0), close(1), watchdog(2), up(3), close(4), watchdog(20), close(21)]
    live, batch = Judgement(rules), Judgement(rules, growing=False)
    watched, unwatched = live.feed(*events), batch.feed(*events)
    assert told(unwatched) == [("resolved", "one", 3)]
    watched, ended = watched + live.finish(), batch.finish()
    assert {i.id: i for i in final(watched)} == {i.id: i for i in final(unwatched + ended)}
    assert [t.kind for t in ended] == ["undecided", "updated", "updated"]
