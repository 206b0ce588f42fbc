import contextlib
import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from loganalyzer.cli import options
from loganalyzer.errors import UsageError
from loganalyzer.sources import places

Run = Callable[..., "subprocess.CompletedProcess[str]"]
Start = Callable[..., "subprocess.Popen[bytes]"]

ROOT = Path(__file__).parents[2]
ESCAPE = "2026-11-20T12:00:00.500+00:00 [zoo] zebra escaped with code 428\n"
CAUGHT = "2026-11-20T12:05:00.000+00:00 [zoo] zebra is back home\n"
DOUBLE = "2026-11-20T12:00:01.000+00:00 [zoo] zebra escaped with code 429 to=+15551230000\n"


def incidents(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_table_of_what_is_wrong_and_what_to_do(zoo: Path, run: Run) -> None:
    """Plain `analyze` shows the table, the block with its steps, and the accounting on standard error."""
    done = run("analyze", "-", "--patterns", zoo, stdin=ESCAPE)
    assert done.returncode == 0
    for expected in (
        "zoo.gate-open",
        "The gate is open",
        "stdin:1",
        "zebra escaped",
        "1. Close the gate.",
        "$ zoo gate close",
    ):
        assert expected in done.stdout
    assert "1 line" in done.stderr
    assert "1 event" in done.stderr
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_consequences_are_folded(zoo: Path, run: Run) -> None:
    """What follows from something else has no block of its own."""
    done = run("analyze", "-", "--patterns", zoo, stdin=ESCAPE + DOUBLE)
    assert done.stdout.count("What to do") == 1
    assert "zoo.no-visitors (warning" in done.stdout


def test_jsonl_gives_one_incident_a_line_and_the_accounting_apart(zoo: Path, run: Run) -> None:
    """JSON lines hold incidents only, root causes first; resolved ones are there as well."""
    done = run("analyze", "-", "--format", "jsonl", "--patterns", zoo, stdin=ESCAPE + DOUBLE + CAUGHT)
    found = incidents(done.stdout)
    assert [i["failure_mode"] for i in found][:1] == ["zoo.gate-open"]
    assert found[0]["status"] == "resolved"
    assert found[1]["caused_by"] == found[0]["id"]
    assert "3 lines" in done.stderr


def test_json_is_one_document_with_the_accounting(zoo: Path, run: Run) -> None:
    """`--format json` is one object: schema, summary, incidents; standard error stays empty."""
    done = run("analyze", "-", "--format", "json", "--patterns", zoo, stdin=ESCAPE)
    report = json.loads(done.stdout)
    assert report["schema"] == "loganalyzer.report/2"
    assert report["summary"]["lines"] == 1
    assert report["incidents"][0]["failure_mode"] == "zoo.gate-open"
    assert not done.stderr


def test_markdown(zoo: Path, run: Run) -> None:
    """`--format markdown` is a report with the command in a fence."""
    done = run("analyze", "-", "--format", "markdown", "--patterns", zoo, stdin=ESCAPE)
    assert "## The gate is open" in done.stdout
    assert "```sh" in done.stdout


def test_the_bound_depends_on_the_format_and_can_be_set(zoo: Path, run: Run) -> None:
    """Resolved incidents are info: hidden in the table, shown in JSON, and both can be told otherwise."""
    log = ESCAPE + CAUGHT
    table = run("analyze", "-", "--patterns", zoo, stdin=log).stdout
    assert "No incidents at warning or above" in table
    assert "1 incident below that is hidden" in table
    assert "gate-open" in run("analyze", "-", "--patterns", zoo, "--min-severity", "info", stdin=log).stdout
    assert incidents(run("analyze", "-", "--patterns", zoo, "--format", "jsonl", stdin=log).stdout)
    lines = run("analyze", "-", "--patterns", zoo, "--format", "jsonl", "--min-severity", "warning", stdin=log)
    assert not lines.stdout


@pytest.mark.parametrize(
    ("limit", "log", "code"),
    [
        ("error", ESCAPE, 1),
        ("critical", ESCAPE, 0),
        ("warning", ESCAPE + CAUGHT, 0),
        ("info", ESCAPE + CAUGHT, 1),
        ("info", "nothing\n", 0),
        ("info", "2026-11-20T12:00:00Z [zoo] zebra wants hay for leo\n", 0),
    ],
)
def test_fail_on_sets_the_exit_code(limit: str, log: str, code: int, zoo: Path, run: Run) -> None:
    """Exit code 1 comes only from an incident that is severe enough and decided."""
    assert run("analyze", "-", "--patterns", zoo, "--fail-on", limit, stdin=log).returncode == code
    assert run("analyze", "-", "--patterns", zoo, stdin=log).returncode == 0


def test_an_unreadable_file_is_named_and_the_rest_goes_on(zoo: Path, run: Run, tmp_path: Path) -> None:
    """Trouble with one input is named, the others are reported, the exit code is 2 and outranks 1."""
    (tmp_path / "good.log").write_text(ESCAPE)
    done = run("analyze", "missing.log", "good.log", "--patterns", zoo, "--fail-on", "info")
    assert done.returncode == 2
    assert "missing.log" in done.stderr
    assert "zoo.gate-open" in done.stdout


def test_trouble_is_told_beside_json_as_well(zoo: Path, run: Run, tmp_path: Path) -> None:
    """With `json` the trouble stands in the summary and on standard error."""
    done = run("analyze", "missing.log", "--format", "json", "--patterns", zoo)
    assert done.returncode == 2
    assert "missing.log" in done.stderr
    assert "missing.log" in json.loads(done.stdout)["summary"]["problems"][0]


def test_an_empty_file_is_said_to_be_empty(run: Run, tmp_path: Path) -> None:
    """Nothing in, nothing wrong, exit code 0, but said so."""
    (tmp_path / "empty.log").write_bytes(b"")
    done = run("analyze", "empty.log")
    assert done.returncode == 0
    assert "empty" in done.stdout + done.stderr
    assert "empty.log" in done.stderr


def test_a_silent_pipe_is_no_healthy_gateway(run: Run) -> None:
    """Zero bytes from a pipe name what to try instead."""
    done = run("analyze", "-")
    assert done.returncode == 0
    for expected in ("2>&1", "openclaw gateway status", "/tmp/openclaw"):
        assert expected in done.stderr


@pytest.mark.parametrize(
    "data",
    [
        b"\x00\x01\x02" * 5000,
        b"\xff\xfe" * 100 + b"\n",
        b'{"0":"{\\"subsystem\\":\\"gateway\\"}","1":"trunc',
        b"\xef\xbb\xbf" + ESCAPE.replace("\n", "\r\n").encode(),
        b"x" * 3_000_000 + b"\n",
        b"\n" * 1000,
    ],
)
def test_strange_bytes_never_end_in_a_traceback(data: bytes, zoo: Path, run: Run) -> None:
    """Binary, invalid, cut, over-long and empty lines are counted, not fatal."""
    for command in ("analyze", "follow"):
        done = run(command, "-", "--patterns", zoo, stdin=data)
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr


def test_output_appears_whole_and_private(zoo: Path, run: Run, tmp_path: Path) -> None:
    """`--output` replaces the file at the end, readable by its owner only, and leaves nothing beside it."""
    (tmp_path / "log").write_text(ESCAPE)
    (tmp_path / "report.md").write_text("old")
    done = run("analyze", "log", "--patterns", zoo, "--format", "markdown", "--output", "report.md")
    assert (done.returncode, done.stdout) == (0, "")
    assert "The gate is open" in (tmp_path / "report.md").read_text()
    assert stat.S_IMODE((tmp_path / "report.md").stat().st_mode) == 0o600
    assert sorted(p.name for p in tmp_path.iterdir()) == ["log", "report.md"]


def test_a_failed_run_leaves_the_old_output(run: Run, tmp_path: Path) -> None:
    """A pack with faults writes nothing and keeps what is there."""
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "events.yaml").write_text("patterns: [{id: x.y, evnt: z}]\n")
    (tmp_path / "report").write_text("old")
    done = run("analyze", "-", "--patterns", "bad", "--output", "report")
    assert done.returncode == 2
    assert "events.yaml:1:" in done.stderr
    assert (tmp_path / "report").read_text() == "old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bad", "report"]


def test_output_to_a_pipe_is_written_as_it_is(zoo: Path, start: Start) -> None:
    """A device or named pipe is not replaced by a file."""
    process = start("analyze", "-", "--patterns", zoo, "--output", "/dev/stdout")
    output, _ = process.communicate(ESCAPE.encode(), timeout=60)
    assert b"zoo.gate-open" in output


def test_since_and_until_choose_events(zoo: Path, run: Run) -> None:
    """ISO times and ages count, the age from the reference time."""

    def found(*options: str) -> int:
        done = run("analyze", "-", "--format", "jsonl", "--patterns", zoo, *options, stdin=ESCAPE)
        assert done.returncode == 0, done.stderr
        return len(done.stdout.splitlines())

    assert found("--since", "2026-11-20T12:00:00Z") == 1
    assert found("--since", "2026-11-20T12:00:01Z") == 0
    assert found("--until", "2026-11-20T13:00:00+01:00") == 0
    assert found("--until", "2026-11-20T13:00:01", "--tz", "+01:00") == 1
    assert found("--since", "30m", "--reference-time", "2026-11-20T12:15:00Z") == 1
    assert found("--since", "10m", "--reference-time", "2026-11-20T12:15:00Z") == 0


def test_times_are_shown_in_the_zone_asked_for(zoo: Path, run: Run) -> None:
    """`--tz` is also the zone of the texts; JSON stays in UTC."""
    done = run("analyze", "-", "--patterns", zoo, "--tz", "Asia/Tokyo", stdin=ESCAPE)
    assert "since (JST)" in done.stdout
    assert "2026-11-20 21:00:00" in done.stdout
    done = run("analyze", "-", "--patterns", zoo, "--tz", "Asia/Tokyo", "--format", "jsonl", stdin=ESCAPE)
    assert incidents(done.stdout)[0]["first_seen"] == "2026-11-20T12:00:00.500+00:00"


def test_personal_data_is_masked_unless_told_otherwise(zoo: Path, run: Run) -> None:
    """Masks are stable for a key and across runs of a user; `--no-redact` shows everything."""

    def text(*options: str) -> str:
        return run("analyze", "-", "--format", "jsonl", "--patterns", zoo, *options, stdin=DOUBLE).stdout

    masked = text()
    assert "5551230000" not in masked
    assert masked == text()
    assert text("--redact-key", "a") == text("--redact-key", "a") != text("--redact-key", "b")
    assert "+15551230000" in text("--no-redact")


def test_the_key_of_masks_is_private(zoo: Path, run: Run, home: Path) -> None:
    """The key file belongs to its user alone."""
    run("analyze", "-", "--patterns", zoo, stdin=DOUBLE)
    assert stat.S_IMODE((home / "data" / "loganalyzer" / "mask.key").stat().st_mode) == 0o600


def test_a_closed_pipe_ends_quietly(zoo: Path, start: Start) -> None:
    """`loganalyzer … | head` says nothing about it."""
    process = start("events", "-", "--format", "jsonl", "--patterns", zoo)
    assert process.stdin
    assert process.stdout
    process.stdout.close()
    process.stdout = None
    with contextlib.suppress(BrokenPipeError):
        process.stdin.write((ESCAPE * 5000).encode())
    with contextlib.suppress(BrokenPipeError):
        process.stdin.close()
    process.stdin = None
    _, errors = process.communicate(timeout=60)
    assert b"Traceback" not in errors
    assert b"Broken" not in errors
    assert process.returncode == 0


def test_no_progress_bar_goes_into_a_pipe(zoo: Path, run: Run, tmp_path: Path) -> None:
    """Progress is for terminals; asking for it changes nothing in a pipe."""
    (tmp_path / "log").write_text(ESCAPE)
    done = run("analyze", "log", "--patterns", zoo, "--progress")
    assert "\x1b" not in done.stdout + done.stderr


@pytest.mark.parametrize(("option", "shown"), [("--progress", True), ("--no-progress", False)])
def test_a_terminal_sees_progress_unless_it_declines(
    option: str, shown: bool, zoo: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    """The bar is drawn on standard error if that is a terminal, and never on standard output."""
    (tmp_path / "log").write_text(ESCAPE * 1000)
    keyboard, screen = os.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "loganalyzer", "analyze", "log", "--patterns", str(zoo), option],
        stdout=subprocess.PIPE,
        stderr=screen,
        env=environment | {"TERM": "xterm-256color"},
        cwd=tmp_path,
        timeout=60,
        check=False,
    )
    os.close(screen)
    drawn = os.read(keyboard, 65536)
    os.close(keyboard)
    assert done.returncode == 0
    assert (b"reading" in drawn) is shown
    assert b"1,000 lines" in drawn
    assert b"\x1b" not in done.stdout


class Terminal:
    """A standard input that is a keyboard."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def keyboard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal())


@pytest.mark.usefixtures("keyboard")
def test_on_a_terminal_without_a_path_the_logs_of_this_machine_are_read(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """`analyze` alone looks where OpenClaw keeps its logs, and says so."""
    (tmp_path / "gateway.log").touch()
    monkeypatch.setattr(places, "candidates", lambda *_: iter([tmp_path / "none.log", tmp_path]))
    assert options.inputs(None) == [str(tmp_path)]
    assert str(tmp_path) in capsys.readouterr().err
    assert options.inputs(["named"]) == ["named"]


@pytest.mark.usefixtures("keyboard")
def test_on_a_terminal_without_logs_the_error_says_where_it_looked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """`analyze` without input does not wait for a keyboard."""
    monkeypatch.setattr(places, "candidates", lambda *_: iter([tmp_path / "none.log"]))
    with pytest.raises(UsageError, match=r"nothing to read: name .*none\.log"):
        options.inputs(None)


def test_a_folder_without_logs_suggests_where_openclaw_keeps_them(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The first run in the wrong folder ends with the right one."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "openclaw-2026-11-20.log").touch()
    monkeypatch.setattr(places, "candidates", lambda *_: iter([tmp_path / "kept"]))
    done = run("analyze", "empty")
    assert done.returncode == 2
    assert f"OpenClaw keeps logs here: {tmp_path / 'kept'}" in done.stderr


def test_a_time_range_without_an_event_is_no_health(run: Run) -> None:
    """What was left out by it is counted, in text and in JSON."""
    log = ROOT / "sample_logs/whatsapp.session-terminated/twelve-retries/openclaw-logs.txt"
    done = run("analyze", log, "--since", "2027-01-01")
    assert done.stdout == "Nothing to judge: no event of 61 is inside --since and --until.\n"
    assert "61 events outside --since and --until" in done.stderr
    summary = json.loads(run("analyze", log, "--until", "2026-11-20T11:51:00Z", "--format", "json").stdout)["summary"]
    assert 0 < summary["outside"] < summary["events"] == 61
