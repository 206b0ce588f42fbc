"""
Where `follow` sends what it learns: the text or the JSON lines, and whatever else is asked for beside them.

A sink is told everything in order and must not block. A new one is a class here or in a module of its own, and a line
in `follow`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from loganalyzer.model import Accounting, Event, Incident, Severity, Status, Transition

if TYPE_CHECKING:
    from loganalyzer.api import Analyzer
    from loganalyzer.history import History
    from loganalyzer.outputs import View
    from loganalyzer.outputs.shown import Shown


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

    def recall(self, transitions: Sequence[Transition], accounting: Accounting) -> None:
        """What a run before this one has shown already; with `--resume`."""

    def memory(self) -> object:
        """What the sink of another run has to `remember`; plain values and the classes of `resume.freeze`."""
        return None

    def remember(self, memory: Any) -> None:
        """Go on where a sink of the same class was, as its `memory` tells."""


class JsonLines(Sink):
    """Writes each transition as a JSON line, at once."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._shown: dict[str, None] = {}

    def show(self, transitions: Sequence[Transition], accounting: Accounting) -> None:
        """Writes what is severe enough, and everything that follows about it."""
        from loganalyzer.outputs.jsonl import transition_line

        for transition in transitions:
            if self._is_shown(transition.incident):
                sys.stdout.write(transition_line(transition, self._view))
        sys.stdout.flush()

    def recall(self, transitions: Sequence[Transition], accounting: Accounting) -> None:
        """See `Sink.recall`."""
        for transition in transitions:
            self._is_shown(transition.incident)

    def memory(self) -> list[str]:
        """Ids of the open incidents that were written."""
        return list(self._shown)

    def remember(self, memory: list[str]) -> None:
        """See `Sink.remember`."""
        self._shown = dict.fromkeys(memory)

    def _is_shown(self, incident: Incident) -> bool:
        if incident.severity < self._view.min_severity and incident.id not in self._shown:
            return False
        if incident.status is Status.OPEN:
            self._shown[incident.id] = None
            if len(self._shown) > MAX_SHOWN:
                del self._shown[next(iter(self._shown))]
        else:
            self._shown.pop(incident.id, None)
        return True


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

    def recall(self, transitions: Sequence[Transition], accounting: Accounting) -> None:
        """See `Sink.recall`."""
        for transition in transitions:
            self._follower.recall(transition)

    def memory(self) -> Shown:
        """What was written."""
        return self._follower.shown

    def remember(self, memory: Shown) -> None:
        """See `Sink.remember`."""
        memory.least = self._follower.shown.least
        self._follower.shown = memory

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

    def recall(self, transitions: Sequence[Transition], accounting: Accounting) -> None:
        """See `Sink.recall`."""
        self.show(transitions, accounting)

    def memory(self) -> bool:
        """Was it reached?"""
        return self.yes

    def remember(self, memory: bool) -> None:
        """See `Sink.remember`."""
        self.yes = memory


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

    def recall(self, transitions: Sequence[Transition], accounting: Accounting) -> None:
        """See `Sink.recall`; to write the same again changes nothing."""
        self.show(transitions, accounting)

    def end(self, accounting: Accounting) -> None:
        """Writes what could not be written before."""
        self._history.close()
        self._tell()

    def _tell(self) -> None:
        problem = self._history.problem
        if problem is not None and problem != self._told:
            print(f"The history is not written at the moment: {problem}", file=sys.stderr)
        self._told = problem
