"""Reports that are hard to show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from loganalyzer import Report
from loganalyzer.activity import Recorder
from loganalyzer.model import Accounting, Evidence, Incident, Nearby, NearbyLine
from loganalyzer.testing import START_NS, make_event


def crowded(make_incident: Callable[..., Incident], make_evidence: Callable[..., Evidence]) -> Report:
    """3,000 root causes and as many consequences with long texts, forty restless channels, disconnects of many codes."""
    long = "word " * 2000
    found = []
    for n in range(3000):
        root = make_incident(
            f"mode.m{n % 30}",
            id=f"r{n}",
            summary=long,
            cause=long,
            evidence=tuple(make_evidence(long, line=100 * k) for k in range(12)),
        )
        found.append(root)
        found += [replace(root, id=f"r{n}k{k}", caused_by=root.id) for k in range(30 if n < 100 else 0)]
    around = tuple(NearbyLine(n, START_NS, "warn", long) for n in (1, 2))
    nearby = {("gateway.log", 100 * k): Nearby(around, around) for k in range(12)}
    recorder = Recorder()
    for n in range(40_000):
        known = {"channel": f"channel{n % 40}", "account": "default"}
        recorder.event(make_event("channel.connected", 2.0 * n, **known), "judged")
        recorder.event(make_event("channel.disconnected", 2.0 * n + 1, code=400 + n % 97, **known), "judged")
    accounting = Accounting(bytes=100, lines=2000, events=35, sources=["a.log"])
    return Report(incidents=tuple(found), accounting=accounting, activity=recorder.activity(), nearby=nearby)
