"""A file that grows, through every way in which logs are rotated."""

import errno
import os
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from properties import often

from loganalyzer.errors import SourceError
from loganalyzer.sources import growing
from loganalyzer.sources.growing import GrowingFile, Turn

pytestmark = pytest.mark.skipif(os.name == "nt", reason="an open file cannot be renamed there")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "gateway.log"
    path.write_bytes(b"one\n")
    return path


def rest(file: GrowingFile) -> bytes:
    """Everything that is there at the moment."""
    return b"".join(iter(file.read, b""))


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def test_what_is_appended_is_read(log: Path) -> None:
    file = GrowingFile(log)
    assert rest(file) == b"one\n"
    append(log, b"tw")
    assert rest(file) == b"tw"
    append(log, b"o\n")
    assert rest(file) == b"o\n"
    assert file.notes == []


def test_a_renamed_file_is_read_to_its_end_first(log: Path) -> None:
    """Lines that were written before the rotation are not lost, nor those after it, nor is a gap an error."""
    file = GrowingFile(log)
    assert rest(file) == b"one\n"
    with log.open("ab") as old:
        log.rename(log.with_suffix(".1"))
        old.write(b"two\n")
    assert rest(file) == b"two\n"
    assert file.read() == b""
    log.write_bytes(b"three\n")
    assert rest(file) == b"three\n"
    assert file.notes == []


def test_a_torn_last_line_is_ended_before_the_next_file(log: Path) -> None:
    file = GrowingFile(log)
    append(log, b"tor")
    assert rest(file) == b"one\ntor"
    log.rename(log.with_suffix(".1"))
    log.write_bytes(b"next\n")
    assert rest(file) == b"\nnext\n"


def test_a_truncated_file_is_read_from_its_start_and_that_is_noted(log: Path) -> None:
    """Copytruncate: what came between the last look and the cut is nowhere any more."""
    file = GrowingFile(log)
    append(log, b"two\n")
    assert rest(file) == b"one\ntwo\n"
    log.write_bytes(b"new\n")
    assert rest(file) == b"new\n"
    assert len(file.notes) == 1
    assert "cut and written anew" in file.notes[0]


def test_a_truncated_file_that_has_grown_past_the_old_end_is_noticed(log: Path) -> None:
    """Its size says nothing, its first bytes do."""
    file = GrowingFile(log)
    assert rest(file) == b"one\n"
    log.write_bytes(b"an entirely new log\nthat is longer\n")
    assert rest(file) == b"an entirely new log\nthat is longer\n"
    assert len(file.notes) == 1


def test_the_log_of_the_next_day_follows(tmp_path: Path) -> None:
    """Not that of another profile, nor a rotated part, nor one of an earlier day; days without a log are skipped."""
    for name in ("openclaw-2026-11-19.log", "openclaw-2026-11-20.log", "openclaw-work-2026-11-21.log"):
        (tmp_path / name).write_bytes(f"{name}\n".encode())
    (tmp_path / "openclaw-2026-11-21.1.log").write_bytes(b"rotated\n")
    file = GrowingFile(tmp_path / "openclaw-2026-11-20.log")
    assert rest(file) == b"openclaw-2026-11-20.log\n"
    (tmp_path / "openclaw-2026-11-23.log").write_bytes(b"23\n")
    (tmp_path / "openclaw-2026-11-22.log").write_bytes(b"22\n")
    append(tmp_path / "openclaw-2026-11-20.log", b"last\n")
    assert rest(file) == b"last\n22\n23\n"


def test_a_file_that_is_gone_for_a_while_is_awaited(log: Path) -> None:
    file = GrowingFile(log)
    assert rest(file) == b"one\n"
    log.unlink()
    assert rest(file) == b""
    log.write_bytes(b"two\n")
    assert rest(file) == b"two\n"


def test_late_lines_of_a_renamed_file_are_read_as_long_as_the_new_one_is_empty(log: Path) -> None:
    """The writer that has it open learns of the rotation later; where there is nothing to read, nothing is missed."""
    file = GrowingFile(log)
    assert rest(file) == b"one\n"
    old = log.rename(log.with_suffix(".log.1"))
    log.touch()
    assert rest(file) == b""
    append(old, b"late\n")
    assert told(file) == (b"late\n", [])
    append(old, b"last\n")
    append(log, b"two\n")
    assert told(file) == (b"last\ntwo\n", [Turn(log, "")])
    assert file.notes == []


def test_an_empty_file_is_held_while_the_old_one_is_read(log: Path) -> None:
    """What is written to it and renamed at once is not lost."""
    file = GrowingFile(log)
    assert rest(file) == b"one\n"
    log.rename(log.with_suffix(".log.1"))
    log.touch()
    assert rest(file) == b""
    append(log, b"two\n")
    log.rename(log.with_suffix(".log.0"))
    log.write_bytes(b"three\n")
    assert rest(file) == b"two\nthree\n"


@pytest.mark.parametrize("how", ["moved", "deleted", "replaced"])
def test_a_day_whose_log_is_gone_is_followed_by_the_next(how: str, tmp_path: Path) -> None:
    """Put away or compressed before the log of the next day appears; or back, but empty."""
    first, second = (tmp_path / f"openclaw-2026-11-{day}.log" for day in (20, 21))
    first.write_bytes(b"one\n")
    file = GrowingFile(first)
    assert rest(file) == b"one\n"
    first.rename(tmp_path / "away") if how == "moved" else first.unlink()
    if how == "replaced":
        first.touch()
    assert rest(file) == b""
    second.write_bytes(b"two\n")
    assert told(file) == (b"two\n", [Turn(second, "")])
    append(second, b"three\n")
    assert rest(file) == b"three\n"


def test_a_log_dated_far_ahead_captures_nobody(tmp_path: Path) -> None:
    """A clock that was wrong for a while: what is appended to the days before is read, each line once."""
    today, tomorrow, ahead = (tmp_path / f"openclaw-2026-{day}.log" for day in ("11-20", "11-21", "12-25"))
    today.write_bytes(b"1\n")
    file = GrowingFile(today)
    assert rest(file) == b"1\n"
    ahead.write_bytes(b"2\n")
    assert rest(file) == b"2\n"
    append(today, b"3\n")
    assert told(file) == (b"3\n", [Turn(today, "")])
    tomorrow.write_bytes(b"4\n")
    assert rest(file) == b"4\n"
    append(tomorrow, b"5\n")
    assert told(file) == (b"5\n", [])
    append(ahead, b"6\n")
    assert rest(file) == b"6\n"
    append(tomorrow, b"7\n")
    assert rest(file) == b"7\n"
    tomorrow.rename(tomorrow.with_suffix(".1.log"))
    tomorrow.write_bytes(b"8\n")
    assert rest(file) == b"8\n"
    assert file.notes == []


def test_late_lines_of_the_day_before_are_read(tmp_path: Path) -> None:
    """Days in between too; a log that was put in its place since is read if it is another one, a copy is not."""
    first, second, third = (tmp_path / f"openclaw-2026-11-{day}.log" for day in (20, 21, 22))
    first.write_bytes(b"1\n")
    file = GrowingFile(first)
    assert rest(file) == b"1\n"
    second.write_bytes(b"2\n")
    append(first, b"last\n")
    assert rest(file) == b"last\n2\n"
    append(first, b"late\n")
    append(second, b"3\n")
    assert rest(file) == b"3\nlate\n"
    third.write_bytes(b"4\n")
    (tmp_path / "openclaw-2026-11-19.log").write_bytes(b"old\n")
    assert rest(file) == b"4\n"
    content = second.read_bytes()
    second.unlink()
    second.write_bytes(content)
    assert rest(file) == b""
    second.write_bytes(b"five is another\n")
    assert rest(file) == b"five is another\n"
    assert rest(file) == b""
    append(third, b"6\n")
    assert rest(file) == b"6\n"


def test_a_clock_that_was_ahead_for_long_captures_nobody(tmp_path: Path) -> None:
    """However many logs were written with wrong dates, and read: none of them is read again."""
    ahead = [tmp_path / f"openclaw-2026-12-{day}.log" for day in range(10, 31)]
    today, tomorrow = (tmp_path / f"openclaw-2026-11-{day}.log" for day in (20, 21))
    today.write_bytes(b"today\n")
    file = GrowingFile(today)
    for path in ahead:
        path.write_bytes(f"{path.name}\n".encode())
    assert rest(file).count(b"\n") == 1 + len(ahead)
    tomorrow.write_bytes(b"tomorrow\n")
    append(today, b"more\n")
    append(ahead[3], b"late\n")
    assert rest(file) == b"more\ntomorrow\nlate\n"


def test_a_link_that_is_turned_is_followed(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a\n")
    (tmp_path / "b").write_bytes(b"b\n")
    link = tmp_path / "current.log"
    link.symlink_to("a")
    file = GrowingFile(link)
    assert rest(file) == b"a\n"
    (tmp_path / "new").symlink_to("b")
    (tmp_path / "new").rename(link)
    append(tmp_path / "a", b"more\n")
    assert rest(file) == b"more\nb\n"


def test_zeros_at_the_end_wait_for_their_bytes(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Network file systems show the new size first; zeros that stay are handed over at last."""
    file = GrowingFile(log)
    os.truncate(log, 8)
    assert rest(file) == b"one\n"
    with log.open("r+b") as late:
        late.seek(4)
        late.write(b"two\n")
    assert rest(file) == b"two\n"
    os.truncate(log, 10)
    assert rest(file) == b""
    monkeypatch.setattr(growing, "PATIENCE_S", -1.0)
    assert rest(file) == b"\0\0"


def test_zeros_in_the_middle_are_not_waited_for(log: Path) -> None:
    """A writer that keeps its place in a file that is cut leaves a hole; the file goes on behind it."""
    file = GrowingFile(log)
    assert rest(file) == b"one\n"
    size = 3 * growing.CHUNK_BYTES
    with log.open("r+b") as writer:
        writer.truncate(0)
        writer.seek(size)
        writer.write(b"two\n")
    assert rest(file) == b"\0" * size + b"two\n"


def test_many_zeros_at_the_end_wait_once(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many chunks they are."""
    file = GrowingFile(log)
    assert rest(file) == b"one\n"
    os.truncate(log, 4 + 3 * growing.CHUNK_BYTES)
    assert rest(file) == b""
    with monkeypatch.context() as patch:
        patch.setattr(growing, "PATIENCE_S", -1.0)
        assert len(file.read()) == growing.CHUNK_BYTES
    assert len(rest(file)) == 2 * growing.CHUNK_BYTES
    append(log, b"two\n\0")
    assert rest(file) == b"two\n"


def test_what_cannot_be_opened_is_an_error(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.log"):
        with pytest.raises(SourceError, match=str(path)):
            GrowingFile(path)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.binary(min_size=1, max_size=40)),
        st.tuples(st.sampled_from(["line", "rename", "cut", "look", "gone"]), st.just(b"")),
    ),
    max_size=30,
)


@given(steps=STEPS)
@settings(max_examples=often(150), deadline=None)
def test_nothing_is_lost_or_read_twice(
    steps: list[tuple[str, bytes]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever is done to a file, as long as it was looked at before it is cut, every byte comes once and in order."""
    path = tmp_path_factory.mktemp("growing") / "log"
    path.write_bytes(b"0\n")
    file = GrowingFile(path)
    got, written = b"", b"0\n"
    for number, (step, data) in enumerate(steps):
        match step:
            case "write":
                piece = data.replace(b"\0", b"0").replace(b"\n", b"n")
                append(path, piece)
                written += piece
            case "line":
                append(path, f"line {number}\n".encode())
                written += f"line {number}\n".encode()
            case "look":
                got += rest(file)
            case _:
                got += rest(file)
                if not written.endswith(b"\n"):
                    written += b"\n"
                fresh = f"file {number}\n".encode()
                if step == "cut":
                    path.write_bytes(fresh)
                else:
                    path.unlink() if step == "gone" else path.rename(path.with_suffix(f".{number}"))
                    got += rest(file)
                    path.write_bytes(fresh)
                written += fresh
    got += rest(file)
    file.close()
    assert got == written


def told(file: GrowingFile) -> tuple[bytes, list[Turn]]:
    """Everything that is there at the moment, and what happened between."""
    data, turns = b"", []
    while True:
        part = file.read()
        turns += file.turns
        if not part:
            return data, turns
        data += part


def test_the_bytes_of_another_file_are_announced(log: Path) -> None:
    """Renamed is no gap, cut is one; a torn line is ended before, under the name that it has."""
    file = GrowingFile(log)
    assert told(file) == (b"one\n", [])
    log.rename(log.with_suffix(".1"))
    log.write_bytes(b"two\ntor")
    assert told(file) == (b"two\ntor", [Turn(log, "")])
    log.write_bytes(b"new\n")
    assert file.read() == b"\n"
    assert file.turns == []
    assert file.read() == b"new\n"
    assert file.turns == [Turn(log, "cut and written anew")]
    assert told(file) == (b"", [])


def test_the_log_of_the_next_day_is_announced_by_its_name(tmp_path: Path) -> None:
    first, second = (tmp_path / f"openclaw-2026-11-{day}.log" for day in (20, 21))
    first.write_bytes(b"one\n")
    file = GrowingFile(first)
    assert told(file) == (b"one\n", [])
    second.write_bytes(b"two\n")
    assert told(file) == (b"two\n", [Turn(second, "")])


class FailingDisk:
    """`os.read` of a file of which some bytes cannot be read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, number: int = errno.EIO) -> None:
        self.bad = range(0)
        self.reads = 0
        self._number = number
        self._real = os.read
        monkeypatch.setattr(growing.os, "read", self)

    def __call__(self, descriptor: int, size: int) -> bytes:
        at = os.lseek(descriptor, 0, os.SEEK_CUR)
        if at in self.bad:
            self.reads += 1
            raise OSError(self._number, os.strerror(self._number))
        return self._real(descriptor, min(size, self.bad.start - at) if at < self.bad.start else size)


def test_what_cannot_be_read_is_passed_over_and_a_gap(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bad spot is tried for a while; what stands behind it, and what is written later, is read."""
    monkeypatch.setattr(growing, "PATIENCE_S", 0.05)
    size = growing.BLOCK_BYTES
    log.write_bytes(b"a" * (size - 3) + b"\nxy" + b"b" * size + b"c" * size + b"\nlast\n")
    disk = FailingDisk(monkeypatch)
    disk.bad = range(size, 3 * size)
    file = GrowingFile(log)
    data, turns = told(file)
    assert (data, turns) == (b"a" * (size - 3) + b"\nxy", [])
    deadline = time.monotonic() + 5
    while b"last" not in data and time.monotonic() < deadline:
        part = file.read()
        data, turns = data + part, turns + file.turns
    assert data.endswith(b"xy\n\nlast\n")
    assert turns == [Turn(None, "could not be read")]
    assert len(file.notes) == 1
    assert "Input/output error" in file.notes[0]
    append(log, b"more\n")
    assert told(file) == (b"more\n", [])


def test_a_stale_handle_is_opened_anew(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """NFS forgets open files: the same file goes on where it was, without a gap; another one is a gap."""
    disk = FailingDisk(monkeypatch, number=errno.ESTALE)
    file = GrowingFile(log)
    assert told(file) == (b"one\n", [])
    append(log, b"two\n")
    disk.bad = range(4, 5)
    assert file.read() == b""
    disk.bad = range(0)
    assert told(file) == (b"two\n", [])
    assert file.notes == []
    disk.bad = range(8, 9)
    log.rename(log.with_suffix(".1"))
    log.write_bytes(b"new\n")
    assert file.read() == b""
    disk.bad = range(0)
    assert told(file)[0] == b"new\n"
    assert "could not be read to its end" in file.notes[0]


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="a file that gives EIO")
def test_a_file_that_never_can_be_read_is_noted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real error of a real file."""
    monkeypatch.setattr(growing, "PATIENCE_S", 0.0)
    file = GrowingFile(Path("/proc/self/mem"))
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        assert file.read() == b""
    assert len(os.listdir("/proc/self/fd")) == before
    assert len(file.notes) == 1
    file.close()
