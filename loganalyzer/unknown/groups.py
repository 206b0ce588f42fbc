"""
Unknown lines, put together where they are alike.

Enters: unknown lines. Leaves: groups, errors first, then by number. Lines are masked, then grouped by Drain3 within one
level and subsystem: what differs beyond the masks becomes `<*>` if most words are the same. Without Drain3 only equal
masked texts are one group. Memory: `MAX_GROUPS` groups and as many beginnings; what fits in none of them is counted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Protocol

from loganalyzer.model import UnknownGroup, UnknownLine
from loganalyzer.unknown.masks import MAX_TEXT, mask

MAX_GROUPS = 1000
MAX_LINES = 1_000_000
"""Lines that are looked at; a group that has not shown itself by then is not worth the wait."""
MAX_REMEMBERED = 10_000
MAX_WORDS = 40
"""Words of a text that are compared."""
ANY_WORD = "<*>"
"""Stands in a template for a word that varies."""
EXAMPLES = 2
SIMILARITY = 0.6
"""Share of equal words from which on two texts are one group; below, short texts that only begin alike are mixed."""
_VARYING = re.compile(r"[0-9a-fA-F]+")


class Similar(Protocol):
    """Tells which texts are alike."""

    def place(self, text: str, *, new: bool) -> int | None:
        """The number of the group that a text belongs to; None if it needs a new one and must not have it."""

    def template(self, number: int) -> str:
        """What the texts of a group have in common."""


class Drain:
    """Grouping by Drain3 (He et al. 2017): a tree of fixed depth, then the most similar template."""

    def __init__(self) -> None:
        from drain3.drain import Drain as Tree

        self._tree = Tree(sim_th=SIMILARITY, param_str=ANY_WORD)

    def place(self, text: str, *, new: bool) -> int | None:
        """See `Similar`."""
        if new:
            return int(self._tree.add_log_message(text)[0].cluster_id)
        cluster = self._tree.match(text)
        return None if cluster is None else int(cluster.cluster_id)

    def template(self, number: int) -> str:
        """See `Similar`."""
        return str(self._tree.id_to_cluster[number].get_template())


class Equal:
    """Grouping without Drain3: equal texts."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._texts: list[str] = []

    def place(self, text: str, *, new: bool) -> int | None:
        """See `Similar`."""
        number = self._numbers.get(text)
        if number is None and new:
            number = self._numbers[text] = len(self._texts)
            self._texts.append(text)
        return number

    def template(self, number: int) -> str:
        """See `Similar`."""
        return self._texts[number]


def has_drain() -> bool:
    """Is Drain3 installed?"""
    try:
        import drain3.drain  # noqa: F401
    except ImportError:
        return False
    return True


@dataclass(slots=True)
class _Group:
    similar: Similar
    number: int
    first: UnknownLine
    count: int = 0
    first_ns: int | None = None
    last_ns: int | None = None
    examples: list[UnknownLine] = field(default_factory=list)

    def add(self, line: UnknownLine) -> None:
        self.count += 1
        if line.time_ns is not None:
            self.first_ns = line.time_ns if self.first_ns is None else min(self.first_ns, line.time_ns)
            self.last_ns = line.time_ns if self.last_ns is None else max(self.last_ns, line.time_ns)
        if len(self.examples) < EXAMPLES and all(line.text != other.text for other in self.examples):
            self.examples.append(line)


class Groups:
    """Collects unknown lines."""

    def __init__(self) -> None:
        self.left_out = 0
        """Lines that were not grouped, because there were too many lines or groups."""
        self._kind = Drain if has_drain() else Equal
        self._lines = 0
        self._similar: dict[tuple[str, str | None], Similar] = {}
        self._groups: dict[tuple[str, str | None, int], _Group] = {}
        self._remembered: dict[tuple[str, str | None, str], _Group] = {}

    def add(self, line: UnknownLine) -> None:
        """Take a line."""
        self._lines += 1
        group = self._group(line) if self._lines <= MAX_LINES else None
        if group is None:
            self.left_out += 1
        else:
            group.add(line)

    def result(self) -> tuple[UnknownGroup, ...]:
        """The groups so far: errors first, then the most frequent, then the oldest."""
        ranked = sorted(self._groups.values(), key=lambda g: (g.first.level != "error", -g.count))
        return tuple(
            UnknownGroup(
                level=group.first.level,
                subsystem=group.first.subsystem,
                count=group.count,
                first_seen_ns=group.first_ns,
                last_seen_ns=group.last_ns,
                template=group.similar.template(group.number),
                examples=tuple(group.examples),
            )
            for group in ranked
        )

    def _group(self, line: UnknownLine) -> _Group | None:
        # Most lines differ from an earlier one in digits only, and need neither masks nor a search.
        seen = (line.level, line.subsystem, _VARYING.sub("", line.text[:MAX_TEXT]))
        group = self._remembered.get(seen)
        if group is not None:
            return group
        new = len(self._groups) < MAX_GROUPS
        place = (line.level, line.subsystem)
        similar = self._similar.get(place)
        if similar is None:
            if not new:
                return None
            similar = self._similar[place] = self._kind()
        number = similar.place(" ".join(mask(line.text).split()[:MAX_WORDS]), new=new)
        if number is None:
            return None
        group = self._groups.get((*place, number))
        if group is None:
            group = self._groups[*place, number] = _Group(similar, number, line)
        if len(self._remembered) < MAX_REMEMBERED:
            self._remembered[seen] = group
        return group
