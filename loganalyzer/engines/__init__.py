"""
Who extracts: one process, or several that share the bytes. All give the same items in the same order.

An engine runs the half of the way that has no memory (`extract`); what it yields is put in order and judged by
`pipeline`, always in the calling process.
"""

from __future__ import annotations

from collections.abc import Sequence

from loganalyzer.engines.base import Engine
from loganalyzer.engines.processes import Processes, usable_cores
from loganalyzer.engines.single import Single
from loganalyzer.sources import Source

__all__ = ["ENGINES", "SINGLE", "Engine", "Processes", "Single", "choose"]

WORTH_BYTES = 64 << 20
"""Starting workers takes about a third of a second of each core; this much is read in that time [bytes]."""
SINGLE = Single()
ENGINES: dict[str, Engine] = {"single": SINGLE, "processes": Processes()}
"""By name; the first is the reference that the others must equal."""


def choose(workers: int | None, sources: Sequence[Source]) -> Engine:
    """
    The engine for a number of worker processes; one worker is this process.

    Args:
        workers: None for one for each usable core, where there is enough to read.
    """
    if workers is None:
        workers = usable_cores() if weight(sources) >= WORTH_BYTES else 1
    return SINGLE if workers <= 1 else Processes(workers)


def weight(sources: Sequence[Source]) -> int:
    """How much there is to read, as far as it is known beforehand; compressed files as they lie there [bytes]."""
    return sum(part.size or 0 for source in sources for part in source.parts)
