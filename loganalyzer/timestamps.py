"""
Times: text becomes nanoseconds since the epoch (UTC), or a `Stamp` when the text leaves parts out.

`parse` looks at one text and knows nothing else, so it may run anywhere. `Clock` is the ordered half: one per source,
fed in file order, it completes stamps from what the source has shown so far, and says what it assumed. Nothing here
raises for any text; a time that cannot be (month 13, year 0) is no time.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Any

from loganalyzer.model import Stamp

SECOND = 1_000_000_000
"""One second [ns]."""
DAY_S = 86_400
FIRST_YEAR, LAST_YEAR = 1970, 2261
"""Years whose nanoseconds fit a signed 64-bit number; Go's zero time (year 1) is outside on purpose."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = _EPOCH.toordinal()
_ZONE = r"(Z(?!\w)| ?[+-]\d\d:?\d\d(?!\d)|[+-]\d\d(?![\w:])| ?(?:UTC|GMT)(?:[+-]\d{1,2}(?::?\d\d)?)?(?!\w))?"
_CLOCK_TIME = r"(\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9})\d*)?"
# A digit group that goes on after a colon is a hardware address or an IPv6 address, not a time.
_END = r"(?!:?\w)"
_ISO = re.compile(
    r"(\d{4}-\d\d-\d\d|\d{4}/\d\d/\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9})\d*)?)?" + _ZONE + _END, re.ASCII
)
_TIME = re.compile(_CLOCK_TIME + _ZONE + _END, re.ASCII)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_BSD = re.compile(
    rf"({'|'.join(_MONTHS)}) {{1,2}}(\d{{1,2}})(?: (\d{{4}}))? {_CLOCK_TIME}{_ZONE}(?: (\d{{4}})(?![\w.:-]))?{_END}",
    re.ASCII,
)
_WEEKDAY = re.compile(r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? ")
_SCALE = tuple(10 ** (9 - digits) for digits in range(10))

Parsed = tuple[int | Stamp, int, int]
"""Time [ns, UTC] or stamp, resolution [ns], characters consumed."""


def parse(text: str) -> Parsed | None:
    """
    The time at the very start of a text.

    Understands ISO dates with `T` or a space, dot or comma fractions and optional zone; `Mmm dd HH:MM:SS` of syslog and
    `date`, with or without weekday, year and zone; and bare `HH:MM:SS`.

    Returns:
        Time [ns, UTC], or a `Stamp` if year, date or zone are missing; its resolution [ns]; the length of its text.
        None if the text does not start with a time.
    """
    if text[10:11] == "T" and text[19:20] == ".":
        end = 24 if text[23:24] == "Z" else 29
        if text[end : end + 1] in ("", " "):
            time_ns = _milliseconds(text[:end])
            if time_ns is not None:
                return time_ns, 1_000_000, end
    head = text[:1]
    if head.isdecimal():
        found = _ISO.match(text)
        if found is not None:
            return _iso(found)
        found = _TIME.match(text)
        return None if found is None else _time_only(found)
    if not head.isupper():
        return None
    found = _BSD.match(text)
    if found is not None:
        return _bsd(found)
    weekday = _WEEKDAY.match(text)
    if weekday is None:
        return None
    rest = text[weekday.end() : weekday.end() + 64]
    parsed = None if _WEEKDAY.match(rest) else parse(rest)
    # `Fri 12:00:00` names a day that cannot be dated: not one of the known forms.
    if parsed is None or (isinstance(parsed[0], Stamp) and parsed[0].month is None):
        return None
    return parsed[0], parsed[1], parsed[2] + weekday.end()


def from_epoch(value: object) -> tuple[int, int] | None:
    """
    A number since the epoch, in seconds, ms, us or ns as its size tells; numbers before 2001 are counters, not times.

    Returns:
        Time [ns, UTC] and resolution [ns], or None.
    """
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 1e9 <= value < 9.2e18:
        return None
    for limit, unit in ((1e11, SECOND), (1e14, 1_000_000), (1e17, 1_000)):
        if value < limit:
            whole = int(value)
            return whole * unit + round((value - whole) * unit), unit if value == whole else unit // 1000
    return int(value), 1


def _milliseconds(text: str) -> int | None:
    """[ns, UTC] of `2026-11-20T11:23:44.270Z` or `…+00:00`: what the gateway writes, read at half the price."""
    known = (len(text) == 24 and text[23] == "Z") or (len(text) == 29 and text[23] in "+-" and text[26] == ":")
    if not (known and "1970" <= text[:4] <= "2261"):
        return None
    try:
        since = datetime.fromisoformat(text) - _EPOCH
    except ValueError:
        return None
    return (since.days * DAY_S + since.seconds) * SECOND + since.microseconds * 1000


def _iso(found: re.Match[str]) -> Parsed | None:
    day, hour, minute, second, fraction, zone = found.groups()
    days = _days(day)
    seconds = int(hour) * 3600 + int(minute) * 60 + int(second or 0)
    if days is None or hour > "23" or minute > "59" or (second or "0") > "60":
        return None
    resolution = SECOND if second else 60 * SECOND
    nanos = 0
    if fraction:
        resolution = _SCALE[len(fraction)]
        nanos = int(fraction) * resolution
    if zone:
        offset = _offset(zone)
        if offset is None:
            return None
        return (days * DAY_S + seconds - offset) * SECOND + nanos, resolution, found.end()
    stamp = Stamp(int(day[:4]), int(day[5:7]), int(day[8:]), int(hour), int(minute), int(second or 0), nanos, None)
    return stamp, resolution, found.end()


def _time_only(found: re.Match[str]) -> Parsed | None:
    return _partial((None, None, None), found.groups(), found.end())


def _bsd(found: re.Match[str]) -> Parsed | None:
    month, day, year, *clock, year_after = found.groups()
    year = year or year_after
    number = _MONTHS.index(month) + 1
    if not 1 <= int(day) <= 31 or (year and not FIRST_YEAR <= int(year) <= LAST_YEAR):
        return None
    parsed = _partial((int(year) if year else None, number, int(day)), clock, found.end())
    if parsed is None or not isinstance(parsed[0], Stamp) or not year or parsed[0].offset_s is None:
        return parsed
    time_ns = _at(parsed[0], int(year), number, int(day), timezone(timedelta(seconds=parsed[0].offset_s)))
    return None if time_ns is None else (time_ns, parsed[1], parsed[2])


def _partial(day: tuple[int | None, int | None, int | None], clock: Sequence[Any], end: int) -> Parsed | None:
    """A stamp from year, month and day, and the groups of hour, minute, second, fraction and zone."""
    hour, minute, second, fraction, zone = clock
    if hour > "23" or minute > "59" or second > "60":
        return None
    offset = _offset(zone) if zone else None
    if zone and offset is None:
        return None
    resolution = _SCALE[len(fraction)] if fraction else SECOND
    nanos = int(fraction) * resolution if fraction else 0
    return Stamp(*day, int(hour), int(minute), int(second), nanos, offset), resolution, end


@lru_cache(maxsize=256)
def _days(text: str) -> int | None:
    """Days since the epoch of `YYYY-MM-DD`; consecutive lines share their date, hence the cache."""
    try:
        day = date(int(text[:4]), int(text[5:7]), int(text[8:]))
    except ValueError:
        return None
    return day.toordinal() - _EPOCH_DAY if FIRST_YEAR <= day.year <= LAST_YEAR else None


@lru_cache(maxsize=256)
def _offset(zone: str) -> int | None:
    """Seconds east of UTC; None for an offset that no place on earth has."""
    text = zone.strip().removeprefix("UTC").removeprefix("GMT")
    if text in ("", "Z"):
        return 0
    digits = text[1:].replace(":", "")
    hours, minutes = (digits, "0") if len(digits) <= 2 else (digits[:-2], digits[-2:])
    seconds = int(hours) * 3600 + int(minutes) * 60
    if seconds > 18 * 3600 or int(minutes) > 59:
        return None
    return -seconds if text[0] == "-" else seconds


DISORDER_S = 3_900
"""A step back of time-only lines up to here stays on its day: an hour of clock change and a minute of disorder [s]."""
_DATE_DISORDER_S = 31 * DAY_S
"""A step back of lines without year up to here stays in its year [s]."""
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
        self._reference_ns = reference_ns
        self._tz = tz
        self._file_date = file_date
        self._mtime_ns = mtime_ns
        self._last_ns: int | None = None
        self._neighbour: timezone | None = None

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
            time_ns = _at(stamp, stamp.year, stamp.month, stamp.day or 1, zone)
        if time_ns is not None:
            self._last_ns = time_ns
        return time_ns

    def _assume(self, sentence: str) -> None:
        if sentence not in self.assumptions:
            self.assumptions.append(sentence)

    def _learn_zone(self, time_ns: int, stamp: Stamp) -> None:
        moment = _moment(time_ns)
        local_ns = [
            candidate
            for day in (moment.date() + timedelta(days=shift) for shift in (-1, 0, 1))
            if stamp.month is None or (stamp.month, stamp.day) == (day.month, day.day)
            if (candidate := _at(stamp, day.year, day.month, day.day, UTC)) is not None
        ]
        if not local_ns:
            return
        ahead_s = min((local - time_ns for local in local_ns), key=abs) / SECOND
        quarters = round(ahead_s / 900)
        # The envelope is stamped within moments of the line; anything else is a replayed log and tells no zone.
        if abs(ahead_s - quarters * 900) <= 120 and abs(quarters) <= 14 * 4:
            self._neighbour = timezone(timedelta(minutes=15 * quarters))

    def _zone(self, stamp: Stamp) -> tzinfo:
        if stamp.offset_s is not None:
            self._neighbour = timezone(timedelta(seconds=stamp.offset_s))
            return self._neighbour
        kind = _kind(stamp)
        if self._neighbour is not None:
            self._assume(f"zone of {kind} lines taken as {self._neighbour} from lines around them")
            return self._neighbour
        if self._tz is not None:
            self._assume(f"zone of {kind} lines taken as {self._tz}, as given")
            return self._tz
        self._assume(f"zone of {kind} lines taken as UTC (no zone in the log)")
        return UTC

    def _latest(self) -> tuple[int, str]:
        """The moment that no line of the source should lie after [ns, UTC], and its name."""
        if self._reference_ns is not None:
            return self._reference_ns, "the reference time"
        if self._mtime_ns is not None:
            return self._mtime_ns, "the file's last write"
        return int(datetime.now(UTC).timestamp()) * SECOND, "today (nothing in the log names one)"

    def _with_year(self, stamp: Stamp, zone: tzinfo) -> int | None:
        month, day = stamp.month or 1, stamp.day or 1

        def in_year(year: int) -> int | None:
            return _at(stamp, year, month, day, zone)

        if self._last_ns is not None:
            return self._year_after(self._last_ns, in_year(_moment(self._last_ns, zone).year), stamp, zone)
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
        year = _moment(last_ns, zone).year
        step_s = 0 if same is None else (same - last_ns) // SECOND
        if same is None or step_s < -_DATE_DISORDER_S:
            later = _at(stamp, year + 1, stamp.month or 1, stamp.day or 1, zone)
            known = self._reference_ns is not None or self._mtime_ns is not None
            if later is not None and not (known and later > self._latest()[0] + _FUTURE_S * SECOND):
                return later
            return same
        if step_s > 365 * DAY_S - _DATE_DISORDER_S:
            return _at(stamp, year - 1, stamp.month or 1, stamp.day or 1, zone) or same
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
    return (_EPOCH + timedelta(seconds=seconds)).astimezone(zone)


def _on(stamp: Stamp, day: date, zone: tzinfo) -> int | None:
    return _at(stamp, day.year, day.month, day.day, zone)


def _at(stamp: Stamp, year: int, month: int, day: int, zone: tzinfo) -> int | None:
    """The stamp's time of day on a date in a zone [ns, UTC]; None for a date that does not exist."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    try:
        moment = datetime(year, month, day, stamp.hour, stamp.minute, tzinfo=zone)
    except ValueError:
        return None
    since = moment - _EPOCH
    return (since.days * DAY_S + since.seconds + stamp.second) * SECOND + stamp.nanosecond
