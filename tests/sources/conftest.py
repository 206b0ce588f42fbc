"""Fixtures of the source tests."""

from __future__ import annotations

import bz2
import gzip
import lzma
import sys
from collections.abc import Callable
from typing import Any

import pytest

from loganalyzer.errors import SourceError
from loganalyzer.sources import Source, expand

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": lambda data: bz2.compress(data, 1),
    "xz": lzma.compress,
    "zst": lambda data: zstd.compress(data, options={zstd.CompressionParameter.checksum_flag: 1}),
}


@pytest.fixture(params=COMPRESSORS)
def compression(request: pytest.FixtureRequest) -> str:
    """The suffix of each kind of compression in turn."""
    return str(request.param)


@pytest.fixture
def compress(compression: str) -> Callable[[bytes], bytes]:
    """What makes it."""
    return COMPRESSORS[compression]


def _drain(source: Source) -> tuple[bytes, str | None]:
    pieces = []
    try:
        for chunk in source.chunks():
            assert 0 < len(chunk) <= 1 << 20
            pieces.append(chunk)
    except SourceError as error:
        return b"".join(pieces), str(error)
    return b"".join(pieces), None


@pytest.fixture
def drain() -> Callable[[Source], tuple[bytes, str | None]]:
    """Reads a source: what it gives, and the error at its end."""
    return _drain


@pytest.fixture
def read() -> Callable[..., dict[str, bytes]]:
    """Reads everything that paths stand for, by name; nothing may go wrong."""

    def read(*paths: Any) -> dict[str, bytes]:
        sources, problems = expand(paths)
        assert problems == []
        contents = {}
        for source in sources:
            data, error = _drain(source)
            assert error is None
            contents[source.name] = data
        return contents

    return read
