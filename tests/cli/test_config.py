"""Defaults from a file and from the environment."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]
LOG = Path(__file__).parents[2] / "sample_logs/whatsapp.session-conflict/replaced/console.log"


def severities(done: "subprocess.CompletedProcess[str]") -> set[str]:
    return {json.loads(line)["severity"] for line in done.stdout.splitlines()}


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], str]:
    def write(text: str) -> str:
        path = tmp_path / "loganalyzer.toml"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


def test_the_command_line_wins_over_the_environment_over_the_table_over_the_top(
    run: Run, write: Callable[[str], str]
) -> None:
    """Each of the four places is one step stronger than the one before."""
    top = write('format = "markdown"')
    assert run("--config", top, "analyze", LOG).stdout.startswith("#")
    table = write('format = "markdown"\n[analyze]\nformat = "jsonl"')
    assert severities(run("--config", table, "analyze", LOG))
    environment = {"LOGANALYZER_FORMAT": "json"}
    assert json.loads(run("--config", table, "analyze", LOG, env=environment).stdout)["incidents"]
    told = run("--config", table, "analyze", LOG, "--format", "table", env=environment)
    assert "failure mode" in told.stdout


def test_defaults_hold_for_the_bare_pipe_too(run: Run, write: Callable[[str], str]) -> None:
    """`… | loganalyzer` takes what is set for follow."""
    path = write('[follow]\nformat = "jsonl"')
    done = run("--config", path, stdin=LOG.read_text())
    assert all(json.loads(line)["schema"] == "loganalyzer.transition/1" for line in done.stdout.splitlines())


@pytest.mark.parametrize("words", [[], ["follow"], ["follow", "-"]])
def test_a_pipe_without_options_means_the_same_by_its_short_way(
    run: Run, words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What nobody set costs no time, and what is set still holds: in the file of the user, and in the environment."""
    text = LOG.read_text()
    long = run(*(words or ["follow"]), "--format", "text", stdin=text)
    short = run(*words, stdin=text)
    assert (short.stdout, short.stderr, short.returncode) == (long.stdout, long.stderr, long.returncode)
    assert "Session conflict" in short.stdout or "whatsapp.session-conflict" in short.stdout
    assert run(*words, stdin=text, env={"LOGANALYZER_FORMAT": "jsonl"}).stdout.startswith('{"schema"')
    monkeypatch.setattr("loganalyzer.cli.config.default_file", lambda: tmp_path / "loganalyzer.toml")
    (tmp_path / "loganalyzer.toml").write_text('format = "jsonl"', encoding="utf-8")
    assert run(*words, stdin=text).stdout.startswith('{"schema"')


def test_what_is_set_is_shown_with_its_origin_and_secrets_are_not(run: Run, write: Callable[[str], str]) -> None:
    """`loganalyzer config` tells value and origin of every default, but never a key."""
    path = write('redact-key = "very secret"\n[analyze]\nworkers = 2\n')
    done = run("--config", path, "config", env={"LOGANALYZER_TZ": "Europe/Berlin"})
    assert "very secret" not in done.stdout + done.stderr
    assert all(word in done.stdout for word in ("(set)", "workers", "[analyze]", "LOGANALYZER_TZ", "Europe/Berlin"))
    assert run("--config", path, "config", "--path").stdout.strip() == path


def test_what_is_switched_off_is_shown_as_off(run: Run, write: Callable[[str], str]) -> None:
    """Whether masks are off is the last thing to be wrong about."""
    shown = run("--config", write("no-redact = false\nlive = true\n"), "config").stdout
    assert re.search(r"^no-redact +false ", shown, re.MULTILINE)
    assert re.search(r"^live +true ", shown, re.MULTILINE)


def test_nothing_set_says_so(run: Run) -> None:
    """Without a file, the place where it would be is named."""
    done = run("config")
    assert done.returncode == 0
    assert "Nothing is set" in done.stdout
    assert "loganalyzer.toml (does not exist)" in done.stdout


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('min-severty = "error"', "Did you mean 'min-severity'?"),
        ('[analize]\nformat = "json"', "Did you mean 'analyze'?"),
        ('[analyze]\nformt = "json"', "[analyze] has no option 'formt'. Did you mean 'format'?"),
        ("[analyze]\nworkers = true", "workers = True is not what the option takes"),
        ('[analyze]\nworkers = "many"', "workers"),
        ("[analyze]\nno-redact = 1", "no-redact = 1 is not what the option takes"),
        ("[analyze]\nformat = 1.5", "format = 1.5 is not what the option takes"),
        ('[analyze]\nformat = ["json", "jsonl"]', "is not what the option takes"),
        ('output = "report.txt"', "no command has an option 'output'"),
        ("a = ", "this is no TOML"),
    ],
)
def test_mistakes_are_named_with_file_and_key(text: str, told: str, run: Run, write: Callable[[str], str]) -> None:
    """A file that means nothing is never ignored."""
    path = write(text)
    done = run("--config", path, "analyze", LOG)
    assert done.returncode == 2
    assert path in done.stderr
    assert told in done.stderr


def test_a_wrong_variable_is_named(run: Run) -> None:
    """As is one in the environment."""
    done = run("analyze", LOG, env={"LOGANALYZER_WORKERS": "many"})
    assert done.returncode == 2
    assert "LOGANALYZER_WORKERS" in done.stderr


def test_a_named_file_must_exist(run: Run, tmp_path: Path) -> None:
    """The usual file may be missing, a named one may not."""
    done = run("--config", str(tmp_path / "none.toml"), "analyze", LOG)
    assert (done.returncode, done.stdout) == (2, "")
    assert "no such file" in done.stderr


def test_help_comes_whatever_the_file_says(run: Run, write: Callable[[str], str]) -> None:
    """A broken file does not keep anybody from reading how to mend it."""
    assert run("--config", write("a = "), "config", "--help").returncode == 0


def test_nothing_is_read_from_the_current_folder(run: Run, tmp_path: Path) -> None:
    """Logs are analysed where strangers may have put files."""
    (tmp_path / "loganalyzer.toml").write_text('format = "jsonl"', encoding="utf-8")
    done = run("analyze", LOG)
    assert "failure mode" in done.stdout
