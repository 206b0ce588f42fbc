"""`loganalyzer history`: how often, how long, how far apart."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from loganalyzer.cli import options as given
from loganalyzer.cli.destination import destination

FORMATS = ("table", "plot", "html", "json", "jsonl")
SCHEMA = "loganalyzer.history/1"


def history(
    *,
    history: Annotated[
        Path | None, typer.Option("--history", metavar="DB", help="What follow and analyze have kept there.")
    ] = None,
    format: given.Format = None,
    tablefmt: given.TableFormat = None,
    output: given.Output = None,
    since: given.Since = None,
    until: given.Until = None,
    tz: given.Zone = None,
    min_severity: given.MinSeverity = None,
) -> None:
    """
    Show how often each failure mode happened on each channel, how long it lasted, and how far apart.

    Reads what `follow --history DB` and `analyze --history DB` have kept. Formats are table (the default), plot (when
    what was wrong, as bars), html (both, as a page), json (the figures) and jsonl (the incidents).
    """
    from loganalyzer.errors import UsageError
    from loganalyzer.history import figures, numbers, rows, to_frame
    from loganalyzer.model import Severity
    from loganalyzer.outputs import reliability

    name = given.choice("--format", format or "table", FORMATS)
    if history is None:
        raise UsageError(
            "--history: name the file. To make one: loganalyzer follow --history DB. "
            'To name it once for all commands: history = "/path/to/DB" in loganalyzer.toml (see loganalyzer config)'
        )
    people = name in ("table", "plot", "html")
    least = Severity.WARNING if people else Severity.INFO
    view = given.view(
        min_severity=min_severity, default=least, tablefmt=tablefmt, tz=tz, no_redact=True, redact_key=None
    )
    now_ns = time.time_ns()
    since_ns = None if since is None else given.moment("--since", since, view.tz, now_ns)
    until_ns = None if until is None else given.moment("--until", until, view.tz, now_ns)
    found = [row for row in rows(history, since_ns, until_ns) if Severity[row["severity"].upper()] >= view.min_severity]
    with destination(output, paged=name in ("table", "plot")) as file:
        match name:
            case "table":
                file.write(reliability.table(numbers(figures(to_frame(found))), view))
            case "plot":
                file.writelines(reliability.bars(found, view))
            case "html":
                file.writelines(reliability.page(numbers(figures(to_frame(found))), found, view))
            case "json":
                told = [as_object(row) for row in numbers(figures(to_frame(found)))]
                file.write(json.dumps({"schema": SCHEMA, "figures": told}) + "\n")
            case "jsonl":
                file.writelines(json.dumps(as_object(row)) + "\n" for row in found)
    sys.stdout.flush()


def as_object(row: dict[str, Any]) -> dict[str, Any]:
    """Gives the JSON form of a row: times are ISO 8601."""
    from loganalyzer.outputs.base import iso

    return {name.removesuffix("_ns"): iso(value) if name.endswith("_ns") else value for name, value in row.items()}
