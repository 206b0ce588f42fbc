"""All engines give the same items in the same order, whatever the sources are and however they are cut."""

from __future__ import annotations

import errno
import gzip
import random
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest
from command_line import Cli
from engine_sources import LOOP, SYSLOG, TRACE, DeadlyShard, everything, hostile_sources, plan
from hypothesis import given, settings
from hypothesis import strategies as st
from properties import often
from sample_cases import load_cases

from loganalyzer.engines import ENGINES, SINGLE, Processes, choose, fork, pool
from loganalyzer.engines.pool import Pool
from loganalyzer.engines.processes import add, usable_cores
from loganalyzer.engines.shards import data_shards, file_shards
from loganalyzer.engines.worker import Task, work
from loganalyzer.errors import SourceError
from loganalyzer.extract import Extractor
from loganalyzer.model import GAP, Accounting, Event
from loganalyzer.sources import expand, extent_of
from loganalyzer.sources.reader import FileReader
from loganalyzer.unknown import Heads


def test_samples_in_tiny_shards() -> None:
    """Every sample log, each surface, cut every few lines, gives what it gives uncut."""
    sources, _ = expand([path for one in load_cases() for path in one.inputs])
    expected, counted = everything(SINGLE, sources)
    found, also_counted = everything(Processes(2, shard_bytes=2500), sources)
    for source, ours, theirs in zip(sources, found, expected, strict=True):
        assert ours == theirs, source.name
    assert also_counted == counted


@pytest.mark.parametrize("name", ENGINES)
def test_sources_that_are_hard_to_cut(name: str, tmp_path: Path) -> None:
    """Marks, torn ends, rotation chains, damage and long lines: every engine gives the same, with small shards too."""
    engine = ENGINES[name] if name == "single" else Processes(3, shard_bytes=700)
    sources = hostile_sources(tmp_path)
    expected = everything(SINGLE, sources)
    assert any(isinstance(item, str) for items in expected[0] for item in items), "a damaged source says so"
    assert sum(isinstance(item, Event) for items in expected[0] for item in items) > 100
    gaps = {
        item.span.source: item
        for items in expected[0]
        for item in items
        if isinstance(item, Event) and item.type == GAP
    }
    assert any("torn" in name and gap.span.line > 1 for name, gap in gaps.items()), (
        "a gap stands where lines are missing"
    )
    assert everything(engine, sources) == expected


@settings(max_examples=often(20), deadline=None)
@given(size=st.integers(1, 6000), chunk=st.integers(1, 9000), packed=st.booleans(), alone=st.booleans())
def test_any_shards(size: int, chunk: int, packed: bool, alone: bool) -> None:
    """Whatever the size of shards, and of the chunks they are made of, they hold the same items; one worker or more."""
    for path in (SYSLOG, TRACE):
        data = path.read_bytes()
        counted = Accounting()
        whole = Extractor(plan(), path.name, counted)
        expected = [*whole.feed(data), *whole.finish(), whole.end()]
        extent = extent_of(expand([path])[0][0])
        assert extent is not None
        pieces = [data[start : start + chunk] for start in range(0, len(data), chunk)]
        shards = data_shards(iter(pieces), size) if packed else file_shards(extent, size)
        total, found, heads = Accounting(), [], Heads() if alone else None
        for shard in shards:
            result = work(plan(), Task(path.name, shard), heads)
            assert not result.problems
            for item in result.items:
                if isinstance(item, Event):
                    span = item.span
                    line, last = span.line + total.lines, span.last_line + total.lines
                    item = item._replace(span=span._replace(line=line, last_line=last))
                found.append(item)
            add(total, result.counted)
        assert found == expected
        assert (total.bytes, total.lines, total.records) == (counted.bytes, counted.lines, counted.records)
        assert total.unknown_warnings == counted.unknown_warnings
        assert total.unknown_heads == counted.unknown_heads


@pytest.mark.parametrize("size", [900, 5000, 1 << 20])
def test_a_bad_spot_on_a_disk_is_a_gap_at_its_place(size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands before it is read, and so is the next file of the chain; no line is glued to another."""
    data = LOOP.read_bytes()
    (tmp_path / "gateway.log.1").write_bytes(data)
    (tmp_path / "gateway.log").write_bytes(TRACE.read_bytes())
    [source], _ = expand([tmp_path])
    extent = extent_of(source)
    assert extent is not None
    bad = data.index(b"\n", len(data) * 3 // 4) + 20
    real = FileReader.read

    def read(self: FileReader, wanted: int) -> bytes:
        at = self._file.tell()
        if self._file.name.endswith(".1") and at + wanted > bad:
            if at >= bad:
                raise OSError(errno.EIO, "Input/output error")
            wanted = bad - at
        return real(self, wanted)

    monkeypatch.setattr(FileReader, "read", read)
    [expected], _ = everything(SINGLE, [source])
    gaps = [item for item in expected if isinstance(item, Event) and item.type == GAP]
    assert [gap.span.line for gap in gaps] == [data[:bad].count(b"\n") + 2]
    assert expected[-1] == f"{tmp_path / 'gateway.log.1'}: Input/output error"
    assert any(isinstance(item, Event) and item.span.line > gaps[0].span.line for item in expected)
    found, lines, problems = [], 0, []
    for shard in file_shards(extent, size):
        result = work(plan(), Task(source.name, shard))
        problems += result.problems
        found += [(item.type, item.span.line + lines) for item in result.items if isinstance(item, Event)]
        lines += result.counted.lines
    assert set(problems) == {f"{tmp_path / 'gateway.log.1'}: Input/output error"}
    above = [
        (item.type, item.span.line)
        for item in expected
        if isinstance(item, Event) and item.span.line <= gaps[0].span.line
    ]
    assert found[: len(above)] == above


def children() -> list[psutil.Process]:
    """Worker processes: there are no others."""
    return psutil.Process().children()


@pytest.fixture(params=["forks", "programs"])
def workers_are(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Forks of this process, which has more threads than one in some runs of the tests, or programs."""
    monkeypatch.setattr(pool, "is_safe", lambda: request.param == "forks")
    if request.param == "forks" and sys.platform != "linux":
        pytest.skip("forks on Linux only")
    request.applymarker(pytest.mark.filterwarnings("ignore:This process:DeprecationWarning"))
    return str(request.param)


@pytest.mark.usefixtures("workers_are")
def test_killed_worker_is_replaced() -> None:
    """A shard whose worker is killed is done again by another one."""
    task = Task("x", next(data_shards(iter([LOOP.read_bytes()]), 1 << 20)))
    others = children()
    with Pool(1, plan()) as workers:
        before = workers.submit(task).result(60)
        for child in children():
            if child not in others:
                child.kill()
        assert workers.submit(task).result(60) == before
    assert before.items
    assert children() == others


@pytest.mark.usefixtures("workers_are")
def test_shard_that_kills_is_given_up() -> None:
    """A shard that no worker survives ends its source with a message, and never hangs."""
    with Pool(1, plan()) as workers, pytest.raises(SourceError, match=r"^x: 3 worker processes were killed"):
        workers.submit(Task("x", DeadlyShard())).result(60)


def test_leaving_ends_the_workers(workers_are: str, tmp_path: Path) -> None:
    """Whoever stops in the middle leaves no process behind, and workers are what they should be."""
    log = tmp_path / "a.log"
    log.write_bytes(LOOP.read_bytes() * 50)
    sources, _ = expand([log])
    others = children()
    with Processes(2, shard_bytes=5000).streams(plan(), sources, Accounting(), lambda: None) as [stream]:
        next(stream)
        workers = [child for child in children() if child not in others]
        assert workers
        programs = ["engines.worker" in " ".join(child.cmdline()) for child in workers]
        assert set(programs) == {workers_are == "programs"}
    assert not any(worker.is_running() for worker in workers)


@pytest.mark.skipif(sys.platform != "linux", reason="forks on Linux only")
def test_workers_end_with_a_caller_that_is_killed() -> None:
    """No fork holds the pipes of another open: all of them read the end of their input."""
    program = (
        "import os, psutil, signal\n"
        "from loganalyzer.engines import pool\n"
        "from loganalyzer.extract import Options, Plan\n"
        "pool.Pool(3, Plan(Options()))\n"
        "print(*[child.pid for child in psutil.Process().children()], flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60, check=False)
    workers = [int(pid) for pid in done.stdout.split()]
    assert len(workers) == 3
    _, alive = psutil.wait_procs([psutil.Process(pid) for pid in workers if psutil.pid_exists(pid)], timeout=20)
    assert not [one for one in alive if one.status() != psutil.STATUS_ZOMBIE]


def test_a_process_of_several_threads_is_not_forked() -> None:
    """What another thread has locked would stay locked in the child."""
    ready, end = threading.Event(), threading.Event()
    thread = threading.Thread(target=lambda: (ready.set(), end.wait(60)))
    thread.start()
    try:
        assert ready.wait(60)
        assert not fork.is_safe()
    finally:
        end.set()
        thread.join()


def test_small_inputs_stay_in_one_process(tmp_path: Path) -> None:
    """Workers start when there is enough to read, or when they are asked for."""
    small, big = tmp_path / "small.log", tmp_path / "big.log"
    small.write_bytes(b"x\n")
    with big.open("wb") as file:
        file.truncate(65 << 20)
    packed = tmp_path / "packed.log.gz"
    packed.write_bytes(gzip.compress(random.Random(1).randbytes(7 << 20), 0))
    assert choose(None, expand([small])[0]) is SINGLE
    assert isinstance(choose(None, expand([packed])[0]), Processes) == (usable_cores() > 1)
    packed.write_bytes(gzip.compress(LOOP.read_bytes()))
    assert choose(None, expand([packed])[0]) is SINGLE
    assert choose(1, expand([big])[0]) is SINGLE
    assert isinstance(choose(2, expand([small])[0]), Processes)


def test_command_line_with_workers(cli: Cli, tmp_path: Path) -> None:
    """`--workers` changes nothing in the output, byte for byte, accounting included."""
    log = tmp_path / "a.log"
    log.write_bytes(SYSLOG.read_bytes())
    arguments = ["--format", "json", "--no-redact", "--reference-time", "2026-11-21T00:00:00Z", "--tz", "UTC"]
    one, three = (cli("analyze", log, *arguments, "--workers", number) for number in ("1", "3"))
    assert one.returncode == three.returncode == 0, three.stderr
    assert one.stdout == three.stdout
    assert (one.stdout, one.stderr) == (three.stdout, three.stderr)
    assert cli("analyze", log, "--workers", "0").returncode == 2
