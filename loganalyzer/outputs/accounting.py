"""
The honest end of every run: what was read, understood, left aside and assumed.

Enters: the accounting. Leaves: a few lines of text. Refuses to hide a zero that a reader would
otherwise have to guess.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from loganalyzer import sanitize
from loganalyzer.model import MAX_UNKNOWN_HEADS, Accounting
from loganalyzer.redact import Redactor

LEVELLESS = frozenset({"console", "tagged", "plain"})
"""Formats whose lines do not say what is a warning."""
KINDS = {
    "email": ("e-mail address", "e-mail addresses"),
    "group": ("group", "groups"),
    "ip": ("IP address", "IP addresses"),
    "lid": ("WhatsApp id", "WhatsApp ids"),
    "password": ("password", "passwords"),
    "phone": ("phone number", "phone numbers"),
    "token": ("token or key", "tokens and keys"),
}
"""What is masked, for people: one, and several."""
SHOWN = 8
"""Assumptions and troubles named one by one; the rest is counted."""


def lines(accounting: Accounting, redact: Redactor, width: int = 80) -> Iterator[str]:
    """Yields the summary of a run, line by line, without line breaks."""
    a = accounting
    formats = ", ".join(f"{number(n)} {name}" for name, n in sorted(a.records.items()))
    decoded = f"{number(sum(a.records.values()))} decoded" + (f" ({formats})" if formats else "")
    left_aside = [
        f"{number(a.out_of_order)} out of order",
        f"{number(a.truncated)} truncated",
        f"{number(a.undecodable)} undecodable",
        f"{number(a.duplicates)} duplicates absorbed",
    ]
    if a.outside:
        left_aside.insert(0, f"{plural(a.outside, 'event')} outside --since and --until")
    if a.gaps:
        left_aside.append(plural(a.gaps, "gap"))
    if a.evicted:
        left_aside.append(f"{number(a.evicted)} groups evicted")
    if a.regex_timeouts:
        left_aside.append(f"{number(a.regex_timeouts)} regex time-outs")
    yield from _wrap(
        f"Read {_sources(a, redact)}: {size(a.bytes)}, {plural(a.lines, 'line')}, "
        f"{plural(a.candidates, 'candidate')}, {decoded}, {plural(a.events, 'event')}.",
        width,
    )
    for sentence in explained(a):
        yield from _wrap(sentence, width)
    yield from _wrap(f"Left aside: {', '.join(left_aside)}.", width)
    for word, notes in (("Assumed", a.assumptions), ("Trouble", a.problems)):
        for note in notes[:SHOWN]:
            yield from _wrap(f"{word}: {sanitize.line(redact(note))}", width)
        if len(notes) > SHOWN:
            yield f"{word}: {len(notes) - SHOWN} more like these"
    if masked := redact.masked:
        counts = [f"{number(count)} {KINDS[kind][count != 1]}" for kind, count in masked.items()]
        yield from _wrap(f"Masked: {', '.join(counts)}.", width)


def explained(accounting: Accounting) -> Iterator[str]:
    """Yields which share of the warnings and errors is explained, and how many kinds of others there are."""
    a = accounting
    unknown = a.unknown_warnings + a.unknown_errors
    total = a.explained + unknown
    if not total:
        yield "No warnings and errors; console text names no level."
        return
    share = f"{a.explained * 100 // total} % of {number(total)}" if unknown else f"All {number(total)}"
    seen = f"{share} warnings and errors are explained."
    if total == 1:
        seen = f"The only warning or error is {'not ' * unknown}explained."
    yield seen + " Console text names no level and is not counted here." * bool(a.records.keys() & LEVELLESS)
    if unknown:
        words = [plural(a.unknown_warnings, "warning")] * bool(a.unknown_warnings)
        words += [plural(a.unknown_errors, "error")] * bool(a.unknown_errors)
        kinds = "at least " * (len(a.unknown_heads) >= MAX_UNKNOWN_HEADS) + plural(len(a.unknown_kinds), "kind")
        verb = "is" if unknown == 1 else "are"
        yield f"{' and '.join(words)} of {kinds} {verb} not known (loganalyzer unknown shows them)."


def plural(count: int, noun: str) -> str:
    """Writes a count with its noun: `1 line`, `2,000 lines`."""
    return f"{number(count)} {noun}" if count == 1 else f"{number(count)} {noun}s"


def number(count: int) -> str:
    """Writes a count with a comma before each three digits."""
    return f"{count:,}"


def size(count: int) -> str:
    """Writes a size [bytes] with three digits: `512 B`, `69.9 kB`, `1.20 GB`."""
    value, unit = float(count), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 999.5 or unit == "TB":
            break
        value /= 1000
    return f"{count} B" if unit == "B" else f"{value:.3g} {unit}"


def _sources(accounting: Accounting, redact: Redactor) -> str:
    names = accounting.sources
    if len(names) == 1:
        return "standard input" if names[0] == "-" else sanitize.line(redact(names[0]))
    return plural(len(names), "source")


def _wrap(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
