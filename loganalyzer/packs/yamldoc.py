"""
YAML with positions: a document keeps the line and column of every key and value.

Duplicate keys and syntax errors become faults. Plain words are only what JSON has (true, false, null, numbers):
the `on`, `yes` and dates of YAML 1.1 stay text.
"""

from __future__ import annotations

import re
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
    ("int", r"-?(?:0|[1-9][0-9]*)", "-0123456789"),
    ("float", r"-?(?:0|[1-9][0-9]*)\.[0-9]+", "-0123456789"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern})\Z"), list(_first))
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"\Z"), [""])


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
        node = loader.get_single_node()
        if node is not None:
            document.data = _convert(loader, node, (), document)
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


def _convert(loader: Any, node: yaml.Node, path: Path, document: Document) -> Any:
    mark = node.start_mark
    document.places.setdefault(path, (mark.line + 1, mark.column + 1))
    if isinstance(node, yaml.MappingNode):
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            place = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            if key in result:
                document.faults.append(
                    Fault(file=document.file, line=place[0], column=place[1], message=f"duplicate key {key!r}")
                )
            document.places[(*path, key)] = place
            result[key] = _convert(loader, value_node, (*path, key), document)
        return result
    if isinstance(node, yaml.SequenceNode):
        return [_convert(loader, item, (*path, i), document) for i, item in enumerate(node.value)]
    return loader.construct_object(node)
