"""What the notebooks stand on; `make notebooks` runs them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from loganalyzer import analyze

FOLDER = Path(__file__).parents[2] / "notebooks"
sys.path.insert(0, str(FOLDER))

from generated import Habits, write  # noqa: E402 - a helper of the notebooks, no package


@pytest.mark.parametrize("notebook", sorted(FOLDER.glob("*.ipynb")), ids=lambda path: path.stem)
def test_notebooks_are_stored_without_output(notebook: Path) -> None:
    """Outputs belong to whoever runs them."""
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


def test_a_generated_week_is_a_log_like_any_other(tmp_path: Path) -> None:
    """Equal arguments give equal bytes; no line is damaged, out of order or unknown; the story is found in it."""
    habits = Habits(outage_at=38, logged_out_at=60)
    logs = write(tmp_path / "a", host="gw", habits=habits, seed=5, days=3)
    again = write(tmp_path / "b", host="gw", habits=habits, seed=5, days=3)
    assert [log.read_bytes() for log in logs] == [log.read_bytes() for log in again]
    assert [log.name for log in logs] == [f"openclaw-2026-11-{day}.log" for day in (16, 17, 18)]
    report = analyze(logs)
    counted = report.accounting
    assert set(counted.records) == {"gateway-json"}
    assert (counted.out_of_order, counted.undecodable, counted.unknown_warnings, counted.unknown_errors) == (0, 0, 0, 0)
    assert report.incidents[0].failure_mode == "whatsapp.logged-out"
    assert {incident.key["host"] for incident in report.incidents} == {"gw"}
    assert {"whatsapp.dns-network", "whatsapp.flapping"} <= {incident.failure_mode for incident in report.incidents}
