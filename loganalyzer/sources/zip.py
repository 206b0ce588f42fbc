"""Members of zip archives, read as streams; each can be opened directly."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from typing import cast

from loganalyzer.sources.compression import FREE, MAX_RATIO
from loganalyzer.sources.reader import Opener, RawFile, Reader
from loganalyzer.sources.remote_file import RemoteFile, RemoteIO
from loganalyzer.sources.tar import MAX_MEMBERS, Forward

MAX_CONTENTS = 32 << 20
"""The largest table of contents that is read [bytes]: 300,000 members."""
MAX_NESTED = 32 << 20
"""A zip inside another archive is held in memory, up to this size [bytes]."""
METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
"""The others are rare, and their decompressors have no memory limit in `zipfile`."""


class ZipFileIO(io.FileIO):
    """A zip file whose table of contents may not be of any size."""

    def read(self, size: int | None = -1, /) -> bytes:
        """As usual, but not too much at once."""
        if size is not None and size > MAX_CONTENTS:
            raise zipfile.BadZipFile("its table of contents is too long")
        return super().read(size) or b""


class RemoteZipIO(io.BufferedReader):
    """The same, of a remote file."""

    def read(self, size: int | None = -1, /) -> bytes:
        """As usual, but not too much at once."""
        if size is not None and size > MAX_CONTENTS:
            raise zipfile.BadZipFile("its table of contents is too long")
        return super().read(size)


class ZipArchive:
    """A zip, opened when it is first needed and once."""

    def __init__(self, opener: Opener) -> None:
        """`opener` gives the zip itself; of what has no ranges it is read into memory."""
        self._opener = opener
        self._file: io.FileIO | io.BytesIO | io.BufferedReader | None = None
        self._zip: zipfile.ZipFile | None = None

    def __reduce__(self) -> tuple[type[ZipArchive], tuple[Opener]]:
        return ZipArchive, (self._opener,)

    def __del__(self) -> None:
        if self._file is not None:
            self._file.close()

    def members(self) -> list[tuple[int, zipfile.ZipInfo]]:
        """
        The files with their numbers.

        Errors:
            `compression.READ_ERRORS`: it cannot be read, or is a bomb.
        """
        infos = self._opened().infolist()
        if len(infos) > MAX_MEMBERS:
            raise ValueError(f"holds more than {MAX_MEMBERS} files, not read")
        assert self._file is not None
        packed = min(sum(info.compress_size for info in infos), self._file.seek(0, io.SEEK_END))  # they may overlap
        if sum(info.file_size for info in infos) > max(FREE, MAX_RATIO * packed):
            raise ValueError(f"expands more than {MAX_RATIO}:1, not read")
        return [(number, info) for number, info in enumerate(infos) if not info.filename.endswith("/")]

    def open(self, number: int) -> Reader:
        """Opens one member."""
        archive = self._opened()
        info = archive.infolist()[number]
        if info.compress_type not in METHODS:
            raise ValueError("compressed in a way that is not supported")
        return ZipReader(cast("zipfile.ZipExtFile", archive.open(info)), info.compress_size)

    def _opened(self) -> zipfile.ZipFile:
        if self._zip is None:
            if isinstance(self._opener, RawFile):
                self._file = ZipFileIO(self._opener.path)
            elif isinstance(self._opener, RemoteFile) and self._opener.size is not None:
                self._file = RemoteZipIO(RemoteIO(self._opener), 1 << 20)
            else:
                self._file = io.BytesIO(_all_of(self._opener))
            self._zip = zipfile.ZipFile(self._file)
        return self._zip


def _all_of(opener: Opener) -> bytes:
    """A nested zip: it needs to be read from its end."""
    stream = Forward(opener())
    try:
        data = stream.read(MAX_NESTED)
        if stream.some(1):
            raise ValueError(
                f"a zip inside an archive, or from a server without ranges, is read up to {MAX_NESTED >> 20} MiB only"
            )
    finally:
        stream.reader.close()
    if stream.error is not None:
        raise stream.error
    return data


class ZipReader:
    """Reads one member of a zip."""

    def __init__(self, file: zipfile.ZipExtFile, packed: int) -> None:
        self._file = file
        self.taken = packed

    def read(self, size: int, /) -> bytes:
        """What one step of decompression gives."""
        return self._file.read1(size)

    def close(self) -> None:
        """Ends reading; the archive stays open."""
        self._file.close()


@dataclass(frozen=True, slots=True)
class ZipMember:
    """Opens a member of a zip."""

    archive: ZipArchive
    number: int

    def __call__(self) -> Reader:
        return self.archive.open(self.number)
