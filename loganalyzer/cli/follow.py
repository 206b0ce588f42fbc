"""`loganalyzer follow`: a log as it is written, and incidents as they open, grow and end."""

from __future__ import annotations

import os
import signal
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from loganalyzer.cli import beside
from loganalyzer.cli import options as given
from loganalyzer.cli.hints import SILENT_PRODUCER
from loganalyzer.cli.sinks import Chronicle, JsonLines, Reached, Sink, Text
from loganalyzer.errors import UsageError

if TYPE_CHECKING:
    from loganalyzer.api import Analyzer
    from loganalyzer.cli.inputs import LiveInput
    from loganalyzer.cli.kept import Kept
    from loganalyzer.cli.live import Live
    from loganalyzer.model import Event, Transition

FORMATS = ("text", "jsonl")
SILENT_AFTER_S = 10.0
IDLE_S = 1.0
"""Longest sleep [s]."""
NS = 1_000_000_000
SET_NS = 30 * NS
"""A difference between the clocks of this machine that is no drift [ns]."""


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
    redact_ip: given.RedactIp = False,
    history: given.HistoryFile = None,
    history_keep: given.HistoryKeep = "365d",
    notify: beside.Notify = None,
    notify_severity: beside.NotifySeverity = None,
    metrics: beside.Metrics = None,
    resume: Annotated[
        Path | None,
        typer.Option(
            "--resume",
            metavar="FILE",
            help="Keep in FILE how far this run is, and go on where the last one ended, even if it was killed.",
        ),
    ] = None,
    live: Annotated[
        bool | None,
        typer.Option("--live/--no-live", help="A screen with keys instead of running text; default: on a terminal."),
    ] = None,
) -> None:
    """
    Watch a log and show incidents as they open, grow and end; a summary at the end or on Ctrl-C.

    Formats are text (the default) and jsonl, one transition a line.

    On a terminal text is a live screen: arrows select, Enter shows what to do, ? tells more keys, q ends.
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
        redact_ip=redact_ip,
    )
    options = given.analysis_options(patterns=patterns, since=since, until=until, tz=tz, reference_time=reference_time)
    reached = Reached(limit)
    aside = beside.sinks(
        notify=notify,
        notify_severity=notify_severity,
        metrics=metrics,
        redact_key=redact_key,
        redact_ip=redact_ip,
        view=view,
    )
    if history is not None:
        aside.append(Chronicle(given.open_history(history, history_keep, view.redact)))
    with ExitStack() as stack:
        keeping = None
        if resume is not None:
            from loganalyzer.cli.kept import Keeping

            keeping = stack.enter_context(closing(Keeping(resume, path)))
        interruption = stack.enter_context(interruptions())
        screen: Live | None = None
        wakes = [interruption.wake]
        if has_screen(live, name, path):
            from loganalyzer.cli.live import Live
            from loganalyzer.cli.terminal import Terminal

            terminal = stack.enter_context(closing(Terminal()))
            interruption.parting = terminal.close
            wakes += terminal.wakes
            screen = Live(terminal, path, view)
        sinks: list[Sink] = [screen or (JsonLines(view) if name == "jsonl" else Text(view)), reached, *aside]
        source = open_input(path, wakes, keeping.start if keeping is not None else None)
        analyzer = Analyzer(options, source.name, wall_clock=True, on_event=listeners(sinks))
        for sink in sinks:
            sink.begin(analyzer)
        kept = None
        if keeping is not None:
            from loganalyzer.cli.kept import Kept

            kept = Kept(keeping, source, analyzer, sinks, view.redact, lambda: interruption.stopped)
        if path == "-" and sys.stdin.isatty():
            print("Reading from the terminal; end with Ctrl-D.", file=sys.stderr)
        for transitions in watch(kept or source, kept or analyzer, lambda: interruption.happened, screen):
            if kept is not None:
                kept.show(transitions)
                continue
            for sink in sinks:
                sink.show(transitions, analyzer.accounting)
        analyzer.accounting.assumptions += [*source.notes, *(kept.notes if kept is not None else ())]
        for sink in sinks:
            sink.end(analyzer.accounting)
    for line in accounting.lines(analyzer.accounting, view.redact, view.width):
        print(line, file=sys.stderr)
    if path == "-" and analyzer.accounting.bytes == 0 and not interruption.happened:
        print(SILENT_PRODUCER, file=sys.stderr)
    if interruption.happened:
        raise typer.Exit(130)
    if screen is not None and screen.quitting and path == "-":
        print("The program that writes the log may run on until it writes again; Ctrl-C ends it.", file=sys.stderr)
    raise typer.Exit(2 if analyzer.accounting.problems else int(reached.yes))


def has_screen(live: bool | None, format: str, path: str) -> bool:
    """
    Is this run shown on a live screen?

    Args:
        live: What the user wants; None for a screen where there can be one.

    Errors:
        UsageError: a screen is wanted where there can be none.
    """
    obstacle = None if live is False else no_screen(format, path)
    if live and obstacle is not None:
        raise UsageError(f"--live: {obstacle}.")
    return live is not False and obstacle is None


def no_screen(format: str, path: str) -> str | None:
    """Says why there can be no live screen; None if there can."""
    if format != "text":
        return f"the format is {format}, and a screen is text"
    if not sys.stdout.isatty():
        return "standard output is no terminal"
    if os.name == "nt":
        return "there is no live screen on Windows"
    if path == "-" and sys.stdin.isatty():
        return "what is typed here is the log"
    from loganalyzer.cli.terminal import unfit

    return unfit()


def listeners(sinks: list[Sink]) -> Callable[[Event], None] | None:
    """Gives what tells an event to the sinks that want to know; None if none does."""
    wanted = [sink.event for sink in sinks if type(sink).event is not Sink.event]
    if not wanted:
        return None

    def tell(event: Event) -> None:
        for take in wanted:
            take(event)

    return tell


def watch(
    source: LiveInput | Kept, analyzer: Analyzer | Kept, interrupted: Callable[[], bool], screen: Live | None = None
) -> Iterator[list[Transition]]:
    """
    Yields what is decided, the moment it is: by bytes, by silence, by the end. Often that is nothing.

    Args:
        source: Where bytes come from.
        analyzer: What decides.
        interrupted: Tells when to stop.
        screen: Is drawn in between, shows advice, and may ask to stop, too.
    """
    from loganalyzer.errors import SourceError

    advise = screen.advise if screen is not None else _advise
    hint_at: float | None = time.monotonic() + SILENT_AFTER_S if source.name == "-" else None
    clock = Clock()
    while not interrupted() and not (screen is not None and screen.quitting):
        patience_s = _patience(analyzer.deadline_ns, clock.now_ns())
        if screen is not None:
            patience_s = min(patience_s, screen.patience_s)
        try:
            data = source.read(patience_s)
        except SourceError as error:
            analyzer.accounting.problems.append(str(error))
            break
        if data is None:
            break
        for turn in source.turns:
            yield analyzer.turn(str(turn.path), turn.lost) if turn.path is not None else analyzer.missed(turn.lost)
        if data:
            hint_at = None
            if jump_ns := clock.read():
                analyzer.clock_was_set(jump_ns)
            yield analyzer.feed(data, clock.now_ns())
        else:
            if hint_at is not None and time.monotonic() >= hint_at:
                hint_at = None
                advise(SILENT_PRODUCER)
            yield []
        deadline, now_ns = analyzer.deadline_ns, clock.now_ns()
        if deadline is not None and now_ns > deadline:
            yield analyzer.advance(now_ns)
    yield analyzer.finish()


def _advise(text: str) -> None:
    print(text, file=sys.stderr)


class Clock:
    """The wall clock as it was last read; what has passed since is told by the clock that nobody sets."""

    def __init__(self) -> None:
        self._wall_ns, self._ticks_ns = time.time_ns(), time.monotonic_ns()

    def now_ns(self) -> int:
        """The time [ns, UTC]."""
        return self._wall_ns + time.monotonic_ns() - self._ticks_ns

    def read(self) -> int:
        """Reads the wall clock anew; how far it was set since then [ns], 0 if it only drifted."""
        expected_ns = self.now_ns()
        self._wall_ns, self._ticks_ns = time.time_ns(), time.monotonic_ns()
        jump_ns = self._wall_ns - expected_ns
        return jump_ns if abs(jump_ns) >= SET_NS else 0


def _patience(deadline_ns: int | None, now_ns: int) -> float:
    if deadline_ns is None:
        return IDLE_S
    return min(max((deadline_ns - now_ns) / NS + 0.001, 0.01), IDLE_S)


class Interruption:
    """Whether SIGINT, SIGTERM or SIGHUP has come, and a descriptor that is readable then."""

    def __init__(self, wake: int) -> None:
        self.wake = wake
        self.happened = False
        self.stopped = False
        """It was SIGTERM: a service manager stops the program, and starts it again."""
        self.parting: Callable[[], None] | None = None
        """What must be done even if the program ends at once."""


def _let_go_of_lost_terminals() -> None:
    """What would be said to a terminal that is gone is said to nobody; writing to it is an error."""
    for descriptor in (1, 2):
        if stat.S_ISCHR(os.fstat(descriptor).st_mode) and not os.isatty(descriptor):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, descriptor)
            os.close(nowhere)


@contextmanager
def interruptions() -> Iterator[Interruption]:
    """
    Makes the first SIGINT, SIGTERM or SIGHUP a request to end in order; the second ends at once.

    Of a lost terminal both the kernel and the shell tell, so a second SIGHUP is the first one again. If it is ignored
    (`nohup`), it stays so. A signal never lands in the middle of the analysis: the handler only takes a note and wakes
    whoever waits.
    """
    wake, waker = os.pipe()
    os.set_blocking(waker, False)
    found = Interruption(wake)

    def take_note(number: int, _frame: object) -> None:
        if number == hangup:
            _let_go_of_lost_terminals()
            if found.happened:
                return
        if found.happened:
            if found.parting is not None:
                found.parting()
            os._exit(130)
        found.happened = True
        found.stopped = number == signal.SIGTERM
        os.write(waker, b"!")

    hangup = getattr(signal, "SIGHUP", None)  # not known to Windows
    numbers = [signal.SIGINT, signal.SIGTERM]
    if hangup is not None and signal.getsignal(hangup) is not signal.SIG_IGN:
        numbers.append(hangup)
    before = {number: signal.signal(number, take_note) for number in numbers}
    try:
        yield found
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(wake)
        os.close(waker)
