"""The live screen as a user has it: in tmux, behind a shell with job control."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    shutil.which("tmux") is None and "LOGANALYZER_NO_SKIP" not in os.environ,
    reason="needs tmux; .ci/setup-system installs it",
)
SAMPLES = Path(__file__).parents[2] / "sample_logs"
CLOSED = SAMPLES / "whatsapp.session-terminated/twelve-retries/openclaw-logs.txt"
PATIENCE_S = 60.0
# Ends on Ctrl-C as if nothing had happened: a shell stops a line of commands if one of them dies of it.
FEED = """
import signal, sys, time
signal.signal(signal.SIGINT, lambda *_: sys.exit())
for line in open(sys.argv[1], "rb"):
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()
    time.sleep(0.02)
time.sleep(300)
"""


class Tmux:
    """A tmux server with one pane and a shell in it."""

    def __init__(self, socket: Path, environment: dict[str, str]) -> None:
        self._start = ["tmux", "-S", str(socket), "-f", os.devnull]
        subprocess.run(
            [*self._start, "new-session", "-d", "-s", "t", "-x", "80", "-y", "24"] + ["env 'PS1=READY> ' bash --norc"],
            env=environment | {"TERM": "xterm-256color"},
            check=True,
        )

    def call(self, *arguments: str) -> str:
        done = subprocess.run([*self._start, *arguments], capture_output=True, text=True, check=True)
        return done.stdout

    def type(self, *keys: str) -> None:
        self.call("send-keys", "-t", "t", *keys)

    def screen(self, *options: str) -> str:
        return self.call("capture-pane", "-p", "-t", "t", *options)

    def wait_for(self, wanted: str, timeout_s: float = PATIENCE_S) -> str:
        """What the pane shows, as soon as it fits the expression."""
        deadline = time.monotonic() + timeout_s
        while not re.search(wanted, text := self.screen(), re.MULTILINE):
            assert time.monotonic() < deadline, f"not on the screen: {wanted}\n{text}"
            time.sleep(0.1)
        return text


@pytest.fixture
def tmux(tmp_path: Path, environment: dict[str, str]) -> Iterator[Callable[..., Tmux]]:
    started: list[Tmux] = []

    def start(without: str = "") -> Tmux:
        settings = {name: value for name, value in environment.items() if name not in (without, "TMUX")}
        started.append(Tmux(tmp_path / "tmux", settings))
        return started[-1]

    yield start
    for server in started:
        server.call("kill-server")


@pytest.fixture
def command(tmp_path: Path) -> str:
    feeder = tmp_path / "feed.py"
    feeder.write_text(FEED)
    python = shlex.quote(sys.executable)
    return f"{python} {feeder} {CLOSED} | {python} -m loganalyzer; echo code=$?"


def test_a_session_in_tmux(tmux: Callable[..., Tmux], command: str) -> None:
    """A slow pipe: states and incidents, details, sizes, Ctrl-C with its exit code, and the shell is as before."""
    pane = tmux()
    pane.wait_for("READY>")
    pane.type(command, "Enter")
    text = pane.wait_for(r"^▸ error .* WhatsApp ends every session at once")
    assert "● whatsapp" in text
    assert len(text.rstrip("\n").splitlines()) == 24
    pane.wait_for("3 consequences")
    pane.type("Enter")
    pane.wait_for("^  Cause: The server ends the stream")
    pane.call("resize-window", "-t", "t", "-x", "40", "-y", "20")
    text = pane.wait_for(r"^↑↓  Esc back  p  \? help  q quit")
    assert len(text.rstrip("\n").splitlines()) == 20
    pane.type("Escape")
    pane.wait_for("^▸ err ")
    pane.call("resize-window", "-t", "t", "-x", "80", "-y", "24")
    pane.wait_for("Enter details  p pause")
    pane.type("C-c")
    text = pane.wait_for("code=130")
    assert "Summary: 4 incidents: 4 open" in pane.screen("-S", "-")
    pane.type("stty -a", "Enter")
    text = pane.wait_for("icanon")
    assert "-icanon" not in text
    assert "-echo " not in text


def test_stopped_in_the_background_and_back(tmux: Callable[..., Tmux], command: str) -> None:
    """Ctrl-Z gives the shell a usable terminal, bg reads on without drawing, fg brings the screen back."""
    pane = tmux()
    pane.wait_for("READY>")
    pane.type(command, "Enter")
    pane.wait_for("^▸ error ")
    pane.type("C-z")
    pane.wait_for(r"Stopped(?s:.*)READY>")
    pane.type("stty -a", "Enter")
    assert "-icanon" not in pane.wait_for("icanon")
    pane.type("bg", "Enter")
    pane.type("clear", "Enter")
    time.sleep(2.5)
    assert "── Incidents" not in pane.screen()
    pane.type("fg", "Enter")
    pane.wait_for("lines 95")
    pane.type("?")
    pane.wait_for("^── Help")
    pane.type("q")
    pane.wait_for("Summary: 4 incidents: 4 open")


@pytest.mark.parametrize("coloured", [True, False])
def test_colours_in_tmux(coloured: bool, tmux: Callable[..., Tmux], command: str) -> None:
    """Colours unless NO_COLOR is set; the selected row is reversed either way."""
    pane = tmux(without="NO_COLOR" if coloured else "")
    pane.wait_for("READY>")
    pane.type(command, "Enter")
    pane.wait_for("3 consequences")
    styled = pane.screen("-e")
    assert bool(re.search(r"\x1b\[(?:\d+;)*3[1-6](?:;\d+)*m", styled)) is coloured
    assert re.search(r"\x1b\[(?:\d+;)*7(?:;\d+)*m[^\n]{0,10}▸", styled)
    pane.type("q")
    pane.wait_for("Summary: 4 incidents")
