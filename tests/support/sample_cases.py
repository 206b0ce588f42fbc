"""The sample logs as test data: each folder with its input files and what they must give."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import yaml

from loganalyzer import Options, Report, analyze
from loganalyzer.model import Incident, Severity

ROOT = Path(__file__).parents[2] / "sample_logs"


@dataclass(frozen=True, kw_only=True)
class Case:
    """One folder of `sample_logs`."""

    path: Path
    expected: list[str]
    """At warning or above: the root cause first; the others may stand for themselves or be folded under it."""
    info: list[str] = field(default_factory=list)
    """Reported, but only as information."""
    allowed: list[str] = field(default_factory=list)
    """Side effects that may stand for themselves."""
    must_not: list[str] = field(default_factory=list)
    """Ids, or patterns such as `whatsapp.*`, that must not stand for themselves unless they are expected."""
    options: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Folder below `sample_logs`."""
        return str(self.path.relative_to(ROOT))

    @property
    def inputs(self) -> list[Path]:
        """The log files."""
        return sorted(p for p in self.path.iterdir() if p.name not in ("expected.yaml", "origin.md"))

    @property
    def run_options(self) -> Options:
        """`reference_time` and `tz`, for logs that lack a year or a zone."""
        reference = self.options.get("reference_time")
        return Options(
            reference_ns=None if reference is None else int(datetime.fromisoformat(reference).timestamp()) * 10**9,
            tz=ZoneInfo(self.options["tz"]) if "tz" in self.options else None,
        )

    @property
    def arguments(self) -> list[str]:
        """The same options for the command line."""
        return [word for name, value in self.options.items() for word in (f"--{name.replace('_', '-')}", value)]

    def report(self) -> Report:
        """What all input files together give; found once."""
        return _report(self.name)

    def run(self) -> tuple[Incident, ...]:
        """The incidents of the report."""
        return self.report().incidents


@cache
def load_cases() -> list[Case]:
    """Every sample, by name."""
    found = sorted(ROOT.glob("*/*/expected.yaml"))
    return [Case(path=path.parent, **yaml.safe_load(path.read_text(encoding="utf-8"))) for path in found]


def case(name: str) -> Case:
    """The sample in one folder."""
    return next(one for one in load_cases() if one.name == name)


@cache
def _report(name: str) -> Report:
    one = case(name)
    return analyze([str(path) for path in one.inputs], one.run_options)


def primary(incidents: tuple[Incident, ...] | list[Incident]) -> list[str]:
    """Failure modes that stand for themselves at warning or above, in the order of the report."""
    return [i.failure_mode for i in incidents if i.severity >= Severity.WARNING and i.caused_by is None]


def faults(one: Case, incidents: tuple[Incident, ...]) -> list[str]:
    """What is wrong with the incidents of a sample; empty if it is as expected."""
    loud = primary(incidents)
    found = {i.failure_mode for i in incidents}
    wrong = []
    if loud[:1] != one.expected[:1] and [m for m in loud if m not in one.allowed][:1] != one.expected[:1]:
        wrong.append(f"first is {loud[:1]}, not {one.expected[:1]}")
    wrong += [f"{mode} is missing" for mode in one.expected if mode not in found]
    wrong += [f"{mode} was not expected" for mode in loud if mode not in [*one.expected, *one.allowed]]
    for mode in one.info:
        if not any(i.failure_mode == mode and i.severity is Severity.INFO for i in incidents):
            wrong.append(f"{mode} is missing as information")
    for mode in loud:
        if mode not in one.expected and any(fnmatchcase(mode, pattern) for pattern in one.must_not):
            wrong.append(f"{mode} must not be there")
    return wrong
