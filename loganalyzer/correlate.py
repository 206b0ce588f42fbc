"""
Detectors: the operators of the rule language, each watching the events of one group.

An event goes in; the events that together complete the rule come out. Windows run on a logical clock [ns] that
only moves forward. A detector keeps no more than its window, and at most `MAX_KEPT` events.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from typing import NamedTuple, Protocol

from loganalyzer.model import Event, Scalar
from loganalyzer.packs.schema import Condition, EvidenceRule, Selector

MAX_KEPT = 1000


class Seen(NamedTuple):
    """An event at its moment on the logical clock [ns]."""

    clock: int
    event: Event


Completion = tuple[Seen, ...]


def _condition(condition: Condition) -> Callable[[Event], bool]:
    name = condition.attribute
    values = condition.values
    wanted = frozenset(values)

    def value_of(event: Event) -> Scalar | None:
        return event.host if name == "host" else event.attributes.get(name)

    def number(event: Event) -> float | None:
        value = value_of(event)
        return value if isinstance(value, int | float) else None

    match condition.operator:
        case "in":
            return lambda event: value_of(event) in wanted
        case "not":
            return lambda event: value_of(event) not in wanted
        case "has":
            return lambda event: (value_of(event) is not None) == values[0]
    bound = float(values[0])
    match condition.operator:
        case "gte":
            return lambda event: (value := number(event)) is not None and value >= bound
        case "lte":
            return lambda event: (value := number(event)) is not None and value <= bound
        case "gt":
            return lambda event: (value := number(event)) is not None and value > bound
        case _:
            return lambda event: (value := number(event)) is not None and value < bound


class Predicate:
    """The conditions of a selector, made callable; the type of the event is the caller's business."""

    __slots__ = ("_conditions", "attributes", "events")

    def __init__(self, selector: Selector) -> None:
        self.events = selector.events
        self.attributes = frozenset(condition.attribute for condition in selector.conditions)
        self._conditions = tuple(_condition(condition) for condition in selector.conditions)

    def __call__(self, event: Event) -> bool:
        return all(condition(event) for condition in self._conditions)


class Detector(Protocol):
    """One operator at work for one group."""

    @property
    def deadline(self) -> int | None:
        """When silence decides [logical ns]; None for operators that wait for events only."""

    def feed(self, step: int, seen: Seen) -> Completion | None:
        """Take an event that fits selector `step` of the rule; the completion if it was the last one missing."""

    def reset(self) -> None:
        """Forget what was collected."""

    def pending(self) -> Completion:
        """What was collected so far."""


class Match:
    """One event is enough."""

    deadline = None

    def feed(self, step: int, seen: Seen) -> Completion | None:
        """See `Detector.feed`."""
        return (seen,)

    def reset(self) -> None:
        """See `Detector.reset`."""

    def pending(self) -> Completion:
        """See `Detector.pending`."""
        return ()


_MATCH = Match()
"""It remembers nothing, so one does for all groups."""


class Count:
    """So many events within a window, or so many different values of one attribute."""

    deadline = None

    def __init__(self, count: int, within: int, distinct: str | None) -> None:
        self._count = count
        self._within = within
        self._distinct = distinct
        self._seen: deque[Seen] = deque()
        self._values: Counter[Scalar | None] = Counter()
        """How often each value of the distinct attribute is among those seen."""

    def feed(self, step: int, seen: Seen) -> Completion | None:
        """See `Detector.feed`."""
        self._seen.append(seen)
        distinct = self._distinct
        if distinct is not None:
            self._values[seen.event.attributes.get(distinct)] += 1
        while seen.clock - self._seen[0].clock > self._within or len(self._seen) > MAX_KEPT:
            gone = self._seen.popleft()
            if distinct is not None:
                value = gone.event.attributes.get(distinct)
                self._values[value] -= 1
                if not self._values[value]:
                    del self._values[value]
        reached = len(self._seen) if distinct is None else len(self._values) - (None in self._values)
        return tuple(self._seen) if reached >= self._count else None

    def reset(self) -> None:
        """See `Detector.reset`."""
        self._seen.clear()
        self._values.clear()

    def pending(self) -> Completion:
        """See `Detector.pending`."""
        return tuple(self._seen)


class Sequence:
    """
    Events in this order within a window that starts with the first.

    For every step the chain that got there with the latest start is kept. Between two sources whose clocks are too
    coarse to tell which event was first, either order will do.
    """

    deadline = None

    def __init__(self, length: int, within: int) -> None:
        self._within = within
        self._chains: list[Completion] = [()] * length
        self._early: list[Seen | None] = [None] * length

    def feed(self, step: int, seen: Seen) -> Completion | None:
        """See `Detector.feed`."""
        last = len(self._chains) - 1
        if step == 0:
            self._chains[0] = (seen,)
        else:
            before = self._chains[step - 1]
            if not before or seen.clock - before[0].clock > self._within:
                self._early[step] = seen
                return None
            self._chains[step] = (*before, seen)
        if step == last:
            return self._chains[step]
        later = self._early[step + 1]
        if later is not None and _unordered(seen.event, later.event):
            return self.feed(step + 1, later)
        return None

    def reset(self) -> None:
        """See `Detector.reset`."""
        self._chains = [()] * len(self._chains)
        self._early = [None] * len(self._early)

    def pending(self) -> Completion:
        """See `Detector.pending`."""
        return max(self._chains, key=len)


def _unordered(first: Event, second: Event) -> bool:
    """Do the times of two events of different sources overlap?"""
    if first.span.source == second.span.source or first.time_ns is None or second.time_ns is None:
        return False
    return (
        first.time_ns < second.time_ns + second.resolution_ns and second.time_ns < first.time_ns + first.resolution_ns
    )


class All:
    """Each of the selectors, in any order, within a window."""

    deadline = None

    def __init__(self, length: int, within: int) -> None:
        self._within = within
        self._latest: list[Seen | None] = [None] * length

    def feed(self, step: int, seen: Seen) -> Completion | None:
        """See `Detector.feed`."""
        self._latest[step] = seen
        found = [item for item in self._latest if item is not None and seen.clock - item.clock <= self._within]
        return tuple(sorted(found, key=lambda item: item.clock)) if len(found) == len(self._latest) else None

    def reset(self) -> None:
        """See `Detector.reset`."""
        self._latest = [None] * len(self._latest)

    def pending(self) -> Completion:
        """See `Detector.pending`."""
        return tuple(item for item in self._latest if item is not None)


class Absence:
    """An event that is not followed by another in time; `reset` is what the other one does."""

    def __init__(self, within: int) -> None:
        self._within = within
        self._first: Seen | None = None
        self.deadline: int | None = None

    def feed(self, step: int, seen: Seen) -> Completion | None:
        """See `Detector.feed`."""
        if self._first is None:
            self._first = seen
            self.deadline = seen.clock + self._within
        return None

    def expire(self) -> Completion:
        """The deadline has passed in silence."""
        completion = self.pending()
        self.reset()
        return completion

    def reset(self) -> None:
        """See `Detector.reset`."""
        self._first = None
        self.deadline = None

    def pending(self) -> Completion:
        """See `Detector.pending`."""
        return (self._first,) if self._first is not None else ()


def detector_for(rule: EvidenceRule) -> Detector:
    """The detector that does what an evidence rule says."""
    within = rule.within or 0
    if rule.not_followed_by:
        return Absence(within)
    if rule.match:
        return _MATCH
    if rule.of:
        return Count(rule.count or 1, within, rule.distinct)
    if rule.sequence:
        return Sequence(len(rule.sequence), within)
    return All(len(rule.all), within)


def steps_of(rule: EvidenceRule) -> list[tuple[int, Selector, bool]]:
    """(step, selector, whether it counts as an occurrence) of an evidence rule."""
    if rule.sequence:
        last = len(rule.sequence) - 1
        return [(step, selector, step == last) for step, selector in enumerate(rule.sequence)]
    if rule.all:
        return [(step, selector, True) for step, selector in enumerate(rule.all)]
    return [(0, selector, True) for selector in (*rule.match, *rule.of)]
