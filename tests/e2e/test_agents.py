"""What agents use, with the real product: it finds the skill, and it can talk to the server."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from live import Sandbox
from real_openclaw import NEWER

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).parents[2]


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    """A home of its own."""
    with Sandbox(tmp_path / "home") as one:
        yield one


def test_the_skill_is_eligible(sandbox: Sandbox) -> None:
    """Copied into the folder of skills, and with the program on the path, nothing is missing."""
    shutil.copytree(ROOT / "docs/deploy/skill", sandbox.home / ".openclaw/skills/loganalyzer")
    path = f"{Path(sys.executable).parent}:{NEWER.environment(sandbox.home)['PATH']}"
    done = sandbox.run("skills", "list", "--json", more={"PATH": path})
    found = json.loads(done.stdout[done.stdout.index("{") :])["skills"]
    skill = next(one for one in found if one["name"] == "loganalyzer")
    assert (skill["eligible"], skill["modelVisible"]) == (True, True)


def test_the_server_is_added_and_answers_with_its_tools(sandbox: Sandbox) -> None:
    """`openclaw mcp add` connects before it saves, and `probe` lists what the server can do."""
    log = sandbox.home / "logs"
    log.mkdir()
    arguments = [word for one in ("-m", "loganalyzer", "mcp", str(log)) for word in ("--arg", one)]
    added = sandbox.run("mcp", "add", "loganalyzer", "--command", sys.executable, *arguments)
    assert added.returncode == 0, added.stdout
    probed = sandbox.run("mcp", "probe", "loganalyzer", "--json")
    assert probed.returncode == 0, probed.stdout
    assert all(f"{tool}" in probed.stdout for tool in ("analyze", "explain", "why", "history"))
