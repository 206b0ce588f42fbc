"""Healthy gateways and other programs: nothing that is fine, or somebody else's trouble, is told as OpenClaw's."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from benign import LINES, corpus
from sample_cases import Case, load_cases

from loganalyzer.api import rank
from loganalyzer.model import Accounting, Incident, Severity
from loganalyzer.packs import builtin_dir, load_dirs
from loganalyzer.pipeline import Options, Plan, Run
from loganalyzer.sources import expand

REFERENCE_NS = 1_795_219_200_000_000_000
"""2026-11-21T00:00:00Z: the day after the corpus."""
HEALTHY = [case for case in load_cases() if case.name.startswith("healthy/")]


@cache
def plan() -> Plan:
    return Plan(Options(reference_ns=REFERENCE_NS), load_dirs([builtin_dir()]))


def loud(paths: list[Path]) -> list[str]:
    """Incidents at warning or above, each with the line that opened it."""
    sources, problems = expand(paths)
    assert not problems
    accounting = Accounting()
    latest: dict[str, Incident] = {
        t.incident.id: t.incident for t in Run(plan(), sources, None, accounting).transitions()
    }
    assert accounting.lines > 0
    return [
        f"{incident.failure_mode} at {incident.evidence[0].line}: {incident.evidence[0].text}"
        for incident in rank(list(latest.values()))
        if incident.severity >= Severity.WARNING
    ]


@pytest.mark.parametrize("name", sorted(corpus()))
def test_other_programs_are_not_judged(name: str, tmp_path: Path) -> None:
    """System logs, web servers, databases, Node and npm, with failures and out-of-memory kills of their own."""
    text = corpus()[name]
    assert text.count("\n") >= LINES
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    assert loud([path]) == []


def test_all_other_programs_together_are_not_judged(tmp_path: Path) -> None:
    """As one time line too, where the trouble of one might seem to confirm that of another."""
    for name, text in corpus().items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert loud(sorted(tmp_path.iterdir())) == []


@pytest.mark.parametrize("case", HEALTHY, ids=[case.name for case in HEALTHY])
def test_a_healthy_gateway_beside_troubled_programs_is_healthy(case: Case, tmp_path: Path) -> None:
    """The log of a healthy gateway, read together with the system logs of a machine that has other troubles."""
    assert loud(case.inputs) == []
    for name in ("kern.log", "syslog", "journal.json", "postgresql.log"):
        (tmp_path / name).write_text(corpus()[name], encoding="utf-8")
    assert loud([*case.inputs, *sorted(tmp_path.iterdir())]) == []


def test_the_corpus_is_the_same_everywhere() -> None:
    """Seeded: two builds are equal, another seed is not."""
    assert corpus() == corpus()
    assert corpus(1) != corpus()
