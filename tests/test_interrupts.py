"""A signal ends the program in order, wherever it lands."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from loganalyzer import interrupts

LOG = Path(__file__).parents[1] / "sample_logs/whatsapp.session-conflict/replaced/console.log"
SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
HIT_WHILE_LOADING = """
import os, sys

class Hit:
    def find_spec(self, name, *where):
        if name == {module!r}:
            os.kill(os.getpid(), {number})

sys.meta_path.insert(0, Hit())
from loganalyzer.__main__ import main
main()
"""


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("module", ["typer", "loganalyzer.cli.mcp", "loganalyzer.classify", "hyperscan", "tabulate"])
def test_while_modules_are_loaded(module: str, number: signal.Signals) -> None:
    """Exit code 130 and no traceback; once the program runs, it says why it ends."""
    script = HIT_WHILE_LOADING.format(module=module, number=int(number))
    done = subprocess.run(
        [sys.executable, "-c", script, "analyze", LOG], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr in ("", "loganalyzer: interrupted\n")


def test_where_python_drops_exceptions_it_is_raised_again() -> None:
    """In `__del__`, in a callback of a weak reference: Python says "ignored" and goes on."""

    class Litter:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGINT)

    litter = [Litter()]

    def tidy_up() -> None:
        litter.clear()
        time.sleep(10)

    with interrupts.raised() as interrupted:
        with pytest.raises(KeyboardInterrupt):
            tidy_up()
        assert interrupted()


def test_where_a_library_makes_another_exception_of_it_it_is_remembered(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What looks like a bug is none."""
    from loganalyzer import cli

    def fails(words: list[str]) -> int:
        try:
            signal.raise_signal(signal.SIGTERM)
        except KeyboardInterrupt as error:
            raise RuntimeError("Error calling __set_name__") from error
        return 0

    monkeypatch.setattr(cli, "_run", fails)
    with pytest.raises(SystemExit) as ended:
        cli.main([])
    assert ended.value.code == 130
    assert capsys.readouterr().err == "loganalyzer: interrupted\n"


def test_handlers_are_given_back_and_what_is_ignored_stays_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that calls the command line keeps its own handlers; `nohup` keeps its word."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        kept = [signal.getsignal(number) for number in SIGNALS]
        with interrupts.raised() as interrupted:
            signal.raise_signal(signal.SIGHUP)
            assert not interrupted()
        assert [signal.getsignal(number) for number in SIGNALS] == kept
    finally:
        signal.signal(signal.SIGHUP, before)
