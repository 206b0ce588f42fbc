"""
Records of the gateway's file log, 2026.2.x to 2026.9.x: one JSON object per line, written by tslog.

`{"0": bindings, "1": structured argument, "2": text, "_meta": {...}, "time": ...}`. Arg `0` of a subsystem logger is a
JSON string; a captured console call has none. Status codes, delays and causes stand in the structured argument only,
and the top-level `message` (absent in 2026.2.x) may be cut, so text and fields are read from the numbered arguments.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from loganalyzer.formats.bodies import MAX_BODY, Bodies, Body
from loganalyzer.formats.line import (
    MAX_NAME,
    Inner,
    Line,
    clean,
    compact,
    is_shallow,
    level_of,
    load_object,
    name_of,
    time_fields,
)
from loganalyzer.formats.origin import of_file_record
from loganalyzer.model import Record


class _Path(msgspec.Struct, gc=False):
    method: str | None = None


class _Meta(msgspec.Struct, gc=False):
    level: str | None = msgspec.field(name="logLevelName", default=None)
    date: str | None = None
    hostname: str | None = None
    name: str | None = None
    path: _Path | None = None


_NOTHING = msgspec.Raw()


class _Entry(msgspec.Struct, gc=False):
    """What is read of a record; all else is skipped without being built, and so are arguments that were read before."""

    meta: _Meta = msgspec.field(name="_meta")
    arg0: msgspec.Raw = msgspec.field(name="0", default=_NOTHING)
    arg1: msgspec.Raw = msgspec.field(name="1", default=_NOTHING)
    arg2: msgspec.Raw = msgspec.field(name="2", default=_NOTHING)
    arg3: msgspec.Raw = msgspec.field(name="3", default=_NOTHING)
    more: msgspec.Raw = msgspec.field(name="4", default=_NOTHING)
    flat: msgspec.Raw = msgspec.field(name="message", default=_NOTHING)
    time: str | None = None
    hostname: str | None = None


_decode_entry = msgspec.json.Decoder(_Entry).decode
_decode_any = msgspec.json.Decoder().decode
_decode_text = msgspec.json.Decoder(str | None).decode

_bodies = Bodies()


class Bindings(NamedTuple):
    """What a logger is bound to: its name, and whatever else (`runId`, `storePath`)."""

    name: str | None
    rest: dict[str, Any]


def file_record(line: Line, _inner: Inner) -> Record | None:
    """A record of the file log, whole or cut out of it (bindings and text, without `_meta` and `time`)."""
    raw = line.raw
    if b'"_meta"' in raw and is_shallow(raw):
        try:
            entry = _decode_entry(raw)
            if entry.more is _NOTHING:
                return _from_entry(entry, remember=len(raw) <= MAX_BODY and not line.remembered)
        except ValueError:
            pass
    found = line.object
    return None if found is None or not ("0" in found or "_meta" in found) else _from_object(found)


def _from_entry(entry: _Entry, *, remember: bool) -> Record:
    """Errors: ValueError if an argument is damaged, or the flat message no text."""
    meta = entry.meta
    method = meta.path.method if meta.path is not None else None
    known = meta.level, meta.name, method, entry.hostname or meta.hostname
    args = entry.arg0, entry.arg1, entry.arg2, entry.arg3
    key = (*map(bytes, args), bytes(entry.flat), *known) if remember else None
    body = None if key is None else _bodies.get(key)
    if body is None:
        given = [_decode_any(arg) for arg in args if arg is not _NOTHING]
        flat = None if entry.flat is _NOTHING else _decode_text(entry.flat)
        body = _record(given, flat, *known)
        if key is not None and _bodies.came(key):
            body = (*body, _bodies.keep(key, body))
    time_ns, stamp, resolution_ns = time_fields(entry.time or meta.date)
    return Record(time_ns, stamp, resolution_ns, *body)


def _from_object(found: dict[str, Any]) -> Record:
    """The slow way, for records that are damaged, cut out, or unusual."""
    meta = _dict(found.get("_meta"))
    keys = sorted((key for key in found if key.isascii() and key.isdigit() and len(key) < 4), key=int)
    body = _record(
        [found[key] for key in keys],
        found.get("message"),
        meta.get("logLevelName", found.get("level")),
        _text(meta.get("name")),
        _text(_dict(meta.get("path")).get("method")),
        found.get("hostname") or meta.get("hostname"),
    )
    time_ns, stamp, resolution_ns = time_fields(found.get("time") or meta.get("date"))
    return Record(time_ns, stamp, resolution_ns, *body)


def _record(
    args: Sequence[Any],
    flat: object,
    level_name: object,
    logger_name: str | None,
    method: str | None,
    hostname: object,
) -> Body:
    bound = _bindings_in(args[0]) if args else None
    if bound is not None:
        args = args[1:]
    elif logger_name is not None:
        bound = _bindings_in(logger_name)
    subsystem, fields = (bound.name, dict(bound.rest)) if bound is not None else (None, {})
    message = clean(merge(args, fields, flat))
    level = level_of(level_name)
    origin = of_file_record(subsystem, method, level)
    host = name_of(hostname)
    return level, subsystem, host, None, message, fields, origin, "gateway-json", False


def merge(args: Sequence[Any], fields: dict[str, Any], flat: object = None) -> str:
    """
    Adds the structured arguments to `fields`, later ones winning, and joins the text of the others.

    An object that comes first adds its own `message`, as the gateway does when it flattens a record.

    Args:
        args: Arguments after the bindings.
        fields: Taken over into and changed.
        flat: The flattened message of the record, used when no argument holds text.
    """
    texts = []
    for index, arg in enumerate(args):
        if isinstance(arg, str):
            texts.append(arg)
        elif isinstance(arg, dict):
            fields.update(arg)
            if index == 0 and isinstance(arg.get("message"), str):
                texts.append(arg["message"])
        elif arg is not None:
            texts.append(compact(arg))
    if texts:
        return texts[0] if len(texts) == 1 else " ".join(texts)
    if isinstance(flat, dict):
        fields.update(flat)
        flat = flat.get("message", flat)
    if isinstance(flat, str):
        return flat
    return compact(flat) if flat is not None else compact(fields) if fields else ""


def _bindings_in(value: Any) -> Bindings | None:
    if isinstance(value, dict):
        return bindings(value)
    if isinstance(value, str) and value.startswith("{"):
        return _parsed_bindings(value) if len(value) <= 512 else _parse_bindings(value)
    return None


def _parse_bindings(text: str) -> Bindings | None:
    found = load_object(text.encode("utf-8", "replace"))
    return None if found is None else bindings(found)


_parsed_bindings = lru_cache(maxsize=512)(_parse_bindings)
"""Loggers are few and their bindings repeat in every record; long ones are not kept."""


def bindings(found: dict[str, Any]) -> Bindings | None:
    """The bindings of a logger; None if the object names no logger, and is an argument like any other."""
    for key in ("subsystem", "module", "plugin"):
        name = found.get(key)
        if isinstance(name, str) and name:
            rest = {k: v for k, v in found.items() if k not in ("subsystem", "module", "plugin")}
            return Bindings(name[:MAX_NAME], rest)
    return None


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
