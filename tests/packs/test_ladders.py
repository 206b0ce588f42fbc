"""Remedies as they are shown: safe order, cautions, checks at the end, and no advice against that of a cause."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product

import pytest

from loganalyzer import packs
from loganalyzer.model import Step
from loganalyzer.packs.schema import FailureMode, Pack
from loganalyzer.remediate import ladder, parse_version

VERSIONS = (None, "2026.2.17", "2026.3.13", "2026.5.28", "2026.6.11", "2026.8.1", "2026.9.6")
SUPERVISORS = (None, "systemd", "launchd", "docker", "pm2")
DISRUPTIVE = re.compile(
    r"rm -|--force\b|\blogout\b|devices (?:remove|clear|rotate)|openclaw (?:reset|uninstall)|\bprune\b|\bchown\b"
    r"|gateway (?:restart|stop)\b|openclaw update(?! status)|doctor --(?:fix|repair)|compose (?:stop|down)|bootout"
    r"|verify bootstrap|sandbox\.mode off|reload\.mode off|allowlist add"
)
"""Commands that stop, delete, replace or open something."""
LOSING = re.compile(r"rm -r|channels logout|doctor --(?:fix|repair)")
"""Commands that delete or rewrite what cannot be had again."""
COPY = re.compile(r"\bcp (?:-a )?~/\.openclaw|openclaw backup create")
RELINK = re.compile(r"channels logout|rm -rf ~/\.openclaw/credentials")
AGAINST_RELINKING = re.compile(r"(?i)do not (?:link again|delete credentials)")
LONGEST_SENTENCE = 30
"""Of the text of a step [words]; caution and reason may be longer."""


@pytest.fixture(scope="module")
def pack() -> Pack:
    """The built-in pack."""
    return packs.load()


def ladders(mode: FailureMode) -> Iterator[tuple[str, tuple[Step, ...]]]:
    """Every ladder that a user can be shown: per way of opening, supervisor and version."""
    for rule, supervisor, version in product(mode.evidence, SUPERVISORS, VERSIONS):
        parsed = parse_version(version) if version else None
        shown = ladder(mode, {}, variants=frozenset({rule.name}), version=parsed, supervisor=supervisor)
        yield f"{mode.id}, {rule.name}, {supervisor}, {version}", shown


def test_every_ladder_ends_with_a_check(pack: Pack) -> None:
    """Whatever version, supervisor and variant: there is a step, and the last one says how to see that it helped."""
    bad = {
        name.split(",")[0] + f": {shown[-1].text}" if shown else f"{name}: empty"
        for mode in pack.modes.values()
        for name, shown in ladders(mode)
        if not shown or shown[-1].verify is None
    }
    assert sorted(bad) == []


def test_what_interrupts_or_destroys_carries_a_caution(pack: Pack) -> None:
    """A command that stops, deletes, replaces or opens something says what is lost."""
    bare = [
        (mode.id, step.text)
        for mode in pack.modes.values()
        for step in mode.remediation
        if step.caution is None and any(DISRUPTIVE.search(command) for command in step.commands)
    ]
    assert bare == []


def test_a_copy_comes_before_what_cannot_be_undone(pack: Pack) -> None:
    """Credentials and state are copied earlier in the ladder that is shown, or earlier in the same step."""
    bad = set()
    for mode in pack.modes.values():
        for _, shown in ladders(mode):
            copied = False
            for step in shown:
                for command in step.commands:
                    copied = copied or COPY.search(command) is not None
                    if LOSING.search(command) and not copied:
                        bad.add((mode.id, command))
    assert sorted(bad) == []


def test_the_first_step_looks_before_anything_is_lost(pack: Pack) -> None:
    """No ladder begins by deleting or unlinking."""
    bad = [
        (name, shown[0].text)
        for mode in pack.modes.values()
        for name, shown in ladders(mode)
        if any(LOSING.search(command) for command in shown[0].commands)
    ]
    assert bad == []


def test_a_gateway_that_is_stopped_is_started_again(pack: Pack) -> None:
    """A step that stops the gateway starts it, or a later one does."""
    bad = []
    for mode in pack.modes.values():
        for name, shown in ladders(mode):
            commands = [command for step in shown for command in step.commands]
            stops = [at for at, command in enumerate(commands) if command == "openclaw gateway stop"]
            starts = [
                at for at, command in enumerate(commands) if re.match("openclaw gateway (?:start|restart)", command)
            ]
            if stops and (not starts or starts[-1] < stops[-1]):
                bad.append(name)
    assert bad == []


def test_consequences_do_not_relink_against_their_cause(pack: Pack) -> None:
    """Where a cause says that credentials are not at fault, its consequences unlink under a condition only."""
    bad = []
    for cause in pack.modes.values():
        if not any(AGAINST_RELINKING.search(step.text) for step in cause.remediation):
            continue
        for name in (cause.id, *cause.explains):
            bad += [
                (cause.id, name, step.text)
                for step in pack.modes[name].remediation
                if any(RELINK.search(command) for command in step.commands)
                and (name == cause.id or not re.match(r"(?:Only )?[Ii]f\b", step.text))
            ]
    assert bad == []


def test_steps_are_short_sentences(pack: Pack) -> None:
    """A step begins like a sentence, ends like one, and none of its sentences is long."""
    bad = []
    for mode in pack.modes.values():
        for step in mode.remediation:
            if not step.text.endswith(".") or max(map(len, map(str.split, step.text.split(". ")))) > LONGEST_SENTENCE:
                bad.append((mode.id, step.text))
    assert bad == []
