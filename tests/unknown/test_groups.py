"""Unknown lines that are alike become one group, within bounds."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from unknown_lines import in_file, in_json, in_logs

from loganalyzer import Options
from loganalyzer.api import find_unknown
from loganalyzer.model import UnknownLine
from loganalyzer.unknown import groups as module
from loganalyzer.unknown.groups import Groups

NOON_NS = 1_795_176_000_000_000_000
ANIMALS = ("zebra", "lion", "okapi", "gnu")


def line(text: str, level: str = "warn", subsystem: str | None = "zoo", number: int = 1) -> UnknownLine:
    """An unknown line at noon, as many seconds later as its number says."""
    time_ns = NOON_NS + number * 1_000_000_000
    return UnknownLine(source="a.log", line=number, time_ns=time_ns, level=level, subsystem=subsystem, text=text)


def grouped(*lines: UnknownLine) -> Groups:
    """Groups of these lines."""
    groups = Groups()
    for one in lines:
        groups.add(one)
    return groups


def test_words_that_vary_become_holes() -> None:
    """Lines that differ in one word of several are one group, and the word is none of its template."""
    pytest.importorskip("drain3")
    (group,) = grouped(*(line(f"the keeper lost the {one} at gate {n}") for n, one in enumerate(ANIMALS))).result()
    assert group.template == "the keeper lost the <*> at gate <number>"
    assert group.count == 4


def test_other_texts_levels_and_subsystems_stay_apart() -> None:
    """A group has one level, one subsystem and one text; errors come first, then what is frequent."""
    text = "the gate is open"
    lines = [line(text), line(text, "error"), line(text, subsystem="shop"), line("no hay left at all"), line(text)]
    found = grouped(*lines).result()
    assert [(g.level, g.subsystem, g.template, g.count) for g in found] == [
        ("error", "zoo", text, 1),
        ("warn", "zoo", text, 2),
        ("warn", "shop", text, 1),
        ("warn", "zoo", "no hay left at all", 1),
    ]


def test_a_group_knows_when_and_shows_two_different_lines() -> None:
    """First and last time do not depend on the order; of equal lines one is an example."""
    (group,) = grouped(*(line(f"gate {n // 5} is open", number=n) for n in (7, 3, 9, 12))).result()
    assert group.first_seen_ns == NOON_NS + 3_000_000_000
    assert group.last_seen_ns == NOON_NS + 12_000_000_000
    assert [one.text for one in group.examples] == ["gate 1 is open", "gate 0 is open"]


def test_without_drain_equal_masked_texts_are_a_group(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Drain3 is not installed, masks alone decide."""
    monkeypatch.setitem(sys.modules, "drain3.drain", None)
    assert not module.has_drain()
    found = grouped(
        *(line(f"the keeper lost the {one} at gate {n}") for n, one in enumerate((*ANIMALS, "gnu")))
    ).result()
    assert [g.count for g in found] == [2, 1, 1, 1]
    assert found[0].template == "the keeper lost the gnu at gate <number>"


@pytest.mark.parametrize("drain", [True, False])
def test_groups_are_bounded(drain: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """With too many groups known ones still grow; what fits in none is counted."""
    if not drain:
        monkeypatch.setitem(sys.modules, "drain3.drain", None)
    monkeypatch.setattr(module, "MAX_GROUPS", 3)
    texts = ["gate open", "no hay", "lions roar loudly", "visitors wait outside", "gate open", "zoo", "no hay"]
    groups = grouped(*(line(text) for text in texts), line("gate open", subsystem="shop"))
    assert sum(group.count for group in groups.result()) == 5
    assert len(groups.result()) == 3
    assert groups.left_out == 3


def test_lines_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines behind the last one that is looked at are counted."""
    monkeypatch.setattr(module, "MAX_LINES", 2)
    groups = grouped(*(line("gate open") for _ in range(5)))
    assert (groups.result()[0].count, groups.left_out) == (2, 3)


@pytest.mark.parametrize(
    "text", ["", " ", "<*>", "<number>", "x" * 100_000, "a " * 50_000, "\x00\x1b[31m\udcff", "{}{}"]
)
def test_any_text_is_grouped(text: str) -> None:
    """Empty, long and hostile texts end up in a group, twice in the same one."""
    (group,) = grouped(line(text), line(text)).result()
    assert group.count == 2
    assert len(group.template) <= 400


def test_lines_are_found_with_their_places(tmp_path: Path) -> None:
    """The same warning on three surfaces is one group; source, line and time are those of the lines."""
    log = tmp_path / "a.log"
    known = in_file("Web connection closed (status 428). Retry 1/12 in 2.4s", "ERROR", "gateway/channels/whatsapp")
    log.write_text(
        known
        + in_file("gate 1 is open", second=1)
        + in_json("gate 2 is open", second=2)
        + in_file("all is well", "INFO", second=3)
        + in_logs("gate 3 is open", second=4)
    )
    report = find_unknown(log)
    (group,) = report.groups
    assert (group.level, group.subsystem, group.count) == ("warn", "zoo/keeper", 3)
    assert [(one.source, one.line, one.text) for one in group.examples] == [
        (str(log), 2, "gate 1 is open"),
        (str(log), 3, "gate 2 is open"),
    ]
    assert (group.first_seen_ns, group.last_seen_ns) == (NOON_NS + 1_000_000_000, NOON_NS + 4_000_000_000)
    assert (report.accounting.explained, report.accounting.unknown_warnings) == (1, 3)


def test_since_and_until_hold_for_unknown_lines(tmp_path: Path) -> None:
    """Lines outside the time range are not grouped."""
    log = tmp_path / "a.log"
    log.write_text("".join(in_file(f"gate {n} is open", second=n) for n in range(10)))
    second = 1_000_000_000
    (group,) = find_unknown(log, Options(since_ns=NOON_NS + 3 * second, until_ns=NOON_NS + 5 * second)).groups
    assert group.count == 3
