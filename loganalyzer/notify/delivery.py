"""
How messages reach one target: a bounded queue, a limit, and one thread that tries again.

Enters: messages, from the thread that reads the log; `put` never waits. Leaves: what `send` is given, in a thread of
its own for each target, so that one that hangs delays no other. Refuses to flood: after `BURST` messages there is one
every `EVERY_S`, and it holds all that waited. Refuses to keep the program: at the end it waits only as long as it is
told.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator

from loganalyzer.notify import messages
from loganalyzer.notify.messages import Message

BURST = 5
EVERY_S = 60.0
MAX_WAITING = 1000
"""Incidents with a message that waits."""
ATTEMPTS = 12
FIRST_DELAY_S, LAST_DELAY_S = 1.0, 300.0
"""The delays double; all attempts together take about twenty minutes."""
CLOSING_DELAY_S = 0.5
"""Between attempts once the program ends."""

Send = Callable[[Message], bool]
"""Delivers a message and tells whether that worked; may take its time, and may raise."""


class Mailbox:
    """
    What waits for a target: the latest word about each incident, given out no faster than allowed.

    Args:
        now_s: [s] of any clock that does not step back; the one that `take` is asked with.
    """

    def __init__(self, now_s: float) -> None:
        self._waiting: dict[str, Message] = {}
        self._tokens = float(BURST)
        self._counted_s = now_s
        self._limited = False
        self.dropped = 0
        """Incidents whose message found the mailbox full."""

    def __len__(self) -> int:
        """Incidents with a message that waits."""
        return sum(message.size for message in self._waiting.values())

    def put(self, message: Message) -> None:
        """Keeps a message until it is taken."""
        self._waiting.pop(message.id, None)
        if len(self._waiting) < MAX_WAITING:
            self._waiting[message.id] = message
        else:
            self.dropped += message.size

    def take(self, now_s: float) -> Message | float | None:
        """The next message; or how long to wait for it [s]; or None, if there is none."""
        if not self._waiting:
            return None
        self._tokens = min(BURST, self._tokens + (now_s - self._counted_s) / EVERY_S)
        self._counted_s = now_s
        if self._tokens < 1:
            self._limited = True
            return (1 - self._tokens) * EVERY_S
        self._tokens -= 1
        if self._limited:
            self._limited = False
            return self.rest()
        return self._waiting.pop(next(iter(self._waiting)))

    def rest(self) -> Message | None:
        """All that waits as one message; None if nothing does."""
        waiting = list(self._waiting.values())
        self._waiting.clear()
        if len(waiting) <= 1:
            return waiting[0] if waiting else None
        return messages.together(waiting, "more incidents")


def delays(jitter: Callable[[], float]) -> Iterator[float]:
    """
    How long to wait after each failed attempt [s]; at the end of it a message is given up.

    Args:
        jitter: gives 0 to 1; spreads the attempts of many senders.
    """
    delay = FIRST_DELAY_S
    for _ in range(ATTEMPTS - 1):
        yield delay * (0.5 + jitter() / 2)
        delay = min(2 * delay, LAST_DELAY_S)


class Courier:
    """Delivers to one target in a thread of its own."""

    def __init__(
        self,
        send: Send,
        *,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._send = send
        self._clock = clock
        self._jitter = jitter
        self._changed = threading.Condition()
        self._mailbox = Mailbox(clock())
        self._on_the_way = 0
        self._close_at: float | None = None
        self.sent = 0
        """Incidents that the target was told of; in this and in the numbers below."""
        self.failed = 0
        """Given up after the last attempt."""
        self.retried = 0
        """Attempts after the first."""
        self._thread = threading.Thread(target=self._work, name="notify", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Incidents whose message is neither sent nor given up."""
        with self._changed:
            return len(self._mailbox) + self._on_the_way

    @property
    def dropped(self) -> int:
        """Incidents whose message found the queue full."""
        return self._mailbox.dropped

    def put(self, message: Message) -> None:
        """Takes a message; returns at once."""
        with self._changed:
            self._mailbox.put(message)
            self._changed.notify_all()

    def close(self, at_s: float) -> None:
        """Asks the thread to send all that waits, as one message, and to end; `at_s` by its clock [s] at the latest."""
        with self._changed:
            self._close_at = at_s
            self._changed.notify_all()

    def join(self) -> None:
        """Waits for the thread until the moment that `close` named."""
        assert self._close_at is not None, "only what was closed ends"
        self._thread.join(max(self._close_at - self._clock(), 0))

    def _work(self) -> None:
        while (message := self._next()) is not None:
            self._deliver(message)

    def _next(self) -> Message | None:
        """Waits for the next message that may be sent; None when the end has come."""
        with self._changed:
            while True:
                found = self._mailbox.rest() if self._close_at is not None else self._mailbox.take(self._clock())
                if isinstance(found, Message):
                    self._on_the_way = found.size
                    return found
                if self._close_at is not None:
                    return None
                self._changed.wait(found)

    def _deliver(self, message: Message) -> None:
        delivered = self._attempt(message)
        for delay_s in delays(self._jitter):
            if delivered or not self._pause(delay_s):
                break
            self.retried += 1
            delivered = self._attempt(message)
        with self._changed:
            self._on_the_way = 0
            if delivered:
                self.sent += message.size
            else:
                self.failed += message.size

    def _attempt(self, message: Message) -> bool:
        try:
            return self._send(message)
        except Exception:
            # Whatever a service does wrong must not end the thread; the error may quote the secret of its URL.
            return False

    def _pause(self, delay_s: float) -> bool:
        """Waits before the next attempt; is there time for one?"""
        with self._changed:
            if self._close_at is None:
                self._changed.wait_for(lambda: self._close_at is not None, delay_s)
            else:
                self._changed.wait(CLOSING_DELAY_S)
            return self._close_at is None or self._clock() < self._close_at
