"""Which sources paths stand for: folders, globs, rotation chains, and what goes wrong."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from loganalyzer.sources import Source, expand, names, total_size

Drain = Callable[[Source], tuple[bytes, str | None]]
Read = Callable[..., dict[str, bytes]]


def fill(folder: Path, *files: str) -> None:
    """Makes files that hold their own names."""
    for file in files:
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        text = f"{file}\n".encode()
        path.write_bytes(gzip.compress(text) if file.endswith(".gz") else text)


def below(folder: Path, contents: dict[str, bytes]) -> dict[str, bytes]:
    """Names relative to a folder."""
    return {name.removeprefix(f"{folder}/"): data for name, data in contents.items()}


def test_rotation_chain_is_one_source(tmp_path: Path, read: Read) -> None:
    """The number counts back in time, in either place of the name, compressed or not."""
    fill(tmp_path, "gateway.log", "gateway.1.log", "gateway.2.log.gz", "gateway.10.log")
    fill(tmp_path, "other.log", "other.log.1", "other.log.2.gz", "syslog", "syslog.1", "syslog.2.gz")
    assert below(tmp_path, read(tmp_path)) == {
        "gateway.log (+3 rotated)": b"gateway.10.log\ngateway.2.log.gz\ngateway.1.log\ngateway.log\n",
        "other.log (+2 rotated)": b"other.log.2.gz\nother.log.1\nother.log\n",
        "syslog (+2 rotated)": b"syslog.2.gz\nsyslog.1\nsyslog\n",
    }


def test_chain_of_named_files(tmp_path: Path, read: Read) -> None:
    """What a shell has expanded is chained too; a rotation that was not named stays out."""
    fill(tmp_path, "g.log", "g.1.log", "g.2.log")
    assert below(tmp_path, read(tmp_path / "g.log", tmp_path / "g.1.log")) == {
        "g.log (+1 rotated)": b"g.1.log\ng.log\n"
    }
    assert below(tmp_path, read(tmp_path / "g.log")) == {"g.log": b"g.log\n"}
    assert below(tmp_path, read(tmp_path / "g.2.log")) == {"g.2.log": b"g.2.log\n"}


def test_dated_files_are_sources_in_order(tmp_path: Path, read: Read) -> None:
    """Each day is a source of its own, with the rotations of that day in it."""
    days = ["openclaw-2026-11-20.log", "openclaw-2026-11-19.log", "openclaw-2026-11-19.1.log"]
    fill(tmp_path, *days, "gateway.log", "gateway.log-20261118.gz", "gateway.log-20261119")
    contents = below(tmp_path, read(tmp_path))
    assert list(contents) == [
        "gateway.log-20261118.gz",
        "gateway.log-20261119",
        "gateway.log",
        "openclaw-2026-11-19.log (+1 rotated)",
        "openclaw-2026-11-20.log",
    ]
    assert contents["openclaw-2026-11-19.log (+1 rotated)"] == b"openclaw-2026-11-19.1.log\nopenclaw-2026-11-19.log\n"
    assert [source.file_date for source in expand([tmp_path])[0]] == [
        date(2026, 11, 18),
        date(2026, 11, 19),
        None,
        date(2026, 11, 19),
        date(2026, 11, 20),
    ]


def test_damaged_part_does_not_cost_the_others(tmp_path: Path, drain: Drain) -> None:
    """A torn rotation is read as far as it goes, its last line ends there, and it is named at the end."""
    fill(tmp_path, "g.log", "g.1.log")
    torn = gzip.compress(os.urandom(100_000))[:-8]
    (tmp_path / "g.2.log.gz").write_bytes(torn)
    (source,), problems = expand([tmp_path])
    os.unlink(tmp_path / "g.1.log")
    data, error = drain(source)
    assert problems == []
    assert data.endswith(b"\ng.log\n")
    assert len(data) == 100_000 + len(b"\ng.log\n")
    assert error == f"{tmp_path}/g.2.log.gz: ends in the middle; {tmp_path}/g.1.log: No such file or directory"


def test_folder_is_searched_for_logs(tmp_path: Path, read: Read) -> None:
    """Logs at any depth by name and date; code, transcripts, keys and other files are left alone."""
    logs = ["a.log", "b.jsonl", "c.txt", "d.out", "deep/er/console.log", "messages", "x.log.gz", "node_modules.log"]
    fill(tmp_path, *logs, "openclaw.json", "README.txt", "run.py", ".hidden.log", "binary", "changelog")
    fill(tmp_path, "node_modules/x.log", ".git/x.log", "agents/main/sessions/x.jsonl", "credentials/x.txt")
    assert set(below(tmp_path, read(tmp_path))) == set(logs)


def test_archives_in_folders_are_opened(tmp_path: Path, read: Read) -> None:
    """An archive among logs contributes its logs."""
    import tarfile

    fill(tmp_path, "a.log")
    with tarfile.open(tmp_path / "old.tgz", "w:gz") as archive:
        archive.add(tmp_path / "a.log", "inside.log")
    assert below(tmp_path, read(tmp_path)) == {"a.log": b"a.log\n", "old.tgz!inside.log": b"a.log\n"}


def test_folder_without_logs(tmp_path: Path) -> None:
    """It is said what was looked for."""
    fill(tmp_path, "openclaw.json")
    sources, problems = expand([tmp_path])
    assert (sources, len(problems)) == ([], 1)
    assert problems[0].startswith(f"{tmp_path}: no logs here; looked for *.log, *.jsonl")


def test_links_loops_and_devices_in_folders(tmp_path: Path, read: Read) -> None:
    """A file is read once however many names it has; loops end; what is no file is passed over."""
    fill(tmp_path, "real.log")
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "current.log").symlink_to("real.log")
    (tmp_path / "zero.log").symlink_to("/dev/zero")
    os.link(tmp_path / "real.log", tmp_path / "also.log")
    os.mkfifo(tmp_path / "fifo.log")
    (tmp_path / "folder.log").mkdir()
    assert below(tmp_path, read(tmp_path)) == {"also.log": b"real.log\n"}
    os.unlink(tmp_path / "also.log")
    os.rmdir(tmp_path / "folder.log")
    assert below(tmp_path, read(tmp_path, tmp_path, tmp_path / "real.log")) == {"real.log": b"real.log\n"}
    assert below(tmp_path, read(tmp_path / "*.log", tmp_path / "**" / "*")) == {"real.log": b"real.log\n"}


def test_unreadable_files_are_named(tmp_path: Path, drain: Drain) -> None:
    """Missing, looping and forbidden files are named with the reason; the rest goes on."""
    fill(tmp_path, "good.log")
    (tmp_path / "loop.log").symlink_to("loop.log")
    sources, problems = expand([tmp_path / "missing.log", tmp_path, tmp_path / "no*.log", "nul\0.log"])
    assert [drain(source)[0] for source in sources] == [b"good.log\n"]
    assert problems[:3] == [
        f"{tmp_path}/missing.log: No such file or directory",
        f"{tmp_path}/loop.log: Too many levels of symbolic links",
        f"{tmp_path}/no*.log: No such file or directory",
    ]
    assert problems[3].startswith("nul?.log: ")
    assert "embedded null" in problems[3]  # "byte" or "character", by version of Python


@pytest.mark.skipif(os.geteuid() == 0, reason="the administrator may read everything")
def test_forbidden_files_and_folders(tmp_path: Path) -> None:
    """What the user may not read is named."""
    fill(tmp_path, "a.log", "b/c.log")
    (tmp_path / "a.log").chmod(0)
    (tmp_path / "b").chmod(0)
    try:
        sources, problems = expand([tmp_path])
    finally:
        (tmp_path / "b").chmod(0o700)
    assert sources == []
    assert problems == [f"{tmp_path}/a.log: Permission denied", f"{tmp_path}/b: Permission denied"]


def test_file_that_cannot_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason of the operating system is passed on, for files and for folders."""
    fill(tmp_path, "a.log", "b/c.log", "d.log")

    def forbid(function: Callable[..., object], *forbidden: str) -> Callable[..., object]:
        def wrapped(path: str, *rest: object, **named: object) -> object:
            if str(path) in forbidden:
                raise PermissionError(13, "Permission denied", str(path))
            return function(path, *rest, **named)

        return wrapped

    from loganalyzer.sources import reader

    monkeypatch.setattr(reader.io, "FileIO", forbid(reader.io.FileIO, f"{tmp_path}/a.log"))
    monkeypatch.setattr(os, "scandir", forbid(os.scandir, f"{tmp_path}/b"))
    sources, problems = expand([tmp_path])
    assert [source.name for source in sources] == [f"{tmp_path}/d.log"]
    assert problems == [f"{tmp_path}/a.log: Permission denied", f"{tmp_path}/b: Permission denied"]


def test_globs(tmp_path: Path, read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    """A glob takes any file it matches, by date; a file whose name looks like a glob is that file."""
    fill(tmp_path, "b-2026-11-20.log", "b-2026-11-19.log", "a.data", "sub/c.log", "[a].log", "a.log")
    monkeypatch.chdir(tmp_path)
    assert list(read("b-*")) == ["b-2026-11-19.log", "b-2026-11-20.log"]
    assert list(read("*.data")) == ["a.data"]
    assert list(read("**/c.log")) == ["sub/c.log"]
    assert list(read("s*")) == ["sub/c.log"]
    assert list(read("[a].log")) == ["[a].log"]


def test_names_are_made_printable(tmp_path: Path, read: Read) -> None:
    """Escape sequences and bytes that are no text cannot reach a terminal through a name."""
    path = os.fsencode(tmp_path) + b"/\x1b[31m\xff\xe2\x80\xae.log"
    Path(os.fsdecode(path)).write_bytes(b"text\n")
    assert read(tmp_path) == {f"{tmp_path}/?[31m??.log": b"text\n"}


def test_total_size(tmp_path: Path) -> None:
    """Known for plain files, unknown as soon as something is compressed or piped."""
    fill(tmp_path, "a.log", "a.1.log", "bc.log")
    assert total_size(expand([tmp_path])[0]) == 6 + 8 + 7
    assert total_size(expand([tmp_path, "-"])[0]) is None
    fill(tmp_path, "d.log.gz")
    assert total_size(expand([tmp_path])[0]) is None
    assert total_size([]) == 0


@pytest.mark.parametrize(
    ("file", "log", "number"),
    [
        ("gateway.log", "gateway.log", 0),
        ("gateway.5.log", "gateway.log", 5),
        ("gateway.log.12.zst", "gateway.log", 12),
        ("openclaw-2026-11-20.1.log", "openclaw-2026-11-20.log", 1),
        ("openclaw-2026.9.6.log", "openclaw-2026.9.6.log", 0),
        ("app-out-0.log", "app-out-0.log", 0),
        ("1.log", "1.log", 0),
        ("data.1", "data.1", 0),
        ("report.1.json", "report.1.json", 0),
    ],
)
def test_rotation_numbers(file: str, log: str, number: int) -> None:
    """A number before or behind the suffix of a log is its place in a chain; versions are not."""
    assert names.rotation(file) == (log, number)


@pytest.mark.parametrize(
    "files",
    [
        "gateway.log.11 gateway.log.2 gateway.log.1 gateway.log",
        "0.log.20261119-235959 0.log.20261120-101112 0.log.20261120-115000 0.log",
        "gateway.log.20261119235959 gateway.log.20261120115000 gateway.log",
        "gateway.log-20261119 gateway.log-20261120 gateway.log",
        "openclaw-2026-11-20.log-20261120 openclaw-2026-11-20.1.log openclaw-2026-11-20.log openclaw-2026-11-21.log",
    ],
)
def test_order_of_rotated_files(files: str) -> None:
    """By number and by time, the current one last; they are of one log."""
    wanted = files.split()
    assert sorted(sorted(wanted), key=names.order) == wanted
    assert len({names.order(file)[0] for file in wanted}) == 1


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("openclaw-2026-11-20.log", date(2026, 11, 20)),
        ("gateway.log-20261120.gz", date(2026, 11, 20)),
        ("0.log.20261120-101112", date(2026, 11, 20)),
        ("x-2026-13-01-2026-01-02.log", date(2026, 1, 2)),
        ("build-120261120.log", None),
        ("x-2026-1120.log", None),
        ("gateway.log", None),
    ],
)
def test_dates_in_names(file: str, expected: date | None) -> None:
    """ISO dates with and without dashes, if they exist."""
    assert names.day(file) == expected
