"""`loganalyzer follow`: a log as it is written, and incidents as they open, grow and end."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from loganalyzer.cli import beside
from loganalyzer.cli import options as given
from loganalyzer.cli.hints import SILENT_PRODUCER
from loganalyzer.cli.sinks import Chronicle, JsonLines, Reached, Sink, Text

if TYPE_CHECKING:
    from loganalyzer.api import Analyzer
    from loganalyzer.cli.inputs import LiveInput
    from loganalyzer.model import Event, Transition

FORMATS = ("text", "jsonl")
SILENT_AFTER_S = 10.0
IDLE_S = 1.0
"""Longest sleep [s]: how late a deadline may be noticed that a moved clock brings closer."""
NS = 1_000_000_000


def follow(
    path: Annotated[
        str,
        typer.Argument(metavar="PATH", help="A growing file, or - for standard input."),
    ] = "-",
    *,
    format: given.Format = None,
    since: given.Since = None,
    until: given.Until = None,
    tz: given.Zone = None,
    reference_time: given.ReferenceTime = None,
    min_severity: given.MinSeverity = None,
    fail_on: given.FailOn = None,
    patterns: given.Patterns = None,
    no_redact: given.NoRedact = False,
    redact_key: given.RedactKey = None,
    history: given.HistoryFile = None,
    history_keep: given.HistoryKeep = "365d",
    notify: beside.Notify = None,
    notify_severity: beside.NotifySeverity = None,
    metrics: beside.Metrics = None,
) -> None:
    """
    Watch a log and show incidents as they open, grow and end; a summary at the end or on Ctrl-C.

    Formats are text (the default) and jsonl, one transition a line.
    """
    from loganalyzer.api import Analyzer
    from loganalyzer.cli.inputs import open_input
    from loganalyzer.outputs import DEFAULT_SEVERITY, accounting

    name = given.choice("--format", format or "text", FORMATS)
    limit = None if fail_on is None else given.severity("--fail-on", fail_on)
    view = given.view(
        min_severity=min_severity,
        default=DEFAULT_SEVERITY[name],
        tablefmt=None,
        tz=tz,
        no_redact=no_redact,
        redact_key=redact_key,
    )
    options = given.analysis_options(patterns=patterns, since=since, until=until, tz=tz, reference_time=reference_time)
    reached = Reached(limit)
    sinks: list[Sink] = [JsonLines(view) if name == "jsonl" else Text(view), reached]
    if history is not None:
        sinks.append(Chronicle(given.open_history(history, history_keep, view.redact)))
    sinks += beside.sinks(
        notify=notify, notify_severity=notify_severity, metrics=metrics, redact_key=redact_key, view=view
    )
    with interruptions() as interruption:
        source = open_input(path, interruption.wake)
        analyzer = Analyzer(options, source.name, wall_clock=True, on_event=listeners(sinks))
        for sink in sinks:
            sink.begin(analyzer)
        if path == "-" and sys.stdin.isatty():
            print("Reading from the terminal; end with Ctrl-D.", file=sys.stderr)
        for transitions in watch(source, analyzer, lambda: interruption.happened):
            for sink in sinks:
                sink.show(transitions, analyzer.accounting)
        analyzer.accounting.assumptions += source.notes
        for sink in sinks:
            sink.end(analyzer.accounting)
    for line in accounting.lines(analyzer.accounting, view.redact, view.width):
        print(line, file=sys.stderr)
    if path == "-" and analyzer.accounting.bytes == 0 and not interruption.happened:
        print(SILENT_PRODUCER, file=sys.stderr)
    if interruption.happened:
        raise typer.Exit(130)
    raise typer.Exit(2 if analyzer.accounting.problems else int(reached.yes))


def listeners(sinks: list[Sink]) -> Callable[[Event], None] | None:
    """Gives what tells an event to the sinks that want to know; None if none does."""
    wanted = [sink.event for sink in sinks if type(sink).event is not Sink.event]
    if not wanted:
        return None

    def tell(event: Event) -> None:
        for take in wanted:
            take(event)

    return tell


def watch(source: LiveInput, analyzer: Analyzer, interrupted: Callable[[], bool]) -> Iterator[list[Transition]]:
    """
    Yields what is decided, the moment it is: by bytes, by silence, by the end.

    Args:
        source: Where bytes come from.
        analyzer: What decides.
        interrupted: Tells when to stop.
    """
    from loganalyzer.errors import SourceError

    hint_at: float | None = time.monotonic() + SILENT_AFTER_S if source.name == "-" else None
    while not interrupted():
        try:
            data = source.read(_patience(analyzer.deadline_ns))
        except SourceError as error:
            analyzer.accounting.problems.append(str(error))
            break
        if data is None:
            break
        now_ns = time.time_ns()
        if data:
            hint_at = None
            yield analyzer.feed(data, now_ns)
        elif hint_at is not None and time.monotonic() >= hint_at:
            hint_at = None
            print(SILENT_PRODUCER, file=sys.stderr)
        deadline = analyzer.deadline_ns
        if deadline is not None and now_ns > deadline:
            yield analyzer.advance(now_ns)
    yield analyzer.finish()


def _patience(deadline_ns: int | None) -> float:
    if deadline_ns is None:
        return IDLE_S
    return min(max((deadline_ns - time.time_ns()) / NS + 0.001, 0.01), IDLE_S)


class Interruption:
    """Whether SIGINT or SIGTERM has come, and a descriptor that is readable then."""

    def __init__(self, wake: int) -> None:
        self.wake = wake
        self.happened = False


@contextmanager
def interruptions() -> Iterator[Interruption]:
    """
    Makes the first SIGINT or SIGTERM a request to end in order; the second ends at once.

    A signal never lands in the middle of the analysis: the handler only takes a note and wakes
    whoever waits.
    """
    wake, waker = os.pipe()
    os.set_blocking(waker, False)
    found = Interruption(wake)

    def take_note(_number: int, _frame: object) -> None:
        if found.happened:
            os._exit(130)
        found.happened = True
        os.write(waker, b"!")

    before = {number: signal.signal(number, take_note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield found
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(wake)
        os.close(waker)
