"""
Events become incidents: the stateful end of the flow.

`Classifier.feed` takes typed events in order, runs the detectors of every failure mode that cares, and returns the
transitions that are decided by that event and by the time that passed before it. Nothing here looks at text.
Memory is bounded: groups per mode are capped, least recently used first out, and counted.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from loganalyzer.causes import Causes
from loganalyzer.correlate import Absence, Completion, Seen
from loganalyzer.incident import LiveIncident, Surroundings, band_of
from loganalyzer.model import Accounting, Event, Incident, Severity, Status, Transition
from loganalyzer.packs.schema import EvidenceRule, Pack
from loganalyzer.remediate import parse_version
from loganalyzer.tracking import Group, Listeners, Note, Role, Tracker, Watch

TRUSTED_AT_END = 120_000_000_000
"""A recovery that the end of the input leaves unproved counts if it had to be stable for no longer than this [ns]."""
MAX_REPORTED = 100_000
"""Incidents kept for the report of a run; later ones are still printed live, and counted."""


@dataclass(order=True, slots=True)
class _Deadline:
    clock: int
    order: int
    group: Group = field(compare=False)
    tracker: Tracker = field(compare=False)
    index: int | None = field(compare=False)
    """Evidence rule whose absence is decided; None for a recovery that proves stable."""


class Classifier:
    """
    Runs every failure mode of a pack over one ordered stream of events.

    Args:
        watches: told what happens inside the rules of a mode, by its id.
    """

    def __init__(
        self,
        pack: Pack,
        accounting: Accounting,
        *,
        keep: bool = True,
        watches: Mapping[str, Watch] = MappingProxyType({}),
    ) -> None:
        self._accounting = accounting
        self._keep = keep
        self._trackers = [Tracker(mode, accounting, watches.get(mode.id)) for mode in pack.modes.values()]
        self._listeners = Listeners(self._trackers)
        self._causes = Causes(pack.modes)
        self._deadlines: list[_Deadline] = []
        self._order = 0
        self._clock = 0
        self._last_ns: int | None = None
        self.surroundings = Surroundings()
        self._live: dict[str, LiveIncident] = {}
        self.incidents: dict[str, Incident] = {}
        """The latest state of each incident, by id."""

    @property
    def last_ns(self) -> int | None:
        """Time of the latest event [ns, UTC]."""
        return self._last_ns

    @property
    def deadline_ns(self) -> int | None:
        """When silence will decide something [ns, UTC]; None if nothing is pending."""
        while self._deadlines and not self._valid(self._deadlines[0]):
            heapq.heappop(self._deadlines)
        if not self._deadlines or self._last_ns is None:
            return None
        return self._last_ns + max(0, self._deadlines[0].clock - self._clock)

    def current(self, name: str) -> Incident | None:
        """An open incident as it stands now, by its id; it may have grown since its last transition."""
        incident = self._live.get(name)
        return None if incident is None else incident.snapshot()

    def feed(self, event: Event) -> list[Transition]:
        """Take the next event; the transitions that its time and its content decide."""
        transitions = self.advance(event.time_ns) if event.time_ns is not None else []
        self._learn(event)
        seen = Seen(self._clock, event)
        for tracker, roles, wakes in self._listeners.of(event):
            if wakes or tracker.groups:
                transitions += self._dispatch(tracker, roles, seen)
        return transitions

    def advance(self, now_ns: int) -> list[Transition]:
        """Let time pass up to `now_ns` [ns, UTC]; a step back counts as nothing."""
        target = self._clock
        if self._last_ns is not None:
            target += max(0, now_ns - self._last_ns)
        transitions: list[Transition] = []
        while self._deadlines and self._deadlines[0].clock < target:
            deadline = heapq.heappop(self._deadlines)
            if self._valid(deadline):
                self._last_ns = now_ns - (target - deadline.clock)
                self._clock = deadline.clock
                transitions += self._expire(deadline)
        self._last_ns = now_ns
        self._clock = target
        return transitions

    def finish(self) -> list[Transition]:
        """
        The input has ended: recoveries count, absences stay undecided, and every incident that grew since its last
        transition is shown once more, so that the last transition equals the report.
        """
        transitions: list[Transition] = []
        for tracker in self._trackers:
            for group in list(tracker.groups.values()):
                if group.incident is not None and group.recovered is not None:
                    if group.stable_at - group.recovered.clock <= TRUSTED_AT_END:
                        transitions += self._resolve(group)
                elif group.incident is None:
                    transitions += self._undecided(tracker, group)
        for incident in list(self._live.values()):
            if incident.snapshot() != incident.shown:
                transitions += self._show("updated", incident)
        return transitions

    def _learn(self, event: Event) -> None:
        found = event.attributes.get("version")
        if found is not None and event.type in ("gateway.version", "gateway.starting"):
            self.surroundings.version = parse_version(str(found)) or self.surroundings.version
        if event.type.startswith("system.unit_"):
            self.surroundings.supervisor = "systemd"

    def _dispatch(self, tracker: Tracker, roles: list[Role], seen: Seen) -> list[Transition]:
        transitions: list[Transition] = []
        key = tracker.key_of(seen.event)
        taken: set[bool] = set()
        for role in roles:
            match role.kind:
                case "reset":
                    for group in tracker.fitting(key):
                        detector = group.detectors[role.index]
                        if tracker.watch is not None:
                            tracker.watch(Note("reset", group, role.index, seen, detector.pending(), ()))
                        detector.reset()
                case "resolve":
                    for group in tracker.fitting(key):
                        transitions += self._recover(tracker, group, role.index, seen)
                case "evidence":
                    group = tracker.group(key)
                    transitions += self._evidence(tracker, group, role, seen, taken)
                case "also":
                    for group in tracker.fitting(key):
                        if group.incident is not None:
                            group.incident.add(seen, occurrence=False)
                case _:
                    tracker.remember(role, seen)
        return transitions

    def _evidence(self, tracker: Tracker, group: Group, role: Role, seen: Seen, taken: set[bool]) -> list[Transition]:
        """`taken` tells whether another role of this event was already added to the incident, and counted."""
        incident = group.incident
        watch = tracker.watch
        for index, nearby in tracker.unless[role.index]:
            holding = tracker.recent(index, nearby, group.key, seen.clock)
            if holding is not None:
                if watch is not None:
                    watch(Note("held", group, role.index, seen, (), (holding,)))
                return []
        if incident is not None and role.occurrence and role.counts not in taken:
            if watch is not None and group.recovered is not None:
                watch(Note("relapse", group, 0, seen, (group.recovered,), ()))
            group.recovered = None
            incident.add(seen, occurrence=role.counts)
            taken |= {role.counts, False}
        detector = group.detectors[role.index]
        before = detector.pending() if watch is not None else ()
        completion = detector.feed(role.step, seen)
        if watch is not None:
            watch(Note("taken", group, role.index, seen, before, detector.pending()))
            if completion is not None:
                watch(Note("complete", group, role.index, seen, before, completion))
        if completion is None and detector.deadline is not None and len(detector.pending()) == 1:
            self._schedule(detector.deadline, tracker, group, role.index)
        if completion is not None:
            taken |= {role.counts, False}
            return self._complete(tracker, group, role.index, completion)
        return self._update(incident) if incident is not None else []

    def _complete(
        self, tracker: Tracker, group: Group, index: int, completion: Completion, status: Status = Status.OPEN
    ) -> list[Transition]:
        rule = tracker.mode.evidence[index]
        incident = group.incident
        fresh = incident is None
        if incident is None:
            incident = self._open(tracker, group, rule, completion)
        extra = max(0, incident.count - (rule.count or 1))
        confirmed = sum(
            nearby.add
            for look, nearby in tracker.confirmed_by[index]
            if tracker.recent(look, nearby, group.key, self._clock) is not None
        )
        severity = Severity[(rule.severity or tracker.mode.severity).upper()]
        incident.believe(rule, severity, extra, confirmed)
        if not fresh:
            return self._update(incident)
        incident.status = status
        adopted = self._causes.add(incident)
        self._live[incident.id] = incident
        transitions = self._show("opened" if status is Status.OPEN else "undecided", incident)
        for other in adopted:
            transitions += self._show("updated", other)
        return transitions

    def _open(self, tracker: Tracker, group: Group, rule: EvidenceRule, completion: Completion) -> LiveIncident:
        incident = LiveIncident(mode=tracker.mode, key=group.key, surroundings=self.surroundings, ordinal=group.opened)
        incident.identify(completion[0])
        context = [
            (seen, nearby.label)
            for index, nearby in tracker.context
            if (seen := tracker.recent(index, nearby, group.key, self._clock)) is not None
        ]
        incident.add_context(sorted(context, key=lambda item: item[0].clock))
        last = len(completion) - 1
        for position, seen in enumerate(completion):
            incident.add(seen, occurrence=position == last or (rule.counts and not rule.sequence))
        group.incident = incident
        group.recovered = None
        group.opened += 1
        return incident

    def _update(self, incident: LiveIncident) -> list[Transition]:
        shown = incident.shown
        cause = incident.cause.id if incident.cause else None
        if (
            shown is not None
            and incident.severity == shown.severity
            and cause == shown.caused_by
            and incident.band == band_of(shown.confidence)
            and incident.count < 2 * max(1, shown.count)
        ):
            return []
        return self._show("updated", incident)

    def _recover(self, tracker: Tracker, group: Group, index: int, seen: Seen) -> list[Transition]:
        if group.incident is None or group.recovered is not None:
            return []
        group.recovered = seen
        group.stable_at = seen.clock + tracker.mode.resolve[index].stable
        if tracker.watch is not None:
            tracker.watch(Note("recovering", group, 0, seen, (), ()))
        if group.stable_at == seen.clock:
            return self._resolve(group)
        self._schedule(group.stable_at, tracker, group, None)
        return []

    def _resolve(self, group: Group) -> list[Transition]:
        incident, recovered = group.incident, group.recovered
        assert incident is not None, "only an open incident resolves"
        assert recovered is not None, "only evidence of recovery resolves"
        incident.add(recovered, occurrence=False)
        incident.status = Status.RESOLVED
        incident.resolved_ns = recovered.event.time_ns
        incident.end_clock = recovered.clock
        group.incident = group.recovered = None
        for detector in group.detectors:
            detector.reset()
        return self._show("resolved", incident)

    def _undecided(self, tracker: Tracker, group: Group) -> list[Transition]:
        for index, detector in enumerate(group.detectors):
            if detector.deadline is not None:
                return self._complete(tracker, group, index, detector.pending(), Status.UNDECIDED)
        return []

    def _expire(self, deadline: _Deadline) -> list[Transition]:
        if deadline.index is None:
            return self._resolve(deadline.group)
        detector = deadline.group.detectors[deadline.index]
        assert isinstance(detector, Absence), "only absences have deadlines"
        completion = detector.expire()
        if deadline.tracker.watch is not None:
            deadline.tracker.watch(Note("silence", deadline.group, deadline.index, None, completion, completion))
        return self._complete(deadline.tracker, deadline.group, deadline.index, completion)

    def _valid(self, deadline: _Deadline) -> bool:
        group = deadline.group
        if deadline.tracker.groups.get(group.key) is not group:
            return False
        if deadline.index is None:
            return group.recovered is not None and group.stable_at == deadline.clock
        return group.detectors[deadline.index].deadline == deadline.clock

    def _schedule(self, clock: int, tracker: Tracker, group: Group, index: int | None) -> None:
        self._order += 1
        heapq.heappush(self._deadlines, _Deadline(clock, self._order, group, tracker, index))

    def _show(self, kind: str, incident: LiveIncident) -> list[Transition]:
        """Tell the state of an incident, and that of its cause if that is worse or better by it."""
        frozen = incident.snapshot()
        incident.shown = frozen
        if incident.status is not Status.OPEN:
            self._live.pop(incident.id, None)
        if self._keep:
            if len(self.incidents) < MAX_REPORTED or incident.id in self.incidents:
                self.incidents[incident.id] = frozen
            else:
                self._accounting.evicted += 1
        transitions = [Transition(kind=kind, time_ns=self._last_ns, incident=frozen)]
        cause = incident.cause
        if cause is not None and cause.shown is not None and cause.severity != cause.shown.severity:
            transitions += self._show("updated", cause)
        return transitions
