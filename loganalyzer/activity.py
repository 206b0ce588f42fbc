"""
What went on in a log beside its incidents: states of channels, disconnects, what was done, which installation it was.

Enters: the events of a run, as an observer. Leaves: an `Activity`, small enough for a report. Decides nothing. Memory
is bounded whatever the input holds: where more happens than can be kept, resolution is given up, never a total.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from loganalyzer.channels import Channel
from loganalyzer.lanes import Lane, Lanes
from loganalyzer.model import Attributes, Event

if TYPE_CHECKING:
    from loganalyzer.pipeline import Fate
    from loganalyzer.tracking import Watch

SECOND = 1_000_000_000
BUCKETS = 96
"""Most buckets that the log is cut into to count disconnects."""
WIDTHS_S = (1, 5, 15, 60, 300, 900, 3600, 10_800, 21_600, 86_400, 604_800, 2_419_200)
"""Widths of a bucket [s]; each is a multiple of the one before. After the last one they double."""
MAX_SERIES = 100
"""Pairs of channel and code that are counted apart."""
SAME_CLOSE_NS = SECOND
"""Lines about one channel that close together are one close, logged twice [ns]."""
MAX_ACTIONS = 40
"""Actions kept from the start and the end each."""
MAX_NAMES = 50
"""Hosts and versions kept."""
MAX_DETAIL = 200
"""How much of an attribute of an action is kept [characters]."""

CLOSES = frozenset(
    {
        *("channel.disconnected", "channel.exited", "channel.logged_out", "channel.session_conflict"),
        *("channel.restart_required", "channel.client_rejected", "channel.forbidden", "channel.watchdog"),
    }
)
"""Events that tell of a connection that ended or was refused."""
STANDING = frozenset({"status", "status snapshot"})
"""Reasons of lines that only say again how a channel is."""
ACTIONS = frozenset(
    {
        *("config.changed", "config.reloaded", "gateway.restarting", "gateway.signal", "gateway.starting"),
        *("pairing.approved", "channel.qr_shown", "channel.linked", "system.unit_restarted", "update.failed"),
    }
)
"""Events that somebody, or a supervisor, brought about."""


class Action(NamedTuple):
    """Something that was done to the gateway; the same again at once is counted."""

    time_ns: int | None
    """Of the first [ns, UTC]."""
    event: str
    attributes: Attributes
    """Of the first."""
    times: int


class Close(NamedTuple):
    """How often connections of a channel ended with a code in a stretch of time."""

    start_ns: int
    """Of the bucket [ns, UTC]."""
    channel: str
    code: int | None
    """None where the lines name none, and for codes beyond `MAX_SERIES`."""
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """What a run saw, for people and reports."""

    first_ns: int | None
    """Of the earliest event [ns, UTC]."""
    last_ns: int | None
    hosts: tuple[str, ...]
    versions: tuple[str, ...]
    """Of OpenClaw, in the order in which they were seen."""
    lanes: tuple[Lane, ...]
    bucket_ns: int
    """Width of the buckets of `closes` [ns]."""
    closes: tuple[Close, ...]
    """By time, channel and code."""
    actions: tuple[Action, ...]
    actions_omitted: int
    """Actions in the middle that are not kept."""


class Recorder:
    """An observer of a run that collects its `Activity`."""

    def __init__(self) -> None:
        self.watches: dict[str, Watch] = {}
        self._first: int | None = None
        self._last: int | None = None
        self._hosts: dict[str, None] = {}
        self._versions: dict[str, None] = {}
        self._lanes = Lanes()
        self._closes = _Histogram()
        self._recent: dict[Channel, tuple[int, int | None]] = {}
        self._actions: list[Action] = []
        self._omitted = 0

    def event(self, event: Event, fate: Fate) -> None:
        """See `pipeline.Observer`."""
        if fate != "judged":
            return
        time_ns = event.time_ns
        if time_ns is not None:
            self._first = time_ns if self._first is None else min(self._first, time_ns)
            self._last = time_ns if self._last is None else max(self._last, time_ns)
        if event.host is not None and len(self._hosts) < MAX_NAMES:
            self._hosts[event.host] = None
        if event.type in ("gateway.version", "gateway.starting"):
            self._version(event)
        self._lanes.take(event)
        if event.type in CLOSES and time_ns is not None:
            self._close(event, time_ns)
        if event.type in ACTIONS:
            self._action(event)

    def activity(self) -> Activity:
        """Everything so far."""
        if self._first is not None and self._last is not None:
            self._closes.fit(self._first, self._last)
        return Activity(
            first_ns=self._first,
            last_ns=self._last,
            hosts=tuple(self._hosts),
            versions=tuple(self._versions),
            lanes=self._lanes.result(),
            bucket_ns=self._closes.width_ns,
            closes=self._closes.result(),
            actions=tuple(self._actions),
            actions_omitted=self._omitted,
        )

    def _version(self, event: Event) -> None:
        version = event.attributes.get("version")
        if version is not None and len(self._versions) < MAX_NAMES:
            self._versions[str(version)[:MAX_DETAIL]] = None

    def _close(self, event: Event, time_ns: int) -> None:
        name, account, code = (event.attributes.get(one) for one in ("channel", "account", "code"))
        if name is None or event.attributes.get("reason") in STANDING:
            return
        channel = Channel(event.host, str(name), None if account is None else str(account))
        code = code if isinstance(code, int) else None
        before = self._recent.pop(channel, None)
        self._recent[channel] = (time_ns, code)
        if len(self._recent) > MAX_SERIES:
            del self._recent[next(iter(self._recent))]
        if before is not None and 0 <= time_ns - before[0] <= SAME_CLOSE_NS and (code is None or code == before[1]):
            return
        self._closes.add(time_ns, channel.channel, code)

    def _action(self, event: Event) -> None:
        last = self._actions[-1] if self._actions else None
        if last is not None and last.event == event.type:
            self._actions[-1] = last._replace(times=last.times + 1)
            return
        details = {n: v[:MAX_DETAIL] if isinstance(v, str) else v for n, v in event.attributes.items()}
        if len(self._actions) >= 2 * MAX_ACTIONS:
            self._omitted += self._actions.pop(MAX_ACTIONS).times
        self._actions.append(Action(event.time_ns, event.type, details, 1))


@dataclass(slots=True)
class _Histogram:
    """Counts by time, channel and code; buckets widen until all of them fit."""

    width_ns: int = WIDTHS_S[0] * SECOND
    counts: dict[tuple[int, str, int | None], int] = field(default_factory=dict)
    _series: set[tuple[str, int | None]] = field(default_factory=set)
    _low: int = 0
    _high: int = 0

    def add(self, time_ns: int, channel: str, code: int | None) -> None:
        if (channel, code) not in self._series:
            if len(self._series) >= MAX_SERIES:
                channel, code = "other", None
            self._series.add((channel, code))
        bucket = time_ns // self.width_ns
        self._low, self._high = (min(self._low, bucket), max(self._high, bucket)) if self.counts else (bucket, bucket)
        key = (bucket, channel, code)
        self.counts[key] = self.counts.get(key, 0) + 1
        while self._high - self._low >= BUCKETS:
            self._widen()

    def fit(self, first_ns: int, last_ns: int) -> None:
        """Make buckets so wide that the whole log has no more of them than may be."""
        while last_ns // self.width_ns - first_ns // self.width_ns >= BUCKETS:
            self._widen()

    def _widen(self) -> None:
        wider = next((w * SECOND for w in WIDTHS_S if w * SECOND > self.width_ns), 2 * self.width_ns)
        times = wider // self.width_ns
        folded: dict[tuple[int, str, int | None], int] = {}
        for (bucket, channel, code), count in self.counts.items():
            key = (bucket // times, channel, code)
            folded[key] = folded.get(key, 0) + count
        self.counts, self.width_ns = folded, wider
        self._low, self._high = self._low // times, self._high // times

    def result(self) -> tuple[Close, ...]:
        ordered = sorted(self.counts.items(), key=lambda item: (item[0][:2], item[0][2] is None, item[0][2] or 0))
        return tuple(Close(b * self.width_ns, channel, code, n) for (b, channel, code), n in ordered)
