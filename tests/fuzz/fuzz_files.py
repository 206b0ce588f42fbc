"""Targets for files that come from elsewhere: pattern packs and archives."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from loganalyzer import packs
from loganalyzer.errors import PackError, SourceError
from loganalyzer.extract import Options, Plan
from loganalyzer.packs import lint, read  # noqa: F401  (imported late by the loader: too late to be instrumented)
from loganalyzer.packs.examples import run
from loganalyzer.sources import expand
from loganalyzer.sources.compression import FREE, MAX_RATIO

FILES = ("vocabulary.yaml", "events.yaml", "a.b.yaml")
BREAK = b"\n---8<---\n"
"""Stands between the files of a pack in one input."""


@cache
def scratch(name: str) -> Path:
    """A folder for what a target writes, the same for the whole run; in memory where there is such a place."""
    memory = Path("/dev/shm")
    return Path(tempfile.mkdtemp(prefix=f"loganalyzer-fuzz-{name}-", dir=memory if memory.is_dir() else None))


def pack(data: bytes) -> None:
    """A pack loads and can be tried on its examples, or every fault is named with its place in a file of the pack."""
    folder = scratch("pack")
    for name, text in zip(FILES, [*data.split(BREAK), b"", b""], strict=False):
        (folder / name).write_bytes(text)
        if not text:
            (folder / name).unlink()
    try:
        found = packs.load_dirs([folder], cache=False, proved=True)
        faults = run(found)
        Plan(Options(), found)
    except PackError as error:
        faults = error.faults
        assert faults
    for fault in faults:
        lines = Path(fault.file).read_bytes().decode("utf-8", "replace").splitlines()
        assert 1 <= fault.line <= len(lines) + 2, fault
        assert fault.column >= 1, fault
        assert fault.message, fault


def archive(data: bytes) -> None:
    """Whatever a file holds, its bytes come out or the reason why not, never more than so many times its size."""
    path = scratch("archive") / "input.log"
    path.write_bytes(data)
    given = 0
    for source in expand([path])[0]:
        assert source.name.isprintable()
        try:
            for chunk in source.chunks():
                given += len(chunk)
                assert given <= FREE + MAX_RATIO * len(data) * 16
        except SourceError:
            continue
