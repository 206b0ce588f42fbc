"""The recipes of CONTRIBUTING.md work as they stand, in a copy of the project."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(
    r"```(?:python|yaml|text)\n# (?P<file>[\w./-]+)(?:, in (?P<where>\w+))?\n(?P<body>.*?)```", re.DOTALL
)
RECIPES = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("\n## ")[1:]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The package and its patterns, without anything else."""
    for name in ("loganalyzer", "patterns"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def follow(recipe: str, folder: Path) -> None:
    """Writes the files of a recipe and adds the lines it asks for."""
    [text] = [one for one in RECIPES if one.startswith(recipe)]
    for block in BLOCK.finditer(text):
        path = folder / block["file"]
        if block["where"] is None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block["body"], encoding="utf-8")
            continue
        before = path.read_text(encoding="utf-8")
        module = block["body"].split()[1].partition(".")[0]
        after = re.sub(rf"(^{block['where']}\b.*?{{\n)", rf"\1{block['body']}", before, count=1, flags=re.MULTILINE)
        assert after != before
        package = path.parent.relative_to(folder).as_posix().replace("/", ".")
        position = after.index("from loganalyzer")
        path.write_text(f"{after[:position]}from {package} import {module}\n{after[position:]}", encoding="utf-8")


def run(folder: Path, *arguments: str) -> str:
    """Runs the program of the copy."""
    done = subprocess.run(
        [sys.executable, "-m", "loganalyzer", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_add_a_format(copy: Path) -> None:
    """A new format is one module and one line, and its records give incidents."""
    follow("Add a log format", copy)
    assert '"whatsapp.logged-out"' in run(copy, "analyze", "example.log", "--format", "jsonl")
    assert '"level":"error"' in run(copy, "events", "example.log", "--format", "jsonl")


def test_add_a_failure_mode(copy: Path) -> None:
    """A pack of one's own passes lint, proves itself and is found in a log."""
    follow("Add a failure mode", copy)
    run(copy, "patterns", "lint", "my-patterns")
    run(copy, "patterns", "test", "my-patterns")
    (copy / "example.log").write_text(
        "2026-11-20T03:00:00.000+00:00 [media] media store over quota: 700 MB of 500 MB\n", encoding="utf-8"
    )
    found = run(copy, "analyze", "example.log", "--patterns", "my-patterns", "--format", "jsonl")
    assert '"media.quota"' in found
    assert "700 MB of 500 MB" in found


def test_add_an_output(copy: Path) -> None:
    """A new output is one module and a line in each of three lists."""
    follow("Add an output", copy)
    registry = copy / "loganalyzer/outputs/__init__.py"
    text = registry.read_text(encoding="utf-8")
    registry.write_text(
        text.replace('    "table": Severity', '    "summary": Severity.WARNING,\n    "table": Severity'),
        encoding="utf-8",
    )
    command = copy / "loganalyzer/cli/analyze.py"
    text = command.read_text(encoding="utf-8")
    command.write_text(text.replace('FORMATS = ("table", ', 'FORMATS = ("table", "summary", '), encoding="utf-8")
    sample = ROOT / "sample_logs/whatsapp.session-conflict/replaced/console.log"
    assert run(copy, "analyze", str(sample), "--format", "summary").startswith("error: whatsapp.session-conflict: ")


def test_add_an_engine(copy: Path) -> None:
    """An engine that reads in other processes gives the same incidents."""
    follow("Add an engine", copy)
    names = [str(path) for path in sorted((ROOT / "sample_logs/gateway.oom/kernel-kill-two-files").glob("*log"))]
    script = f"""
from loganalyzer import Options, analyze, parallel
if __name__ == "__main__":
    options = Options(reference_ns=1_795_183_200_000_000_000)
    names = {names!r}
    assert analyze(names, options).incidents
    assert parallel.analyze(names, options).incidents == analyze(names, options).incidents
"""
    (copy / "compare.py").write_text(script, encoding="utf-8")
    done = subprocess.run([sys.executable, "compare.py"], cwd=copy, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
