"""`follow --notify` and `follow --metrics` with a real receiver, real scrapes and real processes."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from receiver import Receiver, receiving

from loganalyzer.cli import beside

Run = Callable[..., "subprocess.CompletedProcess[str]"]
Start = Callable[..., "subprocess.Popen[bytes]"]
SECRETS = ("hunter2secret", "T0PSECRETPATH")
OLD = "2026-01-05T12:00:00.000+00:00"
# Another mode over the words of the zoo: one incident for each account, so that a storm is easy to make.
MANY = """
id: zoo.hunger
title: An animal is hungry
tier: 1
severity: {severity}
meaning: It wants food.
cause: Nobody came.
key: [channel, account]
evidence: [{{name: seen, match: {{event: zoo.hungry}}, confidence: 0.9}}]
summary: "{{account}} wants food."
remediation: [{{text: Bring hay.}}]
references: ["https://zoo.example.org/hay"]
examples: [{{name: one, lines: "zebra wants hay for leo"}}]
near_misses: [{{name: none, lines: "zebra sleeps"}}]
"""


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only this machine may be reached; takes the place of the guard of all tests."""
    connect = socket.socket.connect

    def local(self: socket.socket, address: Any) -> None:
        assert address[0] in ("127.0.0.1", "::1"), address
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", local)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(Receiver()) as found:
        yield found


@pytest.fixture
def hungry(zoo: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "hungry"
    shutil.copytree(zoo, folder)
    (folder / "failure_modes" / "zoo.no-hay.yaml").unlink()
    (folder / "failure_modes" / "zoo.hunger.yaml").write_text(MANY.format(severity="error"), encoding="utf-8")
    return folder


def lines(*texts: str, at: str | None = None) -> bytes:
    time_ = at or datetime.now(UTC).isoformat(timespec="milliseconds")
    return "".join(f"{time_} [zoo] {text}\n" for text in texts).encode()


def send(process: subprocess.Popen[bytes], data: bytes) -> None:
    assert process.stdin
    process.stdin.write(data)
    process.stdin.flush()


def finish(process: subprocess.Popen[bytes], patience_s: float = 30.0) -> tuple[str, str]:
    out, err = process.communicate(timeout=patience_s)
    for secret in SECRETS:
        assert secret not in out.decode() + err.decode()
    return out.decode(), err.decode()


def answer(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    assert process.stdout
    return json.loads(process.stdout.readline())  # type: ignore[no-any-return]


def test_what_opens_and_ends_is_delivered(zoo: Path, start: Start, receiver: Receiver) -> None:
    process = start("follow", "--patterns", zoo, "--no-redact", "--notify", receiver.url)
    send(process, lines("zebra escaped with code 428, call +1 555 123 4567"))
    receiver.wait(1)
    [first] = receiver.got
    assert (first["title"], first["type"]) == ("ERROR: The gate is open", "failure")
    assert "zoo.gate-open, open since" in first["message"]
    assert "Log: zebra escaped with code 428" in first["message"]
    assert "555 123" not in first["message"], "what leaves the machine is masked in any case"
    assert "zoo gate close" not in first["message"], "that step has a caution"
    send(process, lines("zebra is back home"))
    receiver.wait(2)
    assert receiver.got[1]["title"] == "Resolved: The gate is open"
    assert receiver.got[1]["type"] == "success"
    finish(process)
    assert process.returncode == 0
    assert len(receiver.got) == 2


def test_only_what_is_severe_enough_is_delivered_and_consequences_are_folded(
    zoo: Path, run: Run, receiver: Receiver
) -> None:
    given = ("follow", "--patterns", zoo, "--notify", receiver.url, "--notify-severity")
    run(*given, "critical", stdin=lines("zebra escaped with code 429"))
    assert receiver.got == []
    run(*given, "warning", stdin=lines("zebra escaped with code 429"))
    assert receiver.titles == ["ERROR: The gate is open"]
    assert "Consequences: zoo.no-visitors" in receiver.got[0]["message"]


def test_every_url_is_told_and_one_that_fails_does_not_matter_to_the_others(
    zoo: Path, run: Run, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beside, "PATIENCE_S", 0.7)
    with receiving(Receiver(refuse=10_000)) as other:
        given = ("--notify", other.url, "--notify", receiver.url)
        done = run("follow", "--patterns", zoo, *given, stdin=lines("zebra escaped with code 428"))
        assert len(receiver.got) == 1
        assert "Notifications that target 1 (JSON) did not take: 1 " in done.stderr
        assert "target 2" not in done.stderr
        assert not any(secret in done.stderr for secret in SECRETS)
        assert other.got == []
        assert other.asked > 1


def test_a_receiver_that_comes_up_late_gets_the_message(zoo: Path, start: Start) -> None:
    with receiving(Receiver()) as before:
        port = before.port
    late = Receiver(port=port, refuse=1)
    process = start("follow", "--patterns", zoo, "--format", "jsonl", "--notify", late.url)
    send(process, lines("zebra escaped with code 428"))
    assert answer(process)["transition"] == "opened"
    time.sleep(0.5)
    with receiving(late):
        late.wait(1)
        _, err = finish(process)
    assert late.titles == ["ERROR: The gate is open"]
    assert late.asked == 2
    assert "did not take" not in err


def test_a_receiver_that_hangs_delays_no_transition_and_no_end(hungry: Path, start: Start) -> None:
    """1,200 incidents against a receiver that never answers: the stream flows, the end comes, the loss is told."""
    with receiving(Receiver(hang=threading.Event())) as stuck:
        process = start("follow", "--patterns", hungry, "--format", "jsonl", "--notify", stuck.url)
        waits = []
        for number in range(30):
            began = time.monotonic()
            send(process, lines(f"zebra wants hay for animal-{number}"))
            assert answer(process)["transition"] == "opened"
            waits.append(time.monotonic() - began)
        assert stuck.asked >= 1
        assert statistics.median(waits[1:]) < 0.2
        # Drained beside, or the pipe would be full.
        threading.Thread(
            target=send, args=(process, lines(*(f"zebra wants hay for a{n}" for n in range(1200))))
        ).start()
        for _ in range(1200):
            answer(process)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, err = finish(process)
        assert time.monotonic() - began < 9
        assert process.returncode == 130
        assert "dropped" in err
        assert "still on the way" in err


def test_a_storm_is_a_few_messages(hungry: Path, start: Start, receiver: Receiver) -> None:
    process = start("follow", "--patterns", hungry, "--format", "jsonl", "--notify", receiver.url)
    send(process, lines("zebra sleeps"))
    for half in (range(250), range(250, 500)):
        send(process, lines(*(f"zebra wants hay for animal-{number}" for number in half)))
        for _ in half:
            answer(process)
    _, err = finish(process)
    sizes = [int(title.split()[0]) if title[0].isdigit() else 1 for title in receiver.titles]
    assert sum(sizes) == 500
    assert len(sizes) <= 7
    assert "did not take" not in err


def test_what_is_undecided_is_not_notified(zoo: Path, run: Run, receiver: Receiver) -> None:
    ahead = (datetime.now(UTC) + timedelta(seconds=30)).isoformat(timespec="milliseconds")
    done = run(
        "follow", "--patterns", zoo, "--format", "jsonl", "--notify", receiver.url,
        stdin=lines("zebra wants hay for leo", at=ahead),
    )  # fmt: skip
    assert json.loads(done.stdout)["transition"] == "undecided"
    assert receiver.got == []


def test_an_old_log_notifies_nobody(zoo: Path, run: Run, receiver: Receiver) -> None:
    done = run(
        "follow", "--patterns", zoo, "--notify", receiver.url, stdin=lines("zebra escaped with code 428", at=OLD)
    )
    assert receiver.got == []
    assert "Not notified: 1 open incident, as the log is not of now." in done.stderr


def test_a_log_that_catches_up_is_told_as_it_stands(hungry: Path, start: Start, receiver: Receiver) -> None:
    """Months of openings and endings in front of a live end are one message; no event is needed to be live."""
    log = hungry.parent / "openclaw.log"
    past = [
        lines("zebra escaped with code 428", "zebra is back home", at=OLD.replace("T12", f"T{n}"))
        for n in range(10, 20)
    ]
    past.append(lines(*(f"zebra wants hay for {name}" for name in ("leo", "lea")), at=OLD))
    log.write_bytes(b"".join(past) + lines("nothing that a pattern knows"))
    process = start("follow", log, "--patterns", hungry, "--notify", receiver.url)
    receiver.wait(1, 60)
    process.send_signal(signal.SIGINT)
    finish(process)
    assert receiver.titles == ["2 incidents are open"]


@pytest.mark.parametrize(
    "url",
    [
        "hunter2secret",
        "nosuch://hunter2secret/T0PSECRETPATH",
        "slack://hunter2secret",
        "https://example.org/T0PSECRETPATH",
        "json://",
        "mailto://hunter2secret@T0PSECRETPATH:x:y",
        "tgram://hunter2secret/",
    ],
)
def test_a_url_that_means_nothing_is_an_error_that_keeps_its_secret(
    url: str, run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    done = run("follow", "--notify", url)
    assert done.returncode == 2
    assert "--notify: URL 1 is none that Apprise can use" in done.stderr
    assert "json://HOST:PORT/PATH" in done.stderr
    for secret in SECRETS:
        assert secret not in done.stdout + done.stderr + caplog.text
        assert secret.lower() not in (done.stdout + done.stderr + caplog.text).lower()


def test_the_environment_names_urls_and_the_bare_command_takes_them(
    zoo: Path, run: Run, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(beside.URLS, f" {receiver.url}\n{receiver.url}?method=POST ")
    run("--patterns", zoo, stdin=lines("zebra escaped with code 428"))
    assert receiver.titles == ["ERROR: The gate is open"] * 2


def test_a_wrong_url_in_the_environment_is_an_error_too(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(beside.URLS, "nosuch://hunter2secret")
    done = run("follow")
    assert (done.returncode, "hunter2secret" in done.stderr) == (2, False)


def test_a_severity_without_anybody_to_tell_is_an_error(run: Run) -> None:
    done = run("follow", "--notify-severity", "warning")
    assert done.returncode == 2
    assert "--notify-severity needs a --notify URL" in done.stderr


@pytest.mark.parametrize(
    ("package", "option", "extra"),
    [("apprise", ("--notify", "json://localhost"), "notify"), ("prometheus_client", ("--metrics", "0"), "metrics")],
)
def test_without_the_extra_the_error_says_what_to_install(
    package: str, option: tuple[str, str], extra: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    done = run("follow", *option)
    assert done.returncode == 2
    assert f"pip install 'loganalyzer[{extra}]'" in done.stderr


def test_neither_extra_is_loaded_unless_it_is_asked_for() -> None:
    code = (
        "import sys\nfrom loganalyzer.cli import main\n"
        "try:\n main(['follow'])\nexcept SystemExit: pass\n"
        "print(sorted({'apprise', 'prometheus_client', 'requests'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], input=b"", capture_output=True, check=True)
    assert done.stdout.splitlines()[-1] == b"[]"


def scrape(process: subprocess.Popen[bytes]) -> tuple[str, str]:
    """The address that the program tells, and what it serves there."""
    assert process.stderr
    url = process.stderr.readline().decode().split()[-1]
    return url, urllib.request.urlopen(url, timeout=10).read().decode()


def samples(text: str) -> dict[str, float]:
    """Values by name and labels, as `name{a=b}`."""
    found = {}
    for family in text_string_to_metric_families(text):
        for one in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(one.labels.items()))
            found[one.name + (f"{{{labels}}}" if labels else "")] = one.value
    return found


def test_a_scrape_tells_how_things_stand(zoo: Path, start: Start, receiver: Receiver) -> None:
    process = start("follow", "--patterns", zoo, "--format", "jsonl", "--metrics", "0", "--notify", receiver.url)
    url, before = scrape(process)
    assert url.startswith("http://127.0.0.1:")
    assert samples(before)["loganalyzer_lines_total"] == 0
    send(process, lines("zebra sleeps", at=OLD))
    send(process, lines("zebra escaped with code 429", "warn nothing that is known"))
    answer(process), answer(process)
    receiver.wait(1)
    time.sleep(0.1)  # the counter follows the delivery
    found = samples(urllib.request.urlopen(url, timeout=10).read().decode())
    assert found["loganalyzer_lines_total"] == 3
    assert found["loganalyzer_bytes_total"] > 100
    assert found["loganalyzer_events_total{type=zoo.escaped}"] == 1
    assert found["loganalyzer_open_incidents{mode=zoo.gate-open,role=root,severity=error}"] == 1
    assert found["loganalyzer_open_incidents{mode=zoo.no-visitors,role=consequence,severity=warning}"] == 1
    assert found["loganalyzer_transitions_total{mode=zoo.gate-open,transition=opened}"] == 1
    assert found["loganalyzer_notifications_total{result=delivered}"] == 1
    assert 0 <= found["loganalyzer_lag_seconds"] < 30
    assert abs(found["loganalyzer_last_input_timestamp_seconds"] - time.time()) < 30
    assert found["process_resident_memory_bytes"] > 1e6
    send(process, lines("zebra is back home"))
    answer(process)
    time.sleep(0.1)
    found = samples(urllib.request.urlopen(url, timeout=10).read().decode())
    assert "loganalyzer_open_incidents{mode=zoo.gate-open,role=root,severity=error}" not in found
    assert found["loganalyzer_transitions_total{mode=zoo.gate-open,transition=resolved}"] == 1
    finish(process)


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool comes with Prometheus")
def test_promtool_finds_no_fault_with_the_metrics(zoo: Path, start: Start) -> None:
    process = start("follow", "--patterns", zoo, "--format", "jsonl", "--metrics", "0")
    send(process, lines("zebra escaped with code 429"))
    answer(process)
    _, text = scrape(process)
    done = subprocess.run(["promtool", "check", "metrics"], input=text.encode(), capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize(("address", "fault"), [("9464x", "is no [HOST:]PORT"), ("192.0.2.1:9464", "cannot listen on")])
def test_metrics_that_cannot_be_served_are_a_usage_error(address: str, fault: str, run: Run) -> None:
    done = run("follow", "--metrics", address)
    assert done.returncode == 2
    assert fault in done.stderr
