"""
JSON lines: one incident, transition or event on each line.

Enters: the model. Leaves: lines of ASCII. Refuses to fold: `caused_by` says what belongs together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from loganalyzer.model import Accounting, Event, Incident, Transition
from loganalyzer.outputs.base import View, visible
from loganalyzer.outputs.wire import dumps, event_object, incident_object, transition_object


def render(incidents: Sequence[Incident], _accounting: Accounting, view: View) -> Iterator[str]:
    """Yields a line an incident; the accounting goes to standard error."""
    for incident in visible(incidents, view.min_severity):
        yield dumps(incident_object(incident, view.redact)) + "\n"


def transition_line(transition: Transition, view: View) -> str:
    """Gives the line of one transition."""
    return dumps(transition_object(transition, view.redact)) + "\n"


def event_line(event: Event, view: View) -> str:
    """Gives the line of one event."""
    return dumps(event_object(event, view.redact)) + "\n"
