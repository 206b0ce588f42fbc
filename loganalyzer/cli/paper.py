"""
How text reaches a person: in colour on a terminal, plain anywhere else; long texts through a pager.

`printer` writes at once, for what comes bit by bit; `show` and `page` take what is finished. `NO_COLOR` and `TERM=dumb`
are respected. `LOGANALYZER_PAGER`, or else `PAGER`, names the pager; an empty one means none.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from loganalyzer.outputs.blocks import Line


def printer() -> Callable[[Iterable[Line]], None]:
    """Gives what prints lines on standard output."""
    if not sys.stdout.isatty():
        return _plain
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    return lambda lines: _styled(console, lines)


def show(lines: Iterable[Line]) -> None:
    """Prints all lines on standard output."""
    if not sys.stdout.isatty():
        _plain(lines)
        return
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    with console.capture() as captured:
        _styled(console, lines)
    page(captured.get())


def page(text: str) -> None:
    """Writes a finished text to standard output; through the pager if that is a terminal too low for it."""
    command = shlex.split(os.environ.get("LOGANALYZER_PAGER", os.environ.get("PAGER", "less")))
    long = text.count("\n") >= shutil.get_terminal_size().lines
    if long and sys.stdout.isatty() and command and shutil.which(command[0]):
        # As git does it: colours as they are, no pager for what fits, the text stays on the screen.
        subprocess.run(  # noqa: S603 - the user's own choice
            command, input=text.encode(errors="backslashreplace"), env={"LESS": "FRX"} | os.environ, check=False
        )
    else:
        sys.stdout.write(text)
        sys.stdout.flush()


def _plain(lines: Iterable[Line]) -> None:
    for line in lines:
        sys.stdout.write(line.text + "\n")
    sys.stdout.flush()


def _styled(console: Console, lines: Iterable[Line]) -> None:
    from rich.text import Text

    from loganalyzer.outputs.text import STYLES

    for line in lines:
        console.print(Text(line.text, style=STYLES[line.style]))
