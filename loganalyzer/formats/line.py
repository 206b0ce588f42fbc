"""
One candidate line and its readings, each made at most once.

Enters: the bytes of a line, or text that an envelope carried. Leaves: a `Line` that the formats look at in turn. Colour
is gone from its text, the time at its start and the JSON object in it are read when the first format asks. Refuses to
guess what the line is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Final, Protocol

import msgspec

from loganalyzer import timestamps
from loganalyzer.model import Origin, Record, Stamp

MAX_LINE = 1024 * 1024
"""Bytes of a line that are decoded; longer ones arrive cut."""
MAX_NAME = 128
"""Longest subsystem, host or identifier that is kept [characters]."""
MAX_NESTING = 64
"""Objects within objects of a record; a line that nests deeper is plain text."""

_MAX_OBJECTS = 16
"""Objects before a message that are parsed; loggers write two."""

# CSI, OSC (ended by BEL, ST or nothing) and the short sequences, after ESC or as one C1 character; no more than that,
# lest the first letter of a secret behind them is taken and the rest is not known for one.
_ANSI = re.compile(
    r"(?:\x1b\[|\x9b)(?:[0-?]*[@-~])?|(?:\x1b\]|\x9d)[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b(?:[()][0B]|[0-~])?"
)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_NESTING = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)
# What remains of a coloured line when it was copied without its ESC characters, or printed by `cat -v`.
_ANSI_REMAINS = re.compile(r"(?:\^\[)?\[\d{1,2}(?:;\d{1,3}){0,4}m")
_ANSI_REMAINS_START = re.compile(r"(?:\^\[)?\[\d{1,2}(?:;\d{1,3}){0,4}m[^\s\]]")
# A Windows path must keep `C:\app\node_modules`; its characters end before the `:\n` that may follow it.
_WRITTEN_NEWLINE = re.compile(r"\b[A-Za-z]:\\[^\s\"'<>|:]*|\\r\\n|\\n")


Inner = Callable[[str], Record]
"""Decodes what an envelope carries, one level deeper."""


When = tuple[int | None, Stamp | None, int]
"""Time [ns, UTC], stamp and resolution [ns], as the first three fields of a record."""
NO_TIME: Final[When] = (None, None, timestamps.SECOND)


class Format(Protocol):
    """Decodes the lines of one surface."""

    def __call__(self, line: Line, inner: Inner, /) -> Record | None:
        """The record, or None if the line is not of this surface. Never raises."""
        ...


_UNREAD: Final = object()


class Line:
    """One line; `text` is for surfaces made of text, `raw` and `object` for JSON, which starts with a brace."""

    __slots__ = ("_object", "_time", "head", "raw", "remembered", "text")

    def __init__(self, data: bytes | str, *, remembered: bool = False) -> None:
        """`remembered`: its record is, together with that of the whole line."""
        self.remembered = remembered
        text: str | None = None
        if isinstance(data, bytes):
            data = _unframed(data)
            if data[:1] != b"{" or b"\x1b" in data:
                text = strip_ansi(data.decode("utf-8", "replace"))
        else:
            text = strip_ansi(data)
            if text[:1] != "{":
                data = b""
        if text is not None and text[:1] == "{":
            data = text.encode("utf-8", "replace")
            text = None
        self.raw: bytes = data if isinstance(data, bytes) and text is None else b""
        """The line if it starts with a brace."""
        self.text: str = "" if text is None else text
        """The line if it does not."""
        self.head: str = "{" if text is None else text[:1]
        self._object: Any = _UNREAD
        self._time: Any = _UNREAD

    @property
    def object(self) -> dict[str, Any] | None:
        """The JSON object that the whole line is, if it is one."""
        if self._object is _UNREAD:
            self._object = load_object(self.raw) if self.raw else None
        found: dict[str, Any] | None = self._object
        return found

    @property
    def time(self) -> timestamps.Parsed | None:
        """The time at the start of the text."""
        if self._time is _UNREAD:
            self._time = timestamps.parse(self.text)
        found: timestamps.Parsed | None = self._time
        return found


def _unframed(data: bytes) -> bytes:
    """Without line ends, byte order mark, the NULs of a file that a crash left with a hole, and export framing."""
    data = data[:MAX_LINE].rstrip(b"\r\n")
    if data.startswith((b"\xef\xbb\xbf", b"\0")):
        data = data.removeprefix(b"\xef\xbb\xbf").lstrip(b"\0")
    # A field with control characters in `journalctl -o export`: eight bytes of length, then the data.
    if data[3:8] == b"\0\0\0\0\0" and len(data) > 8:
        data = data[8:]
    return data


def strip_ansi(text: str) -> str:
    """Text without escape sequences, with or without their ESC."""
    if "\x1b" in text:
        text = _COLOUR.sub("", text)
    if "\x1b" in text or "\x9b" in text or "\x9d" in text:
        text = _ANSI.sub("", text)
    if text[:1] in "[^" and _ANSI_REMAINS_START.match(text):
        text = _ANSI_REMAINS.sub("", text)
    return text


def clean(message: str) -> str:
    """A message as it was meant: without escape sequences, a written backslash-n being a line end."""
    if "\x1b" in message or "\x9b" in message or "\x9d" in message:
        message = _ANSI.sub("", message)
    if "\\n" in message:
        if ":\\" in message:
            return _WRITTEN_NEWLINE.sub(lambda found: "\n" if found[0][0] == "\\" else found[0], message)
        return message.replace("\\r\\n", "\n").replace("\\n", "\n")
    return message


def is_shallow(raw: bytes) -> bool:
    """Is JSON nested no deeper than `MAX_NESTING`? Parsers recurse, and what they bear depends on who calls them."""
    if raw.count(b"{") + raw.count(b"[") <= MAX_NESTING:
        return True
    depth = 0
    for token in _NESTING.finditer(raw):
        if token[0] in b"{[":
            depth += 1
            if depth > MAX_NESTING:
                return False
        elif token[0] in b"}]":
            depth -= 1
    return True


def load_object(raw: bytes) -> dict[str, Any] | None:
    """
    The JSON object in a line, whatever its faults: lone surrogates, invalid UTF-8, NaN. None if it is cut or no object.
    """
    if not is_shallow(raw):
        return None
    try:
        value = msgspec.json.decode(raw)
    except ValueError:
        try:
            value = _scrubbed(json.loads(raw.decode("utf-8", "replace")))
        except ValueError:
            return None
    return value if isinstance(value, dict) else None


def _scrubbed(value: Any) -> Any:
    """A value whose text can be encoded again; msgspec refuses lone surrogates, the standard library lets them in."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8") if not value.isascii() else value
    if isinstance(value, dict):
        return {_scrubbed(key): _scrubbed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_scrubbed(item) for item in value]
    return value


_DECODER = json.JSONDecoder()


def take_objects(text: str) -> tuple[list[dict[str, Any]], str]:
    """Leading JSON objects of a text, as 2026.2.x and 2026.5.x put them before the message, and what follows them."""
    objects: list[dict[str, Any]] = []
    if not is_shallow(text.encode("utf-8", "replace")):
        return objects, text
    position = 0
    while text.startswith("{", position) and len(objects) < _MAX_OBJECTS:
        try:
            value, position_after = _DECODER.raw_decode(text, position)
        except ValueError:
            break
        objects.append(_scrubbed(value) if "\\u" in text else value)
        position = position_after
        while text.startswith(" ", position):
            position += 1
    return objects, text[position:]


_LEVELS: dict[object, str] = {
    "silly": "trace",
    "trace": "trace",
    "verbose": "debug",
    "debug": "debug",
    "info": "info",
    "notice": "info",
    "warn": "warn",
    "warning": "warn",
    "err": "error",
    "error": "error",
    "fatal": "fatal",
    "critical": "fatal",
}
_LEVELS |= {name.upper(): level for name, level in list(_LEVELS.items()) if isinstance(name, str)}


def level_of(name: object) -> str | None:
    """The level of a name as loggers print it, in lower or upper case; None if it is none."""
    return _LEVELS.get(name) if isinstance(name, str) else None


def name_of(value: object) -> str | None:
    """A host, identifier or subsystem, cut to a sane length; None for what stands for "not known"."""
    if not isinstance(value, str) or value in ("", "-", "unknown"):
        return None
    return value[:MAX_NAME]


def time_fields(value: object) -> When:
    """Time, stamp and resolution of a field that holds a time as text or number."""
    parsed = timestamps.parse(value) if isinstance(value, str) else None
    if parsed is None:
        epoch = timestamps.from_epoch(value)
        return NO_TIME if epoch is None else (epoch[0], None, epoch[1])
    return split(parsed)


def split(parsed: timestamps.Parsed | None) -> When:
    """Time, stamp and resolution as a record holds them."""
    if parsed is None:
        return NO_TIME
    time, resolution, _ = parsed
    return (time, None, resolution) if isinstance(time, int) else (None, time, resolution)


def compact(value: object) -> str:
    """A JSON value as text."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def finer(inner: When, outer: When) -> When:
    """
    The time of what an envelope carried: its own where that says as much as the time of the envelope, being finer.

    An envelope's zone-less time stays as stamp beside a complete inner time: together they show the machine's zone.
    """
    time_ns, stamp, resolution_ns = inner
    if time_ns is None:
        return outer if _completeness(outer) > _completeness(inner) else inner
    if stamp is None and outer[1] is not None and outer[1].offset_s is None:
        return time_ns, outer[1], resolution_ns
    return inner


def _completeness(when: When) -> int:
    time_ns, stamp, _ = when
    if time_ns is not None:
        return 4
    if stamp is None:
        return 0
    return 1 + (stamp.month is not None) + (stamp.year is not None)


def enveloped(
    found: Record,
    format_name: str,
    when: When = NO_TIME,
    *,
    host: str | None = None,
    ident: str | None = None,
) -> Record:
    """What an envelope carried, with what the envelope knows: host and identifier always, the time if it says more."""
    (
        time_ns,
        stamp,
        resolution_ns,
        level,
        subsystem,
        own_host,
        own_ident,
        message,
        fields,
        origin,
        _,
        continues,
        body,
    ) = found
    return Record(
        *finer((time_ns, stamp, resolution_ns), when),
        level,
        subsystem,
        host or own_host,
        ident or own_ident,
        message,
        fields,
        origin,
        format_name,
        continues,
        None if body is None else (body, format_name, host, ident),
    )


def speech(
    subsystem: str,
    message: str,
    format_name: str,
    when: When = NO_TIME,
    *,
    host: str | None = None,
    level: str | None = None,
    fields: dict[str, Any] | None = None,
) -> Record:
    """A line of a service that speaks for itself (kernel, systemd, the log tailer): header, origin gateway."""
    return Record(
        *when, level, subsystem, host, subsystem, clean(message), fields or {}, Origin.GATEWAY, format_name, False
    )
