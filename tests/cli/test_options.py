from datetime import UTC, datetime, timedelta, timezone

import pytest

from loganalyzer.cli import options
from loganalyzer.errors import UsageError

NOW_NS = 1_795_176_000_000_000_000
"""2026-11-20T12:00:00Z [ns, UTC]."""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2h", "2026-11-20T10:00:00+00:00"),
        ("30m", "2026-11-20T11:30:00+00:00"),
        ("1d12h", "2026-11-19T00:00:00+00:00"),
        ("90s ago", "2026-11-20T11:58:30+00:00"),
        ("1w", "2026-11-13T12:00:00+00:00"),
        ("2026-11-20T12:00:00+01:00", "2026-11-20T11:00:00+00:00"),
        ("2026-11-20T12:00:00Z", "2026-11-20T12:00:00+00:00"),
        ("2026-11-20 12:00:00.250", "2026-11-20T10:00:00.250000+00:00"),
        ("2026-11-20", "2026-11-19T22:00:00+00:00"),
        ("now", "2026-11-20T12:00:00+00:00"),
        ("today", "2026-11-19T22:00:00+00:00"),
        ("yesterday", "2026-11-18T22:00:00+00:00"),
        ("yesterday 09:00", "2026-11-19T07:00:00+00:00"),
        ("Yesterday 9:00", "2026-11-19T07:00:00+00:00"),
        ("today 09:00:30", "2026-11-20T07:00:30+00:00"),
        ("09:00", "2026-11-20T07:00:00+00:00"),
        ("15:00", "2026-11-19T13:00:00+00:00"),
    ],
)
def test_times_are_iso_ages_or_of_a_day(text: str, expected: str) -> None:
    """An ISO time without a zone is in the zone given, as is a day; an age counts back from now."""
    got = options.moment("--since", text, timezone(timedelta(hours=2)), NOW_NS)
    assert got == int(datetime.fromisoformat(expected).timestamp() * 1000) * 1_000_000


@pytest.mark.parametrize(
    "text", ["", "soon", "2h later", "25:00", "yesterday 9", "2026-13-01", "99999999999999999999d", "h"]
)
def test_other_words_are_no_times(text: str) -> None:
    """What is neither is refused with the forms that are understood; huge ages are simply long ago."""
    if text.startswith("9"):
        assert options.moment("--since", text, None, NOW_NS) < 0
        return
    with pytest.raises(UsageError, match="--since"):
        options.moment("--since", text, None, NOW_NS)


@pytest.mark.parametrize(
    ("word", "offset_h"),
    [("UTC", 0.0), ("z", 0.0), ("+02:00", 2.0), ("-0330", -3.5), ("UTC+1", 1.0), ("Asia/Tokyo", 9.0)],
)
def test_zones_have_names_and_offsets(word: str, offset_h: float) -> None:
    """IANA names and offsets are both zones."""
    moment = datetime(2026, 11, 20, tzinfo=UTC)
    assert moment.astimezone(options.zone(word)).utcoffset() == timedelta(hours=offset_h)


@pytest.mark.parametrize("word", ["Mars/Olympus", "+99:00", "../../etc/passwd", "", "a\x00b"])
def test_other_words_are_no_zones(word: str) -> None:
    """Whatever is no zone is a usage error."""
    with pytest.raises(UsageError, match="--tz"):
        options.zone(word)


def test_local_is_a_zone() -> None:
    """`local` is where this machine is."""
    assert datetime.now(options.zone("local")).utcoffset() == datetime.now().astimezone().utcoffset()
