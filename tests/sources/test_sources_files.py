"""Plain and compressed files, pipes and standard input."""

from __future__ import annotations

import gzip
import io
import os
import pickle
import queue
import random
import sys
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from loganalyzer.sources import Source, compression, expand

Compress = Callable[[bytes], bytes]
Drain = Callable[[Source], tuple[bytes, str | None]]
Read = Callable[..., dict[str, bytes]]


@pytest.fixture(scope="module")
def text() -> bytes:
    """Half a megabyte that does not compress too well."""
    numbers = random.Random(1)
    return b"".join(b"line %d %x\n" % (number, numbers.getrandbits(80)) for number in range(16_000))


def single(path: Path) -> Source:
    """The one source of a path."""
    (source,), problems = expand([path])
    assert problems == []
    return source


def test_plain_file(tmp_path: Path, text: bytes, drain: Drain) -> None:
    """All bytes, the time of the file, and the date in its name."""
    path = tmp_path / "openclaw-2026-11-20.log"
    path.write_bytes(text)
    os.utime(path, ns=(0, 1_795_132_800_123_456_789))
    source = single(path)
    assert drain(source) == (text, None)
    assert source.name == str(path)
    assert source.mtime_ns == 1_795_132_800_123_456_789
    assert str(source.file_date) == "2026-11-20"
    assert max(map(len, source.chunks(size=1000))) == 1000


def test_empty_file(tmp_path: Path, drain: Drain) -> None:
    """An empty file is a source without bytes."""
    (tmp_path / "empty.log").touch()
    assert drain(single(tmp_path / "empty.log")) == (b"", None)


@pytest.mark.parametrize("name", ["x.log", "x.gz", "x"])
def test_compression_is_told_by_content(
    tmp_path: Path, name: str, text: bytes, compress: Compress, drain: Drain
) -> None:
    """Whatever it is called, a compressed file is decompressed, and a plain one is not."""
    path = tmp_path / name
    path.write_bytes(compress(text))
    assert drain(single(path)) == (text, None)
    path.write_bytes(b"BZh is no compression\n(\xb5")
    assert drain(single(path)) == (b"BZh is no compression\n(\xb5", None)


def test_several_frames_and_padding(tmp_path: Path, compress: Compress, drain: Drain) -> None:
    """Appended frames are one stream; empty frames and zeros behind it do not matter."""
    path = tmp_path / "x.log"
    path.write_bytes(compress(b"one\n") + compress(b"") + compress(b"two\n") + b"\0" * 100_000)
    assert drain(single(path)) == (b"one\ntwo\n", None)
    path.write_bytes(compress(b""))
    assert drain(single(path)) == (b"", None)


def test_truncated_gzip_gives_all_there_is(tmp_path: Path, text: bytes, drain: Drain) -> None:
    """Every byte that the torn file holds comes out, then the error names it."""
    packed = gzip.compress(text)
    path = tmp_path / "x.log.gz"
    for length in (len(packed) // 2, len(packed) - 1, len(packed) - 8, 12, 5):
        path.write_bytes(packed[:length])
        data, error = drain(single(path))
        assert data == zlib.decompressobj(31).decompress(packed[:length])
        assert error == f"{path}: ends in the middle"


def test_truncated_or_damaged(tmp_path: Path, text: bytes, compress: Compress, drain: Drain) -> None:
    """What stands before the damage is delivered, as far as the format allows, then an error names the file."""
    packed = compress(text)
    path = tmp_path / "x.log"
    path.write_bytes(packed[: len(packed) * 3 // 4])
    data, error = drain(single(path))
    assert text.startswith(data)
    assert len(data) > len(text) // 4
    assert error == f"{path}: ends in the middle"
    path.write_bytes(packed + b"this is not compressed")
    data, error = drain(single(path))
    assert data == text
    assert str(error).startswith(f"{path}: ")
    middle = len(packed) // 2
    path.write_bytes(packed[:middle] + bytes(255 - byte for byte in packed[middle : middle + 9]) + packed[middle + 9 :])
    data, error = drain(single(path))
    assert str(error).startswith(f"{path}: ")


def test_bomb_is_stopped(tmp_path: Path, compress: Compress, drain: Drain, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond what is free, a stream that expands too much is not read on."""
    path = tmp_path / "bomb.log"
    path.write_bytes(compress(bytes(8 << 20)))
    assert drain(single(path)) == (bytes(8 << 20), None)
    monkeypatch.setattr(compression, "FREE", 2 << 20)
    monkeypatch.setattr(compression, "MAX_RATIO", 200)
    data, error = drain(single(path))
    assert 2 << 20 <= len(data) < 8 << 20
    assert error == f"{path}: expands more than 200:1, not read any further"


@pytest.mark.parametrize("compression", ["zst", "xz"], indirect=True)
def test_a_header_cannot_demand_much_memory(tmp_path: Path, compression: str, drain: Drain) -> None:
    """A frame whose window is larger than any sensible one is refused, not allocated."""
    frames = {
        "zst": b"\x28\xb5\x2f\xfd\x00\xa8" + b"\x01\x00\x00",  # no sizes, window of 2 GiB, empty last block
        "xz": _xz_with_dictionary_of_3_gib(),
    }
    path = tmp_path / "x.log"
    path.write_bytes(frames[compression])
    assert drain(single(path))[1] is not None


def _xz_with_dictionary_of_3_gib() -> bytes:
    import lzma

    packed = bytearray(lzma.compress(b"text\n" * 1000))
    assert packed[12:16] == b"\x02\x00\x21\x01"  # block header: size, flags, LZMA2, one byte of properties
    packed[16] = 39
    packed[20:24] = zlib.crc32(packed[12:20]).to_bytes(4, "little")
    return bytes(packed)


def test_reading_needs_bounded_memory(tmp_path: Path, compress: Compress) -> None:
    """A large file is never held."""
    path = tmp_path / "x.log"
    path.write_bytes(compress(bytes(24 << 20)))
    source = single(path)
    tracemalloc.start()
    try:
        assert sum(map(len, source.chunks())) == 24 << 20
        assert tracemalloc.get_traced_memory()[1] < 16 << 20  # xz has a dictionary of 8 MiB
    finally:
        tracemalloc.stop()


class Answers:
    """Chunks of a source as they come, read in a thread."""

    def __init__(self, source: Source) -> None:
        self._queue: queue.Queue[bytes | None] = queue.Queue()
        self.thread = threading.Thread(target=self._run, args=(source.chunks(),))
        self.thread.start()

    def _run(self, chunks: Iterator[bytes]) -> None:
        for chunk in chunks:
            self._queue.put(chunk)
        self._queue.put(None)

    def next(self) -> bytes | None:
        """The next chunk, None at the end; fails if none comes."""
        return self._queue.get(timeout=5)


@pytest.mark.parametrize("first", [b"(", b"B", b"PK", b"x"])
def test_fifo_gives_what_is_there(tmp_path: Path, first: bytes) -> None:
    """A named pipe is read without waiting for more, also if it could still become something compressed."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    answers = Answers(single(path))
    with open(path, "wb", buffering=0) as file:
        for piece in (first + b"irst\n", b"sec", b"ond\n"):
            file.write(piece)
            assert answers.next() == piece
    assert answers.next() is None
    answers.thread.join(timeout=5)


def test_compressed_fifo_gives_what_is_there(tmp_path: Path) -> None:
    """What was flushed into a gzip stream comes out before the stream goes on."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    packer = zlib.compressobj(wbits=31)
    answers = Answers(single(path))
    with open(path, "wb", buffering=0) as file:
        for piece in (b"first\n", b"second\n"):
            file.write(packer.compress(piece) + packer.flush(zlib.Z_SYNC_FLUSH))
            assert answers.next() == piece
        file.write(packer.flush())
    assert answers.next() is None
    answers.thread.join(timeout=5)


def test_non_blocking_pipe_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal or pipe that another program left non-blocking is no error."""
    read, write = os.pipe()
    os.set_blocking(read, False)
    with open(read) as stdin, open(write, "wb", buffering=0) as file:
        monkeypatch.setattr(sys, "stdin", stdin)
        answers = Answers(expand(["-"])[0][0])
        time.sleep(0.1)  # the first read finds nothing
        file.write(b"late\n")
        assert answers.next() == b"late\n"
        file.close()
        assert answers.next() is None
        answers.thread.join(timeout=5)


def test_standard_input(monkeypatch: pytest.MonkeyPatch, drain: Drain, compress: Compress) -> None:
    """`-` is one source of that name, however often it is given, and may be compressed."""
    (source,), problems = expand(["-", "-"])
    assert (source.name, source.mtime_ns, source.file_date, problems) == ("-", None, None, [])
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(compress(b"one\ntwo"))))
    assert drain(source) == (b"one\ntwo", None)
    monkeypatch.setattr(sys, "stdin", None)
    assert drain(source) == (b"", "-: there is no standard input")


def test_piped_archive_is_refused(monkeypatch: pytest.MonkeyPatch, drain: Drain) -> None:
    """An archive in a pipe cannot be taken apart; the message says what to do."""
    (source,), _ = expand(["-"])
    for archive in (b"PK\x03\x04....", bytes(257) + b"ustar" + bytes(1000)):
        for packed in (archive, gzip.compress(archive)):
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(packed)))
            assert drain(source) == (b"", "-: is an archive: name the file instead of piping it")


def test_abandoned_source_closes_its_file(tmp_path: Path, text: bytes) -> None:
    """A reader that stops early leaves no descriptor open."""
    (tmp_path / "x.log").write_bytes(text)
    before = len(os.listdir("/proc/self/fd")) if os.path.exists("/proc/self/fd") else 0
    chunks = single(tmp_path / "x.log").chunks()
    next(chunks)
    del chunks
    if before:
        assert len(os.listdir("/proc/self/fd")) == before


def test_sources_can_be_sent_to_another_process(tmp_path: Path, compress: Compress, drain: Drain) -> None:
    """A pickled source reads the same."""
    (tmp_path / "x.log").write_bytes(compress(b"text\n"))
    assert drain(pickle.loads(pickle.dumps(single(tmp_path / "x.log")))) == (b"text\n", None)
