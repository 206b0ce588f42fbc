"""
Parquet: one file, or a folder of files by date and host.

Enters: record batches. Leaves: whole files with the schema and its version in their metadata. Memory: a row
group and, in a folder, at most `PENDING_ROWS` rows and `OPEN_FILES` open files, whatever the input is. Who
calls decides where the bytes go and makes them appear at once.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Final
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq

from loganalyzer.errors import UsageError
from loganalyzer.tables.arrow import EVENTS

COMPRESSION: Final = "zstd"
GROUP_BATCHES = 8
"""Batches that make a row group of a single file: about 65,000 events."""
PENDING_ROWS = 200_000
"""Rows of a folder that wait to be written, in all partitions together."""
OPEN_FILES = 128
PARTITIONS = 100_000
"""More hosts and days than that are no fleet, but names that somebody makes up."""
NO_HOST, NO_DATE = "unknown", "1970-01-01"
"""What stands in a path for no host (as gateways themselves write it) and no time. Hive's spelling of nothing makes
`pandas.read_parquet` fail, and a word instead of a date would change the type of the column."""
NAME_BYTES = 240
"""Of a host in the name of a folder; file systems allow 255."""

DAY_NS = 86_400_000_000_000
_PARTITION = EVENTS.remove(EVENTS.get_field_index("host"))
Key = tuple[str, str | None]


def write_file(batches: Iterable[pa.RecordBatch], schema: pa.Schema, file: BinaryIO) -> None:
    """Writes one Parquet file to an open file or pipe; nothing that reads as Parquet is left if that breaks off."""
    sink = _Sink(file)
    with pq.ParquetWriter(pa.PythonFile(sink, mode="w"), schema, compression=COMPRESSION) as writer:
        stream = iter(batches)
        try:
            while group := list(islice(stream, GROUP_BATCHES)):
                writer.write_table(pa.Table.from_batches(group, schema))
        except BaseException:
            sink.broken = True
            raise


class _Sink(io.RawIOBase):
    # A writer that is broken off still ends its file on the way out, and half a file must not look whole.
    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.broken = False

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        return len(data) if self.broken else self._file.write(data)


def write_folder(batches: Iterable[pa.RecordBatch], folder: Path) -> None:
    """
    Writes events as `date=2026-11-20/host=vm/part-0.parquet`: day of the time (UTC) and host, as Hive does.

    `host` stands in the path only, percent-encoded; none is `unknown`. Events without a time are below
    `date=1970-01-01`. Without events there is one file without rows, so that the schema can be read.

    Args:
        folder: Exists and is empty.

    Errors:
        UsageError: there are more than `PARTITIONS` days and hosts.
    """
    partitions = _Partitions(folder)
    try:
        for batch in batches:
            partitions.add(batch)
        partitions.finish()
    finally:
        partitions.close()


class _Partitions:
    """What waits to be written, by day and host, and the files that are open."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pending: dict[Key, list[pa.RecordBatch]] = {}
        self._rows: dict[Key, int] = {}
        self._parts: dict[Key, int] = {}
        # In the order of their last use.
        self._open: dict[Key, pq.ParquetWriter] = {}

    def add(self, batch: pa.RecordBatch) -> None:
        dates = [_day(time_ns) for time_ns in batch.column("time").cast(pa.int64()).to_pylist()]
        rows: dict[Key, list[int]] = {}
        for row, key in enumerate(zip(dates, batch.column("host").to_pylist(), strict=True)):
            rows.setdefault(key, []).append(row)
        body = batch.drop_columns(["host"])
        for key, numbers in rows.items():
            part = body if len(numbers) == batch.num_rows else body.take(pa.array(numbers, pa.int64()))
            self._pending.setdefault(key, []).append(part)
            self._rows[key] = self._rows.get(key, 0) + len(numbers)
        if sum(self._rows.values()) > PENDING_ROWS:
            # The largest first: few large row groups are what readers like.
            for key in sorted(self._rows, key=self._rows.__getitem__, reverse=True):
                self._write(key)
                if sum(self._rows.values()) <= PENDING_ROWS // 2:
                    break

    def finish(self) -> None:
        for key in list(self._pending) or ([] if self._parts else [(NO_DATE, None)]):
            self._write(key)

    def close(self) -> None:
        while self._open:
            self._open.pop(next(iter(self._open))).close()

    def _write(self, key: Key) -> None:
        writer = self._open.pop(key, None) or self._file(key)
        self._open[key] = writer
        writer.write_table(pa.Table.from_batches(self._pending.pop(key, []), _PARTITION))
        self._rows.pop(key, None)

    def _file(self, key: Key) -> pq.ParquetWriter:
        if len(self._open) >= OPEN_FILES:
            self._open.pop(next(iter(self._open))).close()
        part = self._parts.get(key, 0)
        self._parts[key] = part + 1
        if len(self._parts) > PARTITIONS:
            raise UsageError(f"--partition: there are more than {PARTITIONS:,} days and hosts; write one file instead")
        folder = self._folder / f"date={key[0]}" / f"host={segment(key[1])}"
        folder.parent.mkdir(mode=0o700, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        path = folder / f"part-{part}.parquet"
        path.touch(mode=0o600)
        return pq.ParquetWriter(path, _PARTITION, compression=COMPRESSION)


def segment(host: str | None) -> str:
    """Spells a host in a path: percent-encoded but for letters, digits, `-`, `_` and inner dots; cut if long."""
    if not host:
        return NO_HOST
    text = ""
    for character in host[:NAME_BYTES]:
        piece = quote(character, safe="").replace("~", "%7E")
        if len(text) + len(piece) > NAME_BYTES:
            break
        text += piece
    return text if text.strip(".") else text.replace(".", "%2E")


def _day(time_ns: int | None) -> str:
    return NO_DATE if time_ns is None else _date(time_ns // DAY_NS)


@lru_cache(maxsize=4096)
def _date(days: int) -> str:
    return str(date(1970, 1, 1) + timedelta(days=days))
