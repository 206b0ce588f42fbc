"""
Who extracts: one process, or several that share the bytes, here or on other machines.
All give the same items in the same order.

An engine runs the half of the way that has no memory (`extract`); what it yields is put in order and judged by
`pipeline`, always in the calling process.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from typing import Literal, get_args

from loganalyzer.engines.base import Engine
from loganalyzer.engines.processes import Processes, usable_cores
from loganalyzer.engines.single import Single
from loganalyzer.errors import UsageError
from loganalyzer.sources import Part, Source
from loganalyzer.sources.compression import Decompressing
from loganalyzer.sources.reader import RawFile

__all__ = ["ENGINES", "SINGLE", "Engine", "Kind", "Processes", "Single", "choose"]

WORTH_BYTES = 64 << 20
"""Starting workers takes about a third of a second of each core; this much is read in that time [bytes]."""
PACKED = 10
"""What a byte of a compressed file unpacks to, at least: logs of gateways to 10 to 30."""
SINGLE = Single()
ENGINES: dict[str, Engine] = {"single": SINGLE, "processes": Processes()}
"""By name; the first is the reference that the others must equal. Dask is an extra and imported by `choose` only."""


Kind = Literal["local", "dask"]
"""Where the work is done: on this machine, or by a Dask cluster (which may be on this machine, too)."""


def choose(
    workers: int | None, sources: Sequence[Source], kind: Kind = "local", scheduler: str | None = None
) -> Engine:
    """
    The engine for a number of worker processes; locally, one worker is this process.

    Args:
        workers: None for one for each usable core, locally where there is enough to read.
        scheduler: address of a Dask scheduler, whose workers are as many as there are; None for a cluster of its own.

    Errors:
        UsageError: there is no such engine, it is not installed, or it has no scheduler.
    """
    if kind not in get_args(Kind):
        raise UsageError(f"there is no engine {kind!r}; there are {', '.join(get_args(Kind))}")
    if kind == "dask":
        try:
            from loganalyzer.engines.dask import Dask
        except ImportError as error:
            raise UsageError(
                f"the engine dask is not installed ({error}). Install it with: pip install 'loganalyzer[dask]'"
            ) from error
        return Dask(scheduler, workers)
    if scheduler is not None:
        raise UsageError("a scheduler is for the engine dask only: add --engine dask (engine='dask')")
    if workers is None:
        workers = usable_cores() if weight(sources) >= WORTH_BYTES else 1
    return SINGLE if workers <= 1 else Processes(workers)


def weight(sources: Sequence[Source]) -> int:
    """How much there is to read, as far as it is known beforehand [bytes]."""
    return sum(_weight(part) for source in sources for part in source.parts)


def _weight(part: Part) -> int:
    if part.size is None and isinstance(part.opener, Decompressing) and isinstance(part.opener.raw, RawFile):
        with suppress(OSError):  # it is named when it is read
            return PACKED * os.path.getsize(part.opener.raw.path)
    return part.size or 0
