"""The same bytes give the same incidents, however they arrive."""

from __future__ import annotations

import codecs
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from command_line import Cli
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from properties import often
from sample_cases import Case, case

from loganalyzer import Analyzer, sources
from loganalyzer.api import rank
from loganalyzer.model import Incident
from loganalyzer.outputs.wire import incident_object
from loganalyzer.pipeline import Plan, Run
from loganalyzer.redact import Redactor

SAMPLES = [
    "gateway.device-token-mismatch/after-config-change",
    "gateway.device-token-mismatch/after-config-change-syslog",
    "gateway.uncaught-exception/promise-rejection",
    "healthy/gateway-file",
    "whatsapp.flapping/drops-every-20s",
    "whatsapp.session-conflict/replaced-logs-json",
    "whatsapp.timeout-loop/older-form",
]
PLAIN = Redactor(None)


def comparable(incident: dict[str, Any]) -> dict[str, Any]:
    """An incident without the name of its source."""
    return incident | {"evidence": [{**evidence, "source": ""} for evidence in incident["evidence"]]}


def objects(incidents: tuple[Incident, ...] | list[Incident]) -> list[dict[str, Any]]:
    """Incidents as the objects of the JSON output, without the name of their source."""
    return [comparable(json.loads(json.dumps(incident_object(incident, PLAIN)))) for incident in incidents]


def lines(output: bytes) -> list[dict[str, Any]]:
    """The objects of a JSON lines output."""
    return [comparable(json.loads(line)) for line in output.splitlines()]


def fed(sample: Case, data: bytes, sizes: list[int]) -> list[dict[str, Any]]:
    """What `Analyzer` says at last about each incident, when the bytes come in pieces of these sizes, in turn."""
    analyzer = Analyzer(sample.run_options)
    transitions = []
    position = turn = 0
    while position < len(data):
        size = sizes[turn % len(sizes)]
        transitions += analyzer.feed(data[position : position + size])
        position, turn = position + size, turn + 1
    transitions += analyzer.finish()
    return objects(rank(list({t.incident.id: t.incident for t in transitions}.values())))


@pytest.fixture(params=SAMPLES)
def sample(request: pytest.FixtureRequest) -> Case:
    """One sample for each surface."""
    return case(request.param)


def test_chunks(sample: Case) -> None:
    """One byte, seven bytes or 64 KiB at a time: the same incidents as from the file."""
    [path] = sample.inputs
    data = path.read_bytes()
    whole = objects(sample.run())
    for size in (65_536, 7, 1):
        assert fed(sample, data, [size]) == whole, size


def test_a_report_is_what_the_last_transitions_say(sample: Case) -> None:
    """Leaving out how incidents grow changes nothing about what they become."""
    found, _ = sources.expand([str(path) for path in sample.inputs])
    plan = Plan(sample.run_options)
    told = {transition.incident.id: transition.incident for transition in Run(plan, found).transitions()}
    assert Run(plan, found).incidents() == told


def test_file_gzip_and_pipe(sample: Case, tmp_path: Path, cli: Cli) -> None:
    """A file, the same file compressed, and the same bytes on standard input give the same report."""
    [path] = sample.inputs
    data = path.read_bytes()
    packed = tmp_path / f"{path.name}.gz"
    packed.write_bytes(gzip.compress(data))
    arguments = ["--format", "jsonl", "--no-redact", *sample.arguments]
    outputs = [
        cli("analyze", path, *arguments),
        cli("analyze", packed, *arguments),
        cli("analyze", "-", *arguments, input=data),
    ]
    assert [done.returncode for done in outputs] == [0, 0, 0], [done.stderr for done in outputs]
    first, *others = (lines(done.stdout) for done in outputs)
    for other in others:
        assert other == first


def test_follow_ends_where_analyze_ends(sample: Case, cli: Cli) -> None:
    """The last transition of each incident in `follow` equals its object in `analyze`."""
    [path] = sample.inputs
    arguments = ["--format", "jsonl", "--no-redact", *sample.arguments]
    batch = lines(cli("analyze", path, *arguments).stdout)
    done = cli("follow", "-", *arguments, input=path.read_bytes())
    last: dict[str, dict[str, Any]] = {}
    for line in done.stdout.splitlines():
        transition = json.loads(line)
        assert transition["transition"] in ("opened", "updated", "resolved", "undecided")
        last[transition["incident"]["id"]] = comparable(transition["incident"])
    assert last == {incident["id"]: incident for incident in batch}


@settings(max_examples=often(8), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sizes=st.lists(st.integers(1, 5000), min_size=1, max_size=6))
def test_any_chunks(sizes: list[int]) -> None:
    """Any way to cut the bytes gives the same incidents."""
    sample = case("whatsapp.session-terminated/every-login-428")
    [path] = sample.inputs
    whole = objects(sample.run())
    assert fed(sample, path.read_bytes(), sizes) == whole


@settings(max_examples=often(15), deadline=None)
@given(data=st.binary(max_size=4000), size=st.integers(1, 500))
def test_no_bytes_are_an_error(data: bytes, size: int) -> None:
    """Whatever the bytes are, nothing is raised, and every line is counted once."""
    assume(not data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)))  # has other line ends
    analyzer = Analyzer()
    for start in range(0, len(data), size):
        analyzer.feed(data[start : start + size])
    analyzer.finish()
    counted = analyzer.accounting
    assert counted.bytes == len(data)
    text = data.removeprefix(codecs.BOM_UTF8)  # a mark is no line
    assert counted.lines == text.count(b"\n") + (not text.endswith(b"\n") and bool(text))


LINES = case("whatsapp.session-terminated/every-login-428").inputs[0].read_bytes().splitlines(keepends=True)


@settings(max_examples=often(15), deadline=None)
@given(
    picks=st.lists(st.sampled_from(LINES), max_size=30),
    junk=st.binary(max_size=60),
    at=st.integers(0, 30),
)
def test_damaged_logs_are_read(picks: list[bytes], junk: bytes, at: int) -> None:
    """Real lines in any order with junk between them are read to the end."""
    log = b"".join([*picks[:at], junk, *picks[at:]])
    analyzer = Analyzer()
    analyzer.feed(log)
    analyzer.finish()
    assert analyzer.accounting.bytes == len(log)
