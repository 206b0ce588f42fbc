"""
Gateway logs of days and weeks, generated for the notebooks: real lines, invented times.

    from generated import Habits, write
    write(Path("logs"), host="pi", habits=Habits(night_cut=True), seed=7)

Every line is one of `sample_logs`, with another time, host, status, attempt and delay. When a connection drops and how
long it stays away is drawn from `random.Random(seed)`: the same arguments give the same bytes.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

SAMPLES = next(p for p in Path(__file__).resolve().parents if (p / "sample_logs").is_dir()) / "sample_logs"
FILES = (
    "whatsapp.restart-required/no-recovery/openclaw-2026-11-20.log",
    "whatsapp.dns-network/no-name-resolution/openclaw-2026-11-20.log",
    "whatsapp.logged-out/device-removed/openclaw-2026-11-20.log",
)
# What the library says for a status, as the samples have it.
REASONS = {
    408: "Request Time-out Timed Out",
    428: "Precondition Required Connection Terminated",
    503: "Service Unavailable Connection Failure",
    515: "Unknown Stream Errored (restart required)",
}
BOOT = (
    "loading configuration…",
    "resolving authentication…",
    "starting HTTP server...",
    "log file: /home/claw/openclaw.log",
    "starting channels and sidecars...",
    "[default] starting provider",
    "gateway ready",
)
QUIET = ("⇄ res ✓ health", "⇄ res ✓ channels.status", "⇄ res ✓ logs.tail")


class Habits(NamedTuple):
    """How a host behaves."""

    drops_per_hour: float = 0.12
    """By day; four times as many from 18 to 23 o'clock, half as many from 0 to 6."""
    night_cut: bool = True
    """The provider cuts the line at 03:40 every night, and names cannot be resolved for a minute."""
    outage_at: float | None = None
    """The server refuses connections from this time on [hours since the start], for about 40 minutes."""
    logged_out_at: float | None = None
    """The phone removes the device [hours since the start]; nothing connects any more."""


class Host:
    """The log of one gateway, line by line."""

    def __init__(self, host: str, seed: int) -> None:
        self.chance = random.Random(f"{host} {seed}")
        self.host = host
        self.records = [json.loads(line) for name in FILES for line in (SAMPLES / name).read_text("utf-8").splitlines()]
        self.lines: list[tuple[datetime, str]] = []

    def write(self, at: datetime, sample: str, text: str | None = None, **fields: Any) -> None:
        """Adds the first sample line whose message begins so, with another text and other fields."""
        record = json.loads(json.dumps(next(r for r in self.records if r.get("message", "").startswith(sample))))
        for key in ("1", "2", "message"):
            if text is not None and record.get(key) == record["message"]:
                record[key] = text
        if fields:
            record["1"] = {k: v for k, v in record["1"].items() if k not in ("delayMs", "maxAttempts")} | fields
        moment = at.isoformat(timespec="milliseconds")
        record["_meta"] |= {"date": moment.replace("+00:00", "Z"), "hostname": self.host}
        record |= {"time": moment, "hostname": self.host}
        self.lines.append((at, json.dumps(record, ensure_ascii=False, separators=(",", ":"))))

    def boot(self, at: datetime) -> datetime:
        for text in BOOT:
            at += timedelta(seconds=self.chance.uniform(0.1, 2))
            self.write(at, text)
        return self.listening(at + timedelta(seconds=2))

    def listening(self, at: datetime) -> datetime:
        self.write(at, "Listening for WhatsApp inbound messages")
        return at

    def drop(self, at: datetime, status: int) -> datetime:
        """A connection that was there is lost; the time at which the next attempt begins."""
        why = f"status={status} {REASONS[status]}"
        self.write(at, "web reconnect: connection closed", status=status, reconnectAttempts=1, error=why)
        delay = self.delay(1)
        text = f"WhatsApp Web connection closed (status {status}). Retry 1/12 in {delay:.3g}s… ({why})"
        self.write(at + timedelta(milliseconds=2), "WhatsApp Web connection closed (status 515). Retry 1/12", text)
        return at + timedelta(seconds=delay)

    def fail(self, at: datetime, status: int, attempt: int, *, names: bool) -> datetime:
        """An attempt that does not succeed; the time at which the next one begins."""
        at += timedelta(seconds=self.chance.uniform(0.1, 3))
        if not names:
            self.write(at, "WebSocket error")
        delay = self.delay(attempt)
        self.write(
            at,
            "web reconnect: setup status error; retrying",
            status=status,
            reconnectAttempts=attempt,
            delayMs=round(delay * 1000),
        )
        text = f"WhatsApp Web connection closed during setup (status {status}). Retry {attempt}/12 in {delay:.3g}s."
        self.write(
            at + timedelta(milliseconds=2), "WhatsApp Web connection closed during setup (status 408). Retry 1/12", text
        )
        return at + timedelta(seconds=delay)

    def delay(self, attempt: int) -> float:
        """2 s, 1.8 times as long each time, 30 s at most, a quarter more or less [s]."""
        return min(2 * 1.8 ** (attempt - 1) * self.chance.uniform(0.75, 1.25), 30)

    def log_out(self, at: datetime) -> None:
        for text in (
            "WhatsApp session logged out. Run:",
            "web reconnect: setup status error; max attempts",
            "WhatsApp session logged out during setup.",
            "[default] auto-restart skipped, terminal disconnect",
        ):
            self.write(at, text)
            at += timedelta(milliseconds=8)


def drops(
    habits: Habits, chance: random.Random, start: datetime, days: int
) -> Iterator[tuple[datetime, int, int, bool]]:
    """When the connection is lost, with which status, how many attempts fail then, and whether names resolve."""
    for hour in range(24 * days):
        weight = 4 if 18 <= hour % 24 < 23 else 0.5 if hour % 24 < 6 else 1
        for _ in range(int(chance.gammavariate(1, habits.drops_per_hour * weight) + chance.random())):
            status = chance.choices((428, 408, 515, 503), (60, 25, 10, 5))[0]
            failures = 0 if status == 515 else min(int(chance.expovariate(0.9)), 8)
            yield start + timedelta(hours=hour, seconds=chance.uniform(0, 3600)), status, failures, True
        if habits.night_cut and hour % 24 == 3:
            yield (
                start + timedelta(hours=hour, minutes=40, seconds=chance.uniform(0, 20)),
                408,
                chance.randint(3, 6),
                False,
            )
    if habits.outage_at is not None:
        for minutes in range(0, 40, 8):
            at = start + timedelta(hours=habits.outage_at, minutes=minutes, seconds=chance.uniform(0, 30))
            yield at, 503, chance.randint(8, 11), True


def write(
    folder: Path,
    host: str = "vm",
    habits: Habits = Habits(),
    *,
    seed: int = 1,
    start: date = date(2026, 11, 16),
    days: int = 7,
) -> list[Path]:
    """Writes a log file for each day of a host, as the gateway names them; gives their paths."""
    log = Host(host, seed)
    begin = datetime(start.year, start.month, start.day, tzinfo=UTC)
    until = begin + timedelta(days=days)
    if habits.logged_out_at is not None:
        until = begin + timedelta(hours=habits.logged_out_at)
    free = log.boot(begin + timedelta(seconds=5))
    for at, status, failures, names in sorted(drops(habits, log.chance, begin, days)):
        if not free + timedelta(seconds=30) < at < until - timedelta(minutes=10):
            continue
        free = log.drop(at, status)
        for attempt in range(2, failures + 2):
            free = log.fail(free, status, attempt, names=names)
        free = log.listening(free + timedelta(seconds=log.chance.uniform(0.3, 2)))
    if habits.logged_out_at is not None:
        log.log_out(until)
    quiet = begin + timedelta(minutes=7)
    while quiet < begin + timedelta(days=days):
        log.write(quiet, log.chance.choice(QUIET))
        quiet += timedelta(seconds=log.chance.uniform(300, 1500))
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[Path, list[str]] = {}
    for at, line in sorted(log.lines):
        files.setdefault(folder / f"openclaw-{at:%Y-%m-%d}.log", []).append(line + "\n")
    for path, lines in files.items():
        path.write_text("".join(lines), encoding="utf-8")
    return list(files)
