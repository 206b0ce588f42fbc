import re
from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest
from sample_cases import case

from loganalyzer import Report, analyze
from loganalyzer.model import Accounting, Evidence, Incident, Severity, Status, Step, Transition
from loganalyzer.outputs import DEFAULT_SEVERITY, OUTPUTS, View, accounting
from loganalyzer.outputs.blocks import Line
from loganalyzer.outputs.shown import REMEMBERED
from loganalyzer.outputs.table import event_table
from loganalyzer.outputs.text import STYLES, Follower
from loganalyzer.redact import Redactor
from loganalyzer.testing import START_NS, make_event

Make = Callable[..., Incident]
SECOND = 1_000_000_000
READ = Accounting(bytes=100, lines=2000, events=35, sources=["a.log"])
NASTY = "\x1b]0;owned\x07\x1b[31mred \u202eevil \x9b31m \x07"


def render(name: str, incidents: Iterable[Incident], view: View | None = None) -> str:
    return "".join(OUTPUTS[name](Report(incidents=tuple(incidents), accounting=READ), view or View()))


def test_a_table_reads_at_80_columns(make_incident: Make, make_evidence: Callable[..., Evidence]) -> None:
    """No line is wider than 80 characters, however long ids, summaries and evidence are."""
    long = make_incident(
        "provider.local-backend-incompatible",
        summary="word " * 100,
        cause="word " * 60,
        evidence=tuple(replace(make_evidence("long " * 500, line=n), source="/a" * 60) for n in range(12)),
        severity=Severity.CRITICAL,
        status=Status.UNDECIDED,
    )
    kid = make_incident("whatsapp.reconnect-exhausted", caused_by=long.id)
    assert max(map(len, render("table", [long, kid]).splitlines())) <= 80


def test_a_table_shows_everything_an_operator_needs(make_incident: Make) -> None:
    """Mode, standing, summary, cause, evidence with place, folded consequences, numbered steps with commands."""
    root = make_incident()
    kid = make_incident("whatsapp.no-active-listener", caused_by=root.id)
    text = render("table", [root, kid])
    head, _, block = text.partition("-" * 80)
    assert "└ whatsapp.no-active-listener" in head
    for expected in (
        *("error", "2026-11-20 00:00", "open", "75%"),
        root.title,
        root.summary,
        root.cause,
        "gateway.log:7",
        "session ended (428)",
        "whatsapp.no-active-listener",
        "1. Look for a second gateway.",
        "$ openclaw gateway status --deep",
        "Caution: Ends the session of this device.",
        "Check: The channel shows connected.",
        "https://docs.openclaw.ai/channels/whatsapp",
    ):
        assert expected in text
    assert block.count("What to do") == 1


def test_commands_are_never_wrapped(make_incident: Make) -> None:
    """A command can be copied as one line, longer than the page if it must be."""
    command = "openclaw " + "--option value " * 12
    text = render("table", [make_incident(remediation=(Step(text="Run it.", commands=(command.strip(),)),))])
    assert f"$ {command.strip()}\n" in text


def test_what_is_no_text_is_not_called_healthy() -> None:
    """Bytes of some other kind raise nothing, which says nothing about a gateway."""
    read = Accounting(bytes=20_000, lines=76, candidates=76, undecodable=76)
    text = "".join(OUTPUTS["table"](Report(incidents=(), accounting=read), View()))
    assert text == "This is no log that can be read: 76 of its lines are no text.\n"


@pytest.mark.parametrize("name", ["table", "markdown", "html"])
def test_a_line_that_gives_two_events_is_shown_once(
    name: str, make_incident: Make, make_evidence: Callable[..., Evidence]
) -> None:
    """One refusal, recognised as two things, is one line of the log."""
    one = make_evidence("unauthorized: token mismatch", line=7)
    incident = make_incident(
        evidence=(one, replace(one, event="auth.token_mismatch"), make_evidence("another", line=8))
    )
    assert render(name, [incident]).count("unauthorized: token mismatch") == 1


def test_long_evidence_shows_both_ends(make_incident: Make, make_evidence: Callable[..., Evidence]) -> None:
    """The first and the last lines are there, those between are counted, what was dropped earlier included."""
    found = tuple(make_evidence(f"line number {n}", line=n) for n in range(12))
    incident = make_incident(evidence=found, evidence_omitted=30)
    for name in ("table", "markdown"):
        text = render(name, [incident])
        shown = [int(n) for n in re.findall(r"line number (\d+)", text)]
        assert shown == [0, 1, 2, 10, 11]
        assert "37 more lines" in text


def test_less_severe_incidents_are_hidden_and_counted(make_incident: Make) -> None:
    """The bound hides, never silently."""
    low = make_incident("channel.flap", severity=Severity.INFO)
    text = render("table", [make_incident(), low])
    assert "channel.flap" not in text
    assert "1 incident below that is hidden" in text
    assert "channel.flap" in render("table", [low], View(min_severity=Severity.INFO))


@pytest.mark.parametrize("name", ["table", "markdown"])
def test_nothing_found_is_said_clearly(name: str, make_incident: Make) -> None:
    """A reader learns that nothing was found, and whether something was hidden."""
    text = render(name, [make_incident(severity=Severity.INFO)])
    assert "No incidents at warning or above" in text
    assert "1 incident below" in text


def test_nothing_found_in_nothing_read_is_told_apart() -> None:
    """An empty input does not look like a healthy log."""
    assert "Looked at 2,000 lines: 35 events." in render("table", [])
    empty = "".join(OUTPUTS["table"](Report(incidents=(), accounting=Accounting()), View()))
    assert "the input is empty" in empty
    assert "No incidents" not in empty
    unread = "".join(OUTPUTS["table"](Report(incidents=(), accounting=Accounting(problems=["a.log: gone"])), View()))
    assert "Nothing could be read." in unread
    assert "No incidents" not in unread


@pytest.mark.parametrize("tablefmt", ["grid", "html", "tsv", "latex"])
def test_the_table_takes_the_formats_of_tabulate(tablefmt: str, make_incident: Make) -> None:
    """Another look is only a look: the mode is there in one piece."""
    assert "whatsapp.session-terminated" in render("table", [make_incident()], View(tablefmt=tablefmt))


@pytest.mark.parametrize("name", ["table", "markdown"])
def test_hostile_text_reaches_no_terminal(
    name: str, make_incident: Make, make_evidence: Callable[..., Evidence]
) -> None:
    """Escape sequences, controls and bidi characters from a log stay out of every text output."""
    incident = make_incident(
        title=NASTY,
        summary=NASTY,
        cause=NASTY,
        evidence=(replace(make_evidence(NASTY), source=NASTY),),
        key={"account": NASTY},
        remediation=(Step(text=NASTY, commands=(NASTY,), caution=NASTY, verify=NASTY),),
    )
    kid = make_incident(f"x.{NASTY}", caused_by=incident.id)
    text = render(name, [incident, kid]) + "".join(line.text for line in _follow([incident, kid]))
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", text)


def test_texts_are_masked(make_incident: Make, make_evidence: Callable[..., Evidence]) -> None:
    """Evidence, summary and key are masked in the texts as well."""
    incident = make_incident(
        evidence=(make_evidence("to=+15551230000"),),
        summary="gone: +15551230000",
        key={"account": "15551230000"},
    )
    for name in ("table", "markdown"):
        text = render(name, [incident], View(redact=Redactor(b"key")))
        assert "5551230000" not in text
        assert text.count("<phone:") + text.count("\\<phone:") >= 3


def test_markdown_holds_log_text_in_code_only(make_incident: Make, make_evidence: Callable[..., Evidence]) -> None:
    """Log text can neither close its fence nor become a link, a heading or a tag."""
    nasty = "``` <script>x</script> [a](javascript:b) ````` # h"
    text = render("markdown", [make_incident(summary=nasty, title=nasty, evidence=(make_evidence(nasty),))])
    fence = re.search(r"^(`{6,})text\n(.*?)\n\1$", text, re.MULTILINE | re.DOTALL)
    assert fence
    outside = text.replace(fence[0], "")
    assert "<script" not in outside.replace("\\<script", "")
    assert "](" not in outside.replace("\\](", "")


def test_markdown_fits_into_a_comment(make_incident: Make, make_evidence: Callable[..., Evidence]) -> None:
    """However much was found, the report stays below the limit of GitHub, ends whole, and counts what it leaves out."""
    long = "word ``` <b> " * 500
    found = [
        make_incident(f"mode.m{n}", summary=long, cause=long, evidence=tuple(make_evidence(long) for _ in range(9)))
        for n in range(300)
    ]
    found += [make_incident(f"kid.m{n}", caused_by=found[0].id) for n in range(300)]
    text = render("markdown", found)
    assert len(text) < 65_536
    shown = text.count("**Evidence**")
    assert 3 <= shown < 300
    assert f"{300 - shown} more problems would make this report too long" in text
    assert text.rstrip().splitlines()[-1].startswith("- ")
    assert "## Environment" in text
    fences = [line.strip() for line in text.splitlines() if line.strip().startswith("```")]
    assert len(fences) % 2 == 0


def test_markdown_tells_what_a_helper_asks() -> None:
    """The verdict comes first; versions, formats, time span, hosts and what was done stand at the end."""
    one = case("gateway.device-token-mismatch/after-config-change")
    report = analyze(one.inputs, one.run_options, activity=True)
    text = "".join(OUTPUTS["markdown"](report, View(redact=Redactor(b"key"))))
    assert text.startswith('# Gateway refuses clients with "device token mismatch"\n\n**Since 2026-11-20')
    tail = text[text.index("## What was done") :]
    for expected in (
        "gateway.auth.token",
        "Gateway restart asked for",
        "## Environment",
        "- Hosts: ",
        "`2026.2.17`",
        "UTC",
    ):
        assert expected in tail
    assert "gateway-json" in tail


def test_events_as_a_table() -> None:
    """Time, type, attributes and place of each event, safe and masked."""
    event = make_event("channel.disconnected", 1, channel="whatsapp", code=428, sender="15551230000", reason=NASTY)
    text = event_table([event], View(redact=Redactor(b"key")))
    for expected in ("2026-11-20 00:00:01", "channel.disconnected", "code=428", "test.log:1", "sender=<phone:"):
        assert expected in text
    assert "\x1b" not in text


def test_the_accounting_names_every_counter() -> None:
    """What was read, understood, left aside, assumed and what failed: all on a few lines."""
    counted = Accounting(
        bytes=69_908,
        lines=1234,
        candidates=40,
        records={"gateway-json": 30, "console": 8},
        events=35,
        explained=1306,
        unknown_warnings=3,
        unknown_errors=3,
        unknown_heads={"1": "a", "2": "b", "3": "b"},
        out_of_order=2,
        truncated=1,
        undecodable=4,
        duplicates=5,
        evicted=6,
        regex_timeouts=7,
        assumptions=[f"assumption {n}" for n in range(20)],
        problems=["b.log: +15551230000 \x1b[31m"],
        sources=["a.log", "b.log"],
    )
    lines = list(accounting.lines(counted, Redactor(b"key")))
    text = " ".join(" ".join(lines).split())
    for expected in (
        *("2 sources", "69.9 kB", "1,234 lines", "40 candidates", "38 decoded (8 console, 30 gateway-json)"),
        *("35 events", "2 out of order", "1 truncated", "4 undecodable"),
        *(
            "5 duplicates",
            "6 groups evicted",
            "7 regex time-outs",
            "Assumed: assumption 0",
            "12 more",
            "Trouble: b.log",
            "99 % of 1,312 warnings and errors are explained. Console text names no level",
            "3 warnings and 3 errors of 2 kinds are not known (loganalyzer unknown shows them).",
        ),
    ):
        assert expected in text
    assert "\x1b" not in text
    assert "5551230000" not in text
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (999, "999 B"), (1000, "1 kB"), (69_908, "69.9 kB"), (1_200_000_000, "1.2 GB")]
)
def test_sizes_have_three_digits(count: int, text: str) -> None:
    """Sizes are decimal, with three digits."""
    assert accounting.size(count) == text


def _follow(incidents: Iterable[Incident], kind: str = "opened") -> list[Line]:
    follower = Follower(View())
    return [
        line
        for incident in incidents
        for line in follower.take(Transition(kind=kind, time_ns=START_NS, incident=incident))
    ]


def _take(follower: Follower, kind: str, incident: Incident) -> str:
    transition = Transition(kind=kind, time_ns=START_NS + 60 * SECOND, incident=incident)
    return "\n".join(line.text for line in follower.take(transition))


def test_following_gives_one_block_and_then_lines(make_incident: Make) -> None:
    """An incident opens as a block, and grows and ends as single lines."""
    follower, incident = Follower(View()), make_incident()
    assert "What to do" in _take(follower, "opened", incident)
    grown = replace(incident, count=4, severity=Severity.CRITICAL)
    news = _take(follower, "updated", grown)
    assert "now critical, seen 4 times" in news
    assert "\n" not in news
    ended = replace(grown, status=Status.RESOLVED, severity=Severity.INFO, resolved_at_ns=START_NS + 125 * SECOND)
    news = _take(follower, "resolved", ended)
    assert "resolved after 2 min 5 s" in news
    assert "\n" not in news
    summary = "\n".join(line.text for line in follower.summary(READ))
    assert "1 incident: 1 resolved" in summary
    assert incident.failure_mode in summary


def test_consequences_are_one_line_that_names_the_cause(make_incident: Make) -> None:
    """A consequence opens quietly under its cause; one that opened first is told its cause later."""
    follower, root = Follower(View()), make_incident("gateway.out-of-memory")
    early = make_incident("whatsapp.disconnected")
    assert "What to do" in _take(follower, "opened", early)
    _take(follower, "opened", root)
    late = _take(follower, "opened", make_incident("whatsapp.no-active-listener", caused_by=root.id))
    assert "follows from gateway.out-of-memory" in late
    assert "\n" not in late
    explained = replace(early, caused_by=root.id)
    assert "follows from gateway.out-of-memory" in _take(follower, "updated", explained)
    assert not _take(follower, "updated", replace(explained, count=99))
    assert "now critical" in _take(follower, "updated", replace(explained, severity=Severity.CRITICAL))
    summary = [line.text for line in follower.summary(READ)]
    assert sum("└ " in row for row in summary) == 2


def test_what_rises_above_the_bound_opens_then(make_incident: Make) -> None:
    """Below the bound nothing is said; above it the block comes, whatever the transition is called."""
    follower = Follower(View())
    quiet = make_incident(severity=Severity.INFO)
    assert not _take(follower, "opened", quiet)
    assert "What to do" in _take(follower, "updated", replace(quiet, severity=Severity.ERROR))


def test_a_quiet_run_ends_with_a_clear_word(make_incident: Make) -> None:
    """Nothing shown, something hidden: both are said."""
    follower = Follower(View())
    _take(follower, "opened", make_incident(severity=Severity.INFO))
    summary = "\n".join(line.text for line in follower.summary(READ))
    assert "No incidents at warning or above" in summary
    assert "1 incident below" in summary


def test_memory_of_ended_incidents_is_bounded(make_incident: Make) -> None:
    """A follower that runs for months remembers open incidents and the last that ended, and counts the rest."""
    follower = Follower(View())
    still_open = make_incident("a.still-open")
    _take(follower, "opened", still_open)
    for n in range(REMEMBERED + 50):
        incident = make_incident("b.flap", id=f"id-{n}")
        _take(follower, "opened", incident)
        _take(follower, "resolved", replace(incident, status=Status.RESOLVED))
    summary = "\n".join(line.text for line in follower.summary(READ))
    assert f"{REMEMBERED + 51} incidents: 1 open, {REMEMBERED} resolved" in summary
    assert "50 older ones" in summary
    assert "a.still-open" in summary


def test_every_style_is_known(make_incident: Make) -> None:
    """Whatever a block is made of, the terminal knows its style."""
    incidents = [make_incident(f"a.{s.label}", severity=s) for s in Severity]
    follower = Follower(View(min_severity=Severity.INFO))
    lines = [line for i in incidents for line in follower.take(Transition(kind="opened", time_ns=None, incident=i))]
    assert {line.style for line in [*lines, *follower.summary(READ)]} <= set(STYLES)


def test_every_output_has_a_default_bound() -> None:
    """People see warnings and above, programs everything."""
    assert set(OUTPUTS) <= set(DEFAULT_SEVERITY)
    assert {name for name, least in DEFAULT_SEVERITY.items() if least is Severity.INFO} == {
        "json",
        "jsonl",
        "csv",
        "parquet",
    }
