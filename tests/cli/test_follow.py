from __future__ import annotations

import json
import os
import pty
import select
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import pytest

from loganalyzer import Analyzer, Options
from loganalyzer.cli import follow
from loganalyzer.cli.inputs import Followed, Stream, open_input
from loganalyzer.errors import SourceError, UsageError

Run = Callable[..., "subprocess.CompletedProcess[str]"]
Start = Callable[..., "subprocess.Popen[bytes]"]

ESCAPE = b"2026-11-20T12:00:00.500+00:00 [zoo] zebra escaped with code 428\n"
CAUGHT = b"2026-11-20T12:05:00.000+00:00 [zoo] zebra is back home\n"
STARTUP_S = 60.0
"""The first start may read all patterns anew, on a busy machine."""
PATIENCE_S = 15.0
ANSWER_S = 0.2


def now_line(text: str) -> bytes:
    return f"{datetime.now(UTC).isoformat(timespec='milliseconds')} [zoo] {text}\n".encode()


def read_line(stream: IO[bytes] | None, timeout_s: float) -> bytes:
    """The next line of a pipe, b"" if none comes in time."""
    assert stream
    data = b""
    deadline = time.monotonic() + timeout_s
    while not data.endswith(b"\n"):
        ready, _, _ = select.select([stream], [], [], max(deadline - time.monotonic(), 0))
        if not ready:
            return b""
        byte = os.read(stream.fileno(), 1)
        if not byte:
            return data
        data += byte
    return data


def send(process: subprocess.Popen[bytes], data: bytes) -> None:
    assert process.stdin
    process.stdin.write(data)
    process.stdin.flush()


def opened(process: subprocess.Popen[bytes], timeout_s: float = STARTUP_S) -> dict[str, object]:
    line = read_line(process.stdout, timeout_s)
    assert line, "no answer in time"
    return json.loads(line)  # type: ignore[no-any-return]


def test_a_deciding_line_is_answered_at_once(zoo: Path, start: Start) -> None:
    """Transitions are written while the pipe is still open, a moment after the line."""
    process = start("follow", "--format", "jsonl", "--patterns", zoo)
    waits = []
    for hour in (b"T12", b"T13", b"T14"):
        for line, kind in ((ESCAPE, "opened"), (CAUGHT, "resolved")):
            began = time.monotonic()
            send(process, line.replace(b"T12", hour))
            answer = opened(process)
            assert (answer["schema"], answer["transition"]) == ("loganalyzer.transition/1", kind)
            waits.append(time.monotonic() - began)
    assert statistics.median(waits[1:]) < ANSWER_S  # the first one waits for the start
    assert process.poll() is None


def test_text_into_a_pipe_is_plain_and_at_once(zoo: Path, start: Start) -> None:
    """Plain lines, no escape sequences, flushed before the input ends."""
    process = start("follow", "--patterns", zoo)
    send(process, ESCAPE)
    shown = b""
    while b"Count the zebras" not in shown:
        line = read_line(process.stdout, STARTUP_S)
        assert line
        shown += line
    assert b"\x1b" not in shown
    send(process, CAUGHT)
    while b"resolved after" not in shown:
        line = read_line(process.stdout, PATIENCE_S)
        assert line
        shown += line
    output, errors = process.communicate(timeout=10)
    assert b"Summary: 1 incident: 1 resolved" in output
    assert b"2 lines" in errors
    assert process.returncode == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_with_a_summary(number: signal.Signals, zoo: Path, start: Start) -> None:
    """Ctrl-C, a service manager or a closed terminal gets the summary and exit code 130 within a second."""
    process = start("follow", "--patterns", zoo)
    send(process, ESCAPE)
    assert read_line(process.stdout, STARTUP_S)
    time.sleep(0.3)
    began = time.monotonic()
    process.send_signal(number)
    process.wait(timeout=10)
    assert time.monotonic() - began < 1.0
    output, errors = process.communicate()
    assert process.returncode == 130
    assert b"Summary: 1 incident: 1 open" in output
    assert b"1 line" in errors
    assert b"Traceback" not in errors


def test_a_hangup_that_is_told_twice_is_one() -> None:
    """By the kernel and by the shell; one that was ignored before (`nohup`) stays so."""
    before = signal.getsignal(signal.SIGHUP)
    with follow.interruptions() as found:
        signal.raise_signal(signal.SIGHUP)
        signal.raise_signal(signal.SIGHUP)
        assert (found.happened, found.stopped) == (True, False)
    assert signal.getsignal(signal.SIGHUP) is before
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with follow.interruptions() as found:
            signal.raise_signal(signal.SIGHUP)
            assert not found.happened
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("screen", ["--live", "--no-live"])
def test_a_lost_terminal_ends_in_order(screen: str, zoo: Path, environment: dict[str, str], tmp_path: Path) -> None:
    """What goes elsewhere is told to its end, and what cannot be told to the terminal is no bug."""
    code = "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); from loganalyzer.cli import main; main()"
    log = tmp_path / "log"
    log.write_bytes(ESCAPE)
    keyboard, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", code, "follow", log, "--patterns", zoo, screen],
        stdin=terminal,
        stdout=terminal,
        stderr=subprocess.PIPE,
        env=environment | {"TERM": "xterm-256color"},
        start_new_session=True,
    )
    os.close(terminal)
    shown = b""
    while b"The gate is open" not in shown:
        assert select.select([keyboard], [], [], STARTUP_S)[0]
        shown += os.read(keyboard, 65536)
    os.close(keyboard)
    _, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130, errors
    assert b"1 line" in errors


def test_silence_of_something_expected_is_judged_by_the_clock(zoo: Path, start: Start) -> None:
    """An absence rule is decided when its time is up, without another line."""
    process = start("follow", "--format", "jsonl", "--patterns", zoo)
    send(process, ESCAPE)
    opened(process)
    send(process, now_line("zebra wants hay for leo"))
    incident = opened(process, PATIENCE_S)["incident"]
    assert isinstance(incident, dict)
    assert incident["failure_mode"] == "zoo.no-hay"
    assert process.poll() is None


def test_a_replayed_log_is_not_judged_by_the_clock(zoo: Path, start: Start) -> None:
    """Old lines know no now: their absences stay undecided at the end."""
    process = start("follow", "--format", "jsonl", "--patterns", zoo)
    send(process, ESCAPE)
    opened(process)
    send(process, b"2026-11-20T12:00:02.000+00:00 [zoo] zebra wants hay for leo\n")
    assert read_line(process.stdout, 2.5) == b""
    output, _ = process.communicate(timeout=10)
    kinds = [json.loads(line)["transition"] for line in output.splitlines()]
    assert "opened" not in kinds


def test_zero_bytes_are_no_healthy_gateway(run: Run) -> None:
    """A pipe that ends without a byte is told what to try."""
    for arguments in ((), ("follow",), ("follow", "--format", "jsonl")):
        done = run(*arguments)
        assert done.returncode == 0
        for expected in ("silent", "2>&1", "openclaw gateway status", "/tmp/openclaw"):
            assert expected in done.stderr


class Quiet:
    """An input of which nothing comes, until it ends."""

    name = "-"
    turns = ()

    def __init__(self, *answers: bytes | None) -> None:
        self._answers = iter(answers)

    def read(self, timeout_s: float) -> bytes | None:
        return next(self._answers)


class Nothing:
    """An analyzer that decides nothing."""

    deadline_ns = None

    def feed(self, data: bytes, now_ns: int) -> list[object]:
        return []

    def finish(self) -> list[object]:
        return []


@pytest.mark.parametrize(("answers", "hints"), [((b"", b"", None), 1), ((b"x\n", b"", None), 0)])
def test_a_pipe_that_stays_silent_is_said_to_be_once(
    answers: tuple[bytes | None, ...], hints: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """After ten seconds without a byte the advice comes, once; a quiet log that has begun is left alone."""
    monkeypatch.setattr(follow, "SILENT_AFTER_S", 0.0)
    list(follow.watch(Quiet(*answers), Nothing(), lambda: False))  # type: ignore[arg-type]
    assert capsys.readouterr().err.count("The producer is silent") == hints


def test_a_file_is_followed_as_it_grows(zoo: Path, start: Start, tmp_path: Path) -> None:
    """What is there is read, what is appended is read, a new file under the name is read too."""
    log = tmp_path / "gateway.log"
    log.write_bytes(ESCAPE)
    process = start("follow", log, "--format", "jsonl", "--patterns", zoo)
    incident = opened(process)["incident"]
    assert isinstance(incident, dict)
    assert incident["evidence"][0]["source"] == str(log)
    with log.open("ab") as file:
        file.write(CAUGHT)
    assert opened(process, PATIENCE_S)["transition"] == "resolved"
    log.rename(tmp_path / "gateway.1.log")
    log.write_bytes(ESCAPE.replace(b"12:00", b"13:00"))
    assert opened(process, PATIENCE_S)["transition"] == "opened"
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=5)
    assert process.returncode == 130


def test_evidence_names_the_file_that_the_log_has_rolled_to(zoo: Path, start: Start, tmp_path: Path) -> None:
    """The log of the next day and its line, not the first name and a running number; ids do not depend on it."""
    day = [tmp_path / f"openclaw-2026-11-{number}.log" for number in (20, 21)]
    day[0].write_bytes(b"zebra sleeps\n" * 40 + ESCAPE)
    process = start("follow", day[0], "--format", "jsonl", "--patterns", zoo)
    first = opened(process)["incident"]
    day[1].write_bytes(b"zebra sleeps\n" * 2 + CAUGHT.replace(b"20T", b"21T"))
    last = opened(process, PATIENCE_S)["incident"]
    assert isinstance(first, dict)
    assert isinstance(last, dict)
    places = [(one["source"], one["line"]) for one in last["evidence"]]
    assert places == [(str(day[0]), 41), (str(day[1]), 3)]
    assert first["id"] == last["id"]


def test_a_cut_is_accounted_for_as_a_gap(zoo: Path, start: Start, tmp_path: Path) -> None:
    """What copytruncate may have lost is counted, and silence across it is undecided."""
    log = tmp_path / "gateway.log"
    log.write_bytes(ESCAPE)
    process = start("follow", log, "--format", "jsonl", "--patterns", zoo)
    opened(process)
    with log.open("ab") as file:
        file.write(now_line("zebra wants hay for leo"))
    time.sleep(0.3)
    log.write_bytes(b"zebra sleeps\n")
    answer = opened(process, PATIENCE_S)
    incident = answer["incident"]
    assert isinstance(incident, dict)
    assert (answer["transition"], incident["failure_mode"]) == ("undecided", "zoo.no-hay")
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=5)
    said = b" ".join(errors.split())
    assert b"1 gap" in said
    assert b"cut and written anew" in said


class Machine:
    """The clocks of a machine, and an input whose reads take time on them."""

    name = "gateway.log"
    turns = ()

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *script: Callable[[Machine], bytes | None]) -> None:
        self.wall_s = 1_795_176_000.0
        self.ticks_s = 1000.0
        self._script = iter(script)
        monkeypatch.setattr(follow.time, "time_ns", lambda: round(self.wall_s * 1e9))
        monkeypatch.setattr(follow.time, "monotonic_ns", lambda: round(self.ticks_s * 1e9))

    def read(self, timeout_s: float) -> bytes | None:
        """What the next step of the script gives."""
        step = next(self._script, None)
        return None if step is None else step(self)

    def line(self, text: str) -> bytes:
        """A line that the gateway writes now, by the clock of the machine."""
        moment = datetime.fromtimestamp(self.wall_s, UTC).isoformat(timespec="milliseconds")
        return f"{moment} [zoo] {text}\n".encode()


def passes(seconds: float, text: str = "") -> Callable[[Machine], bytes]:
    """Time passes; then perhaps a line is written."""

    def step(machine: Machine) -> bytes:
        machine.wall_s += seconds
        machine.ticks_s += seconds
        return machine.line(text) if text else b""

    return step


def is_set(seconds: float, text: str = "") -> Callable[[Machine], bytes]:
    """The wall clock is set forward or back, or the machine sleeps; then perhaps a line is written."""

    def step(machine: Machine) -> bytes:
        machine.wall_s += seconds
        return machine.line(text) if text else b""

    return step


def watched(machine: Machine, zoo: Path) -> list[str]:
    """The kinds of the transitions about hay."""
    analyzer = Analyzer(Options(patterns=(zoo,)), machine.name, wall_clock=True)
    told = [t for found in follow.watch(machine, analyzer, lambda: False) for t in found]  # type: ignore[arg-type]
    return [t.kind for t in told if t.incident.failure_mode == "zoo.no-hay"]


HUNGRY, FED, SLEEPS = "zebra wants hay for leo", "zebra is back home", "zebra sleeps"


def test_silence_is_told_by_the_clock_that_nobody_sets(zoo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hours forward or back, by hand, by NTP or by a night's sleep, are neither silence nor do they hide it."""
    for jump_s in (10_800.0, -10_800.0, 86_400.0, 90.0, 0.0):
        calm = (passes(0.1, HUNGRY), is_set(jump_s), passes(0.3), passes(0.3, FED))
        assert watched(Machine(monkeypatch, *calm), zoo) == [], jump_s
        silent = (passes(0.1, HUNGRY), is_set(jump_s), passes(0.5), passes(0.7), passes(0.1))
        assert watched(Machine(monkeypatch, *silent), zoo) == ["opened"], jump_s


def test_a_log_whose_clock_is_set_is_not_silent(zoo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The leap shows in its times as well; what really passes afterwards counts."""
    for jump_s in (10_800.0, -10_800.0, 90.0):
        start = (passes(0.1, HUNGRY), is_set(jump_s), passes(0.2, SLEEPS), passes(0.2, "zebra escaped with code 428"))
        assert watched(Machine(monkeypatch, *start, passes(0.2, FED)), zoo) == [], jump_s
        assert watched(Machine(monkeypatch, *start, passes(0.2), passes(0.9), passes(0.1)), zoo) == ["opened"], jump_s


def test_lines_from_before_the_clock_was_set_may_come_after(zoo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was on its way is stamped with the old time."""
    late: list[bytes] = []

    def writes(machine: Machine) -> bytes:
        late.append(machine.line("zebra escaped with code 428"))
        return b""

    def arrives(machine: Machine) -> bytes:
        return late.pop()

    script = (passes(0.1, HUNGRY), writes, is_set(10_800.0), passes(0.1), arrives, passes(0.2, SLEEPS))
    assert watched(Machine(monkeypatch, *script, passes(0.2, FED)), zoo) == []
    assert watched(Machine(monkeypatch, *script, passes(0.9), passes(0.9)), zoo) == ["opened"]


@pytest.fixture
def wakes() -> Iterator[list[int]]:
    reader, writer = os.pipe()
    yield [reader]
    os.close(reader)
    os.close(writer)


def test_waiting_ends_when_woken(tmp_path: Path) -> None:
    """A signal ends the wait of a pipe as well as that of a file, without pretending an end of input."""
    quiet_reader, quiet_writer = os.pipe()
    woken_reader, woken_writer = os.pipe()
    os.write(woken_writer, b"!")
    (tmp_path / "log").write_bytes(b"")
    began = time.monotonic()
    assert Stream("-", quiet_reader, [woken_reader]).read(10) == b""
    assert Followed(tmp_path / "log", [woken_reader]).read(10) == b""
    assert time.monotonic() - began < 1
    for descriptor in (quiet_reader, quiet_writer, woken_reader, woken_writer):
        os.close(descriptor)


def test_a_named_pipe_is_a_stream(zoo: Path, start: Start, tmp_path: Path) -> None:
    """A named pipe can be followed, before and after somebody writes to it, and ends with its writer."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    process = start("follow", fifo, "--format", "jsonl", "--patterns", zoo)
    time.sleep(0.5)
    with fifo.open("wb") as writer:
        writer.write(ESCAPE)
    assert opened(process)["transition"] == "opened"
    process.wait(timeout=10)
    assert process.returncode == 0


def test_what_cannot_be_followed_says_why(tmp_path: Path, wakes: list[int], run: Run) -> None:
    """A missing file, a folder and an archive are refused with a way on."""
    (tmp_path / "log").write_text("")
    with pytest.raises(SourceError, match="No such file"):
        open_input(str(tmp_path / "missing"), wakes)
    with pytest.raises(UsageError, match=r"such as .*log"):
        open_input(str(tmp_path), wakes)
    with pytest.raises(UsageError, match="loganalyzer analyze"):
        open_input("x.log.gz", wakes)
    done = run("follow", "missing.log")
    assert done.returncode == 2
    assert "missing.log" in done.stderr


def test_fail_on_counts_what_was_ever_open(zoo: Path, run: Run) -> None:
    """An incident that was seen open counts, also when it has ended since."""
    assert run("follow", "--patterns", zoo, "--fail-on", "error", stdin=ESCAPE + CAUGHT).returncode == 1
    assert run("follow", "--patterns", zoo, "--fail-on", "critical", stdin=ESCAPE).returncode == 0


def test_the_bound_holds_for_transitions(zoo: Path, run: Run) -> None:
    """What was shown once is followed to its end, what never rose above the bound stays out."""
    options = ("follow", "--patterns", zoo, "--format", "jsonl", "--min-severity")
    kinds = [
        json.loads(line)["transition"] for line in run(*options, "error", stdin=ESCAPE + CAUGHT).stdout.splitlines()
    ]
    assert kinds == ["opened", "resolved"]
    assert not run(*options, "critical", stdin=ESCAPE + CAUGHT).stdout


def test_the_last_transition_is_the_object_of_a_batch_run(zoo: Path, run: Run) -> None:
    """Live and batch end with the same incident."""
    options = ("--patterns", zoo, "--format", "jsonl")
    live = [json.loads(line) for line in run("follow", *options, stdin=ESCAPE + CAUGHT).stdout.splitlines()]
    (batch,) = [json.loads(line) for line in run("analyze", "-", *options, stdin=ESCAPE + CAUGHT).stdout.splitlines()]
    assert live[-1]["incident"] == batch


@pytest.mark.parametrize("plain", [True, False])
def test_a_terminal_gets_colour_unless_it_declines(plain: bool, zoo: Path, environment: dict[str, str]) -> None:
    """Blocks are coloured on a terminal; `NO_COLOR` turns that off."""
    changes = {"TERM": "xterm-256color"} | ({"NO_COLOR": "1"} if plain else {})
    clean = {name: value for name, value in environment.items() if name != "NO_COLOR"}
    keyboard, screen = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "loganalyzer", "follow", "--patterns", str(zoo)],
        stdin=subprocess.PIPE,
        stdout=screen,
        stderr=subprocess.PIPE,
        env=clean | changes,
    )
    os.close(screen)
    process.communicate(ESCAPE, timeout=60)
    shown = b""
    while True:
        try:
            part = os.read(keyboard, 65536)
        except OSError:
            break
        if not part:
            break
        shown += part
    os.close(keyboard)
    assert b"The gate is open" in shown
    assert b"Summary: 1 incident" in shown
    assert (b"\x1b[1;31m" in shown) is not plain
