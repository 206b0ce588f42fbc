"""
Root causes: which incident is a consequence of which.

A cause explains while it is open and for `explains_within` after its end (after its last evidence, if nothing can
end it); consequences that were logged up to `explains_before` earlier count too. What was never more than info
explains nothing, since a short hiccup must not hide an outage, nor does what is undecided. The most proximate cause
wins, so that chains keep their links.
"""

from __future__ import annotations

from collections import deque

from loganalyzer.incident import LiveIncident
from loganalyzer.model import Severity, Status
from loganalyzer.packs.schema import FailureMode

MAX_REMEMBERED = 200
"""Incidents of one mode that are looked at for cause and consequence; bounds the work for hostile logs."""


class Causes:
    """Remembers incidents by mode and finds causes."""

    def __init__(self, modes: dict[str, FailureMode]) -> None:
        self._explainers: dict[str, list[str]] = {name: [] for name in modes}
        for mode in modes.values():
            for consequence in mode.explains:
                self._explainers.setdefault(consequence, []).append(mode.id)
        self._depth = _depths(self._explainers)
        self._shared: dict[tuple[str, str], tuple[tuple[int, int], ...]] = {}
        """Positions of the parts that the keys of a cause and of a consequence have in common, by their modes."""
        self._recent: dict[str, deque[LiveIncident]] = {}
        """
        Those that may turn out to be consequences, by mode, in the order in which they were told of; that is the order
        of `LiveIncident.opened_clock`.
        """
        self._explaining: dict[str, list[LiveIncident]] = {}
        """Those that may still explain something, by mode."""
        self._longest = max((rule.within or 0 for mode in modes.values() for rule in mode.evidence), default=0)
        """How much earlier than its opening the first evidence of an incident can have come [logical ns]."""
        self._longest_before = {
            name: max((modes[cause].explains_before for cause in causes), default=0)
            for name, causes in self._explainers.items()
        }
        """How much earlier than the first evidence of a cause a consequence of each mode can have come [logical ns]."""

    def add(self, incident: LiveIncident) -> list[LiveIncident]:
        """Register a new incident, find its cause, and return earlier incidents that it turns out to have caused."""
        name = incident.mode.id
        since = incident.opened_clock - self._longest
        _attach(incident, self._cause_of(incident, since))
        if self._explainers[name]:
            self._recent.setdefault(name, deque(maxlen=MAX_REMEMBERED)).append(incident)
            self._let_go(name, since)
        if incident.mode.explains:
            self._explaining[name] = [*self._still_explaining(name, since), incident][-MAX_REMEMBERED:]
        return self.adopt(incident)

    def adopt(self, incident: LiveIncident) -> list[LiveIncident]:
        """The earlier incidents that an incident turns out to have caused, once it is severe enough to be a cause."""
        if not _is_cause(incident):
            return []
        changed = []
        depth = self._depth[incident.mode.id]
        earliest, latest = incident.explains_from, incident.explains_until
        for name in incident.mode.explains:
            found = []
            for consequence in reversed(self._recent.get(name, ())):
                if consequence.opened_clock < earliest:
                    break  # so was the first evidence of this one, and of all that opened before
                if not earliest <= consequence.first_clock <= latest:
                    continue
                known = consequence.cause
                if known is not None and depth <= self._depth[known.mode.id]:
                    continue
                if consequence is not incident and self._agree(incident, consequence):
                    found.append(consequence)
            for consequence in reversed(found):
                _attach(consequence, incident)
                changed.append(consequence)
        return changed

    def _cause_of(self, incident: LiveIncident, since: int) -> LiveIncident | None:
        moment = incident.first_clock
        found = [
            cause
            for name in self._explainers[incident.mode.id]
            for cause in self._still_explaining(name, since)
            if cause.explains_until >= moment >= cause.explains_from
            and _is_cause(cause)
            and self._agree(cause, incident)
        ]
        return max(found, key=lambda cause: (self._depth[cause.mode.id], cause.first_clock, cause.id), default=None)

    def _still_explaining(self, name: str, since: int) -> list[LiveIncident]:
        """Incidents of a mode that may explain what came since then; what has ended before never will again."""
        found = self._explaining.get(name)
        if not found:
            return []
        found = [one for one in found if one.explains_until >= since or one.status is not Status.RESOLVED]
        self._explaining[name] = found
        return found

    def _let_go(self, name: str, since: int) -> None:
        """
        Forget the incidents of a mode that can be nobody's consequence any more: neither of a cause that will be opened
        and has its first evidence `since` then, nor of one that is open and not sure or severe enough yet.
        """
        recent = self._recent[name]
        earliest = since - self._longest_before[name]
        if recent[0].opened_clock >= earliest:
            return
        for explainer in self._explainers[name]:
            for cause in self._explaining.get(explainer, ()):
                if cause.explains_from < earliest and cause.status is not Status.RESOLVED and not _is_cause(cause):
                    earliest = cause.explains_from
        while recent[0].opened_clock < earliest:
            recent.popleft()

    def _agree(self, cause: LiveIncident, consequence: LiveIncident) -> bool:
        """Do the keys agree where both name something?"""
        modes = cause.mode.id, consequence.mode.id
        shared = self._shared.get(modes)
        if shared is None:
            names = cause.mode.key
            pairs = [(names.index(name), at) for at, name in enumerate(consequence.mode.key) if name in names]
            shared = self._shared[modes] = tuple(pairs)
        ours, theirs = cause.key, consequence.key
        for one, other in shared:
            if ours[one] != theirs[other] and ours[one] is not None and theirs[other] is not None:
                return False
        return True


def _is_cause(incident: LiveIncident) -> bool:
    """Is it severe and sure enough to explain anything?"""
    return incident.peak >= Severity.WARNING and incident.status is not Status.UNDECIDED


def _attach(consequence: LiveIncident, cause: LiveIncident | None) -> None:
    if consequence.cause is not None and consequence in consequence.cause.consequences:
        consequence.cause.consequences.remove(consequence)
    consequence.cause = cause
    if cause is not None:
        if len(cause.consequences) >= MAX_REMEMBERED:  # what has ended does not keep a cause severe
            cause.consequences = [one for one in cause.consequences if one.status is Status.OPEN][-MAX_REMEMBERED:]
        cause.consequences.append(consequence)


def _depths(explainers: dict[str, list[str]]) -> dict[str, int]:
    """Longest chain of causes above each mode. Lint refuses cycles; here they only must not hang."""
    depths: dict[str, int] = {}

    def depth(name: str) -> int:
        if name not in depths:
            depths[name] = 0
            depths[name] = max((1 + depth(cause) for cause in explainers.get(name, ())), default=0)
        return depths[name]

    for name in explainers:
        depth(name)
    return depths
