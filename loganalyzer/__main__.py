"""`loganalyzer`, and `python -m loganalyzer`."""

from __future__ import annotations

from loganalyzer import interrupts


def main() -> None:
    """Runs the command line."""
    interrupts.end_at_once()
    from loganalyzer.cli import main as run

    run()


if __name__ == "__main__":
    main()
