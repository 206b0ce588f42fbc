r"""
CSV: one line an incident or event, under the names of their columns.

Enters: the model. Leaves: UTF-8 with commas, quotes where needed and `\n` as line end; a missing value is an
empty cell, times are ISO 8601 in UTC with nine digits behind the point (pandas wants as many in every row),
lists and objects are JSON. Each row is one line: line breaks inside a text become `\n`, other control characters
their escapes. A text that a spreadsheet could take for a formula gets an apostrophe before it, and so does one that
begins with an apostrophe: leaving out the first one gives the text back.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from loganalyzer import columns, sanitize
from loganalyzer.columns import EVENT_COLUMNS, INCIDENT_COLUMNS, Column
from loganalyzer.model import Event
from loganalyzer.outputs.base import NS, Found, View, iso, visible

PAGE_EVENTS = 1000
FORMULA = tuple("=+-@\t\r＝＋－＠'")
"""Beginnings of formulas, as OWASP lists them; and the apostrophe, so that the guard can be undone."""


def render(found: Found, view: View) -> Iterator[str]:
    """Yields a header and a line an incident; the accounting goes to standard error."""
    shown = visible(found.incidents, view.min_severity)
    yield _lines([[column.name for column in INCIDENT_COLUMNS]])
    yield _rows(INCIDENT_COLUMNS, columns.incident_columns(shown, view.redact))


def event_lines(events: Iterable[Event], view: View) -> Iterator[str]:
    """Yields a header and a line an event, as they come."""
    yield _lines([[column.name for column in EVENT_COLUMNS]])
    stream = iter(events)
    while page := list(islice(stream, PAGE_EVENTS)):
        yield _rows(EVENT_COLUMNS, columns.event_columns(page, view.redact))


def guarded(text: str) -> str:
    """Makes a text safe in a cell: on one line, without control characters, and no formula."""
    text = sanitize.block(text).replace("\n", "\\n")
    return f"'{text}" if text.startswith(FORMULA) else text


def _rows(shape: Sequence[Column], lists: dict[str, list[Any]]) -> str:
    cells = [[_cell(column, value) for value in lists[column.name]] for column in shape]
    return _lines(zip(*cells, strict=True))


def _lines(rows: Iterable[Iterable[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _cell(column: Column, value: Any) -> str:
    if value is None:
        return ""
    match column.kind:
        case "text":
            return guarded(value)
        case "time":
            return _time(value) or ""
        case "texts" | "list":
            return json.dumps(_plain(column, value))
        case _:
            return str(value)


def _plain(column: Column, values: list[Any]) -> list[Any]:
    # Times inside of lists are texts as well.
    times = [part.name for part in column.parts if part.kind == "time"]
    return [value | {name: _time(value[name]) for name in times} for value in values] if times else values


def _time(time_ns: int | None) -> str | None:
    if time_ns is None or (second := iso(time_ns - time_ns % NS)) is None:
        return None
    return second.replace("+", f".{time_ns % NS:09d}+")
