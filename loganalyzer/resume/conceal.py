"""
Masks on the way in: of what is remembered in a file, nothing may be secret.

Enters: an event as it was logged. Leaves: the event with everything masked that an output would mask, so that whatever
the rules remember of it holds no secret. A part of a key keeps its identity (`keys.Masked`): grouping and ids are those
of the value itself. Numbers as long as one of a phone are masked wherever they stand, since no later line can tell what
they were. Memory: `KEPT` values and texts.
"""

from __future__ import annotations

from collections.abc import Iterable

from loganalyzer.keys import Masked, identity
from loganalyzer.model import Event, Scalar
from loganalyzer.redact import Redactor

KEPT = 10_000
"""Values and texts whose masks are remembered; they come again and again."""


class Concealer:
    """
    Masks events.

    Args:
        names: attributes that are parts of keys.
    """

    def __init__(self, redact: Redactor, names: Iterable[str]) -> None:
        self._redact = redact
        self._names = frozenset(names)
        self._values: dict[tuple[str, str | int], Scalar] = {}
        self._texts: dict[str, str] = {}

    def __call__(self, event: Event) -> Event:
        """The event as it may be remembered."""
        shown = {name: self._value(name, value) for name, value in event.attributes.items()}
        host = None if event.host is None else self._value("host", event.host)
        name = self._redact
        return event._replace(
            attributes=shown,
            host=host if host is None or isinstance(host, str) else str(host),
            span=event.span._replace(source=name(event.span.source)),
            subsystem=None if event.subsystem is None else name(event.subsystem),
            text=self._redact.about(self._text(event.text), event.attributes),
        )

    def _value(self, name: str, value: Scalar) -> Scalar:
        if isinstance(value, bool | float):
            return value
        known = (name, value)
        found = self._values.get(known)
        if found is None:
            found = self._redact.value(name, value)
            if found != value and name in self._names:
                found = Masked(str(found), identity(str(value)))
            if len(self._values) >= KEPT:
                self._values.clear()
            self._values[known] = found
        return found

    def _text(self, text: str) -> str:
        found = self._texts.get(text)
        if found is None:
            if len(self._texts) >= KEPT:
                self._texts.clear()
            found = self._texts[text] = self._redact.nearby(text)
        return found
