"""
The library: what the command line and notebooks call.

    report = loganalyzer.analyze(["gateway.log", "/var/log/syslog"])
    report.incidents, report.to_pandas()
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from typing import TYPE_CHECKING, NamedTuple

from loganalyzer import engines, sources
from loganalyzer.activity import Activity, Recorder
from loganalyzer.context import Place, nearby
from loganalyzer.extract import LineStart
from loganalyzer.model import Accounting, Event, Incident, Nearby, Status, Transition, UnknownGroup
from loganalyzer.pipeline import Judge, Options, Plan, Reader, Run, Timeline, in_range
from loganalyzer.redact import Redactor

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["Analyzer", "Options", "Report", "analyze", "find_unknown", "iter_events", "rank", "read_events"]

Paths = Sequence[str | PathLike[str]] | str | PathLike[str]
LIVE_WINDOW_NS = 60_000_000_000
"""The wall clock decides absences only while the log is that close to it [ns]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a run found: incidents, root causes first, and an honest account of the input."""

    incidents: tuple[Incident, ...]
    accounting: Accounting
    activity: Activity | None = None
    """What went on beside the incidents, if it was asked for."""
    nearby: Mapping[Place, Nearby] = field(default_factory=dict)
    """Lines around evidence, by source and line, if they were asked for and can be read again."""

    def _repr_html_(self) -> str:
        """The report in a notebook: what is wrong, in short and masked."""
        from loganalyzer.outputs import notebook

        return notebook.report(self)

    def to_arrow(self, redact: Redactor | None = None) -> pa.Table:
        """
        The incidents as an Arrow table, a row each, in their order; docs/schema.md explains the columns.

        The metadata of its schema names the version (`loganalyzer.incidents/1`). Times are nanoseconds in UTC; one
        that 64 bits cannot hold is null.

        Args:
            redact: masks secrets and personal data; without one texts are as they were logged.
        """
        from loganalyzer import tables

        return tables.incidents_to_table(self.incidents, redact or Redactor(None))

    def to_pandas(self, redact: Redactor | None = None) -> pd.DataFrame:
        """The incidents as a pandas frame, as `to_arrow`: times with zone, the schema in `attrs["schema"]`."""
        from loganalyzer import tables

        return tables.to_pandas(self.to_arrow(redact))


def rank(incidents: Sequence[Incident]) -> tuple[Incident, ...]:
    """Root causes first, then severity, then first seen."""
    return tuple(
        sorted(
            incidents,
            key=lambda i: (
                i.caused_by is not None,
                -i.severity,
                i.status is Status.UNDECIDED,
                i.first_seen_ns or 0,
                i.id,
            ),
        )
    )


def analyze(
    paths: Paths,
    options: Options | None = None,
    progress: Callable[[int, int | None], None] | None = None,
    *,
    workers: int | None = 1,
    engine: engines.Kind = "local",
    scheduler: str | None = None,
    activity: bool = False,
    context: bool = False,
) -> Report:
    """
    Read logs to their end and report the incidents in them.

    Args:
        paths: files, globs, folders, archives or `-` for standard input; one time line together.
        progress: called with bytes done and bytes in all (None if unknown).
        workers: processes that share the bytes; 1 is the calling process, None as many as the input is worth.
            The report is the same for any number.
        engine: `local`, or `dask` for tasks of a Dask cluster (extra `dask`). The report is the same.
        scheduler: address of a Dask scheduler, `tcp://host:8786`; without one a cluster of `workers` processes is
            started for the run.
        activity: also collect states of channels, disconnects and actions over time.
        context: also read the lines around the evidence again, where it stands in plain files.

    Errors:
        PackError: a pattern pack is wrong.
        UsageError: the engine is not installed, or nobody answers at `scheduler`.

    What cannot be read is in `accounting.problems`, never raised.
    """
    run, problems = _run(paths, options, progress, None, workers, engine, scheduler)
    recorder = Recorder() if activity else None
    found = run.incidents(recorder)
    run.accounting.problems[:0] = problems
    incidents = rank(list(found.values()))
    return Report(
        incidents=incidents,
        accounting=run.accounting,
        activity=recorder.activity() if recorder is not None else None,
        nearby=nearby(run.sources, (one for i in incidents for one in i.evidence)) if context else {},
    )


def iter_events(
    paths: Paths,
    options: Options | None = None,
    accounting: Accounting | None = None,
    *,
    workers: int | None = 1,
    engine: engines.Kind = "local",
    scheduler: str | None = None,
) -> Iterator[Event]:
    """
    The typed events of logs, by time, as a stream.

    Args:
        accounting: filled while the events are read, if given.
        workers: as for `analyze`; so are `engine` and `scheduler`.
    """
    run, problems = _run(paths, options, None, accounting, workers, engine, scheduler)
    run.accounting.problems += problems
    return (event for event in run.events() if in_range(event, run.plan.options))


def read_events(
    paths: Paths,
    options: Options | None = None,
    accounting: Accounting | None = None,
    *,
    workers: int | None = 1,
    redact: Redactor | None = None,
) -> pa.RecordBatchReader:
    """
    The typed events of logs as a stream of Arrow record batches, by time; docs/schema.md explains the columns.

    Nothing is read before a batch is asked for, and a batch at a time is in memory: `read_pandas()` and `read_all()`
    hold all of it, a loop over the reader, DuckDB and `pyarrow.dataset.write_dataset` do not need to.

    Args:
        accounting: filled while the events are read, if given.
        workers: as for `analyze`.
        redact: masks secrets and personal data; without one texts are as they were logged.
    """
    from loganalyzer import tables

    return tables.events_to_reader(iter_events(paths, options, accounting, workers=workers), redact or Redactor(None))


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownReport:
    """The warnings and errors that no pattern knows: in groups, errors first, then the most frequent."""

    groups: tuple[UnknownGroup, ...]
    left_out: int
    """Lines that were not grouped, because there were too many lines or groups."""
    accounting: Accounting


def find_unknown(
    paths: Paths, options: Options | None = None, progress: Callable[[int, int | None], None] | None = None
) -> UnknownReport:
    """
    Read logs to their end and group the warnings and errors that no pattern knows.

    Groups are made by Drain3 where it is installed (`pip install 'loganalyzer[unknown]'`), else of equal masked texts.
    Lines without a level, as those of the console, are not looked at.

    Args:
        paths: as for `analyze`.
        progress: as for `analyze`.
    """
    from loganalyzer.unknown.groups import Groups

    groups = Groups()
    found, problems = sources.expand([paths] if isinstance(paths, str | PathLike) else list(paths))
    total = sources.total_size(found) if progress is not None else None
    report = None if progress is None else lambda done: progress(done, total)
    run = Run(Plan(options or Options(), shows_unknown=True), found, report, on_unknown=groups.add)
    for _ in run.events():
        pass
    run.accounting.problems[:0] = problems
    return UnknownReport(groups=groups.result(), left_out=groups.left_out, accounting=run.accounting)


def _run(
    paths: Paths,
    options: Options | None,
    progress: Callable[[int, int | None], None] | None,
    accounting: Accounting | None = None,
    workers: int | None = 1,
    engine: engines.Kind = "local",
    scheduler: str | None = None,
) -> tuple[Run, list[str]]:
    given = [paths] if isinstance(paths, str | PathLike) else list(paths)
    found, problems = sources.expand(given)
    plan = Plan(options or Options())
    total = sources.total_size(found) if progress is not None else None
    report = None if progress is None else lambda done: progress(done, total)
    return Run(plan, found, report, accounting, engines.choose(workers, found, engine, scheduler)), problems


class Memory(NamedTuple):
    """What a live analysis knows between two lines."""

    judge: Judge
    timeline: Timeline
    place: LineStart
    live: bool
    """Whether the log is close to the wall clock."""


class Analyzer:
    """
    Live analysis: bytes in as they arrive, transitions out as they are decided.

        analyzer = Analyzer()
        for transition in analyzer.feed(data): ...
    """

    def __init__(
        self,
        options: Options | None = None,
        source: str = "-",
        *,
        wall_clock: bool = False,
        on_event: Callable[[Event], None] | None = None,
    ) -> None:
        """
        Begin with nothing read.

        Args:
            source: name of the stream.
            wall_clock: let silence be judged by the clock.
            on_event: told every event, before the rules see it.
        """
        plan = Plan(options or Options())
        self.plan = plan
        self.accounting = Accounting(sources=[source])
        stream = sources.Source(name=source, parts=(), mtime_ns=None, file_date=None)
        self._reader = Reader(plan, stream, self.accounting)
        self._judge = Judge(plan, self.accounting)
        self._wall_clock = wall_clock
        self._on_event = on_event
        self.mask: Callable[[Event], Event] | None = None
        """What the rules, and all that remembers, shall see of an event: for a memory that is written down."""
        self._live = False

    def feed(self, data: bytes, now_ns: int | None = None) -> list[Transition]:
        """
        Take the bytes that arrived; what they decide.

        Args:
            now_ns: wall clock of the arrival [ns, UTC]; lets silence be judged while the log is close to it.
        """
        transitions: list[Transition] = []
        classifier = self._judge.classifier
        for event in self._reader.feed(data):
            transitions += self._take(event)
        last = classifier.last_ns
        if now_ns is not None and last is not None:
            self._live = self._wall_clock and abs(now_ns - classifier.jumped_ns - last) <= LIVE_WINDOW_NS
        return transitions

    def clock_was_set(self, jump_ns: int) -> None:
        """
        The wall clock of this machine was set; a leap of the same size in a live log is no silence.

        Args:
            jump_ns: forward, or back if it is negative [ns].
        """
        if self._live:
            classifier = self._judge.classifier
            classifier.jumped_ns = max(0, classifier.jumped_ns + jump_ns)

    def turn(self, name: str, lost: str = "") -> list[Transition]:
        """
        The next bytes are the first ones of another file; the lines before are complete. What that decides.

        Args:
            name: of the file; evidence from here on names it, and lines are counted from 1 again.
            lost: why lines between the two may be missing; empty if none are.
        """
        transitions = self.missed(lost) if lost else []
        self._judge.classifier.surroundings.rolled.begin(self._reader.next_line, name)
        return transitions

    def missed(self, reason: str) -> list[Transition]:
        """Lines before the next bytes are missing; what that decides."""
        return [transition for event in self._reader.gap(reason) for transition in self._take(event)]

    def advance(self, now_ns: int) -> list[Transition]:
        """Let the wall clock decide absences due at `now_ns` [ns, UTC]; nothing while an old log is replayed."""
        deadline = self.deadline_ns
        if deadline is None or now_ns <= deadline:
            return []
        return self.pass_time(now_ns)

    def pass_time(self, now_ns: int) -> list[Transition]:
        """Let the wall clock decide what it has decided at this place before, at `now_ns` [ns, UTC]."""
        return self._judge.classifier.advance(now_ns - self._judge.classifier.jumped_ns)

    @property
    def deadline_ns(self) -> int | None:
        """When `advance` will decide something [ns, UTC]; None if nothing is pending or the log is not live."""
        deadline = self._judge.classifier.deadline_ns if self._live else None
        return None if deadline is None else deadline + self._judge.classifier.jumped_ns

    def latest_ns(self) -> int | None:
        """Time of the last line so far [ns, UTC]; costs reading a line again."""
        return self._reader.latest_ns()

    def current(self, name: str) -> Incident | None:
        """An open incident as it stands now, by its id; between transitions it grows unsaid."""
        return self._judge.classifier.current(name)

    def finish(self) -> list[Transition]:
        """The input has ended; what that decides."""
        transitions: list[Transition] = []
        for event in self._reader.finish():
            transitions += self._take(event)
        transitions += self._judge.finish(self._reader.end_ns())
        self.accounting.assumptions += self._reader.assumptions
        return transitions

    def memory(self) -> Memory:
        """What is needed to go on later; it goes on changing as long as this analyzer is fed."""
        return Memory(self._judge, self._reader.timeline, self._reader.place(), self._live)

    def resume(self, memory: Memory, above: bytes) -> None:
        """
        Go on where another analyzer of the same plan was.

        Args:
            memory: its memory; the accounting in it must be `accounting`.
            above: whole lines before its place in the source.
        """
        self._judge = memory.judge
        self._reader.resume(memory.timeline, memory.place, above)
        self._live = memory.live

    @property
    def unfinished(self) -> int | None:
        """How much of what was fed is no whole line yet [bytes]; None where that is not known (UTF-16)."""
        return self._reader.unfinished

    def _take(self, event: Event) -> list[Transition]:
        if self.mask is not None:
            event = self.mask(event)
        if self._on_event is not None:
            self._on_event(event)
        return self._judge.take(event)
