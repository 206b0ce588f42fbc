"""
One ordered stage per stream: merges sources into one time line, and counts a record once.

Everything before this may run anywhere in any order; everything after it is in order. `Deduplicator` absorbs what was
logged twice: the same event in two sinks of one gateway (file and console), an error that a client echoes into the
gateway's file, or lines that are replayed after a reconnect.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b

from loganalyzer.model import Accounting, Event, Origin
from loganalyzer.packs.schema import EventType

SECOND = 1_000_000_000
MAX_REMEMBERED = 10_240
"""Events remembered to recognise a replay, up to twice as many; an answer of `openclaw logs` has at most 5,000
records."""
STEPPED_BACK = 2 * SECOND
"""So far back begins a replay of lines whose times have no fractions [ns]."""
MAX_NEIGHBOURS = 64
"""Events of one type that a new one is compared with."""
MAX_WAITING = 10_000
"""Events at the start of a stream that wait for the first one with a time."""
_TEXT_FORMATS = frozenset({"console", "tagged", "plain", "system", "excerpt"})
_END_OF_TIME = 1 << 63

Sink = tuple[str, str, bool]


def merge(streams: list[Iterable[Event]]) -> Iterator[Event]:
    """
    Several streams as one, by time; ties by stream, then by place.

    Each stream keeps its own order: an event without a time, or with an earlier one than its predecessor, goes where
    its predecessor went. Events before the first time of a stream go with that; a stream without any time comes last.
    """
    if len(streams) == 1:
        return iter(streams[0])
    return (event for _, event in heapq.merge(*map(_keyed, streams), key=lambda item: item[0]))


def _keyed(stream: Iterable[Event]) -> Iterator[tuple[int, Event]]:
    """The events of a stream, each with the time of its place in the time line [ns]."""
    waiting: list[Event] = []
    latest: int | None = None
    for event in stream:
        if latest is not None:
            latest = max(latest, event.time_ns or 0)
            yield latest, event
            continue
        waiting.append(event)
        if event.time_ns is None and len(waiting) < MAX_WAITING:
            continue
        latest = event.time_ns or 0
        for early in waiting:
            yield latest, early
        waiting.clear()
    for event in waiting:
        yield _END_OF_TIME, event


@dataclass(slots=True)
class _Remembered:
    event: Event
    sink: Sink
    echoes: tuple[Sink, ...] = ()
    """Sinks whose copy of the event was absorbed; each may bring it once."""


class _Neighbours:
    """The latest events of one type."""

    def __init__(self, within: int) -> None:
        self.latest: deque[_Remembered] = deque(maxlen=MAX_NEIGHBOURS)
        self._within = within
        self._coarsest = 0
        """Resolution of the times so far, and how far from one another two copies may be by it [ns]."""
        self._reach = within
        self._sink: Sink | None = None
        """The sink of the event with the latest time, that time, and the latest time from any other sink [ns]."""
        self._newest = self._newest_elsewhere = -_END_OF_TIME

    def echoed_by(self, event: Event, sink: Sink) -> _Remembered | None:
        """The first one of which the event is a copy. Most events come long after the last one from another sink."""
        if event.resolution_ns > self._coarsest:
            self._coarsest = event.resolution_ns
            self._reach = max(self._within, self._coarsest)
        elsewhere = self._newest_elsewhere if sink == self._sink else self._newest
        if event.time_ns is not None and elsewhere < event.time_ns - self._reach:
            return None
        for before in self.latest:
            if before.sink != sink and sink not in before.echoes and self._same(before.event, event):
                return before
        return None

    def append(self, event: Event, sink: Sink) -> None:
        """Remember an event for those that follow."""
        self.latest.append(_Remembered(event, sink))
        time_ns = _END_OF_TIME if event.time_ns is None else event.time_ns
        if sink == self._sink:
            self._newest = max(self._newest, time_ns)
        elif time_ns >= self._newest:
            self._sink, self._newest, self._newest_elsewhere = sink, time_ns, self._newest
        else:
            self._newest_elsewhere = max(self._newest_elsewhere, time_ns)

    def _same(self, one: Event, other: Event) -> bool:
        if one.span.source == other.span.source and None not in (one.host, other.host) and one.host != other.host:
            return False  # two streams, however, may know one host by two names: a container has its own
        if one.time_ns is None or other.time_ns is None:
            close = one.span.source != other.span.source  # no time speaks against it
        else:
            coarse = max(one.resolution_ns, other.resolution_ns)
            within = max(self._within, coarse if coarse >= SECOND else 0)
            close = abs(one.time_ns - other.time_ns) <= within
        return close and all(value == other.attributes.get(name, value) for name, value in one.attributes.items())


class Deduplicator:
    """Recognises an event that was seen before."""

    def __init__(self, event_types: dict[str, EventType], accounting: Accounting) -> None:
        self._within = {name: kind.same_within for name, kind in event_types.items()}
        self._neighbours: dict[str, _Neighbours] = {}
        self._lines: set[bytes] = set()
        self._older_lines: set[bytes] = set()
        """Digests of the latest lines with events, and of those before them; half the size of an order by age."""
        self._latest: dict[str, int] = {}
        """Latest time of each source that has whole seconds only [ns]."""
        self._replaying: set[str] = set()
        """Those that have stepped back to lines that were seen before."""
        self._accounting = accounting

    def fresh(self, events: Iterable[Event]) -> Iterator[Event]:
        """The events that were not seen before."""
        return (event for event in events if not self.is_duplicate(event))

    def is_duplicate(self, event: Event) -> bool:
        """Was this event already seen, in another sink or earlier in a replay? Counts it if so."""
        if self._replayed(event) or self._echoed(event):
            self._accounting.duplicates += 1
            return True
        return False

    def _replayed(self, event: Event) -> bool:
        """The very line again in the same stream; within one second, text without fractions may really repeat."""
        if event.time_ns is None:
            return False
        is_coarse = event.resolution_ns >= SECOND
        line = _digest(event, is_coarse)
        seen = line in self._lines or line in self._older_lines
        if is_coarse:
            seen = self._stepped_back(event.span.source, event.time_ns, seen=seen) and seen
        if seen:
            return True
        if len(self._lines) >= MAX_REMEMBERED:
            self._older_lines, self._lines = self._lines, set()
        self._lines.add(line)
        return False

    def _stepped_back(self, source: str, time_ns: int, *, seen: bool) -> bool:
        """Is a source, after a step back to a line that was seen, not yet past the latest time before that?"""
        latest = self._latest.get(source)
        if latest is None or time_ns > latest:
            self._latest[source] = time_ns
            self._replaying.discard(source)
        elif seen and time_ns <= latest - STEPPED_BACK:
            self._replaying.add(source)
        return source in self._replaying

    def _echoed(self, event: Event) -> bool:
        """The same event in another sink, a moment apart. One sink may tell less of it than another."""
        sink = _sink(event)
        neighbours = self._neighbours.get(event.type)
        if neighbours is None:
            neighbours = self._neighbours[event.type] = _Neighbours(self._within.get(event.type, 0))
        original = neighbours.echoed_by(event, sink)
        if original is not None:
            original.echoes += (sink,)
            return True
        neighbours.append(event, sink)
        return False


def _digest(event: Event, is_coarse: bool) -> bytes:
    """Tells lines of a stream from one another, also in another process."""
    told = (event.type, str(event.time_ns), str(is_coarse), event.host or "", event.format, event.span.source)
    return blake2b("\0".join((*told, event.text)).encode("utf-8", "surrogatepass"), digest_size=8).digest()


def _sink(event: Event) -> Sink:
    """What writes one copy of an event: a stream, the kind of its lines, and whether a client speaks."""
    text = "text" if event.format in _TEXT_FORMATS else event.format
    return event.span.source, text, event.origin is Origin.CLI_ERROR
