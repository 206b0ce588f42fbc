"""
References inside a failure mode that lead nowhere: placeholders that nothing fills, keys and counted values that no
event of the rule has, expected modes that do not exist.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator

from loganalyzer.packs.schema import FailureMode, Pack, Selector

PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
Produced = set[tuple[str | None, str]]
"""(event type, attribute) that some pattern gives."""


def dead_references(mode: FailureMode, pack: Pack, produced: Produced) -> Iterator[str]:
    """What a mode refers to and does not exist, in words."""
    deciding = [selector for rule in mode.evidence for selector in (*rule.match, *rule.of, *rule.sequence, *rule.all)]
    recovering = [selector for resolve in mode.resolve for selector in resolve.on]
    given = _given(deciding, produced)
    known = {"count", *mode.key} | _given([*deciding, *mode.also, *recovering], produced)
    if any(nearby.label for nearby in mode.context):
        known.add("trigger")
    for where, text in _texts(mode):
        for name in PLACEHOLDER.findall(text):
            if name == "trigger" and name not in known:
                yield f"{where}: {{trigger}} needs a 'context' with a 'label'"
            elif name not in known:
                yield f"{where}: nothing fills {{{name}}}{near(name, known)}"
    for where, text in (("title", mode.title), ("meaning", mode.meaning)):
        for name in PLACEHOLDER.findall(text):
            yield f"{where}: {{{name}}} is not filled in here"
    for name in mode.key:
        if name != "host" and name not in given:
            yield f"key {name!r}: no event of the evidence has it{near(name, given)}"
    for rule in mode.evidence:
        if rule.distinct is not None and rule.distinct not in _given(rule.of, produced):
            yield f"evidence {rule.name!r}: no event of it has the attribute {rule.distinct!r} to tell apart"
    for example in (*mode.examples, *mode.near_misses):
        for name in example.expect or ():
            if name not in pack.modes:
                yield f"example {example.name!r} expects the unknown mode {name!r}{near(name, pack.modes)}"


def _given(selectors: Iterable[Selector], produced: Produced) -> set[str]:
    """Attributes that events of these selectors may have."""
    events = {event for selector in selectors for event in selector.events}
    return {name for event, name in produced if event in events}


def _texts(mode: FailureMode) -> Iterator[tuple[str, str]]:
    """Every text that an incident fills in, with its place."""
    yield "summary", mode.summary
    yield "cause", mode.cause
    for index, step in enumerate(mode.remediation, 1):
        for text in (step.text, *step.commands, step.caution, step.verify):
            yield f"remediation {index}", text or ""


def near(word: str, words: Iterable[str | None]) -> str:
    """Ends a fault with the known word that is most like `word`, if one is."""
    found = difflib.get_close_matches(word, [w for w in words if w], n=1)
    return f"; did you mean {found[0]!r}?" if found else ""
