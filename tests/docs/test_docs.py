"""The documentation says what the program does."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("sample_logs/**/*.md")])


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link and every named file of the project exists."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    for target in re.findall(r"\]\((?!https?://|#)([^)#\s]+)", text):
        assert (page.parent / target).exists(), target
    for target in re.findall(
        r"(?<![\w/.])(?:sample_logs|docs|bench|notebooks|patterns|loganalyzer|tests)/[\w./-]+\w", text
    ):
        assert (ROOT / target).exists() or "CASE" in target, target


def test_make_targets_are_real() -> None:
    """Every `make` target that a page names exists."""
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for page in PAGES:
        for target in re.findall(r"`make ([a-z0-9-]+)", page.read_text(encoding="utf-8")):
            assert target in targets, (page.name, target)


def test_every_option_of_the_readme_exists() -> None:
    """Every option that the README names is one of some command."""
    text = re.sub(
        r"^```console.*?^```", "", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE
    )
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text))
    known = set()
    for command in ([], ["follow"], ["analyze"], ["events"], ["explain"], ["why"], ["unknown"]):
        text = subprocess.run(
            [sys.executable, "-m", "loganalyzer", *command, "--help"], capture_output=True, text=True, check=True
        ).stdout
        known |= set(re.findall(r"--[a-z][a-z-]+", text))
    assert named - known <= {"--follow", "--verbose"}, named - known  # of openclaw
