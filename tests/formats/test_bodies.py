"""What is remembered of records changes none of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loganalyzer import formats
from loganalyzer.formats import bodies
from loganalyzer.model import Record

TIMES = (
    "2026-11-20T11:23:44.270Z",
    "2026-11-20T11:23:45.271+00:00",
    "2026-11-20T11:23:45.271123+01:00",
    "2026-11-20 11:23:46",
    "2026-11-20 11:23:47",
    "Nov 20 11:23:48",
    "Nov 20 11:23:49",
    "Nov  3 2026 11:23:49 +0000",
    "11:23:50",
    "11:23:51",
)
PARTS = (
    *TIMES,
    "vm openclaw-gateway[2412]:",
    "vm kernel:",
    "host1 sshd[7]:",
    "stdout F",
    "info",
    "[whatsapp]",
    "[whatsapp]",
    "gateway/ws",
    "0|gateway  |",
    "|",
    "INFO",
    '{"subsystem":"gateway"}',
    '{"message":"text","level":"info","subsystem":"gateway"}',
    "Web connection closed (status 428).",
    'telegram inbound: preview="closed (status 428)"',
    "",
)
LINES = st.builds(
    lambda time, parts: " ".join((time, *parts)), st.sampled_from(TIMES), st.lists(st.sampled_from(PARTS))
)


def forget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begins as a new process does."""
    monkeypatch.setattr(formats, "_bodies", bodies.Bodies())


@pytest.fixture(scope="module")
def patch() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as context:
        yield context


def anew(line: str, patch: pytest.MonkeyPatch) -> Record:
    """The record of a line that nothing went before."""
    forget(patch)
    return formats.decode(line.encode())._replace(body=None)


@given(st.lists(LINES, min_size=1, max_size=4))
@settings(max_examples=200, deadline=None)
def test_a_record_is_the_same_whatever_came_before(patch: pytest.MonkeyPatch, lines: list[str]) -> None:
    """Lines of all surfaces, of which some came before with the same or another time."""
    many = [line.replace(":4", f":{digit}") for digit in "345" for line in lines]
    wanted = [anew(line, patch) for line in many]
    forget(patch)
    found = [formats.decode(line.encode()) for line in (*many, *many)]
    assert [record._replace(body=None) for record in found] == wanted * 2
    behind_time = {}
    for record in found:
        if record.body is not None:
            assert behind_time.setdefault(record.body, record[3:-1]) == record[3:-1]


@pytest.mark.parametrize("head", ["", "Nov 20 11:23:44 vm openclaw-gateway[2412]: "])
def test_from_the_second_time_on_a_line_is_known(monkeypatch: pytest.MonkeyPatch, head: str) -> None:
    """In the console as it is and in a system log; one of another subsystem is another one."""
    forget(monkeypatch)
    text = "[whatsapp] Web connection closed (status 428)."
    found = [formats.decode(f"{head}2026-11-20T11:23:44.27{digit}Z {text}".encode()) for digit in range(4)]
    assert found[0].body is None
    assert found[1].body is not None
    assert found[1].body == found[2].body == found[3].body
    assert [record.time_ns for record in found] == [1_795_173_824_270_000_000 + n * 1_000_000 for n in range(4)]
    other = text.replace("whatsapp", "telegram")
    twice = [formats.decode(f"{head}2026-11-20T11:23:45.000Z {other}".encode()) for _ in range(2)]
    assert twice[1].body != found[1].body


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many records come, twice each, so many are kept."""
    monkeypatch.setattr(bodies, "MAX_BODIES", 8)
    monkeypatch.setattr(bodies, "MAX_SEEN", 8)
    memory = bodies.Bodies()
    for number in range(100):
        assert memory.mark(number, (number,)) is None
        assert memory.mark(number, (number,)) is not None
    assert sum(memory.get(number) is not None for number in range(100)) <= 8
