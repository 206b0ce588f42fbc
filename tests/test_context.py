import gzip
from pathlib import Path

from loganalyzer import analyze
from loganalyzer.context import nearby
from loganalyzer.model import Evidence
from loganalyzer.sources import expand

LINES = [f"2026-11-20T12:00:{n:02d}.000+00:00 info [cron] line {n}\n".encode() for n in range(30)]


def evidence(path: Path, line: int) -> Evidence:
    offset = sum(map(len, LINES[: line - 1]))
    return Evidence(source=str(path), line=line, time_ns=None, event="x", text="", offset=offset)


def numbers(path: Path, line: int, data: bytes = b"".join(LINES)) -> tuple[list[int], list[int]] | None:
    path.write_bytes(data)
    sources, _ = expand([str(path)])
    found = nearby(sources, [evidence(path, line)]).get((str(path), line))
    return None if found is None else ([one.number for one in found.above], [one.number for one in found.below])


def test_lines_around_evidence_are_read_again(tmp_path: Path) -> None:
    """Two lines above and two below, with their numbers; fewer at the ends of a file."""
    path = tmp_path / "a.log"
    assert numbers(path, 10) == ([8, 9], [11, 12])
    assert numbers(path, 1) == ([], [2, 3])
    assert numbers(path, 30) == ([28, 29], [])
    sources, _ = expand([str(path)])
    [found] = nearby(sources, [evidence(path, 10)]).values()
    assert [one.text for one in (*found.above, *found.below)] == [f"[cron] line {n}" for n in (7, 8, 10, 11)]


def test_a_mark_at_the_start_moves_nothing(tmp_path: Path) -> None:
    """A byte order mark is counted by offsets; the line above is still a line."""
    path = tmp_path / "a.log"
    path.write_bytes(b"\xef\xbb\xbf" + b"".join(LINES))
    sources, _ = expand([str(path)])
    one = Evidence(source=str(path), line=1, time_ns=None, event="x", text="", offset=3)
    [found] = nearby(sources, [one]).values()
    assert (found.above, [line.number for line in found.below]) == ((), [2, 3])


def test_what_cannot_be_read_again_has_no_context(tmp_path: Path) -> None:
    """Compressed files, UTF-16, files that became shorter or other ones: no context rather than a wrong one."""
    path = tmp_path / "a.log"
    assert numbers(path, 10, b"".join(LINES[:5])) is None
    assert numbers(path, 10, b"x" * 5000) is None
    assert numbers(path, 10, b"".join(LINES).decode().encode("utf-16")) is None
    packed = tmp_path / "a.log.gz"
    packed.write_bytes(gzip.compress(b"".join(LINES)))
    sources, _ = expand([str(packed)])
    assert not nearby(sources, [evidence(packed, 10)])
    assert not nearby([], [evidence(tmp_path / "gone.log", 1)])


def test_long_lines_end_the_context(tmp_path: Path) -> None:
    """A line that does not end within reach is not shown in part."""
    long = [*LINES[:8], b"y" * 100_000 + b"\n", *LINES[9:10], b"z" * 100_000 + b"\n"]
    path = tmp_path / "a.log"
    path.write_bytes(b"".join(long))
    sources, _ = expand([str(path)])
    offset = sum(map(len, long[:9]))
    one = Evidence(source=str(path), line=10, time_ns=None, event="x", text="", offset=offset)
    [found] = nearby(sources, [one]).values()
    assert (found.above, found.below) == ((), ())


def test_rotated_files_are_one_stream(tmp_path: Path) -> None:
    """Lines around evidence are found across the files of a rotation, with the numbers of the evidence."""
    head = "2026-11-20T03:00:{:02d}.000+00:00 info [whatsapp] "
    old = "".join(head.format(n) + f"old {n}\n" for n in range(5))
    logged_out = (
        "2026-11-20T03:00:06.000+00:00 error [whatsapp] WhatsApp session logged out. Run `openclaw channels login`\n"
    )
    new = logged_out + "".join(head.format(n) + f"new {n}\n" for n in range(10, 14))
    (tmp_path / "gateway.log.1").write_text(old, encoding="utf-8")
    (tmp_path / "gateway.log").write_text(new, encoding="utf-8")
    report = analyze([str(tmp_path)], context=True)
    [(place, found)] = [(k, v) for k, v in report.nearby.items() if k[1] == 6]
    assert place[0] == report.accounting.sources[0]
    assert [one.text for one in found.above] == ["[whatsapp] old 3", "[whatsapp] old 4"]
    assert [one.text for one in found.below] == ["[whatsapp] new 10", "[whatsapp] new 11"]
