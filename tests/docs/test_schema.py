"""docs/schema.md is what is written, and its examples run."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
import tabulate

from loganalyzer import analyze, iter_events, sanitize, tables
from loganalyzer.columns import PLAIN
from loganalyzer.outputs import View
from loganalyzer.outputs.csv import render

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs"))

from schemas import schema  # noqa: E402 - a script of the documentation, no package

PAGE = (ROOT / "docs" / "schema.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["events", "incidents"])
def test_the_page_lists_the_columns_as_they_are(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the marks stands what the program has; `make docs` renews it."""
    monkeypatch.setattr(tabulate, "MIN_PADDING", 2)  # the plain table of the program changes it for its process
    assert f"<!-- schema: {name} -->\n{schema(name)}<!-- /schema -->" in PAGE


@pytest.mark.parametrize(("name", "written"), [("events", tables.EVENTS), ("incidents", tables.INCIDENTS)])
def test_every_column_of_a_file_is_on_the_page(name: str, written: object) -> None:
    """Names, types and nulls of the Arrow schema are those of the page, in order."""
    rows = re.findall(r"^\| `([a-z_]+)` +\| ([^|]+?) +\| (yes)? +\|", schema(name), re.MULTILINE)
    found = []
    for field in written:  # type: ignore[attr-defined]
        kind = str(field.type).replace("list<item: string>", "list of string").replace("tz=", "")
        found.append(
            (field.name, "list of struct" if kind.startswith("list<") else kind, "yes" if field.nullable else "")
        )
    assert [(column, kind.removesuffix(" (JSON)"), null) for column, kind, null in rows] == found


def test_the_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every Python block reads the files that the commands above it write, and finds something in them."""
    log = str(ROOT / "sample_logs" / "whatsapp.flapping" / "drops-every-20s" / "console.log")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "events").mkdir()
    tables.write_folder(tables.events_to_batches(iter_events(log), PLAIN, sanitize.block), tmp_path / "events")
    report = analyze(log)
    with open("events.parquet", "wb") as file:
        tables.write_file(tables.events_to_batches(iter_events(log)), tables.EVENTS, file)
    with open("incidents.parquet", "wb") as file:
        tables.write_file(report.to_arrow().to_batches(), tables.INCIDENTS, file)
    Path("incidents.csv").write_text("".join(render(report, View())), encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    assert len(blocks) == 4
    for block in blocks:
        names: dict[str, object] = {}
        exec(block, names)
        for name in ("events", "by_day", "incidents", "codes"):
            if name in names:
                assert len(names[name].read_all() if name == "codes" else names[name]) > 0, block  # type: ignore[attr-defined, arg-type]
        if "incidents" in names:
            assert "datetime" in str(names["incidents"]["first_seen"].dtype).lower()  # type: ignore[index]
