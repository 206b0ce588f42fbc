"""Outputs: how what was found is written. A new one is a module and a line in `OUTPUTS`."""

from __future__ import annotations

from loganalyzer.model import Severity
from loganalyzer.outputs import csv, html, json, jsonl, markdown, table
from loganalyzer.outputs.base import Output, View

__all__ = ["DEFAULT_SEVERITY", "OUTPUTS", "WITH_ACTIVITY", "WITH_CONTEXT", "Output", "View"]

OUTPUTS: dict[str, Output] = {
    "table": table.render,
    "json": json.render,
    "jsonl": jsonl.render,
    "markdown": markdown.render,
    "html": html.render,
    "csv": csv.render,
}

DEFAULT_SEVERITY: dict[str, Severity] = {
    "table": Severity.WARNING,
    "text": Severity.WARNING,
    "markdown": Severity.WARNING,
    "html": Severity.WARNING,
    "json": Severity.INFO,
    "jsonl": Severity.INFO,
    "csv": Severity.INFO,
    "parquet": Severity.INFO,
}
"""The least severe incidents a format shows unless told otherwise: people want what to act on."""

WITH_ACTIVITY = frozenset({"html", "json", "markdown"})
"""Formats that also tell what went on beside the incidents."""
WITH_CONTEXT = frozenset({"html"})
"""Formats that show the lines around evidence."""
