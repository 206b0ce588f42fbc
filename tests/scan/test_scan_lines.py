"""Which lines come out of a scan, and that only the bytes decide it."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from properties import often

from loganalyzer.model import Accounting
from loganalyzer.scan import BACKENDS, MAX_LINE, Line, Scanner, context, framing


class Expected(NamedTuple):
    """A candidate with the lines above it spelt out."""

    number: int
    offset: int
    data: bytes
    literals: tuple[int, ...]
    above: list[bytes]


class Limits(NamedTuple):
    """The caps of the scan, small enough for examples to run into them."""

    line: int
    lines: int
    reach: int


def reference(stream: bytes, literals: Sequence[bytes], limits: Limits, *, every_line: bool = False) -> list[Expected]:
    """Every candidate of a whole stream."""
    lines = list(_lines(stream, limits.line))
    found = []
    for index, (offset, text) in enumerate(lines):
        ids = tuple(number for number, literal in enumerate(literals) if literal in text)
        if ids or every_line:
            above = [
                earlier
                for start, earlier in lines[max(0, index - limits.lines) : index]
                if start >= offset - limits.reach
            ]
            found.append(Expected(index + 1, offset, text, ids, above))
    return found


def reference_end(stream: bytes, limits: Limits) -> list[bytes]:
    """The end of a whole stream."""
    lines = list(_lines(stream, limits.line))[-limits.lines :]
    kept = [text for start, text in lines[:-1] if start >= len(stream) - limits.reach]
    return [text for text in kept + [text for _, text in lines[-1:]] if text.strip()]


def _lines(stream: bytes, longest: int) -> Iterator[tuple[int, bytes]]:
    offset = 3 if stream.startswith(b"\xef\xbb\xbf") else 0
    for raw in stream[offset:].split(b"\n"):
        text = raw.removesuffix(b"\r")
        if raw or offset + len(raw) < len(stream):
            yield offset, text if len(text) <= longest else raw[:longest]
        offset += len(raw) + 1


LOOKED_FOR = (b"a", b"abc", b"x")
LITERALS = [b"abc", b"bc", b"aa", b"\xff", "é".encode(), b"abc"]
SMALL = Limits(line=6, lines=3, reach=9)
REAL = Limits(line=MAX_LINE, lines=context.MAX_LINES, reach=context.MAX_BYTES)

pieces = st.sampled_from(
    [b"\n", b"\n", b"\r\n", b"\r", b"abc", b"aaaa", b"b", b"c", b"\0", b"\xff", b"\xc3\xa9", b" "]
    + [b"x" * 9, b"\xef\xbb\xbf", b"\xff\xfe"]
)
streams = st.lists(pieces, max_size=60).map(b"".join) | st.binary(max_size=200)


each_backend = pytest.mark.parametrize("backend", BACKENDS)


def pick(line: Line) -> Expected:
    """A candidate in a form that can be compared."""
    above = line.above()
    for text in LOOKED_FOR:
        holding = [earlier for earlier in reversed(above) if text in earlier]
        assert [*line.above.holding(text)] == [*line.above.holding(text)] == holding
        assert line.above.may_hold(text) or not holding
    return Expected(line.number, line.offset, line.data, line.literals, above)


def run(
    chunks: Sequence[bytes],
    limits: Limits = REAL,
    literals: Sequence[bytes] = LITERALS,
    **options: object,
) -> tuple[list[Expected], Accounting, list[bytes]]:
    """What a scan of chunks gives, with the lines above asked for at the very end."""
    counters = Accounting()
    with (
        patch.object(framing, "MAX_LINE", limits.line),
        patch.object(context, "MAX_LINES", limits.lines),
        patch.object(context, "MAX_BYTES", limits.reach),
    ):
        scanner = Scanner(literals, counters, **options)  # type: ignore[arg-type]
        found = [pick(line) for line in list(scanner.lines(chunks))]
        return found, counters, [*scanner.last_lines()][::-1]


def cut(stream: bytes, sizes: Sequence[int]) -> list[bytes]:
    """A stream in chunks of the given sizes, over and over."""
    chunks, position, turn = [], 0, 0
    while position < len(stream):
        chunks.append(stream[position : position + sizes[turn % len(sizes)]])
        position += sizes[turn % len(sizes)]
        turn += 1
    return chunks


@each_backend
@settings(max_examples=often(300))
@given(stream=streams, sizes=st.lists(st.integers(1, 40), min_size=1), every=st.booleans())
@pytest.mark.parametrize("limits", [SMALL, REAL], ids=["small-caps", "real-caps"])
def test_any_bytes_in_any_chunks(stream: bytes, sizes: list[int], every: bool, limits: Limits, backend: str) -> None:
    """Candidates, offsets, lines above and the end are those of the plainest implementation."""
    if stream.startswith((b"\xff\xfe", b"\xfe\xff")):
        stream = b"-" + stream
    expected = reference(stream, LITERALS, limits, every_line=every)
    for chunks in ([stream], cut(stream, sizes), cut(stream, [1])):
        found, counters, end = run(chunks, limits, backend=backend, every_line=every)
        assert found == expected
        assert end == reference_end(stream, limits)
        assert counters.bytes == len(stream)
        assert counters.candidates == len(expected)
        lengths = [len(line.data) for line in reference(stream, [], REAL, every_line=True)]
        assert counters.lines == len(lengths)
        assert counters.truncated == sum(length > limits.line for length in lengths)


@given(stream=streams)
def test_offsets_slice_the_stream(stream: bytes) -> None:
    """The bytes at a candidate's offset are the candidate."""
    if not stream.startswith((b"\xff\xfe", b"\xfe\xff")):
        for line in run([stream], every_line=True)[0]:
            assert stream[line.offset : line.offset + len(line.data)] == line.data


@given(literals=st.lists(st.binary(min_size=1, max_size=4), max_size=8), stream=st.binary(max_size=300))
def test_backends_agree_on_any_literals(literals: list[bytes], stream: bytes) -> None:
    """All engines find the same ids, also for metacharacters, duplicates and overlaps."""
    literals = [text for text in literals if not set(text) & set(b"\0\r\n")]
    results = [run([b"-", stream], literals=literals, backend=name)[0] for name in BACKENDS]
    assert results[1:] == results[:-1]
    assert results[0] == reference(b"-" + stream, literals, REAL)


@each_backend
@pytest.mark.parametrize("size", [1, 7, 64 << 10, 1 << 20, 10 << 20])
def test_long_stream_in_usual_chunks(size: int, backend: str) -> None:
    """Three megabytes with lines around the cap come out the same for the usual chunk sizes."""
    if size < 100:
        size += 4096  # as uneven, but in reasonable time
    around = [MAX_LINE - 1, MAX_LINE, MAX_LINE + 1]
    lines = [b"y" * (length - 8) + b"needle-1" + end for length in around for end in (b"", b"\r")]
    stream = b"\n".join([b"needle-2 first", *lines, b"needle-1 needle-2 last"])
    literals = [b"needle-1", b"needle-2"]
    found, counters, _ = run(cut(stream, [size]), literals=literals, backend=backend)
    assert found == reference(stream, literals, REAL)
    assert [line.number for line in found] == [1, 2, 3, 4, 5, 8]
    assert (counters.truncated, counters.lines) == (2, 8)


def test_every_line_can_be_switched_off_on_the_way() -> None:
    """The switch holds from the next line on, wherever chunks end."""
    stream = b"one\ntwo\nthree\nfour needle\nfive\nsix needle"
    for size in (1, 7, 100):
        scanner = Scanner([b"needle"], every_line=True)
        numbers = []
        for line in scanner.lines(cut(stream, [size])):
            numbers.append(line.number)
            scanner.every_line = line.number < 2
        assert numbers == [1, 2, 4, 6]


def test_lines_of_frequent_literals_are_set_aside() -> None:
    """Lines that hold only the later literals go to a function and cost no number; the others are unchanged."""
    stream = b"warn 1\r\nabc\nwarn abc\nx\nwarn 2\nabc warn\nwarn 3"
    for size in (1, 7, 100):
        aside: list[tuple[bytes, set[int]]] = []
        counters = Accounting()
        scanner = Scanner(
            [b"abc", b"warn", b"arn"], counters, aside=(1, lambda data, found, aside=aside: aside.append((data, found)))
        )
        lines = [(line.number, line.literals) for line in scanner.lines(cut(stream, [size]))]
        assert lines == [(2, (0,)), (3, (0, 1, 2)), (6, (0, 1, 2))]
        assert [(data.rstrip(), literals) for data, literals in aside] == [(b"warn %d" % n, {1, 2}) for n in (1, 2, 3)]
        assert (counters.lines, counters.candidates) == (7, 6)


def test_line_breaks_and_byte_order_mark() -> None:
    """CRLF, a lone last carriage return, blank lines, NUL and a byte order mark."""
    stream = b"\xef\xbb\xbfabc 1\r\n\r\nabc\r 2\n\x00\xffabc 3\r"
    found, counters, end = run([stream])
    assert [(line.number, line.offset, line.data) for line in found] == [
        (1, 3, b"abc 1"),
        (3, 12, b"abc\r 2"),
        (4, 19, b"\x00\xffabc 3"),
    ]
    assert counters.lines == 4
    assert end == [b"abc 1", b"abc\r 2", b"\x00\xffabc 3"]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_utf16_is_transcoded(encoding: str, size: int) -> None:
    """What PowerShell writes is read; offsets count the UTF-8 form; broken units do no harm."""
    text = "first\r\né abc\r\nlast abc"
    stream = ("\ufeff" + text).encode(encoding) + b"\x00"
    found, counters, _ = run(cut(stream, [size]))
    assert [(line.number, line.data) for line in found][0] == (2, "é abc".encode())
    assert text.encode()[found[1].offset :] == b"last abc"
    assert counters.assumptions == ["input with a UTF-16 byte order mark is UTF-16"]


@pytest.mark.parametrize("stream", [b"", b"\xef\xbb\xbf", b"\xff\xfe", b"\xef\xbb", b"\xff"])
def test_nothing_or_next_to_nothing(stream: bytes) -> None:
    """A stream that is empty, or only the beginning of a byte order mark, ends well."""
    found, counters, end = run(cut(stream, [1]), every_line=True)
    lines = [stream] if stream in (b"\xef\xbb", b"\xff") else []
    assert [line.data for line in found] == lines == end
    assert counters.lines == len(lines)


def test_a_line_comes_while_the_pipe_is_open() -> None:
    """The newline completes a line; nothing waits for more bytes or for the end."""
    read, write = os.pipe()
    answers: queue.Queue[bytes] = queue.Queue()

    def chunks() -> Iterator[bytes]:
        while data := os.read(read, 1 << 16):
            yield data

    def consume() -> None:
        for line in Scanner([b"abc"]).lines(chunks()):
            answers.put(line.data)

    thread = threading.Thread(target=consume)
    thread.start()
    try:
        for part, answer in [(b"abc 1\nab", b"abc 1"), (b"c 2\n", b"abc 2"), (b"\nabc\n", b"abc")]:
            os.write(write, part)
            assert answers.get(timeout=5) == answer
    finally:
        os.close(write)
        thread.join(timeout=5)
        os.close(read)


@pytest.mark.parametrize("ending", [b"", b"\nabc\n"])
def test_endless_line_needs_bounded_memory(ending: bytes, peak_memory: Callable[[Callable[[], object]], int]) -> None:
    """A line of 200 MB is cut and counted, and never held."""
    counters = Accounting()

    def chunks() -> Iterator[bytes]:
        yield b"abc" + b"x" * 1000
        for _ in range(200):
            yield b"x" * 1_000_000
        yield b"abc" + ending

    def scan() -> None:
        lengths = [len(line.data) for line in Scanner([b"abc"], counters).lines(chunks())]
        assert lengths == [MAX_LINE] + [3] * bool(ending)

    assert peak_memory(scan) < 6 * MAX_LINE
    assert counters.truncated == 1


@pytest.mark.parametrize("backend", ["hyperscan", "re"])
def test_dense_hits_need_bounded_memory(backend: str, peak_memory: Callable[[Callable[[], object]], int]) -> None:
    """A literal that matches at every byte of a long line is one hit."""
    chunk = b"a" * (MAX_LINE - 1) + b"\n"
    scanner = Scanner([b"aaaaaa"], backend=backend)
    assert peak_memory(lambda: [*scanner.lines([chunk])]) < 8 * MAX_LINE


def test_many_lines_are_forgotten(peak_memory: Callable[[Callable[[], object]], int]) -> None:
    """What is kept for looking back does not grow with the stream."""
    scanner = Scanner([b"abc"])

    def scan() -> None:
        for chunk in ((b"abc %d" % number + b"x" * 1000 + b"\n") * 250 for number in range(100)):
            for _ in scanner.feed(chunk):
                pass

    assert peak_memory(scan) < 2 << 20


def test_threads_share_compiled_literals() -> None:
    """Scanners of one set of literals may run side by side."""
    stream = b"abc 1\nxyz\n" * 50_000
    counts: list[int] = []

    def scan() -> None:
        counts.append(sum(1 for _ in Scanner([b"abc"]).lines(cut(stream, [4096]))))

    threads = [threading.Thread(target=scan) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [50_000] * 4
