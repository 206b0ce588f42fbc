"""
Measures `loganalyzer analyze` against ripgrep and wc on the same generated log.

    python bench/compare.py --size-mb 1024 --runs 5

ripgrep counts the lines that hold any of the literals this program scans for; it neither decodes nor decides. Runs
alternate, so that a busy machine is busy for all. Memory is the proportional set size (PSS) of the process tree.
"""

from __future__ import annotations

import argparse
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import generate
import psutil
from tabulate import tabulate

SAMPLE_S = 0.02
MIB = 1 << 20


class Run(NamedTuple):
    """One run of a command."""

    seconds: float
    peak_bytes: int


def measure(command: Sequence[str | Path]) -> Run:
    """Runs a command to its end."""
    start = time.perf_counter()
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    watched = psutil.Process(process.pid)
    peak = 0
    while process.poll() is None:
        peak = max(peak, memory(watched))
        time.sleep(SAMPLE_S)
    if process.returncode:
        raise SystemExit(f"{command[0]} ended with {process.returncode}")
    return Run(time.perf_counter() - start, peak)


def memory(process: psutil.Process) -> int:
    """Of a process and its children [bytes]; PSS on Linux, else the resident set."""
    total = 0
    try:
        for one in [process, *process.children(recursive=True)]:
            full = one.memory_full_info()
            total += getattr(full, "pss", full.rss)
    except psutil.Error:
        pass
    return total


def commands(log: Path, literals: Path) -> dict[str, list[str | Path]]:
    """What is compared."""
    found: dict[str, list[str | Path]] = {
        "loganalyzer analyze": [sys.executable, "-m", "loganalyzer", "analyze", log, "--format", "jsonl"],
    }
    if rg := shutil.which("rg"):
        found["rg -j1 -c -F -f LITERALS"] = [rg, "-j1", "-c", "-F", "-f", literals, log]
    else:
        print("ripgrep (rg) is not installed: no comparison with it.")
    if wc := shutil.which("wc"):
        found["wc -l"] = [wc, "-l", log]
    return found


def table(runs: dict[str, list[Run]], size_bytes: int) -> str:
    """The result as text."""
    medians = {name: statistics.median(run.seconds for run in of_one) for name, of_one in runs.items()}
    base = next((seconds for name, seconds in medians.items() if name.startswith("rg")), None)
    rows = [
        [name, seconds, size_bytes / seconds / 1e6, seconds / base if base else None, peak_mib(runs[name])]
        for name, seconds in medians.items()
    ]
    return tabulate(rows, ["command", "median [s]", "MB/s", "times rg", "peak PSS [MiB]"], floatfmt=".2f")


def peak_mib(of_one: list[Run]) -> float:
    """The highest peak of all runs [MiB]."""
    return max(run.peak_bytes for run in of_one) / MIB


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size-mb", type=float, default=64)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--events", type=float, default=0.01, help="share of event lines")
    parser.add_argument("--warnings", type=float, default=0.0, help="share of warnings that are no events")
    parser.add_argument("--folder", type=Path, help="where the log is written for the time of the run")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        log, literals = Path(folder, "gateway.log"), Path(folder, "literals.txt")
        generate.write(log, int(given.size_mb * 1e6), given.events, given.warnings)
        literals.write_bytes(b"".join(text + b"\n" for text in generate.literals()))
        size = log.stat().st_size
        tried = commands(log, literals)
        for command in tried.values():
            measure(command)  # once without counting: file cache, compiled patterns
        runs: dict[str, list[Run]] = {name: [] for name in tried}
        for _ in range(given.runs):
            for name, command in tried.items():
                runs[name].append(measure(command))
        count = literals.read_bytes().count(b"\n")
    shares = f"{given.events:.1%} event lines, {given.warnings:.1%} other warnings"
    machine = f"Python {platform.python_version()}, {platform.machine()}, {psutil.cpu_count()} cores"
    print(f"{size / 1e6:.0f} MB, {shares}, {count} literals; {given.runs} alternating runs; {machine}")
    print()
    print(table(runs, size))


if __name__ == "__main__":
    main()
