"""`loganalyzer why`: why a failure mode was found in a log, or why not."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from loganalyzer.cli import options as given
from loganalyzer.cli.destination import destination
from loganalyzer.cli.explain import Mode, find

if TYPE_CHECKING:
    from loganalyzer.model import Evidence, Incident
    from loganalyzer.outputs import View
    from loganalyzer.outputs.blocks import Line
    from loganalyzer.packs.schema import EvidenceRule
    from loganalyzer.why import KeyStory, RuleStory, Why

FORMATS = ("text", "json")
SCHEMA = "loganalyzer.why/1"
STOPS = {
    "reset": "{} started the counting anew",
    "window": "{} came too late",
    "order": "{} came before what it has to follow",
}


def why(
    mode: Mode,
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="PATH", help="As for analyze; - is standard input.")
    ] = None,
    *,
    format: given.Format = None,
    output: given.Output = None,
    since: given.Since = None,
    until: given.Until = None,
    tz: given.Zone = None,
    reference_time: given.ReferenceTime = None,
    patterns: given.Patterns = None,
    no_redact: given.NoRedact = False,
    redact_key: given.RedactKey = None,
    redact_ip: given.RedactIp = False,
) -> None:
    """
    Tell why a failure mode was found in logs, or why not: which steps of its rules matched, which one is missing, and
    what stopped it.

    Formats are text (the default) and json.
    """
    from loganalyzer.cli.paper import show
    from loganalyzer.model import Severity
    from loganalyzer.outputs import accounting
    from loganalyzer.outputs.wire import dumps
    from loganalyzer.pipeline import Plan
    from loganalyzer.why import why as ask

    name = given.choice("--format", format or "text", FORMATS)
    view = given.view(
        min_severity=None,
        default=Severity.INFO,
        tablefmt=None,
        tz=tz,
        no_redact=no_redact,
        redact_key=redact_key,
        redact_ip=redact_ip,
    )
    options = given.analysis_options(patterns=patterns, since=since, until=until, tz=tz, reference_time=reference_time)
    plan = Plan(options)
    found = find(plan.pack, mode)
    answer = ask(found, given.inputs(paths), options, plan)
    if name == "text" and output is None:
        show(text(answer, view))
    else:
        with destination(output) as file:
            if name == "json":
                file.write(dumps(as_object(answer, view)) + "\n")
            else:
                file.writelines(line.text + "\n" for line in text(answer, view))
        sys.stdout.flush()
    for row in accounting.lines(answer.accounting, view.redact, view.width):
        print(row, file=sys.stderr)
    raise typer.Exit(2 if answer.accounting.problems else 0)


def verdict(answer: Why) -> str:
    """Says in one sentence how it ended."""
    name, times = answer.mode.id, len(answer.incidents)
    if times:
        return f"{name} was found {'once' if times == 1 else f'{times} times'}."
    if not any(answer.seen.values()):
        return f"{name} was not found: no line gives an event that its evidence needs."
    if not any(story.rules and any(s.got for rule in story.rules for s in rule.steps) for story in answer.keys):
        return f"{name} was not found: no event fits the conditions of its evidence."
    return f"{name} was not found: its evidence is not complete."


def text(answer: Why, view: View) -> Iterator[Line]:
    """Yields the answer for people."""
    from loganalyzer.outputs import blocks
    from loganalyzer.outputs.blocks import Line

    yield Line("plain", verdict(answer))
    for story in answer.keys:
        yield from _key(story, answer, view)
    if answer.keys_left_out:
        yield Line("dim", f"\n… and events of more keys than are told about: {answer.keys_left_out}")
    if answer.unseen:
        yield _section("Not seen at all")
        yield from blocks.prose(", ".join(answer.unseen), view, 2)
    if answer.misfits:
        yield _section(_counted("Seen, but the conditions do not hold", len(answer.misfits), answer.misfit_count))
        for misfit in answer.misfits:
            yield from _evidence(misfit.event, view, 2)
            for condition, value in zip(misfit.conditions, misfit.values, strict=True):
                yield from blocks.prose(_condition(condition, value, view), view, 4)
    if answer.dropped:
        yield _section(_counted("Seen, but not counted", len(answer.dropped), answer.dropped_count))
        for fate, event in answer.dropped:
            yield from _evidence(event, view, 2)
            yield Line("plain", f"    {fate}")
    if answer.near:
        yield _section("Known texts that nearly were such an event")
        for near in answer.near:
            yield from _place(
                f"{blocks.source(near.source, view.redact)}:{near.line}  {near.type} (pattern {near.pattern})", view, 2
            )
            yield from _quote(view.redact(near.text), view, 4)
            yield from blocks.prose(near.reason, view, 4)


def _section(title: str) -> Line:
    from loganalyzer.outputs.blocks import Line

    return Line("label", f"\n{title}")


def _counted(title: str, shown: int, count: int) -> str:
    return title if shown == count else f"{title} ({shown} of {count})"


def _key(story: KeyStory, answer: Why, view: View) -> Iterator[Line]:
    from loganalyzer import sanitize
    from loganalyzer.outputs import blocks

    parts = (f"{name} {value or 'not named'}" for name, value in view.redact.key(story.key).items())
    yield _section(sanitize.line(", ".join(parts)))
    for incident in story.incidents:
        yield from blocks.prose(_outcome(incident, answer, view), view, 2)
    if story.relapses:
        yield from blocks.prose(f"Recoveries that did not last: {story.relapses}", view, 2)
    yield from _rules(story.rules, view)


def _outcome(incident: Incident, answer: Why, view: View) -> str:
    from loganalyzer.outputs import blocks

    said = f"Incident {incident.id}: {incident.severity.label}, {blocks.standing(incident, view)}"
    if incident.caused_by is None:
        return said + "; stands for itself"
    cause = answer.causes.get(incident.caused_by)
    return said + f"; folded under {cause.failure_mode if cause else 'a cause'} ({incident.caused_by})"


def _rules(stories: Sequence[RuleStory], view: View) -> Iterator[Line]:
    from loganalyzer.outputs import blocks

    idle = []
    for story in stories:
        if story.completed or story.held or any(step.got for step in story.steps):
            yield from _rule(story, view)
        else:
            idle.append(story.rule.name)
    if idle:
        yield from blocks.prose(f"nothing seen for: {', '.join(idle)}", view, 2)


def _rule(story: RuleStory, view: View) -> Iterator[Line]:
    from loganalyzer.cli import words
    from loganalyzer.outputs import blocks

    times = "once" if story.completed == 1 else f"{story.completed} times"
    state = f"complete, {times}" if story.completed else "not complete"
    yield from blocks.prose(f"{story.rule.name} ({_kind(story.rule)}): {state}", view, 2)
    for step in story.steps:
        wanted = words.selectors(step.selectors)
        state = "seen" if step.got >= step.needed else "missing"
        amount = f" {step.got} of {step.needed}" if step.needed > 1 else ""
        yield from blocks.prose(f"{state}{amount}: {wanted}", view, 4)
        for event in step.events:
            yield from _evidence(event, view, 6)
    if not story.completed:
        yield from _stopped(story, view)


def _kind(rule: EvidenceRule) -> str:
    from loganalyzer.cli import words

    within = f" within {words.duration(rule.within)}" if rule.within else ""
    if rule.not_followed_by:
        return f"not followed{within} by {words.selectors(rule.not_followed_by)}"
    if rule.sequence:
        return f"in this order{within}"
    if rule.all:
        return f"all{within}"
    if rule.distinct:
        return f"{rule.count} different values of {rule.distinct}{within}"
    return f"{rule.count} times{within}" if rule.of else "one event"


def _stopped(story: RuleStory, view: View) -> Iterator[Line]:
    from loganalyzer.outputs import blocks

    if story.stop is not None:
        yield from blocks.prose("stopped: " + STOPS[story.stop.kind].format(story.stop.by.event), view, 4)
        yield from _evidence(story.stop.by, view, 6)
    elif all(step.got >= step.needed for step in story.steps):
        yield from blocks.prose(_undecided(story), view, 4)
    for held in story.held:
        yield from blocks.prose(f"held back by {held.by.event} shortly before:", view, 4)
        yield from _evidence(held.event, view, 6)
        yield from _evidence(held.by, view, 6)
    if story.held_count > len(story.held):
        yield from blocks.prose(f"… and {story.held_count - len(story.held)} more held back", view, 4)


def _undecided(story: RuleStory) -> str:
    if story.rule.not_followed_by:
        return "undecided: the log ends before the silence is long enough"
    return "not within the window"


def _condition(condition: Any, value: object, view: View) -> str:
    from loganalyzer.cli import words

    has = "is absent" if value is None else f"is {view.redact.value(condition.attribute, str(value))}"
    return f"{condition.attribute} {has}; wanted: {words.condition(condition)}"


def _evidence(one: Evidence, view: View, indent: int) -> Iterator[Line]:
    from loganalyzer.outputs import blocks
    from loganalyzer.outputs.base import day_and_time

    time = day_and_time(one.time_ns, view.tz)
    place = f"{blocks.source(one.source, view.redact)}:{one.line}" + ("" if time == "-" else f"  {time}")
    yield from _place(f"{place}  {one.event}", view, indent)
    yield from _quote(view.redact.evidence(one), view, indent + 2)


def _place(place: str, view: View, indent: int) -> Iterator[Line]:
    from loganalyzer.outputs import blocks

    yield blocks.Line("dim", " " * indent + blocks.tail(place, max(20, view.width - indent)))


def _quote(quoted: str, view: View, indent: int) -> Iterator[Line]:
    from loganalyzer import sanitize
    from loganalyzer.outputs import blocks

    shown = sanitize.shorten(sanitize.line(quoted), max(20, view.width - indent))
    yield blocks.Line("plain", " " * indent + shown)


def as_object(answer: Why, view: View) -> dict[str, Any]:
    """Gives the answer for programs; texts and attributes are masked."""
    from loganalyzer.cli import words
    from loganalyzer.outputs.wire import incident_object

    def event(one: Evidence | None) -> dict[str, Any] | None:
        from loganalyzer.outputs.base import iso

        if one is None:
            return None
        shown = view.redact.evidence(one)
        place = {"source": view.redact(one.source), "line": one.line}
        return {**place, "time": iso(one.time_ns), "event": one.event, "text": shown}

    def rule(story: RuleStory) -> dict[str, Any]:
        return {
            "name": story.rule.name,
            "completed": story.completed,
            "steps": [
                {
                    "wanted": words.selectors(step.selectors),
                    "needed": step.needed,
                    "got": step.got,
                    "events": [event(one) for one in step.events],
                }
                for step in story.steps
            ],
            "stopped": story.stop and {"by": story.stop.kind, "event": event(story.stop.by)},
            "held_count": story.held_count,
            "held": [{"event": event(held.event), "by": event(held.by)} for held in story.held],
        }

    return {
        "schema": SCHEMA,
        "failure_mode": answer.mode.id,
        "found": bool(answer.incidents),
        "verdict": verdict(answer),
        "keys": [
            {
                "key": view.redact.key(story.key),
                "incidents": [incident_object(one, view.redact) for one in story.incidents],
                "relapses": story.relapses,
                "rules": [rule(one) for one in story.rules],
            }
            for story in answer.keys
        ],
        "causes": [{"id": one.id, "failure_mode": one.failure_mode} for one in answer.causes.values()],
        "events_seen": answer.seen,
        "misfit_count": answer.misfit_count,
        "misfits": [
            {
                "event": event(misfit.event),
                "conditions": [
                    {
                        "wanted": words.condition(condition),
                        "value": None if value is None else view.redact.value(condition.attribute, value),
                    }
                    for condition, value in zip(misfit.conditions, misfit.values, strict=True)
                ],
            }
            for misfit in answer.misfits
        ],
        "dropped_count": answer.dropped_count,
        "dropped": [{"reason": fate, "event": event(one)} for fate, one in answer.dropped],
        "near": [
            one._asdict()
            | {
                "source": view.redact(one.source),
                "text": view.redact(one.text),
                "reason": view.redact(one.reason),
            }
            for one in answer.near
        ],
    }
