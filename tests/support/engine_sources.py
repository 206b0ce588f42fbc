"""Sources that engines must read alike, and everything that an engine reads of them."""

from __future__ import annotations

import codecs
import gzip
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path

from sample_cases import case

from loganalyzer.engines import Engine
from loganalyzer.errors import SourceError
from loganalyzer.extract import Item, Options, Plan
from loganalyzer.model import Accounting
from loganalyzer.scan import MAX_LINE
from loganalyzer.sources import Source, expand

SYSLOG = case("gateway.device-token-mismatch/after-config-change-syslog").inputs[0]
LOOP = case("whatsapp.session-terminated/every-login-428").inputs[0]
TRACE = case("gateway.uncaught-exception/promise-rejection").inputs[0]


@cache
def plan() -> Plan:
    """The built-in patterns, compiled once."""
    return Plan(Options())


def everything(engine: Engine, sources: Sequence[Source]) -> tuple[list[list[Item | str]], dict[str, object]]:
    """The items of each source, a message at the end of those that could not be read, and what was counted."""
    accounting = Accounting()
    found: list[list[Item | str]] = []
    with engine.streams(plan(), sources, accounting, lambda: None) as streams:
        for stream in streams:
            found.append([])
            try:
                found[-1].extend(stream)
            except SourceError as error:
                found[-1].append(str(error))
    return found, asdict(accounting)


def hostile_sources(folder: Path) -> list[Source]:
    """Sources that are hard to cut: marks, torn ends, rotation, compression, damage, long and undated lines."""
    loop, trace = LOOP.read_bytes(), TRACE.read_bytes()
    long_line = b"x" * (3 * MAX_LINE) + b" WhatsApp Web connection closed\n"
    files = {
        "mark.log": codecs.BOM_UTF8 + loop,
        "utf16.log": loop.decode().encode("utf-16"),
        "nul.log": loop.replace(b"whatsapp", b"what\0app", 3),
        "crlf.log": trace.replace(b"\n", b"\r\n"),
        "long.log": loop + long_line + loop.rstrip(b"\n"),
        "packed-long.log.gz": gzip.compress(loop + long_line + trace),
        "damaged.log.gz": gzip.compress(loop * 9, 1)[:-2000],
        "short.log.gz": gzip.compress(loop)[:40],
        "undated.log": b"12:00:01 [ws] hello\n" * 300 + loop,
        "chain/gateway.log.2": loop + b"2026-11-20T12:00:00.000Z torn",
        "chain/gateway.log.1": trace,
        "chain/gateway.log": loop,
        "mixed/gateway.log.1.gz": gzip.compress(loop[:-1]),
        "mixed/gateway.log": trace,
        "torn/gateway.log.3.gz": gzip.compress(loop),
        "torn/gateway.log.2.gz": gzip.compress(loop * 9, 1)[:-2000],
        "torn/gateway.log.1.gz": gzip.compress(trace)[:30],
        "torn/gateway.log": trace,
        "blank.log": b"\n" * 5000,
        "empty.log": b"",
    }
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
    sources, problems = expand([folder])
    assert not problems
    assert len(sources) >= 12
    return sources


class DeadlyShard:
    """Ends the process that reads it."""

    start = 7
    is_last = True
    dropped = 0

    def above(self) -> bytes:
        os._exit(9)

    def chunks(self, problems: list[str]) -> Iterator[bytes]:
        raise AssertionError(problems)
