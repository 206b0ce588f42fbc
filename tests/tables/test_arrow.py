import json
import subprocess
import sys

import pandas as pd
import pyarrow as pa
import pytest

from loganalyzer import Report, columns, tables
from loganalyzer.model import Accounting, Evidence, Incident, Severity, Status, Step
from loganalyzer.redact import Redactor
from loganalyzer.testing import START_NS, make_event


@pytest.fixture
def incident() -> Incident:
    return Incident(
        id="1",
        failure_mode="whatsapp.logged-out",
        title="Logged out",
        severity=Severity.ERROR,
        confidence=0.9,
        status=Status.OPEN,
        key={"host": "vm", "account": "15551230000"},
        first_seen_ns=START_NS,
        last_seen_ns=10**30,
        resolved_at_ns=None,
        count=2,
        caused_by=None,
        summary="Account 15551230000",
        cause="Device removed \ud800",
        evidence=(
            Evidence(source="a.log", line=3, time_ns=START_NS, event="channel.logged_out", text="to=+15551230000"),
        ),
        evidence_omitted=0,
        remediation=(Step(text="Link it again.", commands=("openclaw channels login",)),),
        references=("https://docs.openclaw.ai",),
    )


def test_events_become_typed_columns() -> None:
    """Shared attributes are columns of their type, all of them stand in one JSON column."""
    events = [
        make_event("channel.disconnected", 1.5, channel="whatsapp", code=428, delay_s=2, kind="x"),
        make_event("provider.error", None, code="overloaded", delay_s=float("nan")),
    ]
    table = tables.events_to_reader(events).read_all()
    assert table.schema == tables.EVENTS
    assert table.schema.metadata == {b"schema": b"loganalyzer.events/1"}
    first, second = table.to_pylist()
    assert first["time"] == pd.Timestamp("2026-11-20T00:00:01.5Z")
    assert (first["code"], first["delay_s"], first["channel"]) == (428, 2.0, "whatsapp")
    assert json.loads(first["attributes"]) == {"channel": "whatsapp", "code": 428, "delay_s": 2, "kind": "x"}
    assert second["time"] is None
    assert second["code"] is None
    assert json.loads(second["attributes"])["delay_s"] is None


def test_events_stream_in_batches() -> None:
    """A stream of events is read batch by batch, never as a whole."""
    taken = 0

    def stream():  # type: ignore[no-untyped-def]
        nonlocal taken
        for n in range(10):
            taken += 1
            yield make_event("gateway.ready", n)

    batches = tables.events_to_batches(stream(), size=4)
    assert next(batches).num_rows == 4
    assert taken == 4
    assert [batch.num_rows for batch in batches] == [4, 2]


def test_columns_are_those_that_are_documented() -> None:
    """What is computed has the names of the columns, in their order; every text column holds text."""
    for shape, lists in (
        (columns.EVENT_COLUMNS, columns.event_columns([make_event("a", code=428)])),
        (columns.INCIDENT_COLUMNS, columns.incident_columns([])),
    ):
        assert [column.name for column in shape] == list(lists)


def test_an_attribute_of_another_type_stands_in_attributes_only() -> None:
    """Numbers as words, words as numbers, infinity and what no column can hold: null there, kept here."""
    values = {"code": "428", "channel": 5, "delay_s": float("inf"), "duration_s": 10**400, "attempt": 1.5}
    row = tables.events_to_reader([make_event("a", **values)]).read_all().to_pylist()[0]
    assert {row[name] for name in values} == {None}
    assert json.loads(row["attributes"]) == values | {"delay_s": None}


def test_no_events_are_an_empty_table() -> None:
    """Nothing found keeps the schema."""
    assert tables.events_to_reader([]).read_all().schema == tables.EVENTS


def test_hostile_values_fit_or_become_null(incident: Incident) -> None:
    """Huge numbers, years beyond the calendar and undecodable characters raise nothing."""
    event = make_event("channel.disconnected", text="\ud800", code=10**30, attempt=True)._replace(time_ns=10**30)
    row = tables.events_to_reader([event]).read_all().to_pylist()[0]
    assert row["code"] is None
    assert row["attempt"] is None
    assert row["time"] is None
    assert row["text"] == "\\ud800"
    assert tables.incidents_to_table([incident]).to_pylist()[0]["last_seen"] is None


def test_incidents_become_rows_with_their_evidence_and_steps(incident: Incident) -> None:
    """Nested evidence and remediation keep their shape."""
    table = tables.incidents_to_table([incident])
    assert table.schema == tables.INCIDENTS
    assert table.schema.metadata == {b"schema": b"loganalyzer.incidents/1"}
    row = table.to_pylist()[0]
    assert row["severity"] == "error"
    assert row["host"] == "vm"
    assert row["channel"] is None
    assert row["evidence"][0]["line"] == 3
    assert row["remediation"][0]["commands"] == ["openclaw channels login"]


def test_frames_are_masked_when_asked(incident: Incident) -> None:
    """With a redactor no number is left in any column."""
    table = tables.incidents_to_table([incident], Redactor(b"key"))
    assert "5551230000" not in str(table.to_pylist())
    event = make_event("channel.pairing", text="from +15551230000", sender="15551230000")
    assert "5551230000" not in str(tables.events_to_reader([event], Redactor(b"key")).read_all().to_pylist())


def test_pandas_keeps_zones_and_whole_numbers(incident: Incident) -> None:
    """Times have their zone, whole numbers with gaps stay whole."""
    frame = tables.to_pandas(tables.incidents_to_table([incident]))
    assert str(frame["first_seen"].dt.tz) == "UTC"
    events = tables.to_pandas(
        pa.Table.from_batches(tables.events_to_batches([make_event("a", code=428), make_event("b")]))
    )
    assert str(events["code"].dtype) == "Int64"
    assert events["code"].tolist() == [428, pd.NA]


def test_a_report_names_its_schema_in_arrow_and_in_pandas(incident: Incident) -> None:
    """Arrow in the metadata, pandas in `attrs`; a redactor masks both."""
    report = Report(incidents=(incident,), accounting=Accounting())
    assert report.to_arrow().schema.metadata == {b"schema": b"loganalyzer.incidents/1"}
    assert report.to_pandas().attrs == {"schema": "loganalyzer.incidents/1"}
    assert "5551230000" in str(report.to_arrow().to_pylist())
    assert "5551230000" not in str(report.to_pandas(Redactor(b"key")).to_dict())


def test_nothing_else_loads_arrow_or_pandas() -> None:
    """The command line and the outputs work without the two big libraries in memory."""
    code = (
        "import sys, loganalyzer.cli, loganalyzer.columns, loganalyzer.outputs, loganalyzer.outputs.text, loganalyzer.redact\n"
        "sys.exit(bool({'pandas', 'pyarrow', 'numpy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
