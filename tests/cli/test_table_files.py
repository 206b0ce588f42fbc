"""`analyze` and `events` as files of tables."""

from __future__ import annotations

import csv
import io
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]
Start = Callable[..., "subprocess.Popen[bytes]"]

ESCAPE = "2026-11-20T12:00:00.500+00:00 [zoo] zebra escaped with code 428\n"
CAUGHT = "2026-11-20T12:05:00.000+00:00 [zoo] zebra is back home\n"
PERSONAL = "2026-11-20T12:00:01.000+00:00 [zoo] zebra escaped with code 429 to=+15551230000\n"


def test_incidents_as_parquet_and_csv(zoo: Path, run: Run, tmp_path: Path) -> None:
    """Both hold the same incidents, resolved ones included, and the accounting goes to standard error."""
    (tmp_path / "log").write_text(ESCAPE + CAUGHT)
    done = run("analyze", "log", "--patterns", zoo, "--format", "parquet", "-o", "out.parquet")
    assert (done.returncode, done.stdout) == (0, "")
    assert "Read log" in done.stderr
    table = pq.read_table(tmp_path / "out.parquet")
    assert table.schema.metadata[b"schema"] == b"loganalyzer.incidents/1"
    assert table.column("failure_mode").to_pylist() == ["zoo.gate-open"]
    rows = list(csv.DictReader(io.StringIO(run("analyze", "log", "--patterns", zoo, "--format", "csv").stdout)))
    assert [(row["id"], row["status"]) for row in rows] == [(table.column("id").to_pylist()[0], "resolved")]
    hidden = run("analyze", "log", "--patterns", zoo, "--format", "csv", "--min-severity", "warning").stdout
    assert len(hidden.splitlines()) == 1


def test_events_as_parquet_csv_and_folder(zoo: Path, run: Run, tmp_path: Path) -> None:
    """Three forms, the same events; files are private."""
    (tmp_path / "log").write_text(ESCAPE + CAUGHT)
    rows = list(csv.DictReader(io.StringIO(run("events", "log", "--patterns", zoo, "--format", "csv").stdout)))
    assert [row["type"] for row in rows] == ["zoo.escaped", "zoo.caught"]
    run("events", "log", "--patterns", zoo, "--format", "parquet", "-o", "one.parquet")
    run("events", "log", "--patterns", zoo, "--format", "parquet", "--partition", "-o", "parts")
    for path in (tmp_path / "one.parquet", tmp_path / "parts"):
        assert pq.read_table(path).column("type").to_pylist() == ["zoo.escaped", "zoo.caught"]
    assert stat.S_IMODE((tmp_path / "one.parquet").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "parts").stat().st_mode) == 0o700


@pytest.mark.parametrize("command", ["analyze", "events"])
@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_tables_are_masked_unless_told_otherwise(
    command: str, format: str, zoo: Path, run: Run, tmp_path: Path
) -> None:
    """No number of a person is in any of the files."""
    for options, shown in (((), False), (("--no-redact",), True)):
        run(command, "-", "--patterns", zoo, "--format", format, "-o", "out", *options, stdin=PERSONAL)
        path = tmp_path / "out"
        text = str(pq.read_table(path).to_pylist()) if format == "parquet" else path.read_text()
        assert "zoo" in text
        assert ("5551230000" in text) is shown


def test_parquet_goes_into_a_pipe(zoo: Path, start: Start) -> None:
    """Whoever reads the pipe gets a whole file."""
    output, _ = start("events", "-", "--format", "parquet", "--patterns", zoo).communicate(ESCAPE.encode(), timeout=60)
    assert pq.read_table(io.BytesIO(output)).num_rows == 1
    output, _ = start("analyze", "-", "--format", "parquet", "--patterns", zoo).communicate(b"nothing\n", timeout=60)
    empty = pq.read_table(io.BytesIO(output))
    assert empty.num_rows == 0
    assert empty.schema.metadata[b"schema"] == b"loganalyzer.incidents/1"


@pytest.mark.parametrize("command", ["analyze", "events"])
def test_parquet_does_not_go_to_a_terminal(command: str, environment: dict[str, str]) -> None:
    """A usage error that says what to do, before anything is read."""
    keyboard, screen = os.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "loganalyzer", command, "nowhere.log", "--format", "parquet"],
        stdout=screen,
        stderr=subprocess.PIPE,
        env=environment,
        timeout=60,
        check=False,
    )
    os.close(screen)
    os.close(keyboard)
    assert done.returncode == 2
    assert b"--output" in done.stderr
    assert b"nowhere" not in done.stderr


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("--format", "csv", "--partition", "-o", "x"), "--format parquet"),
        (("--format", "parquet", "--partition"), "--output"),
        (("--format", "parquet", "--partition", "-o", "-"), "--output"),
        (("--format", "parquet", "--partition", "-o", "full"), "not empty"),
        (("--format", "parquet", "--partition", "-o", "full/old"), "is a file"),
        (("--format", "parquet", "--partition", "-o", "no/where"), "No such"),
        (("--format", "parquet", "-o", "full"), "full"),
    ],
)
def test_a_place_that_is_taken_or_wrong_is_refused(
    options: tuple[str, ...], word: str, run: Run, tmp_path: Path
) -> None:
    """Nothing is read, and what stands there stays."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "old").write_text("old")
    done = run("events", "-", *options, stdin=ESCAPE)
    assert (done.returncode, done.stdout) == (2, "")
    assert word in done.stderr
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["full", "old"]
    assert (tmp_path / "full" / "old").read_text() == "old"


def test_an_empty_folder_is_a_free_place(zoo: Path, run: Run, tmp_path: Path) -> None:
    """A folder that somebody made for it is taken."""
    (tmp_path / "parts").mkdir()
    done = run("events", "-", "--patterns", zoo, "--format", "parquet", "--partition", "-o", "parts", stdin=ESCAPE)
    assert done.returncode == 0
    assert pq.read_table(tmp_path / "parts").num_rows == 1


@pytest.mark.parametrize("options", [(), ("--partition",)])
def test_an_interrupted_run_leaves_nothing(options: tuple[str, ...], zoo: Path, start: Start, tmp_path: Path) -> None:
    """Ctrl-C while events come in: neither file nor folder nor draft is left."""
    process = start("events", "-", "--patterns", zoo, "--format", "parquet", "-o", "out", *options)
    assert process.stdin
    process.stdin.write((ESCAPE * 20_000).encode())
    process.stdin.flush()
    deadline = time.monotonic() + 60
    while not list(tmp_path.iterdir()):  # the draft
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert not list(tmp_path.iterdir())
