"""
The lines around lines of evidence, read again from their files.

Enters: the sources of a run and evidence with offsets. Leaves: a few decoded lines above and below each. Only plain
files can be read again at any place; pipes and compressed files have no context, and neither has a file that was cut in
the meantime. A report is no reason to keep the log in memory or to unpack it twice. Memory: `MAX_PLACES` times a few
lines.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Sequence
from itertools import islice

from loganalyzer import formats
from loganalyzer.model import Evidence, Nearby, NearbyLine
from loganalyzer.sources import Extent, Source, extent_of

ABOVE, BELOW = 2, 2
"""Lines shown around a line of evidence."""
REACH = 1 << 14
"""How far a line is looked for [bytes]; longer ones end the context."""
MAX_PLACES = 1000
MAX_TEXT = 1000
"""How much of a line is kept [characters]."""

Place = tuple[str, int]
"""Name of a source and number of a line."""


def nearby(sources: Sequence[Source], evidence: Iterable[Evidence]) -> dict[Place, Nearby]:
    """The lines around each line of evidence that can be read again."""
    extents = {source.name: extent for source in sources if (extent := _readable(source)) is not None}
    places = {(one.source, one.line): one.offset for one in evidence if one.offset is not None}
    found = {}
    for (name, line), offset in islice(places.items(), MAX_PLACES):
        around = _around(extents[name], line, offset) if name in extents else None
        if around is not None:
            found[name, line] = around
    return found


def _readable(source: Source) -> Extent | None:
    extent = extent_of(source)
    if extent is None:
        return None
    head = b"".join(extent.read(0, 2, []))
    # Offsets into UTF-16 count bytes of its UTF-8 form.
    return None if head in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else extent


def _around(extent: Extent, line: int, offset: int) -> Nearby | None:
    start = max(offset - REACH, 0)
    before = b"".join(extent.read(start, offset, [])) if offset else b""
    after = b"".join(extent.read(offset, min(offset + 2 * REACH, extent.size), []))
    at_start = len(before) == offset - start and before[-1:] in (b"\n", b"")
    if not after or not (at_start or before == codecs.BOM_UTF8):
        return None
    above = before.split(b"\n")[:-1]
    whole_above = above if start == 0 else above[1:]
    below = after.split(b"\n")[1:]
    whole_below = below if after.endswith(b"\n") or offset + len(after) >= extent.size else below[:-1]
    first = line - len(whole_above[-ABOVE:])
    return Nearby(
        tuple(_decoded(first + n, data) for n, data in enumerate(whole_above[-ABOVE:])),
        tuple(_decoded(line + 1 + n, data) for n, data in enumerate(whole_below[:BELOW]) if data),
    )


def _decoded(number: int, data: bytes) -> NearbyLine:
    record = formats.decode(data.removesuffix(b"\r"))
    text = record.message.strip().partition("\n")[0]
    return NearbyLine(number, record.time_ns, record.level, text[:MAX_TEXT])
