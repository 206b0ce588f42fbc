"""The JSON Schema of pack files: it accepts what the loader accepts, and refuses what it refuses."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from loganalyzer.packs import builtin_dir, load_dirs
from loganalyzer.packs.convert import convert
from loganalyzer.packs.jsonschema import json_schema
from loganalyzer.packs.read import PatternFile, VocabularyFile
from loganalyzer.packs.schema import FailureMode
from loganalyzer.packs.yamldoc import Document, parse

FILES = sorted(builtin_dir().rglob("*.yaml"))


@cache
def validator() -> jsonschema.Draft202012Validator:
    schema = json_schema(load_dirs([builtin_dir()]))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def read(path: Path) -> Any:
    return parse(path.read_text(encoding="utf-8"), str(path)).data


def loads(data: Any) -> bool:
    """Does the loader accept the form of a document? What lint asks for is another matter."""
    document = Document("test.yaml", data)
    kinds = {"patterns": PatternFile, "event_types": VocabularyFile}
    kind: Any = next((kinds[key] for key in kinds if isinstance(data, dict) and key in data), FailureMode)
    convert(document, (), kind, data)
    return not document.faults


def test_every_file_of_the_builtin_pack_is_valid() -> None:
    """Vocabulary, event patterns and failure modes."""
    assert [
        f"{path.name} {error.json_path}: {error.message}"
        for path in FILES
        for error in validator().iter_errors(read(path))
    ] == []


def _places(data: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if path:
        yield path
    children = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in children:
        yield from _places(value, (*path, key))


def _owner(data: Any, path: tuple[str | int, ...]) -> Any:
    for key in path[:-1]:
        data = data[key]
    return data


def _drop(owner: Any, key: Any) -> None:
    del owner[key]


def _rename(owner: Any, key: Any) -> None:
    if isinstance(owner, dict):
        owner["zzz"] = owner.pop(key)


def _put(value: Any) -> Callable[[Any, Any], None]:
    def change(owner: Any, key: Any) -> None:
        owner[key] = copy.deepcopy(value)

    return change


CHANGES = {
    "dropped": _drop,
    "renamed": _rename,
    "null": _put(None),
    "number": _put(7),
    "word": _put("zzz"),
    "mapping": _put({"zzz": 1}),
    "nested list": _put([["a"]]),
    "empty list": _put([]),
}
STRICTER = ("confidence", "count", "tier", "id", "event", "explains", "add", "gte", "lte", "gt", "lt", "has", "in")
"""Values the schema is deliberately stricter about: ranges and spelling, which lint checks otherwise."""


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_the_schema_judges_as_the_loader_does(change: Callable[[Any, Any], None]) -> None:
    """Dozens of changes in all kinds of places: both accept, or both refuse."""
    chance = random.Random(11)
    for path in chance.sample([path for path in FILES if path.stat().st_size < 8000], 12):
        data = read(path)
        for place in chance.sample(list(_places(data)), 4):
            changed = copy.deepcopy(data)
            change(_owner(changed, place), place[-1])
            valid = validator().is_valid(changed)
            if valid:
                assert loads(changed), (path.name, place)
            elif not any(str(part).startswith(STRICTER) for part in place if isinstance(part, str)):
                assert not loads(changed), (path.name, place, next(validator().iter_errors(changed)).message)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"severity": "loud"}, "$.severity"),
        ({"confidense": 1}, "$"),
        ({"id": "Has Spaces"}, "$.id"),
        ({"tier": 9}, "$.tier"),
        ({"explains_within": "ten minutes"}, "$.explains_within"),
        ({"evidence": [{"name": "x", "confidence": 2, "match": {"event": "a.b"}}]}, "$.evidence"),
        ({"evidence": [{"name": "x", "confidence": 0.5, "match": {"code": 1}}]}, "$.evidence"),
        ({"evidence": [{"name": "x", "confidence": 0.5, "match": {"event": "a.b", "n": {"above": 3}}}]}, "$.evidence"),
        ({"context": [{"event": "a.b"}]}, "$.context"),
        ({"remediation": [{"commands": ["x"]}]}, "$.remediation"),
    ],
)
def test_a_wrong_mode_is_refused_at_its_place(change: dict[str, Any], where: str) -> None:
    """What people get wrong, each with the place that an editor would mark."""
    mode = read(builtin_dir() / "failure_modes/gateway/gateway.oom.yaml") | change
    errors = list(validator().iter_errors(mode))
    assert [error.json_path for error in errors] == [where]


def test_event_types_are_offered_and_others_allowed() -> None:
    """An editor completes the words of the vocabulary; a pack with its own words is still valid."""
    offered = json_schema(load_dirs([builtin_dir()]))["$defs"]["event"]["anyOf"][0]["enum"]
    assert "channel.disconnected" in offered
    pattern = {"id": "my.own", "event": "zoo.escaped", "match": "zebra is out"}
    assert validator().is_valid({"patterns": [pattern]})
    assert not validator().is_valid({"patterns": [pattern | {"event": "not an event"}]})
