"""
Lint: everything that makes a pack untrustworthy, found at once.

`lint` looks at the pack alone; `examples.run` runs its examples through the engine. Findings are values with a
place, so that an editor, CI and `patterns lint` show the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import regex

from loganalyzer import subsystems
from loganalyzer.errors import Fault
from loganalyzer.packs.compile import SHORTEST_LITERAL, matchers_of
from loganalyzer.packs.overlap import overlaps
from loganalyzer.packs.references import dead_references, near
from loganalyzer.packs.schema import EventPattern, EvidenceRule, FailureMode, Pack, Selector
from loganalyzer.packs.templates import TemplateError, split
from loganalyzer.remediate import parse_bounds

_NESTED_REPEAT = re.compile(r"\((?:\?:|\?P<\w+>)?(?:[^()\\]|\\.)*(?<!\\)[*+](?:[^()\\]|\\.)*\)[*+{](?!\d+\}?\+)")
_UNBOUNDED_DOT = re.compile(r"(?<!\\)\.[*+](?![?+])")
SHORTEST_TEXT = 8
"""Literal text of a template that may stand anywhere in a line of any subsystem [characters]."""
MODE_NAME = re.compile(r"[a-z]+(\.[a-z0-9-]+)+\Z")


def lint(pack: Pack) -> list[Fault]:
    """Every fault of a pack, in file order."""
    faults: list[Fault] = []
    for pattern in pack.patterns.values():
        faults += (_fault(pack, pattern.id, text) for text in _pattern(pattern, pack))
    produced: set[tuple[str | None, str]] = {
        (p.event, name) for p in pack.patterns.values() if p.event for name in _attributes(p, pack)
    }
    events: set[str | None] = {p.event for p in pack.patterns.values()}
    for mode in pack.modes.values():
        faults += (_fault(pack, mode.id, text) for text in _mode(mode, pack, events, produced))
    faults += (_fault(pack, name, f"explains itself through {' -> '.join(path)}") for name, path in _cycles(pack))
    return sorted(faults)


def review(pack: Pack) -> list[Fault]:
    """
    What `lint` finds, and patterns that others hide.

    Those are no reason to refuse a user's pack at start: an update of the built-in patterns may hide one of its own.
    """
    return sorted([*lint(pack), *(_fault(pack, name, text) for name, text in overlaps(pack))])


def remarks(pack: Pack) -> list[str]:
    """
    What is no fault, but worth knowing: words of the vocabulary that nothing gives or no rule asks for.

    A word that says why (`no_pattern`, `no_rule`) is left out, unless what it says is no longer so.
    """
    given = {pattern.event for pattern in pack.patterns.values()}
    asked = {name for mode in pack.modes.values() for _, selector in selectors_of(mode) for name in selector.events}
    found: list[str] = []
    for name, kind in pack.event_types.items():
        if name in given:
            found += [f"a pattern gives the event {name}, against its no_pattern"] * (kind.no_pattern is not None)
        elif kind.no_pattern is None:
            found.append(f"no pattern gives the event {name}")
    for name, kind in pack.event_types.items():
        if name in asked:
            found += [f"a rule asks for the event {name}, against its no_rule"] * (kind.no_rule is not None)
        elif name in given and kind.no_rule is None:
            found.append(f"no rule asks for the event {name}")
    return found


def _fault(pack: Pack, name: str, text: str) -> Fault:
    place = pack.places[name]
    return Fault(file=place.file, line=place.line, column=place.column, message=f"{name}: {text}")


def _pattern(pattern: EventPattern, pack: Pack) -> Iterator[str]:
    if (pattern.event is None) == (pattern.ignore is None):
        yield "needs either 'event' or 'ignore'"
    if pattern.event is not None and pattern.event not in pack.event_types:
        yield f"unknown event type {pattern.event!r}{near(pattern.event, pack.event_types)}"
        return
    if bool(pattern.match) == (pattern.regex is not None):
        yield "needs either 'match' or 'regex'"
    if pattern.regex is not None:
        yield from _regex(pattern)
    declared = pack.event_types[pattern.event].attributes if pattern.event else {}
    try:
        for matcher in matchers_of(pattern, 0, pack.event_types):
            yield from _literal(matcher.literal)
            for name in matcher.holes:
                if pattern.event and name not in declared:
                    yield f"hole {name!r} is no attribute of {pattern.event}{near(name, declared)}"
        yield from _too_wide(pattern)
    except TemplateError as error:
        yield f"template: {error}"
    for name, rule in pattern.attributes.items():
        if pattern.event and name not in declared:
            yield f"attribute {name!r} is none of {pattern.event}{near(name, declared)}"
        if (rule.constant is not None) + bool(rule.field) + (rule.regex is not None) != 1:
            yield f"attribute {name!r} needs exactly one of a constant, 'field' or 'regex'"
        if rule.regex is not None:
            yield from _linear(rule.regex, name)
    for name, wanted in pattern.where.fields.items():
        if isinstance(wanted, dict) and set(wanted) != {"contains"}:
            yield f"where.fields.{name}: expected a value or {{contains: text}}"
    if pattern.source is None:
        yield "'source' is missing: name the template, capture or document that proves the text"
    if not pattern.examples:
        yield "needs an example"
    if pattern.event is not None and not pattern.near_misses:
        yield "needs a near miss"


def _literal(literal: str) -> Iterator[str]:
    if len(literal) < SHORTEST_LITERAL:
        yield f"the literal {literal!r} is too short to scan for (at least {SHORTEST_LITERAL} characters)"
    if not literal.isascii() or re.search(r"[\"'\\<>&\x00-\x1f]", literal):
        yield f"the literal {literal!r} does not survive every surface (quotes, backslash, <>&, non-ASCII)"
    if any(literal in name for name in subsystems.NAMES):
        yield f"the literal {literal!r} stands in the name of a subsystem, so that every line of it would be looked at"


def _too_wide(pattern: EventPattern) -> Iterator[str]:
    """Short texts stand in lines that mean something else; a subsystem or the start of the line makes them safe."""
    for text in pattern.match:
        length = sum(len(part) for part in split(text) if isinstance(part, str))
        if length < SHORTEST_TEXT and not pattern.where.subsystem and not text.startswith("^"):
            yield f"the template {text!r} has too little text to be safe in every line; name a subsystem or use '^'"


def _regex(pattern: EventPattern) -> Iterator[str]:
    if not pattern.literal:
        yield "a 'regex' needs a 'literal' that every matching line holds"
    yield from _linear(pattern.regex or "", "regex")


def _linear(text: str, name: str) -> Iterator[str]:
    try:
        compiled = regex.compile(text)
    except regex.error as error:
        yield f"{name}: not a valid regex: {error}"
        return
    if name != "regex" and compiled.groups < 1:
        yield f"{name}: the regex of an attribute needs a group"
    if _NESTED_REPEAT.search(text):
        yield f"{name}: a repeat inside a repeat is not linear; bound it or make it possessive"
    if _UNBOUNDED_DOT.search(text):
        yield f"{name}: an unbounded .* or .+ is not linear; write [^\\n]{{0,200}}? or end at a literal"


def _attributes(pattern: EventPattern, pack: Pack) -> set[str]:
    try:
        holes = {name for matcher in matchers_of(pattern, 0, pack.event_types) for name in matcher.holes}
    except TemplateError:
        holes = set()
    if pattern.regex is not None:
        holes |= set(re.findall(r"\(\?P<(\w+)>", pattern.regex))
    return holes | set(pattern.attributes) | {"channel", "account"}


def selectors_of(mode: FailureMode) -> Iterator[tuple[str, Selector]]:
    """Every selector of a mode with the key it stands under."""
    for rule in mode.evidence:
        for key in ("match", "of", "sequence", "all", "until", "not_followed_by"):
            for selector in getattr(rule, key):
                yield f"evidence {rule.name!r}, {key}", selector
        for nearby in (*rule.unless, *rule.confirmed_by):
            yield f"evidence {rule.name!r}", nearby.selector
    for selector in mode.also:
        yield "also", selector
    for nearby in mode.context:
        yield "context", nearby.selector
    for resolve in mode.resolve:
        for selector in resolve.on:
            yield "resolve", selector


def _mode(
    mode: FailureMode, pack: Pack, events: set[str | None], produced: set[tuple[str | None, str]]
) -> Iterator[str]:
    if not MODE_NAME.match(mode.id):
        yield "an id is lower case words with dots and dashes"
    for where, selector in selectors_of(mode):
        yield from _selector(where, selector, pack, events, produced)
    yield from dead_references(mode, pack, produced)
    names = [rule.name for rule in mode.evidence]
    if len(set(names)) < len(names):
        yield "two entries of 'evidence' have the same name"
    for rule in mode.evidence:
        yield from _evidence(rule)
    for other in mode.explains:
        if other not in pack.modes:
            yield f"explains the unknown mode {other!r}{near(other, pack.modes)}"
    for step in mode.remediation:
        for variant in step.variants:
            if variant not in names:
                yield f"remediation names the unknown variant {variant!r}{near(variant, names)}"
        if step.versions is not None:
            try:
                parse_bounds(step.versions)
            except ValueError as error:
                yield f"remediation: {error}"
    if not mode.remediation:
        yield "needs a remediation"
    if not mode.references:
        yield "needs a reference"
    if not mode.examples:
        yield "needs an example"
    if not mode.near_misses:
        yield "needs a near miss"


def _selector(
    where: str, selector: Selector, pack: Pack, events: set[str | None], produced: set[tuple[str | None, str]]
) -> Iterator[str]:
    for event in selector.events:
        if event not in pack.event_types:
            yield f"{where}: unknown event type {event!r}{near(event, pack.event_types)}"
        elif event not in events:
            yield f"{where}: no pattern produces {event}"
        else:
            declared = pack.event_types[event].attributes
            for condition in selector.conditions:
                name = condition.attribute
                if name not in declared and name != "host":
                    yield f"{where}: {event} has no attribute {name!r}{near(name, declared)}"
                elif name != "host" and (event, name) not in produced:
                    yield f"{where}: no pattern gives {event} the attribute {name!r}"


def _evidence(rule: EvidenceRule) -> Iterator[str]:
    kinds = [name for name in ("match", "of", "sequence", "all") if getattr(rule, name)]
    if len(kinds) != 1:
        yield f"evidence {rule.name!r} needs exactly one of match, of, sequence, all"
    if (rule.count is not None) != bool(rule.of):
        yield f"evidence {rule.name!r}: 'count' and 'of' belong together"
    if rule.not_followed_by and not rule.match:
        yield f"evidence {rule.name!r}: 'not_followed_by' belongs to 'match'"
    needs_window = (rule.count or 0) > 1 or rule.sequence or rule.all or rule.not_followed_by
    if needs_window and rule.within is None:
        yield f"evidence {rule.name!r} needs 'within'"
    if not needs_window and rule.within is not None:
        yield f"evidence {rule.name!r}: 'within' has no effect here"
    if rule.distinct is not None and not rule.of:
        yield f"evidence {rule.name!r}: 'distinct' belongs to 'of'"
    if not 0 < rule.confidence <= 1:
        yield f"evidence {rule.name!r}: confidence must be above 0 and at most 1"


def _cycles(pack: Pack) -> Iterator[tuple[str, list[str]]]:
    done: set[str] = set()

    def walk(name: str, path: list[str]) -> list[str] | None:
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done or name not in pack.modes:
            return None
        for other in pack.modes[name].explains:
            found = walk(other, [*path, name])
            if found:
                return found
        done.add(name)
        return None

    for name in pack.modes:
        cycle = walk(name, [])
        if cycle:
            yield name, cycle
            return
