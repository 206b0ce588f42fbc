"""
Where results go: standard output, or a file that appears whole or not at all.

Enters: a path or None. Leaves: an open text stream. Files are private to the user (mode 0600).
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

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
