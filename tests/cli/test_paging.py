"""Long texts on a terminal."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

LOG = Path(__file__).parents[2] / "sample_logs/whatsapp.session-terminated/twelve-retries"
pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs a pseudo terminal")


def shown(environment: dict[str, str], *words: str, rows: int = 24, **more: str) -> str:
    """What a terminal of so many rows shows."""
    import fcntl
    import struct
    import termios

    keyboard, screen = os.openpty()
    fcntl.ioctl(screen, termios.TIOCSWINSZ, struct.pack("HHHH", rows, 80, 0, 0))
    command = [sys.executable, "-m", "loganalyzer", *words]
    with subprocess.Popen(
        command, stdin=screen, stdout=screen, stderr=subprocess.DEVNULL, env=environment | {"TERM": "xterm"} | more
    ):
        os.close(screen)
        pieces = []
        while True:
            try:
                pieces.append(os.read(keyboard, 65536))
            except OSError:  # the last writer has gone
                break
    os.close(keyboard)
    return b"".join(pieces).decode()


@pytest.mark.parametrize("words", [("analyze", str(LOG)), ("explain", "whatsapp.logged-out")])
def test_what_does_not_fit_goes_through_the_pager(words: tuple[str, ...], environment: dict[str, str]) -> None:
    """The pager gets the whole text; `LOGANALYZER_PAGER` wins over `PAGER`."""
    text = shown(environment, *words, LOGANALYZER_PAGER="sed s/^/paged:/", PAGER="false")
    assert text.startswith("paged:")
    assert "What to do" in text


def test_what_fits_is_printed(environment: dict[str, str]) -> None:
    """No pager for a screen that is high enough."""
    assert "paged:" not in shown(environment, "explain", "whatsapp.logged-out", rows=500, PAGER="sed s/^/paged:/")


@pytest.mark.parametrize("pager", ["", "no-such-program"])
def test_without_a_pager_all_is_printed(pager: str, environment: dict[str, str]) -> None:
    """An empty name switches it off, and a missing program loses nothing."""
    assert "What to do" in shown(environment, "explain", "whatsapp.logged-out", PAGER=pager)
