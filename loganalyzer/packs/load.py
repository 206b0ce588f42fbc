"""
From pack folders to a `Pack`: find, read, check, merge, cache.

Reading some hundred YAML files takes a second, so the checked result is kept as msgpack, once inside the wheel
for the built-in pack and else in the per-user cache folder under the hash of the files. A damaged cache is read
again from YAML.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import platformdirs

from loganalyzer.errors import Fault, PackError, UsageError
from loganalyzer.packs import schema
from loganalyzer.packs.convert import convert
from loganalyzer.packs.lint import lint
from loganalyzer.packs.yamldoc import Document, parse

FORMAT = "5"
"""Part of the cache key: raise it when `schema` changes."""
COMPILED = "compiled.msgpack"
"""The built-in pack, checked, beside its YAML files in the wheel."""
DIGEST_LENGTH = 32
CACHES_KEPT = 8

_encoder = msgspec.msgpack.Encoder()


def builtin_dir() -> Path:
    """The folder of the built-in pack: inside the installed package, or beside it in a source tree."""
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "_patterns", package.parent / "patterns"):
        if (folder / "vocabulary.yaml").is_file():
            return folder
    raise UsageError("the built-in patterns are missing; reinstall loganalyzer")


def user_dir() -> Path:
    """Where a user's own patterns are looked for; it need not exist."""
    return Path(platformdirs.user_config_dir("loganalyzer")) / "patterns"


def pack_dirs(extra: Sequence[Path] = ()) -> list[Path]:
    """Every folder that takes part, in order of precedence (later ones override)."""
    for folder in extra:
        if not folder.is_dir():
            raise UsageError(f"{folder}: no such pattern folder")
    own = [user_dir()] if user_dir().is_dir() else []
    return [builtin_dir(), *own, *extra]


def load(extra: Sequence[Path] = (), *, cache: bool = True) -> schema.Pack:
    """
    The built-in pack, extended and overridden by the user's folder and by `extra`.

    Errors:
        PackError: with every fault of every file.
        UsageError: a folder does not exist.
    """
    return load_dirs(pack_dirs(extra), cache=cache, proved=True)


def load_dirs(folders: Sequence[Path], *, cache: bool = True, proved: bool = False) -> schema.Pack:
    """
    The pack made of exactly these folders, later ones overriding earlier ones by id.

    With `proved`, what lint says against a folder other than the built-in one is an error as well: a rule that nothing
    proves must not diagnose anybody's gateway. The built-in pack is linted where it is made.
    """
    texts = _texts(folders)
    digest = _digest(folders, texts, proved)
    cached = Path(platformdirs.user_cache_dir("loganalyzer")) / f"pack-{digest}.msgpack"
    if cache:
        for path in (folders[0] / COMPILED, cached):
            found = _read_compiled(path, digest)
            if found is not None:
                return _with_folders(found, folders)
    pack = _read(folders, texts)
    own = tuple(str(folder) for folder in folders if folder != builtin_dir())
    if proved and own:
        faults = [fault for fault in lint(_with_folders(pack, folders)) if fault.file.startswith(own)]
        if faults:
            raise PackError(faults)
    if cache:
        _write_cache(cached, digest, pack)
    return _with_folders(pack, folders)


def compiled(folder: Path) -> bytes:
    """The content of `COMPILED` for a folder: what the build of the wheel puts beside the YAML files."""
    texts = _texts([folder])
    return _digest([folder], texts, True).encode() + _encoder.encode(_read([folder], texts))


def _texts(folders: Sequence[Path]) -> list[tuple[int, Path, bytes]]:
    """Number of the folder, path within it, and content of every file."""
    return [
        (number, path.relative_to(folder), path.read_bytes())
        for number, folder in enumerate(folders)
        for path in sorted(folder.rglob("*.yaml"))
        if path.is_file()
    ]


def _digest(folders: Sequence[Path], texts: list[tuple[int, Path, bytes]], proved: bool) -> str:
    digest = hashlib.sha256(f"{FORMAT} {[folder == builtin_dir() for folder in folders]} {proved}".encode())
    for number, path, data in texts:
        digest.update(f"\0{number}\0{path.as_posix()}\0{len(data)}\0".encode())
        digest.update(data)
    return digest.hexdigest()[:DIGEST_LENGTH]


def _read_compiled(path: Path, digest: str) -> schema.Pack | None:
    try:
        data = path.read_bytes()
        if data[:DIGEST_LENGTH] != digest.encode():
            return None
        return msgspec.msgpack.decode(data[DIGEST_LENGTH:], type=schema.Pack)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None


def _write_cache(path: Path, digest: str, pack: schema.Pack) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
        with os.fdopen(handle, "wb") as file:
            file.write(digest.encode() + _encoder.encode(pack))
        os.replace(name, path)
        kept = sorted(path.parent.glob("pack-*.msgpack"), key=lambda old: old.stat().st_mtime, reverse=True)
        for old in kept[CACHES_KEPT:]:
            old.unlink(missing_ok=True)
    except OSError:
        return  # a cache that cannot be written only costs time


def _with_folders(pack: schema.Pack, folders: Sequence[Path]) -> schema.Pack:
    """A pack whose places are paths that can be opened; in the cache they are relative to their folder."""
    places = {
        name: msgspec.structs.replace(place, file=str(folders[place.folder] / place.file))
        for name, place in pack.places.items()
    }
    return msgspec.structs.replace(pack, places=places)


class PatternFile(schema.Model, frozen=True, kw_only=True):
    """What a file of event patterns holds."""

    patterns: tuple[schema.EventPattern, ...]


class VocabularyFile(schema.Model, frozen=True, kw_only=True):
    """What a vocabulary holds."""

    event_types: dict[str, schema.EventType]
    cli_reports: tuple[str, ...] = ()


def _read(folders: Sequence[Path], texts: list[tuple[int, Path, bytes]]) -> schema.Pack:
    pack = schema.Pack(event_types={}, patterns={}, modes={})
    reports: list[str] = []
    faults: list[Fault] = []
    for number, path, data in texts:
        document = parse(data.decode("utf-8", "replace"), str(folders[number] / path))
        if document.data is None and not document.faults:
            document.fault((), "empty file")
        elif not document.faults:
            _add(pack, reports, number, path, document)
        faults.extend(document.faults)
    if faults:
        raise PackError(faults)
    return msgspec.structs.replace(pack, cli_reports=tuple(reports))


def _add(pack: schema.Pack, reports: list[str], folder: int, path: Path, document: Document) -> None:
    data = document.data
    if isinstance(data, dict) and "event_types" in data:
        vocabulary = convert(document, (), VocabularyFile, data)
        if vocabulary is not None:
            pack.event_types.update(vocabulary.event_types)
            reports.extend(vocabulary.cli_reports)
    elif isinstance(data, dict) and "patterns" in data:
        _add_patterns(pack, folder, path, document)
    else:
        mode = convert(document, (), schema.FailureMode, data)
        if mode is None:
            return
        if mode.id != path.stem:
            document.fault(("id",), f"the file of {mode.id!r} must be named {mode.id}.yaml")
        pack.modes[mode.id] = mode
        pack.places[mode.id] = _place(document, folder, path, ("id",))


def _add_patterns(pack: schema.Pack, folder: int, path: Path, document: Document) -> None:
    seen: set[str] = set()
    content: Any = convert(document, (), PatternFile, document.data)
    if content is None:
        return
    for index, pattern in enumerate(content.patterns):
        if pattern.id in seen:
            document.fault(("patterns", index, "id"), f"duplicate pattern id {pattern.id!r} in {path.name}")
        seen.add(pattern.id)
        place = _place(document, folder, path, ("patterns", index))
        earlier = pack.places.get(pattern.id)
        if earlier is not None and earlier.folder == folder and earlier.file != place.file:
            document.fault(("patterns", index, "id"), f"pattern id {pattern.id!r} is already in {earlier.file}")
        pack.patterns[pattern.id] = pattern
        pack.places[pattern.id] = place


def _place(document: Document, folder: int, file: Path, path: tuple[str | int, ...]) -> schema.Place:
    line, column = document.places.get(path, (1, 1))
    return schema.Place(folder=folder, file=file.as_posix(), line=line, column=column)
