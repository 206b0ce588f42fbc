"""
What state each channel is in, as its events tell.

Enters: events, in order. Leaves: a state for each channel and account, and the moments at which it changed. This is a
view for people (live screen, time line of a report) and decides nothing: incidents are judged by rules. Memory: one
entry for each of the last `MAX_CHANNELS` channels that said something.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from loganalyzer.model import Event

MAX_CHANNELS = 1000


class State(Enum):
    """How a channel is, from good to bad."""

    CONNECTED = "connected"
    CONNECTING = "connecting"
    DISCONNECTED = "disconnected"
    REFUSED = "refused"
    """The service or the credentials say no: trying again does not help."""
    STOPPED = "stopped"
    """The gateway that runs it has ended."""


class Channel(NamedTuple):
    """Names a channel."""

    host: str | None
    channel: str
    account: str | None


class Change(NamedTuple):
    """A channel entered a state."""

    channel: Channel
    state: State
    time_ns: int | None
    """[ns, UTC]."""
    code: int | None
    """Close code, if the event names one."""


STATES: dict[str, State] = {
    "channel.starting": State.CONNECTING,
    "channel.linked": State.CONNECTING,
    "channel.reconnect_attempt": State.CONNECTING,
    "channel.restart_attempt": State.CONNECTING,
    "channel.connected": State.CONNECTED,
    "channel.disconnected": State.DISCONNECTED,
    "channel.exited": State.DISCONNECTED,
    "channel.gave_up": State.DISCONNECTED,
    "channel.network_error": State.DISCONNECTED,
    "channel.watchdog": State.DISCONNECTED,
    "channel.auth_failed": State.REFUSED,
    "channel.client_rejected": State.REFUSED,
    "channel.forbidden": State.REFUSED,
    "channel.logged_out": State.REFUSED,
    "channel.not_linked": State.REFUSED,
    "channel.session_conflict": State.REFUSED,
}
KEPT = frozenset({(State.REFUSED, State.DISCONNECTED)})
"""A channel that is refused is also disconnected; only a new try leaves that state."""
ENDS = frozenset({"gateway.exited", "gateway.stopped"})


class Channels:
    """Follows the states of all channels."""

    def __init__(self) -> None:
        self._current: dict[Channel, Change] = {}

    def take(self, event: Event) -> list[Change]:
        """Takes the next event; what it changes, often nothing."""
        if event.type in ENDS:
            known = [channel for channel in self._current if _fits(event.host, channel.host)]
            return self._enter(known, State.STOPPED, event)
        state = STATES.get(event.type)
        name, account = (event.attributes.get(one) for one in ("channel", "account"))
        if state is None or name is None:
            return []
        told = Channel(event.host, str(name), None if account is None else str(account))
        known = [one for one in self._current if one.channel == told.channel and _fits(told.host, one.host)]
        if told.account is None:
            return self._enter(known or [told], state, event)  # speaks of every account of the channel
        nameless = [one for one in known if one.account is None]
        for one in nameless:
            self._current[told] = self._current.pop(one)._replace(channel=told)
        same = [one for one in known if one.account == told.account]
        return self._enter(same or [told], state, event)

    def current(self) -> list[Change]:
        """The last change of each channel, by name."""
        return sorted(self._current.values(), key=lambda change: tuple(map(str, change.channel)))

    def _enter(self, channels: list[Channel], state: State, event: Event) -> list[Change]:
        code = event.attributes.get("code")
        changes = []
        for channel in channels:
            before = self._current.get(channel)
            if before is not None and (before.state is state or (before.state, state) in KEPT):
                continue
            self._current.pop(channel, None)
            change = Change(channel, state, event.time_ns, code if isinstance(code, int) else None)
            self._current[channel] = change
            changes.append(change)
        while len(self._current) > MAX_CHANNELS:
            del self._current[next(iter(self._current))]
        return changes


def _fits(one: str | None, other: str | None) -> bool:
    return one is None or other is None or one == other
