"""
The states of each channel over time, as spells.

Enters: events, in order. Leaves: a lane for each channel. Memory: `MAX_LANES` lanes of `MAX_SPELLS` spells; where a
channel changes more often, changes that lie close together become one spell, which shows the worst of their states and
how many they were. So a short outage between two long calm spells is never lost, and neither is the calm.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from loganalyzer.channels import Change, Channel, Channels, State
from loganalyzer.model import Event

MAX_LANES = 30
MAX_SPELLS = 160
_BADNESS = {state: number for number, state in enumerate((State.CONNECTED, State.CONNECTING, State.STOPPED))} | {
    State.DISCONNECTED: 3,
    State.REFUSED: 4,
}


class Spell(NamedTuple):
    """A channel was in a state from here to the next spell, or to the end of the log."""

    start_ns: int
    """[ns, UTC]."""
    state: State
    """The worst, if it stands for several."""
    code: int | None
    """Close code that came with it."""
    changes: int
    """How many changes it stands for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """The life of a channel."""

    channel: Channel
    spells: tuple[Spell, ...]
    """By time."""


class Lanes:
    """Collects the lanes of all channels."""

    def __init__(self) -> None:
        self._channels = Channels()
        self._lanes: dict[Channel, list[Spell]] = {}

    def take(self, event: Event) -> None:
        """Takes the next event."""
        for change in self._channels.take(event):
            if change.time_ns is not None:
                self._enter(change, change.time_ns)

    def result(self) -> tuple[Lane, ...]:
        """The lanes so far, by name."""
        ordered = sorted(self._lanes.items(), key=lambda item: tuple(str(part or "") for part in item[0]))
        return tuple(Lane(channel=channel, spells=tuple(spells)) for channel, spells in ordered)

    def _enter(self, change: Change, time_ns: int) -> None:
        spells = self._lane(change.channel)
        if spells is None:
            return
        start = max(time_ns, spells[-1].start_ns) if spells else time_ns  # a step back in time counts as none
        spells.append(Spell(start, change.state, change.code, 1))
        if len(spells) > MAX_SPELLS:
            spells[:] = _merged(spells, 4 * (spells[-1].start_ns - spells[0].start_ns) // MAX_SPELLS + 1)

    def _lane(self, channel: Channel) -> list[Spell] | None:
        if channel not in self._lanes:
            nameless = channel._replace(account=None)
            if nameless in self._lanes:  # it has told its name since
                self._lanes[channel] = self._lanes.pop(nameless)
            elif len(self._lanes) < MAX_LANES:
                self._lanes[channel] = []
        return self._lanes.get(channel)


def _merged(spells: list[Spell], width_ns: int) -> list[Spell]:
    """Spells that begin within `width_ns` as one, followed by the state that came of it: at most two for each width."""
    groups: list[list[Spell]] = []
    for spell in spells:
        if groups and spell.start_ns - groups[-1][0].start_ns < width_ns:
            groups[-1].append(spell)
        else:
            groups.append([spell])
    merged: list[Spell] = []
    for group in groups:
        *restless, last = group
        if restless:
            worst = max(restless, key=lambda spell: _BADNESS[spell.state])
            merged.append(
                Spell(restless[0].start_ns, worst.state, worst.code, sum(spell.changes for spell in restless))
            )
        merged.append(last)
    return merged


def lengths(lane: Lane, end_ns: int) -> list[tuple[Spell, int]]:
    """Gives each spell of a lane with its end [ns, UTC]; that of the last one is the end of the log."""
    ends = [after.start_ns for _, after in pairwise(lane.spells)]
    return list(zip(lane.spells, [*ends, max(end_ns, lane.spells[-1].start_ns)], strict=True)) if lane.spells else []
