"""
Everything else: stack frames, QR blocks, dumps, command output, prose. The last resort, which accepts any line.
"""

from __future__ import annotations

from loganalyzer.formats.line import NO_TIME, Inner, Line, clean
from loganalyzer.model import Origin, Record


def anything(line: Line, _inner: Inner) -> Record:
    """A line without header: it belongs to the record above it, if there is one."""
    text = line.text or line.raw.decode("utf-8", "replace")
    return Record(*NO_TIME, None, None, None, None, clean(text), {}, Origin.UNKNOWN, "plain", True)
