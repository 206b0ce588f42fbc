"""The reference: everything in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from loganalyzer.extract import Item, Plan, extract
from loganalyzer.model import Accounting
from loganalyzer.sources import Source, ahead


class Single:
    """Extracts in the calling process; compressed bytes are decompressed in a thread beside it."""

    @contextmanager
    def streams(
        self, plan: Plan, sources: Sequence[Source], accounting: Accounting, advanced: Callable[[], None]
    ) -> Iterator[Sequence[Iterator[Item]]]:
        """See `Engine`."""
        yield [extract(plan, source.name, ahead(source), accounting, advanced) for source in sources]
