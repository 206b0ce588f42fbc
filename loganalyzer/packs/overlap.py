"""
Event patterns that stand in one another's way: written twice, or never reached.

Of several patterns of one event type that match a line the first wins. One whose every wording is also matched by an
earlier and wider one never gives an event. Each wording is written out, its holes filled with a word that no literal
holds, and shown to the earlier patterns: what matches that matches whatever the holes hold.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from loganalyzer.packs.compile import Matcher, matchers_of
from loganalyzer.packs.schema import EventPattern, Pack, Where
from loganalyzer.packs.templates import TemplateError, split

_FILLED = {
    "int": "7",
    "number": "7.5",
    "duration": "7s",
    "duration_ms": "7",
    "code": "777",
    "version": "7.7.7",
}
_WORD = "zq"
"""Fills the other holes, and stands before and after a template that is not tied to the start of a line."""


def overlaps(pack: Pack) -> Iterator[tuple[str, str]]:
    """Ids of patterns that are written twice or never reached, and what is wrong."""
    earlier: dict[str | None, list[Matcher]] = defaultdict(list)
    for order, pattern in enumerate(pack.patterns.values()):
        try:
            matchers = matchers_of(pattern, order, pack.event_types)
        except TemplateError:
            continue  # reported where templates are checked
        if pattern.event is not None:
            yield from _hidden(pattern, matchers, earlier[pattern.event])
        earlier[pattern.event] += matchers


def _hidden(pattern: EventPattern, matchers: list[Matcher], earlier: list[Matcher]) -> Iterator[tuple[str, str]]:
    before = [matcher for matcher in earlier if _covers(matcher.pattern.where, pattern.where)]
    hiding = []
    for index, text in enumerate(pattern.match):
        sample = written_out(text)
        inside = next((m for m in matchers[:index] if m.literal in sample and m.search(sample)), None)
        if inside is not None:
            words = "is written twice" if text in pattern.match[:index] else "is never reached"
            yield pattern.id, f"the template {text!r} {words}: {pattern.match[inside.order[1]]!r} stands before it"
        hiding.append(next((m for m in before if m.literal in sample and m.search(sample)), None))
    first = hiding[0] if hiding else None
    if first is not None and all(hiding):
        names = sorted({matcher.pattern.id for matcher in hiding if matcher is not None})
        yield pattern.id, f"is never reached: {', '.join(names)} gives {pattern.event} for the same text before it"


def written_out(text: str) -> str:
    """A line that a template matches, and nothing else would but for its literal text."""
    parts = [part if isinstance(part, str) else _FILLED.get(part[1], _WORD) for part in split(text.removeprefix("^"))]
    line = "".join(parts)
    return line if text.startswith("^") else f"{_WORD} {line}"


def _covers(wide: Where, narrow: Where) -> bool:
    """Does a record that fits `narrow` always fit `wide`?"""
    return (
        (not wide.subsystem or (bool(narrow.subsystem) and set(narrow.subsystem) <= set(wide.subsystem)))
        and (not wide.level or (bool(narrow.level) and set(narrow.level) <= set(wide.level)))
        and set(narrow.origin) <= set(wide.origin)
        and (not wide.above or wide.above == narrow.above)
        and all(narrow.fields.get(name) == value for name, value in wide.fields.items())
    )
