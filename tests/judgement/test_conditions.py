"""Which events a selector means: values, operators, and what an event does not tell."""

from __future__ import annotations

import pytest
from judging import Judgement, close, pack, up

from loganalyzer.model import Scalar
from loganalyzer.testing import make_event

OPENS = "evidence: [{name: one, match: {event: channel.disconnected, %s}, confidence: 0.9}]"


@pytest.mark.parametrize(
    ("condition", "code", "opens"),
    [
        ("code: 428", 428, True),
        ("code: 428", 408, False),
        ("code: 428", None, False),
        ("code: [408, 428]", 428, True),
        ("code: [408, 428]", 515, False),
        ("code: {not: [428, 515]}", 428, False),
        ("code: {not: [428, 515]}", 408, True),
        ("code: {not: 428}", None, True),
        ("code: {gte: 500}", 499, False),
        ("code: {gte: 500}", 500, True),
        ("code: {gte: 500}", 501, True),
        ("code: {gte: 500}", None, False),
        ("code: {gt: 500}", 500, False),
        ("code: {gt: 500}", 501, True),
        ("code: {gt: 500}", None, False),
        ("code: {lte: 500}", 499, True),
        ("code: {lte: 500}", 500, True),
        ("code: {lte: 500}", 501, False),
        ("code: {lte: 500}", None, False),
        ("code: {lt: 500}", 499, True),
        ("code: {lt: 500}", 500, False),
        ("code: {lt: 500}", None, False),
        ("code: {has: true}", 0, True),
        ("code: {has: true}", None, False),
        ("code: {has: false}", 0, False),
        ("code: {has: false}", None, True),
        ("code: {gte: 400, lt: 500}", 399, False),
        ("code: {gte: 400, lt: 500}", 499, True),
        ("code: {gte: 400, lt: 500}", 500, False),
    ],
)
def test_a_condition_on_a_number(condition: str, code: int | None, opens: bool) -> None:
    """Each operator at its bound, beside it, and where the event names no number."""
    assert bool(Judgement(pack(one=OPENS % condition)).feed(close(0, code))) is opens


@pytest.mark.parametrize(
    ("condition", "attributes", "opens"),
    [
        ("delay_s: {gte: 2.5}", {"delay_s": 2.5}, True),
        ("delay_s: {gte: 2.5}", {"delay_s": 2.4}, False),
        ("delay_s: {lt: 2.5}", {"delay_s": 2.4}, True),
        ("reason: {gte: 3}", {"reason": "4"}, False),
        ("reason: {lt: 3}", {"reason": "2"}, False),
        ("reason: timeout", {"reason": "timeout"}, True),
        ("reason: timeout, code: 428", {"reason": "timeout"}, True),
        ("reason: timeout, code: 408", {"reason": "timeout"}, False),
        ("reason: quota, code: 428", {"reason": "timeout"}, False),
    ],
)
def test_conditions_look_at_typed_values(condition: str, attributes: dict[str, Scalar], opens: bool) -> None:
    """Text is no number, fractions are; of several conditions all must hold."""
    assert bool(Judgement(pack(one=OPENS % condition)).feed(close(0, **attributes))) is opens


@pytest.mark.parametrize(
    ("condition", "host", "opens"),
    [
        ("host: vps", "vps", True),
        ("host: vps", "home", False),
        ("host: vps", None, False),
        ("host: {has: false}", None, True),
    ],
)
def test_a_condition_on_the_host(condition: str, host: str | None, opens: bool) -> None:
    """The host of an event stands beside its attributes, and can be asked for in the same way."""
    assert bool(Judgement(pack(one=OPENS % condition)).feed(close(0, host=host))) is opens


def test_a_host_is_not_an_attribute_of_that_name() -> None:
    """`host` means where the line comes from, whatever a message says about hosts."""
    event = close(0)._replace(attributes={"channel": "whatsapp", "host": "vps"})
    assert Judgement(pack(one=OPENS % "host: vps")).feed(event) == []


def test_events_that_differ_in_nothing_that_is_asked_for_are_judged_alike() -> None:
    """The answer for one code is not taken for another, nor that for one type for another."""
    judgement = Judgement(pack(one=OPENS % "code: {gt: 400}"))
    opened = [
        bool(judgement.feed(event)) for event in (close(0, 400), up(1), close(2, 401, account="a"), close(3, 400))
    ]
    assert opened == [False, False, True, False]


def test_a_selector_may_name_several_types() -> None:
    """Any of them will do."""
    body = "evidence: [{name: one, match: {event: [gateway.stopped, system.oom_kill]}, confidence: 0.9}]"
    rules = pack(one=body)
    assert Judgement(rules).feed(make_event("gateway.stopped"))
    assert Judgement(rules).feed(make_event("system.oom_kill"))
    assert not Judgement(rules).feed(make_event("gateway.ready"))
