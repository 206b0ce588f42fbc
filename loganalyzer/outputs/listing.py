"""
Evidence as pieces of its log: the lines that count, with their numbers, among the lines around them.

Enters: an incident and the lines that could be read again. Leaves: a listing for each stretch of one source, masked and
safe. Refuses to flood: of long evidence the first and last lines, as everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import NamedTuple

from loganalyzer import sanitize
from loganalyzer.model import Evidence, Incident, Nearby, NearbyLine
from loganalyzer.outputs.accounting import plural
from loganalyzer.outputs.base import View, day_and_time
from loganalyzer.outputs.blocks import ends, source

EVIDENCE_WIDTH = 400
"""Characters shown of a line of evidence."""
NEARBY_WIDTH = 200
"""Characters shown of a line around it."""


class Row(NamedTuple):
    """A line of a listing; `kind` is evidence, nearby, or gap (then only the text counts)."""

    kind: str
    number: int
    time: str
    text: str
    level: str


class Listing(NamedTuple):
    """Lines of one source, in its order."""

    source: str
    rows: list[Row]


def listings(incident: Incident, nearby: Mapping[tuple[str, int], Nearby], view: View) -> list[Listing]:
    """Gives the evidence of an incident, each line once; a listing ends where the source changes or time steps back."""
    first, left_out, last = ends(incident)
    found: list[tuple[str, dict[int, Row]]] = []
    gaps: dict[int, tuple[int, str]] = {}
    before: Evidence | None = None
    for index, one in enumerate((*first, *last)):
        if before is None or before.source != one.source or one.line < before.line:
            found.append((one.source, {}))
        rows = found[-1][1]
        around = nearby.get((one.source, one.line), Nearby((), ()))
        for line in (*around.above, *around.below):
            rows.setdefault(line.number, _nearby(line, view))
        rows[one.line] = _evidence(one, incident, view)
        if left_out and index == len(first) - 1:
            gaps[len(found) - 1] = (one.line, plural(left_out, "more line"))
        before = one
    return [
        Listing(source(name, view.redact), _with_gaps([rows[number] for number in sorted(rows)], gaps.get(index)))
        for index, (name, rows) in enumerate(found)
    ]


def _with_gaps(rows: list[Row], counted: tuple[int, str] | None) -> list[Row]:
    """Rows with a mark wherever lines are missing; the first one behind the line of `counted` says its text."""
    whole = rows[:1]
    for before, row in pairwise(rows):
        if row.number > before.number + 1:
            says = counted is not None and before.number >= counted[0]
            whole.append(Row("gap", 0, "", counted[1] if counted is not None and says else "", ""))
            counted = None if says else counted
        whole.append(row)
    return whole if counted is None else [*whole, Row("gap", 0, "", counted[1], "")]


def _evidence(one: Evidence, incident: Incident, view: View) -> Row:
    text = sanitize.line(view.redact.evidence(one, incident.key))
    time = day_and_time(one.time_ns, view.tz)
    return Row("evidence", one.line, time, sanitize.shorten(text, EVIDENCE_WIDTH), one.event)


def _nearby(line: NearbyLine, view: View) -> Row:
    text = sanitize.line(view.redact.nearby(line.text))
    time = day_and_time(line.time_ns, view.tz)
    return Row("nearby", line.number, time, sanitize.shorten(text, NEARBY_WIDTH), line.level or "")
