"""`follow --resume`: several runs, however they ended, say together what one would have said."""

from __future__ import annotations

import functools
import random
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from resuming import plain, run, union
from sample_cases import ROOT

from loganalyzer import api
from loganalyzer.cli import kept

Start = Callable[..., "subprocess.Popen[bytes]"]
LOGS = sorted(
    ROOT / name
    for name in (
        "gateway.device-token-mismatch/after-config-change/openclaw-2026-11-20.log",
        "gateway.invalid-config/unknown-plugin/console.log",
        "gateway.not-running/cli-calls-older-version/openclaw-2026-11-20.log",
        "gateway.oom/kernel-kill-two-files/syslog",
        "whatsapp.dns-network/no-name-resolution/openclaw-2026-11-20.log",
        "whatsapp.logged-out/device-removed-logs/openclaw-logs.txt",
        "whatsapp.qr-login-timeout/nobody-scans/openclaw-logs.jsonl",
        "whatsapp.session-terminated/twelve-retries/openclaw-logs.txt",
    )
)


def personal() -> bytes:
    """Accounts that are phone numbers: opened, ended and opened again, some named by what follows only."""
    lines = []
    for number in range(12):
        account = f"4917{number % 4}0123456"
        minute, text = number * 4, "session logged out. Run `openclaw channels login --channel web` to relink."
        lines.append(f"2026-11-20T03:{minute:02}:00.000+00:00 [whatsapp] [{account}] {text}\n")
        if number % 3 == 2:
            text = "Listening for personal WhatsApp inbound messages."
            lines.append(f"2026-11-20T03:{minute + 1:02}:00.000+00:00 [whatsapp] {text}\n")
    return "".join(lines).encode()


@pytest.fixture(scope="module", autouse=True)
def _one_plan() -> object:
    """Compiling the patterns for each run would take most of the time."""
    plan = functools.cache(api.Plan)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(api, "Plan", plan)
        yield


@pytest.fixture(params=[*LOGS, None], ids=lambda path: "personal" if path is None else path.parent.parent.name)
def log(request: pytest.FixtureRequest) -> bytes:
    return personal() if request.param is None else request.param.read_bytes()


def check_kill(log: bytes, folder: Path, point: int) -> bool:
    """Kills a run at a fault point and goes on; was it killed at all?"""
    path, file = folder / "gateway.log", folder / f"{point}.db"
    path.write_bytes(log)
    whole = plain(log).splitlines()
    before, ended = run(path, file, kill_at=point)
    if ended:
        assert before.splitlines() == whole
        return False
    after, _ = run(path, file)
    assert union(before, after) == whole, point
    assert after.count('"repeated":true') <= 1
    assert len((before + after).splitlines()) <= len(whole) + 1
    return True


@pytest.fixture(params=[0.0, 1e9], ids=["always", "never"])
def snapshots(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> float:
    """How far apart they are [s]."""
    monkeypatch.setattr(kept, "FILE_EVERY_S", request.param)
    monkeypatch.setattr(kept, "SHARE", 1e9)
    return float(request.param)


def test_a_kill_at_a_fault_point_changes_nothing(log: bytes, snapshots: float, tmp_path: Path) -> None:
    """Before or after a commit or a line; the transition in flight alone comes again, and is marked."""
    for point in random.Random(repr((len(log), snapshots))).sample(range(30), 3):
        check_kill(log, tmp_path, point)


@pytest.mark.slow
def test_a_kill_at_every_fault_point_changes_nothing(log: bytes, snapshots: float, tmp_path: Path) -> None:
    """All of them."""
    point = 0
    while check_kill(log, tmp_path, point):
        (tmp_path / f"{point}.db").unlink()
        point += 1
    assert point > 6


STEPS = st.lists(
    st.tuples(
        st.integers(1, 40),  # of the log that is written in between [%]
        st.sampled_from(["write", "write", "rename", "copy", "twice"]),
        st.one_of(st.none(), st.integers(0, 60)),
    ),
    min_size=1,
    max_size=6,
)


def check_runs(
    source: Path | None, steps: list[tuple[int, str, int | None]], piece: int, snapshots: float, folder: Path
) -> None:
    """Lets a log grow and be rotated while runs come and go; together they must say what one says about all of it."""
    data = personal() if source is None else source.read_bytes()
    path, file = folder / "gateway.log", folder / "resume.db"
    path.write_bytes(b"")
    written, printed, rotations = 0, [], 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kept, "FILE_EVERY_S", snapshots)
        patch.setattr(kept, "SHARE", 1e9)
        for share, rotation, kill_at in [*steps, (100, "write", None)]:
            stop = len(data) if share == 100 else min(len(data), written + len(data) * share // 100)
            with path.open("ab") as log:
                log.write(data[written:stop])
            written = stop
            last = share == 100
            printed.append(run(path, file, kill_at=kill_at, piece=piece, end=last)[0])
            torn = bool(written) and data[written - 1 : written] != b"\n"
            if torn or last:
                continue  # a line that is cut by a rotation is two lines, in one run as well
            for _ in range({"write": 0, "rename": 1, "copy": 1, "twice": 2}[rotation]):
                for number in range(rotations, 0, -1):
                    (folder / f"gateway.log.{number}").rename(folder / f"gateway.log.{number + 1}")
                rotations += 1
                if rotation == "copy":
                    (folder / "gateway.log.1").write_bytes(path.read_bytes())
                    path.write_bytes(b"")
                else:
                    path.rename(folder / "gateway.log.1")
                    end = data.find(b"\n", written + len(data) // 20) + 1 or len(data)
                    path.write_bytes(data[written:end])
                    written = end
    whole = plain(data).splitlines()
    assert union(*printed) == whole
    assert sum(part.count('"repeated":true') for part in printed) <= len(steps)


SOURCES = st.sampled_from([*LOGS, None])


def test_a_log_that_was_empty_when_its_copy_was_not_is_found(tmp_path: Path) -> None:
    """Only the copy holds what came and went between two runs."""
    source = next(log for log in LOGS if "token-mismatch" in log.name or "token-mismatch" in str(log))
    for kill_at in (25, 3):
        folder = tmp_path / str(kill_at)
        folder.mkdir()
        steps = [(7, "write", None), (30, "write", None), (25, "write", None), (26, "write", None)]
        check_runs(source, [*steps, (19, "copy", kill_at)], 91, 1e9, folder)
        (folder / "resume.db").unlink()


@given(source=SOURCES, steps=STEPS, piece=st.integers(50, 5000), snapshots=st.sampled_from([0.0, 1e9]))
@settings(max_examples=6, deadline=None)
def test_any_number_of_runs_is_one_run(
    source: Path | None,
    steps: list[tuple[int, str, int | None]],
    piece: int,
    snapshots: float,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Killed anywhere, any number of times, through rotation of every kind."""
    check_runs(source, steps, piece, snapshots, tmp_path_factory.mktemp("runs"))


@pytest.mark.slow
@given(source=SOURCES, steps=STEPS, piece=st.integers(50, 5000), snapshots=st.sampled_from([0.0, 1e9]))
@settings(max_examples=300, deadline=None)
def test_any_number_of_runs_is_one_run_tried_often(
    source: Path | None,
    steps: list[tuple[int, str, int | None]],
    piece: int,
    snapshots: float,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """The same, longer."""
    check_runs(source, steps, piece, snapshots, tmp_path_factory.mktemp("runs"))
