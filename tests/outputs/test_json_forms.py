import json
from collections.abc import Callable

from loganalyzer import Report
from loganalyzer.activity import Recorder
from loganalyzer.model import Accounting, Evidence, Incident, Severity, Transition
from loganalyzer.outputs import OUTPUTS, View
from loganalyzer.outputs.jsonl import event_line, transition_line
from loganalyzer.redact import Redactor
from loganalyzer.testing import START_NS, make_event

Make = Callable[..., Incident]
EVERYTHING = View(min_severity=Severity.INFO, redact=Redactor(b"key"))


def test_an_incident_line_has_exactly_the_promised_keys(make_incident: Make) -> None:
    """The JSON form of an incident is a promise: these keys, these types."""
    (line,) = OUTPUTS["jsonl"](Report(incidents=(make_incident(),), accounting=Accounting()), EVERYTHING)
    shown = json.loads(line)
    assert line.endswith("}\n")
    assert list(shown) == [
        *("schema", "id", "failure_mode", "title", "severity", "confidence", "status", "key"),
        *("first_seen", "last_seen", "resolved_at", "count", "caused_by", "summary"),
        *("evidence", "remediation", "references"),
    ]
    assert shown["schema"] == "loganalyzer.incident/1"
    assert shown["severity"] == "error"
    assert shown["status"] == "open"
    assert shown["key"] == {"host": "vm", "channel": "whatsapp", "account": "default"}
    assert shown["first_seen"] == "2026-11-20T00:00:00+00:00"
    assert shown["resolved_at"] is None
    assert list(shown["evidence"][0]) == ["source", "line", "time", "event", "text"]
    assert list(shown["remediation"][0]) == ["text", "commands", "caution", "verify"]


def test_the_usual_key_parts_are_always_there(make_incident: Make) -> None:
    """Host, channel and account can be read without asking whether they exist; others follow."""
    (line,) = OUTPUTS["jsonl"](
        Report(incidents=(make_incident(key={"provider": "openai"}),), accounting=Accounting()), EVERYTHING
    )
    assert json.loads(line)["key"] == {"host": None, "channel": None, "account": None, "provider": "openai"}


def test_json_holds_nothing_raw_that_a_terminal_obeys(
    make_incident: Make, make_evidence: Callable[..., Evidence]
) -> None:
    """Controls, C1, bidi and undecodable characters are escaped, and come back as they were."""
    nasty = "\x1b[31m \x9b \u202e \u2028 \ud800 \x7f \u200b"
    incident = make_incident(evidence=(make_evidence(nasty),), summary=nasty)
    for name in ("json", "jsonl"):
        text = "".join(OUTPUTS[name](Report(incidents=(incident,), accounting=Accounting()), EVERYTHING))
        assert text.isascii()
        assert not {c for c in text if ord(c) < 32 and c != "\n"} | ({"\x7f"} & set(text))
    assert json.loads(text)["evidence"][0]["text"] == nasty


def test_json_is_masked(make_incident: Make, make_evidence: Callable[..., Evidence]) -> None:
    """Evidence, summary and key are masked, with one mask for one number."""
    incident = make_incident(
        evidence=(make_evidence("to=+15551230000 token=abcd1234"),),
        summary="account 15551230000: gone",
        key={"account": "15551230000"},
    )
    text = "".join(OUTPUTS["jsonl"](Report(incidents=(incident,), accounting=Accounting()), EVERYTHING))
    shown = json.loads(text)
    assert "5551230000" not in text
    assert "abcd1234" not in text
    assert shown["key"]["account"] in shown["evidence"][0]["text"]
    plain = "".join(
        OUTPUTS["jsonl"](Report(incidents=(incident,), accounting=Accounting()), View(min_severity=Severity.INFO))
    )
    assert "token=abcd1234" in plain


def test_a_report_holds_accounting_and_incidents(make_incident: Make) -> None:
    """One document: schema, summary, incidents above the bound."""
    accounting = Accounting(bytes=10, lines=2, sources=["a.log"], assumptions=["year 2026"], problems=["b.log: gone"])
    incidents = [make_incident("a.a"), make_incident("b.b", severity=Severity.INFO)]
    text = "".join(
        OUTPUTS["json"](Report(incidents=tuple(incidents), accounting=accounting), View(min_severity=Severity.WARNING))
    )
    report = json.loads(text)
    assert report["schema"] == "loganalyzer.report/2"
    assert [i["failure_mode"] for i in report["incidents"]] == ["a.a"]
    for name in (
        *("bytes", "lines", "candidates", "records", "events", "unknown_warnings", "unknown_errors"),
        *("out_of_order", "truncated", "undecodable", "duplicates", "assumptions", "problems"),
    ):
        assert name in report["summary"]
    assert report["summary"]["problems"] == ["b.log: gone"]


def test_a_report_holds_the_whole_run() -> None:
    """States of channels, disconnects, actions, hosts and versions stand beside the incidents, masked."""
    recorder = Recorder()
    for event in (
        make_event("gateway.starting", 0, host="vm", version="2026.9.6"),
        make_event("channel.connected", 1, channel="whatsapp", account="15551230000"),
        make_event("channel.disconnected", 61, channel="whatsapp", account="15551230000", code=428),
        make_event("config.changed", 70, paths="token=abcd1234efgh5678"),
    ):
        recorder.event(event, "judged")
    report = Report(incidents=(), accounting=Accounting(), activity=recorder.activity())
    text = "".join(OUTPUTS["json"](report, EVERYTHING))
    activity = json.loads(text)["activity"]
    assert (activity["first_event"], activity["last_event"]) == (
        "2026-11-20T00:00:00+00:00",
        "2026-11-20T00:01:10+00:00",
    )
    assert (activity["hosts"], activity["versions"]) == (["vm"], ["2026.9.6"])
    assert [state["state"] for state in activity["channels"][0]["states"]] == ["connected", "disconnected"]
    assert activity["disconnects"] == {
        "bucket_s": 1.0,
        "counts": [{"from": "2026-11-20T00:01:01+00:00", "channel": "whatsapp", "code": 428, "count": 1}],
    }
    assert [action["event"] for action in activity["actions"]] == ["gateway.starting", "config.changed"]
    assert "5551230000" not in text
    assert "abcd1234" not in text
    assert (
        json.loads("".join(OUTPUTS["json"](Report(incidents=(), accounting=Accounting()), EVERYTHING)))["activity"]
        is None
    )


def test_a_transition_line_says_what_happened_and_to_what(make_incident: Make) -> None:
    """A transition wraps the incident as it stands at that moment."""
    transition = Transition(kind="opened", time_ns=START_NS + 1_000_000, incident=make_incident())
    shown = json.loads(transition_line(transition, EVERYTHING))
    assert list(shown) == ["schema", "transition", "time", "incident"]
    assert shown["schema"] == "loganalyzer.transition/1"
    assert shown["transition"] == "opened"
    assert shown["time"] == "2026-11-20T00:00:00.001+00:00"
    assert shown["incident"]["schema"] == "loganalyzer.incident/1"


def test_an_event_line_keeps_the_types_of_its_attributes() -> None:
    """Codes stay integers, durations floats; what JSON cannot hold is null."""
    event = make_event(
        "channel.disconnected",
        1.5,
        text="x",
        channel="whatsapp",
        code=428,
        delay_s=2.44,
        fatal=True,
        idle_s=float("inf"),
    )
    shown = json.loads(event_line(event, EVERYTHING))
    assert list(shown) == [
        *("schema", "type", "time", "source", "line", "subsystem", "level", "host", "attributes", "text")
    ]
    assert shown["schema"] == "loganalyzer.event/1"
    assert shown["attributes"] == {"channel": "whatsapp", "code": 428, "delay_s": 2.44, "fatal": True, "idle_s": None}
    assert shown["time"] == "2026-11-20T00:00:01.500+00:00"
