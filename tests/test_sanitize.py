import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loganalyzer import sanitize

ANY_TEXT = st.text(st.characters(codec=None))


@given(ANY_TEXT)
def test_nothing_that_moves_hides_or_reorders_text_is_left(text: str) -> None:
    """Neither controls nor invisible, bidi or undecodable characters survive, whatever the text."""
    for shown in (sanitize.block(text).replace("\n", ""), sanitize.line(text)):
        kinds = {unicodedata.category(character) for character in shown}
        assert kinds.isdisjoint({"Cc", "Cs", "Zl", "Zp"})
        assert not set("\u061c\u200b\u200e\u202a\u202e\u2066\u2069\ufeff\U000e0041") & set(shown)
        shown.encode("utf-8")


@given(ANY_TEXT)
def test_a_line_is_one_line(text: str) -> None:
    """`line` leaves nothing that any reader would take for a line break."""
    assert len(sanitize.line(text).splitlines()) <= 1


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31merror\x1b[0m", "error"),
        ("\x1b]0;owned\x07title", "title"),
        ("\x1b]8;;https://bad\x1b\\click\x1b]8;;\x1b\\", "click"),
        ("\x9b31mC1\x9b0m", "C1"),
        ("\x1bPdevice\x1b\\ok", "ok"),
        ("a\x07b", "a\\x07b"),
        ("to\u202etxt.exe", "to\\u202etxt.exe"),
        ("pay\u200bpal", "pay\\u200bpal"),
        ("lone \ud800 half", "lone \\ud800 half"),
        ("\x1b", "\\x1b"),
        ("one\r\ntwo\rthree\x0bfour", "one two three four"),
        ("grüße … 你好 ✓", "grüße … 你好 ✓"),
        ("I \u2764\ufe0f it \u26a0\ufe0f", "I \u2764 it \u26a0"),
        ("a\u180bb\ufe00c\U000e0100d\U000e01efe", "abcde"),
        ("pay\u034fpal\u3164", "pay\\u034fpal\\u3164"),
        ("a\u115fb\u1160c\u17b4d\u17b5e\u2800f\uffa0g", "a\\u115fb\\u1160c\\u17b4d\\u17b5e\\u2800f\\uffa0g"),
    ],
)
def test_sequences_go_and_other_controls_show(text: str, shown: str) -> None:
    """Terminal sequences vanish whole, other unsafe characters become visible, the rest stays."""
    assert sanitize.line(text) == shown


def test_an_unterminated_sequence_swallows_little() -> None:
    """A string sequence without an end hides nothing: it is shown as text."""
    assert sanitize.line("\x1b]0;" + "x" * 10_000).count("x") == 10_000 + 1


def test_a_block_keeps_its_lines() -> None:
    """`block` keeps line breaks and widens tabs."""
    assert sanitize.block("a\r\n\tb\x00") == "a\n    b\\x00"


def test_shortening_says_that_something_is_missing() -> None:
    """A text that is cut ends with an ellipsis and never exceeds the width."""
    assert sanitize.shorten("abcdef", 4) == "abc…"
    assert sanitize.shorten("abcd", 4) == "abcd"


def test_what_can_be_printed_is_safe() -> None:
    """Text that is plain is not searched: no character of it is left out, escaped or a line break."""
    printable = "".join(c for c in map(chr, range(sys.maxunicode + 1)) if sanitize.is_plain(c))
    for pattern in (sanitize._DROPPED, sanitize._UNSAFE, sanitize._LINE_BREAKS):
        assert not pattern.search(printable)
    assert "\t" not in printable
