"""Why a failure mode was found, or why not: each operator stopped in each way it can be, watched through the engine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sample_cases import case

from loganalyzer.cli.why import as_object, text, verdict
from loganalyzer.outputs import View
from loganalyzer.packs import builtin_dir, load_dirs
from loganalyzer.pipeline import Options, Plan, Run
from loganalyzer.redact import Redactor
from loganalyzer.sources import expand
from loganalyzer.why import MAX_KEPT, WORDING, Why, why

VOCABULARY = """event_types:
  pond.splash: {meaning: m, attributes: {account: str, size: int}}
  pond.ripple: {meaning: m, attributes: {account: str}}
  pond.calm: {meaning: m, attributes: {account: str}}
"""
PATTERNS = """patterns:
  - {id: pond.splash, event: pond.splash, match: ["frog splash of size {size:int} by {account:word}",
     "frog splash of size {size:int}"], source: s, examples: [x], near_misses: [y]}
  - {id: pond.ripple, event: pond.ripple, match: "ripple on the pond", where: {subsystem: [pond], level: [warn]},
     source: s, examples: [x], near_misses: [y]}
  - {id: pond.calm, event: pond.calm, match: "the pond is calm", source: s, examples: [x], near_misses: [y]}
"""
MODE = """id: pond.restless
title: The pond is restless
tier: 1
severity: error
meaning: m.
cause: c.
key: [account]
evidence:
  - {name: entry, confidence: 0.9, %s}
summary: s.
remediation: [{text: t.}]
references: [r]
examples: [{name: e, lines: x}]
near_misses: [{name: n, lines: y}]
"""


def line(
    second: int, message: str, *, level: str = "WARN", subsystem: str | None = "pond", method: str = "logWarn"
) -> str:
    """A line of the gateway's file."""
    time = f"2026-11-20T12:{second // 60:02d}:{second % 60:02d}.000+00:00"
    meta = {"date": time, "logLevelName": level, "path": {"method": method}}
    bound = {} if subsystem is None else {"0": json.dumps({"subsystem": subsystem})}
    return json.dumps({**bound, "1" if bound else "0": message, "_meta": meta, "time": time})


def ask(folder: Path, entry: str, *lines: str, more: str = "") -> Why:
    """What happened to one evidence entry of a small pack over some lines."""
    pack = folder / "pack"
    pack.mkdir()
    (pack / "vocabulary.yaml").write_text(VOCABULARY)
    (pack / "events.yaml").write_text(PATTERNS)
    (pack / "pond.restless.yaml").write_text(MODE % entry + more)
    log = folder / "openclaw-2026-11-20.log"
    log.write_text("".join(one + "\n" for one in lines))
    loaded = load_dirs([pack], cache=False)
    return why(loaded.modes["pond.restless"], [log], Options(), Plan(Options(), loaded))


def the_rule(answer: Why) -> tuple[list[tuple[int, int]], str | None, list[int]]:
    """(got, needed) of each step, what stopped it, and the numbers of the lines shown."""
    (key,) = answer.keys
    (story,) = key.rules
    lines = [event.line for step in story.steps for event in step.events]
    return [(step.got, step.needed) for step in story.steps], story.stop and story.stop.kind, lines


SPLASHES = "count: 3, of: [{event: pond.splash}], within: 1m, until: [{event: pond.calm}]"
ORDER = "sequence: [{event: pond.splash}, {event: pond.ripple}], within: 1m"


def test_a_complete_rule_shows_its_lines(tmp_path: Path) -> None:
    """The events that completed it, and the incident that they opened."""
    answer = ask(tmp_path, SPLASHES, *(line(s, "frog splash of size 3") for s in (1, 2, 3)))
    assert the_rule(answer) == ([(3, 3)], None, [1, 2, 3])
    assert answer.keys[0].rules[0].completed == 1
    assert [i.status.value for i in answer.incidents] == ["open"]
    assert verdict(answer) == "pond.restless was found once."


def test_what_was_collected_may_be_reset(tmp_path: Path) -> None:
    """`until` ends an attempt; the best one is told with the event that ended it."""
    splash = "frog splash of size 3"
    answer = ask(tmp_path, SPLASHES, line(1, splash), line(2, splash), line(3, "the pond is calm"), line(4, splash))
    assert the_rule(answer) == ([(2, 3)], "reset", [1, 2])
    stop = answer.keys[0].rules[0].stop
    assert stop is not None
    assert (stop.by.line, stop.by.event) == (3, "pond.calm")
    assert not answer.incidents


def test_a_window_may_pass(tmp_path: Path) -> None:
    """A third event after the window: the first has fallen out of it."""
    answer = ask(tmp_path, SPLASHES, *(line(s, "frog splash of size 3") for s in (1, 2, 100)))
    assert the_rule(answer) == ([(2, 3)], "window", [1, 2])


def test_a_log_may_end_too_early(tmp_path: Path) -> None:
    """Nothing stopped it; events are missing."""
    answer = ask(tmp_path, SPLASHES, line(1, "frog splash of size 3"))
    assert the_rule(answer) == ([(1, 3)], None, [1])
    assert verdict(answer) == "pond.restless was not found: its evidence is not complete."


@pytest.mark.parametrize(
    ("lines", "steps", "stop"),
    [
        (("frog splash of size 1",), [(1, 1), (0, 1)], None),
        (("ripple on the pond", "frog splash of size 1"), [(1, 1), (0, 1)], None),
        (("ripple on the pond",), [(0, 1), (0, 1)], "order"),
        (("frog splash of size 1", *["-"] * 90, "ripple on the pond"), [(1, 1), (0, 1)], "window"),
        (("frog splash of size 1", "ripple on the pond"), [(1, 1), (1, 1)], None),
    ],
)
def test_a_sequence_tells_its_steps(
    lines: tuple[str, ...], steps: list[tuple[int, int]], stop: str | None, tmp_path: Path
) -> None:
    """Which step came, which is missing, and whether it came too early or too late."""
    answer = ask(tmp_path, ORDER, *(line(second, one) for second, one in enumerate(lines)))
    assert the_rule(answer)[:2] == (steps, stop)


def test_all_may_come_too_far_apart(tmp_path: Path) -> None:
    """Each was seen, but not within the window."""
    entry = "all: [{event: pond.splash}, {event: pond.ripple}], within: 10s"
    answer = ask(tmp_path, entry, line(1, "frog splash of size 1"), line(30, "ripple on the pond"))
    assert the_rule(answer) == ([(1, 1), (1, 1)], None, [1, 2])
    assert not answer.incidents
    assert "not within the window" in _text(answer)


def test_different_values_are_counted(tmp_path: Path) -> None:
    """Three events of two sizes are two of three."""
    entry = "count: 3, distinct: size, of: [{event: pond.splash}], within: 1m"
    answer = ask(tmp_path, entry, *(line(s, f"frog splash of size {s % 2}") for s in (1, 2, 3)))
    assert the_rule(answer)[0] == [(2, 3)]


@pytest.mark.parametrize(
    ("lines", "completed", "stop", "words"),
    [
        (((1, "frog splash of size 1"), (2, "the pond is calm")), 0, "reset", "pond.calm started the counting anew"),
        (((1, "frog splash of size 1"), (3, "-")), 0, None, "undecided"),
        (((1, "frog splash of size 1"), (90, "-")), 1, None, "complete, once"),
    ],
)
def test_silence_is_told(
    lines: tuple[tuple[int, str], ...], completed: int, stop: str | None, words: str, tmp_path: Path
) -> None:
    """Broken by what was awaited, not yet long enough, or long enough."""
    entry = "match: {event: pond.splash}, not_followed_by: [{event: pond.calm}], within: 1m"
    answer = ask(tmp_path, entry, *(line(*one) for one in lines))
    (story,) = answer.keys[0].rules
    assert (story.completed, story.stop and story.stop.kind) == (completed, stop)
    assert words in _text(answer)


def test_what_holds_back_is_named(tmp_path: Path) -> None:
    """`unless` with the event and the one that held it back."""
    entry = "match: {event: pond.splash}, unless: [{event: pond.calm, within: 1m}]"
    answer = ask(tmp_path, entry, line(1, "the pond is calm"), line(2, "frog splash of size 1"))
    (story,) = answer.keys[0].rules
    assert [(held.event.line, held.by.line) for held in story.held] == [(2, 1)]
    assert "held back by pond.calm shortly before" in _text(answer)


def test_conditions_that_do_not_hold_are_told(tmp_path: Path) -> None:
    """The nearest events, what they have and what is wanted; no key is followed for them."""
    entry = "match: {event: pond.splash, size: {gte: 5}}"
    answer = ask(tmp_path, entry, *(line(s, f"frog splash of size {s % 5}") for s in range(1, 20)))
    assert not answer.keys
    assert (answer.misfit_count, len(answer.misfits)) == (19, MAX_KEPT)
    assert answer.misfits[0].values == (1,)
    assert "size is 1; wanted: size at least 5" in _text(answer)
    assert verdict(answer).endswith("no event fits the conditions of its evidence.")


def test_nothing_of_the_needed_types(tmp_path: Path) -> None:
    """Says so, and names the types."""
    answer = ask(tmp_path, ORDER, line(1, "the pond is calm"))
    assert answer.unseen == ("pond.splash", "pond.ripple")
    assert verdict(answer).endswith("no line gives an event that its evidence needs.")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"subsystem": "lake"}, "the subsystem is lake; wanted: pond"),
        ({"level": "INFO"}, "the level is info; wanted: warn"),
        (
            {"level": "INFO", "subsystem": "lake"},
            "the subsystem is lake; wanted: pond; the level is info; wanted: warn",
        ),
    ],
)
def test_a_known_text_that_is_not_taken_says_why(changes: dict[str, str], reason: str, tmp_path: Path) -> None:
    """Subsystem and level of the pattern are compared by the engine's own function."""
    answer = ask(tmp_path, "match: {event: pond.ripple}", line(1, "ripple on the pond", **changes))
    assert [(near.pattern, near.line, near.reason) for near in answer.near] == [("pond.ripple", 1, reason)]


def test_a_literal_in_other_words_is_near(tmp_path: Path) -> None:
    """The scan stopped at the line, the template did not match."""
    answer = ask(tmp_path, "match: {event: pond.splash}", line(1, "frog splash of size unknown"))
    assert [near.reason for near in answer.near] == [WORDING]


def test_an_origin_that_is_not_allowed_is_named(tmp_path: Path) -> None:
    """Console text at level info is output of a client, which this pattern does not believe."""
    quoted = line(1, "frog splash of size 1", level="INFO", subsystem=None, method="console.log")
    answer = ask(tmp_path, "match: {event: pond.splash}", quoted)
    assert [near.reason for near in answer.near] == ["the origin is cli-output; wanted: gateway, cli-error, unknown"]


def test_duplicates_and_the_time_range_are_told(tmp_path: Path) -> None:
    """A replayed line is counted once; what is older than asked for is not judged."""
    one = line(1, "frog splash of size 1")
    answer = ask(tmp_path, SPLASHES, one, one, line(2, "frog splash of size 2"))
    assert [(fate, event.line) for fate, event in answer.dropped] == [("duplicate", 2)]
    assert the_rule(answer)[0] == [(2, 3)]


def test_keys_are_told_apart(tmp_path: Path) -> None:
    """Each account has its own count; the one with an incident comes first."""
    said = ("one", "two", "two", "two")
    answer = ask(tmp_path, SPLASHES, *(line(s, f"frog splash of size 3 by {who}") for s, who in enumerate(said)))
    assert [(key.key, bool(key.incidents)) for key in answer.keys] == [
        ({"account": "two"}, True),
        ({"account": "one"}, False),
    ]


def test_a_relapse_is_counted(tmp_path: Path) -> None:
    """A recovery that did not last is part of the answer."""
    more = "resolve: [{on: {event: pond.calm}, stable: 1m}]\n"
    lines = (line(1, "frog splash of size 1"), line(2, "the pond is calm"), line(3, "frog splash of size 2"))
    answer = ask(tmp_path, "match: {event: pond.splash}", *lines, more=more)
    assert answer.keys[0].relapses == 1
    assert "Recoveries that did not last: 1" in _text(answer)


def test_a_folded_incident_names_its_cause() -> None:
    """The unreachable gateway is a consequence of the kernel's kill."""
    log = case("gateway.oom/kernel-kill-two-files")
    plan = Plan(log.run_options)
    answer = why(plan.pack.modes["gateway.not-running"], [str(p) for p in log.inputs], log.run_options, plan)
    (incident,) = answer.incidents
    assert answer.causes[incident.caused_by or ""].failure_mode == "gateway.oom"
    assert "folded under gateway.oom" in _text(answer)


@pytest.mark.parametrize(
    "name",
    ["gateway.oom/kernel-kill-two-files", "whatsapp.session-terminated/twelve-retries", "healthy/one-exit-recovers"],
)
def test_watching_changes_nothing(name: str) -> None:
    """The incidents of every mode are those of a plain analysis, and every open one has a complete rule."""
    log = case(name)
    plan = Plan(log.run_options)
    run = Run(plan, expand(log.inputs)[0])
    plain = {transition.incident.id: transition.incident for transition in run.transitions()}.values()
    for mode in {incident.failure_mode for incident in plain}:
        answer = why(plan.pack.modes[mode], [str(path) for path in log.inputs], log.run_options, plan)
        assert sorted(i.id for i in answer.incidents) == sorted(i.id for i in plain if i.failure_mode == mode)
        assert any(rule.completed for key in answer.keys for rule in key.rules)


def test_hostile_text_stays_harmless(tmp_path: Path) -> None:
    """Escape sequences and phone numbers of a line reach neither text nor JSON."""
    answer = ask(tmp_path, SPLASHES, line(1, "frog splash of size 1 \x1b[31m +15551230000"))
    view = View(redact=Redactor(b"k"))
    shown = "\n".join(one.text for one in text(answer, view))
    assert "\x1b" not in shown
    assert "5551230000" not in shown
    document = json.dumps(as_object(answer, view))
    assert "5551230000" not in document
    assert json.loads(document)["schema"] == "loganalyzer.why/1"


def test_every_builtin_mode_can_be_asked_about() -> None:
    """No rule of the built-in pack is beyond words, whatever the log."""
    log = case("gateway.oom/kernel-kill-two-files")
    pack = load_dirs([builtin_dir()])
    plan = Plan(log.run_options, pack)
    for mode in list(pack.modes.values())[::10]:
        answer = why(mode, [str(path) for path in log.inputs], log.run_options, plan)
        assert _text(answer).startswith(mode.id)


def _text(answer: Why) -> str:
    return "\n".join(one.text for one in text(answer, View(width=200)))
