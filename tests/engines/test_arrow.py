"""What travels between machines comes back as it was."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from properties import often

from loganalyzer.engines.arrow import decode, encode
from loganalyzer.engines.worker import Result
from loganalyzer.extract import End, Item, Mark
from loganalyzer.model import Accounting, Event, Origin, Span, Stamp, UnknownLine

TEXT = st.text(st.characters(), max_size=8)  # lone surrogates, too: what was no UTF-8
SOME = st.none() | TEXT
TIME = st.none() | st.integers(-(10**30), 10**30)
SMALL = st.integers(0, 2**40)
STAMP = st.none() | st.builds(
    Stamp, *[st.none() | st.integers(0, 9999)] * 3, *[st.integers(0, 10**9)] * 4, st.none() | st.integers(-86400, 86400)
)
VALUE = TEXT | st.integers(-(10**40), 10**40) | st.booleans() | st.floats(allow_nan=False)
ITEM: st.SearchStrategy[Item] = st.one_of(
    st.builds(
        Event,
        type=TEXT,
        attributes=st.dictionaries(TEXT, VALUE, max_size=3),
        time_ns=TIME,
        resolution_ns=SMALL,
        span=st.builds(Span, TEXT, SMALL, SMALL, SMALL),
        subsystem=SOME,
        level=SOME,
        host=SOME,
        origin=st.sampled_from(Origin),
        format=TEXT,
        pattern=TEXT,
        text=TEXT,
        stamp=STAMP,
    ),
    st.builds(UnknownLine, TEXT, SMALL, TIME, TEXT, SOME, TEXT, STAMP),
    st.builds(Mark, TIME, STAMP),
    st.builds(End, TIME, STAMP),
)
COUNTED = st.builds(
    Accounting,
    bytes=SMALL,
    lines=SMALL,
    records=st.dictionaries(TEXT, SMALL, max_size=3),
    unknown_heads=st.dictionaries(TEXT, TEXT, max_size=3),
    assumptions=st.lists(TEXT, max_size=2),
)
RESULT = st.builds(Result, st.lists(ITEM, max_size=6), COUNTED, st.lists(TEXT, max_size=2), TEXT)


@settings(max_examples=often(200), deadline=None)
@given(RESULT)
def test_nothing_is_lost(result: Result) -> None:
    """Every item, count and message survives, of whatever value and type."""
    found = decode(encode(result))
    assert found == result
    assert [type(item) for item in found.items] == [type(item) for item in result.items]
    for ours, theirs in zip(found.items, result.items, strict=True):
        if isinstance(ours, Event):
            assert repr(ours) == repr(theirs), "1, 1.0 and True are equal and not the same"


def test_attributes_are_not_shared() -> None:
    """Events with equal attributes do not share one object, whatever later stages do to it."""
    event = Event("a.b", {"code": 1}, 0, 1, Span("x", 1, 1, 0), None, None, None, Origin.GATEWAY, "x", "p", "")
    one, other = decode(encode(Result([event, event], Accounting(), [], ""))).items
    assert isinstance(one, Event)
    assert isinstance(other, Event)
    assert one.attributes is not other.attributes
