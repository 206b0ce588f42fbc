"""
Members of tar archives, read as streams.

A tar can only be read from the front. Its members share one pass as long as they are opened in
order: an archive of a thousand logs is decompressed twice, once to list it and once to read it. If a
member is opened while another is being read (sources merged by time), the rest of that one is held
in memory up to a cap. Beyond it, and for a member before the current one, a pass of its own is
needed, so large compressed tars are best read one source after another.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass

from loganalyzer.sources.compression import READ_ERRORS
from loganalyzer.sources.reader import Opener, Reader

MAX_MEMBERS = 100_000
"""Members of an archive that are looked at, logs or not."""
MAX_PIECE = 32 << 20
"""The largest piece that the headers of an archive may make us read at once [bytes]."""
READ_AHEAD = 32 << 20
"""Of members of one tar that are read at the same time, held in memory [bytes]."""


class Forward(io.RawIOBase):
    """A reader as the file object that `tarfile` wants; it can only skip forward."""

    def __init__(self, reader: Reader) -> None:
        super().__init__()
        self.reader = reader
        self.error: Exception | None = None
        """Why the stream ended early."""
        self._position = 0

    def read(self, size: int = -1, /) -> bytes:
        """Exactly `size` bytes, fewer only where the stream ends or breaks."""
        if not 0 <= size <= MAX_PIECE:
            raise tarfile.ReadError("damaged header")
        pieces: list[bytes] = []
        while size > 0 and (piece := self.some(size)):
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)

    def some(self, size: int) -> bytes:
        """At most `size` bytes, as soon as there are any."""
        try:
            data = self.reader.read(size) if self.error is None else b""
        except READ_ERRORS as error:
            self.error = error
            data = b""
        self._position += len(data)
        return data

    def tell(self) -> int:
        """Bytes read and skipped so far."""
        return self._position

    def seek(self, position: int, whence: int = io.SEEK_SET, /) -> int:
        """Skips to an absolute position."""
        if whence != io.SEEK_SET or position < self._position:
            raise tarfile.ReadError("damaged header")
        while self._position < position and self.some(min(position - self._position, 1 << 20)):
            pass
        return self._position


class TarPass:
    """One way through a tar, from member to member."""

    def __init__(self, opener: Opener) -> None:
        self.stream = Forward(opener())
        self.position = 0
        """Number of the member that `next` gives."""
        try:
            self._tar = tarfile.TarFile(fileobj=self.stream)
        except BaseException:
            self.close()
            raise

    def next(self) -> tarfile.TarInfo | None:
        """The next member, None at the end."""
        info = self._tar.next()
        self._tar.members.clear()  # type: ignore[attr-defined]  # they would pile up
        self.position += 1
        return info

    def close(self) -> None:
        """Gives the stream back."""
        self.stream.reader.close()


class TarArchive:
    """A tar whose members can be opened in any order, cheaply in their own."""

    def __init__(self, opener: Opener) -> None:
        """`opener` gives the tar itself, decompressed."""
        self._opener = opener
        self._idle: TarPass | None = None
        self._latest: TarReader | None = None
        self.ahead = 0
        """Held in memory for readers that were overtaken [bytes]."""

    def __reduce__(self) -> tuple[type[TarArchive], tuple[Opener]]:
        return TarArchive, (self._opener,)

    def __del__(self) -> None:
        if self._idle is not None:
            self._idle.close()

    def members(self) -> Iterator[tuple[int, tarfile.TarInfo]]:
        """
        The regular files with their numbers, in order.

        Errors:
            `compression.READ_ERRORS`: after the members before the damage.
        """
        way = TarPass(self._opener)
        try:
            while (info := way.next()) is not None:
                if info.isreg() and info.sparse is None:  # the holes of a sparse file expand without limit
                    yield way.position - 1, info
                if way.position >= MAX_MEMBERS:
                    raise ValueError(f"holds more than {MAX_MEMBERS} files, the rest is left out")
            if way.stream.error is not None:
                raise way.stream.error
        finally:
            way.close()

    def open(self, number: int) -> Reader:
        """Opens one member."""
        if self._latest is not None:
            self._latest.make_way()
        way, self._idle = self._idle, None
        if way is not None and way.position > number:
            way.close()
            way = None
        way = way or TarPass(self._opener)
        try:
            info = way.next()
            while info is not None and way.position <= number:
                info = way.next()
            if info is None:
                raise way.stream.error or EOFError
        except BaseException:
            way.close()
            raise
        self._latest = TarReader(self, way, info.size)
        return self._latest

    def release(self, reader: TarReader, way: TarPass) -> None:
        """Takes a pass back, for the next member."""
        if self._latest is reader:
            self._latest = None
        if self._idle is not None:
            self._idle.close()
        self._idle = way


class TarReader:
    """Reads one member of a tar."""

    def __init__(self, archive: TarArchive, way: TarPass, size: int) -> None:
        self._archive = archive
        self._way: TarPass | None = way
        self._left = size
        self._ahead = io.BytesIO()
        self._stream = way.stream

    @property
    def taken(self) -> int:
        """See `Reader`; of the whole archive so far."""
        return self._stream.reader.taken

    def read(self, size: int, /) -> bytes:
        """
        What is there of the member.

        Errors:
            `compression.READ_ERRORS`: the archive ends or breaks inside the member.
        """
        data = self._ahead.read(size)
        if data or not self._left:
            return data
        if self._way is not None:
            data = self._stream.some(min(size, self._left))
            self._left -= len(data)
        if not data:
            raise self._stream.error or EOFError
        return data

    def make_way(self) -> None:
        """Reads the rest ahead, if it is not too much, so that the pass can go on to another member."""
        if self._way is None or self._archive.ahead + self._left > READ_AHEAD:
            return
        self._ahead = io.BytesIO(self._stream.read(self._left))
        held = len(self._ahead.getbuffer())
        self._left -= held
        self._archive.ahead += held
        self._archive.release(self, self._way)
        self._way = None

    def close(self) -> None:
        """Leaves the pass to the next member."""
        self._archive.ahead -= len(self._ahead.getbuffer())
        self._ahead = io.BytesIO()
        self._left = 0
        if self._way is not None:
            self._archive.release(self, self._way)
            self._way = None


@dataclass(frozen=True, slots=True)
class TarMember:
    """Opens a member of a tar."""

    archive: TarArchive
    number: int

    def __call__(self) -> Reader:
        return self.archive.open(self.number)
