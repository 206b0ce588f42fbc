"""
Paths -> sources: folders walked, archives listed, rotation chains put together.

What cannot be read is named and left out; the rest goes on. Reading itself begins in
`Source.chunks`; here only the first bytes of files and the tables of archives are looked at.
"""

from __future__ import annotations

import glob
import os
import posixpath
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from loganalyzer.sources import names, remote
from loganalyzer.sources.compression import (
    READ_ERRORS,
    Decompressing,
    Peeked,
    archive_kind,
    decompressed,
    is_compressed,
)
from loganalyzer.sources.reader import Opener, RawFile, Reader, StandardInput
from loganalyzer.sources.remote_file import RemoteFile
from loganalyzer.sources.source import Part, Source, reason
from loganalyzer.sources.tar import TarArchive, TarMember
from loganalyzer.sources.zip import ZipArchive, ZipMember

STANDARD_INPUT = "-"
HEAD = 512
"""A tar shows its mark in the first block [bytes]."""
MEMBER_TIMES = (datetime(1981, 1, 1, tzinfo=UTC).timestamp(), datetime(2100, 1, 1, tzinfo=UTC).timestamp())
"""Between these a member's time is believed [s, UTC]; zip puts 1980 where there is none."""


def expand(paths: Sequence[str | os.PathLike[str]]) -> tuple[list[Source], list[str]]:
    """
    Find the sources that paths stand for.

    Args:
        paths: files, globs that no shell has expanded, folders (searched for logs and archives),
            archives, URLs (see `remote`), and `-` for standard input. A file that is named twice
            counts once.

    Returns:
        The sources in the order of the paths, those of a folder or archive by name and date; and
        problems, each naming what could not be used.
    """
    expansion = _Expansion()
    for path in paths:
        expansion.add(os.fspath(path))
    return list(_chained(expansion.found)), expansion.problems


class _Found(NamedTuple):
    """A part and where it lies; parts of one folder may be one chain."""

    part: Part
    folder: str
    file: str


class _Expansion:
    def __init__(self) -> None:
        self.found: list[_Found] = []
        self.problems: list[str] = []
        self._seen: set[tuple[int, int]] = set()
        self._urls: set[str] = set()

    def add(self, path: str) -> None:
        """One path of the user."""
        if path == STANDARD_INPUT:
            self._pipe(STANDARD_INPUT, StandardInput())
            return
        if remote.is_remote(path):
            self._remote(path)
            return
        try:
            status = os.stat(path)
        except (OSError, ValueError) as error:
            matches = [
                match for match in glob.glob(path, recursive=True) if os.path.isfile(match) or os.path.isdir(match)
            ]
            for match in sorted(matches, key=_order):
                self.add(match)
            if not matches:
                self._problem(path, error)
            return
        if stat.S_ISREG(status.st_mode):
            self._file(path, status)
        elif not stat.S_ISDIR(status.st_mode):
            self._pipe(path, RawFile(path))
        elif self._is_new(status):
            self._folder(path)

    def _is_new(self, status: os.stat_result) -> bool:
        """Is this the first time that this file or folder comes up, under whatever name?"""
        before = len(self._seen)
        self._seen.add((status.st_dev, status.st_ino))
        return len(self._seen) > before

    def _pipe(self, path: str, opener: Opener) -> None:
        name = names.printable(path)
        if any(found.part.name == name for found in self.found):
            return
        part = Part(name=name, opener=_Piped(opener), size=None, mtime_ns=None, file_date=None)
        self.found.append(_Found(part, path, name))

    def _folder(self, folder: str) -> None:
        empty, problems = True, len(self.problems)
        for path, status in self._walk(folder):
            self._file(path, status)
            empty = False
        if empty and len(self.problems) == problems:
            self.problems.append(f"{names.printable(folder)}: no logs here; looked for {names.LOOKED_FOR}")

    def _walk(self, folder: str) -> Iterator[tuple[str, os.stat_result]]:
        """Regular files that look like logs or archives. Links to folders are not followed: no loops."""

        def unreadable(error: OSError) -> None:
            self._problem(str(error.filename), error)

        for place, folders, files in os.walk(folder, onerror=unreadable):
            folders[:] = sorted(set(folders) - names.SKIPPED_FOLDERS)
            logs = [file for file in files if names.is_log(file) or names.is_archive(file)]
            for path in sorted((os.path.join(place, file) for file in logs), key=_order):
                try:
                    status = os.stat(path)
                except OSError as error:
                    self._problem(path, error)
                    continue
                if stat.S_ISREG(status.st_mode):
                    yield path, status

    def _file(self, path: str, status: os.stat_result) -> None:
        if not self._is_new(status):
            return
        folder, file = os.path.split(path)
        self._look_into(path, folder, _Entry(file, RawFile(path), status.st_size, status.st_mtime_ns))

    def _remote(self, url: str) -> None:
        """What a URL stands for."""
        try:
            for found in remote.find(url):
                if found.url not in self._urls:
                    self._urls.add(found.url)
                    name = remote.shown(found.url)
                    folder, file = posixpath.split(name.removesuffix("?***"))
                    opener = RemoteFile(found.url, found.size)
                    self._look_into(name, folder, _Entry(file, opener, found.length, found.mtime_ns))
        except OSError as error:
            self._problem(remote.shown(url), error)

    def _look_into(self, path: str, folder: str, entry: _Entry) -> None:
        """A file that may be an archive, or compressed."""
        try:
            kind, compressed = _look_at(entry.opener)
        except OSError as error:
            self._problem(path, error)
            return
        if kind is not None:
            self._archive(path, _entries(kind, entry.opener), nested=False)
            return
        self._add(path, folder, entry._replace(size=None) if compressed else entry)

    def _archive(self, name: str, entries: Iterable[_Entry], *, nested: bool) -> None:
        """The logs in an archive, and those in archives in it."""
        found, problems = len(self.found), len(self.problems)
        archives: list[_Entry] = []
        try:
            for entry in entries:
                if names.in_skipped_folder(entry.name):
                    continue
                if names.is_archive(entry.name):
                    archives.append(entry)
                elif names.is_log(entry.name):
                    folder = f"{name}!{posixpath.dirname(entry.name)}"
                    self._add(f"{name}!{entry.name}", folder, entry)
        except READ_ERRORS as error:
            self._problem(name, error)
        for entry in archives:
            inner = f"{name}!{entry.name}"
            if nested:
                self.problems.append(f"{names.printable(inner)}: is nested too deeply, not read")
            else:
                is_zip = entry.name.lower().endswith(".zip")
                self._archive(inner, _entries("zip" if is_zip else "tar", entry.opener), nested=True)
        if (found, problems) == (len(self.found), len(self.problems)):
            self.problems.append(f"{names.printable(name)}: no logs in it; looked for {names.LOOKED_FOR}")

    def _add(self, name: str, folder: str, entry: _Entry) -> None:
        file = posixpath.basename(entry.name)
        part = Part(
            name=names.printable(name),
            opener=Decompressing(entry.opener),
            size=entry.size,
            mtime_ns=entry.mtime_ns,
            file_date=names.day(file),
        )
        self.found.append(_Found(part, folder, file))

    def _problem(self, name: str, error: Exception) -> None:
        self.problems.append(f"{names.printable(name)}: {reason(error)}")


class _Entry(NamedTuple):
    """A file, in a folder or an archive."""

    name: str
    opener: Opener
    size: int | None
    mtime_ns: int | None


def _entries(kind: Literal["tar", "zip"], opener: Opener) -> Iterator[_Entry]:
    """The files in an archive."""
    if kind == "zip":
        archive = ZipArchive(opener)
        for number, member in archive.members():
            size = None if names.is_compressed(member.filename) else member.file_size
            yield _Entry(member.filename, ZipMember(archive, number), size, _zip_time(member.date_time))
        return
    tar = TarArchive(Decompressing(opener))
    for number, info in tar.members():
        size = None if names.is_compressed(info.name) else info.size
        yield _Entry(info.name, TarMember(tar, number), size, _nanoseconds(info.mtime))


def _zip_time(parts: tuple[int, int, int, int, int, int]) -> int | None:
    """A zip's time has no zone; UTC is as good as any."""
    try:
        return _nanoseconds(datetime(*parts, tzinfo=UTC).timestamp())
    except ValueError:
        return None


def _nanoseconds(seconds: float) -> int | None:
    """A member's time, unless it is a placeholder or nonsense."""
    return int(seconds) * 1_000_000_000 if MEMBER_TIMES[0] < seconds < MEMBER_TIMES[1] else None


def _look_at(opener: Opener) -> tuple[Literal["tar", "zip"] | None, bool]:
    """Is it an archive, and is it compressed? Damage shows when it is read."""
    raw = Peeked(opener())
    try:
        raw.more()
        compressed = is_compressed(raw.head)
        peeked = Peeked(decompressed(raw))
        with suppress(*READ_ERRORS):
            while len(peeked.head) < HEAD and peeked.more():
                pass
        return archive_kind(peeked.head), compressed
    finally:
        raw.close()


@dataclass(frozen=True, slots=True)
class _Piped:
    """Opens what can be read only once and from the front."""

    raw: Opener

    def __call__(self) -> Reader:
        reader = Peeked(decompressed(self.raw()))
        try:
            reader.more()
            if archive_kind(reader.head) is not None:
                raise ValueError("is an archive: name the file instead of piping it")
        except BaseException:
            reader.close()
            raise
        return reader


def _order(path: str) -> tuple[object, ...]:
    """By folder, then logs of one name by date; links last, so that a file goes by its own name."""
    folder, file = os.path.split(path)
    return folder, os.path.islink(path), *names.order(file)


def _chained(found: Iterable[_Found]) -> Iterator[Source]:
    """Sources in the order of their first parts; rotations of one log are one source."""
    chains: dict[tuple[str, str], list[tuple[int, Part]]] = {}
    for part, folder, file in found:
        log, number = names.rotation(file)
        chains.setdefault((folder, log), []).append((-number, part))
    for chain in chains.values():
        chain.sort(key=lambda numbered: numbered[0])
        parts = tuple(part for _, part in chain)
        newest = parts[-1]
        name = newest.name if len(parts) == 1 else f"{newest.name} (+{len(parts) - 1} rotated)"
        yield Source(name=name, parts=parts, mtime_ns=newest.mtime_ns, file_date=newest.file_date)
