"""
Which incidents a reader of a live output has been told of.

Enters: incidents as transitions show them, in order. Leaves: the latest state of those that were shown. One below the
bound stays hidden until it rises above it; what was shown once is followed to its end. Memory: the incidents that are
open, and the last `REMEMBERED` that ended.
"""

from __future__ import annotations

from loganalyzer.model import Incident, Severity, Status

REMEMBERED = 200


class Shown:
    """Remembers what was shown, and counts what was not."""

    def __init__(self, least: Severity) -> None:
        """`least`: the bound; what is less severe stays hidden."""
        self.least = least
        self.incidents: dict[str, Incident] = {}
        """The latest state of each one, by id, in the order of their first showing."""
        self.hidden_count = 0
        self.forgotten_count = 0
        """Ended ones that are not remembered any more."""
        self._hidden: set[str] = set()

    def take(self, incident: Incident) -> bool:
        """Takes the state that a transition shows; is it to be shown?"""
        if incident.id not in self.incidents and incident.severity < self.least:
            if incident.id not in self._hidden:
                self.hidden_count += 1
            if incident.status is Status.OPEN:
                self._hidden.add(incident.id)
            else:
                self._hidden.discard(incident.id)
            return False
        self._hidden.discard(incident.id)
        self.incidents[incident.id] = incident
        if incident.status is not Status.OPEN:
            self._forget()
        return True

    def _forget(self) -> None:
        ended = [i.id for i in self.incidents.values() if i.status is not Status.OPEN]
        for name in ended[: max(len(ended) - REMEMBERED, 0)]:
            del self.incidents[name]
            self.forgotten_count += 1
