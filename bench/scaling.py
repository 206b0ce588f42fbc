"""
Measures how time and memory grow with the bytes, and time with the patterns.

    python bench/scaling.py bytes --sizes-mb 1000 4000    time and memory of archives, one worker and two
    python bench/scaling.py patterns --size-mb 200        2,000 and 20,000 patterns

More patterns are made of words of the built-in ones, in another order, so that they are as likely to begin in a line as
real ones.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

import generate
import msgspec
from compare import MIB, Command, measure

from loganalyzer import packs
from loganalyzer.extract import Options, Plan, extract
from loganalyzer.model import Accounting
from loganalyzer.packs.schema import EventPattern, Pack


def by_bytes(sizes_mb: list[float], folder: Path) -> None:
    """Time and memory of one and two workers on gateway logs of several sizes."""
    first: dict[int, float] = {}
    for size_mb in sizes_mb:
        log = folder / "scaling.log"
        generate.write(log, int(size_mb * 1e6), "gateway", 0.01, 0.1)
        for workers in (1, 2):
            words = [sys.executable, "-m", "loganalyzer", "analyze", str(log), "--format", "jsonl", "--no-progress"]
            found = measure(Command([*words, "--workers", str(workers)]))
            factor = found.cpu_seconds / first.setdefault(workers, found.cpu_seconds)
            print(
                f"{size_mb:.0f} MB, {workers} workers: {found.seconds:.1f} s, {found.cpu_seconds:.1f} s CPU "
                f"({factor:.2f} x the first size), {found.peak_bytes / MIB:.0f} MiB",
                flush=True,
            )
        log.unlink()


def with_patterns(pack: Pack, count: int, seed: int = 1) -> Pack:
    """A pack of so many patterns, each of one template: some of those in a pack, and invented ones."""
    chance = random.Random(seed)
    own = [
        msgspec.structs.replace(pattern, match=(text,))
        for pattern in pack.patterns.values()
        if pattern.regex is None and not pattern.literal
        for text in pattern.match
    ]
    chance.shuffle(own)
    words = sorted({word for pattern in own for word in pattern.match[0].split() if word.isalpha()})
    patterns = {f"own.{number}": pattern for number, pattern in enumerate(own[: min(count, 2000)])}
    event = next(iter(pack.event_types))
    while len(patterns) < count:
        text = " ".join(chance.choice(words) for _ in range(chance.randrange(3, 7)))
        patterns[f"made.{len(patterns)}"] = EventPattern(id=f"made.{len(patterns)}", event=event, match=(text,))
    return msgspec.structs.replace(pack, patterns=patterns)


def by_patterns(size_mb: float, folder: Path) -> None:
    """CPU time of extraction with 2,000 patterns and with 20,000."""
    log = folder / "scaling.log"
    generate.write(log, int(size_mb * 1e6), "gateway", 0.01, 0.1)
    pack = packs.load()
    plans = {count: Plan(Options(), with_patterns(pack, count)) for count in (2000, 20_000)}
    best = dict.fromkeys(plans, float("inf"))
    for _ in range(7):
        for count, plan in plans.items():
            began = time.process_time()
            with log.open("rb", buffering=0) as file:
                chunks = iter(lambda: file.read(1 << 20), b"")
                events = sum(1 for _ in extract(plan, "scaling.log", chunks, Accounting(), lambda: None))
            best[count] = min(best[count], time.process_time() - began)
            print(f"{count:,} patterns, {len(plan.literals):,} literals: {best[count]:.2f} s CPU, {events} items")
    print(f"ten times the patterns: {best[20_000] / best[2000]:.2f} x")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["bytes", "patterns"])
    parser.add_argument("--sizes-mb", type=float, nargs="+", default=[1000, 4000])
    parser.add_argument("--size-mb", type=float, default=200)
    parser.add_argument("--folder", type=Path, help="where logs are written for the time of the run")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        if given.what == "bytes":
            by_bytes(given.sizes_mb, Path(folder))
        else:
            by_patterns(given.size_mb, Path(folder))


if __name__ == "__main__":
    main()
