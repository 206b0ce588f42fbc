"""Workers have something to do whichever source is waited for, and results do not pile up."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, zip_longest
from pathlib import Path

import pytest
from engine_sources import SYSLOG, plan

from loganalyzer.engines.processes import AHEAD, shared
from loganalyzer.engines.worker import Result, Task, work
from loganalyzer.extract import Item
from loganalyzer.model import Accounting
from loganalyzer.sources import expand

Order = Callable[[Iterable[Iterator[Item]]], Iterator[Item | None]]
WORKERS, SOURCES = 2, 4
LIMIT = 2 * WORKERS


class Answer:
    def __init__(self, workers: InTurn, task: Task) -> None:
        self.task = task
        self._workers = workers

    def done(self) -> bool:
        return self not in self._workers.queue

    def result(self) -> Result:
        return self._workers.wait_for(self)


class InTurn:
    """Workers that do tasks in the order in which they come, and only while somebody waits."""

    are_near = True

    def __init__(self) -> None:
        self.queue: deque[Answer] = deque()
        self.taken = 0
        self.submitted = 0
        self.under_way: list[int] = []
        """How many tasks were not done whenever somebody had to wait."""
        self.most = 0
        """The most results that were done or under way, and not taken yet."""

    def submit(self, task: Task) -> Answer:
        self.queue.append(Answer(self, task))
        self.submitted += 1
        self.most = max(self.most, self.submitted - self.taken)
        return self.queue[-1]

    def wait_for(self, answer: Answer) -> Result:
        if not answer.done():
            self.under_way.append(len(self.queue))
        while not answer.done():
            self.queue.popleft()
        self.taken += 1
        return work(plan(), answer.task)


def side_by_side(streams: Iterable[Iterator[Item]]) -> Iterator[Item | None]:
    return (item for items in zip_longest(*streams) for item in items)


@pytest.mark.parametrize("order", [side_by_side, chain.from_iterable], ids=["side by side", "one after another"])
def test_workers_are_busy_whichever_source_is_waited_for(order: Order, tmp_path: Path) -> None:
    """Until the end is near, whoever waits has given every worker a task; what is ahead is bounded."""
    for number in range(SOURCES):
        (tmp_path / f"{number}.log").write_bytes(SYSLOG.read_bytes() * 3)
    sources, _ = expand(sorted(tmp_path.glob("*.log")))
    workers = InTurn()
    streams = shared(plan(), sources, workers, LIMIT, 2000, Accounting(), lambda: None)
    assert list(order(streams))
    assert workers.submitted > 10 * SOURCES
    waits = len(workers.under_way)
    busy = sum(count >= WORKERS for count in workers.under_way)
    assert busy >= waits - SOURCES, workers.under_way
    assert workers.most <= LIMIT + (AHEAD + 1) * SOURCES
