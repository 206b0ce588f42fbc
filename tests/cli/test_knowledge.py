import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from loganalyzer.cli.patterns import entry
from loganalyzer.cli.words import duration, evidence
from loganalyzer.packs.schema import Condition, EvidenceRule, Nearby, Selector

Run = Callable[..., "subprocess.CompletedProcess[str]"]
SECOND = 1_000_000_000


def test_explain_prints_the_runbook_without_a_log(zoo: Path, run: Run) -> None:
    """Title, meaning, cause, recognition in words, labelled steps and references."""
    done = run("explain", "zoo.gate-open", "--patterns", zoo)
    assert done.returncode == 0
    for expected in (
        "ERROR  The gate is open",
        "The zebra is not where it should be.",
        "Cause: Somebody left the gate open.",
        "zoo.escaped (channel zoo). Confidence 90%.",
        "zoo.caught (channel zoo)",
        "zoo.no-visitors",
        "$ zoo gate close <channel>",
        "Caution: Mind the tail.",
        "[OpenClaw >=2026.5, systemd] Count the zebras.",
        "https://zoo.example.org/gates",
    ):
        assert expected in done.stdout


@pytest.mark.parametrize(
    ("word", "suggestion"),
    [("gate-open", "zoo.gate-open"), ("zoo.gate-opne", "zoo.gate-open"), ("no-visitor", "zoo.no-visitors")],
)
def test_an_unknown_mode_gets_the_nearest(word: str, suggestion: str, zoo: Path, run: Run) -> None:
    """The whole id or its last part may be mistyped."""
    done = run("explain", word, "--patterns", zoo)
    assert done.returncode == 2
    assert f"Did you mean {suggestion}" in done.stderr


def test_why_tells_what_was_found_and_what_was_missing(zoo: Path, run: Run) -> None:
    """As text and as JSON; a mode that does not exist gets the nearest, a log that does not exist is trouble."""
    log = "2026-11-20T12:00:00.500+00:00 [zoo] zebra escaped with code 428\n"
    done = run("why", "zoo.gate-open", "-", "--patterns", zoo, stdin=log)
    assert done.returncode == 0
    assert done.stdout.startswith("zoo.gate-open was found once.")
    assert "seen: zoo.escaped (channel zoo)" in done.stdout
    assert "Read standard input" in done.stderr
    missing = run("why", "zoo.no-visitors", "-", "--patterns", zoo, "--format", "json", stdin=log)
    answer = json.loads(missing.stdout)
    assert (answer["schema"], answer["found"], answer["keys"]) == ("loganalyzer.why/1", False, [])
    assert answer["misfits"][0]["conditions"] == [{"wanted": "code 429", "value": 428}]
    unknown = run("why", "gate-open", "-", "--patterns", zoo, stdin=log)
    assert unknown.returncode == 2
    assert "Did you mean zoo.gate-open" in unknown.stderr
    assert run("why", "zoo.gate-open", "nowhere.log", "--patterns", zoo).returncode == 2


def test_why_writes_a_private_file(zoo: Path, run: Run, tmp_path: Path) -> None:
    """`--output` gets the text whole, readable for the user alone."""
    target = tmp_path / "why.txt"
    done = run("why", "zoo.no-hay", "-", "--patterns", zoo, "--output", target, stdin="zebra wants hay for leo\n")
    assert done.returncode == 0
    assert target.stat().st_mode & 0o777 == 0o600
    assert "undecided: the log ends before the silence is long enough" in target.read_text()


def test_schema_is_json_for_editors(zoo: Path, run: Run) -> None:
    """It offers the event types of the packs that are named."""
    schema = json.loads(run("patterns", "schema", "--patterns", zoo).stdout)
    assert schema["$schema"].startswith("https://json-schema.org/")
    assert "zoo.escaped" in schema["$defs"]["event"]["anyOf"][0]["enum"]


def test_list_names_modes_counts_and_folders(zoo: Path, run: Run, home: Path) -> None:
    """Every mode with the patterns it builds on, and where patterns come from."""
    done = run("patterns", "list", "--patterns", zoo)
    assert done.returncode == 0
    assert "zoo.gate-open" in done.stdout
    assert "event patterns" in done.stdout
    assert str(zoo) in done.stdout
    assert str(home) in done.stdout


def test_show_prints_the_definition_and_its_place(zoo: Path, run: Run) -> None:
    """A mode shows its file, an event pattern its entry."""
    mode = run("patterns", "show", "zoo.gate-open", "--patterns", zoo).stdout
    assert "zoo.gate-open.yaml:" in mode
    assert "cause: Somebody left the gate open." in mode
    pattern = run("patterns", "show", "zoo.escaped", "--patterns", zoo).stdout
    assert "events.yaml:" in pattern
    assert "zebra escaped" in pattern
    assert "zoo.caught" not in pattern


def test_an_entry_ends_where_the_next_begins() -> None:
    """The text of a list entry is cut by its indentation."""
    text = "patterns:\n  - id: a\n    match: x\n\n    where: y\n  - id: b\n"
    assert entry(text, 2).rstrip() == "  - id: a\n    match: x\n\n    where: y"
    assert entry(text, 6) == "  - id: b"


def test_lint_and_test_tell_faults_with_their_place(zoo: Path, run: Run, tmp_path: Path) -> None:
    """A good pack passes both; faults come all at once as file:line:column with exit code 2."""
    (tmp_path / "bad.yaml").write_text(
        "patterns:\n"
        "  - {id: zoo.bad, event: channel.nowhere, match: 'zebra is blue', source: x, examples: [{line: a}], near_misses: [b]}\n"
        "  - {id: zoo.worse, event: channel.exited, match: 'zebra is green', source: x, examples: [{line: red}], near_misses: [b]}\n"
    )
    done = run("patterns", "lint", tmp_path)
    assert done.returncode == 2
    assert "bad.yaml:2:" in done.stderr
    assert "channel.nowhere" in done.stderr
    (tmp_path / "bad.yaml").write_text(
        "patterns:\n  - {id: zoo.worse, event: channel.exited, match: 'zebra is green', source: x,\n"
        "     examples: [{line: zebra is red}], near_misses: [b]}\n"
    )
    done = run("patterns", "test", tmp_path)
    assert done.returncode == 2
    assert "bad.yaml:2:" in done.stderr


def test_match_shows_format_record_and_events(zoo: Path, run: Run) -> None:
    """A line is taken apart on screen: which surface, which record, which events, masked."""
    line = "2026-11-20T12:00:00.500+00:00 [zoo] zebra escaped with code 428 to=+15551230000 \x1b[31m"
    done = run("patterns", "match", line, "--patterns", zoo)
    assert done.returncode == 0
    rows = dict(row.split(maxsplit=1) for row in done.stdout.splitlines() if len(row.split()) > 1)
    assert rows["subsystem"] == "zoo"
    assert rows["time"] == "2026-11-20T12:00:00.500+00:00"
    assert rows["event"].startswith("zoo.escaped (pattern zoo.escaped)")
    assert rows["code"] == "428"
    assert "5551230000" not in done.stdout
    assert "\x1b" not in done.stdout
    assert "No event" in run("patterns", "match", "zebra sleeps", "--patterns", zoo).stdout
    assert "zoo.escaped" in run("patterns", "match", "-", "--patterns", zoo, stdin=line).stdout


def test_events_in_both_formats(zoo: Path, run: Run) -> None:
    """Events are listed as JSON lines or as a table, with the accounting behind."""
    log = "2026-11-20T12:00:00.500+00:00 [zoo] zebra escaped with code 428\n"
    done = run("events", "-", "--format", "jsonl", "--patterns", zoo, stdin=log)
    event = json.loads(done.stdout)
    assert (event["schema"], event["type"]) == ("loganalyzer.event/1", "zoo.escaped")
    assert event["attributes"]["code"] == 428
    table = run("events", "-", "--patterns", zoo, stdin=log)
    assert "zoo.escaped" in table.stdout
    assert "code=428" in table.stdout
    assert "Read standard input" in table.stderr
    assert "1 event" in table.stderr
    assert "No events." in run("events", "-", "--patterns", zoo, stdin="nothing\n").stdout


def _select(event: str, *conditions: Condition) -> Selector:
    return Selector(events=(event,), conditions=conditions)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (
            EvidenceRule(
                name="repeated",
                confidence=0.7,
                confidence_step=0.05,
                confidence_max=0.95,
                count=2,
                of=(_select("a.x", Condition(attribute="code", operator="in", values=(428, 408))), _select("a.y")),
                within=1800 * SECOND,
                until=(_select("a.up"),),
            ),
            (
                "repeated: 2 times within 30 min: a.x (code 428 or 408), or a.y; counting starts anew after a.up. "
                "Confidence 70%, growing to 95%."
            ),
        ),
        (
            EvidenceRule(name="order", confidence=0.8, sequence=(_select("a.x"), _select("a.y")), within=90 * SECOND),
            "order: in this order within 90 s: a.x, then a.y. Confidence 80%.",
        ),
        (
            EvidenceRule(name="all", confidence=0.8, all=(_select("a.x"), _select("a.y")), within=3600 * SECOND),
            "all: all of these within 1 h: a.x, and a.y. Confidence 80%.",
        ),
        (
            EvidenceRule(
                name="silence",
                confidence=0.6,
                match=(_select("a.x", Condition(attribute="n", operator="gte", values=(3,))),),
                not_followed_by=(_select("a.y"),),
                within=SECOND // 2,
                unless=(Nearby(selector=_select("a.z"), within=300 * SECOND),),
            ),
            "silence: a.x (n at least 3), not followed within 500 ms by a.y; not within 5 min after a.z. Confidence 60%.",
        ),
        (
            EvidenceRule(
                name="one",
                confidence=0.5,
                match=(
                    _select(
                        "a.x",
                        Condition(attribute="p", operator="not", values=("q",)),
                        Condition(attribute="r", operator="has", values=(False,)),
                    ),
                ),
            ),
            "one: a.x (p not q and without r). Confidence 50%.",
        ),
    ],
)
def test_rules_are_told_in_words(rule: EvidenceRule, words: str) -> None:
    """Each kind of evidence has its sentence."""
    assert evidence(rule) == words


@pytest.mark.parametrize(("ns", "text"), [(86_400 * SECOND, "1 d"), (5 * SECOND, "5 s"), (1_500_000_000, "1500 ms")])
def test_durations_have_the_largest_whole_unit(ns: int, text: str) -> None:
    """No fractions where a smaller unit is whole."""
    assert duration(ns) == text
