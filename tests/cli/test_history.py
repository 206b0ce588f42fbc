"""`--history` and `loganalyzer history`."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from loganalyzer.outputs import reliability
from loganalyzer.outputs.base import View

Run = Callable[..., "subprocess.CompletedProcess[str]"]
CONFLICT = Path(__file__).parents[2] / "sample_logs/whatsapp.session-conflict/replaced"
EXIT = CONFLICT.parents[1] / "healthy/one-exit-recovers"


@pytest.fixture
def kept(run: Run) -> list[str]:
    """A history of one conflict; how to name it."""
    assert run("analyze", CONFLICT, "--history", "h.db").returncode == 0
    return ["--history", "h.db"]


def test_analyze_and_follow_keep_the_same_incidents(run: Run, kept: list[str]) -> None:
    """A log that is read and a log that is followed are one history."""
    before = run("history", *kept, "--format", "jsonl").stdout
    assert run("follow", *kept, stdin=(CONFLICT / "console.log").read_text()).returncode == 0
    after = run("history", *kept, "--format", "jsonl").stdout
    ids = [[json.loads(line)["id"] for line in text.splitlines()] for text in (before, after)]
    assert ids[0]
    assert ids[0] == ids[1]


def test_the_table_tells_the_figures(run: Run, kept: list[str]) -> None:
    """In words, at 80 columns, warnings and above."""
    done = run("history", *kept)
    assert done.returncode == 0
    assert "whatsapp.session-conflict" in done.stdout
    assert all(word in done.stdout for word in ("times", "lasted", "recovers", "apart"))


def test_figures_are_machine_readable(run: Run, kept: list[str]) -> None:
    """Lengths in seconds, times in ISO 8601."""
    found = json.loads(run("history", *kept, "--format", "json").stdout)
    assert found["schema"] == "loganalyzer.history/1"
    first = found["figures"][0]
    assert set(first) == {
        *("failure_mode", "channel", "times", "open", "lasted_s", "to_recover_s", "between_s", "last_seen"),
    }


def test_bars_show_when_something_was_wrong(run: Run, kept: list[str]) -> None:
    """A line for each failure mode, then the ends of the range."""
    lines = run("history", *kept, "--format", "plot").stdout.splitlines()
    assert lines[0].startswith("whatsapp.session-conflict ")
    assert set(lines[0].split()[-1]) <= set(reliability.SHARES + reliability.NEVER)
    assert "2026-11-20" in lines[-3]


def test_the_page_holds_figures_and_a_time_line(run: Run, kept: list[str]) -> None:
    """One file that loads nothing, as a report is; what was logged stays text."""
    done = run("history", *kept, "--format", "html", "--output", "h.html")
    assert (done.returncode, done.stdout) == (0, "")
    page = Path("h.html").read_text(encoding="utf-8")
    assert "default-src &#39;none&#39;" in page
    assert page.count("<rect") == len(
        run("history", *kept, "--format", "jsonl", "--min-severity", "warning").stdout.splitlines()
    )
    hostile = {
        "first_seen_ns": 0,
        "last_seen_ns": 1,
        "resolved_at_ns": 1,
        "severity": "error",
        "status": "open",
        "count": 1,
    }
    row = hostile | {"failure_mode": "a.b", "channel": "<script>alert(1)</script>"}
    assert "<script>alert" not in "".join(reliability.page([], [row], View()))


def test_nothing_in_range_is_said(run: Run, kept: list[str]) -> None:
    """An empty range is no error."""
    for form in ("table", "plot"):
        done = run("history", *kept, "--until", "2000-01-01", "--format", form)
        assert (done.returncode, done.stdout) == (0, "No incidents in this range.\n")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["history"], "--history: name the file"),
        (["history", "--history", "none.db"], "no such history"),
        (["analyze", CONFLICT, "--history", "h.db", "--history-keep", "long"], "no length of time"),
        (["analyze", CONFLICT, "--history", "no/such/folder/h.db"], "No such file or directory"),
    ],
)
def test_mistakes_are_told(words: list[str], told: str, run: Run) -> None:
    """With what to do instead."""
    done = run(*words)
    assert done.returncode == 2
    assert told in done.stderr


def test_a_bar_is_as_high_as_the_share_of_its_time() -> None:
    """Open for the second half of the range: nothing, then full height; names are never trusted."""
    row = {"failure_mode": "a.b", "channel": "x\x1b[31m", "first_seen_ns": 0, "last_seen_ns": 0, "resolved_at_ns": 0}
    long = row | {"first_seen_ns": 50 * 10**9, "resolved_at_ns": 100 * 10**9}
    lines = list(reliability.bars([row, long], View(width=80)))
    assert "\x1b" not in "".join(lines)
    cells = lines[0].split()[-1]
    assert cells[0] == reliability.SHARES[0]
    assert set(cells[len(cells) // 2 + 1 :]) == {reliability.SHARES[-1]}
