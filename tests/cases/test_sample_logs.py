"""Every folder of `sample_logs` gives what its `expected.yaml` says."""

from __future__ import annotations

import pytest
from sample_cases import ROOT, Case, faults, load_cases

from loganalyzer import packs
from loganalyzer.model import Severity

CASES = load_cases()


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_sample(case: Case) -> None:
    """A sample gives its root cause first, its consequences, and nothing that must not be there."""
    incidents = case.run()
    seen = [(i.failure_mode, i.severity.label, i.caused_by and "consequence") for i in incidents]
    assert not faults(case, incidents), seen


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_sample_is_complete(case: Case) -> None:
    """A sample says where it comes from, is named after its failure mode, and names modes that exist."""
    modes = {mode.id for mode in packs.load(()).modes.values()}
    assert case.path.joinpath("origin.md").read_text(encoding="utf-8").startswith("# ")
    assert case.path.parent.name == [*case.expected, *case.info, "healthy"][0]
    assert case.inputs
    assert {*case.expected, *case.info, *case.allowed} <= modes


def test_every_incident_has_what_an_operator_needs() -> None:
    """Whatever is reported at warning or above has evidence, a summary, steps and references."""
    for case in CASES:
        for incident in case.run():
            if incident.severity < Severity.WARNING:
                continue
            assert incident.evidence, incident
            assert incident.summary, incident
            assert "{" not in incident.summary, incident.summary
            assert incident.remediation, incident
            assert incident.references, incident


def test_samples_are_small() -> None:
    """The samples stay below 3 MB, so that a clone is quick."""
    assert sum(path.stat().st_size for path in ROOT.rglob("*") if path.is_file()) < 3_000_000
