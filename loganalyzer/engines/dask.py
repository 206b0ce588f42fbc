"""
Several machines share the bytes: shards become tasks of a Dask cluster, their results come back as Arrow, in order.

Enters: the address of a scheduler, or none for a cluster of this run alone. It does what `processes` does, with other
workers; what cannot be cut is read by the calling process here, too. Workers read plain files and URLs themselves, so
they must see the same ones under the same names, which is checked. Dask does a task again if its worker dies.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from hashlib import blake2b
from importlib.metadata import version
from typing import Any
from uuid import uuid4

import dask
from distributed import Client, Future, KilledWorker, WorkerPlugin, get_worker
from distributed.utils import silence_logging_cmgr

from loganalyzer.engines.arrow import decode, encode
from loganalyzer.engines.cluster import Cluster
from loganalyzer.engines.processes import shared, usable_cores
from loganalyzer.engines.shards import FileShard
from loganalyzer.engines.worker import Result, Setup, Task, plan_of, setup_of, try_to_work
from loganalyzer.errors import SourceError, UsageError
from loganalyzer.extract import Item, Plan
from loganalyzer.model import Accounting
from loganalyzer.sources import Extent, Source
from loganalyzer.sources.reader import RawFile

SHARD_BYTES = 32 << 20
"""Size of a shard [bytes], larger than elsewhere: a task costs scheduler and caller 10 ms, whatever is in it."""
CONNECT_S = 10
PATIENCE_S = 60
"""How long to wait for a cluster without any worker [s]."""
LOOK_S = 1
"""How often to look after the workers while waiting [s]."""
SEEN_BYTES = 4096
"""At both ends of a file, to tell it from another one of the same name [bytes]."""


class Dask:
    """
    Extracts in tasks of a Dask cluster.

    Args:
        scheduler: address (`tcp://…`, `tls://…`); None starts a cluster that ends with the run.
        workers: processes of a cluster of its own; None for one for each usable core.
        shard_bytes: size of a shard [bytes].
    """

    def __init__(
        self, scheduler: str | None = None, workers: int | None = None, shard_bytes: int = SHARD_BYTES
    ) -> None:
        self._scheduler = scheduler
        self._workers = usable_cores() if workers is None else workers
        self._shard_bytes = shard_bytes

    @contextmanager
    def streams(
        self, plan: Plan, sources: Sequence[Source], accounting: Accounting, advanced: Callable[[], None]
    ) -> Iterator[Sequence[Iterator[Item]]]:
        """
        See `Engine`.

        Errors:
            UsageError: there is no such scheduler, it has no workers, or they cannot do this work.
        """
        # A shard that the caller had to unpack is sent as a whole, and Dask would warn of its size.
        quiet = dask.config.set({"distributed.admin.large-graph-warning-threshold": "1GB"})
        with silence_logging_cmgr(50), quiet, self._connected() as (client, tend):
            threads = _threads(client, tend)
            if self._scheduler is None:  # the others come a moment later
                threads = self._workers
            with _taught(client, plan) as name:
                tasks = _Tasks(client, name, tend)
                yield shared(plan, sources, tasks, 2 * threads, self._shard_bytes, accounting, advanced)

    @contextmanager
    def _connected(self) -> Iterator[tuple[Client, Callable[[], None]]]:
        """A client, and what to do now and then while waiting."""
        if self._scheduler is None:
            cluster = Cluster(self._workers)
            try:
                with _client(cluster.address, security=cluster.security) as client:
                    yield client, cluster.tend
            finally:
                cluster.close()
            return
        if "://" not in self._scheduler:
            raise UsageError(f"{self._scheduler!r} is no address of a scheduler. Write tcp://host:8786.")
        with _client(self._scheduler) as client:
            yield client, _Watch(client, self._scheduler)


@contextmanager
def _client(address: str, **options: Any) -> Iterator[Client]:
    try:
        client = Client(address, timeout=CONNECT_S, set_as_default=False, **options)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"no Dask scheduler answers at {address}. Start one with `dask scheduler`, and workers with "
            f"`dask worker {address}`; without --scheduler a cluster is started for the run."
        ) from error
    try:
        yield client
    finally:
        client.close(timeout=2)


class _Watch:
    """Looks whether somebody else's cluster is still there."""

    def __init__(self, client: Client, address: str) -> None:
        self._client = client
        self._address = address
        self._seen = time.monotonic()

    def __call__(self) -> None:
        """Errors: SourceError if nobody will work any more."""
        if self._client.status != "running":
            raise SourceError(f"the Dask scheduler at {self._address} is gone, not read any further")
        if self._client.scheduler_info()["workers"]:
            self._seen = time.monotonic()
        elif time.monotonic() - self._seen > PATIENCE_S:
            raise SourceError(f"the Dask cluster at {self._address} has lost all its workers, not read any further")


def _threads(client: Client, tend: Callable[[], None]) -> int:
    """Waits for a worker; how many tasks can run at once."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        tend()
        with suppress(TimeoutError):
            client.wait_for_workers(1, timeout=LOOK_S)
            return sum(client.nthreads().values())
    raise UsageError(f"the Dask cluster has no workers. Start one: dask worker {client.scheduler_info()['address']}")


class Knowledge(WorkerPlugin):
    """What a worker must know before its first task; Dask gives it also to those that join later."""

    def __init__(self, setup: Setup) -> None:
        self._version = version("loganalyzer")
        self._setup = setup
        self.plan: Plan | None = None

    def setup(self, worker: object) -> None:
        """Called on the worker."""
        here = version("loganalyzer")
        if self._version != here:
            raise UsageError(f"a Dask worker has loganalyzer {here} and not {self._version}: install that there.")
        self.plan = plan_of(self._setup)


@contextmanager
def _taught(client: Client, plan: Plan) -> Iterator[str]:
    """Workers that know a plan, by a name."""
    name = f"loganalyzer-{uuid4().hex}"
    try:
        client.register_plugin(Knowledge(setup_of(plan)), name=name)
    except ImportError as error:
        raise UsageError(
            f"the Dask workers cannot work for loganalyzer ({error}). Install it there: pip install "
            f"'loganalyzer[dask]', the same version, and what reads URLs, if there are any."
        ) from error
    try:
        yield name
    finally:
        with suppress(Exception):  # the cluster may be gone
            client.unregister_worker_plugin(name)


class _Tasks:
    """The workers as `processes` sees them."""

    are_near = False
    """See `processes.Workers`: through the scheduler, a byte costs three times what searching it does."""

    def __init__(self, client: Client, name: str, tend: Callable[[], None]) -> None:
        self._client = client
        self._name = name
        self._tend = tend

    def submit(self, task: Task) -> _Answer:
        """Sends a task on its way."""
        seen = look_of(task.shard.extent) if isinstance(task.shard, FileShard) else None
        future = self._client.submit(do, self._name, task, seen, pure=False, key=f"loganalyzer-{uuid4().hex}")
        # Not `future.result(timeout)`: if the time is up while Dask fetches a result, neither that one nor those after
        # it may ever come. What is fetched here is fetched to its end, however long anyone waits for it.
        loop: Any = self._client.loop
        fetched = asyncio.run_coroutine_threadsafe(_fetched(future), loop.asyncio_loop)
        return _Answer(task, fetched, self._tend)


async def _fetched(future: Future[bytes]) -> bytes:
    data: bytes = await future
    return data


class _Answer:
    def __init__(self, task: Task, fetched: concurrent.futures.Future[bytes], tend: Callable[[], None]) -> None:
        self._where = f"{task.name}: around byte {task.shard.start}"
        self._fetched = fetched
        self._tend = tend

    def done(self) -> bool:
        """Is the result here, or will there be none?"""
        return self._fetched.done()

    def result(self) -> Result:
        """Waits for the result. Errors: SourceError if there will be none."""
        while True:
            self._tend()
            try:
                return decode(self._fetched.result(timeout=LOOK_S))
            except SourceError:
                raise
            except TimeoutError:  # of this wait; it may be done by now
                if self._fetched.done() and isinstance(self._fetched.exception(), TimeoutError):
                    raise SourceError(f"{self._where} a Dask task timed out, not read any further") from None
            except KilledWorker as error:
                raise SourceError(
                    f"{self._where} the Dask workers died again and again, not read any further"
                ) from error
            except Exception as error:
                raise SourceError(f"{self._where} the Dask cluster failed ({error}), not read any further") from error


def do(name: str, task: Task, seen: bytes | None) -> bytes:
    """
    A task; runs on a worker.

    Args:
        name: of the plugin that holds the plan.
        seen: what the caller sees of the files of the shard; see `look_of`.

    Errors: SourceError if the worker sees other files.
    """
    worker = get_worker()
    knowledge = worker.plugins[name]
    assert isinstance(knowledge, Knowledge), "has its own name"
    assert knowledge.plan is not None, "was set up"
    if isinstance(task.shard, FileShard) and look_of(task.shard.extent) != seen:
        raise SourceError(
            f"{task.name}: the Dask worker at {worker.address} has no such file, or another one of that name. Put it "
            "where all workers find it (a shared folder, s3://, https://), or use --engine local."
        )
    return encode(try_to_work(knowledge.plan, task))


@lru_cache(maxsize=256)
def look_of(extent: Extent) -> bytes:
    """What tells the files of a source from others of the same names: both ends of each."""
    seen = blake2b()
    for stretch in extent.stretches:
        if not isinstance(stretch.opener, RawFile):
            continue  # a URL names one thing everywhere
        for first in (stretch.start, max(stretch.start, stretch.stop - SEEN_BYTES)):
            for chunk in extent.read(first, min(first + SEEN_BYTES, stretch.stop), []):
                seen.update(chunk)
    return seen.digest()
