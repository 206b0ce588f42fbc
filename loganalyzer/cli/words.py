"""
Failure modes in words: how a rule recognises them, and their runbook.

Enters: a failure mode of a pack. Leaves: styled lines. Placeholders that only an incident can fill
are shown as `<account>`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from loganalyzer.model import Step
from loganalyzer.outputs import blocks
from loganalyzer.outputs.base import NS, View
from loganalyzer.outputs.blocks import Line
from loganalyzer.packs.schema import (
    Condition,
    EvidenceRule,
    FailureMode,
    Nearby,
    Remedy,
    ResolveRule,
    Selector,
)

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_COMPARED = {"gte": "at least", "lte": "at most", "gt": "above", "lt": "below"}


def runbook(mode: FailureMode, view: View) -> Iterator[Line]:
    """Yields everything that is known about a failure mode."""
    yield Line(mode.severity, f"{mode.severity.upper()}  {mode.title}")
    yield Line("dim", f"  {mode.id}, tier {mode.tier}; {mode.recovered_severity} once resolved")
    yield Line("plain", "")
    yield from blocks.prose(_open(mode.meaning), view, 2)
    yield from blocks.prose(f"Cause: {_open(mode.cause)}", view, 2)
    yield from _section("Recognised by" if len(mode.evidence) == 1 else "Recognised by any of")
    for rule in mode.evidence:
        yield from _bullet(evidence(rule), view)
    if mode.resolve:
        yield from _section("Resolved by")
        for resolve in mode.resolve:
            yield from _bullet(_resolve(resolve), view)
    if mode.explains:
        yield from _section("Explains, as its consequences")
        yield from _bullet(", ".join(mode.explains), view)
    yield from _section("What to do")
    yield from blocks.steps([_step(remedy) for remedy in mode.remediation], view)
    yield from _section("More")
    for reference in mode.references:
        yield Line("dim", f"    {reference}")


def evidence(rule: EvidenceRule) -> str:
    """Says in a sentence what completes one entry of `evidence`."""
    within = f" within {duration(rule.within)}" if rule.within else ""
    if rule.of:
        what = f"{rule.count} times{within}: {selectors(rule.of)}"
        if rule.distinct:
            what += f", counting different values of {rule.distinct}"
    elif rule.sequence:
        what = f"in this order{within}: {selectors(rule.sequence, ', then ')}"
    elif rule.all:
        what = f"all of these{within}: {selectors(rule.all, ', and ')}"
    elif rule.not_followed_by:
        what = f"{selectors(rule.match)}, not followed{within} by {selectors(rule.not_followed_by)}"
    else:
        what = selectors(rule.match)
    if rule.until:
        what += f"; counting starts anew after {selectors(rule.until)}"
    if rule.unless:
        what += f"; not {_nearby(rule.unless)}"
    if rule.confirmed_by:
        what += f"; surer {_nearby(rule.confirmed_by)}"
    return f"{rule.name}: {what}. {_confidence(rule)}"


def selectors(found: tuple[Selector, ...], joint: str = ", or ") -> str:
    """Says which events are meant."""
    return joint.join(_selector(selector) for selector in found)


def duration(ns: int) -> str:
    """Writes a duration [ns] with the largest unit that is whole: `30 min`, `90 s`, `50 ms`."""
    for unit, size in (("d", 86_400 * NS), ("h", 3600 * NS), ("min", 60 * NS), ("s", NS)):
        if ns >= size and ns % size == 0:
            return f"{ns // size} {unit}"
    return f"{ns / 1_000_000:g} ms"


def _selector(selector: Selector) -> str:
    events = " or ".join(selector.events)
    conditions = " and ".join(condition(c) for c in selector.conditions)
    return f"{events} ({conditions})" if conditions else events


def condition(condition: Condition) -> str:
    """Says what an attribute must be."""
    name = condition.attribute
    values = " or ".join(str(value) for value in condition.values)
    match condition.operator:
        case "in":
            return f"{name} {values}"
        case "not":
            return f"{name} not {values}"
        case "has":
            return f"with {name}" if condition.values == (True,) else f"without {name}"
        case operator:
            return f"{name} {_COMPARED[operator]} {values}"


def _nearby(found: tuple[Nearby, ...]) -> str:
    return ", or ".join(f"within {duration(nearby.within)} after {_selector(nearby.selector)}" for nearby in found)


def _confidence(rule: EvidenceRule) -> str:
    if rule.confidence_step or rule.confirmed_by:
        return f"Confidence {rule.confidence:.0%}, growing to {rule.confidence_max:.0%}."
    return f"Confidence {rule.confidence:.0%}."


def _resolve(resolve: ResolveRule) -> str:
    stable = f", if it holds for {duration(resolve.stable)}" if resolve.stable else ""
    return selectors(resolve.on) + stable


def _step(remedy: Remedy) -> Step:
    labels = [f"OpenClaw {remedy.versions}"] if remedy.versions else []
    labels += [remedy.supervisor] if remedy.supervisor else []
    labels += [f"if {' or '.join(remedy.variants)}"] if remedy.variants else []
    label = f"[{', '.join(labels)}] " if labels else ""
    return Step(
        text=label + _open(remedy.text),
        commands=tuple(_open(command) for command in remedy.commands),
        caution=None if remedy.caution is None else _open(remedy.caution),
        verify=None if remedy.verify is None else _open(remedy.verify),
    )


def _section(title: str) -> Iterator[Line]:
    yield Line("plain", "")
    yield Line("label", f"  {title}")


def _bullet(text: str, view: View) -> Iterator[Line]:
    for index, row in enumerate(blocks.prose(text, view, 6)):
        yield row._replace(text="    - " + row.text[6:]) if index == 0 else row


def _open(text: str) -> str:
    return _PLACEHOLDER.sub(r"<\1>", text)
