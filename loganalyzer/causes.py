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
        self._recent: dict[str, deque[LiveIncident]] = {}

    def add(self, incident: LiveIncident) -> list[LiveIncident]:
        """Register a new incident, find its cause, and return earlier incidents that it turns out to have caused."""
        self._recent.setdefault(incident.mode.id, deque(maxlen=MAX_REMEMBERED)).append(incident)
        _attach(incident, self._cause_of(incident))
        return self.adopt(incident)

    def adopt(self, incident: LiveIncident) -> list[LiveIncident]:
        """The earlier incidents that an incident turns out to have caused, once it is severe enough to be a cause."""
        changed = []
        depth = self._depth[incident.mode.id]
        for name in incident.mode.explains:
            for consequence in self._recent.get(name, ()):
                if not incident.explains_from <= consequence.first_clock <= incident.explains_until:
                    continue
                known = consequence.cause
                if known is not None and depth <= self._depth[known.mode.id]:
                    continue
                if consequence is not incident and _fits(incident, consequence):
                    _attach(consequence, incident)
                    changed.append(consequence)
        return changed

    def _cause_of(self, incident: LiveIncident) -> LiveIncident | None:
        found = [
            cause
            for name in self._explainers[incident.mode.id]
            for cause in self._recent.get(name, ())
            if cause.explains_from <= incident.first_clock <= cause.explains_until and _fits(cause, incident)
        ]
        return max(found, key=lambda cause: (self._depth[cause.mode.id], cause.first_clock, cause.id), default=None)


def _fits(cause: LiveIncident, consequence: LiveIncident) -> bool:
    """Is one severe and sure enough to be a cause, and do the keys agree where both name something?"""
    if cause.peak < Severity.WARNING or cause.status is Status.UNDECIDED:
        return False
    ours = dict(zip(cause.mode.key, cause.key, strict=True))
    for name, value in zip(consequence.mode.key, consequence.key, strict=True):
        own = ours.get(name)
        if own != value and own is not None and value is not None:
            return False
    return True


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
