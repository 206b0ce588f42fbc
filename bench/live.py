"""
Measures `loganalyzer follow`: the first answer, how late answers come, and memory over a day.

    python bench/live.py                       all three
    python bench/live.py latency --seconds 20
    python bench/live.py day --lines 1000000   a shorter day

`start` pipes 1 KB in, with warm and with empty caches, beside the help of an empty Typer program. `latency` writes
lines at a fixed rate; some of them end the WhatsApp session of a host of their own, and the clock runs from the write
of such a line to the arrival of the transition. `day` writes a day's lines about many hosts as fast as they are taken,
and watches the memory of the process.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import psutil
from compare import MIB, memory
from generate import START, lines

EMPTY = "import typer\napp = typer.Typer()\n@app.command()\ndef nothing() -> None: pass\napp()\n"
FOLLOW = [sys.executable, "-m", "loganalyzer", "follow", "-", "--format", "jsonl"]
SAMPLE = Path(__file__).parents[1] / "sample_logs/whatsapp.session-terminated/twelve-retries/openclaw-logs.txt"
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""Compiled modules are kept, as they are where nothing else is asked for."""
TICK_S = 0.002
"""Lines are written at these intervals."""
EVERY = 50
"""One line in so many decides something."""
DAY = timedelta(days=1)


def ended_session(host: int, now: datetime) -> bytes:
    """The line by which a session of a host ends, at once and for good."""
    text = "WhatsApp session logged out. Run `openclaw channels login --channel web` to relink."
    when = now.isoformat(timespec="milliseconds")
    meta = {"hostname": f"host-{host}", "logLevelName": "ERROR", "date": when}
    record = {"0": '{"subsystem":"gateway/channels/whatsapp"}', "1": text, "_meta": meta, "time": when}
    return json.dumps(record, separators=(",", ":")).encode() + b"\n"


def start(runs: int) -> str:
    """The first answer to 1 KB on a pipe."""
    head = SAMPLE.read_bytes()[:1024]
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "empty.py"
        program.write_text(EMPTY)
        found: dict[str, list[tuple[float, float]]] = {"empty Typer program --help": [], "warm": [], "cold": []}
        for run in range(runs + 1):
            cold = {"XDG_CACHE_HOME": f"{folder}/{run}"}
            timed = {
                "empty Typer program --help": _timed([sys.executable, str(program), "--help"], b"", {}),
                "warm": _timed(FOLLOW[:3], head, {}),
                "cold": _timed(FOLLOW[:3], head, cold),
            }
            for name, seconds in timed.items():
                if run:  # the first one fills the caches
                    found[name].append(seconds)
    clock = {name: statistics.median(seconds for seconds, _ in several) for name, several in found.items()}
    cpu = {name: statistics.median(seconds for _, seconds in several) for name, several in found.items()}
    base = next(iter(found))
    rows = [f"{n}: {clock[n]:.3f} s, {cpu[n]:.3f} s CPU, {cpu[n] / cpu[base]:.2f} x CPU" for n in found]
    return "First answer to 1 KB\n" + "\n".join(rows)


def _timed(words: Sequence[str], data: bytes, more: dict[str, str]) -> tuple[float, float]:
    began = time.perf_counter()
    process = subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=ENVIRONMENT | more
    )
    assert process.stdin is not None, "is a pipe"
    process.stdin.write(data)
    process.stdin.close()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return time.perf_counter() - began, usage.ru_utime + usage.ru_stime


def latency(rate: int, seconds: float) -> str:
    """From the write of a deciding line to the arrival of what it decided."""
    written: dict[str, float] = {}
    arrived: dict[str, float] = {}
    process = subprocess.Popen(FOLLOW, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdin is not None, "is a pipe"
    assert process.stdout is not None, "is a pipe"

    def listen() -> None:
        assert process.stdout is not None, "is a pipe"
        for line in process.stdout:
            now = time.perf_counter()
            transition = json.loads(line)
            if transition["transition"] == "opened":
                arrived.setdefault(transition["incident"]["key"].get("host"), now)

    listener = threading.Thread(target=listen)
    listener.start()
    stream = lines("gateway", 0.0, 0.1)
    process.stdin.write(next(stream))
    process.stdin.flush()
    time.sleep(2)  # until it has started
    began, done, late = time.perf_counter(), 0, 0.0
    while (now := time.perf_counter() - began) < seconds:
        batch = []
        for number in range(done, int(now * rate)):
            deciding = number % EVERY == 0
            batch.append(ended_session(number, START + timedelta(seconds=number / rate)) if deciding else next(stream))
        moment = time.perf_counter()
        written |= {f"host-{number}": moment for number in range(done, done + len(batch)) if number % EVERY == 0}
        process.stdin.write(b"".join(batch))
        process.stdin.flush()
        late = max(late, time.perf_counter() - moment)
        done += len(batch)
        time.sleep(TICK_S)
    process.stdin.close()
    process.wait()
    listener.join()
    delays = sorted(arrived[host] - moment for host, moment in written.items() if host in arrived)
    at = {share: 1000 * delays[min(len(delays) - 1, int(share * len(delays)))] for share in (0.5, 0.9, 0.99)}
    near = sum(delay <= 0.020 for delay in delays) / len(delays)
    return (
        f"Latency at {done / seconds:.0f} lines/s, {len(delays)} of {len(written)} deciding lines answered\n"
        f"median {at[0.5]:.1f} ms, 90 % {at[0.9]:.1f} ms, 99 % {at[0.99]:.1f} ms; {near:.1%} within 20 ms; "
        f"longest write {1000 * late:.0f} ms"
    )


def day_of(count: int, keys: int) -> Iterator[bytes]:
    """A day's lines: ordinary ones, and one in a hundred about one of many hosts."""
    stream = lines("gateway", 0.0, 0.1)
    for number in range(count):
        if number % 100:
            yield next(stream)
        else:
            yield ended_session(number // 100 % keys, START + DAY * (number / count))


def day(count: int, keys: int) -> str:
    """Memory while a day's lines go by [MiB, PSS]."""
    process = subprocess.Popen(FOLLOW, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert process.stdin is not None, "is a pipe"
    watched = psutil.Process(process.pid)
    samples: list[float] = []
    began = time.perf_counter()
    batch: list[bytes] = []
    for number, line in enumerate(day_of(count, keys), 1):
        batch.append(line)
        if len(batch) == 1000:
            process.stdin.write(b"".join(batch))
            batch.clear()
        if number % (count // 100) == 0:
            samples.append(memory(watched) / MIB)
    process.stdin.close()
    process.wait()
    quarters = [statistics.mean(samples[first : first + 25]) for first in range(0, 100, 25)]
    return (
        f"A day of {count:,} lines about {keys:,} hosts in {time.perf_counter() - began:.0f} s\n"
        f"MiB in each quarter: {', '.join(f'{mean:.1f}' for mean in quarters)}; "
        f"last to second {quarters[3] / quarters[1]:.3f}, peak {max(samples):.1f}"
    )


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", choices=["start", "latency", "day"], default=["start", "latency", "day"])
    parser.add_argument("--runs", type=int, default=7, help="of start")
    parser.add_argument("--rate", type=int, default=5000, help="of latency [lines/s]")
    parser.add_argument("--seconds", type=float, default=10, help="of latency")
    parser.add_argument("--lines", type=int, default=10_000_000, help="of the day")
    parser.add_argument("--keys", type=int, default=10_000, help="hosts of the day")
    given = parser.parse_args()
    if "start" in given.what:
        print(start(given.runs) + "\n", flush=True)
    if "latency" in given.what:
        print(latency(given.rate, given.seconds) + "\n", flush=True)
    if "day" in given.what:
        print(day(given.lines, given.keys), flush=True)


if __name__ == "__main__":
    main()
