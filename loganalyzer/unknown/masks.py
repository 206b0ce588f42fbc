"""
What varies from line to line, replaced by what it is: `closed in 2.4s, try 3` -> `closed in <duration>, try <number>`.

Enters: one line of a message. Leaves: it with masks, on which like lines become equal. Privacy is the business of
`redact`: what this leaves is not fit to be shown by itself.
"""

from __future__ import annotations

import re

MAX_TEXT = 400
"""How much of a line is masked; the rest is cut off [characters]."""

_UNIT = r"(?:milliseconds?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d)"
_MASKS: dict[str, tuple[str, ...]] = {
    "account": (
        r"(?<=\(account: )[\w.@+-]{1,64}+",
        r"(?<=--account )[\w.@+-]{1,64}+",
        r"(?<=\baccountId=)[\w.@+-]{1,64}+",
        r"(?<=^\[)(?!tools\]|openclaw\]|routing\])[a-z0-9_.-]{1,64}+(?=\] )",
    ),
    # Most words, so that nothing else is tried on each of their characters.
    "word": (r"[A-Za-z]++(?=[ ,;)]|$)",),
    # A text in quotes is mostly a name, or what somebody else said.
    "quoted": (
        r"(?<![\w\\])\"(?:[^\"\\]|\\.){0,400}+\"",
        r"(?<![\w\\])'[^']{0,400}+'(?!\w)",
        r"`[^`]{0,400}+`",
    ),
    "url": (r"\b[a-z][a-z0-9+.-]{1,9}://[^\s\"'<>()]{1,400}+",),
    "time": (
        r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9}+)?)?(?:Z|[+-]\d\d:?\d\d)?",
        r"\b\d\d:\d\d:\d\d(?:[.,]\d{1,9}+)?\b",
    ),
    "duration": (rf"(?<![\w.])\d{{1,12}}+(?:\.\d{{1,9}}+)?[ ]?{_UNIT}(?![A-Za-z0-9_])",),
    "address": (
        r"(?<![\w.+-])[\w.+-]{1,64}+@(?:lid\b|(?:[\w-]{1,63}+\.){1,8}[A-Za-z]{2,24}\b)",
        r"\b\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?\b",
        r"(?<![\w:])\[[0-9a-fA-F:]{2,40}\](?::\d{1,5})?",
    ),
    "path": (
        r"(?<![\w/])(?:~|\.{1,2}|[A-Za-z]:)?(?:[/\\][\w.@+~%-]{1,255}+){2,40}+[/\\]?",
        r"(?<![\w/])~?/[\w.-]{1,255}+(?![/\w])",
    ),
    "id": (
        r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b",
        r"\b0x[0-9a-fA-F]{1,32}+\b",
        # At least eight characters, with a digit and a letter.
        r"(?<![\w.])(?=[\w-]{0,40}\d)(?=[\w-]{0,40}[A-Za-z])(?=[\w-]{8})[A-Za-z0-9][\w-]{7,255}+(?![\w.])",
    ),
    "version": (r"(?<![\w.])v?\d{1,4}\.\d{1,3}\.\d{1,4}(?:-[0-9A-Za-z.]{1,32}+)?(?![\w.])",),
    "number": (r"(?<![A-Za-z_])\d+(?:\.\d+)?(?![A-Za-z_])", r"(?<=[A-Za-z_#:=/.-])\d+"),
}
_ANY = re.compile("|".join(f"(?P<{name}>{'|'.join(forms)})" for name, forms in _MASKS.items()))
_ESCAPED = re.compile(r"%[2-7][0-9A-Fa-f]|\\(?:u00|x)[2-7][0-9A-Fa-f]")
MASK = re.compile(rf"<({'|'.join(name for name in _MASKS if name != 'word')})>")
"""A mask in a masked text."""


def mask(text: str) -> str:
    """A line of text with its varying parts replaced; blanks become single spaces."""
    words = text[:MAX_TEXT].split()
    if "%" in text or "\\" in text:
        # A number masked inside of an escape would leave an address that nobody knows for one any more.
        words = ["<id>" if _ESCAPED.search(word) else word for word in words]
    return _ANY.sub(_replacement, " ".join(words))


def _replacement(match: re.Match[str]) -> str:
    return match[0] if match.lastgroup == "word" else f"<{match.lastgroup}>"
