"""
Remote files as readers: in ranges that grow, from the front, or as a file that can be searched.

Nothing waits for a silent server for ever, and no error holds a text of a library (see `trouble`).
"""

from __future__ import annotations

import io
import time
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from loganalyzer.sources.reader import Reader
from loganalyzer.sources.trouble import RemoteError, may_pass, scheme_of, told

STEP = 8 << 20
"""The largest range that is asked for at once [bytes]: a request takes some tens of milliseconds for itself."""
CONNECT_S, SILENCE_S = 20, 60
"""How long to wait for a connection, and for the next bytes [s]."""
ATTEMPTS = 3
"""How often a range is asked for; a stream from the front cannot be taken up again."""
PAUSE_S = 0.3


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """Opens a URL; as a value it holds what the user typed, but does not show it."""

    url: str = field(repr=False)
    size: int | None = None
    """[bytes]; None if it can be read from the front only."""

    def __call__(self) -> Reader:
        """Errors: RemoteError."""
        return StreamReader(self.url) if self.size is None else RangeReader(Ranges(self), 0, self.size)

    def at(self, start: int, stop: int | None) -> Reader:
        """Opens a part of it."""
        assert self.size is not None, "has ranges"
        return RangeReader(Ranges(self), start, self.size if stop is None else min(stop, self.size))


class Ranges:
    """Gives any range of a remote file."""

    def __init__(self, remote: RemoteFile) -> None:
        assert remote.size is not None, "has ranges"
        self._url = remote.url
        self.size = remote.size
        self._file: Any = None

    def get(self, start: int, stop: int) -> bytes:
        """
        The bytes from `start` to `stop`, perhaps fewer; asks again if a connection breaks.

        Errors: RemoteError.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                if self._file is None:
                    self._file = open_url(self._url, self.size)
                self._file.seek(start)
                data: bytes = self._file.read(stop - start)
                if data:
                    return data
                raise RemoteError(f"ends after {start} of {self.size} bytes: it was changed while it was read")
            except Exception as error:
                self.close()
                if attempt == ATTEMPTS or not may_pass(error):
                    raise told(error, self._url) from None
            time.sleep(PAUSE_S * attempt)
        raise AssertionError

    def close(self) -> None:
        """Gives the connection back."""
        file, self._file = self._file, None
        if file is not None:
            file.close()


class RangeReader:
    """Reads a part of a remote file, in ranges that grow."""

    def __init__(self, ranges: Ranges, start: int, stop: int) -> None:
        self._ranges = ranges
        self._next = start
        self._stop = stop
        self._step = 0
        self._ready = b""
        self.taken = 0

    def read(self, size: int, /) -> bytes:
        """See `Reader`. Errors: RemoteError."""
        if not self._ready and self._next < self._stop:
            self._step = min(STEP, max(size, 2 * self._step))
            self._ready = self._ranges.get(self._next, min(self._next + self._step, self._stop))
            self._next += len(self._ready)
        data, self._ready = self._ready[:size], self._ready[size:]
        self.taken += len(data)
        return data

    def close(self) -> None:
        """See `Reader`."""
        self._ranges.close()


class StreamReader:
    """Reads what a server gives from the front."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.taken = 0
        try:
            self._file = open_url(url, None)
        except Exception as error:
            raise told(error, url) from None

    def read(self, size: int, /) -> bytes:
        """See `Reader`. Errors: RemoteError."""
        try:
            data: bytes = self._file.read(size)
        except Exception as error:
            raise RemoteError(f"{told(error, self._url)}, after {self.taken} bytes") from None
        self.taken += len(data)
        return data

    def close(self) -> None:
        """See `Reader`."""
        self._file.close()


class RemoteIO(io.RawIOBase):
    """A remote file as `zipfile` wants it, to be wrapped in a buffer."""

    def __init__(self, remote: RemoteFile) -> None:
        super().__init__()
        self._ranges = Ranges(remote)
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, position: int, whence: int = io.SEEK_SET, /) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._ranges.size}[whence]
        self._position = max(0, base + position)
        return self._position

    def readinto(self, buffer: Any, /) -> int:
        stop = min(self._position + len(buffer), self._ranges.size)
        data = self._ranges.get(self._position, stop) if stop > self._position else b""
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    def close(self) -> None:
        self._ranges.close()
        super().close()


@lru_cache
def system_of(scheme: str) -> Any:
    """
    The file system of a scheme, one for the process.

    Errors: ImportError.
    """
    import fsspec

    if scheme != "http":
        waits = {"config_kwargs": {"connect_timeout": CONNECT_S, "read_timeout": SILENCE_S}} if scheme == "s3" else {}
        return fsspec.filesystem(scheme, use_listings_cache=False, **waits)
    import aiohttp

    session = {
        "timeout": aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S, sock_read=SILENCE_S),
        # The bytes as they are: what is compressed is found out later, and ranges count compressed bytes.
        "headers": {"Accept-Encoding": "identity"},
        "auto_decompress": False,
        "trust_env": True,
    }
    return fsspec.filesystem("http", client_kwargs=session, encoded=True)


def open_url(url: str, size: int | None) -> Any:
    """A file of fsspec, to be read in ranges, or from the front if its size is None [bytes]. Errors: of any kind."""
    scheme = scheme_of(url)
    if scheme != "http":
        return system_of(scheme).open(url, "rb", cache_type="none")
    if size is None:
        return system_of(scheme).open(
            url, "rb", block_size=0, size=1
        )  # a size spares a question; 0 means from the front
    return system_of(scheme).open(url, "rb", size=size, cache_type="none")
