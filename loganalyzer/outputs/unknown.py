"""
Groups of unknown lines: a table, with lines of each group as examples behind it, and their JSON forms.

Enters: groups in their order, which gives them their numbers. Leaves: masked text that fits the width, or JSON.
"""

from __future__ import annotations

import json as stdlib_json
from collections.abc import Iterator, Sequence

from loganalyzer import sanitize
from loganalyzer.model import Accounting, UnknownGroup
from loganalyzer.outputs import blocks
from loganalyzer.outputs.accounting import plural
from loganalyzer.outputs.base import View, day_and_time, zone_name
from loganalyzer.outputs.wire import UNKNOWN_REPORT, accounting_object, dumps, unknown_object

NARROWEST = 20
"""Least width of the column that is fitted, the template [characters]."""
TEMPLATE_WIDTH = 240
"""How much of a template a table shows [characters]."""
EXAMPLE_WIDTH = 400
NO_TEXT = "(no text)"


def table(groups: Sequence[UnknownGroup], accounting: Accounting, view: View) -> Iterator[str]:
    """Yields the table and the examples."""
    import tabulate

    if not groups:
        yield "No unknown warnings or errors.\n" if accounting.lines else "Nothing was read: the input is empty.\n"
        return
    headers = ["#", "level", "count", f"last seen ({zone_name(view.tz, groups[0].last_seen_ns)})", "subsystem"]
    rows = [
        [
            str(number),
            group.level,
            str(group.count),
            day_and_time(group.last_seen_ns, view.tz, seconds=False),
            sanitize.line(view.redact(group.subsystem or "-")),
            _words(sanitize.shorten(sanitize.line(view.redact(group.template)) or NO_TEXT, TEMPLATE_WIDTH)),
        ]
        for number, group in enumerate(groups, 1)
    ]
    headers.append("text")
    fitted = None
    if view.tablefmt is None:
        tabulate.MIN_PADDING = 0
        others = sum(max(map(len, column)) + 2 for column in list(zip(headers, *rows, strict=True))[:-1])
        fitted = [None] * 5 + [max(view.width - others, NARROWEST)]
    yield tabulate.tabulate(
        rows,
        headers=headers,
        tablefmt=view.tablefmt or "simple",
        disable_numparse=True,
        maxcolwidths=fitted,
        colalign=("right", "left", "right", "left", "left", "left"),
    )
    yield "\n"
    for number, group in enumerate(groups, 1):
        yield "\n"
        yield from (row + "\n" for row in _examples(number, group, view))


def json(groups: Sequence[UnknownGroup], accounting: Accounting, view: View) -> Iterator[str]:
    """Yields one document."""
    found = [unknown_object(number, group, view.redact) for number, group in enumerate(groups, 1)]
    document = {"schema": UNKNOWN_REPORT, "summary": accounting_object(accounting, view.redact), "groups": found}
    yield stdlib_json.dumps(document, ensure_ascii=True, allow_nan=False, indent=2) + "\n"


def jsonl(groups: Sequence[UnknownGroup], _accounting: Accounting, view: View) -> Iterator[str]:
    """Yields a line a group."""
    for number, group in enumerate(groups, 1):
        yield dumps(unknown_object(number, group, view.redact)) + "\n"


FORMATS = {"table": table, "json": json, "jsonl": jsonl}


def _examples(number: int, group: UnknownGroup, view: View) -> Iterator[str]:
    first = day_and_time(group.first_seen_ns, view.tz)
    last = day_and_time(group.last_seen_ns, view.tz)
    when = "" if first == "-" else f", {first}" if first == last else f", {first} to {last}"
    yield f"{number}. {group.level}, {plural(group.count, 'time')}{when}"
    for one in group.examples:
        place = f":{one.line}"
        yield "    " + blocks.tail(blocks.source(one.source, view.redact), view.width - 4 - len(place)) + place
        text = sanitize.shorten(sanitize.line(view.redact(one.text)) or NO_TEXT, EXAMPLE_WIDTH)
        yield from (row.text for row in blocks.prose(text, view, indent=6))


def _words(text: str) -> str:
    """A cell that tabulate does not take for a truth value: where it wraps, it makes True of the word False."""
    return f"{text} " if text == "False" else text
