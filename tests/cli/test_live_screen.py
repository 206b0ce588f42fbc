"""The live screen in a real terminal: what it shows, what keys do, and that the terminal is given back."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from window import Window

from loganalyzer.cli import follow
from loganalyzer.cli.terminal import ENTER, LEAVE

Open = Callable[..., Window]

SAMPLE = Path(__file__).parents[2] / "sample_logs/whatsapp.session-terminated/twelve-retries/openclaw-logs.txt"
ESCAPED = b"2026-11-20T12:00:00.500+00:00 [zoo] zebra escaped with code 428\n"
CAUGHT = b"2026-11-20T12:05:00.000+00:00 [zoo] zebra is back home\n"
COLOUR = re.compile(rb"\x1b\[(?:\d+;)*(?:3[0-79]|4[0-79]|9\d|10\d)(?:;\d+)*m")
SOON_S = 10.0


@pytest.fixture
def window(environment: dict[str, str]) -> Iterator[Open]:
    """Opens windows with `loganalyzer follow` in them, and closes them."""
    opened: list[Window] = []

    def call(
        *arguments: object, before: str = "", width: int = 80, height: int = 24, without: str = "", **changes: str
    ) -> Window:
        code = f"{before}\nfrom loganalyzer.cli import main\nmain()"
        settings = environment | {"TERM": "xterm-256color"} | changes
        settings.pop(without, None)
        found = Window(["-c", code, "follow", *map(str, arguments)], settings, width, height)
        opened.append(found)
        return found

    yield call
    for found in opened:
        found.close()


def given_back(window: Window) -> bool:
    """Is the terminal as it was, with its cursor and its normal screen?"""
    return termios.tcgetattr(window.slave) == window.state and LEAVE.encode() in window.raw


def test_a_terminal_shows_channels_incidents_and_events(window: Open) -> None:
    """The screen says what is wrong while the pipe is open; keys lead to details and back; q ends with a summary."""
    shown = window()
    shown.send(SAMPLE.read_bytes())
    text = shown.wait_for(lambda text: all(words in text for words in ("12x", "lines 95", "12:16:31  channel.dis")))
    assert re.search(r"^loganalyzer  standard input +REPLAY$", text, re.MULTILINE)
    assert "● whatsapp default disconnected" in text
    assert re.search(r"^▸ error +\d+m +12x +95%  WhatsApp ends every session at once \(428\)", text, re.MULTILINE)
    assert "WhatsApp Web connection closed during setup (status 428)" in text
    assert re.search(r"^  12:16:31  channel.disconnected whatsapp", text, re.MULTILINE)
    assert "lines 95" in text
    shown.press("\r")
    shown.wait_for("Cause: The server ends the stream")
    shown.press("G")
    assert "terminal-disconnect" in shown.wait_for("end ─")
    shown.press("\x1b")
    shown.wait_for("── Events")
    shown.press("?")
    shown.wait_for("What follows from it is folded under it.")
    shown.press("q")
    assert shown.wait() == 0
    assert given_back(shown)
    after = shown.raw.rpartition(LEAVE.encode())[2]
    assert b"Summary: 4 incidents: 4 open" in after
    assert b"openclaw channels login --channel whatsapp --account default" in after
    assert b"95 lines" in after


def test_a_resolved_incident_moves_below_the_open_ones(window: Open, zoo: Path) -> None:
    """The screen follows transitions as they come."""
    shown = window("--patterns", zoo)
    shown.send(ESCAPED)
    shown.wait_for("▸ error")
    shown.send(CAUGHT)
    text = shown.wait_for("▸ resolved")
    assert "0 open, 1 ended" in text
    shown.end_input()
    assert shown.wait() == 0
    assert given_back(shown)
    assert b"Summary: 1 incident: 1 resolved" in shown.raw


@pytest.mark.parametrize("how", ["key", "terminate", "crash"])
def test_the_terminal_is_given_back_on_every_way_out(how: str, window: Open, zoo: Path) -> None:
    """Ctrl-C, a service manager and a bug leave no broken terminal; the exit codes are those of the text."""
    breaks = "from loganalyzer.outputs.screen import Screen\nScreen.press = lambda _, key, __: 1 / (key != 'j')"
    shown = window("--patterns", zoo, before=breaks if how == "crash" else "")
    shown.send(ESCAPED)
    shown.wait_for("▸ error")
    assert termios.tcgetattr(shown.slave) != shown.state
    if how == "terminate":
        shown.process.send_signal(signal.SIGTERM)
    else:
        shown.press("\x03" if how == "key" else "j")
    assert shown.wait(SOON_S) == (3 if how == "crash" else 130)
    assert given_back(shown)
    assert (b"Summary: 1 incident: 1 open" in shown.raw) is (how != "crash")


def test_a_second_signal_gives_the_terminal_back_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who cannot wait for the end in order still gets a usable terminal."""
    done: list[object] = []
    monkeypatch.setattr(os, "_exit", done.append)
    with follow.interruptions() as found:
        found.parting = lambda: done.append("parting")
        os.kill(os.getpid(), signal.SIGINT)
        assert (found.happened, done) == (True, [])
        os.kill(os.getpid(), signal.SIGINT)
    assert done == ["parting", 130]


def test_a_new_size_is_taken_at_once(window: Open) -> None:
    """40 columns show what matters; nothing is left of the wider screen."""
    shown = window()
    shown.send(SAMPLE.read_bytes())
    shown.wait_for("3 consequences")
    shown.resize(40, 15)
    text = shown.wait_for("▸ err ", SOON_S)
    lines = shown.wait_for(lambda text: "p  ? help  q quit" in text.splitlines()[-1], SOON_S).splitlines()
    assert len(lines) == 15
    assert all(len(line) <= 40 for line in text.splitlines())
    shown.resize(120, 40)
    shown.wait_for("whatsapp.flapping, whatsapp.disconnected, whatsapp.reconnect-exhausted", SOON_S)


@pytest.mark.parametrize("coloured", [True, False])
def test_no_color_is_respected(coloured: bool, window: Open, zoo: Path) -> None:
    """Colours only where they are wanted; the selection is seen without them."""
    shown = window("--patterns", zoo, without="NO_COLOR" if coloured else "")
    shown.send(ESCAPED)
    shown.wait_for("▸ error")
    assert bool(COLOUR.search(shown.raw)) is coloured
    assert re.search(rb"\x1b\[[\d;]*7[\d;]*m.{0,3}\xe2\x96\xb8", shown.raw)


@pytest.mark.parametrize(("options", "term"), [((), "dumb"), ((), ""), (("--no-live",), "xterm")])
def test_running_text_where_a_screen_is_not_possible_or_not_wanted(
    options: tuple[str, ...], term: str, window: Open, zoo: Path
) -> None:
    """The text of a pipe comes instead."""
    shown = window("--patterns", zoo, *options, TERM=term)
    shown.send(ESCAPED)
    shown.wait_for("The gate is open")
    shown.end_input()
    assert shown.wait() == 0
    assert ENTER.encode() not in shown.raw
    assert b"Summary: 1 incident: 1 open" in shown.raw


def test_a_screen_that_cannot_be_is_refused(cli: Callable[..., subprocess.CompletedProcess[bytes]], zoo: Path) -> None:
    """Whoever asks for a screen is told why there is none; nobody else gets one without a terminal."""
    for options, why in (((), b"no terminal"), (("--format", "jsonl"), b"jsonl")):
        done = cli("follow", "--live", *options, input=ESCAPED)
        assert done.returncode == 2
        assert why in done.stderr
    assert b"\x1b" not in cli("follow", "--patterns", zoo, input=ESCAPED).stdout


def test_a_terminal_that_takes_nothing_holds_no_analysis(window: Open, zoo: Path) -> None:
    """Ctrl-S, or a connection that hangs: the log is read on, and the producer is never blocked."""
    shown = window("--patterns", zoo)
    shown.send(ESCAPED)
    shown.wait_for("▸ error")
    began = time.monotonic()
    for number in range(40):  # nobody reads the screen meanwhile
        shown.send(ESCAPED.replace(b"12:00", b"12:%02d" % number) + b"".join(b"line %d\n" % n for n in range(5000)))
        time.sleep(0.05)
    assert time.monotonic() - began < SOON_S
    shown.wait_for("lines 200,041", SOON_S)


def test_what_others_write_on_the_screen_goes_away(window: Open, zoo: Path) -> None:
    """A producer whose errors go to the terminal spoils the screen for two seconds, Ctrl-L mends it at once."""
    shown = window("--patterns", zoo)
    shown.send(ESCAPED)
    shown.wait_for("▸ error")
    for mend in ("", "\x0c"):
        os.write(shown.slave, b"\x1b[3;1Hgarbage of another program\r\n\r\n")
        shown.wait_for("garbage")
        if mend:
            shown.press(mend)
        shown.wait_for(lambda text: "garbage" not in text and "▸ error" in text.splitlines()[4], SOON_S)


def test_hostile_text_stays_text(window: Open, zoo: Path) -> None:
    """Titles, colours, cursor movements and bidi marks in a log do nothing; wide characters keep to their row."""
    evil = "\x1b]0;owned\x07\x1b[2J\x1b[31m\u202e\u200b\r\x9b5A漢字漢字👩‍🔬" + "漢" * 200
    shown = window("--patterns", zoo)
    shown.send(ESCAPED.rstrip() + f" {evil}\n".encode())
    text = shown.wait_for("▸ error")
    assert "漢字漢字" in shown.wait_for("漢")
    for bad in ("owned\x07", "\x1b[2J\x1b[31m", "\u202e", "\u200b", "\x9b"):
        assert bad.encode() not in shown.raw.partition(ENTER.encode())[2]
    shown.press("\r")
    text = shown.wait_for("Evidence")
    assert len(text.splitlines()) == 24
    assert text.splitlines()[0].startswith("loganalyzer")
    assert text.splitlines()[-1].startswith("↑↓")


def test_what_is_secret_is_masked(window: Open, zoo: Path) -> None:
    """Numbers of people are masked on the list and in details."""
    shown = window("--patterns", zoo)
    shown.send(ESCAPED.rstrip() + b" from +4915112345678\n")
    shown.wait_for("<phone:")
    shown.press("\r")
    shown.wait_for("Evidence")
    shown.press("q")
    shown.wait()
    assert b"4915112345678" not in shown.raw


def test_a_paused_screen_stands_still_while_the_log_is_read(window: Open, zoo: Path) -> None:
    """p stops the picture and not the analysis; p again shows what has come."""
    shown = window("--patterns", zoo)
    shown.send(ESCAPED)
    shown.wait_for("▸ error")
    shown.press("p")
    shown.wait_for("PAUSED")
    shown.send(CAUGHT)
    time.sleep(1.5)
    assert "▸ error" in shown.wait_for("lines 1")
    shown.press("p")
    shown.wait_for("▸ resolved", SOON_S)
    shown.wait_for("lines 2")


def test_ages_move_while_the_log_is_silent(window: Open, zoo: Path) -> None:
    """The screen is drawn anew every second."""
    shown = window("--patterns", zoo)
    shown.send(ESCAPED)
    seconds = int(re.findall(r"up (\d+)s", shown.wait_for("up "))[0])
    shown.wait_for(lambda text: int(re.findall(r"up (\d+)s|$", text)[0] or 0) > seconds + 1, SOON_S)


def test_a_silent_producer_is_said_on_the_screen(window: Open) -> None:
    """The advice takes the place of incidents, instead of scrambling the screen."""
    shown = window(before="from loganalyzer.cli import follow\nfollow.SILENT_AFTER_S = 0.5")
    assert "WAITING" in shown.wait_for("The producer is silent")
    shown.press("q")
    assert shown.wait() == 0


def test_a_lost_window_ends_the_program(window: Open, zoo: Path) -> None:
    """Without its terminal the program ends, even if it was told to survive that."""
    ignore = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)"
    shown = window("--patterns", zoo, before=ignore)
    shown.send(ESCAPED)
    shown.wait_for("▸ error")
    process = shown.process
    os.close(shown._master)
    try:
        process.wait(SOON_S)
    finally:
        shown._master = os.open(os.devnull, os.O_RDONLY)
    assert process.returncode is not None


def test_a_short_input_flashes_no_screen(window: Open, zoo: Path) -> None:
    """What ends at once is summed up."""
    shown = window("--patterns", zoo, before="from loganalyzer.cli import live\nlive.FIRST_S = 60.0")
    shown.send(ESCAPED)
    shown.end_input()
    assert shown.wait() == 0
    assert ENTER.encode() not in shown.raw
    assert b"Close the gate." in shown.raw
    assert b"Summary: 1 incident: 1 open" in shown.raw


def test_the_screen_is_loaded_only_where_it_is_shown() -> None:
    """Help and a pipe need no terminal code."""
    code = "import sys; from loganalyzer.cli import follow; print('loganalyzer.cli.terminal' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
