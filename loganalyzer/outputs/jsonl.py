"""
JSON lines: one incident, transition or event on each line.

Enters: the model. Leaves: lines of ASCII. Refuses to fold: `caused_by` says what belongs together.
"""

from __future__ import annotations

from collections.abc import Iterator

from loganalyzer.model import Event, Transition
from loganalyzer.outputs.base import Found, View, visible
from loganalyzer.outputs.wire import dumps, event_object, incident_object, transition_object


def render(found: Found, view: View) -> Iterator[str]:
    """Yields a line an incident; the accounting goes to standard error."""
    for incident in visible(found.incidents, view.min_severity):
        yield dumps(incident_object(incident, view.redact)) + "\n"


def transition_line(transition: Transition, view: View) -> str:
    """Gives the line of one transition."""
    return dumps(transition_object(transition, view.redact)) + "\n"


def event_line(event: Event, view: View) -> str:
    """Gives the line of one event."""
    return dumps(event_object(event, view.redact)) + "\n"
