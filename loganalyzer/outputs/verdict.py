"""
What a reader must know first: is something wrong, since when, and what to do about it.

Enters: the problems that are shown. Leaves: a few plain sentences, safe and masked, for every output that people read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from loganalyzer import sanitize
from loganalyzer.model import Accounting, Severity, Status, Step
from loganalyzer.outputs.accounting import plural
from loganalyzer.outputs.base import Problem, View, day_and_time, duration, zone_name
from loganalyzer.outputs.blocks import nothing_found


class Verdict(NamedTuple):
    """The answer to "what is wrong?"."""

    severity: Severity | None
    """Of the gravest problem; None if there is none."""
    headline: str
    """Half a sentence: `WhatsApp session logged out, must be linked again`."""
    when: str
    """Since when, and for how long as far as the log goes; empty without a problem."""
    summary: str
    first_step: Step | None
    """Of the ladder of the gravest problem."""
    others: int
    """Further problems."""


def verdict(
    problems: Sequence[Problem], hidden: int, accounting: Accounting, view: View, end_ns: int | None
) -> Verdict:
    """
    Puts the gravest problem into words.

    Args:
        hidden: Incidents below the bound.
        end_ns: When the log ends [ns, UTC], as far as it is known.
    """
    if not problems:
        first, *rest = (line.text for line in nothing_found(hidden, accounting, view.min_severity))
        return Verdict(None, first.removesuffix("."), "", " ".join(rest), None, 0)
    incident = problems[0].incident
    return Verdict(
        severity=incident.severity,
        headline=sanitize.line(incident.title),
        when=_when(problems[0], view, end_ns),
        summary=sanitize.line(view.redact.about(incident.summary, incident.key)),
        first_step=view.redact.step(incident.remediation[0], incident.key) if incident.remediation else None,
        others=len(problems) - 1,
    )


def others(found: Verdict) -> str:
    """Says how many further problems there are; empty if there is none."""
    return f"{plural(found.others, 'further problem')} below" if found.others else ""


def _when(problem: Problem, view: View, end_ns: int | None) -> str:
    incident = problem.incident
    start = incident.first_seen_ns
    if start is None or day_and_time(start, view.tz) == "-":
        return "at a time that the log does not tell"
    since = f"since {day_and_time(start, view.tz, seconds=False)} {zone_name(view.tz, start)}"
    if incident.status is Status.RESOLVED and incident.resolved_at_ns is not None:
        return f"{since}, over after {duration(incident.resolved_at_ns - start)}"
    return since if end_ns is None or end_ns - start < 60_000_000_000 else f"{since}, for {duration(end_ns - start)}"
