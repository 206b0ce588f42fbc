"""`loganalyzer unknown`: warnings and errors that no pattern knows."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from loganalyzer.cli import options as given
from loganalyzer.cli.analyze import bar
from loganalyzer.cli.destination import destination
from loganalyzer.cli.hints import SILENT_PRODUCER
from loganalyzer.errors import UsageError

if TYPE_CHECKING:
    from loganalyzer.api import UnknownReport
    from loganalyzer.redact import Redactor

WITHOUT_DRAIN = (
    "Drain3 is not installed, so only equal masked texts are one group; "
    "pip install 'loganalyzer[unknown]' joins similar ones."
)
EXAMPLES = """Examples:

loganalyzer unknown /tmp/openclaw
  what is logged as a warning or error and not explained yet

loganalyzer unknown gateway.log --suggest 2 > draft.yaml
  the draft of an event pattern for the second group
"""


def unknown(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="PATH", help="As for analyze; - is standard input."),
    ] = None,
    *,
    suggest: Annotated[
        int | None,
        typer.Option(
            "--suggest",
            metavar="N",
            min=1,
            help="Print the draft of an event pattern for group N instead. Nothing is enabled by it.",
        ),
    ] = None,
    format: given.Format = None,
    tablefmt: given.TableFormat = None,
    output: given.Output = None,
    since: given.Since = None,
    until: given.Until = None,
    tz: given.Zone = None,
    reference_time: given.ReferenceTime = None,
    patterns: given.Patterns = None,
    no_redact: given.NoRedact = False,
    redact_key: given.RedactKey = None,
    redact_ip: given.RedactIp = False,
    progress: given.Progress = None,
) -> None:
    """
    Group the warnings and errors that no pattern knows, errors first.

    Formats are table (the default), json and jsonl. Console text names no level and gives no groups.
    """
    from loganalyzer import sanitize
    from loganalyzer.api import find_unknown
    from loganalyzer.model import Severity
    from loganalyzer.outputs import accounting
    from loganalyzer.outputs.unknown import FORMATS
    from loganalyzer.unknown.groups import has_drain

    name = given.choice("--format", format or "table", FORMATS)
    if suggest is not None and format is not None:
        raise UsageError("--suggest writes YAML; leave out --format.")
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
    inputs = given.inputs(paths)
    with destination(output) as file:
        with bar(progress) as advance:
            report = find_unknown(inputs, options, advance)
        pieces = (
            FORMATS[name](report.groups, report.accounting, view)
            if suggest is None
            else [drafted(report, suggest, view.redact)]
        )
        for piece in pieces:
            file.write(piece)
    sys.stdout.flush()
    notes = [] if has_drain() else [WITHOUT_DRAIN]
    if report.left_out:
        notes.append(f"{accounting.plural(report.left_out, 'line')} not grouped: too many lines or groups.")
    if name == "json":
        notes += [f"Trouble: {sanitize.line(view.redact(problem))}" for problem in report.accounting.problems]
    else:
        notes += accounting.lines(report.accounting, view.redact, view.width)
    if report.accounting.bytes == 0 and inputs == ["-"]:
        notes.append(SILENT_PRODUCER)
    for note in notes:
        print(note, file=sys.stderr)
    raise typer.Exit(2 if report.accounting.problems else 0)


def drafted(report: UnknownReport, number: int, redact: Redactor) -> str:
    """
    Gives the draft for a group.

    Errors:
        UsageError: there is no such group.
    """
    from loganalyzer.unknown.draft import draft

    if number > len(report.groups):
        known = f"there are {len(report.groups)}" if report.groups else "there is none"
        raise UsageError(f"--suggest: no group {number}; {known}. loganalyzer unknown lists them.")
    return draft(report.groups[number - 1], redact)
