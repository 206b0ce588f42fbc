"""Members of tar and zip archives."""

from __future__ import annotations

import gzip
import io
import os
import pickle
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from properties import often

from loganalyzer.errors import SourceError
from loganalyzer.sources import Source, expand, tar
from loganalyzer.sources import zip as zips

Compress = Callable[[bytes], bytes]
Drain = Callable[[Source], tuple[bytes, str | None]]
Read = Callable[..., dict[str, bytes]]

FILES = {
    "logs/gateway.log": b"gateway\n" * 1000,
    "logs/openclaw-2026-11-20.log": b"no newline at the end",
    "logs/empty.log": b"",
    "summary.md": b"not a log",
    "openclaw.json": b"{}",
    "agents/main/sessions/chat.jsonl": b"a transcript",
    "var/log/syslog.gz": gzip.compress(b"syslog\n"),
}
LOGS = {
    "logs/gateway.log": b"gateway\n" * 1000,
    "logs/openclaw-2026-11-20.log": b"no newline at the end",
    "logs/empty.log": b"",
    "var/log/syslog.gz": b"syslog\n",
}


def make_tar(files: dict[str, bytes], mtime: float = 1_795_132_800) -> bytes:
    """A tar in memory."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(data), int(mtime)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def make_zip(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip in memory."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 11, 20, 12, 0, 0)), data, method)
    return buffer.getvalue()


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> list[tar.TarPass]:
    """Every pass through a tar that is begun."""
    begun: list[tar.TarPass] = []

    class Counted(tar.TarPass):
        def __init__(self, opener: tar.Opener) -> None:
            begun.append(self)
            super().__init__(opener)

    monkeypatch.setattr(tar, "TarPass", Counted)
    return begun


def test_tar_members(tmp_path: Path, read: Read) -> None:
    """The logs of a tar, wherever they lie in it; nothing else."""
    path = tmp_path / "support.tar"
    path.write_bytes(make_tar(FILES))
    assert read(path) == {f"{path}!{name}": data for name, data in LOGS.items()}


def test_compressed_tar_members(tmp_path: Path, compress: Compress, read: Read) -> None:
    """Each compression, told by content and not by name."""
    path = tmp_path / "support.bin"
    path.write_bytes(compress(make_tar(FILES)))
    assert read(path) == {f"{path}!{name}": data for name, data in LOGS.items()}


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_zip_members(tmp_path: Path, method: int, read: Read) -> None:
    """The logs of a zip."""
    path = tmp_path / "openclaw-diagnostics-1.zip"
    path.write_bytes(make_zip(FILES, method))
    assert read(path) == {f"{path}!{name}": data for name, data in LOGS.items()}


@pytest.mark.parametrize("make", [make_tar, make_zip])
def test_what_is_known_of_members(tmp_path: Path, make: Callable[[dict[str, bytes]], bytes]) -> None:
    """Size, time and date come from the archive and the member's name."""
    path = tmp_path / "support"
    path.write_bytes(make(FILES))
    sources, _ = expand([path])
    parts = {part.name.rpartition("/")[2]: part for source in sources for part in source.parts}
    assert parts["gateway.log"].size == 8000
    assert parts["syslog.gz"].size is None
    assert parts["gateway.log"].mtime_ns in (1_795_132_800 * 10**9, 1_795_176_000 * 10**9)
    assert [str(part.file_date) for part in parts.values()] == ["None", "2026-11-20", "None", "None"]


@pytest.mark.parametrize("make", [make_tar, make_zip])
def test_rotations_in_an_archive(tmp_path: Path, make: Callable[[dict[str, bytes]], bytes], read: Read) -> None:
    """A chain is put together within one folder of an archive, oldest part first."""
    path = tmp_path / "support"
    names = ["a/g.log", "a/g.1.log", "a/g.2.log", "b/g.1.log", "b/g.log"]
    path.write_bytes(make({name: name.encode() + b"\n" for name in names}))
    assert read(path) == {
        f"{path}!a/g.log (+2 rotated)": b"a/g.2.log\na/g.1.log\na/g.log\n",
        f"{path}!b/g.log (+1 rotated)": b"b/g.1.log\nb/g.log\n",
    }


@pytest.mark.parametrize("outer", [make_tar, make_zip])
@pytest.mark.parametrize("inner", [make_tar, make_zip])
def test_archives_in_archives(
    tmp_path: Path,
    outer: Callable[[dict[str, bytes]], bytes],
    inner: Callable[[dict[str, bytes]], bytes],
    drain: Drain,
) -> None:
    """One level deep they are read, two levels deep they are named."""
    suffix = "zip" if inner is make_zip else "tar.gz"

    def pack(files: dict[str, bytes]) -> bytes:
        return inner(files) if inner is make_zip else gzip.compress(inner(files))

    deepest = pack({"deep.log": b"deep\n"})
    path = tmp_path / "outer"
    nested = {"b.log": b"b\n", f"deeper.{suffix}": deepest, "c.log": b"c\n"}
    path.write_bytes(outer({f"nested.{suffix}": pack(nested), "a.log": b"a\n"}))
    sources, problems = expand([path])
    assert {source.name: drain(source) for source in sources} == {
        f"{path}!a.log": (b"a\n", None),
        f"{path}!nested.{suffix}!b.log": (b"b\n", None),
        f"{path}!nested.{suffix}!c.log": (b"c\n", None),
    }
    assert problems == [f"{path}!nested.{suffix}!deeper.{suffix}: is nested too deeply, not read"]


def many(tmp_path: Path, count: int, size: int) -> list[Source]:
    """The sources of a compressed tar with many logs."""
    path = tmp_path / "many.tar.gz"
    files = {f"{number:04}.log": b"%04d" % number * (size // 4) for number in range(count)}
    path.write_bytes(gzip.compress(make_tar(files), 1))
    sources, problems = expand([path])
    assert problems == []
    assert len(sources) == count
    return sources


def test_many_members_are_read_in_one_pass(tmp_path: Path, drain: Drain, passes: list[tar.TarPass]) -> None:
    """A thousand members cost one pass to list and one to read, not one each."""
    for number, source in enumerate(many(tmp_path, 1000, 4000)):
        assert drain(source) == (b"%04d" % number * 1000, None)
    assert len(passes) == 2


def test_members_may_be_read_side_by_side(tmp_path: Path, passes: list[tar.TarPass]) -> None:
    """Sources that are merged stay in one pass as long as little has to be held for it."""
    chunks = [source.chunks(100) for source in many(tmp_path, 50, 4000)]
    pieces = [[next(stream) for stream in chunks] for _ in range(40)]
    assert all(b"".join(column) == b"%04d" % number * 1000 for number, column in enumerate(zip(*pieces, strict=True)))
    assert [list(stream) for stream in chunks] == [[]] * 50
    assert len(passes) == 2


def test_side_by_side_beyond_what_is_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, passes: list[tar.TarPass]
) -> None:
    """Where reading ahead would take too much memory, passes of their own give the same bytes."""
    monkeypatch.setattr(tar, "READ_AHEAD", 300_000)
    chunks = [source.chunks(20_000) for source in many(tmp_path, 5, 200_000)]
    pieces = [[next(stream) for stream in chunks] for _ in range(10)]
    columns = list(zip(*pieces, strict=True))
    rests = [b"".join(stream) for stream in chunks]
    for number in range(5):
        assert b"".join(columns[number]) + rests[number] == b"%04d" % number * 50_000
    assert 2 < len(passes) <= 6


def test_members_in_any_order(tmp_path: Path, drain: Drain) -> None:
    """Backwards, twice and after an abandoned read, members are what they are."""
    sources = many(tmp_path, 5, 4000)
    next(sources[3].chunks(100))
    for number in (4, 0, 2, 2, 1, 3):
        assert drain(sources[number]) == (b"%04d" % number * 1000, None)


def test_archives_leave_no_file_open(tmp_path: Path, drain: Drain) -> None:
    """When the sources are gone, so are their descriptors."""
    before = len(os.listdir("/proc/self/fd")) if os.path.exists("/proc/self/fd") else 0
    sources = many(tmp_path, 5, 4000)
    drain(sources[1])
    (tmp_path / "x.zip").write_bytes(make_zip(FILES))
    more, _ = expand([tmp_path / "x.zip"])
    drain(more[0])
    del sources, more
    if before:
        assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize("make", [make_tar, make_zip])
def test_members_can_be_sent_to_another_process(
    tmp_path: Path, make: Callable[[dict[str, bytes]], bytes], drain: Drain
) -> None:
    """A pickled source reads the same, also one that was read before."""
    path = tmp_path / "support"
    path.write_bytes(make(FILES))
    source = expand([path])[0][0]
    assert drain(source) == drain(pickle.loads(pickle.dumps(source))) == (LOGS["logs/gateway.log"], None)


@pytest.mark.parametrize("make", [make_tar, make_zip])
def test_member_names_are_made_printable(tmp_path: Path, make: Callable[[dict[str, bytes]], bytes], read: Read) -> None:
    """Escape sequences, bidi marks and parent folders in names do nothing."""
    path = tmp_path / "evil"
    path.write_bytes(make({"../../\x1b[31m\u202egol.log": b"text\n"}))
    assert read(path) == {f"{path}!../../?[31m?gol.log": b"text\n"}
    assert sorted(os.listdir(tmp_path)) == ["evil"]


@pytest.mark.parametrize("make", [make_tar, make_zip])
@pytest.mark.parametrize("name", ["", "gateway.log" + ".1" * 20_000, ".1" * 30_000, "../" * 20_000 + "x.log"])
def test_odd_member_names(tmp_path: Path, make: Callable[[dict[str, bytes]], bytes], name: str, read: Read) -> None:
    """No name and names longer than any file has cost nothing but their member."""
    path = tmp_path / "odd"
    path.write_bytes(make({name: b"odd\n", "gateway.log": b"text\n"}))
    assert read(path)[f"{path}!gateway.log"] == b"text\n"


@pytest.mark.parametrize("make", [make_tar, make_zip])
def test_archive_without_logs(tmp_path: Path, make: Callable[[dict[str, bytes]], bytes]) -> None:
    """It is said what was looked for."""
    path = tmp_path / "x"
    path.write_bytes(make({"summary.md": b""}))
    sources, problems = expand([path])
    assert sources == []
    assert len(problems) == 1
    assert problems[0].startswith(f"{path}: no logs in it; looked for *.log, *.jsonl")


def test_truncated_tar(tmp_path: Path, drain: Drain) -> None:
    """What stands before the end is delivered to the byte; both the archive and the member are named."""
    path = tmp_path / "x.tar"
    whole = make_tar({"a.log": b"a" * 5000, "b.log": b"b" * 5000})
    path.write_bytes(whole[: 512 + 5120 + 512 + 3000])
    (first, second), problems = expand([path])
    assert problems == [f"{path}: unexpected end of data"]
    assert drain(first) == (b"a" * 5000, None)
    assert drain(second) == (b"b" * 3000, f"{path}!b.log: ends in the middle")


def test_archive_that_changes_before_it_is_read(tmp_path: Path, drain: Drain) -> None:
    """A member that is no longer there is named."""
    path = tmp_path / "x.tar"
    path.write_bytes(make_tar({"a.log": b"a" * 5000, "b.log": b"b" * 5000}))
    sources, _ = expand([path])
    path.write_bytes(make_tar({"a.log": b"a" * 5000}))
    assert drain(sources[1]) == (b"", f"{path}!b.log: ends in the middle")


def test_archives_of_too_many_members(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The number of members is limited: of a tar the first are read, a zip is refused."""
    files = {f"{number}.log": b"" for number in range(5)}
    (tmp_path / "x.tar").write_bytes(make_tar(files))
    (tmp_path / "x.zip").write_bytes(make_zip(files))
    monkeypatch.setattr(tar, "MAX_MEMBERS", 3)
    monkeypatch.setattr(zips, "MAX_MEMBERS", 3)
    sources, problems = expand([tmp_path])
    assert len(sources) == 3
    assert problems == [
        f"{tmp_path}/x.tar: holds more than 3 files, the rest is left out",
        f"{tmp_path}/x.zip: holds more than 3 files, not read",
    ]


@pytest.mark.parametrize("date", [(1980, 1, 1), (1980, 0, 0), (2107, 12, 31)])
def test_placeholder_times_are_unknown(tmp_path: Path, date: tuple[int, int, int]) -> None:
    """A zip without times says 1980, or nothing that exists; nobody logs in 2107."""
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr(zipfile.ZipInfo("a.log", (*date, 0, 0, 0)), b"")
    assert expand([tmp_path])[0][0].mtime_ns is None


def test_sparse_and_special_members_are_left_out(tmp_path: Path, read: Read) -> None:
    """Links, devices and sparse files cannot make a small archive endless."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, kind in [("l.log", tarfile.SYMTYPE), ("d.log", tarfile.CHRTYPE), ("s.log", tarfile.GNUTYPE_SPARSE)]:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "a.log"
            archive.addfile(info)
        info = tarfile.TarInfo("a.log")
        info.size = 5
        archive.addfile(info, io.BytesIO(b"text\n"))
    path = tmp_path / "x.tar"
    path.write_bytes(buffer.getvalue())
    assert read(path) == {f"{path}!a.log": b"text\n"}


def test_tar_header_cannot_demand_memory(tmp_path: Path, drain: Drain) -> None:
    """A long-name header of many megabytes is refused before it is read."""
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 200 << 20
    path = tmp_path / "x.tar.gz"
    path.write_bytes(gzip.compress(info.tobuf(tarfile.GNU_FORMAT) + bytes(200 << 20), 1))
    tracemalloc.start()
    try:
        sources, problems = expand([path])
        assert tracemalloc.get_traced_memory()[1] < 20 << 20
    finally:
        tracemalloc.stop()
    assert sources == []
    assert problems == [f"{path}: damaged header"]


def test_zip_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sizes are compared before anything is read, together for all members."""
    path = tmp_path / "x.zip"
    path.write_bytes(make_zip({f"{number}.log": bytes(1 << 20) for number in range(8)}))
    assert len(expand([path])[0]) == 8
    monkeypatch.setattr(zips, "FREE", 4 << 20)
    monkeypatch.setattr(zips, "MAX_RATIO", 100)
    assert expand([path]) == ([], [f"{path}: expands more than 100:1, not read"])


def test_odd_zips(tmp_path: Path, drain: Drain, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unusual methods, a huge table of contents, a nested one that is too large: named, not read."""
    path = tmp_path / "x.zip"
    path.write_bytes(make_zip({"a.log": b"text\n"}, zipfile.ZIP_LZMA))
    (source,), _ = expand([path])
    assert drain(source) == (b"", f"{path}!a.log: compressed in a way that is not supported")
    path.write_bytes(make_zip({"nested.zip": make_zip({"a.log": os.urandom(5000)}, zipfile.ZIP_STORED)}))
    monkeypatch.setattr(zips, "MAX_NESTED", 4000)
    assert expand([path]) == (
        [],
        [f"{path}!nested.zip: a zip inside an archive, or from a server without ranges, is read up to 0 MiB only"],
    )
    monkeypatch.setattr(zips, "MAX_CONTENTS", 50)
    assert expand([path]) == ([], [f"{path}: its table of contents is too long"])


def test_encrypted_zip(tmp_path: Path, drain: Drain) -> None:
    """A member that needs a password is named, the others are read."""
    data = bytearray(make_zip({"a.log": b"secret\n", "b.log": b"open\n"}))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path = tmp_path / "x.zip"
    path.write_bytes(data)
    (first, second), _ = expand([path])
    data_read, error = drain(first)
    assert data_read == b""
    assert "encrypted" in str(error)
    assert drain(second) == (b"open\n", None)


def exhaust(path: Path) -> None:
    """Reads whatever a path gives; only the errors of the contract may come out."""
    for source in expand([path])[0]:
        with suppress(SourceError):
            for _ in source.chunks():
                pass


@settings(max_examples=often(150), deadline=None)
@given(
    base=st.sampled_from(["tar", "tar.gz", "zip", "nested", "pax"]),
    changes=st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=4)), max_size=4),
    cut=st.floats(0.2, 1),
)
def test_damaged_archives_raise_nothing_else(
    base: str, changes: Sequence[tuple[float, bytes]], cut: float, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Any damage to an archive ends in named problems."""
    data = bytearray(ARCHIVES[base])
    for place, patch in changes:
        position = int(place * (len(data) - len(patch)))
        data[position : position + len(patch)] = patch
    path = tmp_path_factory.getbasetemp() / "damaged"
    path.write_bytes(data[: int(len(data) * cut)])
    exhaust(path)


SMALL = {name: data[:100] for name, data in FILES.items()} | {"x" * 120 + ".log": b"long name"}
ARCHIVES = {
    "tar": make_tar(SMALL),
    "tar.gz": gzip.compress(make_tar(SMALL)),
    "zip": make_zip(SMALL),
    "nested": make_zip({"a.tar": make_tar(SMALL), "b.zip": make_zip(SMALL)}, zipfile.ZIP_STORED),
    "pax": make_tar({"\u00e9" * 100 + ".log": b"pax\n"}, mtime=1.5),
}
