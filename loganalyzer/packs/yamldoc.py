"""
YAML with positions: a document keeps the line and column of every key and value.

Duplicate keys and syntax errors become faults. Plain words are only what JSON has (true, false, null, numbers):
the `on`, `yes` and dates of YAML 1.1 stay text. Aliases and tags are refused: no pack needs them, and a few of them can
make a document of any size.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

import yaml

from loganalyzer.errors import Fault

Path = tuple[str | int, ...]


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    yaml_implicit_resolvers: ClassVar[dict[str, list[Any]]] = {}


for _tag, _pattern, _first in (
    ("bool", r"true|false", "tf"),
    ("null", r"null|~|", "n~"),
    ("int", r"-?(?:0|[1-9][0-9]{0,17})", "-0123456789"),
    ("float", r"-?(?:0|[1-9][0-9]{0,17})\.[0-9]{1,18}", "-0123456789"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern})\Z"), list(_first))
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"\Z"), [""])
_PLAIN: dict[str, Callable[[str], Any]] = {
    "tag:yaml.org,2002:bool": lambda text: text == "true",
    "tag:yaml.org,2002:null": lambda _: None,
    "tag:yaml.org,2002:int": int,
    "tag:yaml.org,2002:float": float,
}
MAX_DEPTH = 32
"""Lists and mappings within one another; a rule needs eight."""


@dataclass(slots=True)
class Document:
    """Parsed data of one file, with the place of each of its parts."""

    file: str
    data: Any = None
    places: dict[Path, tuple[int, int]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def fault(self, path: Path, message: str) -> None:
        """Record a fault at `path`, or at the nearest place above it that is known."""
        while path and path not in self.places:
            path = path[:-1]
        line, column = self.places.get(path, (1, 1))
        self.faults.append(Fault(file=self.file, line=line, column=column, message=message))


def parse(text: str, file: str) -> Document:
    """Parse one YAML document; problems are in its `faults`, never raised."""
    document = Document(file)
    loader = _Loader(text)
    try:
        loader.get_event()  # the stream begins
        if not loader.check_event(yaml.StreamEndEvent):
            loader.get_event()  # the document begins
            document.data = _value(loader, loader.get_event(), (), document)
            loader.get_event()  # the document ends
        if not loader.check_event(yaml.StreamEndEvent):
            raise _Refusal("more than one document in a file", loader.get_event())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        problem = error.problem or "not valid YAML"
        document.faults.append(Fault(file=file, line=line, column=column, message=f"YAML: {problem}"))
    except yaml.YAMLError as error:
        document.faults.append(Fault(file=file, line=1, column=1, message=f"YAML: {error}"))
    finally:
        loader.dispose()
    return document


class _Refusal(yaml.MarkedYAMLError):
    """Valid YAML that a pack has no use for."""

    def __init__(self, problem: str, event: Any) -> None:
        super().__init__(problem=problem, problem_mark=event.start_mark)


def _value(loader: Any, event: Any, path: Path, document: Document) -> Any:
    """What an event begins, read to its end."""
    document.places.setdefault(path, _place(event))
    if isinstance(event, yaml.AliasEvent):
        raise _Refusal("aliases are not allowed", event)
    if event.tag not in (None, "!"):
        raise _Refusal("tags are not allowed", event)
    if isinstance(event, yaml.ScalarEvent):
        make = _PLAIN.get(loader.resolve(yaml.ScalarNode, event.value, event.implicit))
        return make(event.value) if make is not None else event.value
    if len(path) >= MAX_DEPTH:
        raise _Refusal(f"nested deeper than {MAX_DEPTH}", event)
    if isinstance(event, yaml.SequenceStartEvent):
        items: list[Any] = []
        while not isinstance(item := loader.get_event(), yaml.SequenceEndEvent):
            items.append(_value(loader, item, (*path, len(items)), document))
        return items
    result: dict[str, Any] = {}
    while not isinstance(name := loader.get_event(), yaml.MappingEndEvent):
        if not isinstance(name, yaml.ScalarEvent):
            raise _Refusal("a key must be a word", name)
        key = str(name.value)
        place = _place(name)
        if key in result:
            document.faults.append(
                Fault(file=document.file, line=place[0], column=place[1], message=f"duplicate key {key!r}")
            )
        document.places[(*path, key)] = place
        result[key] = _value(loader, loader.get_event(), (*path, key), document)
    return result


def _place(event: Any) -> tuple[int, int]:
    return event.start_mark.line + 1, event.start_mark.column + 1
