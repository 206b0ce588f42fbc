"""The documented messages of OpenClaw, each printed alone: it raises its own mode and hardly ever another one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from loganalyzer import packs
from loganalyzer.model import Severity
from loganalyzer.packs import examples
from loganalyzer.packs.schema import Pack
from loganalyzer.pipeline import Options, Plan

TIME = "2026-11-20T12:14:18.148+00:00"
DATA = Path(__file__).parent / "data" / "signatures.txt"
SIGNATURES = [tuple(line.split("\t", 1)) for line in DATA.read_text(encoding="utf-8").splitlines()]
"""Mode (`healthy` for none) and text with its holes filled."""
CHANNELS = ("whatsapp", "telegram", "discord", "slack", "signal", "imessage", "matrix", "googlechat")


@pytest.fixture(scope="module")
def pack() -> Pack:
    """The built-in pack."""
    return packs.load()


@pytest.fixture(scope="module")
def plan(pack: Pack) -> Plan:
    """The built-in pack, ready to run."""
    return Plan(Options(reference_ns=examples.REFERENCE_NS), pack)


def printed(mode: str, text: str, surface: str) -> str:
    """The message as the gateway writes it to its file or to the console."""
    area = mode.split(".", 1)[0]
    if surface == "console":
        return f"{TIME} [{area if area in CHANNELS else 'gateway'}] {text}"
    subsystem = json.dumps({"subsystem": f"channels/{area}" if area in CHANNELS else "gateway"})
    meta = {"date": "2026-11-20T12:14:18.148Z", "logLevelId": 4, "logLevelName": "WARN", "name": subsystem}
    record = {"0": subsystem, "1": text, "_meta": meta, "time": TIME, "hostname": "box", "message": text}
    return json.dumps(record, ensure_ascii=False)


@pytest.mark.parametrize("surface", ["file", "console"])
def test_documented_messages_raise_their_mode(plan: Plan, surface: str) -> None:
    """At least 99 % raise their own mode; at most 1 % raise another at warning or above, consequences included."""
    missed, foreign = [], []
    for mode, text in SIGNATURES:
        incidents = examples.incidents_of(plan, printed(mode, text, surface))
        loud = {i.failure_mode for i in incidents if i.severity >= Severity.WARNING}
        if mode != "healthy" and mode not in {i.failure_mode for i in incidents}:
            missed.append((mode, text))
        if loud - {mode}:
            foreign.append((mode, text, loud))
    assert len(missed) <= 0.01 * len(SIGNATURES), missed
    assert len(foreign) <= 0.01 * len(SIGNATURES), foreign
