"""
What happens to our own bugs: a report in a file, one line on standard error.

Enters: an exception. Leaves: a file with version, platform and the places in the code. Refuses to
write the message of an exception: it may quote the log.
"""

from __future__ import annotations

import os
import platform
import sys
import time
import traceback
from pathlib import Path

from loganalyzer import __version__


def report(error: BaseException) -> None:
    """Writes the report and says where it is; falls back to standard error."""
    text = describe(error)
    try:
        path = write(text)
    except OSError:
        print(text, file=sys.stderr)
        print("loganalyzer: this is a bug in loganalyzer; the report is above.", file=sys.stderr)
        return
    print(
        f"loganalyzer: this is a bug in loganalyzer. A report without log content is in {path}; "
        "please attach it to an issue.",
        file=sys.stderr,
    )


def describe(error: BaseException) -> str:
    """Gives version, platform and the traceback without messages."""
    lines = [
        f"loganalyzer {__version__}",
        f"Python {platform.python_version()} ({sys.implementation.name})",
        f"{platform.platform()} {platform.machine()}",
        "",
    ]
    chain: BaseException | None = error
    seen: set[int] = set()
    while chain is not None and id(chain) not in seen:
        seen.add(id(chain))
        kind = type(chain)
        lines.append(f"{kind.__module__}.{kind.__qualname__}, raised at (innermost last):")
        lines.extend(row.rstrip() for row in traceback.format_tb(chain.__traceback__))
        chain = chain.__cause__ or chain.__context__
    return "\n".join(lines) + "\n"


def write(text: str) -> Path:
    """Writes a report (mode 0600) below the state folder of this user."""
    import platformdirs

    folder = platformdirs.user_state_path("loganalyzer")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"bug-{time.strftime('%Y%m%dT%H%M%S')}-{os.getpid()}.txt"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(text)
    return path
