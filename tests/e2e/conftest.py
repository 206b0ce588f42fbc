"""End-to-end tests run against real releases of OpenClaw, which `make e2e` installs; without them they are skipped."""

from __future__ import annotations

import os

import pytest

LATENCIES = pytest.StashKey[list[tuple[str, str, float]]]()


@pytest.fixture(scope="session")
def latencies(pytestconfig: pytest.Config) -> list[tuple[str, str, float]]:
    """Mode, surface and seconds from the deciding line to the answer; shown at the end of the run."""
    return pytestconfig.stash.setdefault(LATENCIES, [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Shows how long each answer took."""
    for mode, surface, seconds in config.stash.get(LATENCIES, []):
        terminalreporter.write_line(f"{seconds * 1000:7.0f} ms  {mode} ({surface})")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skips what needs an installation where there is none."""
    if not os.environ.get("LOGANALYZER_E2E"):
        for item in items:
            if item.get_closest_marker("e2e"):
                item.add_marker(pytest.mark.skip(reason="run by make e2e"))
