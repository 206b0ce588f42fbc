"""Reading times, and completing those that lack year, date or zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loganalyzer.clock import Clock
from loganalyzer.model import Stamp
from loganalyzer.timestamps import SECOND, from_epoch, parse

MILLISECOND = 1_000_000


def ns(text: str) -> int:
    """The reference: the standard library's reading of an ISO time, in whole microseconds."""
    since = datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * SECOND + since.microseconds * 1000


def at(hour: int, minute: int = 0, second: int = 0, *, month: int | None = None, day: int | None = None) -> Stamp:
    return Stamp(None, month, day, hour, minute, second, 0, None)


def clock(
    reference: str | None = None,
    tz: timezone | ZoneInfo | None = UTC,
    file_date: date | None = None,
    mtime: str | None = None,
) -> Clock:
    return Clock(
        reference_ns=ns(reference) if reference else None,
        tz=tz,
        file_date=file_date,
        mtime_ns=ns(mtime) if mtime else None,
    )


@pytest.mark.parametrize(
    ("text", "iso", "resolution", "length"),
    [
        ("2026-11-20T12:30:21.376Z rest", "2026-11-20T12:30:21.376+00:00", MILLISECOND, 24),
        ("2026-11-20T13:30:21.376+01:00", "2026-11-20T12:30:21.376+00:00", MILLISECOND, 29),
        ("2026-11-20T12:30:21.377887+00:00 vm", "2026-11-20T12:30:21.377887+00:00", 1000, 32),
        ("2026-11-20T12:30:21Z", "2026-11-20T12:30:21+00:00", SECOND, 20),
        ("2026-11-20T12:30Z", "2026-11-20T12:30:00+00:00", 60 * SECOND, 17),
        ("2026-11-20T12:30:21+0100 vm", "2026-11-20T11:30:21+00:00", SECOND, 24),
        ("2026-11-20 12:30:21,376Z", "2026-11-20T12:30:21.376+00:00", MILLISECOND, 24),
        ("2021-09-09 23:06:26.112 +0000] x", "2021-09-09T23:06:26.112+00:00", MILLISECOND, 29),
        ("2026-11-20 10:00:00 GMT+1] x", "2026-11-20T09:00:00+00:00", SECOND, 25),
        ("2026-11-20 12:30:21 UTC vm", "2026-11-20T12:30:21+00:00", SECOND, 23),
        ("2026/11/20 12:30:21Z", "2026-11-20T12:30:21+00:00", SECOND, 20),
        ("2026-11-20T12:30:21-05 x", "2026-11-20T17:30:21+00:00", SECOND, 22),
        ("Fri 2026-11-20 12:30:21 UTC vm", "2026-11-20T12:30:21+00:00", SECOND, 27),
        ("Fri Nov 20 12:30:21 UTC 2026", "2026-11-20T12:30:21+00:00", SECOND, 28),
        ("2026-12-31T23:59:60Z", "2027-01-01T00:00:00+00:00", SECOND, 20),
    ],
)
def test_parse_complete(text: str, iso: str, resolution: int, length: int) -> None:
    """A time with date and zone becomes nanoseconds, with its resolution and length."""
    assert (ns(iso), resolution, length) == parse(text)


def test_parse_nanoseconds() -> None:
    """Docker's nine digits are kept, and longer fractions are cut without moving the time."""
    second = ns("2026-11-20T12:30:21+00:00")
    assert (second + 377_887_123, 1, 30) == parse("2026-11-20T12:30:21.377887123Z stdout")
    assert (second + 377_887_123, 1, 32) == parse("2026-11-20T12:30:21.37788712399Z")


@pytest.mark.parametrize(
    ("text", "stamp", "length"),
    [
        ("Nov 20 12:30:21 vm", Stamp(None, 11, 20, 12, 30, 21, 0, None), 15),
        ("Nov  5 02:03:04 vm", Stamp(None, 11, 5, 2, 3, 4, 0, None), 15),
        ("Nov 20 12:30:21.376123 vm", Stamp(None, 11, 20, 12, 30, 21, 376_123_000, None), 22),
        ("Feb 18 17:08:12.601Z [whatsapp]", Stamp(None, 2, 18, 17, 8, 12, 601_000_000, 0), 20),
        ("Fri Nov 20 12:30:21 2026] x", Stamp(2026, 11, 20, 12, 30, 21, 0, None), 24),
        ("2026-11-20 12:30:21,376 x", Stamp(2026, 11, 20, 12, 30, 21, 376_000_000, None), 23),
        ("12:30:21 [gateway]", Stamp(None, None, None, 12, 30, 21, 0, None), 8),
        ("17:26:01.689] INFO", Stamp(None, None, None, 17, 26, 1, 689_000_000, None), 12),
        ("04:29:49+00:00 error", Stamp(None, None, None, 4, 29, 49, 0, 0), 14),
        ("15:50:57+08:00 error", Stamp(None, None, None, 15, 50, 57, 0, 8 * 3600), 14),
    ],
)
def test_parse_incomplete(text: str, stamp: Stamp, length: int) -> None:
    """What the text leaves out stays open in the stamp."""
    parsed = parse(text)
    assert parsed is not None
    assert (stamp, length) == (parsed[0], parsed[2])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "gateway ready",
        " 12:30:21",
        "12:30",
        "24:00:00",
        "12:60:00",
        "12:34:56:78:9a:bc",
        "12:34:56abc",
        "2026-13-01T00:00:00Z",
        "2026-02-30T00:00:00.000Z",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999Z",
        "2026-11-20",
        "2026-11-20T12:30:21+99:00",
        "12:30:21+99:00",
        "Nov 20 24:00:00",
        "Nov 99 12:30:21",
        "Feb 30 12:30:21 UTC 2026",
        "Fri 12:30:21",
        "Fri Fri Fri 12:30:21",
        "May be later",
        "٢٠٢٦-١١-٢٠T١٢:٣٠:٢١Z",
    ],
)
def test_parse_refuses(text: str) -> None:
    """Text without a time at its start, and times that cannot be, are none."""
    assert parse(text) is None


@given(st.text(max_size=60))
def test_parse_never_raises(text: str) -> None:
    """Any text is a time or none, and a time fits 64 bits and ends within the text."""
    parsed = parse(text)
    if parsed is not None:
        assert 0 < parsed[2] <= len(text)
        assert isinstance(parsed[0], Stamp) or abs(parsed[0]) < 2**63


@given(
    st.datetimes(
        min_value=datetime(1971, 1, 1),  # noqa: DTZ001 the strategy adds the zone
        max_value=datetime(2260, 1, 1),  # noqa: DTZ001
        timezones=st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
    ),
    st.sampled_from(["seconds", "milliseconds", "microseconds"]),
)
def test_parse_agrees_with_the_standard_library(moment: datetime, precision: str) -> None:
    """Every ISO time with an offset is read as the standard library reads it, on the fast way and on the slow one."""
    text = moment.isoformat(timespec=precision)
    parsed = parse(text)
    assert parsed is not None
    assert (ns(text), len(text)) == (parsed[0], parsed[2])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1_645_707_162, (1_645_707_162 * SECOND, SECOND)),
        (1_645_707_162_680, (1_645_707_162_680 * MILLISECOND, MILLISECOND)),
        ("1795177821377887", (1_795_177_821_377_887_000, 1000)),
        (1_795_177_821_377_887_123, (1_795_177_821_377_887_123, 1)),
        (1_645_707_162.5, (1_645_707_162_500_000_000, MILLISECOND)),
        (5, None),
        (-1e12, None),
        (float("nan"), None),
        (float("inf"), None),
        (10**30, None),
        (True, None),
        ("12:30", None),
        ("²", None),
        (None, None),
        ([], None),
    ],
)
def test_from_epoch(value: object, expected: tuple[int, int] | None) -> None:
    """Numbers since the epoch are told apart by size; small ones and nonsense are no times."""
    assert expected == from_epoch(value)


def test_complete_times_pass_through() -> None:
    """A complete time is returned as it is, and nothing is assumed."""
    source = clock()
    assert source.complete(ns("2026-11-20T12:00:00+00:00"), None) == ns("2026-11-20T12:00:00+00:00")
    assert source.complete(None, None) is None
    assert source.assumptions == []


@pytest.mark.parametrize(
    ("given_parts", "year", "assumption"),
    [
        ({"file_date": date(2025, 11, 20)}, 2025, "year 2025 taken from the file's date"),
        ({"reference": "2024-12-01T00:00:00+00:00"}, 2024, "year 2024 taken from the reference time"),
        ({"mtime": "2023-11-20T12:30:22+00:00"}, 2023, "year 2023 taken from the file's last write"),
        # A log is not from the future: in March, last November is meant.
        ({"reference": "2027-03-01T00:00:00+00:00"}, 2026, "year 2026 taken from the reference time"),
        # The file's name wins over when it was collected, and that over the last write.
        (
            {"file_date": date(2025, 11, 20), "reference": "2027-03-01T00:00:00+00:00"},
            2025,
            "year 2025 taken from the file's date",
        ),
        (
            {"reference": "2024-12-01T00:00:00+00:00", "mtime": "2029-01-01T00:00:00+00:00"},
            2024,
            "year 2024 taken from the reference time",
        ),
    ],
)
def test_year(given_parts: dict[str, str | date], year: int, assumption: str) -> None:
    """A missing year comes from the file's date, the reference time, or the last write, and is reported once."""
    source = clock(**given_parts)  # type: ignore[arg-type]
    expected = [ns(f"{year}-11-20T12:30:2{second}+00:00") for second in (1, 2)]
    assert expected == [source.complete(None, at(12, 30, second, month=11, day=20)) for second in (21, 22)]
    assert source.assumptions.count(assumption) == 1


def test_year_without_any_hint() -> None:
    """Without file date, reference and last write the year is this year or the last, and that is said."""
    source = clock()
    found = source.complete(None, at(12, month=1, day=1))
    assert found is not None
    assert timedelta(days=-1) < datetime.now(UTC) - datetime.fromtimestamp(found / SECOND, UTC) < timedelta(days=367)
    assert any("today (nothing in the log names one)" in sentence for sentence in source.assumptions)


def test_year_of_a_neighbour() -> None:
    """A complete time above gives the year, and nothing needs to be assumed about it."""
    source = clock(file_date=date(2020, 1, 1))
    source.complete(ns("2026-11-20T12:00:00+00:00"), None)
    assert source.complete(None, at(12, 0, 1, month=11, day=20)) == ns("2026-11-20T12:00:01+00:00")
    assert not any("year" in sentence for sentence in source.assumptions)


def test_new_year() -> None:
    """December is followed by January of the next year, and a late December line goes back."""
    source = clock(reference="2027-01-02T00:00:00+00:00")
    stamps = [
        at(23, 59, 58, month=12, day=31),
        at(0, 0, 1, month=1, day=1),
        at(23, 59, 59, month=12, day=31),
        at(0, 0, 2, month=1, day=1),
    ]
    expected = [
        "2026-12-31T23:59:58+00:00",
        "2027-01-01T00:00:01+00:00",
        "2026-12-31T23:59:59+00:00",
        "2027-01-01T00:00:02+00:00",
    ]
    assert [ns(text) for text in expected] == [source.complete(None, stamp) for stamp in stamps]


def test_a_gap_of_months_stays_in_the_year() -> None:
    """From January to September is one year; a month back is disorder, not eleven months ahead."""
    source = clock(reference="2026-12-01T00:00:00+00:00")
    months = [1, 9, 8, 11]
    found = [source.complete(None, at(12, month=month, day=10)) for month in months]
    # 8 after 9 is 31 days back.
    assert [ns(f"2026-{month:02}-10T12:00:00+00:00") for month in months] == found


def test_no_year_after_the_reference() -> None:
    """A step back that would lead beyond the reference time is disorder of files, not a new year."""
    source = clock(reference="2026-11-30T00:00:00+00:00")
    source.complete(ns("2026-11-20T12:00:00+00:00"), None)
    assert source.complete(None, at(12, month=3, day=1)) == ns("2026-03-01T12:00:00+00:00")


def test_leap_day() -> None:
    """29 February is found in the last leap year before the reference time."""
    source = clock(reference="2027-03-01T00:00:00+00:00")
    assert source.complete(None, at(12, month=2, day=29)) == ns("2024-02-29T12:00:00+00:00")


def test_leap_day_in_a_dated_file() -> None:
    """29 February has no time in a file whose date is in no year near a leap year."""
    assert clock(file_date=date(2026, 3, 1)).complete(None, at(12, month=2, day=29)) is None


def test_a_date_that_never_is() -> None:
    """30 February has no time, and does not disturb the lines after it."""
    source = clock(reference="2026-12-01T00:00:00+00:00")
    assert source.complete(None, at(12, month=2, day=30)) is None
    assert source.complete(None, at(12, month=11, day=20)) == ns("2026-11-20T12:00:00+00:00")


@pytest.mark.parametrize(
    ("given_parts", "day", "assumption"),
    [
        ({"file_date": date(2026, 11, 20)}, 20, "date 2026-11-20 of HH:MM:SS lines taken from the file's name"),
        (
            {"reference": "2026-11-21T13:00:00+00:00"},
            21,
            "date 2026-11-21 of HH:MM:SS lines taken from the reference time",
        ),
        # Noon has not come yet at eight: it was yesterday's.
        (
            {"mtime": "2026-11-21T08:00:00+00:00"},
            20,
            "date 2026-11-20 of HH:MM:SS lines taken from the file's last write",
        ),
    ],
)
def test_date(given_parts: dict[str, str | date], day: int, assumption: str) -> None:
    """A missing date comes from the file's name, the reference time or the last write, and is reported once."""
    source = clock(**given_parts)  # type: ignore[arg-type]
    assert ns(f"2026-11-{day}T12:00:00+00:00") == source.complete(None, at(12))
    assert ns(f"2026-11-{day}T12:00:01+00:00") == source.complete(None, at(12, 0, 1))
    assert source.assumptions.count(assumption) == 1


def test_midnight() -> None:
    """Times without a date go on to the next day at midnight, and a late line goes back over it."""
    source = clock(file_date=date(2026, 11, 20))
    stamps = [at(23, 59, 58), at(0, 0, 1), at(23, 59, 59), at(0, 0, 2), at(14), at(9)]
    expected = ["20T23:59:58", "21T00:00:01", "20T23:59:59", "21T00:00:02", "21T14:00:00", "22T09:00:00"]
    assert [ns(f"2026-11-{text}+00:00") for text in expected] == [source.complete(None, stamp) for stamp in stamps]


@pytest.mark.parametrize("back_s", [1, 59, 600, 3599, 3600])
def test_small_disorder_stays_on_its_day(back_s: int) -> None:
    """A step back of up to an hour (a clock change, two processes) never moves a line to the next day."""
    source = clock(file_date=date(2026, 11, 20))
    source.complete(None, at(12))
    second = 12 * 3600 - back_s
    stamp = at(second // 3600, second // 60 % 60, second % 60)
    assert source.complete(None, stamp) == ns("2026-11-20T12:00:00+00:00") - back_s * SECOND


def test_the_date_of_a_neighbour() -> None:
    """A dated line above gives the date of those without one."""
    source = clock(file_date=date(2020, 1, 1))
    source.complete(ns("2026-11-20T23:59:00+00:00"), None)
    assert source.complete(None, at(0, 1)) == ns("2026-11-21T00:01:00+00:00")


def test_zone_as_given() -> None:
    """A zone that the user names holds for times without one, summer time included, and is reported."""
    source = clock(tz=ZoneInfo("Europe/Berlin"))
    assert source.complete(None, Stamp(2026, 7, 1, 12, 0, 0, 0, None)) == ns("2026-07-01T10:00:00+00:00")
    assert source.complete(None, Stamp(2026, 12, 1, 12, 0, 0, 0, None)) == ns("2026-12-01T11:00:00+00:00")
    assert source.assumptions == ["zone of YYYY-MM-DD HH:MM:SS lines taken as Europe/Berlin, as given"]


def test_the_hour_that_comes_twice_comes_twice() -> None:
    """Where summer time ends, what goes back is of the second hour; what is a moment late is not."""
    source = clock(tz=ZoneInfo("Europe/Berlin"))
    told = [
        source.complete(None, Stamp(2026, 10, 25, *time, 0, None))
        for time in ((2, 30, 0), (2, 59, 50), (2, 30, 7), (2, 29, 0), (2, 59, 0), (3, 30, 0))
    ]
    assert told == [
        ns(f"2026-10-25T{time}+00:00")
        for time in ("00:30:00", "00:59:50", "01:30:07", "01:29:00", "01:59:00", "02:30:00")
    ]


def test_zone_unknown() -> None:
    """Without any hint the zone is UTC, never that of this machine, and that is said."""
    source = clock(tz=None, file_date=date(2026, 11, 20))
    assert source.complete(None, at(12)) == ns("2026-11-20T12:00:00+00:00")
    assert "zone of HH:MM:SS lines taken as UTC (no zone in the log)" in source.assumptions


def test_zone_of_a_neighbour() -> None:
    """A line that names its offset gives it to the lines after it, before the zone that the user named."""
    source = clock(tz=ZoneInfo("Europe/Berlin"), file_date=date(2026, 11, 20))
    assert source.complete(None, Stamp(None, None, None, 12, 0, 0, 0, 8 * 3600)) == ns("2026-11-20T04:00:00+00:00")
    assert source.complete(None, at(12, 0, 1)) == ns("2026-11-20T04:00:01+00:00")
    assert any("UTC+08:00" in sentence for sentence in source.assumptions)


def test_zone_from_envelope_and_content() -> None:
    """A syslog time in local time around a line that says its time in UTC shows the zone of the machine."""
    source = clock(tz=None)
    source.complete(ns("2026-11-20T12:30:21.376+00:00"), at(14, 30, 21, month=11, day=20))
    assert source.complete(None, at(14, 30, 25, month=11, day=20)) == ns("2026-11-20T12:30:25+00:00")
    source.complete(ns("2026-11-20T23:30:00+00:00"), at(1, 30, 0, month=11, day=21))
    assert source.complete(None, at(1, 30, 2, month=11, day=21)) == ns("2026-11-20T23:30:02+00:00")


def test_a_replayed_line_shows_no_zone() -> None:
    """An old line that is logged again says nothing about the zone of its envelope."""
    source = clock(tz=None)
    source.complete(ns("2026-11-20T12:30:21+00:00"), at(14, 37, month=11, day=20))
    assert source.complete(None, at(15, month=11, day=20)) == ns("2026-11-20T15:00:00+00:00")


_STAMPS = st.builds(
    Stamp,
    st.none() | st.integers(1970, 2261),
    st.none() | st.integers(1, 12),
    st.none() | st.integers(1, 31),
    st.integers(0, 23),
    st.integers(0, 59),
    st.integers(0, 60),
    st.integers(0, 999_999_999),
    st.none() | st.integers(-64_800, 64_800),
)


@given(
    st.lists(st.tuples(st.none() | st.integers(0, 2**63 - 1), st.none() | _STAMPS), max_size=8),
    st.none() | st.integers(0, 2**63 - 1),
    st.none() | st.dates(date(1970, 1, 1), date(2261, 12, 31)),
    st.none() | st.integers(0, 2**63 - 1),
)
def test_clock_never_raises(
    times: list[tuple[int | None, Stamp | None]], reference: int | None, day: date | None, mtime: int | None
) -> None:
    """Whatever stands in a log, a clock gives a time of 64 bits or none."""
    source = Clock(reference_ns=reference, tz=ZoneInfo("America/New_York"), file_date=day, mtime_ns=mtime)
    for time_ns, stamp in times:
        found = source.complete(time_ns, stamp)
        assert found is None or abs(found) < 2**63
    assert len(source.assumptions) == len(set(source.assumptions))
