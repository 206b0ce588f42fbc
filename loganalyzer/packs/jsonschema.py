"""
JSON Schema of the pack files, for editors: completion and checking while one writes.

Enters: the types of `schema`, from which `load` reads too, so that both agree; and a pack, for the event types that
an editor offers. Leaves: one schema (draft 2020-12) for all three kinds of file, told apart by their first key.
What only the whole pack can tell (unknown modes, attributes, literals) stays the work of `lint`.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable
from typing import Any

import msgspec

from loganalyzer.packs import schema
from loganalyzer.packs.read import PatternFile, VocabularyFile

DIALECT = "https://json-schema.org/draft/2020-12/schema"
DURATION = r"^\s*\d+(\.\d+)?(ms|s|m|h|d)\s*$"
EVENT_NAME = r"^[a-z_]+(\.[a-z0-9_-]+)+$"
_SCALARS: dict[Any, Any] = {str: "string", int: "integer", float: "number", bool: "boolean"}
_SCALAR = {"type": ["string", "number", "boolean"]}
_MODE_ID = {"type": "string", "pattern": r"^[a-z]+(\.[a-z0-9-]+)+$"}
_FRACTION = {"type": "number", "exclusiveMinimum": 0, "maximum": 1}

Schema = dict[str, Any]


def json_schema(pack: schema.Pack) -> Schema:
    """The schema of every file of a pack; the event types and modes of `pack` are offered, others are allowed."""
    writer = _Writer()
    patterns, vocabulary = writer.of(PatternFile), writer.of(VocabularyFile)
    mode = writer.of(schema.FailureMode)
    definitions = writer.definitions | {
        "event": _open_enum(pack.event_types, EVENT_NAME),
        "mode": _open_enum(pack.modes, str(_MODE_ID["pattern"])),
        "duration": {"type": "string", "pattern": DURATION, "description": "50ms, 30s, 10m, 2h or 1d"},
        "value": _SCALAR,
        "condition": _condition(),
        "nearby": _nearby(),
        "selector": _selector({}, "#/$defs/condition"),
    }
    return {
        "$schema": DIALECT,
        "title": "A file of a loganalyzer pattern pack",
        "type": "object",
        "if": {"required": ["patterns"]},
        "then": patterns,
        "else": {"if": {"required": ["event_types"]}, "then": vocabulary, "else": mode},
        "$defs": dict(sorted(definitions.items())),
    }


class _Writer:
    """Types into schemas; each struct becomes one definition."""

    def __init__(self) -> None:
        self.definitions: dict[str, Schema] = {}

    def of(self, kind: Any) -> Schema:
        """The schema of what YAML may hold where `kind` is wanted."""
        origin, arguments = typing.get_origin(kind), typing.get_args(kind)
        if origin is typing.Annotated:
            return _ref("duration")
        if kind is Any:
            return {}
        if origin in (typing.Union, types.UnionType):
            options = [option for option in arguments if option is not type(None)]
            found = self.of(options[0]) if len(options) == 1 else _ref("value")
            return {"anyOf": [found, {"type": "null"}]} if len(options) < len(arguments) else found
        if origin is typing.Literal:
            return {"enum": list(arguments)}
        if origin is tuple:
            return _many(self.of(arguments[0]))
        if origin is dict:
            return _mapping(self.of(arguments[1]))
        if kind in _SCALARS:
            return {"type": _SCALARS[kind]}
        return self._struct(kind)

    def _struct(self, kind: type[msgspec.Struct]) -> Schema:
        if kind is schema.Selector:
            return _ref("selector")
        if kind is schema.Nearby:
            return _ref("nearby")
        name = kind.__name__
        if name not in self.definitions:
            self.definitions[name] = {}
            self.definitions[name] = self._shorthand(kind, self._object(kind))
        return _ref(name)

    def _object(self, kind: type[msgspec.Struct]) -> Schema:
        hints = typing.get_type_hints(kind, include_extras=True)
        properties = {name: self.of(hint) for name, hint in hints.items() if name in kind.__struct_fields__}
        properties |= _FITTED.get(kind, {})
        required = [field.name for field in msgspec.structs.fields(kind) if field.required]
        described = {"description": " ".join((kind.__doc__ or "").split())}
        return _object(properties, required) | described

    def _shorthand(self, kind: type[msgspec.Struct], full: Schema) -> Schema:
        """Structs that may also be written as a plain value."""
        if kind is schema.AttributeRule:
            return {"anyOf": [_ref("value"), full]}
        if kind is schema.LineExample:
            return {"anyOf": [{"type": "string"}, full]}
        return full


_FITTED: dict[Any, dict[str, Schema]] = {
    schema.EventPattern: {"event": {"$ref": "#/$defs/event"}},
    schema.EvidenceRule: {
        "confidence": _FRACTION,
        "confidence_max": _FRACTION,
        "count": {"type": "integer", "minimum": 1},
    },
    schema.FailureMode: {
        "id": _MODE_ID,
        "tier": {"enum": [1, 2, 3]},
        "explains": {"anyOf": [{"$ref": "#/$defs/mode"}, {"type": "array", "items": {"$ref": "#/$defs/mode"}}]},
    },
}
"""What the types cannot say."""


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _many(item: Schema) -> Schema:
    """One, or a list."""
    return {"anyOf": [item, {"type": "array", "items": item}]}


def _mapping(value: Schema) -> Schema:
    return {"type": "object", "additionalProperties": value}


def _object(properties: dict[str, Schema], required: list[str]) -> Schema:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _open_enum(known: Iterable[str], pattern: str) -> Schema:
    return {"anyOf": [{"enum": sorted(known)}, {"type": "string", "pattern": pattern}]}


def _condition() -> Schema:
    """A value, several, or operators on the value."""
    one = _many(_ref("value"))
    bound = {"type": "number"}
    operators = {"in": one, "not": one, "has": {"type": "boolean"}} | dict.fromkeys(("gte", "lte", "gt", "lt"), bound)
    return {"anyOf": [one, _object(operators, []) | {"minProperties": 1}]}


def _selector(more: dict[str, Schema], condition: str) -> Schema:
    properties = {"event": _many(_ref("event"))} | more
    return {
        "type": "object",
        "properties": properties,
        "required": ["event", *(name for name in more if name == "within")],
        "additionalProperties": {"$ref": condition},
        "description": "Which events are meant: a type, and conditions on attributes.",
    }


def _nearby() -> Schema:
    more = {"within": _ref("duration"), "label": {"type": ["string", "null"]}, "add": _FRACTION}
    return _selector(more, "#/$defs/condition") | {"description": "An event that is looked for in the recent past."}
