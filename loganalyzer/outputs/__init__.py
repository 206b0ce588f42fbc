"""Outputs: how what was found is written. A new one is a module and a line in `OUTPUTS`."""

from __future__ import annotations

from loganalyzer.model import Severity
from loganalyzer.outputs import csv, json, jsonl, markdown, table
from loganalyzer.outputs.base import Output, View

__all__ = ["DEFAULT_SEVERITY", "OUTPUTS", "Output", "View"]

OUTPUTS: dict[str, Output] = {
    "table": table.render,
    "json": json.render,
    "jsonl": jsonl.render,
    "markdown": markdown.render,
    "csv": csv.render,
}

DEFAULT_SEVERITY: dict[str, Severity] = {
    "table": Severity.WARNING,
    "text": Severity.WARNING,
    "markdown": Severity.WARNING,
    "json": Severity.INFO,
    "jsonl": Severity.INFO,
    "csv": Severity.INFO,
    "parquet": Severity.INFO,
}
"""The least severe incidents a format shows unless told otherwise: people want what to act on."""
