"""
Keys with parts that may be unknown, and a table of them that is asked without looking at all.

A key names an installation, a channel, an account …; a part of it that an event does not tell is None and fits every
value. Keys with the same parts known are indexed by those that the question knows too, so that the price of a question
does not grow with the number of keys; only one that leaves open what tells them apart has many answers.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import Any, Generic, Self, TypeVar

Key = tuple[str | None, ...]
Shape = int
"""Which parts are known, a bit each."""
Value = TypeVar("Value")
MAX_ANSWERS = 1000
MAX_ANSWER = 4
"""Questions that a table remembers, and the most keys that fit one of them."""


class Masked(str):
    """
    A part of a key that was masked before the rules see it.

    It shows its mask and is told from others by the identity of what it was, so that it groups, and gives the ids, that
    the value itself would.
    """

    __slots__ = ("identity",)
    identity: str

    def __new__(cls, mask: str, identity: str) -> Self:
        """`identity`: see the function of that name."""
        made = super().__new__(cls, mask)
        made.identity = identity
        return made

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Masked) and self.identity == other.identity

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self.identity)

    def __str__(self) -> str:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return Masked, (str.__str__(self), self.identity)


def identity(part: str | None) -> str:
    """What stands for a part of a key in the ids of incidents; equal for equal parts, on every machine."""
    if part is None:
        return ""
    if isinstance(part, Masked):
        return part.identity
    return hashlib.blake2b(part.encode("utf-8", "surrogatepass"), digest_size=8, key=b"key").hexdigest()


def fits(one: Key, other: Key) -> bool:
    """Do two keys agree where both know something?"""
    for ours, theirs in zip(one, other, strict=True):
        if ours != theirs and ours is not None and theirs is not None:
            return False
    return True


class KeyTable(Generic[Value]):
    """Values by key, least recently used first."""

    def __init__(self) -> None:
        self.entries: OrderedDict[Key, Value] = OrderedDict()
        """All of it, least recently used first; to be read only."""
        self._used: dict[Key, int] = {}
        self._clock = 0
        self._indexes: dict[Shape, dict[Shape, dict[Key, dict[Key, None]]]] = {}
        """By shape of the keys and shape of what is asked: keys by what they have in common with a question."""
        self._answers: dict[Key, list[Key]] = {}
        """By question: the keys that fit it, as long as none comes or goes."""

    def __len__(self) -> int:
        return len(self.entries)

    def get(self, key: Key) -> Value | None:
        """The value of exactly this key."""
        return self.entries.get(key)

    def put(self, key: Key, value: Value) -> None:
        """Add a value, or use the one that is there once more."""
        if key not in self.entries:
            self._answers.clear()
            for asked, index in self._indexes.setdefault(_shape(key), {}).items():
                index.setdefault(_part(key, asked), {})[key] = None
        self.entries[key] = value
        self.entries.move_to_end(key)
        self._clock += 1
        self._used[key] = self._clock

    def pop(self, key: Key) -> Value:
        """Take a value out."""
        self._answers.clear()
        del self._used[key]
        for asked, index in self._indexes[_shape(key)].items():
            part = _part(key, asked)
            del index[part][key]
            if not index[part]:
                del index[part]
        return self.entries.pop(key)

    def pop_oldest(self) -> Value:
        """Take out the value that was used least recently."""
        return self.pop(next(iter(self.entries)))

    def fitting(self, key: Key) -> list[Value]:
        """The values of all keys that fit one, least recently used first."""
        found = self._find(key)
        if len(found) > 1:
            found.sort(key=self._used.__getitem__)
        return [self.entries[one] for one in found]

    def latest(self, key: Key) -> Value | None:
        """Of the values of all keys that fit one that which was used last."""
        found = self._find(key)
        return self.entries[max(found, key=self._used.__getitem__)] if found else None

    def _find(self, key: Key) -> list[Key]:
        """All keys that fit one, in any order."""
        found = self._answers.get(key)
        if found is None:
            found = self._search(key)
            if len(found) <= MAX_ANSWER and len(self._answers) < MAX_ANSWERS:
                self._answers[key] = found
        return found

    def _search(self, key: Key) -> list[Key]:
        found: list[Key] = []
        known = _shape(key)
        for shape, indexes in self._indexes.items():
            asked = shape & known
            if asked == shape:  # only one key can fit, and needs no index to be found
                fitting = tuple([part if shape >> bit & 1 else None for bit, part in enumerate(key)])
                if fitting in self.entries:
                    found.append(fitting)
                continue
            if asked not in indexes:
                index = indexes[asked] = {}
                for other in self.entries:
                    if _shape(other) == shape:
                        index.setdefault(_part(other, asked), {})[other] = None
            found += indexes[asked].get(_part(key, asked), ())
        return found


def _shape(key: Key) -> Shape:
    shape = 0
    for bit, part in enumerate(key):
        shape |= (part is not None) << bit
    return shape


def _part(key: Key, shape: Shape) -> Key:
    return tuple([part for bit, part in enumerate(key) if shape >> bit & 1])
