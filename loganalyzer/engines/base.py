"""What an engine is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from loganalyzer.extract import Item, Plan
from loganalyzer.model import Accounting
from loganalyzer.sources import Source


class Engine(Protocol):
    """Runs the extraction of several sources."""

    def streams(
        self, plan: Plan, sources: Sequence[Source], accounting: Accounting, advanced: Callable[[], None]
    ) -> AbstractContextManager[Sequence[Iterator[Item]]]:
        """
        The items of each source, read as they are asked for.

        Args:
            accounting: what is read is added here, in the order in which it is asked for.
            advanced: called whenever something was added.

        Errors:
            SourceError: from an iterator, after everything that could be read of its source.
        """
