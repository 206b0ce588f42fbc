"""Rules in a few lines, events at their seconds, and what the judgement makes of them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from loganalyzer.classify import Classifier
from loganalyzer.model import Accounting, Event, Incident, Scalar, Transition
from loganalyzer.packs import load_dirs
from loganalyzer.packs.schema import Pack
from loganalyzer.testing import START_NS, make_event
from loganalyzer.tracking import Watch

VOCABULARY = """
event_types:
  channel.disconnected: {meaning: m, attributes: {channel: str, account: str, code: int, delay_s: float, reason: str}}
  channel.connected: {meaning: m, attributes: {channel: str, account: str}}
  channel.linked: {meaning: m, attributes: {channel: str, account: str}}
  channel.no_active_listener: {meaning: m, attributes: {channel: str, account: str}}
  channel.reconnect_attempt: {meaning: m, attributes: {channel: str, account: str}}
  channel.restart_required: {meaning: m, attributes: {channel: str, account: str, code: int}}
  channel.watchdog: {meaning: m, attributes: {channel: str, account: str}}
  config.changed: {meaning: m, attributes: {paths: str}}
  auth.device_token_mismatch: {meaning: m}
  agent.version: {meaning: m, attributes: {version: str}}
  gateway.event_loop_stall: {meaning: m}
  gateway.ready: {meaning: m}
  gateway.restarting: {meaning: m}
  gateway.starting: {meaning: m, attributes: {version: str}}
  gateway.stopped: {meaning: m}
  gateway.unreachable: {meaning: m}
  gateway.version: {meaning: m, attributes: {version: str}}
  system.oom_kill: {meaning: m}
  system.unit_failed: {meaning: m}
"""
MODE = """
id: x.{name}
title: A title
tier: 1
severity: error
meaning: m
cause: c
key: [host, channel, account]
summary: "{{count}} times on {{channel}}{{trigger}}"
remediation: [{{text: look, commands: ["openclaw channels status --account {{account}}"]}}]
references: [docs]
examples: [{{name: e, lines: x}}]
near_misses: [{{name: n, lines: x}}]
"""


def pack(**modes: str) -> Pack:
    """Failure modes `x.<name>`, each of its evidence and what else the body says; a key there replaces the default."""
    return _loaded(tuple(modes.items()))


@cache
def _loaded(modes: tuple[tuple[str, str], ...]) -> Pack:
    with TemporaryDirectory() as folder:
        Path(folder, "vocabulary.yaml").write_text(VOCABULARY, encoding="utf-8")
        for name, body in modes:
            said = {line.split(":")[0] for line in body.splitlines() if line[:1].isalpha()}
            head = [line for line in MODE.format(name=name).splitlines() if line.split(":")[0] not in said]
            Path(folder, f"x.{name}.yaml").write_text("\n".join([*head, body]), encoding="utf-8")
        return load_dirs([Path(folder)], cache=False)


def close(at_s: float | None, code: int | None = 428, **more: Scalar) -> Event:
    """A closed channel; `code` None: without one."""
    return _channel("channel.disconnected", at_s, **({} if code is None else {"code": code}), **more)


def up(at_s: float | None, **more: Scalar) -> Event:
    """A connected channel."""
    return _channel("channel.connected", at_s, **more)


def linked(at_s: float | None, **more: Scalar) -> Event:
    """A linked channel."""
    return _channel("channel.linked", at_s, **more)


def watchdog(at_s: float | None, **more: Scalar) -> Event:
    """A channel that the watchdog complains about."""
    return _channel("channel.watchdog", at_s, **more)


def _channel(type: str, at_s: float | None, **more: Scalar) -> Event:
    return make_event(type, at_s, **({"channel": "whatsapp"} | more))  # type: ignore[arg-type]


class Judgement:
    """A classifier that is driven by hand; times are seconds after midnight."""

    def __init__(self, rules: Pack, *, growing: bool = True, watches: dict[str, Watch] | None = None) -> None:
        self.accounting = Accounting()
        self.classifier = Classifier(rules, self.accounting, growing=growing, watches=watches or {})

    def feed(self, *events: Event) -> list[Transition]:
        """What these events decide, one after the other."""
        return [transition for event in events for transition in self.classifier.feed(event)]

    def until(self, at_s: float) -> list[Transition]:
        """What the passing of time decides."""
        return self.classifier.advance(ns(at_s))

    def finish(self) -> list[Transition]:
        """What the end of the input decides."""
        return self.classifier.finish()


def ns(at_s: float) -> int:
    """A second after midnight as a time [ns, UTC]."""
    return START_NS + round(at_s * 1_000_000_000)


def seconds(time_ns: int | None) -> float | None:
    """A time as seconds after midnight."""
    return None if time_ns is None else (time_ns - START_NS) / 1_000_000_000


def told(transitions: Iterable[Transition]) -> list[tuple[str, str, float | None]]:
    """(kind, failure mode without its prefix, second) of transitions."""
    return [(t.kind, t.incident.failure_mode.removeprefix("x."), seconds(t.time_ns)) for t in transitions]


def lines(incident: Incident) -> list[int]:
    """The numbers of the lines of evidence."""
    return [evidence.line for evidence in incident.evidence]
