"""
What went wrong before: incidents of many runs in one SQLite file.

Enters: incidents, as `analyze` and `follow` find them. Leaves: rows, frames and figures of reliability: how often, how
long, time between failures, time to recover. An incident has the same id in every run over the same log, so nothing is
counted twice; the later state wins. What is personal is masked before it is written. The file is private to the user
(mode 0600) and in WAL mode: one long-lived writer and many readers do not wait for one another. Memory: one batch.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loganalyzer.errors import UsageError
from loganalyzer.model import Incident, Status
from loganalyzer.redact import Redactor

if TYPE_CHECKING:
    import pandas as pd

NS = 1_000_000_000
DAY_NS = 86_400 * NS
KEEP_NS = 365 * DAY_NS
"""How long an incident is kept after it was last seen, unless told otherwise [ns]."""
PRUNE_EVERY_NS = 3600 * NS
PATIENCE_S = 2.0
"""How long a write waits for another writer [s]; what fails is tried again with the next one."""
APPLICATION_ID = 0x6C6F6761
VERSION = 1

_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS incident (
  id TEXT PRIMARY KEY,
  failure_mode TEXT NOT NULL,
  title TEXT NOT NULL,
  severity TEXT NOT NULL,
  confidence REAL NOT NULL,
  status TEXT NOT NULL,
  host TEXT, channel TEXT, account TEXT,
  first_seen_ns INTEGER, last_seen_ns INTEGER, resolved_at_ns INTEGER,
  count INTEGER NOT NULL,
  caused_by TEXT,
  summary TEXT NOT NULL,
  recorded_at_ns INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS incident_last_seen ON incident (last_seen_ns);
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {VERSION};
"""
COLUMNS = (
    *("id", "failure_mode", "title", "severity", "confidence", "status", "host", "channel", "account"),
    *("first_seen_ns", "last_seen_ns", "resolved_at_ns", "count", "caused_by", "summary", "recorded_at_ns"),
)
_NAMES = ", ".join(COLUMNS)
_UPSERT = (
    f"INSERT INTO incident ({_NAMES}) VALUES ({', '.join('?' * len(COLUMNS))}) "  # noqa: S608 - constants
    f"ON CONFLICT (id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in COLUMNS[1:])} "
    "WHERE excluded.last_seen_ns IS NULL OR excluded.last_seen_ns >= coalesce(incident.last_seen_ns, 0)"
)
_INT64 = range(-(2**63), 2**63)


class History:
    """
    The file, open for writing.

    Args:
        path: Made if it does not exist.
        redact: Masks what is personal.
        keep_ns: Retention [ns]; what was last seen earlier is deleted, at once and every hour while the file is open.

    Errors:
        UsageError: the file cannot be opened, is no history, or is one of a later version.
    """

    def __init__(self, path: Path, redact: Redactor, keep_ns: int = KEEP_NS) -> None:
        self._redact = redact
        self._keep_ns = keep_ns
        self._waiting: dict[str, Incident] = {}
        self._pruned_ns = 0
        self.problem: str | None = None
        """Why the last write failed; None if all is written."""
        self._database = _open(path, writes=True)

    def record(self, incidents: Iterable[Incident]) -> None:
        """
        Writes incidents as they stand, in one transaction; what is only undecided is no incident.

        A write that fails (another writer, a full disk) is kept for the next one and told by `problem`, never raised.
        """
        for one in incidents:
            self._waiting.pop(one.id, None)
            if one.status is not Status.UNDECIDED:
                self._waiting[one.id] = one
        now_ns = time.time_ns()
        try:
            with self._database:
                if self._waiting:
                    self._database.executemany(_UPSERT, [self._row(one, now_ns) for one in self._waiting.values()])
                if now_ns - self._pruned_ns >= PRUNE_EVERY_NS:
                    self._prune(now_ns)
        except sqlite3.Error as error:
            self.problem = str(error)
        else:
            self._waiting.clear()
            self.problem = None

    def close(self) -> None:
        """Writes what is waiting and closes the file."""
        self.record(())
        self._database.close()

    def _prune(self, now_ns: int) -> None:
        self._database.execute(
            "DELETE FROM incident WHERE coalesce(last_seen_ns, recorded_at_ns) < ?", (now_ns - self._keep_ns,)
        )
        self._pruned_ns = now_ns

    def _row(self, incident: Incident, now_ns: int) -> tuple[str | float | None, ...]:
        key = self._redact.key(incident.key)
        times = (incident.first_seen_ns, incident.last_seen_ns, incident.resolved_at_ns)
        return (
            incident.id,
            incident.failure_mode,
            incident.title,
            incident.severity.label,
            incident.confidence,
            incident.status.value,
            *(_text(key.get(name)) for name in ("host", "channel", "account")),
            *(at if at is not None and at in _INT64 else None for at in times),
            incident.count,
            incident.caused_by,
            _text(self._redact.about(incident.summary, incident.key)),
            now_ns,
        )


def rows(path: Path, since_ns: int | None = None, until_ns: int | None = None) -> list[dict[str, Any]]:
    """
    The incidents of a history that were going on in a range of time, by first seen.

    Args:
        since_ns: Leaves out what was last seen earlier [ns, UTC].
        until_ns: Leaves out what began later [ns, UTC].

    Returns:
        The columns of the file, by `COLUMNS`. Incidents without a time are left out of a range.

    Errors:
        UsageError: as for `History`; the file must exist.
    """
    database = _open(path, writes=False)
    try:
        found = database.execute(
            f"SELECT {_NAMES} FROM incident WHERE (? IS NULL OR last_seen_ns >= ?) "  # noqa: S608 - constants
            "AND (? IS NULL OR first_seen_ns <= ?) ORDER BY first_seen_ns, id",
            (since_ns, since_ns, until_ns, until_ns),
        ).fetchall()
    except sqlite3.Error as error:
        raise UsageError(f"{path}: {error}") from error
    finally:
        database.close()
    return [dict(zip(COLUMNS, row, strict=True)) for row in found]


def to_frame(found: list[dict[str, Any]]) -> pd.DataFrame:
    """
    Rows as a frame.

    Returns:
        The columns of the file; first_seen, last_seen, resolved_at and recorded_at are times with zone (UTC).
    """
    import pandas as pd

    frame = pd.DataFrame()
    for name in COLUMNS:
        values = [row[name] for row in found]
        if name.endswith("_ns"):  # by way of whole numbers, since floats are too coarse for nanoseconds
            times = pd.to_datetime(pd.Series(values, dtype="Int64"), utc=True, unit="ns")
            frame[name.removesuffix("_ns")] = times.astype("datetime64[ns, UTC]")
        else:
            frame[name] = values
    return frame


def figures(frame: pd.DataFrame) -> pd.DataFrame:
    """
    Reliability per failure mode and channel.

    Args:
        frame: As `to_frame` gives it.

    Returns:
        A row for each failure mode and channel, the most frequent first: `times`, `open` (as last heard), `lasted`
        (sum), `to_recover` (median of what ended), `between` (median from the begin of one to the begin of the next
        with the same host, channel and account) [timedelta], `last_seen` [UTC].
    """
    import pandas as pd

    known = frame.assign(
        channel=frame["channel"].fillna(""),
        lasted=frame["resolved_at"].fillna(frame["last_seen"]) - frame["first_seen"],
        to_recover=frame["resolved_at"] - frame["first_seen"],
        between=frame.sort_values("first_seen")
        .groupby(["failure_mode", "host", "channel", "account"], dropna=False)["first_seen"]
        .diff(),
        open=frame["status"] == Status.OPEN.value,
    )
    found = known.groupby(["failure_mode", "channel"], as_index=False).agg(
        times=("id", "count"),
        open=("open", "sum"),
        lasted=("lasted", "sum"),
        to_recover=("to_recover", "median"),
        between=("between", "median"),
        last_seen=("last_seen", "max"),
    )
    return pd.DataFrame(found).sort_values(["times", "lasted"], ascending=False, ignore_index=True)


def numbers(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Gives figures as plain values: lengths in seconds, times [ns, UTC], None for what is not known."""
    import pandas as pd

    found = []
    for row in frame.to_dict("records"):
        plain: dict[str, Any] = {}
        for name, value in row.items():
            match value:
                case _ if pd.isna(value):
                    plain[f"{name}_ns" if name == "last_seen" else f"{name}_s"] = None
                case pd.Timedelta():
                    plain[f"{name}_s"] = value.total_seconds()
                case pd.Timestamp():
                    plain[f"{name}_ns"] = value.value
                case _:
                    plain[str(name)] = value
        found.append(plain)
    return found


def _open(path: Path, *, writes: bool) -> sqlite3.Connection:
    try:
        if writes:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        elif not path.is_file():
            raise UsageError(f"{path}: no such history; `follow --history` and `analyze --history` make one")
        database = sqlite3.connect(path, timeout=PATIENCE_S, isolation_level="IMMEDIATE")
        database.execute("PRAGMA busy_timeout = 10000")  # to open is worth more patience than to write
        application = database.execute("PRAGMA application_id").fetchone()[0]
        version = database.execute("PRAGMA user_version").fetchone()[0]
        if writes and not application and not database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            database.execute("PRAGMA journal_mode = WAL")
            # Of two first runs at once, the second finds everything made.
            database.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT;")
        elif application != APPLICATION_ID:
            database.close()
            raise UsageError(f"{path}: this is no history of loganalyzer")
        elif version > VERSION:
            database.close()
            raise UsageError(f"{path}: made by a later version of loganalyzer, which is needed to read it")
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute(f"PRAGMA busy_timeout = {int(PATIENCE_S * 1000)}")
    except (OSError, sqlite3.Error) as error:
        raise UsageError(f"{path}: {getattr(error, 'strerror', None) or error}") from error
    return database


def _text(text: str | None) -> str | None:
    # SQLite holds UTF-8; a lone surrogate (from undecodable bytes) has none.
    return None if text is None else text.encode("utf-8", "backslashreplace").decode("utf-8")
