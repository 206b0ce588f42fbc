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
from datetime import time as clock_time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from loganalyzer.errors import UsageError

if TYPE_CHECKING:
    from loganalyzer.engines import Kind
    from loganalyzer.history import History
    from loganalyzer.model import Severity
    from loganalyzer.outputs import View
    from loganalyzer.pipeline import Options
    from loganalyzer.redact import Redactor

SEVERITIES = ("info", "warning", "error", "critical")
ENGINES: tuple[Kind, ...] = ("local", "dask")

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
    typer.Option("--since", metavar="TIME", help="Skip what is older: an ISO time, 2h ago, yesterday 09:00."),
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
RedactIp = Annotated[
    bool,
    typer.Option("--redact-ip", help="Mask IP addresses as well; those of the machine itself stay, such as 127.0.0.1."),
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
HistoryFile = Annotated[
    Path | None,
    typer.Option("--history", metavar="DB", help="Keep incidents in this SQLite file too; see loganalyzer history."),
]
HistoryKeep = Annotated[
    str, typer.Option("--history-keep", metavar="AGE", help="Forget incidents last seen longer ago.", show_default=True)
]
EngineKind = Annotated[
    str,
    typer.Option(
        "--engine",
        metavar="ENGINE",
        help="local, or dask: the work of a Dask cluster (pip install 'loganalyzer\\[dask]').",
    ),
]
Scheduler = Annotated[
    str | None,
    typer.Option(
        "--scheduler",
        metavar="ADDRESS",
        help="With --engine dask: tcp://host:8786; default: a cluster of --workers processes for this run.",
    ),
]

MOST_NAMED = 40
"""Known words that an error message lists."""
_DAY = re.compile(r"(today|yesterday)?[ T]*(\d{1,2}:\d{2}(?::\d{2})?)?")
_AGO = re.compile(r"(?:\d+[smhdw])+")
_PART = re.compile(r"(\d+)([smhdw])")
_UNIT_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d{1,2}):?(\d{2})?")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def nearest(word: str, known: Iterable[str]) -> str:
    """Ends an error message with the known word that is most like `word`, if one is."""
    words = list(known)
    found = difflib.get_close_matches(word.lower(), words, n=1, cutoff=0.5)
    if found:
        return f" Did you mean '{found[0]}'?"
    more = f" and {len(words) - MOST_NAMED:,} more" if len(words) > MOST_NAMED else ""
    return f" Known are: {', '.join(words[:MOST_NAMED])}{more}."


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


def engine(word: str, scheduler: str | None, workers: int | None) -> Kind:
    """
    Gives an engine by its name.

    Errors:
        UsageError: it does not go with the other two options.
    """
    kind: Kind = "dask" if choice("--engine", word, ENGINES) == "dask" else "local"
    if scheduler is not None and kind == "local":
        raise UsageError("--scheduler: is for --engine dask only.")
    if scheduler is not None and workers is not None:
        raise UsageError("--workers: the scheduler has workers of its own; leave one of the two options out.")
    return kind


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
        text: ISO 8601; an age such as `2h` or `1d12h`; `now`; or `today`, `yesterday` and a time of day, where the time
            alone is its last occurrence.
        tz: Zone of a time that names none; UTC if None.
        now_ns: What ages count from [ns, UTC].

    Returns:
        The time [ns, UTC].

    Errors:
        UsageError: it is neither.
    """
    word = text.strip().lower()
    ago = word.removesuffix("ago").strip()
    if _AGO.fullmatch(ago):
        return now_ns - age(option, ago)
    if word == "now":
        return now_ns
    try:
        if word and (day := _DAY.fullmatch(word)):
            return _of_day(day[1], day[2], tz or UTC, now_ns)
        read = datetime.fromisoformat(text.strip())
        if read.tzinfo is None:
            read = read.replace(tzinfo=tz or UTC)
        return (read - _EPOCH) // timedelta(microseconds=1) * 1000
    except (ValueError, OverflowError):
        raise UsageError(
            f"{option}: '{text}' is no time. Write 2026-11-20T12:14:18+01:00, 2026-11-20, yesterday 09:00, 09:00, "
            "or an age: 30m, 2h, 1d."
        ) from None


def _of_day(day: str | None, clock: str | None, tz: tzinfo, now_ns: int) -> int:
    now = datetime.fromtimestamp(now_ns // 1_000_000_000, tz)
    at = (
        clock_time.fromisoformat(clock.zfill(5) if clock.count(":") == 1 else clock.zfill(8)) if clock else clock_time()
    )
    found = datetime.combine(now.date() - timedelta(days=day == "yesterday"), at, tz)
    if day is None and found > now:
        found = datetime.combine(now.date() - timedelta(days=1), at, tz)
    return (found - _EPOCH) // timedelta(microseconds=1) * 1000


def age(option: str, text: str) -> int:
    """
    Reads a length of time such as `90d` or `1d12h`.

    Returns:
        The length [ns].

    Errors:
        UsageError: it is none.
    """
    if not _AGO.fullmatch(text.strip().lower()):
        raise UsageError(f"{option}: '{text}' is no length of time. Write 90d, 12h or 1d12h.")
    return sum(int(n) * _UNIT_S[unit] for n, unit in _PART.findall(text.lower())) * 1_000_000_000


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
    redact_ip: bool = False,
) -> View:
    """Puts together how an output looks; `default` is the least severity shown unless told."""
    from loganalyzer.outputs import View

    if tablefmt is not None:
        from tabulate import tabulate_formats

        tablefmt = choice("--tablefmt", tablefmt, tabulate_formats)
    return View(
        min_severity=default if min_severity is None else severity("--min-severity", min_severity),
        redact=redactor(no_redact, redact_key, redact_ip),
        tz=UTC if tz is None else zone(tz),
        width=columns(),
        tablefmt=tablefmt,
    )


def redactor(no_redact: bool, key: str | None, addresses: bool = False) -> Redactor:
    """Gives the masks: off, with the key given, or with the key of this user; of IP `addresses` only if told."""
    from loganalyzer.redact import Redactor, of_user

    if no_redact:
        return Redactor(None)
    if key is not None:
        return Redactor(key.encode("utf-8", "surrogateescape"), addresses=addresses)
    return of_user(lambda text: print(text, file=sys.stderr), addresses=addresses)


def open_history(path: Path, keep: str, redact: Redactor) -> History:
    """Opens a history for writing."""
    from loganalyzer.history import History

    return History(path, redact, age("--history-keep", keep))


def inputs(paths: list[str] | None) -> list[str]:
    """
    Gives what to read: what is named; else standard input; else, on a terminal, the logs of this machine.

    Errors:
        UsageError: nothing is named and OpenClaw keeps no logs here.
    """
    if paths:
        return paths
    if sys.stdin is not None and not sys.stdin.isatty():
        return ["-"]
    from loganalyzer.sources import places

    found = [str(path) for path in places.existing()]
    if not found:
        looked = ", ".join(str(path) for path in dict.fromkeys(places.candidates()))
        raise UsageError(
            "nothing to read: name a log file or a folder, or pipe a log in. OpenClaw keeps no logs here; "
            f"looked for {looked}"
        )
    print(f"Nothing was named; reading what OpenClaw keeps here: {', '.join(found)}", file=sys.stderr)
    return found


def columns() -> int:
    """Gives the width for texts: that of the terminal, 80 without one, at most 100 [characters]."""
    import shutil

    return max(40, min(shutil.get_terminal_size((80, 24)).columns, 100))
