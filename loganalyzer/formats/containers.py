"""
Lines that a container runtime or process manager wraps around the console: Docker, Compose, Kubernetes, PM2.
"""

from __future__ import annotations

import re

from loganalyzer.formats.line import Inner, Line, enveloped, name_of, speech, split, time_fields
from loganalyzer.model import Record

_CRI = re.compile(r" (?:stdout|stderr) [FP](?: |$)")
_PM2 = re.compile(r"\d{1,4}\|([^|\s][^|]{0,127}?) *\| ?")
_COMPOSE = re.compile(r"([A-Za-z][\w.-]{0,127}) +\| ?", re.ASCII)


def docker_json(line: Line, inner: Inner) -> Record | None:
    """`{"log": "text", "stream": "stderr", "time": "…"}` of Docker's json-file driver."""
    found = line.object
    if found is None:
        return None
    text = found.get("log")
    if not isinstance(text, str) or not ("stream" in found or "time" in found):
        return None
    return enveloped(inner(text.rstrip("\r\n")), "docker-json", time_fields(found.get("time")))


def cri(line: Line, inner: Inner) -> Record | None:
    """`2026-11-20T12:30:21.377887123Z stdout F text`; `P` instead of `F` marks a part of a long line."""
    parsed = line.time
    if parsed is None or not isinstance(parsed[0], int):
        return None
    stream = _CRI.match(line.text, parsed[2])
    return None if stream is None else enveloped(inner(line.text[stream.end() :]), "cri", split(parsed))


def pm2(line: Line, inner: Inner) -> Record | None:
    """`0|name  | text` of `pm2 logs`; the `PM2  | …` lines are its own words."""
    if line.head.isdecimal():
        found = _PM2.match(line.text) if "|" in line.text[:5] else None
        return None if found is None else enveloped(inner(line.text[found.end() :]), "pm2", ident=name_of(found[1]))
    if line.head == "P" and line.text.startswith("PM2 "):
        found = _COMPOSE.match(line.text)
        if found is not None:
            return speech("pm2", line.text[found.end() :], "pm2")._replace(ident="pm2")
    return None


def compose(line: Line, inner: Inner) -> Record | None:
    """`service-1  | text` of `docker compose logs`."""
    if not line.head.isalpha():
        return None
    found = _COMPOSE.match(line.text)
    return None if found is None else enveloped(inner(line.text[found.end() :]), "compose", ident=found[1])
