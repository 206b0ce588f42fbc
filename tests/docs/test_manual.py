"""The manual of the command line."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs"))

import manual  # noqa: E402


def test_every_command_and_option_is_in_both_texts() -> None:
    """What the program takes is what the manual tells."""
    commands = manual.commands()
    page, roff = manual.markdown(commands), manual.man(commands).replace(r"\-", "-")
    assert {"loganalyzer follow", "loganalyzer analyze", "loganalyzer patterns lint"} <= {c.words for c in commands}
    for command in commands:
        assert f"## {command.words}\n" in page
        for name, _ in command.options:
            assert name.replace("|", "\\|") in page
            assert f".B {name}" in roff


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed")
def test_the_page_is_sound_for_man() -> None:
    """The formatter of man has nothing to complain about and shows all sections."""
    command = ["groff", "-k", "-man", "-ww", "-Tutf8", "-P-cbou", ROOT / "docs" / "loganalyzer.1"]
    done = subprocess.run(command, capture_output=True, check=True)
    assert done.stderr == b""
    assert all(word in done.stdout.decode() for word in ("SYNOPSIS", "ANALYZE", "EXIT STATUS", "ENVIRONMENT", "FILES"))
