"""
An incident as a calm block of text: what it is, why, what proves it, what to do.

Enters: an incident and its consequences. Leaves: lines with a style each, safe for a terminal,
masked, wrapped to the width; `table` prints them plain, `text` in colour. Commands are never
wrapped, so that they can be copied. Refuses to flood: of long evidence the first and last lines.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from loganalyzer import sanitize
from loganalyzer.model import Accounting, Evidence, Incident, Severity, Status, Step
from loganalyzer.outputs.accounting import plural
from loganalyzer.outputs.base import Problem, View, day_and_time, zone_name
from loganalyzer.redact import Redactor

FIRST, LAST = 3, 2
"""Evidence lines shown from the start and from the end."""
EVIDENCE_ROWS = 3
"""Rows that one evidence line may take."""


class Line(NamedTuple):
    """A line of text with the name of its style (see `text.STYLES`)."""

    style: str
    text: str


def problem(found: Problem, view: View) -> Iterator[Line]:
    """Yields the whole block of a problem."""
    incident = found.incident
    yield from heading(incident, view)
    yield Line("plain", "")
    yield from prose(view.redact.about(incident.summary, incident.key), view, indent=2)
    yield from prose(f"Cause: {view.redact.about(incident.cause, incident.key)}", view, indent=2)
    yield Line("plain", "")
    yield Line("label", "  Evidence")
    yield from evidence(incident, view)
    if found.consequences:
        yield Line("plain", "")
        yield Line("label", "  Consequences (they should end with the cause)")
        for consequence in found.consequences:
            yield consequence_line(consequence)
    if incident.remediation:
        yield Line("plain", "")
        yield Line("label", "  What to do")
        yield from steps([view.redact.step(step, incident.key) for step in incident.remediation], view)
    if incident.references:
        yield Line("plain", "")
        yield Line("label", "  More")
        for reference in incident.references:
            yield Line("dim", f"    {sanitize.line(reference)}")


def heading(incident: Incident, view: View) -> Iterator[Line]:
    """Yields title, id and standing of an incident."""
    label = incident.severity.label
    title = sanitize.line(incident.title)
    rows = textwrap.wrap(title, max(view.width - len(label) - 2, 20)) or [""]
    yield Line(label, f"{label.upper()}  {rows[0]}")
    for row in rows[1:]:
        yield Line(label, " " * (len(label) + 2) + row)
    facts = [sanitize.line(incident.failure_mode), standing(incident, view)]
    facts.append(f"seen {plural(incident.count, 'time')}")
    facts.append(f"confidence {incident.confidence:.0%}")
    where = [f"{k} {v}" for k, v in view.redact.key(incident.key).items() if v is not None]
    for row in _wrap(", ".join(facts), view.width, 2):
        yield Line("dim", row)
    if where:
        for row in _wrap(sanitize.line(", ".join(where)), view.width, 2):
            yield Line("dim", row)


def standing(incident: Incident, view: View) -> str:
    """Says since when an incident is open, or how it ended."""
    since = _time(incident.first_seen_ns, view)
    if incident.status is Status.RESOLVED:
        end = _time(incident.resolved_at_ns, view)
        return f"resolved {end} (since {since})" if incident.resolved_at_ns else "resolved"
    if incident.status is Status.UNDECIDED:
        return f"undecided, the lines that would tell are not there (since {since})"
    return f"open since {since}" if incident.first_seen_ns is not None else "open"


def evidence(incident: Incident, view: View) -> Iterator[Line]:
    """Yields the first and last lines of evidence, each with its place in the log."""
    first, left_out, last = ends(incident)
    for one in first:
        yield from _evidence(one, incident, view)
    if left_out:
        yield Line("dim", f"    … {plural(left_out, 'more line')} …")
    for one in last:
        yield from _evidence(one, incident, view)


def ends(incident: Incident) -> tuple[Sequence[Evidence], int, Sequence[Evidence]]:
    """
    Gives the first lines of evidence, how many are left out behind them, and the last lines.

    A line that speaks for an incident in two ways, such as a refused client and a wrong token, is there once.
    """
    found = list({(one.source, one.line, one.text): one for one in incident.evidence}.values())
    if len(found) <= FIRST + LAST:
        return found, incident.evidence_omitted, ()
    left_out = len(found) - FIRST - LAST + incident.evidence_omitted
    return found[:FIRST], left_out, found[-LAST:]


def consequence_line(incident: Incident) -> Line:
    """Gives the line of an incident that is folded under its cause."""
    words = f"{sanitize.line(incident.failure_mode)} ({incident.severity.label}, {incident.status.value}"
    return Line("dim", f"    - {words}, {plural(incident.count, 'time')})")


def steps(remediation: Sequence[Step], view: View) -> Iterator[Line]:
    """Yields the numbered steps with commands, caution and check."""
    for index, step in enumerate(remediation, 1):
        mark = f"{index}. "
        indent = 4 + len(mark)
        rows = _wrap(sanitize.line(step.text), view.width, indent)
        yield Line("plain", " " * 4 + mark + rows[0].lstrip())
        yield from (Line("plain", row) for row in rows[1:])
        for command in step.commands:
            yield Line("command", " " * indent + "$ " + sanitize.line(command))
        for style, word, note in (
            ("caution", "Caution", step.caution),
            ("dim", "Check", step.verify),
        ):
            if note is not None:
                for row in _wrap(f"{word}: {sanitize.line(note)}", view.width, indent, 2):
                    yield Line(style, row)


def prose(text: str, view: View, indent: int, style: str = "plain") -> Iterator[Line]:
    """Yields text wrapped and indented."""
    for row in _wrap(sanitize.line(text), view.width, indent):
        yield Line(style, row)


def nothing_found(hidden: int, accounting: Accounting, least: Severity) -> Iterator[Line]:
    """Says that there is nothing to report, in how much, and what a lower bound would show."""
    if accounting.bytes == 0:
        # Not a word about incidents: silence is no proof of health.
        unread = "Nothing could be read." if accounting.problems else "Nothing was read: the input is empty."
        yield Line("warning", unread)
        return
    if 2 * accounting.undecodable > accounting.lines and not accounting.events:
        yield Line("warning", f"This is no log that can be read: {accounting.undecodable:,} of its lines are no text.")
        return
    if accounting.outside and accounting.outside == accounting.events:
        yield Line("warning", f"Nothing to judge: no event of {accounting.events:,} is inside --since and --until.")
        return
    yield Line("good", f"No incidents at {least.label} or above.")
    yield Line("dim", f"Looked at {plural(accounting.lines, 'line')}: {plural(accounting.events, 'event')}.")
    if hidden:
        yield hidden_line(hidden)


def hidden_line(hidden: int) -> Line:
    """Counts the incidents below the bound."""
    verb = "is" if hidden == 1 else "are"
    return Line("dim", f"{plural(hidden, 'incident')} below that {verb} hidden; --min-severity info shows all.")


def _evidence(one: Evidence, incident: Incident, view: View) -> Iterator[Line]:
    time = day_and_time(one.time_ns, view.tz)
    place = f":{one.line}" if time == "-" else f":{one.line}  {time}"
    place = "    " + tail(source(one.source, view.redact), view.width - 4 - len(place)) + place
    text = sanitize.line(view.redact.evidence(one, incident.key))
    yield Line("dim", place)
    rows = _wrap(sanitize.shorten(text, (view.width - 6) * EVIDENCE_ROWS), view.width, 6)
    if len(rows) > EVIDENCE_ROWS:
        rows = [
            *rows[: EVIDENCE_ROWS - 1],
            sanitize.shorten(rows[EVIDENCE_ROWS - 1] + " …", view.width),
        ]
    for row in rows:
        yield Line("plain", row)


def source(name: str, redact: Redactor) -> str:
    """Names the source of a line; standard input by its usual name."""
    return "stdin" if name == "-" else sanitize.line(redact(name))


def tail(path: str, width: int) -> str:
    """Cuts a path to its end, where the name of the file stands."""
    return path if len(path) <= width else "…" + path[1 - width :]


def _time(time_ns: int | None, view: View) -> str:
    text = day_and_time(time_ns, view.tz)
    return "an unknown time" if text == "-" else f"{text} {zone_name(view.tz, time_ns)}"


def _wrap(text: str, width: int, indent: int, hanging: int = 0) -> list[str]:
    first = " " * indent
    return textwrap.wrap(
        text,
        max(width, indent + 20),
        initial_indent=first,
        subsequent_indent=first + " " * hanging,
        break_on_hyphens=False,
    ) or [first]
