"""Where the search begins: real lines, a small pack, small archives."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path

from fuzz_files import BREAK
from fuzz_reading import SIZES, plan
from planted import ENCODINGS, KINDS

from loganalyzer.formats import decode

ROOT = Path(__file__).parents[2]
LOGS = [
    *sorted((ROOT / "sample_logs").glob("*/*/*.*")),
    *sorted((ROOT / "tests" / "formats" / "data").glob("*/*")),
]
SHORTEST_WORD, LONGEST_WORD = 5, 48
PACK = """
event_types:
  a.b: {meaning: it spoke, attributes: {note: str, size: int}}
---8<---
patterns:
  - {id: a.c, event: a.b, match: "the vault said {note} ({size:int} MB)", source: invented,
     where: {origin: [gateway, cli-error, cli-output, unknown]},
     examples: [{line: the vault said yes (3 MB), attributes: {size: 3}}], near_misses: [the vault is quiet]}
---8<---
id: a.b
title: T
tier: 1
severity: error
meaning: m
cause: c
key: [host]
evidence: [{name: said, match: {event: a.b, size: {gt: 2}}, confidence: 0.9}]
summary: "said {note}"
remediation: [{text: Ask., verify: It answers.}]
references: ["https://a.example.org"]
examples: [{name: one, lines: the vault said yes (3 MB)}]
near_misses: [{name: none, lines: the vault is quiet}]
"""
"""Three files that load."""


def logs() -> Iterator[bytes]:
    """The sample logs that are not compressed."""
    return (path.read_bytes() for path in LOGS if path.suffix not in (".gz", ".md", ".yaml"))


def lines() -> Iterator[bytes]:
    """Lines of the samples, a few of each format and beginning."""
    seen: dict[tuple[str, bytes], int] = {}
    for log in logs():
        for line in log.splitlines():
            kind = decode(line).format, line[:3]
            seen[kind] = seen.get(kind, 0) + 1
            if seen[kind] <= 4:
                yield line


def pieces() -> Iterator[bytes]:
    """The begin of each sample log, with what says how it is cut before it."""
    return (b"\x07\x40\xff\x01" + log[:4000] for log in logs())


def times() -> Iterator[bytes]:
    """Beginnings of lines, three at a time, after what a clock is told."""
    heads = [line[:40] for line in lines()]
    return (b"rzdm"[: n % 5] + b"\n" + b"\n".join(heads[n : n + 3]) for n in range(0, len(heads), 3))


def secrets() -> Iterator[bytes]:
    """Each kind of secret in each encoding."""
    every = ((kind, encoding) for kind in range(len(KINDS)) for encoding in range(len(ENCODINGS)))
    return (bytes((kind, encoding, 0, 0)) + b"a token is\0used here" for kind, encoding in every)


def pack_texts() -> Iterator[bytes]:
    """A small pack that loads, whole and in part, and files of the built-in one."""
    yield PACK.encode()
    yield from PACK.encode().split(BREAK)
    for path in islice(sorted((ROOT / "patterns").rglob("*.yaml")), 40):
        yield BREAK.join((b"", b"", path.read_bytes()[:6000]))


def archives() -> Iterator[bytes]:
    """Small files, packed in every way, and archives in archives."""
    text = b"2026-11-20T12:00:00.000Z [ws] hello\n"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("logs/gateway.log", text * 3)
        archive.writestr("../up.log", text)
    tarred = io.BytesIO()
    with tarfile.open(fileobj=tarred, mode="w") as folder:
        for name, data in (("gateway.log", text), ("inner.zip", packed.getvalue())):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            folder.addfile(info, io.BytesIO(data))
    plain = (text * 5, packed.getvalue(), tarred.getvalue())
    yield from plain
    for data in plain:
        yield from (gzip.compress(data), bz2.compress(data), lzma.compress(data))


SEEDS: dict[str, Callable[[], Iterable[bytes]]] = {
    "framing": pieces,
    "scan": pieces,
    "timestamps": times,
    "tokenizer": pieces,
    "judge": pieces,
    "redact": secrets,
    "packs": pack_texts,
    "archives": archives,
}
"""By target; all others begin with lines."""


def seeds(target: str, longest: int) -> Iterator[bytes]:
    """What a search begins with."""
    return (data[: longest + SIZES] for data in SEEDS.get(target, lines)())


def words() -> Iterator[str]:
    """A dictionary for libFuzzer: the literals that the patterns look for, and the words of formats and packs."""
    literals = [literal[:LONGEST_WORD] for literal in plan().literals if len(literal) >= SHORTEST_WORD]
    keys = b'"_meta" "message" "time" "log" "MESSAGE" "__REALTIME_TIMESTAMP" "stream" "type" evidence: within: match:'
    for word in dict.fromkeys(
        [*literals, *keys.split(), *(b"\\u00", b"\x1b[31m", b"\xef\xbb\xbf", b"\xff\xfe", b"\\n")]
    ):
        yield '"' + "".join(f"\\x{byte:02x}" for byte in word) + '"'
