"""
The command line: `loganalyzer`.

Enters: arguments. Leaves: exit codes: 0 done, 1 only with `--fail-on`, 2 usage, pattern or input
trouble, 3 a bug, 130 interrupted. This module holds the one edge where exceptions end. Commands
import what they need when they run, so that help and version come at once.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from loganalyzer import __version__, interrupts
from loganalyzer.cli import analyze, config, events, explain, follow, history, mcp, options, patterns, unknown, why
from loganalyzer.errors import LogAnalyzerError

EXAMPLES = """Examples:

openclaw logs --follow 2>&1 | loganalyzer
  what is wrong right now, as it happens

loganalyzer analyze /tmp/openclaw /var/log/syslog
  everything that was logged, as one time line

loganalyzer analyze gateway.log --since 2h --fail-on error
  for scripts: exit code 1 if something is seriously wrong

loganalyzer explain whatsapp.logged-out
  the runbook of a failure mode

loganalyzer why whatsapp.logged-out gateway.log
  why it was found in a log, or what was missing
"""


NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""What only writing fails with."""
ASKS_HELP = "loganalyzer.asks_help"
PLAIN: tuple[list[str], ...] = ([], ["follow"], ["follow", "-"])
"""What is typed behind a pipe when messages have stopped."""


class Group(TyperGroup):
    """The command group: options without a command are those of `follow`, a closed pipe is fine."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Reads `| loganalyzer --format jsonl` as `| loganalyzer follow --format jsonl`; bare on a terminal is help."""
        ctx.meta[ASKS_HELP] = bool({"--help", "-h"} & set(args))
        if not args:
            args = ["follow"] if _piped() else ["--help"]
        elif args[0].startswith("--"):
            word = args[0].partition("=")[0]
            own = {name for param in self.params for name in param.opts} | {"--help"}
            followed = self.commands["follow"].params
            if word not in own and any(word in (*p.opts, *p.secondary_opts) for p in followed):
                args = ["follow", *args]
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Runs a command."""
        with _open_ended():
            return super().invoke(ctx)


app = typer.Typer(
    name="loganalyzer",
    cls=Group,
    epilog=EXAMPLES,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)
app.command("follow")(follow.follow)
app.command("analyze")(analyze.analyze)
app.command("events")(events.events)
app.command("explain")(explain.explain)
app.command("why")(why.why)
app.command("unknown", epilog=unknown.EXAMPLES)(unknown.unknown)
app.add_typer(patterns.app, name="patterns")
app.command("history")(history.history)
app.command("mcp")(mcp.mcp)
app.command("config")(config.config)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"loganalyzer {__version__}")
        raise typer.Exit


@app.callback()
def root(
    ctx: typer.Context,
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show version.")
    ] = False,
    file: Annotated[
        Path | None,
        typer.Option(
            "--config", envvar="LOGANALYZER_CONFIG", metavar="FILE", help="Defaults of options; see loganalyzer config."
        ),
    ] = None,
) -> None:
    """Find what is wrong with an OpenClaw gateway: its logs in, diagnosed incidents out."""
    if not ctx.meta[ASKS_HELP]:  # a broken file keeps nobody from reading how to mend it
        config.apply(ctx, file)


def main(arguments: list[str] | None = None) -> None:
    """Runs the command line and ends the process; the edge where every exception ends."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    with interrupts.raised() as interrupted:
        try:
            code = _run(sys.argv[1:] if arguments is None else arguments)
        except (KeyboardInterrupt, typer.Abort):
            code = interrupts.EXIT_CODE
        except Exception as error:
            code = _failure(error) if not interrupted() else 0
        if interrupted():
            code = interrupts.EXIT_CODE
    if code == interrupts.EXIT_CODE:
        print("loganalyzer: interrupted", file=sys.stderr)
    sys.exit(code)


def _run(words: list[str]) -> int:
    if words in PLAIN and _piped() and config.is_nothing_set():
        return _follow()
    return app(args=words, prog_name="loganalyzer", standalone_mode=False) or 0


def _failure(error: Exception) -> int:
    """Tells what went wrong; gives the exit code."""
    if isinstance(error, typer.TyperException):
        return _usage_error(error)
    if isinstance(error, LogAnalyzerError):
        print(f"loganalyzer: {_shown(str(error))}", file=sys.stderr)
        return 2
    if isinstance(error, OSError) and error.errno in NO_ROOM:
        _abandon_output()
        print(f"loganalyzer: the output could not be written: {error.strerror}", file=sys.stderr)
        return 2
    from loganalyzer.cli.bug import report

    report(error)
    return 3


def _follow() -> int:
    """`follow` as it is, without asking Typer what options mean that nobody gave: a fifth of the time to an answer."""
    try:
        with _open_ended():
            follow.follow()
    except typer.Exit as end:
        return end.exit_code
    return 0


def _piped() -> bool:
    return sys.stdin is not None and not sys.stdin.isatty()


@contextmanager
def _open_ended() -> Iterator[None]:
    """Whoever closes the pipe that we write to has read enough."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        _abandon_output()
        raise typer.Exit(0) from None


def _abandon_output() -> None:
    """Whatever is still to be written goes nowhere: Python would try again, and complain, at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _usage_error(error: typer.TyperException) -> int:
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "loganalyzer"
    print(f"{command}: {_shown(error.format_message())}", file=sys.stderr)
    print(f"Try '{command} --help'.", file=sys.stderr)
    return 2


def _shown(message: str) -> str:
    """
    An error quotes names of files, what is in them, and arguments; people paste it into a ticket.

    Whether addresses are masked is asked of the command line itself: it may be what could not be read.
    """
    from loganalyzer import sanitize

    addresses = "--redact-ip" in sys.argv or bool(os.environ.get("LOGANALYZER_REDACT_IP"))
    return sanitize.block(options.redactor(False, None, addresses)(message))
