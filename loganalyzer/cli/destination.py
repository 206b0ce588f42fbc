"""
Where results go: standard output, or a file or folder that appears whole or not at all.

Enters: a path or None. Leaves: an open stream, or a folder to write into. Both are private to the user (files
mode 0600, folders 0700).
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, TextIO

from loganalyzer.cli.paper import page
from loganalyzer.errors import UsageError


@contextlib.contextmanager
def destination(path: Path | None, *, paged: bool = False) -> Iterator[TextIO]:
    """
    Opens where to write.

    Args:
        path: None or `-` for standard output. A regular file is written beside its place and
            renamed into it at the end; a pipe or device is written to as it is.
        paged: The text ends and is for people: on a terminal too low for it, a pager shows it.

    Errors:
        UsageError: the file cannot be written.
    """
    if path is None or str(path) == "-":
        if paged and sys.stdout.isatty():
            draft_text = io.StringIO()
            yield draft_text
            page(draft_text.getvalue())
        else:
            yield sys.stdout
        return
    target = Path(os.path.realpath(path))
    draft = None
    try:
        if path.exists() and not path.is_file():
            descriptor = os.open(path, os.O_WRONLY)
        else:
            descriptor, draft = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    except OSError as error:
        raise UsageError(f"--output {path}: {error.strerror or error}") from error
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            yield file
        if draft is not None:
            os.replace(draft, target)
    except BaseException:
        if draft is not None:
            Path(draft).unlink(missing_ok=True)
        raise


def binary(file: TextIO) -> BinaryIO:
    """
    Gives the bytes below a destination.

    Errors:
        UsageError: it is a terminal.
    """
    if file.isatty():
        raise UsageError("bytes are nothing for a terminal: name a file with --output, or write into a pipe")
    file.flush()
    return file.buffer


@contextlib.contextmanager
def folder_destination(path: Path) -> Iterator[Path]:
    """
    Makes a folder to write into; it is renamed to its place at the end.

    Args:
        path: The place: nothing yet, or an empty folder.

    Errors:
        UsageError: the place is taken, or the folder cannot be written.
    """
    target = Path(os.path.realpath(path))
    draft = None
    try:
        _check_free(path)
        draft = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
        yield draft
        _check_free(path)
        if target.exists():
            target.rmdir()  # empty; Windows renames onto nothing
        os.rename(draft, target)
    except OSError as error:
        raise UsageError(f"--output {path}: {error.strerror or error}") from error
    finally:
        if draft is not None and draft.exists():
            shutil.rmtree(draft)


def _check_free(path: Path) -> None:
    if path.is_dir() and any(path.iterdir()):
        raise UsageError(f"--output {path}: this folder is not empty; remove it first, or name another")
    if path.exists() and not path.is_dir():
        raise UsageError(f"--output {path}: is a file; a partitioned table is a folder")
