"""
What was done to a gateway, as far as its log tells: starts, restarts, changed settings, new links.

Enters: the actions of an `Activity`. Leaves: rows of a time and a few words, safe and masked.
"""

from __future__ import annotations

from typing import NamedTuple

from loganalyzer import sanitize
from loganalyzer.activity import Action, Activity
from loganalyzer.outputs.accounting import plural
from loganalyzer.outputs.base import View, day_and_time

WORDS = {
    "channel.linked": "Account linked",
    "channel.qr_shown": "Login code shown",
    "config.changed": "Configuration changed",
    "config.reloaded": "Configuration reloaded",
    "gateway.restarting": "Gateway restart asked for",
    "gateway.signal": "Signal to the gateway",
    "gateway.starting": "Gateway started",
    "pairing.approved": "Pairing approved",
    "system.unit_restarted": "Service restarted by systemd",
    "update.failed": "Update failed",
}
DETAIL_WIDTH = 160


class Deed(NamedTuple):
    """Something that was done."""

    time: str
    text: str
    detail: str
    """What the line tells about it; empty if nothing."""


def deeds(activity: Activity, view: View) -> tuple[list[Deed], int]:
    """Gives what was done, in the order of the log, and how many more there were in between."""
    return [_deed(action, view) for action in activity.actions], activity.actions_omitted


def _deed(action: Action, view: View) -> Deed:
    detail = ", ".join(f"{name} {value}" for name, value in view.redact.attributes(action.attributes).items())
    times = f" ({plural(action.times, 'time')})" if action.times > 1 else ""
    return Deed(
        day_and_time(action.time_ns, view.tz),
        WORDS.get(action.event, sanitize.line(action.event)) + times,
        sanitize.shorten(sanitize.line(detail), DETAIL_WIDTH),
    )
