"""Limits, retries and ends, on a clock of their own."""

from __future__ import annotations

import threading
import time

import pytest
from incidents import incident

from loganalyzer.model import Severity
from loganalyzer.notify import delivery, messages
from loganalyzer.notify.delivery import BURST, EVERY_S, MAX_WAITING, Courier, Mailbox
from loganalyzer.notify.messages import Message
from loganalyzer.outputs.base import View


def message(number: int) -> Message:
    return messages.opened(incident(f"a.n{number}"), [], View())


def until(condition: object, patience_s: float = 5.0) -> None:
    assert callable(condition)
    end = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < end, "not in time"
        time.sleep(0.005)


def test_a_storm_becomes_a_few_messages_and_one_sum() -> None:
    box = Mailbox(0.0)
    for number in range(500):
        box.put(message(number))
    first = [box.take(0.0) for _ in range(BURST)]
    assert all(isinstance(one, Message) and one.size == 1 for one in first)
    assert box.take(0.0) == EVERY_S
    assert box.take(EVERY_S / 2) == EVERY_S / 2
    found = box.take(EVERY_S)
    assert isinstance(found, Message)
    assert found.title == f"{500 - BURST} more incidents"
    assert box.take(EVERY_S) is None
    assert len(box) == 0


def test_what_comes_slowly_is_never_held_back() -> None:
    box = Mailbox(0.0)
    for number in range(50):
        box.put(message(number))
        found = box.take(number * EVERY_S)
        assert isinstance(found, Message)
        assert found.size == 1


def test_one_that_was_held_back_alone_comes_as_it_is() -> None:
    box = Mailbox(0.0)
    for number in range(BURST + 1):
        box.put(message(number))
    for _ in range(BURST):
        box.take(0.0)
    assert box.take(1.0) == pytest.approx(EVERY_S - 1)
    assert box.take(EVERY_S) == message(BURST)


def test_a_later_word_replaces_one_that_waits() -> None:
    box = Mailbox(0.0)
    box.put(message(1))
    box.put(message(1)._replace(title="Resolved", good=True))
    found = box.take(0.0)
    assert isinstance(found, Message)
    assert found.good
    assert box.take(0.0) is None


def test_a_full_mailbox_drops_and_counts() -> None:
    box = Mailbox(0.0)
    for number in range(MAX_WAITING + 7):
        box.put(message(number))
    assert (len(box), box.dropped) == (MAX_WAITING, 7)
    box.put(message(3)._replace(title="Resolved"))  # a word about one that waits needs no room
    assert (len(box), box.dropped) == (MAX_WAITING, 7)


def test_delays_double_within_bounds_and_spread() -> None:
    low, high = list(delivery.delays(lambda: 0.0)), list(delivery.delays(lambda: 1.0))
    assert high[:4] == [1.0, 2.0, 4.0, 8.0]
    assert max(high) == delivery.LAST_DELAY_S
    assert [2 * one for one in low] == high
    assert len(high) == delivery.ATTEMPTS - 1
    assert 15 * 60 < sum(high) < 25 * 60


def test_a_target_that_fails_is_asked_again_until_it_takes_the_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "FIRST_DELAY_S", 0.001)
    answers = iter([False, False, True])
    got: list[str] = []

    def send(one: Message) -> bool:
        got.append(one.id)
        return next(answers)

    courier = Courier(send)
    courier.put(message(1))
    until(lambda: courier.sent)
    assert got == ["id-a.n1"] * 3
    assert (courier.sent, courier.failed, courier.retried, courier.waiting) == (1, 0, 2, 0)


def test_a_target_that_raises_costs_its_message_and_not_the_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "FIRST_DELAY_S", 0.0001)
    monkeypatch.setattr(delivery, "LAST_DELAY_S", 0.0001)
    attempts: list[str] = []

    def send(one: Message) -> bool:
        attempts.append(one.id)
        if one.id == "id-a.n1":
            raise RuntimeError("https://token@example.org")
        return True

    courier = Courier(send)
    courier.put(message(1))
    courier.put(message(2))
    until(lambda: courier.sent)
    assert attempts == ["id-a.n1"] * delivery.ATTEMPTS + ["id-a.n2"]
    assert (courier.sent, courier.failed) == (1, 1)


def test_a_target_that_hangs_holds_up_nobody() -> None:
    """`put` returns at once, memory is bounded, another target is served, and the end comes in time."""
    hang = threading.Event()
    got: list[str] = []
    stuck = Courier(lambda one: hang.wait(30))
    quick = Courier(lambda one: got.append(one.id) is None)
    began = time.perf_counter()
    for number in range(MAX_WAITING + 100):
        stuck.put(message(0)._replace(id=str(number)))
    assert (time.perf_counter() - began) / MAX_WAITING < 0.001
    quick.put(message(1))
    until(lambda: quick.sent)
    assert got == ["id-a.n1"]
    began = time.perf_counter()
    stuck.close(time.monotonic() + 0.2)
    stuck.join()
    assert time.perf_counter() - began < 2
    assert stuck.sent == 0
    assert stuck.waiting + stuck.dropped == MAX_WAITING + 100
    hang.set()


def test_at_the_end_all_that_waits_is_one_message() -> None:
    hold, asked = threading.Event(), threading.Event()
    got: list[Message] = []

    def send(one: Message) -> bool:
        asked.set()
        hold.wait(10)
        got.append(one)
        return True

    courier = Courier(send)
    courier.put(message(0))
    assert asked.wait(10)
    for number in range(1, 100):
        courier.put(message(number))
    assert courier.waiting == 100
    courier.close(time.monotonic() + 10)
    hold.set()
    courier.join()
    assert [one.size for one in got] == [1, 99]
    assert (courier.sent, courier.waiting) == (100, 0)


def test_at_the_end_a_target_that_is_back_gets_a_last_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "FIRST_DELAY_S", 60.0)
    up = threading.Event()
    failed = threading.Event()

    def send(one: Message) -> bool:
        failed.set()
        return up.is_set()

    courier = Courier(send)
    courier.put(message(1))
    assert failed.wait(5)
    up.set()
    courier.close(time.monotonic() + 5)
    courier.join()
    assert (courier.sent, courier.failed) == (1, 0)


def test_the_sum_is_as_severe_as_its_worst() -> None:
    worst = message(2)._replace(severity=Severity.CRITICAL)
    assert messages.together([message(1), worst], "more incidents").severity is Severity.CRITICAL
