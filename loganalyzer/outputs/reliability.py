"""
The history of incidents as a table of figures and as bars over time.

Enters: figures of reliability and rows of a history, as plain values. Leaves: text that fits the width of the view.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from loganalyzer import sanitize
from loganalyzer.outputs.base import NS, View, day_and_time, zone_name

SHARES = "▁▂▃▄▅▆▇█"
"""From hardly ever to all the time."""
NEVER = "·"
LEAST_BARS = 20
UNITS = (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1))


def table(figures: Sequence[Mapping[str, Any]], view: View) -> str:
    """Gives a row for each failure mode and channel; times in seconds and [ns, UTC] become words."""
    import tabulate

    if not figures:
        return "No incidents in this range.\n"
    cells = [
        [
            one["failure_mode"],
            sanitize.line(one["channel"]) or "-",
            one["times"],
            one["open"] or "",
            lasting(one["lasted_s"]),
            lasting(one["to_recover_s"]),
            lasting(one["between_s"]),
            day_and_time(one["last_seen_ns"], view.tz, seconds=False),
        ]
        for one in figures
    ]
    zone = zone_name(view.tz, figures[0]["last_seen_ns"])
    headers = ["failure mode", "channel", "times", "open", "lasted", "recovers", "apart", f"last seen ({zone})"]
    tabulate.MIN_PADDING = 0
    body = tabulate.tabulate(cells, headers, tablefmt=view.tablefmt or "simple")
    if view.tablefmt is not None:
        return body + "\n"
    return f"{body}\n\nlasted: in all; recovers, apart: medians of what ended, and from one begin to the next.\n"


def bars(rows: Sequence[Mapping[str, Any]], view: View) -> Iterator[str]:
    """
    Yields a line for each failure mode and channel: how much of each stretch of time it was open.

    Args:
        rows: Incidents of a history, with `first_seen_ns`, `last_seen_ns`, `resolved_at_ns` [ns, UTC].
    """
    timed = [row for row in rows if row["first_seen_ns"] is not None]
    if not timed:
        yield "No incidents in this range.\n"
        return
    begin = min(row["first_seen_ns"] for row in timed)
    end = max(*(_end(row) for row in timed), begin + NS)
    spans: dict[str, list[tuple[int, int]]] = {}
    for row in timed:
        name = f"{row['failure_mode']} {sanitize.line(row['channel'] or '')}".rstrip()
        spans.setdefault(name, []).append((row["first_seen_ns"], _end(row)))
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
    yield f"\nA bar is {lasting(size / NS)}; its height is how much of that the failure mode was open.\n"


def lasting(seconds: float | None) -> str:
    """Writes a length of time with its two largest units: `3 d 4 h`, `12 min`, `0.4 s`; `-` for none."""
    if seconds is None:
        return "-"
    if seconds < 10:
        return f"{seconds:.1f} s"
    left = round(seconds)
    words: list[str] = []
    for unit, size in UNITS:
        if left >= size and len(words) < 2:
            words.append(f"{left // size} {unit}")
            left %= size
        elif words:
            break
    return " ".join(words)


def _end(row: Mapping[str, Any]) -> int:
    found: int = row["resolved_at_ns"] or row["last_seen_ns"] or row["first_seen_ns"]
    return found


def _bar(share: float) -> str:
    if share <= 0:
        return NEVER
    return SHARES[min(int(share * len(SHARES)), len(SHARES) - 1)]
