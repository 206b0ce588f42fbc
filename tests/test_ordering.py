"""Merging sources and counting a record once."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loganalyzer.model import Accounting, Event, Origin
from loganalyzer.ordering import MAX_NEIGHBOURS, MAX_REMEMBERED, STEPPED_BACK, Deduplicator, merge
from loganalyzer.packs.schema import EventType
from loganalyzer.testing import make_event

TYPES = {
    "a": EventType(meaning="m"),
    "exact": EventType(meaning="m", same_within=0),
    "slow": EventType(meaning="m", same_within=2_000_000_000),
}


def fresh(events: list[Event]) -> list[Event]:
    """What is left without duplicates."""
    return list(Deduplicator(TYPES, Accounting()).fresh(events))


def test_merge_is_by_time_and_keeps_the_order_within_a_stream() -> None:
    """An event with a smaller or no time follows its predecessor."""
    one = [make_event("a", 1, line=1), make_event("a", None, line=2), make_event("a", 0.5, line=3)]
    two = [make_event("b", 0), make_event("b", 2)]
    assert [(e.type, e.span.line) for e in merge([one, two])] == [("b", 1), ("a", 1), ("a", 2), ("a", 3), ("b", 1)]


def test_one_stream_stays_as_it_is() -> None:
    """Whatever its times are."""
    stream = [make_event("a", 3), make_event("a", None), make_event("a", 1)]
    assert list(merge([stream])) == stream


def test_at_one_time_the_first_stream_comes_first() -> None:
    """All that it has to say of that time, whatever the lines look like."""
    streams = [[make_event(name, 1, line=line) for line in (1, 2)] for name in "ab"]
    assert [(e.type, e.span.line) for e in merge(streams)] == [("a", 1), ("a", 2), ("b", 1), ("b", 2)]


def test_a_clock_that_steps_back_does_not_go_before_what_was_told() -> None:
    """The stream goes on where it was, and other streams catch up."""
    one = [
        make_event("a", 5, line=1),
        make_event("a", 1, line=2),
        make_event("a", None, line=3),
        make_event("a", 6, line=4),
    ]
    two = [make_event("b", 4), make_event("b", 5.5)]
    assert [(e.type, e.span.line) for e in merge([one, two])] == [
        ("b", 1), ("a", 1), ("a", 2), ("a", 3), ("b", 1), ("a", 4),
    ]  # fmt: skip


@pytest.mark.parametrize(("untimed", "order"), [(2, "baaa"), (3, "aaaba")])
def test_not_all_too_many_events_wait_for_a_first_time(
    untimed: int, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stream that names no time for long begins at once, so that memory is bounded."""
    monkeypatch.setattr("loganalyzer.ordering.MAX_WAITING", 3)
    one = [*[make_event("a", None)] * untimed, make_event("a", -1)]
    assert "".join(e.type for e in merge([one, [make_event("b", -2)]])) == order


def test_the_same_event_in_two_sinks_counts_once() -> None:
    """File and console write within milliseconds of each other."""
    file, console = make_event("a", 1.000, code=428), make_event("a", 1.004, code=428, format="console")
    assert fresh([file, console]) == [file]


def test_different_attributes_or_distant_times_are_different_events() -> None:
    """Another code, or half a second between, is another event."""
    assert len(fresh([make_event("a", 1, code=1), make_event("a", 1, code=2, format="console")])) == 2
    assert len(fresh([make_event("a", 1), make_event("a", 1.5, format="console")])) == 2


@pytest.mark.parametrize(
    ("type", "apart_s", "left"),
    [("a", 0.05, 1), ("a", 0.0501, 2), ("slow", 2, 1), ("slow", 2.001, 2), ("exact", 0, 1), ("exact", 1e-9, 2)],
)
def test_copies_are_at_most_as_far_apart_as_the_vocabulary_says(type: str, apart_s: float, left: int) -> None:
    """And no further; a clock of milliseconds does not make it more."""
    assert len(fresh([make_event(type, 0), make_event(type, apart_s, format="console")])) == left
    assert len(fresh([make_event(type, apart_s), make_event(type, 0, format="console")])) == left


@pytest.mark.parametrize(
    ("first", "second", "left"),
    [
        ({"format": "console"}, {"format": "plain"}, 2),
        ({"format": "tagged"}, {"format": "excerpt"}, 2),
        ({"format": "gateway-json"}, {"format": "logs-json"}, 1),
        ({"format": "console", "source": "a.log"}, {"format": "plain", "source": "b.log"}, 1),
        ({"origin": Origin.CLI_ERROR}, {"origin": Origin.CLI_ERROR}, 2),
        ({"origin": Origin.UNKNOWN}, {"origin": Origin.GATEWAY}, 2),
    ],
)
def test_what_is_one_sink_and_what_are_two(first: dict[str, Any], second: dict[str, Any], left: int) -> None:
    """Lines of text of one stream are one, however they are recognised; kinds of JSON are several, and so are files."""
    assert len(fresh([make_event("a", 1, **first), make_event("a", 1.004, **second)])) == left


def test_an_unknown_type_has_no_distance() -> None:
    """Only what comes at the same moment is a copy of it."""
    assert len(fresh([make_event("new", 1), make_event("new", 1, format="console")])) == 1
    assert len(fresh([make_event("new", 1), make_event("new", 1 + 1e-6, format="console")])) == 2


def test_coarse_sources_have_a_second() -> None:
    """syslog has no milliseconds."""
    syslog = make_event("a", 1, source="syslog", resolution_ns=10**9)
    assert len(fresh([make_event("a", 1.7), syslog])) == 1


def test_repeats_in_one_sink_are_real() -> None:
    """A gateway that logs the same event twice within 50 ms means two events."""
    assert len(fresh([make_event("a", 1.000), make_event("a", 1.001)])) == 2


def test_replayed_lines_count_once() -> None:
    """After a reconnect `openclaw logs --follow` prints lines again, with the same time and text."""
    lines = [make_event("a", t, text=f"line {t}") for t in (1, 2, 3)]
    accounting = Accounting()
    left = list(Deduplicator(TYPES, accounting).fresh([*lines, *lines[1:], make_event("a", 4)]))
    assert len(left) == 4
    assert accounting.duplicates == 2


def test_two_hosts_in_one_stream_have_events_of_their_own() -> None:
    """A collector mixes gateways that lose their network in the same millisecond; a host without a name may be either."""
    first, second = (make_event("a", 1, host=host, text="same") for host in ("first", "second"))
    echo = make_event("a", 1.001, host="first", format="console")
    assert fresh([first, second]) == [first, second]
    assert fresh([second, echo]) == [second, echo]
    assert fresh([first, second, echo]) == [first, second]
    assert fresh([first, make_event("a", 1.001, format="console")]) == [first]


def test_replayed_lines_without_fractions_count_once() -> None:
    """A step back to lines that were seen is a replay, up to the latest time before it."""
    second = 10**9
    lines = [make_event("a", t, text=f"line {t}", resolution_ns=second, format="console") for t in (1, 1, 5, 9, 9)]
    after = make_event("a", 9, text="another", resolution_ns=second, format="console")
    late = make_event("a", 20, text="line 9", resolution_ns=second, format="console")
    accounting = Accounting()
    left = list(Deduplicator(TYPES, accounting).fresh([*lines, *lines[1:], after, late]))
    assert left == [*lines, after, late]
    assert accounting.duplicates == 4


def test_text_without_fractions_may_repeat_within_its_second() -> None:
    """Three restarts in a second are three, and a line that comes a second late is no replay."""
    lines = [make_event("a", t, text="restart", resolution_ns=10**9, format="console") for t in (1, 1, 1, 2, 1)]
    assert fresh(lines) == lines


def test_two_restarts_of_the_same_words_are_two() -> None:
    """Their times differ."""
    for resolution_ns in (10**6, 10**9):
        starts = [make_event("a", t, text="ready", resolution_ns=resolution_ns) for t in (0, 60, 120)]
        assert fresh(starts) == starts


def test_the_longest_tail_is_recognised() -> None:
    """`openclaw logs` shows 5,000 records at most."""
    assert MAX_REMEMBERED > 2 * 5000
    lines = [make_event("a", t, text="same") for t in range(5000)]
    accounting = Accounting()
    assert len(list(Deduplicator(TYPES, accounting).fresh([*lines, *lines]))) == 5000
    assert accounting.duplicates == 5000


def test_the_vocabulary_sets_the_distance() -> None:
    """`same_within` of an event type is respected."""
    assert len(fresh([make_event("slow", 1), make_event("slow", 2.5, format="console")])) == 1


def test_one_sink_may_tell_less_than_another() -> None:
    """The console drops structured arguments; what both tell must agree."""
    file = make_event("a", 1.000, code=428, model="m")
    assert len(fresh([file, make_event("a", 1.002, code=428, format="console")])) == 1
    assert len(fresh([file, make_event("a", 1.002, code=500, format="console")])) == 2


def test_each_copy_absorbs_one_echo_of_a_sink() -> None:
    """Two real events a millisecond apart, each in two sinks, are two events."""
    file = [make_event("a", t) for t in (1.000, 1.001)]
    console = [make_event("a", t, format="console") for t in (1.002, 1.003)]
    assert len(fresh([*file, *console])) == 2
    assert len(fresh([file[0], *console])) == 2


def test_an_echo_of_a_client_counts_once() -> None:
    """The client's error stands in the gateway's own file, some milliseconds later."""
    refused = make_event("slow", 1.0, client="cli")
    assert len(fresh([refused, make_event("slow", 1.3, origin=Origin.CLI_ERROR)])) == 1


def test_text_without_time_is_compared_across_files_only() -> None:
    """A console line that carries no time is the copy of a timed record of another file, not of its neighbour."""
    timed = make_event("a", 1, source="file.log")
    bare = make_event("a", None, source="console.log", format="plain")
    assert len(fresh([timed, bare])) == 1
    assert len(fresh([bare, bare._replace(text="again")])) == 2


def test_events_before_the_first_time_of_a_stream_go_with_it() -> None:
    """They are not older than everything else; a stream without any time comes last."""
    one = [make_event("a", None, line=1), make_event("a", 5, line=2)]
    two = [make_event("b", 1)]
    three = [make_event("c", None)]
    assert [e.type for e in merge([three, one, two])] == ["b", "a", "a", "c"]


SINKS = [("a.log", "gateway-json"), ("a.log", "console"), ("b.log", "gateway-json")]
events_of_sinks = st.builds(
    lambda at_s, sink, code, resolution_ns: make_event(
        "a", at_s, source=sink[0], format=sink[1], code=code, resolution_ns=resolution_ns, text=f"{sink}"
    ),
    st.none() | st.sampled_from([0.0, 0.02, 0.05, 0.051, 0.9, 1.0, 1.051, 2.0, 3600.0]),
    st.sampled_from(SINKS),
    st.integers(0, 1),
    st.sampled_from([1_000_000, 1_000_000_000, 60_000_000_000]),
)


@given(st.lists(events_of_sinks, max_size=40))
def test_no_comparison_that_matters_is_left_out(events: list[Event]) -> None:
    """Comparing each event with all before it gives the same, clock jumps and lines without time included."""
    left: list[tuple[Event, set[tuple[str, str]]]] = []
    replayed: set[object] = set()
    latest: dict[str, int] = {}
    stepped_back: set[str] = set()
    expected = []
    for event in events:
        sink = (event.span.source, event.format)
        line = (sink, event.time_ns, event.resolution_ns >= 10**9)
        if event.time_ns is not None:
            seen = line in replayed
            if event.resolution_ns >= 10**9:
                if event.time_ns > latest.get(sink[0], -1):
                    latest[sink[0]] = event.time_ns
                    stepped_back.discard(sink[0])
                elif seen and event.time_ns <= latest[sink[0]] - STEPPED_BACK:
                    stepped_back.add(sink[0])
                seen = seen and sink[0] in stepped_back
            if seen:
                continue
            replayed.add(line)
        for before, echoes in left[-MAX_NEIGHBOURS:]:
            own = (before.span.source, before.format)
            if own == sink or sink in echoes or before.attributes != event.attributes:
                continue
            coarse = max(before.resolution_ns, event.resolution_ns)
            if before.time_ns is None or event.time_ns is None:
                close = own[0] != sink[0]
            else:
                close = abs(before.time_ns - event.time_ns) <= (coarse if coarse >= 10**9 else 50_000_000)
            if close:
                echoes.add(sink)
                break
        else:
            left.append((event, set()))
            expected.append(event)
    assert fresh(events) == expected
