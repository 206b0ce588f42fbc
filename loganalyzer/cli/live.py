"""
The live screen of `follow`: draws while the log is read, answers keys, and sums up when it is over.

The analysis comes first: drawing takes at most a `SHARE` of the time, and never waits for the terminal.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from loganalyzer.cli.paper import printer
from loganalyzer.cli.sinks import Sink
from loganalyzer.cli.terminal import Terminal
from loganalyzer.model import Accounting, Event, Transition
from loganalyzer.outputs import View, blocks
from loganalyzer.outputs.board import Board, Snapshot, is_open
from loganalyzer.outputs.screen import Screen
from loganalyzer.outputs.text import summary

if TYPE_CHECKING:
    from loganalyzer.api import Analyzer

FIRST_S = 0.3
"""An input that ends sooner is summed up without a screen that flashes by [s]."""
REFRESH_S = 0.1
"""Shortest time between two frames [s]."""
IDLE_S = 1.0
"""Longest time between two frames: ages and rates go on while the log is silent [s]."""
SHARE = 0.03
"""Of the time may go into drawing."""
REPORTED = 5
"""Problems that are open at the end and told in full."""


class Live(Sink):
    """Shows a run on the terminal."""

    def __init__(self, terminal: Terminal, source: str, view: View) -> None:
        started_s = time.monotonic()
        self._terminal = terminal
        self._view = view
        self._board = Board(source, view, started_s)
        self._screen = Screen(view)
        self._picture: Snapshot | None = None
        self._advice: str | None = None
        self._due_s = started_s + FIRST_S
        """When the next frame may be drawn."""
        self._is_stale = True
        self._seen_bytes = 0

    @property
    def _next_s(self) -> float:
        """When the next frame is drawn, unless a key is pressed."""
        return self._due_s if self._is_stale else self._due_s + IDLE_S - REFRESH_S

    @property
    def quitting(self) -> bool:
        """Has the reader asked to end?"""
        return self._screen.quitting

    @property
    def patience_s(self) -> float:
        """How long the log may be waited for before `show` must be called again [s]."""
        until = self._next_s - time.monotonic()
        keys = self._terminal.patience_s
        return max(until if keys is None else min(until, keys), 0.0)

    def begin(self, analyzer: Analyzer) -> None:
        """Takes what knows an open incident as it stands now; it grows between transitions."""
        self._board.current = analyzer.current

    def recall(self, transitions: Sequence[Transition], accounting: Accounting) -> None:
        """See `Sink.recall`."""
        self.show(transitions, accounting)

    def memory(self) -> object:
        """What stands on the screen."""
        return self._board.memory()

    def remember(self, memory: Any) -> None:
        """See `Sink.remember`."""
        self._board.remember(memory)

    def advise(self, text: str) -> None:
        """Takes advice to show as long as nothing was read."""
        self._advice = text

    def event(self, event: Event) -> None:
        """Takes an event."""
        self._board.event(event)

    def show(self, transitions: Sequence[Transition], accounting: Accounting) -> None:
        """Takes what was decided, answers keys, and draws if it is time."""
        self._board.take(transitions, time.time_ns())
        self._is_stale = self._is_stale or bool(transitions) or accounting.bytes != self._seen_bytes
        self._seen_bytes = accounting.bytes
        now_s = time.monotonic()
        if self._picture is None and now_s < self._due_s:
            return
        keys = self._terminal.read()
        if keys:
            picture = self._picture or self._take_picture(accounting, now_s)
            for key in keys:
                self._screen.press(key, picture)
        if keys or now_s >= self._next_s:
            self._draw(accounting, now_s)

    def end(self, accounting: Accounting) -> None:
        """Gives the terminal back, and writes what is open, and the summary."""
        self._terminal.close()
        write = printer()
        problems = [problem for problem in self._board.problems() if is_open(problem)]
        for problem in problems[:REPORTED]:
            write([blocks.Line("plain", ""), *blocks.problem(problem, self._view)])
        write(summary(self._board.shown, accounting, self._view))

    def _draw(self, accounting: Accounting, now_s: float) -> None:
        if not self._screen.paused or self._picture is None:
            self._picture = self._take_picture(accounting, now_s)
        width, height = self._terminal.size()
        self._terminal.draw(self._screen.rows(self._picture, width, height, self._advice), width, height)
        cost_s = time.monotonic() - now_s
        self._due_s = now_s + max(REFRESH_S, cost_s / SHARE)
        self._is_stale = False

    def _take_picture(self, accounting: Accounting, now_s: float) -> Snapshot:
        return self._board.snapshot(accounting, time.time_ns(), now_s)
