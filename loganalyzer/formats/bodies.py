"""
Records that come again and again with other times, and are decoded once.

A gateway in trouble writes the same records over and over. Of one that came twice all but its time is kept, by
what makes it. What came once leaves a hash: most of it never comes again and is not worth more. Memory: `MAX_BODIES`
records of at most `MAX_BODY`; both memories are emptied when full, which changes no record.
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
        self._seen: set[int] = set()

    def get(self, key: Hashable) -> Body | None:
        """The body that a key made before, if it is remembered."""
        return self._bodies.get(key)

    def came_before(self, key: Hashable) -> bool:
        """Did this key come before? Then what it makes is worth remembering."""
        digest = hash(key)
        if digest in self._seen:
            return True
        if len(self._seen) >= MAX_SEEN:
            self._seen.clear()
        self._seen.add(digest)
        return False

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
        mark = object()
        self._bodies[key] = (*body, mark) if body else ()
        return mark
