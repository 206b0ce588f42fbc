"""Warnings and errors that no pattern knows, on the surfaces that name a level."""

from __future__ import annotations

import json

SECOND = "2026-11-20T12:00:{:02d}.000+00:00"


def in_file(text: str, level: str = "WARN", subsystem: str = "zoo/keeper", second: int = 0) -> str:
    """A record of the file log, as one line."""
    bindings, time = json.dumps({"subsystem": subsystem}), SECOND.format(second)
    record = {
        "0": bindings,
        "1": text,
        "_meta": {"hostname": "vm", "date": time, "logLevelName": level, "name": bindings},
        "time": time,
        "hostname": "vm",
        "message": text,
    }
    return json.dumps(record, separators=(",", ":")) + "\n"


def in_json(text: str, level: str = "WARN", subsystem: str = "zoo/keeper", second: int = 0) -> str:
    """The same record as `openclaw logs --json` prints it."""
    raw = in_file(text, level, subsystem, second).strip()
    shown = {"type": "log", "time": SECOND.format(second), "level": level.lower(), "subsystem": subsystem}
    return json.dumps(shown | {"message": text, "raw": raw}, separators=(",", ":")) + "\n"


def in_logs(text: str, level: str = "WARN", subsystem: str = "zoo/keeper", second: int = 0) -> str:
    """The same record as `openclaw logs` prints it."""
    return f"{SECOND.format(second)} {level.lower()} {subsystem} {text}\n"


SURFACES = {"file": in_file, "logs --json": in_json, "logs": in_logs}
