"""
The text of `follow`: a calm block when an incident opens, one line when it changes or ends.

Enters: transitions, in order. Leaves: styled lines. Which incidents are told of, and how many are remembered for the
summary, is up to `shown`.
"""

from __future__ import annotations

from collections.abc import Iterator

from loganalyzer import sanitize
from loganalyzer.model import Accounting, Incident, Status, Transition
from loganalyzer.outputs import blocks
from loganalyzer.outputs.accounting import number, plural
from loganalyzer.outputs.base import Problem, View, day_and_time, duration, fold
from loganalyzer.outputs.blocks import Line
from loganalyzer.outputs.shown import Shown
from loganalyzer.outputs.table import overview

STYLES = {
    "critical": "bold red reverse",
    "error": "bold red",
    "warning": "bold yellow",
    "info": "bold cyan",
    "good": "green",
    "label": "bold",
    "command": "cyan",
    "caution": "yellow",
    "dim": "dim",
    "plain": "",
}
"""Rich styles of `blocks.Line`."""


class Follower:
    """Turns transitions into lines, and remembers what it has shown."""

    def __init__(self, view: View) -> None:
        self._view = view
        self.shown = Shown(view.min_severity)
        """What was shown."""

    def recall(self, transition: Transition) -> None:
        """Takes a transition that was shown in another run."""
        self.shown.take(transition.incident)

    def take(self, transition: Transition) -> Iterator[Line]:
        """Yields what a transition tells the reader; often nothing."""
        incident = transition.incident
        before = self.shown.incidents.get(incident.id)
        if not self.shown.take(incident):
            return
        if transition.repeated:
            yield Line("dim", "(repeated: the run before this one may have told it)")
        if before is None:
            yield from self._opened(transition)
        else:
            yield from self._changed(transition, before)

    def summary(self, accounting: Accounting) -> Iterator[Line]:
        """Yields what the whole run came to."""
        yield from summary(self.shown, accounting, self._view)

    def _opened(self, transition: Transition) -> Iterator[Line]:
        incident = transition.incident
        cause = self.shown.incidents.get(incident.caused_by or "")
        if cause is not None:
            text = f"{incident.failure_mode} ({incident.severity.label}): follows from "
            yield self._line("dim", transition.time_ns, text + cause.failure_mode)
            return
        yield Line("plain", "")
        yield from blocks.problem(Problem(incident, ()), self._view)
        yield Line("plain", "")

    def _changed(self, transition: Transition, before: Incident) -> Iterator[Line]:
        incident = transition.incident
        folded = before.caused_by in self.shown.incidents and incident.caused_by in self.shown.incidents
        if folded and (incident.status, incident.severity) == (before.status, before.severity):
            return  # a consequence that only goes on is no news
        if incident.status is Status.RESOLVED:
            style, news = "good", "resolved" + _duration(incident)
        elif incident.status is Status.UNDECIDED:
            style, news = "dim", "undecided: lines that would tell are missing, or are yet to come"
        else:
            style, news = incident.severity.label, self._news(incident, before)
        yield self._line(style, transition.time_ns, f"{incident.failure_mode}: {news}")

    def _news(self, incident: Incident, before: Incident) -> str:
        news = []
        cause = self.shown.incidents.get(incident.caused_by or "")
        if incident.caused_by != before.caused_by and cause is not None:
            news.append(f"follows from {cause.failure_mode}")
        if incident.severity != before.severity:
            news.append(f"now {incident.severity.label}")
        news.append(f"seen {plural(incident.count, 'time')}")
        news.append(f"confidence {incident.confidence:.0%}")
        return ", ".join(news)

    def _line(self, style: str, time_ns: int | None, text: str) -> Line:
        text, time = sanitize.line(text), day_and_time(time_ns, self._view.tz)
        return Line(style, text if time == "-" else f"{time}  {text}")


def summary(shown: Shown, accounting: Accounting, view: View) -> Iterator[Line]:
    """Yields what a whole run came to."""
    incidents = list(shown.incidents.values())
    yield Line("plain", "")
    if not incidents:
        yield from blocks.nothing_found(shown.hidden_count, accounting, view.min_severity)
        return
    ended = {status: sum(i.status is status for i in incidents) for status in Status}
    counts = ", ".join(f"{n} {status.value}" for status, n in ended.items() if n)
    total = plural(len(incidents) + shown.forgotten_count, "incident")
    yield Line("label", f"Summary: {total}: {counts}")
    incidents.sort(key=lambda i: (-i.severity, i.first_seen_ns or 0, i.id))
    for row in overview(fold(incidents), view).splitlines():
        yield Line("plain", row)
    if shown.forgotten_count:
        yield Line("dim", f"{number(shown.forgotten_count)} older ones that ended are not listed.")
    if shown.hidden_count:
        yield blocks.hidden_line(shown.hidden_count)


def _duration(incident: Incident) -> str:
    if incident.first_seen_ns is None or incident.resolved_at_ns is None:
        return ""
    return f" after {duration(incident.resolved_at_ns - incident.first_seen_ns)}"
