"""
Where `follow` sends what it learns: the text or the JSON lines, and whatever else is asked for beside them.

A sink is told everything in order and must not block. A new one is a class here or in a module of its own, and a line
in `follow`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from loganalyzer.model import Accounting, Event, Severity, Status, Transition

if TYPE_CHECKING:
    from loganalyzer.api import Analyzer
    from loganalyzer.history import History
    from loganalyzer.outputs import View


MAX_SHOWN = 10_000
"""Open incidents that are remembered as written."""


class Sink:
    """Does nothing; sinks override what they care for."""

    def begin(self, analyzer: Analyzer) -> None:
        """The input is open, and `analyzer` will read it."""

    def event(self, event: Event) -> None:
        """An event, before the rules see it."""

    def show(self, transitions: Sequence[Transition], accounting: Accounting) -> None:
        """What was decided just now, at times nothing; called for every piece of input and after silence."""

    def end(self, accounting: Accounting) -> None:
        """The input has ended, or the user has ended it."""


class JsonLines(Sink):
    """Writes each transition as a JSON line, at once."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._shown: dict[str, None] = {}

    def show(self, transitions: Sequence[Transition], accounting: Accounting) -> None:
        """Writes what is severe enough, and everything that follows about it."""
        from loganalyzer.outputs.jsonl import transition_line

        for transition in transitions:
            incident = transition.incident
            if incident.severity < self._view.min_severity and incident.id not in self._shown:
                continue
            if incident.status is Status.OPEN:
                self._shown[incident.id] = None
                if len(self._shown) > MAX_SHOWN:
                    del self._shown[next(iter(self._shown))]
            else:
                self._shown.pop(incident.id, None)
            sys.stdout.write(transition_line(transition, self._view))
        sys.stdout.flush()


class Text(Sink):
    """Writes blocks and lines: in colour on a terminal, plain into a pipe, at once."""

    def __init__(self, view: View) -> None:
        from loganalyzer.cli.paper import printer
        from loganalyzer.outputs.text import Follower

        self._follower = Follower(view)
        self._print = printer()

    def show(self, transitions: Sequence[Transition], accounting: Accounting) -> None:
        """Writes what the transitions tell a reader."""
        for transition in transitions:
            self._print(self._follower.take(transition))

    def end(self, accounting: Accounting) -> None:
        """Writes the summary."""
        self._print(self._follower.summary(accounting))


class Reached(Sink):
    """Remembers whether an incident was ever as severe as `--fail-on` asks."""

    def __init__(self, limit: Severity | None) -> None:
        self._limit = limit
        self.yes = False

    def show(self, transitions: Sequence[Transition], accounting: Accounting) -> None:
        """Looks at what was decided; what is undecided does not count."""
        for transition in transitions:
            incident = transition.incident
            if self._limit is not None and incident.status is not Status.UNDECIDED:
                self.yes = self.yes or incident.severity >= self._limit


class Chronicle(Sink):
    """Keeps incidents in a history, as they open, change and end."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._told: str | None = None

    def show(self, transitions: Sequence[Transition], accounting: Accounting) -> None:
        """Writes the latest state of each incident; tells once when that fails."""
        if transitions:
            self._history.record({one.incident.id: one.incident for one in transitions}.values())
            self._tell()

    def end(self, accounting: Accounting) -> None:
        """Writes what could not be written before."""
        self._history.close()
        self._tell()

    def _tell(self) -> None:
        problem = self._history.problem
        if problem is not None and problem != self._told:
            print(f"The history is not written at the moment: {problem}", file=sys.stderr)
        self._told = problem
