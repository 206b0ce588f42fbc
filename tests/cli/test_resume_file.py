"""The file of `follow --resume`: whose it is, what is refused, and what becomes of it."""

from __future__ import annotations

import json
import os
import pickle
import random
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from resuming import FAULTS, VIEW, Followed, union
from resuming import run as follow

from loganalyzer.api import Analyzer
from loganalyzer.cli import kept
from loganalyzer.cli.kept import Keeping, Kept
from loganalyzer.cli.sinks import JsonLines, Text
from loganalyzer.errors import UsageError
from loganalyzer.extract import Options
from loganalyzer.history import History
from loganalyzer.model import Severity
from loganalyzer.outputs import View
from loganalyzer.redact import Redactor
from loganalyzer.resume.freeze import Freezer, FrozenError
from loganalyzer.resume.store import Store

Run = Callable[..., "subprocess.CompletedProcess[str]"]
Start = Callable[..., "subprocess.Popen[bytes]"]

PATIENCE_S = 60.0


def line(second: float, text: str) -> bytes:
    when = datetime(2026, 11, 20, 12, tzinfo=UTC) + timedelta(seconds=second)
    return f"{when.isoformat(timespec='milliseconds')} [zoo] {text}\n".encode()


ESCAPE = "zebra escaped with code 428"
CAUGHT = "zebra is back home"


def kinds(printed: str | bytes) -> list[str]:
    return [json.loads(one)["transition"] for one in printed.splitlines()]


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def test_an_incident_outlives_the_runs(zoo: Path, run: Run, tmp_path: Path) -> None:
    """Opened in one run, it is the same that ends in the next; both count as one in what `--fail-on` asks."""
    given = ("follow", "-", "--format", "jsonl", "--patterns", zoo, "--resume", tmp_path / "r.db", "--fail-on", "error")
    first = run(*given, stdin=line(0, ESCAPE))
    second = run(*given, stdin=line(60, CAUGHT))
    assert kinds(first.stdout) == ["opened"]
    assert kinds(second.stdout) == ["resolved"]
    assert (first.returncode, second.returncode) == (1, 1)
    one, other = (json.loads(done.stdout.splitlines()[-1])["incident"] for done in (first, second))
    assert one["id"] == other["id"]
    assert [evidence["line"] for evidence in other["evidence"]] == [1, 2]
    assert "2 lines" in second.stderr


def test_what_a_producer_repeats_counts_once(zoo: Path, start: Start, tmp_path: Path) -> None:
    """A tail that is printed anew after a restart is known already, to every process."""
    given = ("follow", "-", "--format", "jsonl", "--patterns", zoo, "--resume", tmp_path / "r.db")
    tail = b"".join(line(second, ESCAPE) for second in range(3))
    before, _ = start(*given, PYTHONHASHSEED="1").communicate(tail, PATIENCE_S)
    after, notes = start(*given, PYTHONHASHSEED="2").communicate(tail + line(60, CAUGHT), PATIENCE_S)
    incident = json.loads(after.splitlines()[-1])["incident"]
    assert (kinds(before)[0], kinds(after)) == ("opened", ["resolved"])
    assert incident["count"] == 3
    assert b"3 duplicates absorbed" in notes


def test_text_says_what_may_have_been_told(zoo: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(line(0, ESCAPE) + line(60, CAUGHT))
    options = Options(patterns=(zoo,))

    def told(kill_at: int | None) -> str:
        return follow(log, tmp_path / "r.db", form=Text, kill_at=kill_at, analyzer=Analyzer(options, "the log"))[0]

    # Save, begin, show: killed when the block is written and nobody knows it.
    first, second = told(5), told(None)
    assert "The gate is open" in first
    assert "(repeated: the run before this one may have told it)" in second
    assert second.count("repeated") == 1
    assert "resolved after" in second


def test_a_second_run_is_refused_until_the_first_is_gone(zoo: Path, start: Start, run: Run, tmp_path: Path) -> None:
    """However the first one ends."""
    log, file = tmp_path / "log", tmp_path / "r.db"
    log.write_bytes(line(0, ESCAPE))
    given = ("follow", log, "--patterns", zoo, "--format", "jsonl", "--resume", file)
    first = start(*given)
    assert first.stdout
    assert json.loads(first.stdout.readline())["transition"] == "opened"
    second = run("follow", log, "--resume", file)
    assert second.returncode == 2
    assert "another run uses this file" in second.stderr
    assert "Traceback" not in second.stderr
    assert not second.stdout
    first.kill()
    first.wait()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert all(stat.S_IMODE(one.stat().st_mode) == 0o600 for one in tmp_path.glob("r.db*"))
    third = start(*given)
    with log.open("ab") as more:
        more.write(line(60, CAUGHT))
    assert third.stdout
    told = [json.loads(third.stdout.readline())]
    if "repeated" in told[0]:
        told.append(json.loads(third.stdout.readline()))
    assert told[-1]["transition"] == "resolved"


def test_other_files_are_refused_and_left_alone(run: Run, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(line(0, ESCAPE))
    (tmp_path / "text").write_text("dear diary\n")
    History(tmp_path / "history", Redactor(None)).close()
    with closing(sqlite3.connect(tmp_path / "foreign")) as database:
        database.execute("CREATE TABLE diary (day TEXT)")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name in ("log", "text", "history", "foreign", "folder", "pipe", "none/r.db"):
        before = (tmp_path / name).read_bytes() if (tmp_path / name).is_file() else b""
        done = run("follow", log, "--resume", tmp_path / name)
        assert done.returncode == 2, name
        assert f"--resume {tmp_path / name}: " in done.stderr
        assert "Traceback" not in done.stderr
        assert before == ((tmp_path / name).read_bytes() if before else b"")


def test_a_file_belongs_to_one_input(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).write_bytes(line(0, ESCAPE))
    follow(tmp_path / "one", tmp_path / "r.db")
    with pytest.raises(UsageError, match="another input"):
        follow(tmp_path / "two", tmp_path / "r.db")
    with pytest.raises(UsageError, match="another input"):
        Keeping(tmp_path / "r.db", "-")


def test_a_later_version_is_needed_for_its_file(tmp_path: Path) -> None:
    Store(tmp_path / "r.db").close()
    with closing(sqlite3.connect(tmp_path / "r.db")) as database:
        database.execute("PRAGMA user_version = 99")
    with pytest.raises(UsageError, match="later version"):
        Store(tmp_path / "r.db")


def test_a_damaged_file_is_refused_with_a_way_on(tmp_path: Path) -> None:
    """Whatever bytes are wrong or missing: it is as it was before, or said to be damaged; never an accident."""
    log, file = tmp_path / "log", tmp_path / "r.db"
    log.write_bytes(line(0, ESCAPE))
    follow(log, file)
    whole = file.read_bytes()
    dice = random.Random(7)
    damaged = 0
    for _ in range(60):
        data = bytearray(whole)
        if dice.random() < 0.3:
            del data[dice.randrange(16, len(data)) :]
        else:
            start = dice.randrange(16, len(data) - 600)
            data[start : start + 600] = dice.randbytes(600)
        other = tmp_path / "damaged.db"
        other.write_bytes(data)
        for one in tmp_path.glob("damaged.db-*"):
            one.unlink()
        told = ""
        try:
            with closing(Keeping(other, str(log))) as keeping:
                assert keeping.state is not None
                assert keeping.state.read == log.stat().st_size
        except UsageError as error:
            told = str(error)
        assert not told or f"--resume {other}: the file is damaged. Remove it" in told
        damaged += bool(told)
    assert 20 < damaged < 60


def replace_memory(file: Path, log: Path, memory: bytes) -> None:
    with closing(Keeping(file, str(log))) as keeping:
        assert keeping.state is not None
        keeping.store.save(keeping.state._replace(memory=memory), 0, {}, [])


class Evil:
    def __init__(self, *call: object) -> None:
        self.call = call

    def __reduce__(self) -> tuple[object, ...]:
        return self.call[0], tuple(self.call[1:])


@pytest.mark.parametrize(
    "evil",
    [
        (os.system, "touch {}"),
        (eval, "open('{}', 'w')"),
        (getattr, "text", "upper"),
        (Path.touch, Path("{}")),
        (Analyzer,),
        (os.open, "{}", os.O_CREAT),
    ],
    ids=lambda call: getattr(call[0], "__name__", ""),
)
def test_a_planted_memory_runs_nothing(evil: tuple[object, ...], tmp_path: Path) -> None:
    """Nothing but the classes of the memory is made of it."""
    mark = tmp_path / "mark"
    call = [type(word)(str(word).format(mark)) if isinstance(word, str | Path) else word for word in evil]
    freezer = Freezer(Analyzer(), Redactor(None))
    with pytest.raises(FrozenError):
        freezer.thaw(pickle.dumps((Evil(*call), {}, {})), b"")
    assert not mark.exists()


@pytest.mark.parametrize("memory", [b"", b"junk", pickle.dumps(7), pickle.dumps((1, 2, 3))])
def test_a_memory_that_cannot_be_read_is_said_to_be_and_reading_goes_on(
    memory: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log, file = tmp_path / "log", tmp_path / "r.db"
    log.write_bytes(line(0, "nothing"))
    follow(log, file)
    replace_memory(file, log, memory)
    analyzer = Analyzer(source="the log")
    with log.open("ab") as more:
        more.write(line(1, "more"))
    follow(log, file, analyzer=analyzer)
    assert "what was open before is not known" in capsys.readouterr().err
    assert analyzer.accounting.lines == 2


def test_other_patterns_begin_with_nothing_where_the_last_run_ended(zoo: Path, run: Run, tmp_path: Path) -> None:
    """What they find counts from there on, and lines keep their numbers."""
    log = tmp_path / "log"
    given = ("follow", "-", "--format", "jsonl", "--resume", tmp_path / "r.db")
    run(*given, stdin=line(0, ESCAPE) + line(1, "nothing"))
    done = run(*given, "--patterns", zoo, stdin=line(60, CAUGHT) + line(61, ESCAPE))
    [opened] = map(json.loads, done.stdout.splitlines())
    assert [evidence["line"] for evidence in opened["incident"]["evidence"]] == [4]
    assert "its patterns or its masks have changed" in done.stderr
    assert not log.exists()


def test_unmasked_memory_is_not_gone_on_with_masked(zoo: Path, run: Run, tmp_path: Path) -> None:
    """What `--no-redact` has let into the file is gone with the next run that masks."""
    file, secret = tmp_path / "r.db", "+4917612345678"
    given = ("follow", "-", "--format", "jsonl", "--patterns", zoo, "--resume", file)
    run(*given, "--no-redact", stdin=line(0, f"{ESCAPE}, call {secret}"))
    assert secret.encode() in file.read_bytes()
    done = run(*given, stdin=line(1, "nothing"))
    assert "its masks have changed" in done.stderr
    assert secret.encode() not in file.read_bytes()


def test_a_masked_run_leaves_nothing_of_an_unmasked_one(tmp_path: Path) -> None:
    """From its first moment on, in the file and in its log."""
    log, file = tmp_path / "log", tmp_path / "r.db"
    text = "session logged out. Run `openclaw channels login --channel web` to relink."
    lines = [line(n, text).replace(b"[zoo]", b"[whatsapp] [1555123%04d]" % n) for n in range(1000)]
    log.write_bytes(b"".join(lines))
    follow(log, file, view=View(min_severity=Severity.INFO, redact=Redactor(None)))
    with closing(Keeping(file, str(log))) as keeping, closing(Followed(log, keeping.start, 1000)) as source:
        before = file.read_bytes() + file.with_name("r.db-wal").read_bytes()
        Kept(keeping, source, Analyzer(source="the log"), [], VIEW.redact, lambda: False)  # type: ignore[arg-type]
        after = file.read_bytes() + file.with_name("r.db-wal").read_bytes()
    assert b"1555123" in before
    assert b"1555123" not in after


def test_the_file_stays_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand snapshots take the room of a few."""
    monkeypatch.setattr(kept, "FILE_EVERY_S", 0.0)
    monkeypatch.setattr(kept, "SHARE", 1e9)
    log, file = tmp_path / "log", tmp_path / "r.db"
    log.write_bytes(b"".join(line(second, f"nothing {second}") for second in range(1000)))
    follow(log, file, piece=5000)
    few = file.stat().st_size
    log.write_bytes(log.read_bytes() + b"".join(line(second, f"nothing {second}") for second in range(1000, 2000)))
    follow(log, file, piece=70)
    assert file.stat().st_size <= 2 * few
    assert file.stat().st_size < 1_000_000


def test_a_log_that_is_gone_leaves_a_gap_that_is_told(zoo: Path, run: Run, start: Start, tmp_path: Path) -> None:
    """Rotated and deleted in between: the new one is read from its beginning."""
    log, file = tmp_path / "gateway.log", tmp_path / "r.db"
    log.write_bytes(line(0, ESCAPE))
    given = ("follow", log, "--patterns", zoo, "--format", "jsonl", "--resume", file)
    for content, said in ((b"", ""), (line(60, CAUGHT), "lines after that may be missing")):
        if content:
            log.unlink()
            log.write_bytes(content)
        process = start(*given)
        assert process.stdout
        assert json.loads(process.stdout.readline())["transition"] == ("resolved" if content else "opened")
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=PATIENCE_S)
        assert said in errors.decode().replace("\n  ", " ")


def test_a_run_that_is_stopped_has_no_last_words(zoo: Path, start: Start, tmp_path: Path) -> None:
    """SIGTERM comes from a service manager, which starts it again; Ctrl-C is an end."""
    log = tmp_path / "log"
    hungry = line(1, "zebra wants hay for leo")
    log.write_bytes(line(0, ESCAPE) + hungry)
    for number, last in ((signal.SIGTERM, []), (signal.SIGINT, ["undecided"])):
        process = start("follow", log, "--patterns", zoo, "--format", "jsonl", "--resume", tmp_path / f"{number}.db")
        assert process.stdout
        first = process.stdout.readline()
        time.sleep(0.3)
        process.send_signal(number)
        rest, _ = process.communicate(timeout=PATIENCE_S)
        assert kinds(first + rest) == ["opened", *last]
        assert process.returncode == 130


def test_what_the_clock_decided_is_decided_again_at_the_same_place(zoo: Path, tmp_path: Path) -> None:
    """Silence was judged by the wall clock; without that, the lines that follow would decide otherwise."""
    log = tmp_path / "log"
    data = [line(0, "zebra wants hay for leo"), line(0.5, "nothing"), line(0.9, CAUGHT), line(1, ESCAPE)]
    log.write_bytes(b"".join(data))
    piece = len(data[0])
    base = 1_795_176_000_000_000_000
    assert line(0, "")[:19] == datetime.fromtimestamp(base / 1e9, UTC).strftime("%Y-%m-%dT%H:%M:%S").encode()
    options = Options(patterns=(zoo,))

    def told(name: str, kill_at: int | None, *clock: int) -> str:
        analyzer = Analyzer(options, "the log", wall_clock=True)
        return follow(log, tmp_path / name, kill_at=kill_at, piece=piece, analyzer=analyzer, times=iter(clock))[0]

    # The second piece arrives when the hay is a second late, before the line that says that the zebra has come.
    clock = (base, base + 2_000_000_000)
    whole = told("whole", None, *clock).splitlines()
    assert json.loads(whole[0])["incident"]["failure_mode"] == "zoo.no-hay"
    decided = 0
    for point in range(14):
        before = told(str(point), point, *clock)
        with closing(Keeping(tmp_path / str(point), str(log))) as keeping:
            noted = bool(keeping.ticks)
        after = told(str(point), None)  # by a clock that is never looked at
        decided += noted
        if noted:
            assert union(before, after) == whole, point
    assert decided > 5


@pytest.mark.parametrize("kills", [3, pytest.param(40, marks=pytest.mark.slow)])
def test_kill_9_at_any_moment_changes_nothing(
    kills: int, zoo: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    """A real process, killed again and again while a writer appends and rotates; and no account gets into the file."""
    dice = random.Random(kills)
    log, file = tmp_path / "gateway.log", tmp_path / "r.db"
    log.write_bytes(b"")
    second, rotations, everything = 0, 0, b""
    outputs: list[Path] = []

    def write(count: int) -> None:
        nonlocal second, everything
        for _ in range(count):
            second += 40
            data = line(second, f"{ESCAPE} +4917612345678" if second % 80 else CAUGHT)
            everything += data
            with log.open("ab") as writer:
                writer.write(data)
            time.sleep(dice.random() * 0.004)

    def rotate() -> None:
        nonlocal rotations
        for number in range(rotations, 0, -1):
            (tmp_path / f"gateway.log.{number}").rename(tmp_path / f"gateway.log.{number + 1}")
        log.rename(tmp_path / "gateway.log.1")
        log.write_bytes(b"")
        rotations += 1

    def start() -> subprocess.Popen[bytes]:
        outputs.append(tmp_path / f"printed-{len(outputs)}")
        words = ["follow", log, "--patterns", zoo, "--format", "jsonl", "--resume", file]
        with outputs[-1].open("wb") as out:
            return subprocess.Popen(
                [sys.executable, "-m", "loganalyzer", *map(str, words)],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.DEVNULL,
                env=environment,
            )

    for _ in range(kills):
        process = start()
        if not everything:  # what is rotated away before the first run has looked is nobody's loss
            write(1)
            until(outputs[0].read_bytes)
        write(dice.randrange(60))
        if dice.random() < 0.5:
            rotate()
        write(dice.randrange(60))
        time.sleep(dice.random() * 1.5)
        process.kill()
        process.wait()
        assert not any(b"17612345678" in one.read_bytes() for one in tmp_path.glob("r.db*"))
        write(dice.randrange(10))
        if dice.random() < 0.5:
            rotate()
    write(2)
    process = start()
    last = f'"last_seen":"{line(second, "").split()[0].decode().replace(".000", "")}"'.encode()
    try:
        until(lambda: last in outputs[-1].read_bytes())
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=PATIENCE_S)
    finally:
        process.kill()
        process.wait()
    whole_log = tmp_path / "whole.log"
    whole_log.write_bytes(everything)
    options = Options(patterns=(zoo,))
    whole, _ = follow(whole_log, tmp_path / "whole.db", end=False, analyzer=Analyzer(options, str(log)))
    printed = [one.read_text() for one in outputs]

    def bare(told: list[str]) -> list[tuple[object, ...]]:
        values = map(json.loads, told)
        return [(v["transition"], v["time"], v["incident"]["id"], v["incident"]["count"]) for v in values]

    assert bare(union(*printed)) == bare(whole.splitlines())
    assert sum(part.count('"repeated":true') for part in printed) <= kills


SYSLOG = "Nov 20 {time} vm node[7]: [zoo] {text}\n"


def test_another_time_zone_is_no_other_memory(zoo: Path, run: Run, tmp_path: Path) -> None:
    """What is open stays open; times that name no zone are those of the run that reads them."""
    given = ("follow", "-", "--format", "jsonl", "--patterns", zoo, "--resume", tmp_path / "r.db")
    given += ("--reference-time", "2026-11-21T00:00:00Z")
    first = run(*given, "--tz", "Europe/Berlin", stdin=SYSLOG.format(time="12:00:00", text=ESCAPE))
    second = run(*given, stdin=SYSLOG.format(time="12:10:00", text=CAUGHT))
    opened, resolved = (json.loads(done.stdout.splitlines()[-1])["incident"] for done in (first, second))
    assert (opened["first_seen"], resolved["id"]) == ("2026-11-20T11:00:00+00:00", opened["id"])
    assert resolved["resolved_at"] == "2026-11-20T12:10:00+00:00"
    assert "not known" not in second.stderr


def test_what_could_not_be_written_is_written_when_there_is_room(
    zoo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also if nothing happens then; it is told once that it could not."""
    log, file = tmp_path / "log", tmp_path / "r.db"
    log.write_bytes(b"".join(line(60 * number, text) for number, text in enumerate((ESCAPE, CAUGHT) * 2)))
    monkeypatch.setattr(kept, "FILE_EVERY_S", 0.0)
    monkeypatch.setattr(kept, "SHARE", 1e9)

    def analyzer() -> Analyzer:
        return Analyzer(Options(patterns=(zoo,)), "the log", wall_clock=True)

    def full(*given: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with closing(Keeping(file, str(log))) as keeping, closing(Followed(log, keeping.start, 1000)) as source:
        run = Kept(keeping, source, analyzer(), [JsonLines(VIEW)], VIEW.redact, lambda: False)  # type: ignore[arg-type]
        with monkeypatch.context() as patch:
            for name in FAULTS:
                patch.setattr(Store, name, full)
            run.show(run.feed(run.read(0) or b"", 0))
        run.show([])
    printed = capsys.readouterr()
    assert (kinds(printed.out), printed.err.count("not written")) == (["opened", "resolved"] * 2, 1)
    assert follow(log, file, analyzer=analyzer(), end=False)[0] == ""
