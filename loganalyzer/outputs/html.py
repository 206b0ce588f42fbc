"""
A report in one HTML file, to be read offline, on a phone, and on paper.

Enters: what was found. Leaves: a page that loads nothing: style and script are inside, and its Content-Security-Policy
admits those two by their hashes and nothing else. Every text from outside is masked and sanitized, and escaped by the
templates. Charts are SVG that is drawn here (`charts`), so that the page is whole without the script, which adds
zooming, tips and copy buttons. Size is bounded: `PROBLEMS` problems are shown in full, further ones are counted by
failure mode.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loganalyzer import sanitize
from loganalyzer.errors import UsageError
from loganalyzer.model import Incident, Nearby, Step
from loganalyzer.outputs import accounting as account
from loganalyzer.outputs.base import Found, Problem, View, day_and_time, duration, fold, visible, zone_name
from loganalyzer.outputs.blocks import hidden_line, source, standing
from loganalyzer.outputs.charts import charts
from loganalyzer.outputs.deeds import deeds
from loganalyzer.outputs.listing import listings
from loganalyzer.outputs.verdict import others, verdict

if TYPE_CHECKING:
    from jinja2 import Environment

PROBLEMS = 60
"""Root causes shown in full."""
CONSEQUENCES = 8
"""Consequences of one root cause that are shown."""
SOURCES = 40
KINDS = 60
"""Kinds of unknown warnings that are listed."""
PROSE_WIDTH = 1500
"""Characters shown of a summary or a cause, and …"""
CONSEQUENCE_WIDTH = 500
"""… of the summary of a consequence."""
MISSING = "--format html needs Jinja2, which is not installed: pip install 'loganalyzer[html]'"
TEMPLATES = Path(__file__).parent / "templates"


def render(found: Found, view: View) -> Iterator[str]:
    """
    Yields the page.

    Errors:
        UsageError: Jinja2 is not installed.
    """
    yield filled("report.html", _page(found, view))


def filled(name: str, values: Mapping[str, Any]) -> str:
    """
    Fills a template with texts that are masked and sanitized; it escapes them.

    Errors:
        UsageError: Jinja2 is not installed.
    """
    from importlib import metadata  # for pages only: it takes its time

    style, script = (TEMPLATES.joinpath(part).read_text(encoding="utf-8") for part in ("report.css", "report.js"))
    page = (
        templates()
        .get_template(name)
        .render(values, version=metadata.version("loganalyzer"), style=style, script=script, csp=_policy(style, script))
    )
    return page.rstrip("\n") + "\n"


@cache
def templates() -> Environment:
    """
    Gives the templates.

    Errors:
        UsageError: Jinja2 is not installed; asking before an analysis spares it.
    """
    try:
        import jinja2
    except ImportError as error:
        raise UsageError(MISSING) from error
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _policy(style: str, script: str) -> str:
    def digest(text: str) -> str:
        return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()

    return (
        f"default-src 'none'; style-src 'sha256-{digest(style)}'; script-src 'sha256-{digest(script)}'; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
    )


def _page(found: Found, view: View) -> dict[str, Any]:
    shown = visible(found.incidents, view.min_severity)
    problems = fold(shown)
    hidden = len(found.incidents) - len(shown)
    first, last = _span(found)
    judged = verdict(problems, hidden, found.accounting, view, last)
    full = problems[:PROBLEMS]
    here = {incident.id for problem in full for incident in _of(problem)}
    return {
        "verdict": judged,
        "mood": "good" if judged.severity is None else judged.severity.label,
        "unread": found.accounting.bytes == 0,
        "others": others(judged),
        "first_step": None if judged.first_step is None else _step(judged.first_step),
        "span": _span_words(first, last, view),
        "sources": [source(name, view.redact) for name in found.accounting.sources[:SOURCES]],
        "more_sources": max(len(found.accounting.sources) - SOURCES, 0),
        "problems": [_problem(problem, found, view) for problem in full],
        "further": _further(problems[PROBLEMS:]),
        "hidden": hidden_line(hidden).text if hidden and problems else "",
        "charts": charts(found.activity, shown, here, (first, last), view),
        "deeds": deeds(found.activity, view) if found.activity is not None else None,
        "facts_of_run": _facts(found, view),
        "kinds": [sanitize.shorten(_text(kind, view), 300) for kind in sorted(found.accounting.unknown_kinds)[:KINDS]],
        "more_kinds": max(len(found.accounting.unknown_kinds) - KINDS, 0),
        "explained": list(account.explained(found.accounting)),
        "notes": [
            (word, [_text(note, view) for note in notes[: account.SHOWN * 5]], max(len(notes) - account.SHOWN * 5, 0))
            for word, notes in (("Trouble", found.accounting.problems), ("Assumed", found.accounting.assumptions))
            if notes
        ],
    }


def _of(problem: Problem) -> Sequence[Incident]:
    return (problem.incident, *problem.consequences[:CONSEQUENCES])


def _problem(problem: Problem, found: Found, view: View) -> dict[str, Any]:
    return _incident(problem.incident, found.nearby, view) | {
        "consequences": [_consequence(one, view) for one in problem.consequences[:CONSEQUENCES]],
        "more": max(len(problem.consequences) - CONSEQUENCES, 0),
    }


def _consequence(incident: Incident, view: View) -> dict[str, Any]:
    """A consequence in short: what stands around its evidence mostly stands around that of its cause, too."""
    shown = _incident(incident, {}, view)
    return shown | {"summary": sanitize.shorten(shown["summary"], CONSEQUENCE_WIDTH)}


def _incident(incident: Incident, nearby: Mapping[tuple[str, int], Nearby], view: View) -> dict[str, Any]:
    key: Mapping[str, str | None] = view.redact.key(incident.key)
    return {
        "anchor": f"i-{incident.id}",
        "severity": incident.severity.label,
        "status": incident.status.value,
        "title": sanitize.line(incident.title),
        "mode": sanitize.line(incident.failure_mode),
        "standing": standing(incident, view),
        "since": day_and_time(incident.first_seen_ns, view.tz, seconds=False),
        "count": account.plural(incident.count, "time"),
        "confidence": f"{incident.confidence:.0%}",
        "key": [(name, sanitize.line(value)) for name, value in key.items() if value is not None],
        "summary": sanitize.shorten(_about(incident.summary, incident, view), PROSE_WIDTH),
        "cause": sanitize.shorten(_about(incident.cause, incident, view), PROSE_WIDTH),
        "listings": listings(incident, nearby, view),
        "steps": [_step(view.redact.step(step, incident.key)) for step in incident.remediation],
        "references": [(sanitize.line(one), one.startswith("https://")) for one in incident.references],
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "text": sanitize.line(step.text),
        "commands": [sanitize.line(command) for command in step.commands],
        "caution": None if step.caution is None else sanitize.line(step.caution),
        "verify": None if step.verify is None else sanitize.line(step.verify),
    }


def _further(problems: Sequence[Problem]) -> list[tuple[str, str, int]]:
    counts = Counter((p.incident.failure_mode, p.incident.severity) for p in problems)
    ordered = sorted(counts.items(), key=lambda item: (-item[0][1], -item[1], item[0][0]))
    return [(sanitize.line(mode), severity.label, count) for (mode, severity), count in ordered]


def _facts(found: Found, view: View) -> list[tuple[str, str]]:
    a = found.accounting
    formats = ", ".join(f"{account.number(n)} {name}" for name, n in sorted(a.records.items()))
    facts = [
        ("Read", f"{account.size(a.bytes)}, {account.plural(a.lines, 'line')}"),
        ("Looked at", account.plural(a.candidates, "candidate line")),
        ("Decoded", f"{account.number(sum(a.records.values()))}{f' ({formats})' if formats else ''}"),
        ("Events", account.number(a.events)),
        *([("Outside the time range", account.number(a.outside))] if a.outside else []),
        ("Out of order", account.number(a.out_of_order)),
        ("Truncated", account.number(a.truncated)),
        ("Undecodable", account.number(a.undecodable)),
        ("Duplicates absorbed", account.number(a.duplicates)),
        ("Gaps", account.number(a.gaps)),
        ("Groups evicted", account.number(a.evicted)),
        ("Regex time-outs", account.number(a.regex_timeouts)),
    ]
    if found.activity is not None:
        facts += [
            ("Hosts", ", ".join(_text(host, view) for host in found.activity.hosts) or "not named"),
            ("OpenClaw", ", ".join(_text(one, view) for one in found.activity.versions) or "version not told"),
        ]
    return facts


def _span(found: Found) -> tuple[int | None, int | None]:
    """First and last time that is known of [ns, UTC]."""
    times = [t for i in found.incidents for t in (i.first_seen_ns, i.last_seen_ns) if t is not None]
    if found.activity is not None:
        times += [t for t in (found.activity.first_ns, found.activity.last_ns) if t is not None]
    return min(times, default=None), max(times, default=None)


def _span_words(first: int | None, last: int | None, view: View) -> str:
    if first is None or last is None:
        return ""
    words = f"{day_and_time(first, view.tz)} to {day_and_time(last, view.tz)} {zone_name(view.tz, last)}"
    return f"{words} ({duration(last - first)})"


def _text(text: str, view: View) -> str:
    return sanitize.line(view.redact(text))


def _about(text: str, incident: Incident, view: View) -> str:
    return sanitize.line(view.redact.about(text, incident.key))
