"""
The command line as a manual: `docs/loganalyzer.1` for man, `docs/cli.md` for readers of the documentation.

Enters: the commands as Typer knows them. Leaves: two texts with the same content, written by `refresh.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import typer.main
from rich.text import Text
from typer.core import TyperArgument, TyperGroup

from loganalyzer import __version__
from loganalyzer.cli import EXAMPLES, app

EXIT_CODES = (
    ("0", "done, whatever was found"),
    ("1", "only with --fail-on: an incident is at least that severe"),
    ("2", "usage, pattern or input trouble; what could be read is still reported"),
    ("3", "a bug in loganalyzer"),
    ("130", "interrupted"),
)
FILES = (
    ("~/.config/loganalyzer/loganalyzer.toml", "defaults of options; see loganalyzer config"),
    ("~/.config/loganalyzer/patterns/", "patterns and failure modes of your own"),
    ("~/.local/share/loganalyzer/mask.key", "the key of the masks in outputs, private to the user"),
    ("~/.cache/loganalyzer/", "compiled patterns; safe to delete"),
)
"""As they are on Linux."""
VARIABLES = (
    ("LOGANALYZER_<OPTION>", "default of an option, as in LOGANALYZER_TZ=local"),
    ("LOGANALYZER_CONFIG", "another file of defaults"),
    ("LOGANALYZER_PAGER, PAGER", "shows long texts on a terminal; empty for none"),
    ("NO_COLOR", "no colours"),
)


class Command(NamedTuple):
    """A command with what its help says."""

    words: str
    usage: str
    help: str
    options: list[tuple[str, str]]
    """How it is written, and what it does."""


def commands() -> list[Command]:
    """All commands that do something, in the order of the help."""
    root: Any = typer.main.get_command(app)
    return list(_walk(root, "loganalyzer"))


def _walk(command: Any, words: str) -> Iterator[Command]:
    if isinstance(command, TyperGroup):
        for name, inner in command.commands.items():
            yield from _walk(inner, f"{words} {name}")
        return
    arguments: list[Any] = [p for p in command.params if isinstance(p, TyperArgument)]
    options = [p for p in command.params if not isinstance(p, TyperArgument)]
    names = " ".join(f"[{a.metavar}{'...' * (a.nargs != 1)}]" if not a.required else a.metavar for a in arguments)
    rows = [(a.metavar, _shown(a.help)) for a in arguments]
    rows += [(_spelled(option), _shown(option.help)) for option in options]
    text = re.sub(r"\s+", " ", _shown(command.help).replace("\n\n", "\0")).replace("\0", "\n\n").strip()
    yield Command(words, f"{words} [OPTIONS] {names}".strip(), text, rows)


def _shown(help: str | None) -> str:
    """A help text as `--help` shows it, where brackets are markup unless a backslash stands before them."""
    return Text.from_markup(help or "").plain


def _spelled(option: Any) -> str:
    value = f" {option.metavar}" if option.metavar and not option.is_flag else ""
    names = sorted(option.opts, key=len)
    return ", ".join(names) + "".join(f"/{name}" for name in option.secondary_opts) + value


def man(found: list[Command]) -> str:
    """Gives the page for the program man, in roff."""
    lines = [
        f'.TH LOGANALYZER 1 "" "loganalyzer {__version__}" "User Commands"',
        ".SH NAME",
        r"loganalyzer \- find what is wrong with an OpenClaw gateway from its logs",
        ".SH SYNOPSIS",
    ]
    for command in found:
        lines += [f".B {_roff(command.words)}", _roff(command.usage.removeprefix(command.words).strip()), ".br"]
    lines += [
        ".SH DESCRIPTION",
        _roff(
            "Reads gateway logs, console output, syslog, the journal and container logs of OpenClaw from pipes, files, "
            "folders and archives, and reports incidents with evidence, cause and what to do. It changes nothing and "
            "sends nothing unless asked. With a log on standard input and no command it follows it."
        ),
    ]
    for command in found:
        lines += [f".SH {_roff(command.words.removeprefix('loganalyzer ').upper())}", _roff(command.help)]
        for name, text in command.options:
            lines += [".TP", f".B {_roff(name)}", _roff(text)]
    lines += [".SH EXAMPLES", ".nf", _roff(EXAMPLES.removeprefix("Examples:").strip()), ".fi"]
    for title, rows in (("EXIT STATUS", EXIT_CODES), ("ENVIRONMENT", VARIABLES), ("FILES", FILES)):
        lines.append(f".SH {title}")
        for name, text in rows:
            lines += [".TP", f".B {_roff(name)}", _roff(text)]
    return "\n".join(lines) + "\n"


def markdown(found: list[Command]) -> str:
    """The same as a page of the documentation."""
    lines = ["# Command line", "", "Made from the program itself; `man loganalyzer` says the same.", ""]
    for command in found:
        lines += [f"## {command.words}", "", f"    {command.usage}", "", command.help, ""]
        if command.options:
            lines += ["| option | what it does |", "|---|---|"]
            lines += [f"| `{_cell(name)}` | {_cell(text)} |" for name, text in command.options] + [""]
    for title, rows in (("Exit codes", EXIT_CODES), ("Environment", VARIABLES), ("Files", FILES)):
        lines += [f"## {title}", "", "| | |", "|---|---|", *(f"| `{_cell(n)}` | {_cell(t)} |" for n, t in rows), ""]
    return "\n".join(lines).rstrip() + "\n"


def _roff(text: str) -> str:
    escaped = text.replace("\\", r"\e").replace("-", r"\-").replace("\n\n", "\n.PP\n")
    return re.sub(r"(?m)^([.'])(?!PP$)", r"\\&\1", escaped)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
