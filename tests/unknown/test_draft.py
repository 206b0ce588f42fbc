"""The draft of a pattern: refused as it is, right once a person has filled it in."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from unknown_lines import in_file

from loganalyzer.api import find_unknown
from loganalyzer.errors import PackError
from loganalyzer.packs import Pack, examples
from loganalyzer.packs.lint import lint
from loganalyzer.packs.load import load_dirs
from loganalyzer.redact import Redactor
from loganalyzer.unknown.draft import draft, template

VOCABULARY = "event_types:\n  zoo.gate: {meaning: a gate, attributes: {channel: str}}\n"
TEXTS = {
    "numbers": [f"gate {n} stays open for {n}.5s, try {n}/9" for n in range(3)],
    "names": ['keeper "ann" lost the key to /srv/zoo/gate', 'keeper "bob" lost the key to /srv/zoo/shop'],
    "braces": ["bad answer {not json} from gate 7", "bad answer {not json} from gate 8"],
    "words": ["the keeper lost the zebra again", "the keeper lost the okapi again"],
    "quotes": ["it's the keeper's gate: 'a' & \"b\" <c> \\d # e", "it's the keeper's gate: 'x' & \"b\" <c> \\d # e"],
    "adjacent": ["gate 12 34 '5' 'x' is open wide", "gate 56 78 '9' 'y' is open wide"],
    "long": ["the gate " + f"of house {n} " * 60 for n in range(2)],
    "spaces": ["gate   12   is open"],
}


def drafted(folder: Path, texts: list[str]) -> str:
    """The draft for the first group of a log with these warnings."""
    log = folder / "a.log"
    log.write_text("".join(in_file(text, second=n) for n, text in enumerate(texts)))
    return draft(find_unknown(log).groups[0], Redactor(b"key"))


def pack(folder: Path, text: str) -> Pack:
    """A pack of one event type and this file of patterns."""
    (folder / "vocabulary.yaml").write_text(VOCABULARY)
    (folder / "draft.yaml").write_text(text)
    return load_dirs([folder], cache=False)


@pytest.mark.parametrize("texts", TEXTS.values(), ids=TEXTS)
def test_a_draft_is_refused_until_it_is_filled_in(texts: list[str], tmp_path: Path) -> None:
    """Lint names what is open; with event, source and near miss the draft recognises its examples."""
    text = drafted(tmp_path, texts)
    name = yaml.safe_load(text)["patterns"][0]["id"]
    try:
        faults = lint(pack(tmp_path, text))
    except PackError as error:
        faults = list(error.faults)
    assert any("TODO" in fault.message for fault in faults)
    text = text.replace("event: TODO", "event: zoo.gate")
    assert {fault.message for fault in lint(pack(tmp_path, text)) if name in fault.message} >= {
        f"{name}: needs a near miss",
        f"{name}: 'source' is missing: name the template, capture or document that proves the text",
    }
    text = text.replace("source:", "source: invented").replace("near_misses: []", "near_misses: [all is well]")
    filled = pack(tmp_path, text)
    assert not [fault for fault in lint(filled) if fault.message.startswith(f"{name}:")]
    assert not examples.run(filled, frozenset({name}))


def test_a_draft_shows_no_secret(tmp_path: Path) -> None:
    """Examples are masked like everything that is printed."""
    text = drafted(tmp_path, ["message to +15551230000 failed: token=abcdef0123456789abcdef", "x"])
    assert "15551230000" not in text
    assert "abcdef0123456789" not in text
    assert "<phone:" in text


def test_a_draft_of_hostile_text_is_yaml(tmp_path: Path) -> None:
    """Control characters, line ends and invisible ones cannot leave their place."""
    text = drafted(tmp_path, ["gate \x1b[31m\u2028 open: - 'x'\u202e\x85 \ufffe", "y"])
    assert text.isascii() or text.replace("\n", "").isprintable()
    assert "\x1b" not in text
    assert yaml.safe_load(text)["patterns"][0]["event"] == "TODO"


def test_a_draft_without_time_or_text_is_yaml(tmp_path: Path) -> None:
    """Even a warning without any text has a draft, which lint refuses."""
    text = drafted(tmp_path, [""])
    assert yaml.safe_load(text)["patterns"][0]["match"] == ""


def test_masks_become_typed_holes() -> None:
    """Numbers, durations and versions have their types, neighbours are one hole."""
    masked = "gate <number> of <version> at <path>: <quoted> for <duration>, <id><number> <*> {x}"
    assert template(masked, []) == ("gate {_:number} of {_:version} at {_:word}: {_} for {_:duration}, {_} {_} {{x}}")
