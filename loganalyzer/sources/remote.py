"""
Objects of stores and files of web servers: `s3://`, `gs://`, `http://` and `https://`, through fsspec (an extra).

Enters: a URL of the user. Leaves: the files that it stands for, and whether ranges of them can be read. Refuses to
print what may be a credential: names and messages hold neither the user part nor the query of a URL.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from loganalyzer.sources import names
from loganalyzer.sources.remote_file import system_of
from loganalyzer.sources.trouble import PACKAGES, RemoteError, scheme_of, told

MAX_OBJECTS = 100_000
"""Objects below one prefix that are looked at, logs or not."""


def is_remote(path: str) -> bool:
    """Is it a URL of a kind that is read from afar?"""
    return path.partition("://")[0].lower() in PACKAGES and "://" in path


def shown(path: str) -> str:
    """A path as it may be printed: of a URL without the user part and the query, which may hold credentials."""
    if not is_remote(path):
        return path
    scheme, _, rest = path.partition("://")
    if scheme.lower() in ("http", "https"):
        rest, query, _ = rest.partition("?")
        rest = rest.partition("#")[0] + ("?***" if query else "")
    host, slash, file = rest.partition("/")
    hides = "@" in host
    host = host.rpartition("@")[2]
    return f"{scheme}://{'***@' if hides else ''}{host}{slash}{file}"


class Remote(NamedTuple):
    """A file that was found."""

    url: str
    size: int | None
    """[bytes]; None if it cannot be read in ranges."""
    length: int | None
    """[bytes], where it is known."""
    mtime_ns: int | None


def find(url: str) -> Iterator[Remote]:
    """
    The files that a URL stands for: itself, and in a store also those below a prefix, or that fit a glob.

    Errors: RemoteError, with a text that says what to do.
    """
    scheme = scheme_of(url)
    try:
        system = system_of(scheme)
        if scheme == "http":
            yield _web_file(system, url)
            return
        yield from _objects(system, url)
    except Exception as error:
        raise told(error, url) from None


def _web_file(system: Any, url: str) -> Remote:
    from email.utils import parsedate_to_datetime

    if urlsplit(url).path.endswith("/"):
        raise RemoteError("is a folder: name the files in it, web servers do not list them in one way")
    info = system.info(url)
    length = info.get("size")
    size = (
        length if length and length > 1 and info.get("partial", True) and _gives_ranges(system, url, length) else None
    )
    changed = None
    with suppress(TypeError, ValueError):
        changed = parsedate_to_datetime(info.get("Last-Modified"))
    return Remote(url, size, length, _nanoseconds(changed))


def _gives_ranges(system: Any, url: str, size: int) -> bool:
    """Does a server answer with one byte if it is asked for one? What it says of itself is often wrong."""
    with system.open(url, "rb", size=size, cache_type="none") as file:
        file.seek(1)
        try:
            return len(file.read(1)) == 1
        except ValueError:
            return False


def _objects(system: Any, url: str) -> Iterator[Remote]:
    scheme = url.partition("://")[0]
    if any(character in url for character in "*?["):
        found = [info for info in system.glob(url, detail=True).values() if info["type"] == "file"]
    elif not url.endswith("/") and system.isfile(url):
        found = [system.info(url)]
    else:
        found = []
        for count, info in enumerate(_below(system, url)):
            if count >= MAX_OBJECTS:
                raise RemoteError(f"holds more than {MAX_OBJECTS} objects: name a part of it")
            if names.is_log(info["name"]) or names.is_archive(info["name"]):
                found.append(info)
    if not found:
        raise RemoteError(f"nothing here; looked for {names.LOOKED_FOR}")
    for info in sorted(found, key=lambda info: _order(info["name"])):
        size = info.get("size")
        yield Remote(f"{scheme}://{info['name']}", size, size, _nanoseconds(_changed(info)))


def _below(system: Any, url: str) -> Iterator[dict[str, Any]]:
    for _, folders, files in system.walk(url, detail=True, on_error="raise"):
        for skipped in names.SKIPPED_FOLDERS.intersection(folders):
            del folders[skipped]
        yield from files.values()


def _order(name: str) -> tuple[object, ...]:
    folder, file = posixpath.split(name)
    return folder, *names.order(file)


def _changed(info: dict[str, Any]) -> datetime | None:
    found = info.get("LastModified") or info.get("mtime") or info.get("updated")
    return found if isinstance(found, datetime) else None


def _nanoseconds(changed: datetime | None) -> int | None:
    return None if changed is None else int(changed.timestamp()) * 1_000_000_000
