"""The HTML report as a reader has it: opened in Chromium."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from browser import chromium, opened
from playwright.sync_api import Browser, Page
from reports import crowded
from sample_cases import case

from loganalyzer import Report, analyze
from loganalyzer.activity import Recorder
from loganalyzer.model import Accounting, Evidence, Incident, Nearby, NearbyLine, Severity, Step
from loganalyzer.outputs import View, html
from loganalyzer.redact import Redactor
from loganalyzer.testing import START_NS, make_event

pytestmark = pytest.mark.browser
Make = Callable[..., Any]

HOSTILE = (
    "</title></style></script><script>alert(1)</script><img src=x onerror=alert(2)><svg onload=alert(3)>"
    "\"'><a href=javascript:alert(4)>x</a> {{ 7*7 }} {% raw %} ${alert(5)} </svg></template><!-- ]]> &lt;b&gt;"
    " @import url(http://127.0.0.1:9/x) ; background:url(http://127.0.0.1:9/y) datum.constructor.constructor('alert(6)')()"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(autouse=True)
def no_network() -> None:
    """The browser is spoken to through a pipe, but its driver's event loop connects a pair of sockets of its own."""


def written(report: Report, path: Path, **view: Any) -> Path:
    page = "".join(html.render(report, View(**({"redact": Redactor(b"key")} | view))))
    path.write_text(page, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real log with a root cause, consequences and reconnects."""
    one = case("whatsapp.session-terminated/twelve-retries")
    report = analyze(one.inputs, one.run_options, activity=True, context=True)
    return written(report, tmp_path_factory.mktemp("report") / "report.html")


def channel_day(hours: int = 24) -> Report:
    """A channel that connects, breaks with two codes, and comes back, again and again."""
    recorder = Recorder()
    for number in range(hours):
        start = number * 3600.0
        for after, type in ((0, "channel.starting"), (30, "channel.connected")):
            recorder.event(make_event(type, start + after, channel="whatsapp", account="default"), "judged")
        code = 428 if number % 3 else 515
        recorder.event(
            make_event("channel.disconnected", start + 3000, channel="whatsapp", account="default", code=code), "judged"
        )
    return Report(
        incidents=(), accounting=Accounting(bytes=1, lines=1, sources=["a.log"]), activity=recorder.activity()
    )


def width(page: Page) -> list[float]:
    """First unit and width of what the charts show."""
    box = page.locator(".track").first.get_attribute("viewBox")
    assert box is not None
    return [float(part) for part in box.split()][0:3:2]


def test_a_report_opens_whole_and_alone(browser: Browser, sample: Path) -> None:
    """Verdict, causes, consequences, charts, steps and account are there; nothing is loaded, nothing is complained about."""
    with opened(browser, sample) as found:
        page = found.page
        assert page.locator("h1").inner_text() == "WhatsApp ends every session at once (428)"
        assert "Since 2026-11-20 11:50 UTC" in page.locator(".verdict").inner_text()
        assert "openclaw channels status --probe" in page.locator(".first").inner_text()
        assert page.locator("article.problem").count() == 1
        assert page.locator("details.consequence").count() == 3
        assert page.locator(".evidence").count() >= 5
        assert page.locator(".nearby").count() >= 5
        assert "cron: job added" in page.locator(".listing").first.inner_text()
        assert page.locator(".lane.state .mark").count() >= 2
        assert page.locator(".lane.incident").count() == 5
        assert page.locator(".legend button").inner_text().split() == ["428", "12"]
        assert "All 14 warnings and errors are explained." in page.locator("main").inner_text()
        assert "9.2 kB, 95 lines" in page.locator(".account").inner_text()
        assert not found.faults()


def test_hostile_text_stays_text(
    browser: Browser, tmp_path: Path, make_incident: Make, make_evidence: Callable[..., Evidence]
) -> None:
    """Markup, scripts, template and chart expressions, styles and URLs in every field are shown and never obeyed."""
    incident: Incident = make_incident(
        f"x.{HOSTILE}",
        id="i",
        title=HOSTILE,
        summary=HOSTILE,
        cause=HOSTILE,
        key={"host": HOSTILE, "channel": HOSTILE, "account": HOSTILE},
        evidence=(replace(make_evidence(HOSTILE), source=HOSTILE),),
        remediation=(Step(text=HOSTILE, commands=(HOSTILE,), caution=HOSTILE, verify=HOSTILE),),
        references=("javascript:alert(7)", f"https://example.invalid/{HOSTILE}"),
    )
    recorder = Recorder()
    words = {"channel": HOSTILE, "account": HOSTILE, "version": HOSTILE, "reason": HOSTILE, "paths": HOSTILE}
    for second, type in enumerate(("gateway.starting", "channel.connected", "config.changed", "channel.disconnected")):
        recorder.event(make_event(type, second, host=HOSTILE, **words), "judged")
    report = Report(
        incidents=(incident, replace(incident, id="kid", caused_by="i", severity=Severity.WARNING)),
        accounting=Accounting(
            bytes=1, lines=1, sources=[HOSTILE], unknown_warnings=1, unknown_heads={"1": HOSTILE}, assumptions=[HOSTILE]
        ),
        activity=recorder.activity(),
        nearby={(HOSTILE, 7): Nearby((NearbyLine(6, START_NS, HOSTILE, HOSTILE),), ())},
    )
    with opened(browser, written(report, tmp_path / "hostile.html", redact=Redactor(None))) as found:
        page = found.page
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
        for name in ("h1", ".summary", ".listing figcaption", ".evidence code", ".steps > li > p", ".command code"):
            assert "<script>alert(1)</script>" in page.locator(name).first.inner_text(), name
        assert page.locator("script").count() == 1
        assert page.locator("img, main template, [onload], [onerror]").count() == 0
        links = page.locator("a[href]").evaluate_all("all => all.map(one => one.getAttribute('href'))")
        assert all(link.startswith(("#", "https://example.invalid/")) for link in links), links
        page.locator(".lane.state .mark").first.hover()
        assert "<img src=x onerror=alert(2)>" in page.locator("#tip").inner_text()
        page.locator(".lane.incident .mark").last.click()
        page.locator(".copy").first.click()
        page.wait_for_timeout(200)
        assert not found.faults()


def test_the_policy_admits_nothing_else(browser: Browser, sample: Path, tmp_path: Path) -> None:
    """Were something to slip through the templates, the browser would refuse to run or load it."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/x.png"
    slipped = f"<script>document.title='owned'</script><img src='{url}' onerror=\"document.title='owned'\">"
    slipped += f"<p id='styled' style='color: rgb(1, 2, 3); background: url({url})'>x</p>"
    slipped += "<a id='js' href='javascript:document.title=1'>y</a>"
    page_text = sample.read_text(encoding="utf-8")
    path = tmp_path / "slipped.html"
    path.write_text(page_text.replace("<main>", f"<main>{slipped}"), encoding="utf-8")
    with opened(browser, path) as found:
        page = found.page
        page.locator("#js").click()
        assert page.title().startswith("WhatsApp ends")
        assert page.locator("#styled").evaluate("one => getComputedStyle(one).color") != "rgb(1, 2, 3)"
        page.evaluate("setTimeout(() => { try { eval('1') } catch { window.refused = true } }, 0)")
        page.wait_for_function("window.refused === true")
        directives = {violation.partition(":")[0] for violation in page.evaluate("window.violations")}
        assert {"script-src-elem", "script-src-attr", "style-src-attr", "img-src"} <= directives
    with pytest.raises(BlockingIOError):  # nobody has tried to connect
        listener.accept()
    listener.close()


def test_copy_buttons_copy_the_command(browser: Browser, sample: Path) -> None:
    """A click puts exactly the command into the clipboard and says so; without the clipboard interface as well."""
    with opened(browser, sample) as found:
        page = found.page
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        button = page.locator(".copy").first
        button.click()
        assert page.evaluate("navigator.clipboard.readText()") == "openclaw channels status --probe"
        assert button.inner_text() == "Copied"
        page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')) }")
        second = page.locator(".copy").nth(1)
        second.focus()
        page.keyboard.press("Enter")
        page.wait_for_function("document.querySelectorAll('.copy')[1].textContent === 'Copied'")
        assert page.evaluate("navigator.clipboard.readText()") == "openclaw gateway status --deep"
        assert not found.faults()


def test_everything_can_be_reached_with_the_keyboard(browser: Browser, sample: Path) -> None:
    """Tab leads to links, charts, folds and buttons in order; Enter unfolds, arrows read the marks of a chart aloud."""
    with opened(browser, sample) as found:
        page = found.page
        stops = []
        for _ in range(60):
            page.keyboard.press("Tab")
            stops.append(page.evaluate("document.activeElement.className || document.activeElement.tagName"))
        for expected in ("skip", "copy", "A", "BUTTON", "plot", "SUMMARY"):
            assert expected in stops, stops
        assert stops[0] == "skip"
        page.locator("details.consequence summary").first.focus()
        page.keyboard.press("Enter")
        assert page.locator("details.consequence").first.get_attribute("open") is not None
        plot = page.locator(".plot").nth(1)
        plot.focus()
        page.keyboard.press("ArrowRight")
        assert "Gateway started" in page.locator("#live").inner_text()
        page.keyboard.press("ArrowDown")
        assert "whatsapp.session-terminated: error, open, 12 times" in page.locator("#live").inner_text()
        page.keyboard.press("ArrowDown")
        assert "whatsapp.flapping" in page.locator("#tip").inner_text()
        page.keyboard.press("Enter")
        anchor = page.evaluate("location.hash.slice(1)")
        assert page.locator(f"[id='{anchor}']").get_attribute("open") is not None
        assert not found.faults()


def test_a_link_to_a_folded_consequence_unfolds_it(browser: Browser, sample: Path) -> None:
    """A mark of the time line leads to its incident, though it is folded under its cause."""
    with opened(browser, sample) as found:
        page = found.page
        page.locator(".lane.incident .mark").nth(3).click()
        anchor = page.evaluate("location.hash.slice(1)")
        assert page.locator(f"[id='{anchor}']").evaluate("one => one.tagName === 'DETAILS' && one.open")


def test_charts_zoom_together_and_back(browser: Browser, tmp_path: Path) -> None:
    """Dragging, buttons and keys change what all charts show, ticks included."""
    with opened(browser, written(channel_day(), tmp_path / "day.html")) as found:
        page = found.page
        assert width(page) == [0, 1_000_000]
        box = page.locator(".bars .track").bounding_box()
        assert box is not None
        ticks = page.locator(".axis").first.locator("text").all_inner_texts()
        page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + 20)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 25, steps=4)
        assert page.locator(".selection").count() == 1
        page.mouse.up()
        start, span = width(page)
        assert abs(start - 250_000) < 10_000
        assert abs(span - 250_000) < 10_000
        boxes = page.locator(".track").evaluate_all("all => all.map(one => one.getAttribute('viewBox'))")
        assert len(set(boxes)) == 1
        assert page.locator(".axis").first.locator("text").all_inner_texts() != ticks
        assert "05:57" in page.locator("#range").inner_text()
        page.locator("[data-zoom=in]").click()
        assert width(page)[1] < span
        page.locator(".plot").first.focus()
        page.keyboard.press("0")
        assert width(page) == [0, 1_000_000]
        page.keyboard.press("+")
        page.locator(".bars .track").dblclick()
        assert width(page) == [0, 1_000_000]
        assert not found.faults()


def test_codes_can_be_switched_off(browser: Browser, tmp_path: Path) -> None:
    """A code that is switched off leaves the chart, and what is left fills it; switched on again, all is as before."""
    with opened(browser, written(channel_day(), tmp_path / "day.html")) as found:
        page = found.page
        shown = page.locator(".bars .mark:not([hidden])")
        before = shown.count()
        button = page.locator(".legend button").first
        button.click()
        assert button.get_attribute("aria-pressed") == "false"
        assert 0 < shown.count() < before
        assert max(shown.evaluate_all("all => all.map(one => Number(one.getAttribute('height')))")) == pytest.approx(
            100
        )
        button.click()
        assert shown.count() == before
        assert not found.faults()


def test_a_phone_needs_no_sideways_scrolling(browser: Browser, sample: Path) -> None:
    """At 360 pixels nothing is wider than the screen, not even with everything unfolded."""
    with opened(browser, sample, viewport={"width": 360, "height": 740}, has_touch=True) as found:
        page = found.page
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        wide = page.evaluate(
            "[...document.querySelectorAll('main *')].filter(one => !one.closest('.scroll, pre, svg, .visually-hidden')"
            " && one.getBoundingClientRect().right > 360.5).map(one => one.className || one.tagName)"
        )
        assert not wide


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_have_contrast(browser: Browser, sample: Path, scheme: Any) -> None:
    """In both schemes every text stands out against what is behind it, 4.5 to 1 at least."""
    with opened(browser, sample, color_scheme=scheme) as found:
        poor = found.page.evaluate(CONTRAST)
        assert not poor
        background = found.page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (sum(map(int, background[4:-1].split(", "))) > 380) is (scheme == "light")


CONTRAST = """() => {
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (c) => c.slice(0, 3).map(v => v / 255).map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (one) => { for (let at = one; at; at = at.parentElement) {
    const c = rgb(getComputedStyle(at).backgroundColor); if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
  const poor = [];
  for (const one of document.querySelectorAll('body *')) {
    const own = [...one.childNodes].some(node => node.nodeType === 3 && node.data.trim());
    if (!own || one.closest('svg, script, style, [hidden], .skip') || !one.getClientRects().length) continue;
    const [a, b] = [light(rgb(getComputedStyle(one).color)), light(behind(one))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) poor.push([one.className, one.textContent.slice(0, 30), ratio]);
  }
  return poor;
}"""


def test_a_screen_reader_finds_its_way(browser: Browser, sample: Path) -> None:
    """There are landmarks, one first heading, no skipped level, names for everything that can be used, tables for charts."""
    with opened(browser, sample) as found:
        page = found.page
        for landmark in ("header", "main", "footer"):
            assert page.locator(f"body > {landmark}").count() == 1
        assert page.locator("html").get_attribute("lang") == "en"
        levels = page.locator("h1, h2, h3, h4").evaluate_all("all => all.map(one => Number(one.tagName[1]))")
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after - before <= 1 for before, after in pairwise(levels))
        unnamed = page.evaluate(
            "[...document.querySelectorAll('button, summary, a, [role=img], [role=group], [role=region]')].filter(one => "
            "!one.textContent.trim() && !one.getAttribute('aria-label') && !one.getAttribute('aria-labelledby')"
            " && !one.closest('[role=img]')).length"
        )
        assert unnamed == 0
        labels = page.evaluate(
            "[...document.querySelectorAll('[aria-labelledby], [aria-describedby]')].flatMap(one => "
            "[one.getAttribute('aria-labelledby'), one.getAttribute('aria-describedby')]).filter(Boolean)"
        )
        assert all(page.locator(f"[id='{label}']").count() == 1 for label in labels)
        tables = page.locator("details.data table")
        assert tables.count() == 2
        assert "disconnected" in (tables.first.text_content() or "")
        assert "428" in (tables.last.text_content() or "")


def test_paper_shows_what_is_folded(browser: Browser, sample: Path) -> None:
    """A print has every consequence, no buttons, ticks that fit its width, and leaves the page as it was."""
    with opened(browser, sample) as found:
        page = found.page
        page.emulate_media(media="print")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        text = page.locator("main").inner_text()
        assert "WhatsApp (default) was disconnected 12 times" in text
        assert page.locator(".copy:visible, .tools:visible").count() == 0
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert page.locator("details[open]").count() == 0
        pdf = page.pdf(format="A4", print_background=True)
        assert pdf.startswith(b"%PDF")
        assert pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") >= 2


def test_without_script_the_page_is_whole(browser: Browser, sample: Path) -> None:
    """Marks, folds and commands need no script; what does nothing without it is not there."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(sample.as_uri())
    assert page.locator(".lane.incident a .mark").count() == 4
    assert page.locator(".copy:visible, .tools:visible, .hint:visible").count() == 0
    page.locator("details.consequence summary").first.click()
    assert page.locator("details.consequence .listing").first.is_visible()
    context.close()


def test_a_quiet_log_says_so(browser: Browser, tmp_path: Path) -> None:
    """A healthy log is a short page with a clear word; an empty input does not look healthy."""
    one = case("healthy/gateway-file")
    report = analyze(one.inputs, one.run_options, activity=True, context=True)
    with opened(browser, written(report, tmp_path / "quiet.html")) as found:
        assert found.page.locator("h1").inner_text() == "No incidents at warning or above"
        assert found.page.locator(".verdict.good").count() == 1
        assert not found.faults()
    with opened(browser, written(analyze([]), tmp_path / "empty.html")) as found:
        assert found.page.locator("h1").inner_text() == "Nothing was read: the input is empty"
        assert found.page.locator(".verdict.good").count() == 0
        assert not found.faults()


@pytest.mark.slow
def test_the_largest_report_opens_at_once(
    browser: Browser, tmp_path: Path, make_incident: Make, make_evidence: Callable[..., Evidence]
) -> None:
    """A page with as much in it as there can be is loaded within two seconds: the best of three, for a busy machine."""
    path = written(crowded(make_incident, make_evidence), tmp_path / "crowded.html")
    with opened(browser, path) as found:
        loads_ms = []
        for _ in range(3):
            found.page.reload()
            loads_ms.append(found.page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd"))
        assert 0 < min(loads_ms) < 2000, loads_ms
        assert not found.faults()
