"""Targets for what reads a log: bytes into lines, lines into records, records into events."""

from __future__ import annotations

import codecs
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, timedelta, timezone
from functools import cache
from itertools import pairwise

from loganalyzer.clock import Clock
from loganalyzer.extract import Extractor, Item, Options, Plan
from loganalyzer.formats import FORMATS, decode, has_header, time_of
from loganalyzer.formats.line import MAX_NAME, Line
from loganalyzer.model import Accounting, Event, Origin, Record, Stamp
from loganalyzer.scan import BACKENDS, Scanner, framing
from loganalyzer.sources import Source
from loganalyzer.timestamps import from_epoch, parse
from loganalyzer.tokenize import MAX_TEXT

SIZES = 4
"""So many bytes at the start of an input say how the rest of it is cut into chunks."""
LEVELS = (None, "trace", "debug", "info", "warn", "error", "fatal")
LITERALS = (b"abc", b"bc", b"aa", b"a", b"\xff", "é".encode(), b"abcabc", b"abc")
RESOLUTIONS = {60 * 10**9, *(10**power for power in range(10))}
TYPES: Mapping[str, type] = {"int": int, "float": float, "str": str, "bool": bool}


def cut(stream: bytes, sizes: Sequence[int]) -> Iterator[bytes]:
    """A stream in chunks of the given sizes, over and over."""
    position = turn = 0
    while position < len(stream):
        size = 1 + sizes[turn % len(sizes)]
        yield stream[position : position + size]
        position, turn = position + size, turn + 1


def plain_lines(stream: bytes, longest: int) -> Iterator[tuple[int, bytes]]:
    """Offset and text of each line, in the plainest way."""
    offset = 0
    if stream.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        stream = codecs.decode(stream, "utf-16", "replace").encode()
    elif stream.startswith(codecs.BOM_UTF8):
        offset = len(codecs.BOM_UTF8)
    end = len(stream)
    for raw in stream[offset:].split(b"\n"):
        text = raw.removesuffix(b"\r")
        if raw or offset + len(raw) < end:
            yield offset, text if len(text) <= longest else raw[:longest]
        offset += len(raw) + 1


@contextmanager
def longest_line(size: int) -> Iterator[None]:
    """Lines longer than this are cut, so that inputs run into the cap."""
    before, framing.MAX_LINE = framing.MAX_LINE, size
    try:
        yield
    finally:
        framing.MAX_LINE = before


def frame(data: bytes) -> None:
    """Lines are those of a plain split, whatever the chunks are; blocks follow one another without a gap."""
    sizes, stream = data[:SIZES] or b"\0", data[SIZES:]
    cap = 1 + sizes[0] % 48
    with longest_line(cap):
        framer = framing.Framer(Accounting())
        blocks = [block for chunk in cut(stream, sizes) for block in framer.feed(chunk)]
        blocks += framer.finish()
    found = [text for block in blocks for text in block.lines(block.start, block.stop, len(stream))]
    assert found == [text for _, text in plain_lines(stream, cap)], (found, cap)
    assert all(one.offset + one.length == after.offset for one, after in pairwise(blocks))


def scan(data: bytes) -> None:
    """Every backend finds the lines that hold a literal, with all their literals, whatever the chunks are."""
    sizes, stream = data[:SIZES] or b"\0", data[SIZES:]
    cap = 1 + sizes[0] % 48
    want = [
        (number, offset, text, ids)
        for number, (offset, text) in enumerate(plain_lines(stream, cap), 1)
        if (ids := tuple(index for index, literal in enumerate(LITERALS) if literal in text))
    ]
    with longest_line(cap):
        for backend in BACKENDS:
            found = [line[:4] for line in Scanner(LITERALS, backend=backend).lines(cut(stream, sizes))]
            assert found == want, backend
    real = plan().literals
    first, second = (
        [(*line[:4], line.above()) for line in Scanner(real, backend=backend).lines(chunks)]
        for backend, chunks in (("hyperscan", [stream]), ("ahocorasick", cut(stream, sizes)))
    )
    assert first == second


def formats_of(*names: str) -> Callable[[bytes], None]:
    """A target for some formats: each gives a record or None, the same for bytes and for text, and never raises."""

    def run(data: bytes) -> None:
        shared = Line(data)
        for name in names:
            found = FORMATS[name](shared, decode_text)
            assert same(found, FORMATS[name](Line(data), decode_text)), name
            if found is not None:
                check_record(found)
                assert found.format in (name, *(inner for inner in FORMATS if found.format.startswith(inner))), name

    return run


def same(one: Record | None, other: Record | None) -> bool:
    """Do two records say the same? `body` is there from the second time on; NaN in a field is not equal to itself."""
    return repr(one and one._replace(body=None)) == repr(other and other._replace(body=None))


def decode_text(text: str) -> Record:
    return decode(text.encode("utf-8", "replace"))


def check_record(record: Record) -> None:
    """The fields of a record are of their types and in their bounds."""
    assert record.time_ns is None or 0 <= record.time_ns < 2**63, record.time_ns
    assert record.stamp is None or isinstance(record.stamp, Stamp)
    assert isinstance(record.resolution_ns, int)
    assert record.resolution_ns > 0
    assert record.level in LEVELS
    for name in (record.subsystem, record.host, record.ident):
        assert name is None or (isinstance(name, str) and len(name) <= MAX_NAME), name
    assert isinstance(record.message, str)
    record.message.encode()  # no lone surrogates
    assert isinstance(record.fields, Mapping)
    assert isinstance(record.origin, Origin)
    assert record.format in FORMATS, record.format
    assert isinstance(record.continuation, bool)


def records(data: bytes) -> None:
    """Every line of an input is a record, and what tells its header and its time alone agrees with it."""
    for line in data.split(b"\n"):
        record = decode(line)
        check_record(record)
        assert same(decode(line), record)
        assert has_header(line) is (not record.continuation) or line[:1] in (b"", b" ", b"\t")
        time = time_of(line)
        assert time is None or time in (record.time_ns, record.stamp), time


def timestamps(data: bytes) -> None:
    """A text starts with a time or does not; a clock completes any sequence of times, whatever it was told."""
    told, *texts = data.decode("utf-8", "replace").split("\n")
    clock = Clock(
        reference_ns=1_795_132_800_000_000_000 if "r" in told else None,
        tz=timezone(timedelta(hours=len(told) % 24 - 12)) if "z" in told else None,
        file_date=date(2024, 2, 29) if "d" in told else None,
        mtime_ns=len(told) << 50 if "m" in told else None,
    )
    for text in texts:
        from_epoch(text)
        parsed = parse(text)
        if parsed is None:
            continue
        time, resolution, end = parsed
        assert 0 < end <= len(text)
        assert resolution in RESOLUTIONS
        assert parse(text[:end]) == parsed or text[end:]
        found = clock.complete(time, None) if isinstance(time, int) else clock.complete(None, time)
        assert found is None or 0 <= found < 2**63, found
        if isinstance(time, int):
            assert found == time
    assert len(clock.assumptions) <= 12 + len(texts)


@cache
def plan() -> Plan:
    """The built-in pack, made ready once."""
    return Plan(Options())


def read(stream: bytes, chunks: Iterator[bytes] | Sequence[bytes]) -> tuple[list[Item], Accounting]:
    """Everything that is extracted from a stream, and what was counted."""
    accounting = Accounting()
    extractor = Extractor(plan(), "-", accounting)
    items = [item for chunk in chunks for item in extractor.feed(chunk)]
    return [*items, *extractor.finish(), extractor.end()], accounting


def tokens(data: bytes) -> None:
    """Events have the attributes that their type declares, stand inside of the input, and depend on its bytes alone."""
    sizes, stream = data[:SIZES] or b"\0", data[SIZES:]
    items, accounting = read(stream, [stream])
    for item in items:
        if isinstance(item, Event):
            check_event(item, stream)
    assert accounting.bytes == len(stream)
    again, counted = read(stream, cut(stream, sizes))
    assert again == items
    assert counted == accounting


def check_event(event: Event, stream: bytes) -> None:
    declared = plan().pack.event_types[event.type].attributes
    for name, value in event.attributes.items():
        assert type(value) is TYPES[declared[name]], (event.pattern, name, value)
        assert not isinstance(value, float) or math.isfinite(value), (event.pattern, name, value)
        assert not isinstance(value, int) or abs(value) < 2**63, (event.pattern, name, value)
    assert event.time_ns is None or 0 <= event.time_ns < 2**63
    assert 1 <= event.span.line <= stream.count(b"\n") + 1 or stream.startswith((b"\xff\xfe", b"\xfe\xff"))
    assert len(event.text) <= MAX_TEXT
    assert event.pattern in plan().pack.patterns


def source() -> Source:
    return Source(name="-", parts=(), mtime_ns=None, file_date=None)
