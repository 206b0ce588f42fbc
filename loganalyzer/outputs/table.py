"""
The default of `analyze`: a table of what is wrong, then a block for each root cause.

Enters: incidents. Leaves: text that reads calmly at 80 columns. Consequences stand below their
cause, in the table and in its block.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from loganalyzer import sanitize
from loganalyzer.model import Event, Incident
from loganalyzer.outputs import blocks
from loganalyzer.outputs.base import Found, Problem, View, day_and_time, fold, visible, zone_name
from loganalyzer.outputs.blocks import source, tail

DEFAULT_FORMAT = "simple"
NARROWEST = 20
"""Least width of the column that is fitted: failure mode or attributes [characters]."""
PLACE_WIDTH = 20
ATTRIBUTES_WIDTH = 400


def render(found: Found, view: View) -> Iterator[str]:
    """Yields the table and the blocks."""
    shown = visible(found.incidents, view.min_severity)
    problems = fold(shown)
    hidden = len(found.incidents) - len(shown)
    if not problems:
        yield from _plain(blocks.nothing_found(hidden, found.accounting, view.min_severity))
        return
    yield overview(problems, view) + "\n"
    for problem in problems:
        yield "\n" + "-" * min(view.width, 80) + "\n"
        yield from _plain(blocks.problem(problem, view))
    if hidden:
        yield "\n"
        yield from _plain(iter([blocks.hidden_line(hidden)]))


def overview(problems: Sequence[Problem], view: View) -> str:
    """Gives the table of all incidents shown, consequences behind their cause."""
    import tabulate

    first = problems[0].incident.first_seen_ns
    rows = []
    for problem in problems:
        rows.append(_row(problem.incident, "", view))
        rows.extend(_row(incident, "└ ", view) for incident in problem.consequences)
    headers = ["severity", "failure mode", f"since ({zone_name(view.tz, first)})", "status", "count", "conf"]
    fitted = None
    if view.tablefmt is None:
        tabulate.MIN_PADDING = 0  # its two blanks a heading would not fit into 80 columns
        widths = [max(map(len, column)) for column in zip(headers, *rows, strict=True)]
        others = sum(widths) - widths[1] + 2 * (len(widths) - 1)
        fitted = [None, max(view.width - others, NARROWEST), None, None, None, None]
    return tabulate.tabulate(
        rows,
        headers=headers,
        tablefmt=view.tablefmt or DEFAULT_FORMAT,
        disable_numparse=True,
        maxcolwidths=fitted,
        colalign=("left", "left", "left", "left", "right", "right"),
    )


def event_table(events: Sequence[Event], view: View) -> str:
    """Gives a table of events; in the plain table attributes are wrapped to the width."""
    import tabulate

    headers = [f"time ({zone_name(view.tz, events[0].time_ns)})", "event", "line", "attributes"]
    rows = []
    for event in events:
        attributes = view.redact.attributes(event.attributes).items()
        rows.append(
            [
                day_and_time(event.time_ns, view.tz),
                event.type,
                _place(event, view),
                sanitize.shorten(sanitize.line(" ".join(f"{k}={v}" for k, v in attributes)), ATTRIBUTES_WIDTH),
            ]
        )
    fitted = None
    if view.tablefmt is None:
        tabulate.MIN_PADDING = 0
        others = sum(max(map(len, column)) + 2 for column in list(zip(headers, *rows, strict=True))[:-1])
        fitted = [None, None, None, max(view.width - others, NARROWEST)]
    return tabulate.tabulate(
        rows, headers=headers, tablefmt=view.tablefmt or DEFAULT_FORMAT, disable_numparse=True, maxcolwidths=fitted
    )


def _place(event: Event, view: View) -> str:
    line = f":{event.span.line}"
    name = source(event.span.source, view.redact)
    return (tail(name, PLACE_WIDTH - len(line)) if view.tablefmt is None else name) + line


def _row(incident: Incident, mark: str, view: View) -> list[str]:
    return [
        incident.severity.label,
        mark + sanitize.line(incident.failure_mode),
        day_and_time(incident.first_seen_ns, view.tz, seconds=False),
        incident.status.value,
        str(incident.count),
        f"{incident.confidence:.0%}",
    ]


def _plain(lines: Iterator[blocks.Line]) -> Iterator[str]:
    for line in lines:
        yield line.text + "\n"
