"""
A report in Markdown, for tickets and chats.

Enters: incidents. Leaves: Markdown in which log text stands in code only, behind fences that it
cannot close, and every other text from outside is escaped. Refuses raw HTML.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from loganalyzer import sanitize
from loganalyzer.model import Accounting, Evidence, Incident, Step
from loganalyzer.outputs.accounting import plural
from loganalyzer.outputs.base import Problem, View, fold, visible, zone_name
from loganalyzer.outputs.blocks import ends, hidden_line, nothing_found, source, standing
from loganalyzer.outputs.table import overview

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~&])")
_BACKTICKS = re.compile(r"`+")
EVIDENCE_WIDTH = 400
"""Characters shown of one evidence line."""


def render(incidents: Sequence[Incident], accounting: Accounting, view: View) -> Iterator[str]:
    """Yields the report, section by section."""
    shown = visible(incidents, view.min_severity)
    problems = fold(shown)
    hidden = len(incidents) - len(shown)
    yield "# Incidents\n\n"
    if problems:
        table = View(redact=view.redact, tz=view.tz, tablefmt="github")
        yield overview(problems, table) + "\n"
    else:
        yield from (f"{line.text}\n" for line in nothing_found(hidden, accounting, view.min_severity))
    if problems and hidden:
        yield f"\n{hidden_line(hidden).text}\n"
    for problem in problems:
        yield from _section(problem, view)


def _section(problem: Problem, view: View) -> Iterator[str]:
    incident = problem.incident
    yield f"\n## {_escape(incident.title)}\n\n"
    yield f"{_code(incident.failure_mode)}, {incident.severity.label}, {standing(incident, view)}, "
    yield f"seen {plural(incident.count, 'time')}, confidence {incident.confidence:.0%}"
    key = [f"{k} {_code(v)}" for k, v in view.redact.key(incident.key).items() if v is not None]
    yield f", {', '.join(key)}.\n\n" if key else ".\n\n"
    yield f"{_escape(view.redact.about(incident.summary, incident.key))}\n\n"
    yield f"**Cause.** {_escape(view.redact.about(incident.cause, incident.key))}\n\n"
    yield f"**Evidence** (times in {zone_name(view.tz, incident.first_seen_ns)})\n\n"
    yield from _evidence(incident, view)
    if problem.consequences:
        yield "**Consequences**\n\n"
        for consequence in problem.consequences:
            yield f"- {_code(consequence.failure_mode)}, {consequence.severity.label}, "
            yield f"{consequence.status.value}, {plural(consequence.count, 'time')}\n"
        yield "\n"
    if incident.remediation:
        yield "**What to do**\n\n"
        for index, step in enumerate(incident.remediation, 1):
            yield from _step(index, view.redact.step(step, incident.key))
    if incident.references:
        yield "**More**\n\n"
        for reference in incident.references:
            yield f"- {_escape(reference)}\n"


def _evidence(incident: Incident, view: View) -> Iterator[str]:
    first, left_out, last = ends(incident)
    rows = [_evidence_row(one, incident, view) for one in first]
    if left_out:
        rows.append(f"… {plural(left_out, 'more line')} …")
    rows.extend(_evidence_row(one, incident, view) for one in last)
    yield _fence("\n".join(rows), "text") + "\n"


def _evidence_row(one: Evidence, incident: Incident, view: View) -> str:
    text = sanitize.shorten(sanitize.line(view.redact.evidence(one, incident.key)), EVIDENCE_WIDTH)
    return f"{source(one.source, view.redact)}:{one.line}  {text}"


def _step(index: int, step: Step) -> Iterator[str]:
    yield f"{index}. {_escape(step.text)}\n"
    if step.commands:
        fence = _fence("\n".join(sanitize.line(c) for c in step.commands), "sh")
        yield "\n" + "".join(f"   {row}\n" for row in fence.splitlines()) + "\n"
    if step.caution is not None:
        yield f"   **Caution:** {_escape(step.caution)}\n\n"
    if step.verify is not None:
        yield f"   Check: {_escape(step.verify)}\n\n"


def _escape(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", sanitize.line(text))


def _code(text: str) -> str:
    text = sanitize.line(text)
    ticks = "`" * (_longest_ticks(text) + 1)
    return f"{ticks} {text} {ticks}" if "`" in text else f"`{text}`"


def _fence(text: str, language: str) -> str:
    ticks = "`" * max(3, _longest_ticks(text) + 1)
    return f"{ticks}{language}\n{text}\n{ticks}\n"


def _longest_ticks(text: str) -> int:
    return max((len(run) for run in _BACKTICKS.findall(text)), default=0)
