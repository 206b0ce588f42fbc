"""
What the live screen knows, and a picture of it at a moment.

Enters: events, transitions and the accounting of a run, in order. Leaves: a `Snapshot`, which does not change any more
and is all that `screen` draws from. Taking things in is cheap, for every event of a fast stream comes by; sorting and
folding are left to the picture. Memory: channels, incidents as `shown` keeps them, the last `RECENT` events.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from loganalyzer.channels import Change, Channels
from loganalyzer.model import Accounting, Event, Incident, Status, Transition
from loganalyzer.outputs.base import NS, Problem, View, fold
from loganalyzer.outputs.shown import Shown

RECENT = 100
"""Events kept; no screen has more rows for them."""
GROWN = 100
"""Problems that are shown as they stand now; what is below them, as its last transition said."""
WINDOW_S = 5.0
"""What a rate is taken over [s]."""
STEP_S = 0.5
LIVE_NS = 60 * NS
"""A log whose lines are older than this when they arrive is replayed [ns]."""


class Counts(NamedTuple):
    """How much was read, or how much of it in a second."""

    bytes: float
    lines: float
    events: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Everything that a screen shows, as it was at one moment."""

    source: str
    running_s: float
    """Since the start of the program [s]."""
    log_ns: int | None
    """Time of the latest event [ns, UTC]."""
    lag_ns: int | None
    """How old that event was when it arrived [ns]; negative if its clock is ahead of ours."""
    clock_ns: int
    """What ages count from: the wall clock, less the lag, so that a replayed log has its own present [ns, UTC]."""
    total: Counts
    rate: Counts
    unknown_warnings: int
    unknown_errors: int
    unknown_kinds: int
    channels: tuple[Change, ...]
    problems: tuple[Problem, ...]
    """Open ones first, then by severity and age; consequences are folded under their cause."""
    open_count: int
    """Problems that are open."""
    hidden_count: int
    """Incidents below the bound."""
    events: tuple[Event, ...]
    """The last ones, the latest at the end."""

    @property
    def is_replay(self) -> bool:
        """Is the log read long after it was written?"""
        return self.lag_ns is not None and self.lag_ns > LIVE_NS


class Board:
    """Follows a run for the screen."""

    def __init__(self, source: str, view: View, started_s: float) -> None:
        """`started_s`: when the program began, on the clock that `snapshot` is given [s]."""
        self.shown = Shown(view.min_severity)
        self.current: Callable[[str], Incident | None] = _unknown
        """Gives an open incident as it stands now, by its id; it grows between transitions."""
        self._source = source
        self._started_s = started_s
        self._channels = Channels()
        self._events: deque[Event] = deque(maxlen=RECENT)
        self._arriving_ns: int | None = None
        self._log_ns: int | None = None
        self._lag_ns: int | None = None
        self._rates = _Rates(started_s)

    def event(self, event: Event) -> None:
        """Takes an event of the piece of input that is being read."""
        self._channels.take(event)
        self._events.append(event)
        if event.time_ns is not None and (self._arriving_ns is None or event.time_ns > self._arriving_ns):
            self._arriving_ns = event.time_ns

    def take(self, transitions: Sequence[Transition], wall_ns: int) -> None:
        """Takes what the piece of input decided; `wall_ns` is when it arrived [ns, UTC]."""
        for transition in transitions:
            self.shown.take(transition.incident)
        if self._arriving_ns is not None:
            self._log_ns, self._lag_ns = self._arriving_ns, wall_ns - self._arriving_ns
            self._arriving_ns = None

    def memory(self) -> tuple[Shown, Channels, deque[Event]]:
        """What another board has to `remember` to go on."""
        return self.shown, self._channels, self._events

    def remember(self, memory: tuple[Shown, Channels, deque[Event]]) -> None:
        """Goes on where another board was."""
        least = self.shown.least
        self.shown, self._channels, self._events = memory
        self.shown.least = least

    def problems(self) -> list[Problem]:
        """Gives what was shown, consequences under their cause, in the order in which to look at it."""
        return sorted(fold(list(self.shown.incidents.values())), key=_urgency)

    def snapshot(self, accounting: Accounting, wall_ns: int, now_s: float) -> Snapshot:
        """
        Takes a picture.

        Args:
            accounting: What was read so far.
            wall_ns: The wall clock [ns, UTC].
            now_s: A clock that never steps [s].
        """
        problems = self.problems()
        problems[:GROWN] = map(self._grown, problems[:GROWN])
        total = Counts(accounting.bytes, accounting.lines, accounting.events)
        return Snapshot(
            source=self._source,
            running_s=now_s - self._started_s,
            log_ns=self._log_ns,
            lag_ns=self._lag_ns,
            clock_ns=wall_ns - (self._lag_ns or 0),
            total=total,
            rate=self._rates.of(total, now_s),
            unknown_warnings=accounting.unknown_warnings,
            unknown_errors=accounting.unknown_errors,
            unknown_kinds=len(accounting.unknown_kinds),
            channels=tuple(self._channels.current()),
            problems=tuple(problems),
            open_count=sum(map(is_open, problems)),
            hidden_count=self.shown.hidden_count,
            events=tuple(self._events),
        )

    def _grown(self, problem: Problem) -> Problem:
        return problem._replace(incident=self.current(problem.incident.id) or problem.incident)


def _unknown(_name: str) -> None:
    return None


def is_open(problem: Problem) -> bool:
    """Is the cause open, or anything that follows from it?"""
    return any(i.status is Status.OPEN for i in (problem.incident, *problem.consequences))


def _urgency(problem: Problem) -> tuple[bool, bool, int, int, str]:
    incident = problem.incident
    ended = incident.status is not Status.OPEN
    return not is_open(problem), ended, -incident.severity, incident.first_seen_ns or 0, incident.id


class _Rates:
    """What was read in a second, over the last few."""

    def __init__(self, started_s: float) -> None:
        self._samples: deque[tuple[float, Counts]] = deque([(started_s, Counts(0, 0, 0))])

    def of(self, total: Counts, now_s: float) -> Counts:
        samples = self._samples
        while len(samples) > 1 and samples[1][0] <= now_s - WINDOW_S:
            samples.popleft()
        since, before = samples[0]
        if now_s - samples[-1][0] >= STEP_S:
            samples.append((now_s, total))
        passed = max(now_s - since, STEP_S)
        return Counts(*((now - then) / passed for now, then in zip(total, before, strict=True)))
