"""What breaks outside of the program: disks, pipes, processes, caches."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parents[2]
LOGS = ROOT / "sample_logs"
BIG = 40_000_000
"""So much log that the program can be caught at its work [bytes]."""


def call(environment: dict[str, str], *arguments: object, **options: object) -> "subprocess.CompletedProcess[bytes]":
    words = [sys.executable, "-m", "loganalyzer", *map(str, arguments)]
    settings = {"stdin": subprocess.DEVNULL, "stderr": subprocess.PIPE, "timeout": 120} | options
    return subprocess.run(words, env=environment, check=False, **settings)  # type: ignore[call-overload,no-any-return]


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Path:
    log = tmp_path_factory.mktemp("big") / "gateway.log"
    piece = (LOGS / "whatsapp.session-terminated/twelve-retries/openclaw-logs.txt").read_bytes()
    log.write_bytes(piece * (BIG // len(piece)))
    return log


@pytest.mark.parametrize(
    "command",
    [
        *(("analyze", "--format", name) for name in ("table", "json", "jsonl", "markdown", "html", "csv", "parquet")),
        *(("events", "--format", name) for name in ("table", "jsonl", "csv", "parquet")),
        ("unknown", "--format", "json"),
        ("follow", "--format", "jsonl"),
        ("explain", "whatsapp.logged-out"),
    ],
    ids=" ".join,
)
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has /dev/full")
def test_a_full_disk_behind_standard_output_is_told(command: tuple[str, ...], environment: dict[str, str]) -> None:
    """It is no bug of the program: one sentence, exit code 2, whatever was being written."""
    log = LOGS / "whatsapp.session-conflict/replaced/console.log"
    with open("/dev/full", "wb") as full, open(log, "rb") as stdin:
        paths = [] if command[0] == "explain" else ["-"]
        done = call(environment, *command, *paths, stdin=stdin, stdout=full)
    assert done.returncode == 2, done.stderr
    assert b"could not be written: No space left on device" in done.stderr
    assert b"bug" not in done.stderr
    assert b"Exception ignored" not in done.stderr


@pytest.mark.parametrize(
    "command",
    [
        *(("analyze", "--format", name) for name in ("table", "json", "jsonl", "markdown", "html", "csv", "parquet")),
        *(("events", "--format", name) for name in ("table", "jsonl", "csv", "parquet")),
        ("unknown", "--format", "json"),
        ("explain", "whatsapp.logged-out"),
    ],
    ids=" ".join,
)
def test_whoever_closes_the_pipe_has_read_enough(
    command: tuple[str, ...], start: Callable[..., "subprocess.Popen[bytes]"]
) -> None:
    """No word about it, and exit code 0."""
    paths = [] if command[0] == "explain" else [LOGS / "whatsapp.session-terminated"]
    process = start(*command, *paths)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    said = process.stderr.read().decode()
    assert process.wait(60) == 0, said
    assert "rror" not in said
    assert "Traceback" not in said


@pytest.mark.parametrize("form", ["table", "json", "jsonl", "markdown", "html", "csv", "parquet"])
def test_a_report_that_finds_no_room_leaves_the_old_one(form: str, environment: dict[str, str], tmp_path: Path) -> None:
    """The disk is full after one kilobyte: a sentence, exit code 2, and nothing but what stood there before."""
    target = tmp_path / "out"
    target.write_bytes(b"before")

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, 1_000))

    done = call(environment, "analyze", LOGS / "whatsapp.session-terminated", "--format", form, "--output", target,
                preexec_fn=limit)  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert b"could not be written: File too large" in done.stderr
    assert (target.read_bytes(), os.listdir(tmp_path)) == (b"before", ["out"])


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_file_that_may_not_grow_leaves_nothing_behind(form: str, environment: dict[str, str], tmp_path: Path) -> None:
    """Neither half a file under its name nor a draft beside it; what stood there before stays."""
    target = tmp_path / "out"
    target.write_bytes(b"before")

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4_000, 4_000))

    done = call(environment, "events", LOGS / "whatsapp.session-terminated", "--format", form, "--output", target,
                preexec_fn=limit)  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert b"could not be written: File too large" in done.stderr
    assert (target.read_bytes(), os.listdir(tmp_path)) == (b"before", ["out"])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
@pytest.mark.parametrize("workers", [1, 2])
def test_a_signal_leaves_nothing_behind(
    number: signal.Signals, workers: int, big: Path, start: Callable[..., "subprocess.Popen[bytes]"], tmp_path: Path
) -> None:
    """No half file, no draft, no worker that lives on; exit code 130."""
    process = start("events", big, "--format", "csv", "--output", tmp_path / "out", "--workers", workers)
    deadline = time.monotonic() + 60
    while not any(path.stat().st_size for path in tmp_path.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert [path.name.startswith(".out.") for path in tmp_path.iterdir()] == [True], "was caught at its work"
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said.decode().endswith("interrupted\n")
    assert os.listdir(tmp_path) == []


def test_ctrl_c_is_quiet_while_the_program_is_loaded(environment: dict[str, str]) -> None:
    """No traceback of half a start."""
    words = [sys.executable, "-X", "importtime", "-m", "loganalyzer", "analyze", str(LOGS)]
    with subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if b"loganalyzer.errors" in line:
                break
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
    assert process.returncode in (130, -signal.SIGINT)
    assert b"Traceback" not in said
    assert b"KeyboardInterrupt" not in said


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_at_any_moment_leaves_all_or_nothing(
    number: signal.Signals, big: Path, start: Callable[..., "subprocess.Popen[bytes]"], tmp_path: Path
) -> None:
    """At the start, while it reads, while it writes, at the very end: a whole report or none, and no draft."""
    log = tmp_path / "gateway.log"
    with big.open("rb") as file:
        log.write_bytes(file.read(BIG // 20))
    began = time.monotonic()
    whole = start("analyze", log, "--format", "json", "--output", tmp_path / "whole")
    whole.communicate(timeout=120)
    took = time.monotonic() - began
    ends = set()
    for moment in range(20):
        folder = tmp_path / str(moment)
        folder.mkdir()
        process = start("analyze", log, "--format", "json", "--output", folder / "out")
        time.sleep(took * 1.2 * moment / 20)
        process.send_signal(number)
        _, said = process.communicate(timeout=60)
        ends.add(process.returncode)
        # Before the program has begun, and after it has ended, Python answers a signal itself.
        assert process.returncode in (0, 130, -number, -signal.SIGINT), said
        if os.listdir(folder):
            assert os.listdir(folder) == ["out"]
            assert (folder / "out").read_bytes() == (tmp_path / "whole").read_bytes()
    assert 130 in ends


def test_sigkill_leaves_the_old_report(
    big: Path, start: Callable[..., "subprocess.Popen[bytes]"], tmp_path: Path
) -> None:
    """What cannot be caught may leave a draft, but never half a report under the name of one."""
    target = tmp_path / "out"
    target.write_bytes(b"before")
    process = start("events", big, "--format", "csv", "--output", target)
    deadline = time.monotonic() + 60
    while len(os.listdir(tmp_path)) == 1 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.kill()
    process.communicate(timeout=60)
    assert target.read_bytes() == b"before"


@pytest.mark.slow
def test_workers_that_are_killed_cost_nothing_but_time(
    big: Path, environment: dict[str, str], start: Callable[..., "subprocess.Popen[bytes]"], tmp_path: Path
) -> None:
    """Two of them, in the middle of the work: the report is the same."""
    command = ("analyze", big, "--format", "json", "--output")
    assert call(environment, *command, tmp_path / "alone", "--workers", 1).returncode == 0
    process = start(*command, tmp_path / "shared", "--workers", 2)
    killed: set[int] = set()
    deadline = time.monotonic() + 60
    while len(killed) < 2 and process.poll() is None and time.monotonic() < deadline:
        for child in psutil.Process(process.pid).children():
            if child.pid not in killed and "loganalyzer.engines" in " ".join(child.cmdline()):
                child.kill()
                killed.add(child.pid)
                break
        time.sleep(0.3)
    _, said = process.communicate(timeout=120)
    assert len(killed) == 2
    assert process.returncode == 0, said
    assert (tmp_path / "shared").read_bytes() == (tmp_path / "alone").read_bytes()


def test_nohup_stays_in_force(big: Path, environment: dict[str, str], tmp_path: Path) -> None:
    """Who had SIGHUP ignored before keeps it so."""
    script = f"{sys.executable} -m loganalyzer analyze {big} --format json --output {tmp_path / 'out'} & sleep 1; kill -HUP $!; wait $!"
    done = subprocess.run(
        ["sh", "-c", f"trap '' HUP; {script}"], env=environment, capture_output=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out").stat().st_size > 1000


def test_caches_that_are_damaged_are_made_anew(environment: dict[str, str], tmp_path: Path) -> None:
    """Each file below the cache, emptied, cut, and filled with noise: the same answer, and nothing is told."""
    kept = environment | {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    pack = tmp_path / "pack"
    pack.mkdir()
    (pack / "vocabulary.yaml").write_text("event_types: {a.b: {meaning: x}}\n", encoding="utf-8")
    command = (
        "analyze",
        LOGS / "whatsapp.session-conflict/replaced/console.log",
        "--patterns",
        pack,
        "--format",
        "json",
    )
    want = call(kept, *command, stdout=subprocess.PIPE).stdout
    files = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert files
    for damage in (lambda data: b"", lambda data: data[: len(data) // 2], lambda data: os.urandom(len(data))):
        for path in files:
            path.write_bytes(damage(path.read_bytes()))
        done = call(kept, *command, stdout=subprocess.PIPE)
        assert (done.returncode, done.stdout) == (0, want), done.stderr


# In every process of a run the bytes of `gateway.log` behind the first 70,000 cannot be read.
BAD_SPOT = """
import errno
from loganalyzer.sources.reader import FileReader

real = FileReader.read

def read(self, size):
    at = self._file.tell()
    if not str(self._file.name).endswith("gateway.log") or at + size <= 70_000:
        return real(self, size)
    if at >= 70_000:
        raise OSError(errno.EIO, "Input/output error")
    return real(self, 70_000 - at)

FileReader.read = read
"""


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_bad_spot_on_the_disk_is_told(workers: str, environment: dict[str, str], zoo: Path, tmp_path: Path) -> None:
    """What stands before it is reported, the rest is a trouble with exit code 2, silence across it is undecided."""
    (tmp_path / "sitecustomize.py").write_text(BAD_SPOT)
    log = tmp_path / "gateway.log"
    log.write_bytes(
        b"2026-11-20T12:00:00.500+00:00 [zoo] zebra escaped with code 428\n"
        b"2026-11-20T12:00:01.000+00:00 [zoo] zebra wants hay for leo\n" + b"zebra sleeps\n" * 9000
    )
    (tmp_path / "other.log").write_bytes(b"2026-11-20T13:00:00.500+00:00 [zoo] zebra escaped with code 428\n")
    words = ("analyze", log, tmp_path / "other.log", "--patterns", zoo, "--format", "json", "--workers", workers)
    done = call(environment | {"PYTHONPATH": str(tmp_path)}, *words, stdout=subprocess.PIPE)
    assert done.returncode == 2, done.stderr
    report = json.loads(done.stdout)
    states = {one["failure_mode"]: one["status"] for one in report["incidents"]}
    assert states == {"zoo.gate-open": "open", "zoo.no-hay": "undecided"}
    assert report["summary"]["gaps"] == 1
    assert report["summary"]["problems"] == [f"{log}: Input/output error"]
