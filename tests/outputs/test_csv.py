import csv
import io
import json
import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loganalyzer import Report
from loganalyzer.columns import EVENT_COLUMNS, INCIDENT_COLUMNS
from loganalyzer.model import Accounting, Incident
from loganalyzer.outputs import View
from loganalyzer.outputs.csv import PAGE_EVENTS, event_lines, guarded, render
from loganalyzer.redact import Redactor
from loganalyzer.sanitize import block
from loganalyzer.testing import START_NS, make_event

VIEW = View()
NAMES = [column.name for column in EVENT_COLUMNS]


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n=", "＝", "＠", "'", "\x1b[31m=", '"=', "\x00="])
def test_no_cell_is_a_formula(start: str) -> None:
    """What a spreadsheet would compute, or would once terminal sequences are gone, begins with an apostrophe."""
    event = make_event("a", text=f"{start}cmd|'/C calc'!A0", channel=f"{start}1+1", host=f"{start}x")
    [row] = rows("".join(event_lines([event], VIEW)))
    for name in ("text", "channel", "host"):
        assert not row[name].startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＠")), row[name]


def test_numbers_stay_numbers() -> None:
    """A negative number is no formula and gets no apostrophe."""
    [row] = rows("".join(event_lines([make_event("a", code=-1006, delay_s=-0.5)], VIEW)))
    assert (row["code"], row["delay_s"]) == ("-1006", "-0.5")


def test_times_have_nine_digits_and_their_zone() -> None:
    """As many digits in every row, and an empty cell for no time."""
    whole, none, far = make_event("a"), make_event("a", None), make_event("a")._replace(time_ns=10**30)
    exact = make_event("a")._replace(time_ns=START_NS + 7)
    before = make_event("a")._replace(time_ns=-1)
    found = [row["time"] for row in rows("".join(event_lines([whole, none, far, exact, before], VIEW)))]
    assert found == [
        "2026-11-20T00:00:00.000000000+00:00",
        "",
        "",
        "2026-11-20T00:00:00.000000007+00:00",
        "1969-12-31T23:59:59.999999999+00:00",
    ]


def test_nothing_found_is_a_header() -> None:
    """Empty tables keep their columns."""
    assert "".join(event_lines([], VIEW)) == ",".join(NAMES) + "\n"
    assert (
        "".join(render(Report(incidents=(), accounting=Accounting()), VIEW))
        == ",".join(column.name for column in INCIDENT_COLUMNS) + "\n"
    )


def test_events_are_written_as_they_come() -> None:
    """A page of events at a time is taken from the stream."""
    taken = 0

    def stream():  # type: ignore[no-untyped-def]
        nonlocal taken
        for taken in range(1, 3 * PAGE_EVENTS):
            yield make_event("a", taken)

    pieces = event_lines(stream(), VIEW)
    next(pieces)
    next(pieces)
    assert taken == PAGE_EVENTS


def test_lists_are_json_and_personal_data_is_masked(make_incident: Callable[..., Incident]) -> None:
    """Evidence and steps come back as objects with times as texts, and no number is left anywhere."""
    incident = make_incident(key={"account": "15551230000"}, summary="Account 15551230000")
    text = "".join(render(Report(incidents=(incident,), accounting=Accounting()), View(redact=Redactor(b"key"))))
    assert "15551230000" not in text
    [row] = rows(text)
    assert json.loads(row["evidence"])[0]["time"] == "2026-11-20T00:00:00.000000000+00:00"
    assert json.loads(row["remediation"])[0]["commands"] == ["openclaw gateway status --deep"]
    assert json.loads(row["references"]) == ["https://docs.openclaw.ai/channels/whatsapp"]
    assert json.loads(row["key"])["account"].startswith("<phone:")


texts = st.text(alphabet=st.characters(codec="utf-8"), max_size=40) | st.text(
    alphabet="=+-@'\t\r\n\",;\x1b[m\\ x", max_size=12
)
values = st.none() | texts | st.integers() | st.floats() | st.booleans()


@given(
    events=st.lists(
        st.fixed_dictionaries({}, optional=dict.fromkeys(("channel", "code", "delay_s", "error", "other"), values)),
        max_size=4,
    ),
    text=texts,
    source=texts,
)
def test_cells_come_back(events: list[dict[str, Any]], text: str, source: str) -> None:
    """Whatever the values are: a row is one line, texts lose at most what is unsafe, numbers and attributes are equal."""
    given_values = [{name: value for name, value in values.items() if value is not None} for values in events]
    made = [make_event("a", text=text or "-", source=source, **attributes) for attributes in given_values]
    written = "".join(event_lines(made, VIEW))
    assert written.count("\n") == len(made) + 1
    for attributes, row in zip(given_values, rows(written), strict=True):
        assert unguarded(row["text"]) == block(text or "-").replace("\n", "\\n")
        assert unguarded(row["source"]) == block(source).replace("\n", "\\n")
        code, delay, channel = (attributes.get(name) for name in ("code", "delay_s", "channel"))
        if isinstance(code, int) and not isinstance(code, bool) and abs(code) < 2**63:
            assert int(row["code"]) == code
        if isinstance(delay, float) and math.isfinite(delay):
            assert float(row["delay_s"]) == delay
        assert unguarded(row["channel"]) == (block(channel).replace("\n", "\\n") if isinstance(channel, str) else "")
        finite = {n: None if isinstance(v, float) and not math.isfinite(v) else v for n, v in attributes.items()}
        assert json.loads(row["attributes"]) == finite


def unguarded(cell: str) -> str:
    return cell.removeprefix("'")


@given(text=texts)
def test_the_guard_can_be_undone(text: str) -> None:
    """Without its first apostrophe a guarded text is the text that was shown."""
    assert unguarded(guarded(text)) == block(text).replace("\n", "\\n")
