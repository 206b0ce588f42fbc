"""A Dask cluster gives what one process gives, byte for byte: a real scheduler and two real workers."""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import distributed
import psutil
import pytest
from command_line import Cli
from engine_sources import SYSLOG, DeadlyShard, everything, hostile_sources, plan
from sample_cases import ROOT

from loganalyzer import Options, analyze
from loganalyzer.engines import SINGLE
from loganalyzer.engines import dask as engine
from loganalyzer.engines.processes import shared
from loganalyzer.engines.worker import Task
from loganalyzer.errors import SourceError, UsageError
from loganalyzer.model import Accounting
from loganalyzer.sources import expand

GENERATE = Path(__file__).parents[2] / "bench" / "generate.py"
FIXED = ["--no-redact", "--reference-time", "2026-11-21T00:00:00Z", "--tz", "UTC"]
_connect = socket.socket.connect


class Cluster(NamedTuple):
    """A scheduler and its workers, as an operator starts them."""

    address: str
    workers: list[subprocess.Popen[bytes]]


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loopback only."""

    def local(self: socket.socket, address: tuple[str, int]) -> None:
        assert address[0] in ("127.0.0.1", "::1"), address
        _connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", local)


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Cluster]]:
    """Starts clusters; they end with the module."""
    processes: list[subprocess.Popen[bytes]] = []

    def dask(*arguments: object, folder: Path) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "dask", *map(str, arguments), "--no-dashboard"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=folder,
        )
        processes.append(process)
        return process

    def call() -> Cluster:
        folder = tmp_path_factory.mktemp("cluster")
        told = folder / "scheduler.json"
        dask("scheduler", "--host", "127.0.0.1", "--port", 0, "--scheduler-file", told, folder=folder)
        worker = ("worker", "--scheduler-file", told, "--host", "127.0.0.1", "--nthreads", 1, "--no-nanny")
        deadline = time.monotonic() + 120
        while not (told.exists() and told.read_bytes().endswith(b"}")):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        workers = [dask(*worker, folder=folder) for _ in range(2)]
        return Cluster(json.loads(told.read_bytes())["address"], workers)

    yield call
    for process in processes:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def cluster(start: Callable[..., Cluster]) -> Cluster:
    """A cluster that several tests use."""
    return start()


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """50 MB of gateway log."""
    path = tmp_path_factory.mktemp("big") / "openclaw-2026-11-20.log"
    arguments = [path, "--size-mb", 50, "--events", 0.1, "--warnings", 0.1]
    subprocess.run([sys.executable, str(GENERATE), *map(str, arguments)], check=True)
    return path


def same(cli: Cli, *arguments: object, scheduler: str) -> subprocess.CompletedProcess[bytes]:
    """Runs a command on this machine, and on a cluster; the results must be the same bytes."""
    words = [str(argument) for argument in arguments]
    alone = cli(*words, "--workers", "1", timeout=300)
    found = cli(*words, "--engine", "dask", "--scheduler", scheduler, timeout=300)
    assert found.stderr == alone.stderr
    assert found.stdout == alone.stdout
    assert found.returncode == alone.returncode
    return found


def test_sample_logs(cli: Cli, cluster: Cluster) -> None:
    """The sample logs, all as one time line: the same report, account and exit code."""
    report = json.loads(same(cli, "analyze", ROOT, "--format", "json", *FIXED, scheduler=cluster.address).stdout)
    assert len(report["incidents"]) > 50


def test_hostile_sources(tmp_path: Path, cluster: Cluster) -> None:
    """Damage, torn ends, rotation, compression, long lines, undated lines: in small shards, item by item."""
    sources = hostile_sources(tmp_path)
    expected = everything(SINGLE, sources)
    assert everything(engine.Dask(cluster.address, shard_bytes=20_000), sources) == expected


def test_a_task_for_each_gateway(cluster: Cluster) -> None:
    """Independent gateways: each is a run and a task of its own, judged on the workers."""
    folders = [str(ROOT / name) for name in ("gateway.oom/kernel-kill-two-files", "healthy/gateway-file")]
    options = Options(reference_ns=1795132800 * 10**9)
    expected = [analyze(folder, options) for folder in folders]
    with distributed.Client(cluster.address, set_as_default=False) as client:
        assert client.gather(client.map(analyze, folders, options=options)) == expected
    assert expected[0].incidents


@pytest.mark.slow
def test_big_plain_and_packed(cli: Cli, cluster: Cluster, big: Path, tmp_path: Path) -> None:
    """50 MB as a file, gzip and zip."""
    packed, archive = tmp_path / "big.log.gz", tmp_path / "big.zip"
    packed.write_bytes(gzip.compress(big.read_bytes(), 1))
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        file.write(big, "logs/gateway.log")
    for path in (big, packed, archive):
        report = json.loads(same(cli, "analyze", path, "--format", "json", *FIXED, scheduler=cluster.address).stdout)
        assert report["incidents"]
        assert report["summary"]["bytes"] >= 50_000_000


@pytest.mark.slow
def test_killed_worker(cli: Cli, start: Callable[..., Cluster], big: Path) -> None:
    """One of two workers is killed in the middle: the same events."""
    cluster = start()
    expected = cli("events", big, "--format", "jsonl", *FIXED, "--workers", "1", timeout=300)
    command = [sys.executable, "-m", "loganalyzer", "events", str(big), "--format", "jsonl", *FIXED]
    process = subprocess.Popen(
        [*command, "--engine", "dask", "--scheduler", cluster.address],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,  # `communicate` would lose what is in a buffer
    )
    assert process.stdout is not None
    first = b""
    while len(first) < 100_000 and (more := process.stdout.read(10_000)):
        first += more  # the program waits with the rest until somebody reads on
    cluster.workers[0].kill()
    cluster.workers[0].wait()
    rest, errors = process.communicate(timeout=300)
    assert (process.returncode, errors) == (0, expected.stderr)
    assert first + rest == expected.stdout
    assert len(rest) > 300_000, "was killed in the middle"
    assert process.returncode == 0


def test_impatient_waits(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine so busy that every wait for a result is cut, again and again, all results come."""
    [source], _ = expand([SYSLOG])
    mine = engine.Dask(cluster.address)
    with mine._connected() as (client, tend), engine._taught(client, plan()) as name:
        monkeypatch.setattr(engine, "LOOK_S", 1e-4)
        tasks = engine._Tasks(client, name, tend)
        [stream] = shared(plan(), [source], tasks, 8, 3000, Accounting(), lambda: None)
        assert [list(stream)] == everything(SINGLE, [source])[0]


def test_cluster_of_its_own(cli: Cli, tmp_path: Path) -> None:
    """Without a scheduler a cluster is started for the run: quiet, the same result, nothing left behind."""
    (tmp_path / "a.log").write_bytes(SYSLOG.read_bytes())
    words = ["analyze", tmp_path / "a.log", "--format", "json", *FIXED]
    alone = cli(*words, "--workers", "1", timeout=300)
    found = cli(*words, "--engine", "dask", "--workers", "2", timeout=300, env=os.environ | {"TMPDIR": str(tmp_path)})
    assert (found.returncode, found.stdout, found.stderr) == (alone.returncode, alone.stdout, alone.stderr)
    assert not workers_of(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["a.log"]


def workers_of(folder: Path) -> list[psutil.Process]:
    """Worker processes of clusters that put their files into a folder."""
    found = []
    for process in psutil.process_iter(["cmdline", "environ"]):
        words, environment = process.info["cmdline"] or [], process.info["environ"] or {}
        if "loganalyzer.engines.cluster" in " ".join(words) and environment.get("TMPDIR") == str(folder):
            found.append(process)
    return found


@pytest.mark.parametrize("sent", [signal.SIGINT, pytest.param(signal.SIGKILL, marks=pytest.mark.slow)])
def test_interrupted(sent: signal.Signals, tmp_path: Path) -> None:
    """Ctrl-C ends everything, with 130 and one line; workers also end if nobody could tell them to."""
    log = tmp_path / "a.log"
    log.write_bytes(SYSLOG.read_bytes() * 2000)
    process = subprocess.Popen(
        [sys.executable, "-m", "loganalyzer", "events", str(log), "--format", "jsonl", *FIXED, "--engine", "dask"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"TMPDIR": str(tmp_path)},
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.read(1000)
    assert workers_of(tmp_path)
    if sent is signal.SIGINT:
        os.killpg(process.pid, sent)  # as a terminal does
    else:
        process.kill()
    _, errors = process.communicate(timeout=120)
    if sent is signal.SIGINT:
        assert (process.returncode, errors) == (130, b"loganalyzer: interrupted\n")
        assert [path.name for path in tmp_path.iterdir()] == ["a.log"]
    deadline = time.monotonic() + 60
    while workers_of(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not workers_of(tmp_path)


@pytest.mark.slow
def test_shard_that_kills_is_given_up() -> None:
    """A shard that no worker survives ends its source with a message; dead workers are replaced for the others."""
    mine = engine.Dask(workers=1)
    with mine._connected() as (client, tend), engine._taught(client, plan()) as name:
        tasks = engine._Tasks(client, name, tend)
        with pytest.raises(SourceError, match=r"^x: around byte 7 the Dask workers died again and again"):
            tasks.submit(Task("x", DeadlyShard())).result()
        [stream] = shared(plan(), expand([SYSLOG])[0], tasks, 2, 1 << 20, Accounting(), lambda: None)
        assert list(stream)


@pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="needs a path that differs between processes")
def test_worker_that_sees_another_file(cli: Cli, cluster: Cluster, tmp_path: Path) -> None:
    """A worker with another file of the same name is told apart, not believed."""
    (tmp_path / "a.log").write_bytes(SYSLOG.read_bytes())
    found = cli(
        "analyze", "/proc/self/cwd/a.log", "--engine", "dask", "--scheduler", cluster.address, cwd=tmp_path, timeout=300
    )
    assert found.returncode == 2
    assert re.search(rb"the Dask worker at\s+tcp://\S+\s+has\s+no such file", found.stderr), found.stderr


def test_no_such_scheduler(cli: Cli, tmp_path: Path) -> None:
    """Nobody at the address: a message that says what to do, and exit code 2."""
    (tmp_path / "a.log").write_bytes(b"x\n")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        found = cli("analyze", tmp_path / "a.log", "--engine", "dask", "--scheduler", address, timeout=300)
    assert found.returncode == 2
    assert found.stderr.startswith(b"loganalyzer: no Dask scheduler answers at " + address.encode())
    assert found.stderr.count(b"\n") == 1
    with (
        pytest.raises(UsageError, match="no address"),
        engine.Dask("nonsense").streams(plan(), [], Accounting(), print),
    ):
        pass


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--scheduler", "tcp://127.0.0.1:1"], b"--scheduler: is for --engine dask only"),
        (["--engine", "dask", "--scheduler", "tcp://127.0.0.1:1", "--workers", "2"], b"--workers: the scheduler has"),
        (["--engine", "dusk"], b"Did you mean 'dask'?"),
    ],
)
def test_options_that_do_not_fit(cli: Cli, words: list[str], told: bytes) -> None:
    """Options that contradict each other are told before anything is read."""
    found = cli("analyze", ROOT, *words)
    assert found.returncode == 2
    assert told in found.stderr


def test_missing_extra() -> None:
    """Without the extra, the message names it."""
    code = "import sys; sys.modules['distributed'] = None\nfrom loganalyzer.cli import main\nmain(sys.argv[1:])"
    words = ["analyze", str(SYSLOG), "--engine", "dask"]
    found = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, check=False)
    assert found.returncode == 2
    assert b"pip install 'loganalyzer[dask]'" in found.stderr
    assert b"Traceback" not in found.stderr
