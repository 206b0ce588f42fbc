"""
The charts of a report as geometry: states of channels, incidents, and disconnects by code, on one time axis.

Enters: an activity and the incidents that are shown. Leaves: marks with a place, a class and a text each, which the
template draws as SVG, and rows of tables that say the same. Across, every chart has `WIDE` units from the first to the
last time of the log; the script of the report zooms by changing the part that is seen. Marks are bounded in number, and
what is left out is counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta, tzinfo
from typing import NamedTuple

from loganalyzer import sanitize
from loganalyzer.activity import Activity, Close
from loganalyzer.lanes import MAX_SPELLS, Lane, Spell, lengths
from loganalyzer.model import Incident
from loganalyzer.outputs.accounting import number, plural
from loganalyzer.outputs.base import NS, View, day_and_time, duration, zone_name
from loganalyzer.outputs.deeds import deeds

WIDE = 1_000_000
"""Units from the left to the right end of a chart."""
MS = 1_000_000
MODES = 24
"""Rows of incidents, one a failure mode."""
BARS = 1000
"""Incidents drawn."""
SERIES = 8
"""Codes told apart in the chart of disconnects; rarer ones are one series."""
ROWS = 200
"""Rows of a table that stands for a chart."""
HEIGHTS = {"connected": 24, "connecting": 44, "stopped": 12, "disconnected": 72, "refused": 100}
"""The worse a state, the higher its mark, of 100: a chart must not speak by colour alone."""


class Mark(NamedTuple):
    """Something drawn from `x` on, `width` units wide."""

    x: int
    width: int
    y: float
    """From the top, of 100."""
    height: float
    look: str
    """Names its colour."""
    tip: str
    href: str = ""


class Track(NamedTuple):
    """A row of marks with a name and a sentence that says what it shows."""

    name: str
    about: str
    marks: list[Mark]


class Series(NamedTuple):
    """A code in the chart of disconnects."""

    look: str
    name: str
    total: int


class Bars(NamedTuple):
    """Disconnects by time: stacks of marks, the series, and what the highest stack counts."""

    marks: list[Mark]
    series: list[Series]
    peak: int
    about: str
    bucket: str


class Charts(NamedTuple):
    """All charts of a report and the tables that say the same."""

    start_ms: int
    end_ms: int
    offsets: list[list[int]]
    """Zone: from when on [ms] which offset east of UTC [min] holds."""
    zone: str
    states: list[Track]
    incidents: list[Track]
    incidents_left_out: int
    bars: Bars | None
    state_rows: list[tuple[str, str, str, str, str]]
    state_rows_left_out: int
    bar_rows: list[tuple[str, str, str, str]]
    bar_rows_left_out: int


class Axis(NamedTuple):
    """Places times on the charts."""

    first_ns: int
    last_ns: int

    def x(self, time_ns: int) -> int:
        """Where a time is; what lies outside is at the edge."""
        part = min(max(time_ns, self.first_ns), self.last_ns) - self.first_ns
        return part * WIDE // (self.last_ns - self.first_ns)

    def stretch(self, start_ns: int, end_ns: int) -> tuple[int, int]:
        """Where a stretch of time begins and how wide it is; never without any width, which would not be seen."""
        x = min(self.x(start_ns), WIDE - 1)
        return x, max(self.x(end_ns) - x, 1)


def charts(
    activity: Activity | None,
    incidents: Sequence[Incident],
    linked: AbstractSet[str],
    span: tuple[int | None, int | None],
    view: View,
) -> Charts | None:
    """
    Draws what there is to draw.

    Args:
        incidents: Those that are shown.
        linked: Ids of incidents that the page holds in full.
        span: First and last time of the log [ns, UTC].

    Returns:
        None if nothing has a time.
    """
    first, last = span
    if first is None or last is None or "-" in (day_and_time(first, view.tz), day_and_time(last, view.tz)):
        return None
    axis = Axis(first, max(last, first + NS))
    lanes = activity.lanes if activity is not None else ()
    bars = _bars(activity, axis, view) if activity is not None and activity.closes else None
    tracks, left_out = _incidents(incidents, linked, axis, view)
    tracks = [*(_deeds(activity, axis, view) if activity is not None else ()), *tracks]
    states = [_track(lane, axis, view) for lane in lanes]
    state_rows = [row for lane in lanes for row in _state_rows(lane, axis, view)]
    closes = activity.closes if activity is not None else ()
    if not (tracks or states or bars):
        return None
    return Charts(
        start_ms=axis.first_ns // MS,
        end_ms=-(-axis.last_ns // MS),
        offsets=offsets(axis, view.tz),
        zone=zone_name(view.tz, axis.last_ns),
        states=states,
        incidents=tracks,
        incidents_left_out=left_out,
        bars=bars,
        state_rows=state_rows[:ROWS],
        state_rows_left_out=max(len(state_rows) - ROWS, 0),
        bar_rows=[
            (day_and_time(c.start_ns, view.tz), _text(c.channel, view), _code(c), number(c.times))
            for c in closes[:ROWS]
        ],
        bar_rows_left_out=max(len(closes) - ROWS, 0),
    )


def _track(lane: Lane, axis: Axis, view: View) -> Track:
    name = _name(lane, view)
    marks = []
    bad = 0
    for spell, end in lengths(lane, axis.last_ns):
        bad += spell.changes if spell.state.value in ("disconnected", "refused") else 0
        state = spell.state.value
        tip = f"{name}: {_words(spell, end, view)}"
        place = axis.stretch(spell.start_ns, end)
        marks.append(Mark(*place, (100 - HEIGHTS[state]) / 2, HEIGHTS[state], state, tip))
    last = f"{lane.spells[-1].state.value} at the end" if lane.spells else "nothing known"
    about = f"{name}: {last}, {plural(len(marks), 'spell')}, {plural(bad, 'time')} disconnected or refused"
    return Track(name, about, marks)


def _words(spell: Spell, end_ns: int, view: View) -> str:
    state = spell.state.value + (f" ({spell.code})" if spell.code is not None else "")
    if spell.changes > 1:
        state = f"{plural(spell.changes, 'change')}, at worst {state}"
    start, end = day_and_time(spell.start_ns, view.tz), day_and_time(end_ns, view.tz)
    return f"{state}, {start} to {end} ({duration(end_ns - spell.start_ns)})"


def _state_rows(lane: Lane, axis: Axis, view: View) -> list[tuple[str, str, str, str, str]]:
    name = _name(lane, view)
    return [
        (
            name,
            spell.state.value + (f" ({spell.changes} changes)" if spell.changes > 1 else ""),
            day_and_time(spell.start_ns, view.tz),
            duration(end - spell.start_ns),
            "" if spell.code is None else str(spell.code),
        )
        for spell, end in lengths(lane, axis.last_ns)[:MAX_SPELLS]
    ]


def _incidents(
    incidents: Sequence[Incident], linked: AbstractSet[str], axis: Axis, view: View
) -> tuple[list[Track], int]:
    modes: dict[str, list[Incident]] = {}
    for incident in incidents:
        if incident.first_seen_ns is not None:
            modes.setdefault(incident.failure_mode, []).append(incident)
    drawn = 0
    tracks = []
    for mode, found in list(modes.items())[:MODES]:
        part = found[: BARS - drawn]
        drawn += len(part)
        marks = [_incident(incident, linked, axis, view) for incident in part]
        name = sanitize.line(mode)
        worst = max(incident.severity for incident in found).label
        tracks.append(Track(name, f"{name}: {plural(len(found), 'incident')}, at most {worst}", marks))
    return tracks, sum(map(len, modes.values())) - drawn


def _deeds(activity: Activity, axis: Axis, view: View) -> list[Track]:
    """What was done, as a row above the incidents that may have come of it."""
    marks = [
        Mark(*axis.stretch(action.time_ns, action.time_ns), 0, 100, "deed", f"{deed.text}, {deed.time} {deed.detail}")
        for action, deed in zip(activity.actions, deeds(activity, view)[0], strict=True)
        if action.time_ns is not None
    ]
    return [Track("what was done", f"What was done: {plural(len(marks), 'action')}", marks)] if marks else []


def _incident(incident: Incident, linked: AbstractSet[str], axis: Axis, view: View) -> Mark:
    start = incident.first_seen_ns or axis.first_ns
    end = incident.resolved_at_ns or (axis.last_ns if incident.status.value == "open" else incident.last_seen_ns)
    end = max(start, end or start)
    words = f"{incident.severity.label}, {incident.status.value}, {plural(incident.count, 'time')}"
    times = f"{day_and_time(start, view.tz)} to {day_and_time(end, view.tz)} ({duration(end - start)})"
    href = f"#i-{incident.id}" if incident.id in linked else ""
    tip = f"{sanitize.line(incident.failure_mode)}: {words}, {times}"
    return Mark(*axis.stretch(start, end), 0, 100, incident.severity.label, tip, href)


def _bars(activity: Activity, axis: Axis, view: View) -> Bars:
    totals: dict[tuple[str, str], int] = {}
    stacks: dict[int, int] = {}
    for close in activity.closes:
        key = (close.channel, _code(close))
        totals[key] = totals.get(key, 0) + close.times
        stacks[close.start_ns] = stacks.get(close.start_ns, 0) + close.times
    ordered = sorted(totals, key=lambda key: (-totals[key], key))
    looks = {key: f"c{index}" for index, key in enumerate(ordered[:SERIES])}
    several = len({channel for channel, _ in totals}) > 1
    series = [
        Series(looks[key], _text(f"{key[0]} {key[1]}" if several else key[1], view), totals[key])
        for key in ordered[:SERIES]
    ]
    rest = sum(totals[key] for key in ordered[SERIES:])
    if rest:
        series.append(Series(f"c{SERIES}", "other", rest))
    peak = max(stacks.values())
    marks = []
    heights: dict[int, float] = {}
    for close in activity.closes:
        look = looks.get((close.channel, _code(close)), f"c{SERIES}")
        height = 100 * close.times / peak
        top = heights[close.start_ns] = heights.get(close.start_ns, 100.0) - height
        x, width = axis.stretch(close.start_ns, close.start_ns + activity.bucket_ns)
        when = f"{day_and_time(close.start_ns, view.tz)}, {duration(activity.bucket_ns)}"
        tip = f"{_text(close.channel, view)} {_code(close)}: {plural(close.times, 'disconnect')}, {when}"
        marks.append(Mark(x, width, round(top, 3), round(height, 3), look, tip))
    total = sum(totals.values())
    names = ", ".join(f"{number(one.total)} × {one.name}" for one in series)
    return Bars(marks, series, peak, f"{plural(total, 'disconnect')}: {names}", duration(activity.bucket_ns))


def _code(close: Close) -> str:
    return "no code" if close.code is None else str(close.code)


def _name(lane: Lane, view: View) -> str:
    host, channel, account = lane.channel
    known = view.redact.key({"host": host, "channel": channel, "account": account})
    name = " · ".join(str(known[part]) for part in ("channel", "account") if known[part] is not None)
    return sanitize.shorten(sanitize.line(f"{name} @ {known['host']}" if host else name), 80)


def _text(text: str, view: View) -> str:
    return sanitize.shorten(sanitize.line(view.redact(text)), 80)


def offsets(axis: Axis, tz: tzinfo) -> list[list[int]]:
    """Where the zone changes its offset between the ends of the axis; looked at once a day, at most 40 changes."""

    def offset(time_ns: int) -> int:
        return int((datetime.fromtimestamp(time_ns // NS, tz).utcoffset() or timedelta()).total_seconds() // 60)

    day = 86_400 * NS
    found = [[axis.first_ns // MS, offset(axis.first_ns)]]
    if axis.last_ns - axis.first_ns > 4000 * day:
        return found
    for time_ns in range(axis.first_ns, axis.last_ns + day, day):
        here = offset(min(time_ns, axis.last_ns))
        if here != found[-1][1] and len(found) < 40:
            low, high = max(time_ns - day, axis.first_ns), min(time_ns, axis.last_ns)
            while high - low > 60 * NS:
                middle = (low + high) // 2
                low, high = (low, middle) if offset(middle) == here else (middle, high)
            found.append([high // MS, here])
    return found
