"""
The history of incidents as a table of figures, as bars over time, and as a page.

Enters: figures of reliability and rows of a history, as plain values. Leaves: text that fits the width of the view, or
HTML like that of a report.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from loganalyzer import sanitize
from loganalyzer.outputs import charts, html
from loganalyzer.outputs.accounting import plural
from loganalyzer.outputs.base import NS, View, day_and_time, duration, zone_name

SHARES = "▁▂▃▄▅▆▇█"
"""From hardly ever to all the time."""
NEVER = "·"
LEAST_BARS = 20
NOTHING = "No incidents in this range"


def table(figures: Sequence[Mapping[str, Any]], view: View) -> str:
    """Gives a row for each failure mode and channel; times in seconds and [ns, UTC] become words."""
    import tabulate

    if not figures:
        return f"{NOTHING}.\n"
    tabulate.MIN_PADDING = 0
    body = tabulate.tabulate(_cells(figures, view), _headers(figures, view), tablefmt=view.tablefmt or "simple")
    if view.tablefmt is not None:
        return body + "\n"
    return f"{body}\n\nlasted: in all; recovers, apart: medians of what ended, and from one begin to the next.\n"


def page(figures: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]], view: View) -> Iterator[str]:
    """
    Yields a page like that of a report: the figures, and when what was wrong.

    Errors:
        UsageError: Jinja2 is not installed.
    """
    timed = [row for row in rows if row["first_seen_ns"] is not None]
    drawn = timed[-charts.BARS :]
    values: dict[str, Any] = {
        "title": "How reliable this gateway was" if figures else NOTHING,
        "headers": _headers(figures, view) if figures else [],
        "figures": _cells(figures, view),
        "span": "",
        "tracks": [],
        "left_out": len(timed) - len(drawn),
    }
    if drawn:
        axis = charts.Axis(min(row["first_seen_ns"] for row in drawn), max(_end(row) for row in drawn) + NS)
        lanes: dict[str, list[charts.Mark]] = {}
        for row in drawn:
            lanes.setdefault(_name(row), []).append(_mark(row, axis, view))
        values |= {
            "tracks": [charts.Track(name, f"{name}: {plural(len(m), 'incident')}", m) for name, m in lanes.items()],
            "span": " to ".join(day_and_time(at, view.tz, seconds=False) for at in axis),
            "start_ms": axis.first_ns // charts.MS,
            "end_ms": -(-axis.last_ns // charts.MS),
            "offsets": charts.offsets(axis, view.tz),
            "zone": zone_name(view.tz, axis.last_ns),
        }
    yield html.filled("history.html", values)


def _mark(row: Mapping[str, Any], axis: charts.Axis, view: View) -> charts.Mark:
    start, end = row["first_seen_ns"], _end(row)
    times = f"{day_and_time(start, view.tz)} to {day_and_time(end, view.tz)} ({duration(end - start)})"
    tip = f"{_name(row)}: {row['severity']}, {row['status']}, {plural(row['count'], 'time')}, {times}"
    return charts.Mark(*axis.stretch(start, end), 0, 100, row["severity"], tip)


def _headers(figures: Sequence[Mapping[str, Any]], view: View) -> list[str]:
    zone = zone_name(view.tz, figures[0]["last_seen_ns"])
    return ["failure mode", "channel", "times", "open", "lasted", "recovers", "apart", f"last seen ({zone})"]


def _cells(figures: Sequence[Mapping[str, Any]], view: View) -> list[list[Any]]:
    return [
        [
            one["failure_mode"],
            sanitize.line(one["channel"]) or "-",
            one["times"],
            one["open"] or "",
            _length(one["lasted_s"]),
            _length(one["to_recover_s"]),
            _length(one["between_s"]),
            day_and_time(one["last_seen_ns"], view.tz, seconds=False),
        ]
        for one in figures
    ]


def bars(rows: Sequence[Mapping[str, Any]], view: View) -> Iterator[str]:
    """
    Yields a line for each failure mode and channel: how much of each stretch of time it was open.

    Args:
        rows: Incidents of a history, with `first_seen_ns`, `last_seen_ns`, `resolved_at_ns` [ns, UTC].
    """
    timed = [row for row in rows if row["first_seen_ns"] is not None]
    if not timed:
        yield f"{NOTHING}.\n"
        return
    begin = min(row["first_seen_ns"] for row in timed)
    end = max(*(_end(row) for row in timed), begin + NS)
    spans: dict[str, list[tuple[int, int]]] = {}
    for row in timed:
        spans.setdefault(_name(row), []).append((row["first_seen_ns"], _end(row)))
    label = max(map(len, spans))
    count = max(LEAST_BARS, view.width - label - 1)
    size = -(-(end - begin) // count)
    for name, open_at in sorted(spans.items(), key=lambda item: -len(item[1])):
        shares = [0.0] * count
        for first, last in open_at:
            for index in range((first - begin) // size, min((last - begin) // size, count - 1) + 1):
                covered = min(last, begin + (index + 1) * size) - max(first, begin + index * size)
                shares[index] += max(covered / size, 1e-9)
        yield f"{name:<{label}} {''.join(map(_bar, shares))}\n"
    left, right = (day_and_time(at, view.tz, seconds=False) for at in (begin, end))
    yield f"{'':<{label}} {left}{right:>{max(count - len(left), len(right) + 1)}}\n"
    yield f"\nA bar is {duration(size)}; its height is how much of that the failure mode was open.\n"


def _length(seconds: float | None) -> str:
    return "-" if seconds is None else duration(round(seconds * NS))


def _name(row: Mapping[str, Any]) -> str:
    mode, channel = row["failure_mode"], sanitize.line(row["channel"] or "")
    return mode if not channel or mode.startswith(f"{channel}.") else f"{mode} {channel}"


def _end(row: Mapping[str, Any]) -> int:
    found: int = row["resolved_at_ns"] or row["last_seen_ns"] or row["first_seen_ns"]
    return found


def _bar(share: float) -> str:
    if share <= 0:
        return NEVER
    return SHARES[min(int(share * len(SHARES)), len(SHARES) - 1)]
