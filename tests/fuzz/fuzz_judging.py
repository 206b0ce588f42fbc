"""Targets for what becomes of events: incidents, and what is shown of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from fuzz_reading import SIZES, cut, plan, source
from planted import ENCODINGS, KINDS

from loganalyzer import sanitize
from loganalyzer.api import Report, rank
from loganalyzer.model import Accounting, Incident, Severity
from loganalyzer.outputs import OUTPUTS, View
from loganalyzer.outputs.wire import incident_object
from loganalyzer.pipeline import Judge, Reader
from loganalyzer.redact import Redactor

CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")
FRAMES = (" ", "\n", '"', "'", "(", ", ", "\t", ": ")
"""What stands before and after a secret."""
SHOWN = ("table", "jsonl", "markdown", "csv")


def incidents_of(chunks: Iterable[bytes], *, growing: bool) -> tuple[dict[str, Incident], Accounting]:
    """What the last transition of each incident says."""
    accounting = Accounting()
    reader, judge = Reader(plan(), source(), accounting), Judge(plan(), accounting, growing=growing)
    transitions = [t for chunk in chunks for event in reader.feed(chunk) for t in judge.take(event)]
    transitions += [t for event in reader.finish() for t in judge.take(event)]
    transitions += judge.finish(reader.end_ns())
    return {transition.incident.id: transition.incident for transition in transitions}, accounting


def judge(data: bytes) -> None:
    """Incidents depend on the bytes alone; every output of them is safe to show, and JSON is JSON."""
    sizes, stream = data[:SIZES] or b"\0", data[SIZES:]
    found, accounting = incidents_of([stream], growing=False)
    again, _ = incidents_of(cut(stream, sizes), growing=True)
    assert again == found
    for incident in found.values():
        assert 0 <= incident.confidence <= 1
        assert incident.count > 0
        assert incident.failure_mode in plan().pack.modes
        assert incident.caused_by != incident.id
        shown = json.dumps(incident_object(incident, Redactor(None)), allow_nan=False)
        assert json.loads(shown)["id"] == incident.id
    report = Report(incidents=rank(list(found.values())), accounting=accounting)
    view = View(min_severity=Severity.INFO, redact=Redactor(b"key"), width=100)
    for name in SHOWN:
        text = "".join(OUTPUTS[name](report, view))
        assert not CONTROL.search(text), (name, CONTROL.search(text))


def redact(data: bytes) -> None:
    """No secret of any kind survives in any encoding, whatever stands around it; the same text has the same masks."""
    if len(data) < SIZES:
        return
    kind, encoding, left, right = data[:SIZES]
    text, core = list(KINDS.values())[kind % len(KINDS)](f"{kind}")
    hidden = list(ENCODINGS.values())[encoding % len(ENCODINGS)](text)
    before, _, after = data[SIZES:].decode("utf-8", "replace").partition("\0")
    if core[-6:] in re.sub("[^A-Za-z0-9]", "", before + after):
        return  # the search has learnt the secret from the comparisons below
    full = before + FRAMES[left % len(FRAMES)] + hidden + FRAMES[right % len(FRAMES)] + after
    mask = Redactor(b"key")
    shown = mask(full)
    assert core not in shown, shown
    assert core not in sanitize.line(shown), shown
    assert mask(full) == shown
    assert Redactor(None)(full) == full
