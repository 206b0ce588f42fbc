"""Fixtures of the scan tests."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import pytest


@pytest.fixture
def peak_memory() -> Callable[[Callable[[], object]], int]:
    """Runs something and tells how much memory Python objects took at most [bytes]."""

    def measure(work: Callable[[], object]) -> int:
        tracemalloc.start()
        try:
            work()
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    return measure
