"""How time passes: deadlines in their order, clocks that step back, and when silence will decide something."""

from __future__ import annotations

from judging import Judgement, close, ns, pack, seconds, told, up, watchdog

from loganalyzer.testing import make_event

SILENCE = """evidence:
  - name: silence
    match: {event: channel.disconnected}
    not_followed_by: [{event: channel.connected}]
    within: %s
    confidence: 0.6
"""
ONE = "evidence: [{name: one, match: {event: channel.watchdog}, confidence: 0.9}]\n"
ENDS = "resolve: [{on: {event: channel.connected}, stable: 30s}]\n"


def test_each_silence_is_told_at_its_own_deadline() -> None:
    """However late the next line comes, and whichever deadline was set first."""
    judgement = Judgement(pack(long=SILENCE % "1m", short=SILENCE % "10s", ended=ONE + ENDS))
    judgement.feed(watchdog(0), up(2), close(5))
    assert told(judgement.feed(make_event("gateway.ready", 500))) == [
        ("opened", "short", 15),
        ("resolved", "ended", 32),
        ("opened", "long", 65),
    ]


def test_deadlines_of_one_moment_are_told_in_the_order_in_which_they_were_set() -> None:
    """The order does not depend on chance."""
    rules = pack(first=SILENCE % "10s", second=SILENCE % "10s", third=SILENCE % "10s")
    judgement = Judgement(rules)
    judgement.feed(close(0, account="a"), close(0, account="b"))
    decided = judgement.until(11)
    assert [(t.incident.failure_mode, t.incident.key["account"]) for t in decided] == [
        ("x.first", "a"), ("x.second", "a"), ("x.third", "a"), ("x.first", "b"), ("x.second", "b"), ("x.third", "b"),
    ]  # fmt: skip


def test_a_deadline_is_passed_before_the_event_that_passes_it() -> None:
    """The event is judged in the state that the deadline has left."""
    judgement = Judgement(pack(silence=SILENCE % "10s" + "resolve: [{on: {event: channel.connected}}]\n"))
    judgement.feed(close(0))
    assert told(judgement.feed(up(20))) == [("opened", "silence", 10), ("resolved", "silence", 20)]


def test_a_step_back_neither_hastens_nor_undoes_a_deadline() -> None:
    """After it, the rest of the time has to pass on the new clock."""
    judgement = Judgement(pack(silence=SILENCE % "10s"))
    judgement.feed(close(1000), make_event("gateway.ready", 1004), make_event("gateway.ready", 400))
    assert judgement.until(406) == []
    assert told(judgement.until(407)) == [("opened", "silence", 406)]


def test_a_step_back_of_the_wall_clock_passes_no_time_either() -> None:
    """`advance` and events share one clock."""
    judgement = Judgement(pack(silence=SILENCE % "10s"))
    judgement.feed(close(1000))
    assert judgement.until(400) == []
    assert judgement.until(410) == []
    assert told(judgement.until(410.5)) == [("opened", "silence", 410)]


def test_events_without_a_time_pass_none() -> None:
    """They happen at the moment of the event before them."""
    judgement = Judgement(pack(silence=SILENCE % "10s"))
    assert judgement.feed(close(0), make_event("gateway.ready", None), make_event("gateway.ready", 5)) == []
    judgement.feed(watchdog(None))
    assert seconds(judgement.classifier.last_ns) == 5
    assert told(judgement.until(11)) == [("opened", "silence", 10)]


def test_the_first_time_of_a_log_passes_nothing() -> None:
    """What came before it, without a time, is not old."""
    judgement = Judgement(pack(silence=SILENCE % "10s"))
    assert judgement.feed(close(None), make_event("gateway.ready", 5000)) == []
    assert told(judgement.until(5011)) == [("opened", "silence", 5010)]


def test_a_transition_of_a_log_without_times_has_none() -> None:
    """And no deadline can be named."""
    judgement = Judgement(pack(one=ONE, silence=SILENCE % "10s"))
    assert told(judgement.feed(watchdog(None), close(None))) == [("opened", "one", None)]
    assert (judgement.classifier.last_ns, judgement.classifier.deadline_ns) == (None, None)


def test_it_is_known_when_silence_will_decide_something() -> None:
    """The nearest of all deadlines, on the clock of the log."""
    judgement = Judgement(pack(long=SILENCE % "1m", short=SILENCE % "10s"))
    deadlines = []
    for event in (
        watchdog(0),
        close(1),
        make_event("gateway.ready", 5),
        up(6),
        close(20),
        make_event("gateway.ready", 12),
    ):
        judgement.feed(event)
        deadlines.append(seconds(judgement.classifier.deadline_ns))
    assert deadlines == [None, 11, 11, None, 30, 22]


def test_a_deadline_that_is_over_is_replaced_by_the_next() -> None:
    """When the short silence is decided, the long one is awaited."""
    judgement = Judgement(pack(long=SILENCE % "1m", short=SILENCE % "10s"))
    judgement.feed(close(1))
    judgement.until(30)
    assert judgement.classifier.deadline_ns == ns(61)
    assert seconds(judgement.classifier.last_ns) == 30


def test_a_recovery_has_a_deadline_until_a_relapse() -> None:
    """When it will be believed; nobody waits for one that has been refuted."""
    judgement = Judgement(pack(one=ONE + ENDS))
    judgement.feed(watchdog(0), up(10))
    assert judgement.classifier.deadline_ns == ns(40)
    judgement.feed(watchdog(20))
    assert judgement.classifier.deadline_ns is None
    judgement.feed(up(25))
    assert judgement.classifier.deadline_ns == ns(55)


def test_a_deadline_that_has_just_been_reached_is_due_now() -> None:
    """It is decided by the next moment, not by the last."""
    judgement = Judgement(pack(silence=SILENCE % "10s"))
    judgement.feed(close(1), make_event("gateway.ready", 11))
    assert judgement.classifier.deadline_ns == ns(11)
    assert told(judgement.until(11.001)) == [("opened", "silence", 11)]


def test_an_open_incident_can_be_looked_at_between_its_transitions() -> None:
    """By its id, as it stands now; one that has ended or never was is not there."""
    judgement = Judgement(pack(one=ONE + ENDS))
    [opened] = judgement.feed(watchdog(0))
    name = opened.incident.id
    judgement.feed(watchdog(1), watchdog(2))
    now = judgement.classifier.current(name)
    assert now is not None
    assert (now.count, now.id) == (3, name)
    assert judgement.classifier.current("other") is None
    judgement.feed(up(3))
    assert judgement.classifier.current(name) is not None
    judgement.until(100)
    assert judgement.classifier.current(name) is None
