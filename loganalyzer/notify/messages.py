"""
What a notification says: the verdict first, then where and since when, the first thing to do, one line that proves it.

Enters: incidents. Leaves: messages, masked, without control characters and bounded in length; they go to chats and
pagers. Refuses steps with a caution (they belong where the caution is read too), and log text that would call people: a
chat takes `@everyone` for an order.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from loganalyzer import sanitize
from loganalyzer.model import Incident, Severity, Step
from loganalyzer.outputs import blocks
from loganalyzer.outputs.accounting import number, plural
from loganalyzer.outputs.base import View, day_and_time

TITLE_WIDTH = 120
LINE_WIDTH = 240
"""Characters of a title and of a line; a message has few enough lines to stay below the 2,000 that chats take."""
LISTED = 6
"""Incidents that a message names; the rest is counted."""
COMMANDS = 2
_MENTION = re.compile(r"@(?=\w)|<(?=[!@#&])")


class Message(NamedTuple):
    """A notification, ready to be sent."""

    id: str
    """Of the incident: a later word about it replaces one that still waits."""
    severity: Severity
    good: bool
    """Something has ended."""
    title: str
    body: str
    line: str
    """All of it in one line, for a message about several."""
    size: int = 1
    """How many incidents it speaks of."""


def opened(incident: Incident, affected: Sequence[Incident], view: View) -> Message:
    """
    An incident has opened.

    Args:
        affected: its consequences, which get no message of their own.
    """
    return _message(incident, incident.severity.label.upper(), _details(incident, affected, view), view)


def worse(incident: Incident, affected: Sequence[Incident], view: View) -> Message:
    """An incident that was told has become more severe."""
    return _message(incident, f"Now {incident.severity.label}", _details(incident, affected, view), view)


def resolved(incident: Incident, lasting: Sequence[Incident], view: View) -> Message:
    """
    An incident that was told has ended.

    Args:
        lasting: its consequences that are still open.
    """
    return _message(incident, "Resolved", [_where(incident, view), *_listed("Still open", lasting)], view, good=True)


def together(messages: Sequence[Message], head: str) -> Message:
    """Several messages as one, the worst first; `head` names what is counted: `more incidents`."""
    count = sum(message.size for message in messages)
    ended = sum(message.size for message in messages if message.good)
    ranked = sorted(messages, key=lambda message: (message.good, -message.severity))
    lines = [message.line for message in ranked[:LISTED]]
    if len(ranked) > LISTED:
        lines.append(f"… and {number(len(ranked) - LISTED)} more")
    return Message(
        id="",
        severity=max(message.severity for message in messages),
        good=all(message.good for message in messages),
        title=f"{number(count)} {head}" + f", {number(ended)} of them resolved" * bool(ended),
        body="\n".join(lines),
        line=lines[0],
        size=count,
    )


def _message(incident: Incident, verdict: str, details: list[str], view: View, *, good: bool = False) -> Message:
    title = _quiet(f"{verdict}: {incident.title}", TITLE_WIDTH)
    host = view.redact.key(incident.key).get("host")
    since = day_and_time(incident.resolved_at_ns if good else incident.first_seen_ns, view.tz)
    line = f"{title} ({incident.failure_mode}" + f", {host}" * bool(host) + f", {since})" * (since != "-")
    return Message(
        id=incident.id,
        severity=incident.severity,
        good=good,
        title=title,
        body="\n".join(details),
        line=_quiet(line if since != "-" else line + ")", LINE_WIDTH),
    )


def _details(incident: Incident, affected: Sequence[Incident], view: View) -> list[str]:
    lines = [_quiet(view.redact.about(incident.summary, incident.key)), _where(incident, view)]
    lines += _listed("Consequences", affected)
    step = next((step for step in incident.remediation if step.caution is None), None)
    if step is not None:
        lines += _step(step)
    if incident.evidence:
        last = incident.evidence[-1]
        text = sanitize.line(view.redact.about(last.text, incident.key))
        lines.append(_quiet(f"Log: {text}"))
    return lines


def _where(incident: Incident, view: View) -> str:
    where = [f"{name} {value}" for name, value in view.redact.key(incident.key).items() if value is not None]
    return _quiet(", ".join([incident.failure_mode, blocks.standing(incident, view), *where]))


def _listed(head: str, incidents: Sequence[Incident]) -> list[str]:
    if not incidents:
        return []
    names = sorted({incident.failure_mode for incident in incidents})
    more = f" and {plural(len(names) - LISTED, 'other')}" if len(names) > LISTED else ""
    return [_quiet(f"{head}: {', '.join(names[:LISTED])}{more}")]


def _step(step: Step) -> list[str]:
    # A command that is cut or changed would be another command.
    commands = [f"$ {sanitize.line(command)}" for command in step.commands[:COMMANDS]]
    return [_quiet(f"First: {step.text}"), *(one for one in commands if len(one) <= LINE_WIDTH)]


def _quiet(text: str, width: int = LINE_WIDTH) -> str:
    """One line that calls nobody and is not too long."""
    return sanitize.shorten(_MENTION.sub(r"\g<0> ", sanitize.line(text)), width)
