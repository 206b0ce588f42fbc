"""
An incident while it lives: collects evidence, keeps its numbers, and shows itself as a frozen `Incident`.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from loganalyzer.correlate import Seen
from loganalyzer.model import Evidence, Incident, Origin, Scalar, Severity, Status
from loganalyzer.packs.schema import EvidenceRule, FailureMode
from loganalyzer.remediate import Version, fill, ladder

FIRST_KEPT = 6
LAST_KEPT = 6
"""Evidence lines kept from the start and the end of an incident; those between are counted."""
UNKNOWN_ORIGIN_CAP = 0.6
"""Highest confidence when no record can be told from text that somebody quotes."""
BANDS = (0.4, 0.6, 0.8)

Key = tuple[str | None, ...]


@dataclass(slots=True)
class Surroundings:
    """What the run has learnt about the installation; chooses between remedies."""

    version: Version | None = None
    supervisor: str | None = None


@dataclass(slots=True, kw_only=True)
class LiveIncident:
    """One occurrence of a failure mode, growing."""

    mode: FailureMode
    key: Key
    surroundings: Surroundings
    ordinal: int
    first_clock: int = 0
    last_clock: int = 0
    end_clock: int | None = None
    peak: Severity = Severity.INFO
    """Highest severity that its own evidence reached."""
    consequences: list[LiveIncident] = field(default_factory=list)
    shown: Incident | None = None
    """As the last transition told it."""
    status: Status = Status.OPEN
    count: int = 0
    first_ns: int | None = None
    last_ns: int | None = None
    resolved_ns: int | None = None
    cause: LiveIncident | None = None
    variants: set[str] = field(default_factory=set)
    trigger: str = ""
    attributes: dict[str, Scalar] = field(default_factory=dict)
    trusted: bool = False
    _confidence: float = 0.0
    _id: str = ""
    _context: list[Evidence] = field(default_factory=list)
    _head: list[Evidence] = field(default_factory=list)
    _tail: deque[Evidence] = field(default_factory=lambda: deque(maxlen=LAST_KEPT))
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
        return band_of(self.confidence)

    def identify(self, first: Seen) -> None:
        """Fix the id by the first evidence."""
        self.first_clock = first.clock
        parts = (self.mode.id, *self.key, first.event.time_ns, first.event.type, self.ordinal)
        digest = hashlib.blake2b("\0".join(map(str, parts)).encode("utf-8", "replace"), digest_size=8, key=b"incident")
        self._id = digest.hexdigest()

    def add(self, seen: Seen, *, occurrence: bool) -> None:
        """Take an event as evidence, and as one more occurrence if it is one."""
        event = seen.event
        self._keep(evidence_of(seen))
        self.count += occurrence
        self.last_clock = max(self.last_clock, seen.clock)
        self.trusted = self.trusted or event.origin is not Origin.UNKNOWN
        self.attributes.update(event.attributes)
        if event.time_ns is not None:
            self.first_ns = event.time_ns if self.first_ns is None else min(self.first_ns, event.time_ns)
            self.last_ns = event.time_ns if self.last_ns is None else max(self.last_ns, event.time_ns)

    def _keep(self, item: Evidence) -> None:
        if item in self._head or item in self._tail:
            return
        if len(self._head) < FIRST_KEPT:
            self._head.append(item)
            return
        self._omitted += len(self._tail) == LAST_KEPT
        self._tail.append(item)

    def add_context(self, items: Iterable[tuple[Seen, str | None]]) -> None:
        """What came before: shown as evidence and named in `{trigger}`."""
        labels: list[str] = []
        for seen, label in items:
            evidence = evidence_of(seen)
            if evidence not in self._context:
                self._context.append(evidence)
            if label and label not in labels:
                labels.append(label)
        self.trigger = " and ".join(labels)

    def believe(self, rule: EvidenceRule, severity: Severity, extra: int, confirmed: float) -> None:
        """Raise severity and confidence to what a complete evidence rule is worth."""
        self.variants.add(rule.name)
        self.peak = max(self.peak, severity)
        grown = rule.confidence + rule.confidence_step * extra + confirmed
        ceiling = max(rule.confidence_max, rule.confidence) if rule.confidence_step or confirmed else rule.confidence
        self._confidence = max(self._confidence, min(grown, ceiling, 1.0))

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
            evidence=(*self._context, *self._head, *self._tail),
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

    def _values(self) -> Mapping[str, Scalar | None]:
        key = {name: value for name, value in zip(self.mode.key, self.key, strict=True) if value is not None}
        return {**self.attributes, **key, "count": self.count, "trigger": self.trigger or None}


def band_of(confidence: float) -> int:
    """Which confidence band a value is in, from 0."""
    return sum(confidence >= bound for bound in BANDS)


def evidence_of(seen: Seen) -> Evidence:
    """An event as a line of evidence."""
    event = seen.event
    return Evidence(
        source=event.span.source,
        line=event.span.line,
        time_ns=event.time_ns,
        event=event.type,
        text=event.text,
        offset=event.span.offset,
    )
