"""
One JSON document with the whole run: the accounting as `summary`, the incidents, and what went on beside them.

Enters: the model. Leaves: indented ASCII. Refuses to stream; `jsonl` does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from loganalyzer.outputs.base import Found, View, visible
from loganalyzer.outputs.wire import REPORT, accounting_object, activity_object, incident_object


def render(found: Found, view: View) -> Iterator[str]:
    """Yields the document; `activity` is null if it was not collected."""
    shown = visible(found.incidents, view.min_severity)
    # Before the summary, which counts what is masked in them.
    activity = None if found.activity is None else activity_object(found.activity, view.redact)
    incidents = [incident_object(incident, view.redact) for incident in shown]
    document = {
        "schema": REPORT,
        "summary": accounting_object(found.accounting, view.redact),
        "activity": activity,
        "incidents": incidents,
    }
    yield json.dumps(document, ensure_ascii=True, allow_nan=False, indent=2) + "\n"
