"""
What missing lines make doubtful.

Enters: events that say that lines of a stream are missing (`log.gap`), and what the rules are about to decide. Leaves:
whether a decision needed lines that may be among the lost ones. An awaited line may have been lost, and so may one that
would have reset a count; a line that was read counts whatever is missing beside it. Memory: one gap for each source,
and the last decisions by silence.
"""

from __future__ import annotations

from typing import NamedTuple

from loganalyzer.correlate import Completion, Seen
from loganalyzer.incident import LiveIncident
from loganalyzer.model import READER, Event
from loganalyzer.packs.schema import EvidenceRule
from loganalyzer.tracking import Group

ANSWER_RECORDS = 200
"""An answer of `openclaw logs` holds so many records at most, unless `--limit` is given, and a first one that is cut
holds just as many."""
ANSWER_LINES = 600
"""They take so many lines at most, or nearly always: some records have several (a real answer had 313). What the client
tells of a gap comes below the lines of its answer, while the lost ones stood above them."""
CLOCK_SET = 1_800_000_000_000
"""Times that go back by so much are no disorder: a clock was wrong and has been set [ns]."""
MAX_SILENCES = 1000
"""Decisions by silence that can be taken back."""
_FIRST_ANSWER = "tail truncated"
"""Reason of the notice below the first answer that an older log is longer than what was asked for."""


class Gap(NamedTuple):
    """The latest gap of a source."""

    line: int
    """The first line below it, or the line that tells of it."""
    clock: int
    """[logical ns]."""


class Silence(NamedTuple):
    """An incident that nothing but silence has opened."""

    group: Group
    incident: LiveIncident
    source: str
    line: int
    """The last line of the source when its time was up."""
    due_ns: int | None
    """When that was, by the times of the log [ns, UTC]."""
    step: int
    """How far they had gone forward at once [ns]."""


class Gaps:
    """The gaps of all sources of a run."""

    def __init__(self) -> None:
        self.lines: dict[str, int] = {}
        """How far each source was read; kept by the classifier."""
        self._latest: dict[str, Gap] = {}
        self._silences: dict[str, Silence] = {}
        """By the id of the incident, the oldest first."""

    def take(self, event: Event, clock: int) -> list[Silence]:
        """Take a gap; gives the decisions by silence that it makes doubtful after all."""
        source, line = event.span.source, event.span.line
        is_first = source not in self._latest and event.attributes.get("reason") == _FIRST_ANSWER
        if is_first and ANSWER_RECORDS < line <= ANSWER_LINES:
            return []  # what is missing stood above everything
        self._latest[source] = Gap(line, clock)
        reach = 0 if event.format == READER else ANSWER_LINES
        return [one for one in self._silences.values() if one.source == source and one.line > line - reach]

    def taken_back(self, now_ns: int) -> list[Silence]:
        """The decisions by silence that rest on a leap of the clock, which has gone back to before they were due."""
        return [
            one
            for one in self._silences.values()
            if one.step >= CLOCK_SET and one.due_ns is not None and one.due_ns > now_ns
        ]

    def decided_by_silence(
        self, group: Group, incident: LiveIncident, awaited: Seen, due_ns: int | None, step: int
    ) -> None:
        """Remember that nothing but silence after an event has opened an incident; for the numbers see `Silence`."""
        source = awaited.event.span.source
        self._silences[incident.id] = Silence(group, incident, source, self.lines[source], due_ns, step)
        if len(self._silences) > MAX_SILENCES:
            del self._silences[next(iter(self._silences))]

    def ended(self, incident: LiveIncident) -> None:
        """What has ended is not taken back any more."""
        self._silences.pop(incident.id, None)

    def after(self, seen: Seen) -> Gap | None:
        """The latest gap of the source of an event, if it lies below the event."""
        gap = self._latest.get(seen.event.span.source)
        return gap if gap is not None and gap.line > seen.event.span.line else None

    def doubtful(self, rule: EvidenceRule, completion: Completion) -> bool:
        """May a lost line have kept these events from completing a rule?"""
        if not self._latest or not (rule.not_followed_by or rule.until):
            return False
        sure = [seen for seen in completion if self.after(seen) is None]
        if len(sure) == len(completion):
            return False
        if not rule.of:
            return True
        found = len(sure)
        if rule.distinct is not None:
            values = {seen.event.attributes.get(rule.distinct) for seen in sure}
            found = len(values - {None})
        return found < (rule.count or 1)
