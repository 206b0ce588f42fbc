"""
What one writes by hand: a loop over the lines of a gateway log.

    python bench/loops.py naive LOG LITERALS     json.loads and a regular expression of all literals
    python bench/loops.py decode LOG             a typed msgspec decoder alone: the least that a decoded line costs
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import msgspec


class Meta(msgspec.Struct):
    """The part of `_meta` that an analysis needs."""

    level: str | None = msgspec.field(name="logLevelName", default=None)
    date: str | None = None


class Entry(msgspec.Struct):
    """The part of a record that an analysis needs."""

    meta: Meta | None = msgspec.field(name="_meta", default=None)
    arg0: object = msgspec.field(name="0", default=None)
    arg1: object = msgspec.field(name="1", default=None)
    arg2: object = msgspec.field(name="2", default=None)
    time: str | None = None


def naive(log: Path, literals: Path) -> int:
    """Lines whose text holds a literal."""
    wanted = re.compile("|".join(map(re.escape, literals.read_text(encoding="utf-8").splitlines())))
    found = 0
    with log.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            record = json.loads(line)
            text = " ".join(str(record[key]) for key in ("0", "1", "2") if key in record)
            found += wanted.search(text) is not None
    return found


def decode(log: Path) -> int:
    """Lines that are records."""
    decoder = msgspec.json.Decoder(Entry)
    found = 0
    with log.open("rb") as file:
        for line in file:
            found += decoder.decode(line).meta is not None
    return found


if __name__ == "__main__":
    print(naive(Path(sys.argv[2]), Path(sys.argv[3])) if sys.argv[1] == "naive" else decode(Path(sys.argv[2])))
