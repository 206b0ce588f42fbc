"""Which incident is a consequence of which, while events come in."""

from __future__ import annotations

import gc

import pytest
from judging import Judgement, close, pack, told, up, watchdog

from loganalyzer.incident import LiveIncident
from loganalyzer.model import Event, Incident, Severity, Status, Transition
from loganalyzer.testing import final, make_event

DISCONNECTED = "evidence: [{name: one, match: {event: channel.disconnected}, confidence: 0.9}]\n"
OOM = "evidence: [{name: one, match: {event: system.oom_kill}, confidence: 0.9}]\n"
STOPPED = "evidence: [{name: one, match: {event: gateway.stopped}, confidence: 0.9}]\n"
RISING = """evidence:
  - {name: low, match: {event: gateway.stopped}, severity: info, confidence: 0.5}
  - {name: high, match: {event: system.oom_kill}, severity: error, confidence: 0.9}
explains: [x.down]
"""
"""Only information until the kernel kills."""
SILENCE = """evidence:
  - name: silence
    match: {event: channel.watchdog}
    not_followed_by: [{event: channel.connected}]
    within: 10s
    confidence: 0.6
"""
STARTED = "resolve: [{on: {event: gateway.ready}}]\n"
CONNECTED = "resolve: [{on: {event: channel.connected}}]\n"


def oom(at_s: float, **more: object) -> Event:
    """The kernel kills the gateway."""
    return make_event("system.oom_kill", at_s, **more)  # type: ignore[arg-type]


def stopped(at_s: float) -> Event:
    """The gateway is down."""
    return make_event("gateway.stopped", at_s)


def ready(at_s: float) -> Event:
    """The gateway is up."""
    return make_event("gateway.ready", at_s)


def by_mode(transitions: list[Transition]) -> dict[str, Incident]:
    """The last state of each incident by mode, if there is one of each."""
    return {incident.failure_mode.removeprefix("x."): incident for incident in final(transitions)}


def explained(rules: dict[str, str], *events: Event) -> bool:
    """Is the disconnect a consequence of the other incident?"""
    found = by_mode(Judgement(pack(**rules)).feed(*events))
    other = next(incident for name, incident in found.items() if name != "down")
    assert found["down"].caused_by in (None, other.id)
    return found["down"].caused_by is not None


EXPLAINS = "explains: [x.down]\nexplains_within: 10m\nexplains_before: 5s\n"


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([oom(0), close(600)], True),
        ([oom(0), close(601)], False),
        ([oom(0), oom(300), close(900)], True),
        ([oom(0), oom(300), close(901)], False),
        ([close(0), oom(5)], True),
        ([close(0), oom(6)], False),
    ],
)
def test_what_nothing_ends_explains_for_a_time_after_its_last_evidence(events: list[Event], expected: bool) -> None:
    """And what was logged a moment before it."""
    assert explained({"oom": OOM + EXPLAINS, "down": DISCONNECTED}, *events) is expected


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([oom(0), close(90_000)], True),
        ([oom(0), ready(100), close(700)], True),
        ([oom(0), ready(100), close(701)], False),
    ],
)
def test_what_can_end_explains_as_long_as_it_is_open_and_for_a_time_after(events: list[Event], expected: bool) -> None:
    """However long that takes."""
    body = OOM + STARTED + "recovered_severity: warning\n" + EXPLAINS
    assert explained({"oom": body, "down": DISCONNECTED}, *events) is expected


def test_what_was_only_information_explains_nothing() -> None:
    """A hiccup must not hide an outage; a warning may."""
    rules = {"oom": OOM + EXPLAINS + "severity: info\n", "down": DISCONNECTED}
    assert not explained(rules, oom(0), close(1))
    assert explained(rules | {"oom": rules["oom"].replace("info", "warning")}, oom(0), close(1))


def test_the_nearest_cause_is_named() -> None:
    """Of causes of one kind the latest; of a chain the last link, also when it is found later."""
    rules = pack(oom=OOM + "explains: [x.stop, x.down]\n", stop=STOPPED + "explains: [x.down]\n", down=DISCONNECTED)
    found = by_mode(Judgement(rules).feed(oom(0), stopped(1), close(2)))
    assert (found["stop"].caused_by, found["down"].caused_by) == (found["oom"].id, found["stop"].id)
    judgement = Judgement(rules)
    transitions = judgement.feed(oom(0), close(1), stopped(2))
    assert told(transitions) == [
        ("opened", "oom", 0),
        ("opened", "down", 1),
        ("opened", "stop", 2),
        ("updated", "down", 2),
    ]
    assert by_mode(transitions)["down"].caused_by == by_mode(transitions)["stop"].id
    transitions = Judgement(rules).feed(stopped(0), close(1), oom(2))
    found = by_mode(transitions)
    assert (found["stop"].caused_by, found["down"].caused_by) == (found["oom"].id, found["stop"].id)


def test_the_last_link_of_a_long_chain_is_the_nearest_whenever_it_came() -> None:
    """Not the latest of all that could explain it."""
    rules = pack(
        first=OOM + "explains: [x.second, x.third, x.down]\n",
        second=STOPPED + "explains: [x.third, x.down]\n",
        third="evidence: [{name: one, match: {event: channel.watchdog}, confidence: 0.9}]\nexplains: [x.down]\n",
        down=DISCONNECTED,
    )
    found = by_mode(Judgement(rules).feed(oom(0), watchdog(1), stopped(2), close(3)))
    assert [found[name].caused_by for name in ("second", "third", "down")] == [
        found["first"].id,
        found["second"].id,
        found["third"].id,
    ]


def test_a_cause_that_becomes_severe_enough_is_told_with_what_it_explains() -> None:
    """First it rises, then each of its consequences is told again."""
    judgement = Judgement(pack(cause=RISING + "explains_before: 1m\n", down=DISCONNECTED + "key: [account]\n"))
    first = judgement.feed(stopped(0), close(1, account="a"), close(2, account="b"))
    assert all(transition.incident.caused_by is None for transition in first)
    risen = judgement.feed(oom(3))
    assert told(risen) == [("updated", "cause", 3), ("updated", "down", 3), ("updated", "down", 3)]
    assert {t.incident.caused_by for t in risen[1:]} == {risen[0].incident.id}
    assert judgement.feed(oom(3.5)) == []


@pytest.mark.parametrize("severity", ["info", "warning", "error"])
def test_a_cause_that_goes_on_does_not_take_over_what_came_while_it_was_silent(severity: str) -> None:
    """Unless it was only information until then, and explained nothing."""
    cause = f"""evidence:
  - {{name: first, match: {{event: gateway.stopped}}, severity: {severity}, confidence: 0.5}}
  - {{name: then, match: {{event: system.oom_kill}}, severity: warning, confidence: 0.9}}
explains: [x.down]
explains_within: 10m
"""
    found = by_mode(Judgement(pack(cause=cause, down=DISCONNECTED)).feed(stopped(0), close(700), oom(800)))
    assert found["down"].caused_by == (found["cause"].id if severity == "info" else None)


def test_a_cause_that_has_ended_is_as_severe_as_what_it_left() -> None:
    """It is told again when its last consequence ends, and not before."""
    rules = pack(oom=OOM + STARTED + EXPLAINS, down=DISCONNECTED + "key: [account]\nseverity: warning\n" + CONNECTED)
    judgement = Judgement(rules)
    judgement.feed(oom(0), close(1, account="a"), close(1, account="b"))
    [resolved] = judgement.feed(ready(2))
    assert (resolved.incident.status, resolved.incident.severity) == (Status.RESOLVED, Severity.WARNING)
    assert told(judgement.feed(up(3, account="a"))) == [("resolved", "down", 3)]
    ended = judgement.feed(up(4, account="b"))
    assert told(ended) == [("resolved", "down", 4), ("updated", "oom", 4)]
    assert ended[1].incident.severity is Severity.INFO


def test_a_consequence_that_opens_makes_an_ended_cause_loud_again() -> None:
    """What was over is told as what it has led to."""
    rules = pack(oom=OOM + STARTED + EXPLAINS, down=DISCONNECTED)
    judgement = Judgement(rules)
    judgement.feed(oom(0))
    [resolved] = judgement.feed(ready(2))
    assert resolved.incident.severity is Severity.INFO
    transitions = judgement.feed(close(3))
    assert told(transitions) == [("opened", "down", 3), ("updated", "oom", 3)]
    assert transitions[1].incident.severity is Severity.ERROR


def test_a_cause_is_that_of_the_own_key() -> None:
    """Hosts that differ do not explain each other; what one of them does not tell fits."""
    rules = {"oom": OOM + EXPLAINS, "down": DISCONNECTED}
    assert not explained(rules, oom(0, host="a"), close(1, host="b"))
    assert explained(rules, oom(0, host="a"), close(1, host="a"))
    assert explained(rules, oom(0), close(1, host="a"))
    assert explained(rules, oom(0, host="a"), close(1))


def test_the_latest_of_several_causes_of_one_kind_is_named() -> None:
    """As long as both would explain it."""
    rules = pack(oom=OOM + STARTED + EXPLAINS, down=DISCONNECTED)
    transitions = Judgement(rules).feed(oom(0), ready(1), oom(2), ready(3), close(4))
    [_, second, down] = final(transitions)
    assert down.caused_by == second.id


def test_a_cause_found_late_takes_over_what_it_explains_and_nothing_else() -> None:
    """Not what was too long ago, not what is another host's, and not what has a cause as near as this one."""
    rules = pack(oom=OOM + EXPLAINS, stop=STOPPED + EXPLAINS, down=DISCONNECTED)
    judgement = Judgement(rules)
    judgement.feed(close(0, host="old"), oom(95, host="other"), close(96, host="other"), close(97, host="own"))
    adopted = judgement.feed(make_event("gateway.stopped", 98))
    assert [(t.kind, t.incident.key["host"]) for t in adopted] == [("opened", None), ("updated", "own")]
    assert told(Judgement(rules).feed(close(0, host="b"), oom(1, host="a"))) == [
        ("opened", "down", 0),
        ("opened", "oom", 1),
    ]


@pytest.mark.parametrize(("at_s", "expected"), [(5, True), (5.001, False)])
def test_what_began_shortly_before_its_cause_is_explained_when_it_opens(at_s: float, expected: bool) -> None:
    """The first evidence counts, not the moment at which there was enough of it."""
    body = "evidence: [{name: two, count: 2, of: [{event: channel.disconnected}], within: 1m, confidence: 0.9}]\n"
    assert explained({"oom": OOM + EXPLAINS, "down": body}, close(0), oom(at_s), close(6)) is expected


def test_what_has_found_a_nearer_cause_does_not_keep_the_farther_one_loud() -> None:
    """The farther one is as severe as what it has led to itself."""
    first = OOM + STARTED + "explains: [x.stop, x.down]\n"
    second = STOPPED + "resolve: [{on: {event: config.changed}}]\nexplains: [x.down]\n"
    judgement = Judgement(pack(oom=first, stop=second, down=DISCONNECTED))
    assert told(judgement.feed(oom(0), ready(1), close(2))[-1:]) == [("updated", "oom", 2)]
    assert told(judgement.feed(stopped(3))) == [("opened", "stop", 3), ("updated", "down", 3)]
    ended = judgement.feed(make_event("config.changed", 4))
    assert [(t.incident.failure_mode, t.incident.severity) for t in ended] == [
        ("x.stop", Severity.ERROR),
        ("x.oom", Severity.INFO),
    ]


def test_many_consequences_that_have_ended_do_not_hide_one_that_lasts() -> None:
    """However many they are, their cause stays as severe as the one that is open."""
    judgement = Judgement(pack(oom=OOM + STARTED + EXPLAINS, down=DISCONNECTED + CONNECTED + "key: [account]\n"))
    transitions = judgement.feed(oom(0), ready(1), close(2, account="lasting"))
    for number in range(450):
        transitions += judgement.feed(close(3, account=str(number)), up(4, account=str(number)))
    assert [t.incident.severity for t in transitions if t.incident.failure_mode == "x.oom"][-1] is Severity.ERROR
    [*_, end] = judgement.feed(up(5, account="lasting"))
    assert (end.incident.failure_mode, end.incident.severity) == ("x.oom", Severity.INFO)


def test_an_undecided_silence_is_folded_under_its_cause() -> None:
    """A doubt is a consequence as well."""
    judgement = Judgement(pack(oom=OOM + EXPLAINS, down=SILENCE))
    [opened] = judgement.feed(oom(0), watchdog(1))
    [undecided] = judgement.finish()
    assert (undecided.kind, undecided.incident.caused_by) == ("undecided", opened.incident.id)


def test_of_a_storm_only_the_latest_are_looked_at() -> None:
    """A log that was written to make work takes over no more than two hundred at once."""
    rules = pack(oom=OOM + EXPLAINS, down=DISCONNECTED + "key: [account]\n")
    judgement = Judgement(rules)
    judgement.feed(*[close(0, account=str(number)) for number in range(300)])
    adopted = [t.incident.key["account"] for t in judgement.feed(oom(1)) if t.kind == "updated"]
    assert adopted == [str(number) for number in range(100, 300)]


def alive() -> int:
    """Incidents that somebody still holds."""
    gc.collect()
    return sum(type(one) is LiveIncident for one in gc.get_objects())


def test_what_can_be_nobodys_consequence_any_more_is_let_go() -> None:
    """Nor a cause of anything: memory stays the same however many have come and gone."""
    before = alive()
    rules = pack(oom=OOM + STARTED + EXPLAINS, down=DISCONNECTED + CONNECTED, alone=STOPPED + STARTED)
    judgement = Judgement(rules)
    for number in range(100):
        at_s = 3600 * number
        judgement.feed(oom(at_s), stopped(at_s), close(at_s), up(at_s + 1), ready(at_s + 2))
    assert alive() - before <= 4


def test_what_silence_has_opened_is_let_go_when_it_has_ended() -> None:
    """Missing lines make it doubtful only while it is open."""
    before = alive()
    judgement = Judgement(pack(down=SILENCE + CONNECTED))
    for number in range(100):
        assert len(judgement.feed(watchdog(60 * number), up(60 * number + 20))) == 2
    assert alive() - before <= 1


def test_what_came_while_a_cause_was_only_information_is_remembered_as_long_as_it_is_open() -> None:
    """However much has come and gone since, up to a number."""
    judgement = Judgement(pack(cause=RISING + STARTED, down=DISCONNECTED + CONNECTED + "key: [account]\n"))
    judgement.feed(close(0, account="before"), stopped(1000))
    for number in range(100):
        at_s = 3600 * (number + 1)
        judgement.feed(close(at_s, account=str(number)), up(at_s + 1, account=str(number)))
    risen = judgement.feed(oom(400_000))
    assert [t.incident.key.get("account") for t in risen] == [None, *map(str, range(100))]


TWO_KILLS = "evidence: [{name: two, count: 2, of: [{event: system.oom_kill}], within: 1h, confidence: 0.9}]\n"


@pytest.mark.parametrize("at_s", [3604, 3605])
def test_what_came_before_the_first_evidence_of_a_slow_cause_is_remembered(at_s: float) -> None:
    """To the last moment at which there can be enough of that evidence."""
    judgement = Judgement(pack(oom=TWO_KILLS + EXPLAINS, down=DISCONNECTED + CONNECTED + "key: [account]\n"))
    judgement.feed(close(0, account="early"), up(1, account="early"), oom(5))
    transitions = judgement.feed(close(at_s, account="late"), oom(at_s))
    assert [t.incident.key["account"] for t in transitions if t.kind == "updated"] == ["early", "late"]


@pytest.mark.parametrize(("first_s", "expected"), [(11, True), (11.001, False)])
def test_a_cause_that_has_ended_is_remembered_as_long_as_slow_consequences_may_have_begun_before(
    first_s: float, expected: bool
) -> None:
    """What opened between makes no difference."""
    slow = "evidence: [{name: two, count: 2, of: [{event: channel.disconnected}], within: 1h, confidence: 0.9}]\n"
    cause = OOM + STARTED + "explains: [x.down]\nexplains_within: 10s\n"
    judgement = Judgement(pack(oom=cause, down=slow + "key: [account]\n"))
    judgement.feed(oom(0), ready(1), close(first_s, account="slow"))
    judgement.feed(close(3000, account="other"), close(3000, account="other"))
    [opened, *_] = judgement.feed(close(first_s + 3600, account="slow"))
    assert (opened.incident.caused_by is not None) is expected


def test_each_of_several_causes_of_one_kind_explains_its_own() -> None:
    """However many came after it."""
    judgement = Judgement(pack(oom=OOM + EXPLAINS, down=DISCONNECTED))
    first, *_ = judgement.feed(oom(0, host="a"), oom(1, host="b"))
    [down] = judgement.feed(close(2, host="a"))
    assert down.incident.caused_by == first.incident.id


def test_a_cause_that_nothing_ends_explains_again_when_it_comes_back() -> None:
    """It is the same one, however long it was silent."""
    judgement = Judgement(pack(oom=OOM + EXPLAINS, down=DISCONNECTED + "key: [account]\n"))
    judgement.feed(oom(0), close(100_000, account="a"), oom(100_001))
    [down] = judgement.feed(close(100_002, account="b"))
    assert down.incident.caused_by is not None


def test_a_cause_found_late_passes_over_what_it_does_not_explain() -> None:
    """What opened later but began too early, and what has a nearer cause, hide nothing."""
    slow = "evidence: [{name: two, count: 2, of: [{event: channel.disconnected}], within: 1h, confidence: 0.9}]\n"
    judgement = Judgement(pack(oom=OOM + EXPLAINS, down=slow + "key: [account]\n"))
    judgement.feed(*[close(at_s, account=name) for at_s, name in ((0, "a"), (100, "b"), (101, "b"), (102, "a"))])
    adopted = [t.incident.key["account"] for t in judgement.feed(oom(103)) if t.kind == "updated"]
    assert adopted == ["b"]
    rules = pack(oom=OOM + "explains: [x.stop, x.down]\n", stop=STOPPED + "explains: [x.down]\n", down=DISCONNECTED)
    judgement = Judgement(rules)
    judgement.feed(close(0, host="a"), make_event("gateway.stopped", 1, host="b"), close(2, host="b"))
    adopted = [t.incident.key["host"] for t in judgement.feed(oom(3)) if t.incident.failure_mode == "x.down"]
    assert adopted == ["a"]


def test_a_cause_that_becomes_severe_enough_explains_what_came_at_that_moment() -> None:
    """Also if it explains nothing after it."""
    cause = RISING + "explains_within: 0s\n"
    found = by_mode(Judgement(pack(cause=cause, down=DISCONNECTED)).feed(stopped(0), close(10), oom(10)))
    assert found["down"].caused_by == found["cause"].id


def test_a_cause_that_is_sure_hides_nothing_from_one_that_is_slow() -> None:
    """What it does not explain itself is remembered for the other."""
    stop = STOPPED + STARTED + "explains: [x.down]\nexplains_before: 1s\n"
    rules = pack(oom=TWO_KILLS + EXPLAINS, stop=stop, down=DISCONNECTED + CONNECTED + "key: [account]\n")
    judgement = Judgement(rules)
    judgement.feed(close(0, account="early"), up(1, account="early"), oom(5), stopped(50), close(100, account="late"))
    adopted = [t.incident.key["account"] for t in judgement.feed(oom(200)) if t.kind == "updated"]
    assert "early" in adopted
