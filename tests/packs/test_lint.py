"""Lint: one sound pack, broken in one way at a time; each fault has its place, and nothing else is said."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from loganalyzer.cli import main
from loganalyzer.packs import builtin_dir, load_dirs
from loganalyzer.packs.examples import incidents_of, primary, run
from loganalyzer.packs.lint import lint, remarks, review
from loganalyzer.packs.overlap import written_out
from loganalyzer.pipeline import Options, Plan

VOCABULARY = """event_types:
  pond.splash: {meaning: m, attributes: {account: str, size: int}}
  pond.calm: {meaning: m, attributes: {account: str}}
"""
EVENTS = """patterns:
  - id: pond.splash
    event: pond.splash
    match: "frog splash of size {size:int}"
    source: s
    examples: ["frog splash of size 3"]
    near_misses: ["frog sleeps"]
  - id: pond.calm
    event: pond.calm
    match: ["the pond is calm again", "no ripple since {_:duration}"]
    where: {subsystem: pond}
    source: s
    examples: ["the pond is calm again"]
    near_misses: ["the pond is wild"]
"""
MODE = """id: pond.restless
title: The pond is restless
tier: 1
severity: error
meaning: Frogs jump.
cause: It is spring.
key: [host, account]
evidence:
  - {name: many, count: 3, of: {event: pond.splash, size: {gte: 2}}, within: 1m, confidence: 0.8}
resolve: [{on: {event: pond.calm}}]
summary: "Frogs of {account} splashed {count} times, the last with size {size}."
remediation:
  - {text: "Ask {account}.", commands: ["pond calm --account {account}"], variants: many}
references: [r]
examples: [{name: e, lines: x}]
near_misses: [{name: n, lines: y}]
"""


def found(folder: Path, *, events: str = EVENTS, mode: str = MODE, vocabulary: str = VOCABULARY) -> list[str]:
    """`file:line: message` of everything `patterns lint` says about a pack."""
    (folder / "vocabulary.yaml").write_text(vocabulary)
    (folder / "events.yaml").write_text(events)
    (folder / "pond.restless.yaml").write_text(mode)
    faults = review(load_dirs([folder], cache=False))
    return [f"{Path(fault.file).name}:{fault.line}: {fault.message}" for fault in faults]


def more(text: str) -> str:
    """One more event pattern behind the others."""
    return f"{EVENTS}  - {{id: pond.more, source: s, examples: [x], near_misses: [y], {text}}}\n"


def test_a_sound_pack_has_no_faults(tmp_path: Path) -> None:
    """The pack that the other tests break."""
    assert found(tmp_path) == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("size {size}.", "size {sise}.", "summary: nothing fills {sise}; did you mean 'size'?"),
        ("Frogs of", "Because of {trigger} frogs of", "summary: {trigger} needs a 'context' with a 'label'"),
        ("It is spring.", "It is {season}.", "cause: nothing fills {season}"),
        ("Ask {account}.", "Ask {acount}.", "remediation 1: nothing fills {acount}; did you mean 'account'?"),
        ("pond calm --account {account}", "pond calm {pid}", "remediation 1: nothing fills {pid}"),
        ("The pond is restless", "The {account} is restless", "title: {account} is not filled in here"),
        ("Frogs jump.", "Frogs of {account} jump.", "meaning: {account} is not filled in here"),
        ("key: [host, account]", "key: [host, acount]", "key 'acount': no event of the evidence has it"),
        ("within: 1m, conf", "within: 1m, distinct: colour, conf", "evidence 'many': no event of it has the attribute"),
        ("{name: e, lines: x}", "{name: e, lines: x, expect: pond.nowhere}", "example 'e' expects the unknown mode"),
        ("variants: many", "variants: few", "remediation names the unknown variant 'few'"),
        ("summary:", "explains: [pond.gone]\nsummary:", "explains the unknown mode 'pond.gone'"),
        ("summary:", "explains: [pond.restless]\nsummary:", "explains itself through pond.restless -> pond.restless"),
        ("size: {gte: 2}", "sice: {gte: 2}", "pond.splash has no attribute 'sice'; did you mean 'size'?"),
        ("event: pond.calm", "event: pond.clam", "unknown event type 'pond.clam'; did you mean 'pond.calm'?"),
        ("near_misses: [{name: n, lines: y}]", "near_misses: []", "needs a near miss"),
        ("examples: [{name: e, lines: x}]", "examples: []", "needs an example"),
        ("references: [r]", "references: []", "needs a reference"),
    ],
)
def test_a_mode_with_one_fault(old: str, new: str, fault: str, tmp_path: Path) -> None:
    """References that lead nowhere, and proofs that are missing."""
    assert old in MODE
    (said,) = found(tmp_path, mode=MODE.replace(old, new))
    assert said.startswith("pond.restless.yaml:1: pond.restless: ")
    assert fault in said


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('    near_misses: ["frog sleeps"]\n', "", "needs a near miss"),
        ('    examples: ["frog splash of size 3"]\n', "", "needs an example"),
        ("{size:int}", "{sise:int}", "hole 'sise' is no attribute of pond.splash; did you mean 'size'?"),
        ('"frog splash of size {size:int}"', '"frog {size:int}"', "too short to scan for"),
        ('"frog splash of size {size:int}"', '"^gateway {_}: {size:int}"', "stands in the name of a subsystem"),
        ('"frog splash of size {size:int}"', '"plumps"', "too little text to be safe in every line"),
        (
            '"frog splash of size {size:int}"',
            "['frog splash of size {size:int}', 'hüpf {_} hüpf']",
            "too short to scan",
        ),
        ("event: pond.splash\n", "event: pond.splach\n", "unknown event type 'pond.splach'"),
        ('    source: s\n    examples: ["frog', '    examples: ["frog', "'source' is missing"),
    ],
)
def test_a_pattern_with_one_fault(old: str, new: str, fault: str, tmp_path: Path) -> None:
    """Each is told at the line where the pattern begins."""
    assert old in EVENTS
    said = [one for one in found(tmp_path, events=EVENTS.replace(old, new)) if one.startswith("events.yaml")]
    assert said
    assert all(one.startswith("events.yaml:2: pond.splash: ") for one in said)
    assert any(fault in one for one in said)


@pytest.mark.parametrize(
    "safe", ["event: pond.calm, match: '^all quiet'", "event: pond.calm, match: 'quiet', where: {subsystem: pond}"]
)
def test_short_texts_are_safe_at_a_place(safe: str, tmp_path: Path) -> None:
    """A subsystem, or the start of the line, makes up for few letters."""
    assert found(tmp_path, events=more(safe)) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("event: pond.splash, match: 'frog splash of size {size:int}'", "is never reached: pond.splash gives"),
        ("event: pond.splash, match: 'big frog splash of size {size:int} at night'", "is never reached: pond.splash"),
        ("event: pond.splash, match: 'frog splash of size {size:int}', where: {level: warn}", "is never reached"),
        ("event: pond.calm, match: ['all is quiet now', 'all is quiet now']", "is written twice"),
        ("event: pond.calm, match: ['all is {_} quiet', 'all is very quiet today']", "is never reached: 'all is {_}"),
    ],
)
def test_a_pattern_that_is_never_reached(text: str, fault: str, tmp_path: Path) -> None:
    """An earlier and wider pattern of the same event type, or template of the same pattern, takes every line first."""
    (said,) = found(tmp_path, events=more(text))
    assert said.startswith("events.yaml:15: pond.more: ")
    assert fault in said


@pytest.mark.parametrize(
    "text",
    [
        "event: pond.calm, match: 'frog splash of size {_:int}'",
        "event: pond.splash, match: 'frog splash of {_} size'",
        "event: pond.splash, match: 'no frog splash'",
        "event: pond.calm, match: 'the pond is calm again'",
        "event: pond.calm, match: 'the pond is calm again', where: {subsystem: lake}",
        "event: pond.splash, match: ['frog splash of size {size:int}', 'toad splash of size {size:int}']",
        "ignore: normal, match: 'frog splash of size {_:int}'",
    ],
)
def test_patterns_that_have_their_own_lines(text: str, tmp_path: Path) -> None:
    """Another type, other words, a wider condition, or one more wording: none is hidden."""
    assert found(tmp_path, events=more(text)) == []


def test_an_example_of_two_modes_has_to_say_so(tmp_path: Path) -> None:
    """Without `expect` an example may raise its own mode and no other; with it both are named."""
    mode = MODE.replace("count: 3, of: {event: pond.splash, size: {gte: 2}}, within: 1m", "match: {event: pond.splash}")
    mode = mode.replace("lines: x", "lines: 'frog splash of size 3'")
    found(tmp_path, mode=mode)
    names = frozenset({"pond.restless", "pond.loud"})
    assert run(load_dirs([tmp_path], cache=False), names) == []
    other = mode.replace("pond.restless", "pond.loud")
    (tmp_path / "pond.loud.yaml").write_text(other)
    pack = load_dirs([tmp_path], cache=False)
    assert {fault.message.split(":")[0] for fault in run(pack, names)} == names
    order = primary(incidents_of(Plan(Options(), pack), "frog splash of size 3\n"))
    for name, text in (("pond.restless", mode), ("pond.loud", other)):
        said = text.replace("{name: e, lines", f"{{name: e, expect: [{', '.join(order)}], lines")
        (tmp_path / f"{name}.yaml").write_text(said)
    assert run(load_dirs([tmp_path], cache=False), names) == []


def test_a_template_is_written_out() -> None:
    """Typed holes hold what fits them, the others a word that no literal has."""
    assert written_out("closed ({code:code}) in {x:duration}: {why}") == "zq closed (777) in 7s: zq"
    assert written_out("^a {{b}} {v:version}") == "a {b} 7.7.7"


def test_a_hidden_pattern_does_not_stop_a_users_pack(tmp_path: Path) -> None:
    """An update of the built-in patterns may hide one of a user's: lint tells, analysis goes on."""
    found(tmp_path, events=more("event: pond.splash, match: 'frog splash of size {size:int}'"))
    assert lint(load_dirs([tmp_path], cache=False)) == []


def test_words_without_use_are_remarks(tmp_path: Path) -> None:
    """A word that nothing gives, and one that no rule asks for, are no faults."""
    vocabulary = VOCABULARY + "  pond.frozen: {meaning: m}\n"
    assert found(tmp_path, mode=MODE.replace("resolve: [{on: {event: pond.calm}}]\n", ""), vocabulary=vocabulary) == []
    assert remarks(load_dirs([tmp_path], cache=False)) == [
        "no pattern gives the event pond.frozen",
        "no rule asks for the event pond.calm",
    ]


def test_a_word_may_say_why_it_is_without_use(tmp_path: Path) -> None:
    """Lint keeps silent about it, until the claim is no longer true."""
    vocabulary = VOCABULARY + "  pond.frozen: {meaning: m, no_pattern: seen in winter only}\n"
    vocabulary = vocabulary.replace("pond.calm: {", "pond.calm: {no_rule: nothing to do, ")
    without = MODE.replace("resolve: [{on: {event: pond.calm}}]\n", "")
    assert found(tmp_path, mode=without, vocabulary=vocabulary) == []
    assert remarks(load_dirs([tmp_path], cache=False)) == []
    assert found(tmp_path, mode=MODE, vocabulary=vocabulary) == []
    assert remarks(load_dirs([tmp_path], cache=False)) == ["a rule asks for the event pond.calm, against its no_rule"]


def test_the_builtin_pack_is_sound(capsys: pytest.CaptureFixture[str]) -> None:
    """The command finds no fault in what is shipped, and prints its remarks as notes."""
    assert review(load_dirs([builtin_dir()])) == []
    with pytest.raises(SystemExit) as ended:
        main(["patterns", "lint"])
    assert ended.value.code == 0
    assert re.search(r"(?m)^\d+ failure modes and \d+ event patterns: no faults\.$", capsys.readouterr().out)
