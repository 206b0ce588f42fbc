"""
Builders for tests, ours and those of rule authors.

    pack = pack_from(mode_yaml)
    transitions = judge(pack, [make_event("channel.disconnected", 0, channel="whatsapp", code=428)])
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from loganalyzer.classify import Classifier
from loganalyzer.model import Accounting, Event, Incident, Origin, Scalar, Span, Transition
from loganalyzer.packs import builtin_dir, load_dirs
from loganalyzer.packs.schema import Pack

START_NS = 1_795_132_800_000_000_000
"""2026-11-20T00:00:00Z [ns, UTC]; second 0 of `make_event`."""


def make_event(
    type: str,
    at_s: float | None = 0.0,
    *,
    host: str | None = None,
    origin: Origin = Origin.GATEWAY,
    source: str = "test.log",
    line: int = 1,
    resolution_ns: int = 1_000_000,
    format: str = "gateway-json",
    text: str = "",
    **attributes: Scalar,
) -> Event:
    """An event of `type`, `at_s` seconds after `START_NS` (None: without a time)."""
    return Event(
        type=type,
        attributes=attributes,
        time_ns=None if at_s is None else START_NS + round(at_s * 1_000_000_000),
        resolution_ns=resolution_ns,
        span=Span(source=source, line=line, last_line=line, offset=0),
        subsystem=None,
        level=None,
        host=host,
        origin=origin,
        format=format,
        pattern="test",
        text=text or f"{type} at {at_s}",
    )


def pack_from(folder: Path, modes: Mapping[str, str]) -> Pack:
    """A pack of the built-in vocabulary and the given mode files (id to YAML), written below `folder`."""
    for name, text in modes.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    vocabulary = (builtin_dir() / "vocabulary.yaml").read_text(encoding="utf-8")
    (folder / "vocabulary.yaml").write_text(vocabulary, encoding="utf-8")
    return load_dirs([folder], cache=False)


def judge(pack: Pack, events: Iterable[Event], end_s: float | None = None) -> list[Transition]:
    """Everything that events decide, end of input included; `end_s` is the time of the last line."""
    classifier = Classifier(pack, Accounting())
    transitions = [transition for event in events for transition in classifier.feed(event)]
    if end_s is not None:
        transitions += classifier.advance(START_NS + round(end_s * 1_000_000_000))
    return transitions + classifier.finish()


def final(transitions: Iterable[Transition]) -> list[Incident]:
    """The last state of each incident, in the order of their first transition."""
    latest: dict[str, Incident] = {}
    for transition in transitions:
        latest[transition.incident.id] = transition.incident
    return list(latest.values())
