"""What every member of a family must keep; a new member is tested the moment it is listed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from properties import often
from sample_cases import load_cases

from loganalyzer import Options, analyze
from loganalyzer.formats import FORMATS, decode, has_header, time_of
from loganalyzer.formats.line import Line
from loganalyzer.model import Record, Severity
from loganalyzer.outputs import DEFAULT_SEVERITY, OUTPUTS, View
from loganalyzer.pipeline import Plan
from loganalyzer.redact import Redactor
from loganalyzer.scan import BACKENDS, Scanner

CASES = load_cases()
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
HOSTILE = "\x1b]0;title\x07\x1b[31m+15551230000 token=sk-abcdefghijklmnop0123456789 \u202e\x00"


@pytest.mark.parametrize("name", OUTPUTS)
def test_outputs_are_safe_and_whole(name: str) -> None:
    """Every output ends its lines, holds no control character, and says the same twice."""
    for case in CASES:
        report = case.report()
        view = View(min_severity=DEFAULT_SEVERITY[name], redact=Redactor(b"key"))
        text = "".join(OUTPUTS[name](report, view))
        assert not text or text.endswith("\n")
        assert not CONTROL.search(text), case.name
        assert text == "".join(OUTPUTS[name](report, view))


@pytest.mark.parametrize("name", OUTPUTS)
def test_outputs_mask_and_disarm(name: str, tmp_path: Path) -> None:
    """What a hostile line carries reaches no output: neither escapes nor secrets nor phone numbers."""
    log = tmp_path / "log.txt"
    log.write_text(
        f"2026-11-20T03:00:00.000+00:00 [whatsapp] [default] session logged out. Run x {HOSTILE}\n", encoding="utf-8"
    )
    report = analyze([str(log)], Options())
    assert report.incidents
    view = View(min_severity=Severity.INFO, redact=Redactor(b"key"), width=200)
    text = "".join(OUTPUTS[name](report, view))
    assert not CONTROL.search(text)
    assert "\u202e" not in text
    assert "15551230000" not in text
    assert "abcdefghijklmnop0123456789" not in text


def test_every_output_has_a_default_severity() -> None:
    """Each output says from which severity on it shows incidents."""
    assert set(OUTPUTS) <= set(DEFAULT_SEVERITY)


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=often(80), deadline=None)
@given(data=st.one_of(st.binary(max_size=300), st.text(max_size=300).map(lambda text: text.encode("utf-8", "replace"))))
def test_formats_take_anything(name: str, data: bytes) -> None:
    """Every format gives a record or None for any bytes."""
    found = FORMATS[name](Line(data), decode_text)
    assert found is None or isinstance(found, Record)


def decode_text(text: str) -> Record:
    """What an envelope carries, one level deeper."""
    return decode(text.encode("utf-8", "replace"))


REAL = sorted(
    {line for case in CASES for path in case.inputs if path.suffix != ".gz" for line in path.read_bytes().splitlines()}
)


@settings(max_examples=often(150), deadline=None)
@given(line=st.sampled_from(REAL), cut=st.integers(0, 400), junk=st.binary(max_size=8))
def test_damaged_real_lines_decode(line: bytes, cut: int, junk: bytes) -> None:
    """A real line that is cut, or has junk in it, still gives a record, and all views of it agree."""
    damaged = line[:cut] + junk + line[cut + len(junk) :]
    for data in (line[:cut], damaged):
        record = decode(data)
        assert has_header(data) is (not record.continuation) or data[:1] in (b"", b" ", b"\t")
        time = time_of(data)
        assert time is None or time in (record.time_ns, record.stamp)


def test_backends_agree() -> None:
    """Every scan backend finds the same candidates in the samples; the slow `re` in a small one only."""
    literals = Plan(Options()).literals
    for case in CASES:
        for path in case.inputs:
            data = path.read_bytes()
            want = found(literals, data, "ahocorasick")
            for backend in set(BACKENDS) - {"ahocorasick"}:
                if backend != "re" or len(data) < 1000:
                    assert found(literals, data, backend) == want, (backend, path)


def found(literals: list[bytes], data: bytes, backend: str) -> list[tuple[int, int, bytes, tuple[int, ...]]]:
    """The candidates of a log without what stands above them."""
    return [line[:4] for line in Scanner(literals, backend=backend).lines([data])]
