"""
Follows a log for an hour while everything that happens to logs happens to it, and checks that nothing was lost.

    python bench/soak.py --minutes 60 --rate 2000 --seed 1

A writer appends lines about many hosts to a log that two `loganalyzer follow` read, and does to it and to them, in an
order that the seed decides, what `FAULTS` lists. One of them lives all the time; the other has `--resume` and is killed
again and again. The same bytes, in the order in which they were meant, go through pipes into another `follow` and into
`analyze`. Every transition must be the same, in the same order, and the last one of each incident must be what
`analyze` says; memory must not grow. Lines lie in the past, so that the wall clock decides nothing.

Linux only: where a reader is in the log is read from /proc. A log is renamed only when the readers are in it, or would
be if they lived; what else gets lost is lost for any reader. Renamed logs stay for `KEPT_S`. The log is not cut and
written anew: no reader can know that nothing was lost by that, so it is a gap, across which silence decides nothing,
and the answers differ as they should.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

import psutil
from compare import MIB, memory
from generate import lines
from live import ended_session

FIRST_DAY = date(2025, 1, 1)
HOSTS = 500
TICK_S = 0.02
EVERY_S = 8.0
"""Mean time between two faults [s]."""
KEPT_S = 900.0
"""How long a renamed log stays; a run with `--resume` goes back by as much as lies between two snapshots [s]."""
SAMPLES = 120
"""How often memory is looked at; at most twice a minute."""
PATIENCE_S = 600.0
FLAT = 0.05
"""How much the last quarter may differ from the second …"""
FLAT_FROM_MIN = 60
"""… of a run that is long enough to tell; in shorter ones tables still fill [min]."""
COMMAND = [sys.executable, "-m", "loganalyzer"]
OPTIONS = ["--format", "jsonl", "--min-severity", "info", "--redact-key", "soak"]


class Reader:
    """A process under test: where it is, stopped or killed and going on."""

    def __init__(self, words: list[str], output: Path) -> None:
        self.words = words
        self.output = output
        self.continue_at = 0.0
        self.torn = 0
        """Lines that a kill has left unfinished."""
        self._last_place = (0, -1)
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        with self.output.open("ab") as output, self.output.with_suffix(".err").open("ab") as errors:
            return subprocess.Popen(
                [*COMMAND, *self.words, *OPTIONS], stdin=subprocess.DEVNULL, stdout=output, stderr=errors
            )

    def place(self) -> tuple[int, int]:
        """The log that it has open, as inode, and how far it has read in it [bytes]; 0 if there is none or several."""
        if self.process.returncode is not None:
            return self._last_place
        base = Path(f"/proc/{self.process.pid}")
        found = []
        for entry in (base / "fd").iterdir():
            with suppress(OSError):
                if "/openclaw-" in os.readlink(entry):
                    info = (base / "fdinfo" / entry.name).read_text()
                    found.append((entry.stat().st_ino, int(info.split()[1])))
        return found[0] if len(found) == 1 else (0, -1)

    def stop(self, seconds: float) -> None:
        """Takes the processor from it for a while."""
        self.process.send_signal(signal.SIGSTOP)
        self.continue_at = time.monotonic() + seconds

    def kill(self, seconds: float) -> None:
        """Ends it without a warning; after a while it begins anew."""
        self._last_place = self.place()
        self.process.kill()
        self.process.wait()
        self.continue_at = time.monotonic() + seconds

    def tick(self) -> None:
        """Lets it go on when it is time."""
        if self.continue_at and time.monotonic() >= self.continue_at:
            self.go_on()

    def go_on(self) -> None:
        """Gives the processor back, or begins anew."""
        self.continue_at = 0.0
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGCONT)
            return
        whole = self.output.read_bytes().rpartition(b"\n")
        if whole[2]:
            self.torn += 1
            os.truncate(self.output, len(whole[0]) + len(whole[1]))
        self.process = self._start()


class Log:
    """A log on disk; what is written also goes through the pipes of the references."""

    def __init__(self, folder: Path, references: list[BinaryIO]) -> None:
        self.folder = folder
        self.day = FIRST_DAY
        self.references = references
        self.torn = False
        self.path = self._named()
        self._file = self.path.open("ab", buffering=0)

    def _named(self) -> Path:
        return self.folder / f"openclaw-{self.day.isoformat()}.log"

    def write(self, data: bytes) -> None:
        """Appends."""
        self._file.write(data)
        self._mean(data)
        self.torn = not data.endswith(b"\n") if data else self.torn

    def _mean(self, data: bytes) -> None:
        for reference in self.references:
            reference.write(data)

    def _end_line(self) -> None:
        """A torn last line ends with its file."""
        if self.torn:
            self._mean(b"\n")
            self.torn = False

    def is_read(self, reader: Reader) -> bool:
        """Is the reader at its very end?"""
        info = self.path.stat()
        return reader.place() == (info.st_ino, info.st_size)

    def is_open(self, reader: Reader) -> bool:
        """Has the reader come to this file?"""
        return reader.place()[0] == self.path.stat().st_ino

    def rename(self, gone_s: float = 0.0) -> None:
        """Moved away, a new one in its place; after a while only, if so wanted."""
        self._tidy()
        older = sorted(self.folder.glob(f"{self.path.name}.*"), key=lambda path: int(path.suffix[1:]), reverse=True)
        for path in older:
            path.rename(path.with_suffix(f".{int(path.suffix[1:]) + 1}"))
        self.path.rename(f"{self.path}.1")
        time.sleep(gone_s)
        self._begin()

    def roll(self) -> None:
        """The log of the next day begins."""
        self._tidy()
        self.day += timedelta(days=1)
        self.path = self._named()
        self._begin()

    def _begin(self) -> None:
        self._end_line()
        self._file.close()
        self._file = self.path.open("ab", buffering=0)

    def _tidy(self) -> None:
        """Removes what the readers have left behind long ago."""
        for old in self.folder.glob("openclaw-*"):
            if old != self.path and old.stat().st_mtime < time.time() - KEPT_S:
                old.unlink()


class Soak:
    """Writes a log and lets it suffer, and those who read it."""

    def __init__(self, log: Log, lasting: Reader, mortal: Reader, rate: int, seed: int) -> None:
        self.log = log
        self.mortal = mortal
        self.readers = [lasting, mortal]
        self.rate = rate
        self.chance = random.Random(seed)
        self.happened: Counter[str] = Counter()
        self.written = 0
        self._stream = self._lines(seed)
        self._recent: list[bytes] = []

    def _lines(self, seed: int) -> Iterator[bytes]:
        """Ordinary lines and events of all kinds; one in two hundred ends the session of some host."""
        now = datetime.combine(FIRST_DAY, datetime.min.time(), UTC)
        for number, line in enumerate(lines("gateway", 0.002, 0.1, seed, now)):
            if number % 200 == 0:
                yield ended_session(number // 200 % HOSTS, _time_of(line) or now)
            yield line

    def take(self, count: int) -> list[bytes]:
        """The next lines."""
        found = list(itertools.islice(self._stream, count))
        self.written += len(found)
        self._recent = [*self._recent, *found][-2000:]
        return found

    def run(self, seconds: float, every: Callable[[float], None]) -> None:
        """Writes for so long; `every` is called on every tick with the time that has passed [s]."""
        began = time.monotonic()
        next_fault = self.chance.expovariate(1 / EVERY_S)
        while (passed := time.monotonic() - began) < seconds:
            due = int(passed * self.rate) - self.written
            if due > 0:
                self.log.write(b"".join(self.take(due)))
            for reader in self.readers:
                reader.tick()
            every(passed)
            if passed > next_fault:
                name = self.chance.choice(list(FAULTS))
                self.happened[name if FAULTS[name](self) else f"{name}, put off"] += 1
                next_fault = passed + self.chance.expovariate(1 / EVERY_S)
            time.sleep(TICK_S)
        self.go_on()

    def go_on(self) -> None:
        """Nobody is stopped any more, or dead."""
        for reader in self.readers:
            reader.go_on()

    def renamed(self) -> bool:
        """Rotation by name."""
        return self._when(self.log.is_open, self.log.rename)

    def renamed_in_a_line(self) -> bool:
        """Rotation in the middle of a line."""

        def cut() -> None:
            self.log.write(self.take(1)[0][:-40])
            self.log.rename()

        return self._when(self.log.is_open, cut)

    def gone(self) -> bool:
        """The log is away for two seconds."""
        return self._when(self.log.is_open, lambda: self.log.rename(2.0))

    def rolled(self) -> bool:
        """A log for the next day."""
        return self._when(self.log.is_open, self.log.roll)

    def _when(self, ready: Callable[[Reader], bool], act: Callable[[], Any]) -> bool:
        """Does something to the file as soon as the readers are where they lose nothing by that."""
        deadline = time.monotonic() + 5
        while late := [reader for reader in self.readers if not ready(reader)]:
            if time.monotonic() > deadline:
                return False
            for reader in late:
                if reader.continue_at:
                    reader.go_on()
            time.sleep(TICK_S)
        act()
        return True

    def pieces(self) -> bool:
        """Lines arrive in pieces."""
        for line in self.take(20):
            at = self.chance.randrange(len(line))
            for piece in (line[:at], line[at:]):
                self.log.write(piece)
                time.sleep(0.01)
        return True

    def noise(self) -> bool:
        """Bytes of any kind, and half a log line among them."""
        for size in (10, 300, 5000):
            self.log.write(self.chance.randbytes(size) + self.take(1)[0][: self.chance.randrange(200)] + b"\n")
        return True

    def endless(self) -> bool:
        """A line of three megabytes."""
        self.log.write(b"x" * 3_000_000 + self.take(1)[0])
        return True

    def burst(self) -> bool:
        """Ten seconds' lines at once."""
        self.log.write(b"".join(self.take(10 * self.rate)))
        return True

    def pause(self) -> bool:
        """Nothing for a while, then all of it."""
        time.sleep(self.chance.uniform(2, 6))
        return True

    def disorder(self) -> bool:
        """Lines of one second in any order."""
        found = self.take(self.rate)
        self.chance.shuffle(found)
        self.log.write(b"".join(found))
        return True

    def replay(self) -> bool:
        """What was written is written again."""
        self.log.write(b"".join(self._recent[-self.chance.randrange(1, 2000) :]))
        return True

    def stopped(self) -> bool:
        """A reader is stopped for some seconds."""
        reader = self.chance.choice(self.readers)
        if reader.process.returncode is not None:
            return False
        reader.stop(self.chance.uniform(1, 10))
        return True

    def killed(self) -> bool:
        """The reader with `--resume` is killed, and begins anew after a while."""
        self.mortal.kill(self.chance.uniform(0, 6))
        return True


FAULTS: dict[str, Callable[[Soak], bool]] = {
    "renamed": Soak.renamed,
    "renamed in the middle of a line": Soak.renamed_in_a_line,
    "away for two seconds": Soak.gone,
    "log of the next day": Soak.rolled,
    "lines in pieces": Soak.pieces,
    "noise": Soak.noise,
    "line of 3 MB": Soak.endless,
    "burst of ten seconds' lines": Soak.burst,
    "pause": Soak.pause,
    "lines in disorder": Soak.disorder,
    "lines written again": Soak.replay,
    "a reader stopped (SIGSTOP)": Soak.stopped,
    "reader with --resume killed (SIGKILL)": Soak.killed,
}
"""Each tells whether it could happen now."""


def _time_of(line: bytes) -> datetime | None:
    _, found, rest = line.partition(b'"time":"')
    return datetime.fromisoformat(rest[: rest.index(b'"')].decode()) if found else None


def told(path: Path) -> list[dict[str, Any]]:
    """The objects in an output, without the places of evidence: a pipe has other lines than files in turn."""
    found = [json.loads(line) for line in path.read_bytes().splitlines()]
    for one in found:
        for evidence in one.get("incident", one)["evidence"]:
            del evidence["source"], evidence["line"]
    return found


def once(transitions: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], int]:
    """Transitions without those that were told again after a kill, and how many these are."""
    found: list[dict[str, Any]] = []
    again = 0
    for one in transitions:
        if one.pop("repeated", False) and one in found[-10:]:
            again += 1
        else:
            found.append(one)
    return found, again


def soak(minutes: float, rate: int, seed: int, folder: Path) -> bool:
    """One run; prints what happened and whether all was well."""
    logs = folder / "logs"
    logs.mkdir()
    first = logs / f"openclaw-{FIRST_DAY.isoformat()}.log"
    first.touch()
    outputs = {name: folder / f"{name}.jsonl" for name in ("live", "resumed", "follow", "analyze")}
    references = {
        name: subprocess.Popen(
            [*COMMAND, name, "-", *OPTIONS],
            stdin=subprocess.PIPE,
            stdout=outputs[name].open("wb"),
            stderr=(folder / f"{name}.err").open("wb"),
        )
        for name in ("follow", "analyze")
    }
    lasting = Reader(["follow", str(first)], outputs["live"])
    mortal = Reader(["follow", str(first), "--resume", str(folder / "kept.sqlite")], outputs["resumed"])
    try:
        pipes = [_plain(process.stdin) for process in references.values()]
        run = Soak(Log(logs, pipes), lasting, mortal, rate, seed)
        samples: list[float] = []
        watched = psutil.Process(lasting.process.pid)
        apart = max(min(30.0, minutes * 60 / SAMPLES), 1.0)

        def look(passed: float) -> None:
            if passed >= (len(samples) + 1) * apart:
                samples.append(memory(watched) / MIB)

        run.run(minutes * 60, look)
        deadline = time.monotonic() + PATIENCE_S
        while not all(run.log.is_read(reader) for reader in run.readers) and time.monotonic() < deadline:
            time.sleep(0.1)
        time.sleep(2)
        before_the_end = len(told(outputs["live"]))
        for reader in run.readers:
            reader.process.send_signal(signal.SIGTERM)
        for pipe in pipes:
            pipe.close()
        processes = {"live": lasting.process, "resumed": mortal.process, **references}
        status = {name: process.wait(PATIENCE_S) for name, process in processes.items()}
    finally:
        for process in (lasting.process, mortal.process, *references.values()):
            process.kill()
            process.wait()
    flat = FLAT if minutes >= FLAT_FROM_MIN else float("inf")
    said = {name: told(path) for name, path in outputs.items()}
    well = _resumed_well(said, before_the_end, mortal)
    return _judged(run, said, samples, status, flat) and well


def _plain(stream: Any) -> BinaryIO:
    found: BinaryIO = stream
    return found


def _resumed_well(said: dict[str, list[dict[str, Any]]], before_the_end: int, reader: Reader) -> bool:
    """
    Prints what the run that was killed has said, and whether it is what the one that lives has: all but its last words,
    since a run that is to be gone on with has none.
    """
    resumed, again = once(said["resumed"])
    well = resumed == said["live"][:before_the_end]
    print(
        f"killed and resumed: {len(resumed):,} transitions, {again} told again and marked, {reader.torn} torn, ", end=""
    )
    print("the same as of the run that was not killed" if well else "OTHERS than of the run that was not killed")
    for note in reader.output.with_suffix(".err").read_text().splitlines():
        if note.startswith("--resume:"):
            print(f"  {note}")
    return well


def _judged(
    run: Soak, said: dict[str, list[dict[str, Any]]], samples: list[float], status: dict[str, int], flat: float
) -> bool:
    """Compares what was said, and prints it."""
    live, reference = ([json.dumps(one, sort_keys=True) for one in said[name]] for name in ("live", "follow"))
    lost, double = Counter(reference) - Counter(live), Counter(live) - Counter(reference)
    last = {one["incident"]["id"]: one["incident"] for one in said["live"]}
    batch = {one["id"]: one for one in said["analyze"]}
    differing = sum(last.get(name) != batch.get(name) for name in {*last, *batch})
    quarter = max(len(samples) // 4, 1)
    means = [statistics.mean(samples[at : at + quarter] or [0.0]) for at in range(0, 4 * quarter, quarter)]
    growth = means[3] / means[1] if means[1] else 1.0
    print(f"{run.written:,} lines, {sum(run.happened.values())} faults")
    for name, count in sorted(run.happened.items()):
        print(f"  {count:4}  {name}")
    kinds = Counter(one["transition"] for one in said["live"])
    print(f"{len(last):,} incidents, {len(live):,} transitions ({', '.join(f'{n:,} {k}' for k, n in kinds.items())})")
    print(f"transitions lost {lost.total()}, double or other {double.total()}, in another order {live != reference}")
    print(f"incidents that differ from analyze {differing}")
    print(f"MiB in each quarter: {', '.join(f'{m:.1f}' for m in means)}; last to second {growth:.3f}")
    print(f"exit codes: {status}")
    return live == reference and not differing and bool(live) and abs(growth - 1) <= flat


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--rate", type=int, default=2000, help="lines per second")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where logs and outputs are kept; default: nowhere")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="loganalyzer-soak-", dir=given.folder))
    try:
        well = soak(given.minutes, given.rate, given.seed, folder)
    finally:
        if given.folder is None:
            shutil.rmtree(folder)
    print("all well" if well else "NOT WELL")
    return int(not well)


if __name__ == "__main__":
    sys.exit(main())
