"""Decompression in a thread of its own, so that it runs beside the scan: both leave the interpreter to others."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator

from loganalyzer.sources.compression import Decompressing
from loganalyzer.sources.reader import RawFile
from loganalyzer.sources.source import Part, Source

CHUNKS_AHEAD = 4
"""How far decompression may run ahead [chunks of 1 MiB]."""


def ahead(source: Source) -> Iterator[bytes]:
    """The pieces of a source, prepared by a thread if that takes work. Errors: as `Source.chunks`."""
    return _threaded(source.pieces()) if any(map(_takes_work, source.parts)) else source.pieces()


def _takes_work(part: Part) -> bool:
    """Is a part a compressed file or a member of an archive?"""
    opener = part.opener
    return isinstance(opener, Decompressing) and (part.size is None or not isinstance(opener.raw, RawFile))


def _threaded(chunks: Iterator[bytes]) -> Iterator[bytes]:
    ready: queue.Queue[bytes | Exception | None] = queue.Queue(CHUNKS_AHEAD)
    stopped = threading.Event()

    def put(item: bytes | Exception | None) -> None:
        while not stopped.is_set():
            try:
                ready.put(item, timeout=0.1)
            except queue.Full:
                continue
            return

    def run() -> None:
        try:
            for chunk in chunks:
                put(chunk)
                if stopped.is_set():
                    return
            put(None)
        except Exception as error:  # raised again where the chunks are taken
            put(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        while (item := ready.get()) is not None:
            if isinstance(item, Exception):
                raise item
            yield item
    finally:
        stopped.set()
