"""
A group of unknown lines -> the draft of an event pattern, in the form of `docs/patterns.md`.

Only a person knows what a line means: the event, the source and the near misses are left open, and lint refuses the
draft until they are filled in.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime

import regex

from loganalyzer import formats, sanitize, subsystems
from loganalyzer.model import UnknownGroup, UnknownLine
from loganalyzer.packs.templates import TemplateError, compile_template
from loganalyzer.redact import Redactor
from loganalyzer.unknown.groups import ANY_WORD
from loganalyzer.unknown.kinds import first_line
from loganalyzer.unknown.masks import MASK

MAX_TEMPLATE = 160
"""How much of a group's template a pattern takes; it need not reach the end of a line [characters]."""
MAX_EXAMPLE = 300
_HOLES = {"number": "{_:number}", "duration": "{_:duration}", "version": "{_:version}"}
_WORDS = frozenset({"id", "path", "url", "address", "account"})
_VARIES = re.compile(rf"(?:{MASK.pattern}|{re.escape(ANY_WORD)})+")
_WORD = re.compile(r"[a-z]{2,20}")


def draft(group: UnknownGroup, redact: Redactor) -> str:
    """Writes the draft, masked, as YAML that ends with a line break."""
    texts = [sanitize.line(redact(one.text)) for one in group.examples]
    group = replace(
        group,
        subsystem=None if group.subsystem is None else sanitize.line(redact(group.subsystem)),
        template=redact(group.template),
    )
    subsystem = group.subsystem or "none"
    examples = "\n".join(f"      - line: {_quoted(_example(one, redact))}" for one in group.examples)
    return f"""\
# Draft. Nothing is enabled by it: put it below events/ of a pack of your own, fill in every TODO,
# name the holes whose values matter ({{attempt:int}}), then: loganalyzer patterns lint DIR
patterns:
  - id: {_id(group)}
    event: TODO  # a type of vocabulary.yaml; or instead of it `ignore:` and why this is normal
    match: {_quoted(template(group.template, texts))}
    where:
      subsystem: [{_quoted(subsystem)}]
    source:  # TODO: which versions write it, and how you know
    examples:
{examples}
    near_misses: []  # TODO: a line that looks like it and means something else
"""


def template(text: str, examples: list[str]) -> str:
    """
    Turns masks into typed holes.

    Args:
        examples: lines that the result must match; what fits them all is kept, at worst a part without holes.
    """
    text = text if len(text) <= MAX_TEMPLATE else text[:MAX_TEMPLATE].rpartition(" ")[0] or text[:MAX_TEMPLATE]
    parts = _parts(text)
    found = "".join(parts)
    literals = sorted((part for part in parts[::2] if part.strip()), key=len, reverse=True)
    return found if _fits(found, examples) or not literals else literals[0].strip()


def _parts(text: str) -> list[str]:
    """Literals and holes by turns."""
    parts, at = [], 0
    for match in _VARIES.finditer(text):
        parts += [_literal(text[at : match.start()]), _hole(match[0])]
        at = match.end()
    return [*parts, _literal(text[at:])]


def _literal(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _hole(masks: str) -> str:
    names = MASK.findall(masks)
    if len(names) != 1 or ANY_WORD in masks:
        return "{_}"
    return _HOLES.get(names[0]) or ("{_:word}" if names[0] in _WORDS else "{_}")


def _fits(text: str, examples: list[str]) -> bool:
    try:
        pattern = regex.compile(compile_template(text).pattern)
    except TemplateError:
        return False
    return all(pattern.search(example) for example in examples)


def _example(line: UnknownLine, redact: Redactor) -> str:
    """The line as `openclaw logs` would print it: the shortest form that names time, level and subsystem."""
    text = sanitize.line(redact(line.text))[:MAX_EXAMPLE]
    try:
        time = datetime.fromtimestamp((line.time_ns or 0) // 10**9, UTC)
    except (OverflowError, OSError, ValueError):  # a log can claim any year
        return text
    named = [sanitize.line(redact(line.subsystem))] if line.subsystem else []
    shown = " ".join([time.strftime("%Y-%m-%dT%H:%M:%SZ"), line.level, *named, text])
    record = formats.decode(shown.encode("utf-8", "replace"))
    same = (subsystems.display(record.subsystem) if record.subsystem else None) == line.subsystem
    return shown if line.time_ns is not None and same and first_line(record) == text else text


def _id(group: UnknownGroup) -> str:
    area = re.sub(r"[^a-z0-9-]", "", (group.subsystem or "unknown").split("/")[0].lower()) or "unknown"
    words = _WORD.findall(MASK.sub(" ", group.template).lower())[:5]
    return f"{area}.{'-'.join(words) or 'todo'}"


def _quoted(text: str) -> str:
    """A text as YAML, on one line."""
    return "'" + text.replace("'", "''") + "'" if sanitize.is_plain(text) else json.dumps(text)
