"""`loganalyzer unknown`, and what the account of every run says about unknown lines."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from unknown_lines import in_file

Run = Callable[..., "subprocess.CompletedProcess[str]"]

KNOWN = in_file("Web connection closed (status 428). Retry 1/12 in 2.4s", "ERROR", "gateway/channels/whatsapp")
SECRET = "sending to +15551230000 with token=abcdef0123456789abcdef failed \x1b[31m\u202e"
LOG = (
    KNOWN
    + "".join(in_file(f"gate {n} is open", second=n) for n in range(3))
    + in_file(SECRET, "ERROR", second=4)
    + in_file("all is well", "INFO", second=5)
)


def test_a_table_of_groups_with_examples(run: Run) -> None:
    """Errors first, then warnings; each with number, level, count, place and lines that show it."""
    done = run("unknown", stdin=LOG)
    assert done.returncode == 0
    rows = done.stdout.splitlines()
    assert re.match(r"1 +error +1 +2026-11-20 12:00 +zoo/keeper +sending to", rows[2])
    assert re.search(r"^2 +warn +3 +2026-11-20 12:00 +zoo/keeper +gate <number> is open", done.stdout, re.MULTILINE)
    for expected in (
        "2. warn, 3 times, 2026-11-20 12:00:00 to 2026-11-20 12:00:02",
        "stdin:2\n",
        "      gate 0 is open",
    ):
        assert expected in done.stdout
    assert max(map(len, rows)) <= 80
    assert "20 % of 5 warnings and errors are explained." in done.stderr


def test_a_text_that_is_a_truth_value_stays_what_it_is(run: Run) -> None:
    """In a table, too."""
    shown = run("unknown", stdin=in_file("False", "WARN", second=1)).stdout
    assert re.search(r"^1 +warn .* False *$", shown, re.MULTILINE)
    assert "True" not in shown


@pytest.mark.parametrize("arguments", [(), ("--format", "json"), ("--format", "jsonl"), ("--suggest", "1")])
def test_nothing_personal_or_hostile_is_printed(arguments: tuple[str, ...], run: Run) -> None:
    """Every form masks secrets and disarms control characters; only `--no-redact` shows the first."""
    shown = run("unknown", *arguments, stdin=LOG).stdout
    assert "15551230000" not in shown
    assert "abcdef0123456789" not in shown
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", shown)
    assert "15551230000" in run("unknown", *arguments, "--no-redact", stdin=LOG).stdout


def test_json_lines_hold_a_group_each(run: Run) -> None:
    """One object a group, with a schema, times and the places of its examples."""
    groups = [json.loads(line) for line in run("unknown", "--format", "jsonl", stdin=LOG).stdout.splitlines()]
    assert [(g["number"], g["level"], g["count"]) for g in groups] == [(1, "error", 1), (2, "warn", 3)]
    assert groups[1] == {
        "schema": "loganalyzer.unknown/1",
        "number": 2,
        "level": "warn",
        "subsystem": "zoo/keeper",
        "count": 3,
        "first_seen": "2026-11-20T12:00:00+00:00",
        "last_seen": "2026-11-20T12:00:02+00:00",
        "template": "gate <number> is open",
        "examples": [
            {"source": "-", "line": n + 2, "time": f"2026-11-20T12:00:0{n}+00:00", "text": f"gate {n} is open"}
            for n in range(2)
        ],
    }


def test_json_is_one_document_with_the_accounting(run: Run) -> None:
    """`--format json` holds the summary and all groups."""
    done = run("unknown", "--format", "json", stdin=LOG)
    document = json.loads(done.stdout)
    assert document["schema"] == "loganalyzer.unknown-report/1"
    assert [group["number"] for group in document["groups"]] == [1, 2]
    summary = {name: document["summary"][name] for name in ("explained", "unknown_warnings", "unknown_errors")}
    assert summary == {"explained": 1, "unknown_warnings": 3, "unknown_errors": 1}
    assert document["summary"]["unknown_kinds"] == 2
    assert done.stderr == ""


def test_a_draft_for_the_chosen_group(run: Run, tmp_path: Path) -> None:
    """`--suggest` prints YAML for that group, to a file if asked, and enables nothing."""
    done = run("unknown", "--suggest", 2, stdin=LOG)
    (pattern,) = yaml.safe_load(done.stdout)["patterns"]
    assert (pattern["event"], pattern["match"], pattern["near_misses"]) == ("TODO", "gate {_:number} is open", [])
    assert pattern["where"] == {"subsystem": ["zoo/keeper"]}
    assert run("unknown", "--suggest", 2, "--output", tmp_path / "draft.yaml", stdin=LOG).stdout == ""
    assert (tmp_path / "draft.yaml").read_text() == done.stdout
    assert run("unknown", stdin=LOG).stdout.count("gate <number> is open") == 1
    lint = run("patterns", "lint", tmp_path)
    assert lint.returncode == 2
    assert "unknown event type 'TODO'" in lint.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--suggest", 3), "no group 3; there are 2"),
        (("--suggest", 0), "greater than or equal to 1"),
        (("--suggest", 1, "--format", "json"), "leave out --format"),
        (("--format", "markdown"), "'markdown' is not known"),
    ],
)
def test_what_cannot_be_done_is_said(arguments: tuple[object, ...], said: str, run: Run) -> None:
    """A group that is not there and forms that do not exist are usage errors."""
    done = run("unknown", *arguments, stdin=LOG)
    assert done.returncode == 2
    assert said in done.stderr


def test_without_drain_a_note_says_so(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Drain3 there are groups all the same, and a word about what it would do."""
    monkeypatch.setitem(sys.modules, "drain3.drain", None)
    done = run("unknown", stdin=LOG)
    assert done.returncode == 0
    assert "gate <number> is open" in done.stdout
    assert "pip install 'loganalyzer[unknown]'" in done.stderr


def test_nothing_unknown_and_nothing_read(run: Run, tmp_path: Path) -> None:
    """No unknown line, no line with a level, no line at all and no file: each has its own answer."""
    assert run("unknown", stdin=KNOWN).stdout == "No unknown warnings or errors.\n"
    console = run("unknown", stdin="2026-11-20T12:00:00.000+00:00 [whatsapp] Web connection closed (status 428)\n")
    assert console.stdout == "No unknown warnings or errors.\n"
    assert "No warnings and errors; console text names no level." in " ".join(console.stderr.split())
    assert run("unknown", stdin="").stdout == "Nothing was read: the input is empty.\n"
    missing = run("unknown", tmp_path / "missing.log")
    assert missing.returncode == 2
    assert "missing.log" in missing.stderr


@pytest.mark.parametrize("command", ["analyze", "follow"])
def test_every_run_tells_how_much_is_explained(command: str, run: Run) -> None:
    """The account gives the share that is explained, and the number of lines and kinds that are not known."""
    done = run(command, "-", stdin=KNOWN + "".join(in_file(f"gate {n} is open", second=n) for n in range(12)))
    assert "7 % of 13 warnings and errors are explained." in done.stderr
    assert "12 warnings of 1 kind are not known (loganalyzer unknown shows them)." in done.stderr
    assert "The only warning or error is explained." in run(command, "-", stdin=KNOWN).stderr
    assert "All 2 warnings and errors are explained." in run(command, "-", stdin=KNOWN * 2).stderr
