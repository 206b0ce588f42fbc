"""
A worker process: shards in on standard input, what is in them out on standard output, until the input ends.

It is started as a program of its own and not forked or spawned from the caller's main module, so that it works the same
on every system, from a notebook, and from a script that has no guard around its main part.
"""

from __future__ import annotations

import os
import pickle
import sys
import traceback
from typing import BinaryIO, NamedTuple

import msgspec

from loganalyzer.engines.shards import Shard
from loganalyzer.extract import Extractor, Item, Options, Plan
from loganalyzer.model import Accounting
from loganalyzer.packs.schema import Pack

PROTOCOL = 5


class Setup(NamedTuple):
    """What a worker must know before its first shard."""

    options: Options
    pack: bytes
    """As msgpack."""


class Task(NamedTuple):
    """A shard and the name of its source."""

    name: str
    shard: Shard


class Result(NamedTuple):
    """What is in a shard. Lines are numbered from its start."""

    items: list[Item]
    counted: Accounting
    problems: list[str]
    fault: str
    """Where this program failed; empty if it did not."""


def setup_of(plan: Plan) -> Setup:
    """Makes the plan of a run portable."""
    return Setup(plan.options, msgspec.msgpack.encode(plan.pack))


def work(plan: Plan, task: Task) -> Result:
    """Extracts from one shard."""
    name, shard = task
    counted = Accounting()
    problems: list[str] = []
    extractor = Extractor(plan, name, counted, offset=shard.start, above=shard.above())
    items: list[Item] = []
    for chunk in shard.chunks(problems):
        items.extend(extractor.feed(chunk))
    items.extend(extractor.finish())
    if shard.is_last:
        items.append(extractor.end())
    counted.bytes += shard.dropped
    return Result(items, counted, problems, "")


def try_to_work(plan: Plan, task: Task) -> Result:
    """As `work`, but a failure of this program is a result, too."""
    try:
        return work(plan, task)
    except Exception:
        return Result([], Accounting(), [], traceback.format_exc())


def plan_of(setup: Setup) -> Plan:
    """Makes the plan of a run from what was sent."""
    return Plan(setup.options, msgspec.msgpack.decode(setup.pack, type=Pack))


def serve(requests: BinaryIO, replies: BinaryIO) -> None:
    """Answers tasks until there are no more."""
    setup: Setup = pickle.load(requests)  # noqa: S301 - from the process that started this one
    plan = plan_of(setup)
    while True:
        try:
            task: Task = pickle.load(requests)  # noqa: S301
        except EOFError:
            return
        pickle.dump(try_to_work(plan, task), replies, PROTOCOL)
        replies.flush()


def main() -> None:
    """Takes over both standard streams; what anything else prints goes to standard error."""
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        serve(sys.stdin.buffer, replies)
    except BrokenPipeError:
        os._exit(0)  # the caller is gone
