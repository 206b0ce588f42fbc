import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from loganalyzer.cli import main

Run = Callable[..., "subprocess.CompletedProcess[str]"]

# A pack of three modes over words that no real log holds: one that opens and ends, one that follows
# from it, and one that is decided by silence.
VOCABULARY = """
event_types:
  zoo.escaped: {meaning: an animal is out, attributes: {channel: str, account: str, code: int}}
  zoo.caught: {meaning: it is back, attributes: {channel: str, account: str}}
  zoo.hungry: {meaning: it wants food, attributes: {channel: str, account: str}}
"""
EVENTS = """
patterns:
  - {id: zoo.escaped, event: zoo.escaped, match: "zebra escaped with code {code:int}", attributes: {channel: zoo},
     where: {origin: [gateway, cli-error, cli-output, unknown]}, source: invented,
     examples: [{line: "zebra escaped with code 428"}], near_misses: [zebra sleeps]}
  - {id: zoo.caught, event: zoo.caught, match: "zebra is back home", attributes: {channel: zoo},
     where: {origin: [gateway, cli-error, cli-output, unknown]}, source: invented,
     examples: [{line: "zebra is back home"}], near_misses: [zebra sleeps]}
  - {id: zoo.hungry, event: zoo.hungry, match: "zebra wants hay for {account:word}", attributes: {channel: zoo},
     where: {origin: [gateway, cli-error, cli-output, unknown]}, source: invented,
     examples: [{line: "zebra wants hay for leo"}], near_misses: [zebra sleeps]}
"""
MODE = """
id: {id}
title: {title}
tier: 1
severity: {severity}
meaning: The zebra is not where it should be.
cause: Somebody left the gate open.
key: [channel]
evidence:
  - {evidence}
{more}
summary: "The zebra of {{channel}} is away, seen {{count}} times."
remediation:
  - text: Close the gate.
    commands: ["zoo gate close {{channel}}"]
    caution: Mind the tail.
    verify: The zebra cannot get out.
  - {{text: Count the zebras., versions: ">=2026.5", supervisor: systemd}}
references: ["https://zoo.example.org/gates"]
examples: [{{name: one, lines: "zebra escaped with code 428"}}]
near_misses: [{{name: none, lines: "zebra sleeps"}}]
"""
MODES = {
    "zoo.gate-open": {
        "title": "The gate is open",
        "severity": "error",
        "evidence": "{name: seen, match: {event: zoo.escaped, channel: zoo}, confidence: 0.9}",
        "more": "resolve: [{on: {event: zoo.caught, channel: zoo}}]\nexplains: [zoo.no-visitors]",
    },
    "zoo.no-visitors": {
        "title": "Nobody comes",
        "severity": "warning",
        "evidence": "{name: code, match: {event: zoo.escaped, channel: zoo, code: 429}, confidence: 0.5}",
        "more": "",
    },
    "zoo.no-hay": {
        "title": "The hay does not come",
        "severity": "critical",
        "evidence": "{name: silence, match: {event: zoo.hungry, channel: zoo}, "
        "not_followed_by: [{event: zoo.caught}], within: 1s, confidence: 0.8}",
        "more": "",
    },
}


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of its own, kept for the session: the cache of compiled packs makes later runs quick."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "FORCE_COLOR")}
    folders = {f"XDG_{name}_HOME": str(home / name.lower()) for name in ("DATA", "STATE", "CONFIG", "CACHE")}
    return kept | folders | {"HOME": str(home), "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"}


@pytest.fixture(scope="session")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("zoo")
    (folder / "vocabulary.yaml").write_text(VOCABULARY, encoding="utf-8")
    (folder / "events.yaml").write_text(EVENTS, encoding="utf-8")
    modes = folder / "failure_modes"
    modes.mkdir()
    for name, values in MODES.items():
        (modes / f"{name}.yaml").write_text(MODE.format(id=name, **values), encoding="utf-8")
    return folder


@pytest.fixture
def run(
    environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Runs the command line in this process, which saves its start: arguments and standard input in, result out."""
    for name in [name for name in os.environ if name not in environment]:
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)

    def call(
        *arguments: object, stdin: bytes | str = b"", env: Mapping[str, str] | None = None
    ) -> "subprocess.CompletedProcess[str]":
        words = [str(argument) for argument in arguments]
        kept = os.dup(0)
        with tempfile.TemporaryFile() as file:
            file.write(stdin.encode("utf-8", "surrogateescape") if isinstance(stdin, str) else stdin)
            file.seek(0)
            os.dup2(file.fileno(), 0)
            with open(0, encoding="utf-8", closefd=False) as opened, monkeypatch.context() as patch:
                patch.setattr(sys, "stdin", opened)
                for name, value in (env or {}).items():
                    patch.setenv(name, value)
                try:
                    with pytest.raises(SystemExit) as ended:
                        main(words)
                finally:
                    os.dup2(kept, 0)
                    os.close(kept)
        output = capsys.readouterr()
        code = ended.value.code
        assert isinstance(code, int)
        return subprocess.CompletedProcess(words, code, output.out, output.err)

    return call


@pytest.fixture
def start(environment: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., "subprocess.Popen[bytes]"]]:
    """Starts the program with pipes; whatever is still running at the end of the test is killed."""
    started: list[subprocess.Popen[bytes]] = []

    def call(*arguments: object, **changes: str) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(
            [sys.executable, "-m", "loganalyzer", *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment | changes,
            cwd=tmp_path,
        )
        started.append(process)
        return process

    yield call
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()
