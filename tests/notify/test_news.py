"""Which transitions are told, and in whose message."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from incidents import step

from loganalyzer.model import Severity, Transition
from loganalyzer.notify.messages import Message
from loganalyzer.notify.news import News
from loganalyzer.outputs.base import View

CAUSE, EFFECT, FAR = "gateway.oom", "gateway.down", "whatsapp.disconnected"
NAMES = (CAUSE, EFFECT, FAR)


def news() -> News:
    return News(View(), Severity.ERROR)


def told(found: list[Message]) -> list[tuple[str, str]]:
    return [(message.id.removeprefix("id-"), message.title.partition(":")[0]) for message in found]


def take(desk: News, *steps: Transition) -> list[tuple[str, str]]:
    return told(desk.take(steps, live=True))


def test_what_opens_and_ends_is_told_once_each() -> None:
    desk = news()
    assert take(desk, step("opened", CAUSE)) == [(CAUSE, "ERROR")]
    assert take(desk, step("updated", CAUSE, count=4)) == []
    assert take(desk, step("resolved", CAUSE)) == [(CAUSE, "Resolved")]


def test_what_is_not_severe_enough_is_told_when_it_becomes_so() -> None:
    desk = news()
    assert take(desk, step("opened", CAUSE, severity=Severity.WARNING)) == []
    assert take(desk, step("updated", CAUSE)) == [(CAUSE, "ERROR")]
    assert take(desk, step("updated", CAUSE, severity=Severity.CRITICAL)) == [(CAUSE, "Now critical")]
    assert take(desk, step("updated", CAUSE)) == []
    assert take(desk, step("updated", CAUSE, severity=Severity.CRITICAL)) == []
    other = news()
    assert take(other, step("opened", CAUSE, severity=Severity.WARNING)) == []
    assert take(other, step("resolved", CAUSE)) == []


def test_what_is_undecided_is_not_told() -> None:
    assert take(news(), step("undecided", CAUSE, severity=Severity.CRITICAL)) == []


def test_a_consequence_is_part_of_its_cause() -> None:
    desk = news()
    take(desk, step("opened", CAUSE))
    assert take(desk, step("opened", EFFECT, caused_by=f"id-{CAUSE}")) == []
    assert take(desk, step("opened", FAR, caused_by=f"id-{EFFECT}")) == []
    assert take(desk, step("resolved", FAR, caused_by=f"id-{EFFECT}")) == []
    [end] = desk.take([step("resolved", CAUSE)], live=True)
    assert f"Still open: {EFFECT}" in end.body
    assert take(desk, step("resolved", EFFECT, caused_by=f"id-{CAUSE}")) == [(EFFECT, "Resolved")]


def test_cause_and_consequence_at_once_are_one_message_that_names_both() -> None:
    steps = [step("opened", EFFECT, caused_by=f"id-{CAUSE}"), step("opened", CAUSE)]
    [message] = news().take(steps, live=True)
    assert message.id == f"id-{CAUSE}"
    assert f"Consequences: {EFFECT}" in message.body


def test_a_cause_that_is_found_late_is_told_once_and_folds_what_was_told() -> None:
    desk = news()
    assert take(desk, step("opened", EFFECT)) == [(EFFECT, "ERROR")]
    found = desk.take([step("opened", CAUSE), step("updated", EFFECT, caused_by=f"id-{CAUSE}")], live=True)
    assert told(found) == [(CAUSE, "ERROR")]
    assert f"Consequences: {EFFECT}" in found[0].body
    assert take(desk, step("updated", EFFECT, caused_by=f"id-{CAUSE}", count=9)) == []
    assert take(desk, step("resolved", EFFECT, caused_by=f"id-{CAUSE}")) == []
    assert take(desk, step("resolved", CAUSE)) == [(CAUSE, "Resolved")]


def test_a_consequence_of_something_too_small_to_tell_is_told_itself() -> None:
    desk = news()
    take(desk, step("opened", CAUSE, severity=Severity.WARNING))
    assert take(desk, step("opened", EFFECT, caused_by=f"id-{CAUSE}")) == [(EFFECT, "ERROR")]


def test_a_hiccup_within_one_piece_of_input_is_no_news() -> None:
    assert take(news(), step("opened", CAUSE), step("resolved", CAUSE)) == []


def test_a_replay_is_told_as_the_state_it_led_to() -> None:
    desk = news()
    for name in ("a.one", "a.two", "a.three"):
        assert desk.take([step("opened", name)], live=False) == []
    assert desk.take([step("resolved", "a.two")], live=False) == []
    assert desk.held == 2
    [message] = desk.take([], live=True)
    assert message.title == "2 incidents are open"
    assert "a.one" in message.body
    assert "a.two" not in message.body
    assert desk.held == 0
    assert take(desk, step("resolved", "a.one")) == [("a.one", "Resolved")]


def test_a_replay_with_one_open_problem_tells_it_in_full() -> None:
    desk = news()
    desk.take([step("opened", CAUSE), step("opened", EFFECT, caused_by=f"id-{CAUSE}")], live=False)
    [message] = desk.take([], live=True)
    assert message.id == f"id-{CAUSE}"
    assert "openclaw gateway status" in message.body


def test_the_incidents_that_are_remembered_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loganalyzer.notify.news.MAX_OPEN", 10)
    desk = news()
    desk.take([step("opened", f"a.n{number}") for number in range(15)], live=True)
    assert take(desk, step("resolved", "a.n4")) == []
    assert take(desk, step("resolved", "a.n5")) == [("a.n5", "Resolved")]


moves = st.tuples(
    st.sampled_from(NAMES),
    st.sampled_from(["opened", "resolved", "undecided"]),
    st.sampled_from([None, *NAMES]),
    st.sampled_from(list(Severity)),
)


@given(st.lists(st.tuples(st.lists(moves, max_size=4), st.booleans()), max_size=12))
def test_whatever_happens_nothing_ends_that_was_not_told_and_nothing_small_is_told(
    pieces: list[tuple[list[tuple[str, str, str | None, Severity]], bool]],
) -> None:
    """Causes in circles, ends without a beginning, silence and noise in any order."""
    desk = news()
    known = ""
    for piece, live in pieces:
        steps = [
            step(kind, name, severity=severity, caused_by=cause and f"id-{cause}")
            for name, kind, cause, severity in piece
        ]
        for message in desk.take(steps, live=live):
            if message.good:
                assert message.id.removeprefix("id-") in known
            else:
                assert message.severity >= Severity.ERROR
            known += message.body
