"""The HTML report as text; `test_html_browser` opens it."""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from command_line import Cli
from reports import crowded
from sample_cases import case

from loganalyzer import Report, analyze
from loganalyzer.activity import Recorder
from loganalyzer.model import Accounting, Evidence, Incident, Nearby, NearbyLine, Severity, Status
from loganalyzer.outputs import View, html
from loganalyzer.outputs.charts import WIDE, charts
from loganalyzer.outputs.listing import listings
from loganalyzer.redact import Redactor
from loganalyzer.testing import START_NS, make_event

Make = Callable[..., Incident]
SECOND = 1_000_000_000
READ = Accounting(bytes=100, lines=2000, events=35, sources=["a.log"])


def page(report: Report, **view: object) -> str:
    return "".join(html.render(report, View(**({"redact": Redactor(b"key")} | view))))  # type: ignore[arg-type]


def test_the_policy_names_exactly_what_is_inside(make_incident: Make) -> None:
    """The hashes are those of the style and the script as they stand in the page; nothing else is admitted."""
    text = page(Report(incidents=(make_incident(),), accounting=READ))
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', text)
    assert policy
    for tag in ("style", "script"):
        [inside] = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"{tag}-src &#39;sha256-{digest}&#39;;" in policy[1]
    assert policy[1].startswith("default-src &#39;none&#39;;")
    assert "unsafe" not in policy[1]
    assert not re.search(
        r"""\s(style|on\w+|src|srcset)\s*=""", re.sub(r"<(style|script)>.*?</\1>", "", text, flags=re.DOTALL)
    )


def test_masks_hold_in_every_part(make_incident: Make, make_evidence: Callable[..., Evidence]) -> None:
    """Evidence, lines around it, keys, lanes, actions, unknown kinds and notes are masked."""
    number, secret = "+15551230000", "sk-abcdefghijklmnop0123456789"
    text = f"from {number} token={secret}"
    recorder = Recorder()
    recorder.event(make_event("channel.connected", 0, channel="whatsapp", account="15551230000"), "judged")
    recorder.event(make_event("config.changed", 1, paths=text), "judged")
    incident = make_incident(summary=text, cause=text, evidence=(make_evidence(text),), key={"account": "15551230000"})
    report = Report(
        incidents=(incident,),
        accounting=replace(READ, unknown_heads={"1": text}, unknown_warnings=1, assumptions=[text], problems=[text]),
        activity=recorder.activity(),
        nearby={("gateway.log", 7): Nearby((NearbyLine(6, None, "warn", text),), (NearbyLine(8, None, None, text),))},
    )
    shown = page(report)
    assert "5551230000" not in shown
    assert secret not in shown
    assert shown.count("&lt;phone:") >= 8
    assert "5551230000" in page(report, redact=Redactor(None))


def test_a_report_is_bounded(make_incident: Make, make_evidence: Callable[..., Evidence]) -> None:
    """Thousands of problems with long texts stay below 5 MB; those not shown in full are counted by failure mode."""
    text = page(crowded(make_incident, make_evidence))
    assert len(text.encode()) < 5_000_000
    assert text.count('<article class="problem') == html.PROBLEMS
    assert text.count('<details class="consequence"') == html.PROBLEMS * html.CONSEQUENCES
    further = re.findall(r"<code>mode\.m\d+</code> ([\d,]+) more", text)
    assert sum(int(one.replace(",", "")) for one in further) == 3000 - html.PROBLEMS


def test_nothing_has_a_time(make_incident: Make) -> None:
    """A log without times, or with times that no calendar holds, gives a page without charts."""
    for ns in (None, 10**30):
        text = page(Report(incidents=(make_incident(first_seen_ns=ns, last_seen_ns=ns),), accounting=READ))
        assert "Time line" not in text
        assert "WhatsApp ends every session at once" in text


def test_marks_stand_where_their_time_is(make_incident: Make) -> None:
    """Marks lie inside the chart in the order of time; what has no length still shows; open incidents reach the end."""
    ended = make_incident("a.a", status=Status.RESOLVED, resolved_at_ns=START_NS + 25 * SECOND)
    point = make_incident(
        "b.b",
        first_seen_ns=START_NS + 100 * SECOND,
        last_seen_ns=START_NS + 100 * SECOND,
        status=Status.UNDECIDED,
    )
    lasting = make_incident("c.c", first_seen_ns=START_NS + 50 * SECOND)
    drawn = charts(None, [ended, point, lasting], {ended.id}, (START_NS, START_NS + 100 * SECOND), View())
    assert drawn is not None
    marks = {row.name: row.marks[0] for row in drawn.incidents}
    assert (marks["a.a"].x, marks["a.a"].width) == (0, WIDE // 4)
    assert (marks["b.b"].x, marks["b.b"].width) == (WIDE - 1, 1)
    assert (marks["c.c"].x, marks["c.c"].width) == (WIDE // 2, WIDE // 2)
    assert (marks["a.a"].href, marks["b.b"].href) == (f"#i-{ended.id}", "")


def test_stacks_add_up() -> None:
    """The highest stack fills the chart, every stack ends at the bottom, rare codes are one series."""
    recorder = Recorder()
    for n in range(300):
        code = 400 + (n * n) % 23
        recorder.event(make_event("channel.disconnected", n * 20.0, channel="whatsapp", code=code), "judged")
    activity = recorder.activity()
    drawn = charts(activity, [], set(), (activity.first_ns, activity.last_ns), View())
    assert drawn is not None
    assert drawn.bars is not None
    assert sum(one.total for one in drawn.bars.series) == 300
    assert drawn.bars.series[-1].name == "other"
    stacks: dict[int, float] = {}
    for mark in drawn.bars.marks:
        stacks[mark.x] = stacks.get(mark.x, 0) + mark.height
        assert mark.y + mark.height <= 100.01
    assert max(stacks.values()) == pytest.approx(100, abs=0.1)


def test_the_zone_may_change_on_the_way() -> None:
    """A log over the end of summer time has both offsets, each from its minute on."""
    berlin = ZoneInfo("Europe/Berlin")
    change = 1_792_890_000  # 2026-10-25T01:00Z
    recorder = Recorder()
    for day in (-3, 3):
        at = change + day * 86_400 - START_NS // SECOND
        recorder.event(make_event("channel.connected", at, channel=f"c{day}"), "judged")
    activity = recorder.activity()
    drawn = charts(activity, [], set(), (activity.first_ns, activity.last_ns), View(tz=berlin))
    assert drawn is not None
    assert [minutes for _, minutes in drawn.offsets] == [120, 60]
    assert abs(drawn.offsets[1][0] - change * 1000) <= timedelta(minutes=2) // timedelta(milliseconds=1)


def test_evidence_stands_among_its_neighbours(make_incident: Make, make_evidence: Callable[..., Evidence]) -> None:
    """Each line once, in the order of the log, with gaps where lines are left out."""
    found = tuple(make_evidence(f"evidence {n}", line=n) for n in (10, 11, 20))
    nearby = {
        ("gateway.log", n): Nearby(
            tuple(NearbyLine(n - k, None, None, f"above {n - k}") for k in (2, 1)),
            tuple(NearbyLine(n + k, None, None, f"below {n + k}") for k in (1, 2)),
        )
        for n in (10, 11, 20)
    }
    [one] = listings(make_incident(evidence=found), nearby, View())
    assert [row.number for row in one.rows] == [8, 9, 10, 11, 12, 13, 0, 18, 19, 20, 21, 22]
    assert [row.number for row in one.rows if row.kind == "evidence"] == [10, 11, 20]


def test_evidence_of_two_sources_is_two_listings(make_incident: Make, make_evidence: Callable[..., Evidence]) -> None:
    """Evidence keeps its order: where the source changes, or lines go back, a new listing begins; the rest is counted."""
    places = [("a.log", 5), ("b.log", 9), ("b.log", 3), *(("b.log", 10 + n) for n in range(0, 30, 5))]
    found = tuple(replace(make_evidence("x", line=line), source=name) for name, line in places)
    shown = listings(make_incident(evidence=found, evidence_omitted=2), {}, View())
    assert [(one.source, [row.number for row in one.rows]) for one in shown] == [
        ("a.log", [5]),
        ("b.log", [9]),
        ("b.log", [3, 0, 30, 0, 35]),
    ]
    assert [row.text for one in shown for row in one.rows if row.kind == "gap"] == ["6 more lines", ""]


def test_less_severe_incidents_are_hidden_and_counted(make_incident: Make) -> None:
    """The bound of the view holds in the list, in the charts and in the details."""
    report = Report(incidents=(make_incident(), make_incident("x.quiet", severity=Severity.INFO)), accounting=READ)
    assert "x.quiet" not in page(report)
    assert "1 incident below that is hidden" in page(report)
    assert "x.quiet" in page(report, min_severity=Severity.INFO)


def test_a_file_is_private_and_whole(cli: Cli, tmp_path: Path) -> None:
    """`analyze --format html -o FILE` writes one private file, the same from the same bytes."""
    log = case("whatsapp.session-conflict/replaced").inputs[0]
    out = tmp_path / "report.html"
    texts = []
    for _ in range(2):
        done = cli("analyze", log, "--format", "html", "-o", out, "--redact-key", "x", "--tz", "UTC")
        assert done.returncode == 0, done.stderr
        texts.append(out.read_text(encoding="utf-8"))
    assert texts[0] == texts[1]
    assert out.stat().st_mode & 0o777 == 0o600
    assert texts[0].startswith("<!doctype html>")
    assert texts[0].endswith("</html>\n")


def test_a_missing_jinja_is_named_before_anything_is_read(tmp_path: Path) -> None:
    """Without the extra the command says what to install, at once, and writes nothing."""
    out = tmp_path / "report.html"
    code = (
        "import sys; sys.modules['jinja2'] = None\n"
        "from loganalyzer.cli import main\n"
        f"sys.argv = ['loganalyzer', 'analyze', '/nowhere.log', '--format', 'html', '-o', {str(out)!r}]\n"
        "main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "pip install 'loganalyzer[html]'" in done.stderr
    assert not out.exists()


def test_other_formats_need_no_jinja() -> None:
    """Tables, JSON and Markdown do not even look for the template engine."""
    code = (
        "import sys\nfrom loganalyzer import analyze\nfrom loganalyzer.outputs import OUTPUTS, View\n"
        "report = analyze([], activity=True)\n"
        "[''.join(OUTPUTS[name](report, View())) for name in OUTPUTS if name != 'html']; report._repr_html_()\n"
        "assert 'jinja2' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.slow
def test_a_hundred_thousand_events_fit(tmp_path: Path) -> None:
    """The report of a log with 100,000 events takes less than 10 s more than its analysis, and less than 5 MB."""
    import time

    sys.path.insert(0, str(Path(__file__).parents[2] / "bench"))
    import generate

    log = tmp_path / "big.log"
    stream = generate.lines("gateway", 0.5, 0.1)
    with log.open("wb") as file:
        file.writelines(next(stream) for _ in range(330_000))
    started = time.process_time()
    plain = analyze(log)
    between = time.process_time()
    report = analyze(log, activity=True, context=True)
    text = page(report)
    assert plain.accounting.events >= 100_000
    assert (time.process_time() - between) - (between - started) < 10
    assert len(text.encode()) < 5_000_000
