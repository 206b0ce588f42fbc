"""
The examples inside a pack, run through the real engine: a pack whose examples fail does not prove what it says.
"""

from __future__ import annotations

from collections.abc import Iterator

from loganalyzer import formats
from loganalyzer.errors import Fault
from loganalyzer.model import Accounting, Event, Incident, Severity
from loganalyzer.packs.schema import EventPattern, FailureMode, LogExample, Pack
from loganalyzer.pipeline import Judge, Options, Plan, Reader
from loganalyzer.sources import Source

REFERENCE_NS = 1_795_132_800_000_000_000
"""2026-11-20T00:00:00Z: what examples without a date are read against [ns, UTC]."""


def run(pack: Pack, names: frozenset[str] | None = None) -> list[Fault]:
    """
    Run the examples and near misses of every pattern and mode, or of the named ones.

    Every example's failure is a fault at the place of its owner.
    """
    plan = Plan(Options(reference_ns=REFERENCE_NS), pack)
    faults: list[Fault] = []
    for pattern in pack.patterns.values():
        if names is None or pattern.id in names:
            faults += (_fault(pack, pattern.id, text) for text in _pattern(pattern, plan))
    for mode in pack.modes.values():
        if names is None or mode.id in names:
            faults += (_fault(pack, mode.id, text) for text in _mode(mode, plan))
    return faults


def events_of(plan: Plan, text: str) -> list[Event]:
    """The events of a piece of log."""
    reader = Reader(plan, _source(), Accounting())
    return [*reader.feed(text.encode("utf-8", "surrogatepass")), *reader.finish()]


def incidents_of(plan: Plan, text: str) -> list[Incident]:
    """The incidents of a piece of log, in the order of a report."""
    from loganalyzer.api import rank

    accounting = Accounting()
    reader = Reader(plan, _source(), accounting)
    judge = Judge(plan, accounting)
    latest: dict[str, Incident] = {}
    transitions = [t for event in reader.feed(text.encode("utf-8", "surrogatepass")) for t in judge.take(event)]
    transitions += [t for event in reader.finish() for t in judge.take(event)]
    transitions += judge.finish(reader.end_ns())
    for transition in transitions:
        latest[transition.incident.id] = transition.incident
    return list(rank(list(latest.values())))


def _source() -> Source:
    return Source(name="example", parts=(), mtime_ns=None, file_date=None)


def _fault(pack: Pack, name: str, text: str) -> Fault:
    place = pack.places[name]
    return Fault(file=place.file, line=place.line, column=place.column, message=f"{name}: {text}")


def _pattern(pattern: EventPattern, plan: Plan) -> Iterator[str]:
    for example in pattern.examples:
        if pattern.ignore is not None:
            continue
        found = [event for event in events_of(plan, example.line) if event.type == pattern.event]
        own = [event for event in found if event.pattern == pattern.id]
        if not found:
            yield f"the example gives no {pattern.event}: {_shown(example.line)}"
        elif not own:
            yield f"the example is claimed by {found[0].pattern}: {_shown(example.line)}"
        else:
            for key, wanted in example.attributes.items():
                got = own[0].attributes.get(key)
                if got != wanted:
                    yield f"the example gives {key}={got!r}, not {wanted!r}: {_shown(example.line)}"
    for line in pattern.near_misses:
        if any(event.pattern == pattern.id for event in events_of(plan, line)):
            yield f"the near miss gives the event: {_shown(line)}"


def _mode(mode: FailureMode, plan: Plan) -> Iterator[str]:
    for example in mode.examples:
        expected = example.expect if example.expect is not None else (mode.id,)
        found = primary(incidents_of(plan, example.lines))
        if example.expect is None and mode.severity == "info":
            found = [i.failure_mode for i in incidents_of(plan, example.lines) if i.failure_mode == mode.id][:1]
        foreign = example.expect is None and len(found) > 1
        if tuple(found[: len(expected)]) != expected or (not expected and found) or foreign:
            yield f"example {example.name!r} gives {_names(plan, example)}, not {list(expected)}"
    for example in mode.near_misses:
        found = primary(incidents_of(plan, example.lines))
        if mode.id in found or (example.expect is not None and tuple(found) != example.expect):
            yield f"near miss {example.name!r} gives {_names(plan, example)}"


def primary(incidents: list[Incident]) -> list[str]:
    """Modes at warning or above that have no cause of their own."""
    return [i.failure_mode for i in incidents if i.severity >= Severity.WARNING and i.caused_by is None]


def _names(plan: Plan, example: LogExample) -> list[str]:
    return [
        f"{i.failure_mode} ({i.severity.label}{', consequence' if i.caused_by else ''})"
        for i in incidents_of(plan, example.lines)
    ]


def _shown(line: str) -> str:
    record = formats.decode(line.encode("utf-8", "surrogatepass"))
    return f"{line[:160]!r} ({record.format}, {record.origin.value}, {record.subsystem})"
