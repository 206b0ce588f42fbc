"""Counting warnings and errors: explained or not, and of how many kinds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from unknown_lines import SURFACES, in_file, in_logs

from loganalyzer import Analyzer, Options, analyze
from loganalyzer.model import Accounting
from loganalyzer.unknown import kinds
from loganalyzer.unknown.levels import LEVEL_LITERALS, level_in

KNOWN = "Web connection closed (status 428). Retry 1/12 in 2.4s"
NORMAL = "tslog: minLevel Infinity is outside the default range 0..6; no default log method will be filtered"


def counted(text: str, sizes: int = 1 << 20) -> Accounting:
    """The accounting of a log that comes in pieces of one size."""
    analyzer, data = Analyzer(Options()), text.encode()
    for start in range(0, len(data), sizes):
        analyzer.feed(data[start : start + sizes])
    analyzer.finish()
    return analyzer.accounting


@pytest.mark.parametrize("surface", SURFACES.values(), ids=SURFACES)
@pytest.mark.parametrize(("name", "level"), [("WARN", "warn"), ("ERROR", "error"), ("FATAL", "error")])
def test_levels_stand_in_raw_bytes(surface: Callable[..., str], name: str, level: str) -> None:
    """On every surface that names a level a literal finds it, and it is told without decoding."""
    line = surface("the gate is open", name).encode()
    assert any(literal in line for literal in LEVEL_LITERALS)
    assert level_in(line) == level
    assert level_in(surface("an error is no level", "INFO").encode()) is None


@pytest.mark.parametrize("surface", SURFACES.values(), ids=SURFACES)
def test_kinds_differ_in_words_not_in_values(surface: Callable[..., str]) -> None:
    """Lines that differ in numbers, ids and names are one kind; another subsystem or text is another."""
    lines = [surface(f"zebra {n} escaped through gate 'g{n}' after {n}.5s", second=n) for n in range(20)]
    lines += [surface("zebra 1 escaped through gate 'g1' after 1.5s", "ERROR", "zoo/other"), surface("no hay", "FATAL")]
    found = counted("".join(lines))
    assert (found.unknown_warnings, found.unknown_errors, len(found.unknown_kinds)) == (20, 2, 3)
    assert found.explained == 0


def test_what_a_pattern_knows_is_explained() -> None:
    """Warnings with an event and those that are normal count as explained, again and again; info lines do not count."""
    lines = [in_file(KNOWN, "ERROR", "gateway/channels/whatsapp"), in_file("all is well", "INFO")]
    lines += [in_file(NORMAL, second=n) for n in range(5)]
    found = counted("".join(lines))
    assert found.explained == 6
    assert found.unknown_warnings + found.unknown_errors + len(found.unknown_kinds) == 0


def test_a_normal_text_in_the_wrong_place_is_not_explained(tmp_path: Path) -> None:
    """A pattern of normal warnings explains the lines that it matches, not all that hold its text."""
    (tmp_path / "events.yaml").write_text(
        "patterns:\n  - {id: zoo.normal, ignore: feeding time, match: the lion is roaring, "
        "where: {subsystem: [zoo/lions]}, source: invented, examples: [{line: the lion is roaring}]}\n"
    )
    log = tmp_path / "a.log"
    log.write_text(
        "".join(in_file("the lion is roaring", subsystem=name) for name in ("zoo/lions", "zoo/shop", "zoo/lions"))
    )
    found = analyze(log, Options(patterns=(tmp_path,))).accounting
    assert (found.explained, found.unknown_warnings) == (2, 1)


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_pieces_make_no_difference(size: int) -> None:
    """The same bytes give the same counts, however they arrive."""
    lines = [in_file(f"zebra {n} is hungry") + in_logs(f"zebra {n} is tired", "ERROR") for n in range(4)]
    text = "".join([*lines, in_file(NORMAL), in_file(KNOWN, subsystem="gateway/channels/whatsapp")])
    whole, pieces = counted(text), counted(text, size)
    assert whole == pieces
    assert (whole.explained, whole.unknown_warnings, whole.unknown_errors) == (2, 4, 4)


def test_a_level_in_a_text_is_no_level() -> None:
    """An info record that quotes a warning is decoded once and not counted."""
    quoting = in_file("peer said", "INFO").replace('"1":"peer said"', '"1":{"logLevelName":"WARN"},"2":"peer said"')
    assert b'logLevelName":"WARN"' in quoting.encode()
    found = counted(quoting * 3 + in_file("peer left"))
    assert found.unknown_warnings == 1


def test_console_text_is_not_counted() -> None:
    """Without a level nothing is a warning, whatever its words."""
    found = counted("2026-11-20T12:00:00.000+00:00 [zoo] error: the warn gate is open\n" * 3)
    assert found.unknown_warnings + found.unknown_errors + found.explained == 0


def test_like_lines_are_decoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The price of a thousand like warnings is that of one."""
    looked = []
    monkeypatch.setattr(kinds, "kind_of", lambda record: looked.append(record) or record.message)
    tally = kinds.Tally(found := Accounting())
    for number in range(1000):
        tally.unknown(in_file(f"zebra {number} is hungry", second=number % 60).strip().encode())
    assert len(looked) == 1
    assert found.unknown_warnings == 1000


def test_kinds_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many kinds are counted on, but neither kept nor looked at; the count of lines stays right."""
    monkeypatch.setattr(kinds, "MAX_HEADS", 10)
    words = [f"{chr(103 + a)}{chr(103 + b)}ly" for a in range(10) for b in range(10)]
    found = counted("".join(in_file(f"the {word} zebra") for word in words))
    assert found.unknown_warnings == 100
    assert len(found.unknown_kinds) == 10
