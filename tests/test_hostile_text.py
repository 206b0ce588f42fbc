"""Text that wants to be more than text, through every output; patterns and limits against what is made to defeat them."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from planted import SURFACES
from vault import write_pack

from loganalyzer import sanitize
from loganalyzer.packs.compile import Matcher, compile_pack
from loganalyzer.packs.templates import compile_template
from loganalyzer.pipeline import Options, Plan
from loganalyzer.tokenize import MAX_MESSAGE_LINE
from loganalyzer.tracking import MAX_GROUPS

UNSAFE = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f"
    "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
HOSTILE = {
    "link": "\x1b]8;;https://evil.example\x1b\\\\click\x1b]8;;\x1b\\\\",
    "clipboard": "\x1b]52;c;Y3VybCBldmls\x07",
    "cursor": "\x1b[2J\x1b[1;1H\x1b[1A\x1b[2Kno incidents",
    "c1": "\x9b2J\x9d0;title\x9c",
    "carriage": "harmless\r\x08\x08evil",
    "bidi": "\u202egnp.exe\u2066x\u2069",
    "zero width": "pass\u200bword\ufeff\u2060",
    "tags": "\U000e0041\U000e0042",
    "fillers": "pass\u034fword\u3164\u2800\ufe0f\U000e0100",
    "formula": '=HYPERLINK("https://evil.example","x")',
    "markdown": "![x](https://evil.example/a.png) ``` </details><script>alert(1)</script> | a | [y](javascript:x) @everyone",
    "yaml": '{a: !!python/object/apply:os.system [id]}": - &x *x # %YAML \' " \\\\',
    "ansi in json": "\\u001b[31mred",
    "record": '2026-11-20T12:00:00.000Z error gateway {"0":"x"}',
}
TEXTS = [
    *(("analyze", "--format", name) for name in ("table", "json", "jsonl", "markdown", "html", "csv")),
    *(("analyze", "--tablefmt", name) for name in ("grid", "html", "github", "latex")),
    *(("events", "--format", name) for name in ("table", "jsonl", "csv")),
    *(("unknown", "--format", name) for name in ("table", "json")),
    *(("why", "vault.open", "--format", name) for name in ("text", "json")),
    ("follow", "--format", "text"),
    ("follow", "--format", "jsonl"),
]


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A log in which every hostile text stands in every field, on every surface, and the pack that shows them."""
    folder = tmp_path_factory.mktemp("hostile")
    write_pack(folder / "pack")
    rows = []
    for index, text in enumerate(HOSTILE.values()):
        for make in SURFACES.values():
            rows.append(make(f"vault {index} said {text}", subsystem=f"zoo/{text[:20]}"))
            rows.append(make(f"{text} lost, said the keeper {text}", subsystem=f"zoo/{text[:20]}"))
    log = folder / "evil\x1b[31m\u202e.log"
    log.write_text("".join(rows), encoding="utf-8")
    return log, folder / "pack"


def run(*arguments: object, stdin: bytes = b"", **options: object) -> subprocess.CompletedProcess[bytes]:
    words = [sys.executable, "-m", "loganalyzer", *map(str, arguments)]
    return subprocess.run(words, input=stdin, capture_output=True, timeout=120, check=False, **options)  # type: ignore[call-overload,no-any-return]


@pytest.mark.parametrize("command", TEXTS, ids=" ".join)
def test_nothing_that_a_terminal_obeys_gets_out(command: tuple[str, ...], places: tuple[Path, Path]) -> None:
    """No escape sequence, control, bidi or invisible character, neither in the output nor beside it."""
    log, pack = places
    if command[0] == "follow":
        done = run(*command, "--patterns", pack, stdin=log.read_bytes())
    else:
        done = run(*command, "--patterns", pack, log)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout) > 500
    for stream in (done.stdout, done.stderr):
        assert UNSAFE.findall(stream.decode("utf-8")) == []


def test_no_cell_of_the_csv_is_a_formula(places: tuple[Path, Path]) -> None:
    """As a spreadsheet reads them."""
    log, pack = places
    for command in ("analyze", "events"):
        text = run(command, "--format", "csv", "--patterns", pack, log).stdout.decode()
        cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
        assert any("HYPERLINK" in cell for cell in cells)
        assert [cell for cell in cells if cell.startswith(("=", "+", "@", "\t", "\r")) or re.match(r"-\D", cell)] == []


def test_drafts_of_patterns_are_plain_yaml(places: tuple[Path, Path]) -> None:
    """Every draft is read back as text, whatever the lines of the group hold."""
    log, pack = places
    groups = json.loads(run("unknown", "--format", "json", "--patterns", pack, log).stdout)["groups"]
    assert len(groups) >= len(HOSTILE) // 2
    for number in range(1, len(groups) + 1):
        draft = run("unknown", "--suggest", number, "--patterns", pack, log).stdout.decode()
        assert UNSAFE.findall(draft) == []
        (pattern,) = yaml.safe_load(draft)["patterns"]
        assert isinstance(pattern["match"], str)
        assert all(isinstance(one["line"], str) for one in pattern["examples"])
        assert re.fullmatch(r"[a-z0-9.-]+", pattern["id"])


def test_markdown_shows_log_text_as_code_only(places: tuple[Path, Path]) -> None:
    """Outside of fences and code, nothing of it is markup, and no fence can be closed from inside."""
    from markdown_it import MarkdownIt

    log, pack = places
    tokens = (
        MarkdownIt()
        .enable("table")
        .parse(run("analyze", "--format", "markdown", "--patterns", pack, log).stdout.decode())
    )
    inner = [child for token in tokens for child in token.children or ()]
    assert {token.type for token in tokens} & {"html_block"} == set()
    assert {child.type for child in inner} & {"html_inline", "image"} == set()
    assert [c.attrs["href"] for c in inner if c.type == "link_open" and "evil" in str(c.attrs["href"])] == []
    assert any("evil.example" in token.content for token in tokens if token.type == "fence")


def test_an_error_masks_what_the_output_would_mask() -> None:
    """The password of a URL that cannot be followed; an address where those are to be masked."""
    told = run("follow", "https://bot:hunter2@localhost/x.log")
    assert told.returncode == 2
    assert b"hunter2" not in told.stderr
    assert b"@localhost/x.log: follow reads files and pipes, no URLs" in told.stderr
    assert b"loganalyzer analyze URL" in told.stderr
    name = "/nonexistent/203.0.113.7/gw.log"
    for words, masked in (((name,), False), ((name, "--redact-ip"), True), ((name, "--redact-ip", "--bogus"), True)):
        assert (b"203.0.113.7" not in run("follow", *words).stderr) is masked
    assert b"203.0.113.7" not in run("follow", name, env={**os.environ, "LOGANALYZER_REDACT_IP": "1"}).stderr


def test_times_of_any_year_and_backwards_are_told(places: tuple[Path, Path]) -> None:
    """The year 9999, the year 1, and a clock that goes back for hours: nothing is lost and nothing fails."""
    _, pack = places
    years = (
        "2026-11-20T12:00:00",
        "9999-12-31T23:59:59",
        "0001-01-01T00:00:00",
        "2026-11-20T03:00:00",
        "1970-01-01T00:00:00",
    )
    log = "".join(f"{stamp}.000Z warn zoo/keeper vault {n} said x{n}\n" for n, stamp in enumerate(years * 20))
    for name in ("table", "json", "jsonl", "markdown", "html", "csv", "parquet"):
        done = run("analyze", "-", "--format", name, "--patterns", pack, stdin=log.encode())
        assert done.returncode == 0, (name, done.stderr)
    done = run("events", "-", "--format", "jsonl", "--patterns", pack, stdin=log.encode())
    assert len(done.stdout.splitlines()) == 100
    assert b"out of order" in done.stderr
    assert b" 0 out of order" not in done.stderr


MATCHERS = {
    f"{matcher.pattern.id}/{matcher.order[1]}": matcher
    for found in compile_pack(Plan(Options()).pack).matchers
    for matcher in found
}
FILLS = ("x", "1 ", "a.b:", '"', '{"', "\\", " (", " = ", "- ", "9.9.9 ", "/x", "\t")


def adversaries(matcher: Matcher) -> Iterator[str]:
    """Long lines that begin like a match over and over again, and end otherwise."""
    literals = [matcher.literal] if matcher.text is None else compile_template(matcher.text).literals
    for fill in FILLS:
        for part in {matcher.literal, fill.join(literals), fill.join(literals[:-1]) or literals[0]}:
            yield part + fill * (MAX_MESSAGE_LINE // len(fill))
            yield (part + fill) * (MAX_MESSAGE_LINE // len(part + fill))


def test_no_shipped_pattern_takes_long() -> None:
    """Each is measured on the longest lines that it is given, made to defeat it."""
    assert len(MATCHERS) > 600
    slow = {}
    for name, matcher in MATCHERS.items():
        for text in adversaries(matcher):
            start = time.process_time()
            match = matcher.search(text[:MAX_MESSAGE_LINE])
            if match is not None:
                matcher.attributes(match, text[:MAX_MESSAGE_LINE], {})
            spent = time.process_time() - start
            if spent > 0.5:
                slow[name] = max(spent, slow.get(name, 0.0))
    assert slow == {}


LINUX = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")


def high_water_mb(process: subprocess.Popen[bytes]) -> float:
    """
    The most memory that a program took so far [MB]; 0 when it is gone.

    What `wait` tells counts the memory of this process, too, from the moment before the program began.
    """
    try:
        status = Path(f"/proc/{process.pid}/status").read_text()
    except OSError:
        return 0.0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) / 1000 if found else 0.0


def peak_mb(source: Iterator[bytes], *arguments: object) -> tuple[float, int, bytes]:
    """The most memory that the program takes for a stream [MB], its exit code and what it says about it."""
    words = [sys.executable, "-m", "loganalyzer", *map(str, arguments)]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdin=pipe, stdout=subprocess.DEVNULL, stderr=pipe) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        for piece in source:
            process.stdin.write(piece)
        process.stdin.close()
        peak = 0.0
        while process.poll() is None:
            peak = max(peak, high_water_mb(process))
            time.sleep(0.01)
        assert peak
        return peak, process.returncode, process.stderr.read()


@LINUX
@pytest.mark.slow
def test_a_line_of_a_gigabyte_takes_bounded_memory() -> None:
    """It is cut and counted, and the line behind it is read."""

    def line(size: int) -> Iterator[bytes]:
        yield b"2026-11-20T12:00:00.000Z error gateway/ws "
        yield from (b"device token mismatch x" * 45_590 for _ in range(size >> 20))
        yield b"\n2026-11-20T12:00:01.000Z info gateway/ws fine\n"

    small, _, _ = peak_mb(line(8 << 20), "analyze", "-")
    large, code, said = peak_mb(line(1 << 30), "analyze", "-")
    assert code == 0
    assert b"1 truncated" in said
    assert large < small + 40


@LINUX
@pytest.mark.slow
def test_more_accounts_than_are_followed_take_bounded_memory(places: tuple[Path, Path]) -> None:
    """Groups are dropped and counted when there are too many; from there on nothing grows."""

    def lines(count: int) -> Iterator[bytes]:
        for n in range(count):
            stamp = f"2026-11-20T{n // 3600 % 24:02}:{n // 60 % 60:02}:{n % 60:02}.000Z"
            yield f"{stamp} warn zoo/keeper vault account{n} said x{n}\n".encode()

    full, _, _ = peak_mb(lines(MAX_GROUPS + 500), "follow", "-", "--patterns", places[1], "--format", "jsonl")
    large, code, said = peak_mb(lines(10 * MAX_GROUPS), "follow", "-", "--patterns", places[1], "--format", "jsonl")
    assert code == 0
    assert b"evicted" in said
    assert large < full + 15


@LINUX
def test_an_endless_device_can_be_interrupted() -> None:
    """`/dev/zero` is one line without an end: memory stays bounded, and Ctrl-C ends it."""
    words = [sys.executable, "-m", "loganalyzer", "analyze", "/dev/zero"]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(3)
    assert 0 < high_water_mb(process) < 200
    process.send_signal(signal.SIGINT)
    assert process.wait(60) in (130, 2)


def test_the_search_for_unsafe_characters_is_no_weaker_than_the_program() -> None:
    """Whatever is let through here would be found above."""
    text = "".join(map(chr, range(0x11000)))
    assert UNSAFE.findall(sanitize.block(text)) == []
    assert sanitize.bare(text).isprintable() or "\n" in sanitize.bare(text)
