import os
import platform
import pty
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
from rich.text import Text

from loganalyzer import __version__, cli
from loganalyzer.cli import bug

Run = Callable[..., "subprocess.CompletedProcess[str]"]

EMPTY_APP = """
import typer
app = typer.Typer()
@app.command()
def main() -> None:
    "Nothing."
app()
"""


def test_version(run: Run) -> None:
    """`--version` prints name and version."""
    done = run("--version")
    assert (done.returncode, done.stdout) == (0, f"loganalyzer {__version__}\n")


@pytest.mark.parametrize(
    "command", [(), ("follow",), ("analyze",), ("events",), ("explain",), ("why",), ("unknown",), ("patterns", "match")]
)
def test_every_command_has_help(command: tuple[str, ...], run: Run) -> None:
    """Help of the program and of each command comes with exit code 0."""
    done = run(*command, "--help")
    assert done.returncode == 0
    assert "Usage: loganalyzer" in done.stdout


def test_no_help_loses_what_stands_in_brackets() -> None:
    """They are markup where help is shown, unless a backslash stands before them."""

    def texts(command: Any) -> Iterator[str]:
        yield from (one.help or "" for one in (command, *command.params))
        for inner in getattr(command, "commands", {}).values():
            yield from texts(inner)

    for text in texts(typer.main.get_command(cli.app)):
        assert Text.from_markup(text).plain == text.replace("\\[", "[")


def test_help_shows_how_it_is_used(run: Run) -> None:
    """The examples begin with the pipe that most people want."""
    assert "openclaw logs --follow 2>&1 | loganalyzer" in run("--help").stdout


def test_bare_on_a_terminal_is_help(environment: dict[str, str]) -> None:
    """Without arguments and without a pipe there is nothing to do but to explain oneself."""
    keyboard, screen = pty.openpty()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "loganalyzer"],
            stdin=screen,
            capture_output=True,
            env=environment,
            timeout=30,
            check=False,
        )
    finally:
        os.close(keyboard)
        os.close(screen)
    assert done.returncode == 0
    assert b"Usage: loganalyzer" in done.stdout


def test_bare_with_a_pipe_follows_it(run: Run) -> None:
    """`… | loganalyzer` is `… | loganalyzer follow -`."""
    done = run(stdin="nothing of interest\n")
    assert done.returncode == 0
    assert "No incidents at warning or above" in done.stdout
    assert "Read standard input" in done.stderr


def test_options_without_a_command_are_those_of_follow(run: Run) -> None:
    """`… | loganalyzer --format jsonl` needs no command either."""
    done = run("--format", "jsonl", stdin="nothing of interest\n")
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "suggestion"),
    [
        (["analyse"], "analyze"),
        (["--verzion"], "--version"),
        (["analyze", "--formt", "json"], "--format"),
        (["analyze", "--format", "jsnl", "-"], "jsonl"),
        (["analyze", "--format", "pdf", "-"], "table"),
        (["events", "--format", "jsnl", "-"], "jsonl"),
        (["follow", "--format", "txt"], "text"),
        (["analyze", "--min-severity", "warn", "-"], "warning"),
        (["analyze", "--fail-on", "critcal", "-"], "critical"),
        (["analyze", "--tablefmt", "gird", "-"], "grid"),
        (["analyze", "--tz", "Europe/Berlim", "-"], "Europe/Berlin"),
        (["analyze", "--since", "yesterdayish", "-"], "2h"),
        (["analyze", "--patterns", "nowhere", "-"], "nowhere"),
        (["analyze", "--output", "no/such/folder/x", "-"], "no/such/folder/x"),
        (["patterns", "lst"], "list"),
        (["patterns", "show", "zoo.gate-opn"], "loganalyzer:"),
    ],
)
def test_a_wrong_word_gets_the_nearest_right_one(arguments: list[str], suggestion: str, run: Run) -> None:
    """Usage errors exit with 2, name what is known, and print no traceback."""
    done = run(*arguments)
    assert done.returncode == 2
    assert suggestion in done.stderr
    assert "Traceback" not in done.stderr
    assert not done.stdout


@pytest.mark.slow
def test_help_is_about_as_quick_as_that_of_an_empty_program(environment: dict[str, str], tmp_path: Path) -> None:
    """Help costs at most 1.3 times what Typer itself costs (1.6 here: the machine may be busy)."""
    empty = tmp_path / "empty.py"
    empty.write_text(EMPTY_APP)

    def median_s(*command: object) -> float:
        times = []
        for _ in range(7):
            began = time.perf_counter()
            subprocess.run(
                [sys.executable, *map(str, command), "--help"], capture_output=True, env=environment, check=True
            )
            times.append(time.perf_counter() - began)
        return statistics.median(times)

    assert median_s("-m", "loganalyzer") <= 1.6 * median_s(empty)


def test_help_loads_nothing_heavy(environment: dict[str, str]) -> None:
    """Help and version need Typer, and nothing of what the work is done with."""
    code = (
        "import sys\nfrom loganalyzer.cli import main\n"
        "try: main(sys.argv[1:])\nexcept SystemExit: pass\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    for option in ("--help", "--version"):
        done = subprocess.run([sys.executable, "-c", code, option], capture_output=True, env=environment, check=True)
        heavy = {"pandas", "pyarrow", "numpy", "msgspec", "yaml", "hyperscan", "regex", "tabulate", "platformdirs"}
        assert heavy.isdisjoint(done.stderr.decode().split())


def test_a_bug_is_reported_without_any_log_content(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """An unexpected exception ends with 3 and a private report that holds places, never messages."""

    def broken(*_: Any) -> None:
        quoted = "+1555" + "1230000"  # a traceback quotes the code, so the number must not stand in it
        try:
            raise KeyError(quoted)
        except KeyError as error:
            raise ValueError(quoted) from error

    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr("loganalyzer.packs.load", broken)
    with pytest.raises(SystemExit) as ended:
        cli.main(["explain", "whatsapp.logged-out"])
    assert ended.value.code == 3
    (report,) = (tmp_path / "loganalyzer").iterdir()
    text = report.read_text()
    for expected in (__version__, platform.system(), "ValueError", "KeyError", "in broken"):
        assert expected in text
    assert "5551230000" not in text + capsys.readouterr().err
    assert report.stat().st_mode & 0o777 == 0o600


def test_a_report_that_cannot_be_written_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Without a place for the file the report goes to standard error."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    bug.report(ValueError("secret"))
    printed = capsys.readouterr().err
    assert "builtins.ValueError" in printed
    assert "secret" not in printed
