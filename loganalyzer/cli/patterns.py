"""`loganalyzer patterns`: what is known, shown, checked and tried on a line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from loganalyzer.cli import options as given
from loganalyzer.errors import PackError, UsageError

if TYPE_CHECKING:
    from loganalyzer.errors import Fault
    from loganalyzer.packs import Pack

app = typer.Typer(help="List, show, check and try the patterns and failure modes.", no_args_is_help=True)

Folder = Annotated[
    Path | None,
    typer.Argument(metavar="DIR", help="A pack of your own; default: the built-in one."),
]


@app.command("list")
def list_(patterns: given.Patterns = None, tablefmt: given.TableFormat = None) -> None:
    """List all failure modes, and how many event patterns each of them builds on."""
    import tabulate

    from loganalyzer import packs

    if tablefmt is not None:
        given.choice("--tablefmt", tablefmt, tabulate.tabulate_formats)
    tabulate.MIN_PADDING = 0
    pack = packs.load(tuple(patterns or ()))
    rows = [
        [mode.id, mode.tier, mode.severity, _built_on(pack, mode.id), mode.title]
        for mode in sorted(pack.modes.values(), key=lambda mode: (mode.tier, mode.id))
    ]
    headers = ["failure mode", "tier", "severity", "patterns", "title"]
    others = sum(max(len(str(cell)) for cell in column) + 2 for column in list(zip(headers, *rows, strict=True))[:-1])
    title_width = None if tablefmt else max(given.columns() - others, 20)
    print(
        tabulate.tabulate(
            rows,
            headers=headers,
            tablefmt=tablefmt or "simple",
            maxcolwidths=[None, None, None, None, title_width],
        )
    )
    print(
        f"\n{len(pack.modes)} failure modes, {len(pack.patterns)} event patterns, "
        f"{len(pack.event_types)} event types, from"
    )
    for folder in packs.pack_dirs(tuple(patterns or ())):
        print(f"  {folder}")
    if not packs.user_dir().is_dir():
        print(f"Your own patterns would be found in {packs.user_dir()}")


@app.command()
def show(
    name: Annotated[str, typer.Argument(metavar="ID", help="A failure mode or an event pattern.")],
    patterns: given.Patterns = None,
) -> None:
    """Show how a failure mode or an event pattern is written."""
    from loganalyzer import packs, sanitize

    pack = packs.load(tuple(patterns or ()))
    place = pack.places.get(name)
    if place is None:
        raise UsageError(f"nothing is called '{name}'.{given.nearest(name, pack.places)}")
    print(f"# {place.file}:{place.line}")
    text = Path(place.file).read_text(encoding="utf-8")
    print(sanitize.block(text if name in pack.modes else entry(text, place.line)).rstrip())


def entry(text: str, line: int) -> str:
    """Gives the list entry of a YAML text that begins on a line, counted from 1."""
    rows = text.splitlines()[line - 1 :]
    indent = len(rows[0]) - len(rows[0].lstrip())
    kept = rows[:1]
    for row in rows[1:]:
        if row.strip() and len(row) - len(row.lstrip()) <= indent:
            break
        kept.append(row)
    return "\n".join(kept)


@app.command()
def lint(folder: Folder = None) -> None:
    """Check a pack; every fault at once as file:line:column, exit code 2."""
    from loganalyzer.packs.lint import remarks, review

    pack = _pack(folder)
    _report(review(pack), folder)
    if folder is None:
        for remark in remarks(pack):
            print(f"note: {remark}")
    print(f"{len(pack.modes)} failure modes and {len(pack.patterns)} event patterns: no faults.")


@app.command("test")
def run_examples(folder: Folder = None) -> None:
    """Run the examples and near misses inside a pack; faults as for lint."""
    from loganalyzer.packs.examples import run

    pack = _pack(folder)
    names = frozenset(name for name, place in pack.places.items() if _inside(place.file, folder))
    _report(run(pack, names), None)
    print(f"The examples of {len(names)} failure modes and event patterns: no faults.")


@app.command()
def match(
    line: Annotated[str, typer.Argument(metavar="LINE", help="A log line of any kind; - reads standard input.")],
    patterns: given.Patterns = None,
    no_redact: given.NoRedact = False,
    redact_key: given.RedactKey = None,
    redact_ip: given.RedactIp = False,
) -> None:
    """Show what becomes of a log line: its format, its record, its events."""
    from loganalyzer import formats, sanitize
    from loganalyzer.outputs.base import iso
    from loganalyzer.packs.examples import REFERENCE_NS, events_of
    from loganalyzer.pipeline import Options, Plan

    redact = given.redactor(no_redact, redact_key, redact_ip)
    text = (sys.stdin.read() if line == "-" else line).rstrip("\r\n")
    plan = Plan(Options(patterns=tuple(patterns or ()), reference_ns=REFERENCE_NS))
    first = text.splitlines()[0] if text else ""
    record = formats.decode(first.encode("utf-8", "surrogateescape"))
    facts = {
        "format": record.format,
        "time": iso(record.time_ns) or (_stamp(record.stamp) if record.stamp else None),
        "level": record.level,
        "subsystem": record.subsystem,
        "host": record.host,
        "origin": record.origin.value,
        "message": record.message,
        **{f"field {name}": value for name, value in record.fields.items()},
    }
    for name, value in facts.items():
        shown = "-" if value is None else sanitize.shorten(sanitize.line(redact(str(value))), 400)
        print(f"{sanitize.line(name):<12} {shown}")
    events = events_of(plan, text + "\n")
    if not events:
        print("\nNo event: no pattern matches.")
    for event in events:
        print(f"\nevent        {event.type} (pattern {event.pattern})")
        for name, value in redact.attributes(event.attributes).items():
            print(f"  {name:<10} {sanitize.line(str(value))}")


@app.command()
def schema(patterns: given.Patterns = None) -> None:
    """Print the JSON Schema of the pack files, for editors that complete and check them."""
    import json

    from loganalyzer import packs
    from loganalyzer.packs.jsonschema import json_schema

    print(json.dumps(json_schema(packs.load(tuple(patterns or ()))), indent=2))


def _built_on(pack: Pack, name: str) -> int:
    from loganalyzer.packs.lint import selectors_of

    events = {event for _, selector in selectors_of(pack.modes[name]) for event in selector.events}
    return sum(pattern.event in events for pattern in pack.patterns.values())


def _pack(folder: Path | None) -> Pack:
    from loganalyzer import packs

    if folder is None:
        return packs.load_dirs([packs.builtin_dir()], cache=False)
    return packs.load((folder,), cache=False)


def _inside(file: str, folder: Path | None) -> bool:
    return folder is None or Path(file).resolve().is_relative_to(folder.resolve())


def _report(faults: list[Fault], folder: Path | None) -> None:
    found = [fault for fault in faults if _inside(fault.file, folder)]
    if found:
        raise PackError(found)


def _stamp(stamp: object) -> str:
    return f"incomplete: {stamp}"
