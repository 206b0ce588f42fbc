"""
What `follow` does beside its output when it is asked to: notifications and metrics.

Enters: the options. Leaves: sinks. Nothing is sent and no port is opened unless an option, or the
variable, says so.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from loganalyzer.cli import options as given
from loganalyzer.cli.sinks import Sink
from loganalyzer.errors import UsageError
from loganalyzer.model import Accounting, Event, Transition

if TYPE_CHECKING:
    from loganalyzer.api import Analyzer
    from loganalyzer.metrics import Figures
    from loganalyzer.notify import Notifier
    from loganalyzer.outputs import View

URLS = "LOGANALYZER_NOTIFY"
"""Environment variable with URLs, separated by blanks; unlike arguments, other users of the machine cannot read it."""
PATIENCE_S = 5.0
"""How long the end of the program waits for messages that are not delivered yet [s]."""

Notify = Annotated[
    list[str] | None,
    typer.Option(
        "--notify",
        metavar="URL",
        help=f"Tell this service of Apprise what opens and ends; may be repeated. Better in the variable {URLS}: "
        "other users can read arguments.",
    ),
]
NotifySeverity = Annotated[
    str | None,
    typer.Option("--notify-severity", metavar="SEVERITY", help="Notify from this severity on; default: error."),
]
Metrics = Annotated[
    str | None,
    typer.Option(
        "--metrics",
        metavar="[HOST:]PORT",
        help="Serve metrics for Prometheus; only to this machine unless HOST is told.",
    ),
]


class Notifications(Sink):
    """Notifies people of what happens now."""

    def __init__(self, notifier: Notifier) -> None:
        self._notifier = notifier
        self._caught_up = False

    def begin(self, analyzer: Analyzer) -> None:
        """See `Sink.begin`."""
        self._analyzer = analyzer

    def show(self, transitions: Sequence[Transition], accounting: Accounting) -> None:
        """Tells what is news, once the log is of now: an old one that is read again must not call anybody."""
        from loganalyzer.api import LIVE_WINDOW_NS

        latest_ns = None
        if not self._caught_up:
            latest_ns = self._analyzer.latest_ns()
            self._caught_up = latest_ns is not None and abs(time.time_ns() - latest_ns) <= LIVE_WINDOW_NS
        timeless = latest_ns is None and bool(transitions)
        self._notifier.take(transitions, live=self._caught_up or timeless)

    def recall(self, transitions: Sequence[Transition], accounting: Accounting) -> None:
        """See `Sink.recall`."""
        self._notifier.recall(transitions)

    def memory(self) -> object:
        """What people know."""
        return self._notifier.memory()

    def remember(self, memory: Any) -> None:
        """See `Sink.remember`."""
        self._notifier.remember(memory)

    def end(self, accounting: Accounting) -> None:
        """Waits a moment for what is on its way, and says what was not told."""
        for sentence in self._notifier.close(PATIENCE_S):
            print(sentence, file=sys.stderr)


class Served(Sink):
    """Keeps the figures that are served as metrics."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    def begin(self, analyzer: Analyzer) -> None:
        """See `Sink.begin`."""
        self._analyzer = analyzer

    def event(self, event: Event) -> None:
        """Counts an event."""
        self._figures.event(event)

    def show(self, transitions: Sequence[Transition], accounting: Accounting) -> None:
        """Takes what has changed."""
        self._figures.take(transitions, accounting, self._analyzer.latest_ns())

    def recall(self, transitions: Sequence[Transition], accounting: Accounting) -> None:
        """See `Sink.recall`."""
        self.show(transitions, accounting)

    def memory(self) -> object:
        """Figures that grow."""
        return self._figures.memory()

    def remember(self, memory: Any) -> None:
        """See `Sink.remember`."""
        self._figures.remember(memory)


def sinks(
    *,
    notify: list[str] | None,
    notify_severity: str | None,
    metrics: str | None,
    redact_key: str | None,
    redact_ip: bool,
    view: View,
) -> list[Sink]:
    """
    Makes what the options ask for.

    Args:
        notify: URLs; those of the environment if there are none.
        view: of the output. Messages are masked even if it is not: they leave the machine.

    Errors:
        UsageError: a URL, a severity or an address is wrong, a port is taken, or a package is not installed.
    """
    urls = notify or os.environ.get(URLS, "").split()
    least = given.severity("--notify-severity", notify_severity or "error")
    found: list[Sink] = []
    notifier = None
    if urls:
        from loganalyzer.notify import Notifier, open_targets

        masked = replace(view, redact=given.redactor(False, redact_key, redact_ip))
        notifier = Notifier(open_targets(urls), masked, least)
        found.append(Notifications(notifier))
    elif notify_severity is not None:
        raise UsageError(f"--notify-severity needs a --notify URL, or one in {URLS}.")
    if metrics is not None:
        from loganalyzer.metrics import Figures, address, serve, shown

        figures = Figures()
        if notifier is not None:
            figures.deliveries = notifier.deliveries
        host, port = address(metrics)
        server = serve(figures, host, port)
        print(f"Metrics: http://{shown(host, server.server_port)}/metrics", file=sys.stderr)
        found.append(Served(figures))
    return found
