"""
What every output shares: how it is asked to look, times as text, and which incidents stand where.

Enters: incidents, sorted by the classifier. Leaves: the selection that a reader sees. Refuses to
judge: severities, causes and order are those of the incidents.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import NamedTuple, Protocol

from loganalyzer.activity import Activity
from loganalyzer.model import Accounting, Incident, Nearby, Severity
from loganalyzer.redact import Redactor

NS = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """How an output is asked to look."""

    min_severity: Severity = Severity.WARNING
    redact: Redactor = field(default_factory=lambda: Redactor(None))
    tz: tzinfo = UTC
    """Zone of the times in texts and tables; JSON is always UTC."""
    width: int = 80
    """Columns of a text [characters]."""
    tablefmt: str | None = None
    """A format of tabulate; None for the plain table that fits into `width`."""


class Found(Protocol):
    """What a batch run found; `api.Report` is one."""

    @property
    def incidents(self) -> Sequence[Incident]:
        """Root causes first."""

    @property
    def accounting(self) -> Accounting:
        """What was read, understood and assumed."""

    @property
    def activity(self) -> Activity | None:
        """What went on beside the incidents; None if it was not collected."""

    @property
    def nearby(self) -> Mapping[tuple[str, int], Nearby]:
        """Lines around evidence, by source and line."""


class Output(Protocol):
    """Renders what a batch run found."""

    def __call__(self, found: Found, view: View, /) -> Iterator[str]:
        """Yields the output in pieces that end with a line break."""


class Problem(NamedTuple):
    """An incident that stands for itself, with the consequences that are folded under it."""

    incident: Incident
    consequences: tuple[Incident, ...]


@lru_cache(maxsize=1024)
def iso(time_ns: int | None) -> str | None:
    """
    Writes a time for machines: UTC, with as many fractional digits as it has (none, 3, 6 or 9).

    Args:
        time_ns: [ns, UTC].

    Returns:
        ISO 8601, such as `2026-11-20T11:54:34.914+00:00`; None for no time, and for one that no
        calendar holds (a log can claim any year).
    """
    if time_ns is None:
        return None
    second, fraction = divmod(time_ns, NS)
    days, second = divmod(second, 86_400)
    if (day := _day(days)) is None:
        return None
    minute, second = divmod(second, 60)
    text = f"{day}T{minute // 60:02d}:{minute % 60:02d}:{second:02d}"
    if not fraction:
        return text + "+00:00"
    digits = f"{text}.{fraction:09d}"
    return digits.removesuffix("000").removesuffix("000") + "+00:00"


@lru_cache(maxsize=1024)
def _day(days: int) -> str | None:
    moment = _moment(days * 86_400 * NS, UTC)
    return None if moment is None else f"{moment:%Y-%m-%d}"


def day_and_time(time_ns: int | None, tz: tzinfo, *, seconds: bool = True) -> str:
    """Writes a time for people, in their zone and without naming it; `-` for no time."""
    moment = _moment(time_ns, tz)
    if moment is None:
        return "-"
    return f"{moment:%Y-%m-%d %H:%M:%S}" if seconds else f"{moment:%Y-%m-%d %H:%M}"


def zone_name(tz: tzinfo, time_ns: int | None = None) -> str:
    """Names a zone as it is at a time: `UTC`, `CET`, `UTC+05:30`."""
    moment = _moment(time_ns or 0, tz)
    return (moment.tzname() if moment else None) or str(tz)


def duration(length_ns: int) -> str:
    """Writes a length [ns] for people, with its two largest units: `4 s`, `2 h 13 min`, `5 d 3 h`."""
    seconds = max(length_ns, 0) // NS
    parts: list[str] = []
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        parts += [f"{count} {unit}"] * bool(count or parts)
    return " ".join(part for part in parts[:2] if part[0] != "0" or len(parts) == 1) or "less than 1 s"


def visible(incidents: Sequence[Incident], least: Severity) -> list[Incident]:
    """Leaves out what is less severe than asked for."""
    return [i for i in incidents if i.severity >= least]


def fold(incidents: Sequence[Incident]) -> list[Problem]:
    """
    Puts every consequence under its root cause.

    Args:
        incidents: All that are shown. One whose cause is not among them stands for itself.

    Returns:
        Problems in the order of the incidents given.
    """
    by_id = {i.id: i for i in incidents}
    consequences: dict[str, list[Incident]] = {}
    roots = []
    for incident in incidents:
        root = _root(incident, by_id)
        if root is incident:
            roots.append(incident)
        else:
            consequences.setdefault(root.id, []).append(incident)
    return [Problem(root, tuple(consequences.get(root.id, ()))) for root in roots]


def _root(incident: Incident, by_id: dict[str, Incident]) -> Incident:
    root, seen = incident, {incident.id}
    while root.caused_by in by_id:
        root = by_id[root.caused_by]
        if root.id in seen:
            return incident  # causes in a circle explain nothing
        seen.add(root.id)
    return root


def _moment(time_ns: int | None, tz: tzinfo) -> datetime | None:
    if time_ns is None:
        return None
    try:
        return datetime.fromtimestamp(time_ns // NS, tz)
    except (OverflowError, OSError, ValueError):
        return None
