"""
One JSON document: the accounting as `summary`, and the incidents.

Enters: the model. Leaves: indented ASCII. Refuses to stream; `jsonl` does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from loganalyzer.model import Accounting, Incident
from loganalyzer.outputs.base import View, visible
from loganalyzer.outputs.wire import REPORT, accounting_object, incident_object


def render(incidents: Sequence[Incident], accounting: Accounting, view: View) -> Iterator[str]:
    """Yields the document."""
    # First, since the summary counts what is masked in them.
    found = [incident_object(incident, view.redact) for incident in visible(incidents, view.min_severity)]
    document = {"schema": REPORT, "summary": accounting_object(accounting, view.redact), "incidents": found}
    yield json.dumps(document, ensure_ascii=True, allow_nan=False, indent=2) + "\n"
