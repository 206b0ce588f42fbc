"""
A `Pack` made ready for matching: literals to scan for, and one matcher per event pattern.

Templates and regexes are compiled when a line first needs them, so that starting up does not pay for two thousand
patterns of which a log uses thirty.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import regex

from loganalyzer.model import Origin, Scalar
from loganalyzer.packs.schema import EventPattern, EventType, Pack, Where
from loganalyzer.packs.templates import Template, compile_template, longest_literal

SHORTEST_LITERAL = 5
"""A shorter text stands in too many lines to be worth a look [characters]."""
_UNIT_S = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0}
_DURATION_PART = regex.compile(r"(\d+(?:\.\d+)?) ?([A-Za-z]+)")
_SECONDS = {"ms": 0.001, "mi": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def seconds(text: str) -> float:
    """`2.44s`, `1h 5m`, `350 ms` as [s]."""
    total = 0.0
    for amount, unit in _DURATION_PART.findall(text):
        key = unit[:2].lower() if unit[:2].lower() in ("ms", "mi") else unit[0].lower()
        if unit.lower().startswith("min"):
            key = "m"
        total += float(amount) * _SECONDS[key]
    return round(total, 9)


@dataclass(slots=True)
class Matcher:
    """One way (template or regex) in which one event pattern is written."""

    pattern: EventPattern
    order: tuple[int, int]
    """Position of the pattern in its pack and of the template in it: of several that give the same event type the first
    wins."""
    text: str | None
    """The template; None for the regex of the pattern."""
    literal: str
    origins: frozenset[Origin]
    types: dict[str, str]
    _template: Template | None = None
    _compiled: Any = None
    _extractors: list[tuple[str, Any]] | None = None

    @property
    def holes(self) -> dict[str, str]:
        """Types of the holes of the template. Raises TemplateError."""
        if self.text is None:
            return {}
        if self._template is None:
            self._template = compile_template(self.text)
        return self._template.holes

    def search(self, text: str) -> Any:
        """Find the pattern in one message line."""
        if self._compiled is None:
            source = self.pattern.regex if self.text is None else compile_template(self.text).pattern
            self._compiled = regex.compile(source or "")
        return self._compiled.search(text)

    def attributes(self, match: Any, text: str, fields: Any) -> dict[str, Scalar]:
        """Typed attributes of a match; what cannot be read as its type is left out."""
        result: dict[str, Scalar] = {}
        for name, value in match.groupdict().items():
            if value is not None:
                self._put(result, name, value, self.holes.get(name, ""))
        for name, rule in self.pattern.attributes.items():
            if rule.constant is not None:
                result[name] = rule.constant
            elif rule.field:
                value = first_field(fields, rule.field)
                if value is not None:
                    self._put(result, name, value, rule.unit or "")
        for name, extractor in self._regexes():
            found = extractor.search(text)
            if found and found[1] is not None:
                self._put(result, name, found[1], self.pattern.attributes[name].unit or "")
        return result

    def _regexes(self) -> list[tuple[str, Any]]:
        if self._extractors is None:
            rules = self.pattern.attributes.items()
            self._extractors = [(name, regex.compile(rule.regex)) for name, rule in rules if rule.regex]
        return self._extractors

    def _put(self, result: dict[str, Scalar], name: str, value: Any, kind: str) -> None:
        typed = to_type(value, self.types.get(name, "str"), kind)
        if typed is not None:
            result[name] = typed


def to_type(value: Any, wanted: str, kind: str = "") -> Scalar | None:
    """`value` as the attribute type `wanted`; `kind` is a hole type or unit. None if it cannot be."""
    try:
        if kind in ("duration_ms", "ms"):
            value = float(value) * 0.001
        elif kind == "duration":
            value = seconds(value)
        elif kind in _UNIT_S:
            value = float(value) * _UNIT_S[kind]
        elif kind == "version":
            value = str(value).removeprefix("v")
        if wanted == "int":
            return int(value)
        if wanted == "float":
            return float(value)
        if wanted == "bool":
            return value if isinstance(value, bool) else str(value).lower() in ("true", "1", "yes")
    except (TypeError, ValueError, OverflowError):
        return None
    if isinstance(value, dict | list):
        return None
    return str(value).strip().rstrip(".,;") or None


def first_field(fields: Any, paths: Iterable[str]) -> Any:
    """The first of several dotted paths that leads to a value in nested mappings."""
    for path in paths:
        value = fields
        for part in path.split("."):
            value = value.get(part) if isinstance(value, dict) else None
            if value is None:
                break
        if value is not None:
            return value
    return None


@dataclass(slots=True)
class CompiledPack:
    """What scan and tokenize need of a pack."""

    literals: list[bytes] = field(default_factory=list)
    matchers: list[list[Matcher]] = field(default_factory=list)
    """Matchers to try, by literal id."""


def compile_pack(pack: Pack) -> CompiledPack:
    """The scan literals of a linted pack and the matchers behind each."""
    result = CompiledPack()
    ids: dict[str, int] = {}
    for order, pattern in enumerate(pack.patterns.values()):
        for matcher in matchers_of(pattern, order, pack.event_types):
            index = ids.setdefault(matcher.literal, len(ids))
            if index == len(result.literals):
                result.literals.append(matcher.literal.encode())
                result.matchers.append([])
            result.matchers[index].append(matcher)
    return result


def matchers_of(pattern: EventPattern, order: int, types: dict[str, EventType]) -> list[Matcher]:
    """One matcher per template of a pattern, or per literal of its regex. Raises TemplateError."""
    event_type = types.get(pattern.event or "")
    common: dict[str, Any] = {
        "pattern": pattern,
        "origins": frozenset(Origin(name) for name in pattern.where.origin),
        "types": dict(event_type.attributes) if event_type else {},
    }
    result = []
    for index, text in enumerate(pattern.match):
        literal = pattern.literal[0] if pattern.literal else longest_literal(text)
        result.append(Matcher(text=text, literal=literal, order=(order, index), **common))
    if pattern.regex is not None:
        for literal in pattern.literal:
            result.append(Matcher(text=None, literal=literal, order=(order, 0), **common))
    return result


def holds(where: Where, display: str, level: str | None, fields: Any, above: Any) -> bool:
    """
    Do the conditions of a pattern hold for a record?

    Args:
        display: display name of the record's subsystem, `none` if it has none.
        above: callable giving the text of the earlier lines of the record, called only when needed.
    """
    if where.subsystem and display not in where.subsystem:
        return False
    if where.level and level not in where.level:
        return False
    for path, wanted in where.fields.items():
        value = first_field(fields, (path,))
        if isinstance(wanted, dict):
            if str(wanted["contains"]) not in str(value):
                return False
        elif value != wanted:
            return False
    if where.above:
        text = above()
        return any(part in text for part in where.above)
    return True
