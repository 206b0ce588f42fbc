"""`loganalyzer events`: the typed events of logs, without any judgement."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from loganalyzer.cli import options as given
from loganalyzer.cli.destination import binary, destination, folder_destination
from loganalyzer.cli.hints import SILENT_PRODUCER
from loganalyzer.errors import UsageError

if TYPE_CHECKING:
    from loganalyzer.model import Event
    from loganalyzer.outputs import View

FORMATS = ("table", "jsonl", "csv", "parquet")
PAGE_EVENTS = 1000
"""Events a table holds; a longer stream becomes several, so that memory stays bounded."""


def events(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="PATH", help="As for analyze; - is standard input."),
    ] = None,
    *,
    format: given.Format = None,
    tablefmt: given.TableFormat = None,
    output: given.Output = None,
    partition: Annotated[
        bool,
        typer.Option("--partition", help="Write Parquet as a folder of files by date (UTC) and host; needs --output."),
    ] = False,
    since: given.Since = None,
    until: given.Until = None,
    tz: given.Zone = None,
    reference_time: given.ReferenceTime = None,
    patterns: given.Patterns = None,
    no_redact: given.NoRedact = False,
    redact_key: given.RedactKey = None,
    redact_ip: given.RedactIp = False,
    workers: given.Workers = None,
    engine: given.EngineKind = "local",
    scheduler: given.Scheduler = None,
) -> None:
    """
    Show the typed events found in logs, by time.

    Formats are table (the default), jsonl, csv and parquet.
    """
    from loganalyzer.api import iter_events
    from loganalyzer.model import Accounting, Severity
    from loganalyzer.outputs import accounting
    from loganalyzer.sources import shown

    name = given.choice("--format", format or "table", FORMATS)
    if partition and (name != "parquet" or output is None or str(output) == "-"):
        raise UsageError("--partition: needs --format parquet and a folder as --output")
    kind = given.engine(engine, scheduler, workers)
    view = given.view(
        min_severity=None,
        default=Severity.INFO,
        tablefmt=tablefmt,
        tz=tz,
        no_redact=no_redact,
        redact_key=redact_key,
        redact_ip=redact_ip,
    )
    options = given.analysis_options(patterns=patterns, since=since, until=until, tz=tz, reference_time=reference_time)
    counted = Accounting()
    inputs = given.inputs(paths)
    stream = iter_events(inputs, options, counted, workers=workers, engine=kind, scheduler=scheduler)
    if name == "parquet":
        _write_parquet(stream, view, output, partition=partition)
    else:
        with destination(output) as file:
            for piece in TEXTS[name](stream, view):
                file.write(piece)
    sys.stdout.flush()
    counted.sources = counted.sources or [shown(path) for path in inputs]
    for line in accounting.lines(counted, view.redact, view.width):
        print(line, file=sys.stderr)
    if counted.bytes == 0 and inputs == ["-"]:
        print(SILENT_PRODUCER, file=sys.stderr)
    raise typer.Exit(2 if counted.problems else 0)


def _write_parquet(events: Iterable[Event], view: View, output: Path | None, *, partition: bool) -> None:
    from loganalyzer import sanitize, tables

    batches = tables.events_to_batches(events, view.redact, sanitize.block)
    if partition and output is not None:
        with folder_destination(output) as folder:
            tables.write_folder(batches, folder)
    else:
        with destination(output) as file:
            tables.write_file(batches, tables.EVENTS, binary(file))


def _jsonl(events: Iterable[Event], view: View) -> Iterator[str]:
    from loganalyzer.outputs.jsonl import event_line

    for event in events:
        yield event_line(event, view)


def _csv(events: Iterable[Event], view: View) -> Iterator[str]:
    from loganalyzer.outputs.csv import event_lines

    yield from event_lines(events, view)


def _tables(events: Iterable[Event], view: View) -> Iterator[str]:
    from loganalyzer.outputs.table import event_table

    stream = iter(events)
    page = list(islice(stream, PAGE_EVENTS))
    if not page:
        yield "No events.\n"
    while page:
        yield event_table(page, view) + "\n"
        page = list(islice(stream, PAGE_EVENTS))
        if page:
            yield "\n"


TEXTS: dict[str, Callable[[Iterable[Event], View], Iterator[str]]] = {"table": _tables, "jsonl": _jsonl, "csv": _csv}
