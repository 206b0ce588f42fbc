"""
Parquet: one file, or a folder of files by date and host.

Enters: record batches. Leaves: whole files with the schema and its version in their metadata. Memory:
`GROUP_BATCHES` batches and, for a folder, `OPEN_FILES` open files, whatever the input is. Who
calls decides where the bytes go and makes them appear at once.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from functools import lru_cache
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO, Final
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq

from loganalyzer.errors import UsageError
from loganalyzer.tables.arrow import EVENTS

COMPRESSION: Final = "zstd"
GROUP_BATCHES = 8
"""Batches in a row group of a file, or sorted at once into the files of a folder: about 65,000 events."""
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
Key = tuple[str, str]
"""Day and host, as they stand in a path."""


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
    files = _Files(folder)
    stream = iter(batches)
    try:
        while group := list(islice(stream, GROUP_BATCHES)):
            for key, rows in _by_day_and_host(pa.Table.from_batches(group)):
                files.write(key, rows)
        if files.none:
            files.write((NO_DATE, NO_HOST), _PARTITION.empty_table())
    finally:
        files.close()


def _by_day_and_host(table: pa.Table) -> Iterator[tuple[Key, pa.Table]]:
    times, hosts = table.column("time").cast(pa.int64()).to_pylist(), table.column("host").to_pylist()
    rows: dict[Key, list[int]] = {}
    for row, (time_ns, host) in enumerate(zip(times, hosts, strict=True)):
        rows.setdefault((_day(time_ns), segment(host)), []).append(row)
    # Put in order once: then each part is a slice, which costs nothing.
    ordered = table.drop_columns(["host"]).take(pa.array(chain.from_iterable(rows.values()), pa.int64()))
    start = 0
    for key, numbers in rows.items():
        yield key, ordered.slice(start, len(numbers))
        start += len(numbers)


class _Files:
    """The files of a folder that are open; the one not used for longest is closed when there are too many."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._parts: Counter[Key] = Counter()
        # In the order of their last use.
        self._open: dict[Key, pq.ParquetWriter] = {}

    @property
    def none(self) -> bool:
        """Has nothing been written yet?"""
        return not self._parts

    def write(self, key: Key, rows: pa.Table) -> None:
        """Writes a row group into the file of a day and host."""
        writer = self._open.pop(key, None) or self._create(key)
        self._open[key] = writer
        writer.write_table(rows)

    def close(self) -> None:
        """Ends all files."""
        while self._open:
            self._open.pop(next(iter(self._open))).close()

    def _create(self, key: Key) -> pq.ParquetWriter:
        if len(self._open) >= OPEN_FILES:
            self._open.pop(next(iter(self._open))).close()
        day, host = key
        folder = self._folder / f"date={day}" / f"host={host}"
        folder.parent.mkdir(mode=0o700, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        # Where file systems do not tell upper from lower case, two hosts may share a folder.
        while (path := folder / f"part-{self._parts[key]}.parquet").exists():
            self._parts[key] += 1
        self._parts[key] += 1
        if len(self._parts) > PARTITIONS:
            raise UsageError(f"--partition: there are more than {PARTITIONS:,} days and hosts; write one file instead")
        path.touch(mode=0o600)
        return pq.ParquetWriter(path, _PARTITION, compression=COMPRESSION)


@lru_cache(maxsize=4096)
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
