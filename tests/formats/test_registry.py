"""What holds for every format and any bytes."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from properties import often

from loganalyzer.formats import FORMATS, decode, has_header, time_of
from loganalyzer.formats.line import MAX_LINE

LINES = [
    line for path in sorted((Path(__file__).parent / "data").glob("*/*")) for line in path.read_bytes().splitlines()
]
PIECES = [
    b'{"0":',
    b'"_meta":{',
    b'{"type":"log","raw":"',
    b'{"log":"',
    b'","stream":"stdout"}',
    b'{"MESSAGE":[',
    b'{"level":30,"msg":"',
    b"<13>1 ",
    b"<13>",
    b"Nov 20 12:30:21 vm node[1]: ",
    b"Nov 20 12:30:21 vm kernel: ",
    b"2026-11-20T12:30:21.376Z ",
    b"2026-11-20 12:30:21 ",
    b"12:30:21 ",
    b"12:30:21+08:00 ",
    b"[12:30:21] INFO (1): ",
    b"info ",
    b"gateway/ws ",
    b'{"subsystem":"gateway"} ',
    b"[whatsapp] ",
    b"[openclaw:",
    b"stdout F ",
    b"0|a | ",
    b"gw-1  | ",
    b"MESSAGE=",
    b"__REALTIME_TIMESTAMP=1795177821541850",
    b"systemd[1]: ",
    b"\x1b[31m",
    b"#033[",
    b"\\n",
    b"\\ud800",
    b"\xed\xa0\x80",
    b"\0",
    b"\xff",
    b" ",
    b"\t",
    b"\x05\0\0\0\0\0\0\0",
]


def check(line: bytes) -> None:
    """The promises of the three functions, for one line."""
    record = decode(line)
    assert record.format in FORMATS
    assert has_header(line) is not record.continuation
    assert time_of(line) == (record.stamp if record.time_ns is None else record.time_ns)
    assert "\x1b" not in record.message
    for text in (record.message, record.subsystem, record.host, record.ident):
        assert text is None or text.encode().decode() == text
    assert record.level in (None, "trace", "debug", "info", "warn", "error", "fatal")
    assert len(record.subsystem or "") <= 128


@given(st.binary(max_size=300))
def test_any_bytes(line: bytes) -> None:
    """No bytes make decoding fail, and the cheap questions give the answers of the full decoder."""
    check(line)


@settings(max_examples=often(400))
@given(st.lists(st.sampled_from(PIECES) | st.binary(max_size=8) | st.sampled_from(LINES), max_size=6).map(b"".join))
def test_pieces_of_formats(line: bytes) -> None:
    """The same for lines put together from headers, envelopes and real lines."""
    check(line)


@settings(max_examples=often(400))
@given(st.sampled_from(LINES), st.data())
def test_damaged_lines(line: bytes, data: st.DataObject) -> None:
    """The same for real lines that were cut, or lost a piece, or had bytes overwritten."""
    start = data.draw(st.integers(0, len(line)))
    end = data.draw(st.integers(start, min(len(line), start + 30)))
    check(line[:start] + data.draw(st.binary(max_size=4)) + line[end:])


@pytest.mark.parametrize("line", LINES[:: max(1, len(LINES) // 150)])
def test_real_lines(line: bytes) -> None:
    """Real lines of every surface keep the promises too."""
    check(line)


def test_mixed_stream() -> None:
    """Each line is judged alone: in any order, the records are the same."""
    forward = [decode(line)._replace(body=None) for line in LINES]
    backward = [decode(line)._replace(body=None) for line in reversed(LINES)]
    assert forward == backward[::-1]
    assert len({record.format for record in forward}) >= 7


@pytest.mark.parametrize(
    "line",
    [
        b"[" * MAX_LINE,
        b"{" * MAX_LINE,
        b'{"a":' * (MAX_LINE // 5),
        b"\x1b]" * (MAX_LINE // 2),
        b"\x1b[" * (MAX_LINE // 2),
        b"2026-11-20T12:00:00Z info x " + b"{}" * (MAX_LINE // 2),
        b"<13>1 - - - - - " + b'["' * (MAX_LINE // 2),
        b"C:\\" * (MAX_LINE // 3) + b"\\n",
        b"Nov 20 12:30:21 vm node[1]: " * (MAX_LINE // 28),
        b'{"0":"{' + b"a" * MAX_LINE + b'"}',
        b'{"0":' + b"9" * MAX_LINE + b"}",
        b"[90m" * (MAX_LINE // 4) + b"x",
        b"12:30:21 " + b" " * MAX_LINE,
        b"a" * (4 * MAX_LINE),
    ],
    ids=lambda line: repr(line[:12]),
)
def test_hostile_lines_take_bounded_time(line: bytes) -> None:
    """A megabyte made to hurt is decoded in well under a second, and nothing beyond a megabyte is kept."""
    start = time.perf_counter()
    check(line)
    assert time.perf_counter() - start < 3
    assert len(decode(line).message) <= MAX_LINE


def test_behind_the_cap() -> None:
    """A long console line keeps its header and the first megabyte."""
    found = decode(b"2026-11-20T12:00:00.000Z [gateway] " + b"x" * (2 * MAX_LINE))
    assert (found.subsystem, len(found.message)) == ("gateway", MAX_LINE - 35)


def test_every_format_is_reached() -> None:
    """The name of every format is the name that its records carry, and none is hidden behind another."""
    reached = {decode(line).format for line in SAMPLES}
    assert reached == set(FORMATS)


SAMPLES = [
    b'{"0":"text","_meta":{"logLevelName":"INFO"}}',
    b'{"type":"notice","message":"Log cursor reset (file rotated)."}',
    b'{"log":"x\\n","stream":"stdout","time":"2026-11-20T12:30:21.54Z"}',
    b'{"MESSAGE":"x","__REALTIME_TIMESTAMP":"1795177821541850"}',
    b'{"level":30,"time":1645707162680,"msg":"x"}',
    b'{"time":"2026-11-20T11:42:01.562Z","level":"info","subsystem":"gateway","message":"x"}',
    b'{"subsystem":"gateway"} "x"',
    b"<13>1 2026-11-20T12:30:21Z vm node 1 - - x",
    b"Nov 20 12:30:21 vm node[1]: x",
    b"0|a  | x",
    b"2026-11-20T12:30:21Z stdout F x",
    b"2026-11-20T12:30:21Z vm node[1]: x",
    b"2026-11-20T12:30:21Z info x",
    b"2026-11-20T12:30:21Z x",
    b"MESSAGE=x",
    b"gw-1  | x",
    b"systemd[1]: x",
    b"[whatsapp] x",
    b"x",
]
