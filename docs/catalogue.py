"""
The catalogue of failure modes as Markdown: per area a graph of causes and a runbook for each mode.

Enters: a pattern pack. Leaves: the generated part of `failure-modes.md`. `refresh.py` writes and checks it.
"""

from __future__ import annotations

import html
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from loganalyzer.cli import words
from loganalyzer.packs.schema import FailureMode, LogExample, Pack, Remedy

ROOT = Path(__file__).parents[1]
EXAMPLE_LINES = 6
EXAMPLE_WIDTH = 160
"""What of an example is shown; the rest stands in the pack."""
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")

Edge = tuple[str, str]


def catalogue(pack: Pack) -> str:
    """All areas, by name."""
    areas: dict[str, list[FailureMode]] = defaultdict(list)
    for mode in sorted(pack.modes.values(), key=lambda mode: mode.id):
        areas[area(mode.id)].append(mode)
    edges = proximate(pack)
    lines = list(_overview(edges))
    for name, modes in areas.items():
        lines += ["", f"## Area: {name}", *_graph(name, edges)]
        for mode in modes:
            lines += ["", *page(mode)]
    return "\n".join(lines) + "\n"


def area(mode_id: str) -> str:
    """The area of a mode is the first word of its id."""
    return mode_id.partition(".")[0]


def proximate(pack: Pack) -> list[Edge]:
    """Who explains whom, without what follows from a chain of others."""
    explains = {mode.id: set(mode.explains) for mode in pack.modes.values()}
    below: dict[str, set[str]] = {}

    def reach(name: str) -> set[str]:
        if name not in below:
            below[name] = set()
            below[name] = explains.get(name, set()).union(*(reach(other) for other in explains.get(name, ())))
        return below[name]

    return sorted(
        (cause, effect)
        for cause, effects in explains.items()
        for effect in effects
        if not any(effect in reach(other) for other in effects - {effect})
    )


def _overview(edges: list[Edge]) -> Iterator[str]:
    between = sorted({(area(cause), area(effect)) for cause, effect in edges if area(cause) != area(effect)})
    yield from _mermaid("LR", [f"    {one} --> {other}" for one, other in between])


def _graph(name: str, edges: list[Edge]) -> Iterator[str]:
    """Causes inside an area, causes that come from others by name, and consequences elsewhere by area and number."""
    rows = []
    foreign: dict[Edge, int] = defaultdict(int)
    nodes: dict[str, str] = {}
    for cause, effect in edges:
        if area(effect) == name:
            rows.append(f"    {_node(cause)} --> {_node(effect)}")
            nodes |= {one: one.partition(".")[2] if area(one) == name else one for one in (cause, effect)}
        elif area(cause) == name:
            foreign[cause, area(effect)] += 1
            nodes[cause] = cause.partition(".")[2]
    labels = [f'    {_node(one)}["{label}"]' for one, label in sorted(nodes.items())]
    outward = [f"    {_node(cause)} -.-> {_node(other)}_area([{other}: {n}])" for (cause, other), n in foreign.items()]
    if rows or outward:
        yield ""
        yield from _mermaid("LR", [*labels, *rows, *outward])


def _node(mode_id: str) -> str:
    return re.sub(r"\W", "_", mode_id)


def _mermaid(direction: str, rows: list[str]) -> Iterator[str]:
    yield "```mermaid"
    yield f"flowchart {direction}"
    yield from rows
    yield "```"


def page(mode: FailureMode, level: int = 3) -> Iterator[str]:
    """Everything about a failure mode, under a heading of a level."""
    yield f"{'#' * level} {mode.id}"
    yield ""
    standing = f"Severity {mode.severity}, {mode.recovered_severity} once resolved; tier {mode.tier}."
    yield f"**{_prose(mode.title)}.** {standing}"
    yield ""
    yield _prose(mode.meaning)
    yield ""
    yield f"**Cause.** {_prose(mode.cause)}"
    yield ""
    yield "**Recognised by**" if len(mode.evidence) == 1 else "**Recognised by any of**"
    yield ""
    yield from (f"- {_prose(words.evidence(rule))}" for rule in mode.evidence)
    if mode.resolve:
        yield ""
        yield "**Resolved by**"
        yield ""
        for resolve in mode.resolve:
            stable = f", if it holds for {words.duration(resolve.stable)}" if resolve.stable else ""
            yield f"- {_prose(words.selectors(resolve.on))}{stable}"
    if mode.explains:
        yield ""
        yield f"**Explains** {', '.join(mode.explains)}."
    yield ""
    yield "**What to do**"
    yield ""
    for number, remedy in enumerate(mode.remediation, 1):
        yield from _remedy(number, remedy)
    yield ""
    yield "**References**"
    yield ""
    yield from (f"- <{one}>" if one.startswith("http") else f"- {_prose(one)}" for one in mode.references)
    if (ROOT / "sample_logs" / mode.id).is_dir():
        yield f"- [sample logs](../sample_logs/{mode.id})"
    yield ""
    yield from _example(mode.examples[0])


def _remedy(number: int, remedy: Remedy) -> Iterator[str]:
    labels = [f"OpenClaw {remedy.versions}"] if remedy.versions else []
    labels += [remedy.supervisor] if remedy.supervisor else []
    labels += [f"if {' or '.join(remedy.variants)}"] if remedy.variants else []
    label = f"[{html.escape(', '.join(labels), quote=False)}] " if labels else ""
    yield f"{number}. {label}{_prose(remedy.text)}"
    for command in remedy.commands:
        shown = _PLACEHOLDER.sub(r"<\1>", command)
        yield f"   - ``{shown}``" if "`" in shown else f"   - `{shown}`"
    if remedy.caution:
        yield f"   - Caution: {_prose(remedy.caution)}"
    if remedy.verify:
        yield f"   - Check: {_prose(remedy.verify)}"


def _example(example: LogExample) -> Iterator[str]:
    rows = example.lines.rstrip("\n").split("\n")
    yield f"**For example** ({_prose(example.name)})"
    yield ""
    yield "```text"
    yield from (row if len(row) <= EXAMPLE_WIDTH else row[: EXAMPLE_WIDTH - 1] + "…" for row in rows[:EXAMPLE_LINES])
    if len(rows) > EXAMPLE_LINES:
        yield f"… {len(rows) - EXAMPLE_LINES} more lines"
    yield "```"


def _prose(text: str) -> str:
    """Text of a pack as Markdown: one line, placeholders as <name>, nothing taken for HTML or emphasis."""
    opened = _PLACEHOLDER.sub(r"<\1>", " ".join(text.split()))
    return re.sub(r"(?<!`)([*_])(?!`)", r"\\\1", html.escape(opened, quote=False))
