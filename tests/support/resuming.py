"""Runs of `follow --resume` in this process that are killed wherever one likes, and what they print."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

from loganalyzer.api import Analyzer
from loganalyzer.cli.kept import Keeping, Kept
from loganalyzer.cli.sinks import JsonLines, Reached, Sink, Text
from loganalyzer.model import Severity
from loganalyzer.outputs import View
from loganalyzer.redact import Redactor
from loganalyzer.resume.store import Store
from loganalyzer.sources.growing import GrowingFile
from loganalyzer.sources.position import Position, above, find

VIEW = View(min_severity=Severity.INFO, redact=Redactor(b"test"))
FAULTS = ("begin", "done", "save", "tick")


class Killed(BaseException):
    """Ends a run as a kill does: nothing is tidied up."""


class Followed:
    """A file, a small piece at a time; ends when there is nothing more."""

    def __init__(self, path: Path, start: Position | None, piece: int) -> None:
        found = None if start is None else find(path, start)
        self.name = "the log"
        self.above = b"" if found is None else above(found.files[0], found.offset, 1 << 16)
        self._file = GrowingFile(path, found)
        self.notes = self._file.notes
        self._piece = piece
        self._waiting = b""

    def read(self, timeout_s: float) -> bytes | None:
        self._waiting = self._waiting or self._file.read()
        piece, self._waiting = self._waiting[: self._piece], self._waiting[self._piece :]
        return piece or None

    def position(self, back: int) -> Position | None:
        return self._file.position(back + len(self._waiting))

    def close(self) -> None:
        self._file.close()


class Hand:
    """Kills at the given fault point: just before or just after the file is written to, or a line is told."""

    def __init__(self, at: int | None) -> None:
        self._left = at

    def __call__(self) -> None:
        if self._left is not None:
            self._left -= 1
            if self._left < 0:
                raise Killed


@contextmanager
def faults(hand: Hand) -> Iterator[None]:
    """Lets a hand strike around every change of the file, and around every line."""
    kept: dict[tuple[type, str], Callable[..., Any]] = {}

    def struck(change: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*given: Any, **named: Any) -> Any:
            hand()
            result = change(*given, **named)
            hand()
            return result

        return wrapped

    places = [(Store, name) for name in FAULTS] + [(JsonLines, "show"), (Text, "show")]
    for owner, name in places:
        kept[owner, name] = getattr(owner, name)
        setattr(owner, name, struck(kept[owner, name]))
    try:
        yield
    finally:
        for (owner, name), change in kept.items():
            setattr(owner, name, change)


def run(
    log: Path,
    file: Path,
    *,
    kill_at: int | None = None,
    piece: int = 1000,
    end: bool = True,
    view: View = VIEW,
    form: type[Sink] = JsonLines,
    analyzer: Analyzer | None = None,
    times: Iterator[int] | None = None,
) -> tuple[str, bool]:
    """
    Follows what there is of a log.

    Args:
        kill_at: number of the fault point that is the last; None for none.
        end: end in order, as by Ctrl-C, or leave it as a kill after the last line does.
        times: the wall clock at each piece [ns, UTC]; a piece for which there is none has no clock.

    Returns:
        What it printed, and whether it got to the end.
    """
    printed = io.StringIO()
    analyzer = analyzer or Analyzer(source="the log", wall_clock=True)
    with redirect_stdout(printed), faults(Hand(kill_at)):
        try:
            with closing(Keeping(file, str(log))) as keeping, closing(Followed(log, keeping.start, piece)) as source:
                sinks = [form(view), Reached(Severity.ERROR)]
                kept = Kept(keeping, source, analyzer, sinks, view.redact, lambda: False)  # type: ignore[arg-type]
                while (data := kept.read(0)) is not None:
                    now_ns = next(times, 0) if times is not None else 0
                    kept.show(kept.feed(data, now_ns))
                    if now_ns:
                        kept._caught_up = True
                        deadline = kept.deadline_ns
                        if deadline is not None and now_ns > deadline:
                            kept.show(kept.advance(now_ns))
                if end:
                    kept.show(kept.finish())
        except Killed:
            return printed.getvalue(), False
    return printed.getvalue(), True


def plain(log: bytes, view: View = VIEW, form: type[Sink] = JsonLines) -> str:
    """What one run without `--resume` prints about a whole log."""
    printed = io.StringIO()
    analyzer = Analyzer(source="the log", wall_clock=True)
    sink = form(view)
    with redirect_stdout(printed):
        sink.show(analyzer.feed(log), analyzer.accounting)
        sink.show(analyzer.finish(), analyzer.accounting)
    return printed.getvalue()


def union(*parts: str) -> list[str]:
    """The lines of several runs, those that are marked as repeated only where they were not printed before."""
    found: list[str] = []
    for line in "".join(parts).splitlines():
        value = json.loads(line)
        bare = json.dumps({k: v for k, v in value.items() if k != "repeated"}, separators=(",", ":"))
        if "repeated" not in value or bare not in found:
            found.append(bare)
    return found
