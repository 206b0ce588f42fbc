"""
Message templates: text with typed holes, turned into a `regex` pattern and the literals to scan for.

`closed (status {code:int})` matches in time linear in the line: a text hole and the literal after it form an atomic
group, so the first place where the literal stands is the only one that is tried.
"""

from __future__ import annotations

import re as stdlib_re
from dataclasses import dataclass

MAX_HOLE = 400
"""Longest text of an untyped hole [characters]; real messages are cut at 4096 (log-surfaces, section 1)."""

_DURATION_UNIT = r"(?:milliseconds?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d)(?![A-Za-z])"
_AMOUNT = rf"\d{{1,12}}+(?:\.\d{{1,9}}+)?[ ]?{_DURATION_UNIT}"
HOLE_TYPES: dict[str, str] = {
    "int": r"[+-]?\d{1,18}+",
    "number": r"[+-]?\d{1,18}+(?:\.\d{1,18}+)?",
    "duration": rf"{_AMOUNT}(?:[ ]?{_AMOUNT}){{0,3}}+",
    "duration_ms": r"\d{1,15}+(?:\.\d{1,9}+)?",
    "code": r"\d{3,4}+(?!\d)",
    "version": r"v?\d{1,4}+\.\d{1,3}+(?:\.\d{1,4}+)?(?:-[0-9A-Za-z.]{1,32}+)?",
    "text": r"[^\n]{1,2000}+",
}
OPEN_TYPES = frozenset({"", "word"})
_HOLE = stdlib_re.compile(r"\{\{|\}\}|\{([A-Za-z_][A-Za-z0-9_]*)?(?::([a-z_]+))?\}|[{}]")
_SAFE = stdlib_re.compile(r"[ !#$%()*+,\-./0-9:;=?@A-Z\[\]^_`a-z{|}~]+")
_SECRET = stdlib_re.compile(
    r"((?:token|password|secret|key)\"?\s*[:=]\s*|--(?:token|password|secret|key)\S*\s+)([A-Za-z_]\w*)"
)
"""Redaction replaces the word behind these by `***` (log-surfaces, section 5), even in the product's own sentences."""
ANCHOR_PREFIX = r"^\s*(?:\[[^\]\s]{1,64}\]:?\s*){0,3}?(?:[A-Za-z]{0,40}Error(?: \[[A-Z_]{1,40}\])?:\s+){0,3}+"


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A compiled template."""

    pattern: str
    """For the `regex` package."""
    holes: dict[str, str]
    """Type of each named hole."""
    literals: tuple[str, ...]
    """Parts that every matching line holds, longest first; safe on every surface."""


class TemplateError(ValueError):
    """The template cannot be read; the message says why."""


def compile_template(text: str) -> Template:
    """Read one template. Raises TemplateError."""
    anchored = text.startswith("^")
    pieces = split(text[1:] if anchored else text)
    if not any(isinstance(piece, str) for piece in pieces):
        raise TemplateError("a template needs some literal text")
    pattern = [ANCHOR_PREFIX] if anchored else []
    if not anchored and isinstance(pieces[0], str) and pieces[0][:1].isalnum():
        pattern.append(r"(?<![A-Za-z0-9_])")
    holes: dict[str, str] = {}
    literals: list[str] = []
    index = 0
    while index < len(pieces):
        piece = pieces[index]
        if isinstance(piece, str):
            pattern.append(_literal_pattern(piece))
            literals.extend(_safe_parts(piece))
            index += 1
            continue
        name, kind = piece
        if kind not in HOLE_TYPES and kind not in OPEN_TYPES:
            raise TemplateError(f"unknown hole type {kind!r}; known: {', '.join(sorted(HOLE_TYPES))}, word")
        if name in holes:
            raise TemplateError(f"hole {name!r} appears twice")
        if name != "_":
            holes[name] = kind
        after = pieces[index + 1] if index + 1 < len(pieces) else None
        if kind in OPEN_TYPES and isinstance(after, str):
            character = r"\S" if kind == "word" else r"[^\n]"
            body = f"{character}{{1,{MAX_HOLE}}}?"
            pattern.append(f"(?>{_group(name, body)}{_literal_pattern(after)})")
            literals.extend(_safe_parts(after))
            index += 2
        elif kind in OPEN_TYPES and after is not None:
            raise TemplateError(f"the hole {name!r} has no literal text behind it")
        else:
            body = HOLE_TYPES.get(kind) or (rf"\S{{1,{MAX_HOLE}}}+" if kind == "word" else rf"[^\n]{{1,{MAX_HOLE}}}+")
            pattern.append(_group(name, body))
            index += 1
    literals.sort(key=len, reverse=True)
    return Template(pattern="".join(pattern), holes=holes, literals=tuple(literals))


def longest_literal(text: str) -> str:
    """The first of the literals of a template, empty if it has none; found without the rest. Raises TemplateError."""
    pieces = split(text.removeprefix("^"))
    return max((part for piece in pieces if isinstance(piece, str) for part in _safe_parts(piece)), key=len, default="")


def split(text: str) -> list[str | tuple[str, str]]:
    """Literal texts and holes (name, type) of a template, in order. Raises TemplateError."""
    pieces: list[str | tuple[str, str]] = []
    literal = ""
    at = 0
    for match in _HOLE.finditer(text):
        literal += text[at : match.start()]
        at = match.end()
        if match[0] in "{}":
            place = match.start() + 1
            raise TemplateError(f"stray {match[0]!r} at character {place}; write {match[0] * 2} for a brace")
        if match[0] in ("{{", "}}"):
            literal += match[0][0]
            continue
        if literal:
            pieces.append(literal)
            literal = ""
        pieces.append((match[1] or "_", match[2] or ""))
    literal += text[at:]
    if literal:
        pieces.append(literal)
    return pieces


def _group(name: str, body: str) -> str:
    return f"(?:{body})" if name == "_" else f"(?P<{name}>{body})"


def _literal_pattern(text: str) -> str:
    parts: list[str] = []
    at = 0
    for match in _SECRET.finditer(text):
        parts.append(_escape(text[at : match.start(2)]))
        parts.append(rf"(?:{_escape(match[2])}|\*\*\*)")
        at = match.end(2)
    parts.append(_escape(text[at:]))
    return "".join(parts)


def _escape(text: str) -> str:
    return stdlib_re.escape(text).replace(r"\ ", " ").replace("…", r"(?:…|\.\.\.)")


def _safe_parts(text: str) -> list[str]:
    """The parts of a literal that stand unchanged in the raw bytes of every surface."""
    parts: list[str] = []
    at = 0
    for match in _SECRET.finditer(text):
        parts.extend(_SAFE.findall(text[at : match.start(2)]))
        at = match.end(2)
    parts.extend(_SAFE.findall(text[at:]))
    return [part for raw in parts for part in [raw.strip()] if part]
