"""
Writes a log of any size: real lines with new times, a given share of them events and of warnings that are no events.

    python bench/generate.py big.log --size-mb 1024 --surface gateway --events 0.01 --warnings 0.1

Lines come from `sample_logs`; system logs are console lines in the envelope of rsyslog among lines of other programs. A
line counts as an event line if it holds a literal that a pattern is scanned for. Text of the console names no level, so
warnings that are no events exist in gateway logs only. The same arguments give the same bytes.
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
FINE, COARSE = b"\1", b"\2"
"""Where a line has its time, as ISO 8601 with milliseconds and as syslog writes it."""

_ISO = rb"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)"
_IN_OBJECT = re.compile(rb'("(?:date|time)":")' + _ISO)
_IN_TEXT = re.compile(rb"\A((?:\x1b\[\d+m)*)" + _ISO)
_IN_SYSLOG = re.compile(rb"\A[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d")
_INSIDE = re.compile(rb"(\]: (?:#033\[\d+m)*)" + _ISO)
_OTHERS = (
    b"CRON[%d]: pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)",
    b"CRON[%d]: (root) CMD (command -v debian-sa1 > /dev/null && debian-sa1 1 1)",
    b"systemd[1]: Starting apt-daily.service - Daily apt download activities...",
    b"systemd[1]: session-%d.scope: Deactivated successfully.",
    b"sshd[%d]: Connection closed by 192.0.2.7 port 51034 [preauth]",
    b"dbus-daemon[%d]: [system] Activating via systemd: service name='org.freedesktop.hostname1'",
    b"dhclient[%d]: DHCPREQUEST for 192.0.2.20 on eth0 to 192.0.2.1 port 67",
)
"""What else a host logs."""


class Pools(NamedTuple):
    """Lines with marks where their times belong: quiet ones, event lines, and quiet ones that are warnings."""

    quiet: list[bytes]
    events: list[bytes]
    warnings: list[bytes]


def literals() -> list[bytes]:
    """What the raw bytes are scanned for on behalf of patterns (not of levels)."""
    plan = Plan(Options())
    return list(plan.literals[: plan.known])


def _gateway() -> set[bytes]:
    return _marked("*/*/openclaw-*.log", _IN_OBJECT, rb"\g<1>" + FINE)


def _console() -> set[bytes]:
    return _marked("*/*/console.log", _IN_TEXT, rb"\g<1>" + FINE)


def _syslog() -> set[bytes]:
    head = COARSE + b" vm openclaw-gateway[2412]: "
    wrapped = {head + line.replace(b"\x1b", b"#033") for line in _console()}
    own = {_INSIDE.sub(rb"\g<1>" + FINE, line) for line in _marked("*/*/syslog", _IN_SYSLOG, COARSE)}
    others = {COARSE + b" vm " + text.replace(b"%d", b"%d" % n) for n in range(701, 720) for text in _OTHERS}
    return wrapped | own | others


def _marked(files: str, time: re.Pattern[bytes], mark: bytes) -> set[bytes]:
    logs = [path.read_bytes() for path in sorted(SAMPLES.glob(files))]
    return {time.sub(mark, line) for log in logs for line in log.splitlines() if time.search(line)}


SURFACES: dict[str, Callable[[], set[bytes]]] = {"gateway": _gateway, "console": _console, "syslog": _syslog}


def pools(surface: str) -> Pools:
    """The lines of a surface among the samples."""
    every = sorted(SURFACES[surface]())
    numbered = b"".join(line + b"\n" for line in every)
    hits = {line.number - 1 for line in Scanner(literals()).lines([numbered])}
    events = [line for number, line in enumerate(every) if number in hits]
    quiet = [line for number, line in enumerate(every) if number not in hits and WARNING not in line]
    return Pools(quiet, events, [line.replace(INFO, WARNING) for line in quiet if INFO in line])


def lines(surface: str, events: float, warnings: float, seed: int = 1, now: datetime = START) -> Iterator[bytes]:
    """An endless log: quiet lines, with these shares of event lines and of warnings that are no events."""
    chance = random.Random(seed)
    found = pools(surface)
    weights = [1 - events - warnings, events, warnings]
    while True:
        for pool in chance.choices(found, weights, k=BATCH_LINES):
            now += timedelta(milliseconds=2 + 398 * chance.random())
            line = pool[int(chance.random() * len(pool))].replace(FINE, now.isoformat(timespec="milliseconds").encode())
            yield (line.replace(COARSE, now.strftime("%b %e %H:%M:%S").encode()) if COARSE in line else line) + b"\n"


def write(path: Path, size_bytes: int, surface: str, events: float, warnings: float, seed: int = 1) -> None:
    """Writes a log of at least `size_bytes`."""
    done = 0
    stream = lines(surface, events, warnings, seed)
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
