"""
Writes a log of any size: real lines with new times, a given share of them events and of warnings that are no events.

    python bench/generate.py big.log --size-mb 1024 --surface gateway --events 0.01 --warnings 0.1

Lines come from `sample_logs`. A line counts as an event line if it holds a literal that a pattern is scanned for. The
same arguments give the same bytes.
"""

from __future__ import annotations

import argparse
import itertools
import random
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from loganalyzer.pipeline import Options, Plan
from loganalyzer.scan import Scanner

SAMPLES = Path(__file__).parents[1] / "sample_logs"
START = datetime(2026, 11, 20, tzinfo=UTC)
INFO, WARNING = b'"logLevelId":3,"logLevelName":"INFO"', b'"logLevelId":4,"logLevelName":"WARN"'
BATCH_LINES = 20_000


class Surface(NamedTuple):
    """Where lines of one kind come from, and how their time is written."""

    files: str
    time: re.Pattern[bytes]
    """Found in every line that is taken; group 1 is kept before the time."""
    written: Callable[[datetime], str]


SURFACES = {
    "gateway": Surface(
        "*/*/openclaw-*.log",
        re.compile(rb'("(?:date|time)":")[^"]*'),
        lambda now: now.isoformat(timespec="milliseconds"),
    ),
    "console": Surface(
        "*/*/console.log",
        re.compile(rb"\A((?:\x1b\[\d+m)*)\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)"),
        lambda now: now.isoformat(timespec="milliseconds"),
    ),
    "syslog": Surface(
        "*/*/syslog",
        re.compile(rb"\A()[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d"),
        lambda now: now.strftime("%b %e %H:%M:%S"),
    ),
}


def literals() -> list[bytes]:
    """What the raw bytes are scanned for on behalf of patterns (not of levels)."""
    plan = Plan(Options())
    return list(plan.literals[: plan.known])


def sample_lines(surface: Surface) -> tuple[list[bytes], list[bytes], list[bytes]]:
    """Lines of a surface among the samples: quiet ones, event lines, and quiet ones that are warnings."""
    logs = [path.read_bytes() for path in sorted(SAMPLES.glob(surface.files))]
    every = sorted({line for log in logs for line in log.splitlines() if surface.time.search(line)})
    numbered = b"".join(line + b"\n" for line in every)
    hits = {line.number - 1 for line in Scanner(literals()).lines([numbered])}
    events = [line for number, line in enumerate(every) if number in hits]
    quiet = [line for number, line in enumerate(every) if number not in hits and WARNING not in line]
    return quiet, events, [line.replace(INFO, WARNING) for line in quiet if INFO in line]


def lines(surface: Surface, events: float, warnings: float, seed: int = 1) -> Iterator[bytes]:
    """An endless log: quiet lines, with these shares of event lines and of warnings that are no events."""
    chance = random.Random(seed)
    pools = sample_lines(surface)
    weights = [1 - events - warnings, events, warnings]
    now = START
    while True:
        for pool in chance.choices(pools, weights, k=BATCH_LINES):
            now += timedelta(milliseconds=chance.randrange(2, 400))
            text = surface.written(now).encode()
            yield surface.time.sub(rb"\g<1>" + text, chance.choice(pool)) + b"\n"


def write(path: Path, size_bytes: int, surface: str, events: float, warnings: float, seed: int = 1) -> None:
    """Writes a log of at least `size_bytes`."""
    done = 0
    stream = lines(SURFACES[surface], events, warnings, seed)
    with path.open("wb") as file:
        while done < size_bytes:
            done += file.write(b"".join(itertools.islice(stream, 2000)))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path)
    parser.add_argument("--size-mb", type=float, default=64)
    parser.add_argument("--surface", choices=SURFACES, default="gateway")
    parser.add_argument("--events", type=float, default=0.01, help="share of event lines")
    parser.add_argument("--warnings", type=float, default=0.0, help="share of warnings that are no events")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    write(given.path, int(given.size_mb * 1e6), given.surface, given.events, given.warnings, given.seed)


if __name__ == "__main__":
    main()
