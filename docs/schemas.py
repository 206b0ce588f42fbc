"""The columns of events and incidents as tables of the documentation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tabulate import tabulate

from loganalyzer.columns import EVENT_COLUMNS, INCIDENT_COLUMNS, Column

TYPES = {
    "time": "timestamp[ns, UTC]",
    "text": "string",
    "integer": "int64",
    "number": "double",
    "json": "string (JSON)",
    "texts": "list of string",
    "list": "list of struct",
}
COLUMNS = {"events": EVENT_COLUMNS, "incidents": INCIDENT_COLUMNS}


def schema(name: str) -> str:
    """The columns of `events` or `incidents`; parts of lists as `evidence[].line`."""
    return tabulate(_rows(COLUMNS[name], ""), ["column", "type", "null", "what it holds"], tablefmt="github") + "\n"


def _rows(columns: Sequence[Column], before: str) -> Iterator[list[str]]:
    for column in columns:
        name = before + column.name
        yield [f"`{name}`", TYPES[column.kind], "yes" if column.nullable else "", column.meaning]
        yield from _rows(column.parts, f"{name}[].")
