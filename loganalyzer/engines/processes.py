"""
Several processes share the bytes: sources are cut into shards, and what is in them comes back in order.

What cannot be cut is extracted in the calling process: live pipes, UTF-16, and logs whose times have no date, where
the time of every line counts for the next. So is what had to be unpacked here and holds little, if workers are far.
Memory is bounded by the shards under way, twice as many as workers.
"""

from __future__ import annotations

import codecs
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from itertools import chain
from typing import Protocol

from loganalyzer.engines.pool import Pool
from loganalyzer.engines.shards import Shard, data_shards, file_shards
from loganalyzer.engines.worker import Result, Task
from loganalyzer.errors import SourceError
from loganalyzer.extract import Extractor, Item, Plan, extract, gap
from loganalyzer.model import MAX_UNKNOWN_HEADS, Accounting, Event
from loganalyzer.sources import UNREADABLE, Source, ahead, extent_of

SHARD_BYTES = 16 << 20
"""Size of a shard [bytes]: 50 ms of work in an archive, one second in a log made of events."""
PACKED_SHARD_BYTES = 4 << 20
"""Size of a shard of what is unpacked here, which travels to the workers [bytes]."""
ROUNDS = 2
"""Shards of a large file for each that may be under way, at least: the last ones must not be waited for alone."""
AHEAD = 2
"""Results of each of several sources that may wait until it is their turn, at least."""
LEAST_SHARD_BYTES = 256 << 10
SIDE_BY_SIDE = 4
"""So many sources are read side by side with shards of full size; the shards of more are smaller."""
QUIET_LINES = 20
"""Where fewer than one line in so many is decoded, sending what was unpacked here far costs more than searching it."""
PROBE_BYTES = 64 << 10
"""Beginning of a source that is looked at to learn whether it can be cut [bytes]."""
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def usable_cores() -> int:
    """Processors that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


class Processes:
    """
    Extracts in worker processes.

    Args:
        workers: how many; None for one for each usable core.
        shard_bytes: size of a shard [bytes].
    """

    def __init__(self, workers: int | None = None, shard_bytes: int = SHARD_BYTES) -> None:
        self._workers = usable_cores() if workers is None else workers
        self._shard_bytes = shard_bytes

    @contextmanager
    def streams(
        self, plan: Plan, sources: Sequence[Source], accounting: Accounting, advanced: Callable[[], None]
    ) -> Iterator[Sequence[Iterator[Item]]]:
        """See `Engine`."""
        with Pool(self._workers, plan) as pool:
            yield shared(plan, sources, pool, 2 * self._workers, self._shard_bytes, accounting, advanced)


class Answer(Protocol):
    """What will come back of a task."""

    def done(self) -> bool:
        """Is it there, or will there be none?"""

    def result(self) -> Result:
        """Waits for it. Errors: SourceError if there will be none."""


class Workers(Protocol):
    """Whoever does tasks."""

    @property
    def are_near(self) -> bool:
        """Do bytes get to them for next to nothing?"""

    def submit(self, task: Task) -> Answer:
        """Sends a task on its way."""


def shared(
    plan: Plan,
    sources: Sequence[Source],
    workers: Workers,
    limit: int,
    shard_bytes: int,
    accounting: Accounting,
    advanced: Callable[[], None],
) -> list[Iterator[Item]]:
    """
    The items of each source, extracted by workers; see `Engine`.

    Args:
        limit: shards that may be under way.
        shard_bytes: their size; less for many sources, which are read side by side [bytes].
    """
    fair = max(LEAST_SHARD_BYTES, SIDE_BY_SIDE * shard_bytes // max(1, len(sources)))
    feeds = [_Feed(plan, one, min(shard_bytes, fair), limit, workers, accounting, advanced) for one in sources]
    schedule = _Schedule(feeds, limit)
    return [feed.items(schedule) for feed in feeds]


class _Feed:
    """One source: its shards under way, and what came back of them."""

    def __init__(
        self,
        plan: Plan,
        source: Source,
        size: int,
        limit: int,
        workers: Workers,
        accounting: Accounting,
        advanced: Callable[[], None],
    ) -> None:
        self._plan = plan
        self._source = source
        self._size = size
        self._limit = limit
        self._workers = workers
        self._accounting = accounting
        self._advanced = advanced
        self._shards: Iterator[Shard] | None = None
        self._whole: Iterator[bytes] | None = None
        """The chunks of a source that cannot be cut."""
        self._problems: list[str] = []
        self._given_up: SourceError | None = None
        """Why the rest of it is not read."""
        self.waiting: deque[Answer] = deque()

    def submit(self) -> bool:
        """Send the next shard on its way; False if there is none."""
        if self._shards is None:
            self._shards = self._cut()
        try:
            shard = next(self._shards, None)
        except SourceError as error:
            self._problems.append(str(error))
            return False
        if shard is not None:
            self.waiting.append(self._workers.submit(Task(self._source.name, shard)))
        return shard is not None

    def items(self, schedule: _Schedule) -> Iterator[Item]:
        """Everything in the source, in order."""
        lines = 0
        while result := self._next(schedule):
            if result.fault:
                raise RuntimeError(f"in a worker process:\n{result.fault}")
            add(self._accounting, result.counted)
            self._problems += result.problems
            self._advanced()
            yield from _numbered(result.items, lines) if lines else result.items
            lines += result.counted.lines
        if self._given_up is not None:
            yield gap(self._source.name, lines + 1, UNREADABLE.reason)
            raise self._given_up
        if self._whole is not None:
            yield from extract(self._plan, self._source.name, self._whole, self._accounting, self._advanced)
        if self._problems:
            raise SourceError("; ".join(dict.fromkeys(self._problems)))

    def _next(self, schedule: _Schedule) -> Result | None:
        """The next result; None at the end, or if there will be no more."""
        try:
            return schedule.next_result(self)
        except SourceError as error:
            self._given_up = error
            return None

    def _cut(self) -> Iterator[Shard]:
        extent = extent_of(self._source)
        if extent is not None:
            head = b"".join(extent.read(0, PROBE_BYTES, []))
            if self._can_be_cut(head)[0]:
                fair = max(PACKED_SHARD_BYTES, extent.size // (ROUNDS * self._limit))
                yield from file_shards(extent, min(self._size, fair))
                return
        if extent is not None or self._source.is_live:
            self._whole = self._source.pieces()
            return
        chunks = ahead(self._source)
        first: list[bytes] = []
        try:
            while sum(map(len, first)) < PROBE_BYTES and (chunk := next(chunks, None)) is not None:
                first.append(chunk)
        except SourceError as error:
            self._problems.append(str(error))
        whole = chain(first, chunks)
        can_be_cut, is_busy = self._can_be_cut(b"".join(first))
        if can_be_cut and (is_busy or self._workers.are_near):
            yield from data_shards(whole, min(self._size, PACKED_SHARD_BYTES))
        else:
            self._whole = whole

    def _can_be_cut(self, head: bytes) -> tuple[bool, bool]:
        """
        Does the beginning, in the first shard, show that pieces of the source can be read each for itself?

        Returns:
            That, and whether there is so much in the lines that bytes which are here already are worth sending far.
        """
        if head.startswith(_UTF16_MARKS):
            return False, False
        counted = Accounting()
        extractor = Extractor(self._plan, self._source.name, counted)
        deque(extractor.feed(head[: self._size]), maxlen=0)
        return extractor.is_dated, sum(counted.records.values()) * QUIET_LINES > counted.lines


class _Schedule:
    """
    Which shards are sent on their way: those that are waited for first, then those that will be.

    Workers must have something to do while sources are read side by side, where one is waited for and the others have
    their results already, as well as one after another. So only what is not done yet counts as under way, and how many
    results may wait is bounded beside it: some for each source, and all of those under way for one alone.
    """

    def __init__(self, feeds: Sequence[_Feed], limit: int) -> None:
        self._feeds = feeds
        self._limit = limit
        self._room = limit + AHEAD * (len(feeds) - 1)

    def next_result(self, feed: _Feed) -> Result | None:
        """The next result of a source; None at its end."""
        if not feed.waiting and not feed.submit():
            return None
        under_way = sum(not answer.done() for one in self._feeds for answer in one.waiting)
        waiting = sum(len(one.waiting) for one in self._feeds)
        left = self._room - waiting + len(feed.waiting)
        for one in (feed, *self._feeds[self._feeds.index(feed) + 1 :]):
            most = min(self._limit, max(AHEAD, left)) if one is feed else AHEAD
            while under_way < self._limit and len(one.waiting) < most and one.submit():
                under_way += 1
        return feed.waiting.popleft().result()


def _numbered(items: list[Item], lines: int) -> Iterator[Item]:
    """Items with the lines of their events numbered through, `lines` being those before."""
    for item in items:
        if isinstance(item, Event):
            span = item.span
            yield item._replace(span=span._replace(line=span.line + lines, last_line=span.last_line + lines))
        else:
            yield item


def add(total: Accounting, part: Accounting) -> None:
    """Adds what was counted in a part of the input."""
    for name in (field.name for field in fields(Accounting)):
        before, more = getattr(total, name), getattr(part, name)
        if name == "unknown_heads":
            # The first line that begins so names the kind; parts come in order, and each holds as many as the whole.
            for head, kind in more.items():
                if len(before) < MAX_UNKNOWN_HEADS:
                    before.setdefault(head, kind)
        elif isinstance(before, dict):
            for key, count in more.items():
                before[key] = before.get(key, 0) + count
        else:
            setattr(total, name, before + more)
