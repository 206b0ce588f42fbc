import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser

from sample_cases import case

from loganalyzer import Report
from loganalyzer.model import Accounting, Evidence, Incident, Severity, Step
from loganalyzer.outputs import notebook

Make = Callable[..., Incident]
NASTY = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'>{{7*7}}</details></pre> \x1b[31m\u202e"
READ = Accounting(bytes=100, lines=2000, events=35, sources=["a.log"])
HARMLESS = {"div", "p", "br", "strong", "em", "span", "details", "summary", "pre", "ol", "li"}


class Balanced(HTMLParser):
    """Collects tags and checks that each one is closed where it should be."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.names: set[str] = set()
        self._open: list[str] = []
        self.feed(text)
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.names |= {name for name, _ in attrs}
        if tag != "br":
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag


def test_a_report_shows_itself() -> None:
    """Verdict, problems, consequences, evidence and steps of a real log, well formed and without a script."""
    text = case("whatsapp.session-terminated/twelve-retries").report()._repr_html_()
    for expected in (
        *("WhatsApp ends every session at once (428)", "since 2026-11-20 11:50 UTC", "Followed by whatsapp.flapping"),
        *("Retry 1/12 in 2.23s", "openclaw channels status --probe", "95 lines"),
    ):
        assert expected in text
    assert Balanced(text).tags <= HARMLESS


def test_hostile_text_stays_text(make_incident: Make, make_evidence: Callable[..., Evidence]) -> None:
    """Whatever stands in a field, the tags of a report and of an incident are ours and close each other."""
    incident = make_incident(
        f"x.{NASTY}",
        title=NASTY,
        summary=NASTY,
        cause=NASTY,
        key={"account": NASTY},
        evidence=(replace(make_evidence(NASTY), source=NASTY),),
        remediation=(Step(text=NASTY, commands=(NASTY,), caution=NASTY, verify=NASTY),),
    )
    report = Report(incidents=(incident, replace(incident, id="kid", caused_by=incident.id)), accounting=READ)
    for text in (incident._repr_html_(), report._repr_html_()):
        found = Balanced(text)
        assert found.tags <= HARMLESS
        assert found.names <= {"style"}
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)


def test_a_notebook_is_masked(make_incident: Make, make_evidence: Callable[..., Evidence]) -> None:
    """Numbers and tokens are masked without being asked."""
    secret = "+15551230000 token=sk-abcdefghijklmnop0123456789"
    incident = make_incident(summary=secret, cause=secret, evidence=(make_evidence(secret),), key={"account": secret})
    for text in (incident._repr_html_(), Report(incidents=(incident,), accounting=READ)._repr_html_()):
        assert "5551230000" not in text
        assert "abcdefghij" not in text
        assert text.count("&lt;phone:") >= 4


def test_a_notebook_is_not_flooded(make_incident: Make) -> None:
    """The gravest problems are shown, the others counted."""
    incidents = tuple(make_incident(f"a.n{n}", severity=Severity.ERROR) for n in range(500))
    text = Report(incidents=incidents, accounting=READ)._repr_html_()
    assert text.count("<details>") == notebook.SHOWN
    assert f"{500 - notebook.SHOWN} more problems" in text
    assert len(text) < 100_000


def test_quiet_and_empty_are_told_apart() -> None:
    """A healthy log and an empty input do not look alike."""
    assert "No incidents at warning or above" in Report(incidents=(), accounting=READ)._repr_html_()
    empty = Report(incidents=(), accounting=Accounting())._repr_html_()
    assert "the input is empty" in empty
    assert "No incidents" not in empty
