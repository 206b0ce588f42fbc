"""
Who listens: the groups of each failure mode, and which modes an event concerns.

A `Tracker` holds the state of one mode, a `Group` that of one key (host, channel, account …). A part of a key
that an event does not tell fits every value. `Listeners` answers which trackers an event concerns and in which
role.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from loganalyzer.correlate import Completion, Detector, Predicate, Seen, detector_for, steps_of
from loganalyzer.incident import LiveIncident
from loganalyzer.keys import Key, KeyTable, fits
from loganalyzer.model import Accounting, Event, Severity
from loganalyzer.packs.schema import FailureMode, Nearby

MAX_GROUPS = 10_000
"""Groups (key combinations) one mode follows at a time."""
MAX_ANSWERS = 10_000
"""Combinations of attribute values whose listeners are remembered."""
_NEARBY_KEPT = 64


@dataclass(slots=True)
class Group:
    """State of one failure mode for one key."""

    key: Key
    detectors: list[Detector]
    incident: LiveIncident | None = None
    recovered: Seen | None = None
    """Evidence of recovery that has yet to prove stable."""
    calm_from: int = 0
    """Since when nothing speaks against the recovery [logical ns]: its evidence, or a gap behind that."""
    stable_at: int = 0
    opened: int = 0

    def clear(self) -> None:
        """Forget the incident and what was collected for it."""
        self.incident = self.recovered = None
        for detector in self.detectors:
            detector.reset()


Kind = Literal["reset", "resolve", "evidence", "also", "nearby"]


@dataclass(slots=True)
class Role:
    """Why a mode listens to an event type."""

    predicate: Predicate
    kind: Kind
    index: int = 0
    step: int = 0
    occurrence: bool = False
    """The event is what the rule is about, not a step on the way; a relapse, if it comes after a recovery."""
    counts: bool = False
    """It raises the count of an open incident."""


class Note(NamedTuple):
    """One thing that happened inside a rule, told to whoever watches; it changes nothing."""

    kind: Literal["taken", "complete", "held", "reset", "silence", "recovering", "relapse"]
    group: Group
    rule: int
    """Position of the evidence rule (`taken`, `complete`, `held`, `reset`, `silence`), 0 for the other kinds."""
    seen: Seen | None
    """The event that did it; None for silence."""
    before: Completion
    """What the rule had collected before."""
    after: Completion
    """What it has collected then; the completing events for `complete` and `silence`, the event that holds back for
    `held`."""


Watch = Callable[[Note], None]


class Tracker:
    """All groups of one failure mode."""

    def __init__(self, mode: FailureMode, accounting: Accounting, watch: Watch | None = None) -> None:
        self.mode = mode
        self.watch = watch
        self.groups: KeyTable[Group] = KeyTable()
        self._latest: tuple[Key, Group] | None = None
        """The latest question for a group and its answer, which is the same as long as nobody asks for another one."""
        self.evicted: list[Group] = []
        """Groups that gave way to others, until somebody takes them from here."""
        self.roles: list[Role] = list(_roles(mode))
        looks = nearby_of(mode)
        indexes = {id(nearby): index for index, nearby in enumerate(looks)}
        self.context = [(indexes[id(nearby)], nearby) for nearby in mode.context]
        self.unless = [[(indexes[id(n)], n) for n in rule.unless] for rule in mode.evidence]
        self.confirmed_by = [[(indexes[id(n)], n) for n in rule.confirmed_by] for rule in mode.evidence]
        names = (rule.severity or mode.severity for rule in mode.evidence)
        self.severities = [Severity[name.upper()] for name in names]
        """By evidence rule."""
        self._remembered: list[deque[tuple[Seen, Key]]] = [deque(maxlen=_NEARBY_KEPT) for _ in looks]
        self._accounting = accounting

    def group(self, key: Key) -> Group:
        """The group that fits a key best, made if there is none; an unknown part of a key fits everything."""
        if self._latest is not None and self._latest[0] == key:
            return self._latest[1]
        found = self.groups.get(key) or self.groups.latest(key)
        if found is None:
            found = Group(key, [detector_for(rule) for rule in self.mode.evidence])
            if len(self.groups) >= MAX_GROUPS:
                self.evicted.append(self.groups.pop_oldest())
                self._accounting.evicted += 1
        elif None in found.key and found.key != key:
            self._refine(found, key)
        self.groups.put(found.key, found)
        self._latest = key, found
        return found

    def _refine(self, group: Group, key: Key) -> None:
        known = tuple([old if old is not None else new for old, new in zip(group.key, key, strict=True)])
        if known == group.key:
            return
        self.groups.pop(group.key)
        group.key = known
        if group.incident is not None:
            group.incident.key = group.key

    def fitting(self, key: Key) -> list[Group]:
        """Every existing group that an event with this key may be about."""
        exact = self.groups.get(key)
        if exact is not None and None not in key:
            return [exact]
        return self.groups.fitting(key)

    def remember(self, index: int, key: Key, seen: Seen) -> None:
        """Keep an event that a look-back is about."""
        self._remembered[index].append((seen, key))

    def recent(self, index: int, nearby: Nearby, key: Key, clock: int) -> Seen | None:
        """The latest remembered event of a look-back that fits a key and its window."""
        for seen, other in reversed(self._remembered[index]):
            if clock - seen.clock > nearby.within:
                return None
            if fits(key, other):
                return seen
        return None


def key_of(event: Event, shape: tuple[str, ...]) -> Key:
    """What tells the groups of a mode apart, of an event; None for what it does not tell."""
    get = event.attributes.get
    return tuple([event.host if name == "host" else _text(get(name)) for name in shape])


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def nearby_of(mode: FailureMode) -> list[Nearby]:
    """Every look-back of a mode; the position is its index."""
    result = list(mode.context)
    for rule in mode.evidence:
        result += [*rule.unless, *rule.confirmed_by]
    return result


def _roles(mode: FailureMode) -> Iterator[Role]:
    for index, rule in enumerate(mode.evidence):
        for selector in (*rule.until, *rule.not_followed_by):
            yield Role(Predicate(selector), "reset", index)
    for index, resolve in enumerate(mode.resolve):
        for selector in resolve.on:
            yield Role(Predicate(selector), "resolve", index)
    for index, rule in enumerate(mode.evidence):
        for step, selector, occurrence in reversed(steps_of(rule)):
            yield Role(Predicate(selector), "evidence", index, step, occurrence, occurrence and rule.counts)
    for selector in mode.also:
        yield Role(Predicate(selector), "also")
    for index, nearby in enumerate(nearby_of(mode)):
        yield Role(Predicate(nearby.selector), "nearby", index)


class Listening(NamedTuple):
    """A mode that an event concerns, and what the event does there; by evidence rule, way of recovery or look-back."""

    tracker: Tracker
    shape: int
    """Which of the answer's shapes of keys is that of the mode."""
    wakes: bool
    """Also while the mode follows no group; otherwise the event only changes or ends what is there."""
    resets: tuple[int, ...]
    resolves: tuple[int, ...]
    evidence: tuple[Role, ...]
    also: bool
    nearby: tuple[int, ...]


class Answer(NamedTuple):
    """The modes that an event concerns, in the order of the pack."""

    listening: tuple[Listening, ...]
    shapes: tuple[tuple[str, ...], ...]
    """Of the keys by which they tell their groups apart."""


_NOBODY = Answer((), ())


class Listeners:
    """
    Which modes an event concerns, and why.

    Events of one type differ in few attributes that rules ask for, so the answer is remembered by their values.
    """

    def __init__(self, trackers: list[Tracker]) -> None:
        self._by_type: dict[str, list[tuple[Tracker, list[Role]]]] = {}
        asked: dict[str, set[str]] = {}
        for tracker in trackers:
            roles: dict[str, list[Role]] = {}
            for role in tracker.roles:
                for name in role.predicate.events:
                    roles.setdefault(name, []).append(role)
                    asked.setdefault(name, set()).update(role.predicate.attributes)
            for name, listening in roles.items():
                self._by_type.setdefault(name, []).append((tracker, listening))
        self._asked = {name: tuple(sorted(attributes)) for name, attributes in asked.items()}
        self._answers: dict[object, Answer] = {}

    def of(self, event: Event) -> Answer:
        """Modes that an event concerns."""
        asked = self._asked.get(event.type)
        if asked is None:
            return _NOBODY
        get = event.attributes.get
        key = (event.type, event.host if "host" in asked else None, *map(get, asked))
        found = self._answers.get(key)
        if found is None:
            if len(self._answers) >= MAX_ANSWERS:
                self._answers.clear()
            found = self._answers[key] = self._answer(event)
        return found

    def _answer(self, event: Event) -> Answer:
        shapes: dict[tuple[str, ...], int] = {}
        listening = []
        for tracker, roles in self._by_type[event.type]:
            fitting = [role for role in roles if role.predicate(event)]
            if fitting:
                shape = shapes.setdefault(tracker.mode.key, len(shapes))
                listening.append(_listening(tracker, shape, fitting))
        return Answer(tuple(listening), tuple(shapes))


def _listening(tracker: Tracker, shape: int, roles: list[Role]) -> Listening:
    def indexes(kind: Kind) -> tuple[int, ...]:
        return tuple([role.index for role in roles if role.kind == kind])

    evidence = tuple([role for role in roles if role.kind == "evidence"])
    nearby = indexes("nearby")
    return Listening(
        tracker,
        shape,
        wakes=bool(evidence or nearby),
        resets=indexes("reset"),
        resolves=indexes("resolve"),
        evidence=evidence,
        also=any(role.kind == "also" for role in roles),
        nearby=nearby,
    )
