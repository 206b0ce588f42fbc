"""How styled lines reach a person: in colour on a terminal, plain anywhere else, at once."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from loganalyzer.outputs.blocks import Line


def printer() -> Callable[[Iterable[Line]], None]:
    """Gives what prints lines on standard output; `NO_COLOR` and `TERM=dumb` are respected."""
    if not sys.stdout.isatty():

        def plain(lines: Iterable[Line]) -> None:
            for line in lines:
                sys.stdout.write(line.text + "\n")
            sys.stdout.flush()

        return plain

    from rich.console import Console
    from rich.text import Text

    from loganalyzer.outputs.text import STYLES

    console = Console(highlight=False, soft_wrap=True)

    def styled(lines: Iterable[Line]) -> None:
        for line in lines:
            console.print(Text(line.text, style=STYLES[line.style]))

    return styled
