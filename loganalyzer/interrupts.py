"""
Ctrl-C, SIGTERM and SIGHUP end the program in order, whenever they come; who had one ignored (`nohup`) keeps it so.

While the program is loaded there is nothing to put in order, so it ends at once and without a traceback. From then on
a signal raises KeyboardInterrupt, and is remembered: where the exception lands, a library may turn it into another.
"""

from __future__ import annotations

import _thread
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

EXIT_CODE = 130
NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
"""The last is not known to Windows."""
AGAIN_S = 0.01
_heard = threading.Event()


def end_at_once() -> None:
    """Makes signals end the process with `EXIT_CODE`, without a word."""
    _handle(lambda *_: os._exit(EXIT_CODE))


@contextmanager
def raised() -> Iterator[Callable[[], bool]]:
    """Makes signals raise KeyboardInterrupt; gives what tells whether one has come."""
    _heard.clear()
    before, hook = _handle(_note), sys.unraisablehook

    def again(lost: sys.UnraisableHookArgs) -> None:
        """Python drops what is raised while it tidies up (`__del__`); so it is raised once more when that is over."""
        if lost.exc_type is KeyboardInterrupt:
            threading.Timer(AGAIN_S, _thread.interrupt_main).start()
        else:
            hook(lost)

    sys.unraisablehook = again
    try:
        yield _heard.is_set
    finally:
        sys.unraisablehook = hook
        for number, handler in before.items():
            signal.signal(number, handler)


def _note(_number: int, _frame: object) -> None:
    _heard.set()
    raise KeyboardInterrupt


def _handle(handler: Callable[..., None]) -> dict[int, signal._HANDLER]:
    """Handles what is not ignored; gives what did so before. Only the main thread can."""
    if threading.current_thread() is not threading.main_thread():
        return {}
    numbers = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    for number, old in before.items():
        if old is not signal.SIG_IGN and old is not None:
            signal.signal(number, handler)
    return {number: old for number, old in before.items() if old is not None}
