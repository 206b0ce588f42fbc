"""A place in a log that is found again after rotation."""

import os
from pathlib import Path

import pytest

from loganalyzer.sources.growing import GrowingFile
from loganalyzer.sources.position import Position, find

pytestmark = pytest.mark.skipif(os.name == "nt", reason="links and renaming")


def stopped(path: Path) -> Position:
    """Where a run ends that has read everything."""
    file = GrowingFile(path)
    while file.read():
        pass
    place = file.position(0)
    file.close()
    assert place is not None
    return place


def gone_on(path: Path, place: Position) -> tuple[GrowingFile, bytes]:
    """The next run, and what it reads."""
    file = GrowingFile(path, find(path, place))
    return file, b"".join(iter(file.read, b""))


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def test_what_a_link_leads_to_is_rotated_where_it_lies(tmp_path: Path) -> None:
    """Kubernetes: twice, by the second, while nobody reads; the name of the log is still that of the link."""
    pods, containers = tmp_path / "pods" / "x", tmp_path / "containers"
    pods.mkdir(parents=True)
    containers.mkdir()
    target, link = pods / "0.log", containers / "gw.log"
    target.write_bytes(b"1\n")
    link.symlink_to("../pods/x/0.log")
    place = stopped(link)
    append(target, b"2\n")
    target.rename(pods / "0.log.20261120-115000")
    (pods / "0.log.20261120-115959").write_bytes(b"3\n")
    (pods / "1.log").write_bytes(b"another\n")
    target.write_bytes(b"4\n")
    file, data = gone_on(link, place)
    assert data == b"2\n3\n4\n"
    assert file.notes == []
    assert file.path == link
    target.rename(pods / "0.log.20261120-120000")
    target.write_bytes(b"5\n")
    assert file.read() == b"5\n"


def test_a_link_that_was_turned_to_the_next_day(tmp_path: Path) -> None:
    """The logs between are read, those behind the one that it leads to are not."""
    days = [tmp_path / f"openclaw-2026-11-{day}.log" for day in (20, 21, 22, 23)]
    days[0].write_bytes(b"20\n")
    link = tmp_path / "current.log"
    link.symlink_to(days[0])
    place = stopped(link)
    for day in days[1:]:
        day.write_bytes(f"{day.name[-6:-4]}\n".encode())
    append(days[0], b"more\n")
    link.unlink()
    link.symlink_to(days[2])
    assert gone_on(link, place)[1] == b"more\n21\n22\n"


def test_a_log_that_was_rotated_by_date_and_is_not_back_is_awaited(tmp_path: Path) -> None:
    """Under its own name, not that of the rotated file."""
    log = tmp_path / "gateway.log"
    log.write_bytes(b"1\n")
    place = stopped(log)
    append(log, b"2\n")
    log.rename(tmp_path / "gateway.log-20261120")
    file, data = gone_on(log, place)
    assert data == b"2\n"
    log.write_bytes(b"3\n")
    assert file.read() == b"3\n"


def test_days_that_passed_are_read_in_order_and_their_late_lines_later(tmp_path: Path) -> None:
    """A rotated part among them; the log of a day before is not begun anew."""
    first = tmp_path / "openclaw-2026-11-20.log"
    (tmp_path / "openclaw-2026-11-19.log").write_bytes(b"19\n")
    first.write_bytes(b"20\n")
    place = stopped(first)
    append(first, b"more\n")
    first.rename(tmp_path / "openclaw-2026-11-20.1.log")
    for day in (23, 22, 21):
        (tmp_path / f"openclaw-2026-11-{day}.log").write_bytes(f"{day}\n".encode())
    file, data = gone_on(first, place)
    assert data == b"more\n21\n22\n23\n"
    append(tmp_path / "openclaw-2026-11-22.log", b"late\n")
    assert file.read() == b"late\n"
    append(tmp_path / "openclaw-2026-11-23.log", b"last\n")
    assert file.read() == b"last\n"


def test_a_part_that_was_rotated_is_followed_by_the_log_of_its_day(tmp_path: Path) -> None:
    """Not by the one that the run was begun with."""
    begun = tmp_path / "openclaw-2026-11-20.log"
    begun.write_bytes(b"20\n")
    today = tmp_path / "openclaw-2026-11-25.log"
    today.write_bytes(b"25\n")
    place = stopped(begun)
    today.rename(tmp_path / "openclaw-2026-11-25.1.log")
    file, data = gone_on(begun, place)
    assert data == b""
    today.write_bytes(b"more\n")
    assert file.read() == b"more\n"
