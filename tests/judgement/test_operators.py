"""What completes a rule: counts, sequences, all of several, and silence, each at the edge of its window."""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate, combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judging import Judgement, close, lines, pack, seconds, told, up, watchdog

from loganalyzer.model import Event
from loganalyzer.packs.schema import Pack
from loganalyzer.testing import make_event

COUNT = "evidence: [{name: n, count: 3, of: [{event: channel.disconnected}], within: 10s, confidence: 0.9%s}]"
DISTINCT = "evidence: [{name: n, count: 2, of: [{event: channel.disconnected}], distinct: code, within: 10s, confidence: 0.9%s}]"
SEQUENCE = """evidence:
  - name: n
    sequence: [{event: config.changed}, {event: gateway.stopped}, {event: channel.disconnected}]
    within: 10s
    confidence: 0.9
    %s
"""
ALL = """evidence:
  - name: n
    all: [{event: channel.disconnected}, {event: channel.watchdog}]
    within: 10s
    confidence: 0.9
    %s
"""
SILENCE = """evidence:
  - name: n
    match: {event: channel.disconnected}
    not_followed_by: [{event: channel.connected}]
    within: 10s
    confidence: 0.9
"""
UNTIL_READY = "until: [{event: gateway.ready}]"
READY = "gateway.ready"


def changed(at_s: float | None, **more: object) -> Event:
    """The first step of the sequence."""
    return make_event("config.changed", at_s, **more)  # type: ignore[arg-type]


def stopped(at_s: float | None, **more: object) -> Event:
    """The second step of the sequence; `close` is the third."""
    return make_event("gateway.stopped", at_s, **more)  # type: ignore[arg-type]


# Counts


@pytest.mark.parametrize(("last_s", "opens"), [(9.999, True), (10, True), (10.001, False)])
def test_a_window_holds_its_last_moment(last_s: float, opens: bool) -> None:
    """From the first event to the last it may take exactly as long as the window, and no longer."""
    judgement = Judgement(pack(count=COUNT % ""))
    assert bool(judgement.feed(close(0), close(5), close(last_s))) is opens


def test_a_window_slides() -> None:
    """What has become too old leaves it, and the rest still counts."""
    judgement = Judgement(pack(count=COUNT % ""))
    assert not judgement.feed(close(0, line=1), close(8, line=2), close(12, line=3))
    [opened] = judgement.feed(close(17, line=4))
    assert (lines(opened.incident), opened.incident.count) == ([2, 3, 4], 3)


def test_a_rule_may_ask_for_a_thousand_events() -> None:
    """As many as a window keeps; the thousandth opens the incident."""
    judgement = Judgement(pack(count=(COUNT % "").replace("count: 3", "count: 1000")))
    assert not judgement.feed(*[close(i / 1000) for i in range(999)])
    [opened] = judgement.feed(close(1))
    assert opened.incident.count == 1000


def test_one_of_several_events_is_enough_where_no_count_is_asked_for() -> None:
    """`of` without `count` opens with the first."""
    body = "evidence: [{name: n, of: [{event: channel.disconnected}, {event: channel.watchdog}], confidence: 0.9}]"
    assert told(Judgement(pack(one=body)).feed(watchdog(0), up(1))) == [("opened", "one", 0)]


@pytest.mark.parametrize(
    ("events", "opens"),
    [
        ([(0, 1), (1, 1), (2, 1)], False),
        ([(0, 1), (1, 2)], True),
        ([(0, 1), (1, None)], False),
        ([(0, 1), (1, None), (2, 2)], True),
        ([(0, 1), (10, 2)], True),
        ([(0, 1), (11, 2)], False),
        ([(0, 1), (5, 1), (12, 2)], True),
        ([(0, 1), (5, 1), (16, 2)], False),
        ([(0, 1), (11, 1), (22, 2)], False),
    ],
)
def test_distinct_counts_the_values_inside_the_window(events: list[tuple[float, int | None]], opens: bool) -> None:
    """A value counts once, as long as one event with it is inside; an event without a value is none."""
    judgement = Judgement(pack(distinct=DISTINCT % ""))
    assert bool(judgement.feed(*[close(at_s, code) for at_s, code in events])) is opens


def test_until_forgets_values_too() -> None:
    """After a reset two other values are needed."""
    judgement = Judgement(pack(distinct=DISTINCT % f", {UNTIL_READY}"))
    assert not judgement.feed(close(0, 1), make_event(READY, 0.5), close(1, 2))
    assert judgement.feed(close(2, 1))


# Sequences


@pytest.mark.parametrize(("last_s", "opens"), [(10, True), (10.001, False)])
def test_a_sequence_takes_no_longer_than_its_window(last_s: float, opens: bool) -> None:
    """From its first step to its last."""
    judgement = Judgement(pack(sequence=SEQUENCE % ""))
    assert bool(judgement.feed(changed(0), stopped(5), close(last_s))) is opens


def test_a_sequence_shows_its_steps_and_counts_once() -> None:
    """The steps on the way are evidence; the last one is the occurrence."""
    judgement = Judgement(pack(sequence=SEQUENCE % ""))
    [opened] = judgement.feed(changed(0, line=1), stopped(1, line=2), close(2, line=3))
    assert (lines(opened.incident), opened.incident.count) == ([1, 2, 3], 1)


def test_a_sequence_starts_with_the_latest_first_step() -> None:
    """A new first step does not wipe out the way that is already gone."""
    judgement = Judgement(pack(sequence=SEQUENCE % ""))
    [opened] = judgement.feed(changed(0, line=1), stopped(3, line=2), changed(5, line=3), close(10, line=4))
    assert lines(opened.incident) == [1, 2, 4]


def test_the_last_step_of_a_sequence_alone_is_another_occurrence() -> None:
    """While the incident is open."""
    judgement = Judgement(pack(sequence=SEQUENCE % ""))
    transitions = judgement.feed(changed(0), stopped(1), close(2), changed(3), stopped(4), close(100))
    assert [(t.kind, t.incident.count) for t in transitions] == [("opened", 1), ("updated", 2)]


def test_until_makes_a_sequence_start_anew() -> None:
    """All its steps are needed again, in order."""
    judgement = Judgement(pack(sequence=SEQUENCE % UNTIL_READY))
    assert not judgement.feed(changed(0), make_event(READY, 1), stopped(2), close(3))
    assert not judgement.feed(changed(4), stopped(5), make_event(READY, 6), close(7))
    assert judgement.feed(changed(8), stopped(9), close(10))


SECOND = 1_000_000_000


@pytest.mark.parametrize(
    ("before_s", "opens"),
    [(5.0, True), (5.999, True), (6.0, False), (6.5, False)],
    ids=["same", "inside", "end", "after"],
)
def test_a_coarse_clock_may_have_been_late(before_s: float, opens: bool) -> None:
    """An event that syslog puts at second 5 may have come after all of that second, and not after the next begins."""
    judgement = Judgement(pack(sequence=SEQUENCE % ""))
    coarse = close(5, source="syslog", resolution_ns=SECOND)
    assert bool(judgement.feed(changed(1), coarse, stopped(before_s, source="gateway.log"))) is opens


@pytest.mark.parametrize(("before_s", "opens"), [(5.0, True), (4.5, True), (4.4, False), (3.9, False)])
def test_a_coarse_event_may_have_been_early(before_s: float, opens: bool) -> None:
    """A second that began before an event may have seen the step before it, unless it was over by then."""
    judgement = Judgement(pack(sequence=SEQUENCE % ""))
    coarse = stopped(before_s, source="syslog", resolution_ns=SECOND)
    assert bool(judgement.feed(changed(1), close(5.4, source="gateway.log"), coarse)) is opens


@pytest.mark.parametrize(
    ("third", "second"),
    [
        (close(5, source="a", resolution_ns=SECOND), stopped(5.5, source="a")),
        (close(None, source="a", resolution_ns=SECOND), stopped(5.5, source="b")),
        (close(5, source="a", resolution_ns=SECOND), stopped(None, source="b")),
        (close(None, source="a", resolution_ns=SECOND), stopped(None, source="b")),
    ],
    ids=["one source", "no time first", "no time second", "no times"],
)
def test_only_the_clocks_of_two_sources_can_disagree(third: Event, second: Event) -> None:
    """Within one source the lines are in order, and what has no time is where it is."""
    assert not Judgement(pack(sequence=SEQUENCE % "")).feed(changed(1), third, second)


def test_a_coarse_event_follows_the_latest_step_that_may_have_been_before_it() -> None:
    """The window then begins as late as it can."""
    coarse = stopped(5, source="syslog", resolution_ns=SECOND)
    judgement = Judgement(pack(sequence=SEQUENCE % ""))
    assert not judgement.feed(coarse, changed(5.2, source="gateway.log"))
    assert judgement.feed(changed(5.9, source="gateway.log"), close(15.5))


def test_a_coarse_event_completes_one_incident_once() -> None:
    """Another step that may have been before it is not another occurrence."""
    judgement = Judgement(pack(sequence=SEQUENCE % ""))
    coarse = close(5, source="syslog", resolution_ns=SECOND)
    [opened] = judgement.feed(
        changed(1), coarse, stopped(5.4, source="gateway.log"), stopped(5.5, source="gateway.log")
    )
    assert opened.incident.count == 1
    assert judgement.finish() == []


def test_what_was_out_of_order_is_forgotten_by_a_reset() -> None:
    """A last step before the reset completes nothing after it."""
    judgement = Judgement(pack(sequence=SEQUENCE % UNTIL_READY))
    coarse = close(5, source="syslog", resolution_ns=SECOND)
    assert not judgement.feed(coarse, make_event(READY, 5.1), changed(5.2), stopped(5.4, source="gateway.log"))
    assert judgement.feed(close(5.5))


# All of several


@pytest.mark.parametrize(("last_s", "opens"), [(110, True), (110.001, False)])
def test_all_must_be_seen_within_the_window(last_s: float, opens: bool) -> None:
    """The earliest of them may be exactly as old as the window is long."""
    judgement = Judgement(pack(all=ALL % ""))
    assert bool(judgement.feed(make_event(READY, 0), close(100), watchdog(last_s))) is opens


def test_all_take_the_latest_of_each() -> None:
    """An older one that is out of the window does no harm; evidence stands in the order of time."""
    judgement = Judgement(pack(all=ALL % ""))
    [opened] = judgement.feed(watchdog(0, line=1), watchdog(20, line=2), close(25, line=3))
    assert (lines(opened.incident), opened.incident.count) == ([2, 3], 2)


def test_each_of_all_is_another_occurrence() -> None:
    """While the incident is open."""
    judgement = Judgement(pack(all=ALL % ""))
    transitions = judgement.feed(close(0), watchdog(1), close(50), watchdog(100))
    assert [(t.kind, t.incident.count) for t in transitions] == [("opened", 2), ("updated", 4)]


def test_all_may_come_in_one_moment() -> None:
    """Two events of one type and one time are two."""
    body = (ALL % "").replace("channel.watchdog", "channel.disconnected, code: 408")
    body = body.replace("{event: channel.disconnected},", "{event: channel.disconnected, code: 428},")
    judgement = Judgement(pack(all=body))
    assert not judgement.feed(close(0, 408))
    assert judgement.feed(close(0, 428))


def test_until_makes_all_start_anew() -> None:
    """Both are needed after the reset."""
    judgement = Judgement(pack(all=ALL % UNTIL_READY))
    assert not judgement.feed(close(0), make_event(READY, 1), watchdog(2))
    assert judgement.feed(close(3))


# Silence


def test_silence_is_counted_from_the_first_event() -> None:
    """Another one does not put the decision off; the incident opens at the deadline, with the first as evidence."""
    judgement = Judgement(pack(silence=SILENCE))
    assert not judgement.feed(close(0, line=1), close(6, line=2))
    [opened] = judgement.until(11)
    assert told([opened]) == [("opened", "silence", 10)]
    assert lines(opened.incident) == [1]


def test_silence_lasts_until_the_end_of_its_window() -> None:
    """What is awaited may come at the very moment of the deadline."""
    judgement = Judgement(pack(silence=SILENCE))
    assert not judgement.feed(close(0), up(10))
    assert not judgement.until(100)
    assert told([*judgement.feed(close(101)), *judgement.feed(up(111.001))]) == [("opened", "silence", 111)]


def test_silence_is_awaited_again() -> None:
    """After what was awaited came, the next event starts a window of its own."""
    judgement = Judgement(pack(silence=SILENCE))
    assert not judgement.feed(close(0), up(5), close(8, line=3))
    assert not judgement.until(18)
    [opened] = judgement.until(18.001)
    assert lines(opened.incident) == [3]


def test_silence_after_silence_goes_on_as_one_incident() -> None:
    """What nothing resolves is still the same; each silence shows the event that began it."""
    judgement = Judgement(pack(silence=SILENCE))
    transitions = judgement.feed(close(0, line=1), close(20, line=2)) + judgement.until(100)
    assert told(transitions) == [("opened", "silence", 10), ("updated", "silence", 20)]
    assert (lines(transitions[1].incident), transitions[1].incident.count) == ([1, 2], 2)


def test_nothing_awaited_is_nothing_undecided() -> None:
    """A rule that waits for silence says nothing about an attempt of another rule that the end leaves incomplete."""
    body = SILENCE + "  - {name: m, count: 2, of: [{event: channel.watchdog}], within: 10s, confidence: 0.9}\n"
    judgement = Judgement(pack(silence=body))
    assert not judgement.feed(watchdog(0))
    assert not judgement.finish()


# Against the definition


KINDS = ["config.changed", "gateway.stopped", "channel.disconnected"]
COUNT_ANY = f"evidence: [{{name: n, count: 3, of: [{{event: {KINDS}}}], within: 10s, confidence: 0.9}}]\n"
ALL_THREE = f"evidence: [{{name: n, all: {[{'event': kind} for kind in KINDS]}, within: 10s, confidence: 0.9}}]\n"
DEFINITIONS: dict[str, tuple[str, Callable[[list[int]], bool]]] = {
    "count": (COUNT_ANY, lambda kinds: True),
    "sequence": (SEQUENCE % "", lambda kinds: kinds == [0, 1, 2]),
    "all": (ALL_THREE, lambda kinds: sorted(kinds) == [0, 1, 2]),
}
MOMENTS = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 2)), min_size=1, max_size=9)
"""(seconds since the one before, which of the kinds) of each event."""


@pytest.fixture(scope="module", params=DEFINITIONS)
def definition(request: pytest.FixtureRequest) -> tuple[Pack, Callable[[list[int]], bool]]:
    """A rule, and whether three events of these kinds are what it means."""
    body, means = DEFINITIONS[request.param]
    return pack(one=f"{body}key: [host]"), means


@given(MOMENTS)
@settings(max_examples=100, deadline=None, derandomize=True, database=None)
def test_operators_do_what_their_definitions_say(
    definition: tuple[Pack, Callable[[list[int]], bool]], moments: list[tuple[int, int]]
) -> None:
    """Each opens with the event that ends the first choice of three that it means, inside the window."""
    rules, means = definition
    times = list(accumulate(gap_s for gap_s, _ in moments))
    opened = Judgement(rules).feed(
        *[make_event(KINDS[kind], at_s) for at_s, (_, kind) in zip(times, moments, strict=True)]
    )
    chosen = (
        times[last]
        for first, middle, last in combinations(range(len(moments)), 3)
        if times[last] - times[first] <= 10 and means([moments[one][1] for one in (first, middle, last)])
    )
    assert (seconds(opened[0].time_ns) if opened else None) == min(chosen, default=None)


@pytest.mark.parametrize(("last_s", "opens"), [(410, True), (410.001, False)])
def test_the_clock_of_windows_never_goes_back(last_s: float, opens: bool) -> None:
    """A step back of an hour takes no time, and the time that passes after it counts."""
    judgement = Judgement(pack(count=COUNT % ""))
    assert bool(judgement.feed(close(4000), close(400), close(last_s))) is opens
