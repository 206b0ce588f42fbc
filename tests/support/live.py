"""A real gateway in a home of its own, and what `loganalyzer follow` says about its output while it runs."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Self, TypeVar

from real_openclaw import NEWER, Release

TOKEN = "e2e-0123456789abcdef0123456789ab"
READY = re.compile(r"\[gateway\] ready|listening on ws://")
BOOT_S = 240.0
"""A gateway needs 20 s to start; a busy machine with two cores has needed 90."""
LOUD = ("warning", "error", "critical")
T = TypeVar("T")


def free_port() -> int:
    """A loopback port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def until(condition: Callable[[], T], timeout_s: float, what: Callable[[], str]) -> T:
    """Waits until something holds and returns it; fails with what there is instead if it never does."""
    deadline = time.monotonic() + timeout_s
    while True:
        if found := condition():
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s:.0f} s: {what()}")
        time.sleep(0.05)


@contextmanager
def group(command: list[str], **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A process in a group of its own, all of which ends with the block."""
    process = subprocess.Popen(command, start_new_session=True, **options)
    try:
        yield process
    finally:
        stop(process)
        if process.stdin is not None:
            with suppress(BrokenPipeError):
                process.stdin.close()


def stop(process: subprocess.Popen[bytes], number: signal.Signals = signal.SIGTERM, patience_s: float = 20.0) -> None:
    """Ends a group that `group` started: by a signal, and what is left of it by force."""
    if process.poll() is None:
        os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(patience_s)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@dataclass(frozen=True)
class Line:
    """A line of a producer or a file and when it arrived here [s, monotonic]."""

    at: float
    text: str


@dataclass(frozen=True)
class Heard:
    """A transition and when it arrived here [s, monotonic]."""

    at: float
    transition: str
    incident: Mapping[str, Any]


@dataclass
class Feed:
    """Output of OpenClaw on its way into `loganalyzer follow --format jsonl`, with both sides on record."""

    name: str
    analyzer: subprocess.Popen[bytes]
    file: Path | None = None
    """What is followed, if it is no pipe."""
    lines: list[Line] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        """Begins to listen to the analyzer, and to look at the file."""
        self._spawn(self._listen)
        if self.file is not None:
            self._spawn(self._watch, self.file)

    def take(self, output: IO[bytes] | None) -> None:
        """Passes on what a process prints, line by line, as long as it runs."""
        assert output is not None
        self._spawn(self._pass_on, output)

    def _spawn(self, work: Callable[..., None], *given: object) -> None:
        thread = threading.Thread(target=work, args=given, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _pass_on(self, output: IO[bytes]) -> None:
        assert self.analyzer.stdin is not None
        with output:
            for line in output:
                self.lines.append(Line(time.monotonic(), line.decode(errors="replace").rstrip("\n")))
                with suppress(BrokenPipeError, ValueError):
                    self.analyzer.stdin.write(line)

    def _watch(self, file: Path) -> None:
        with file.open("rb") as log:
            rest = b""
            while self.analyzer.poll() is None:
                *lines, rest = (rest + log.read()).split(b"\n")
                self.lines += [Line(time.monotonic(), line.decode(errors="replace")) for line in lines]
                time.sleep(0.01)

    def _listen(self) -> None:
        assert self.analyzer.stdout is not None
        with self.analyzer.stdout as output:
            for line in output:
                at = time.monotonic()
                found = json.loads(line)
                if found["schema"] == "loganalyzer.transition/1":
                    self.heard.append(Heard(at, found["transition"], found["incident"]))

    def first(self, text: str, since: float) -> Line | None:
        """The first line since some moment that a pattern is found in."""
        return next((line for line in list(self.lines) if line.at >= since and re.search(text, line.text)), None)

    def last(self) -> str:
        """How its lines end, and what was heard."""
        return "\n".join([self.name, *(line.text for line in self.lines[-8:]), f"heard: {self.raised()}"])

    def diagnosis(self, mode: str, since: float) -> Heard | None:
        """When a mode was first reported aloud since some moment."""
        for one in list(self.heard):
            if one.at >= since and one.incident["failure_mode"] == mode and one.incident["severity"] in LOUD:
                return one
        return None

    def quoting(self, said: str) -> list[Heard]:
        """What shows a sentence among its evidence, in order."""
        return [one for one in list(self.heard) if any(said in line["text"] for line in one.incident["evidence"])]

    def raised(self, since: float = 0.0) -> list[str]:
        """Modes that were ever at warning or above, in order."""
        found = [one for one in list(self.heard) if one.at >= since and one.incident["severity"] in LOUD]
        return list(dict.fromkeys(one.incident["failure_mode"] for one in found))

    def standing(self, since: float = 0.0) -> list[str]:
        """Modes that stand for themselves at warning or above, as their incidents were last seen."""
        last = {one.incident["id"]: one for one in list(self.heard)}
        found = [one for one in last.values() if one.at >= since and one.incident["severity"] in LOUD]
        return list(dict.fromkeys(one.incident["failure_mode"] for one in found if one.incident["caused_by"] is None))


@dataclass
class Sandbox:
    """A home folder with a configuration, and the processes that live in it; all of them end with it."""

    home: Path
    release: Release = NEWER
    port: int = field(default_factory=free_port)
    _stack: ExitStack = field(default_factory=ExitStack)

    def __post_init__(self) -> None:
        (self.home / ".openclaw").mkdir(parents=True)
        self.write(self.config())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *reason: object) -> None:
        self._stack.close()
        shutil.rmtree(self.home, ignore_errors=True)

    @property
    def log(self) -> Path:
        """The JSON lines of the gateway."""
        return self.home / "openclaw.log"

    def config(self, **more: Any) -> dict[str, Any]:
        """A loopback gateway with a token, and whatever else is wanted."""
        gateway = {"mode": "local", "port": self.port, "bind": "loopback", "auth": {"mode": "token", "token": TOKEN}}
        return {"gateway": gateway, "logging": {"file": str(self.log)}} | more

    def write(self, config: Mapping[str, Any] | str) -> None:
        """Replaces the configuration at once, as an editor does."""
        path = self.home / ".openclaw" / "openclaw.json"
        fresh = path.with_suffix(".new")
        fresh.write_text(config if isinstance(config, str) else json.dumps(config), encoding="utf-8")
        fresh.replace(path)

    def run(self, *words: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """One command of the command line."""
        return self.release.run(self.home, *words, **options)

    def start(
        self, *words: str, more: Mapping[str, str] | None = None, stderr: int = subprocess.STDOUT
    ) -> subprocess.Popen[bytes]:
        """`openclaw WORDS` in the background; as with `2>&1`, unless standard error is to go elsewhere."""
        return self._stack.enter_context(
            group(
                ["openclaw", *words],
                env=self.release.environment(self.home) | dict(more or {}),
                cwd=self.home,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
            )
        )

    def pipe(self, producer: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
        """`… | loganalyzer`: what it says comes on one pipe."""
        analyzer = self._stack.enter_context(
            group(
                [sys.executable, "-m", "loganalyzer"],
                stdin=producer.stdout,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
        )
        assert producer.stdout is not None
        producer.stdout.close()
        return analyzer

    def feed(self, name: str, file: Path | None = None, options: Sequence[str] = ()) -> Feed:
        """A `loganalyzer follow` that waits for lines, or follows a file."""
        analyzer = self._stack.enter_context(
            group(
                [sys.executable, "-m", "loganalyzer", "follow", str(file or "-"), "--format", "jsonl", *options],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
            )
        )
        feed = Feed(name, analyzer, file)
        feed.start()
        return feed

    def gateway(
        self, feed: Feed, *, ready: bool = True, more: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """`openclaw gateway run`, its console into a feed; waits until it serves."""
        since = time.monotonic()
        process = self.start("gateway", "run", more=more)
        feed.take(process.stdout)
        if ready:
            until(lambda: feed.first(READY.pattern, since), BOOT_S, lambda: f"a gateway that is ready: {feed.last()}")
        return process

    def tail(self, name: str, *words: str, options: Sequence[str] = ()) -> Feed:
        """`openclaw logs --follow` into a feed; waits for its first line."""
        feed = self.feed(name, options=options)
        feed.take(self.start("logs", "--follow", *words).stdout)
        until(lambda: feed.lines, BOOT_S, lambda: f"a line of {name}")
        return feed

    def tails(self) -> dict[str, Feed]:
        """Both forms of `openclaw logs --follow`."""
        return {"logs": self.tail("logs"), "logs --json": self.tail("logs --json", "--json")}

    def written(self) -> dict[str, Feed]:
        """What a gateway writes by itself, from its first line on: a console that waits for it, and its file."""
        self.log.touch()
        return {"console": self.feed("console"), "file": self.feed("file", self.log)}

    def followed(self) -> dict[str, Feed]:
        """A gateway that serves, on all of its surfaces from its first line on."""
        feeds = self.written()
        self.gateway(feeds["console"])
        return feeds | self.tails()
