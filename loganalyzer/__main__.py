"""`loganalyzer` and `python -m loganalyzer`: where the process begins. Ctrl-C is quiet from here on."""

import sys


def main() -> None:
    """Loads the command line and runs it."""
    try:
        from loganalyzer.cli import main as run
    except KeyboardInterrupt:
        sys.exit(130)
    run()


if __name__ == "__main__":
    main()
