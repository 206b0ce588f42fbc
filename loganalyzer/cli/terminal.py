"""
The terminal as a screen and a keyboard, beside a log on standard input.

Enters: rows of styled text. Leaves: names of keys, and notices (a new size, stop, go on). It is opened anew, so that it
can be used without waiting: whoever holds the output with Ctrl-S, or a connection that hangs, holds no analysis. What
was drawn and did not change is not sent again. Left in order on every way out, however often `close` is called.
"""

from __future__ import annotations

import contextlib
import io
import os
import select
import signal
import sys
import termios
import time
from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from loganalyzer.cli.keys import ESCAPE_S, Keys

REPAINT_S = 2.0
"""After so long everything is sent again: other programs may have written to the screen [s]."""
PARTING_S = 1.0
"""Longest wait for a terminal that takes nothing, at the end [s]."""
ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[H\x1b[2J"
"""Alternate screen, no cursor; a row that is wider than we believe is cut and does not wrap."""
LEAVE = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l"
BEGIN, END = "\x1b[?2026h", "\x1b[?2026l"
"""Terminals that know these show a frame at once or not at all; others ignore them."""
PLAIN = str.maketrans("─│└●▸…·↑↓←", "-|`*>~.^v<")
"""For terminals without UTF-8."""


def unfit() -> str | None:
    """Says why there can be no live screen; None if there can."""
    if os.environ.get("TERM", "") in ("", "dumb", "unknown"):
        return "the terminal cannot place text (TERM)"
    try:
        if os.tcgetpgrp(1) != os.getpgrp():
            return "the program runs in the background"
        os.close(_open())
    except OSError:
        return "standard output is not the terminal that keys come from"
    return None


class Terminal:
    """The controlling terminal, which standard output must be."""

    def __init__(self) -> None:
        self._descriptor = _open()
        self._notices, self._notice = os.pipe()
        for end in (self._notices, self._notice):
            os.set_blocking(end, False)
        self.wakes = (self._descriptor, self._notices)
        """Descriptors that are readable when `read` has something to tell."""
        self._before: list[Any] | None = None
        """The state of the terminal to go back to."""
        self._is_ours = False
        self._unsent = b""
        self._sent: list[str] = []
        self._sent_all_s = 0.0
        self._keys = Keys()
        self._consoles: dict[tuple[int, int], Console] = {}
        self._handlers = {
            number: signal.signal(number, self._take_note)
            for number in (signal.SIGWINCH, signal.SIGTSTP, signal.SIGCONT)
        }

    def size(self) -> tuple[int, int]:
        """Width and height [cells]."""
        try:
            size = os.get_terminal_size(self._descriptor)
        except OSError:
            return 80, 24
        return size.columns or 80, size.lines or 24

    @property
    def patience_s(self) -> float | None:
        """How long to wait at most before the next `read` [s]; None if it does not matter."""
        return ESCAPE_S if self._keys.is_waiting else None

    def read(self) -> list[str]:
        """The keys that were pressed; `repaint` if the screen must be drawn again."""
        notices = b"".join(_received(self._notices))
        if signal.SIGTSTP in notices:
            self._suspend()
        if signal.SIGCONT in notices:
            self._is_ours = False  # whoever had the terminal meanwhile has changed it
        try:
            entered = not self._is_ours and os.tcgetpgrp(1) == os.getpgrp()
            if entered:
                self._enter()
            if not self._is_ours:
                return []  # `bg` after Ctrl-Z: the log is read on, the screen comes back with `fg`
            keys = [key for part in _received(self._descriptor) for key in self._keys.feed(part)]
        except (OSError, termios.error):
            return ["q"]  # the terminal is gone
        keys += self._keys.rest()
        if "repaint" in keys:
            self._sent = []
        return ["repaint", *keys] if notices or entered else keys

    def draw(self, rows: Sequence[Text], width: int, height: int) -> None:
        """Sends what has changed; nothing in the background, or while the last frame is still on its way."""
        if not self._is_ours or not self._flush():
            return
        console = self._console(width, height)
        with console.capture() as captured:
            for row in rows:
                console.print(row, no_wrap=True, overflow="ellipsis", crop=True)
        lines = captured.get().split("\n")[:height]
        now_s = time.monotonic()
        if len(lines) != len(self._sent) or now_s - self._sent_all_s > REPAINT_S:
            self._sent = []
            self._sent_all_s = now_s
        before = self._sent or ["\0"] * len(lines)
        changed = [
            # Behind a full row the cursor still stands on its last character, which must not be erased.
            f"\x1b[{number};1H{line}" + "\x1b[K" * (row.cell_len < width)
            for number, (row, line, old) in enumerate(zip(rows, lines, before, strict=True), 1)
            if line != old
        ]
        self._sent = lines
        if changed:
            self._send(BEGIN + "".join(changed) + END)

    def close(self) -> None:
        """Gives the terminal back as it was."""
        self._leave()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        for descriptor in (self._descriptor, self._notices, self._notice):
            with contextlib.suppress(OSError):
                os.close(descriptor)
        self._handlers = {}

    def _take_note(self, number: int, _frame: object) -> None:
        with contextlib.suppress(BlockingIOError):
            os.write(self._notice, bytes([number]))

    def _enter(self) -> None:
        if self._before is None:
            self._before = termios.tcgetattr(self._descriptor)
        ours = [*self._before[:6], list(self._before[6])]
        ours[3] &= ~(termios.ECHO | termios.ICANON)
        ours[6][termios.VMIN], ours[6][termios.VTIME] = 1, 0
        ours[6][termios.VQUIT] = b"\0"  # Ctrl-\ would end the program without a chance to tidy up
        termios.tcsetattr(self._descriptor, termios.TCSANOW, ours)
        self._is_ours = True
        self._sent = []
        self._send(ENTER)

    def _leave(self) -> None:
        before, self._before = self._before, None
        ours, self._is_ours = self._is_ours, False
        if before is None or not ours or not _is_foreground():
            return
        deadline_s = time.monotonic() + PARTING_S
        self._unsent += LEAVE.encode("ascii")
        while not self._flush() and time.monotonic() < deadline_s:
            select.select([], [self._descriptor], [], 0.1)
        with contextlib.suppress(termios.error):
            termios.tcsetattr(self._descriptor, termios.TCSANOW, before)

    def _suspend(self) -> None:
        """Stops as Ctrl-Z asks, and goes on as `fg` or `bg` asks."""
        self._leave()
        ours = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, ours)

    def _send(self, text: str) -> None:
        encoding = sys.stdout.encoding or "utf-8"
        if not encoding.lower().startswith("utf"):
            text = text.translate(PLAIN)
        self._unsent += text.encode(encoding, "replace")
        self._flush()

    def _flush(self) -> bool:
        """Sends what is left of earlier frames, as far as the terminal takes it; is nothing left?"""
        try:
            while self._unsent:
                self._unsent = self._unsent[os.write(self._descriptor, self._unsent) :]
        except BlockingIOError:
            return False
        except OSError:  # the terminal is gone; the signal that says so ends the program
            self._unsent = b""
        return True

    def _console(self, width: int, height: int) -> Console:
        """Styles for this terminal; `NO_COLOR` and `TERM` are respected."""
        if (width, height) not in self._consoles:
            self._consoles = {
                (width, height): Console(
                    file=io.StringIO(), force_terminal=True, width=width, height=height, highlight=False, emoji=False
                )
            }
        return self._consoles[width, height]


def _received(descriptor: int) -> Iterator[bytes]:
    """
    What has come on a descriptor, until there is nothing more for now.

    Errors:
        OSError: there will never be anything more.
    """
    while True:
        try:
            data = os.read(descriptor, 1024)
        except BlockingIOError:
            return
        if not data:
            raise OSError("hung up")
        yield data


def _is_foreground() -> bool:
    try:
        return os.tcgetpgrp(1) == os.getpgrp()
    except OSError:
        return False


def _open() -> int:
    """
    Opens the terminal of standard output once more, not to wait for it.

    Errors:
        OSError: there is none, or it is not ours.
    """
    os.tcgetpgrp(1)  # fails for a terminal that does not control this process
    flags = os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY
    try:
        return os.open(os.ttyname(1), flags)
    except OSError:
        return os.open("/dev/tty", flags)  # another user's, handed on by su
