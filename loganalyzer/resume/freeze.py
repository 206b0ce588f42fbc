"""
The memory of a live analysis as bytes, and back.

Enters: an `Analyzer`. Leaves: bytes that only mean something beside the same pack and program. What the pack determines
(rules, conditions, roles) is not in them but referred to by number, in the order in which an analyzer that has read
nothing meets it. Everything else is written as it is, whatever its fields are, so this module knows none of them.

The bytes come from a file, so they are not trusted: nothing but the classes of the memory can be made of them, and no
function is called. A file that was damaged in spite of its digest gives an error, never a half-made analysis.
"""

from __future__ import annotations

import io
import pickle
import sys
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from dataclasses import fields
from datetime import timedelta, timezone
from typing import Any

from loganalyzer.api import Analyzer, Memory
from loganalyzer.correlate import Predicate
from loganalyzer.extract import Options
from loganalyzer.model import Accounting
from loganalyzer.packs.schema import Model
from loganalyzer.redact import Redactor
from loganalyzer.tracking import Listeners, Role

CLASSES: dict[str, frozenset[str] | None] = {
    "loganalyzer.api": frozenset({"Memory"}),
    "loganalyzer.causes": None,
    "loganalyzer.channels": None,
    "loganalyzer.classify": None,
    "loganalyzer.clock": frozenset({"Clock"}),
    "loganalyzer.correlate": None,
    "loganalyzer.extract": frozenset({"End", "LineStart"}),
    "loganalyzer.gaps": None,
    "loganalyzer.incident": None,
    "loganalyzer.keys": None,
    "loganalyzer.model": None,
    "loganalyzer.ordering": None,
    "loganalyzer.outputs.shown": None,
    "loganalyzer.pipeline": frozenset({"Judge", "Timeline"}),
    "loganalyzer.rolled": None,
    "loganalyzer.tracking": None,
}
"""Where the classes of the memory are defined, and which of them belong to it; None for all."""
OTHERS: dict[tuple[str, str], type] = {
    (one.__module__, one.__name__): one for one in (Counter, OrderedDict, deque, timedelta, timezone)
}
"""Further classes that may be in it."""
PROTOCOL = 5


class FrozenError(Exception):
    """Bytes that hold no memory of this program and pack."""


class Freezer:
    """
    Freezes and thaws the memory of one analyzer.

    Args:
        analyzer: has read nothing yet.
        redact: masks what the accounting quotes.
    """

    def __init__(self, analyzer: Analyzer, redact: Redactor) -> None:
        self._analyzer = analyzer
        self._redact = redact
        self._static: list[object] = []
        self._numbers: dict[int, int] = {}
        self._adding = True
        self._dumps(analyzer.memory())
        self._adding = False

    def freeze(self, more: object) -> bytes:
        """
        The memory as it stands.

        Args:
            more: what else is to be kept: plain values and classes of the memory.

        Errors:
            FrozenError: there is something in it that cannot be written.
        """
        accounting = self._analyzer.accounting
        counted = {one.name: getattr(accounting, one.name) for one in fields(accounting)}
        for name in ("assumptions", "problems"):
            counted[name] = [self._redact(text) for text in counted[name]]
        # Beginnings of lines are raw; what is needed of them is how many kinds there are.
        counted["unknown_heads"] = {kind: kind for kind in map(self._redact.nearby, accounting.unknown_kinds)}
        counted["bytes"] -= self._analyzer.unfinished or 0
        del counted["sources"]
        return self._dumps((self._analyzer.memory(), counted, more))

    def thaw(self, data: bytes, above: bytes) -> object:
        """
        Puts the memory into the analyzer.

        Args:
            above: whole lines before the place where the memory was frozen.

        Returns:
            What was kept beside it.

        Errors:
            FrozenError: the bytes are no memory of this program and pack; the analyzer is as it was.
        """
        try:
            memory, counted, more = _Unpickler(data, self._fetch).load()
            if not isinstance(memory, Memory) or not isinstance(counted, dict):
                raise FrozenError("it holds something else")
            self._analyzer.resume(memory, above)
        except FrozenError:
            raise
        except Exception as error:
            raise FrozenError(str(error)) from error
        for name, value in counted.items():
            setattr(self._analyzer.accounting, name, value)
        return more

    def _dumps(self, value: object) -> bytes:
        file = io.BytesIO()
        pickler = pickle.Pickler(file, PROTOCOL)
        pickler.dispatch_table = {Predicate: self._refer, Role: self._refer, Accounting: self._refer}
        pickler.dispatch_table |= {Options: self._refer, Listeners: self._listeners}
        pickler.dispatch_table |= dict.fromkeys(_subclasses(Model), self._refer)
        try:
            pickler.dump(value)
        except (pickle.PicklingError, TypeError, AttributeError, RecursionError) as error:
            raise FrozenError(str(error)) from error
        return file.getvalue()

    def _refer(self, static: object) -> tuple[Callable[..., object], tuple[int]]:
        number = self._numbers.get(id(static))
        if number is None:
            if not self._adding:
                raise FrozenError(f"a {type(static).__name__} that was not there at the beginning")
            number = self._numbers[id(static)] = len(self._static)
            self._static.append(static)
        return _static, (number,)

    def _listeners(self, _: Listeners) -> tuple[type, tuple[object]]:
        """They are made of the trackers, and remember answers."""
        return Listeners, (self._analyzer.memory().judge.classifier.trackers,)

    def _fetch(self, number: int) -> object:
        return self._static[number]


def _static(number: int) -> object:
    """Stands for `Freezer._fetch` in the bytes."""
    raise FrozenError(f"{number} is looked up by the analyzer that thaws")


def _subclasses(base: type) -> list[type]:
    below: list[type] = base.__subclasses__()
    return below + [found for one in below for found in _subclasses(one)]


class _Unpickler(pickle.Unpickler):
    """Makes the classes of the memory, and nothing else."""

    def __init__(self, data: bytes, fetch: Callable[[int], object]) -> None:
        super().__init__(io.BytesIO(data))
        self._fetch = fetch

    def find_class(self, module: str, name: str, /) -> Any:
        """A class that may be in the memory."""
        if (module, name) == (__name__, _static.__name__):
            return self._fetch
        found = OTHERS.get((module, name))
        names = CLASSES.get(module, frozenset())
        if found is None and (names is None or name in names) and module in sys.modules:
            found = vars(sys.modules[module]).get(name)
        if not isinstance(found, type) or found.__module__ != module:
            raise FrozenError(f"{module}.{name} is no part of it")
        return found
