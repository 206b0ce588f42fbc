"""
An incident while it lives: collects evidence, keeps its numbers, and shows itself as a frozen `Incident`.

Thousands may be open for weeks, so what one keeps is little. Evidence is most of it: the first and the last lines are
kept, and those between are counted. Twelve lines are what a reader wants to see, but twelve for each host of a large
installation that is down would fill memory for as long as that lasts. So while more than `CROWD` incidents are open,
one that gets another line keeps `FEW_KEPT` at either end: nobody reads all lines of a thousand incidents. This depends
on nothing but the events before it.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from loganalyzer import sanitize
from loganalyzer.correlate import Seen
from loganalyzer.keys import Key, identity
from loganalyzer.model import Attributes, Event, Evidence, Incident, Origin, Scalar, Severity, Status
from loganalyzer.packs.schema import FailureMode
from loganalyzer.redact import PERSONAL_LENGTH
from loganalyzer.remediate import Version, fill, ladder
from loganalyzer.rolled import Rolled

FIRST_KEPT = 6
LAST_KEPT = 6
"""Evidence lines kept from the start and the end of an incident; those between are counted."""
CROWD = 1000
"""Open incidents that keep so many; while there are more …"""
FEW_KEPT = 2
"""… each keeps these from the start and the end, from its next line on."""
UNKNOWN_ORIGIN_CAP = 0.6
"""Highest confidence when no record can be told from text that somebody quotes."""
FOREVER = 1 << 63
BANDS = (0.4, 0.6, 0.8)

_NOTHING: Attributes = {}
_Place = tuple[str, int, int | None, str, str, int]
"""What a line of evidence is known by: source, line, time, event type, text and offset."""


class Told(NamedTuple):
    """What matters of the state that the last transition told."""

    severity: Severity
    band: int
    occurrences: int


@dataclass(slots=True)
class Surroundings:
    """What the incidents of a run share: what it has learnt about the installation, and which of them are open."""

    version: Version | None = None
    supervisor: str | None = None
    rolled: Rolled = field(default_factory=Rolled)
    """The files behind a stream that is followed through rotations."""
    live: dict[str, LiveIncident] = field(default_factory=dict)
    """The incidents that may still grow, by id; their number decides how much evidence each keeps."""


@dataclass(slots=True, kw_only=True)
class LiveIncident:
    """One occurrence of a failure mode, growing."""

    mode: FailureMode
    key: Key
    surroundings: Surroundings
    ordinal: int
    opened_clock: int
    """When it was opened, and when its first evidence came [logical ns]."""
    first_clock: int = 0
    explains_from: int = 0
    explains_until: int = FOREVER
    """What was first seen between these may be its consequence [logical ns]."""
    peak: Severity = Severity.INFO
    """Highest severity that its own evidence reached."""
    consequences: list[LiveIncident] = field(default_factory=list)
    told: Told | None = None
    """As the last transition told it, in short …"""
    shown: bytes = b""
    """… and a digest of it in full, if it was told in full and may grow."""
    status: Status = Status.OPEN
    count: int = 0
    first_ns: int | None = None
    last_ns: int | None = None
    resolved_ns: int | None = None
    cause: LiveIncident | None = None
    settled: tuple[int, ...] = ()
    """Evidence rules that can make it neither worse nor more certain, so that only occurrences count from then on."""
    stirred: bool = False
    """Severity or confidence may differ from what was told."""
    variants: tuple[str, ...] = ()
    trigger: str = ""
    attributes: Attributes = field(default_factory=lambda: _NOTHING)
    trusted: bool = False
    _confidence: float = 0.0
    _id: str = ""
    _context: tuple[tuple[_Place, Attributes], ...] = ()
    _lines: tuple[_Place, ...] = ()
    _personal: dict[_Place, Attributes] = field(default_factory=dict)
    """Of lines of evidence what is personal in their texts, if anything may be."""
    _omitted: int = 0
    _first: int = 0
    """How many lines stand before the omitted ones, if there are any."""

    @property
    def id(self) -> str:
        """Stable for the same bytes: mode, key and first evidence; never line numbers or file names."""
        return self._id

    @property
    def severity(self) -> Severity:
        """
        What recovered counts less, unless it has left something broken behind: a problem whose consequences last is not
        over.
        """
        if self.status is not Status.RESOLVED:
            return self.peak
        recovered = Severity[self.mode.recovered_severity.upper()]
        lasting = (c.severity for c in self.consequences if c.status is Status.OPEN)
        return max(min(self.peak, recovered), *lasting, Severity.INFO)

    @property
    def confidence(self) -> float:
        """0 to 1; capped where the surface cannot tell who speaks."""
        return round(self._confidence if self.trusted else min(self._confidence, UNKNOWN_ORIGIN_CAP), 3)

    @property
    def band(self) -> int:
        """Which of the bands the confidence is in; a change of band is worth an update."""
        return bisect_right(BANDS, self.confidence)

    @property
    def is_only_silence(self) -> bool:
        """Is all that speaks for it that something did not come?"""
        return all(rule.not_followed_by for rule in self.mode.evidence if rule.name in self.variants)

    def identify(self, first: Seen) -> None:
        """Fix the id by the first evidence."""
        self.first_clock = first.clock
        self.explains_from = first.clock - self.mode.explains_before
        if not self.mode.resolve:  # nothing can end it, so its last evidence does
            self.explains_until = 0
        parts = (self.mode.id, *map(identity, self.key), first.event.time_ns, first.event.type, self.ordinal)
        digest = hashlib.blake2b("\0".join(map(str, parts)).encode("utf-8", "replace"), digest_size=8, key=b"incident")
        self._id = digest.hexdigest()

    def add(self, seen: Seen, *, occurrence: bool) -> None:
        """Take an event as evidence, and as one more occurrence if it is one."""
        event = seen.event
        self._keep(event)
        self.count += occurrence
        self.explains_until = max(self.explains_until, seen.clock + self.mode.explains_within)
        if not self.trusted and event.origin is not Origin.UNKNOWN:
            self.trusted = self.stirred = True
        if not self.attributes:
            self.attributes = event.attributes
        elif event.attributes is not self.attributes:
            self.attributes = {**self.attributes, **event.attributes}
        time_ns = event.time_ns
        if time_ns is not None:
            if self.first_ns is None or time_ns < self.first_ns:
                self.first_ns = time_ns
            if self.last_ns is None or time_ns > self.last_ns:
                self.last_ns = time_ns

    def _keep(self, event: Event) -> None:
        place = _place(event)
        if place in self._lines:
            return
        lines = (*self._lines, place)
        if personal := _personal(event):
            self._personal[place] = personal
        is_crowded = len(self.surroundings.live) > CROWD
        first, last = (FEW_KEPT, FEW_KEPT) if is_crowded else (FIRST_KEPT, LAST_KEPT)
        if self._omitted:
            first = min(first, self._first)
        excess = len(lines) - first - last
        if excess > 0:
            for gone in lines[first : first + excess]:
                self._personal.pop(gone, None)
            lines = lines[:first] + lines[first + excess :]
            self._omitted += excess
            self._first = first
        self._lines = lines

    def resolve(self, recovered: Seen) -> None:
        """It has ended, as this event shows."""
        self.add(recovered, occurrence=False)
        self.status = Status.RESOLVED
        self.resolved_ns = recovered.event.time_ns
        self.explains_until = recovered.clock + self.mode.explains_within
        if self.cause is not None:  # only what lasts keeps a cause severe
            self.cause.consequences = [one for one in self.cause.consequences if one is not self]

    def add_context(self, items: Iterable[tuple[Seen, str | None]]) -> None:
        """What came before: shown as evidence and named in `{trigger}`."""
        labels: list[str] = []
        context: dict[_Place, Attributes] = {}
        for seen, label in items:
            context[_place(seen.event)] = _personal(seen.event)
            if label and label not in labels:
                labels.append(label)
        self._context = tuple(context.items())
        self.trigger = " and ".join(labels)

    def believe(self, index: int, severity: Severity, extra: int, confirmed: float) -> None:
        """
        Raise severity and confidence to what a complete evidence rule is worth.

        Args:
            index: position of the rule in its mode.
            extra: occurrences beyond those that the rule needs.
            confirmed: what other events add to the confidence.
        """
        rule = self.mode.evidence[index]
        if rule.name not in self.variants:
            self.variants += (rule.name,)
        self.peak = max(self.peak, severity)
        may_grow = rule.confidence_step or rule.confirmed_by
        most = min(max(rule.confidence, rule.confidence_max) if may_grow else rule.confidence, 1.0)
        grown = rule.confidence + rule.confidence_step * extra + confirmed
        self._confidence = max(self._confidence, min(grown, most))
        self.stirred = True
        if self._confidence >= most and not rule.not_followed_by and index not in self.settled:
            self.settled += (index,)

    def summed_up(self) -> Told:
        """What of its state makes an update worth telling."""
        return Told(self.severity, self.band, self.count)

    def snapshot(self) -> Incident:
        """As it stands now."""
        values = self._values()
        return Incident(
            id=self.id,
            failure_mode=self.mode.id,
            title=self.mode.title,
            severity=self.severity,
            confidence=self.confidence,
            status=self.status,
            key=dict(zip(self.mode.key, self.key, strict=True)),
            first_seen_ns=self.first_ns,
            last_seen_ns=self.last_ns,
            resolved_at_ns=self.resolved_ns,
            count=self.count,
            caused_by=self.cause.id if self.cause else None,
            summary=fill(self.mode.summary, values),
            cause=fill(self.mode.cause, values),
            evidence=tuple(
                _evidence(self._located(place), attributes)
                for place, attributes in (
                    *self._context,
                    *((place, self._personal.get(place, _NOTHING)) for place in self._lines),
                )
            ),
            evidence_omitted=self._omitted,
            remediation=ladder(
                self.mode,
                values,
                variants=frozenset(self.variants),
                version=self.surroundings.version,
                supervisor=self.surroundings.supervisor,
            ),
            references=self.mode.references,
        )

    def show(self, now: Incident) -> None:
        """Remember that this state was told in full."""
        self.shown = b"" if self.status is Status.RESOLVED else _digest(now)

    def is_shown(self, now: Incident) -> bool:
        """Is this the state that was told in full last?"""
        return self.shown != b"" and self.shown == _digest(now)

    def _located(self, place: _Place) -> _Place:
        """The place in the file where it stands, if the stream was read from several."""
        found = self.surroundings.rolled.located(place[1])
        return place if found is None else (*found, *place[2:])

    def _values(self) -> Mapping[str, Scalar | None]:
        key = {name: value for name, value in zip(self.mode.key, self.key, strict=True) if value is not None}
        return {**self.attributes, **key, "count": self.count, "trigger": self.trigger or None}


def evidence_of(seen: Seen) -> Evidence:
    """An event as a line of evidence."""
    return _evidence(_place(seen.event), seen.event.attributes)


def _place(event: Event) -> _Place:
    return event.span.source, event.span.line, event.time_ns, event.type, event.text, event.span.offset


def _evidence(place: _Place, attributes: Attributes) -> Evidence:
    source, line, time_ns, event, text, offset = place
    return Evidence(
        source=source, line=line, time_ns=time_ns, event=event, text=text, attributes=attributes, offset=offset
    )


def _personal(event: Event) -> Attributes:
    """
    What of an event tells what in its text is personal.

    A text that may hold something in disguise is not searched: what stands in it is only seen when it is masked.
    """
    text = event.text
    if "%" in text or "\\" in text or not sanitize.is_plain(text):
        return event.attributes
    found = {
        name: value
        for name, value in event.attributes.items()
        if len(word := str(value)) >= PERSONAL_LENGTH and word in text
    }
    return found or _NOTHING


def _digest(incident: Incident) -> bytes:
    """Equal for equal states, in every process; a state itself has the size of a living incident."""
    values = {name: getattr(incident, name) for name in Incident.__slots__}
    values["evidence"] = [
        (one.source, one.line, one.time_ns, one.event, one.text, one.offset) for one in incident.evidence
    ]
    values["remediation"] = [(step.text, step.commands, step.caution, step.verify) for step in incident.remediation]
    return hashlib.blake2b(repr(values).encode("utf-8", "surrogatepass"), digest_size=16).digest()
