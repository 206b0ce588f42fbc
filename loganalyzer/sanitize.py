r"""
Hostile text made safe to show on a terminal or in a text file.

Enters: text from a log. Leaves: text without escape sequences, control, bidi or invisible
characters. Terminal sequences are dropped whole (they are colour, or an attack), and so are
variation selectors; every other character that could move the cursor, reorder or hide text becomes
its visible escape (`\x07`, `\u202e`). Refuses to shorten or to mask; that is `shorten` and `redact`.
"""

from __future__ import annotations

import re

# CSI (`ESC [ … letter`), strings (OSC, DCS, SOS, PM, APC up to BEL or ST, bounded so that an
# unterminated one cannot swallow a log), character sets and two-character escapes, in 7-bit and C1 form. Rarer ones
# with a blank or punctuation inside are left to `_UNSAFE`: they would take the first letter of what is quoted there.
# Variation selectors as well: they choose how the character before them looks, as behind an emoji.
_DROPPED = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]{0,64}[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]{0,4096}(?:\x07|\x1b\\|\x9c)"
    r"|\x1b(?:[()][0B]|[0-Z\\^-~])"
    r"|[\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)
# What `str.isprintable` takes for visible: variation selectors, joiner, fillers, inherent vowels, an empty pattern.
_BLANK = "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef"
_HIDDEN = re.compile(f"[{_BLANK}]")
# C0 without tab and newline, DEL and C1, soft hyphen, Arabic letter mark, Mongolian vowel
# separator, zero width, bidi marks, embeddings and isolates, line and paragraph separators,
# word joiners, interlinear marks, the byte order mark, lone surrogates and tag characters.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e"
    f"\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f{_BLANK}]"
)
OWN_MARK = "[loganalyzer]"
"""Stands before every line of log text that is handed to an agent."""
# What an agent quotes of this program comes back in the log of the gateway; its JSON names its schema.
_OWN = re.compile(r"\[loganalyzer\]|\bloganalyzer\.(?:event|incident|report|transition|why)/\d")
_LINE_BREAKS = re.compile(r"\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]")
_BLANKS = re.compile(r"[ \t]+")


def is_plain(text: str) -> bool:
    """Is there nothing in it but what can be seen, and blanks? Most text is, and is told from the rest quickly."""
    return text.isprintable() and (text.isascii() or _HIDDEN.search(text) is None)


def block(text: str) -> str:
    r"""
    Makes text safe and keeps its lines; tabs become four spaces.

    >>> block("\x1b[31mred\x1b[0m\x07 \u202etxt")
    'red\\x07 \\u202etxt'
    """
    if is_plain(text):
        return text
    text = _LINE_BREAKS.sub("\n", _DROPPED.sub("", text))
    return _UNSAFE.sub(_escape, text).replace("\t", "    ")


def line(text: str) -> str:
    r"""
    Makes text safe and puts it on one line: line breaks and runs of blanks become one space.

    >>> line("closed\n  at Object.onClose")
    'closed at Object.onClose'
    """
    if not is_plain(text):
        text = _UNSAFE.sub(_escape, _LINE_BREAKS.sub(" ", _DROPPED.sub("", text)))
    return _BLANKS.sub(" ", text).strip()


def bare(text: str) -> str:
    r"""
    Leaves out sequences and every character that cannot be seen; the same object if there are none.

    >>> bare("pass\x1b[0mword\u200b=x")
    'password=x'
    """
    found = _UNSAFE.sub("", _DROPPED.sub("", text))
    return text if found == text else found


def is_own(text: str) -> bool:
    """Is it, or does it quote, output of this program for agents and programs?"""
    return "loganalyzer" in text and _OWN.search(text) is not None


def shorten(text: str, width: int) -> str:
    """Cuts text to at most `width` characters, the last of them `…` when something is missing."""
    return text if len(text) <= width else text[: max(width - 1, 0)].rstrip() + "…"


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
