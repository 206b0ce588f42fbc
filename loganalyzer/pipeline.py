"""
The page to read first: the whole way from bytes to transitions.

    Source.chunks -> Scanner -> Tokenizer -> Clock -> merge -> Deduplicator -> Classifier -> Transition
    bytes            Line       Event        Event    Event    Event           Incident

`Plan` is what a run needs to know and never changes. `Reader` is the stateless half (scan, decode, tokenize) with
the one stage that completes times in order; it runs once per source. `Judge` is the stateful half and runs once
per run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import Literal, Protocol

from loganalyzer import formats, packs, unknown
from loganalyzer.classify import Classifier
from loganalyzer.errors import SourceError
from loganalyzer.formats import journald
from loganalyzer.model import Accounting, Event, Stamp, Transition
from loganalyzer.ordering import Deduplicator, merge
from loganalyzer.packs.compile import compile_pack
from loganalyzer.packs.schema import Pack
from loganalyzer.scan import Line, Scanner
from loganalyzer.sources import Source
from loganalyzer.timestamps import Clock
from loganalyzer.tokenize import Tokenizer, is_damaged
from loganalyzer.tracking import Watch

TIME_PROBE_LINES = 200
"""Lines at the start of a stream that are looked at to learn whether its times have dates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a run may be told. Times are [ns, UTC]."""

    patterns: tuple[Path, ...] = ()
    since_ns: int | None = None
    until_ns: int | None = None
    tz: tzinfo | None = None
    reference_ns: int | None = None


class Plan:
    """The compiled knowledge of a run; shared by all its sources."""

    def __init__(self, options: Options, pack: Pack | None = None) -> None:
        self.options = options
        self.pack = packs.load(options.patterns) if pack is None else pack
        compiled = compile_pack(self.pack)
        self.literals = [*compiled.literals, *journald.BYTE_MESSAGES, *unknown.LEVEL_LITERALS]
        self.known = len(compiled.literals)
        """Literals below this number belong to patterns …"""
        self.levels = self.known + len(journald.BYTE_MESSAGES)
        """… and from this one on to levels; those between mark lines whose text the scan cannot see."""
        self.silent = frozenset(
            index
            for index, matchers in enumerate(compiled.matchers)
            if all(matcher.pattern.ignore for matcher in matchers)
        )
        """Literals that only patterns of normal warnings have."""
        self.tokenizer = Tokenizer(compiled, self.pack.event_types, self.pack.cli_reports)


class Reader:
    """Bytes of one source in, its events out, with complete times, in the order of the source."""

    def __init__(self, plan: Plan, source: Source, accounting: Accounting) -> None:
        self._plan = plan
        self._name = source.name
        self._accounting = accounting
        aside = (plan.levels, lambda line: unknown.count(line, accounting))
        self._scanner = Scanner(plan.literals, accounting, aside=aside)
        self._scanner.every_line = True
        self._probed = 0
        self.clock = Clock(
            reference_ns=plan.options.reference_ns,
            tz=plan.options.tz,
            file_date=source.file_date,
            mtime_ns=source.mtime_ns,
        )
        self._latest: int | None = None

    def feed(self, data: bytes) -> Iterator[Event]:
        """The events of the lines that these bytes complete."""
        for line in self._scanner.feed(data):
            yield from self._events(line)

    def finish(self) -> Iterator[Event]:
        """The events of an unfinished last line."""
        for line in self._scanner.finish():
            yield from self._events(line)

    def end_ns(self) -> int | None:
        """Time of the last line that has one [ns, UTC]; tells how long silence lasted at the end."""
        for data in reversed(self._scanner.last_lines()):
            time = formats.time_of(data)
            if time is not None:
                return self.clock.complete(*_parts(time))
        return self._latest

    def _events(self, line: Line) -> Iterator[Event]:
        known = [index for index in line.literals if index < self._plan.known]
        if self._scanner.every_line:
            self._follow_time(line.data)
            if not known:
                self._accounting.undecodable += is_damaged(line.data)
        if any(self._plan.known <= index < self._plan.levels for index in line.literals):
            known = self._plan.tokenizer.literals_of(line)
        if not known:
            if line.literals:
                unknown.count(line.data, self._accounting)
            return
        if self._plan.silent.issuperset(known):
            return
        for event in self._plan.tokenizer.events(line, known, self._name, self._accounting):
            yield self._completed(event)

    def _follow_time(self, data: bytes) -> None:
        """Read the time of a line of no other interest: a log whose times have no date needs every one of them."""
        time = formats.time_of(data)
        dated = isinstance(time, int) or (time is not None and time.day is not None)
        if dated or (time is None and self._probed >= TIME_PROBE_LINES):
            self._scanner.every_line = False
            return
        if time is None:
            self._probed += 1
            return
        self._probed = 0
        self.clock.complete(*_parts(time))

    def _completed(self, event: Event) -> Event:
        time_ns = self.clock.complete(event.time_ns, event.stamp)
        if time_ns is not None:
            if self._latest is not None and time_ns < self._latest:
                self._accounting.out_of_order += 1
            self._latest = time_ns
        self._accounting.events += 1
        return event._replace(time_ns=time_ns, stamp=None)


def _parts(time: int | Stamp) -> tuple[int | None, Stamp | None]:
    return (time, None) if isinstance(time, int) else (None, time)


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
        self, plan: Plan, accounting: Accounting, *, keep: bool = True, observer: Observer | None = None
    ) -> None:
        self._options = plan.options
        self._observer = observer
        self._deduplicator = Deduplicator(plan.pack.event_types, accounting)
        watches = observer.watches if observer is not None else {}
        self.classifier = Classifier(plan.pack, accounting, keep=keep, watches=watches)

    def take(self, event: Event) -> list[Transition]:
        """What the next event decides."""
        fate: Fate = "judged"
        if not in_range(event, self._options):
            fate = "out of range"
        elif self._deduplicator.is_duplicate(event):
            fate = "duplicate"
        if self._observer is not None:
            self._observer.event(event, fate)
        return self.classifier.feed(event) if fate == "judged" else []

    def finish(self, end_ns: int | None) -> list[Transition]:
        """What the end of the input decides; `end_ns` is the time of its last line [ns, UTC]."""
        transitions = self.classifier.advance(end_ns) if end_ns is not None and self.classifier.last_ns else []
        return transitions + self.classifier.finish()


def in_range(event: Event, options: Options) -> bool:
    """Is an event inside `since` and `until`? One without a time is."""
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
    ) -> None:
        self.plan = plan
        self.accounting = accounting if accounting is not None else Accounting()
        self.accounting.sources += [source.name for source in sources]
        self._sources = sources
        self._progress = progress
        self._ends: list[int] = []

    def events(self) -> Iterator[Event]:
        """The events of all sources by time, duplicates included."""
        streams: list[Iterable[Event]] = [self._stream(source) for source in self._sources]
        return merge(streams) if streams else iter(())

    def transitions(self, observer: Observer | None = None) -> Iterator[Transition]:
        """Everything that is decided, in order; the report is what the last transition of each incident says."""
        judge = Judge(self.plan, self.accounting, observer=observer)
        for event in self.events():
            yield from judge.take(event)
        yield from judge.finish(max(self._ends, default=None))

    def _stream(self, source: Source) -> Iterator[Event]:
        reader = Reader(self.plan, source, self.accounting)
        before = self.accounting.bytes
        try:
            for chunk in source.chunks():
                yield from reader.feed(chunk)
                if self._progress is not None:
                    self._progress(self.accounting.bytes)
        except SourceError as error:
            self.accounting.problems.append(str(error))
        yield from reader.finish()
        if self.accounting.bytes == before and not self._problem_of(source):
            self.accounting.assumptions.append(f"{source.name} is empty")
        self.accounting.assumptions += [f"{source.name}: {text}" for text in reader.clock.assumptions]
        end = reader.end_ns()
        if end is not None:
            self._ends.append(end)

    def _problem_of(self, source: Source) -> bool:
        return any(problem.startswith(source.name) for problem in self.accounting.problems)
