"""Everything that a remedy tells people to type exists in the releases that it is meant for."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import remedies
from real_openclaw import NEWER, OLDER, Release

pytestmark = pytest.mark.e2e

RELEASES = pytest.mark.parametrize("release", [NEWER, OLDER], ids=lambda release: release.version)
EVERYWHERE = {"--help", "--version", "--profile", "--no-color", "--log-level", "--dev"}
OF_PLUGINS = {"matrix": "comes with the plugin @openclaw/matrix, which is not installed here"}
PROSE = {"before"}
"""Words that follow `openclaw` in a sentence without being a command."""
TOKEN = "0123456789abcdef0123456789abcdef"
BASE = {
    "gateway": {"mode": "local", "auth": {"mode": "token", "token": TOKEN, "trustedProxy": {"userHeader": "x-user"}}}
}
REJECTED = ("sessionStore", "reconnect", "keepAlive")
"""Settings of `channels.whatsapp` that guides recommend and no release knows."""
SAMPLES: dict[str, Any] = {"gateway.channelHealthCheckMinutes": 360}
"""Values of settings that the newer release no longer describes."""


def faults(release: Release, words: list[str], *, sentence: bool = False) -> str | None:
    """What is wrong with the words after `openclaw`; in a sentence other words may follow the command."""
    rest = list(words)
    help_of = release.help(())
    assert help_of
    while rest and help_of.is_group and re.fullmatch(r"[a-z][a-z-]*", rest[0]):
        below = release.help((*help_of.path, rest[0]))
        if below is None or len(below.path) != len(help_of.path) + 1:
            return f"no command {' '.join([*help_of.path, rest[0]])}"
        help_of = below
        rest.pop(0)
    given = 0
    while rest:
        name = rest.pop(0).partition("=")[0]
        if not name.startswith("-"):
            given += 1
        elif name not in help_of.options and name not in EVERYWHERE:
            return f"{' '.join(help_of.path)} has no {name}"
        elif help_of.options.get(name) and rest:
            rest.pop(0)
    if not sentence and not help_of.required <= given <= help_of.arguments:
        return f"{' '.join(help_of.path)} takes {help_of.required} to {help_of.arguments} arguments, not {given}"
    return None


def wrong(release: Release, found: list[tuple[remedies.Named, list[str], bool]]) -> list[str]:
    """All faults of commands; help pages are asked for side by side, because the older release answers slowly."""
    asked = [(named, words, sentence) for named, words, sentence in found if named.holds_for(release.version)]
    with ThreadPoolExecutor(2) as pool:
        answers = pool.map(lambda one: faults(release, one[1], sentence=one[2]), asked)
        return sorted(
            {f"{one[0].mode}: `{one[0].text}`: {fault}" for one, fault in zip(asked, answers, strict=True) if fault}
        )


@RELEASES
def test_commands_exist(release: Release) -> None:
    """Every `openclaw` command of a step is known, with its options and number of arguments, to the releases of its range."""
    found = [
        (named, words, False)
        for named in remedies.commands()
        if (words := remedies.openclaw_words(named.text)) is not None and words[0] not in OF_PLUGINS
    ]
    assert len(found) > 300
    assert wrong(release, found) == []


@RELEASES
def test_commands_in_sentences_exist(release: Release) -> None:
    """A sentence that mentions a command mentions one that exists."""
    found = [(named, shlex.split(named.text)[1:], True) for named in remedies.inline_commands()]
    assert wrong(release, [one for one in found if one[1][0] not in {*PROSE, *OF_PLUGINS}]) == []


@pytest.fixture(scope="session")
def schema(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The JSON schema that the newer release prints of its own configuration."""
    text = NEWER.run(tmp_path_factory.mktemp("schema"), "config", "schema").stdout
    return json.loads(text[text.index("{") :])  # type: ignore[no-any-return]


def below(schema: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """The schemas of a dotted key: several where there are alternatives, none where it is unknown."""
    nodes = [schema]
    for word in re.split(r"\.", key):
        nodes = [child for node in nodes for child in _children(node, word)]
    return nodes


def _children(node: Mapping[str, Any], word: str) -> list[Mapping[str, Any]]:
    found = [node["properties"][word]] if word in node.get("properties", {}) else []
    extra = node.get("additionalProperties")
    if not found and isinstance(extra, dict):
        found = [extra]
    for kind in ("anyOf", "oneOf", "allOf"):
        found += [child for part in node.get(kind, ()) for child in _children(part, word)]
    return found


def sample(nodes: list[Mapping[str, Any]]) -> object:
    """Some value that a schema allows."""
    for node in nodes:
        for part in (node, *node.get("anyOf", ()), *node.get("oneOf", ())):
            if part.get("enum"):
                return part["enum"][0]
            if "const" in part:
                return part["const"]
            kinds = {"boolean": True, "integer": 10, "number": 10, "string": "x", "array": [], "object": {}}
            if part.get("type") in kinds:
                return kinds[part["type"]]
    return {}


def put(document: dict[str, Any], key: str, value: object) -> None:
    """Sets a dotted key, without taking away what is below it already."""
    *folders, last = key.split(".")
    for folder in folders:
        document = document.setdefault(folder, {})
    if value != {} or last not in document:
        document[last] = value


def complaints(release: Release, home: Path, document: Mapping[str, Any]) -> str:
    """What a release says about a configuration; the older one has no command for it, but checks before any other."""
    folder = home / ".openclaw"
    folder.mkdir(exist_ok=True)
    (folder / "openclaw.json").write_text(json.dumps(document), encoding="utf-8")
    words = ("config", "validate") if release is NEWER else ("config", "get", "gateway.mode")
    done = release.run(home, *words)
    return "" if done.returncode == 0 else done.stdout


def rejected(key: str, said: str) -> bool:
    """Does a complaint name a key as unknown?"""
    parent, _, last = key.rpartition(".")
    return any(
        parent in line and f'"{last}"' in line
        for line in said.splitlines()
        if "nrecognized" in line or "additional" in line
    )


def keys(schema: Mapping[str, Any], release: Release) -> dict[str, set[str]]:
    """The configuration keys that steps for a release name, with their modes."""
    found: dict[str, set[str]] = {}
    for named in remedies.config_keys(schema["properties"]):
        if named.holds_for(release.version) and not named.where.startswith("Do not add "):
            found.setdefault(named.text, set()).add(named.mode)
    return found


def test_keys_are_in_the_schema(schema: dict[str, Any]) -> None:
    """Every configuration key of a step exists in the schema of the newer release."""
    found = keys(schema, NEWER)
    assert len(found) > 50
    assert {key: modes for key, modes in found.items() if not below(schema, key)} == {}


@RELEASES
def test_keys_are_accepted(release: Release, schema: dict[str, Any], tmp_path: Path) -> None:
    """A configuration that holds every key of the steps for a release has no key that this release does not know."""
    document: dict[str, Any] = json.loads(json.dumps(BASE))
    found = keys(schema, release)
    for key in sorted(found):
        put(document, key, SAMPLES.get(key, sample(below(schema, key))))
    document["gateway"]["mode"] = "local"
    said = complaints(release, tmp_path, document | {"nonsense": 1})
    assert rejected(".nonsense", said), said
    assert {key: modes for key, modes in found.items() if rejected(key, said)} == {}, said


@RELEASES
def test_values_are_accepted(release: Release, tmp_path: Path) -> None:
    """Whatever `openclaw config set` is told to write in a step is valid in the releases of its range."""
    document: dict[str, Any] = json.loads(json.dumps(BASE))
    for named in remedies.commands():
        words = remedies.openclaw_words(named.text) or []
        if words[:2] == ["config", "set"] and named.holds_for(release.version):
            try:
                value = json.loads(words[3])
            except ValueError:
                value = words[3]
            put(document, words[2], value)
    assert complaints(release, tmp_path, document) == ""


@RELEASES
@pytest.mark.parametrize("key", REJECTED)
def test_settings_from_guides_are_rejected(release: Release, key: str, tmp_path: Path) -> None:
    """The settings that guides recommend against closed connections make the configuration invalid."""
    said = complaints(release, tmp_path, BASE | {"channels": {"whatsapp": {key: {"type": "x"}}}})
    assert rejected(f"channels.whatsapp.{key}", said), said


def test_the_packs_warn_of_these_settings() -> None:
    """Where the packs name these settings, they say that they must not be used, and what happens otherwise."""
    naming = {
        (mode.id, step.text)
        for mode in remedies.pack().modes.values()
        for step in mode.remediation
        if any(re.search(rf"\b{key}\b", f"{step.text} {step.commands}") for key in ("sessionStore", "keepAlive"))
    }
    assert "whatsapp.timeout-loop" in {mode for mode, _ in naming}
    for _, text in naming:
        assert text.startswith("Do not add ")
        assert all(key in text for key in REJECTED)
        assert "invalid" in text


# Below ~/.openclaw, as the releases lay it out; what ends in .bak, .broken, .damaged or .before-… is a copy made by a step.
STATE = {
    "openclaw.json",
    ".env",
    "credentials/whatsapp",
    "credentials/whatsapp/{account}",
    "state",
    "state/openclaw.sqlite",
    "devices",
    "delivery-queue",
}
OLD_PATHS = {"sessions/whatsapp"}


def test_paths_are_those_of_openclaw() -> None:
    """Every path below the state folder that a step names is one that OpenClaw uses, or a copy of one."""
    unknown = {}
    for named in remedies.state_paths():
        path = re.sub(
            r"(\.(bak|broken|damaged|before-\w+)|\*)$", "", named.text.removeprefix("~/.openclaw").removeprefix("/")
        )
        if path and path not in STATE and not (path in OLD_PATHS and "old " in named.where):
            unknown[named.mode] = named.text
    assert unknown == {}
