"""Merging sources and counting a record once."""

from __future__ import annotations

from loganalyzer.model import Accounting, Event
from loganalyzer.ordering import Deduplicator, merge
from loganalyzer.packs.schema import EventType
from loganalyzer.testing import make_event

TYPES = {"a": EventType(meaning="m"), "slow": EventType(meaning="m", same_within=2_000_000_000)}


def fresh(events: list[Event]) -> list[Event]:
    """What is left without duplicates."""
    return list(Deduplicator(TYPES, Accounting()).fresh(events))


def test_merge_is_by_time_and_keeps_the_order_within_a_stream() -> None:
    """An event with a smaller or no time follows its predecessor."""
    one = [make_event("a", 1, line=1), make_event("a", None, line=2), make_event("a", 0.5, line=3)]
    two = [make_event("b", 0), make_event("b", 2)]
    assert [(e.type, e.span.line) for e in merge([one, two])] == [("b", 1), ("a", 1), ("a", 2), ("a", 3), ("b", 1)]


def test_the_same_event_in_two_sinks_counts_once() -> None:
    """File and console write within milliseconds of each other."""
    file, console = make_event("a", 1.000, code=428), make_event("a", 1.004, code=428, format="console")
    assert fresh([file, console]) == [file]


def test_different_attributes_or_distant_times_are_different_events() -> None:
    """Another code, or half a second between, is another event."""
    assert len(fresh([make_event("a", 1, code=1), make_event("a", 1, code=2, format="console")])) == 2
    assert len(fresh([make_event("a", 1), make_event("a", 1.5, format="console")])) == 2


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


def test_the_vocabulary_sets_the_distance() -> None:
    """`same_within` of an event type is respected."""
    assert len(fresh([make_event("slow", 1), make_event("slow", 2.5, format="console")])) == 1
