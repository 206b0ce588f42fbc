"""
The page to read first: the whole way from bytes to transitions.

    Source.chunks -> Scanner -> Tokenizer -> Timeline -> merge -> Deduplicator -> Classifier -> Transition
    bytes            Line       Event        Event       Event    Event           Incident

The first three are `extract`, the half without memory; an engine runs it, in this process or in several. `Timeline` is
the one stage that completes times in order; it runs once per source. `Judge` is the half with memory and runs once per
run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal, Protocol

from loganalyzer.classify import Classifier
from loganalyzer.clock import Clock
from loganalyzer.engines import SINGLE, Engine
from loganalyzer.errors import SourceError
from loganalyzer.extract import End, Extractor, Item, LineStart, Options, Plan
from loganalyzer.model import GAP, Accounting, Event, Incident, Transition, UnknownLine
from loganalyzer.ordering import Deduplicator, merge
from loganalyzer.sources import Missing, Source
from loganalyzer.tracking import Watch

__all__ = ["Fate", "Judge", "Observer", "Options", "Plan", "Reader", "Run", "Timeline", "in_range"]

MAX_REPORTED = 100_000
"""Incidents that a report holds; what happens to later ones is counted."""


class Timeline:
    """The ordered stage of one source: completes the times of what was extracted from it."""

    def __init__(
        self,
        plan: Plan,
        source: Source,
        accounting: Accounting,
        on_unknown: Callable[[UnknownLine], None] | None = None,
    ) -> None:
        """`on_unknown`: is given the unknown lines among the items, with complete times, if they are in range."""
        self._options = plan.options
        self._on_unknown = on_unknown
        self._accounting = accounting
        self.clock = Clock(
            reference_ns=plan.options.reference_ns,
            tz=plan.options.tz,
            file_date=source.file_date,
            mtime_ns=source.mtime_ns,
        )
        self._end = End(None, None)
        self._gaps: Counter[str] = Counter()
        self._first_gap = 0
        self.latest_ns: int | None = None
        """Time of the latest event [ns, UTC]."""

    def events(self, items: Iterable[Item]) -> Iterator[Event]:
        """The events among the items, with complete times."""
        complete = self.clock.complete
        for item in items:
            if isinstance(item, End):
                self._end = item
                continue
            time_ns = complete(item.time_ns, item.stamp)
            if isinstance(item, Event):
                if time_ns is not None:
                    if self.latest_ns is not None and time_ns < self.latest_ns:
                        self._accounting.out_of_order += 1
                    self.latest_ns = time_ns
                self._accounting.events += 1
                if item.type == GAP:
                    self._miss(item)
                yield item if item.stamp is None else item._replace(time_ns=time_ns, stamp=None)
            elif isinstance(item, UnknownLine) and self._on_unknown is not None:
                line = item._replace(time_ns=time_ns, stamp=None)
                if in_range(line, self._options):
                    self._on_unknown(line)

    def _miss(self, gap: Event) -> None:
        self._accounting.gaps += 1
        self._first_gap = self._first_gap or gap.span.line
        self._gaps[str(gap.attributes.get("reason", "lines lost"))] += 1

    @property
    def assumptions(self) -> list[str]:
        """What was assumed about its times, and where lines are missing, one sentence each."""
        if not self._gaps:
            return self.clock.assumptions
        reasons = ", ".join(f"{reason} {count}×" for reason, count in sorted(self._gaps.items()))
        missing = f"lines are missing ({reasons}; first at line {self._first_gap}): what needed them is undecided"
        return [*self.clock.assumptions, missing]

    def end_ns(self) -> int | None:
        """Time of the last line that has one [ns, UTC], once the end was reached."""
        time_ns = self.clock.complete(*self._end)
        return self.latest_ns if time_ns is None else time_ns


class Reader:
    """Bytes of one live source in, its events out, with complete times."""

    def __init__(self, plan: Plan, source: Source, accounting: Accounting) -> None:
        self._plan = plan
        self._name = source.name
        self._accounting = accounting
        self._extractor = Extractor(plan, source.name, accounting)
        self.timeline = Timeline(plan, source, accounting)

    @property
    def clock(self) -> Clock:
        """Completes the times, and knows what it assumed."""
        return self.timeline.clock

    @property
    def unfinished(self) -> int | None:
        """How much of what was fed is no whole line yet [bytes]; None where that is not known (UTF-16)."""
        return self._extractor.unfinished

    def place(self) -> LineStart:
        """Where the last whole line has ended."""
        return self._extractor.place(self._accounting.bytes - (self.unfinished or 0))

    def resume(self, timeline: Timeline, place: LineStart, above: bytes) -> None:
        """Goes on where another reader of the source was; `above`: whole lines before that place."""
        self.timeline = timeline
        timeline.clock.reference_ns, timeline.clock.tz = self._plan.options.reference_ns, self._plan.options.tz
        self._extractor = Extractor(self._plan, self._name, self._accounting, place=place, above=above)

    @property
    def next_line(self) -> int:
        """Number of the line that begins with the next byte, if the last one is complete."""
        return self._extractor.lines + 1

    @property
    def assumptions(self) -> list[str]:
        """See `Timeline.assumptions`."""
        return self.timeline.assumptions

    def gap(self, reason: str) -> Iterator[Event]:
        """The event that lines are missing before the next one."""
        return self.timeline.events(self._extractor.feed(Missing(reason)))

    def feed(self, data: bytes) -> Iterator[Event]:
        """The events of the lines that these bytes complete."""
        return self.timeline.events(self._extractor.feed(data))

    def finish(self) -> Iterator[Event]:
        """The events of an unfinished last line."""
        return self.timeline.events(self._extractor.finish())

    def latest_ns(self) -> int | None:
        """Time of the last line so far [ns, UTC]; of the last event, if the log has times without a date."""
        dated = self._extractor.end().time_ns
        return dated if dated is not None else self.timeline.latest_ns

    def end_ns(self) -> int | None:
        """Time of the last line that has one [ns, UTC]; tells how long silence lasted at the end."""
        for _ in self.timeline.events([self._extractor.end()]):
            pass
        return self.timeline.end_ns()


Fate = Literal["judged", "duplicate", "out of range"]
"""What becomes of an event: rules see it, or why they do not."""


class Observer(Protocol):
    """Looks on while a run judges, and changes nothing; `why` is one."""

    watches: dict[str, Watch]
    """Told what happens inside the rules of a mode, by its id."""

    def event(self, event: Event, fate: Fate) -> None:
        """An event, before the rules see it."""


class Judge:
    """Events of one run in, transitions out: duplicates absorbed, the time range applied, rules run."""

    def __init__(
        self, plan: Plan, accounting: Accounting, *, growing: bool = True, observer: Observer | None = None
    ) -> None:
        """`growing`: see `Classifier`."""
        self._options = plan.options
        self._accounting = accounting
        self._observer = observer
        self._deduplicator = Deduplicator(plan.pack.event_types, accounting)
        watches = observer.watches if observer is not None else {}
        self.classifier = Classifier(plan.pack, accounting, growing=growing, watches=watches)

    def take(self, event: Event) -> list[Transition]:
        """What the next event decides."""
        fate: Fate = "judged"
        if not in_range(event, self._options):
            fate = "out of range"
            self._accounting.outside += 1
        elif event.type != GAP and self._deduplicator.is_duplicate(event):
            fate = "duplicate"
        if self._observer is not None:
            self._observer.event(event, fate)
        return self.classifier.feed(event) if fate == "judged" else []

    def finish(self, end_ns: int | None) -> list[Transition]:
        """What the end of the input decides; `end_ns` is the time of its last line [ns, UTC]."""
        transitions = self.classifier.advance(end_ns) if end_ns is not None and self.classifier.last_ns else []
        return transitions + self.classifier.finish()


def in_range(event: Event | UnknownLine, options: Options) -> bool:
    """Is an event or a line inside `since` and `until`? One without a time is."""
    if event.time_ns is None:
        return True
    return (options.since_ns is None or event.time_ns >= options.since_ns) and (
        options.until_ns is None or event.time_ns <= options.until_ns
    )


class Run:
    """Several sources of one installation as one time line."""

    def __init__(
        self,
        plan: Plan,
        sources: Sequence[Source],
        progress: Callable[[int], None] | None = None,
        accounting: Accounting | None = None,
        engine: Engine = SINGLE,
        on_unknown: Callable[[UnknownLine], None] | None = None,
    ) -> None:
        """`on_unknown`: is given the warnings and errors that no pattern knows, if the plan shows them."""
        self.plan = plan
        self.accounting = accounting if accounting is not None else Accounting()
        self.accounting.sources += [source.name for source in sources]
        self.sources = sources
        self._progress = progress
        self._engine = engine
        self._on_unknown = on_unknown
        self._ends: list[int] = []

    def events(self) -> Iterator[Event]:
        """The events of all sources by time, duplicates included."""
        with self._engine.streams(self.plan, self.sources, self.accounting, self._advanced) as items:
            pairs = zip(self.sources, items, strict=True)
            streams: list[Iterable[Event]] = [self._stream(source, found) for source, found in pairs]
            if streams:
                yield from merge(streams)

    def incidents(self, observer: Observer | None = None) -> dict[str, Incident]:
        """The report: what the last transition of each incident says, by id."""
        latest: dict[str, Incident] = {}
        for transition in self.transitions(observer, growing=False):
            incident = transition.incident
            if len(latest) < MAX_REPORTED or incident.id in latest:
                latest[incident.id] = incident
            else:
                self.accounting.evicted += 1
        return latest

    def transitions(self, observer: Observer | None = None, *, growing: bool = True) -> Iterator[Transition]:
        """Everything that is decided, in order; `growing`: see `Classifier`."""
        judge = Judge(self.plan, self.accounting, growing=growing, observer=observer)
        for event in self.events():
            yield from judge.take(event)
        yield from judge.finish(max(self._ends, default=None))

    def _advanced(self) -> None:
        if self._progress is not None:
            self._progress(self.accounting.bytes)

    def _stream(self, source: Source, items: Iterable[Item]) -> Iterator[Event]:
        timeline = Timeline(self.plan, source, self.accounting, self._on_unknown)
        before = self.accounting.bytes
        try:
            yield from timeline.events(items)
        except SourceError as error:
            self.accounting.problems.append(str(error))
        if self.accounting.bytes == before and not self._problem_of(source):
            self.accounting.assumptions.append(f"{source.name} is empty")
        self.accounting.assumptions += [f"{source.name}: {text}" for text in timeline.assumptions]
        end = timeline.end_ns()
        if end is not None:
            self._ends.append(end)

    def _problem_of(self, source: Source) -> bool:
        return any(problem.startswith(source.name) for problem in self.accounting.problems)
