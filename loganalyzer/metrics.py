"""
Numbers of a live analysis for Prometheus, served over HTTP.

Enters: what `follow` learns. Leaves: samples, made when they are asked for; reading the log costs a lock and two
counters an event. Refuses labels that grow with the input: modes, event types and formats are vocabularies, names of
channels are few and short, and accounts, hosts and texts are no labels.
"""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from loganalyzer import __version__
from loganalyzer.channels import Channels, State
from loganalyzer.errors import UsageError
from loganalyzer.model import Accounting, Event, Incident, Status, Transition
from loganalyzer.notify import Deliveries

if TYPE_CHECKING:
    from wsgiref.simple_server import WSGIServer

    from prometheus_client import Metric

NS = 1_000_000_000
MAX_CHANNEL_NAMES = 30
LOOPBACK = "127.0.0.1"
OTHER = "other"
"""The label of every further channel."""
MAX_OPEN = 10_000
"""Open incidents that are counted; of more, the newest."""
_CHANNEL_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}\Z")


class Figures:
    """
    The state behind the metrics; a collector of prometheus-client.

    One thread tells it what happens, others ask it for samples.
    """

    def __init__(self, now_s: Callable[[], float] = time.time) -> None:
        """`now_s`: the wall clock [s, UTC]."""
        self._now_s = now_s
        self._lock = threading.Lock()
        self._events: Counter[str] = Counter()
        self._transitions: Counter[tuple[str, str]] = Counter()
        self._open: dict[str, Incident] = {}
        self._channels = Channels()
        self._channel_names: set[str] = set()
        self._read = Accounting()
        self._read_bytes = 0
        self._input_s: float | None = None
        self._latest_ns: int | None = None
        self.deliveries: Callable[[], Deliveries] = lambda: Deliveries(0, 0, 0, 0, 0)
        """Asked for the numbers of the notifications."""

    def event(self, event: Event) -> None:
        """Counts an event."""
        with self._lock:
            self._events[event.type] += 1
            self._channels.take(event)

    def take(self, transitions: Sequence[Transition], accounting: Accounting, latest_ns: int | None) -> None:
        """
        Takes what was decided just now.

        Args:
            accounting: kept, and looked at when somebody asks.
            latest_ns: time of the last line of the log [ns, UTC].
        """
        with self._lock:
            if accounting.bytes > self._read_bytes:
                self._input_s = self._now_s()
            self._read, self._read_bytes = accounting, accounting.bytes
            self._latest_ns = latest_ns if latest_ns is not None else self._latest_ns
            for transition in transitions:
                incident = transition.incident
                self._transitions[incident.failure_mode, transition.kind] += 1
                self._open.pop(incident.id, None)
                if incident.status is Status.OPEN:
                    self._open[incident.id] = incident
            while len(self._open) > MAX_OPEN:
                del self._open[next(iter(self._open))]

    def memory(self) -> tuple[Counter[str], Counter[tuple[str, str]], dict[str, Incident], Channels]:
        """What the figures of another run have to `remember`, so that counters go on."""
        with self._lock:
            return self._events, self._transitions, self._open, self._channels

    def remember(self, memory: tuple[Counter[str], Counter[tuple[str, str]], dict[str, Incident], Channels]) -> None:
        """Goes on where the figures of another run were."""
        with self._lock:
            self._events, self._transitions, self._open, self._channels = memory

    def collect(self) -> Iterator[Metric]:
        """The samples as they stand now."""
        with self._lock:
            found = [*self._input(), *self._findings(), *self._messages()]
        yield from found

    def _input(self) -> Iterator[Metric]:
        read = self._read
        yield _counter("bytes", "Bytes of the log that were read.", read.bytes)
        yield _counter("lines", "Lines of the log.", read.lines)
        yield _counter("candidates", "Lines that hold a text of some pattern.", read.candidates)
        yield _counters("records", "Records that were decoded.", "format", dict(read.records))
        yield _counters("events", "Events that were recognised.", "type", self._events)
        yield _counter("explained_lines", "Warnings and errors that some pattern knows.", read.explained)
        unknown = {"warning": read.unknown_warnings, "error": read.unknown_errors}
        yield _counters("unknown_lines", "Warnings and errors that no pattern knows.", "level", unknown)
        yield _counter("duplicates", "Events that were seen twice and counted once.", read.duplicates)
        yield _counter("gaps", "Places where lines of the log are missing.", read.gaps)
        yield _counter("out_of_order", "Events with a time before that of the event above.", read.out_of_order)
        yield _counter("truncated_lines", "Lines longer than the cap, cut.", read.truncated)
        yield _counter("undecodable_lines", "Lines that are damaged.", read.undecodable)
        yield _counter("evicted", "Groups that rules dropped because they held too many.", read.evicted)
        yield _counter("regex_timeouts", "Patterns of users that took too long on a line.", read.regex_timeouts)
        latest_s = None if self._latest_ns is None else self._latest_ns / NS
        yield _gauge("last_record_timestamp_seconds", "Time of the last record of the log.", latest_s)
        yield _gauge("last_input_timestamp_seconds", "When bytes last arrived.", self._input_s)
        lag_s = None if latest_s is None else max(self._now_s() - latest_s, 0.0)
        yield _gauge("lag_seconds", "How far the last record of the log is behind the clock of this machine.", lag_s)

    def _findings(self) -> Iterator[Metric]:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        told = CounterMetricFamily(
            "loganalyzer_transitions", "Steps in the life of incidents.", labels=("mode", "transition")
        )
        for labels, count in self._transitions.items():
            told.add_metric(labels, count)
        yield told
        standing = Counter(
            (one.failure_mode, one.severity.label, "consequence" if one.caused_by in self._open else "root")
            for one in self._open.values()
        )
        open_ones = GaugeMetricFamily(
            "loganalyzer_open_incidents",
            "Incidents that are open; a consequence has a cause that is open, too.",
            labels=("mode", "severity", "role"),
        )
        for names, count in standing.items():
            open_ones.add_metric(names, count)
        yield open_ones
        states = Counter((self._channel(one.channel.channel), one.state) for one in self._channels.current())
        channels = GaugeMetricFamily(
            "loganalyzer_channel_accounts", "Accounts of a channel by their state.", labels=("channel", "state")
        )
        for name in sorted({name for name, _ in states}):
            for state in State:
                channels.add_metric((name, state.value), states[name, state])
        yield channels

    def _messages(self) -> Iterator[Metric]:
        told = self.deliveries()
        results = {"delivered": told.sent, "failed": told.failed, "dropped": told.dropped}
        yield _counters("notifications", "Incidents that targets were told of, or not.", "result", results)
        yield _gauge("notifications_waiting", "Incidents whose message is on its way.", told.waiting)
        yield _counter("notification_retries", "Attempts after the first.", told.retried)

    def _channel(self, name: str) -> str:
        """A name as a label; the log may claim any number of any length."""
        if name not in self._channel_names:
            if len(self._channel_names) == MAX_CHANNEL_NAMES or not _CHANNEL_NAME.match(name):
                return OTHER
            self._channel_names.add(name)
        return name


def _counter(name: str, help: str, value: float) -> Metric:
    from prometheus_client.core import CounterMetricFamily

    return CounterMetricFamily(f"loganalyzer_{name}", help, value=value)


def _counters(name: str, help: str, label: str, values: Mapping[str, int]) -> Metric:
    from prometheus_client.core import CounterMetricFamily

    family = CounterMetricFamily(f"loganalyzer_{name}", help, labels=(label,))
    for value, count in values.items():
        family.add_metric((value,), count)
    return family


def _gauge(name: str, help: str, value: float | None) -> Metric:
    """A number that goes up and down; without a sample while there is none."""
    from prometheus_client.core import GaugeMetricFamily

    return GaugeMetricFamily(f"loganalyzer_{name}", help, value=value)


def address(text: str) -> tuple[str, int]:
    """
    Reads `PORT` or `HOST:PORT`; the host is loopback unless told.

    Errors:
        UsageError: it is neither.
    """
    host, _, port = text.rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    named = bare if ":" not in bare or bare != host else ""
    if not (port.isascii() and port.isdigit() and int(port) < 65_536) or (":" in text and not named):
        raise UsageError(
            f"--metrics: {text!r} is no [HOST:]PORT, such as 9464, 127.0.0.1:9464, [::1]:9464 or 0.0.0.0:9464."
        )
    return named or LOOPBACK, int(port)


def serve(figures: Figures, host: str, port: int) -> WSGIServer:
    """
    Answers scrapes in a thread of its own.

    Args:
        port: 0 for any that is free; `server_port` of the result tells which.

    Errors:
        UsageError: prometheus-client is not installed, or one cannot listen there.
    """
    try:
        from prometheus_client import CollectorRegistry, Info, ProcessCollector, start_http_server
    except ImportError:
        raise UsageError("--metrics needs prometheus-client: pip install 'loganalyzer[metrics]'") from None
    registry = CollectorRegistry()
    registry.register(figures)
    ProcessCollector(registry=registry)
    Info("loganalyzer_build", "The program that tells all this.", registry=registry).info({"version": __version__})
    try:
        server, _ = start_http_server(port, host, registry)
    except OSError as error:
        raise UsageError(f"--metrics: cannot listen on {shown(host, port)}: {error.strerror or error}") from None
    return server


def shown(host: str, port: int) -> str:
    """Writes an address as a URL has it."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
