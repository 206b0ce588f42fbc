"""Which incident an event belongs to, and what happens when there are more of them than are remembered."""

from __future__ import annotations

import pytest
from judging import Judgement, close, lines, linked, pack, seconds, told, up, watchdog

from loganalyzer.model import Event
from loganalyzer.testing import final, make_event

TWO = "evidence: [{name: two, count: 2, of: [{event: channel.disconnected}], within: 1m, confidence: 0.5}]\n"
ONE = "evidence: [{name: one, match: {event: channel.disconnected}, confidence: 0.5}]\n"
ENDS = "resolve: [{on: {event: channel.connected}, stable: 10s}]\n"
SILENCE = """evidence:
  - name: silence
    match: {event: channel.disconnected}
    not_followed_by: [{event: channel.connected}]
    within: 10s
    confidence: 0.6
"""
BY_CHANNEL = "key: [channel]\n"


@pytest.fixture
def two_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules follow no more than two keys at a time."""
    monkeypatch.setattr("loganalyzer.tracking.MAX_GROUPS", 2)


def accounts(judgement: Judgement, events: list[Event]) -> dict[str | None, int]:
    """How often each account was seen at last."""
    transitions = judgement.feed(*events) + judgement.finish()
    return {incident.key["account"]: incident.count for incident in final(transitions)}


def test_each_mode_groups_by_its_own_key() -> None:
    """Two accounts of one channel are one incident for one mode and two for another."""
    judgement = Judgement(pack(account=ONE, channel=ONE + BY_CHANNEL))
    found = final(judgement.feed(close(0, account="a"), close(1, account="b")))
    assert [(i.failure_mode, dict(i.key)) for i in found] == [
        ("x.account", {"host": None, "channel": "whatsapp", "account": "a"}),
        ("x.channel", {"channel": "whatsapp"}),
        ("x.account", {"host": None, "channel": "whatsapp", "account": "b"}),
    ]


def test_a_key_is_learnt_from_whoever_tells_it() -> None:
    """What begins without an account and goes on with one is an incident of that account, with the same id."""
    judgement = Judgement(pack(one=ONE))
    transitions = judgement.feed(close(0), close(1, account="work", host="vps"), close(2), close(3, host="vps"))
    assert [(t.kind, t.incident.key["account"], t.incident.key["host"]) for t in transitions] == [
        ("opened", None, None),
        ("updated", "work", "vps"),
        ("updated", "work", "vps"),
    ]
    assert len({t.incident.id for t in transitions}) == 1


def test_a_deadline_holds_when_the_key_becomes_known() -> None:
    """A silence that began without an account is decided for the account that was learnt since."""
    judgement = Judgement(pack(silence=SILENCE))
    assert judgement.feed(close(0), close(1, account="work")) == []
    [opened] = judgement.until(11)
    assert (opened.incident.key["account"], seconds(opened.time_ns)) == ("work", 10)


def test_of_several_incidents_that_fit_the_one_used_last_goes_on() -> None:
    """An event that names no account is taken for one of the account that was seen last."""
    judgement = Judgement(pack(one=ONE))
    events = [close(0, account="a"), close(1, account="b"), close(2), close(3, account="a"), close(4), close(5)]
    assert accounts(judgement, events) == {"a": 4, "b": 2}


def test_what_is_known_of_no_key_ends_nothing() -> None:
    """A host and an account that never had trouble, beside one that has."""
    judgement = Judgement(pack(one=ONE + "resolve: [{on: {event: channel.connected}}]\n"))
    judgement.feed(close(0, host="vps", account="a"))
    assert judgement.feed(up(1, host="vps", account="b")) == []
    assert told(judgement.feed(up(2, host="vps", account="a"))) == [("resolved", "one", 2)]


def test_a_key_that_fits_none_of_several_is_a_new_one() -> None:
    """Hosts and accounts both tell apart."""
    judgement = Judgement(pack(one=ONE))
    keys = [("h", "a"), ("g", "a"), ("h", "b"), ("h", "a")]
    transitions = judgement.feed(*[close(i, host=host, account=account) for i, (host, account) in enumerate(keys)])
    assert [i.count for i in final(transitions + judgement.finish())] == [2, 1, 1]


def test_numbers_are_keys_like_texts() -> None:
    """A port or a pid groups as what it reads like."""
    judgement = Judgement(pack(one=ONE + "key: [code]\n"))
    found = final(judgement.feed(close(0, 428), close(1, 408), close(2, 428)))
    assert [(i.key["code"], i.count) for i in found] == [("428", 2), ("408", 1)]


def test_a_reset_for_one_key_leaves_the_others() -> None:
    """A connection of one account says nothing about another; one that names none is about all."""
    body = TWO.replace("within", "until: [{event: channel.connected}], within")
    before = [close(0, account="a"), close(0, account="b")]
    after = [close(2, account="a"), close(2, account="b")]
    opened = Judgement(pack(one=body)).feed(*before, up(1, account="a"), *after)
    assert [t.incident.key["account"] for t in opened] == ["b"]
    assert Judgement(pack(one=body)).feed(*before, up(1), *after) == []


def test_context_of_another_key_is_none() -> None:
    """A look-back takes the latest event that fits, not the latest of all."""
    body = ONE + "context: [{event: channel.linked, within: 1m}]\n"
    events = [linked(0, account="a", line=1), linked(1, account="b", line=2), close(2, account="a", line=3)]
    assert lines(final(Judgement(pack(one=body)).feed(*events))[0]) == [1, 3]


@pytest.mark.usefixtures("two_kept")
def test_the_key_that_was_used_least_recently_gives_way() -> None:
    """It is counted, and begins anew if it comes back."""
    judgement = Judgement(pack(two=TWO))
    judgement.feed(close(0, account="a"), close(1, account="b"), close(2, account="c"))
    assert judgement.accounting.evicted == 1
    assert judgement.feed(close(3, account="a")) == []
    assert judgement.accounting.evicted == 2
    [opened] = judgement.feed(close(4, account="c"))
    assert opened.incident.key["account"] == "c"
    assert judgement.accounting.evicted == 2


@pytest.mark.usefixtures("two_kept")
def test_an_incident_that_gives_way_is_told_if_it_has_grown() -> None:
    """Once, as it stands; then nothing more is known of it."""
    judgement = Judgement(pack(one=ONE))
    [opened, *_] = judgement.feed(*[close(i, account="a", line=i) for i in range(3)], close(3, account="b"))
    transitions = judgement.feed(close(4, account="c"))
    assert {(t.kind, t.incident.key["account"], t.incident.count) for t in transitions} == {
        ("opened", "c", 1),
        ("updated", "a", 3),
    }
    assert judgement.classifier.current(opened.incident.id) is None
    assert told(judgement.feed(close(5, account="d"))) == [("opened", "one", 5)]
    assert judgement.finish() == []


@pytest.mark.usefixtures("two_kept")
def test_what_gave_way_is_neither_resolved_nor_undecided_any_more() -> None:
    """No deadline reaches what is no longer followed."""
    recovering = Judgement(pack(one=ONE + ENDS))
    recovering.feed(close(0, account="a"), up(1, account="a"), close(2, account="b"), close(3, account="c"))
    assert recovering.until(100) == []
    waiting = Judgement(pack(silence=SILENCE))
    waiting.feed(close(0, account="a"), close(1, account="b"), close(2, account="c"))
    assert [t.incident.key["account"] for t in waiting.until(100)] == ["b", "c"]
    ended = Judgement(pack(silence=SILENCE))
    ended.feed(close(0, account="a"), close(1, account="b"), close(2, account="c"))
    assert [t.incident.key["account"] for t in ended.finish()] == ["b", "c"]


@pytest.mark.usefixtures("two_kept")
def test_a_key_that_comes_back_has_a_deadline_of_its_own() -> None:
    """That of the time before it was forgotten does not count."""
    judgement = Judgement(pack(silence=SILENCE))
    judgement.feed(close(0, account="a"), close(1, account="b"), close(2, account="c"), close(5, account="a"))
    assert told(judgement.until(11)) == []
    decided = judgement.until(100)
    assert [(t.incident.key["account"], seconds(t.time_ns)) for t in decided] == [("c", 12), ("a", 15)]


@pytest.mark.usefixtures("two_kept")
def test_events_that_only_end_something_are_not_followed() -> None:
    """Connections of accounts that never had trouble take no room."""
    judgement = Judgement(pack(one=ONE + ENDS + "also: [{event: channel.watchdog}]\n"))
    judgement.feed(close(0, account="x"))
    judgement.feed(*[event for name in "abc" for event in (up(0, account=name), watchdog(0, account=name))])
    assert judgement.accounting.evicted == 0


VERSIONED = (
    ONE
    + """remediation:
  - {text: new way, versions: ">=2026.5"}
  - {text: old way, versions: "<2026.5"}
  - {text: unit, supervisor: systemd}
  - {text: container, supervisor: docker}
"""
)


def steps(*before: Event) -> list[str]:
    """What is advised after these events."""
    [incident] = final(Judgement(pack(one=VERSIONED)).feed(*before, close(100)))
    return [step.text for step in incident.remediation]


UNKNOWN_SUPERVISOR = ["[systemd] unit", "[docker] container"]


@pytest.mark.parametrize("event", ["gateway.version", "gateway.starting"])
def test_the_version_that_the_gateway_names_chooses_the_steps(event: str) -> None:
    """The latest that can be read as one; before that, both ways are shown, labelled."""
    assert steps() == ["[OpenClaw >=2026.5] new way", "[OpenClaw <2026.5] old way", *UNKNOWN_SUPERVISOR]
    old, new = make_event(event, 0, version="2026.2.17"), make_event(event, 1, version="2026.9.6")
    assert steps(old) == ["old way", *UNKNOWN_SUPERVISOR]
    assert steps(old, new) == ["new way", *UNKNOWN_SUPERVISOR]
    assert steps(old, make_event(event, 1, version="unreleased")) == ["old way", *UNKNOWN_SUPERVISOR]
    assert steps(old, make_event(event, 1)) == ["old way", *UNKNOWN_SUPERVISOR]


def test_the_version_of_something_else_is_none() -> None:
    """An agent has versions as well."""
    assert steps(make_event("agent.version", 0, version="2026.2.17"))[0] == "[OpenClaw >=2026.5] new way"


def test_what_the_init_system_says_of_a_unit_tells_who_supervises() -> None:
    """Steps for others are left out."""
    known = ["[OpenClaw >=2026.5] new way", "[OpenClaw <2026.5] old way", "unit"]
    assert steps(make_event("system.unit_failed", 0)) == known
    assert steps(make_event("system.oom_kill", 0))[2:] == UNKNOWN_SUPERVISOR
