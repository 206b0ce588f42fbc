"""Bytes of a keyboard as keys."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loganalyzer.cli import keys as keyboard
from loganalyzer.cli.keys import Keys


@pytest.mark.parametrize(
    ("data", "keys"),
    [
        (b"jk", ["j", "k"]),
        (b"\r\n", ["enter", "enter"]),
        (b"\x1b[A\x1bOB\x1b[5~\x1b[6~", ["up", "down", "pageup", "pagedown"]),
        (b"\x1b[H\x1b[4~\x1b[C\x1b[D", ["home", "end", "right", "left"]),
        (b"\x1b[200~x", ["unknown", "x"]),
        (b"\x1b[1;5A", ["unknown"]),
        (b"\x1bq", ["escape", "q"]),
        (b"\x7f\x0c", ["escape", "repaint"]),
        ("ä".encode(), ["ä"]),
        (b"\xff\xfe", []),
    ],
)
def test_bytes_are_keys(data: bytes, keys: list[str]) -> None:
    """Arrows in both modes of terminals; what is not known does nothing."""
    assert list(Keys().feed(data)) == keys


def test_the_escape_key_is_told_from_a_sequence_by_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow connection may cut an arrow in two; the key alone counts after a moment."""
    keys = Keys()
    assert list(keys.feed(b"\x1b")) == []
    assert keys.is_waiting
    assert list(keys.rest()) == []
    assert list(keys.feed(b"[A")) == ["up"]
    assert not keys.is_waiting
    assert list(keys.feed(b"\x1b")) == []
    monkeypatch.setattr(keyboard, "ESCAPE_S", 0.0)
    assert list(keys.rest()) == ["escape"]
    assert list(keys.rest()) == []


@given(st.lists(st.binary(max_size=20), max_size=20))
def test_no_bytes_fail(pieces: list[bytes]) -> None:
    """Whatever is typed or pasted, little is kept."""
    keys = Keys()
    for piece in pieces:
        for key in keys.feed(piece):
            assert key
        assert len(keys._pending) < 12
