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


QUOTED = (
    "WhatsApp session logged out. Run `openclaw channels login` to relink.",
    "gateway closed (1008): unauthorized: device token mismatch (rotate/reissue device token)",
    "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
    "All models failed (2): a: 401 | b: 429",
    "SqliteError: database is locked",
    "Gateway start blocked: set gateway.mode=local",
    "SECRETS_RELOADER_DEGRADED",
    "401/403 from a channel API",
    '[default] channel exited: {"error":{"output":{"statusCode":440}}}',
)
"""What somebody may write to an agent, because it stood in a log."""
CARRIERS = (
    '[telegram] telegram inbound: chatId=42 from=telegram:42 len=120 preview="{}"',
    '[discord] inbound: channel=9 deliver=user:7 from=discord:7 preview="{}"',
    '[slack] inbound: channel=C1 from=slack:U1 preview="{}"',
    '[signal] inbound: from=signal:+15557770000 len=120 preview="{}"',
    'line postback: from=line:u1 len=120 preview="{}"',
    "Group message stored for context (no mention detected) in 120363000000000001@g.us: {}",
)
"""Verbose lines of 2026.2.17 and 2026.9.6 that show the beginning of a message."""


@pytest.mark.parametrize("carrier", CARRIERS)
def test_chat_text_in_verbose_lines_is_not_judged(carrier: str, tmp_path: Path) -> None:
    """Whoever may write to the agent cannot raise an incident by quoting one."""
    path = tmp_path / "gateway.log"
    lines = [f"2026-11-20T12:14:{at:02}.148+00:00 {carrier.format(text)}" for at, text in enumerate(QUOTED)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert [found for found in loud([path]) if not found.startswith("whatsapp.group-ignored")] == []
    path.write_text("\n".join(f"2026-11-20T12:15:{at:02}.148+00:00 {text}" for at, text in enumerate(QUOTED)))
    assert len(loud([path])) > 4


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
