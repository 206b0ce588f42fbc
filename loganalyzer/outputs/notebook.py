"""
Reports and incidents as a notebook shows them: short, folded, masked with the key of the user.

Enters: a report or an incident. Leaves: a piece of HTML without script and style sheet, in the colours of the notebook.
Every text is sanitized and escaped. Needs no template engine, so that a notebook works with the core alone. Refuses to
flood: `SHOWN` problems, further ones are counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from html import escape

from loganalyzer import sanitize
from loganalyzer.model import Evidence, Incident, Step
from loganalyzer.outputs.accounting import number, plural
from loganalyzer.outputs.base import Found, Problem, View, day_and_time, fold, visible
from loganalyzer.outputs.blocks import ends, source, standing
from loganalyzer.outputs.verdict import verdict
from loganalyzer.redact import of_user

SHOWN = 20
EVIDENCE_WIDTH = 200
PROSE_WIDTH = 800
COLOURS = {"critical": "#a3122a", "error": "#c2371f", "warning": "#b67a00", "info": "#2f629c"}
FRAME = "border-left:4px solid {};padding:2px 12px;margin:6px 0;max-width:60em;overflow-wrap:anywhere"
SOFT = "opacity:.7;font-size:.92em"
CODE = "white-space:pre-wrap;font-size:.88em;margin:4px 0;padding:4px 8px;background:rgba(128,128,128,.12)"


@cache
def _view() -> View:
    return View(redact=of_user(lambda _: None))


def report(found: Found) -> str:
    """Gives a report: the verdict, then each problem, folded."""
    view = _view()
    shown = visible(found.incidents, view.min_severity)
    problems = fold(shown)
    judged = verdict(problems, len(found.incidents) - len(shown), found.accounting, view, None)
    a = found.accounting
    read = f"{plural(a.lines, 'line')}, {plural(a.events, 'event')}, {plural(len(a.sources), 'source')}"
    rest = len(problems) - SHOWN
    return "".join(
        [
            f"<div><p><strong>{_text(judged.headline)}</strong>{f', {_text(judged.when)}' if judged.when else ''}<br>",
            f'{_text(judged.summary)}</p><p style="{SOFT}">{_text(read)}.',
            *(f" {_text(trouble)}." for trouble in [plural(len(a.problems), "source") + " unread"] if a.problems),
            "</p>",
            *(piece for problem in problems[:SHOWN] for piece in _folded(problem, view)),
            f'<p style="{SOFT}">{number(rest)} more problems.</p>' if rest > 0 else "",
            "</div>",
        ]
    )


def incident(one: Incident) -> str:
    """Gives an incident with everything that belongs to it."""
    return "".join(_block(one, _view()))


def _folded(problem: Problem, view: View) -> Iterator[str]:
    one = problem.incident
    facts = [one.severity.label, one.status.value, plural(one.count, "time")]
    if problem.consequences:
        facts.append(plural(len(problem.consequences), "consequence"))
    yield f"<details><summary><strong>{_text(one.title)}</strong> "
    yield f'<span style="{SOFT}">{_text(one.failure_mode)}, {_text(", ".join(facts))}</span></summary>'
    yield from _block(one, view)
    if problem.consequences:
        names = ", ".join(sanitize.line(one.failure_mode) for one in problem.consequences[:SHOWN])
        yield f'<p style="{SOFT}">Followed by {_text(names)}.</p>'
    yield "</details>"


def _block(one: Incident, view: View) -> Iterator[str]:
    facts = [one.failure_mode, standing(one, view), f"seen {plural(one.count, 'time')}"]
    facts.append(f"confidence {one.confidence:.0%}")
    facts += [f"{name} {value}" for name, value in view.redact.key(one.key).items() if value is not None]
    colour = COLOURS[one.severity.label]
    yield f'<div style="{FRAME.format(colour)}">'
    yield f'<strong><span style="color:{colour}">{one.severity.label}</span> {_text(one.title)}</strong>'
    yield f'<p style="{SOFT}">{_text(", ".join(facts))}</p>'
    yield f"<p>{_prose(one.summary, one, view)}</p><p><em>Cause.</em> {_prose(one.cause, one, view)}</p>"
    first, left_out, last = ends(one)
    rows = [_evidence(row, one, view) for row in first]
    rows += [f"… {plural(left_out, 'more line')} …"] * bool(left_out)
    rows += [_evidence(row, one, view) for row in last]
    yield f'<pre style="{CODE}">{escape(chr(10).join(rows))}</pre>'
    if one.remediation:
        yield "<ol>"
        yield from (piece for step in one.remediation for piece in _step(view.redact.step(step, one.key)))
        yield "</ol>"
    yield "</div>"


def _step(step: Step) -> Iterator[str]:
    yield f"<li>{_text(step.text)}"
    if step.commands:
        yield f'<pre style="{CODE}">{escape(chr(10).join(map(sanitize.line, step.commands)))}</pre>'
    for word, note in (("Caution.", step.caution), ("Check.", step.verify)):
        if note is not None:
            yield f"<div><em>{word}</em> {_text(note)}</div>"
    yield "</li>"


def _evidence(row: Evidence, one: Incident, view: View) -> str:
    text = sanitize.shorten(sanitize.line(view.redact.evidence(row, one.key)), EVIDENCE_WIDTH)
    return f"{source(row.source, view.redact)}:{row.line}  {day_and_time(row.time_ns, view.tz)}  {text}"


def _prose(text: str, one: Incident, view: View) -> str:
    return escape(sanitize.shorten(sanitize.line(view.redact.about(text, one.key)), PROSE_WIDTH))


def _text(text: str) -> str:
    return escape(sanitize.line(text))
