"""
Why a failure mode was found in a log, or why not.

Enters: a failure mode and logs. Leaves: for each key (host, channel, account …) how far every entry of the mode's
evidence came and what stopped it, and what never reached the rules: events whose conditions do not hold, lines whose
text is known but not taken, duplicates. The engine itself is watched (`tracking.Note`, `pipeline.Observer`); nothing is
judged here. Memory is bounded: of everything only the first few are kept, the others are counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from os import PathLike
from typing import Literal, NamedTuple

from loganalyzer import formats, sources, subsystems
from loganalyzer.correlate import Completion, Predicate, Seen, steps_of
from loganalyzer.incident import evidence_of
from loganalyzer.model import Accounting, Event, Evidence, Incident, Record, Scalar
from loganalyzer.packs.compile import Matcher, compile_pack, holds
from loganalyzer.packs.schema import Condition, EvidenceRule, FailureMode, Pack, Selector, Where
from loganalyzer.pipeline import Fate, Options, Plan, Run
from loganalyzer.scan import Line
from loganalyzer.tokenize import MAX_MESSAGE_LINE, MAX_TEXT, Reading, Tokenizer
from loganalyzer.tracking import Group, Note, Watch

MAX_KEYS = 200
"""Keys that are told about."""
MAX_KEPT = 5
"""Lines kept of each kind of event that did not count."""
MAX_NEAR = 50
"""Patterns and reasons of lines that nearly were an event."""
MAX_MISFITS = 50
"""Misfits from which the nearest are chosen."""
SAME_NEAR = 2
"""Lines kept of one pattern and reason."""

StopKind = Literal["reset", "window", "order"]


class Stop(NamedTuple):
    """What ended an attempt: an event that reset it, one that came too late, or one that came too early."""

    kind: StopKind
    by: Evidence


class Held(NamedTuple):
    """An event that did not count, and the one shortly before that held it back."""

    event: Evidence
    by: Evidence


class Step(NamedTuple):
    """One step of an evidence rule: which events it takes, how many it needs, which it got."""

    selectors: tuple[Selector, ...]
    needed: int
    got: int
    """Events, or different values where the rule counts those."""
    events: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleStory:
    """How far one entry of `evidence` came for one key."""

    rule: EvidenceRule
    completed: int
    """How often it was complete."""
    steps: tuple[Step, ...]
    """Of the first completion, or of the attempt that came nearest."""
    stop: Stop | None
    """What ended that attempt; None if it is complete, or if the log ended first."""
    held: tuple[Held, ...]
    held_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyStory:
    """What happened for one key."""

    key: dict[str, str | None]
    rules: tuple[RuleStory, ...]
    incidents: tuple[Incident, ...]
    relapses: int
    """Recoveries that did not last."""


class Misfit(NamedTuple):
    """An event of the right type whose attributes do not fit, with the conditions that fail."""

    event: Evidence
    conditions: tuple[Condition, ...]
    values: tuple[Scalar | None, ...]
    """What the event has instead."""


class Near(NamedTuple):
    """A line that holds the text of an event pattern and is not its event."""

    pattern: str
    type: str
    source: str
    line: int
    text: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """The whole answer."""

    mode: FailureMode
    keys: tuple[KeyStory, ...]
    keys_left_out: int
    causes: dict[str, Incident]
    """Incidents that this mode's were folded under, by id."""
    seen: dict[str, int]
    """Events in the log by type, of the types that the evidence needs."""
    misfits: tuple[Misfit, ...]
    misfit_count: int
    dropped: tuple[tuple[Fate, Evidence], ...]
    """Events that no rule saw: duplicates, and those outside the time range."""
    dropped_count: int
    near: tuple[Near, ...]
    accounting: Accounting

    @property
    def incidents(self) -> tuple[Incident, ...]:
        """All incidents of the mode."""
        return tuple(incident for story in self.keys for incident in story.incidents)

    @property
    def unseen(self) -> tuple[str, ...]:
        """Types that the evidence needs and no line gave."""
        return tuple(name for name, count in self.seen.items() if count == 0)


def why(mode: FailureMode, paths: Sequence[str | PathLike[str]], options: Options, plan: Plan | None = None) -> Why:
    """
    Runs logs through the engine and tells how a failure mode fared.

    Args:
        mode: One of the modes of the pack that the options name.
        plan: Of these options, if there is one already.

    Errors:
        PackError: a pattern pack is wrong. What cannot be read is in `accounting.problems`, never raised.
    """
    plan = plan or Plan(options)
    found, problems = sources.expand(list(paths))
    watcher = _Watcher(mode)
    near: list[Near] = []
    plan.tokenizer = _Looking(plan.pack, frozenset(watcher.seen), near.append)
    run = Run(plan, found)
    incidents = run.incidents(watcher)
    run.accounting.problems[:0] = problems
    own = [incident for incident in incidents.values() if incident.failure_mode == mode.id]
    causes = (incidents.get(incident.caused_by or "") for incident in own)
    return Why(
        mode=mode,
        keys=tuple(sorted((one.tell(mode, own) for one in watcher.keys.values()), key=_nearness)),
        keys_left_out=watcher.keys_left_out,
        causes={cause.id: cause for cause in causes if cause is not None},
        seen=watcher.seen,
        misfits=tuple(sorted(watcher.misfits, key=lambda misfit: len(misfit.conditions))[:MAX_KEPT]),
        misfit_count=watcher.misfit_count,
        dropped=tuple(watcher.dropped),
        dropped_count=watcher.dropped_count,
        near=tuple(sorted(near, key=lambda one: one.reason == WORDING)),
        accounting=run.accounting,
    )


def _nearness(story: KeyStory) -> tuple[bool, float]:
    """Keys with incidents first, then those whose evidence came nearest."""
    return not story.incidents, -max(map(_share, story.rules), default=0.0)


def _share(story: RuleStory) -> float:
    needed = sum(step.needed for step in story.steps)
    return sum(min(step.got, step.needed) for step in story.steps) / needed


@dataclass(slots=True)
class _Attempt:
    """The best that one rule did for one key."""

    rule: EvidenceRule
    best: Completion = ()
    stop: tuple[StopKind, Seen] | None = None
    completion: Completion = ()
    completed: int = 0
    held: list[Held] = field(default_factory=list)
    held_count: int = 0

    def take(self, note: Note) -> None:
        """Follows what the detector of the rule did."""
        match note.kind:
            case "complete" | "silence":
                self.completed += 1
                self.completion = self.completion or note.after
            case "held" if note.seen is not None:
                self.held_count += 1
                if len(self.held) < MAX_KEPT:
                    self.held.append(Held(evidence_of(note.seen), evidence_of(note.after[0])))
            case "reset" if note.seen is not None:
                self._try(note.before)
                if note.before and note.before == self.best:
                    self.stop = ("reset", note.seen)
            case "taken" if note.seen is not None:
                self._taken(note.seen, note.before, note.after)

    def _taken(self, seen: Seen, before: Completion, after: Completion) -> None:
        if self.rule.of and before and before[0] not in after:
            if before == self.best:
                self.stop = ("window", seen)
        elif self.rule.sequence and seen not in after and (before == self.best or not self.best):
            late = bool(before) and seen.clock - before[0].clock > (self.rule.within or 0)
            self.stop = ("window" if late else "order", seen)
        self._try(after)

    def _try(self, collected: Completion) -> None:
        if collected and collected != self.best and len(collected) >= len(self.best):
            self.best, self.stop = collected, None

    def tell(self) -> RuleStory:
        """Gives its final form."""
        stop = None if self.stop is None or self.completed else Stop(self.stop[0], evidence_of(self.stop[1]))
        return RuleStory(
            rule=self.rule,
            completed=self.completed,
            steps=tuple(_steps(self.rule, self.completion or self.best)),
            stop=stop,
            held=tuple(self.held),
            held_count=self.held_count,
        )


def _steps(rule: EvidenceRule, collected: Completion) -> Iterator[Step]:
    if rule.sequence:
        for position, selector in enumerate(rule.sequence):
            yield _step((selector,), 1, collected[position : position + 1])
    elif rule.all:
        for selector in rule.all:
            fits = Predicate(selector)
            found = [s for s in collected if s.event.type in selector.events and fits(s.event)]
            yield _step((selector,), 1, tuple(found[:1]))
    elif rule.distinct is not None:
        values = {seen.event.attributes.get(rule.distinct) for seen in collected} - {None}
        yield _step(rule.of, rule.count or 1, collected)._replace(got=len(values))
    else:
        yield _step(rule.match or rule.of, rule.count or 1, collected)


def _step(selectors: tuple[Selector, ...], needed: int, found: Completion) -> Step:
    shown = found if len(found) <= MAX_KEPT else (*found[: MAX_KEPT - 1], found[-1])
    return Step(selectors, needed, len(found), tuple(map(evidence_of, shown)))


class _Key:
    """Follows one group of the mode."""

    def __init__(self, mode: FailureMode, group: Group) -> None:
        self.group = group
        self.attempts = [_Attempt(rule) for rule in mode.evidence]
        self.relapses = 0

    def tell(self, mode: FailureMode, own: list[Incident]) -> KeyStory:
        """Gives its final form, with those of the mode's incidents that have this key."""
        key = dict(zip(mode.key, self.group.key, strict=True))
        return KeyStory(
            key=key,
            rules=tuple(attempt.tell() for attempt in self.attempts),
            incidents=tuple(one for one in own if all(v is None or v == key[n] for n, v in one.key.items())),
            relapses=self.relapses,
        )


class _Watcher:
    """The observer of a run."""

    def __init__(self, mode: FailureMode) -> None:
        self._mode = mode
        self.watches: dict[str, Watch] = {mode.id: self._note}
        self.keys: dict[int, _Key] = {}
        self.keys_left_out = 0
        selectors = [selector for rule in mode.evidence for _, selector, _ in steps_of(rule)]
        self._conditions = [(s.events, [(c, Predicate(_only(s, c))) for c in s.conditions]) for s in selectors]
        self.seen = {name: 0 for selector in selectors for name in selector.events}
        self.misfits: list[Misfit] = []
        self.misfit_count = 0
        self.dropped: list[tuple[Fate, Evidence]] = []
        self.dropped_count = 0

    def event(self, event: Event, fate: Fate) -> None:
        """See `pipeline.Observer.event`."""
        if event.type not in self.seen:
            return
        self.seen[event.type] += 1
        if fate != "judged":
            self.dropped_count += 1
            if len(self.dropped) < MAX_KEPT:
                self.dropped.append((fate, evidence_of(Seen(0, event))))
            return
        failing = [
            [condition for condition, holds_for in conditions if not holds_for(event)]
            for events, conditions in self._conditions
            if event.type in events
        ]
        fewest = min(failing, key=len)
        if fewest:
            self.misfit_count += 1
            if len(self.misfits) < MAX_MISFITS:
                values = [event.host if c.attribute == "host" else event.attributes.get(c.attribute) for c in fewest]
                self.misfits.append(Misfit(evidence_of(Seen(0, event)), tuple(fewest), tuple(values)))

    def _note(self, note: Note) -> None:
        story = self.keys.get(id(note.group))
        if story is None:
            if len(self.keys) >= MAX_KEYS:
                self.keys_left_out += note.kind == "taken"
                return
            story = self.keys[id(note.group)] = _Key(self._mode, note.group)
        if note.kind == "relapse":
            story.relapses += 1
        elif note.kind != "recovering":
            story.attempts[note.rule].take(note)


def _only(selector: Selector, condition: Condition) -> Selector:
    return Selector(events=selector.events, conditions=(condition,))


WORDING = "the wording differs from the pattern"


class _Looking(Tokenizer):
    """A tokenizer that also tells which lines hold the text of a pattern and are not its event."""

    def __init__(
        self,
        pack: Pack,
        wanted: frozenset[str],
        tell: Callable[[Near], None],
    ) -> None:
        compiled = compile_pack(pack)
        super().__init__(compiled, pack.event_types, pack.cli_reports)
        self._matchers = [[m for m in matchers if m.pattern.event in wanted] for matchers in compiled.matchers]
        self._tell = tell
        self._told: dict[tuple[str, str], int] = {}

    def events(self, line: Line, literals: tuple[int, ...], source: str, accounting: Accounting) -> Reading:
        """See `Tokenizer.events`."""
        found = super().events(line, literals, source, accounting)
        given = {event.type for event in found.events}
        matchers = [m for i in literals for m in self._matchers[i] if m.pattern.event not in given]
        if matchers:
            self._look(matchers, line, source, wording=not found.events)
        return found

    def _look(self, matchers: list[Matcher], line: Line, source: str, *, wording: bool) -> None:
        """Tells of each pattern once, with the condition that fails rather than with its wording."""
        record, above = self._with_header(formats.decode(line.data), line)
        nearest: dict[str, Near] = {}
        for matcher in matchers:
            texts = [text for text in record.message.split("\n") if matcher.literal in text]
            matching = [text for text in texts if matcher.search(text[:MAX_MESSAGE_LINE]) is not None]
            reason = _refusal(matcher, record, above) if matching else WORDING
            pattern = matcher.pattern
            if matching or (texts and wording and pattern.id not in nearest):
                shown = (matching or texts)[0].strip()[:MAX_TEXT]
                nearest[pattern.id] = Near(pattern.id, pattern.event or "", source, line.number, shown, reason)
        for near in nearest.values():
            self._tell_once(near)

    def _tell_once(self, near: Near) -> None:
        told = self._told.get((near.pattern, near.reason), 0)
        if told < SAME_NEAR and len(self._told) < MAX_NEAR:
            self._told[near.pattern, near.reason] = told + 1
            self._tell(near)


def _refusal(matcher: Matcher, record: Record, above: Callable[[], str]) -> str:
    """Says which condition of a pattern a record does not meet."""
    where = matcher.pattern.where
    if record.origin not in matcher.origins:
        return f"the origin is {record.origin.value}; wanted: {', '.join(where.origin)}"
    display = subsystems.display(record.subsystem) if record.subsystem else "none"
    parts = {
        f"the subsystem is {display}; wanted: {', '.join(where.subsystem)}": Where(subsystem=where.subsystem),
        f"the level is {record.level}; wanted: {', '.join(where.level)}": Where(level=where.level),
        f"the structured values differ; wanted: {where.fields}": Where(fields=where.fields),
        f"no earlier line of the record holds: {', or '.join(where.above)}": Where(above=where.above),
    }
    failing = [text for text, part in parts.items() if not holds(part, display, record.level, record.fields, above)]
    return "; ".join(failing) or "another line of the record decides"
