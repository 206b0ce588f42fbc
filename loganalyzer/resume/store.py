"""
The file of `--resume`: the memory of a run, and what it has told since that was written.

One SQLite file, mode 0600, owned by one run at a time: its lock is held as long as the run lives and is gone with it,
however it ends. Every change is one transaction, so a run that is killed leaves the state before or after it. There is
no wait for the disk but when the log of SQLite is folded into the file: killing the program loses nothing, a power
failure the last moments.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

from loganalyzer.errors import UsageError
from loganalyzer.sources.position import Position

APPLICATION_ID = 0x6C6F6772
VERSION = 1
_MAGIC = b"SQLite format 3\0"
_LOG_PAGES = 4000
"""The log of SQLite is folded into the file when it is as long as this: that waits for the disk [pages of 4 KiB]."""
_LOG_KEPT_BYTES = 1 << 20
"""The log of SQLite is cut to this when it was folded into the file [bytes]."""

_SCHEMA = f"""
CREATE TABLE state (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  input BLOB NOT NULL, made_with TEXT NOT NULL, saved_at_ns INTEGER NOT NULL,
  read INTEGER NOT NULL, lines INTEGER NOT NULL, position BLOB, memory BLOB NOT NULL, digest BLOB NOT NULL
);
CREATE TABLE told (number INTEGER PRIMARY KEY, read INTEGER NOT NULL, digest BLOB NOT NULL, done INTEGER NOT NULL);
CREATE TABLE clock (number INTEGER PRIMARY KEY, read INTEGER NOT NULL, now_ns INTEGER NOT NULL);
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {VERSION};
"""


class State(NamedTuple):
    """How a run stood."""

    input: bytes
    """Digest of the name of what was read."""
    made_with: str
    """Program and patterns."""
    saved_at_ns: int
    """[ns, UTC]."""
    read: int
    """What the memory knows of the input: whole lines [bytes]."""
    lines: int
    """How many these are."""
    position: Position | None
    """Where that ends, in a file."""
    memory: bytes


class Told(NamedTuple):
    """A transition that was told, or was about to be."""

    read: int
    """How much was read when it was decided [bytes]."""
    digest: bytes
    done: int
    """0 or 1."""


class Tick(NamedTuple):
    """The wall clock decided something."""

    read: int
    """How much was read then [bytes]."""
    now_ns: int


class Store:
    """
    The file, open and owned.

    Args:
        path: Made if it does not exist.

    Errors:
        UsageError: it is not ours, damaged, of a later version, or another run has it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._database = _open(path)
        self._number = 0

    def load(self) -> tuple[State | None, list[Told], list[Tick]]:
        """
        What the last run has left; None if nothing.

        Errors:
            UsageError: the file is damaged.
        """
        try:
            state = self._database.execute("SELECT * FROM state").fetchone()
            told = [Told(*row) for row in self._database.execute("SELECT read, digest, done FROM told ORDER BY number")]
            ticks = [Tick(*row) for row in self._database.execute("SELECT read, now_ns FROM clock ORDER BY number")]
            if state is None:
                return None, told, ticks
            values, digest = state[1:-1], state[-1]
            if digest != _digest(*values):
                raise _damaged(self.path)
            position = values[5]
            place = None if position is None else msgspec.msgpack.decode(position, type=Position)
        except (sqlite3.DatabaseError, msgspec.MsgspecError, TypeError, ValueError) as error:
            raise _damaged(self.path) from error
        return State._make((*values[:5], place, values[6])), told, ticks

    def save(self, state: State, told_until: int, told: Mapping[bytes, bool], ticks: Iterable[Tick]) -> None:
        """
        Replaces what is kept.

        Args:
            told: what was told by lines that the state does not know, up to `told_until` [bytes]: the digests, and
                whether it was done.
            ticks: what the wall clock decided between such lines.

        Errors:
            sqlite3.Error: it cannot be written; what was kept before is still there.
        """
        position = None if state.position is None else msgspec.msgpack.encode(state.position)
        values = (*state[:5], position, state.memory)
        with self._transaction():
            self._database.execute("REPLACE INTO state VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?)", (*values, _digest(*values)))
            self._database.execute("DELETE FROM told")
            self._database.execute("DELETE FROM clock")
            rows = [(told_until, digest, done) for digest, done in told.items()]
            self._database.executemany("INSERT INTO told (read, digest, done) VALUES (?, ?, ?)", rows)
            self._database.executemany("INSERT INTO clock (read, now_ns) VALUES (?, ?)", ticks)

    def begin(self, read: int, digest: bytes) -> None:
        """Notes that a transition is about to be told. Errors: sqlite3.Error."""
        made = self._database.execute("INSERT INTO told (read, digest, done) VALUES (?, ?, 0)", (read, digest))
        self._number = made.lastrowid or 0

    def done(self) -> None:
        """Notes that it was told. Errors: sqlite3.Error."""
        self._database.execute("UPDATE told SET done = 1 WHERE number = ?", (self._number,))

    def tick(self, tick: Tick) -> None:
        """Notes that the wall clock is about to decide. Errors: sqlite3.Error."""
        self._database.execute("INSERT INTO clock (read, now_ns) VALUES (?, ?)", tick)

    def fold(self) -> None:
        """Leaves nothing of what was kept before the last `save` in the file. Errors: sqlite3.Error."""
        self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Gives the file back."""
        with contextlib.suppress(sqlite3.Error):
            self._database.close()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")


def _open(path: Path) -> sqlite3.Connection:
    try:
        _refuse_others(path)
        database = sqlite3.connect(path, timeout=0, isolation_level=None)
    except (OSError, sqlite3.Error) as error:
        raise UsageError(f"--resume {path}: {getattr(error, 'strerror', None) or error}") from error
    try:
        _own(database, path)
    except BaseException as error:
        database.close()
        if isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
            raise UsageError(f"--resume {path}: another run uses this file; each needs one of its own") from error
        if isinstance(error, sqlite3.OperationalError):
            raise UsageError(f"--resume {path}: {error}") from error
        if isinstance(error, sqlite3.DatabaseError):
            raise _damaged(path) from error
        raise
    return database


def _refuse_others(path: Path) -> None:
    """Makes the file if there is none; whatever else stands there is left alone."""
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    if not stat.S_ISREG(path.stat().st_mode):
        raise UsageError(f"--resume {path}: this is no file")
    with path.open("rb") as file:
        start = file.read(len(_MAGIC))
    if start and start != _MAGIC:
        raise _not_ours(path)


def _own(database: sqlite3.Connection, path: Path) -> None:
    # Before anything is read: so the lock is taken with the first look, and never given back.
    database.execute("PRAGMA locking_mode = EXCLUSIVE")
    application = database.execute("PRAGMA application_id").fetchone()[0]
    version = database.execute("PRAGMA user_version").fetchone()[0]
    fresh = not application and not database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if not fresh and application != APPLICATION_ID:
        raise _not_ours(path)
    if version > VERSION:
        raise UsageError(f"--resume {path}: made by a later version of loganalyzer, which is needed to read it")
    os.chmod(path, 0o600)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")
    database.execute("PRAGMA secure_delete = ON")
    database.execute(f"PRAGMA wal_autocheckpoint = {_LOG_PAGES}")
    database.execute(f"PRAGMA journal_size_limit = {_LOG_KEPT_BYTES}")
    database.execute("BEGIN EXCLUSIVE")
    if fresh:
        for statement in filter(None, map(str.strip, _SCHEMA.split(";"))):
            database.execute(statement)
    database.execute("COMMIT")


def _digest(*values: object) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    for value in values:
        digest.update(value if isinstance(value, bytes) else repr(value).encode())
        digest.update(b"\0")
    return digest.digest()


def _damaged(path: Path) -> UsageError:
    return UsageError(
        f"--resume {path}: the file is damaged. Remove it, or name another one: the log is then read from its beginning"
    )


def _not_ours(path: Path) -> UsageError:
    return UsageError(f"--resume {path}: this is no resume file of loganalyzer, and it is left as it is")
