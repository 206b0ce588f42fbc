"""`follow` as a user meets it: answers at once, ends in order, and never takes silence for health."""

from __future__ import annotations

import json
import os
import select
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from command_line import Cli

STARTED_WITHIN_S = 30.0


def decisive(minute: int) -> bytes:
    """A line that opens an incident of its own: a dead session of one more account."""
    return (
        f"2026-11-20T03:{minute:02}:00.000+00:00 [whatsapp] [account{minute}] session logged out. "
        "Run `openclaw channels login --channel web` to relink.\n"
    ).encode()


@contextmanager
def following(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """`loganalyzer follow` with a pipe that stays open."""
    process = subprocess.Popen(
        [sys.executable, "-m", "loganalyzer", "follow", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def answer(process: subprocess.Popen[bytes], within_s: float) -> bytes:
    """What arrives on standard output within so many seconds; nothing if nothing does."""
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], within_s)
    return os.read(process.stdout.fileno(), 1 << 20) if ready else b""


def send(process: subprocess.Popen[bytes], data: bytes) -> None:
    """Writes to the pipe, which stays open."""
    assert process.stdin is not None
    process.stdin.write(data)


def test_answers_before_the_pipe_closes() -> None:
    """A line that decides an incident is answered within 200 ms, while the pipe is open."""
    with following("--format", "jsonl") as process:
        send(process, decisive(0))
        assert answer(process, STARTED_WITHIN_S)
        times = []
        for minute in range(1, 10):
            start = time.perf_counter()
            send(process, decisive(minute))
            data = answer(process, 5)
            times.append(time.perf_counter() - start)
            [transition] = [json.loads(line) for line in data.splitlines()][-1:]
            assert transition["incident"]["failure_mode"] == "whatsapp.logged-out"
            assert transition["incident"]["key"]["account"] == f"account{minute}"
    assert statistics.median(times) < 0.2, times


def test_text_is_flushed_too() -> None:
    """The text for people arrives at once as well."""
    with following() as process:
        send(process, decisive(0))
        said = answer(process, STARTED_WITHIN_S)
        while b"account0" not in said and (more := answer(process, 1)):
            said += more
        assert b"account0" in said


@pytest.mark.skipif(os.name == "nt", reason="no signals like these")
def test_interrupt_ends_with_a_summary() -> None:
    """SIGINT ends within a second, with a summary and exit code 130."""
    with following() as process:
        send(process, decisive(0))
        assert answer(process, STARTED_WITHIN_S)
        start = time.perf_counter()
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=10)
        assert time.perf_counter() - start < 1.0
    assert process.returncode == 130
    assert b"whatsapp.logged-out" in stdout
    assert b"line" in stderr
    assert b"Traceback" not in stderr


def test_empty_pipe_is_not_healthy(cli: Cli) -> None:
    """A pipe without a byte says that the producer is silent and what to try."""
    for arguments in (["follow"], ["analyze", "-"], []):
        done = cli(*arguments, input=b"")
        assert done.returncode == 0
        said = (done.stdout + done.stderr).decode()
        for word in ("silent", "2>&1", "openclaw gateway status", "/tmp/openclaw"):
            assert word in said, (arguments, said)


@pytest.mark.slow
def test_silent_pipe_is_not_healthy() -> None:
    """A pipe on which nothing comes for ten seconds says so while it is open."""
    with following() as process:
        assert process.stderr is not None
        ready, _, _ = select.select([process.stderr], [], [], 20)
        assert ready
        assert b"silent" in os.read(process.stderr.fileno(), 1 << 16)


def test_closed_output_ends_quietly() -> None:
    """A reader that goes away is no error."""
    with following("--format", "jsonl") as process:
        send(process, decisive(0))
        assert answer(process, STARTED_WITHIN_S)
        assert process.stdout is not None
        process.stdout.close()
        send(process, decisive(1) + decisive(2))
        assert process.stdin is not None
        process.stdin.close()
        process.stdin = None
        assert process.wait(10) == 0
        assert process.stderr is not None
        assert b"Traceback" not in process.stderr.read()
