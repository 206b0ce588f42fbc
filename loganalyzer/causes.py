"""
Root causes: which incident is a consequence of which.

A cause explains while it is open and for `explains_within` after its end (after its last evidence, if nothing can
end it); consequences that were logged up to `explains_before` earlier count too. What was never more than info
explains nothing: a short hiccup must not hide an outage. The most proximate cause wins, so that chains keep their
links.
"""

from __future__ import annotations

from collections import deque

from loganalyzer.incident import LiveIncident
from loganalyzer.model import Severity
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
        changed = []
        for name in incident.mode.explains:
            for consequence in self._recent.get(name, ()):
                if consequence is incident or not self._explains(incident, consequence):
                    continue
                if consequence.cause is None or self._depth[incident.mode.id] > self._depth[consequence.cause.mode.id]:
                    _attach(consequence, incident)
                    changed.append(consequence)
        return changed

    def _cause_of(self, incident: LiveIncident) -> LiveIncident | None:
        found = [
            cause
            for name in self._explainers.get(incident.mode.id, ())
            for cause in self._recent.get(name, ())
            if self._explains(cause, incident)
        ]
        return max(found, key=lambda cause: (self._depth[cause.mode.id], cause.first_clock, cause.id), default=None)

    def _explains(self, cause: LiveIncident, consequence: LiveIncident) -> bool:
        mode = cause.mode
        if cause.peak < Severity.WARNING:
            return False
        if consequence.first_clock < cause.first_clock - mode.explains_before:
            return False
        end = cause.end_clock if mode.resolve else cause.last_clock
        if end is not None and consequence.first_clock > end + mode.explains_within:
            return False
        return _compatible(cause, consequence)


def _attach(consequence: LiveIncident, cause: LiveIncident | None) -> None:
    if consequence.cause is not None:
        consequence.cause.consequences.remove(consequence)
    consequence.cause = cause
    if cause is not None:
        cause.consequences.append(consequence)


def _compatible(one: LiveIncident, other: LiveIncident) -> bool:
    """Do the keys agree where both name something? What is unknown fits everything."""
    ours = dict(zip(one.mode.key, one.key, strict=True))
    return all(
        ours.get(name) is None or value is None or ours[name] == value
        for name, value in zip(other.mode.key, other.key, strict=True)
    )


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
