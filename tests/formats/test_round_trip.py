"""The same records read from every surface of one run are the same; cut from runs of 2026.2.17 and 2026.9.6."""

from __future__ import annotations

from pathlib import Path

import pytest

from loganalyzer.formats import decode
from loganalyzer.model import Record
from loganalyzer.subsystems import display

DATA = Path(__file__).parent / "data"
RUNS = sorted(path.name for path in DATA.iterdir())
FILE_ONLY = {"web-session", "web-reconnect", "web-heartbeat", "cron", "baileys"}
"""Module loggers that never reach the console."""
WORKERS = {"sqlite/transaction"}
"""Loggers of worker threads, whose console lines have neither time nor order."""
APART_NS = 100_000_000
"""Longest time between the two sinks in these runs, of a busy machine [ns]."""


def records(run: str, surface: str) -> list[Record]:
    """Records of a surface, continuation lines joined to the record above them."""
    found: list[Record] = []
    for line in (DATA / run / surface).read_bytes().splitlines():
        record = decode(line)._replace(body=None)
        if not record.continuation:
            found.append(record)
        elif found:
            found[-1] = found[-1]._replace(message=f"{found[-1].message}\n{record.message}")
    return found


def without_prefix(record: Record) -> str:
    """The text as the console prints it: the display name, with a space or colon, or as a tag, is cut from its start."""
    shown = display(record.subsystem or "")
    text = record.message
    for prefix in (f"{shown} ", f"{shown}: ", f"[{shown}]"):
        if shown and text.lower().startswith(prefix):
            return text[len(prefix) :].lstrip(" :")
    return text


def test_runs_are_there() -> None:
    """Both generations are covered."""
    assert any("2026.2" in run for run in RUNS)
    assert any("2026.9" in run for run in RUNS)


@pytest.mark.parametrize("run", RUNS)
def test_logs_json(run: str) -> None:
    """`openclaw logs --json` loses nothing of the file record."""
    file = records(run, "gateway.jsonl")
    assert file
    assert [record._replace(format="logs-json") for record in file] == records(run, "logs-json.jsonl")


@pytest.mark.parametrize("run", RUNS)
def test_logs_plain(run: str) -> None:
    """`openclaw logs` keeps time, level, subsystem and text; fields in 2026.2.x, the host in none."""
    file, plain = records(run, "gateway.jsonl"), records(run, "logs-plain.txt")
    keys = [(r.time_ns, r.resolution_ns, r.level, r.subsystem, r.message) for r in file]
    assert keys == [(r.time_ns, r.resolution_ns, r.level, r.subsystem, r.message) for r in plain]
    if "2026.2" in run:
        assert [r.fields for r in file] == [r.fields for r in plain]


@pytest.mark.parametrize("run", RUNS)
def test_console(run: str) -> None:
    """Every console record is in the file a moment apart, with the same display name, and its text but for the prefix."""
    file = records(run, "gateway.jsonl")
    console = records(run, "console.log")
    assert console
    for record in console:
        text = record.message.split(" {")[0]
        near = [
            f
            for f in file
            if without_prefix(f).split("\n")[0] in record.message
            and abs((f.time_ns or 0) - (record.time_ns or 0)) <= APART_NS
            and (record.subsystem is None or display(f.subsystem or "") == display(record.subsystem))
        ]
        assert near, text


@pytest.mark.parametrize("run", RUNS)
def test_console_holds_all_but_file_only_loggers(run: str) -> None:
    """What a subsystem logger wrote into the file stands on the console too."""
    shown = "\n".join(record.message for record in records(run, "console.log"))
    named = [
        r
        for r in records(run, "gateway.jsonl")
        if r.subsystem and r.subsystem not in FILE_ONLY | WORKERS and r.level != "debug"
    ]
    missing = [r.message for r in named if without_prefix(r) not in shown]
    assert missing == []


@pytest.mark.parametrize("run", [run for run in RUNS if (DATA / run / "syslog-iso.log").exists()])
@pytest.mark.parametrize("surface", ["syslog-iso.log", "syslog-rfc3164.log", "syslog-rfc5424.log"])
def test_syslog(run: str, surface: str) -> None:
    """Console lines that went through rsyslog are the same records, with host and identifier."""
    console, syslog = records(run, "console.log"), records(run, surface)
    assert {"vm"} == {record.host for record in syslog}
    assert {"openclaw-gateway"} == {record.ident for record in syslog}
    bare = [r._replace(host=None, ident=None, stamp=None, format="console") for r in syslog]
    assert console == bare
