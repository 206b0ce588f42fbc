"""
Where OpenClaw keeps its logs on this machine.

Enters: the environment. Leaves: the files and folders that exist, and all that were looked for. Nothing is read but the
name of the log file in OpenClaw's own configuration.

Sources: `src/infra/home-dir.ts`, `src/config/paths.ts`, `src/infra/tmp-openclaw-dir.ts`, `src/logging/log-file-path.ts`
and the launchd service files of OpenClaw 2026.2.17 and 2026.9.6.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

STATE_FOLDERS = (".openclaw", ".clawdbot", ".moldbot", ".moltbot")
"""Today's name, and those of before February 2026."""
CONFIG_FILES = ("openclaw.json", "clawdbot.json", "moldbot.json", "moltbot.json")
STATE_LOGS = ("gateway.log", "gateway.err.log", "gateway-restart.log", "whatsapp-health.log")
# The configuration is JSON5; all that is needed of it is one string.
_LOG_FILE = re.compile(r"""\blogging["']?\s*:\s*\{[^{}]*?\bfile["']?\s*:\s*("(?:[^"\\]|\\.)*"|'[^'\\]*')""")
CONFIG_BYTES = 1 << 20


def existing(env: Mapping[str, str] = os.environ, platform: str = sys.platform) -> list[Path]:
    """The places that exist, best first: files of records, then what the service managers keep."""
    found = [path for path in candidates(env, platform) if _has_logs(path)]
    return list(dict.fromkeys(found))


def candidates(env: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Iterator[Path]:
    """Every place where some release keeps logs, best first."""
    home = _home(env)
    states = [home / name for name in STATE_FOLDERS]
    if told := env.get("OPENCLAW_STATE_DIR", "").strip():
        states.insert(0, _expand(told, home))
    configs = [state / name for state in states for name in CONFIG_FILES]
    if told := env.get("OPENCLAW_CONFIG_PATH", "").strip():
        configs.insert(0, _expand(told, home))
    for config in configs:
        if file := _configured(config):
            yield _expand(file, home)
    if platform != "win32":
        yield Path("/tmp/openclaw")  # noqa: S108 - the gateway's own fixed folder
    temporary = Path(tempfile.gettempdir())
    yield temporary / (f"openclaw-{os.getuid()}" if hasattr(os, "getuid") else "openclaw")
    for state in states:
        for name in STATE_LOGS:
            yield state / "logs" / name
    if platform == "darwin":
        yield home / "Library" / "Logs" / "openclaw"


def _home(env: Mapping[str, str]) -> Path:
    usual = env.get("HOME") or env.get("USERPROFILE") or os.path.expanduser("~")
    return _expand(env.get("OPENCLAW_HOME", "").strip() or usual, Path(usual))


def _expand(text: str, home: Path) -> Path:
    return home / text[2:] if text.startswith(("~/", "~\\")) else home if text == "~" else Path(text)


def _configured(config: Path) -> str | None:
    try:
        with config.open(encoding="utf-8", errors="replace") as file:
            match = _LOG_FILE.search(file.read(CONFIG_BYTES))
    except OSError:
        return None
    if match is None:
        return None
    quoted = match[1]
    try:
        return str(json.loads(quoted)) if quoted[0] == '"' else quoted[1:-1]
    except ValueError:
        return None


def _has_logs(path: Path) -> bool:
    try:
        return any(path.glob("*.log*")) if path.is_dir() else path.is_file()
    except OSError:
        return False
