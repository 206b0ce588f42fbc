"""
Compressed streams, told by their first bytes and never by their name; so are archives.

gzip goes through isal where it is installed (2.2 GB/s against 0.9 of zlib, one core), the others
through the standard library and zstd. All four run here through one loop instead of their file
classes, because those lose what stands before a torn end, wait for full buffers on a live pipe, and
let a header ask for gigabytes of memory.
"""

from __future__ import annotations

import bz2
import lzma
import struct
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol, cast

from loganalyzer.sources.reader import Opener, Reader

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

try:
    from isal import isal_zlib as inflate
except ImportError:
    import zlib as inflate  # type: ignore[no-redef]

READ_ERRORS: tuple[type[Exception], ...] = (
    OSError,
    EOFError,
    ValueError,
    RuntimeError,
    struct.error,
    zlib.error,
    cast("type[Exception]", inflate.error),
    lzma.LZMAError,
    zstd.ZstdError,
    tarfile.TarError,
    zipfile.BadZipFile,
)
"""What files, decompressors and archive readers raise over what is unreadable, torn or hostile."""

WINDOW_LOG = 27
"""Largest zstd window, 128 MiB: what `zstd --ultra` makes; only `--long=28` and above ask for more."""
XZ_MEMORY = 192 << 20
"""`xz -9` needs 65 MiB [bytes]."""
MAX_RATIO = 1000
"""Expansion beyond which a stream is a bomb: gzip of one repeated line reaches 1,030, real logs 10 to 100."""
FREE = 1 << 30
"""Decompressed size up to which any ratio is fine [bytes]: a second of work."""
INPUT = 1 << 16
"""Compressed bytes read at a time."""


class Decompressor(Protocol):
    """What the decompressors of bz2, lzma and zstd have in common."""

    @property
    def eof(self) -> bool:
        """The end of the compressed frame was reached."""

    @property
    def needs_input(self) -> bool:
        """Nothing more comes out without new input."""

    @property
    def unused_data(self) -> bytes:
        """Input behind the end of the frame."""

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        """Takes input and gives at most `max_length` bytes."""


class Gunzip:
    """zlib's decompressor, made to look like the others."""

    def __init__(self) -> None:
        self._inflate = inflate.decompressobj(16 + zlib.MAX_WBITS)

    @property
    def eof(self) -> bool:
        """The end of the gzip member was reached."""
        return self._inflate.eof

    @property
    def needs_input(self) -> bool:
        """All input was taken."""
        return not self._inflate.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        """Input behind the end of the member."""
        return self._inflate.unused_data

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        """Takes input and gives at most `max_length` bytes."""
        return self._inflate.decompress(self._inflate.unconsumed_tail + data, max_length)


def _unxz() -> Decompressor:
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=XZ_MEMORY)


def _unzstd() -> Decompressor:
    return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: WINDOW_LOG})


DECOMPRESSORS: dict[bytes, Callable[[], Decompressor]] = {
    b"\x1f\x8b\x08": Gunzip,
    b"\xfd7zXZ\x00": _unxz,
    b"\x28\xb5\x2f\xfd": _unzstd,
    # The level and the mark of the first block, or of the end; `BZh` alone could be text.
    **{
        b"BZh%d%b" % (level, mark): bz2.BZ2Decompressor
        for level in range(1, 10)
        for mark in (b"1AY&SY", b"\x17\x72\x45\x38\x50\x90")
    },
}
"""Decompressors by the bytes that a stream begins with."""


class Peeked:
    """A reader that lets its beginning be looked at."""

    def __init__(self, raw: Reader) -> None:
        self._raw = raw
        self.head = b""
        """The beginning, as far as `more` has fetched it and `read` not yet given."""

    @property
    def taken(self) -> int:
        """See `Reader`."""
        return self._raw.taken

    def more(self) -> bool:
        """Fetches what is there onto `head`; False at the end of the stream."""
        data = self._raw.read(INPUT)
        self.head += data
        return bool(data)

    def read(self, size: int, /) -> bytes:
        """The head, then the rest."""
        if self.head:
            data, self.head = self.head[:size], self.head[size:]
            return data
        return self._raw.read(size)

    def close(self) -> None:
        """See `Reader`."""
        self._raw.close()


class Decompressed:
    """A compressed stream, decompressed: any number of frames, zeros between and behind them."""

    def __init__(self, raw: Reader, make: Callable[[], Decompressor]) -> None:
        self._raw = raw
        self._make = make
        self._decompressor = make()
        self._given = 0

    @property
    def taken(self) -> int:
        """See `Reader`."""
        return self._raw.taken

    def read(self, size: int, /) -> bytes:
        """
        Decompress what is there.

        Errors:
            EOFError: the stream ends in the middle; everything before it was given.
            ValueError: it expands too much.
            Others of `READ_ERRORS`: it is damaged or cannot be read.
        """
        while True:
            ended = False
            data = b""
            if self._decompressor.eof:
                data = self._decompressor.unused_data.lstrip(b"\0")
                while not data:
                    padding = self._raw.read(INPUT)
                    if not padding:
                        return b""
                    data = padding.lstrip(b"\0")
                self._decompressor = self._make()
            elif self._decompressor.needs_input:
                data = self._raw.read(INPUT)
                ended = not data
            output = self._decompressor.decompress(data, size)
            if output:
                self._given += len(output)
                if self._given > max(FREE, MAX_RATIO * self.taken):
                    raise ValueError(f"expands more than {MAX_RATIO}:1, not read any further")
                return output
            if ended:
                raise EOFError

    def close(self) -> None:
        """See `Reader`."""
        self._raw.close()


def is_compressed(head: bytes) -> bool:
    """Does a stream that begins like this hold compressed data?"""
    return head.startswith(tuple(DECOMPRESSORS))


def archive_kind(head: bytes) -> Literal["tar", "zip"] | None:
    """Which archive a file is that begins like this (512 bytes are enough)."""
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    return "tar" if head[257:262] == b"ustar" else None


def decompressed(raw: Reader) -> Reader:
    """The stream itself, decompressed if its first bytes say so; waits until that is clear."""
    peeked = Peeked(raw)
    try:
        while any(magic.startswith(peeked.head) for magic in DECOMPRESSORS) and peeked.more():
            pass
    except BaseException:
        raw.close()
        raise
    for magic, make in DECOMPRESSORS.items():
        if peeked.head.startswith(magic):
            return Decompressed(peeked, make)
    return peeked


@dataclass(frozen=True, slots=True)
class Decompressing:
    """Opens what another opener opens, decompressed."""

    raw: Opener

    def __call__(self) -> Reader:
        return decompressed(self.raw())
