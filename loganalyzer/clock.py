"""
Times with parts missing become nanoseconds since the epoch (UTC): the ordered half of reading times.

One `Clock` a source, fed in file order, completes stamps from what the source has shown so far, and says what it
assumed. Refuses to guess without saying so.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache

from loganalyzer.model import Stamp
from loganalyzer.timestamps import DAY_S, EPOCH, FIRST_YEAR, LAST_YEAR, SECOND, completed

DISORDER_S = 3_900
"""A step back of time-only lines up to here stays on its day: an hour of clock change and a minute of disorder [s]."""
REPEATED_S = 300
"""A step back by more is no disorder where summer time ends: the hour has begun again [s]."""
_DATE_DISORDER_S = 31 * DAY_S
"""A step back of lines without year up to here stays in its year [s]."""
MOMENTS_S = 120
"""How long after a line its envelope may be stamped [s]."""
HALF_DAY_S = DAY_S // 2
_FUTURE_S = DAY_S
"""How far a log may run ahead of the moment it was read at, zones being unknown [s]."""


class Clock:
    """
    Completes the stamps of one source; feed it in file order.

    Missing parts come from the lines before, then from the date in the file name, the reference time, and the time of
    the last write; the zone from a stamp that names its own, then from `tz`, then UTC. What was assumed is in
    `assumptions`, one sentence each.

    Args:
        reference_ns: When the log was read or collected [ns, UTC].
        tz: Zone of times that name none.
        file_date: Date in the name of the file (`openclaw-2026-11-20.log`).
        mtime_ns: Last write to the file [ns, UTC].
    """

    def __init__(
        self, *, reference_ns: int | None, tz: tzinfo | None, file_date: date | None, mtime_ns: int | None
    ) -> None:
        self.assumptions: list[str] = []
        self.reference_ns = reference_ns
        self.tz = tz
        self._file_date = file_date
        self._mtime_ns = mtime_ns
        self._last_ns: int | None = None
        self._neighbour: timezone | None = None
        self._neighbour_s: int | None = None
        """How far it is ahead of UTC, where stamps beside complete times have shown it [s]."""
        self._told: set[tuple[str, str, bool]] = set()
        """Zones that are among the assumptions, by kind of lines and where they come from."""

    def __getstate__(self) -> dict[str, object]:
        """What it has learnt; what it was given belongs to a run."""
        return {name: value for name, value in vars(self).items() if name not in ("reference_ns", "tz")}

    def complete(self, record_time_ns: int | None, stamp: Stamp | None) -> int | None:
        """
        The time of the next record [ns, UTC]; None for a record without any time.

        A complete time wins and teaches the clock; a stamp beside it (the envelope's local time around a line that says
        its time in UTC) shows the zone of the machine.
        """
        if record_time_ns is not None:
            if stamp is not None and stamp.offset_s is None:
                self._learn_zone(record_time_ns, stamp)
            self._last_ns = record_time_ns
            return record_time_ns
        if stamp is None:
            return None
        zone = self._zone(stamp)
        if stamp.month is None:
            time_ns = self._dated(stamp, zone)
        elif stamp.year is None:
            time_ns = self._with_year(stamp, zone)
        else:
            time_ns = completed(stamp, stamp.year, stamp.month, stamp.day or 1, zone)
        if time_ns is not None:
            if self._last_ns is not None and time_ns < self._last_ns - REPEATED_S * SECOND:
                time_ns = self._repeated(time_ns, zone) or time_ns
            self._last_ns = time_ns
        return time_ns

    def _repeated(self, time_ns: int, zone: tzinfo) -> int | None:
        """The same time of day an hour later, where a zone has it twice: summer time ends, and the log goes on."""
        first = _moment(time_ns, zone)
        ahead, later = first.utcoffset(), first.replace(fold=1).utcoffset()
        if ahead is None or later is None or ahead <= later:
            return None
        again_ns = time_ns + int((ahead - later).total_seconds()) * SECOND
        return again_ns if self._last_ns is not None and again_ns >= self._last_ns - REPEATED_S * SECOND else None

    def _assume(self, sentence: str) -> None:
        if sentence not in self.assumptions:
            self.assumptions.append(sentence)

    def _learn_zone(self, time_ns: int, stamp: Stamp) -> None:
        if self._neighbour_s is not None and self._is_ahead(time_ns, stamp, self._neighbour_s):
            return
        moment = _moment(time_ns)
        local_ns = [
            candidate
            for day in (moment.date() + timedelta(days=shift) for shift in (-1, 0, 1))
            if stamp.month is None or (stamp.month, stamp.day) == (day.month, day.day)
            if (candidate := completed(stamp, day.year, day.month, day.day, UTC)) is not None
        ]
        if not local_ns:
            return
        ahead_s = min((local - time_ns for local in local_ns), key=abs) / SECOND
        quarters = round(ahead_s / 900)
        # The envelope is stamped within moments of the line; anything else is a replayed log and tells no zone.
        if abs(ahead_s - quarters * 900) <= MOMENTS_S and abs(quarters) <= 14 * 4:
            self._neighbour = timezone(timedelta(minutes=15 * quarters))
            self._neighbour_s = 900 * quarters

    def _is_ahead(self, time_ns: int, stamp: Stamp, seconds: int) -> bool:
        """Is a stamp of the same day so much ahead of a time? Then it shows the zone that is known, and no other."""
        if stamp.month is None or stamp.day is None or abs(seconds) > HALF_DAY_S - MOMENTS_S:
            return False
        local_ns = completed(stamp, _year_of(time_ns // (900 * SECOND), UTC), stamp.month, stamp.day, UTC)
        return local_ns is not None and abs(local_ns - time_ns - seconds * SECOND) <= MOMENTS_S * SECOND

    def _zone(self, stamp: Stamp) -> tzinfo:
        if stamp.offset_s is not None:
            self._neighbour = timezone(timedelta(seconds=stamp.offset_s))
            self._neighbour_s = None
            return self._neighbour
        kind = _kind(stamp)
        zone = self._neighbour or self.tz or UTC
        told = kind, str(zone), self._neighbour is None
        if told not in self._told:
            self._told.add(told)
            if self._neighbour is not None:
                self._assume(f"zone of {kind} lines taken as {zone} from lines around them")
            elif self.tz is not None:
                self._assume(f"zone of {kind} lines taken as {zone}, as given")
            else:
                self._assume(f"zone of {kind} lines taken as UTC (no zone in the log)")
        return zone

    def _latest(self) -> tuple[int, str]:
        """The moment that no line of the source should lie after [ns, UTC], and its name."""
        if self.reference_ns is not None:
            return self.reference_ns, "the reference time"
        if self._mtime_ns is not None:
            return self._mtime_ns, "the file's last write"
        return int(datetime.now(UTC).timestamp()) * SECOND, "today (nothing in the log names one)"

    def _with_year(self, stamp: Stamp, zone: tzinfo) -> int | None:
        month, day = stamp.month or 1, stamp.day or 1

        def in_year(year: int) -> int | None:
            return completed(stamp, year, month, day, zone)

        if self._last_ns is not None:
            return self._year_after(
                self._last_ns, in_year(_year_of(self._last_ns // (900 * SECOND), zone)), stamp, zone
            )
        if self._file_date is not None:
            around = datetime(self._file_date.year, self._file_date.month, self._file_date.day, 12, tzinfo=UTC)
            middle_ns = int(around.timestamp()) * SECOND
            years = [self._file_date.year, self._file_date.year - 1, self._file_date.year + 1]
            found = [time_ns for year in years if (time_ns := in_year(year)) is not None]
            if not found:
                return None
            nearest = min(found, key=lambda time_ns: abs(time_ns - middle_ns))
            self._assume(f"year {_moment(nearest, zone).year} taken from the file's date")
            return nearest
        latest_ns, name = self._latest()
        limit = latest_ns + _FUTURE_S * SECOND
        last_year = _moment(limit, zone).year
        # Eight years reach back to a 29 February across a century without leap day.
        for year in range(last_year, last_year - 9, -1):
            time_ns = in_year(year)
            if time_ns is not None and time_ns <= limit:
                self._assume(f"year {year} taken from {name}")
                return time_ns
        return None

    def _year_after(self, last_ns: int, same: int | None, stamp: Stamp, zone: tzinfo) -> int | None:
        """The year that keeps the log in order: into January, back across New Year for a late line, else the same."""
        year = _year_of(last_ns // (900 * SECOND), zone)
        step_s = 0 if same is None else (same - last_ns) // SECOND
        if same is None or step_s < -_DATE_DISORDER_S:
            later = completed(stamp, year + 1, stamp.month or 1, stamp.day or 1, zone)
            known = self.reference_ns is not None or self._mtime_ns is not None
            if later is not None and not (known and later > self._latest()[0] + _FUTURE_S * SECOND):
                return later
            return same
        if step_s > 365 * DAY_S - _DATE_DISORDER_S:
            return completed(stamp, year - 1, stamp.month or 1, stamp.day or 1, zone) or same
        return same

    def _dated(self, stamp: Stamp, zone: tzinfo) -> int | None:
        if self._last_ns is not None:
            same = _on(stamp, _moment(self._last_ns, zone).date(), zone)
            step_s = 0 if same is None else (same - self._last_ns) // SECOND
            shift = 1 if step_s < -DISORDER_S else -1 if step_s > DAY_S - DISORDER_S else 0
            return _on(stamp, _moment(self._last_ns, zone).date() + timedelta(days=shift), zone)
        if self._file_date is not None:
            self._assume(f"date {self._file_date} of {_kind(stamp)} lines taken from the file's name")
            return _on(stamp, self._file_date, zone)
        latest_ns, name = self._latest()
        day = _moment(latest_ns, zone).date()
        time_ns = _on(stamp, day, zone)
        if time_ns is not None and time_ns > latest_ns + DISORDER_S * SECOND:
            day -= timedelta(days=1)
            time_ns = _on(stamp, day, zone)
        self._assume(f"date {day} of {_kind(stamp)} lines taken from {name}")
        return time_ns


def _kind(stamp: Stamp) -> str:
    if stamp.month is None:
        return "HH:MM:SS"
    return "Mmm dd HH:MM:SS" if stamp.year is None else "YYYY-MM-DD HH:MM:SS"


def _moment(time_ns: int, zone: tzinfo = UTC) -> datetime:
    # Clamped: the day before the first and after the last year must still be a datetime in any zone.
    seconds = min(max(time_ns // SECOND, -DAY_S * 365), (LAST_YEAR - FIRST_YEAR + 2) * DAY_S * 366)
    return (EPOCH + timedelta(seconds=seconds)).astimezone(zone)


def _on(stamp: Stamp, day: date, zone: tzinfo) -> int | None:
    return completed(stamp, day.year, day.month, day.day, zone)


@lru_cache(maxsize=256)
def _year_of(quarter: int, zone: tzinfo) -> int:
    """The year in a zone, by quarters of an hour since the epoch; by whole ones zones differ."""
    return _moment(quarter * 900 * SECOND, zone).year
