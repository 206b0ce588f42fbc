"""
The parts of the live screen: header, channels, an incident, events.

Enters: a snapshot. Leaves: rows of styled text, each cut to the width in cells, everything masked and safe.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.cells import cell_len
from rich.text import Text

from loganalyzer import sanitize
from loganalyzer.channels import Change, State
from loganalyzer.model import Event, Incident, Status
from loganalyzer.outputs.accounting import number, plural, size
from loganalyzer.outputs.base import NS, Problem, View, day_and_time, zone_name
from loganalyzer.outputs.blocks import source, tail
from loganalyzer.outputs.board import Snapshot, is_open
from loganalyzer.outputs.text import STYLES

Piece = tuple[str, str]
"""Words and their rich style."""
NARROW = 60
"""Below this width numbers give way to words [cells]."""
SHORT = {"error": "err", "resolved": "done"}
"""Names of severities and states there, where the first four letters do not do."""
GAP = 3
"""Between facts that stand side by side [cells]."""
STATES = {
    State.REFUSED: "bold red",
    State.DISCONNECTED: "red",
    State.STOPPED: "yellow",
    State.CONNECTING: "yellow",
    State.CONNECTED: "green",
}
"""Styles of the states of a channel, worst first."""
LEVELS = {"warn": "yellow", "error": "red", "fatal": "red"}


def row(width: int, *pieces: Piece) -> Text:
    """Puts pieces on one row and cuts it to the width."""
    text = Text(no_wrap=True)
    for words, style in pieces:
        text.append(sanitize.shorten(words, 4 * width), style)
    text.truncate(width, overflow="ellipsis")
    return text


def rule(width: int, title: str, note: str = "") -> Text:
    """Gives the line above a part, with its title."""
    pieces = [("── ", "dim"), (sanitize.line(title), "bold"), (" ", ""), *[(f"─ {note} ", "dim")] * bool(note)]
    used = sum(cell_len(words) for words, _ in pieces)
    return row(width, *pieces, ("─" * max(width - used, 0), "dim"))


def header(snapshot: Snapshot, paused: bool, view: View, width: int, room: int) -> list[Text]:
    """Gives what is read and how it goes, on at most `room` rows."""
    state, style = _state(snapshot, paused)
    badge = f" {state} "
    name = (
        "standard input" if snapshot.source == "-" else tail(source(snapshot.source), max(width - 15 - len(badge), 8))
    )
    first = row(width - len(badge), ("loganalyzer", "bold"), (f"  {name}", ""))
    first.pad_right(width - len(badge) - first.cell_len)
    first.append(badge, style)
    return [first, *_flow([row(width, *fact) for fact in _facts(snapshot, view)], width)[: room - 1]]


def channels(snapshot: Snapshot, view: View, width: int, room: int) -> list[Text]:
    """Gives the states of the channels below a title, as a grid of at most `room` rows."""
    if not snapshot.channels:
        return []
    hosts = {change.channel.host for change in snapshot.channels}
    cells = {change: row(width, *_channel(change, snapshot, view, len(hosts) > 1)) for change in snapshot.channels}
    wide = max(text.cell_len for text in cells.values()) + GAP
    columns = max((width + GAP) // wide, 1)
    shown = list(snapshot.channels)
    counts = Counter(change.state for change in shown)
    note = ", ".join(f"{number(counts[state])} {state.value}" for state in STATES if counts[state])
    if len(shown) > columns * room:
        order = list(STATES)
        shown = sorted(shown, key=lambda change: order.index(change.state))[: columns * room]
    rows = []
    for start in range(0, len(shown), columns):
        line = Text(no_wrap=True)
        for change in shown[start : start + columns]:
            line.pad_right(-line.cell_len % wide)
            line.append_text(cells[change])
        rows.append(line)
    return [rule(width, "Channels", note), *rows]


def no_incidents(snapshot: Snapshot, view: View, width: int) -> Text:
    """Says that there is nothing to report; silence is no proof of health."""
    if not snapshot.total.bytes:
        return row(width, ("  Nothing was read yet.", "dim"))
    hidden = f"; {number(snapshot.hidden_count)} below that" * bool(snapshot.hidden_count)
    return row(width, (f"  No incidents at {view.min_severity.label} or above{hidden}.", "green"))


def height(found: Problem) -> int:
    """Gives how many rows `problem` gives."""
    if not is_open(found):
        return 1
    return 1 + bool(found.incident.evidence) + bool(found.consequences)


def problem(
    found: Problem, snapshot: Snapshot, view: View, width: int, *, selected: bool, alike: bool = False
) -> list[Text]:
    """
    Gives the rows of a problem: what it is; while it is open, its last evidence and what follows from it.

    Args:
        alike: There are others of the same failure mode: which one it is must be said, even at the cost of the title.
    """
    incident = found.incident
    going_on = is_open(found)
    ended = incident.status is not Status.OPEN
    since = incident.resolved_at_ns if incident.status is Status.RESOLVED else incident.first_seen_ns
    label, style = (incident.status.value, "green") if ended else (incident.severity.label, _severity(incident))
    label, numbers = f"{label:<9}", f"{age(since, snapshot.clock_ns):>7}"
    if width < NARROW:
        label = f"{SHORT.get(label.rstrip(), label[:4]):<4}"
    else:
        numbers += f" {_times(incident.count):>6} {incident.confidence:>4.0%}"
    where = sanitize.line(" ".join(v for v in view.redact.key(incident.key).values() if v is not None))
    title = Text(sanitize.line(sanitize.shorten(incident.title, width)))
    room = width - 2 - len(label) - len(numbers) - 4
    if alike:
        title.truncate(max(room - cell_len(where), room // 2), overflow="ellipsis")
    elif title.cell_len + cell_len(where) > room:
        where = ""
    head = row(
        width,
        ("▸ " if selected else "  ", "bold"),
        (label.rstrip(), style),
        (" " * (len(label) - len(label.rstrip())), ""),
        (numbers, "" if going_on else "dim"),
        ("  " + title.plain, "bold" if going_on else "dim"),
        ("  " + where, "dim"),
    )
    if selected:
        head.pad_right(width - head.cell_len)
        head.stylize("reverse")
    rows = [head]
    if going_on and incident.evidence:
        last = incident.evidence[-1]
        text = sanitize.line(view.redact.about(sanitize.shorten(last.text, 8 * width), incident.key))
        rows.append(row(width, (f"    {time_of_day(last.time_ns, view)}  ", "dim"), (text, "")))
    if going_on and found.consequences:
        modes = Counter(sanitize.line(i.failure_mode) for i in found.consequences)
        names = ", ".join(mode + f" {_times(count)}" * (count > 1) for mode, count in modes.items())
        rows.append(row(width, (f"    └ {plural(len(found.consequences), 'consequence')}: {names}", "dim")))
    return rows


def events(snapshot: Snapshot, view: View, width: int, room: int) -> list[Text]:
    """Gives the last events below a title, as many as there is room for; equal ones in a row are one."""
    if room < 2 or not snapshot.events:
        return []
    runs: list[tuple[Event, int]] = []
    for event in reversed(snapshot.events):
        if runs and (runs[-1][0].type, runs[-1][0].attributes) == (event.type, event.attributes):
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        elif len(runs) == room - 1:
            break
        else:
            runs.append((event, 1))
    return [rule(width, "Events"), *(_event(event, times, view, width) for event, times in reversed(runs))]


def age(since_ns: int | None, now_ns: int) -> str:
    """Writes how long ago something was: `12s`, `3m`, `2h05m`, `4d`; `-` for an unknown time."""
    return "-" if since_ns is None else duration(max(now_ns - since_ns, 0) / NS)


def duration(seconds: float) -> str:
    """Writes a duration [s] in at most six characters."""
    minutes = int(seconds) // 60
    hours, days = minutes // 60, minutes // 1440
    if not minutes:
        return f"{int(seconds)}s"
    if not hours:
        return f"{minutes}m"
    if not days:
        return f"{hours}h{minutes % 60:02d}m"
    return f"{days}d{hours % 24:02d}h" if days < 100 else f"{days}d"


def time_of_day(time_ns: int | None, view: View) -> str:
    """Writes a time without its date."""
    return day_and_time(time_ns, view.tz)[-8:]


def _state(snapshot: Snapshot, paused: bool) -> Piece:
    if paused:
        return "PAUSED", "bold yellow reverse"
    if not snapshot.total.bytes:
        return "WAITING", "bold yellow"
    return ("REPLAY", "bold cyan") if snapshot.is_replay else ("LIVE", "bold green")


def _facts(snapshot: Snapshot, view: View) -> list[list[Piece]]:
    """What goes on, the most important first."""
    facts: list[list[Piece]] = []
    if snapshot.log_ns is not None and snapshot.lag_ns is not None:
        clock = f"{day_and_time(snapshot.log_ns, view.tz)} {zone_name(view.tz, snapshot.log_ns)}"
        facts.append([("log ", "dim"), (clock, "")])
        facts.append([("lag ", "dim"), (_lag(snapshot.lag_ns), "yellow" if abs(snapshot.lag_ns) > 10 * NS else "")])
    total, rate = snapshot.total, snapshot.rate
    facts.append([("lines ", "dim"), (number(int(total.lines)), ""), (f" ({_rate(rate.lines)}/s)", "dim")])
    facts.append([("events ", "dim"), (number(int(total.events)), ""), (f" ({_rate(rate.events)}/s)", "dim")])
    unknown = snapshot.unknown_warnings + snapshot.unknown_errors
    if unknown:
        words = [plural(snapshot.unknown_warnings, "warning")] * bool(snapshot.unknown_warnings)
        words += [plural(snapshot.unknown_errors, "error")] * bool(snapshot.unknown_errors)
        facts.append(
            [("unknown ", "dim"), (f"{', '.join(words)} of {plural(snapshot.unknown_kinds, 'kind')}", "yellow")]
        )
    facts.append([("read ", "dim"), (size(int(total.bytes)), ""), (f" ({size(int(rate.bytes))}/s)", "dim")])
    facts.append([("up ", "dim"), (duration(snapshot.running_s), "")])
    return facts


def _lag(lag_ns: int) -> str:
    seconds = abs(lag_ns) / NS
    text = f"{seconds:.1f}s" if seconds < 10 else duration(seconds)
    return f"{text} ahead" if lag_ns < -NS else text


def _rate(value: float) -> str:
    return f"{value:.1f}" if 0 < value < 10 else number(round(value))


def _flow(facts: Sequence[Text], width: int) -> list[Text]:
    """Puts facts side by side, as many on a row as there is room for."""
    rows: list[Text] = []
    for fact in facts:
        if rows and rows[-1].cell_len + GAP + fact.cell_len <= width:
            rows[-1].append(" " * GAP).append_text(fact)
        else:
            rows.append(fact)
    return rows


def _channel(change: Change, snapshot: Snapshot, view: View, with_host: bool) -> list[Piece]:
    channel = change.channel
    style = STATES[change.state]
    account = None if channel.account is None else str(view.redact.value("account", channel.account))
    names = (channel.host if with_host else None, channel.channel, account)
    words = change.state.value + ("" if change.code is None else f" {change.code}")
    return [
        ("● ", style),
        (sanitize.line(" ".join(name for name in names if name)) + " ", ""),
        (words, style),
        (f" {age(change.time_ns, snapshot.clock_ns)}", "dim"),
    ]


def _event(event: Event, times: int, view: View, width: int) -> Text:
    attributes = view.redact.attributes(event.attributes)
    where = [str(attributes.pop(name)) for name in ("channel", "account") if name in attributes]
    rest = [
        f"{name}={value:g}" if isinstance(value, float) else f"{name}={value}" for name, value in attributes.items()
    ]
    return row(
        width,
        (f"  {time_of_day(event.time_ns, view):>8}  ", "dim"),
        (f"{sanitize.line(event.type)} ", LEVELS.get(event.level or "", "")),
        (f"{_times(times)} " if times > 1 else "", "bold"),
        (sanitize.line(" ".join([*where, *rest])), "dim"),
    )


def _severity(incident: Incident) -> str:
    return STYLES[incident.severity.label]


def _times(count: int) -> str:
    return f"{count}x" if count < 10_000 else f"{count // 1000}kx"
