"""The OpenClaw releases that `make e2e` installs: their folders, their environment, and what their help says."""

from __future__ import annotations

import functools
import os
import re
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(os.environ.get("LOGANALYZER_E2E", ""))
"""Where `tests/e2e/install` has put everything; `make e2e` says so."""
OFFLINE = Path(__file__).parents[1] / "e2e" / "offline.cjs"
CLI_TIMEOUT_S = 600.0
"""The older release compiles its plugins before it answers: half a minute of work, more on a busy machine."""
_OPTION = re.compile(r"^  (?:(-\w), )?(--[a-z][\w-]*)( [<\[])?", re.MULTILINE)
_USAGE = re.compile(r"^Usage: openclaw ?(.*?)\n\n", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Help:
    """What `openclaw WORDS --help` says."""

    path: tuple[str, ...]
    """The command that answered: all of the words, unless the last ones are no command."""
    is_group: bool
    """Are there commands below it?"""
    required: int
    """Arguments that it cannot do without."""
    arguments: int
    """Arguments that it takes at most; 99 if as many as one likes."""
    options: Mapping[str, bool]
    """Each option, short or long, and whether a value follows it."""


@dataclass(frozen=True)
class Release:
    """One installed release."""

    version: str

    @property
    def folder(self) -> Path:
        """Holds `node_modules`."""
        return ROOT / self.version

    def environment(self, home: Path) -> dict[str, str]:
        """A home of its own, Node 24, plain text, and no way out of this host."""
        return {
            "HOME": str(home),
            "PATH": f"{ROOT}/node/node_modules/node/bin:{self.folder}/node_modules/.bin:/usr/local/bin:/usr/bin:/bin",
            "NO_COLOR": "1",
            "NODE_OPTIONS": f"--require {OFFLINE}",
            "TMPDIR": str(home),
            "TZ": "UTC",
            "LC_ALL": "C.UTF-8",
        }

    def run(
        self, home: Path, *words: str | Path, more: Mapping[str, str] | None = None, timeout_s: float = CLI_TIMEOUT_S
    ) -> subprocess.CompletedProcess[str]:
        """One command of the command line; both its outputs in `stdout`."""
        return subprocess.run(
            ["openclaw", *map(str, words)],
            env=self.environment(home) | dict(more or {}),
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout_s,
            check=False,
        )

    def node(self, home: Path, *words: str) -> str:
        """What a script prints."""
        return subprocess.run(
            ["node", *words],
            env=self.environment(home),
            capture_output=True,
            text=True,
            timeout=CLI_TIMEOUT_S,
            check=True,
        ).stdout

    def help(self, words: tuple[str, ...]) -> Help | None:
        """What the release says about a command, None if it knows no such thing; asked once per installation."""
        return _parse(_help_text(self, words))


NEWER = Release("2026.9.6")
OLDER = Release("2026.2.17")


@functools.cache
def _help_text(release: Release, words: tuple[str, ...]) -> str:
    """The help text, kept beside the installation: a release never changes, and the old one takes seconds to answer."""
    kept = release.folder / "help" / ("_".join(words) + ".txt")
    if not kept.exists():
        kept.parent.mkdir(exist_ok=True)
        home = release.folder / "home"
        home.mkdir(exist_ok=True)
        text = release.run(home, *words, "--help").stdout
        fresh = kept.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(kept)
    return kept.read_text(encoding="utf-8")


def _parse(text: str) -> Help | None:
    found = _USAGE.search(text)
    if found is None:
        return None
    usage = found[1].split()
    arguments = [word for word in usage if word[0] in "<[" and word not in ("[options]", "[command]")]
    return Help(
        path=tuple(word.partition("|")[0] for word in usage if re.fullmatch(r"[a-z][\w|-]*", word)),
        is_group="[command]" in usage,
        required=sum(word[0] == "<" for word in arguments),
        arguments=99 if any("..." in word for word in arguments) else len(arguments),
        options={name: bool(value) for short, long, value in _OPTION.findall(text) for name in (short, long) if name},
    )
