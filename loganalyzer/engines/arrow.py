"""
Results on the wire: what a task found, as an Arrow stream, and back without any loss.

`tables` makes frames for people and may round a time or leave out what they do not ask for; here every value must come
back as it was, also text that is no Unicode, times beyond 64 bits and numbers of any length. Columns whose values
repeat are dictionaries: each of their values is made once. What was counted stands in the metadata of the schema.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

import pyarrow as pa

from loganalyzer.engines.worker import Result
from loganalyzer.extract import End, Item, Mark
from loganalyzer.model import Accounting, Event, Origin, Span, Stamp, UnknownLine

_INT64 = range(-(2**63), 2**63)
_KINDS: tuple[type[Item], ...] = (Event, UnknownLine, Mark, End)
_WORD = pa.dictionary(pa.int32(), pa.binary())
_ORIGINS = {origin.value: origin for origin in Origin}


class Row(NamedTuple):
    """An item, flat; what its kind does not have is None or 0."""

    kind: int
    """Place in `_KINDS`."""
    time: int | None
    """[ns, UTC]."""
    far: str | None
    """A time that does not fit into 64 bits, in digits."""
    stamp: Any
    """JSON on the wire."""
    source: str | None = None
    line: int = 0
    level: str | None = None
    subsystem: str | None = None
    text: str = ""
    last_line: int = 0
    offset: int = 0
    type: str | None = None
    attributes: Any = None
    """JSON on the wire, which keeps numbers of any length, truth values and the order of names."""
    resolution: int = 0
    host: str | None = None
    origin: str | None = None
    format: str | None = None
    pattern: str | None = None


_TYPES: dict[str, pa.DataType] = {
    "kind": pa.uint8(),
    "time": pa.int64(),
    "far": _WORD,
    "stamp": _WORD,
    "source": _WORD,
    "line": pa.int64(),
    "level": _WORD,
    "subsystem": _WORD,
    "text": pa.binary(),
    "last_line": pa.int64(),
    "offset": pa.int64(),
    "type": _WORD,
    "attributes": _WORD,
    "resolution": pa.int64(),
    "host": _WORD,
    "origin": _WORD,
    "format": _WORD,
    "pattern": _WORD,
}


def encode(result: Result) -> bytes:
    """A result as one Arrow stream, compressed with LZ4."""
    rows = [_row(item) for item in result.items]
    columns: Iterable[Sequence[Any]] = zip(*rows, strict=True) if rows else [()] * len(_TYPES)
    arrays = [_array(column, kind) for column, kind in zip(columns, _TYPES.values(), strict=True)]
    beside = json.dumps({"counted": asdict(result.counted), "problems": result.problems, "fault": result.fault})
    schema = pa.schema([pa.field(name, kind) for name, kind in _TYPES.items()], metadata={"result": beside})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema, options=pa.ipc.IpcWriteOptions(compression="lz4")) as writer:
        writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))
    return sink.getvalue().to_pybytes()


def decode(data: bytes) -> Result:
    """The result that was encoded."""
    with pa.ipc.open_stream(data) as reader:
        batch = reader.read_next_batch()
        beside = json.loads((reader.schema.metadata or {})[b"result"])
    columns = (_values(batch.column(name), _READ.get(name, _text)) for name in _TYPES)
    items = [_item(Row(*values)) for values in zip(*columns, strict=True)]
    return Result(items, Accounting(**beside["counted"]), beside["problems"], beside["fault"])


def _row(item: Item) -> Row:
    kind = _KINDS.index(type(item))
    fits = item.time_ns is None or item.time_ns in _INT64
    time, far = (item.time_ns, None) if fits else (None, str(item.time_ns))
    stamp = None if item.stamp is None else json.dumps(item.stamp)
    if isinstance(item, UnknownLine):
        return Row(kind, time, far, stamp, item.source, item.line, item.level, item.subsystem, item.text)
    if not isinstance(item, Event):
        return Row(kind, time, far, stamp)
    span = item.span
    return Row(
        kind,
        time,
        far,
        stamp,
        span.source,
        span.line,
        item.level,
        item.subsystem,
        item.text,
        span.last_line,
        span.offset,
        item.type,
        json.dumps(item.attributes),
        item.resolution_ns,
        item.host,
        item.origin.value,
        item.format,
        item.pattern,
    )


def _item(row: Row) -> Item:
    time = row.time if row.far is None else int(row.far)
    kind = _KINDS[row.kind]
    if kind is Mark or kind is End:
        return kind(time, row.stamp)
    source = row.source or ""
    if kind is UnknownLine:
        return UnknownLine(source, row.line, time, row.level or "", row.subsystem, row.text, row.stamp)
    return Event(
        type=row.type or "",
        attributes=dict(row.attributes),  # equal ones come as the same object
        time_ns=time,
        resolution_ns=row.resolution,
        span=Span(source, row.line, row.last_line, row.offset),
        subsystem=row.subsystem,
        level=row.level,
        host=row.host,
        origin=_ORIGINS[row.origin or ""],
        format=row.format or "",
        pattern=row.pattern or "",
        text=row.text,
        stamp=row.stamp,
    )


def _array(values: Sequence[Any], kind: pa.DataType) -> pa.Array[Any]:
    if kind == pa.binary():
        return pa.array([_bytes(value) for value in values], kind)
    if kind != _WORD:
        return pa.array(values, kind)
    places: dict[str | None, int] = {}  # nothing is a word, too: filling gaps takes longer than all else
    indices = [places.setdefault(value, len(places)) for value in values]
    words = pa.array([None if word is None else _bytes(word) for word in places], pa.binary())
    return pa.DictionaryArray.from_arrays(pa.array(indices, pa.int32()), words)


def _values(array: Any, read: Callable[[bytes], Any]) -> list[Any]:
    if array.type == pa.binary():
        return [_text(value) for value in array.to_pylist()]
    if array.type != _WORD:
        return array.to_pylist() if array.null_count else _numbers(array)
    words = [None if word is None else read(word) for word in array.dictionary.to_pylist()]
    return [words[place] for place in _numbers(array.indices)]


def _numbers(array: Any) -> list[int]:
    """The numbers of an array without gaps; Arrow's own way is four times slower, or imports pandas."""
    if not len(array):
        return []
    data = memoryview(array.buffers()[1])
    width = array.type.bit_width
    numbers = data.cast("B") if width == 8 else data.cast("i") if width == 32 else data.cast("q")
    return numbers[array.offset : array.offset + len(array)].tolist()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")


def _stamp(data: bytes) -> Stamp:
    return Stamp(*json.loads(data))


_READ: dict[str, Callable[[bytes], Any]] = {"stamp": _stamp, "attributes": json.loads}
"""Columns of words that are more than text."""
