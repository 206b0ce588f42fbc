"""
Times: text becomes nanoseconds since the epoch (UTC), or a `Stamp` when the text leaves parts out.

Looks at one text and knows nothing else, so it may run anywhere; `clock` completes what is left out. Nothing here
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

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_DAY = EPOCH.toordinal()
_ZONE = r"(Z(?!\w)| ?[+-]\d\d:?\d\d(?!\d)|[+-]\d\d(?![\w:])| ?(?:UTC|GMT)(?:[+-]\d{1,2}(?::?\d\d)?)?(?!\w))?"
_CLOCK_TIME = r"(\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9})\d*)?"
# A digit group that goes on after a colon is a hardware address or an IPv6 address, not a time.
_END = r"(?!:?\w)"
_ISO = re.compile(
    r"(\d{4}-\d\d-\d\d|\d{4}/\d\d/\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9})\d*)?)?" + _ZONE + _END, re.ASCII
)
_TIME = re.compile(_CLOCK_TIME + _ZONE + _END, re.ASCII)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NUMBERS = {name: number for number, name in enumerate(_MONTHS, 1)}
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
            time_ns = milliseconds(text[:end])
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


def milliseconds(text: str) -> int | None:
    """[ns, UTC] of `2026-11-20T11:23:44.270Z` or `…+00:00`: what the gateway writes, read at half the price."""
    known = (len(text) == 24 and text[23] == "Z") or (len(text) == 29 and text[23] in "+-" and text[26] == ":")
    if not (known and "1970" <= text[:4] <= "2261"):
        return None
    try:
        since = datetime.fromisoformat(text) - EPOCH
    except ValueError:
        return None
    return (since.days * DAY_S + since.seconds) * SECOND + since.microseconds * 1000


def syslog(text: str) -> Stamp | None:
    """The stamp of `Nov 20 11:23:44`, read at a third of the price; believes that digits stand where they belong."""
    month = _NUMBERS.get(text[:3])
    day, hour, minute, second = int(text[4:6]), int(text[7:9]), int(text[10:12]), int(text[13:])
    if month is None or not 1 <= day <= 31 or hour > 23 or minute > 59 or second > 60:
        return None
    return Stamp(None, month, day, hour, minute, second, 0, None)


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
    number = _NUMBERS[month]
    if not 1 <= int(day) <= 31 or (year and not FIRST_YEAR <= int(year) <= LAST_YEAR):
        return None
    parsed = _partial((int(year) if year else None, number, int(day)), clock, found.end())
    if parsed is None or not isinstance(parsed[0], Stamp) or not year or parsed[0].offset_s is None:
        return parsed
    time_ns = completed(parsed[0], int(year), number, int(day), timezone(timedelta(seconds=parsed[0].offset_s)))
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
    return day.toordinal() - _FIRST_DAY if FIRST_YEAR <= day.year <= LAST_YEAR else None


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


def completed(stamp: Stamp, year: int, month: int, day: int, zone: tzinfo) -> int | None:
    """The stamp's time of day on a date in a zone [ns, UTC]; None for a date that does not exist."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    minute_ns = _minute(year, month, day, stamp.hour, stamp.minute, zone)
    return None if minute_ns is None else minute_ns + stamp.second * SECOND + stamp.nanosecond


@lru_cache(maxsize=256)
def _minute(year: int, month: int, day: int, hour: int, minute: int, zone: tzinfo) -> int | None:
    """The begin of a minute in a zone [ns, UTC], None for a date that does not exist; lines come many a minute."""
    try:
        since = datetime(year, month, day, hour, minute, tzinfo=zone) - EPOCH
    except ValueError:
        return None
    return (since.days * DAY_S + since.seconds) * SECOND
