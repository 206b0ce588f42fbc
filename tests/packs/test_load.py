"""Loading packs: every fault at once, with its place; overriding; caching."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from loganalyzer.errors import PackError
from loganalyzer.packs import load, load_dirs
from loganalyzer.packs.load import compiled

VOCABULARY = "event_types:\n  a.b: {meaning: m, attributes: {code: int}}\n"
PATTERNS = """patterns:
  - id: one
    event: a.b
    match: "some text {code:int}"
    source: s
    examples: ["some text 1"]
    near_misses: ["other"]
"""


def write(folder: Path, **files: str) -> Path:
    """Write YAML files by stem."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def faults(folder: Path) -> list[str]:
    """`line:column: message` of every fault."""
    with pytest.raises(PackError) as caught:
        load_dirs([folder], cache=False)
    return [f"{f.line}:{f.column}: {f.message}" for f in caught.value.faults]


def test_a_good_pack_loads(tmp_path: Path) -> None:
    """Patterns keep their place for later messages."""
    pack = load_dirs([write(tmp_path, vocabulary=VOCABULARY, patterns=PATTERNS)], cache=False)
    assert pack.patterns["one"].match == ("some text {code:int}",)
    assert pack.places["one"].line == 2


def test_all_faults_are_reported_at_once_with_their_place(tmp_path: Path) -> None:
    """An unknown key, a wrong type and a missing key of three entries come together."""
    text = """patterns:
  - id: one
    evnt: a.b
    match: "x"
  - id: [two]
  - match: "y"
    where: {level: [loud]}
"""
    found = faults(write(tmp_path, vocabulary=VOCABULARY, patterns=text))
    assert any(f.startswith("3:5: unknown key 'evnt'; did you mean 'event'?") for f in found)
    assert any(f.startswith("5:5: expected str") for f in found)
    assert any("'id' is missing" in f for f in found)
    assert any("'loud' is not one of" in f for f in found)


def test_duplicate_keys_and_bad_yaml_are_faults(tmp_path: Path) -> None:
    """YAML that most loaders would silently accept, or choke on."""
    assert any("duplicate key 'id'" in f for f in faults(write(tmp_path, p="patterns:\n  - id: a\n    id: b\n")))
    assert any("YAML" in f for f in faults(write(tmp_path, p="patterns: [\n")))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: &x [1]\nb: *x", "2:4: YAML: aliases are not allowed"),
        ("&x [*x]", "1:5: YAML: aliases are not allowed"),
        ("a: !!int word", "1:4: YAML: tags are not allowed"),
        ("[" * 20_000, "1:33: YAML: nested deeper than 32"),
        ("? [a, b]\n: c", "1:3: YAML: a key must be a word"),
        ("a: 1\n---\nb: 2", "2:1: YAML: more than one document in a file"),
        ("a: " + "9" * 5000, "1:1: unknown key 'a'"),
    ],
)
def test_yaml_that_no_pack_needs_is_a_fault(tmp_path: Path, text: str, told: str) -> None:
    """It takes neither time nor memory, and raises nothing else."""
    assert told in faults(write(tmp_path, mode=text))


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ("{gt: many}", "expected float, got 'many'"),
        ("{lte: [1, 2]}", "expected float, got a list"),
        ("{gte: []}", "expected float, got a list"),
        ("{has: 3}", "expected bool, got 3"),
        ("{gt: " + "9" * 400 + "}", f"expected float, got '{'9' * 400}'"),
    ],
)
def test_operands_fit_their_operator(tmp_path: Path, condition: str, told: str) -> None:
    """What cannot be compared is a fault of the pack, not of the run that meets it."""
    mode = f"id: a.b\nevidence: [{{name: n, match: {{event: a.b, code: {condition}}}, confidence: 0.9}}]\n"
    assert any(fault.endswith(told) for fault in faults(write(tmp_path, **{"a.b": mode})))


def test_durations_have_an_end(tmp_path: Path) -> None:
    """A number that is too long for a time is none."""
    mode = f"id: a.b\nresolve: {{on: [{{event: a.c}}], stable: {'9' * 400}h}}\n"
    assert any("expected a duration" in fault for fault in faults(write(tmp_path, **{"a.b": mode})))


def test_words_stay_words(tmp_path: Path) -> None:
    """`on`, `off`, `no` and dates are text."""
    text = PATTERNS.replace('"some text {code:int}"', "[on and off, no, 2026-11-20]").replace("some text 1", "no")
    pack = load_dirs([write(tmp_path, vocabulary=VOCABULARY, patterns=text)], cache=False)
    assert pack.patterns["one"].match == ("on and off", "no", "2026-11-20")


def test_a_later_folder_overrides_by_id(tmp_path: Path) -> None:
    """A user's pack replaces an entry and keeps the others."""
    base = write(tmp_path / "base", vocabulary=VOCABULARY, patterns=PATTERNS)
    own = write(tmp_path / "own", mine=PATTERNS.replace("some text", "my text"))
    pack = load_dirs([base, own], cache=False)
    assert pack.patterns["one"].match == ("my text {code:int}",)


def test_a_damaged_cache_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cache gives the same pack, and rubbish in it does no harm."""
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name: str(tmp_path / "cache"))
    folder = write(tmp_path / "pack", vocabulary=VOCABULARY, patterns=PATTERNS)
    first = load_dirs([folder])
    (cached,) = (tmp_path / "cache").iterdir()
    assert load_dirs([folder]) == first
    cached.write_bytes(b"\x00rubbish")
    assert load_dirs([folder]) == first


GOOD_MODE = """id: a.mode
tier: 1
title: t
severity: warning
meaning: m
cause: c
evidence: [{name: one, match: {event: a.b}, confidence: 0.9}]
summary: s
remediation: [{text: look}]
references: [docs]
examples: [{name: e, lines: some text 1}]
near_misses: [{name: n, lines: other}]
"""


def test_a_users_pack_must_prove_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule of one's own without near misses, or about unknown events, is an error with its place, not a diagnosis."""
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name: str(tmp_path / "cache"))
    monkeypatch.setattr("platformdirs.user_config_dir", lambda name: str(tmp_path / "config"))
    mode = GOOD_MODE.replace("{event: a.b}", "{event: channel.exitted}")
    own = write(
        tmp_path / "own", **{"a.mode": mode.replace("near_misses: [{name: n, lines: other}]", "near_misses: []")}
    )
    with pytest.raises(PackError) as caught:
        load([own])
    text = str(caught.value)
    assert "did you mean 'channel.exited'?" in text
    assert "needs a near miss" in text
    assert str(own / "a.mode.yaml") + ":1:" in text


def test_a_users_pack_extends_the_built_in_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The per-user folder takes part without being named."""
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name: str(tmp_path / "cache"))
    monkeypatch.setattr("platformdirs.user_config_dir", lambda name: str(tmp_path / "config"))
    write(tmp_path / "config" / "patterns", **{"a.mode": GOOD_MODE.replace("event: a.b", "event: channel.exited")})
    pack = load()
    assert "a.mode" in pack.modes
    assert "whatsapp.logged-out" in pack.modes


def test_the_compiled_pack_of_the_wheel_is_the_pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the build writes is read instead of the YAML, as long as the YAML is what it was."""
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name: str(tmp_path / "cache"))
    folder = write(tmp_path / "pack", vocabulary=VOCABULARY, patterns=PATTERNS)
    module = sys.modules["loganalyzer.packs.load"]
    monkeypatch.setattr(module, "builtin_dir", lambda: folder)
    (folder / "compiled.msgpack").write_bytes(compiled(folder))
    monkeypatch.setattr("loganalyzer.packs.read.read", lambda *_: pytest.fail("the YAML was read"))
    pack = load_dirs([folder], proved=True)
    assert pack.places["one"].file == str(folder / "patterns.yaml")
