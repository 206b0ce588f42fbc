"""What is remembered of records changes none of them."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loganalyzer import formats
from loganalyzer.formats import bodies, gateway
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
TEXTS = st.builds(
    lambda time, parts: " ".join((time, *parts)), st.sampled_from(TIMES), st.lists(st.sampled_from(PARTS))
)


def record(argument: object, text: str, date: str, time: str) -> str:
    """A record of the file log."""
    meta = {"logLevelName": "WARN", "date": date, "name": "openclaw"}
    return json.dumps({"0": '{"subsystem":"gateway"}', "1": argument, "2": text, "_meta": meta, "time": time})


RECORDS = st.builds(
    lambda *parts: record(*parts).replace(": ", ":"),
    st.sampled_from(["", {"date": TIMES[0]}, {"time": TIMES[1]}, {"status": 428}]),
    st.sampled_from(["closed", f"closed at {TIMES[0]}", '"time":"' + TIMES[0] + '"']),
    st.sampled_from(TIMES),
    st.sampled_from(TIMES),
)
HEADS = st.sampled_from(
    ["", "<13>", "\x1b[90m", "Nov 20 11:23:48 vm node[7]: ", "Nov 20 11:23:48 vm node[81]: #033[90m"]
)
LINES = st.builds(lambda head, line: head + line, HEADS, TEXTS | RECORDS)


def forget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begins as a new process does."""
    monkeypatch.setattr(formats, "_lines", bodies.Bodies())
    monkeypatch.setattr(formats, "_bodies", bodies.Bodies())
    monkeypatch.setattr(gateway, "_bodies", bodies.Bodies())


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


@pytest.mark.parametrize("date", TIMES[:2])
def test_a_record_of_the_file_log_is_known_by_all_but_its_times(monkeypatch: pytest.MonkeyPatch, date: str) -> None:
    """Whether the date in it is written as the time is, or in UTC."""
    forget(monkeypatch)
    lines = [
        record({"status": 428}, "closed", date.replace("44", digit), TIMES[1]) for digit in ("44", "46", "47", "48")
    ]
    found = [formats.decode(line.replace(": ", ":").encode()) for line in lines]
    assert found[1].body is None
    assert found[2].body is not None
    assert found[2].body == found[3].body


def test_a_time_that_looks_like_that_of_the_record_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """The third time of these lines is theirs, though it was the same as the second one when they first came."""
    forget(monkeypatch)
    lines = [f"{TIMES[1]} vm node[7]: {time} {TIMES[0]} ready" for time in (*[TIMES[0]] * 3, TIMES[1])]
    found = [formats.decode(line.encode()) for line in lines]
    assert [record.time_ns for record in found] == [1_795_173_824_270_000_000] * 4


def test_process_numbers_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    """A gateway that is started again and again has another one each time."""
    forget(monkeypatch)
    lines = [f"Nov 20 11:23:48 vm node[{number}]: [whatsapp] closed" for number in (7, 81, 4711, 7)]
    found = [formats.decode(line.encode()) for line in lines]
    assert found[2].body is not None
    assert found[2].body == found[3].body
    assert found[0]._replace(body=None) == found[2]._replace(body=None)


@pytest.mark.parametrize("head", ["", "Nov 20 11:23:44 vm openclaw-gateway[2412]: "])
def test_from_the_third_time_on_a_line_is_known(monkeypatch: pytest.MonkeyPatch, head: str) -> None:
    """In the console as it is and in a system log; one of another subsystem is another one."""
    forget(monkeypatch)
    text = "[whatsapp] Web connection closed (status 428)."
    found = [formats.decode(f"{head}2026-11-20T11:23:44.27{digit}Z {text}".encode()) for digit in range(4)]
    assert found[1].body is None
    assert found[2].body is not None
    assert found[2].body == found[3].body
    assert [record.time_ns for record in found] == [1_795_173_824_270_000_000 + n * 1_000_000 for n in range(4)]
    other = text.replace("whatsapp", "telegram")
    others = [formats.decode(f"{head}2026-11-20T11:23:45.000Z {other}".encode()) for _ in range(3)]
    assert others[2].body not in (None, found[2].body)


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many records come, twice each, so many are kept."""
    monkeypatch.setattr(bodies, "MAX_BODIES", 8)
    monkeypatch.setattr(bodies, "MAX_SEEN", 8)
    memory = bodies.Bodies()
    for number in range(100):
        assert memory.came(number) == 0
        assert memory.came(number) == 1
        memory.keep(number, (number,))
    assert 0 < sum(memory.get(number) is not None for number in range(100)) <= 8
