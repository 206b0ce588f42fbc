"""
Lines of syslog files, `journalctl` and `dmesg`; the text of the service inside is decoded by the formats in turn.

`Mmm dd HH:MM:SS host ident[pid]: text` (RFC 3164, `journalctl -o short` and `short-precise`), the same with an ISO time
(rsyslog's default since 2024, `journalctl -o short-iso`), `<13>1 …` (RFC 5424). rsyslog writes control characters as
`#033`; both colour and line ends come back. kernel and systemd speak for themselves.
"""

from __future__ import annotations

import re

from loganalyzer import timestamps
from loganalyzer.formats.line import Inner, Line, When, enveloped, name_of, speech, split
from loganalyzer.model import Record

_IDENT = r"([^\s\[\]:(){}\"']{1,128}|\([^\s()]{1,64}\))(?:\[(\d{1,10})\])?: ?"
_HOST_IDENT = re.compile(r" (?:[A-Z]{2,5} )?([\w.:-]{1,255}) " + _IDENT, re.ASCII)
_BARE_IDENT = re.compile(_IDENT)
_PRIORITY = re.compile(r"<(\d{1,3})>")
_RFC5424 = re.compile(
    r"<(\d{1,3})>1 (\S{1,64}) (\S{1,255}) (\S{1,128}) (\S{1,128}) (\S{1,64})"
    r" (-|(?:\[(?:[^\]\"]|\"(?:[^\"\\]|\\.)*+\")*+\])++)(?: |$)",
    re.DOTALL,
)
_RING = re.compile(r"\[ {0,12}\d{1,10}\.\d{3,9}\] ?")
"""Seconds since boot, before every line of the kernel."""
_CTIME = re.compile(r"\[(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}\]")
_ESCAPED = (("#033", "\x1b"), ("#012", "\n"), ("#011", "\t"), ("#015", "\r"))
"""How rsyslog writes the control characters that logs contain."""
_UNIT = re.compile(r"[\w@.\\:-]{1,120}\.(?:service|scope|slice|socket|timer): ")
_OOM = re.compile(r"(?:Out of memory: |Memory cgroup out of memory: |oom-kill:|\S{1,64} invoked oom-killer: )")
_NAMED_WITHOUT_PID = frozenset(
    {"kernel", "systemd", "node", "openclaw", "openclaw-gateway", "openclaw-node", "clawdbot-gateway", "systemd-oomd"}
)
"""Identifiers that are believed without a process number: who writes them is on every OpenClaw host."""
_SYSTEM = frozenset(
    {"kernel", "systemd", "earlyoom", "oomd", "dockerd", "containerd", "kubelet", "init", "launchd", "chronyd", "ntpd"}
)
# Priorities of RFC 5424; of system services only, since everything a unit prints is logged as "info".
_PRIORITIES = ("fatal", "fatal", "fatal", "error", "warn", "info", "info", "debug")


def rfc5424(line: Line, inner: Inner) -> Record | None:
    """`<priority>1 time host app procid msgid structured-data message`."""
    if line.head != "<":
        return None
    found = _RFC5424.match(line.text)
    if found is None:
        return None
    priority, time, host, app = found[1], found[2], found[3], found[4]
    parsed = timestamps.parse(time)
    # rsyslog keeps the space that followed the tag of the message as it came in.
    text = line.text[found.end() :].removeprefix("\ufeff").removeprefix(" ")
    names = {"host": name_of(host), "ident": name_of(app)}
    return said(text, inner, "syslog-rfc5424", split(parsed), **names, priority=int(priority))


def rfc3164(line: Line, inner: Inner) -> Record | None:
    """`Mmm dd HH:MM:SS host ident[pid]: text`, with or without a priority in front."""
    text, parsed, start, priority = line.text, line.time, 0, None
    if line.head == "<":
        found = _PRIORITY.match(text)
        if found is None:
            return None
        start, priority = found.end(), int(found[1])
        parsed = timestamps.parse(text[start : start + 64])
    if parsed is None or not text[start : start + 1].isalpha():
        return None
    header = _HOST_IDENT.match(text, start + parsed[2])
    if header is None:
        return None
    text = text[header.end() :]
    return said(text, inner, "syslog-rfc3164", split(parsed), host=header[1], ident=header[2], priority=priority)


def iso(line: Line, inner: Inner) -> Record | None:
    """`2026-11-20T12:30:21.377887+00:00 host ident[pid]: text`."""
    parsed = line.time
    if parsed is None or not line.head.isdecimal() or line.text[2] == ":":
        return None
    header = _HOST_IDENT.match(line.text, parsed[2])
    # Two words and a colon may as well be console text, so the identifier must have a number or be a known one.
    if header is None or (header[3] is None and header[2] not in _NAMED_WITHOUT_PID):
        return None
    text = line.text[header.end() :]
    return said(text, inner, "syslog-iso", split(parsed), host=header[1], ident=header[2])


def quoted(line: Line, inner: Inner) -> Record | None:
    """A system line as people quote it: the ring buffer of `dmesg`, `systemd[1]: …`, or the bare text of a unit."""
    text = line.text
    if line.time is not None:
        return None
    if line.head == "[":
        ring = _RING.match(text)
        if ring is not None:
            return speech("kernel", text[ring.end() :], "system")._replace(ident="kernel")
        named = _CTIME.match(text)
        if named is None:
            return None
        when = split(timestamps.parse(text[1:64]))
        return speech("kernel", text[named.end() :].strip(), "system", when)._replace(ident="kernel")
    if not line.head.isalnum():
        return None
    header = _BARE_IDENT.match(text)
    if header is not None and (
        header[1] == "kernel" if header[2] is None else is_system(header[1]) or header[1] in _NAMED_WITHOUT_PID
    ):
        return said(text[header.end() :], inner, "system", split(None), ident=header[1])
    if _UNIT.match(text):
        return speech("systemd", text, "system")._replace(ident="systemd")
    if _OOM.match(text):
        return speech("kernel", text, "system")._replace(ident="kernel")
    return None


def is_system(ident: str) -> bool:
    """Does this syslog identifier belong to a service that speaks for itself, and not to the gateway?"""
    return ident in _SYSTEM or ident.startswith("systemd-")


def said(
    text: str,
    inner: Inner,
    format_name: str,
    when: When,
    *,
    host: str | None = None,
    ident: str | None = None,
    priority: int | None = None,
) -> Record:
    """The record of a text that a syslog envelope or the journal attributes to an identifier."""
    host = name_of(host)
    if "#0" in text:
        for written, meant in _ESCAPED:
            text = text.replace(written, meant)
        text = text.rstrip("\r\n")
    if ident is not None and is_system(ident):
        level = None if priority is None else _PRIORITIES[priority % 8]
        uptime = _RING.match(text) if ident == "kernel" else None
        text = text if uptime is None else text[uptime.end() :]
        return speech(ident, text, format_name, when, host=host, level=level)._replace(ident=ident)
    return enveloped(inner(text), format_name, when, host=host, ident=ident)
