"""
What to do: the ladder of a failure mode, cut to the version, supervisor and account of an incident.

Commands are text for a person; nothing is executed. Values from a log enter a command only if they are harmless,
and quoted.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from functools import lru_cache

from loganalyzer.model import Scalar, Step
from loganalyzer.packs.schema import FailureMode, Remedy

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_ONE_TIMES = re.compile(r"\b1 times\b")
_SAFE_VALUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/@+-]{0,63}\Z")
_PERSONAL = re.compile(r"@|\+?\d{7,}")
_BOUND = re.compile(r"(>=|<=|==|>|<)\s*v?(\d+(?:\.\d+)*)\Z")

Version = tuple[int, ...]


def parse_version(text: str) -> Version | None:
    """`2026.9.6-beta.1` as (2026, 9, 6); None if it is no version."""
    match = re.match(r"v?(\d{1,4}(?:\.\d{1,4}){1,3})", text)
    return tuple(map(int, match[1].split("."))) if match else None


def parse_bounds(text: str) -> list[tuple[str, Version]]:
    """`>=2026.5,<2026.9` as operators and versions. Raises ValueError."""
    bounds = []
    for part in text.split(","):
        match = _BOUND.match(part.strip())
        if match is None:
            raise ValueError(f"{part.strip()!r} is no version bound such as >=2026.5")
        bounds.append((match[1], tuple(map(int, match[2].split(".")))))
    return bounds


@lru_cache(maxsize=1024)
def in_range(version: Version, text: str) -> bool:
    """Is a version inside all bounds? `<2026.5` and `>=2026.5` compare as many parts as the bound names."""
    for operator, bound in parse_bounds(text):
        part = version[: len(bound)]
        holds = {
            ">=": part >= bound,
            "<=": part <= bound,
            ">": part > bound,
            "<": part < bound,
            "==": part == bound,
        }[operator]
        if not holds:
            return False
    return True


def ladder(
    mode: FailureMode,
    values: Mapping[str, Scalar | None],
    *,
    variants: frozenset[str],
    version: Version | None,
    supervisor: str | None,
) -> tuple[Step, ...]:
    """The steps that apply. What depends on something unknown is kept and labelled."""
    return _ladder(mode, variants, version, supervisor, *[values.get(name) for name in _names(mode.remediation)])


@lru_cache(maxsize=4096, typed=True)  # True and 1 are equal, but read differently
def _ladder(
    mode: FailureMode,
    variants: frozenset[str],
    version: Version | None,
    supervisor: str | None,
    *given: Scalar | None,
) -> tuple[Step, ...]:
    """The ladder with the values of its placeholders; incidents of a mode mostly share both."""
    values = dict(zip(_names(mode.remediation), given, strict=True))
    steps = []
    for remedy in mode.remediation:
        if remedy.variants and variants.isdisjoint(remedy.variants):
            continue
        if remedy.versions and version and not in_range(version, remedy.versions):
            continue
        if remedy.supervisor and supervisor and remedy.supervisor != supervisor:
            continue
        own = [values[name] for name in _names((remedy,))]
        steps.append(_step(remedy, version is None, supervisor is None, *own))
    return tuple(steps)


@lru_cache(maxsize=4096)
def _names(remedies: tuple[Remedy, ...]) -> tuple[str, ...]:
    """The placeholders in steps."""
    texts = [text for r in remedies for text in (r.text, *r.commands, r.caution or "", r.verify or "")]
    return tuple(dict.fromkeys(name for text in texts for name in _PLACEHOLDER.findall(text)))


@lru_cache(maxsize=4096, typed=True)
def _step(remedy: Remedy, no_version: bool, no_supervisor: bool, *given: Scalar | None) -> Step:
    """A step with the values of its placeholders; ladders that differ elsewhere share it."""
    values = dict(zip(_names((remedy,)), given, strict=True))
    labels = []
    if remedy.versions and no_version:
        labels.append(f"OpenClaw {remedy.versions}")
    if remedy.supervisor and no_supervisor:
        labels.append(remedy.supervisor)
    label = f"[{', '.join(labels)}] " if labels else ""
    return Step(
        text=label + fill(remedy.text, values),
        commands=tuple(fill_command(command, values) for command in remedy.commands),
        caution=fill(remedy.caution, values) if remedy.caution else None,
        verify=fill(remedy.verify, values) if remedy.verify else None,
    )


def fill(text: str, values: Mapping[str, Scalar | None]) -> str:
    """Put values into the placeholders of a sentence; an unknown value leaves no gap behind."""
    if "{" not in text:
        return _tidy(text)

    def value(match: re.Match[str]) -> str:
        found = values.get(match[1])
        if match[1] == "trigger" or found is not None:
            return "" if found is None else _number(found)
        return "default" if match[1] == "account" else "unknown"

    return _tidy(_PLACEHOLDER.sub(value, text))


@lru_cache(maxsize=4096)
def _tidy(filled: str) -> str:
    """A sentence without the gaps of what is unknown; most of them hold no value at all and come again and again."""
    filled = _ONE_TIMES.sub("once", filled)
    return re.sub(r" ([.,;:])", r"\1", re.sub(r"[ \n]{2,}|\n", " ", filled)).strip()


def _number(value: Scalar) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def fill_command(command: str, values: Mapping[str, Scalar | None]) -> str:
    """Put values into a command: validated and quoted, or as `<name>` where they are unsafe or personal."""
    if "{" not in command:
        return command

    def value(match: re.Match[str]) -> str:
        found = values.get(match[1])
        if found is None:
            return "default" if match[1] == "account" else f"<{match[1]}>"
        text = _number(found)
        if not _SAFE_VALUE.match(text) or _PERSONAL.search(text):
            return f"<{match[1]}>"
        return shlex.quote(text)

    return _PLACEHOLDER.sub(value, command)
