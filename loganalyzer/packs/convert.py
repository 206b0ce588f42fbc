"""
Plain YAML data into pack types, with every fault reported at its place.

A small reader driven by the type annotations of `schema`: unknown keys, missing keys and wrong types are faults
of the document; what could not be read is None and its owner is left out.
"""

from __future__ import annotations

import difflib
import functools
import re
import types
import typing
from typing import Any

import msgspec

from loganalyzer.model import Scalar
from loganalyzer.packs import schema
from loganalyzer.packs.yamldoc import Document, Path

_UNITS = {"ms": 1_000_000, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9, "d": 86400 * 10**9}
_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(ms|s|m|h|d)\Z")
_OPERATORS = frozenset(typing.get_args(schema.Operator))
_BAD = object()


def convert(document: Document, path: Path, kind: Any, data: Any) -> Any:
    """The value of type `kind` at `path`, or None after recording faults."""
    value = _convert(document, path, kind, data)
    return None if value is _BAD else value


def parse_duration(text: str) -> int | None:
    """`10m` as [ns], None if it is no duration."""
    match = _DURATION.match(text.strip())
    return round(float(match[1]) * _UNITS[match[2]]) if match else None


def _convert(document: Document, path: Path, kind: Any, data: Any) -> Any:
    origin = typing.get_origin(kind)
    if origin is typing.Annotated:
        return _duration(document, path, data)
    if kind is Any:
        return data
    if origin in (typing.Union, types.UnionType):
        return _union(document, path, kind, data)
    if origin is typing.Literal:
        return _literal(document, path, typing.get_args(kind), data)
    if origin is tuple:
        return _tuple(document, path, typing.get_args(kind)[0], data)
    if origin is dict:
        return _dict(document, path, typing.get_args(kind)[1], data)
    if kind in _SPECIAL:
        return _SPECIAL[kind](document, path, data)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return _struct(document, path, kind, data)
    return _scalar(document, path, kind, data)


def _scalar(document: Document, path: Path, kind: type, data: Any) -> Any:
    if kind is float and isinstance(data, int) and not isinstance(data, bool):
        return float(data)
    if isinstance(data, kind) and not (kind is int and isinstance(data, bool)):
        return data
    document.fault(path, f"expected {kind.__name__}, got {_shown(data)}")
    return _BAD


def _shown(data: Any) -> str:
    names = {dict: "a mapping", list: "a list", type(None): "nothing"}
    return names.get(type(data)) or f"{data!r}"


def _duration(document: Document, path: Path, data: Any) -> Any:
    value = parse_duration(data) if isinstance(data, str) else None
    if value is None:
        document.fault(path, f"expected a duration such as 30s or 10m, got {_shown(data)}")
        return _BAD
    return value


def _union(document: Document, path: Path, kind: Any, data: Any) -> Any:
    options = [option for option in typing.get_args(kind) if option is not type(None)]
    if data is None and len(options) < len(typing.get_args(kind)):
        return None
    if len(options) == 1:
        return _convert(document, path, options[0], data)
    if type(data) in options:
        return data
    document.fault(path, f"expected a text, number or truth value, got {_shown(data)}")
    return _BAD


def _literal(document: Document, path: Path, options: tuple[Any, ...], data: Any) -> Any:
    if data in options:
        return data
    document.fault(path, f"{_shown(data)} is not one of {', '.join(map(str, options))}")
    return _BAD


def _tuple(document: Document, path: Path, kind: Any, data: Any) -> Any:
    if not isinstance(data, list):
        item = _convert(document, path, kind, data)
        return _BAD if item is _BAD else (item,)
    items = [_convert(document, (*path, i), kind, item) for i, item in enumerate(data)]
    return _BAD if _BAD in items else tuple(items)


def _dict(document: Document, path: Path, kind: Any, data: Any) -> Any:
    if not isinstance(data, dict):
        document.fault(path, f"expected a mapping, got {_shown(data)}")
        return _BAD
    items = {key: _convert(document, (*path, key), kind, value) for key, value in data.items()}
    return _BAD if _BAD in items.values() else items


@functools.cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind, include_extras=True)


def _struct(document: Document, path: Path, kind: type[msgspec.Struct], data: Any) -> Any:
    if not isinstance(data, dict):
        document.fault(path, f"expected a mapping, got {_shown(data)}")
        return _BAD
    hints = _hints(kind)
    values: dict[str, Any] = {}
    good = True
    for key, item in data.items():
        if key not in hints:
            near = difflib.get_close_matches(key, hints, n=1)
            document.fault((*path, key), f"unknown key {key!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
            good = False
            continue
        values[key] = _convert(document, (*path, key), hints[key], item)
        good = good and values[key] is not _BAD
    for field in msgspec.structs.fields(kind):
        if field.required and field.name not in data:
            document.fault(path, f"{field.name!r} is missing")
            good = False
    return kind(**values) if good else _BAD


def _attribute(document: Document, path: Path, data: Any) -> Any:
    if isinstance(data, dict):
        return _struct(document, path, schema.AttributeRule, data)
    if isinstance(data, str | int | float | bool):
        return schema.AttributeRule(constant=data)
    document.fault(path, f"expected a constant, {{field: …}} or {{regex: …}}, got {_shown(data)}")
    return _BAD


def _selector(document: Document, path: Path, data: Any) -> Any:
    if not isinstance(data, dict) or "event" not in data:
        document.fault(path, "expected a selector such as {event: channel.exited, code: 428}")
        return _BAD
    events = _tuple(document, (*path, "event"), str, data["event"])
    conditions: list[Any] = []
    for name, value in data.items():
        if name != "event":
            conditions.extend(_conditions(document, (*path, name), name, value))
    if events is _BAD or _BAD in conditions:
        return _BAD
    return schema.Selector(events=events, conditions=tuple(conditions))


def _conditions(document: Document, path: Path, name: str, value: Any) -> list[Any]:
    if not isinstance(value, dict):
        values = _tuple(document, path, Scalar, value)
        return [_BAD if values is _BAD else schema.Condition(attribute=name, operator="in", values=values)]
    result: list[Any] = []
    if not value:
        document.fault(path, "an empty condition; expected a value or an operator such as {not: [428]}")
        return [_BAD]
    for operator, operand in value.items():
        if operator not in _OPERATORS:
            document.fault((*path, operator), f"unknown operator {operator!r}; known: {', '.join(sorted(_OPERATORS))}")
            result.append(_BAD)
            continue
        values = _operand(document, (*path, operator), operator, operand)
        good = values is not _BAD
        result.append(schema.Condition(attribute=name, operator=operator, values=values) if good else _BAD)
    return result


def _operand(document: Document, path: Path, operator: str, operand: Any) -> Any:
    """One or several values for `in` and `not`, a truth value for `has`, one number for all others."""
    if operator in ("in", "not"):
        return _tuple(document, path, Scalar, operand)
    good = _scalar(document, path, bool if operator == "has" else float, operand) is not _BAD
    return (operand,) if good else _BAD


def _nearby(document: Document, path: Path, data: Any) -> Any:
    if not isinstance(data, dict):
        document.fault(path, "expected {event: …, within: 5m}")
        return _BAD
    own = {key: data[key] for key in ("within", "label", "add") if key in data}
    selector = _selector(document, path, {key: value for key, value in data.items() if key not in own})
    if "within" not in own:
        document.fault(path, "'within' is missing")
        return _BAD
    hints = _hints(schema.Nearby)
    values = {key: _convert(document, (*path, key), hints[key], value) for key, value in own.items()}
    if selector is _BAD or _BAD in values.values():
        return _BAD
    return schema.Nearby(selector=selector, **values)


def _line_example(document: Document, path: Path, data: Any) -> Any:
    if isinstance(data, str):
        return schema.LineExample(line=data)
    return _struct(document, path, schema.LineExample, data)


_SPECIAL: dict[Any, Any] = {
    schema.LineExample: _line_example,
    schema.AttributeRule: _attribute,
    schema.Selector: _selector,
    schema.Nearby: _nearby,
}
