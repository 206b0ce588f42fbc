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
from loganalyzer.gaps import CLOCK_SET, Gaps, Silence
from loganalyzer.incident import LiveIncident, Surroundings
from loganalyzer.keys import Key
from loganalyzer.model import GAP, Accounting, Event, Incident, Severity, Status, Transition
from loganalyzer.packs.schema import EvidenceRule, Pack
from loganalyzer.remediate import parse_version
from loganalyzer.tracking import Group, Listeners, Listening, Note, Role, Tracker, Watch, key_of

TRUSTED_AT_END = 120_000_000_000
"""A recovery that the end of the input leaves unproved counts if it had to be stable for no longer than this [ns]."""

CLOCK_SLACK = 10_000_000_000
"""How much less than a clock was set forward its next step may show [ns]."""


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
        growing: tell how incidents grow while they are open; False is faster where only the last state of each counts,
            which is the same.
        watches: told what happens inside the rules of a mode, by its id.
    """

    def __init__(
        self,
        pack: Pack,
        accounting: Accounting,
        *,
        growing: bool = True,
        watches: Mapping[str, Watch] = MappingProxyType({}),
    ) -> None:
        self._growing = growing
        self.trackers = [Tracker(mode, accounting, watches.get(mode.id)) for mode in pack.modes.values()]
        self._listeners = Listeners(self.trackers)
        self._causes = Causes(pack.modes)
        self._deadlines: list[_Deadline] = []
        self._order = 0
        self._clock = 0
        self._last_ns: int | None = None
        self._step = 0
        """The latest step forward of event time [ns]."""
        self.jumped_ns = 0
        """How far the clock that stamps the log was set forward, until a step of event time has shown it [ns]."""
        self._live: dict[str, LiveIncident] = {}
        self.surroundings = Surroundings(live=self._live)
        self._gaps = Gaps()
        self._decided: list[Transition] = []

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
        span = event.span
        self._gaps.lines[span.source] = span.line
        if event.time_ns is not None:
            self._pass_time(event.time_ns)
        if event.type == GAP:
            self._miss(event)
        self._learn(event)
        concerned, shapes = self._listeners.of(event)
        if concerned:
            seen = Seen(self._clock, event)
            keys: list[Key | None] = [None] * len(shapes)
            for listening in concerned:
                if listening.wakes or listening.tracker.groups.entries:
                    key = keys[listening.shape]
                    if key is None:
                        key = keys[listening.shape] = key_of(event, shapes[listening.shape])
                    self._dispatch(listening, key, seen)
        return self._take_decided()

    def advance(self, now_ns: int) -> list[Transition]:
        """Let time pass up to `now_ns` [ns, UTC]; a step back counts as nothing."""
        self._pass_time(now_ns)
        return self._take_decided()

    def finish(self) -> list[Transition]:
        """
        The input has ended: recoveries count, absences stay undecided, and every incident that grew since its last
        transition is shown once more, so that the last transition equals the report.
        """
        self._growing = True
        for tracker in self.trackers:
            for group in list(tracker.groups.entries.values()):
                if group.incident is not None and group.recovered is not None:
                    if group.stable_at - group.calm_from <= TRUSTED_AT_END:
                        self._resolve(group)
                elif group.incident is None:
                    self._undecided(tracker, group)
        for incident in list(self._live.values()):
            now = incident.snapshot()
            if not incident.is_shown(now):
                self._show("updated", incident, now)
        return self._take_decided()

    def _take_decided(self) -> list[Transition]:
        if not self._decided:
            return []
        decided, self._decided = self._decided, []
        return decided

    def _pass_time(self, now_ns: int) -> None:
        target = self._clock
        if self._last_ns is not None:
            step = now_ns - self._last_ns
            if step <= -CLOCK_SET:
                self._reopen(self._gaps.taken_back(now_ns))
            elif 0 < self.jumped_ns <= step + CLOCK_SLACK:
                step, self.jumped_ns = step - self.jumped_ns, 0
            self._step = max(0, step)
            target += self._step
        deadlines = self._deadlines
        while deadlines and deadlines[0].clock < target:
            deadline = heapq.heappop(deadlines)
            if self._valid(deadline):
                self._last_ns = now_ns - (target - deadline.clock)
                self._clock = deadline.clock
                self._expire(deadline)
        self._last_ns = now_ns
        self._clock = target

    def _miss(self, event: Event) -> None:
        """Lines are missing: what silence alone has decided beside them is open again."""
        self._reopen(self._gaps.take(event, self._clock))

    def _reopen(self, silences: list[Silence]) -> None:
        """What silence alone has decided turns out to be undecided."""
        for silence in silences:
            incident = silence.incident
            if silence.group.incident is incident and incident.status is Status.OPEN and incident.is_only_silence:
                incident.status = Status.UNDECIDED
                self._show("undecided", incident)

    def _learn(self, event: Event) -> None:
        if event.type in ("gateway.version", "gateway.starting"):
            found = event.attributes.get("version")
            if found is not None:
                self.surroundings.version = parse_version(str(found)) or self.surroundings.version
        elif event.type.startswith("system.unit_"):
            self.surroundings.supervisor = "systemd"

    def _dispatch(self, listening: Listening, key: Key, seen: Seen) -> None:
        tracker, _, _, resets, resolves, evidence, also, nearby = listening
        if resets:
            for index in resets:
                for group in tracker.fitting(key):
                    self._reset(tracker, group, index, seen)
        if resolves:
            for index in resolves:
                for group in tracker.fitting(key):
                    self._recover(tracker, group, index, seen)
        if evidence:
            group = tracker.group(key)
            while tracker.evicted:
                self._forget(tracker.evicted.pop())
            taken = 0
            for role in evidence:
                taken = self._evidence(tracker, group, role, seen, taken)
            if group.incident is not None:
                self._update(group.incident)
        if also:
            for group in tracker.fitting(key):
                if group.incident is not None:
                    group.incident.add(seen, occurrence=False)
        for index in nearby:
            tracker.remember(index, key, seen)

    def _reset(self, tracker: Tracker, group: Group, index: int, seen: Seen) -> None:
        detector = group.detectors[index]
        if tracker.watch is not None:
            tracker.watch(Note("reset", group, index, seen, detector.pending(), ()))
        detector.reset()

    def _evidence(self, tracker: Tracker, group: Group, role: Role, seen: Seen, taken: int) -> int:
        """
        Give an event to an evidence rule.

        Args:
            taken: 0 if the event is not in the incident yet, 1 if an earlier rule added it, 2 if one counted it.

        Returns:
            `taken` for the next rule.
        """
        incident, index, watch = group.incident, role.index, tracker.watch
        for look, nearby in tracker.unless[index]:
            holding = tracker.recent(look, nearby, group.key, seen.clock)
            if holding is not None:
                if watch is not None:
                    watch(Note("held", group, index, seen, (), (holding,)))
                return taken
        if incident is not None and role.occurrence and taken <= role.counts:
            if watch is not None and group.recovered is not None:
                watch(Note("relapse", group, 0, seen, (group.recovered,), ()))
            group.recovered = None
            incident.add(seen, occurrence=role.counts)
            taken = 1 + role.counts
        if incident is not None and index in incident.settled and incident.status is Status.OPEN and watch is None:
            return taken
        detector = group.detectors[index]
        before = detector.pending() if watch is not None else ()
        deadline = detector.deadline
        completion = detector.feed(role.step, seen)
        if watch is not None:
            watch(Note("taken", group, index, seen, before, detector.pending()))
            if completion is not None:
                watch(Note("complete", group, index, seen, before, completion))
        if detector.deadline is not None and detector.deadline != deadline:
            self._schedule(detector.deadline, tracker, group, index)
        if completion is not None:
            self._complete(tracker, group, index, completion, self._standing(tracker, index, completion))
            return max(taken, 1 + (role.counts or incident is None))  # what opens an incident is always counted
        return taken

    def _standing(self, tracker: Tracker, index: int, completion: Completion) -> Status:
        """What a rule is worth that these events complete: nothing certain if it needed lines that are missing."""
        return Status.UNDECIDED if self._gaps.doubtful(tracker.mode.evidence[index], completion) else Status.OPEN

    def _complete(
        self, tracker: Tracker, group: Group, index: int, completion: Completion, status: Status = Status.OPEN
    ) -> None:
        rule = tracker.mode.evidence[index]
        incident = group.incident
        fresh = incident is None
        if incident is None:
            incident = self._open(tracker, group, rule, completion)
        elif status is Status.UNDECIDED and incident.status is Status.OPEN:
            return  # what is doubtful adds nothing to what is certain
        extra = max(0, incident.count - (rule.count or 1))
        confirmed = sum(
            nearby.add
            for look, nearby in tracker.confirmed_by[index]
            if tracker.recent(look, nearby, group.key, self._clock) is not None
        )
        quiet = incident.peak < Severity.WARNING
        incident.believe(index, tracker.severities[index], extra, confirmed)
        if not fresh:
            if status is Status.OPEN and incident.status is Status.UNDECIDED:
                incident.status = status
                self._show("opened", incident)
                for other in self._causes.adopt(incident):
                    self._show("updated", other)
            if quiet and incident.peak >= Severity.WARNING:
                self._update(incident)
                for other in self._causes.adopt(incident):
                    self._show("updated", other)
            return
        incident.status = status
        adopted = self._causes.add(incident)
        self._live[incident.id] = incident
        self._show("opened", incident)  # or undecided, if that is its status
        for other in adopted:
            self._show("updated", other)

    def _open(self, tracker: Tracker, group: Group, rule: EvidenceRule, completion: Completion) -> LiveIncident:
        incident = LiveIncident(
            mode=tracker.mode,
            key=group.key,
            surroundings=self.surroundings,
            ordinal=group.opened,
            opened_clock=self._clock,
        )
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

    def _update(self, incident: LiveIncident) -> None:
        told = incident.told
        if incident.status is Status.UNDECIDED:
            return
        if told is None or incident.count >= 2 * max(1, told.occurrences):
            self._show("updated", incident)
        elif incident.stirred:
            incident.stirred = False
            if told[:2] != incident.summed_up()[:2]:
                self._show("updated", incident)

    def _recover(self, tracker: Tracker, group: Group, index: int, seen: Seen) -> None:
        if group.incident is None or group.recovered is not None:
            return
        if group.incident.status is Status.UNDECIDED:  # it stays so, and what comes next is another one
            self._forget(group)
            group.clear()
            return
        group.recovered = seen
        group.calm_from = seen.clock
        group.stable_at = seen.clock + tracker.mode.resolve[index].stable
        if tracker.watch is not None:
            tracker.watch(Note("recovering", group, 0, seen, (), ()))
        if group.stable_at == seen.clock:
            self._resolve(group)
        else:
            self._schedule(group.stable_at, tracker, group, None)

    def _resolve(self, group: Group) -> None:
        incident, recovered = group.incident, group.recovered
        assert incident is not None, "only an open incident resolves"
        assert recovered is not None, "only evidence of recovery resolves"
        incident.resolve(recovered)
        self._gaps.ended(incident)
        group.clear()
        self._show("resolved", incident)

    def _undecided(self, tracker: Tracker, group: Group) -> None:
        for index, detector in enumerate(group.detectors):
            if detector.deadline is not None:
                self._complete(tracker, group, index, detector.pending(), Status.UNDECIDED)
                return

    def _expire(self, deadline: _Deadline) -> None:
        if deadline.index is None:
            self._prove(deadline)
            return
        detector = deadline.group.detectors[deadline.index]
        assert isinstance(detector, Absence), "only absences have deadlines"
        completion = detector.expire()
        if deadline.tracker.watch is not None:
            deadline.tracker.watch(Note("silence", deadline.group, deadline.index, None, completion, completion))
        group, standing = deadline.group, self._standing(deadline.tracker, deadline.index, completion)
        is_first = group.incident is None
        self._complete(deadline.tracker, group, deadline.index, completion, standing)
        if group.incident is not None:
            self._update(group.incident)
        if is_first and group.incident is not None and standing is Status.OPEN:
            self._gaps.decided_by_silence(group, group.incident, completion[0], self._last_ns, self._step)

    def _prove(self, deadline: _Deadline) -> None:
        """A recovery has been stable; where lines are missing since, a relapse may be, and its time starts anew."""
        group = deadline.group
        gap = None if group.recovered is None else self._gaps.after(group.recovered)
        if gap is None or gap.clock <= group.calm_from:
            self._resolve(group)
            return
        group.stable_at += gap.clock - group.calm_from
        group.calm_from = gap.clock
        self._schedule(group.stable_at, deadline.tracker, group, None)

    def _forget(self, group: Group) -> None:
        """A group that gave way to others: its incident stays as it is, told once more if it has grown."""
        incident = group.incident
        if incident is not None and self._live.pop(incident.id, None) is not None:
            now = incident.snapshot()
            if not incident.is_shown(now):
                self._tell("updated", incident, now)

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

    def _show(self, kind: str, incident: LiveIncident, now: Incident | None = None) -> None:
        """
        Tell the state of an incident, and that of its cause if that is worse or better by it.

        Args:
            now: the state in full, where it is written down already.
        """
        incident.told = incident.summed_up()
        incident.stirred = False
        ended = incident.status is not Status.OPEN
        if incident.status is Status.RESOLVED:
            self._live.pop(incident.id, None)
        if ended or self._growing:
            self._tell(kind, incident, now or incident.snapshot())
        cause = incident.cause
        if cause is not None and cause.told is not None and cause.severity != cause.told.severity:
            self._show("updated", cause)

    def _tell(self, kind: str, incident: LiveIncident, now: Incident) -> None:
        incident.show(now)
        if incident.status is Status.UNDECIDED:
            kind = "undecided"
        self._decided.append(Transition(kind=kind, time_ns=self._last_ns, incident=now))
