"""
The types of a pattern pack: what the YAML below `patterns/` becomes.

Every tuple field also accepts a single item in YAML. Durations are integers [ns]. `docs/patterns.md` explains
each key; `load` fills these types and reports every fault with its place.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from loganalyzer.model import Scalar

Duration = Annotated[int, msgspec.Meta(extra={"kind": "duration"})]
"""[ns]; written `50ms`, `30s`, `10m`, `2h` or `1d`."""

SeverityName = Literal["info", "warning", "error", "critical"]
OriginName = Literal["gateway", "cli-error", "cli-output", "tool-output", "unknown"]
LevelName = Literal["trace", "debug", "info", "warn", "error", "fatal"]
TypeName = Literal["str", "int", "float", "bool"]
Operator = Literal["in", "not", "gte", "lte", "gt", "lt", "has"]


class Model(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, cache_hash=True):
    """Base of every pack type."""


class EventType(Model, frozen=True, kw_only=True):
    """A word of the event vocabulary."""

    meaning: str
    attributes: dict[str, TypeName] = {}
    same_within: Duration = 50_000_000
    no_pattern: str | None = None
    """Why no pattern gives it; lint then keeps silent about that."""
    no_rule: str | None = None
    """Why no rule asks for it; lint then keeps silent about that."""


class Where(Model, frozen=True, kw_only=True):
    """Conditions on the record an event pattern looks at; all must hold."""

    subsystem: tuple[str, ...] = ()
    level: tuple[LevelName, ...] = ()
    above: tuple[str, ...] = ()
    fields: dict[str, Any] = {}
    origin: tuple[OriginName, ...] = ("gateway", "cli-error", "unknown")


class AttributeRule(Model, frozen=True, kw_only=True):
    """Where an attribute comes from: a constant, a structured field or a regex over the message line."""

    constant: Scalar | None = None
    field: tuple[str, ...] = ()
    regex: str | None = None
    unit: Literal["ms", "s", "min", "h"] | None = None


class LineExample(Model, frozen=True, kw_only=True):
    """One raw line of any surface and some attributes of the event it must give."""

    line: str
    attributes: dict[str, Any] = {}


class EventPattern(Model, frozen=True, kw_only=True):
    """One text that is one event."""

    id: str
    event: str | None = None
    ignore: str | None = None
    match: tuple[str, ...] = ()
    regex: str | None = None
    literal: tuple[str, ...] = ()
    where: Where = Where()
    attributes: dict[str, AttributeRule] = {}
    source: str | None = None
    examples: tuple[LineExample, ...] = ()
    near_misses: tuple[str, ...] = ()


class Condition(Model, frozen=True, kw_only=True):
    """One condition of a selector on an attribute."""

    attribute: str
    operator: Operator
    values: tuple[Scalar, ...]


class Selector(Model, frozen=True, kw_only=True):
    """Which events a rule means: types and conditions on attributes."""

    events: tuple[str, ...]
    conditions: tuple[Condition, ...] = ()


class Nearby(Model, frozen=True, kw_only=True):
    """A selector that is looked for in the recent past."""

    selector: Selector
    within: Duration
    label: str | None = None
    add: float = 0.0


class EvidenceRule(Model, frozen=True, kw_only=True):
    """One way to recognise a failure mode."""

    name: str
    confidence: float
    match: tuple[Selector, ...] = ()
    count: int | None = None
    of: tuple[Selector, ...] = ()
    sequence: tuple[Selector, ...] = ()
    all: tuple[Selector, ...] = ()
    within: Duration | None = None
    distinct: str | None = None
    not_followed_by: tuple[Selector, ...] = ()
    until: tuple[Selector, ...] = ()
    unless: tuple[Nearby, ...] = ()
    confirmed_by: tuple[Nearby, ...] = ()
    counts: bool = True
    severity: SeverityName | None = None
    confidence_step: float = 0.0
    confidence_max: float = 1.0


class ResolveRule(Model, frozen=True, kw_only=True):
    """The evidence of recovery."""

    on: tuple[Selector, ...]
    stable: Duration = 0


class Remedy(Model, frozen=True, kw_only=True):
    """One rung of the remediation ladder, with the conditions under which it applies."""

    text: str
    commands: tuple[str, ...] = ()
    caution: str | None = None
    verify: str | None = None
    versions: str | None = None
    supervisor: Literal["systemd", "launchd", "docker", "pm2"] | None = None
    variants: tuple[str, ...] = ()


class LogExample(Model, frozen=True, kw_only=True):
    """A whole log and the modes it must give, root causes at warning or above first to last."""

    name: str
    lines: str
    expect: tuple[str, ...] | None = None


class FailureMode(Model, frozen=True, kw_only=True):
    """A documented way of failing."""

    id: str
    title: str
    tier: int
    severity: SeverityName
    recovered_severity: SeverityName = "info"
    meaning: str
    cause: str
    key: tuple[str, ...] = ("host",)
    evidence: tuple[EvidenceRule, ...]
    also: tuple[Selector, ...] = ()
    context: tuple[Nearby, ...] = ()
    resolve: tuple[ResolveRule, ...] = ()
    explains: tuple[str, ...] = ()
    explains_within: Duration = 600_000_000_000
    explains_before: Duration = 5_000_000_000
    summary: str
    remediation: tuple[Remedy, ...]
    references: tuple[str, ...] = ()
    examples: tuple[LogExample, ...]
    near_misses: tuple[LogExample, ...]


class Place(Model, frozen=True, kw_only=True):
    """Where an entry of a pack is written."""

    folder: int = 0
    """Position of its folder among those that make the pack."""
    file: str
    line: int
    column: int


class Pack(Model, frozen=True, kw_only=True):
    """Everything loganalyzer knows."""

    event_types: dict[str, EventType]
    patterns: dict[str, EventPattern]
    modes: dict[str, FailureMode]
    cli_reports: tuple[str, ...] = ()
    """How the reports of CLI commands begin, by which they are told from replies of agents."""
    places: dict[str, Place] = {}
    """Of each pattern and mode, by id."""
