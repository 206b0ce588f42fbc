"""What a watcher of the rules is told: everything that happens inside them, and nothing is changed by it."""

from __future__ import annotations

from judging import Judgement, close, linked, pack, seconds, up, watchdog

from loganalyzer.correlate import Completion
from loganalyzer.model import Event
from loganalyzer.testing import make_event
from loganalyzer.tracking import Group, Note

ONE = "  - {name: one, match: {event: channel.disconnected}, unless: [{event: channel.linked, within: 5s}], confidence: 0.9}\n"
TWO = "  - {name: two, count: 2, of: [{event: channel.watchdog}], until: [{event: gateway.ready}], within: 1m, confidence: 0.5}\n"
SILENCE = "  - {name: silence, match: {event: channel.disconnected}, not_followed_by: [{event: channel.connected}], within: 10s, confidence: 0.6}\n"
ENDS = "resolve: [{on: {event: channel.connected}, stable: 10s}]\n"

Said = tuple[str, int, float | None, list[float | None], list[float | None]]


def watched(body: str, *events: Event, until: float | None = None) -> list[Said]:
    """
    Each note: kind, rule, second of the event, and the seconds of what the rule had collected before and after.

    All of them must be about the one group that there is, and the judgement must be that of a run that nobody watches.
    """
    said: list[Said] = []
    groups = []

    def times(completion: Completion) -> list[float | None]:
        return [seconds(seen.event.time_ns) for seen in completion]

    def note(one: Note) -> None:
        at_s = None if one.seen is None else seconds(one.seen.event.time_ns)
        groups.append(one.group)
        said.append((one.kind, one.rule, at_s, times(one.before), times(one.after)))

    rules = pack(one=body)
    judgement, unwatched = Judgement(rules, watches={"x.one": note}), Judgement(rules)
    decided, same = judgement.feed(*events), unwatched.feed(*events)
    if until is not None:
        decided, same = decided + judgement.until(until), same + unwatched.until(until)
    assert decided + judgement.finish() == same + unwatched.finish()
    assert all(group is groups[0] for group in groups)
    assert isinstance(groups[0], Group)
    return said


def test_a_rule_that_one_event_completes() -> None:
    """It had nothing and keeps nothing; the event is what completed it."""
    assert watched("evidence:\n" + ONE, close(0)) == [("taken", 0, 0, [], []), ("complete", 0, 0, [], [0])]


def test_what_holds_a_rule_back() -> None:
    """The event that was seen before, instead of a completion."""
    assert watched("evidence:\n" + ONE, linked(1), close(2)) == [("held", 0, 2, [], [1])]


def test_a_count_on_its_way() -> None:
    """What it had collected before each event and after it, the reset included."""
    ready = make_event("gateway.ready", 1)
    assert watched("evidence:\n" + ONE + TWO, watchdog(0), ready, watchdog(2), watchdog(3)) == [
        ("taken", 1, 0, [], [0]),
        ("reset", 1, 1, [0], []),
        ("taken", 1, 2, [], [2]),
        ("taken", 1, 3, [2], [2, 3]),
        ("complete", 1, 3, [2], [2, 3]),
    ]


def test_a_sequence_on_its_way() -> None:
    """The longest way that was gone, not the one that began last."""
    body = """evidence:
  - {name: s, sequence: [{event: config.changed}, {event: gateway.stopped}, {event: channel.disconnected}], within: 1m,
     confidence: 0.9}
"""
    events = [make_event("config.changed", 0), make_event("gateway.stopped", 1), make_event("config.changed", 2)]
    assert watched(body, *events) == [
        ("taken", 0, 0, [], [0]),
        ("taken", 0, 1, [0], [0, 1]),
        ("taken", 0, 2, [0, 1], [0, 1]),
    ]


def test_all_of_several_on_their_way() -> None:
    """The latest of each that was seen."""
    body = (
        "evidence: [{name: a, all: [{event: gateway.ready}, {event: gateway.stopped}], within: 1m, confidence: 0.9}]\n"
    )
    assert watched(body, make_event("gateway.ready", 0), make_event("gateway.ready", 1)) == [
        ("taken", 0, 0, [], [0]),
        ("taken", 0, 1, [0], [1]),
    ]


def test_silence_that_lasts_and_silence_that_is_broken() -> None:
    """The deadline is no event; what was awaited is."""
    broken = watched("evidence:\n" + SILENCE, close(0), close(2), up(5))
    assert broken == [("taken", 0, 0, [], [0]), ("taken", 0, 2, [0], [0]), ("reset", 0, 5, [0], [])]
    lasting = watched("evidence:\n" + SILENCE, close(0), until=20)
    assert lasting == [("taken", 0, 0, [], [0]), ("silence", 0, None, [0], [0])]


def test_recovery_and_relapse() -> None:
    """The recovery, and the relapse with the recovery that it refutes."""
    assert watched("evidence:\n" + ONE + ENDS, close(0), up(1), up(2), close(3))[2:] == [
        ("recovering", 0, 1, [], []),
        ("relapse", 0, 3, [1], []),
        ("taken", 0, 3, [], []),
        ("complete", 0, 3, [], [3]),
    ]


def test_each_note_names_the_group() -> None:
    """By its key, as far as it is known."""
    keys = []
    judgement = Judgement(pack(one="evidence:\n" + ONE), watches={"x.one": lambda note: keys.append(note.group.key)})
    judgement.feed(close(0, account="a"), close(1, account="b"))
    assert keys == [(None, "whatsapp", name) for name in "aabb"]


def test_only_the_mode_that_is_watched_tells() -> None:
    """Others run as ever."""
    said: list[str] = []
    rules = pack(one="evidence:\n" + ONE, other="evidence:\n" + ONE)
    judgement = Judgement(rules, watches={"x.other": lambda note: said.append(note.kind)})
    assert len(judgement.feed(close(0))) == 2
    assert said == ["taken", "complete"]
