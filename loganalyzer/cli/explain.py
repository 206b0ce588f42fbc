"""`loganalyzer explain`: the runbook of a failure mode, without any log."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Annotated

import typer

from loganalyzer.cli import options as given
from loganalyzer.errors import UsageError

if TYPE_CHECKING:
    from loganalyzer.packs import Pack
    from loganalyzer.packs.schema import FailureMode


def complete(incomplete: str) -> list[str]:
    """Gives the failure modes that a word may become, for the completion of the shell."""
    from loganalyzer import packs

    return [mode for mode in packs.load().modes if incomplete.lower() in mode]


Mode = Annotated[
    str,
    typer.Argument(metavar="MODE", help="A failure mode, such as whatsapp.logged-out.", autocompletion=complete),
]


def explain(
    mode: Mode,
    patterns: given.Patterns = None,
) -> None:
    """Print the runbook of a failure mode: meaning, cause, how it is recognised, what to do."""
    from loganalyzer import packs
    from loganalyzer.cli.paper import show
    from loganalyzer.cli.words import runbook
    from loganalyzer.outputs import View

    found = find(packs.load(tuple(patterns or ())), mode)
    show(runbook(found, View(width=given.columns())))


def find(pack: Pack, name: str) -> FailureMode:
    """
    Gives a failure mode by its id.

    Errors:
        UsageError: there is none; names the nearest, by the whole id or by its last part.
    """
    mode = pack.modes.get(name.lower())
    if mode is not None:
        return mode
    word = name.lower().rpartition(".")[2]
    same = [known for known in pack.modes if known.endswith(f".{word}")]
    near = same or difflib.get_close_matches(name.lower(), pack.modes, n=3, cutoff=0.6)
    if not near:
        tails = {known.rpartition(".")[2]: known for known in pack.modes}
        near = [tails[tail] for tail in difflib.get_close_matches(word, tails, n=3, cutoff=0.5)]
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    raise UsageError(f"no failure mode is called '{name}'.{hint} All of them: loganalyzer patterns list")
