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
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import platformdirs

from loganalyzer.errors import Fault, PackError, UsageError
from loganalyzer.packs import schema
from loganalyzer.packs.convert import convert
from loganalyzer.packs.yamldoc import Document, parse

FORMAT = "2"
"""Part of the cache key: raise it when `schema` changes."""

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
    return load_dirs(pack_dirs(extra), cache=cache)


def load_dirs(folders: Sequence[Path], *, cache: bool = True) -> schema.Pack:
    """The pack made of exactly these folders, later ones overriding earlier ones by id."""
    texts = [(path, path.read_bytes()) for folder in folders for path in _files(folder)]
    cached = _cache_file(texts)
    if cache and (pack := _read_cache(cached)) is not None:
        return pack
    pack = _read([(path, data.decode("utf-8", "replace")) for path, data in texts])
    if cache:
        _write_cache(cached, pack)
    return pack


def _files(folder: Path) -> Iterable[Path]:
    return sorted(p for p in folder.rglob("*.yaml") if p.is_file())


def _cache_file(texts: list[tuple[Path, bytes]]) -> Path:
    digest = hashlib.sha256(FORMAT.encode())
    for path, data in texts:
        digest.update(f"\0{path}\0{len(data)}\0".encode())
        digest.update(data)
    return Path(platformdirs.user_cache_dir("loganalyzer")) / f"pack-{digest.hexdigest()[:32]}.msgpack"


def _read_cache(path: Path) -> schema.Pack | None:
    try:
        return msgspec.msgpack.decode(path.read_bytes(), type=schema.Pack)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None


def _write_cache(path: Path, pack: schema.Pack) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
        with os.fdopen(handle, "wb") as file:
            file.write(_encoder.encode(pack))
        os.replace(name, path)
    except OSError:
        return  # a cache that cannot be written only costs time


class _PatternFile(schema.Model, frozen=True, kw_only=True):
    patterns: tuple[schema.EventPattern, ...]


class _VocabularyFile(schema.Model, frozen=True, kw_only=True):
    event_types: dict[str, schema.EventType]


def _read(texts: list[tuple[Path, str]]) -> schema.Pack:
    pack = schema.Pack(event_types={}, patterns={}, modes={})
    faults: list[Fault] = []
    for path, text in texts:
        document = parse(text, str(path))
        if document.data is None and not document.faults:
            document.fault((), "empty file")
        elif not document.faults:
            _add(pack, path, document)
        faults.extend(document.faults)
    if faults:
        raise PackError(faults)
    return pack


def _add(pack: schema.Pack, path: Path, document: Document) -> None:
    data = document.data
    if isinstance(data, dict) and "event_types" in data:
        vocabulary = convert(document, (), _VocabularyFile, data)
        if vocabulary is not None:
            pack.event_types.update(vocabulary.event_types)
    elif isinstance(data, dict) and "patterns" in data:
        _add_patterns(pack, path, document)
    else:
        mode = convert(document, (), schema.FailureMode, data)
        if mode is None:
            return
        if mode.id != path.stem:
            document.fault(("id",), f"the file of {mode.id!r} must be named {mode.id}.yaml")
        pack.modes[mode.id] = mode
        pack.places[mode.id] = _place(document, ("id",))


def _add_patterns(pack: schema.Pack, path: Path, document: Document) -> None:
    seen: set[str] = set()
    content: Any = convert(document, (), _PatternFile, document.data)
    if content is None:
        return
    for index, pattern in enumerate(content.patterns):
        if pattern.id in seen:
            document.fault(("patterns", index, "id"), f"duplicate pattern id {pattern.id!r} in {path.name}")
        seen.add(pattern.id)
        place = _place(document, ("patterns", index))
        earlier = pack.places.get(pattern.id)
        if earlier and Path(earlier.file).parent == path.parent and earlier.file != str(path):
            document.fault(("patterns", index, "id"), f"pattern id {pattern.id!r} is already in {earlier.file}")
        pack.patterns[pattern.id] = pattern
        pack.places[pattern.id] = place


def _place(document: Document, path: tuple[str | int, ...]) -> schema.Place:
    line, column = document.places.get(path, (1, 1))
    return schema.Place(file=document.file, line=line, column=column)
