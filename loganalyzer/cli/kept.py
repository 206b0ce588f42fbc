"""
`follow --resume`: a run that writes down how far it is, and goes on where the last one ended.

What is kept is a snapshot of all that is known, now and then, and since then which transitions were told and when the
wall clock decided something. After a kill the lines since the snapshot are read again: the same lines decide the same,
so what was told before is recognised and not told again. One transition at a time is noted before it is told and
confirmed after; the one in between at a kill is told again, and marked.
"""

from __future__ import annotations

import hashlib
import sqlite3
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from loganalyzer import __version__
from loganalyzer.api import Analyzer, Memory
from loganalyzer.cli.sinks import Sink
from loganalyzer.errors import UsageError
from loganalyzer.extract import LineStart
from loganalyzer.model import Accounting, Transition
from loganalyzer.redact import Redactor
from loganalyzer.resume.conceal import Concealer
from loganalyzer.resume.freeze import Freezer, FrozenError
from loganalyzer.resume.store import State, Store, Tick
from loganalyzer.sources.growing import Turn
from loganalyzer.sources.position import Position

if TYPE_CHECKING:
    from loganalyzer.cli.inputs import LiveInput

FILE_EVERY_S = 30.0
"""Between two snapshots of a run over a file: what is read again after a kill [s]."""
STREAM_EVERY_S = 1.0
"""The same for a pipe, of which nothing can be read again: what is forgotten by a kill [s]."""
SHARE = 0.004
"""Of the time may go into snapshots: fewer than one transition in a hundred may have to wait for one."""


class Keeping:
    """
    The file of `--resume`, opened, and what the last run has left in it.

    Errors:
        UsageError: it cannot be used; see `Store`. Or it belongs to another input.
    """

    def __init__(self, path: Path, name: str) -> None:
        """`name`: of the input, `-` or a path."""
        if name != "-" and path.exists() and Path(name).exists() and path.samefile(name):
            raise UsageError(f"--resume {path}: that is the log itself; name another file")
        self.input = _digest(name if name == "-" else str(Path(name).absolute()))
        self.store = Store(path)
        try:
            self.state, self.told, self.ticks = self.store.load()
            if self.state is not None and self.state.input != self.input:
                raise UsageError(f"--resume {path}: this file belongs to another input; each needs one of its own")
        except UsageError:
            self.close()
            raise

    def close(self) -> None:
        """Gives the file back."""
        self.store.close()

    @property
    def start(self) -> Position | None:
        """Where to go on reading, if the input is a file."""
        return None if self.state is None else self.state.position


class Kept:
    """
    Reads, analyses and tells as a run without it would, and keeps what is needed to go on.

    Args:
        keeping: open as long as this is used.
        sinks: have begun.
        redact: of the output; nothing that it masks is written down.
        is_stopped: will the run be gone on with, as far as one can know? Then it has no last words.
    """

    def __init__(
        self,
        keeping: Keeping,
        source: LiveInput,
        analyzer: Analyzer,
        sinks: Sequence[Sink],
        redact: Redactor,
        is_stopped: Callable[[], bool],
    ) -> None:
        self._store = keeping.store
        self._input = keeping.input
        self._source = source
        self._analyzer = analyzer
        self._sinks = sinks
        self._redact = redact
        self._is_stopped = is_stopped
        self._is_file = source.position(0) is not None
        self._made_with = f"{__version__} {redact.kind} {_pack_digest(analyzer)}"
        self._freezer = Freezer(analyzer, redact)
        self._told: dict[bytes, bool] = {}
        """What the last run told and this one has not decided yet: was it done with?"""
        for one in keeping.told:
            self._told[one.digest] = bool(one.done) or self._told.get(one.digest, False)
        self._told_until = max((one.read for one in keeping.told), default=0)
        self._ticks = deque(keeping.ticks if self._is_file else ())
        self._caught_up = False
        self._is_over = False
        self._changed = True
        self._problem: str | None = None
        self._due_s = 0.0
        self.name = source.name
        self.notes: list[str] = []
        """What went otherwise than one would wish."""
        analyzer.mask = Concealer(redact, {name for mode in analyzer.plan.pack.modes.values() for name in mode.key})
        if keeping.state is not None:
            self._resume(keeping.state)
        self._save()
        if keeping.state is not None and keeping.state.made_with != self._made_with:
            self._write(self._store.fold)  # it may hold what is masked from now on

    @property
    def accounting(self) -> Accounting:
        """Of this run and those before it."""
        return self._analyzer.accounting

    @property
    def deadline_ns(self) -> int | None:
        """See `Analyzer.deadline_ns`; None as long as there are lines that were written before now."""
        return self._analyzer.deadline_ns if self._caught_up else None

    def read(self, timeout_s: float) -> bytes | None:
        """See `LiveInput.read`."""
        data = self._source.read(timeout_s)
        if data == b"" and not self._caught_up:
            self._caught_up = True
            self._due_s = 0.0  # however soon the next kill comes, the way to here is not to be gone again
        return data

    @property
    def turns(self) -> Sequence[Turn]:
        """See `LiveInput.turns`."""
        return self._source.turns

    def turn(self, name: str, lost: str = "") -> list[Transition]:
        """See `Analyzer.turn`."""
        return self._analyzer.turn(self._redact(name), lost)

    def missed(self, reason: str) -> list[Transition]:
        """See `Analyzer.missed`."""
        return self._analyzer.missed(reason)

    def clock_was_set(self, jump_ns: int) -> None:
        """See `Analyzer.clock_was_set`."""
        self._analyzer.clock_was_set(jump_ns)

    def feed(self, data: bytes, now_ns: int) -> list[Transition]:
        """See `Analyzer.feed`; what the wall clock decided before is decided at the same place again."""
        self._changed = True
        decided: list[Transition] = []
        while self._ticks and (ahead := self._ticks[0].read - self.accounting.bytes) <= len(data):
            decided += self._analyzer.feed(data[: max(ahead, 0)])
            data = data[max(ahead, 0) :]
            decided += self._analyzer.pass_time(self._ticks.popleft().now_ns)
        return decided + self._analyzer.feed(data, now_ns)

    def advance(self, now_ns: int) -> list[Transition]:
        """See `Analyzer.advance`."""
        self._changed = True
        tick = Tick(self.accounting.bytes, now_ns)
        self._write(lambda: self._store.tick(tick))
        return self._analyzer.advance(now_ns)

    def finish(self) -> list[Transition]:
        """The run is over: its last words, which the memory does not know; none if it is to be gone on with."""
        decided: list[Transition] = []
        if not self._is_file and self._analyzer.unfinished:  # its end will not come
            decided = self._analyzer.feed(b"\n")
            self.accounting.bytes -= 1
            self.show(decided)
        self._save()
        self._is_over = True
        return [] if self._is_stopped() else self._analyzer.finish()

    def show(self, transitions: Sequence[Transition]) -> None:
        """Tells what was decided, each transition once."""
        if not transitions:
            self._tell(transitions)
        for transition in transitions:
            self._show(transition)
        if not self._is_over and self._changed and time.monotonic() >= self._due_s:
            self._save()

    def _show(self, transition: Transition) -> None:
        digest = _transition_digest(transition)
        done = self._told.pop(digest, None)
        if done:
            for sink in self._sinks:
                sink.recall([transition], self.accounting)
            return
        begun = self._write(lambda: self._store.begin(self.accounting.bytes, digest))
        self._tell([transition if done is None else replace(transition, repeated=True)])
        if begun:
            self._write(self._store.done)

    def _tell(self, transitions: Sequence[Transition]) -> None:
        for sink in self._sinks:
            sink.show(transitions, self.accounting)

    def _resume(self, state: State) -> None:
        above = self._source.above
        if state.made_with == self._made_with:
            try:
                found = self._freezer.thaw(state.memory, above)
            except FrozenError:
                pass
            else:
                memories = found if isinstance(found, dict) else {}
                for sink in self._sinks:
                    if (memory := memories.get(type(sink).__name__)) is not None:
                        sink.remember(memory)
                return
        self._note(
            "what was open before is not known: the program, its patterns or its masks have changed since. "
            "Reading goes on where the last run ended"
        )
        fresh = self._analyzer.memory()
        self.accounting.bytes, self.accounting.lines = state.read, state.lines
        start = LineStart(state.read, state.lines, every_line=True, probed=0)
        self._analyzer.resume(Memory(fresh.judge, fresh.timeline, start, live=False), above)

    def _save(self) -> None:
        began_s = time.monotonic()
        if self._write(self._snapshot):
            self._changed, self._problem = False, None
        cost_s = time.monotonic() - began_s
        self._due_s = began_s + max(FILE_EVERY_S if self._is_file else STREAM_EVERY_S, cost_s / SHARE)

    def _snapshot(self) -> None:
        unfinished = self._analyzer.unfinished
        position = self._source.position(unfinished or 0)
        if unfinished is None or (position is None and self._is_file):
            return  # UTF-16, or the file is just being cut: what was kept before goes on to hold
        place = self._analyzer.memory().place
        memories = {type(sink).__name__: memory for sink in self._sinks if (memory := sink.memory()) is not None}
        state = State(
            input=self._input,
            made_with=self._made_with,
            saved_at_ns=time.time_ns(),
            read=place.offset,
            lines=place.lines,
            position=position,
            memory=self._freezer.freeze(memories),
        )
        if self.accounting.bytes > self._told_until:
            self._told.clear()
        self._store.save(state, self._told_until, self._told, self._ticks)

    def _write(self, change: Callable[[], None]) -> bool:
        """
        Changes the file; has it worked?

        One that cannot be written (a full disk) must not end the diagnosis: that is told once, and tried again.
        """
        try:
            change()
        except (sqlite3.Error, FrozenError) as error:
            if str(error) != self._problem:
                self._note(f"the file is not written at the moment: {error}")
            self._problem = str(error)
            return False
        return True

    def _note(self, sentence: str) -> None:
        self.notes.append(f"--resume: {sentence}")
        print(f"--resume: {sentence}.", file=sys.stderr)


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=16).digest()


def _transition_digest(transition: Transition) -> bytes:
    """Tells transitions from one another; the same lines give the same."""
    one = transition.incident
    told = (transition.kind, transition.time_ns, one.id, one.count, one.severity, one.status, one.confidence)
    return _digest(repr((*told, one.caused_by, one.first_seen_ns, one.last_seen_ns, one.resolved_at_ns)))


def _pack_digest(analyzer: Analyzer) -> str:
    pack = msgspec.structs.replace(analyzer.plan.pack, places={})
    return hashlib.blake2b(msgspec.msgpack.encode(pack), digest_size=16).hexdigest()
