"""`loganalyzer mcp`: answers for AI agents, over the Model Context Protocol."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loganalyzer.cli import options as given


def mcp(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH", help="Files and folders that may be read, with all that is in them.")
    ],
    *,
    history: Annotated[
        Path | None,
        typer.Option("--history", metavar="DB", help="A history that may be asked as well."),
    ] = None,
    tz: given.Zone = None,
    patterns: given.Patterns = None,
    redact_key: given.RedactKey = None,
) -> None:
    """
    Serve agents on standard input and output: the tools analyze, explain, why and history, read-only.

    An agent starts it: openclaw mcp add loganalyzer --command loganalyzer --arg mcp --arg /tmp/openclaw
    """
    from loganalyzer import __version__
    from loganalyzer.cli.assistant import Assistant, server
    from loganalyzer.errors import UsageError

    for path in paths:
        if not path.exists():
            raise UsageError(f"{path}: no such file or folder")
    options = given.analysis_options(patterns=patterns, since=None, until=None, tz=tz, reference_time=None)
    server(Assistant(paths, given.redactor(False, redact_key), options, history), __version__).run("stdio")
