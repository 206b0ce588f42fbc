"""No output, file, message or answer holds any of the secrets that are planted in a log, wherever they stand in it."""

from __future__ import annotations

import base64
import io
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from planted import ENCODINGS, KINDS, SURFACES, Planted, digits, plant, word
from resuming import run
from vault import write_pack

from loganalyzer.api import Analyzer, analyze
from loganalyzer.cli import bug, kept
from loganalyzer.cli.assistant import Assistant
from loganalyzer.metrics import Figures
from loganalyzer.model import Severity
from loganalyzer.notify.news import News
from loganalyzer.outputs import View
from loganalyzer.outputs.board import Board
from loganalyzer.outputs.screen import Screen
from loganalyzer.pipeline import Options
from loganalyzer.redact import Redactor

ROOT = Path(__file__).parents[1]
KEY = "planted"
BY_PLACE = {
    "account": lambda core: ("sk-ant-" + core, "it", "zoo/keeper"),
    "personal account": lambda core: (core, "it", "zoo/keeper"),
    "subsystem": lambda core: ("one", "it", f"zoo/ghp_{core}"),
}


class World:
    """A folder with logs, a pack, and what was planted."""

    def __init__(self, folder: Path) -> None:
        self.pack = folder / "pack"
        write_pack(self.pack)
        self.planted: list[Planted] = []
        lines: dict[str, list[str]] = {name: [] for name in SURFACES}
        for index, (one, surface, _) in enumerate(plant()):
            self.planted.append(one)
            # Known to a pattern, and not known to any.
            for text in (f"vault {index % 50} said {one.text}", f"the keeper lost {one.text}"):
                lines[surface].append(SURFACES[surface](text, second=index % 60))
        for surface, make in SURFACES.items():
            for place, put in BY_PLACE.items():
                seed = f"{place}/{surface}"
                core = digits(seed, 11) if place == "personal account" else word(seed, 40)
                account, note, subsystem = put(core)
                self.planted.append(Planted(f"{place}, {surface}", core, core))
                lines[surface].append(make(f"vault {account} said {note}", subsystem=subsystem))
                lines[surface].append(make(f"the keeper is away, {note}", subsystem=subsystem))
        self.logs = folder / "logs"
        self.logs.mkdir()
        for surface, rows in lines.items():
            (self.logs / f"{surface.replace(' ', '')}.log").write_text("".join(rows), encoding="utf-8")
        self._hostile_names()
        self.data = folder / "data"
        self.environment = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1"} | {
            f"XDG_{name}_HOME": str(self.data / name) for name in ("DATA", "STATE", "CONFIG", "CACHE")
        }

    def _hostile_names(self) -> None:
        file, member, broken = (word(f"{name} name", 36) for name in ("file", "member", "broken"))
        self.planted += [
            Planted(name, core, core)
            for name, core in (("file name", file), ("member name", member), ("name of a broken file", broken))
        ]
        line = SURFACES["console"]("vault one said it", second=1)
        (self.logs / f"ghp_{file}.log").write_text(line, encoding="utf-8")
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr(f"token=ghp_{member}.log", line)
        (self.logs / "support.zip").write_bytes(packed.getvalue())
        (self.logs / f"ghp_{broken}.log.gz").write_bytes(b"\x1f\x8b\x08\x00junk")

    def options(self) -> Options:
        return Options(patterns=(self.pack,))

    def found_in(self, data: bytes | str) -> list[str]:
        """Where those of the planted stood that are found in some data, as they are or in Base64."""
        data = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
        return [one.where for one in self.planted if any(form in data for form in forms(one.core))]

    def run(self, *arguments: object, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
        """The command line, in a process of its own."""
        words = [sys.executable, "-m", "loganalyzer", *map(str, arguments)]
        given = {"stdin": subprocess.DEVNULL} if stdin is None else {"input": stdin}
        return subprocess.run(words, capture_output=True, env=self.environment, timeout=300, check=False, **given)


def forms(core: str) -> Iterator[bytes]:
    """A secret as it is, and what is the same in each of its three Base64 forms."""
    yield core.encode()
    for shift in range(3):
        coded = base64.b64encode(b"\0" * shift + core.encode())
        yield coded[4 * (shift > 0) : len(coded) - 4]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("world"))


COMMANDS = [
    *(("analyze", "--format", name) for name in ("table", "json", "jsonl", "markdown", "html", "csv", "parquet")),
    ("analyze", "--tablefmt", "html"),
    *(("events", "--format", name) for name in ("table", "jsonl", "csv", "parquet")),
    *(("why", "vault.open", "--format", name) for name in ("text", "json")),
    *(("why", "vault.silent", "--format", name) for name in ("text", "json")),
    *(("unknown", "--format", name) for name in ("table", "json", "jsonl")),
    *(("unknown", "--suggest", str(number)) for number in (1, 2, 3, 20)),
]


def test_there_is_a_secret_of_every_kind_in_every_place(world: World) -> None:
    """And without masks every output shows some: the search would find them."""
    assert len(world.planted) == len(KINDS) * len(ENCODINGS) * len(SURFACES) + len(BY_PLACE) * len(SURFACES) + 3
    report = analyze([str(world.logs)], world.options())
    assert {incident.failure_mode for incident in report.incidents} == {"vault.open"}
    shown = world.run("events", "--format", "jsonl", "--no-redact", "--patterns", world.pack, world.logs)
    assert len(world.found_in(shown.stdout)) > len(world.planted) // 2


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_no_command_shows_any(command: tuple[str, ...], world: World) -> None:
    """Neither its output nor what it says beside it."""
    done = world.run(*command, "--patterns", world.pack, world.logs, "--redact-key", KEY)
    assert done.stdout
    assert done.returncode in (0, 2), done.stderr
    assert world.found_in(done.stdout) == []
    assert world.found_in(done.stderr) == []


@pytest.mark.parametrize("form", ["text", "jsonl"])
@pytest.mark.parametrize("surface", ["logs --json", "console"])
def test_following_shows_none(form: str, surface: str, world: World) -> None:
    """The text and the JSON lines of a live log."""
    log = (world.logs / f"{surface.replace(' ', '')}.log").read_bytes()
    done = world.run("follow", "--format", form, "--patterns", world.pack, stdin=log)
    assert b"vault.open" in done.stdout
    assert world.found_in(done.stdout + done.stderr) == []


def test_no_file_of_the_program_holds_any(world: World, tmp_path: Path) -> None:
    """History, partitions, reports, caches, keys and states."""
    done = world.run("analyze", world.logs, "--patterns", world.pack, "--history", tmp_path / "h.db",
                     "--format", "parquet", "--output", tmp_path / "incidents.parquet")  # fmt: skip
    assert done.returncode == 2  # the broken file
    world.run("events", world.logs, "--patterns", world.pack, "--format", "parquet", "--partition",
              "--output", tmp_path / "parts")  # fmt: skip
    world.run("unknown", world.logs, "--output", tmp_path / "unknown.txt")
    assert (tmp_path / "h.db").stat().st_size > 8192
    files = [path for folder in (tmp_path, world.data) for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 5
    assert {str(path): world.found_in(path.read_bytes()) for path in files if world.found_in(path.read_bytes())} == {}
    for form in ("table", "plot", "json", "jsonl"):
        assert world.found_in(world.run("history", "--history", tmp_path / "h.db", "--format", form).stdout) == []


def test_no_resume_file_holds_any(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the file nor the log of SQLite beside it, after runs that were killed and after one that ended."""
    monkeypatch.setattr(kept, "FILE_EVERY_S", 0.0)
    monkeypatch.setattr(kept, "SHARE", 1e9)
    view = View(min_severity=Severity.INFO, redact=Redactor(KEY.encode()))
    for log in sorted(world.logs.glob("*.log")):
        file = tmp_path / f"{len(list(tmp_path.iterdir()))}.db"
        for kill_at in (40, 41, None):
            analyzer = Analyzer(world.options(), str(log))
            run(log, file, kill_at=kill_at, piece=20_000, view=view, analyzer=analyzer)
            left = [one for one in tmp_path.iterdir() if one.name.startswith(file.name)]
            assert {
                one.name: world.found_in(one.read_bytes()) for one in left if world.found_in(one.read_bytes())
            } == {}
        assert b"vault.said" in file.read_bytes()


def test_agents_are_told_none(world: World) -> None:
    """What the server for agents answers to each question."""
    assistant = Assistant([world.logs], Redactor(KEY.encode()), world.options())
    for answer in (assistant.analyze(), assistant.why("vault.open"), assistant.why("vault.silent")):
        assert "vault" in answer
        assert world.found_in(answer) == []


def test_people_and_machines_are_told_none(world: World) -> None:
    """Notifications, metrics and the live screen."""
    view = View(min_severity=Severity.INFO, redact=Redactor(KEY.encode()), width=200)
    news, figures, board, screen = News(view, Severity.INFO), Figures(), Board("-", view, 0.0), Screen(view)
    told: list[str] = []

    def take(event: object) -> None:
        figures.event(event)
        board.event(event)

    for log in sorted(world.logs.glob("*.log")):
        analyzer = Analyzer(world.options(), str(log), on_event=take)
        for data in (log.read_bytes(), None):
            transitions = analyzer.finish() if data is None else analyzer.feed(data)
            told += [f"{m.title}\n{m.body}\n{m.line}" for m in news.take(transitions, live=True)]
            figures.take(transitions, analyzer.accounting, analyzer.latest_ns())
            board.take(transitions, 0)
            picture = board.snapshot(analyzer.accounting, 0, 1.0)
            told += [row.plain for row in screen.rows(picture, 200, 400)]
    told += [str(sample) for metric in figures.collect() for sample in metric.samples]
    assert any("vault" in text for text in told)
    assert world.found_in("\n".join(told)) == []


def test_notebooks_show_none(world: World) -> None:
    """A report and its incidents, as the last line of a cell."""
    report = analyze([str(world.logs)], world.options())
    shown = report._repr_html_() + "".join(incident._repr_html_() for incident in report.incidents)
    assert "vault" in shown
    assert world.found_in(shown) == []


def test_errors_and_reports_of_bugs_quote_none(world: World, tmp_path: Path) -> None:
    """A file that is not there, one that is damaged, an option that is wrong; an exception with log text in it."""
    seed = [one for one in world.planted if one.where == "file name"][0].core
    for command in (
        ("analyze", tmp_path / f"ghp_{seed}.log"),
        ("analyze", world.logs, "--patterns", tmp_path / f"ghp_{seed}"),
        ("analyze", world.logs, "--format", f"ghp_{seed}"),
        ("analyze", world.logs, "--since", f"ghp_{seed}"),
        ("follow", tmp_path / f"ghp_{seed}.log.gz"),
        ("follow", "-", "--notify", f"ghp_{seed}://host"),
        ("explain", f"ghp_{seed}"),
        ("analyze", world.logs, "--output", tmp_path / "no" / f"ghp_{seed}.txt"),
        ("analyze", world.logs, "--history", tmp_path / "no" / f"ghp_{seed}.db"),
        ("analyze", world.logs, f"--ghp_{seed}"),
    ):
        done = world.run(*command)
        assert done.returncode == 2, command
        assert done.stderr
        assert world.found_in(done.stdout + done.stderr) == [], command
    with pytest.raises(UnicodeDecodeError) as caught:
        f"ghp_{seed}\xff".encode("latin-1").decode("utf-8")
    assert world.found_in(bug.describe(caught.value)) == []


def test_the_line_of_patterns_match_is_masked(world: World) -> None:
    """It repeats what it is given."""
    one = next(planted for planted in world.planted if planted.where == "github, plain, console")
    done = world.run("patterns", "match", SURFACES["console"](f"vault one said {one.text}").strip(),
                     "--patterns", world.pack)  # fmt: skip
    assert b"vault.said" in done.stdout
    assert world.found_in(done.stdout + done.stderr) == []
