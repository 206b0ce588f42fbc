"""Help is instant: what is heavy is imported by whoever needs it, when it is needed."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

HEAVY = ("pandas", "pyarrow", "numpy", "hyperscan", "ahocorasick_rs", "msgspec", "yaml", "regex")
OURS = "from loganalyzer.cli import main; main(['--help'])"
EMPTY = """
import typer
app = typer.Typer()
@app.command()
def nothing() -> None:
    pass
app(['--help'])
"""


def loaded(code: str) -> set[str]:
    """Top-level modules that a process has at its end."""
    script = f"import sys\ntry:\n    exec({code!r})\nexcept SystemExit:\n    pass\nprint('MODULES', *sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stdout.rpartition("MODULES")[2].split()}


def test_help_loads_nothing_heavy() -> None:
    """`--help` loads neither frames nor the engine."""
    assert not loaded(OURS).intersection(HEAVY)


def test_import_loads_nothing_heavy() -> None:
    """`import loganalyzer` alone loads nothing of its dependencies."""
    assert not loaded("import loganalyzer").intersection(HEAVY)


def test_analysis_loads_no_frames() -> None:
    """An analysis without frames loads neither pandas nor pyarrow."""
    assert not loaded("import loganalyzer; loganalyzer.analyze([])").intersection({"pandas", "pyarrow", "numpy"})


@pytest.mark.slow
def test_help_is_as_fast_as_an_empty_app() -> None:
    """`--help` takes at most 1.3 times as long as that of an empty Typer app."""

    def seconds(code: str) -> float:
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
        return time.perf_counter() - start

    pairs = [(seconds(OURS), seconds(EMPTY)) for _ in range(10)]
    ratio = min(ours for ours, _ in pairs) / min(empty for _, empty in pairs)
    assert ratio <= 1.3, ratio
