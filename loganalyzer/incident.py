"""
An incident while it lives: collects evidence, keeps its numbers, and shows itself as a frozen `Incident`.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from loganalyzer.correlate import Seen
from loganalyzer.keys import Key, identity
from loganalyzer.model import Attributes, Event, Evidence, Incident, Origin, Scalar, Severity, Status
from loganalyzer.packs.schema import FailureMode
from loganalyzer.remediate import Version, fill, ladder
from loganalyzer.rolled import Rolled

FIRST_KEPT = 6
LAST_KEPT = 6
"""Evidence lines kept from the start and the end of an incident; those between are counted."""
UNKNOWN_ORIGIN_CAP = 0.6
"""Highest confidence when no record can be told from text that somebody quotes."""
FOREVER = 1 << 63
BANDS = (0.4, 0.6, 0.8)

_Place = tuple[str, int, int | None, str, str, int]
"""What a line of evidence is known by: source, line, time, event type, text and offset."""


class Told(NamedTuple):
    """What matters of the state that the last transition told."""

    severity: Severity
    caused_by: str | None
    band: int
    occurrences: int


@dataclass(slots=True)
class Surroundings:
    """What the run has learnt about the installation; chooses between remedies."""

    version: Version | None = None
    supervisor: str | None = None
    rolled: Rolled = field(default_factory=Rolled)
    """The files behind a stream that is followed through rotations."""


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
    shown: Incident | None = None
    """… and in full, if it was told in full."""
    status: Status = Status.OPEN
    count: int = 0
    first_ns: int | None = None
    last_ns: int | None = None
    resolved_ns: int | None = None
    cause: LiveIncident | None = None
    settled: set[int] = field(default_factory=set)
    """Evidence rules that can make it neither worse nor more certain, so that only occurrences count from then on."""
    stirred: bool = False
    """Severity, cause or confidence may differ from what was told."""
    variants: set[str] = field(default_factory=set)
    trigger: str = ""
    attributes: dict[str, Scalar] = field(default_factory=dict)
    trusted: bool = False
    _confidence: float = 0.0
    _id: str = ""
    _context: dict[_Place, Attributes] = field(default_factory=dict)
    _head: dict[_Place, Attributes] = field(default_factory=dict)
    _tail: dict[_Place, Attributes] = field(default_factory=dict)
    _omitted: int = 0

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
            self.explains_until = first.clock + self.mode.explains_within
        parts = (self.mode.id, *map(identity, self.key), first.event.time_ns, first.event.type, self.ordinal)
        digest = hashlib.blake2b("\0".join(map(str, parts)).encode("utf-8", "replace"), digest_size=8, key=b"incident")
        self._id = digest.hexdigest()

    def add(self, seen: Seen, *, occurrence: bool) -> None:
        """Take an event as evidence, and as one more occurrence if it is one."""
        event = seen.event
        self._keep(_place(event), event.attributes)
        self.count += occurrence
        if not self.mode.resolve and seen.clock + self.mode.explains_within > self.explains_until:
            self.explains_until = seen.clock + self.mode.explains_within
        if not self.trusted and event.origin is not Origin.UNKNOWN:
            self.trusted = self.stirred = True
        self.attributes.update(event.attributes)
        time_ns = event.time_ns
        if time_ns is not None:
            if self.first_ns is None or time_ns < self.first_ns:
                self.first_ns = time_ns
            if self.last_ns is None or time_ns > self.last_ns:
                self.last_ns = time_ns

    def _keep(self, place: _Place, attributes: Attributes) -> None:
        if place in self._head or place in self._tail:
            return
        if len(self._head) < FIRST_KEPT:
            self._head[place] = attributes
            return
        if len(self._tail) == LAST_KEPT:
            del self._tail[next(iter(self._tail))]
            self._omitted += 1
        self._tail[place] = attributes

    def resolve(self, recovered: Seen) -> None:
        """It has ended, as this event shows."""
        self.add(recovered, occurrence=False)
        self.status = Status.RESOLVED
        self.resolved_ns = recovered.event.time_ns
        self.explains_until = recovered.clock + self.mode.explains_within

    def add_context(self, items: Iterable[tuple[Seen, str | None]]) -> None:
        """What came before: shown as evidence and named in `{trigger}`."""
        labels: list[str] = []
        for seen, label in items:
            self._context[_place(seen.event)] = seen.event.attributes
            if label and label not in labels:
                labels.append(label)
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
        self.variants.add(rule.name)
        self.peak = max(self.peak, severity)
        grown = rule.confidence + rule.confidence_step * extra + confirmed
        most = max(rule.confidence_max, rule.confidence)
        ceiling = most if rule.confidence_step or confirmed else rule.confidence
        self._confidence = max(self._confidence, min(grown, ceiling, 1.0))
        self.stirred = True
        if not rule.confidence_step and not rule.confirmed_by:
            most = rule.confidence
        if self._confidence >= min(most, 1.0) and not rule.not_followed_by:
            self.settled.add(index)

    def summed_up(self) -> Told:
        """What of its state makes an update worth telling."""
        return Told(self.severity, self.cause.id if self.cause else None, self.band, self.count)

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
                for kept in (self._context, self._head, self._tail)
                for place, attributes in kept.items()
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
