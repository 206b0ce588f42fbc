from collections.abc import Callable
from datetime import UTC, timedelta, timezone

import pytest

from loganalyzer.model import Incident, Severity
from loganalyzer.outputs.base import day_and_time, fold, iso, visible, zone_name
from loganalyzer.testing import START_NS

Make = Callable[..., Incident]


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (0, "2026-11-20T00:00:00+00:00"),
        (148_000_000, "2026-11-20T00:00:00.148+00:00"),
        (148_500_000, "2026-11-20T00:00:00.148500+00:00"),
        (1, "2026-11-20T00:00:00.000000001+00:00"),
        (86_399_999_000_000, "2026-11-20T23:59:59.999+00:00"),
        (-1_000_000, "2026-11-19T23:59:59.999+00:00"),
        (-START_NS - 1_000_000_000, "1969-12-31T23:59:59+00:00"),
    ],
)
def test_times_have_the_digits_that_are_there(ns: int, text: str) -> None:
    """A machine time names its zone and has no, three, six or nine fractional digits."""
    assert iso(START_NS + ns) == text


@pytest.mark.parametrize("ns", [None, 10**30, -(10**30)])
def test_a_time_no_calendar_holds_is_no_time(ns: int | None) -> None:
    """A log can claim any year; that shows as no time and raises nothing."""
    assert iso(ns) is None
    assert day_and_time(ns, UTC) == "-"


def test_people_see_their_zone() -> None:
    """Times for people are in the zone asked for, which is named apart."""
    zone = timezone(timedelta(hours=5, minutes=30))
    assert day_and_time(START_NS, zone) == "2026-11-20 05:30:00"
    assert zone_name(zone) == "UTC+05:30"
    assert zone_name(UTC, START_NS) == "UTC"


def test_consequences_stand_below_their_root_cause(make_incident: Make) -> None:
    """A chain of causes is folded under its first link, in the order given."""
    root, other = make_incident("a.root"), make_incident("b.other")
    kid = make_incident("c.kid", caused_by=root.id)
    grandkid = make_incident("d.grandkid", caused_by=kid.id)
    problems = fold([root, other, grandkid, kid])
    assert [p.incident for p in problems] == [root, other]
    assert problems[0].consequences == (grandkid, kid)


def test_a_consequence_of_something_hidden_stands_for_itself(make_incident: Make) -> None:
    """What is below the bound cannot swallow what is above it."""
    root = make_incident("a.root", severity=Severity.INFO)
    kid = make_incident("b.kid", caused_by=root.id)
    assert [p.incident for p in fold(visible([root, kid], Severity.WARNING))] == [kid]


def test_a_circle_of_causes_ends(make_incident: Make) -> None:
    """Causes that name each other lose nothing and loop nowhere."""
    a = make_incident("a.a", caused_by="id-b.b")
    b = make_incident("b.b", caused_by="id-a.a")
    problems = fold([a, b])
    assert len(problems) + sum(len(p.consequences) for p in problems) == 2
