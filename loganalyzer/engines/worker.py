"""
A worker process: shards in on standard input, what is in them out on standard output, until the input ends.

It is a fork of the caller where that is safe (`fork`), else a program of its own and never spawned from the caller's
main module: that works on every system, from a notebook, and from a script that has no guard around its main part.
"""

from __future__ import annotations

import os
import pickle
import sys
import traceback
from typing import BinaryIO, NamedTuple

import msgspec

from loganalyzer import unknown
from loganalyzer.engines.shards import Shard
from loganalyzer.extract import Extractor, Item, Options, Plan
from loganalyzer.model import Accounting
from loganalyzer.packs.schema import Pack

PROTOCOL = 5
MAX_SOURCES = 64
"""Sources of which a worker remembers what earlier shards taught; shards come to it in the order of the source."""


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


def work(plan: Plan, task: Task, heads: unknown.Heads | None = None) -> Result:
    """
    Extracts from one shard.

    Args:
        heads: what earlier shards of the source taught whoever does this one, and where it adds what this one teaches.
    """
    name, shard = task
    counted = Accounting()
    problems: list[str] = []
    extractor = Extractor(plan, name, counted, offset=shard.start, above=shard.above(), heads=heads)
    items: list[Item] = []
    for chunk in shard.chunks(problems):
        items += extractor.feed(chunk)
    items += extractor.finish()
    if shard.is_last:
        items.append(extractor.end())
    counted.bytes += shard.dropped
    return Result(items, counted, problems, "")


def try_to_work(plan: Plan, task: Task, heads: unknown.Heads | None = None) -> Result:
    """As `work`, but a failure of this program is a result, too."""
    try:
        return work(plan, task, heads)
    except Exception:
        return Result([], Accounting(), [], traceback.format_exc())


def plan_of(setup: Setup) -> Plan:
    """Makes the plan of a run from what was sent."""
    return Plan(setup.options, msgspec.msgpack.decode(setup.pack, type=Pack))


def serve(plan: Plan, requests: BinaryIO, replies: BinaryIO) -> None:
    """Answers tasks until there are no more."""
    learnt: dict[str, unknown.Heads] = {}
    while True:
        try:
            task: Task = pickle.load(requests)  # noqa: S301 - from the process that started this one
        except EOFError:
            return
        if task.name not in learnt:
            if len(learnt) >= MAX_SOURCES:
                learnt.clear()
            learnt[task.name] = unknown.Heads()
        pickle.dump(try_to_work(plan, task, learnt[task.name]), replies, PROTOCOL)
        replies.flush()


def main() -> None:
    """Takes over both standard streams; what anything else prints goes to standard error."""
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        setup: Setup = pickle.load(sys.stdin.buffer)  # noqa: S301
        serve(plan_of(setup), sys.stdin.buffer, replies)
    except BrokenPipeError:
        os._exit(0)  # the caller is gone
