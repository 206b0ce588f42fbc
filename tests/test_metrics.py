"""Figures for Prometheus: names, bounds and threads."""

from __future__ import annotations

import socket
import threading
import urllib.request
from typing import Any

import pytest
from incidents import step
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as open_metrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_open_metrics

from loganalyzer.channels import State
from loganalyzer.errors import UsageError
from loganalyzer.metrics import MAX_CHANNEL_NAMES, MAX_OPEN, NS, OTHER, Figures, address, serve
from loganalyzer.model import Accounting
from loganalyzer.notify import Deliveries
from loganalyzer.packs.load import load
from loganalyzer.testing import START_NS, make_event


def values(figures: Figures) -> dict[tuple[str, ...], float]:
    """Samples by name and label values."""
    return {
        (one.name.removeprefix("loganalyzer_"), *one.labels.values()): one.value
        for family in figures.collect()
        for one in family.samples
    }


def test_events_states_and_incidents_are_counted() -> None:
    figures = Figures()
    figures.event(make_event("channel.connected", 0, channel="whatsapp", account="a"))
    figures.event(make_event("channel.connected", 1, channel="whatsapp", account="b"))
    figures.event(make_event("channel.disconnected", 2, channel="whatsapp", account="b"))
    figures.take(
        [step("opened", "gateway.oom"), step("opened", "gateway.down", caused_by="id-gateway.oom")], Accounting(), None
    )
    found = values(figures)
    assert found["events_total", "channel.connected"] == 2
    assert found["channel_accounts", "whatsapp", "connected"] == 1
    assert found["channel_accounts", "whatsapp", "disconnected"] == 1
    assert found["channel_accounts", "whatsapp", "refused"] == 0
    assert found["open_incidents", "gateway.oom", "error", "root"] == 1
    assert found["open_incidents", "gateway.down", "error", "consequence"] == 1
    figures.take([step("resolved", "gateway.oom")], Accounting(), None)
    found = values(figures)
    assert ("open_incidents", "gateway.oom", "error", "root") not in found
    assert found["open_incidents", "gateway.down", "error", "root"] == 1, "its cause is gone"
    assert found["transitions_total", "gateway.oom", "resolved"] == 1


def test_lag_is_that_of_the_moment_somebody_asks() -> None:
    now_s = START_NS / NS
    figures = Figures(lambda: now_s)
    assert ("lag_seconds",) not in values(figures)
    figures.take([], Accounting(bytes=10), START_NS - 5 * NS)
    assert values(figures)["lag_seconds",] == 5
    now_s += 60
    found = values(figures)
    assert found["lag_seconds",] == 65
    assert found["last_input_timestamp_seconds",] == START_NS / NS
    figures.take([], Accounting(bytes=10), None)
    assert values(figures)["last_input_timestamp_seconds",] == START_NS / NS, "silence is no input"
    figures.take([], Accounting(bytes=11), START_NS + 3600 * NS)
    assert values(figures)["lag_seconds",] == 0, "a clock ahead of ours is no lag"


def test_the_accounting_is_shown_as_it_stands() -> None:
    figures = Figures()
    read = Accounting(lines=7, unknown_warnings=3, unknown_errors=2, duplicates=4, evicted=1, records={"console": 5})
    figures.take([], read, None)
    figures.deliveries = lambda: Deliveries(sent=9, failed=1, dropped=2, waiting=3, retried=4)
    found = values(figures)
    assert found["unknown_lines_total", "warning"] == 3
    assert found["unknown_lines_total", "error"] == 2
    assert found["records_total", "console"] == 5
    assert (found["duplicates_total",], found["evicted_total",], found["lines_total",]) == (4, 1, 7)
    assert found["notifications_total", "dropped"] == 2
    assert found["notifications_waiting",] == 3
    read.lines += 1
    assert values(figures)["lines_total",] == 8


def test_what_a_log_makes_up_does_not_become_labels() -> None:
    figures = Figures()
    for number in range(500):
        figures.event(make_event("channel.connected", number, channel=f"made-up-{number}", account=f"+1555000{number}"))
    figures.event(make_event("channel.connected", 501, channel='x"} 1\nevil_total 1'))
    figures.take([step("opened", "gateway.oom", id=str(number)) for number in range(MAX_OPEN + 9)], Accounting(), None)
    found = values(figures)
    names = {key[1] for key in found if key[0] == "channel_accounts"}
    assert len(names) == MAX_CHANNEL_NAMES + 1
    assert OTHER in names
    assert sum(value for key, value in found.items() if key[0] == "channel_accounts") == 501
    assert found["open_incidents", "gateway.oom", "error", "root"] == MAX_OPEN
    registry = CollectorRegistry()
    registry.register(figures)
    text = generate_latest(registry).decode()
    assert "evil" not in text
    assert "1555000" not in text
    assert len(text.splitlines()) < 400


def test_series_are_bounded_by_the_vocabulary() -> None:
    """With every event type and every mode in every transition there are a few thousand series at most."""
    figures, pack = Figures(), load()
    for name in pack.event_types:
        figures.event(make_event(name))
    for name in pack.modes:
        for kind in ("opened", "updated", "resolved", "undecided"):
            figures.take([step(kind, name)], Accounting(), None)
    assert len(values(figures)) < len(pack.event_types) + 8 * len(pack.modes) + len(State) * MAX_CHANNEL_NAMES + 60


def test_both_formats_of_prometheus_are_valid() -> None:
    figures = Figures()
    figures.event(make_event("channel.connected", 0, channel="whatsapp"))
    figures.take([step("opened", "gateway.oom")], Accounting(lines=1, bytes=1), START_NS)
    registry = CollectorRegistry()
    registry.register(figures)
    names = {family.name for family in read_open_metrics(open_metrics(registry).decode())}
    assert {"loganalyzer_lines", "loganalyzer_open_incidents", "loganalyzer_transitions"} <= names


def test_scrapes_and_reading_do_not_disturb_one_another() -> None:
    figures, read = Figures(), Accounting()
    done = threading.Event()
    faults: list[BaseException] = []

    def ask() -> None:
        try:
            while not done.is_set():
                values(figures)
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(1500):
        figures.event(make_event(f"made.up{number % 300}", number, channel=f"c{number % 50}", account=str(number)))
        read.records[f"format{number}"] = 1
        figures.take([step("opened", "gateway.oom", id=str(number))], read, START_NS)
    done.set()
    for thread in threads:
        thread.join()
    assert faults == []
    assert sum(value for key, value in values(figures).items() if key[0] == "events_total") == 1500


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("9464", ("127.0.0.1", 9464)),
        ("127.0.0.1:9464", ("127.0.0.1", 9464)),
        ("[::1]:9464", ("::1", 9464)),
        ("0.0.0.0:9464", ("0.0.0.0", 9464)),
        ("[::]:0", ("::", 0)),
        ("localhost:1", ("localhost", 1)),
        ("my-host.example:65535", ("my-host.example", 65535)),
    ],
)
def test_an_address_is_a_port_or_a_host_and_a_port(text: str, expected: tuple[str, int]) -> None:
    assert address(text) == expected


@pytest.mark.parametrize(
    "text", ["", ":9464", "x", "70000", "1.2.3.4", "::1:9464", "[::1]", "host:", "-1", "[]:1", "９４６４"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"is no \[HOST:\]PORT"):
        address(text)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_metrics_are_served_where_they_are_asked_for_and_only_there(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = socket.socket.__mro__[1].connect  # type: ignore[attr-defined]

    def local(self: socket.socket, address: Any) -> None:
        assert address[0] in ("127.0.0.1", "::1")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", local)
    server = serve(Figures(), host, 0)
    try:
        url = f"http://[{host}]" if ":" in host else f"http://{host}"
        text = urllib.request.urlopen(f"{url}:{server.server_port}/metrics", timeout=10).read().decode()
        assert "loganalyzer_build_info{version=" in text
        assert server.server_address[0] in ("127.0.0.1", "::1")
    finally:
        server.shutdown()
        server.server_close()


def test_a_port_that_is_taken_is_a_plain_error() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(UsageError, match=r"cannot listen on 127.0.0.1:\d+: .*in use"),
    ):
        serve(Figures(), "127.0.0.1", taken.getsockname()[1])
