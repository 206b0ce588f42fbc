"""Parquet read back by those who will read it: pandas, polars and DuckDB."""

from __future__ import annotations

import io
import stat
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from loganalyzer import sanitize, tables
from loganalyzer.columns import PLAIN
from loganalyzer.errors import UsageError
from loganalyzer.model import Event
from loganalyzer.tables import parquet
from loganalyzer.testing import START_NS, make_event

DAY_S = 86_400
HOSTILE = [
    "../../etc/passwd",
    "a/b",
    ".",
    "..",
    "a b",
    "ü",
    "%2F",
    "x=1",
    "=cmd",
    "vm's",
    'q"',
    "\x00\x1b[31m",
    "~",
    "a\\b:c*",
]


def write(events: Sequence[Event], path: Path) -> Path:
    with path.open("wb") as file:
        tables.write_file(tables.events_to_batches(events, PLAIN, sanitize.block), tables.EVENTS, file)
    return path


def folder(events: Sequence[Event], path: Path, size: int = 100) -> Path:
    path.mkdir()
    tables.write_folder(tables.events_to_batches(events, PLAIN, sanitize.block, size), path)
    return path


def by_pandas(path: Path) -> pa.Table:
    return pa.Table.from_pandas(pd.read_parquet(path, dtype_backend="pyarrow"), preserve_index=False)


def by_polars(path: Path) -> pa.Table:
    return pl.read_parquet(path).to_arrow()


def by_duckdb(path: Path) -> pa.Table:
    where = f"{path}/**/*.parquet" if path.is_dir() else str(path)
    types = "hive_partitioning = true, hive_types = {'date': DATE, 'host': VARCHAR}" if path.is_dir() else ""
    found = duckdb.sql(f"SELECT * FROM read_parquet($path {', ' * bool(types)}{types})", params={"path": where})
    return pa.table(found.arrow().read_all())


READERS: dict[str, Callable[[Path], pa.Table]] = {"pandas": by_pandas, "polars": by_polars, "duckdb": by_duckdb}
reader = pytest.mark.parametrize("read", READERS.values(), ids=READERS)


def plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, pd.Timestamp) else str(value) if isinstance(value, date) else value


@reader
def test_types_zones_and_values_come_back(read: Callable[[Path], pa.Table], tmp_path: Path) -> None:
    """Nanoseconds with zone, whole numbers with gaps, nulls and hostile texts are what was written."""
    events = [
        make_event("channel.disconnected", code=428, delay_s=2.02, channel="whatsapp", host="vm", text="=1+1\n'x'"),
        make_event("provider.error", None, code="overloaded", text="\x1b[31mred\x07 \u202e\ud800"),
        make_event("a")._replace(time_ns=10**30),
        make_event("a")._replace(time_ns=START_NS + 1),
    ]
    table = read(write(events, tmp_path / "events.parquet"))
    assert table.column_names == tables.EVENTS.names
    assert table.schema.field("time").type == pa.timestamp("ns", tz="UTC")
    for name in ("line", "code", "attempt", "max_attempts"):
        assert table.schema.field(name).type == pa.int64()
    assert table.schema.field("delay_s").type == pa.float64()
    assert table.column("time").cast(pa.int64()).to_pylist() == [START_NS, None, None, START_NS + 1]
    assert table.column("code").to_pylist() == [428, None, None, None]
    assert table.column("delay_s").to_pylist() == [2.02, None, None, None]
    assert table.column("host").to_pylist() == ["vm", None, None, None]
    assert table.column("text").to_pylist()[:2] == ["=1+1\n'x'", "red\\x07 \\u202e\\ud800"]


@reader
def test_nothing_found_keeps_the_schema(read: Callable[[Path], pa.Table], tmp_path: Path) -> None:
    """A file and a folder without events have all columns with their types, and no rows."""
    single = read(write([], tmp_path / "events.parquet"))
    assert (single.num_rows, single.column_names) == (0, tables.EVENTS.names)
    assert single.schema.field("time").type == pa.timestamp("ns", tz="UTC")
    parts = read(folder([], tmp_path / "events"))
    assert parts.num_rows == 0
    assert set(parts.column_names) == {*tables.EVENTS.names, "date"}


@reader
def test_a_folder_by_date_and_host_comes_back_whole(read: Callable[[Path], pa.Table], tmp_path: Path) -> None:
    """Every event is there once, under the day of its time in UTC and its host, however strange the host is."""
    hosts = [None, "vm", "vps-1", *HOSTILE]
    events = [
        make_event("a", None if n % 7 == 0 else n * DAY_S / 8, host=hosts[n % len(hosts)], line=n + 1)
        for n in range(400)
    ]
    path = folder(events, tmp_path / "events", size=64)
    assert not [one for one in tmp_path.rglob("*") if path not in one.parents and one != path]
    table = read(path)
    found = {
        line: (str(day), str(host))
        for line, day, host in zip(*(table.column(name).to_pylist() for name in ("line", "date", "host")), strict=True)
    }
    assert table.num_rows == len(found) == 400
    for event in events:
        day = "1970-01-01" if event.time_ns is None else str(pd.Timestamp(event.time_ns).date())
        assert found[event.span.line] == (day, "unknown" if event.host is None else sanitize.block(event.host))


def test_files_of_a_folder_are_private_and_name_their_schema(tmp_path: Path) -> None:
    """Folders are 0700, files 0600, and each says which version it is."""
    path = folder([make_event("a", host="vm")], tmp_path / "events")
    [file] = path.rglob("*.parquet")
    assert str(file.relative_to(path)) == "date=2026-11-20/host=vm/part-0.parquet"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert {stat.S_IMODE(one.stat().st_mode) for one in (file.parent, file.parent.parent)} == {0o700}
    schema = pq.read_schema(file)
    assert schema.metadata[b"schema"] == b"loganalyzer.events/1"
    assert schema.names == [name for name in tables.EVENTS.names if name != "host"]


def test_memory_and_open_files_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """More hosts than may be open, and more rows than may wait: all is written, some of it in further parts."""
    monkeypatch.setattr(parquet, "OPEN_FILES", 3)
    monkeypatch.setattr(parquet, "GROUP_BATCHES", 2)
    path = folder([make_event("a", n, host=f"h{n % 10}", line=n + 1) for n in range(500)], tmp_path / "events", size=20)
    assert len(list(path.rglob("*.parquet"))) > 10
    assert sorted(pl.read_parquet(path)["line"].to_list()) == list(range(1, 501))


def test_rows_wait_for_large_groups(tmp_path: Path) -> None:
    """Two hosts in turns become one file with one row group each."""
    path = folder([make_event("a", n / 1000, host=f"h{n % 2}") for n in range(20_000)], tmp_path / "events", size=4000)
    assert [pq.ParquetFile(file).num_row_groups for file in sorted(path.rglob("*.parquet"))] == [1, 1]


def test_names_without_end_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A log that makes up hosts does not fill the disk with folders."""
    monkeypatch.setattr(parquet, "PARTITIONS", 20)
    with pytest.raises(UsageError, match="more than 20 days and hosts"):
        folder([make_event("a", host=f"h{n}") for n in range(30)], tmp_path / "events")


@pytest.mark.parametrize("host", ["x" * 5000, "ü" * 5000, "%" * 300, "/" * 300])
def test_long_names_fit_into_a_file_system(host: str, tmp_path: Path) -> None:
    """A name of any length becomes one that a file system takes and that decodes."""
    path = folder([make_event("a", host=host)], tmp_path / "events")
    [found] = pl.read_parquet(path)["host"].to_list()
    assert host.startswith(found)
    assert found


def test_hosts_that_share_a_name_share_a_folder(tmp_path: Path) -> None:
    """No host, one called so, and names that are cut alike: no event overwrites another."""
    hosts = [None, "", "unknown", "x" * 300, "x" * 301]
    path = folder([make_event("a", host=host, line=n + 1) for n, host in enumerate(hosts)], tmp_path / "events")
    assert sorted(pl.read_parquet(path)["line"].to_list()) == [1, 2, 3, 4, 5]
    assert len(list(path.rglob("host=*"))) == 2


def broken() -> Iterator[Event]:
    for n in range(20_000):
        yield make_event("a", n)
    raise KeyboardInterrupt


def test_a_file_that_was_broken_off_is_no_parquet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even on a pipe, where nothing can be taken back, half a table does not read as a whole one."""
    monkeypatch.setattr(parquet, "GROUP_BATCHES", 1)
    file = io.BytesIO()
    with pytest.raises(KeyboardInterrupt):
        tables.write_file(tables.events_to_batches(broken()), tables.EVENTS, file)
    assert len(file.getvalue()) > 1000
    with pytest.raises(pa.ArrowInvalid):
        pq.read_table(io.BytesIO(file.getvalue()))
