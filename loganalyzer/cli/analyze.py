"""`loganalyzer analyze`: logs to their end, and a report."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from loganalyzer.cli import options as given
from loganalyzer.cli.destination import binary, destination
from loganalyzer.cli.hints import SILENT_PRODUCER
from loganalyzer.errors import UsageError

if TYPE_CHECKING:
    from loganalyzer.api import Report
    from loganalyzer.model import Severity
    from loganalyzer.outputs import View

Advance = Callable[[int, int | None], None]
FORMATS = ("table", "json", "jsonl", "markdown", "html", "csv", "parquet")


def analyze(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PATH",
            help="Files, globs, folders, archives, URLs; - is standard input, the default. All are one time line.",
        ),
    ] = None,
    *,
    format: given.Format = None,
    tablefmt: given.TableFormat = None,
    output: given.Output = None,
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
    progress: given.Progress = None,
    workers: given.Workers = None,
    history: given.HistoryFile = None,
    history_keep: given.HistoryKeep = "365d",
    engine: given.EngineKind = "local",
    scheduler: given.Scheduler = None,
) -> None:
    """
    Read logs to their end and report the incidents in them: evidence, cause and what to do.

    Formats are table (the default), json, jsonl, markdown, html, csv and parquet.
    """
    from loganalyzer import sanitize
    from loganalyzer.api import analyze as run
    from loganalyzer.outputs import DEFAULT_SEVERITY, OUTPUTS, WITH_ACTIVITY, WITH_CONTEXT, accounting, html
    from loganalyzer.sources import places

    name = given.choice("--format", format or "table", FORMATS)
    limit = None if fail_on is None else given.severity("--fail-on", fail_on)
    kind = given.engine(engine, scheduler, workers)
    view = given.view(
        min_severity=min_severity,
        default=DEFAULT_SEVERITY[name],
        tablefmt=tablefmt,
        tz=tz,
        no_redact=no_redact,
        redact_key=redact_key,
        redact_ip=redact_ip,
    )
    options = given.analysis_options(patterns=patterns, since=since, until=until, tz=tz, reference_time=reference_time)
    inputs = given.inputs(paths)
    kept = None if history is None else given.open_history(history, history_keep, view.redact)
    if name == "html":
        html.templates()
    with destination(output, paged=name in ("table", "markdown")) as file:
        table = binary(file) if name == "parquet" else None
        with bar(progress) as advance:
            report = run(
                inputs,
                options,
                advance,
                workers=workers,
                engine=kind,
                scheduler=scheduler,
                activity=name in WITH_ACTIVITY,
                context=name in WITH_CONTEXT,
            )
        if table is not None:
            _write_parquet(report, view, table)
        else:
            for piece in OUTPUTS[name](report, view):
                file.write(piece)
    sys.stdout.flush()
    if kept is not None:
        kept.record(report.incidents)
        kept.close()
        if kept.problem is not None:
            raise UsageError(f"--history {history}: {kept.problem}")
    if name == "json":
        for problem in report.accounting.problems:
            print(f"Trouble: {sanitize.line(view.redact(problem))}", file=sys.stderr)
    else:
        for line in accounting.lines(report.accounting, view.redact, view.width):
            print(line, file=sys.stderr)
    if report.accounting.bytes == 0 and inputs == ["-"]:
        print(SILENT_PRODUCER, file=sys.stderr)
    elif report.accounting.bytes == 0 and (found := places.existing()):
        print(f"OpenClaw keeps logs here: {', '.join(map(str, found))}", file=sys.stderr)
    raise typer.Exit(exit_code(report, limit))


def _write_parquet(report: Report, view: View, file: BinaryIO) -> None:
    from loganalyzer import sanitize, tables
    from loganalyzer.outputs.base import visible

    shown = visible(report.incidents, view.min_severity)
    table = tables.incidents_to_table(shown, view.redact, sanitize.block)
    tables.write_file(table.to_batches(), tables.INCIDENTS, file)


def exit_code(report: Report, limit: Severity | None) -> int:
    """Gives 2 if something could not be read, 1 if `limit` is reached, else 0."""
    from loganalyzer.model import Status

    if report.accounting.problems:
        return 2
    certain = (i for i in report.incidents if i.status is not Status.UNDECIDED)
    return int(limit is not None and any(i.severity >= limit for i in certain))


@contextlib.contextmanager
def bar(wanted: bool | None) -> Iterator[Advance | None]:
    """
    Shows progress on standard error, if it is a terminal.

    Args:
        wanted: False for none at all.
    """
    if wanted is False or not sys.stderr.isatty():
        yield None
        return
    from rich import progress
    from rich.console import Console

    with progress.Progress(
        progress.TextColumn("reading"),
        progress.BarColumn(),
        progress.DownloadColumn(),
        progress.TransferSpeedColumn(),
        progress.TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as shown:
        task = shown.add_task("reading", total=None)
        yield lambda done, total: shown.update(task, completed=done, total=total)
