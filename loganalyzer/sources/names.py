"""What the name of a file tells: is it a log, an archive, which rotation, which day."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date
from pathlib import PurePosixPath

from loganalyzer import sanitize

LOG_SUFFIXES = frozenset({".log", ".jsonl", ".ndjson", ".txt", ".out", ".err"})
LOG_NAMES = frozenset({"log", "syslog", "messages", "console", "stdout", "stderr", "journal"})
"""Names without suffix."""
LOOKED_FOR = "*.log, *.jsonl, *.ndjson, *.txt, *.out, *.err, syslog, messages, compressed or in .tar and .zip"
"""The above for people."""
NOT_LOGS = frozenset({"changelog", "readme", "license", "licence", "notice", "requirements"})
SKIPPED_FOLDERS = frozenset({".git", "node_modules", "__pycache__", "__MACOSX", "sessions", "credentials"})
"""Not looked into: code, and what OpenClaw keeps beside its logs (chat transcripts, keys)."""
LONGEST_NAME = 255
"""No file system has longer ones, but archives may claim them; their rotations are not told apart [characters]."""

_COMPRESSED = re.compile(r"\.(?:gz|bz2|xz|zst|zstd)$", re.IGNORECASE)
_ARCHIVE = re.compile(r"\.(?:zip|tar|tgz|tbz2?|txz|tzst)$", re.IGNORECASE)
# Rotations by number: `gateway.1.log` and `gateway.log.1`. A third number is a version: `app-1.2.3.log`.
_NUMBER_INSIDE = re.compile(r"(?P<stem>.*(?:\D|[^.\d]\d+))\.(?P<number>\d{1,3})(?P<suffix>\.[a-z]+)$")
_NUMBER_BEHIND = re.compile(r"(?P<base>.+)\.(?P<number>\d{1,3})$")
_DAY = re.compile(r"(?<!\d)(20\d\d)(-?)(\d\d)\2(\d\d)(?!\d)")
# What rotation by date puts behind the name: `gateway.log-20261120`, `0.log.20261120-101112`.
_DATE_BEHIND = re.compile(r"[-.]20\d{2}-?\d{2}-?\d{2}(?:[-T_]?\d{4,6})?$")


def printable(name: str) -> str:
    """A file or member name that can be shown: what is not printable becomes `?`."""
    return "".join(character if sanitize.is_plain(character) else "?" for character in name)


def is_log(name: str) -> bool:
    """Does a file of this name (with or without folders) look like a log? Compressed ones do too."""
    file, _ = rotation(PurePosixPath(name).name)
    file = _DATE_BEHIND.sub("", file)
    if file.startswith("."):
        return False
    path = PurePosixPath(file.lower())
    if path.stem in NOT_LOGS:
        return False
    return path.suffix in LOG_SUFFIXES or path.name in LOG_NAMES


def is_archive(name: str) -> bool:
    """Does a file of this name look like a tar or zip archive?"""
    return _ARCHIVE.search(_COMPRESSED.sub("", name)) is not None


def is_compressed(name: str) -> bool:
    """Does the name say that the file is compressed?"""
    return _COMPRESSED.search(name) is not None


def in_skipped_folder(name: str) -> bool:
    """Does a member of this name lie in a folder that holds no logs?"""
    return not SKIPPED_FOLDERS.isdisjoint(PurePosixPath(name).parts[:-1])


def rotation(file: str) -> tuple[str, int]:
    """
    The log that a file belongs to and its place in the chain, 0 being the current one.

    >>> rotation("gateway.2.log.gz"), rotation("gateway.log.2"), rotation("gateway.log")
    (('gateway.log', 2), ('gateway.log', 2), ('gateway.log', 0))
    """
    if len(file) > LONGEST_NAME:
        return file, 0
    file = _COMPRESSED.sub("", file)
    inside = _NUMBER_INSIDE.match(file)
    if inside and inside["suffix"] in LOG_SUFFIXES:
        return inside["stem"] + inside["suffix"], int(inside["number"])
    behind = _NUMBER_BEHIND.match(file)
    if behind and is_log(behind["base"]):
        return behind["base"], int(behind["number"])
    return file, 0


def day(file: str) -> date | None:
    """The date in a file name, if there is one."""
    for year, _, month, day_of_month in _DAY.findall(file):
        with suppress(ValueError):
            return date(int(year), int(month), int(day_of_month))
    return None


def without_day(file: str) -> str:
    """A file name without the date in it: logs of several days that have it in common follow one another."""
    return _DAY.sub("", file)


def unrotated(file: str) -> str:
    """
    The name that a file had before it was rotated, by number or by date.

    >>> unrotated("gateway.log.2"), unrotated("0.log.20261120-101112"), unrotated("openclaw-2026-11-20.log")
    ('gateway.log', '0.log', 'openclaw-2026-11-20.log')
    """
    return _DATE_BEHIND.sub("", rotation(file)[0])


def order(file: str) -> tuple[str, date, bool, int, str]:
    """Sorts the files of a folder: logs of one name together, by date, the current one last."""
    log, number = rotation(file)
    base = unrotated(file)
    return _DAY.sub("", base), day(file) or date.max, base == log, -number, file
