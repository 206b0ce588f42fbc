"""The same lines give the same incidents, however they are dealt to files, and however those are ordered and read."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from fuzz_judging import incidents_of
from hypothesis import given, settings
from hypothesis import strategies as st
from properties import often
from sample_cases import Case, load_cases

from loganalyzer import Report, analyze
from loganalyzer.outputs.wire import incident_object
from loganalyzer.redact import Redactor

APART_S = 1.1
"""Lines closer than that stay together: two files may hold one event twice, and ties go by file [s]."""
SHORTEST = 3
HELD_UP_S = 60
"""How late a line may come behind those of another host [s]."""


def time_of(line: bytes) -> float:
    return datetime.fromisoformat(json.loads(line)["time"]).timestamp()


def blocks(data: bytes) -> list[bytes]:
    """The lines of a gateway log in pieces that lie apart in time."""
    found: list[bytes] = []
    before = float("-inf")
    for line in data.splitlines(keepends=True):
        now = time_of(line)
        if found and now - before < APART_S:
            found[-1] += line
        else:
            found.append(line)
        before = max(before, now)
    return found


def of_the_file_log(sample: Case) -> bool:
    if len(sample.inputs) != 1 or not sample.inputs[0].name.startswith("openclaw-2026"):
        return False
    data = sample.inputs[0].read_bytes()
    if not all(line.startswith(b'{"') and line.endswith(b"}") and b'"time":"' in line for line in data.splitlines()):
        return False
    times = [time_of(line) for line in data.splitlines()]
    return times == sorted(times) and len(blocks(data)) >= SHORTEST


SAMPLES = [sample for sample in load_cases() if of_the_file_log(sample)]


def told(report: Report) -> list[dict[str, Any]]:
    """Incidents without the places of their evidence."""
    found = [json.loads(json.dumps(incident_object(one, Redactor(None)))) for one in report.incidents]
    for one in found:
        for evidence in one["evidence"]:
            del evidence["source"], evidence["line"]
    return found


def test_there_are_such_samples() -> None:
    assert len(SAMPLES) >= 8


@settings(max_examples=often(60), deadline=None)
@given(data=st.data())
def test_lines_dealt_to_files(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    """One time line is made of them again, in whatever order the files are named."""
    sample = data.draw(st.sampled_from(SAMPLES))
    pieces = blocks(sample.inputs[0].read_bytes())
    files = data.draw(st.integers(1, 4), label="files")
    dealt = data.draw(st.lists(st.integers(0, files - 1), min_size=len(pieces), max_size=len(pieces)), label="dealt")
    names = data.draw(st.permutations([f"{chr(97 + number)}.log" for number in range(files)]), label="order")
    folder = tmp_path_factory.mktemp("dealt")
    write(folder, pieces, dealt, files)
    report = analyze([str(folder / name) for name in names], sample.run_options)
    assert told(report) == told(sample.report())


def write(folder: Path, pieces: Sequence[bytes], dealt: Sequence[int], files: int) -> None:
    for number in range(files):
        mine = [piece for piece, one in zip(pieces, dealt, strict=True) if one == number]
        (folder / f"{chr(97 + number)}.log").write_bytes(b"".join(mine))


@settings(max_examples=often(30), deadline=None)
@given(data=st.data())
def test_two_hosts_in_one_stream(data: st.DataObject) -> None:
    """A collector mixes two gateways, each in order, one up to a minute late: each has its own incidents."""
    sample = data.draw(st.sampled_from(SAMPLES))
    alone: list[str] = []
    arrivals: list[tuple[float, int, bytes]] = []
    for number, host in enumerate(("first", "second")):
        lines = of_host(sample.inputs[0].read_bytes(), host)
        alone += said(b"".join(lines))
        late = data.draw(st.lists(st.integers(0, HELD_UP_S), min_size=len(lines), max_size=len(lines)), label=host)
        arrival = float("-inf")
        for line, delay in zip(lines, late, strict=True):
            arrival = max(arrival, time_of(line) + delay)
            arrivals.append((arrival, number, line))
    mixed = b"".join(line for _, _, line in sorted(arrivals, key=lambda one: one[:2]))
    assert said(mixed) == sorted(alone)


def of_host(data: bytes, host: str) -> list[bytes]:
    return [
        re.sub(rb'"hostname":"[^"]*"', f'"hostname":"{host}"'.encode(), line) for line in data.splitlines(keepends=True)
    ]


def said(data: bytes) -> list[str]:
    """
    Failure mode, key and begin of each incident.

    Not its status: at the end of the input the later host's lines show how long the other one was silent.
    """
    found = incidents_of([data], growing=True)[0].values()
    return sorted(f"{one.failure_mode} {sorted(one.key.items())} {one.first_seen_ns}" for one in found)
