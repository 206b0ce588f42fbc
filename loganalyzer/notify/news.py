"""
What is worth a message: problems that open, get worse and end, while they happen.

Enters: transitions. Leaves: messages about incidents that are severe enough. Consequences are named in the message of
their cause and get none of their own while it is open; a cause that is found late is told once, and what was told
before counts as its consequence from then on. What happens at once is compared, not retold: an incident that opens and
ends within one piece of input is no news. Refuses what is undecided, and a replay: until the log is live nothing is
told, and then the state that it has led to, in one message. Memory: the open incidents, at most `MAX_OPEN`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from loganalyzer.api import rank
from loganalyzer.model import Incident, Severity, Status, Transition
from loganalyzer.notify import messages
from loganalyzer.notify.messages import Message
from loganalyzer.outputs.base import View

MAX_OPEN = 10_000

Told = tuple[dict[str, Incident], dict[str, Severity], dict[str, Incident], bool]
"""What is open, how severe it was when it was told, what is held back, and whether the log was live."""


class News:
    """Decides what is told, and remembers what was."""

    def __init__(self, view: View, least: Severity) -> None:
        self._view = view
        self._least = least
        self._open: dict[str, Incident] = {}
        self._told: dict[str, Severity] = {}
        """How severe each open incident was when it was told."""
        self._held: dict[str, Incident] = {}
        """What changed before the log was live."""
        self._was_live = False

    @property
    def held(self) -> int:
        """Incidents that are open and were not told because the log is not live."""
        return sum(incident.severity >= self._least for incident in self._held.values())

    def recall(self, transitions: Sequence[Transition]) -> None:
        """Takes what was told by another run."""
        for _ in self.take(transitions, live=self._was_live):
            pass

    def memory(self) -> Told:
        """What another one has to `remember`, so that nobody is told twice and every end is told."""
        return self._open, self._told, self._held, self._was_live

    def remember(self, memory: Told) -> None:
        """Goes on where another one was."""
        self._open, self._told, self._held, self._was_live = memory

    def take(self, transitions: Sequence[Transition], *, live: bool) -> list[Message]:
        """What is to be told; nothing until the log is live."""
        latest = {t.incident.id: t.incident for t in transitions}
        changed = {name: one for name, one in latest.items() if one.status is not Status.UNDECIDED}
        for name, incident in latest.items():
            if incident.status is Status.OPEN:
                self._open[name] = incident
            else:
                self._open.pop(name, None)
                self._held.pop(name, None)
                if incident.status is Status.UNDECIDED:
                    self._told.pop(name, None)
        self._forget()
        if not live:
            self._held |= {name: incident for name, incident in changed.items() if name in self._open}
            return []
        found = list(self._tell(self._held | changed))
        self._held.clear()
        if len(found) > 1 and not self._was_live:
            found = [messages.together(found, "incidents are open")]
        self._was_live = True
        return found

    def _tell(self, changed: dict[str, Incident]) -> Iterator[Message]:
        below: dict[str, list[Incident]] = {}
        for incident in self._open.values() if changed else ():
            if incident.caused_by is not None:
                below.setdefault(incident.caused_by, []).append(incident)
        for incident in rank(list(changed.values())):
            before = self._told.get(incident.id)
            if incident.status is not Status.OPEN:
                if self._told.pop(incident.id, None) is not None and not self._is_folded(incident):
                    yield messages.resolved(incident, self._release(incident, below), self._view)
            elif incident.id not in self._open or incident.severity < self._least or self._is_folded(incident):
                continue
            elif before is None or before < incident.severity:
                self._told[incident.id] = incident.severity
                tell = messages.opened if before is None else messages.worse
                yield tell(incident, self._consequences(incident, below), self._view)

    def _is_folded(self, incident: Incident) -> bool:
        """Is one of the causes above it open and told?"""
        seen = {incident.id}
        cause = incident.caused_by
        while cause is not None and cause not in seen and cause in self._open:
            if cause in self._told:
                return True
            seen.add(cause)
            cause = self._open[cause].caused_by
        return False

    def _consequences(self, incident: Incident, below: dict[str, list[Incident]]) -> list[Incident]:
        """The open ones below it, all the way down."""
        found: dict[str, Incident] = {}
        above = [incident.id]
        while above:
            fresh = [one for name in above for one in below.get(name, ()) if one.id not in found]
            found |= {one.id: one for one in fresh}
            above = [one.id for one in fresh]
        found.pop(incident.id, None)
        return list(found.values())

    def _release(self, incident: Incident, below: dict[str, list[Incident]]) -> list[Incident]:
        """The consequences that outlast their cause: its last message names them, and their own end is told."""
        lasting = [one for one in self._consequences(incident, below) if one.severity >= self._least]
        self._told |= {one.id: one.severity for one in lasting}
        return lasting

    def _forget(self) -> None:
        while len(self._open) > MAX_OPEN:
            oldest = next(iter(self._open))
            for known in (self._open, self._told, self._held):
                known.pop(oldest, None)
