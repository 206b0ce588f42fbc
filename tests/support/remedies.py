"""What the remedies name: commands, configuration keys and paths, taken out of the pattern packs."""

from __future__ import annotations

import functools
import re
import shlex
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from loganalyzer import packs
from loganalyzer.packs.schema import Pack
from loganalyzer.remediate import in_range, parse_version

FILLED = {
    "account": "default",
    "channel": "whatsapp",
    "CODE": "ABCD1234",
    "deviceId": "d0",
    "host": "gateway.example",
    "id": "whatsapp",
    "port": "18790",
    "path": "/tmp/state",
    "plugin": "whatsapp",
    "provider": "openai",
    "url": "ws://127.0.0.1:18789",
}
"""What stands for a placeholder, where any word would not do."""
_PLACEHOLDER = re.compile(r"[{<]([A-Za-z_][\w-]*)[}>]")
_INLINE = re.compile(r"\bopenclaw((?: [a-z][a-z-]+| --[a-z][\w-]*)+)")
_KEY = re.compile(r"(?<![\w./-])([a-z][A-Za-z]*(?:\.(?:[a-z][A-Za-z]*|<[\w-]+>|\*))+)(?![\w(/])")
_TILDE = re.compile(r"~/\.openclaw[\w./{}<>*-]*[\w}>*]")


class Named(NamedTuple):
    """Something that a step names."""

    mode: str
    versions: str | None
    """The range of the step; None for every version."""
    text: str
    where: str
    """`command`, or the sentence that it stands in."""

    def holds_for(self, version: str) -> bool:
        """Is the step shown to a user of this version?"""
        parsed = parse_version(version)
        assert parsed
        return self.versions is None or in_range(parsed, self.versions)


@functools.cache
def pack() -> Pack:
    """The built-in packs, without the cache of the user."""
    return packs.load_dirs([packs.builtin_dir()], cache=False)


def fill(text: str) -> str:
    """A command with something in place of its placeholders."""
    return _PLACEHOLDER.sub(lambda found: FILLED.get(found[1], "x1"), text)


def _sentences() -> Iterator[Named]:
    for mode in pack().modes.values():
        for text in (mode.meaning, mode.cause):
            yield Named(mode.id, None, text, text)
        for step in mode.remediation:
            for text in filter(None, (step.text, step.caution, step.verify)):
                yield Named(mode.id, step.versions, text, text)


def commands() -> list[Named]:
    """Every command of every step, placeholders and all."""
    return [
        Named(mode.id, step.versions, command, "command")
        for mode in pack().modes.values()
        for step in mode.remediation
        for command in step.commands
    ]


def openclaw_words(command: str) -> list[str] | None:
    """The words after `openclaw`, None if the command runs something else."""
    words = shlex.split(fill(command).partition("|")[0])
    while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
        words = words[1:]
    return words[1:] if words[:1] == ["openclaw"] else None


def inline_commands() -> list[Named]:
    """Commands that a sentence mentions, as far as they can be told from the words that follow them."""
    return [
        Named(named.mode, named.versions, f"openclaw{found}", named.text)
        for named in _sentences()
        for found in _INLINE.findall(named.text)
    ]


def config_keys(sections: Mapping[str, object]) -> list[Named]:
    """Configuration keys of commands and sentences: dotted words that start with a section of the configuration."""
    found = []
    for named in commands():
        words = openclaw_words(named.text) or []
        if words[:1] == ["config"] and words[1] in ("get", "set", "unset"):
            found.append(named._replace(text=words[2]))
    for named in _sentences():
        for key in _KEY.findall(named.text):
            if key.partition(".")[0] in sections and key not in pack().modes and not key.endswith(".com"):
                found.append(named._replace(text=key))
    return found


def state_paths() -> list[Named]:
    """Everything below `~/.openclaw` that a step names."""
    texts = [*commands(), *_sentences()]
    return [named._replace(text=path, where=named.text) for named in texts for path in _TILDE.findall(named.text)]
