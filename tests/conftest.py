"""Guards for every test: UTC, plain output, a home of its own, no network."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import properties  # noqa: F401  (registers the profiles of Hypothesis)
import pytest
from command_line import Cli

# Before anything of the package is imported: caches, keys and packs of the user stay out of the tests.
_HOME = tempfile.mkdtemp(prefix="loganalyzer-tests-")
for _name in ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
    os.environ[_name] = _HOME
os.environ |= {"TZ": "UTC", "LC_ALL": "C.UTF-8", "NO_COLOR": "1", "COLUMNS": "100"}
for _name in ("FORCE_COLOR", "LOGANALYZER_NOTIFY", "OPENCLAW_GATEWAY_TOKEN"):
    os.environ.pop(_name, None)
# A shell that starts a job in the background has it ignore Ctrl-C, and every program below it.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """The program sends nothing; a test that tries fails."""

    def refuse(*args: object) -> None:
        raise AssertionError(f"a test tried to connect to {args[1:]}")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture(scope="session")
def cli() -> Cli:
    """Runs the command line in a process of its own: `cli("analyze", "-", input=b"...")`."""

    def run(*arguments: str | Path, **options: object) -> subprocess.CompletedProcess[bytes]:
        settings = {"capture_output": True, "timeout": 60, "check": False} | options
        if "input" not in settings:
            settings["stdin"] = subprocess.DEVNULL
        return subprocess.run([sys.executable, "-m", "loganalyzer", *map(str, arguments)], **settings)  # noqa: PLW1510

    return run


@pytest.fixture(scope="session", autouse=True)
def _clean_home() -> Iterator[None]:
    yield
    import shutil

    shutil.rmtree(_HOME, ignore_errors=True)
