"""The history of incidents."""

import sqlite3
import stat
import time
from pathlib import Path

import pandas as pd
import pytest

import loganalyzer
from loganalyzer.errors import UsageError
from loganalyzer.history import APPLICATION_ID, DAY_NS, NS, History, figures, rows, to_frame
from loganalyzer.model import Incident, Severity, Status
from loganalyzer.redact import Redactor

ROOT = Path(__file__).parents[1]
NOW_S = time.time_ns() // NS


def incident(number: int, begin_s: int = 0, end_s: int | None = None, **more: object) -> Incident:
    """One that began and, if `end_s` is given, ended so many seconds after now."""
    values: dict[str, object] = {
        "id": f"id{number}",
        "failure_mode": "whatsapp.disconnected",
        "title": "WhatsApp is disconnected",
        "severity": Severity.ERROR,
        "confidence": 0.9,
        "status": Status.OPEN if end_s is None else Status.RESOLVED,
        "key": {"host": None, "channel": "whatsapp", "account": "+15551230000"},
        "first_seen_ns": (NOW_S + begin_s) * NS,
        "last_seen_ns": (NOW_S + (begin_s if end_s is None else end_s)) * NS + 1,
        "resolved_at_ns": None if end_s is None else (NOW_S + end_s) * NS,
        "count": 1,
        "caused_by": None,
        "summary": "WhatsApp (+15551230000) is disconnected.",
        "cause": "",
        "evidence": (),
        "evidence_omitted": 0,
        "remediation": (),
        "references": (),
    }
    return Incident(**(values | more))  # type: ignore[arg-type]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.db"


def write(path: Path, *incidents: Incident, keep_ns: int = 365 * DAY_NS) -> None:
    history = History(path, Redactor(b"key"), keep_ns)
    history.record(incidents)
    history.close()
    assert history.problem is None


def test_the_same_log_twice_counts_once(path: Path) -> None:
    """Incidents of real logs keep their ids, so a second run over the same files adds nothing."""
    report = loganalyzer.analyze(ROOT / "sample_logs/whatsapp.session-terminated/twelve-retries")
    write(path, *report.incidents)
    write(path, *report.incidents)
    assert [row["failure_mode"] for row in rows(path)] == [
        one.failure_mode for one in sorted(report.incidents, key=lambda i: (i.first_seen_ns or 0, i.id))
    ]


def test_the_later_state_wins_whatever_comes_last(path: Path) -> None:
    """An old log that is read again does not open what has ended."""
    write(path, incident(1, 0))
    write(path, incident(1, 0, 60))
    write(path, incident(1, 0))
    assert [(row["status"], row["resolved_at_ns"]) for row in rows(path)] == [("resolved", (NOW_S + 60) * NS)]


def test_times_are_exact_to_the_nanosecond_and_may_be_missing(path: Path) -> None:
    """A float would be off by a hundred nanoseconds."""
    write(path, incident(1), incident(2, first_seen_ns=None, last_seen_ns=None))
    frame = to_frame(rows(path))
    assert str(frame["first_seen"].dtype) == "datetime64[ns, UTC]"
    assert frame["last_seen"].dropna().map(lambda at: at.value).tolist() == [NOW_S * NS + 1]


def test_what_is_personal_is_masked_and_the_file_is_private(path: Path) -> None:
    """The number stands neither in the file nor beside it, and nobody else may read it."""
    write(path, incident(1))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert all(b"5551230000" not in file.read_bytes() for file in path.parent.iterdir())
    assert rows(path)[0]["account"].startswith("<phone:")


def test_undecided_is_no_incident(path: Path) -> None:
    """What only waits for an absence is not counted anywhere."""
    write(path, incident(1, status=Status.UNDECIDED))
    assert rows(path) == []


def test_what_is_older_than_the_retention_is_forgotten(path: Path) -> None:
    """Also what an earlier run with a longer retention has kept."""
    write(path, incident(1, -40 * 86_400), incident(2, -20 * 86_400), incident(3))
    assert len(rows(path)) == 3
    write(path, keep_ns=30 * DAY_NS)
    assert [row["id"] for row in rows(path)] == ["id2", "id3"]


def test_a_range_holds_what_was_going_on_in_it(path: Path) -> None:
    """Not only what began in it."""
    write(path, incident(1, -1000, -900), incident(2, -1000, -500), incident(3, -100))
    at = [(NOW_S + offset) * NS for offset in (-600, -400)]
    assert [row["id"] for row in rows(path, at[0], at[1])] == ["id2"]


def test_figures_tell_how_often_how_long_and_how_far_apart(path: Path) -> None:
    """Two that ended after 60 and 120 s, ten minutes apart, and one that goes on; another account counts for itself."""
    other = {"host": None, "channel": "whatsapp", "account": "+15559990000"}
    write(
        path,
        incident(1, -6000, -5940),
        incident(2, -5400, -5280),
        incident(3, -4800, last_seen_ns=(NOW_S - 4500) * NS),
        incident(4, -5399, -5399, key=other),
        incident(5, 0, failure_mode="gateway.oom", key={"host": None}),
    )
    found = figures(to_frame(rows(path)))
    assert found["failure_mode"].tolist() == ["whatsapp.disconnected", "gateway.oom"]
    first = found.iloc[0]
    assert (first["times"], first["open"]) == (4, 1)
    assert first["lasted"] == pd.Timedelta(seconds=60 + 120 + 300)
    assert first["to_recover"] == pd.Timedelta(seconds=60)
    assert first["between"] == pd.Timedelta(seconds=600)
    assert pd.isna(found.iloc[1]["between"])


def test_readers_do_not_wait_for_a_writer_that_stays(path: Path) -> None:
    """`follow` holds the file for weeks; `history` reads what is committed meanwhile."""
    writer = History(path, Redactor(b"key"))
    writer.record([incident(1)])
    assert len(rows(path)) == 1
    writer.record([incident(2)])
    assert len(rows(path)) == 2
    writer.close()


def test_a_write_that_fails_is_told_and_repeated(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process that holds the file for long costs patience, but no incident."""
    monkeypatch.setattr("loganalyzer.history.PATIENCE_S", 0.01)
    writer = History(path, Redactor(b"key"))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    writer.record([incident(1)])
    assert writer.problem == "database is locked"
    other.execute("COMMIT")
    other.close()
    writer.record([incident(2)])
    assert writer.problem is None
    writer.close()
    assert [row["id"] for row in rows(path)] == ["id1", "id2"]


def test_other_files_are_refused_and_stay_as_they_are(path: Path, tmp_path: Path) -> None:
    """A text, another database, a history of the future, a folder, nothing."""
    path.write_text("not a database, not at all, but long enough to look at")
    with pytest.raises(UsageError, match="not a database"):
        History(path, Redactor(None))
    assert path.read_text().startswith("not a database")
    foreign = tmp_path / "other.db"
    with sqlite3.connect(foreign) as database:
        database.execute("CREATE TABLE notes (text)")
    with pytest.raises(UsageError, match="no history of loganalyzer"):
        History(foreign, Redactor(None))
    future = tmp_path / "future.db"
    with sqlite3.connect(future) as database:
        database.executescript(f"PRAGMA application_id={APPLICATION_ID}; PRAGMA user_version=99; CREATE TABLE x (y);")
    with pytest.raises(UsageError, match="later version"):
        rows(future)
    with pytest.raises(UsageError):
        History(tmp_path, Redactor(None))
    with pytest.raises(UsageError, match="no such history"):
        rows(tmp_path / "none.db")


def test_lone_surrogates_are_kept_readable(path: Path) -> None:
    """Undecodable bytes in an account or a text do not stop the history."""
    write(path, incident(1, summary="broken \udcff", key={"host": "a\udcff", "channel": "x", "account": None}))
    assert rows(path)[0]["host"] == "a\\udcff"
