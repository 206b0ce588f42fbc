"""
Records that come again and again with other times, and are decoded once.

A gateway in trouble writes the same records over and over. Of one that comes again all but its time is kept, by
what makes it. Before that it leaves a hash: most of it never comes again and is not worth more. Memory: `MAX_BODIES`
records of at most `MAX_BODY`; memories are emptied when full, which changes no record.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

MAX_BODIES = 1024
MAX_BODY = 2048
"""Longest record that is worth remembering [bytes or characters]."""
MAX_SEEN = 8192

Body = tuple[Any, ...]
"""A record behind its time, in the order of its fields: all of it, the mark (`Record.body`) at the end."""


class Bodies:
    """The bodies of one surface."""

    def __init__(self) -> None:
        self._bodies: dict[Hashable, Body] = {}
        self._seen: dict[int, int] = {}

    def get(self, key: Hashable) -> Body | None:
        """The body that a key made before, if it is remembered."""
        return self._bodies.get(key)

    def came(self, key: Hashable) -> int:
        """How often this key came before; counts it. What comes again is worth remembering."""
        digest, seen = hash(key), self._seen
        often = seen.get(digest, 0)
        if not often and len(seen) >= MAX_SEEN:
            seen.clear()
        seen[digest] = often + 1
        return often

    def keep(self, key: Hashable, body: Body) -> object:
        """
        Remembers what a key makes.

        Args:
            body: without mark; empty if the key does not decide it.

        Returns:
            The mark of the body.
        """
        if len(self._bodies) >= MAX_BODIES:
            self._bodies.clear()
            self._seen.clear()
        mark = object()
        self._bodies[key] = (*body, mark) if body else ()
        return mark
