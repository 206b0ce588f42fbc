"""
Options that several commands share, and what their texts mean.

Enters: words of the command line. Leaves: checked values. A word that means nothing is a usage
error that names the nearest one that does.
"""

from __future__ import annotations

import difflib
import re
import sys
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from loganalyzer.errors import UsageError

if TYPE_CHECKING:
    from loganalyzer.model import Severity
    from loganalyzer.outputs import View
    from loganalyzer.pipeline import Options
    from loganalyzer.redact import Redactor

SEVERITIES = ("info", "warning", "error", "critical")

Format = Annotated[str | None, typer.Option("--format", "-f", metavar="FORMAT", help="How to write the result.")]
TableFormat = Annotated[
    str | None,
    typer.Option(
        "--tablefmt",
        metavar="NAME",
        help="Look of the table: any format of tabulate (grid, tsv …).",
    ),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Write to this file, whole or not at all (mode 0600).",
    ),
]
Since = Annotated[
    str | None,
    typer.Option("--since", metavar="TIME", help="Skip what is older: an ISO time, or 2h, 30m, 1d ago."),
]
Until = Annotated[str | None, typer.Option("--until", metavar="TIME", help="Skip what is newer; as --since.")]
Zone = Annotated[
    str | None,
    typer.Option(
        "--tz",
        metavar="ZONE",
        help="Zone of times that name none, and of the times shown: Europe/Berlin, +02:00, local.",
    ),
]
ReferenceTime = Annotated[
    str | None,
    typer.Option(
        "--reference-time",
        metavar="TIME",
        help="When the log ends: completes missing dates, and is what an age counts from.",
    ),
]
FailOn = Annotated[
    str | None,
    typer.Option("--fail-on", metavar="SEVERITY", help="Exit with 1 if an incident is at least that severe."),
]
MinSeverity = Annotated[
    str | None,
    typer.Option(
        "--min-severity",
        metavar="SEVERITY",
        help=f"Show from {', '.join(SEVERITIES)} on; default: warning in texts, info in JSON.",
    ),
]
Patterns = Annotated[
    list[Path] | None,
    typer.Option("--patterns", metavar="DIR", help="Add a pattern pack of your own; may be repeated."),
]
NoRedact = Annotated[
    bool,
    typer.Option("--no-redact", help="Show tokens, phone numbers and addresses as they are logged."),
]
RedactKey = Annotated[
    str | None,
    typer.Option(
        "--redact-key",
        metavar="TEXT",
        help="Key of the masks, for equal masks on several machines; default: a key of this user.",
    ),
]
Progress = Annotated[
    bool | None,
    typer.Option("--progress/--no-progress", help="Progress on standard error; default: if it is a terminal."),
]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        metavar="N",
        min=1,
        help="Processes that share the bytes; default: one for each core, for files of 64 MB and more.",
    ),
]

_AGO = re.compile(r"(?:\d+[smhdw])+")
_PART = re.compile(r"(\d+)([smhdw])")
_UNIT_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d{1,2}):?(\d{2})?")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def nearest(word: str, known: Iterable[str]) -> str:
    """Ends an error message with the known word that is most like `word`, if one is."""
    words = list(known)
    found = difflib.get_close_matches(word.lower(), words, n=1, cutoff=0.5)
    return f" Did you mean '{found[0]}'?" if found else f" Known are: {', '.join(words[:20])}."


def choice(option: str, word: str, known: Iterable[str]) -> str:
    """
    Checks that a word is one of those known.

    Errors:
        UsageError: it is not; names the nearest.
    """
    words = list(known)
    if word.lower() in words:
        return word.lower()
    raise UsageError(f"{option}: '{word}' is not known.{nearest(word, words)}")


def severity(option: str, word: str) -> Severity:
    """Gives a severity by its name."""
    from loganalyzer.model import Severity

    return Severity[choice(option, word, SEVERITIES).upper()]


def zone(word: str) -> tzinfo:
    """
    Gives a zone by its IANA name, its offset (`+02:00`) or as `local`.

    Errors:
        UsageError: no such zone.
    """
    import zoneinfo

    if word.lower() in ("utc", "z"):
        return UTC
    if word.lower() == "local":
        return datetime.now().astimezone().tzinfo or UTC
    if match := _OFFSET.fullmatch(word):
        offset = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
        if offset < timedelta(hours=24):
            return timezone(-offset if match[1] == "-" else offset)
    try:
        return zoneinfo.ZoneInfo(word)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        names = {name.lower(): name for name in zoneinfo.available_timezones()}
        found = difflib.get_close_matches(word.lower(), names, n=1, cutoff=0.5)
        hint = f" Did you mean '{names[found[0]]}'?" if found else ""
        raise UsageError(f"--tz: no zone is called '{word}'.{hint}") from None


def moment(option: str, text: str, tz: tzinfo | None, now_ns: int) -> int:
    """
    Reads a time.

    Args:
        option: Whose word it is, for the error message.
        text: ISO 8601, or an age such as `2h` or `1d12h`.
        tz: Zone of an ISO time that names none; UTC if None.
        now_ns: What ages count from [ns, UTC].

    Returns:
        The time [ns, UTC].

    Errors:
        UsageError: it is neither.
    """
    age = text.strip().lower().removesuffix("ago").strip()
    if _AGO.fullmatch(age):
        seconds = sum(int(n) * _UNIT_S[unit] for n, unit in _PART.findall(age))
        return now_ns - seconds * 1_000_000_000
    try:
        read = datetime.fromisoformat(text.strip())
        if read.tzinfo is None:
            read = read.replace(tzinfo=tz or UTC)
        return (read - _EPOCH) // timedelta(microseconds=1) * 1000
    except (ValueError, OverflowError):
        raise UsageError(
            f"{option}: '{text}' is no time. Write 2026-11-20T12:14:18+01:00, 2026-11-20, or an age: 30m, 2h, 1d."
        ) from None


def analysis_options(
    *,
    patterns: list[Path] | None,
    since: str | None,
    until: str | None,
    tz: str | None,
    reference_time: str | None,
) -> Options:
    """Puts together what an analysis is told."""
    from loganalyzer.pipeline import Options

    where = None if tz is None else zone(tz)
    now_ns = time.time_ns()
    reference_ns = None
    if reference_time is not None:
        now_ns = reference_ns = moment("--reference-time", reference_time, where, now_ns)
    return Options(
        patterns=tuple(patterns or ()),
        since_ns=None if since is None else moment("--since", since, where, now_ns),
        until_ns=None if until is None else moment("--until", until, where, now_ns),
        tz=where,
        reference_ns=reference_ns,
    )


def view(
    *,
    min_severity: str | None,
    default: Severity,
    tablefmt: str | None,
    tz: str | None,
    no_redact: bool,
    redact_key: str | None,
) -> View:
    """Puts together how an output looks; `default` is the least severity shown unless told."""
    from loganalyzer.outputs import View

    if tablefmt is not None:
        from tabulate import tabulate_formats

        tablefmt = choice("--tablefmt", tablefmt, tabulate_formats)
    return View(
        min_severity=default if min_severity is None else severity("--min-severity", min_severity),
        redact=redactor(no_redact, redact_key),
        tz=UTC if tz is None else zone(tz),
        width=columns(),
        tablefmt=tablefmt,
    )


def redactor(no_redact: bool, key: str | None) -> Redactor:
    """Gives the masks: off, with the key given, or with the key of this user."""
    from loganalyzer.redact import Redactor, of_user

    if no_redact:
        return Redactor(None)
    if key is not None:
        return Redactor(key.encode("utf-8", "surrogateescape"))
    return of_user(lambda text: print(text, file=sys.stderr))


def inputs(paths: list[str] | None) -> list[str]:
    """Gives what to read: standard input if nothing is named and it is no terminal."""
    if paths:
        return paths
    if sys.stdin is None or sys.stdin.isatty():
        raise UsageError("nothing to read: name a log file or a folder, or pipe a log in.")
    return ["-"]


def columns() -> int:
    """Gives the width for texts: that of the terminal, 80 without one, at most 100 [characters]."""
    import shutil

    return max(40, min(shutil.get_terminal_size((80, 24)).columns, 100))
