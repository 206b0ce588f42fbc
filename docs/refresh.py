"""
Renews what the documentation takes from the program: outputs of commands and the tables of failure modes.

    python docs/refresh.py            renew
    python docs/refresh.py --check    only tell what is out of date, exit with 1 if something is

A block that begins with ```console and a line `$ COMMAND` holds the real output of that command, run in the root of the
project. What stands between `<!-- failure-modes -->` or `<!-- catalogue -->` and its end mark comes from the pattern
pack, and between `<!-- schema: … -->` and its end mark from the columns of tables. Between `<!-- screen: FILE -->` and
its end mark stands the live screen after that file. The manual of the command line is made as a whole.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import manual
from catalogue import catalogue
from schemas import schema
from tabulate import tabulate

from loganalyzer import packs
from loganalyzer.api import Analyzer
from loganalyzer.model import Event
from loganalyzer.outputs import View
from loganalyzer.outputs.board import Board
from loganalyzer.outputs.screen import Screen
from loganalyzer.redact import Redactor

ROOT = Path(__file__).parents[1]
PAGES = ("README.md", "CONTRIBUTING.md", "docs/failure-modes.md", "docs/live.md", "docs/schema.md")
BLOCK = re.compile(r"(?P<open>```console\n\$ (?P<command>[^\n]+)\n).*?(?P<close>```\n)", re.DOTALL)
MODES = re.compile(
    r"(?P<open><!-- failure-modes(?P<tier>: tier 1)? -->\n).*?(?P<close><!-- /failure-modes -->)", re.DOTALL
)
CATALOGUE = re.compile(r"(?P<open><!-- catalogue -->\n).*?(?P<close><!-- /catalogue -->)", re.DOTALL)
SCREEN = re.compile(
    r"(?P<open><!-- screen: (?P<file>\S+) -->\n```text\n).*?(?P<close>```\n<!-- /screen -->)", re.DOTALL
)
SCHEMA = re.compile(r"(?P<open><!-- schema: (?P<name>\w+) -->\n).*?(?P<close><!-- /schema -->)", re.DOTALL)
HOME = ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")


def output(command: str) -> str:
    """What a command prints, standard error after standard output; with a home of its own, on 90 columns."""
    with tempfile.TemporaryDirectory() as home:
        settings = dict.fromkeys(HOME, home) | {"TZ": "UTC", "LC_ALL": "C.UTF-8", "COLUMNS": "90", "NO_COLOR": "1"}
        settings["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            ["bash", "-c", command], cwd=ROOT, env=settings, capture_output=True, text=True, check=False
        )
    lines = (done.stdout + done.stderr).splitlines()
    return "".join(line.rstrip() + "\n" for line in lines)


def modes(only_first_tier: bool) -> str:
    """Failure modes as a table."""
    found = [mode for mode in packs.load(()).modes.values() if mode.tier == 1 or not only_first_tier]
    rows = [[f"`{mode.id}`", mode.title, mode.severity] for mode in sorted(found, key=lambda mode: mode.id)]
    return tabulate(rows, ["failure mode", "what it means", "severity"], tablefmt="github") + "\n"


def screen(path: Path) -> str:
    """The live screen, 80 columns and 24 rows, at the moment at which the last event of a log was written."""
    view = View(redact=Redactor(b"docs"))
    board = Board("-", view, 0.0)
    events: list[Event] = []
    analyzer = Analyzer(on_event=events.append)
    transitions = analyzer.feed(path.read_bytes())
    board.current = analyzer.current
    for event in events:
        board.event(event)
    now_ns = max(event.time_ns or 0 for event in events) + 400_000_000
    board.take(transitions, now_ns)
    board.snapshot(analyzer.accounting, now_ns, 1800.0)
    rows = Screen(view).rows(board.snapshot(analyzer.accounting, now_ns, 1806.0), 80, 24)
    return "".join(row.plain.rstrip() + "\n" for row in rows)


def renewed(text: str) -> str:
    """A page with everything as it is now."""
    text = CATALOGUE.sub(lambda m: m["open"] + catalogue(packs.load_dirs([packs.builtin_dir()])) + m["close"], text)
    text = MODES.sub(lambda m: m["open"] + modes(bool(m["tier"])) + m["close"], text)
    text = SCREEN.sub(lambda m: m["open"] + screen(ROOT / m["file"]) + m["close"], text)
    text = SCHEMA.sub(lambda m: m["open"] + schema(m["name"]) + m["close"], text)
    return BLOCK.sub(lambda m: m["open"] + output(m["command"]) + m["close"], text)


def main() -> int:
    """The command line."""
    stale = []
    commands = manual.commands()
    made = {"docs/cli.md": manual.markdown(commands), "docs/loganalyzer.1": manual.man(commands)}
    for name in (*PAGES, *made):
        page = ROOT / name
        before = page.read_text(encoding="utf-8") if page.exists() else ""
        after = made[name] if name in made else renewed(before)
        if after != before:
            stale.append(name)
            if "--check" not in sys.argv:
                page.write_text(after, encoding="utf-8")
    for name in stale:
        print(f"{name}: {'out of date' if '--check' in sys.argv else 'renewed'}")
    return int(bool(stale) and "--check" in sys.argv)


if __name__ == "__main__":
    sys.exit(main())
