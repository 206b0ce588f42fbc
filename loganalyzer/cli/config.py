"""
Settings that outlive a command: `loganalyzer.toml`, the environment, and `loganalyzer config`, which tells them.

Enters: the file and the environment. Leaves: defaults of options, in the form in which the command line takes them.
An option on the command line wins over `LOGANALYZER_<OPTION>` in the environment, that over the table of a command in
the file, and that over a key at its top, which holds for every command that has such an option. A key that no command
knows is an error. The file is looked for in one place only, never in the current folder: logs are analysed where
strangers may have put files.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from loganalyzer.errors import UsageError

if TYPE_CHECKING:
    from typer.core import TyperGroup, TyperOption

PREFIX = "LOGANALYZER_"
NOT_SETTINGS = frozenset({"help", "version", "config", "output", "install-completion", "show-completion", "suggest"})
"""Options of one run, which as a default would only surprise."""
SECRETS = frozenset({"redact-key", "notify"})
READ_ELSEWHERE = frozenset({"notify"})
"""Variables whose values are no list of the usual kind; see `beside`."""


class Setting(NamedTuple):
    """A default that was set."""

    command: str
    """Such as `analyze` or `patterns list`."""
    option: TyperOption
    value: Any
    origin: str
    """A name in the environment, or a place in the file."""


def apply(ctx: typer.Context, file: Path | None) -> None:
    """
    Makes what is set the defaults of all commands below `ctx`.

    Args:
        file: None for the file of this user, if it exists.

    Errors:
        UsageError: the file cannot be read, or a key or a value means nothing.
    """
    tree: dict[str, Any] = {}
    for setting in settings(ctx, file):
        inner = tree
        for word in setting.command.split():
            inner = inner.setdefault(word, {})
        inner[setting.option.name] = setting.value
    if tree:
        ctx.default_map = {**(ctx.default_map or {}), **tree}


def settings(ctx: typer.Context, file: Path | None) -> list[Setting]:
    """Everything that is set, by command; see `apply`."""
    group: Any = ctx.command
    known = dict(_options(group))
    path = file or default_file()
    told = _read(path, required=file is not None)
    _check_keys(told, known, path)
    found = []
    for command, options in known.items():
        table = told.get(command, {})
        for name, option in options.items():
            variable = PREFIX + name.upper().replace("-", "_")
            if (text := os.environ.get(variable)) is not None and name not in READ_ELSEWHERE:
                value: Any = text.split(os.pathsep) if option.multiple else text
                found.append(_setting(ctx, command, option, value, variable))
            elif isinstance(table, dict) and name in table:
                found.append(_setting(ctx, command, option, table[name], f"{path} [{command}]"))
            elif name in told and not isinstance(told[name], dict):
                found.append(_setting(ctx, command, option, told[name], str(path)))
    return found


def is_nothing_set() -> bool:
    """Does every option have its default? False in doubt; also where a shell asks how a word can be completed."""
    return not any(name.lstrip("_").startswith(PREFIX) for name in os.environ) and not default_file().exists()


def default_file() -> Path:
    """Where the file of this user is, whether it exists or not."""
    import platformdirs

    return platformdirs.user_config_path("loganalyzer") / "loganalyzer.toml"


def config(
    ctx: typer.Context,
    show_path: Annotated[bool, typer.Option("--path", help="Print only where the file is looked for.")] = False,
) -> None:
    r"""
    Show what is set in loganalyzer.toml and in the environment, and which of them wins.

    The file holds options by their long names, as in: min-severity = "error". A key at the top holds for every command
    that has such an option, one in a table such as \[follow] for that command. First wins: the command line,
    LOGANALYZER_MIN_SEVERITY and the like, the table of the command, the top of the file.
    """
    import tabulate

    root: Any = ctx.find_root()
    told: Path | None = root.params.get("file")
    path = told or default_file()
    if show_path:
        print(path)
        return
    rows: dict[tuple[str, str, str], list[str]] = {}
    for one in settings(root, told):
        rows.setdefault((_key(one.option), _shown(one), one.origin), []).append(one.command)
    if rows:
        cells = [(*row, ", ".join(commands)) for row, commands in rows.items()]
        headers = ["option", "value", "set by", "for"]
        print(tabulate.tabulate(cells, headers, maxcolwidths=[None, 40, 60, 40], disable_numparse=True))
    else:
        print("Nothing is set: every option has the default that --help names.")
    print(f"\nFile: {path}{'' if path.is_file() else ' (does not exist)'}")
    print(f"First wins: command line, {PREFIX}<OPTION> in the environment, [command] in the file, top of the file.")


def _options(group: TyperGroup, above: str = "") -> Iterator[tuple[str, dict[str, TyperOption]]]:
    from typer.core import TyperGroup, TyperOption

    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from _options(command, f"{above}{name} ")
            continue
        options = [p for p in command.params if isinstance(p, TyperOption) and any(o.startswith("--") for o in p.opts)]
        yield above + name, {_key(option): option for option in options if _key(option) not in NOT_SETTINGS}


def _key(option: TyperOption) -> str:
    return next(name for name in option.opts if name.startswith("--")).removeprefix("--")


def _read(path: Path, *, required: bool) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if required:
            raise UsageError(f"--config {path}: no such file") from None
        return {}
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error
    except ValueError as error:  # TOMLDecodeError and UnicodeDecodeError
        raise UsageError(f"{path}: this is no TOML: {error}") from None


def _check_keys(told: Mapping[str, Any], known: Mapping[str, Mapping[str, TyperOption]], path: Path) -> None:
    from loganalyzer.cli.options import nearest

    shared = sorted({name for options in known.values() for name in options})
    for key, value in told.items():
        if not isinstance(value, dict):
            if key not in shared:
                raise UsageError(f"{path}: no command has an option '{key}'.{nearest(key, shared)}")
            continue
        options = known.get(key)
        if options is None:
            raise UsageError(f"{path}: no command is called [{key}].{nearest(key, known)}")
        for name in value:
            if name not in options:
                raise UsageError(f"{path}: [{key}] has no option '{name}'.{nearest(name, options)}")


def _setting(ctx: typer.Context, command: str, option: TyperOption, value: Any, origin: str) -> Setting:
    several = value if isinstance(value, list | tuple) else [value]
    # TOML has types: a switch that is a number, and a boolean that is no switch, are mistakes.
    kinds = (bool, str) if option.is_flag else (int, str)
    fits = all(isinstance(one, kinds) and (option.is_flag or not isinstance(one, bool)) for one in several)
    if not fits or (len(several) != 1 and not option.multiple):
        raise UsageError(f"{origin}: {_key(option)} = {value!r} is not what the option takes")
    words = [one if isinstance(one, bool) else str(one) for one in several]
    given = words if option.multiple else words[0]
    try:
        option.process_value(ctx, given)
    except typer.BadParameter as error:
        raise UsageError(f"{origin}: {_key(option)}: {error.message}") from None
    return Setting(command, option, given, origin)


def _shown(setting: Setting) -> str:
    """As the file would hold it, but for quotes."""
    if _key(setting.option) in SECRETS:
        return "(set)"
    if isinstance(setting.value, bool):
        return str(setting.value).lower()
    return ", ".join(map(str, setting.value)) if isinstance(setting.value, list | tuple) else str(setting.value)
