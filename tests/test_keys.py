"""Keys with unknown parts, and the table of them."""

from __future__ import annotations

from collections import OrderedDict

from hypothesis import given, settings
from hypothesis import strategies as st
from properties import often

from loganalyzer.keys import Key, KeyTable, fits

KEYS = st.tuples(*[st.sampled_from([None, "a", "b", "c"])] * 3)
STEPS = st.lists(st.tuples(st.sampled_from(["put", "ask", "pop", "oldest"]), KEYS), max_size=60)


@given(STEPS)
@settings(max_examples=often(300), deadline=None)
def test_the_table_answers_as_if_it_looked_at_all_keys(steps: list[tuple[str, Key]]) -> None:
    """Whatever is put in, used again and taken out: the same answers in the same order as of a plain search."""
    table: KeyTable[int] = KeyTable()
    plain: OrderedDict[Key, int] = OrderedDict()
    for number, (step, key) in enumerate(steps):
        match step:
            case "put":
                table.put(key, number)
                plain[key] = number
                plain.move_to_end(key)
            case "ask":
                assert table.fitting(key) == [value for other, value in plain.items() if fits(other, key)]
                assert table.get(key) == plain.get(key)
                assert table.latest(key) == next((v for other, v in reversed(plain.items()) if fits(other, key)), None)
            case "pop" if key in plain:
                assert table.pop(key) == plain.pop(key)
            case "oldest" if plain:
                assert table.pop_oldest() == plain.popitem(last=False)[1]
        assert list(table.entries.values()) == list(plain.values())
        assert len(table) == len(plain)


def test_an_unknown_part_fits_everything() -> None:
    assert fits((None, "whatsapp", "a"), ("host", "whatsapp", None))
    assert not fits((None, "whatsapp", "a"), ("host", "whatsapp", "b"))


def test_answers_stand_in_the_order_of_use() -> None:
    """What was used last comes last, also of two."""
    table: KeyTable[str] = KeyTable()
    for account in ("a", "b", "a"):
        table.put(("host", account), account)
        table.fitting((None, None))
    assert table.fitting((None, None)) == ["b", "a"]
    assert table.fitting(("host", None)) == ["b", "a"]


def test_what_is_taken_out_leaves_the_others_where_they_are() -> None:
    """Of keys that have something in common, the rest still fits."""
    table: KeyTable[str] = KeyTable()
    for account in "abc":
        table.put(("host", account), account)
    assert table.fitting(("host", None)) == ["a", "b", "c"]
    table.pop(("host", "b"))
    assert table.fitting(("host", None)) == ["a", "c"]
    assert table.pop_oldest() == "a"
    assert table.fitting(("host", None)) == ["c"]
