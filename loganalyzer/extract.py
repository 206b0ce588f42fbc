"""
The half without memory: bytes of a source into the events in them, times as they are written.

    chunks -> Scanner -> Tokenizer -> Item
    bytes     Line       Event        Event, Mark, End

What comes out of a line depends on the line and the lines above it, so a source may be cut anywhere between lines and
its pieces read in any process; `engines` do that. Completing times and judging is left to `pipeline`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import NamedTuple

from loganalyzer import formats, packs, subsystems, unknown
from loganalyzer.errors import SourceError
from loganalyzer.formats import journald
from loganalyzer.model import GAP, READER, Accounting, Event, Origin, Record, Span, Stamp, UnknownLine
from loganalyzer.packs.compile import compile_pack
from loganalyzer.packs.schema import Pack
from loganalyzer.scan import Line, Scanner
from loganalyzer.sources import Missing
from loganalyzer.tokenize import Tokenizer, is_damaged

TIME_PROBE_LINES = 200
"""Lines at the start of a stream that are looked at to learn whether its times have dates."""

MAX_SORTED = 10_000
"""Sets of literals that are remembered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a run may be told. Times are [ns, UTC]."""

    patterns: tuple[Path, ...] = ()
    since_ns: int | None = None
    until_ns: int | None = None
    tz: tzinfo | None = None
    reference_ns: int | None = None


class Sorted(NamedTuple):
    """What the literals of a line say before it is decoded."""

    known: tuple[int, ...]
    """Those of patterns."""
    hidden: bool
    """The text may hold others, which the scan cannot see."""
    silent: bool
    """Only patterns of normal warnings have them."""


class Plan:
    """The compiled knowledge of a run; shared by all its sources."""

    def __init__(self, options: Options, pack: Pack | None = None, *, shows_unknown: bool = False) -> None:
        """`shows_unknown`: warnings and errors that no pattern knows are items, and not merely counted."""
        self.options = options
        self.shows_unknown = shows_unknown
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
        self._sorted: dict[tuple[int, ...], Sorted] = {}

    def sorted(self, literals: tuple[int, ...]) -> Sorted:
        """What the literals of a line say; the same sets come again and again."""
        found = self._sorted.get(literals)
        if found is None:
            known = tuple(index for index in literals if index < self.known)
            hidden = any(self.known <= index < self.levels for index in literals)
            if len(self._sorted) >= MAX_SORTED:
                self._sorted.clear()
            found = self._sorted[literals] = Sorted(known, hidden, self.silent.issuperset(known))
        return found


class Mark(NamedTuple):
    """The time of a line that is no event; where times lack a date, every one of them counts."""

    time_ns: int | None
    stamp: Stamp | None


class End(NamedTuple):
    """The time of the last line of a source that has one; it tells how long silence lasted at the end."""

    time_ns: int | None
    stamp: Stamp | None


Item = Event | UnknownLine | Mark | End
"""What extraction yields, in the order of the source. Events have the times that their lines tell."""


class LineStart(NamedTuple):
    """A line start in a source, and what extraction knows of the lines above it."""

    offset: int
    """In the source [bytes]."""
    lines: int
    every_line: bool
    """Whether lines may matter for their times alone."""
    probed: int
    """Lines that were looked at for a date, in a row and in vain."""


class Extractor:
    """
    Finds the events of one source, or of a piece of it.

    Args:
        name: of the source, for the spans of its events.
        offset: of the first byte in the source [bytes]; 0 for the beginning.
        above: the bytes before `offset`, from a line start on, for records that began there.
        place: where an earlier extraction of the source has ended, instead of `offset`.
        heads: what earlier pieces of the source taught; see `unknown.Tally`.
    """

    def __init__(
        self,
        plan: Plan,
        name: str,
        accounting: Accounting,
        *,
        offset: int = 0,
        above: bytes = b"",
        place: LineStart | None = None,
        heads: unknown.Heads | None = None,
    ) -> None:
        place = place or LineStart(offset, 0, every_line=offset == 0, probed=0)
        self._plan = plan
        self._name = name
        self._accounting = accounting
        self._tally = unknown.Tally(accounting, name, plan.levels, heads)
        aside = None if plan.shows_unknown else (plan.levels, self._tally.unknown)
        self._scanner = Scanner(
            plan.literals, accounting, aside=aside, offset=place.offset, above=above, lines=place.lines
        )
        self._scanner.every_line = place.every_line
        self._probed = place.probed

    @property
    def is_dated(self) -> bool:
        """Is it clear that no line matters for its time alone? Only then may the rest be read in any order."""
        return not self._scanner.every_line

    @property
    def lines(self) -> int:
        """Lines so far."""
        return self._scanner.count

    @property
    def unfinished(self) -> int | None:
        """How much of what was fed is no whole line yet [bytes]; None where that is not known (UTF-16)."""
        return self._scanner.unfinished

    def place(self, offset: int) -> LineStart:
        """Where the last whole line has ended; `offset` of it in the source [bytes]."""
        return LineStart(offset, self._scanner.count, self._scanner.every_line, self._probed)

    def feed(self, data: bytes) -> list[Item]:
        """
        What is in the lines that these bytes complete, or that lines are missing before the next ones.

        All of it at once: a processor that does one thing for many lines is faster than one that does all for each.
        """
        items: list[Item] = [gap(self._name, self.lines + 1, data.reason)] if isinstance(data, Missing) else []
        for line in self._scanner.feed(data):
            items += self._items(line)
        return items

    def finish(self) -> list[Item]:
        """What is in an unfinished last line."""
        return [item for line in self._scanner.finish() for item in self._items(line)]

    def end(self) -> End:
        """The last time in the lines so far."""
        for data in self._scanner.last_lines():
            time = formats.time_of(data)
            if time is not None:
                return End(*_parts(time))
        return End(None, None)

    def _items(self, line: Line) -> Iterable[Item]:
        if not self._scanner.every_line:
            return self._found(line)
        marks = list(self._follow_time(line.data))
        if not self._plan.sorted(line.literals).known:
            self._accounting.undecodable += is_damaged(line.data)
        return [*marks, *self._found(line)]

    def _found(self, line: Line) -> Iterable[Item]:
        known, hidden, silent = self._plan.sorted(line.literals)
        if hidden:
            known = self._plan.tokenizer.literals_of(line)
            silent = self._plan.silent.issuperset(known)
        if not known:
            return self._unknown(line) if line.literals else ()
        if silent:
            # Without a level there is nothing to count.
            leveled = line.literals[-1] >= self._plan.levels
            return self._unknown(line) if leveled and not self._is_normal(line, known) else ()
        reading = self._plan.tokenizer.events(line, known, self._name, self._accounting)
        if not reading.known:
            return self._unknown(line, reading.record)
        self._tally.known(reading.record)
        return reading.events

    def _is_normal(self, line: Line, known: tuple[int, ...]) -> bool:
        """Does a line with the text of a normal warning match its pattern? Then it is explained."""

        def matches() -> bool:
            return self._plan.tokenizer.events(line, known, self._name, Accounting()).known

        return self._tally.is_normal(line.data, known, matches)

    def _unknown(self, line: Line, record: Record | None = None) -> Sequence[UnknownLine]:
        self._tally.unknown(line.data, record=record)
        if not self._plan.shows_unknown:
            return ()
        if record is None:
            record = self._plan.tokenizer.record(line)
            self._accounting.records[record.format] = self._accounting.records.get(record.format, 0) + 1
        level = unknown.level_of(record)
        if level is None:
            return ()
        found = UnknownLine(
            source=self._name,
            line=line.number,
            time_ns=record.time_ns,
            level=level,
            subsystem=subsystems.display(record.subsystem) if record.subsystem else None,
            text=unknown.first_line(record),
            stamp=record.stamp,
        )
        return (found,)

    def _follow_time(self, data: bytes) -> Iterator[Mark]:
        """The time of a line of no other interest: a log whose times have no date needs every one of them."""
        time = formats.time_of(data)
        dated = isinstance(time, int) or (time is not None and time.day is not None)
        if dated or (time is None and self._probed >= TIME_PROBE_LINES):
            self._scanner.every_line = False
            return
        if time is None:
            self._probed += 1
            return
        self._probed = 0
        yield Mark(*_parts(time))


def gap(source: str, line: int, reason: str) -> Event:
    """
    The event that lines of a source are missing.

    Args:
        line: number of the first one behind them.
        reason: why they are, in a few words.
    """
    text = f"lines are missing: {reason}"
    span = Span(source, line, line, 0)
    return Event(GAP, {"reason": reason}, None, 0, span, None, None, None, Origin.GATEWAY, READER, "", text)


def _parts(time: int | Stamp) -> tuple[int | None, Stamp | None]:
    return (time, None) if isinstance(time, int) else (None, time)


def extract(
    plan: Plan, name: str, chunks: Iterable[bytes], accounting: Accounting, advanced: Callable[[], None]
) -> Iterator[Item]:
    """
    Everything in one source, chunk by chunk, and its end.

    Args:
        advanced: called after every chunk.

    Errors:
        SourceError: from `chunks`, after all that could be read.
    """
    extractor = Extractor(plan, name, accounting)
    problem: SourceError | None = None
    try:
        for chunk in chunks:
            yield from extractor.feed(chunk)
            advanced()
    except SourceError as error:
        problem = error
    yield from extractor.finish()
    yield extractor.end()
    if problem is not None:
        raise problem
