"""
What `openclaw logs` prints: plain lines, and one JSON object per line with `--json`.

Plain: `{time} {level} {subsystem} {message}`. In 2026.2.x and 2026.5.x the message begins with the bindings and the
structured argument as JSON; from 2026.9.x on both are lost. `openclaw channels logs` prints the same without subsystem.
JSON: `log` objects carry the whole file record in `raw`, which is decoded where it is complete.
"""

from __future__ import annotations

import re
from typing import Any

from loganalyzer import subsystems
from loganalyzer.formats import gateway, origin
from loganalyzer.formats.line import (
    MAX_NAME,
    NO_TIME,
    Inner,
    Line,
    clean,
    compact,
    enveloped,
    level_of,
    name_of,
    speech,
    split,
    take_objects,
    time_fields,
)
from loganalyzer.model import Origin, Record

_LEVEL = re.compile(r" *(trace|debug|info|warn|error|fatal)(?: |$)")
_LABEL = re.compile(r" *([A-Za-z][\w./:@{}-]{0,127})(?: |$)", re.ASCII)
# Texts without a subsystem that begin with the name of one; templates of 2026.2.17 to 2026.9.6.
_TEXT = re.compile(
    r"gateway (?:already|client|closed|connect|device token persistence|rejected|scheduler|timeout|tls|url)\b"
    r"|gateway \S+ requires credentials|cron job completion for |memory sync skipped "
)
_NOTICES = (
    "Log tail truncated (increase --",
    "Log cursor reset (file rotated).",
    "Log cursor re-anchored (skipped ",
    "Local Gateway RPC unavailable; reading ",
)
_EXCERPT = ('{"subsystem":"', '{"module":"')


def plain(line: Line, inner: Inner) -> Record | None:
    """A line of `openclaw logs`, its header or one of its notices."""
    parsed = line.time
    if parsed is not None:
        text = line.text
        level = _LEVEL.match(text, parsed[2])
        return None if level is None else _plain(text[level.end() :], level[1], parsed, inner)
    if line.head == "L":
        if line.text.startswith("Log file: "):
            return speech("logs", line.text, "logs-plain", fields={"file": line.text[10:].strip()})
        if line.text.startswith(_NOTICES):
            return speech("logs", line.text, "logs-plain", fields={"notice": True})
    return None


def _plain(text: str, level: str, parsed: Any, inner: Inner) -> Record:
    if text.startswith('{"0":'):
        # A record without any text is printed as it stands in the file.
        record = inner(text)
        if record.format == "gateway-json":
            return enveloped(record, "logs-plain")
    subsystem: str | None = None
    fields: dict[str, Any] = {}
    message = text
    label = _LABEL.match(text)
    if label is not None and not _TEXT.match(text):
        after = text[label.end() :]
        if after.startswith(_EXCERPT) or subsystems.is_label(label[1]):
            subsystem, message = label[1], after
    found = _with_objects(message)
    if found is not None:
        name, fields, message = found
        subsystem = name or subsystem
    return Record(
        *split(parsed),
        level,
        subsystem,
        None,
        None,
        clean(message),
        fields,
        origin.of_tailed(subsystem, level),
        "logs-plain",
        False,
    )


def _with_objects(message: str) -> tuple[str | None, dict[str, Any], str] | None:
    """Subsystem, fields and text of a message that begins with the bindings as JSON; None if it does not."""
    if not message.startswith("{"):
        return None
    objects, text = take_objects(message)
    bound = gateway.bindings(objects[0]) if objects else None
    if bound is None:
        return None
    fields = dict(bound.rest)
    without_text = gateway.merge(objects[1:], fields)
    return bound.name, fields, text or without_text


def excerpt(line: Line, _inner: Inner) -> Record | None:
    """Bindings and text as people quote them, time and level cut off: `{"subsystem":"gateway/ws"} "closed"`."""
    if not line.raw.startswith(tuple(start.encode() for start in _EXCERPT)):
        return None
    found = _with_objects(line.raw.decode("utf-8", "replace"))
    if found is None:
        return None
    name, fields, text = found
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = text[1:-1].replace('\\"', '"')
    return Record(*NO_TIME, None, name, None, None, clean(text), fields, Origin.GATEWAY, "excerpt", False)


def tailed_json(line: Line, inner: Inner) -> Record | None:
    """A line of `openclaw logs --json`."""
    found = line.object
    if found is None:
        return None
    kind, message, raw = found.get("type"), found.get("message"), found.get("raw")
    if kind == "log" and (message is not None or isinstance(raw, str)):
        return _log(found, raw, inner)
    if kind == "raw" and isinstance(raw, str):
        return enveloped(inner(raw), "logs-json")
    if kind == "notice" and isinstance(message, str):
        return speech("logs", message, "logs-json", fields={"notice": True})
    if kind == "error" and isinstance(message, str):
        return _error(found)
    if kind == "meta" and ("cursor" in found or "file" in found):
        fields = {key: value for key, value in found.items() if key != "type"}
        return speech("logs", "", "logs-json", fields=fields)
    return None


def _log(found: dict[str, Any], raw: object, inner: Inner) -> Record:
    when = time_fields(found.get("time"))
    if isinstance(raw, str):
        record = inner(raw)
        if record.format == "gateway-json":
            return enveloped(record, "logs-json", when)
    message = found.get("message")
    text = message if isinstance(message, str) else compact(message) if message is not None else ""
    subsystem = name_of(found.get("subsystem") or found.get("module") or found.get("plugin"))
    fields: dict[str, Any] = {}
    parts = _with_objects(text)
    if parts is not None:
        name, fields, text = parts
        subsystem = subsystem or name
    level = level_of(found.get("level"))
    return Record(
        *when,
        level,
        subsystem and subsystem[:MAX_NAME],
        None,
        None,
        clean(text),
        fields,
        origin.of_tailed(subsystem, level),
        "logs-json",
        False,
    )


def _error(found: dict[str, Any]) -> Record:
    """Trouble of the tailing client; the same text may stand in `message` and `error`."""
    texts = [found[key] for key in ("message", "error", "hint") if isinstance(found.get(key), str)]
    fields = {key: value for key, value in found.items() if key not in ("type", "message", "error", "hint")}
    message = clean("\n".join(dict.fromkeys(texts)))
    return Record(*NO_TIME, "error", None, None, None, message, fields, Origin.CLI_ERROR, "logs-json", False)
