"""Lines that are missing and clocks that are set: what exactly becomes doubtful by them, and what does not."""

from __future__ import annotations

import pytest
from judging import Judgement, close, ns, pack, seconds, told, up, watchdog

from loganalyzer.model import GAP, READER, Event, Status, Transition
from loganalyzer.testing import final, make_event

SILENCE = """evidence:
  - name: silence
    match: {event: channel.disconnected}
    not_followed_by: [{event: channel.connected}]
    within: %s
    confidence: 0.6
"""
SURE = "  - {name: sure, match: {event: channel.watchdog}, confidence: 0.9}\n"
ENDS = "resolve: [{on: {event: channel.connected}}]\n"
UNTIL = "within: 1m, until: [{event: channel.connected}], confidence: 0.9}]\n"


def tick(at_s: float, line: int = 1) -> Event:
    """Any line that tells the time."""
    return make_event("gateway.ready", at_s, line=line)


def gap(line: int) -> Event:
    """Whoever reads the file knows that lines are missing above this one."""
    return make_event(GAP, None, line=line, format=READER)


def notice(line: int, reason: str = "log rotated") -> Event:
    """The client says below its answer that lines are missing."""
    return make_event(GAP, None, line=line, format="logs-json", reason=reason)


def statuses(transitions: list[Transition]) -> list[Status]:
    """How each incident stands at last."""
    return [incident.status for incident in final(transitions)]


# Where the lines are missing


def test_a_line_below_a_gap_is_not_in_doubt() -> None:
    """The first of them has the number that the gap was told with."""
    events = [gap(5), close(0, line=5), tick(20, line=6)]
    assert statuses(Judgement(pack(one=SILENCE % "10s")).feed(*events)) == [Status.OPEN]
    events = [close(0, line=4), gap(5), tick(20, line=6)]
    assert statuses(Judgement(pack(one=SILENCE % "10s")).feed(*events)) == [Status.UNDECIDED]


@pytest.mark.parametrize(
    ("line", "status"),
    [(200, Status.UNDECIDED), (201, Status.OPEN), (600, Status.OPEN), (601, Status.UNDECIDED)],
)
def test_a_first_answer_that_is_cut_is_as_long_as_an_answer(line: int, status: Status) -> None:
    """Two hundred records take so many lines at least, and six hundred at most; nothing is missing inside it then."""
    events = [close(0, line=1), notice(line, "tail truncated"), tick(20, line=line + 1)]
    assert statuses(Judgement(pack(one=SILENCE % "10s")).feed(*events)) == [status]


@pytest.mark.parametrize(("line", "status"), [(601, Status.UNDECIDED), (602, Status.OPEN), (603, Status.OPEN)])
def test_a_notice_reaches_back_as_far_as_an_answer_is_long(line: int, status: Status) -> None:
    """What silence had decided by the second line may be inside the answer, or above all of it."""
    events = [close(0, line=1), tick(20, line=2), notice(line)]
    assert statuses(Judgement(pack(one=SILENCE % "10s")).feed(*events)) == [status]


def test_a_notice_reaches_back_to_where_silence_was_decided() -> None:
    """Not to the line that began it."""
    events = [close(0, line=1), tick(5, line=2), tick(20, line=300), notice(700)]
    assert statuses(Judgement(pack(one=SILENCE % "10s")).feed(*events)) == [Status.UNDECIDED]


def test_a_notice_takes_back_nothing_but_silence() -> None:
    """Neither what another rule has seen meanwhile, nor what is over."""
    confirmed = [close(0), tick(20), watchdog(21), notice(5)]
    assert statuses(Judgement(pack(one=SILENCE % "10s" + SURE)).feed(*confirmed)) == [Status.OPEN]
    ended = [close(0), tick(20), up(21), notice(5)]
    assert statuses(Judgement(pack(one=SILENCE % "10s" + ENDS)).feed(*ended)) == [Status.RESOLVED]


def test_of_a_storm_of_silences_the_latest_can_be_taken_back() -> None:
    """A thousand; what a hostile log would have us remember beyond that stays as it was told."""
    judgement = Judgement(pack(one=SILENCE % "10s"))
    judgement.feed(*[close(0, account=str(number)) for number in range(1010)], tick(20, line=2))
    assert len(judgement.feed(notice(3))) == 1000


def test_what_one_silence_has_decided_another_does_not_put_in_doubt() -> None:
    """The incident rests on the first, of which no line is missing."""
    body = SILENCE % "10s" + (SILENCE % "1m").removeprefix("evidence:\n").replace("silence", "longer")
    events = [close(0, line=1), tick(20, line=2), tick(100, line=1000), notice(1002)]
    assert statuses(Judgement(pack(one=body)).feed(*events)) == [Status.OPEN]


def test_what_was_taken_back_is_told_as_undecided() -> None:
    """When the gap is known; the next full silence makes it certain."""
    judgement = Judgement(pack(one=SILENCE % "10s"))
    transitions = judgement.feed(close(0, line=1), tick(20, line=2), notice(3), close(30, line=4), tick(50, line=5))
    assert told(transitions) == [("opened", "one", 10), ("undecided", "one", 20), ("opened", "one", 40)]
    assert [t.incident.status for t in transitions] == [Status.OPEN, Status.UNDECIDED, Status.OPEN]


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ([428, None, 408], [("undecided", 2)]),
        ([428, None, 408, 408], [("undecided", 2)]),
        ([428, None, 408, 515], [("undecided", 2), ("opened", 3)]),
    ],
)
def test_different_values_behind_a_gap_count_alone(codes: list[int | None], expected: list[tuple[str, int]]) -> None:
    """As many as are asked for are enough, whatever was reset among the lost lines."""
    rules = pack(one="evidence: [{name: n, count: 2, of: [{event: channel.disconnected}], distinct: code, " + UNTIL)
    events = [gap(at) if code is None else close(at, code, line=at) for at, code in enumerate(codes, start=1)]
    transitions = Judgement(rules).feed(*events)
    assert [(t.kind, t.incident.count) for t in transitions] == expected


def test_what_is_doubtful_makes_an_open_incident_no_surer() -> None:
    """A count that a gap has cut adds neither confidence nor severity."""
    body = """evidence:
  - {name: low, match: {event: channel.watchdog}, severity: warning, confidence: 0.5}
  - {name: n, count: 2, of: [{event: channel.disconnected}], within: 1m, until: [{event: channel.connected}],
     severity: error, confidence: 0.9}
"""
    judgement = Judgement(pack(one=body))
    [*_, incident] = final(
        judgement.feed(watchdog(0, line=1), close(1, line=2), gap(3), close(2, line=3)) + judgement.finish()
    )
    assert (incident.status, incident.confidence, incident.severity.label) == (Status.OPEN, 0.5, "warning")


def test_a_cause_that_becomes_certain_takes_over_what_it_explains() -> None:
    """While it was undecided it explained nothing."""
    cause = (SILENCE % "10s").replace("disconnected", "linked") + SURE + "explains: [x.down]\nexplains_before: 1m\n"
    down = "evidence: [{name: one, match: {event: channel.disconnected}, confidence: 0.9}]\n"
    judgement = Judgement(pack(cause=cause, down=down))
    linked = make_event("channel.linked", 0, channel="whatsapp", line=1)
    first = judgement.feed(linked, gap(2), tick(20, line=2), close(25, line=3))
    assert told(first) == [("undecided", "cause", 10), ("opened", "down", 25)]
    assert first[1].incident.caused_by is None
    risen = judgement.feed(watchdog(30, line=4))
    assert told(risen) == [("opened", "cause", 30), ("updated", "down", 30)]
    assert risen[1].incident.caused_by == risen[0].incident.id


# Clocks that are set


HALF_HOUR = 1800


@pytest.mark.parametrize(
    ("ahead_s", "back_s", "status"),
    [
        (HALF_HOUR, -1, Status.UNDECIDED),
        (HALF_HOUR, 0, Status.UNDECIDED),
        (HALF_HOUR, 0.001, Status.OPEN),
        (HALF_HOUR - 0.001, -1000, Status.OPEN),
        (20, -3600, Status.OPEN),
        (10_800, 9.999, Status.UNDECIDED),
        (10_800, 10, Status.OPEN),
        (10_800, 7200, Status.OPEN),
    ],
)
def test_a_leap_that_is_taken_back_was_no_silence(ahead_s: float, back_s: float, status: Status) -> None:
    """Half an hour ahead at once, and as far back again, to before the deadline: less is disorder, or was silence."""
    judgement = Judgement(pack(one=SILENCE % "10s"))
    assert statuses(judgement.feed(close(0), tick(ahead_s), tick(back_s))) == [status]


def test_a_clock_that_was_set_forward_is_no_silence() -> None:
    """Whoever watches the clock says so; the step by which lines show it takes no more time than the rest of it."""
    judgement = Judgement(pack(one=SILENCE % "10s"))
    judgement.feed(close(0))
    judgement.classifier.jumped_ns = ns(3600) - ns(0)
    assert judgement.feed(tick(1)) == []
    assert judgement.feed(tick(3605)) == []
    assert (seconds(judgement.classifier.deadline_ns), judgement.classifier.jumped_ns) == (3610, 0)
    assert told(judgement.until(3610.5)) == [("opened", "one", 3610)]


@pytest.mark.parametrize(("step_s", "is_shown"), [(3589.999, False), (3590, True), (3600, True), (3609, True)])
def test_a_clock_may_show_a_little_less_than_it_was_set(step_s: float, is_shown: bool) -> None:
    """Ten seconds of it may have passed before the last line was written."""
    judgement = Judgement(pack(one=SILENCE % "10s"))
    judgement.feed(close(0))
    judgement.classifier.jumped_ns = ns(3600) - ns(0)
    opened = judgement.feed(tick(step_s))
    assert (opened == [], judgement.classifier.jumped_ns == 0) == (is_shown, is_shown)
