"""
From pack folders to a `Pack`: find, read, check, cache.

Reading some hundred YAML files takes a second, so the checked result is kept as msgpack, once inside the wheel
for the built-in pack and else in the per-user cache folder under the hash of the files. A damaged cache is read
again from YAML. What reads and checks YAML is imported only then.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec
import platformdirs

from loganalyzer.errors import PackError, UsageError
from loganalyzer.packs import schema

FORMAT = "5"
"""Part of the cache key: raise it when `schema` changes."""
COMPILED = "compiled.msgpack"
"""The built-in pack, checked, beside its YAML files in the wheel."""
DIGEST_LENGTH = 32
CACHES_KEPT = 8

Text = tuple[int, Path, bytes]
"""Number of the folder, path within it, and content of a file."""

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
    from loganalyzer.packs.lint import lint
    from loganalyzer.packs.read import read

    pack = read(folders, texts)
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
    from loganalyzer.packs.read import read

    texts = _texts([folder])
    return _digest([folder], texts, True).encode() + _encoder.encode(read([folder], texts))


def _texts(folders: Sequence[Path]) -> list[Text]:
    """Every file of the folders."""
    return [
        (number, path.relative_to(folder), path.read_bytes())
        for number, folder in enumerate(folders)
        for path in sorted(folder.rglob("*.yaml"))
        if path.is_file()
    ]


def _digest(folders: Sequence[Path], texts: list[Text], proved: bool) -> str:
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
