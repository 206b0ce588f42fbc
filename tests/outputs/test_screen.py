"""The live screen without a terminal: snapshots in, rows out, keys between."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from properties import often
from rich.text import Text

from loganalyzer.model import Accounting, Event, Evidence, Incident, Origin, Severity, Span, Status, Transition
from loganalyzer.outputs import panels
from loganalyzer.outputs.base import NS, View
from loganalyzer.outputs.board import RECENT, Board, Snapshot
from loganalyzer.outputs.panels import age, duration
from loganalyzer.outputs.screen import Screen
from loganalyzer.redact import Redactor
from loganalyzer.testing import START_NS

MakeIncident = Callable[..., Incident]
Evil = "\x1b]0;owned\x07\x1b[31mred\u202e\u200b\r\n漢字漢字👩‍🔬\t" + "漢" * 300


def event(kind: str = "channel.connected", at_s: float = 0.0, host: str | None = "vm", **attributes: Any) -> Event:
    time_ns = START_NS + round(at_s * NS)
    span = Span("log", 1, 1, 0)
    return Event(kind, attributes, time_ns, 10**6, span, None, None, host, Origin.GATEWAY, "x", "x", "")


class Run:
    """A run that a screen shows, with clocks that stand still."""

    def __init__(self, view: View | None = None) -> None:
        self.view = view or View(redact=Redactor(b"key"))
        self.board = Board("gateway.log", self.view, 0.0)
        self.screen = Screen(self.view)
        self.accounting = Accounting(bytes=1000, lines=10, events=2)
        self.now_ns = START_NS

    def add(self, *incidents: Incident) -> None:
        self.board.take([Transition(kind="opened", time_ns=None, incident=i) for i in incidents], self.now_ns)

    def happen(self, *events: Event) -> None:
        for one in events:
            self.board.event(one)
        self.board.take([], self.now_ns)

    def picture(self, now_s: float = 1.0) -> Snapshot:
        return self.board.snapshot(self.accounting, self.now_ns, now_s)

    def rows(self, width: int = 80, height: int = 24) -> list[Text]:
        return self.screen.rows(self.picture(), width, height)

    def text(self, width: int = 80, height: int = 24) -> str:
        return "\n".join(row.plain.rstrip() for row in self.rows(width, height))

    def press(self, *keys: str) -> None:
        for key in keys:
            self.screen.press(key, self.picture())


@pytest.fixture
def run(make_incident: MakeIncident) -> Run:
    """One problem with a consequence, two channels."""
    run = Run()
    run.now_ns = START_NS + 125 * NS
    run.add(
        make_incident("whatsapp.session-terminated"),
        make_incident("whatsapp.flapping", caused_by="id-whatsapp.session-terminated"),
    )
    run.happen(
        event("channel.connected", 60, channel="telegram", account="bot"),
        event("channel.disconnected", 125, channel="whatsapp", account="default", code=428),
    )
    return run


@pytest.mark.parametrize("width", [40, 60, 80, 120])
@pytest.mark.parametrize("height", [6, 10, 24, 50])
def test_every_size_is_filled_exactly(width: int, height: int, run: Run) -> None:
    """As many rows as there are, none too wide, the most urgent incident on each, the keys below."""
    for keys in ((), ("enter",), ("escape", "?")):
        run.press(*keys)
        rows = run.rows(width, height)
        assert len(rows) == height
        assert max(row.cell_len for row in rows) <= width
        assert "q quit" in rows[-1].plain
    run.press("?")
    assert "▸ err" in run.text(width, height)


def test_a_window_that_is_too_small_says_so(run: Run) -> None:
    """No row is drawn that nobody could read, and nothing fails."""
    for width in range(1, 20):
        for height in range(1, 8):
            rows = run.rows(width, height)
            assert len(rows) == height
            assert max(row.cell_len for row in rows) <= width


def test_what_is_shown_of_an_incident(run: Run) -> None:
    """Severity, age, count, confidence, title and key; last evidence; what follows from it."""
    lines = run.text(100).splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("▸"))
    assert lines[at : at + 3] == [
        "▸ error         2m     2x  75%  WhatsApp ends every session at once (428)  vm whatsapp default",
        "    00:00:00  session ended (428)",
        "    └ 1 consequence: whatsapp.flapping",
    ]
    assert "── Channels ─ 1 disconnected, 1 connected ─" in run.text()
    assert "● telegram bot connected 1m" in run.text()
    assert "● whatsapp default disconnected 428 0s" in run.text()
    assert "  00:02:05  channel.disconnected whatsapp default code=428" in lines


def test_narrow_screens_keep_words_and_drop_numbers(run: Run) -> None:
    """At 40 columns the title is readable."""
    (line,) = [line for line in run.text(40).splitlines() if line.startswith("▸")]
    assert line == "▸ err      2m  WhatsApp ends every sess…"


def test_incidents_of_one_mode_are_told_apart(make_incident: MakeIncident) -> None:
    """The account is worth more than the title if there are two of them; else it is shown where it fits."""
    run = Run()
    run.add(make_incident("a.one"))
    assert selected(run).endswith("(428)")
    assert selected(run, 120).endswith("(428)  vm whatsapp default")
    run.add(make_incident("a.one", id="two", key={"host": "vm", "channel": "whatsapp", "account": "work"}))
    assert selected(run).endswith("…  vm whatsapp default")
    run.press("j")
    assert selected(run).endswith("…  vm whatsapp work")
    assert selected(run, 40).endswith("…")


def test_root_causes_by_urgency_and_what_ended_below(make_incident: MakeIncident) -> None:
    """Open before ended, severe before mild, old before new."""
    run = Run()
    run.add(
        make_incident("a.ended", title="over", status=Status.RESOLVED, resolved_at_ns=START_NS),
        make_incident("a.mild", title="mild", severity=Severity.WARNING),
        make_incident("a.new", title="newer", first_seen_ns=START_NS + NS),
        make_incident("a.old", title="older"),
        make_incident("a.worst", title="worst", severity=Severity.CRITICAL),
        make_incident("a.info", title="lesser", severity=Severity.INFO),
    )
    run.press("G")
    shown = [word for word in run.text(60, 40).split() if word in ("over", "mild", "newer", "older", "worst", "lesser")]
    assert shown == ["worst", "older", "newer", "mild", "over"]
    assert run.picture().hidden_count == 1


def test_details_of_what_is_forgotten_make_way_for_the_list(run: Run) -> None:
    """They never become those of another incident."""
    run.press("enter")
    run.board.shown.incidents.pop("id-whatsapp.session-terminated")
    run.board.shown.incidents.pop("id-whatsapp.flapping")
    assert "── Incidents" in run.text()


def test_what_ended_but_left_something_broken_counts_as_open(make_incident: MakeIncident) -> None:
    """A problem is over when all of it is."""
    run = Run()
    run.add(
        make_incident("a.cause", status=Status.RESOLVED, resolved_at_ns=START_NS),
        make_incident("a.consequence", caused_by="id-a.cause"),
    )
    assert run.picture().open_count == 1
    assert "1 consequence: a.consequence" in run.text()


def test_a_problem_is_as_high_as_it_is_said_to_be(run: Run, make_incident: MakeIncident) -> None:
    """The list is laid out before anything is drawn."""
    run.add(make_incident("a.ended", status=Status.RESOLVED), make_incident("a.bare", evidence=()))
    picture = run.picture()
    heights = {p.incident.failure_mode: panels.height(p) for p in picture.problems}
    assert heights == {"whatsapp.session-terminated": 3, "a.bare": 1, "a.ended": 1}
    for found in picture.problems:
        drawn = panels.problem(found, picture, run.view, 80, selected=False)
        assert len(drawn) == heights[found.incident.failure_mode]


def test_the_selection_follows_its_incident(make_incident: MakeIncident) -> None:
    """Not the row: what opens above moves it down. Nothing selected means the most urgent one."""
    run = Run()
    run.add(*(make_incident(f"a.{n}", title=f"number {n}", first_seen_ns=START_NS + n) for n in range(3)))
    assert "number 0" in selected(run)
    run.press("j", "down")
    assert "number 2" in selected(run)
    run.add(make_incident("a.worse", title="worse", severity=Severity.CRITICAL))
    assert "number 2" in selected(run)
    run.press("k", "up", "up", "up")
    assert "worse" in selected(run)
    run.press("G")
    assert "number 2" in selected(run)
    run.press("g")
    assert "worse" in selected(run)


def selected(run: Run, width: int = 80, height: int = 24) -> str:
    (line,) = [line for line in run.text(width, height).splitlines() if line.startswith("▸")]
    return line


def test_a_consequence_found_later_takes_the_selection_to_its_cause(make_incident: MakeIncident) -> None:
    """What is folded under another is found there."""
    run = Run()
    run.add(make_incident("a.one", title="one"), make_incident("a.two", title="two"))
    run.press("G")
    assert "two" in selected(run)
    run.add(make_incident("a.two", caused_by="id-a.one"))
    assert "one" in selected(run)


@pytest.mark.parametrize("height", [8, 12, 16, 24])
def test_the_selection_is_always_on_the_screen(height: int, make_incident: MakeIncident) -> None:
    """However many incidents there are, and in whichever direction one goes."""
    run = Run()
    run.add(*(make_incident(f"a.{n}", title=f"number {n:02}", first_seen_ns=START_NS + n) for n in range(50)))
    for n in range(50):
        assert f"number {n:02}" in selected(run, 80, height)
        run.press("j")
    for n in reversed(range(50)):
        assert f"number {n:02}" in selected(run, 80, height)
        run.press("k")
    run.press("pagedown")
    assert "number 00" not in selected(run, 80, height)
    run.press("pageup")
    assert "number 00" in selected(run, 80, height)


def test_details_are_scrolled_to_the_end_and_back(run: Run) -> None:
    """Everything of the block is reachable, consequences included, and Esc leads back."""
    run.press("enter")
    first = run.text(60, 12)
    assert "ERROR  WhatsApp ends every session" in first
    seen = first
    for _ in range(60):
        run.press("down")
        seen += run.text(60, 12)
    for words in (
        "Cause: The stored",
        "session ended (428)",
        "$ openclaw channels login",
        "Check: The channel",
        "─ end ─",
    ):
        assert words in seen
    assert "whatsapp.flapping, open since" in seen
    run.press("home")
    assert run.text(60, 12) == first
    run.press("escape")
    assert "── Events" in run.text(60, 24)


def test_details_grow_with_their_incident(run: Run, make_incident: MakeIncident) -> None:
    """What is open is shown as it stands now, and not as its last transition said."""
    grown = make_incident("whatsapp.session-terminated", count=3)
    run.board.current = lambda name: grown if name == grown.id else None
    assert " 3x " in selected(run)
    run.press("enter")
    assert "seen 3 times" in run.text()


def test_commands_and_wide_text_are_folded_and_not_lost(make_incident: MakeIncident) -> None:
    """Details wrap by cells what their lines cannot hold."""
    words = "漢字" * 100
    run = Run()
    run.add(make_incident(evidence=(Evidence(source="log", line=1, time_ns=None, event="x", text=words),)))
    run.press("enter")
    run.screen.rows(run.picture(), 40, 60)
    shown = run.text(40, 60)
    assert shown.count("漢") > 50
    assert all(row.cell_len <= 40 for row in run.rows(40, 60))


def test_hostile_text_stays_on_its_row(make_incident: MakeIncident) -> None:
    """Nothing that was logged reaches the screen as a control character, wherever it stands."""
    run = Run()
    evidence = Evidence(source=Evil, line=1, time_ns=None, event=Evil, text=Evil)
    run.add(make_incident(title=Evil, key={"host": Evil, "account": Evil}, evidence=(evidence,), summary=Evil))
    run.happen(event("channel.connected", host=Evil, channel=Evil, account=Evil, reason=Evil))
    for keys in ((), ("enter",)):
        run.press(*keys)
        rows = run.rows()
        assert max(row.cell_len for row in rows) <= 80
        text = "".join(row.plain for row in rows)
        assert not any(c < " " or c in "\x7f\x9b\u202e\u200b\u200d" for c in text)
        assert "owned" not in text
        assert "漢" in text


@settings(max_examples=often(60), deadline=None)
@given(words=st.text(max_size=60), width=st.integers(1, 130), height=st.integers(1, 40))
def test_any_text_fits_any_size(words: str, width: int, height: int) -> None:
    """Exactly as many rows as asked for, none wider."""
    run = Run()
    run.happen(event(words or "x", channel=words, account=words, other=words))
    run.happen(event("channel.connected", channel=words, account=words))
    rows = run.rows(width, height)
    assert len(rows) == height
    assert max(row.cell_len for row in rows) <= width


def test_what_is_secret_is_masked(make_incident: MakeIncident) -> None:
    """Numbers of people, in channels, keys, evidence and events."""
    run, number = Run(), "+4915112345678"
    evidence = Evidence(source="log", line=1, time_ns=None, event="x", text=f"message from {number}")
    run.add(make_incident(key={"account": number}, evidence=(evidence,), summary=f"About {number}"))
    run.happen(event("channel.connected", channel="whatsapp", account=number), event("x.y", text=f"to {number}"))
    shown = run.text(120)
    run.press("enter")
    assert number[1:] not in shown + run.text(120)
    assert shown.count("<phone:") >= 4


def test_hosts_are_named_where_there_are_several() -> None:
    """One installation needs no name."""
    run = Run()
    run.happen(event("channel.connected", host="a", channel="telegram"))
    assert "● telegram connected" in run.text()
    run.happen(event("channel.connected", host="b", channel="telegram"))
    assert "● a telegram connected" in run.text()
    assert "● b telegram connected" in run.text()


def test_of_many_channels_the_worst_are_shown_and_all_are_counted() -> None:
    """A thousand connected accounts do not hide the one that is refused."""
    run = Run()
    run.happen(*(event("channel.connected", channel="telegram", account=f"a{n}") for n in range(300)))
    run.happen(event("channel.logged_out", channel="whatsapp", account="z"))
    text = run.text()
    assert "1 refused, 300 connected" in text
    assert "● whatsapp z refused" in text
    assert "── Events" in text


def test_equal_events_in_a_row_are_one() -> None:
    """With their number and the time of the last."""
    run = Run()
    run.happen(*(event("channel.gave_up", n, channel="whatsapp") for n in range(3)))
    assert "  00:00:02  channel.gave_up 3x whatsapp" in run.text()


def test_the_last_events_are_shown_and_remembered_up_to_a_bound() -> None:
    """The latest stands last."""
    run = Run()
    run.happen(*(event(f"a.e{n}", n) for n in range(RECENT + 50)))
    assert len(run.picture().events) == RECENT
    assert run.text().splitlines()[-2].endswith(f"a.e{RECENT + 49}")


def test_rates_are_those_of_the_last_seconds() -> None:
    """They come down when nothing comes any more."""
    run = Run()
    for second in range(1, 11):
        run.accounting.lines = 100 * second
        picture = run.picture(float(second))
    assert picture.rate.lines == pytest.approx(100)
    for second in range(11, 20):
        picture = run.picture(float(second))
    assert picture.rate.lines == 0
    assert picture.total.lines == 1000


@pytest.mark.parametrize(
    ("behind_s", "state", "lag"),
    [(0.3, "LIVE", "lag 0.3s"), (45, "LIVE", "lag 45s"), (7200, "REPLAY", "lag 2h00m"), (-300, "LIVE", "5m ahead")],
)
def test_a_live_log_is_told_from_a_replayed_one(
    behind_s: float, state: str, lag: str, make_incident: MakeIncident
) -> None:
    """By how old its lines are when they arrive; ages count from the clock of the log."""
    run = Run()
    run.add(make_incident(first_seen_ns=START_NS - 180 * NS))
    run.now_ns = START_NS + round(behind_s * NS)
    run.happen(event())
    text = run.text()
    assert state in text.splitlines()[0]
    assert lag in text
    assert " 3m " in selected(run)


def test_unknown_warnings_are_counted_on_the_screen() -> None:
    """With the number of their kinds."""
    run = Run()
    run.accounting.unknown_warnings, run.accounting.unknown_errors = 3, 1
    run.accounting.unknown_heads = {"1": "a", "2": "b"}
    assert "unknown 3 warnings, 1 error of 2 kinds" in run.text()


def test_nothing_read_is_not_health() -> None:
    """Before the first byte nothing is said about incidents; advice takes their place."""
    run = Run()
    run.accounting = Accounting()
    assert "WAITING" in run.text()
    assert "No incidents" not in run.text()
    advised = run.screen.rows(run.picture(), 40, 24, "The producer is silent: no line has arrived in ten seconds")
    assert [row.plain for row in advised[4:6]] == [
        "The producer is silent: no line has",
        "      arrived in ten seconds",
    ]
    run.accounting = Accounting(bytes=1, lines=1)
    assert "No incidents at warning or above." in run.text()


def test_a_paused_screen_says_so(run: Run) -> None:
    """And what it shows is up to whoever takes the pictures."""
    run.press("p")
    assert (run.screen.paused, "PAUSED" in run.text()) == (True, True)
    run.press("p")
    assert "LIVE" in run.text()


def test_help_leads_back_to_where_it_came_from(run: Run) -> None:
    """? from the list and from details, back by ? or Esc; q ends from anywhere."""
    run.press("enter", "?")
    assert "── Help" in run.text()
    run.press("escape")
    assert "── whatsapp.session-terminated" in run.text()
    run.press("escape", "?", "?")
    assert "── Events" in run.text()
    run.press("unknown", "x", "repaint")
    assert not run.screen.quitting
    run.press("?", "q")
    assert run.screen.quitting


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0s"), (59.9, "59s"), (60, "1m"), (3599, "59m"), (3600, "1h00m"), (90_000, "1d01h"), (10**8, "1157d")],
)
def test_durations_are_short(seconds: float, words: str) -> None:
    """At most six characters, also for a log from another decade."""
    assert duration(seconds) == words
    assert len(words) <= 6


def test_an_age_is_never_negative() -> None:
    """Nor is one made up where a time is missing."""
    assert age(5 * NS, 3 * NS) == "0s"
    assert age(None, 0) == "-"
