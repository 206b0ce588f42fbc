"""
One ordered stage per stream: completes times, merges sources into one time line, and counts a record once.

Everything before this may run anywhere in any order; everything after it is in order. `Deduplicator` absorbs what
was logged twice: the same event in two sinks of one gateway (file and console), or lines that are replayed after
a reconnect.
"""

from __future__ import annotations

import heapq
from collections import OrderedDict
from collections.abc import Iterable, Iterator

from loganalyzer.model import Accounting, Event
from loganalyzer.packs.schema import EventType

SECOND = 1_000_000_000
MAX_REMEMBERED = 4096
"""Events remembered to recognise duplicates."""


def merge(streams: list[Iterable[Event]]) -> Iterator[Event]:
    """
    Several streams as one, by time; ties by stream, then by place. Each stream keeps its own order: an event without a
    time, or with an earlier one than its predecessor, goes where its predecessor went.
    """
    if len(streams) == 1:
        return iter(streams[0])
    keyed = [_keyed(stream, index) for index, stream in enumerate(streams)]
    return (event for _, _, _, event in heapq.merge(*keyed, key=lambda item: item[:3]))


def _keyed(stream: Iterable[Event], index: int) -> Iterator[tuple[int, int, int, Event]]:
    latest = 0
    for position, event in enumerate(stream):
        latest = max(latest, event.time_ns or 0)
        yield latest, index, position, event


class Deduplicator:
    """Recognises an event that was seen before."""

    def __init__(self, event_types: dict[str, EventType], accounting: Accounting) -> None:
        self._within = {name: kind.same_within for name, kind in event_types.items()}
        self._seen: OrderedDict[object, Event] = OrderedDict()
        self._lines: OrderedDict[object, None] = OrderedDict()
        self._accounting = accounting

    def fresh(self, events: Iterable[Event]) -> Iterator[Event]:
        """The events that were not seen before."""
        return (event for event in events if not self.is_duplicate(event))

    def is_duplicate(self, event: Event) -> bool:
        """Was this event already seen, in another sink or earlier in a replay? Counts it if so."""
        if event.time_ns is None:
            return False
        duplicate = self._replayed(event) or self._echoed(event)
        self._accounting.duplicates += duplicate
        return duplicate

    def _replayed(self, event: Event) -> bool:
        """The very line again in the same stream; text of second resolution may really repeat."""
        if event.resolution_ns >= SECOND:
            return False
        line = (event.span.source, event.format, event.type, event.time_ns, event.text)
        if line in self._lines:
            return True
        self._lines[line] = None
        if len(self._lines) > MAX_REMEMBERED:
            self._lines.popitem(last=False)
        return False

    def _echoed(self, event: Event) -> bool:
        """The same event in another sink, a moment apart."""
        key = (event.type, tuple(sorted(event.attributes.items())))
        before = self._seen.get(key)
        if before is not None and _sink(before) != _sink(event) and before.time_ns is not None:
            coarse = max(before.resolution_ns, event.resolution_ns)
            within = max(self._within.get(event.type, 0), coarse if coarse >= SECOND else 0)
            if abs((event.time_ns or 0) - before.time_ns) <= within:
                return True
        self._seen[key] = event
        self._seen.move_to_end(key)
        if len(self._seen) > MAX_REMEMBERED:
            self._seen.popitem(last=False)
        return False


def _sink(event: Event) -> tuple[str, str]:
    return event.span.source, event.format
