"""
Notifications: tells people what `follow` finds, wherever they are.

    transitions -> News -> Message -> Mailbox -> Courier -> Target
                   what is told       how fast   a thread   Apprise
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import NamedTuple

from loganalyzer.model import Severity, Transition
from loganalyzer.notify.delivery import Courier
from loganalyzer.notify.news import News, Told
from loganalyzer.notify.targets import Target, open_targets
from loganalyzer.outputs.accounting import plural
from loganalyzer.outputs.base import View

__all__ = ["Deliveries", "Notifier", "Target", "open_targets"]


class Deliveries(NamedTuple):
    """Incidents by what became of their messages, all targets together."""

    sent: int
    failed: int
    dropped: int
    waiting: int
    retried: int
    """Attempts after the first."""


class Notifier:
    """Tells every target the news."""

    def __init__(self, targets: Sequence[Target], view: View, least: Severity) -> None:
        self._news = News(view, least)
        self._couriers = [(target.name, Courier(target.send)) for target in targets]

    def take(self, transitions: Sequence[Transition], *, live: bool) -> None:
        """Takes what was decided and returns at once; `live`: it has happened just now."""
        for message in self._news.take(transitions, live=live):
            for _, courier in self._couriers:
                courier.put(message)

    def recall(self, transitions: Sequence[Transition]) -> None:
        """Takes what the notifier of another run was told already."""
        self._news.recall(transitions)

    def memory(self) -> Told:
        """What was told; what still waits for a target is not in it."""
        return self._news.memory()

    def remember(self, memory: Told) -> None:
        """Goes on where the notifier of another run was."""
        self._news.remember(memory)

    def deliveries(self) -> Deliveries:
        """The numbers so far; may be asked from any thread."""
        found = [courier for _, courier in self._couriers]
        return Deliveries(
            sent=sum(one.sent for one in found),
            failed=sum(one.failed for one in found),
            dropped=sum(one.dropped for one in found),
            waiting=sum(one.waiting for one in found),
            retried=sum(one.retried for one in found),
        )

    def close(self, patience_s: float) -> list[str]:
        """Sends what waits, for at most `patience_s`; sentences about what was not told."""
        close_at = time.monotonic() + patience_s
        for _, courier in self._couriers:
            courier.close(close_at)
        for _, courier in self._couriers:
            courier.join()
        sentences = []
        if held := self._news.held:
            sentences.append(f"Not notified: {plural(held, 'open incident')}, as the log is not of now.")
        for name, courier in self._couriers:
            lost = {"given up": courier.failed, "dropped": courier.dropped, "still on the way": courier.waiting}
            told = [f"{count:,} {word}" for word, count in lost.items() if count]
            if told:
                sentences.append(f"Notifications that target {name} did not take: {', '.join(told)}.")
        return sentences
